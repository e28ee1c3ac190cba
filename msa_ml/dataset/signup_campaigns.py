"""Campaigns of sign-ups: rows made by the same tool, found by what they share and by their rhythm.

Two fingerprints are looked at: *place* (pattern of the name, subnet, agent) finds what comes from one network, *tool*
(pattern of the name, agent, and the domain of the address, language and time zone together) what comes from many.
Rows that share one are parted where they pause. A part is a campaign when it is at least eight times as large as
chance would make it, given how common each of its three values is and how many rows of all fell into its time: so a
carrier's address with 5 % of all rows is none, as its rows are like everybody's, and a hundred alike in an hour are one.
Parts that share a row are one campaign.

A campaign looks at the whole window, also at what came later: it is for splits, metrics and reports, never a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import polars as pl

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "campaign_name": "if(e.name_pattern = '', NULL, cityHash64(e.name_pattern))",
        "campaign_subnet": "if(e.ip_subnet = '', NULL, cityHash64(e.ip_subnet))",
        "campaign_agent": "if(e.user_agent = '', NULL, cityHash64(e.user_agent))",
        "campaign_setting": "cityHash64(e.email_domain, e.language, e.time_zone)",
    }
)
"""What :func:`campaigns` compares, as SQL over ``{{signup}} AS e``, our own table or a mapped one; null = unknown."""

_LEAST = 5
_LIFT = 8.0


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    """Three columns of :data:`KEYS` that alike rows share, and the pause that ends a group."""

    name: str
    columns: tuple[str, str, str]
    pause: timedelta


_FINGERPRINTS = (
    _Fingerprint("place", ("campaign_name", "campaign_subnet", "campaign_agent"), timedelta(days=1)),
    _Fingerprint("tool", ("campaign_name", "campaign_agent", "campaign_setting"), timedelta(hours=2)),
)


def campaigns(rows: pl.DataFrame, *, least: int = _LEAST, lift: float = _LIFT) -> pl.Series:
    """Return the campaign of each row: the id of the first event of its campaign, empty where a row belongs to none.

    Parameters
    ----------
    rows
        ``event_id``, ``event_time`` and the columns of :data:`KEYS`, in any order of rows; null = unknown, and what has an
        unknown key shares it with nobody. Values may be hashes or the texts themselves.
    least
        Rows that make a campaign.
    lift
        How many times as large as chance would make it a campaign has to be.

    Examples
    --------
    >>> from datetime import datetime
    >>> alike = {"campaign_name": "a0", "campaign_subnet": "192.0.2.0/24", "campaign_agent": "x", "campaign_setting": "y"}
    >>> made = [{"event_id": f"bot {n}", "event_time": datetime(2026, 1, 1, 12, n), **alike} for n in range(6)]
    >>> others = [
    ...     {**alike, "event_id": f"{n}", "event_time": datetime(2026, 1, 1, n % 24), "campaign_name": n, "campaign_subnet": n}
    ...     for n in range(99)
    ... ]
    >>> found = campaigns(pl.DataFrame(made + others, strict=False))
    >>> found.n_unique(), (found != "").sum()
    (2, 6)
    """
    # Numbered as they come in time, so that the smallest number of a campaign is its first row.
    table = rows.select(
        "event_id", pl.col("event_time").cast(pl.Datetime("ms")).to_physical().alias("at"), *KEYS
    )
    frame = table.with_row_index("row").sort("at", "event_id").with_row_index("place")
    found = _joined(frame["place"], [_groups(frame, one, least, lift) for one in _FINGERPRINTS])
    first = frame.select(
        "row",
        pl.when(found.is_null())
        .then(pl.lit(""))
        .otherwise(frame["event_id"].gather(found.fill_null(0)))
        .alias("campaign"),
    )
    return first.sort("row")["campaign"]


def _groups(frame: pl.DataFrame, fingerprint: _Fingerprint, least: int, lift: float) -> pl.Series:
    """Return the number of the first row of the group that each row belongs to; null for none.

    Groups are made of rows with the same three values, in order of time, parted where two are a pause apart.
    """
    columns = fingerprint.columns
    pause = fingerprint.pause // timedelta(milliseconds=1)
    shares = [(pl.len().over(column) / len(frame)).alias(f"share {column}") for column in columns]
    known = pl.all_horizontal(pl.col(column).is_not_null() for column in columns)
    rows = frame.with_columns(*shares).filter(known).with_columns(pl.len().over(columns).alias("alike"))
    rows = rows.filter(pl.col("alike") >= least)
    late = (pl.col("at").diff().over(columns) > pause).fill_null(value=False)
    rows = rows.with_columns(late.cum_sum().over(columns).alias("part"))
    parts = rows.group_by(*columns, "part").agg(
        pl.len().alias("count"),
        pl.col("place").min().alias("first"),
        pl.col("place").max().alias("last"),
        *(pl.col(f"share {column}").first() for column in columns),
    )
    chance = pl.lit(1.0)
    for column in columns:
        chance = chance * pl.col(f"share {column}")
    expected = chance * (pl.col("last").cast(pl.Float64) - pl.col("first") + 1)
    large = parts.filter((pl.col("count") >= least) & (pl.col("count") >= lift * expected))
    members = rows.join(large.select(*columns, "part", "first"), on=[*columns, "part"], how="inner")
    return frame.select("place").join(
        members.select("place", "first"), on="place", how="left", maintain_order="left"
    )["first"]


def _joined(place: pl.Series, groups: list[pl.Series]) -> pl.Series:
    """Join groups that share a row: every row gets the smallest number that it is connected with.

    Each round passes the smallest number on to everybody of every group; a chain of n groups takes at most n rounds, and
    chains are short.
    """
    names = [f"group {number}" for number in range(len(groups))]
    frame = pl.DataFrame([group.alias(name) for name, group in zip(names, groups, strict=True)])
    frame = frame.with_columns(pl.min_horizontal(names).alias("joined"), place)
    frame = frame.filter(pl.col("joined").is_not_null())
    while True:
        passed = [
            pl.when(pl.col(name).is_not_null()).then(pl.col("joined").min().over(name)) for name in names
        ]
        further = frame.with_columns(pl.min_horizontal(passed).alias("joined"))
        if further["joined"].equals(frame["joined"]):
            break
        frame = further
    return place.to_frame().join(
        frame.select("place", "joined"), on="place", how="left", maintain_order="left"
    )["joined"]
