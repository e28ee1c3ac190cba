"""The world holds what it promises: rhythm, crowds, families, attackers of each kind, drift; the same for the same seed."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

import polars as pl
import pytest

from msa_ml.errors import InputError
from msa_ml.source.simulate.signup import Plan, simulate_signups
from msa_ml.source.simulate.signup.plan import ATTACKS, PEOPLE, PEOPLE_STYLE
from tests.source.simulate.signup.worlds import START, world


def share(rows: pl.DataFrame, condition: pl.Expr) -> float:
    return rows.filter(condition).height / rows.height


@pytest.mark.parametrize(("rows", "days"), [(1, 0.1), (7, 1.3), (999, 2), (5_000, 40)])
def test_a_world_has_the_rows_and_days_that_were_asked_for(rows: int, days: float) -> None:
    found = pl.concat(simulate_signups(Plan(rows=rows, days=days, seed=3, start=START), chunk_rows=500))
    assert found["number"].to_list() == list(range(rows))
    begin = START.timestamp() * 1000
    assert found["event_ms"].is_between(begin, begin + days * 86_400_000).all()


def test_chunks_follow_each_other_in_time() -> None:
    chunks = list(simulate_signups(Plan(rows=4_000, days=4, seed=3, start=START), chunk_rows=500))
    assert 5 <= len(chunks) <= 9
    times = pl.concat(chunks)["event_ms"]
    assert times.is_sorted()


def test_the_seed_decides() -> None:
    plan = Plan(rows=800, days=2, seed=5, start=START)
    first, again = (pl.concat(simulate_signups(plan)) for _ in range(2))
    assert first.equals(again)
    other = pl.concat(simulate_signups(Plan(rows=800, days=2, seed=6, start=START)))
    assert not first["user_name"].equals(other["user_name"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rows": 0}, "rows must be at least 1"),
        ({"days": 0.01}, "days must be"),
        ({"abuse_share": 1.0}, "share of abuse"),
    ],
)
def test_a_world_that_cannot_be_is_refused(given: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Plan(**{"rows": 10, "days": 1, "seed": 0, "start": START, **given})  # type: ignore[arg-type]


def test_everybody_is_there_in_about_the_planned_share() -> None:
    rows = world()
    assert set(rows["kind"].unique()) == {*PEOPLE, "crowded", *ATTACKS}
    assert share(rows, pl.col("abuse")) == pytest.approx(0.14, abs=0.01)
    bad = rows.filter("abuse")
    for kind, attack in ATTACKS.items():
        assert share(bad, pl.col("kind") == kind) == pytest.approx(attack.share, abs=0.03)


def test_one_address_has_a_twentieth_of_all_rows_and_no_other_comes_near() -> None:
    counts = world()["ip"].value_counts(sort=True)["count"].to_list()
    assert counts[0] / 60_000 == pytest.approx(0.05, abs=0.006)
    assert counts[1] < counts[0] / 3


def test_people_sleep_and_keep_weekends() -> None:
    zoned = world().filter(pl.col("kind") == "home", pl.col("time_zone") == "Europe/Berlin")
    hour = zoned.select(
        pl.from_epoch("event_ms", "ms").dt.convert_time_zone("Europe/Berlin").dt.hour().alias("h")
    )
    night, evening = share(hour, pl.col("h").is_between(2, 5)), share(hour, pl.col("h").is_between(18, 21))
    assert night < evening / 4
    day = pl.from_epoch("event_ms", "ms").dt.weekday()
    office = world().filter(pl.col("kind") == "office")
    assert share(office, day >= 6) < 0.05


def test_families_share_an_address_a_surname_and_an_hour() -> None:
    families = world().filter(pl.col("kind") == "family", pl.col("display_name") != "")
    together = (
        families.group_by("ip")
        .agg(
            pl.len(),
            pl.col("display_name").str.split(" ").list.last().n_unique().alias("surnames"),
            ((pl.col("event_ms").max() - pl.col("event_ms").min()) / 3_600_000).alias("hours"),
        )
        .filter(pl.col("len") > 1)
    )
    assert len(together) > 500
    assert max(together["len"].to_list()) < 20
    assert share(together, (pl.col("surnames") == 1) & (pl.col("hours") <= 3)) > 0.9


def test_classes_meet_in_one_place_with_one_browser() -> None:
    classes = (
        world()
        .filter(pl.col("kind") == "class")
        .group_by("ip")
        .agg(pl.len(), pl.col("user_agent").n_unique())
    )
    assert sum(classes["len"].to_list()) > 8 * len(classes)
    assert set(classes.filter(pl.col("len") > 10)["user_agent"].to_list()) <= {1, 2}  # two after an update


def test_farms_come_late() -> None:
    begin = START.timestamp() * 1000
    day = (
        world().filter(pl.col("kind") == "farm").select((pl.col("event_ms") - begin) / 86_400_000).to_series()
    )
    assert min(day.to_list()) > 0.28 * 28


def test_programs_make_names_ever_more_like_people() -> None:
    tools = Plan(rows=5_000_000, days=28, seed=7, start=START).tools
    late = pl.col("begin") > 14 * 24
    like_people = pl.col("style") == PEOPLE_STYLE
    assert share(tools.filter(late), like_people) > share(tools.filter(~late), like_people) + 0.03


def test_addresses_and_systems_are_nobodys() -> None:
    rows = world()
    four, six = ipaddress.ip_network("240.0.0.0/4"), ipaddress.ip_network("3fff::/20")
    for text in rows["ip"].unique().to_list():
        address = ipaddress.ip_address(text)
        assert str(address) == text
        assert address in (four if address.version == 4 else six)
        assert text != "255.255.255.255"
    assert min(rows["asn"].to_list()) >= 4_200_000_000


def test_rows_become_known_in_their_time() -> None:
    rows = world()
    late = (rows["ingested_ms"] - rows["event_ms"]).to_numpy()
    assert late.min() >= -120_000  # within the five minutes that are no skew
    assert 0.002 < (late < 0).mean() < 0.01
    assert 0.005 < (late > 300_000).mean() < 0.05
    assert rows["decided_ms"].null_count() / len(rows) == pytest.approx(0.04, abs=0.01)
    assert (
        rows["decided_ms"].drop_nulls() > rows.filter(pl.col("decided_ms").is_not_null())["event_ms"]
    ).all()


def test_a_start_in_summer_time_keeps_the_local_rhythm() -> None:
    plan = Plan(rows=9_000, days=7, seed=1, start=datetime(2026, 7, 6, tzinfo=UTC))
    rows = pl.concat(simulate_signups(plan)).filter(pl.col("kind") == "office", pl.col("country") == "DE")
    hour = rows.select(
        pl.from_epoch("event_ms", "ms").dt.convert_time_zone("Europe/Berlin").dt.hour().alias("h")
    )
    assert share(hour, pl.col("h").is_between(8, 16)) > 0.85
