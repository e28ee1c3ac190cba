"""Extractors that compute a whole batch of events at once, for kinds of event that are rows of plain fields.

A batch is a polars frame with one column for each field of the kind's record (:data:`SCHEMAS`). One event is a batch
of one row, so training and serving run the same code.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.extractor import Extractor, FeatureSet
from msa_ml.records import Event, Login, Request, Signup

_TIME = pl.Datetime("ms", "UTC")
_TYPES: Mapping[str, pl.DataType] = {
    "str": pl.String(),
    "int": pl.Int64(),
    "int | None": pl.Int64(),
    "float | None": pl.Float64(),
    "bool | None": pl.Boolean(),
    "datetime | None": _TIME,
    "Mapping[str, str]": pl.Object(),
}


def _schema(record: type[Event]) -> dict[str, pl.DataType]:
    columns = {field.name: _TYPES[str(field.type)] for field in fields(record)}
    return {name: kind for name, kind in columns.items() if kind != pl.Object()}


_RECORDS: Mapping[str, type[Event]] = {"signup": Signup, "login": Login, "request": Request}
_BLANK: Mapping[str, Mapping[str, Any]] = {
    kind: {field.name: field.default for field in fields(record)} for kind, record in _RECORDS.items()
}

SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    kind: _schema(record) for kind, record in _RECORDS.items()
}
"""Columns and types of a batch by kind; ``attributes`` are not among them."""


def rows(kind: str, events: Iterable[Event | Mapping[str, Any]]) -> pl.DataFrame:
    """Return a batch: one row an event, with every column of the kind.

    Parameters
    ----------
    kind
        ``signup``, ``login`` or ``request``.
    events
        Records, or mappings by field name; what a mapping leaves out is as in the record: empty or null.

    Raises
    ------
    InputError
        A value has another type than its field.

    Examples
    --------
    >>> rows("signup", [{"user_name": "ann"}]).select("user_name", "email", "asn").row(0)
    ('ann', '', None)
    """
    if kind not in SCHEMAS:
        raise UnknownNameError("kind of rows", kind, SCHEMAS)
    schema, blank = SCHEMAS[kind], _BLANK[kind]
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for event in events:
        for name, column in columns.items():
            value = event.get(name) if isinstance(event, Mapping) else getattr(event, name)
            column.append(blank[name] if value is None else value)
    series = []
    for name, column in columns.items():
        try:
            series.append(pl.Series(name, column, dtype=schema[name], strict=True))
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{kind}: the field {name} has a value of another type than {schema[name]}.",
                hint="Numbers are numbers, texts are texts, times are datetimes with a zone; what is unknown is null.",
            ) from error
    return pl.DataFrame(series)


def inputs_of(features: FeatureSet) -> tuple[str, ...]:
    """Return the columns that the extractors of a feature set read, in the order of the record's fields.

    Raises
    ------
    InputError
        One of them reads single records, not rows; a content view reads every column.
    """
    single = [reader.name for reader in features.extractors if not isinstance(reader, TableExtractor)]
    if single:
        raise InputError(f"{', '.join(single)} cannot be computed for rows of plain fields.")
    every = SCHEMAS[features.kind]
    if features.views:
        return tuple(every)
    read = {name for extractor in features.extractors for name in extractor.inputs}  # type: ignore[attr-defined]
    return tuple(name for name in every if name in read)


class TableExtractor(Extractor):
    """Computes the declared features of a batch of events.

    ``inputs`` names the columns that :meth:`compute` reads, ``learns`` those of the lists it ``reads`` that training
    learns by :meth:`learn`; see :mod:`msa_ml.features.learning`.
    """

    inputs: ClassVar[tuple[str, ...]]
    learns: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return one column for each declared feature, by short name, with the rows of the batch in their order.

        Null and ``nan`` mean unknown. Never raises on what a client sent.
        """

    def learn(self, batch: pl.DataFrame, y: NDArray[np.int64]) -> Mapping[str, bytes]:  # noqa: ARG002 - nothing to learn
        """Return the bytes of the lists ``learns``, learnt from N events and their labels, 1 = abuse and 0 = fine."""
        return {}

    def extract(self, record: Event | Mapping[str, Any]) -> dict[str, float]:
        """Return the known values of one event by short name."""
        values = self.compute(rows(self.kind, [record])).row(0, named=True)
        return {
            name: float(value)
            for name, value in values.items()
            if value is not None and not math.isnan(value)
        }

    def matrix(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return :meth:`compute` as Float32 columns in the declared order; unknown is ``nan``."""
        found = self.compute(batch.select(self.inputs))
        return found.select(
            pl.col(feature.name).cast(pl.Float32).fill_null(math.nan) for feature in self.features
        )
