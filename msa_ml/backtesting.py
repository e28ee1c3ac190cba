"""Learned once, updated daily: a walk through the days that scores each day's mail before it learns from it.

Every decision of the past is made again with what was known then: a mail is scored by the model as it stood at the
start of its day (UTC), and at the end of a day the model learns the labels that became known by then, so that a label
that came late teaches late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.dataset.dataset import Dataset, day_of
from msa_ml.dataset.news import label_news
from msa_ml.dataset.splits import MINIMA, by_time
from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation.backtest import HOW, Arm, Backtest, measure_backtest
from msa_ml.experiment import Experiment, parse_length
from msa_ml.features.extraction import extract_events
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.model.calibration import Platt, fit_platt
from msa_ml.model.stack import ContentStack
from msa_ml.model.threshold import Policy, fit_policies
from msa_ml.model.updating import updated
from msa_ml.pipeline import Progress, Silent, features_of, fit_stack

RECENT = 5_000
"""Mails that daily thresholds are fitted on: the newest that were scored, are labelled and mature."""
DAY = timedelta(days=1)
UNKNOWN = -1
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class News:
    """What became known of labels by a moment.

    Attributes
    ----------
    rows
        int64[k], each at most once.
    label
        int8[k]: 1, 0, or -1 where a label was taken back.
    """

    rows: Rows
    label: NDArray[np.int8]


@dataclass(frozen=True)
class History:
    """N events in order of time, and how their labels became known.

    Attributes
    ----------
    index
        ``event_id``, ``event_time``, ``campaign``, ``weight``.
    vectors
        Aligned with ``index``.
    moments
        Starts of days, UTC: the first is that of the first day scored, the last is the end of the last one.
    news
        For each moment, what became known since the moment before.
    delay
        Age from which a mail counts for calibration and thresholds; younger ones have the labels of the quickest
        sources only.
    """

    index: pl.DataFrame
    vectors: Vectors
    moments: tuple[datetime, ...]
    news: tuple[News, ...]
    delay: timedelta

    @property
    def times(self) -> NDArray[np.datetime64]:
        """datetime64[ms], UTC."""
        times: NDArray[np.datetime64] = self.index["event_time"].to_numpy().astype("datetime64[ms]")
        return times

    def label_at(self, number: int) -> NDArray[np.int8]:
        """Return the label of each event as known at a moment, -1 = unknown, int8[N]."""
        label = np.full(len(self.index), UNKNOWN, np.int8)
        for news in self.news[: number + 1]:
            label[news.rows] = news.label
        return label


@dataclass(frozen=True)
class Taught:
    """A stack trained from scratch at a moment, with its calibration and thresholds.

    Attributes
    ----------
    rows
        What it learnt from.
    held, logit
        Rows of the calibration window and what it says of them.
    added
        What the trees add to the content logit of each event, float32[N]: they stay, so it is computed once.
    """

    model: ContentStack
    platt: Platt
    policies: tuple[Policy, ...]
    rows: Rows
    held: Rows
    logit: NDArray[np.float32]
    added: NDArray[np.float32]

    def judged(self, model: ContentStack, history: History, rows: Rows) -> NDArray[np.float32]:
        """Return the calibrated logits of some rows by this stack or an update of it, float32."""
        margin = model.content_logit(history.vectors[rows]) + self.added[rows]
        return self.platt.logit(margin).astype(np.float32)


Train = Callable[[History, int], Taught]


def backtest(
    dataset: Dataset,
    experiment: Experiment | None = None,
    *,
    start: float | datetime = 0.5,
    retrain_every: int = 0,
    features: FeatureSet | None = None,
    workers: int = 0,
    progress: Progress | None = None,
) -> Backtest:
    """Train on the first part of a window, then walk through the rest day by day, with and without daily updates.

    Before the first day the whole stack is trained from scratch on the mail that was labelled and mature by then,
    calibrated, and its thresholds are fitted, in the proportions of the experiment's split. Then three ways go the same
    way: no update; a daily update of the content model by what became known, trees and calibration staying; and, if
    asked for, daily updates with a training from scratch every so many days. The daily update begins with what lay
    between the training and the first day: the calibration window and the gap. Each mail is learnt once, by the label
    that was known first. Scores are calibrated margins in float32, equal to those of an emitted graph up to rounding.

    Parameters
    ----------
    dataset
        Its labels, as known at its own moment, are the truth that scores are measured by.
    experiment
        Model, seed and budgets; default: the task's baseline.
    start
        Share of the labelled mail that comes before the first day, or a moment in the first day, UTC.
    retrain_every
        Days between trainings from scratch, 0 = none.
    features
        Default: the task's.
    workers
        Processes for extraction, 0 = one a core.

    Raises
    ------
    DataRefused
        The rows before the start cannot support a training, or none comes after it.
    """
    say = progress or Silent()
    experiment = experiment or Experiment.of(dataset.task)
    if experiment.split.method != "time":
        raise InputError("a backtest goes in order of time.", hint='Set split.method = "time".')
    if retrain_every < 0:
        raise InputError(f"retrain_every counts days, 0 or more, found {retrain_every}.")
    if experiment.model.histories == "auto":
        experiment = (
            experiment.without_histories()
        )  # every day decides anew by content; what is left open is left out
    chosen = features or features_of(experiment)
    if not chosen.views:
        raise InputError(
            f"a backtest updates the content model every day, and {dataset.task} has no content.",
            hint="Train on one window and measure on the next: msa-ml train, then msa-ml evaluate BUNDLE --since DATE.",
        )
    with say.step("reading events and labels"):
        dataset.require_rows()
        moments = days_from(dataset.labelled, start)
        news = label_news(dataset, moments)
    history, lost = _history(dataset, chosen, moments, news, workers, say)

    def train(history: History, number: int) -> Taught:
        return train_at(history, number, experiment, chosen)

    with say.step("training"):
        first = train(history, 0)
    power = experiment.model.campaign_weight
    plans = [("no update", False, 0), ("daily update", True, 0)]
    if retrain_every:
        plans.append((f"daily, retrained every {retrain_every} days", True, retrain_every))
    with say.step("walking", len(plans) * (len(moments) - 1)) as done:
        arms = [
            walk(history, first, name=name, update=update, retrain=train if every else None, every=every, power=power, done=done)
            for name, update, every in plans
        ]  # fmt: skip
    truth = history.index["truth"].fill_null(UNKNOWN).to_numpy()
    rows = np.flatnonzero((truth != UNKNOWN) & np.isfinite(arms[0].logit))
    if len(np.unique(truth[rows])) < 2:
        raise DataRefused(
            f"the days from {moments[0]:%Y-%m-%d} hold no labelled mail of both classes.",
            hint="Start earlier.",
        )
    part = history.index[rows.tolist()]
    return measure_backtest(
        start=f"{moments[0]:%Y-%m-%d}",
        y=truth[rows],
        day=day_of(part),
        arms=[_only(arm, rows) for arm in arms],
        policies=first.policies,
        weight=part["weight"].to_numpy(),
        campaign=part["campaign"].to_numpy(),
        seed=experiment.seed,
        replicates=experiment.evaluation.replicates,
        synthetic=dataset.synthetic,
        notes=_notes(history, first, lost),
    )


def days_from(labelled: pl.DataFrame, start: float | datetime) -> tuple[datetime, ...]:
    """Return the starts of days from the first that is scored to the end of the last, UTC.

    Raises
    ------
    InputError
        ``start`` is no share.
    DataRefused
        Nothing comes after it.

    Examples
    --------
    >>> noon = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 3, 4, 4)]
    >>> [f"{moment:%d %H}" for moment in days_from(pl.DataFrame({"event_time": noon}), 0.5)]
    ['04 00', '05 00']
    """
    times = labelled["event_time"].to_list()
    if isinstance(start, datetime):
        begin = start
    elif 0 < start < 1:
        begin = times[int(start * len(times))]
    else:
        raise InputError(f"the start is a share, 0 < start < 1, or a date, found {start}.")
    midnight = _midnight(begin)
    if times[-1] < midnight:
        raise DataRefused(f"no labelled mail comes after {midnight:%Y-%m-%d}.", hint="Start earlier.")
    return tuple(midnight + number * DAY for number in range((_midnight(times[-1]) - midnight).days + 2))


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _history(
    dataset: Dataset,
    features: FeatureSet,
    moments: Sequence[datetime],
    news: Sequence[pl.DataFrame],
    workers: int,
    say: Progress,
) -> tuple[History, int]:
    """Extract the vectors of every mail that is learnt or measured; also return how many have lost their raw mail."""
    truth = dataset.labelled.select("event_id", truth="label", weight="weight")
    wanted = pl.concat([truth["event_id"], *(frame["event_id"] for frame in news)]).unique()
    everything = replace(dataset, rules=replace(dataset.rules, delay=timedelta(0))).index.drop("label")
    index = everything.filter(pl.col("event_id").is_in(wanted.implode()))
    index = index.join(truth.drop("weight"), on="event_id", how="left", maintain_order="left")
    with say.step("extracting features", len(index)) as done:
        there, vectors = extract_events(dataset, index, features, workers=workers, progress=done)
    numbers = {event: row for row, event in enumerate(there["event_id"].to_list())}
    history = History(
        index=there,
        vectors=vectors,
        moments=tuple(moments),
        news=tuple(_aligned(frame, numbers) for frame in news),
        delay=dataset.rules.delay,
    )
    return history, len(index) - len(there)


def _aligned(frame: pl.DataFrame, numbers: dict[str, int]) -> News:
    kept = frame.filter(pl.col("event_id").is_in(list(numbers)))
    rows = np.array([numbers[event] for event in kept["event_id"].to_list()], np.int64)
    label = kept["label"].fill_null(UNKNOWN).to_numpy().astype(np.int8)
    order = np.argsort(rows)
    return News(rows[order], label[order])


def train_at(history: History, number: int, experiment: Experiment, features: FeatureSet) -> Taught:
    """Train, calibrate and fit thresholds with nothing but what was known at a moment.

    Raises
    ------
    DataRefused
        It was too little.
    """
    moment = history.moments[number]
    label = history.label_at(number)
    known = np.flatnonzero((label != UNKNOWN) & (history.times <= _instant(moment - history.delay)))
    index = history.index[known.tolist()].with_columns(label=pl.Series(label[known]))
    train, calibration = experiment.split.shares[:2]
    cut = index["event_time"][min(int(len(index) * train / (train + calibration)), len(index) - 1)]
    gap = parse_length(experiment.split.gap) if experiment.split.gap else history.delay
    minima = {part: MINIMA[part] for part in ("train", "calibration")}
    split = by_time(index, dates=(cut, moment), gap=gap, minima=minima)
    rows, held = known[split.train], known[split.calibration]
    weight = history.index["weight"].to_numpy()
    campaign = history.index["campaign"].to_numpy().astype(str)
    model = fit_stack(experiment, features, history.vectors[rows], label[rows], weight[rows], campaign[rows])
    if not isinstance(model, ContentStack):
        raise InputError("a backtest needs features with content views.")
    added = model.trees_.decision_function(history.vectors.dense)
    margin = model.content_logit(history.vectors[held]) + added[held]
    platt = fit_platt(margin, label[held], weight[held])
    logit = platt.logit(margin).astype(np.float32)
    budgets = experiment.evaluation.budgets
    policies = fit_policies(label[held], logit, weight[held], budgets=budgets)
    return Taught(model, platt, policies, rows, held, logit, added)


def walk(
    history: History,
    first: Taught,
    *,
    name: str,
    update: bool,
    retrain: Train | None = None,
    every: int = 0,
    power: float = 0.0,
    done: Callable[[int], None] = lambda _days: None,
) -> Arm:
    """Score each day's mail with the model as it stood at the start of the day, then learn.

    Parameters
    ----------
    first
        The model at the first moment.
    update
        Whether to learn daily.
    retrain, every
        Trains from scratch, and the days between.
    power
        A mail of a campaign of which n are known by then counts ``n ** -power``.
    done
        Called with the number of days done.

    Returns
    -------
    Arm
        Of all N events; ``nan`` where nothing was scored.
    """
    length = len(history.index)
    times, weight = history.times, history.index["weight"].to_numpy()
    campaign = history.index["campaign"].to_list()
    logit = np.full(length, np.nan, np.float32)
    names = [policy.name for policy in first.policies]
    thresholds = {how: {policy: np.full(length, np.nan, np.float32) for policy in names} for how in HOW}
    label = np.full(length, UNKNOWN, np.int8)
    taught, model, counts, trained, total = first, first.model, Counter[str](), 1, 0
    learnt, judged, recent = _begin(first, length, campaign, counts)
    current = first.policies
    for number, (moment, end) in enumerate(zip(history.moments, history.moments[1:], strict=False)):
        news = history.news[number]
        label[news.rows] = news.label
        if retrain is not None and number and number % every == 0:
            taught = retrain(history, number)
            model, current, trained = taught.model, taught.policies, trained + 1
            counts.clear()
            learnt, judged, recent = _begin(taught, length, campaign, counts)
        fresh = np.flatnonzero((label != UNKNOWN) & ~learnt)
        if update and len(fresh):
            counts.update(campaign[row] for row in fresh)
            often = [counts[campaign[row]] if campaign[row] else 1 for row in fresh]
            model = updated(
                model, history.vectors[fresh], label[fresh], weight[fresh] * np.array(often) ** -float(power)
            )
            learnt[fresh] = True
            total += len(fresh)
        mature = (label != UNKNOWN) & recent & (times <= _instant(moment - history.delay))
        current = _refitted(np.flatnonzero(mature)[-RECENT:], label, judged, weight, current)
        rows = np.flatnonzero((times >= _instant(moment)) & (times < _instant(end)))
        if len(rows):
            logit[rows] = judged[rows] = taught.judged(model, history, rows)
            recent[rows] = True
            for how, policies in zip(HOW, (taught.policies, current), strict=True):
                for policy in policies:
                    thresholds[how][policy.name][rows] = policy.threshold
        done(1)
    return Arm(name, logit, thresholds, total, trained)


def _begin(
    taught: Taught, length: int, campaign: Sequence[str], counts: Counter[str]
) -> tuple[NDArray[np.bool_], NDArray[np.float32], NDArray[np.bool_]]:
    """Return which rows a model from scratch has learnt, what it said, and of which rows."""
    learnt, recent = np.zeros(length, np.bool_), np.zeros(length, np.bool_)
    judged = np.full(length, np.nan, np.float32)
    learnt[taught.rows] = True
    recent[taught.held] = True
    judged[taught.held] = taught.logit
    counts.update(campaign[row] for row in taught.rows)
    return learnt, judged, recent


def _refitted(
    rows: Rows,
    label: NDArray[np.int8],
    logit: NDArray[np.float32],
    weight: NDArray[np.float64],
    current: tuple[Policy, ...],
) -> tuple[Policy, ...]:
    """Return thresholds fitted on the newest rows; those in force where there are too few of a class."""
    budgets = [policy.budget for policy in current]
    try:
        return fit_policies(label[rows], logit[rows], weight[rows], budgets=budgets)
    except DataRefused:
        return current


def _instant(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ms")


def _only(arm: Arm, rows: Rows) -> Arm:
    thresholds = {
        how: {name: values[rows] for name, values in found.items()} for how, found in arm.thresholds.items()
    }
    return replace(arm, logit=arm.logit[rows], thresholds=thresholds)


def _notes(history: History, first: Taught, lost: int) -> tuple[str, ...]:
    label = history.label_at(0)
    ham, spam = (int((label[first.rows] == value).sum()) for value in (0, 1))
    begin, end = (history.times[first.rows[place]].astype("datetime64[D]") for place in (0, -1))
    said = [f"trained from scratch on {ham:,} ham and {spam:,} spam, {begin} to {end} (UTC)"]
    uncertified = [policy.name for policy in first.policies if not policy.certified]
    if uncertified:
        said.append(f"not certified by the ham before the start: {', '.join(uncertified)}")
    if lost:
        said.append(f"left out: {lost:,} events whose raw mail was removed by retention")
    return tuple(said)
