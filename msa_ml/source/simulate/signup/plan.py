"""What will happen in a world, before any row is made: who is active in which hour, and the attackers' tools.

A plan is small: its size goes with hours and campaigns, not with rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import InputError
from msa_ml.source.simulate.signup.countries import COUNTRIES, CROWDED
from msa_ml.source.simulate.signup.names import GENERATORS

ABUSE_SHARE = 0.14
CROWDED_SHARE = 0.04
PEOPLE: Mapping[str, float] = MappingProxyType(
    {"home": 0.46, "family": 0.10, "mobile": 0.27, "office": 0.055, "class": 0.04, "vpn": 0.065, "tor": 0.01}
)
"""Where honest sign-ups come from, beside the crowded address."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A kind of attacker.

    Attributes
    ----------
    share
        Of all abusive sign-ups.
    hours
        Shortest and longest life of a campaign, log-uniform.
    names
        Shares of the ways its tools make names, early and late in the world.
    form
        Median seconds that its tools take for the form, slow and fast ones.
    begins
        Not seen before this share of the world.
    network, rhythm
        Where it comes from, and when: ``flat``, ``office`` (working hours at home) or ``night``.
    """

    share: float
    hours: tuple[float, float]
    names: Mapping[str, tuple[float, float]]
    form: tuple[float, float]
    network: str
    rhythm: str
    begins: float = 0.0


ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "burst": Attack(
            0.20, (0.5, 8), {"listed": (4, 3), "letters": (3, 1), "counted": (2, 0.5), "words": (2, 2), "pronounceable": (1, 3)},
            (5.0, 22.0), "hosting", "flat",
        ),
        "drip": Attack(
            0.16, (120, 700), {"listed": (4, 2), "pronounceable": (3, 3), "words": (2, 2), "people": (2, 4)}, (24.0, 34.0),
            "rented", "flat",
        ),
        "residential": Attack(
            0.26, (12, 140), {"pronounceable": (3, 3), "listed": (3, 2), "words": (2, 2), "people": (2, 4)}, (20.0, 36.0),
            "proxy", "flat",
        ),
        "farm": Attack(0.15, (60, 400), {"people": (3, 4), "listed": (2, 1)}, (34.0, 52.0), "mobile", "office", begins=0.3),
        "aged": Attack(0.12, (100, 600), {"people": (4, 5), "pronounceable": (1, 1)}, (34.0, 60.0), "proxy", "office"),
        "hidden": Attack(0.11, (6, 90), {"listed": (3, 2), "people": (2, 3), "words": (2, 2)}, (18.0, 34.0), "crowded", "night"),
    }
)  # fmt: skip
"""Kinds of attackers: bursts from rented servers, slow drips, residential proxies, farms of people who solve captchas,
accounts made to be used weeks later, and those who hide among the customers of a carrier or a VPN."""

_WORKING_DAY = (
    3.0, 1.8, 1.2, 0.9, 0.9, 1.4, 2.8, 5.0, 6.6, 7.4, 7.8, 7.8, 7.6, 7.4, 7.6, 7.8, 8.0, 8.2, 8.6, 9.2, 9.6, 9.2, 7.6, 5.2,
)  # fmt: skip
_WEEKEND = (
    4.2, 2.8, 1.8, 1.2, 1.0, 1.0, 1.6, 2.8, 4.6, 6.6, 8.0, 8.8, 9.0, 9.0, 9.0, 9.0, 9.0, 9.2, 9.6, 10.0, 10.0, 9.2, 7.6, 5.6,
)  # fmt: skip
_ORDER = tuple(GENERATORS)
PEOPLE_STYLE = len(_ORDER)
_ROWS_A_CAMPAIGN = 260
_LEAST_CAMPAIGNS, _MOST_CAMPAIGNS = 150, 4_000


@dataclass(frozen=True)
class Plan:
    """A world of sign-ups.

    Attributes
    ----------
    rows, days, seed, start
        What was asked for.
    abuse_share
        Share of abusive sign-ups.
    tools
        One row an attacker's campaign: ``kind``, ``style`` of names, ``form`` (median seconds), ``email``, ``agent``,
        ``language``, ``zone``, ``devices``, ``country``, ``vpn`` ...; drawn once.
    """

    rows: int
    days: float
    seed: int
    start: datetime
    abuse_share: float = ABUSE_SHARE
    tools: pl.DataFrame = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise InputError(f"rows must be at least 1, found {self.rows}.")
        if not 0.1 <= self.days <= 400:
            raise InputError(f"days must be from 0.1 to 400, found {self.days}.")
        if not 0 <= self.abuse_share < 1:
            raise InputError(f"the share of abuse must be at least 0 and below 1, found {self.abuse_share}.")
        object.__setattr__(self, "tools", _tools(self))

    @property
    def hours(self) -> int:
        """Hours of the world, the last one perhaps cut."""
        return math.ceil(self.days * 24)

    @cached_property
    def people(self) -> NDArray[np.float64]:
        """Expected honest sign-ups: an hour a row; a place and country a column, the last one the crowded address."""
        clocks = np.array([_clock(self.start, self.hours, country.time_zones) for country in COUNTRIES])
        work = np.array([_office_clock(self.start, self.hours, country.time_zones) for country in COUNTRIES])
        columns = []
        for place, share in PEOPLE.items():
            rhythm = work if place in ("office", "class") else clocks
            columns += [share * country.share * rhythm[n] for n, country in enumerate(COUNTRIES)]
        crowded = next(n for n, country in enumerate(COUNTRIES) if country.code == CROWDED)
        rest = np.array(columns).T
        rest = self._in_sessions(rest)
        last = self._last()
        rest *= last[:, None]
        special = CROWDED_SHARE / (1 - self.abuse_share)
        rest *= (1 - special) / rest.sum()
        alone = clocks[crowded] * last
        every: NDArray[np.float64] = np.column_stack([rest, special * alone / alone.sum()])
        return every * self.rows * (1 - self.abuse_share)

    def _in_sessions(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Let the classes of a country meet in some hours only, each time some fifteen pupils or more."""
        first = list(PEOPLE).index("class") * len(COUNTRIES)
        held = rates[:, first : first + len(COUNTRIES)]
        expected = held / rates.sum() * self.rows * (1 - self.abuse_share)
        odds = np.minimum(1.0, expected / 15)
        met = np.random.default_rng([self.seed, 4]).random(held.shape) < odds
        rates[:, first : first + len(COUNTRIES)] = np.where(met, held / np.maximum(odds, 1e-12), 0.0)
        return rates

    @cached_property
    def attacks(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Hour, number of the campaign and expected sign-ups of it in that hour, in order of hours."""
        hours, numbers, sizes = [], [], []
        last = self._last()
        office = {
            name: _office_clock(self.start, self.hours, COUNTRIES[name].time_zones)
            for name in range(len(COUNTRIES))
        }
        night = np.roll(_clock(self.start, self.hours, COUNTRIES[0].time_zones), 12)
        for number, tool in enumerate(self.tools.iter_rows(named=True)):
            begin, end = int(tool["begin"]), min(self.hours, int(tool["begin"] + tool["life"]) + 1)
            span = np.arange(begin, end)
            rhythm = ATTACKS[tool["kind"]].rhythm
            rate = {
                "flat": np.ones(len(span)),
                "office": office[tool["country"]][span],
                "night": night[span],
            }[rhythm]
            rate = rate * last[span] + 1e-9
            hours.append(span)
            numbers.append(np.full(len(span), number))
            sizes.append(tool["size"] * rate / rate.sum())
        if not hours:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        hour, number_of, size = np.concatenate(hours), np.concatenate(numbers), np.concatenate(sizes)
        order = np.argsort(hour, kind="stable")
        return hour[order], number_of[order], size[order] * self.rows * self.abuse_share / size.sum()

    def _last(self) -> NDArray[np.float64]:
        """How much of each hour is part of the world."""
        part = np.ones(self.hours)
        part[-1] = self.days * 24 - (self.hours - 1)
        return part


def _local(
    start: datetime, hours: int, zones: Mapping[str, float]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hour of the day and day of the week on the first zone's clock; what daylight saving changes within a world is kept."""
    zone = ZoneInfo(next(iter(zones)))
    begin = start.replace(minute=0, second=0, microsecond=0)
    local = [(begin + timedelta(hours=hour)).astimezone(zone) for hour in range(hours)]
    return np.array([at.hour for at in local]), np.array([at.weekday() for at in local])


def _clock(start: datetime, hours: int, zones: Mapping[str, float]) -> NDArray[np.float64]:
    hour, day = _local(start, hours, zones)
    rate: NDArray[np.float64] = np.where(day >= 5, np.array(_WEEKEND)[hour], np.array(_WORKING_DAY)[hour])
    return rate


def _office_clock(start: datetime, hours: int, zones: Mapping[str, float]) -> NDArray[np.float64]:
    hour, day = _local(start, hours, zones)
    rate: NDArray[np.float64] = np.where((day < 5) & (hour >= 8) & (hour < 17), 9.0, 0.15)
    return rate


def _tools(plan: Plan) -> pl.DataFrame:
    """Draw the campaigns."""
    random = np.random.default_rng([plan.seed, 1])
    total = int(np.clip(plan.rows * plan.abuse_share / _ROWS_A_CAMPAIGN, _LEAST_CAMPAIGNS, _MOST_CAMPAIGNS))
    parts = []
    for kind, attack in ATTACKS.items():
        count = max(2, round(total * (0.4 if kind == "burst" else attack.share)))
        size = np.exp(random.normal(0, 1.0, count))
        low, high = attack.hours
        life = np.minimum(np.exp(random.uniform(math.log(low), math.log(high), count)), plan.days * 24)
        earliest = attack.begins * plan.hours
        begin = random.uniform(
            earliest - (0 if attack.begins else 0.5 * life), np.maximum(plan.hours - 0.3 * life, earliest + 1)
        )
        late = np.clip(begin / plan.hours, 0, 1)
        weights = np.array(list(attack.names.values()))
        odds = weights[:, :1] * (1 - late) + weights[:, 1:] * late
        picked = (random.random(count) < np.cumsum(odds / odds.sum(0), axis=0)).argmax(0)
        styles = np.array([_ORDER.index(name) if name in _ORDER else PEOPLE_STYLE for name in attack.names])
        parts.append(
            pl.DataFrame(
                {
                    "kind": [kind] * count,
                    "size": size / size.sum() * attack.share,
                    "begin": np.clip(begin, 0, plan.hours - 1).astype(np.int64),
                    "life": life,
                    "style": styles[picked],
                    "form": np.where(random.random(count) < 0.5, *attack.form),
                    "spread": random.uniform(0.25, 0.7, count),
                    "email": random.choice(4, count, p=(0.32, 0.40, 0.13, 0.15)),
                    "own_agent": random.random(count) < (0.85 if kind in ("burst", "drip") else 0.4),
                    "phone": random.random(count)
                    < (0.8 if attack.network in ("mobile", "crowded") else 0.15),
                    "own_setting": random.random(count) < 0.3,
                    "devices": random.choice((0, 1, 4, 30), count, p=(0.62, 0.06, 0.10, 0.22)),
                    "attempts": random.choice((1.0, 1.15, 1.6), count, p=(0.5, 0.35, 0.15)),
                    "method": random.choice(3, count, p=(0.7, 0.2, 0.1)),
                    "referred": random.random(count) < 0.5,
                    "country": random.choice(len(COUNTRIES), count),
                    "subnets": random.integers(1, 5, count),
                    "vpn": random.random(count) < 0.3,
                    "clumped": random.random(count) < 0.5,
                    "noticed": random.uniform(0.55, 1.0, count),
                }
            )
        )
    tools = pl.concat(parts)
    return tools.with_columns(pl.Series("number", np.arange(len(tools))))


def utc(moment: datetime) -> datetime:
    """Return the moment in UTC, a naive one taken as such."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
