"""Events of plain fields as a scorer gets them: JSON, mappings, records, or a frame of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from msa_ml.bundle.manifest import strict_json
from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.event_json import from_json
from msa_ml.features.table import SCHEMAS, rows
from msa_ml.records import Event, Mail

RowEvent = Mapping[str, Any] | Event | bytes | str
"""A mapping by field name, a record such as :class:`~msa_ml.records.Signup`, or JSON text of one event."""

BATCH = 1_000
"""Rows that are computed at a time."""


def batch_of(kind: str, events: Iterable[RowEvent]) -> pl.DataFrame:
    """Return a batch of events for the extractors of a kind.

    Raises
    ------
    InputError
        What is given is no event of the kind, a field is misspelt, or a value has another type.

    Examples
    --------
    >>> batch_of("signup", [{"user_name": "ann"}, b'{"user_name": "ben", "asn": 64496}'])["user_name"].to_list()
    ['ann', 'ben']
    """
    return rows(kind, [_event(kind, event) for event in events])


def _event(kind: str, event: RowEvent) -> Event | dict[str, Any]:
    if isinstance(event, Event) and not isinstance(event, Mail):
        return event
    if isinstance(event, bytes | str):
        try:
            event = strict_json(event)
        except (ValueError, RecursionError) as error:
            raise InputError(f"expected one {kind} as a JSON object, found something else.") from error
    if not isinstance(event, Mapping):
        raise InputError(
            f"expected a {kind}: a mapping by field name, a record, or JSON text of one, found {type(event).__name__}."
        )
    return from_json(kind, event)


def whole_frame(kind: str, frame: pl.DataFrame, histories: Iterable[str] = ()) -> pl.DataFrame:
    """Return a frame with every column of a kind, in the types of the extractors; a column that lacks is unknown.

    Parameters
    ----------
    histories
        Names of further columns that are known and left alone.

    Raises
    ------
    UnknownNameError
        A column that is no field of the kind.
    InputError
        A column has another type.
    """
    schema = SCHEMAS[kind]
    known = (*schema, "attributes", *histories)
    for name in frame.columns:
        if name not in known:
            raise UnknownNameError(f"column of {kind}s", name, known)
    blank = rows(kind, [{}])
    columns = []
    for name, wanted in schema.items():
        if name not in frame.columns:
            columns.append(pl.lit(blank[name][0], dtype=wanted).alias(name))
            continue
        column = pl.col(name).cast(wanted, strict=True)
        columns.append(column.fill_null("") if wanted == pl.String() else column)
    try:
        return frame.select(columns) if len(frame) else blank.clear()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"a column of the frame has another type than its field of a {kind}.") from error


def runs(events: Iterable[RowEvent], most: int) -> Iterator[list[RowEvent]]:
    """Yield runs of at most so many events."""
    if most < 1:
        raise InputError(f"a batch holds at least one event, found {most}.")
    held: list[RowEvent] = []
    for event in events:
        held.append(event)
        if len(held) == most:
            yield held
            held = []
    if held:
        yield held
