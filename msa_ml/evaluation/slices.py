"""Parts of a test window, by one column each, to see where a model fails.

A slice is an array of names, one per row. These functions cut columns into names: numbers into buckets, words into the
frequent ones and the rest. Small parts are merged, since a rate over a handful of rows says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import InputError

UNKNOWN, OTHER = "unknown", "other"
LEAST_ROWS = 30
MOST_VALUES = 12
SIZES = {"under 2 KB": 0, "2 to 10 KB": 2_000, "10 to 100 KB": 10_000, "over 100 KB": 100_000}
AGES = {
    "under a day": 0,
    "a day to a week": 1,
    "a week to a month": 7,
    "a month to a year": 30,
    "over a year": 365,
}

Names = NDArray[np.str_]


def buckets(values: ArrayLike, starts: Mapping[str, float]) -> Names:
    """Return the bucket of each number.

    Parameters
    ----------
    values
        Numbers [N]; ``nan`` is ``unknown``.
    starts
        Where each named bucket begins, inclusive, in rising order; what lies below the first belongs to it.

    Examples
    --------
    >>> buckets([500, 2000, float("nan")], {"small": 0, "large": 1000}).tolist()
    ['small', 'large', 'unknown']
    """
    numbers = np.asarray(values, np.float64)
    edges = np.array(list(starts.values()), np.float64)
    if not len(edges) or (np.diff(edges) <= 0).any():
        raise InputError(f"buckets must start at rising numbers, found {edges.tolist()}.")
    names = np.array(list(starts))
    place = np.maximum(np.searchsorted(edges, numbers, side="right") - 1, 0)
    return np.asarray(np.where(np.isnan(numbers), UNKNOWN, names[place]), np.str_)


def quantiles(values: ArrayLike, parts: int = 4) -> Names:
    """Return buckets of about equally many rows, named by their range; equal numbers share a bucket.

    Examples
    --------
    >>> quantiles([1, 2, 3, 4], 2).tolist()
    ['1 to 2', '1 to 2', '3 to 4', '3 to 4']
    """
    numbers = np.asarray(values, np.float64)
    known = ~np.isnan(numbers)
    names = np.full(numbers.shape, UNKNOWN, dtype=object)
    if known.any():
        edges = np.unique(np.quantile(numbers[known], np.arange(1, parts) / parts, method="lower"))
        place = np.searchsorted(edges, numbers, side="left")
        for one in np.unique(place[known]):
            inside = known & (place == one)
            low, high = numbers[inside].min(), numbers[inside].max()
            names[inside] = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return names.astype(np.str_)


def categories(values: ArrayLike) -> Names:
    """Return words as names; an empty one, ``None`` and ``nan`` are ``unknown``.

    Examples
    --------
    >>> categories(["pass", "", None]).tolist()
    ['pass', 'unknown', 'unknown']
    """
    found = np.asarray(values, dtype=object)
    names = ["" if value is None or value != value else str(value) for value in found.ravel()]  # noqa: PLR0124 - nan
    return np.array([name or UNKNOWN for name in names], np.str_).reshape(found.shape)


def merge_small(values: ArrayLike, *, least: int = LEAST_ROWS, most: int = MOST_VALUES) -> Names:
    """Return names in which the rare ones, and all beyond the most frequent, are ``other``.

    Parameters
    ----------
    least
        Rows that a name needs to stand alone.
    most
        Names that stand alone at most.

    Examples
    --------
    >>> merge_small(["a"] * 40 + ["b"] * 3 + ["c"] * 2).tolist()[-5:]
    ['other', 'other', 'other', 'other', 'other']
    """
    names = categories(values)
    distinct, number, count = np.unique(names, return_inverse=True, return_counts=True)
    rank = np.empty(len(distinct), np.intp)
    rank[np.lexsort((distinct, -count))] = np.arange(len(distinct))
    alone = (count >= least) & (rank < most)
    return np.asarray(np.where(alone, distinct, OTHER)[number] if len(distinct) else names, np.str_)


def cut(columns: Mapping[str, ArrayLike], *, parts: int = 4, few: Sequence[str] = ()) -> dict[str, Names]:
    """Return slices of any columns: numbers by quantiles, all else by value, small ones merged.

    Parameters
    ----------
    columns
        By name, [N] each.
    parts
        Buckets of a number.
    few
        Columns whose numbers are values, not quantities (a status code, an hour).

    Examples
    --------
    >>> slices = cut({"hops": np.arange(200.0), "spf": ["pass"] * 150 + ["fail"] * 50})
    >>> sorted(set(slices["spf"].tolist())), len(set(slices["hops"].tolist()))
    (['fail', 'pass'], 4)
    """
    found = {}
    for name, values in columns.items():
        column = np.asarray(values)
        number = np.issubdtype(column.dtype, np.number) and name not in few
        found[name] = merge_small(quantiles(column, parts) if number else column)
    return found


def size(number_of_bytes: ArrayLike) -> Names:
    """Return the slice by size of a mail in bytes.

    Examples
    --------
    >>> size([1999, 250_000]).tolist()
    ['under 2 KB', 'over 100 KB']
    """
    return buckets(number_of_bytes, SIZES)


def sender_age(days: ArrayLike) -> Names:
    """Return the slice by days since a sender was first seen.

    Examples
    --------
    >>> sender_age([0.5, 400, float("nan")]).tolist()
    ['under a day', 'over a year', 'unknown']
    """
    return buckets(days, AGES)
