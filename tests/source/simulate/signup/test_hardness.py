"""No field alone gives attackers away, a record alone gives away some, and what was seen before gives away more."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from tests.source.simulate.signup.worlds import world

FIELDS = (
    "user_agent", "domain", "asn", "country", "language", "time_zone", "setting", "referrer", "verification_method", "pattern",
    "ip", "subnet", "device",
)  # fmt: skip
BY = (
    ("ip",),
    ("subnet",),
    ("device",),
    ("subnet", "pattern"),
    ("pattern", "user_agent"),
    ("domain",),
    ("user_agent", "setting"),
)
HOURS = (1, 24, 168)
EARLY = 0.3


@cache
def rows() -> pl.DataFrame:
    name = pl.col("user_name")
    return world(50_000).with_columns(
        pl.col("ip").str.replace(r"\.\d+$", "").str.replace("(^[^:]*:[^:]*:[^:]*):.*$", "$1").alias("subnet"),
        name.str.replace_all("[a-z]+", "a").str.replace_all("[0-9]+", "0").alias("pattern"),
        pl.col("email").str.split("@").list.last().alias("domain"),
        pl.format("{} {} {}", "country", "time_zone", "language").alias("setting"),
        name.str.len_chars().alias("length"),
        name.str.count_matches("[0-9]").alias("digits"),
        name.str.count_matches("[aeiou]").alias("vowels"),
        (pl.col("display_name") == "").alias("no display name").cast(pl.Int8),
        pl.from_epoch("event_ms", "ms").dt.hour().alias("hour"),
    )


@cache
def parts() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return truth, training rows and test rows, in order of time with a gap; words are learnt before all these."""
    place = np.arange(len(rows())) / len(rows())
    return rows()["abuse"].to_numpy(), (place > EARLY) & (place < 0.7), place > 0.77


@cache
def record() -> dict[str, NDArray[np.float64]]:
    """Return a number a field: what the word meant early in the world, or the number itself."""
    bad, _, _ = parts()
    table = rows().with_columns(pl.Series("bad", bad))
    found = {}
    for name in FIELDS:
        meant = (
            table.head(int(EARLY * len(table)))
            .group_by(name)
            .agg((pl.col("bad").sum() + 1.4) / (pl.len() + 10))
        )
        joined = table.select(name).join(meant, on=name, how="left", maintain_order="left")
        found[name] = joined["bad"].fill_null(0.14).to_numpy()
    for name in (
        "length",
        "digits",
        "vowels",
        "no display name",
        "form_seconds",
        "verification_attempts",
        "hour",
    ):
        found[name] = table[name].cast(pl.Float64).fill_null(-1).to_numpy()
    return found


def history() -> dict[str, NDArray[np.float64]]:
    """Return how many rows were alike in the hours before."""
    found = {}
    at = rows()["event_ms"].to_numpy()
    for by in BY:
        key = rows().select(pl.struct(by).rank("dense"))[by[0]].to_numpy().astype(np.int64)
        order = np.lexsort((at, key))
        line = key[order] * 2 * 10**13 + at[order]
        for hours in HOURS:
            count = np.empty(len(line))
            count[order] = np.arange(len(line)) - np.searchsorted(line, line - hours * 3_600_000)
            found[f"{by} {hours}"] = count
    return found


def quality(columns: dict[str, NDArray[np.float64]]) -> tuple[float, float]:
    """Return AUC, and the share of abuse found at 1 % of false positives, of a model of these columns."""
    bad, train, test = parts()
    table = np.column_stack(list(columns.values()))
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(table[train], bad[train])
    score = model.predict_proba(table[test])[:, 1]
    bound = np.quantile(score[~bad[test]], 0.99)
    return float(roc_auc_score(bad[test], score)), float((score[bad[test]] > bound).mean())


@pytest.mark.parametrize(
    "name", [*FIELDS, "length", "digits", "form_seconds", "verification_attempts", "no display name"]
)
def test_no_field_alone_tells(name: str) -> None:
    bad, _, test = parts()
    found = roc_auc_score(bad[test], record()[name][test])
    assert 0.2 < found < 0.8


def test_what_was_seen_before_tells_more_than_the_record() -> None:
    alone = {name: value for name, value in record().items() if name not in ("ip", "subnet", "device")}
    auc, found = quality(alone)
    assert 0.7 < auc < 0.93
    auc_with, found_with = quality({**alone, **history()})
    assert 1 - auc_with < 0.7 * (1 - auc)
    assert found_with > found + 0.06
    assert auc_with < 0.985  # and it does not give everything away
