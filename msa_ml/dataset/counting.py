"""How many events, of which class: the first look at a dataset."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

CLASSES = ("abuse", "not_abuse", "unlabelled")


def count(index: pl.DataFrame, by: Sequence[str | pl.Expr]) -> pl.DataFrame:
    """Return events of each class by some columns, in their order.

    Parameters
    ----------
    index
        Rows with ``label`` (1, 0 or null).
    by
        Columns or expressions to group by.

    Returns
    -------
    polars.DataFrame
        The columns of ``by``, ``events``, ``abuse``, ``not_abuse``, ``unlabelled``.

    Examples
    --------
    >>> rows = pl.DataFrame({"source": ["a", "a", "b"], "label": [1, None, 0]})
    >>> count(rows, ["source"]).rows()
    [('a', 2, 1, 0, 1), ('b', 1, 0, 1, 0)]
    """
    grouped = index.group_by(*by).agg(pl.len().alias("events"), *class_counts())
    return grouped.sort(grouped.columns[: len(by)])


def class_counts() -> list[pl.Expr]:
    """Return the expressions that count each class."""
    label = pl.col("label")
    sums = ((label == 1).sum(), (label == 0).sum(), label.is_null().sum())
    return [number.cast(pl.UInt32).alias(name) for name, number in zip(CLASSES, sums, strict=True)]


def largest_campaigns(index: pl.DataFrame, top: int) -> pl.DataFrame:
    """Return the campaigns with the most events: near-duplicate mails that share a fingerprint.

    Returns
    -------
    polars.DataFrame
        ``campaign``, ``events`` and classes, ``first`` and ``last`` event time, and ``event_id`` of the first, to look at.

    Examples
    --------
    >>> rows = pl.DataFrame({"campaign": ["x", "x", ""], "label": [1, 1, 0], "event_time": [1, 2, 3], "event_id": ["a", "b", "c"]})
    >>> largest_campaigns(rows, 5).rows()
    [('x', 2, 2, 0, 0, 1, 2, 'a')]
    """
    time = pl.col("event_time")
    return (
        index.filter(pl.col("campaign") != "")
        .group_by("campaign")
        .agg(
            pl.len().alias("events"),
            *class_counts(),
            time.min().alias("first"),
            time.max().alias("last"),
            pl.col("event_id").sort_by("event_time", "event_id").first(),
        )
        .sort("events", "campaign", descending=[True, False])
        .head(top)
    )
