"""Promises about rows, checked before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from msa_ml.errors import DataRefused


@dataclass(frozen=True)
class Promise:
    """Something that is true of every row.

    Attributes
    ----------
    name
        What is promised, in words.
    broken
        Expression that is true for a row that breaks it.
    remedy
        What to do.
    """

    name: str
    broken: Callable[[], pl.Expr]
    remedy: str


PROMISES: tuple[Promise, ...] = (
    Promise(
        "every event has its own id",
        lambda: pl.col("event_id").is_duplicated(),
        "The source maps one event to several rows; collapse them in the mapped query.",
    ),
    Promise(
        "every event has an id of at least 8 characters",
        lambda: pl.col("event_id").str.len_chars() < 8,
        "Map event_id to a column that names the event.",
    ),
    Promise(
        "an event is known at its own time or later",
        lambda: pl.col("known_at") < pl.col("event_time"),
        "Check the time zones of the mapped columns.",
    ),
    Promise(
        "events lie between 1990 and 2100",
        lambda: ~pl.col("event_time").dt.year().is_between(1990, 2099),
        "Check the unit of the mapped time column.",
    ),
    Promise(
        "labels are 1, 0 or missing", lambda: ~pl.col("label").is_in([0, 1]), "Check the task's label words."
    ),
    Promise(
        "weights are at least 1", lambda: pl.col("weight") < 1 - 1e-9, "Check the sampling of the query."
    ),
)


def broken_promises(index: pl.DataFrame) -> list[str]:
    """Return each broken promise with the number of rows that break it.

    Examples
    --------
    >>> from datetime import datetime
    >>> rows = {"event_id": ["a" * 8, "a" * 8], "event_time": datetime(2026, 1, 2), "known_at": datetime(2026, 1, 2)}
    >>> broken_promises(pl.DataFrame({**rows, "label": [1, 0], "weight": 1.0}))
    ['every event has its own id: 2 rows do not. The source maps one event to several rows; collapse them in the mapped query.']
    """
    counts = index.select(
        promise.broken().fill_null(value=False).sum().alias(str(place))
        for place, promise in enumerate(PROMISES)
    ).row(0)
    return [
        f"{promise.name}: {count} rows do not. {promise.remedy}"
        for promise, count in zip(PROMISES, counts, strict=True)
        if count
    ]


def require_promises(index: pl.DataFrame) -> None:
    """Demand that every promise is kept.

    Raises
    ------
    DataRefused
        Names each broken promise.
    """
    said = broken_promises(index)
    if said:
        raise DataRefused("the rows break a promise. " + " ".join(said))
