"""Rows of a world, chunk by chunk: what was sent, and, beside it, who really sent it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.source.simulate.signup.agents import agents
from msa_ml.source.simulate.signup.countries import COUNTRIES, CROWDED
from msa_ml.source.simulate.signup.mailboxes import FREE, NONE, OWN, THROWN_AWAY, mailboxes
from msa_ml.source.simulate.signup.names import GENERATORS, gathered, group_number, people
from msa_ml.source.simulate.signup.network import Places, mixed
from msa_ml.source.simulate.signup.plan import ATTACKS, PEOPLE, PEOPLE_STYLE, Plan

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

CHUNK = 100_000
_HOUR_MS = 3_600_000
_PLACES = (*PEOPLE, "crowded")
KINDS = (*_PLACES, *ATTACKS)
"""Who sends: where people sit, and kinds of attackers."""
_GROUPS = np.array([group_number(country.names) for country in COUNTRIES])
_PHONES = np.array(
    [
        {"home": 0.35, "family": 0.45, "mobile": 0.97, "crowded": 0.97, "class": 0.2, "vpn": 0.35}.get(
            p, 0.06
        )
        for p in _PLACES
    ]
)
_ZONES = ("America/New_York", "Europe/London", "Etc/UTC", "Asia/Shanghai")
_REFERRERS = (
    "", "https://mail.example/", "https://mail.example/pricing", "https://www.google.com/", "https://www.bing.com/",
    "https://duckduckgo.com/", "https://blog.mail.example/private-mail",
)  # fmt: skip
METHODS = ("captcha", "email", "sms", "none")
_TOR_BROWSER = 424_243


def simulate_signups(plan: Plan, *, chunk_rows: int = CHUNK) -> Iterator[pl.DataFrame]:
    """Yield the rows of a world in order of hours, with the truth about them, which a provider does not know.

    Each chunk holds whole hours, about ``chunk_rows`` rows; memory does not grow with the number of rows.

    Returns
    -------
    Iterator of polars.DataFrame
        Fields of a sign-up, its times as ms since 1970 (``event_ms``, ``ingested_ms``, ``decided_ms``), ``number``
        (counted from 0), ``kind`` (one of :data:`KINDS`), ``abuse``, and ``tool`` (number of the attackers' campaign, -1 for people).

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> world = Plan(rows=500, days=2, seed=1, start=datetime(2026, 3, 2, tzinfo=UTC))
    >>> sum(len(chunk) for chunk in simulate_signups(world))
    500
    """
    totals = _hourly(plan)
    begin = 0
    first = 0
    for hour in range(plan.hours):
        if totals[begin : hour + 1].sum() >= chunk_rows or hour + 1 == plan.hours:
            if totals[begin : hour + 1].any():
                chunk = _chunk(plan, begin, totals[begin : hour + 1], first)
                first += len(chunk)
                yield chunk
            begin = hour + 1


def _hourly(plan: Plan) -> Numbers:
    """Draw how many sign-ups each hour has; they sum up to the rows asked for."""
    expected = plan.people.sum(axis=1)
    hour, _, size = plan.attacks
    expected += np.bincount(hour, size, plan.hours)
    return np.random.default_rng([plan.seed, 2]).multinomial(plan.rows, expected / expected.sum())


def _chunk(plan: Plan, begin: int, totals: Numbers, first: int) -> pl.DataFrame:
    random = np.random.default_rng([plan.seed, 3, begin])
    hour, cell, tool = _who(plan, begin, totals, random)
    return _Draw(plan, random, hour, cell, tool).frame(first)


def _who(
    plan: Plan, begin: int, totals: Numbers, random: np.random.Generator
) -> tuple[Numbers, Numbers, Numbers]:
    """Draw hour, cell of people (-1 for attackers) and number of the campaign (-1 for people) of each row."""
    entry_hour, entry_tool, entry_size = plan.attacks
    bounds = np.searchsorted(entry_hour, np.arange(begin, begin + len(totals) + 1))
    cells = plan.people.shape[1]
    hours, who, tools = [], [], []
    for place, (low, high) in enumerate(pairwise(bounds)):
        weights = np.concatenate([plan.people[begin + place], entry_size[low:high]])
        counts = random.multinomial(totals[place], weights / weights.sum())
        chosen = np.repeat(np.arange(len(weights)), counts)
        hours.append(np.full(len(chosen), begin + place))
        who.append(np.where(chosen < cells, chosen, -1))
        tools.append(
            np.where(
                chosen < cells, -1, entry_tool[low:high][np.maximum(chosen - cells, 0)] if high > low else -1
            )
        )
    return np.concatenate(hours), np.concatenate(who), np.concatenate(tools)


class _Draw:
    """One chunk while it is made: what is known of each row so far, as arrays."""

    def __init__(
        self, plan: Plan, random: np.random.Generator, hour: Numbers, cell: Numbers, tool: Numbers
    ) -> None:
        self.plan, self.random, self.hour, self.tool = plan, random, hour, tool
        self.count = len(hour)
        self.bad: Truths = tool >= 0
        nations = len(COUNTRIES)
        place = np.minimum(cell // nations, len(PEOPLE))
        crowded = plan.people.shape[1] - 1
        attack = np.array([list(ATTACKS).index(kind) for kind in plan.tools["kind"]], np.int64)
        self.kind = np.where(
            self.bad,
            len(_PLACES) + attack[np.maximum(tool, 0)],
            np.where(cell == crowded, len(PEOPLE), place),
        )
        home = next(n for n, country in enumerate(COUNTRIES) if country.code == CROWDED)
        own = np.where(cell == crowded, home, cell % nations)
        self.country: Numbers = np.where(self.bad, self._of("country"), own)
        self.expected = np.where(self.bad, 0.0, plan.people[hour, np.maximum(cell, 0)])
        self.sessions()

    def _of(self, name: str) -> NDArray[np.int64]:
        """Return a property of each row's campaign; of people, that of the first one, to be covered."""
        values: NDArray[np.int64] = self.plan.tools[name].to_numpy()[np.maximum(self.tool, 0)]
        return values

    def _is(self, kind: str) -> Truths:
        found: Truths = self.kind == KINDS.index(kind)
        return found

    def _chance(self, share: float | Floats) -> Truths:
        return self.random.random(self.count) < share

    def sessions(self) -> None:
        """Who belongs together: families within three hours, classes within one."""
        picked = self.random.random(self.count)
        families = np.maximum(1, np.rint(self.expected))  # about three a family, as a window has three hours
        family = mixed((self.hour // 3) * 64 + self.country, 21) + (picked * families).astype(np.int64)
        self.family: Numbers = np.where(self._is("family"), family, -1)
        classes = np.maximum(1, np.rint(self.expected / 18))
        meeting = mixed(self.hour * 64 + self.country, 22) + (picked * classes).astype(np.int64)
        self.school: Numbers = np.where(self._is("class"), self.country * 400 + mixed(meeting, 23) % 400, -1)

    def moments(self) -> tuple[Numbers, Numbers, Numbers, Truths]:
        """When it was sent, known and decided (ms since 1970), and which rows have no decision time."""
        random = self.random
        inside = random.random(self.count) * _HOUR_MS
        begun = mixed(self.school * 10_007 + self.hour, 24) % 2_000_000
        inside = np.where(self._is("class"), begun + random.exponential(400_000, self.count), inside)
        clumped = self.bad & self._of("clumped").astype(np.bool_)
        centre = mixed(self.tool * 10_007 + self.hour, 25) % _HOUR_MS
        inside = np.where(clumped, centre + random.normal(0, 300_000, self.count), inside)
        inside = np.clip(inside, 0, _HOUR_MS - 1)
        last = self.hour == self.plan.hours - 1
        inside = np.where(last, inside * (self.plan.days * 24 - (self.plan.hours - 1)), inside)
        start = int(self.plan.start.timestamp() * 1000)
        sent = start + self.hour * _HOUR_MS + inside.astype(np.int64)
        delay = np.exp(random.normal(6.8, 0.9, self.count))
        delay = np.where(self._chance(0.01), random.exponential(1_200_000, self.count), delay)
        # A few hours a week one in three front ends cannot reach the log, and sends it later.
        down = (mixed(self.hour, 26 + self.plan.seed) % 60 == 0) & self._chance(0.33)
        delay = np.where(down, _HOUR_MS - inside + random.exponential(900_000, self.count), delay)
        # The clock of one front end is up to two minutes ahead of the log's.
        delay = np.where(self._chance(0.005), -random.uniform(0, 120_000, self.count), delay)
        decided = sent + np.exp(random.normal(5.2, 0.4, self.count)).astype(np.int64)
        return sent, sent + delay.astype(np.int64), decided, self._chance(0.04)

    def rows(self, *kinds: str) -> Numbers:
        """Return the numbers of the rows of some kinds."""
        return np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))

    def _draws(self, chosen: Numbers) -> Numbers:
        return self.random.integers(0, 2**40, len(chosen))

    def places(self) -> pl.DataFrame:
        """Addresses, with their systems and countries."""
        places, random, country = Places(self.count), self.random, self.country
        home, family, mobile = self.rows("home"), self.rows("family"), self.rows("mobile", "farm")
        places.homes(home, self._draws(home), country[home])
        places.homes(family, self.family[family], country[family])
        places.carriers(mobile, self._draws(mobile), country[mobile])
        office, school = self.rows("office"), self.rows("class")
        desk = (random.random(len(office)) ** 2 * 1_500).astype(np.int64)
        places.offices(office, country[office] * 1_500 + desk, country[office])
        places.offices(school, 1_000_000 + self.school[school], country[school])
        crowded, vpn, tor = self.rows("crowded"), self.rows("vpn"), self.rows("tor")
        places.crowded(crowded, country[crowded])
        places.vpn(vpn, self._draws(vpn))
        places.tor(tor, self._draws(tor))
        self._attackers(places)
        return places.frame()

    def _attackers(self, places: Places) -> None:
        """Where attackers come from: rented servers, proxies in homes, and among the customers of others."""
        tool = self.tool
        home = next(n for n, c in enumerate(COUNTRIES) if c.code == CROWDED)
        subnets, vpn = self._of("subnets"), self._of("vpn").astype(np.bool_)
        burst = self.rows("burst")
        places.hosting(burst, tool[burst] * 8 + self._draws(burst) % subnets[burst], self._draws(burst))
        behind = burst[vpn[burst]]
        places.vpn(behind, self._draws(behind))
        drip = self.rows("drip")  # a few lines of a small access network, each used again and again
        line = tool[drip] * 64 + self._draws(drip) % (subnets[drip] * 6)
        places.homes(drip, line, self.country[drip])
        # Proxies are homes too: one pool for all attackers, so that each is met a few times.
        proxies = self.rows("residential", "aged")
        pool = max(
            400,
            int(
                self.plan.rows
                * self.plan.abuse_share
                * (ATTACKS["residential"].share + ATTACKS["aged"].share)
                / 6
            ),
        )
        number = self._draws(proxies) % pool
        self.country[proxies] = mixed(number, 31) % len(COUNTRIES)
        places.homes(proxies, 2**41 + number, self.country[proxies])
        hidden = self.rows("hidden")
        places.crowded(hidden, np.full(len(hidden), home))
        self.country[hidden] = home
        behind = hidden[vpn[hidden]]
        places.vpn(behind, self._draws(behind))

    def names(self) -> tuple[pl.Series, pl.Series]:
        """User names and names to show."""
        name, shown = people(self.random, _GROUPS[self.country], self.family)
        style = np.where(self.bad, self._of("style"), PEOPLE_STYLE)
        table = pl.DataFrame({"name": name, "shown": shown})
        for number, make in enumerate(GENERATORS.values()):
            chosen = np.flatnonzero(style == number)
            if len(chosen):
                table = _put(table, "name", chosen, make(self.random, len(chosen), self.tool[chosen]))
        bare = self.bad & (style != PEOPLE_STYLE) & self._chance(0.6)
        return table["name"], _put(
            table, "shown", np.flatnonzero(bare), pl.repeat("", int(bare.sum()), eager=True)
        )["shown"]

    def emails(self, name: pl.Series) -> pl.Series:
        """Addresses for recovery."""
        random, count = self.random, self.count
        way = random.choice(4, count, p=(0.36, 0.535, 0.015, 0.09))
        way = np.where(self._is("class") & self._chance(0.7), NONE, way)
        # A tool mostly keeps to one way.
        tools = np.array([NONE, FREE, THROWN_AWAY, OWN])[self._of("email")]
        way = np.where(self.bad & self._chance(0.85), tools, way)
        other, _ = people(random, _GROUPS[self.country])
        local = pl.select(pl.when(pl.Series(self._chance(0.6))).then(name).otherwise(other)).to_series()
        firm = np.where(self.bad, 90_000 + self.tool, random.integers(0, 30_000, count))
        return mailboxes(random, way=way, name=local, country=self.country, firm=firm)

    def agents(self) -> pl.Series:
        """User agents."""
        phone = self._chance(_PHONES[np.minimum(self.kind, len(_PLACES) - 1)])
        own = self.bad & self._of("own_agent").astype(np.bool_)
        theirs = self._of("phone").astype(np.bool_)
        phone = np.where(own, theirs, np.where(self.bad, self._chance(np.where(theirs, 0.9, 0.3)), phone))
        fixed = np.where(own, self.tool, np.where(self._is("class"), 1_000_000 + self.school, -1))
        fixed = np.where(self._is("tor"), _TOR_BROWSER, fixed)
        return agents(self.random, phone=phone, week=self.hour // 168, tool=fixed)

    def settings(self) -> pl.DataFrame:
        """Language and time zone of the browser, and where the form was found."""
        random, count = self.random, self.count
        languages, zones = np.zeros(count, object), np.zeros(count, object)
        for number, country in enumerate(COUNTRIES):
            here = np.flatnonzero(self.country == number)
            languages[here] = _shared(random, country.languages, len(here))
            zones[here] = _shared(random, country.time_zones, len(here))
        own = self.bad & self._of("own_setting").astype(np.bool_) & self._chance(0.9)
        languages[own] = "en-US,en;q=0.9"
        zones[own] = np.array(_ZONES, object)[self.tool[own] % len(_ZONES)]
        zones[self._chance(np.where(self._is("tor"), 0.9, 0.03))] = ""
        zones[self._is("tor") & (zones != "")] = "Etc/UTC"
        referred = np.where(self.bad, self._of("referred").astype(np.bool_), self._chance(0.75))
        site = random.choice(len(_REFERRERS), count, p=(0.18, 0.30, 0.10, 0.24, 0.06, 0.06, 0.06))
        return pl.DataFrame(
            {
                "language": pl.Series(languages, dtype=pl.String),
                "time_zone": pl.Series(zones, dtype=pl.String),
                "referrer": gathered(_REFERRERS, np.where(referred, site, 0)),
            }
        )

    def form(self) -> pl.DataFrame:
        """Seconds for the form, and how and how often a human was asked for."""
        random, count = self.random, self.count
        median = np.where(self.bad, self.plan.tools["form"].to_numpy()[np.maximum(self.tool, 0)], 44.0)
        median = np.where(self._is("class"), 75.0, median)
        filled = ~self.bad & self._chance(0.12)  # by a password manager
        median = np.where(filled, 9.0, median)
        spread = np.where(self.bad, self.plan.tools["spread"].to_numpy()[np.maximum(self.tool, 0)], 0.7)
        seconds = np.round(np.exp(np.log(median) + spread * random.normal(size=count)), 1)
        method = random.choice(4, count, p=(0.68, 0.17, 0.11, 0.04))
        method = np.where((self._is("vpn") | self._is("tor")) & self._chance(0.4), 2, method)
        method = np.where(self.bad & self._chance(0.7), self._of("method"), method)
        tries = np.where(self.bad, self.plan.tools["attempts"].to_numpy()[np.maximum(self.tool, 0)], 1.14)
        attempts = random.geometric(1 / tries)
        known = ~self._chance(0.02)
        frame = pl.DataFrame({"seconds": seconds, "known": known, "attempts": attempts, "method": method})
        return frame.select(
            pl.when("known").then("seconds").alias("form_seconds"),
            gathered(METHODS, method).alias("verification_method"),
            pl.when(pl.col("method") != METHODS.index("none"))
            .then(pl.col("attempts").cast(pl.UInt32))
            .alias("verification_attempts"),
        )

    def devices(self) -> pl.Series:
        """Return identifiers of devices: a new one for most, shared in families, schools and by some tools, missing for a few."""
        number = self.random.integers(0, 2**61, self.count)
        number = np.where((self.family >= 0) & self._chance(0.5), mixed(self.family, 41), number)
        seat = self.school * 32 + self.random.integers(0, 24, self.count)
        number = np.where(self._is("class"), mixed(seat, 42), number)
        held = self._of("devices")
        again = self.tool * 32 + self.random.integers(0, np.maximum(held, 1))
        number = np.where(self.bad & (held > 0), mixed(again, 43), number)
        text = np.frombuffer(number.astype(">u8").tobytes().hex().encode(), "S16").astype("U16")
        missing = self._chance(np.where(self.bad, 0.12, 0.06))
        return pl.Series(np.where(missing, "", text).tolist(), dtype=pl.String)

    def frame(self, first: int) -> pl.DataFrame:
        """Return the chunk; ``first`` is the number of its first row."""
        sent, known, decided, undecided = self.moments()
        places = self.places()  # first: it also says in which country an attacker's proxies stand
        name, shown = self.names()
        form = self.form()
        made = pl.DataFrame(
            {
                "event_ms": sent,
                "ingested_ms": known,
                "decided_ms": pl.select(pl.when(~pl.Series(undecided)).then(pl.Series(decided))).to_series(),
                "user_name": name,
                "display_name": shown,
                "email": self.emails(name),
                "user_agent": self.agents(),
                "device": self.devices(),
                "kind": gathered(KINDS, self.kind),
                "abuse": self.bad,
                "tool": self.tool,
            }
        )
        everything = pl.concat([made, places, form, self.settings()], how="horizontal")
        return everything.sort("event_ms", maintain_order=True).with_row_index("number", first)


def _put(table: pl.DataFrame, column: str, rows: Numbers, values: pl.Series) -> pl.DataFrame:
    """Write values to some rows of a column."""
    return table.with_columns(table[column].scatter(pl.Series(rows).cast(pl.UInt32), values))


def _shared(random: np.random.Generator, shares: Mapping[str, float], count: int) -> NDArray[np.object_]:
    """Draw words by their shares."""
    weights = np.array(list(shares.values()))
    words = np.array(list(shares), object)
    drawn: NDArray[np.object_] = words[random.choice(len(words), count, p=weights / weights.sum())]
    return drawn
