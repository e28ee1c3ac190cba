"""The rows that are stored: simulated, complete, and made of themselves as an import would make them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from msa_ml import settings as settings_module
from msa_ml.cli import cli
from msa_ml.records import event_id
from msa_ml.settings import Settings, pseudonym_key
from msa_ml.source import label_rows
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.event_fields import derived, schema
from msa_ml.source.label_rows import EventLabel
from msa_ml.source.migrate import init
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.simulate.signup import Plan, Planted, describe_signups, simulate_signup_frames
from tests.source.simulate.signup.worlds import START

STORED = datetime(2026, 5, 1, tzinfo=UTC)
PLAN = Plan(rows=3_000, days=21, seed=2, start=START)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_module.read(home=tmp_path_factory.mktemp("home"), environ={"MSA_PSEUDONYM_KEY": "7" * 64})


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def frames(settings: Settings, planted: Planted) -> tuple[pl.DataFrame, pl.DataFrame]:
    parts = list(
        simulate_signup_frames(PLAN, stored_at=STORED, settings=settings, planted=planted, chunk_rows=900)
    )
    return pl.concat([events for events, _ in parts]), pl.concat([labels for _, labels in parts])


def test_rows_have_the_schema_of_the_tables(frames: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    events, labels = frames
    expected = {name: kind for name, kind in schema("signup").items() if name != "attributes"}
    assert dict(events.schema) == expected
    assert labels.schema == pl.Schema(label_rows.SCHEMA)
    assert events["simulated"].all()
    assert labels["simulated"].all()
    assert events["event_id"].n_unique() == len(events) == PLAN.rows
    assert labels["label_id"].n_unique() == len(labels)
    assert labels["subject"].is_in(events["event_id"].to_list()).all()


def test_derived_columns_are_those_of_an_import(
    frames: tuple[pl.DataFrame, pl.DataFrame], settings: Settings
) -> None:
    key = Pseudonyms(pseudonym_key(settings))
    for row in frames[0].sample(300, seed=1).iter_rows(named=True):
        made = derived("signup", row, key)
        assert {name: row[name] for name in made} == made
        assert row["event_id"] == event_id("simulated", row["origin"].encode())


def test_label_ids_are_those_of_labels_with_a_time(frames: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    for row in frames[1].sample(100, seed=1).iter_rows(named=True):
        label = EventLabel(
            row["task"], row["subject"], row["label"], row["labelled_at"], given=True, source=row["source"]
        )
        assert label.label_id == row["label_id"]


def test_retractions_name_labels_that_are_there(frames: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    labels = frames[1]
    back = labels.filter(pl.col("retracts") != "")
    assert len(back)
    assert back["retracts"].is_in(labels["label_id"].to_list()).all()


def test_other_worlds_have_other_ids(frames: tuple[pl.DataFrame, pl.DataFrame], settings: Settings) -> None:
    other = Plan(rows=3_001, days=21, seed=2, start=START)
    events, _ = next(simulate_signup_frames(other, stored_at=STORED, settings=settings))
    assert not events["event_id"].is_in(frames[0]["event_id"].to_list()).any()


def test_the_report_counts_what_was_made(frames: tuple[pl.DataFrame, pl.DataFrame], planted: Planted) -> None:
    text = describe_signups(PLAN, planted)
    assert text.startswith("SYNTHETIC")
    assert f"Made: {len(frames[0]):,} sign-ups, {planted.abuse:,} abusive" in text
    assert sum(planted.kinds.values()) == PLAN.rows
    assert sum(planted.labels.values()) == len(frames[1])
    assert planted.labelled == frames[1]["subject"].n_unique()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = connect(settings=settings_module.read(home=tmp_path, environ={"MSA_PSEUDONYM_KEY": "7" * 64}))
    with found.session():
        init(found, retention={})
        yield found


def test_a_repeat_changes_nothing(frames: tuple[pl.DataFrame, pl.DataFrame], store: Store) -> None:
    for _ in range(2):
        store.insert("signup_events", frames[0])
        store.insert("labels", frames[1])
    assert store.value("SELECT count() FROM signup") == PLAN.rows
    assert store.value("SELECT count() FROM label") == len(frames[1])
    assert store.value("SELECT countIf(campaign = '') / count() FROM signup") < 0.05


def test_the_command_fills_a_store_and_says_what_is_planted(tmp_path: Path) -> None:
    asked = [
        "simulate",
        "signups",
        "--rows",
        "400",
        "--days",
        "16",
        "--seed",
        "1",
        "--json",
        "--home",
        str(tmp_path),
    ]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code == 0, result.output
    assert '"signups": 400' in result.stdout.splitlines()[-1]
    assert '"synthetic": true' in result.stdout.splitlines()[-1]
