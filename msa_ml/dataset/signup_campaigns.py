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

from msa_ml.dataset.counting import class_counts

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


def largest_signup_campaigns(rows: pl.DataFrame, top: int = 20) -> pl.DataFrame:
    """Return the campaigns with the most sign-ups, described by patterns and subnets; no name and no address is shown.

    Parameters
    ----------
    rows
        ``campaign``, ``event_time``, ``label`` (1, 0 or null), ``name_pattern``, ``ip_subnet``, ``user_agent``.

    Returns
    -------
    polars.DataFrame
        ``campaign``, ``events`` and classes, ``first`` and ``last`` event time, ``hours`` between them, the commonest
        ``name_pattern`` with its share of the campaign, ``subnets`` and ``agents`` (how many), and the commonest ``subnet``.

    Examples
    --------
    >>> from datetime import datetime
    >>> alike = {"campaign": "x", "label": 1, "name_pattern": "a0", "ip_subnet": "192.0.2.0/24", "user_agent": "y"}
    >>> rows = pl.DataFrame([{**alike, "event_time": datetime(2026, 1, 1, hour)} for hour in (3, 5, 9)])
    >>> found = largest_signup_campaigns(rows)
    >>> found.select("events", "abuse", "hours", "name_pattern", "pattern_share", "subnets", "subnet").row(0)
    (3, 3, 6.0, 'a0', 1.0, 1, '192.0.2.0/24')
    """
    time = pl.col("event_time")
    pattern = pl.col("name_pattern")
    commonest = pattern.mode().sort().first()
    return (
        rows.filter(pl.col("campaign") != "")
        .group_by("campaign")
        .agg(
            pl.len().alias("events"),
            *class_counts(),
            time.min().alias("first"),
            time.max().alias("last"),
            ((time.max() - time.min()).dt.total_milliseconds() / 3_600_000).round(2).alias("hours"),
            commonest.alias("name_pattern"),
            (pattern == commonest).mean().alias("pattern_share"),
            pl.col("ip_subnet").n_unique().alias("subnets"),
            pl.col("ip_subnet").mode().sort().first().alias("subnet"),
            pl.col("user_agent").n_unique().alias("agents"),
        )
        .sort("events", "campaign", descending=[True, False])
        .head(top)
    )


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
