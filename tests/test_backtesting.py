"""The backtest sees nothing before its time: not a label, not a later mail; and it learns what comes in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from msa_ml.backtesting import UNKNOWN, History, News, Taught, backtest, days_from, train_at, walk
from msa_ml.cli import main
from msa_ml.dataset.dataset import Dataset
from msa_ml.dataset.news import label_news
from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation.backtest import HOW, Arm
from msa_ml.experiment import ContentChoice, Experiment, ModelChoice, SplitChoice, TreesChoice
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.subject import Subject
from msa_ml.pipeline import load
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from tests.main_job import corpus, run
from tests.small_bundle import HAM, SPAM

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
PER_DAY, BEFORE, DAYS = 40, 15, 8
SMALL = Experiment(
    "spam",
    split=SplitChoice(shares=(0.35, 0.4, 0.25), gap="1h"),
    model=ModelChoice(
        folds=2,
        content=ContentChoice(sizes={"text": (4,)}, bits=12, epochs=2),
        trees=TreesChoice(bags=1, rounds=5),
    ),
)
FEATURES = FeatureSet([Subject()], [Text()])
NEW = "zyzzyva"
"""What the spam of the days after the start says, and nothing before did."""


def history(seed: int = 0) -> History:
    """Fifteen days of mail with labels known an hour later, then eight on which spam speaks of something new."""
    random = np.random.default_rng(seed)
    number = PER_DAY * (BEFORE + DAYS)
    times = [START + DAY * (row / PER_DAY) for row in range(number)]
    y = random.integers(0, 2, number).astype(np.int8)
    later = np.arange(number) >= PER_DAY * BEFORE
    texts = []
    for label, is_late in zip(y, later, strict=True):
        telling = [NEW] * 4 if is_late and label else random.choice(SPAM if label else HAM, 4).tolist()
        filler = ["".join(random.choice(list("abdefgik"), 6)) for _ in range(8)]
        texts.append(" ".join([*telling, *filler]).encode())
    moments = tuple(START + DAY * (BEFORE + day) for day in range(DAYS + 1))
    known = [time + timedelta(hours=1) for time in times]
    index = pl.DataFrame(
        {
            "event_id": [f"{row:032x}" for row in range(number)],
            "event_time": times,
            "campaign": [""] * number,
            "weight": np.ones(number),
        },
        schema_overrides={"event_time": pl.Datetime("ms", "UTC")},
    )
    dense = random.normal(size=(number, len(FEATURES.columns))).astype(np.float32)
    found = History(index, Vectors(dense, {"text": texts}), moments, (), timedelta(hours=6))
    return replace(found, news=news_of(found, y, known))


def news_of(found: History, y: np.ndarray, known: list[datetime]) -> tuple[News, ...]:
    """Cut labels into what became known between moments."""
    parts = []
    before = datetime.min.replace(tzinfo=UTC)
    for moment in found.moments:
        rows = np.array([row for row, at in enumerate(known) if before <= at < moment], np.int64)
        parts.append(News(rows, y[rows]))
        before = moment
    return tuple(parts)


def train(found: History, number: int) -> Taught:
    return train_at(found, number, SMALL, FEATURES)


def labels_of(found: History) -> np.ndarray:
    return found.label_at(len(found.moments) - 1)


@pytest.fixture(scope="module")
def whole() -> History:
    return history()


@pytest.fixture(scope="module")
def first(whole: History) -> Taught:
    return train(whole, 0)


@pytest.fixture(scope="module")
def daily(whole: History, first: Taught) -> Arm:
    return walk(whole, first, name="daily", update=True)


def day_rows(found: History, day: int) -> np.ndarray:
    """Return the rows of the day after the start, from 0."""
    begin = PER_DAY * (BEFORE + day)
    return np.arange(begin, begin + PER_DAY)


def test_a_daily_update_learns_what_is_new(whole: History, first: Taught, daily: Arm) -> None:
    frozen = walk(whole, first, name="none", update=False)
    y = labels_of(whole)
    late = np.concatenate([day_rows(whole, day) for day in range(2, DAYS)])
    late = late[y[late] == 1]
    assert np.array_equal(frozen.logit[day_rows(whole, 0)] > 5, np.zeros(PER_DAY, bool))
    assert daily.logit[late].mean() > frozen.logit[late].mean() + 1
    assert frozen.learnt == 0
    # Everything known and not taught is learnt once: the held-out days, then the mail of each day but the last.
    assert daily.learnt == int((whole.label_at(DAYS - 1) != UNKNOWN).sum()) - len(first.rows)


def test_the_first_training_uses_what_was_known_and_mature(whole: History, first: Taught) -> None:
    start = np.datetime64(whole.moments[0].replace(tzinfo=None), "ms")
    for rows in (first.rows, first.held):
        assert (whole.times[rows] <= start - np.timedelta64(6, "h")).all()
    assert (whole.times[first.rows] < whole.times[first.held].min() - np.timedelta64(1, "h")).all()
    assert not set(first.rows) & set(first.held)


def changed_after(found: History, day: int, seed: int) -> History:
    """Change text, numbers, order and labels of everything that came or became known after the start of a day."""
    random = np.random.default_rng(seed)
    begin = PER_DAY * (BEFORE + day)
    rows = np.arange(len(found.index))
    rows[begin:] = random.permutation(rows[begin:])
    vectors = found.vectors[rows]
    texts = [*vectors.content["text"][:begin], *[b"changed %d" % row for row in rows[begin:]]]
    dense = vectors.dense.copy()
    dense[begin:] = random.normal(size=dense[begin:].shape)
    news = list(found.news)
    for number in range(day + 1, len(news)):
        news[number] = News(news[number].rows, 1 - news[number].label)
    return replace(found, vectors=Vectors(dense, {"text": texts}), news=tuple(news))


@pytest.fixture(scope="module")
def plain(whole: History, first: Taught) -> Arm:
    return walk(whole, first, name="plain", update=True, retrain=train, every=3)


@pytest.mark.parametrize("day", [0, 3])
def test_the_scores_of_a_day_do_not_depend_on_what_comes_later(whole: History, plain: Arm, day: int) -> None:
    other = changed_after(whole, day + 1, seed=day)
    again = walk(other, train(other, 0), name="again", update=True, retrain=train, every=3)
    seen = np.concatenate([day_rows(whole, number) for number in range(day + 1)])
    unseen = day_rows(whole, DAYS - 1)
    assert np.array_equal(again.logit[seen], plain.logit[seen])
    assert not np.array_equal(again.logit[unseen], plain.logit[unseen]), "the change matters later"
    for how in HOW:
        for name, values in plain.thresholds[how].items():
            assert np.array_equal(again.thresholds[how][name][seen], values[seen])


def test_a_planted_label_of_the_future_is_not_learnt_early(whole: History, first: Taught, daily: Arm) -> None:
    """All spam of the first three days is labelled five days late: until then it must teach nothing."""
    y = labels_of(whole)
    late = np.concatenate([day_rows(whole, day) for day in range(3)])
    late = late[y[late] == 1]
    known = [time + timedelta(hours=1) for time in whole.index["event_time"].to_list()]
    for row in late:
        known[row] += 5 * DAY
    delayed = replace(whole, news=news_of(whole, y, known))
    # The leak is planted by flipping what these labels will say: nothing may notice before they are known.
    flipped = y.copy()
    flipped[late] = 0
    planted = replace(whole, news=news_of(whole, flipped, known))
    one, other = (walk(found, first, name="x", update=True) for found in (delayed, planted))
    early = np.concatenate([day_rows(whole, day) for day in range(6)])
    assert np.array_equal(one.logit[early], other.logit[early])
    assert not np.array_equal(one.logit[day_rows(whole, DAYS - 1)], other.logit[day_rows(whole, DAYS - 1)])
    fourth = day_rows(whole, 2)
    fourth = fourth[y[fourth] == 1]
    assert one.logit[fourth].mean() < daily.logit[fourth].mean(), "labels in time would have taught by then"


def test_a_mail_is_learnt_once_though_its_label_is_said_again(whole: History, first: Taught) -> None:
    rows = day_rows(whole, 0)
    news = list(whole.news)
    for number in (3, 5):  # said again, then corrected
        label = labels_of(whole)[rows]
        label = label if number == 3 else (1 - label).astype(np.int8)
        news[number] = News(
            np.concatenate([news[number].rows, rows]), np.concatenate([news[number].label, label])
        )
    again = walk(replace(whole, news=tuple(news)), first, name="again", update=True)
    once = walk(whole, first, name="once", update=True)
    assert again.learnt == once.learnt
    assert np.array_equal(again.logit, once.logit, equal_nan=True)


def test_training_from_scratch_takes_over(whole: History, plain: Arm) -> None:
    assert plain.trained == 3
    fixed = plain.thresholds[HOW[0]]["fpr_1pct"]
    by_day = [np.unique(fixed[day_rows(whole, day)]) for day in range(DAYS)]
    assert all(len(values) == 1 for values in by_day)
    assert by_day[0] == by_day[2] != by_day[3] == by_day[5] != by_day[6]


def test_scores_are_those_of_the_calibrated_stack(whole: History, first: Taught) -> None:
    rows = day_rows(whole, 0)
    arm = walk(whole, first, name="none", update=False)
    said = first.platt.logit(first.model.decision_function(whole.vectors[rows]))
    assert np.allclose(arm.logit[rows], said, atol=1e-5)


def test_nothing_before_the_start_is_scored(whole: History, daily: Arm) -> None:
    assert np.isnan(daily.logit[: PER_DAY * BEFORE]).all()
    assert np.isfinite(daily.logit[PER_DAY * BEFORE :]).all()


def test_too_little_before_the_start_is_refused(whole: History) -> None:
    short = replace(whole, moments=(START + 3 * DAY, START + 4 * DAY), news=whole.news[:2])
    empty = replace(short, news=(News(np.arange(60), labels_of(whole)[:60]), short.news[1]))
    with pytest.raises(DataRefused, match="train has"):
        train(empty, 0)


def test_days_from_a_share_or_a_date() -> None:
    frame = pl.DataFrame({"event_time": [START + DAY * number / 2 for number in range(10)]})
    assert days_from(frame, 0.5)[0] == START + 2 * DAY
    assert days_from(frame, START + 3.6 * DAY) == (START + 3 * DAY, START + 4 * DAY, START + 5 * DAY)
    with pytest.raises(InputError, match="share"):
        days_from(frame, 1.5)
    with pytest.raises(DataRefused, match="comes after"):
        days_from(frame, START + 9 * DAY)


def home_of(place: Path, number: int) -> Settings:
    """Make a store with invented mail, one every ten minutes from START on, labels a day later."""
    mail = corpus(place / "mail", number)
    settings = read_settings(home=place / ".msa", environ={})
    words = ("import", "mail", str(mail), "--label", "ham=ham", "--label", "junk=spam", "--source", "own")
    assert main([*words, "--home", str(settings.home)]) == 0
    return settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_of(tmp_path_factory.mktemp("backtest"), 1400)


def dataset_of(settings: Settings) -> Dataset:
    return load("spam", settings=settings)


def test_label_news_is_what_each_moment_knew(home: Settings) -> None:
    dataset = dataset_of(home)
    moments = [START + number * DAY for number in range(1, 6)]
    news = label_news(dataset, moments)
    assert not len(news[0]), "labels are known a day after their mail"
    total: set[str] = set()
    for moment, frame in zip(moments, news, strict=True):
        fresh = set(frame["event_id"].to_list())
        assert not total & fresh
        total |= fresh
        view = dataset.with_selection(as_of=moment)
        assert total == set(view.labelled["event_id"].to_list())


def test_label_news_tells_corrections_and_what_was_taken_back(tmp_path: Path) -> None:
    settings = home_of(tmp_path, 300)
    dataset = dataset_of(settings)
    with connect(settings.results_url, settings=settings) as store:
        first, second = store.frame(
            "SELECT * FROM labels WHERE labelled_at < {m:DateTime64(3, 'UTC')} ORDER BY labelled_at LIMIT 2",
            {"m": START + 1.5 * DAY},
        ).iter_slices(1)
        said = START + 3.5 * DAY
        changes: dict[str, Any] = {"labelled_at": pl.lit(said), "ingested_at": pl.lit(said)}
        other = pl.when(pl.col("label") == "spam").then(pl.lit("ham")).otherwise(pl.lit("spam"))
        schema = first.schema
        corrected = first.with_columns(**changes, label=other, label_id=pl.lit("a" * 32))
        back = second.with_columns(**changes, retracts=pl.col("label_id"), label_id=pl.lit("b" * 32))
        store.insert("labels", pl.concat([corrected, back]).cast(schema))
    moments = [START + number * DAY for number in (2, 3, 4)]
    news = label_news(dataset, moments)
    ids = [first["subject"][0], second["subject"][0]]
    then = dict(news[0].select("event_id", "label").iter_rows())
    assert set(ids) <= set(then)
    assert not set(ids) & set(news[1]["event_id"].to_list())
    now = dict(news[2].select("event_id", "label").iter_rows())
    assert now[ids[0]] == 1 - then[ids[0]]
    assert now[ids[1]] is None


def test_end_to_end(home: Settings) -> None:
    found = backtest(dataset_of(home), SMALL, start=0.6, retrain_every=2, features=FEATURES, workers=1)
    names = ["no update", "daily update", "daily, retrained every 2 days"]
    assert [arm.name for arm in found.arms] == names
    assert found.arms[2].trained > 1
    assert (np.diff(found.day) >= 0).all()
    days = found.over_time(1)
    assert days.filter(pl.col("arm") == names[0])["ham"].sum() == 2 * int((found.y == 0).sum())
    assert found.start == "2026-01-10"
    assert {str(first) for first in days["from"].to_list()} == {f"2026-01-{day}" for day in range(10, 15)}
    assert found.arm("daily update").metrics["one_minus_roca_pct"].value < 20
    assert "SYNTHETIC" not in found.table()
    given = replace(SMALL, split=SplitChoice(method="given", train=("a",), test=("b",)))
    with pytest.raises(InputError, match="order of time"):
        backtest(dataset_of(home), given)


def test_the_command(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    small = tmp_path / "small.toml"
    small.write_text(
        'task = "spam"\n[split]\nshares = [0.35, 0.4, 0.25]\ngap = "1h"\n'
        "[model]\nfolds = 2\n[model.trees]\nbags = 1\nrounds = 5\n"
    )
    words = ("evaluate", str(small), "--backtest", "--start", "2026-01-11", "--workers", "1")
    place = ("--home", str(home.home))
    code, result, said = run(*words, "--html", str(page), *place, capsys=capsys)
    assert code == 0
    assert result["start"] == "2026-01-11"
    assert [arm["name"] for arm in result["arms"]] == ["no update", "daily update"]
    assert result["arms"][1]["learnt"] > 100
    assert {day["from"] for day in result["by_day"]} <= {f"2026-01-{day}" for day in range(11, 16)}
    assert "each scored before it was learnt" in said
    assert "data:image/png" in page.read_text()
    code, result, _ = run("evaluate", "spam", "--start", "0.3", *place, capsys=capsys)
    assert code == 2
    assert "--backtest" in result["error"]
