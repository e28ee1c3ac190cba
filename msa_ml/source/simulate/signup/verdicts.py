"""What people and machines said about the account behind a sign-up, when, and how often they were wrong.

An abusive account does nothing at first; once it sends its first spam it can be noticed. An account that has done
nothing bad for fourteen days may be called good by the machine, which is wrong for those that were made to wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.source.simulate.signup.plan import ATTACKS

ABUSE: Final = "abuse"
GOOD: Final = "good"
GOOD_AFTER_DAYS: Final = 14
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
# Hours until an abusive account begins: median, spread of the logarithm.
BEGINS: Mapping[str, tuple[float, float]] = {
    "burst": (4.0, 0.9), "drip": (30.0, 0.9), "residential": (20.0, 1.0), "farm": (36.0, 0.9), "aged": (430.0, 0.35), "hidden": (18.0, 0.9),
}  # fmt: skip
# Of abusive accounts that are noticed at all: chance to be noticed by a source; hours from the first spam: median, spread.
NOTICED: Mapping[str, tuple[float, float, float]] = {
    "honeypot": (0.16, 3.0, 0.9),
    "user_report": (0.40, 13.0, 1.1),
    "automatic": (0.45, 5.0, 0.9),
    "analyst": (0.14, 30.0, 0.6),
}
# Of honest accounts: called good by a source; wrongly called abusive.
CALLED_GOOD: Final = {"automatic": 0.36, "analyst": 0.03}
WRONGED: Final = {"automatic": 0.002, "user_report": 0.0015, "analyst": 0.0002}
WRONGED_MORE: Final = 5.0  # times as often from schools, offices, VPNs and crowded addresses
APPEALED: Final = 0.6  # of the wronged, put right by an analyst some days later
CORRECTED: Final = 0.5  # of the machine's wrong 'good', taken back when the account was found out
CONFIDENCE: Mapping[str, float] = {"honeypot": 1.0, "user_report": 0.8, "automatic": 0.9, "analyst": 1.0}
_SUSPECT = ("class", "office", "vpn", "tor", "crowded")

Milliseconds = NDArray[np.float64]


def verdicts(random: np.random.Generator, rows: pl.DataFrame, noticed: NDArray[np.float64]) -> pl.DataFrame:
    """Return the statements about some rows.

    Parameters
    ----------
    rows
        ``event_ms``, ``kind``, ``abuse`` of each row.
    noticed
        Chance of each row that its abuse can be noticed; a property of its tool.

    Returns
    -------
    polars.DataFrame
        ``row`` (place in the rows), ``label``, ``source``, ``said_ms``, ``known_ms``, and ``takes_back``: the source whose
        word this statement retracts, else empty. In order of rows and times.
    """
    sent = rows["event_ms"].to_numpy().astype(np.float64)
    bad = rows["abuse"].to_numpy()
    begun = sent + _begins(random, rows["kind"])
    can = bad & (random.random(len(rows)) < noticed)
    said: list[pl.DataFrame] = []
    first = np.full(len(rows), np.inf)
    for source, (share, median, spread) in NOTICED.items():
        hit = can & (random.random(len(rows)) < share)
        at = begun + _hours(random, median, spread, len(rows))
        first = np.where(hit, np.minimum(first, at), first)
        said.append(_said(np.flatnonzero(hit), ABUSE, source, at))
    said += _good(random, rows, sent, bad, first)
    said += _wronged(random, rows, sent, bad)
    table = pl.concat(said)
    late = np.exp(random.normal(np.log(3 * 60_000), 0.8, len(table)))
    known = table["said_ms"].to_numpy() + late
    # Reports of users are collected by night.
    nightly = (np.floor((known - 3 * _HOUR) / _DAY) + 1) * _DAY + 3 * _HOUR + late
    known = np.where((table["source"] == "user_report").to_numpy(), nightly, known)
    table = table.with_columns(pl.Series("known_ms", known).cast(pl.Int64), pl.col("said_ms").cast(pl.Int64))
    return table.sort("row", "said_ms", "source", "takes_back")


def _begins(random: np.random.Generator, kind: pl.Series) -> Milliseconds:
    table = pl.DataFrame(
        {
            "kind": list(ATTACKS),
            "median": [BEGINS[name][0] for name in ATTACKS],
            "spread": [BEGINS[name][1] for name in ATTACKS],
        }
    )
    found = (
        kind.alias("kind").to_frame().join(table, on="kind", how="left", maintain_order="left").fill_null(1.0)
    )
    draw = random.normal(size=len(kind))
    begins: Milliseconds = (
        np.exp(np.log(found["median"].to_numpy()) + found["spread"].to_numpy() * draw) * _HOUR
    )
    return begins


def _hours(random: np.random.Generator, median: float, spread: float, count: int) -> Milliseconds:
    return np.exp(random.normal(np.log(median), spread, count)) * _HOUR


def _said(
    rows: NDArray[np.int64], label: str, source: str, at: Milliseconds, takes_back: str = ""
) -> pl.DataFrame:
    return pl.DataFrame({"row": rows, "said_ms": at[rows]}).with_columns(
        pl.lit(label).alias("label"), pl.lit(source).alias("source"), pl.lit(takes_back).alias("takes_back")
    )


def _good(
    random: np.random.Generator,
    rows: pl.DataFrame,
    sent: Milliseconds,
    bad: NDArray[np.bool_],
    first: Milliseconds,
) -> list[pl.DataFrame]:
    """Call honest accounts good, late; so are abusive ones that nobody has noticed by then."""
    count = len(rows)
    at = sent + GOOD_AFTER_DAYS * _DAY + random.random(count) * 2 * _DAY
    called = (random.random(count) < CALLED_GOOD["automatic"]) & (~bad | (first > at))
    found_out = called & bad & np.isfinite(first) & (random.random(count) < CORRECTED)
    checked = ~bad & (random.random(count) < CALLED_GOOD["analyst"])
    taken_back = np.where(np.isfinite(first), first, 0.0) + _hours(random, 4, 0.5, count)
    return [
        _said(np.flatnonzero(called), GOOD, "automatic", at),
        _said(np.flatnonzero(found_out), GOOD, "automatic", taken_back, "automatic"),
        _said(np.flatnonzero(checked), GOOD, "analyst", sent + _hours(random, 40, 0.6, count)),
    ]


def _wronged(
    random: np.random.Generator, rows: pl.DataFrame, sent: Milliseconds, bad: NDArray[np.bool_]
) -> list[pl.DataFrame]:
    """Call some honest accounts abusive; most of these appeal, and an analyst puts it right."""
    count = len(rows)
    more = np.where(rows["kind"].is_in(_SUSPECT).to_numpy(), WRONGED_MORE, 1.0)
    said = []
    for source, share in WRONGED.items():
        hit = ~bad & (random.random(count) < share * more)
        at = sent + _hours(random, NOTICED[source][1], NOTICED[source][2], count)
        righted = hit & (random.random(count) < APPEALED)
        later = at + _DAY + random.exponential(_DAY, count)
        said.append(_said(np.flatnonzero(hit), ABUSE, source, at))
        if source != "analyst":
            said.append(_said(np.flatnonzero(righted), ABUSE, source, later, source))
        said.append(_said(np.flatnonzero(righted), GOOD, "analyst", later + 60_000))
    return said
