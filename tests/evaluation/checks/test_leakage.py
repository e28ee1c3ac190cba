"""Planted leaks are found, named, and stop a training; the same features without them pass."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from msa_ml.cli import main
from msa_ml.dataset.dataset import Dataset, Selection
from msa_ml.errors import DataRefused
from msa_ml.evaluation.checks.leakage import Leakage, leakage
from msa_ml.features.extractor import Feature, FeatureSet, Vectors
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, LabelCount, Rate, Recency, Sum
from msa_ml.features.signup.form import Form
from msa_ml.features.table import TableExtractor
from msa_ml.pipeline import prepare
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init
from msa_ml.tasks.signup_abuse import SIGNUP_ABUSE

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
EVENTS = 1_400


class Honest(TableExtractor):
    """Says how long a name is."""

    name, kind, inputs = "signup.honest", "signup", ("user_name",)
    features = (Feature("length", "characters of the name", unit="characters"),)

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        return batch.select(length=pl.col("user_name").str.len_chars())


class Crowd(Honest):
    """Counts how often a name stands in its batch: the future and the event itself with it."""

    name = "signup.crowd"
    features = (Feature("times", "how often the name comes"),)

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        return batch.select(times=pl.len().over("user_name"))


NAIVE = """
SELECT e.event_id AS event_id, toFloat32({value}) AS `{name}`
FROM signup AS e
LEFT JOIN
(
    SELECT s.*, l.label AS label, greatest(l.labelled_at, l.ingested_at) AS said
    FROM signup AS s LEFT JOIN label AS l ON l.subject = s.event_id
) AS r ON r.ip_pseudonym = e.ip_pseudonym AND {rows}
GROUP BY event_id
"""
MOMENT = "ifNull(e.decided_at, e.event_time)"
KNOWN = "greatest(r.event_time, r.ingested_at)"


def window(clock: str, *, end: str = "<") -> str:
    return f"{clock} >= {MOMENT} - INTERVAL 1 HOUR AND {clock} {end} {MOMENT}"


class Naive(History):
    """A history by SQL of one's own."""

    rows: ClassVar[str]
    value: ClassVar[str] = "countIf(r.event_id != '')"

    @staticmethod
    def read(histories: Iterable[History], dataset: Dataset) -> pl.DataFrame:
        (one,) = histories
        assert isinstance(one, Naive)
        found = dataset.store.frame(NAIVE.format(value=one.value, name=one.name, rows=one.rows))
        return dataset.index.select("event_id").join(found, on="event_id", how="left", maintain_order="left")


@dataclass(frozen=True)
class Right(Naive, Count):
    rows = f"r.event_id != e.event_id AND {window(KNOWN)}"


@dataclass(frozen=True)
class ByEventTime(Naive, Count):
    rows = f"r.event_id != e.event_id AND {window('r.event_time')}"


@dataclass(frozen=True)
class ByIngestTime(Naive, Count):
    rows = f"r.event_id != e.event_id AND {window('r.ingested_at')}"


@dataclass(frozen=True)
class WithItself(Naive, Count):
    rows = f"(r.event_id = e.event_id OR ({window(KNOWN)}))"


@dataclass(frozen=True)
class EqualMilliseconds(Naive, Count):
    rows = f"r.event_id != e.event_id AND {window(KNOWN, end='<=')}"


@dataclass(frozen=True)
class RightRate(Naive, Rate):
    rows = f"r.event_id != e.event_id AND {window('r.said')}"
    value = "if(countIf(r.label IN ('abuse', 'good')) = 0, nan, countIf(r.label = 'abuse') / countIf(r.label IN ('abuse', 'good')))"


@dataclass(frozen=True)
class LabelsOfToday(RightRate):
    rows = f"r.event_id != e.event_id AND {window(KNOWN)}"


PLANTED: tuple[tuple[type[Naive], str], ...] = (
    (ByEventTime, "the time of arrival were ignored"),
    (ByIngestTime, "the time of the event were ignored"),
    (WithItself, "the event itself were counted"),
    (EqualMilliseconds, "events of the same millisecond were counted"),
    (LabelsOfToday, "the time at which a label became known were ignored"),
)


def made(planted: type[Naive]) -> History:
    more = {"task": "signup_abuse"} if issubclass(planted, Rate) else {}
    return planted("signup", by="ip", over="1h", **more)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sign-ups from twelve addresses: most arrive at once, some late, some with a clock ahead, some in one millisecond."""
    rng = np.random.default_rng(5)
    events, labels = [], []
    when = START
    for number in range(EVENTS):
        when += timedelta(seconds=int(rng.integers(20, 200))) if number % 10 else timedelta(0)
        when += timedelta(days=1) if number % 100 == 99 else timedelta(0)
        late = timedelta(minutes=float(rng.choice([0, 0, 0, 7, 40, -4])))
        event_id = f"{int(rng.integers(2**62)):016x}{number:016x}"
        events.append({
            "event_id": event_id, "source": "s", "event_time": when, "ingested_at": when + late,
            "ip_pseudonym": f"p{int(rng.integers(12))}", "user_name": f"name{int(rng.integers(40))}",
            "user_pseudonym": f"u{int(rng.integers(40))}", "form_seconds": float(rng.integers(1, 60)),
        })  # fmt: skip
        said = when + HOUR * float(rng.choice([0.1, 0.5, 30]))
        word = "abuse" if rng.random() < 0.4 else "good"
        labels.append({"label_id": f"l{number}", "task": "signup_abuse", "subject_kind": "event", "subject": event_id,
                       "label": word, "source": "analyst", "labelled_at": said, "ingested_at": said})  # fmt: skip
    settings = read_settings(home=tmp_path_factory.mktemp("leakage") / ".msa", environ={})
    settings.home.mkdir()
    store = connect(settings=settings)
    with store:
        init(store, retention={})
        store.insert("signup_events", pl.DataFrame(events))
        store.insert("labels", pl.DataFrame(labels))
    selection = Selection(as_of=START + timedelta(days=30))
    return Dataset("signup_abuse", selection, SIGNUP_ABUSE.labels, settings, store, "signup")


def vectors_of(dataset: Dataset, features: FeatureSet) -> Vectors:
    """Return the histories of a set beside unknown record features."""
    dense = np.full((len(dataset.labelled), len(features.columns)), np.nan, np.float32)
    if features.histories:
        found = dataset.labelled.select("event_id").join(dataset.history(features.histories), on="event_id")  # type: ignore[arg-type]
        dense[:, -len(features.histories) :] = found.drop("event_id").to_numpy()
    return Vectors(dense, {})


def look(dataset: Dataset, features: FeatureSet) -> Leakage:
    return leakage(dataset, dataset.labelled, vectors_of(dataset, features), features)


def test_histories_as_they_are_declared_pass(dataset: Dataset) -> None:
    histories = [
        Count("signup", by="ip", over="1h"),
        Count("signup", by=("ip", "user_name"), over="7d"),
        CountDistinct("signup", of="user_name", by="ip", over="1d"),
        Sum("signup", of="form_seconds", by="ip", over="1d"),
        Recency("signup", by="ip", over="1h"),
        FirstSeen("signup", by="user_name", over="7d"),
        LabelCount("signup", task="signup_abuse", by="ip", over="1d"),
        Rate("signup", task="signup_abuse", by="ip", over="1h"),
    ]
    found = look(dataset, FeatureSet([Honest()], histories=histories))
    assert found.leaks == ()
    assert found.warnings == ()
    assert set(found.looked) == {"signup.honest.length", *(one.name for one in histories)}
    assert min(found.looked.values()) >= 12
    found.require_none()


@pytest.mark.parametrize("planted", [Right, RightRate])
def test_sql_of_ones_own_that_is_right_passes(dataset: Dataset, planted: type[Naive]) -> None:
    features = FeatureSet([Honest()], histories=[made(planted)])
    found = look(dataset, features)
    assert found.leaks == ()


@pytest.mark.parametrize(("planted", "reason"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_leak_is_refused_by_name_and_reason(
    dataset: Dataset, planted: type[Naive], reason: str
) -> None:
    features = FeatureSet([Honest()], histories=[made(planted)])
    found = look(dataset, features)
    assert [leak.feature for leak in found.leaks] == [made(planted).name]
    assert reason in found.leaks[0].reason
    with pytest.raises(DataRefused, match=made(planted).name) as refused:
        found.require_none()
    assert refused.value.exit_code == 1
    assert made(planted).name in found._repr_html_()


def test_an_extractor_that_looks_beside_is_refused(dataset: Dataset) -> None:
    features = FeatureSet([Honest(), Crowd()])
    found = look(dataset, features)
    assert [leak.feature for leak in found.leaks] == ["signup.crowd.times"]


def test_a_feature_that_tells_all_is_a_warning_and_no_refusal(dataset: Dataset) -> None:
    features = FeatureSet([Honest()])
    dense = dataset.labelled["label"].to_numpy().astype(np.float32)[:, None]
    found = leakage(dataset, dataset.labelled, Vectors(dense, {}), features)
    assert found.leaks == ()
    assert "signup.honest.length alone tells the classes apart" in found.warnings[0]
    found.require_none()


BY_IP = Count("signup", by="ip", over="1h")


def look_at_log(dataset: Dataset, said: pl.Series, history: History = BY_IP) -> Leakage:
    """Look at numbers of a history that were logged."""
    features = FeatureSet([Honest()], histories=[history])
    vectors = vectors_of(dataset, features)
    return leakage(
        dataset, dataset.labelled, vectors.with_last(said.to_numpy()[:, None]), features, logged=True
    )


def numbers(dataset: Dataset, history: History = BY_IP) -> pl.Series:
    """Return what was known before each labelled event."""
    return dataset.labelled.join(dataset.history([history]), on="event_id", maintain_order="left")[
        history.name
    ]


def test_what_was_logged_as_unknown_is_not_compared(dataset: Dataset) -> None:
    right = numbers(dataset)
    some = pl.Series(
        [float("nan") if place % 2 else one for place, one in enumerate(right)], dtype=pl.Float32
    )
    found = look_at_log(dataset, some)
    assert (found.leaks, found.warnings) == ((), ())
    nothing = look_at_log(dataset, pl.Series([float("nan")] * len(right), dtype=pl.Float32))
    assert nothing.leaks == ()
    assert len(nothing.warnings) == 1
    assert "was logged as unknown for each of" in nothing.warnings[0]
    # Of what training computes itself the same numbers are a leak.
    features = FeatureSet([Honest()], histories=[BY_IP])
    vectors = vectors_of(dataset, features).with_last(some.to_numpy()[:, None])
    assert leakage(dataset, dataset.labelled, vectors, features).leaks


def test_logged_numbers_from_before_a_backfill_are_a_warning(dataset: Dataset) -> None:
    fewer = (numbers(dataset) - 2).clip(0)  # two rows of each hour were stored after the numbers were logged
    found = look_at_log(dataset, fewer)
    assert found.leaks == ()
    assert len(found.warnings) == 1
    assert "the logged value differs from what the store says for" in found.warnings[0]


@pytest.mark.parametrize(("planted", "reason"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_logged_leak_is_refused_by_the_definition_that_explains_it(
    dataset: Dataset, planted: type[Naive], reason: str
) -> None:
    labels = issubclass(planted, Rate)
    right: History = Rate("signup", task="signup_abuse", by="ip", over="1h") if labels else BY_IP
    found = look_at_log(dataset, numbers(dataset, made(planted)), right)
    assert [leak.feature for leak in found.leaks] == [right.name]
    assert "the logged value differs from what the store says; it looks as if" in found.leaks[0].reason
    assert reason in found.leaks[0].reason


def test_a_history_of_another_kind_is_not_looked_at_and_said_so(dataset: Dataset) -> None:
    other = Count("login", by="ip", over="1h")
    found = look(dataset, FeatureSet([Honest()], histories=[BY_IP, other]))
    assert found.leaks == ()
    assert other.name not in found.looked
    assert [one for one in found.warnings if other.name in one] == [
        f"{other.name} was not recomputed: it counts events of kind login, and only those of kind signup are read again."
    ]


def with_history(monkeypatch: pytest.MonkeyPatch, history: History) -> None:
    """Give the task one history more."""
    task = replace(SIGNUP_ABUSE, features=lambda: FeatureSet([Form()], histories=[history]))
    monkeypatch.setattr("msa_ml.tasks.signup_abuse.SIGNUP_ABUSE", task)


TRAIN = ("train", "signup_abuse", "--as-of", "2026-04-01", "--no-track", "--json")


@pytest.mark.parametrize("planted", [planted for planted, _ in PLANTED])
def test_a_planted_leak_stops_the_training(
    dataset: Dataset,
    planted: type[Naive],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with_history(monkeypatch, made(planted))
    code = main([*TRAIN, "--home", str(dataset.settings.home)])
    said = json.loads(capsys.readouterr().out)
    assert code == 1
    assert made(planted).name in said["error"]
    assert not (dataset.settings.home / "bundles").exists()


def test_without_a_leak_the_same_training_goes_on(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    history = Count("signup", by="ip", over="1h")
    with_history(monkeypatch, history)
    prepared = prepare(dataset)
    column = prepared.vectors.dense[:, prepared.features.columns.index(history.name)]
    assert np.nanmax(column) > 3
    assert prepared.notes == ()
