"""What is said about an account holds for its events, beside what is said about the event itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from msa_ml.dataset.dataset import Dataset, Selection
from msa_ml.dataset.decisions import with_decision
from msa_ml.dataset.labels import LabelRules
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
EVENT = AS_OF - 5 * DAY
RULES = LabelRules(("abuse",), ("good",), ranking=("analyst", "user_report"))
# Name of the account, its labels as (kind, word, source, changes), the label of its event.
CASES: tuple[tuple[str, tuple[tuple[str, str, str, dict[str, object]], ...], int | None], ...] = (
    ("plain", (("account", "abuse", "analyst", {}),), 1),
    ("nobody", (), None),
    ("both_agree", (("account", "abuse", "analyst", {}), ("event", "abuse", "user_report", {})), 1),
    ("higher_rank_about_the_event", (("account", "abuse", "user_report", {}), ("event", "good", "analyst", {})), 0),
    ("higher_rank_about_the_account", (("account", "abuse", "analyst", {}), ("event", "good", "user_report", {})), 1),
    ("holds_then", (("account", "abuse", "analyst", {"valid_from": EVENT, "valid_to": EVENT + DAY}),), 1),
    ("held_before", (("account", "abuse", "analyst", {"valid_to": EVENT}),), None),
    ("held_later", (("account", "abuse", "analyst", {"valid_from": EVENT + DAY}),), None),
    ("not_known_yet", (("account", "abuse", "analyst", {"ingested_at": AS_OF}),), None),
    ("another_kind", (("window", "abuse", "analyst", {}), ("campaign", "abuse", "analyst", {})), None),
)  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    settings = read_settings(home=tmp_path_factory.mktemp("accounts") / ".msa", environ={})
    settings.home.mkdir()
    events, labels = [], []
    for name, said, _ in CASES:
        events.append(
            {"event_id": f"event {name}", "source": "s", "event_time": EVENT, "user_pseudonym": name}
        )
        for number, (kind, word, source, changes) in enumerate(said):
            when = AS_OF - 2 * DAY
            row: dict[str, object] = {
                "label_id": f"{name} {number}", "task": "signup_abuse", "subject_kind": kind,
                "subject": f"event {name}" if kind == "event" else name, "label": word, "source": source,
                "labelled_at": when, "ingested_at": when, "valid_from": None, "valid_to": None,
            }  # fmt: skip
            labels.append({**row, **changes})
    events.append(
        {"event_id": "event of no account", "source": "s", "event_time": EVENT, "user_pseudonym": ""}
    )
    nobody = {
        "label_id": "nobody",
        "subject": "",
        "subject_kind": "account",
        "valid_from": None,
        "valid_to": None,
    }
    labels.append({**labels[0], **nobody})
    store = connect(settings=settings)
    with store:
        init(store, retention={})
        store.insert("signup_events", pl.DataFrame(events))
        store.insert("labels", pl.DataFrame(labels, infer_schema_length=None))
    return Dataset("signup_abuse", Selection(as_of=AS_OF), RULES, settings, store, "signup")


@pytest.mark.parametrize(("name", "label"), [(case[0], case[2]) for case in CASES])
def test_label(dataset: Dataset, name: str, label: int | None) -> None:
    found = dataset.index.filter(pl.col("event_id") == f"event {name}")
    assert found["label"].to_list() == [label]
    assert found["conflict"].to_list() == [name.startswith("higher_rank")]


def test_an_event_without_account_has_no_label_of_nobody(dataset: Dataset) -> None:
    assert dataset.index.filter(pl.col("event_id") == "event of no account")["label"].to_list() == [None]


def test_the_report_counts_them(dataset: Dataset) -> None:
    report = dataset.labels.report()
    assert {one.source: (one.events, one.positive, one.negative) for one in report.sources} == {
        "analyst": (5, 4, 1),
        "user_report": (3, 2, 1),
    }


def test_decisions_come_from_the_event_else_from_the_newest_known_score(dataset: Dataset) -> None:
    store, earlier = dataset.store, AS_OF - DAY
    score = {
        "task": "signup_abuse",
        "bundle_id": "b",
        "event_time": EVENT,
        "policy": "p",
        "logit": 0.0,
        "probability": 0.5,
    }
    scores = [
        ("event plain", "pass", earlier),
        ("event plain", "stop", earlier + timedelta(hours=1)),
        ("event nobody", "stop", AS_OF),
        ("event says itself", "pass", earlier),
    ]  # fmt: skip
    with store:
        store.command(
            "INSERT INTO signup_events (event_id, source, event_time, attributes)"
            f" SELECT 'event says itself', 's', toDateTime64('{EVENT:%Y-%m-%d %H:%M:%S}', 3, 'UTC'), map('decision', 'held')"
        )
        rows = [
            {**score, "event_id": name, "decision": word, "scored_at": when} for name, word, when in scores
        ]
        store.insert("scores", pl.DataFrame(rows))
    found = with_decision(replace(dataset))
    said = dict(found.select("event_id", "decision").iter_rows())
    assert said["event plain"] == "stop"
    assert said["event nobody"] == "none"  # scored at the moment itself: not yet known
    assert said["event says itself"] == "held"
    assert found.drop("decision").equals(replace(dataset).index)
