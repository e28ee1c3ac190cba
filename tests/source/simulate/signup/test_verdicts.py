"""Labels come late, from several sources, are sometimes wrong, and are sometimes taken back."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from msa_ml.source.simulate.signup.verdicts import CALLED_GOOD, GOOD_AFTER_DAYS, WRONGED, verdicts
from tests.source.simulate.signup.worlds import world

DAY = 86_400_000


@cache
def said() -> pl.DataFrame:
    """Return the statements about a world, each beside its row."""
    rows = world()
    made = verdicts(np.random.default_rng(1), rows, np.where(rows["abuse"].to_numpy(), 0.8, 0.0))
    facts = rows.with_row_index("row").select("row", "event_ms", "kind", "abuse")
    return made.join(
        facts.with_columns(pl.col("row").cast(pl.Int64)), on="row", how="left", maintain_order="left"
    )


def test_nothing_is_said_before_the_event_or_known_before_it_is_said() -> None:
    assert (said()["said_ms"] > said()["event_ms"]).all()
    assert (said()["known_ms"] > said()["said_ms"]).all()


def test_the_machine_calls_nobody_good_early_and_some_who_only_waited() -> None:
    good = said().filter(label="good", source="automatic", takes_back="")
    assert ((good["said_ms"] - good["event_ms"]) >= GOOD_AFTER_DAYS * DAY).all()
    honest = (~world()["abuse"]).sum()
    assert good.filter(~pl.col("abuse")).height / honest == pytest.approx(CALLED_GOOD["automatic"], abs=0.01)
    waited = good.filter("abuse")
    assert waited.filter(pl.col("kind") == "aged").height > 0.2 * waited.height
    later = (
        said().filter(label="abuse", takes_back="").join(waited.select("row", good_ms="said_ms"), on="row")
    )
    assert (later["said_ms"] > later["good_ms"]).all()


def test_reports_of_users_arrive_by_night() -> None:
    reports = said().filter(source="user_report", takes_back="")
    hour = reports.select(pl.from_epoch("known_ms", "ms").dt.hour())["known_ms"]
    assert sum(hour.is_between(3, 4).to_list()) > 0.99 * len(hour)


def test_most_is_never_labelled_and_little_of_it_wrongly() -> None:
    unlabelled = 1 - said()["row"].n_unique() / len(world())
    assert 0.45 < unlabelled < 0.65
    wronged = said().filter(pl.col("label") == "abuse", ~pl.col("abuse"), pl.col("takes_back") == "")
    share = wronged["row"].n_unique() / (~world()["abuse"]).sum()
    assert sum(WRONGED.values()) < share < 4 * sum(WRONGED.values())


def test_retractions_name_an_earlier_word_of_the_same_source() -> None:
    back = said().filter(pl.col("takes_back") != "")
    assert back.height > 50
    assert (back["takes_back"] == back["source"]).all()
    spoken = said().filter(takes_back="").select("row", "source", "label", first_ms="said_ms")
    both = back.join(spoken, on=["row", "source", "label"], how="left")
    assert both["first_ms"].null_count() == 0
    assert (both["said_ms"] > both["first_ms"]).all()


def test_bursts_are_found_sooner_than_accounts_made_to_wait() -> None:
    first = (
        said()
        .filter(pl.col("label") == "abuse", "abuse")
        .group_by("row")
        .agg(pl.col("kind").first(), (pl.col("said_ms").min() - pl.col("event_ms").first()).alias("ms"))
    )
    median = dict(first.group_by("kind").agg(pl.col("ms").median() / DAY).iter_rows())
    assert median["burst"] < 1
    assert median["aged"] > 10
