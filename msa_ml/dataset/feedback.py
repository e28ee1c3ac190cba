"""One-sided feedback: labels that exist only for what was delivered, or only for what somebody reported.

A filter that rejects an event takes away the chance to learn what it was, and a button that says "spam" never says
"not spam". A model that is trained on what is left learns who was asked, and its evaluation flatters it. Here is what
can be seen of that in the rows, and a weight that repairs the part of it that strata explain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.dataset.counting import class_counts
from msa_ml.errors import InputError

FEW = 50
"""Events from which on a source or a stratum is worth a warning."""
RATIO = 3.0
"""Labelled shares of two strata that differ by more than this factor are one-sided."""
HEAVIEST = 100.0
"""The largest weight that a stratum gives: beyond it one event would speak for too many."""
SMALLEST = 10
"""Strata with fewer labelled events are taken together."""


def strata(index: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return how much of each part of the events has a label.

    Parameters
    ----------
    index
        Rows with ``label`` (1, 0 or null), also the unlabelled ones.
    column
        What parts them.

    Returns
    -------
    polars.DataFrame
        ``stratum``, ``events``, ``abuse``, ``not_abuse``, ``unlabelled``, ``labelled_share``; the largest first.

    Examples
    --------
    >>> rows = pl.DataFrame({"decision": ["pass", "pass", "stop"], "label": [1, 0, None]})
    >>> strata(rows, "decision").select("stratum", "events", "labelled_share").rows()
    [('pass', 2, 1.0), ('stop', 1, 0.0)]
    """
    return (
        index.group_by(pl.col(column).cast(pl.String).fill_null("").alias("stratum"))
        .agg(pl.len().alias("events"), *class_counts())
        .with_columns(labelled_share=1 - pl.col("unlabelled") / pl.col("events"))
        .sort("events", "stratum", descending=[True, False])
    )


def uneven(parts: pl.DataFrame, what: str) -> str:
    """Return a warning when the labelled shares of two large strata are far apart, empty otherwise.

    Parameters
    ----------
    parts
        As :func:`strata` returns them.
    what
        Name of the column, for the message.

    Examples
    --------
    >>> parts = pl.DataFrame({"stratum": ["pass", "stop"], "events": [900, 100], "labelled_share": [0.5, 0.01]})
    >>> uneven(parts, "decision")
    "one-sided feedback: 50 % of the events with decision 'pass' have a label, but 1 % of those with decision 'stop'."
    """
    large = parts.filter(pl.col("events") >= FEW).sort("labelled_share", "stratum")
    if len(large) < 2:
        return ""
    low, high = large.row(0, named=True), large.row(-1, named=True)
    if high["labelled_share"] <= RATIO * low["labelled_share"] or high["labelled_share"] == 0:
        return ""
    return (
        f"one-sided feedback: {high['labelled_share']:.0%} of the events with {what} '{high['stratum']}' have a label, "
        f"but {low['labelled_share']:.0%} of those with {what} '{low['stratum']}'."
    ).replace("%", " %")


def one_word_sources(sources: Sequence[tuple[str, int, int]]) -> tuple[str, ...]:
    """Return warnings about sources that only ever say one of the two.

    Parameters
    ----------
    sources
        Name, events called abuse, events called not abuse.

    Examples
    --------
    >>> one_word_sources([("analyst", 40, 60), ("user_report", 900, 0)])
    ("one-sided feedback: source 'user_report' labelled 900 events and calls every one abuse.",)
    >>> one_word_sources([("trap", 900, 0), ("delivered", 0, 900)])[-1]
    'no source says both: who labels an event tells what it is, and a model may learn no more than that.'
    """
    large = [source for source in sources if source[1] + source[2] >= FEW]
    said = []
    for name, abuse, clean in large:
        if not abuse or not clean:
            word = "abuse" if abuse else "not abuse"
            said.append(
                f"one-sided feedback: source '{name}' labelled {abuse + clean:,} events and calls every one {word}."
            )
    words = {bool(abuse) for _, abuse, clean in large if not (abuse and clean)}
    if len(said) == len(large) and len(words) == 2:
        said.append(
            "no source says both: who labels an event tells what it is, and a model may learn no more than that."
        )
    return tuple(said)


def propensity_weight(index: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    """Return what each event stands for among all events of its stratum: one over the share of them that has a label.

    Inverse propensity weighting (Horvitz and Thompson, A generalization of sampling without replacement from a finite
    universe, 1952). It is right as far as, within a stratum, what has a label is like what has none; a stratum without
    any label cannot be repaired by a weight, and :func:`unreachable` counts its events. Strata with fewer than 10
    labelled events are taken together, and no weight exceeds 100.

    Parameters
    ----------
    index
        Rows with ``label`` and ``weight`` (of inclusion), also the unlabelled ones.
    columns
        What parts the events into strata.

    Returns
    -------
    numpy.ndarray
        float64[N], at least 1, for the labelled rows; unlabelled rows have that of their stratum.

    Examples
    --------
    >>> rows = pl.DataFrame({"decision": ["pass"] * 20 + ["stop"] * 40, "label": [1, 0] * 15 + [None] * 30, "weight": 1.0})
    >>> found = propensity_weight(rows, ["decision"])
    >>> found[[0, 20]].tolist()
    [1.0, 4.0]
    """
    stratum = _stratum(index, columns)
    rows = pl.DataFrame(
        {"stratum": stratum, "weight": index["weight"], "labelled": index["label"].is_not_null()}
    )
    few = pl.col("labelled").sum().over("stratum") < SMALLEST
    pooled = rows.with_columns(stratum=pl.when(few).then(pl.lit("")).otherwise(pl.col("stratum")))
    share = (pl.col("weight") * pl.col("labelled")).sum().over("stratum") / pl.col("weight").sum().over(
        "stratum"
    )
    weight = (1 / share).clip(1.0, HEAVIEST)
    return pooled.select(weight.alias("weight"))["weight"].to_numpy().astype(np.float64)


def unreachable(index: pl.DataFrame, columns: Sequence[str]) -> int:
    """Return the events of strata in which nothing has a label: no weight lets another event speak for them.

    Examples
    --------
    >>> rows = pl.DataFrame({"decision": ["pass", "stop", "stop"], "label": [1, None, None]})
    >>> unreachable(rows, ["decision"])
    2
    """
    rows = pl.DataFrame({"stratum": _stratum(index, columns), "labelled": index["label"].is_not_null()})
    return int(rows.select((~pl.col("labelled").any().over("stratum")).sum()).item())


def _stratum(index: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Return the stratum of each row; the pool of small ones is the empty text, which no stratum is called."""
    for column in columns:
        if column not in index.columns:
            raise InputError(
                f"there is no column '{column}' to part the events by.",
                hint=f"Choose among {', '.join(name for name in index.columns if index[name].dtype == pl.String)}.",
            )
    parts = [pl.col(column).cast(pl.String).fill_null("") for column in columns]
    return index.select(pl.concat_str(pl.lit("="), *parts, separator="\n").alias("stratum"))["stratum"]
