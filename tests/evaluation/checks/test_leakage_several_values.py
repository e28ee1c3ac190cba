"""The check of leakage on keys of which an event has several values: what is right passes, what is wrong is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from msa_ml.dataset.dataset import Dataset, Selection
from msa_ml.evaluation.checks import past
from msa_ml.evaluation.checks.leakage import Leakage, leakage
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency
from msa_ml.features.mail.subject import Subject
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init
from msa_ml.tasks import get

START = datetime(2026, 3, 1, tzinfo=UTC)
MAILS = 1_200
RULES = get("spam").labels
RIGHT: tuple[History, ...] = (
    Count("mail", by="url_domain", over="1d"),
    CountDistinct("mail", of="sender", by="url_domain", over="7d"),
    Recency("mail", by="url_domain", over="1d"),
    FirstSeen("mail", by="url_domain", over="30d"),
    Rate("mail", task="spam", by="url_domain", over="30d", prior=0.3, strength=5.0),
    CountDistinct("mail", of="recipient", by="sender", over="1d"),
    Count("mail", by="sender", over="1d"),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Mails that link to up to three of some domains and go to up to three people."""
    rng = np.random.default_rng(7)
    events, labels = [], []
    when = START
    for number in range(MAILS):
        when += timedelta(minutes=int(rng.integers(0, 30)))
        event_id = f"{int(rng.integers(2**62)):016x}{number:016x}"
        late = timedelta(minutes=float(rng.choice([0, 0, 0, 90])))
        domains = [f"d{one}.example" for one in rng.integers(60, size=rng.integers(4))]
        people = [f"p{one}" for one in rng.integers(9, size=rng.integers(4))]
        events.append({
            "event_id": event_id, "source": "s", "event_time": when, "ingested_at": when + late, "size": 9,
            "sender_pseudonym": f"s{int(rng.integers(30))}", "url_domains": domains, "recipient_pseudonyms": people,
        })  # fmt: skip
        said = when + timedelta(hours=float(rng.choice([1, 30])))
        labels.append({"label_id": f"l{number}", "task": "spam", "subject_kind": "event", "subject": event_id,
                       "label": RULES.positive[0] if rng.random() < 0.4 else RULES.negative[0], "source": "analyst",
                       "labelled_at": said, "ingested_at": said})  # fmt: skip
    settings = read_settings(home=tmp_path_factory.mktemp("several") / ".msa", environ={})
    settings.home.mkdir()
    store = connect(settings=settings)
    lists = {"url_domains": pl.List(pl.String), "recipient_pseudonyms": pl.List(pl.String)}
    with store:
        init(store, retention={})
        store.insert("mail_events", pl.DataFrame(events, schema_overrides=lists))
        store.insert("labels", pl.DataFrame(labels))
    return Dataset("spam", Selection(as_of=START + timedelta(days=60)), RULES, settings, store, "mail")


def look(dataset: Dataset, **wrong: pl.Expr) -> Leakage:
    """Look at the right numbers, some of them changed."""
    features = FeatureSet([Subject()], histories=RIGHT)
    found = dataset.labelled.select("event_id").join(
        dataset.history(RIGHT), on="event_id", maintain_order="left"
    )
    dense = np.full((len(found), len(features.columns)), np.nan, np.float32)
    changes = {f"mail.{name}": changed.cast(pl.Float32) for name, changed in wrong.items()}
    dense[:, -len(RIGHT) :] = found.with_columns(**changes).drop("event_id").to_numpy()
    return leakage(dataset, dataset.labelled, Vectors(dense, {}), features)


@pytest.mark.parametrize("rows", [past.ROWS, 300], ids=["every group", "some groups"])
def test_what_is_right_passes(dataset: Dataset, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "ROWS", rows)
    found = look(dataset)
    assert found.leaks == ()
    assert found.warnings == ()
    assert set(found.looked) == {one.name for one in RIGHT}
    assert min(found.looked.values()) >= 12
    # Events of several values are among those looked at, not those of one value alone.
    (by_domain, *_), *_ = (past.groups(dataset, [[one]]) for one in RIGHT)
    domains = [
        row.fields["url_domain"]
        for group in by_domain
        for row in group.rows
        if row.event_id in (group.whole or ())
    ]
    assert max(len(set(some)) for some in domains if isinstance(some, list)) >= 2


@pytest.mark.parametrize(
    ("name", "changed", "reason"),
    [
        ("count_by_url_domain_1d", pl.col("mail.count_by_url_domain_1d") + 1, "the event itself were counted"),
        ("recency_by_url_domain_1d", pl.col("mail.first_seen_by_url_domain_30d"), "no wrong definition"),
        ("distinct_recipient_by_sender_1d", pl.col("mail.count_by_sender_1d"), "no wrong definition"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(dataset: Dataset, name: str, changed: pl.Expr, reason: str) -> None:
    found = look(dataset, **{name: changed})
    assert [leak.feature for leak in found.leaks] == [f"mail.{name}"]
    assert reason in found.leaks[0].reason
