"""Events from tables: a mapping of columns to fields, rows that are checked, and counts of those that are not.

Fields without a mapping are taken from a column of the same name; ``id``, ``label`` and ``labelled_at`` only if asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.records import Kind
from msa_ml.source.event_fields import ATTRIBUTE, CLOCKS, STATED, CellError, EventRow, known_fields, reader
from msa_ml.source.files import Progress
from msa_ml.source.table_files import Row, open_table

_MOST_SKEW = timedelta(minutes=5)
_ROWS_A_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: its number from 1, and why; never what it holds."""

    number: int
    reason: str


SKEW = "event_time: more than 5 minutes after ingested_at"
DECIDED = "event_time: more than 5 minutes after decided_at"
_SAYS_NOTHING = {*CLOCKS, *STATED}


def resolve(kind: Kind, mapping: Mapping[str, str], columns: tuple[str, ...], where: str) -> dict[str, str]:
    """Return the column of each field.

    Raises
    ------
    UnknownNameError
        A field or a column that does not exist, with the nearest one that does.
    InputError
        Nothing gives ``event_time``.

    Examples
    --------
    >>> resolve("signup", {"user_name": "name"}, ("name", "event_time", "shoe_size"), "a table")
    {'user_name': 'name', 'event_time': 'event_time'}
    """
    fields = known_fields(kind)
    for field, column in mapping.items():
        if field not in fields and not (field.startswith(ATTRIBUTE) and len(field) > len(ATTRIBUTE)):
            raise UnknownNameError(f"field of {kind}", field, (*fields, f"{ATTRIBUTE}NAME"))
        if column not in columns:
            raise UnknownNameError(f"column of {where}", column, columns)
    same = {field: field for field in fields if field in columns and field not in STATED}
    found = {**same, **mapping}
    if "event_time" not in found:
        raise InputError(
            f"no column of {where} gives event_time.",
            hint=f"Name it with --column event_time=COLUMN. Columns: {', '.join(columns)}.",
        )
    order = (*fields, *(field for field in found if field not in fields))
    return {field: found[field] for field in order if field in found}


def read_events(
    kind: Kind,
    path: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    zone: tzinfo = UTC,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> Iterator[EventRow | Rejected]:
    r"""Yield the rows of a table as events of a kind; memory does not grow with their number.

    Parameters
    ----------
    kind
        ``signup``, ``login`` or ``request``.
    path
        .csv, .tsv, .jsonl, .ndjson (these also .gz, .xz, .bz2, .zst) or .parquet.
    mapping
        Column by field: fields of the record, ``event_time``, ``ingested_at``, ``decided_at``, ``id`` (its native id),
        ``label``, ``labelled_at``, and ``attributes.NAME``.
    zone
        Of times that name none.
    now
        When the file is read: a row from more than five minutes later is rejected. Default: the future is not looked at.
    progress
        Is called with bytes read and bytes in all.

    Raises
    ------
    InputError
        The file cannot be read, or the mapping does not fit it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     path = Path(top, "logins.csv")
    ...     _ = path.write_text("user,at,ip\njo,2026-01-01T12:00:00Z,192.0.2.1\nan,soon,192.0.2.2\n")
    ...     rows = list(read_events("login", path, {"account": "user", "event_time": "at"}))
    >>> rows[0].values["account"], rows[1]
    ('jo', Rejected(number=2, reason='event_time: not a time between 1990 and 2099'))
    """
    file = Path(path)
    with open_table(file) as table:
        found = resolve(kind, mapping or {}, table.columns, str(file))
        readers = [(field, column, reader(kind, field, zone)) for field, column in found.items()]
        total = file.stat().st_size
        for row in table.rows:
            yield _event(row, readers, now)
            if progress and row.number % _ROWS_A_STEP == 0:
                progress(min(table.done(), total), total)
        if progress:
            progress(total, total)


def _event(
    row: Row, readers: list[tuple[str, str, Callable[[object], Any]]], now: datetime | None
) -> EventRow | Rejected:
    if row.cells is None:
        return Rejected(row.number, row.malformed)
    values: dict[str, Any] = {}
    for field, column, read in readers:
        try:
            value = read(row.cells.get(column))
        except CellError as error:
            return Rejected(row.number, f"{field}: {error}")
        if value is not None:
            values[field] = value
    wrong = _wrong(values, {field for field, *_ in readers}, now)
    if wrong:
        return Rejected(row.number, wrong)
    native_id, label = values.pop("id", ""), values.pop("label", "")
    return EventRow(row.number, values, native_id, label, values.pop("labelled_at", None))


def _wrong(values: Mapping[str, Any], asked: Collection[str], now: datetime | None) -> str:
    """Return what is wrong with a row whose cells are right each; empty for nothing."""
    if "event_time" not in values:
        return "event_time: missing"
    if not values.keys() - _SAYS_NOTHING:
        return "nothing but times"
    if "id" in asked and "id" not in values:
        return "id: missing"
    happened = values["event_time"]
    for clock, reason in (("ingested_at", SKEW), ("decided_at", DECIDED)):
        if happened - values.get(clock, happened) > _MOST_SKEW:
            return reason
    for clock in CLOCKS:
        if now is not None and clock in values and values[clock] - now > _MOST_SKEW:
            return f"{clock}: in the future"
    return ""
