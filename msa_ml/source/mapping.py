"""Somebody else's tables under our names: ``[source.<kind>]`` of ``msa.toml``, compiled to a SELECT.

Reading needs nothing but SELECT. See data/README.md for a full example. Compiled in two steps, so that no column of
theirs can be confused with one of ours: an inner SELECT takes their columns under private names, the outer one makes
every column of our view, the missing ones with their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.settings import Settings
from msa_ml.source import derived
from msa_ml.source.derived import private
from msa_ml.source.fields import FIELDS, Field, Relation, is_relation
from msa_ml.source.literals import name as quoted
from msa_ml.source.literals import text

SECTIONS: dict[str, Relation] = {
    "mail": "mail",
    "signup": "signup",
    "login": "login",
    "request": "request",
    "labels": "label",
}
"""Names of the tables under ``[source]`` and the relations that they stand for."""

_REQUIRED: dict[Relation, tuple[str, ...]] = {
    "mail": ("event_time", "raw"),
    "signup": ("event_time",),
    "login": ("event_time",),
    "request": ("event_time",),
    "label": ("task", "subject", "label", "labelled_at"),
}
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the values of one field come from: a column of theirs, or one constant.

    Attributes
    ----------
    column
        Their column; empty for a constant.
    constant
        The value of every row.
    time_zone
        The zone of the wall clock that the column shows, as text or as a time; empty: the column holds instants.
    unit
        ``s``, ``ms`` or ``us`` since 1970 for a column of numbers; empty otherwise.
    """

    column: str = ""
    constant: object = None
    time_zone: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """One ``[source.<kind>]``.

    Attributes
    ----------
    relation
        Which of our relations it stands for.
    origin
        Their table (quoted) or SELECT (in parentheses), to stand in a FROM.
    label
        Name of the table for messages and as the default ``source``.
    fields
        Our field to where it comes from.
    words
        Their label words to ours; other words pass unchanged.
    """

    relation: Relation
    origin: str
    label: str
    fields: Mapping[str, Origin]
    words: Mapping[str, str]

    @property
    def clock(self) -> str:
        """The field that says when it happened; rows without it are left out."""
        return "labelled_at" if self.relation == "label" else "event_time"

    def sql(self, *, every_row: bool = False) -> str:
        """Return the SELECT, in parentheses, that yields every column of our view.

        Rows without a readable time are left out, unless ``every_row`` asks for them too.
        """
        inner = [f"{quoted(o.column)} AS {private(f)}" for f, o in self.fields.items() if o.column]
        outer = [f"{self.expression(field)} AS {quoted(field.name)}" for field in FIELDS[self.relation]]
        return _SHAPE.format(
            outer=",\n        ".join(outer),
            inner=",\n            ".join(inner),
            origin=self.origin,
            condition="true" if every_row else f"isNotNull({self.clock})",
        )

    def expression(self, field: Field) -> str:
        """Return how a field is made: from a column of theirs, a constant, or other fields."""
        found = self.fields.get(field.name)
        if found is None:
            return derived.default(self.relation, field, self.label, self.fields)
        value = private(field.name) if found.column else _constant(found.constant)
        if "DateTime64" in field.type:
            moment = derived.moment(value, found.time_zone, _UNITS.get(found.unit, 0))
            return f"ifNull({moment}, {self.clock})" if field.name == "ingested_at" else moment
        if self.relation == "label" and field.name == "label" and self.words:
            return f"CAST({derived.in_our_words(value, self.words)} AS {field.type})"
        if field.name in ("event_id", "subject"):
            return derived.plain_id(value)
        if self.relation == "mail" and field.name == "raw":
            return derived.without_from_line(value)
        return f"CAST({derived.cast(value, field.type)} AS {field.type})"


_SHAPE = """(
    SELECT
        {outer}
    FROM
    (
        SELECT
            {inner}
        FROM {origin}
    )
    WHERE {condition}
)"""


def relation(settings: Settings, kind: str) -> str:
    """Return what stands in a FROM clause for a kind of row: our view, or a subquery over a mapped table.

    Parameters
    ----------
    kind
        ``mail``, ``signup``, ``login``, ``request``, ``label``, ``vector``, ``feature_spec`` or ``score``.

    Raises
    ------
    InputError
        The mapping is malformed; the message names the key.
    """
    if not is_relation(kind):
        raise UnknownNameError("relation", kind, FIELDS)
    found = read(settings, kind)
    return quoted(kind) if found is None else found.sql()


def read(settings: Settings, kind: Relation) -> TableMapping | None:
    """Return the mapping of a relation; ``None`` where our own view is used."""
    source = settings.section("source")
    _require_known("table under [source] in msa.toml", source, SECTIONS)
    section = next((key for key, value in SECTIONS.items() if value == kind and key in source), None)
    return None if section is None else _parse(section, settings.section("source", section))


def _parse(section: str, table: Mapping[str, Any]) -> TableMapping:
    where = f"[source.{section}]"
    kind = SECTIONS[section]
    allowed = ("table", "query", "fields", *(("words",) if kind == "label" else ()))
    _require_known(f"key of {where} in msa.toml", table, allowed)
    if ("table" in table) == ("query" in table):
        raise InputError(f'{where} in msa.toml needs either table = "database.name" or query = "SELECT ...".')
    fields = table.get("fields", {})
    known = [field.name for field in FIELDS[kind]]
    if not isinstance(fields, Mapping):
        raise InputError(f"{where} fields in msa.toml must be a table.", hint='fields = { raw = "body" }')
    _require_known(f"field of {where} in msa.toml", fields, known)
    origins = {name: _origin(f"{where} fields.{name}", value) for name, value in fields.items()}
    _require_enough(where, kind, origins)
    words = table.get("words", {})
    if not isinstance(words, Mapping) or not all(isinstance(word, str) for word in words.values()):
        raise InputError(
            f"{where} words in msa.toml must map words to words.", hint='words = { junk = "spam" }'
        )
    origin, label = _from(where, table)
    return TableMapping(kind, origin, label, origins, dict(words))


def _require_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    allowed = list(known)
    for name in names:
        if name not in allowed:
            raise UnknownNameError(what, name, allowed)


def _require_enough(where: str, kind: Relation, origins: Mapping[str, Origin]) -> None:
    for name in _REQUIRED[kind]:
        if name not in origins:
            raise InputError(
                f"{where} in msa.toml does not say where {name} comes from.", hint=f'{name} = "their_column"'
            )
    if kind not in ("mail", "label") and not {"event_id", "origin"} & set(origins):
        raise InputError(f"{where} in msa.toml must map event_id, or origin to make one from.")
    if not any(origin.column for origin in origins.values()):
        raise InputError(f"{where} in msa.toml maps constants only.", hint='event_time = "their_column"')


def _from(where: str, table: Mapping[str, Any]) -> tuple[str, str]:
    key = "table" if "table" in table else "query"
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where} {key} in msa.toml must be text.")
    if key == "table":
        return ".".join(quoted(part) for part in value.split(".", 1)), value
    body = value.strip().rstrip(";").rstrip()
    if not re.match(r"(?is)\s*(SELECT|WITH)\b", body):
        raise InputError(f"{where} query in msa.toml must be a SELECT.")
    return f"(\n{body}\n)", "query"


def _origin(where: str, value: object) -> Origin:
    if isinstance(value, str):
        return Origin(column=value)
    if not isinstance(value, Mapping):
        raise InputError(
            f"{where} in msa.toml must be a column name or a table.", hint='{ constant = "mx1" }'
        )
    allowed = ("column", "constant", "time_zone", "unit")
    _require_known(f"key of {where} in msa.toml", value, allowed)
    if ("column" in value) == ("constant" in value):
        raise InputError(f"{where} in msa.toml needs either a column or a constant.")
    column, zone, unit = value.get("column", ""), value.get("time_zone", ""), value.get("unit", "")
    if not all(isinstance(item, str) for item in (column, zone, unit)):
        raise InputError(f"{where} in msa.toml: column, time_zone and unit are text.")
    if unit and unit not in _UNITS:
        raise UnknownNameError(f"unit of {where} in msa.toml", unit, _UNITS)
    if unit and zone:
        raise InputError(
            f"{where} in msa.toml: seconds since 1970 have no time_zone; give unit or time_zone."
        )
    return Origin(column=column, constant=value.get("constant"), time_zone=zone, unit=unit)


def _constant(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return text(str(value))
