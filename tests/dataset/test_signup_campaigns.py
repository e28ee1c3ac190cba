"""Sign-ups of one tool are one campaign; families, offices and carriers' addresses are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import polars as pl
import pytest

from msa_ml.dataset.signup_campaigns import campaigns
from tests.source.simulate.signup.worlds import world

START = datetime(2026, 3, 2, tzinfo=UTC)
PATTERNS, AGENTS = ("a", "a.a", "a0", "a.a0", "a_a", "a0a"), tuple(f"agent {n}" for n in range(12))
SETTINGS = tuple(
    f"{domain} {zone}" for domain in ("", "big.example", "own.example") for zone in ("b", "p", "t")
)


class Town:
    """Rows with the name of who made them, which the search does not see."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.rows: list[dict[str, object]] = []
        self.ids = count()

    def add(self, who: str, hours: float, name: str, subnet: str | None, agent: str, setting: str) -> None:
        """Add a sign-up."""
        self.rows.append(
            {
                "event_id": f"{next(self.ids):032x}",
                "event_time": START + timedelta(hours=float(hours)),
                "campaign_name": name,
                "campaign_subnet": subnet,
                "campaign_agent": agent,
                "campaign_setting": setting,
                "who": who,
            }
        )

    def people(self, who: str, number: int, subnet: str | None = None, days: float = 14) -> None:
        """Add people who have nothing in common, each in a network of its own or all in one."""
        for n in range(number):
            name = self.random.choice(PATTERNS, p=(0.3, 0.25, 0.2, 0.15, 0.05, 0.05))
            agent = AGENTS[min(len(AGENTS) - 1, int(self.random.exponential(2.5)))]
            place = subnet or f"home {who} {n}"
            self.add(
                who,
                self.random.random() * 24 * days,
                str(name),
                place,
                agent,
                str(self.random.choice(SETTINGS)),
            )

    def found(self, lift: float = 8.0) -> pl.DataFrame:
        """Return who and campaign of each row, in an order of rows that tells nothing."""
        table = pl.DataFrame(self.rows).sample(fraction=1, shuffle=True, seed=1)
        return table.select("who", campaigns(table.drop("who"), lift=lift))


@pytest.fixture
def town() -> Town:
    made = Town(7)
    made.people("alone", 6_000)
    made.people("carrier", 400, "carrier")
    made.people("vpn", 200, "vpn", days=3)
    for family in range(150):
        made.people("family", 3, f"family {family}", days=0.05)
    for office in range(10):
        made.people("office", 15, f"office {office}", days=10)
    return made


def test_a_burst_from_one_network_is_one_campaign(town: Town) -> None:
    for n in range(40):
        town.add("burst", 100 + n / 60, "a0", "bad net", AGENTS[1], SETTINGS[n % 3])
    found = town.found()
    assert found.filter(who="burst")["campaign"].n_unique() == 1
    campaign = found.filter(campaign=found.filter(who="burst")["campaign"][0])
    assert (
        40 <= len(campaign) <= 42
    )  # whoever has the same agent, name pattern and setting at that hour comes along


def test_a_slow_drip_is_one_campaign(town: Town) -> None:
    for n in range(28):
        town.add("drip", 12 * n, "a.a0", "slow net", AGENTS[2], SETTINGS[n % 4])
    found = town.found().filter(who="drip")
    assert found["campaign"].n_unique() == 1
    assert found["campaign"][0] != ""


def test_one_tool_behind_many_networks_is_one_campaign(town: Town) -> None:
    for n in range(60):
        town.add("proxies", 200 + n / 30, "a0a", f"proxy {n}", AGENTS[3], SETTINGS[2])
    # Half an hour later the tool goes on from one network with other names, and links the two.
    for n in range(20):
        town.add("proxies", 202.5 + n / 30, "a0a", "own net", AGENTS[3], SETTINGS[2])
        town.add("proxies", 202.5 + n / 30, "a0a", "own net", AGENTS[3], SETTINGS[5])
    found = town.found().filter(who="proxies")["campaign"].value_counts()
    assert len(found) == 1
    assert found["campaign"][0] != ""


def test_people_who_share_an_address_are_no_campaign(town: Town) -> None:
    found = town.found()
    sizes = found.filter(pl.col("campaign") != "").group_by("campaign").len()["len"].to_list()
    assert sum(sizes) < 0.02 * len(found)
    assert max(sizes) <= 15
    assert found.filter(who="family")["campaign"].unique().to_list() == [""]
    assert _share(found, "carrier") < 0.02


def test_without_the_comparison_with_chance_a_carrier_would_be_one(town: Town) -> None:
    assert _share(town.found(lift=0.0), "carrier") > 0.4


def _share(found: pl.DataFrame, who: str) -> float:
    return found.filter(who=who).filter(pl.col("campaign") != "").height / found.filter(who=who).height


def test_the_unknown_is_shared_with_nobody() -> None:
    town = Town(1)
    for n in range(50):
        town.add("unknown", n / 60, "a0", None, AGENTS[0], SETTINGS[0])
    table = pl.DataFrame(town.rows).with_columns(campaign_agent=pl.lit(None, pl.String))
    assert campaigns(table).unique().to_list() == [""]


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_hold_no_campaign(rows: int) -> None:
    town = Town(1)
    town.people("alone", 1)
    assert campaigns(pl.DataFrame(town.rows).head(rows)).to_list() == [""] * rows


def test_the_order_of_rows_does_not_matter(town: Town) -> None:
    table = pl.DataFrame(town.rows)
    mixed = table.sample(fraction=1, shuffle=True, seed=3)
    one = table.select("event_id", campaigns(table))
    other = mixed.select("event_id", campaigns(mixed))
    assert one.sort("event_id").equals(other.sort("event_id"))


def test_campaigns_of_a_simulated_world_are_mostly_of_one_tool_and_never_giant() -> None:
    ip = pl.col("ip").str.replace(r"\.\d+$", "").str.replace("(^[^:]*:[^:]*:[^:]*):.*$", "$1")
    table = world().select(
        pl.col("number").cast(pl.String).alias("event_id"),
        pl.from_epoch("event_ms", "ms").alias("event_time"),
        pl.col("user_name")
        .str.replace_all("[a-z]+", "a")
        .str.replace_all("[0-9]+", "0")
        .alias("campaign_name"),
        ip.alias("campaign_subnet"),
        pl.col("user_agent").alias("campaign_agent"),
        pl.format("{} {}", "language", "time_zone").alias("campaign_setting"),
        "abuse",
        "kind",
    )
    found = table.with_columns(campaigns(table))
    grouped = found.filter(pl.col("campaign") != "")
    sizes = grouped["campaign"].value_counts()["count"].to_list()
    assert max(sizes) < 0.02 * len(found)
    in_group = {
        kind: rows.filter(pl.col("campaign") != "").height / rows.height
        for (kind,), rows in found.group_by("kind")
    }
    assert in_group["burst"] > 0.6
    assert max(in_group[kind] for kind in ("home", "mobile", "family", "office")) < 0.05
    assert in_group["vpn"] < 0.08  # attackers use the same exits
    largest = grouped.filter(pl.col("campaign").is_in(_largest(grouped, 10)))
    assert sum(largest["abuse"].to_list()) > 0.9 * len(largest)


def _largest(grouped: pl.DataFrame, top: int) -> list[str]:
    counts = grouped["campaign"].value_counts().sort("count", "campaign", descending=True)
    return counts["campaign"].head(top).to_list()
