"""``msa-ml check-source``: what of the source is found, with which type, how much is null, and the verdict."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from msa_ml.errors import InputError
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store
from msa_ml.source.fields import FIELDS, TABLES, Relation
from msa_ml.source.literals import name as quoted
from msa_ml.source.mapping import SECTIONS, TableMapping, read

SAMPLE = 100_000
"""Rows of each table that are looked at."""
_MANY_WORDS = 20


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One field of one kind.

    Attributes
    ----------
    field
        Our name.
    found
        Where it comes from: their column, ``constant``, ``made here`` or ``-``.
    type
        Their type; empty where there is no column.
    nulls
        Share of the sampled rows in which the value is unknown: null, or empty text; ``None`` where nothing was read.
    verdict
        ``ok``, ``not given`` (unknown everywhere), ``warning: ...`` or ``error: ...``.
    """

    field: str
    found: str
    type: str
    nulls: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind of row: where it is, how many rows were looked at, its fields, and what is odd about the rows."""

    kind: str
    origin: str
    rows: int
    fields: tuple[FieldReport, ...]
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the kind can be read."""
        return not any(
            text.startswith("error") for text in (*self.remarks, *(f.verdict for f in self.fields))
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What ``check_source`` found."""

    store: str
    kinds: tuple[KindReport, ...]

    @property
    def ok(self) -> bool:
        """Whether every kind that is there can be read."""
        return all(kind.ok for kind in self.kinds)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for ``--json``."""
        return {
            "store": self.store,
            "ok": self.ok,
            "kinds": [{**asdict(kind), "ok": kind.ok} for kind in self.kinds],
        }

    def text(self) -> str:
        """Return a table for people."""
        lines = [f"source {self.store}"]
        for kind in self.kinds:
            lines += ["", f"{kind.kind}: {kind.origin}, {kind.rows:,} rows looked at"]
            if kind.fields:
                lines.append(f"  {'field':<22} {'found':<28} {'type':<28} {'unknown':>8}  verdict")
            for f in kind.fields:
                share = "" if f.nulls is None else f"{100 * f.nulls:.1f} %"
                lines.append(f"  {f.field:<22} {f.found[:28]:<28} {f.type[:28]:<28} {share:>8}  {f.verdict}")
            lines += [f"  {remark}" for remark in kind.remarks]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()


def check_source(store: Store, settings: Settings) -> Report:
    """Look at every kind of the source, native or mapped; reads only, at most 100,000 rows of each.

    A mapped kind without rows counts as unreadable only when its columns are missing.

    Returns
    -------
    Report
        ``print(report)`` shows it; ``report.ok`` is the verdict.

    Raises
    ------
    InputError
        The mapping in ``msa.toml`` cannot be understood.
    SourceUnavailable
        The server does not answer or refuses us.
    """
    with store.session():
        return Report(store.url_public, tuple(_kind(store, settings, kind) for kind in SECTIONS.values()))


def _kind(store: Store, settings: Settings, kind: Relation) -> KindReport:
    mapping = read(settings, kind)
    if mapping is None:
        return _native(store, kind)
    try:
        columns = _columns(store, mapping.origin)
    except InputError as error:
        return KindReport(kind, mapping.label, 0, (), (f"error: {error}",))
    missing = {o.column for o in mapping.fields.values() if o.column and o.column not in columns}
    if missing:
        return KindReport(kind, mapping.label, 0, tuple(_fields(mapping, columns, {})))
    everything = mapping.sql(every_row=True)
    return _measured(
        store, everything, kind, mapping.label, lambda shares: tuple(_fields(mapping, columns, shares))
    )


def _native(store: Store, kind: Relation) -> KindReport:
    sql = "SELECT count() FROM system.tables WHERE database = {d:String} AND name = {t:String}"
    if not store.value(sql, {"d": store.database, "t": kind}):
        return KindReport(kind, f"our view '{kind}'", 0, (), ("not there; `msa-ml init` makes it",))

    def fields(shares: Mapping[str, float]) -> tuple[FieldReport, ...]:
        return tuple(
            FieldReport(
                f.name, f.name, f.type, shares.get(f.name), _verdict(shares.get(f.name), expected=False)
            )
            for f in FIELDS[kind]
        )

    return _measured(store, quoted(kind), kind, f"our table '{TABLES[kind]}'", fields)


def _measured(
    store: Store,
    relation: str,
    kind: Relation,
    origin: str,
    fields: Callable[[Mapping[str, float]], tuple[FieldReport, ...]],
) -> KindReport:
    names = [f.name for f in FIELDS[kind]]
    unknown = [f"avg({_is_unknown(f.name, f.type)}) AS {quoted(f.name)}" for f in FIELDS[kind]]
    rows = f"(SELECT * FROM {relation} LIMIT {SAMPLE:d})"  # noqa: S608 - names, quoted
    key = "label_id" if kind == "label" else "event_id"
    clock = "labelled_at" if kind == "label" else "event_time"
    counts = (
        "count() AS `rows counted`",
        f"uniqExact(r.{key}) AS `ids counted`",
        f"countIf(r.{clock} > r.ingested_at + INTERVAL 5 MINUTE) AS `skew counted`",
    )
    sql = f"SELECT {', '.join([*counts, *unknown])} FROM {rows} AS r"  # noqa: S608 - names, quoted
    try:
        found = store.frame(sql).row(0, named=True)
        words = store.frame(_words(rows)) if kind == "label" else None
    except InputError as error:
        return KindReport(kind, origin, 0, fields({}), (f"error: {error}",))
    count = int(found["rows counted"])
    shares = {name: float(found[name]) for name in names} if count else {}
    remarks = []
    if not count:
        return KindReport(kind, origin, 0, (), ("no row yet",))
    if shares[clock]:
        remarks.append(
            f"warning: {100 * shares[clock]:.1f} % of the rows have no readable time and are left out"
        )
    if found["ids counted"] < count:
        remarks.append(
            f"warning: {count - found['ids counted']:,} of {count:,} rows repeat the {key} of another"
        )
    if found["skew counted"]:
        remarks.append(
            f"warning: {found['skew counted']:,} of {count:,} rows are dated 5 minutes after they were known"
        )
    if words is not None and len(words):
        shown = ", ".join(f"{word} ({n:,})" for word, n in words.iter_rows())
        remarks.append(f"label words: {shown}{' ...' if len(words) == _MANY_WORDS else ''}")
    return KindReport(kind, origin, count, fields(shares), tuple(remarks))


def _words(rows: str) -> str:
    return f"SELECT r.label AS word, count() AS n FROM {rows} AS r GROUP BY word ORDER BY n DESC, word LIMIT {_MANY_WORDS:d}"  # noqa: S608


def _is_unknown(name: str, kind: str) -> str:
    column = f"r.{quoted(name)}"
    if kind.startswith(("Map", "Array")) or "String" in kind:
        return f"empty({column})"
    return f"isNull({column})"


def _columns(store: Store, origin: str) -> dict[str, str]:
    described = store.frame(f"DESCRIBE TABLE {origin}")
    return dict(zip(described["name"].to_list(), described["type"].to_list(), strict=True))


def _fields(
    mapping: TableMapping, columns: Mapping[str, str], shares: Mapping[str, float]
) -> list[FieldReport]:
    reports = []
    for field in FIELDS[mapping.relation]:
        share = shares.get(field.name)
        origin = mapping.fields.get(field.name)
        if origin is None:
            given = share is not None and share < 1
            kind = "made here" if given else "-"
            reports.append(FieldReport(field.name, kind, "", share, "ok" if given else "not given"))
        elif not origin.column:
            reports.append(FieldReport(field.name, "constant", "", share, "ok"))
        elif origin.column not in columns:
            near = difflib.get_close_matches(origin.column, columns, n=1)
            guess = (
                f", did you mean '{near[0]}'?" if near else f"; there are: {', '.join(sorted(columns)[:20])}"
            )
            verdict = f"error: no column '{origin.column}'{guess}"
            reports.append(FieldReport(field.name, origin.column, "", None, verdict))
        else:
            kind = columns[origin.column]
            verdict = _time_verdict(field.type, kind, origin.time_zone, origin.unit) or _verdict(
                share, expected=True
            )
            reports.append(FieldReport(field.name, origin.column, kind, share, verdict))
    return reports


def _verdict(share: float | None, *, expected: bool) -> str:
    if share is None:
        return "not read"
    if share == 1:
        return "warning: unknown in every row" if expected else "not given"
    if expected and share > 0.5:
        return "warning: unknown in most rows"
    return "ok"


def _time_verdict(ours: str, theirs: str, time_zone: str, unit: str) -> str:
    """Return a warning where a time may be read in the wrong zone or unit."""
    if "DateTime64" not in ours:
        return ""
    if "String" in theirs and not time_zone:
        return 'warning: text is read as UTC; say time_zone = "..." if it is another, or in any other form than ISO 8601'
    if "Int" in theirs and not unit:
        return 'warning: numbers are read as seconds since 1970; say unit = "ms" if they are not'
    if "DateTime" in theirs and time_zone and f"'{time_zone}'" not in theirs:
        return f"ok (its wall clock is read as {time_zone})"
    return ""
