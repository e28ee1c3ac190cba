"""The one walk through the layers, used by notebook, command line and scheduled job alike.

source -> dataset -> features -> model -> evaluation -> bundle -> registry
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.graph import ContentPart, emit
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.signing import private_key
from msa_ml.bundle.write import require_importable
from msa_ml.dataset.campaigns import campaign_weight
from msa_ml.dataset.dataset import EARLIEST, LATEST, Dataset, Selection, day_of
from msa_ml.dataset.decisions import with_decision
from msa_ml.dataset.feedback import propensity_weight, unreachable
from msa_ml.dataset.quality import require_promises
from msa_ml.dataset.splits import Split, by_time, given
from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation.checks.leakage import leakage
from msa_ml.evaluation.compare import Comparison
from msa_ml.evaluation.evaluation import evaluate
from msa_ml.experiment import Experiment, parse_length, parse_moment
from msa_ml.features.extraction import extract_events, readable
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.learning import Learnt, cross_learnt, learners
from msa_ml.features.learning import inputs as learnt_inputs
from msa_ml.features.logged import read_logged
from msa_ml.model.calibration import Platt, fit_platt
from msa_ml.model.stack import ContentStack
from msa_ml.model.tabular import TabularTrees
from msa_ml.model.threshold import Policy, fit_policies
from msa_ml.model.without_past import forget, half, stricter
from msa_ml.model.worth import LEAST_EVENTS, Worth, worth
from msa_ml.publishing import Published, make_bundle, run_items
from msa_ml.records import Kind, words_of
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.queries import query
from msa_ml.tasks import get as get_task
from msa_ml.trained import Prepared, Trained, slices_of

Model = ContentStack | TabularTrees
"""The families: one shape, chosen by the features."""


class Progress(Protocol):
    """What tells a person how far a long step is."""

    def step(self, name: str, total: int = 0) -> AbstractContextManager[Callable[[int], None]]:
        """Enter a step; the function that comes back is called with what was done since the last call."""


class Silent:
    """No progress is shown."""

    def step(self, name: str, total: int = 0) -> AbstractContextManager[Callable[[int], None]]:  # noqa: ARG002 - the protocol's names
        """Say nothing."""
        return nullcontext(lambda _done: None)


def load(
    task: str = "spam",
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    *,
    as_of: str | datetime | None = None,
    source: str | Sequence[str] | None = None,
    sample: float = 1.0,
    keep: str | None = None,
    sample_by: str = "event",
    simulated: bool | None = None,
    settings: Settings | None = None,
) -> Dataset:
    """Return the events of a window with their labels, as known at a moment.

    Parameters
    ----------
    task
        Whose labels are read.
    since, until
        Window over event time, UTC: ``"2026-11-01"`` or a datetime; default: everything.
    as_of
        Only events and labels known before this moment exist; default: ``until``, else everything that is stored.
    source
        Name or names of sources; default: all.
    sample
        Share of events, chosen by their hash, so the same ones come every time.
    keep
        ``"spam"`` or ``"abuse"``: all abuse whatever ``sample`` says; inclusion weights keep the metrics right.
    sample_by
        ``"event"`` or ``"campaign"``.
    simulated
        Take simulated events; default: only if the store holds nothing else.
    settings
        Default: environment and ``msa.toml``.
    """
    chosen = settings or read_settings()
    known = get_task(task)
    moments = {name: _moment(value) for name, value in (("since", since), ("until", until), ("as_of", as_of))}
    store = connect(chosen.clickhouse_url, settings=chosen)
    if simulated is None:
        simulated = _only_simulated(store, chosen, known.kind)
    selection = Selection(
        since=moments["since"] or EARLIEST,
        until=moments["until"] or LATEST,
        as_of=moments["as_of"] or moments["until"] or LATEST,
        sources=(source,) if isinstance(source, str) else tuple(source or ()),
        sample=sample,
        keep=keep,
        sample_by=sample_by,
        simulated=simulated,
    )
    return Dataset(task, selection, known.labels, chosen, store, known.kind)


def select(settings: Settings, experiment: Experiment, as_of: datetime) -> Dataset:
    """Return the dataset that an experiment names, as known at a moment."""
    data = experiment.data
    until = parse_moment(data.until) if data.until else as_of
    since = parse_moment(data.since) if data.since else None
    if data.window:
        if since is not None:
            raise InputError("data.since and data.window exclude each other.", hint="Name one of them.")
        since = until - parse_length(data.window)
    return load(
        experiment.task,
        since,
        until,
        as_of=as_of,
        source=data.sources,
        sample=data.sample,
        keep=data.keep or None,
        sample_by=data.sample_by,
        settings=settings,
    )


def prepare(
    dataset: Dataset,
    experiment: Experiment | None = None,
    *,
    features: FeatureSet | None = None,
    workers: int = 0,
    progress: Progress | None = None,
) -> Prepared:
    """Check the rows, extract their features, look for what could not have been known, and split them.

    Parameters
    ----------
    dataset
        The events.
    experiment
        How to split; default: the task's baseline.
    features
        Default: what the experiment wants of its task, see :func:`features_of`.
    workers
        Processes, 0 = one a core.

    Raises
    ------
    DataRefused
        The rows cannot support a training, or a feature knows what was not yet known at the moment of its event.
    """
    say = progress or Silent()
    experiment = experiment or Experiment.of(dataset.task)
    with say.step("reading events and labels"):
        dataset.require_rows()
        require_promises(dataset.index)
        labelled, notes = _labelled(dataset, experiment)
    chosen = _settled(features or features_of(experiment), len(labelled), experiment)
    prepared = _vectors(dataset, labelled, experiment, chosen, workers, say)
    with say.step("looking for leaks"):
        found = leakage(
            dataset,
            prepared.index,
            prepared.vectors,
            prepared.features,
            logged=experiment.data.read == "vectors",
        )
    found.require_none()
    return replace(prepared, notes=(*prepared.notes, *notes, *found.warnings))


def features_of(experiment: Experiment) -> FeatureSet:
    """Return the features that an experiment wants of its task.

    Raises
    ------
    InputError
        It wants more histories than the task has.

    Examples
    --------
    >>> spam = Experiment.of("spam")
    >>> [len(features_of(one).histories) > 0 for one in (spam, spam.with_histories(), spam.without_histories())]
    [True, True, False]
    """
    task = get_task(experiment.task)
    chosen = task.every_feature() if experiment.model.features == "portable" else task.features()
    if experiment.model.histories == "usual":
        return chosen
    return chosen.with_histories(
        *(task.more_histories() if experiment.model.histories == "all" else task.histories)
    )


def _settled(features: FeatureSet, events: int, experiment: Experiment) -> FeatureSet:
    """Return the features without the histories that an experiment leaves open where nothing could be said for them.

    Of fewer than 2,000 events nothing is more than chance, and logged vectors have histories only if they were asked for.
    """
    told = events >= LEAST_EVENTS and experiment.data.read == "events"
    if experiment.model.histories != "auto" or told:
        return features
    return features.without(*_further(features, experiment))


def _labelled(dataset: Dataset, experiment: Experiment) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the labelled rows, weighted as the experiment wants it, and what is to be said of the weights."""
    columns = experiment.data.propensity
    if not columns:
        return dataset.labelled, ()
    index = with_decision(dataset) if "decision" in columns else dataset.index
    weight = pl.Series("weight", index["weight"].to_numpy() * propensity_weight(index, columns))
    notes = [f"labels are weighted by one over the labelled share of their stratum ({', '.join(columns)})"]
    if lost := unreachable(index, columns):
        notes.append(
            f"{lost:,} events stand in strata without any label; no weight lets another speak for them"
        )
    weighted = index.drop("decision", strict=False).with_columns(weight)
    return weighted.filter(pl.col("label").is_not_null()), tuple(notes)


def _vectors(
    dataset: Dataset,
    labelled: pl.DataFrame,
    experiment: Experiment,
    chosen: FeatureSet,
    workers: int,
    say: Progress,
) -> Prepared:
    """Split the labelled rows and compute, or read, their features."""
    # The split is tried before the slow part, so that too few rows are said at once.
    _split(labelled, experiment)
    if experiment.data.read == "vectors":
        return _from_log(dataset, labelled, experiment, chosen, say)
    whole = readable(dataset, labelled, chosen)
    mail = dataset.kind == "mail"
    what, setting = ("raw mail", "raw_mail") if mail else ("personal fields", "personal")
    taught = None
    if learners(chosen) and len(whole):
        with say.step("learning lists"):
            taught = _taught(dataset, whole, _split(whole, experiment).train, chosen, experiment)
            chosen = taught.features
    with say.step("extracting features", len(whole)) as done:
        index, vectors = extract_events(dataset, whole, chosen, workers=workers, progress=done)
    if not len(index):
        raise DataRefused(
            f"no labelled event has its {what} any more: retention has removed {'it' if mail else 'them'}.",
            hint=f"Widen {setting} in [retention], or train on a newer window.",
        )
    split = _split(index, experiment)
    if taught is not None:
        vectors = Vectors(taught.put(vectors.dense, split.train), vectors.content)
    lost = {f"whose {what} {'was' if mail else 'were'} removed by retention": len(labelled) - len(index)}
    split = replace(split, dropped={**split.dropped, **lost})
    return Prepared(dataset, index, vectors, split, chosen)


def _taught(
    dataset: Dataset,
    labelled: pl.DataFrame,
    train: NDArray[np.int64],
    features: FeatureSet,
    experiment: Experiment,
) -> Learnt:
    """Learn the small models among the features from the training window, each event's own numbers without it."""
    rows = labelled[train].select("event_id", "label")
    names = learnt_inputs(features)
    parts = [batch.join(rows, on="event_id", how="semi") for batch in dataset.table(names)]
    batch = rows.join(pl.concat(parts), on="event_id", how="left", maintain_order="left")
    y = rows["label"].to_numpy().astype(np.int64)
    return cross_learnt(features, batch.select(names), y, folds=experiment.model.folds)


def _from_log(
    dataset: Dataset, labelled: pl.DataFrame, experiment: Experiment, features: FeatureSet, say: Progress
) -> Prepared:
    """Read logged vectors where :func:`prepare` would extract features; raw events are not needed."""
    store = connect(dataset.settings.results_url, settings=dataset.settings)
    with say.step("reading logged vectors", len(labelled)) as done:
        found = read_logged(
            store,
            dataset.settings,
            features,
            labelled["event_id"].to_list(),
            (dataset.selection.since, dataset.selection.until),
            progress=done,
        )
    if features.views and not found.projection.features.views:
        raise DataRefused(
            "no content view of the logged vectors can be read, and the model is made of them.",
            hint="; ".join(found.projection.said()),
        )
    place = {event: row for row, event in enumerate(found.ids)}
    rows = np.array([place.get(event, -1) for event in labelled["event_id"].to_list()])
    index = labelled.filter(pl.Series(rows >= 0))
    split = _split(index, experiment)
    lost = {
        "whose logged content was removed by retention": found.emptied,
        "that were not logged": int((rows < 0).sum()) - found.emptied,
    }
    return Prepared(
        dataset,
        index,
        found.vectors[rows[rows >= 0]],
        replace(split, dropped={**split.dropped, **lost}),
        found.projection.features,
        dropped=found.projection.dropped,
        notes=tuple(found.projection.said()),
    )


def _split(index: pl.DataFrame, experiment: Experiment) -> Split:
    choice = experiment.split
    if choice.method == "given":
        named = {"train": choice.train, "calibration": choice.calibration, "test": choice.test}
        return given(index, {part: patterns for part, patterns in named.items() if patterns})
    dates = (parse_moment(choice.dates[0]), parse_moment(choice.dates[1])) if choice.dates else None
    gap = parse_length(choice.gap) if choice.gap else get_task(experiment.task).labels.delay
    words = words_of(get_task(experiment.task).kind)
    return by_time(
        index,
        shares=choice.shares,
        dates=dates,
        gap=gap,
        slow=get_task(experiment.task).labels.delays,
        drop_late=choice.late_labels == "drop",
        words=words,
    )


def fit(
    prepared: Prepared, experiment: Experiment | None = None, *, progress: Progress | None = None
) -> Trained:
    """Train, calibrate, emit the graph, fit the thresholds, and evaluate on the test window.

    Parameters
    ----------
    prepared
        Rows, vectors and split.
    experiment
        Default: the task's baseline.
    """
    say = progress or Silent()
    experiment = (experiment or Experiment.of(prepared.dataset.task)).without_views(prepared.dropped)
    fitted, found = _chosen(prepared, experiment, say)
    prepared = fitted.prepared
    with say.step("evaluating"):
        rows, weight = prepared.split.test, prepared.weight[prepared.split.test]
        logit = fitted.runner.logits(prepared.vectors[rows])
        index = prepared.index[rows]
        evaluation = evaluate(
            prepared.y[rows],
            logit,
            policies=fitted.policies,
            weight=weight if (weight != 1).any() else None,
            campaign=index["campaign"].to_numpy().astype(str),
            day=day_of(index),
            slices=slices_of(index),
            seed=experiment.seed,
            replicates=experiment.evaluation.replicates,
            per_day=experiment.evaluation.per_day,
            synthetic=prepared.dataset.synthetic,
            words=prepared.words,
        )
    model = fitted.model
    return Trained(
        experiment,
        get_task(experiment.task),
        prepared,
        model,
        fitted.calibration,
        fitted.policies,
        fitted.graph,
        logit,
        evaluation,
        dict(zip(prepared.features.columns, model.trees_.gain().tolist(), strict=True)),
        found,
    )


@dataclass(frozen=True)
class _Fitted:
    """A model with its thresholds, and the calibrated logits of the calibration window: as it is, and without histories."""

    prepared: Prepared
    model: Model
    calibration: Platt
    policies: tuple[Policy, ...]
    graph: bytes
    runner: Graph
    logits: tuple[NDArray[np.float32], ...]


def _chosen(prepared: Prepared, experiment: Experiment, say: Progress) -> tuple[_Fitted, Worth | None]:
    """Return the model; where the experiment leaves histories open, that with or without them, and what they bring."""
    if experiment.model.histories != "auto":
        return _fitted(prepared, experiment, say), None
    names = _further(prepared.features, experiment)
    plain = _fitted(prepared.without(*names), experiment.without_histories(), say)
    if not names:
        return plain, None
    with say.step("the same with histories"):
        past = _fitted(prepared, experiment.with_histories(), Silent(), plain.model)
    held = prepared.split.calibration
    found = worth(
        prepared.y[held],
        prepared.weight[held],
        prepared.index[held]["campaign"].to_numpy().astype(str),
        plain=plain.logits[0],
        known=past.logits[0],
        unknown=past.logits[1],
        plain_policies=plain.policies,
        policies=past.policies,
    )
    return (past if found.kept else plain), found


def _further(features: FeatureSet, experiment: Experiment) -> list[str]:
    """Return the names of the histories that a set has beyond those of its task's features."""
    further = {history.name for history in get_task(experiment.task).histories}
    return [history.name for history in features.histories if history.name in further]


def _fitted(
    prepared: Prepared, experiment: Experiment, say: Progress, content: Model | None = None
) -> _Fitted:
    """Train, calibrate, emit the graph and fit the thresholds; ``content``: a model whose content model is taken over."""
    y, weight, vectors, split = prepared.y, prepared.weight, prepared.vectors, prepared.split
    with say.step("training"):
        campaign = prepared.index[split.train]["campaign"].to_numpy().astype(str)
        rows = split.train
        model = fit_stack(
            experiment, prepared.features, vectors[rows], y[rows], weight[rows], campaign, content=content
        )
    with say.step("calibrating"):
        held = split.calibration
        either = _readings(experiment, prepared.features, vectors[held])
        margin = np.concatenate([model.decision_function(reading) for reading in either])
        calibration = fit_platt(margin, np.tile(y[held], len(either)), np.tile(weight[held], len(either)))
        graph = emit_graph(model, calibration)
        runner = Graph(graph)
        logits = tuple(runner.logits(reading) for reading in either)
        policies = reduce(
            stricter,
            [
                fit_policies(
                    y[held],
                    logit,
                    weight[held],
                    budgets=experiment.evaluation.budgets,
                    words=prepared.words,
                )
                for logit in logits
            ],
        )
    return _Fitted(prepared, model, calibration, policies, graph, runner, logits)


def _readings(experiment: Experiment, features: FeatureSet, vectors: Vectors) -> tuple[Vectors, ...]:
    """Return the vectors as they are, and where the model must do without histories also without these."""
    if experiment.model.histories == "all" and features.histories:
        return vectors, forget(vectors, features)
    return (vectors,)


def fit_stack(
    experiment: Experiment,
    features: FeatureSet,
    vectors: Vectors,
    y: NDArray[np.int8],
    weight: NDArray[np.float64],
    campaign: NDArray[np.str_],
    *,
    content: Model | None = None,
) -> Model:
    """Train the model of an experiment on rows in order of time, not yet calibrated.

    Trees on a content model where the features have content views, trees alone where they have none. With
    ``model.histories = "all"`` half of the rows are learnt from without their histories.

    Parameters
    ----------
    weight
        One over the probability of inclusion.
    campaign
        Fingerprint of each row, empty where it has none.
    content
        A model of the same rows whose content model is taken over, so that only the trees are trained.
    """
    if experiment.model.histories == "all":
        vectors = forget(vectors, features, half(campaign, experiment.seed))
    trees = experiment.to_dict()["model"]["trees"]
    groups = tuple(column.rpartition(".")[0] for column in features.columns)
    monotone = tuple(feature.monotone for feature in features.features)
    weight = weight * campaign_weight(campaign, experiment.model.campaign_weight)
    model: Model
    if isinstance(content, ContentStack):
        return content.with_trees(vectors, y, weight, groups=groups, monotone=monotone)
    if features.views:
        model = ContentStack(
            content=_content_parameters(experiment, features),
            trees=trees,
            folds=experiment.model.folds,
            groups=groups,
            monotone=monotone,
            seed=experiment.seed,
        )
    else:
        model = TabularTrees(trees=trees, groups=groups, monotone=monotone, seed=experiment.seed)
    return model.fit(vectors, y, weight)


def _content_parameters(experiment: Experiment, features: FeatureSet) -> dict[str, Any]:
    choice = experiment.to_dict()["model"]["content"]
    views = {view.name for view in features.views}
    unknown = sorted(set(choice["sizes"]) - views)
    if unknown:
        raise InputError(
            f"model.content.sizes names the view {unknown[0]!r}, which the feature set does not have.",
            hint=f"It has: {', '.join(sorted(views))}.",
        )
    return dict(choice)


def emit_graph(model: Model, calibration: Platt) -> bytes:
    """Return the ONNX graph of a trained model."""
    trees, base = model.trees_.trees()
    part = None
    if isinstance(model, ContentStack):
        content = model.content_model_
        part = ContentPart(content.hashing, content.weight_, content.bias_)
    return emit(
        width=model.trees_.n_features_in_,
        trees=trees,
        base_margin=base,
        slope=calibration.slope,
        intercept=calibration.intercept,
        content=part,
    )


def train(
    settings: Settings,
    experiment: Experiment,
    as_of: datetime,
    *,
    features: FeatureSet | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    track: bool = True,
) -> Published:
    """Walk from the source to the registry.

    Parameters
    ----------
    settings
        Where to read and write.
    experiment
        Every choice.
    as_of
        The moment of training: nothing that became known later is used.
    features
        Default: the task's.
    workers
        Processes for extraction, 0 = one a core.
    track
        Log the run and register the version; without it only the bundle is written.

    Raises
    ------
    DataRefused
        The rows cannot support the training.
    SourceUnavailable, StoreBusy, TrackingUnavailable
        A system does not answer.
    """
    portable = experiment.model.features == "portable"
    chosen = features or features_of(experiment)
    require_importable(chosen)
    if settings.signing_key is not None:
        private_key(settings.signing_key)  # said now, not after the training
    say = progress or Silent()
    tracking = None
    if track:
        from msa_ml.registry.tracking import Tracking

        with say.step("reaching MLflow"):
            tracking = Tracking(settings)
            tracking.ping()
    dataset = select(settings, experiment, as_of)
    prepared = prepare(dataset, experiment, features=chosen, workers=workers, progress=say)
    cost = None
    if portable:
        trained, cost = _fit_portable(prepared, experiment, features or features_of(_usual(experiment)), say)
    else:
        trained = fit(prepared, experiment, progress=say)
    with say.step("writing the bundle"):
        bundle = make_bundle(trained, settings.home / "bundles" / experiment.task)
    if tracking is None:
        return Published("", "", (), bundle, trained, cost)
    with say.step("registering"):
        registered = tracking.log(experiment.task, run_items(trained, bundle))
    return Published(registered.version, registered.run_id, registered.aliases, bundle, trained, cost)


def _fit_portable(
    prepared: Prepared, experiment: Experiment, whole: FeatureSet, say: Progress
) -> tuple[Trained, Comparison]:
    """Train on the portable features, and say what it costs to do without the others, on the same rows."""
    trained = fit(prepared.portable(), experiment, progress=say)
    with say.step("training on every feature, for the cost"):
        other = fit(prepared.only(whole), _usual(experiment))
    return trained, other.compare(trained)


def _usual(experiment: Experiment) -> Experiment:
    """Return the experiment on features that need our Python as well."""
    content = replace(experiment.model.content, sizes=Experiment.of(experiment.task).model.content.sizes)
    return replace(experiment, model=replace(experiment.model, features="all", content=content))


def _moment(value: str | datetime | None) -> datetime | None:
    return None if value is None else parse_moment(value)


def _only_simulated(store: Store, settings: Settings, kind: Kind) -> bool:
    """Whether the source holds simulated events of a kind and no other."""
    return bool(store.value(query("only_simulated", settings, kind=kind)))
