"""An experiment as a file: every choice of a training run, validated with messages that name the key.

``msa-ml train spam`` is the experiment with every default; ``experiments/spam/baseline.toml`` spells it out. A task may
have other defaults (:attr:`msa_ml.tasks.task.Task.choices`), which a file may change in turn.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from msa_ml.bundle.rollout import Rollout, Step
from msa_ml.errors import InputError, UnknownNameError


@dataclass(frozen=True)
class DataChoice:
    """``[data]``: which events.

    Attributes
    ----------
    since, until
        ISO dates, or empty: everything.
    window
        A length such as ``90d`` that ends at ``as_of``, instead of ``since``.
    sources
        Names of sources; empty = all.
    sample, keep, sample_by
        See :class:`msa_ml.dataset.dataset.Selection`.
    propensity
        Columns of the index, or ``decision``, that part the events into strata: each labelled event then weighs one over
        the share of its stratum that has a label, see :func:`msa_ml.dataset.feedback.propensity_weight`. Empty: off.
    read
        ``"events"``: features are extracted from the raw events. ``"vectors"``: logged vectors are read instead, and
        nothing raw is needed.
    """

    since: str = ""
    until: str = ""
    window: str = ""
    sources: tuple[str, ...] = ()
    sample: float = 1.0
    keep: str = ""
    sample_by: str = "event"
    propensity: tuple[str, ...] = ()
    read: str = "events"


@dataclass(frozen=True)
class SplitChoice:
    """``[split]``: ``method = "time"`` with shares or dates, or ``method = "given"`` with lists of origin patterns.

    ``gap`` is the label delay between training and calibration; empty = the task's. ``late_labels`` says what becomes of
    training labels that were not known when calibration begins: ``"keep"`` (they are counted) or ``"drop"``.
    """

    method: str = "time"
    shares: tuple[float, ...] = (0.60, 0.15, 0.25)
    dates: tuple[str, ...] = ()
    gap: str = ""
    late_labels: str = "keep"
    train: tuple[str, ...] = ()
    calibration: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContentChoice:
    """``[model.content]``: see :class:`msa_ml.model.content.ContentModel`; ``sizes`` by view."""

    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: {"head": (4,), "text": (2, 4)})
    bits: int = 20
    alpha: float = 1e-6
    evidence: float = 0.5
    padding: float = 0.25
    epochs: int = 4


@dataclass(frozen=True)
class TreesChoice:
    """``[model.trees]``: see :class:`msa_ml.model.boosting.BoostedTrees`."""

    bags: int = 8
    group_share: float = 0.4
    rounds: int = 100
    depth: int = 3
    rate: float = 0.08
    row_share: float = 0.8
    column_share: float = 0.3
    child_weight: float = 2.0
    l2: float = 2.0
    device: str = "cpu"


@dataclass(frozen=True)
class ModelChoice:
    """``[model]``.

    Attributes
    ----------
    features
        ``"all"`` that the task has, or ``"portable"``: those that can be computed from the specification, without our
        Python.
    histories
        ``"usual"``: those of the task's features; ``"all"``: also those that serving knows only if it keeps counters. The
        model then learns to do without as well, see :mod:`msa_ml.model.without_past`. ``"auto"``: those too, if they are worth it on
        the calibration window, see :mod:`msa_ml.model.worth`.
    folds
        Runs in time for the out-of-fold content logit.
    campaign_weight
        An event of a campaign of n counts ``n ** -campaign_weight``.
    """

    features: str = "all"
    histories: str = "auto"
    folds: int = 5
    campaign_weight: float = 0.5
    content: ContentChoice = field(default_factory=ContentChoice)
    trees: TreesChoice = field(default_factory=TreesChoice)


@dataclass(frozen=True)
class EvaluationChoice:
    """``[evaluation]``.

    Attributes
    ----------
    budgets
        False-positive budgets of the policies, shares.
    replicates
        Of the bootstrap.
    per_day
        Events that the analysts can review in a day: the k of precision at k per day.
    """

    budgets: tuple[float, ...] = (0.0001, 0.001, 0.01)
    replicates: int = 400
    per_day: int = 50


@dataclass(frozen=True)
class RolloutChoice:
    """``[rollout]``: how a bundle takes over, see :class:`msa_ml.bundle.rollout.Rollout`.

    ``hours`` has one entry less than ``shares``: after the last nothing follows.
    """

    shares: tuple[float, ...] = (0.01, 0.1, 1.0)
    hours: tuple[float, ...] = (24.0, 24.0)
    most_flips: float = 0.02
    most_blocked_change: float = 0.25

    def plan(self) -> Rollout:
        """Return the plan.

        Raises
        ------
        InputError
            The shares do not grow to 1, or a number is out of range.
        """
        if len(self.hours) != len(self.shares) - 1:
            raise InputError(
                f"rollout.hours holds {len(self.hours)} numbers, one less than rollout.shares is needed: {len(self.shares) - 1}."
            )
        steps = tuple(Step(*step) for step in zip(self.shares, (*self.hours, 0.0), strict=True))
        return Rollout(steps, self.most_flips, self.most_blocked_change)


@dataclass(frozen=True)
class Experiment:
    """Every choice of one training run.

    Examples
    --------
    >>> Experiment.from_dict({"task": "spam", "model": {"trees": {"depht": 3}}})
    Traceback (most recent call last):
    msa_ml.errors.UnknownNameError: unknown key of [model.trees] 'depht'. Did you mean 'depth'? Known: bags, ...
    """

    task: str
    name: str = "baseline"
    seed: int = 0
    data: DataChoice = field(default_factory=DataChoice)
    split: SplitChoice = field(default_factory=SplitChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    evaluation: EvaluationChoice = field(default_factory=EvaluationChoice)
    rollout: RolloutChoice = field(default_factory=RolloutChoice)

    def __post_init__(self) -> None:
        self.rollout.plan()
        _one_of("split.method", self.split.method, ("time", "given"))
        _one_of("split.late_labels", self.split.late_labels, ("keep", "drop"))
        _one_of("data.keep", self.data.keep, ("", "spam", "ham", "abuse", "good"))
        _one_of("data.sample_by", self.data.sample_by, ("event", "campaign"))
        _one_of("data.read", self.data.read, ("events", "vectors"))
        _one_of("model.features", self.model.features, ("all", "portable"))
        _one_of("model.histories", self.model.histories, ("auto", "usual", "all"))
        _one_of("model.trees.device", self.model.trees.device, ("cpu", "cuda"))
        if self.split.gap:
            parse_length(self.split.gap)
        if self.data.window and not parse_length(self.data.window):
            raise InputError("data.window must be longer than 0.")
        for key, value, low, high in self._ranges():
            if not low <= value <= high:
                raise InputError(f"{key} must be {low:g} to {high:g}, found {value:g}.")
        if self.split.method == "given" and not (self.split.train and self.split.test):
            raise InputError(
                "split.method = 'given' needs split.train and split.test, lists of origin patterns."
            )
        if self.split.dates and len(self.split.dates) != 2:
            raise InputError("split.dates must hold two dates: the start of calibration and of test.")
        if not all(0 < budget < 1 for budget in self.evaluation.budgets) or not self.evaluation.budgets:
            raise InputError("evaluation.budgets must be shares between 0 and 1.")

    def _ranges(self) -> list[tuple[str, float, float, float]]:
        """Return (key, value, least, most) of every number."""
        content, trees = self.model.content, self.model.trees
        return [
            ("seed", self.seed, 0, 2**31 - 1),
            ("data.sample", self.data.sample, 1e-6, 1),
            ("model.folds", self.model.folds, 2, 100),
            ("model.campaign_weight", self.model.campaign_weight, 0, 1),
            ("model.content.bits", content.bits, 10, 24),
            ("model.content.alpha", content.alpha, 1e-12, 1),
            ("model.content.evidence", content.evidence, 0, 2),
            ("model.content.padding", content.padding, 0, 1),
            ("model.content.epochs", content.epochs, 1, 1000),
            ("model.trees.bags", trees.bags, 1, 100),
            ("model.trees.group_share", trees.group_share, 0.01, 1),
            ("model.trees.rounds", trees.rounds, 1, 100_000),
            ("model.trees.depth", trees.depth, 1, 16),
            ("model.trees.rate", trees.rate, 1e-6, 1),
            ("model.trees.row_share", trees.row_share, 0.01, 1),
            ("model.trees.column_share", trees.column_share, 0.01, 1),
            ("model.trees.child_weight", trees.child_weight, 0, 1e9),
            ("model.trees.l2", trees.l2, 0, 1e9),
            ("evaluation.replicates", self.evaluation.replicates, 20, 100_000),
            ("evaluation.per_day", self.evaluation.per_day, 1, 10_000_000),
        ]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Experiment:
        """Build from plain values.

        Raises
        ------
        UnknownNameError, InputError
            An unknown key, a value of another type, or one that is not allowed.
        """
        if "task" not in data:
            raise InputError("the experiment names no task.", hint='Begin it with: task = "spam"')
        built: Experiment = _build(cls, _merged(_choices_of(data["task"]), data), "")
        return built

    @classmethod
    def of(cls, task: str, **changes: Any) -> Experiment:
        """Return the baseline of a task, some of its values changed.

        Examples
        --------
        >>> Experiment.of("spam", seed=3).seed
        3
        """
        return replace(cls.from_dict({"task": task}), **changes)

    @classmethod
    def read(cls, path: Path) -> Experiment:
        """Read a ``.toml`` file."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputError(f"no such experiment file: {path}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not valid TOML: {error}.") from error
        try:
            return cls.from_dict(data)
        except InputError as error:
            raise InputError(f"{path}: {error.message}", hint=error.hint) from error

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def with_data(self, **changes: Any) -> Experiment:
        """Return the experiment on other events."""
        return replace(self, data=replace(self.data, **changes))

    def portable(self) -> Experiment:
        """Return the experiment with portable features only, and what the task chooses for these.

        Examples
        --------
        >>> dict(Experiment.of("spam").portable().model.content.sizes)
        {'raw': (4,)}
        """
        from msa_ml.tasks import get

        sizes = get(self.task).portable_sizes or self.model.content.sizes
        content = replace(self.model.content, sizes=sizes)
        return replace(self, model=replace(self.model, features="portable", content=content))

    def with_histories(self) -> Experiment:
        """Return the experiment with every history that the task has.

        Examples
        --------
        >>> Experiment.of("spam").with_histories().model.histories
        'all'
        """
        return replace(self, model=replace(self.model, histories="all"))

    def without_histories(self) -> Experiment:
        """Return the experiment with no histories but those of the task's features.

        Examples
        --------
        >>> Experiment.of("spam").without_histories().model.histories
        'usual'
        """
        return replace(self, model=replace(self.model, histories="usual"))

    def without_views(self, views: Collection[str]) -> Experiment:
        """Return the experiment with a content model that reads fewer views."""
        sizes = {view: runs for view, runs in self.model.content.sizes.items() if view not in views}
        return replace(self, model=replace(self.model, content=replace(self.model.content, sizes=sizes)))


def parse_length(text: str) -> timedelta:
    """Read a length of time: a number and ``m``, ``h``, ``d`` or ``w``.

    Examples
    --------
    >>> parse_length("90d").days, parse_length("36h").total_seconds()
    (90, 129600.0)
    """
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    try:
        length = timedelta(**{units[text[-1]]: float(text[:-1])})
    except (KeyError, IndexError, ValueError, OverflowError) as error:
        raise InputError(f"expected a length of time such as 90d, 36h, 30m or 2w, found '{text}'.") from error
    if length < timedelta(0):
        raise InputError(f"a length of time cannot be negative, found '{text}'.")
    return length


def parse_moment(text: str | date | datetime) -> datetime:
    """Read an ISO date or time, or take one; without an offset it is UTC.

    Examples
    --------
    >>> parse_moment("2026-11-23").isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else text.isoformat())
    except ValueError as error:
        raise InputError(
            f"expected a date such as 2026-11-23 or 2026-11-23T08:00, found '{text}'."
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _choices_of(task: object) -> Mapping[str, Any]:
    """Return the defaults of a task that is known; another is named later, with the nearest that exists."""
    from msa_ml.tasks import tasks

    found = tasks().get(task) if isinstance(task, str) else None
    return found.choices if found else {}


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the values of ``changes``, table by table.

    Examples
    --------
    >>> _merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}, "d": 4})
    {'a': {'b': 1, 'c': 3}, 'd': 4}
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UnknownNameError(f"value of {key}", value, [name or "(empty)" for name in allowed])


def _build(cls: type[Any], data: Mapping[str, Any], where: str) -> Any:
    """Fill a dataclass from a table; every wrong key or type is named with its path."""
    known = {entry.name: entry for entry in fields(cls)}
    values = {}
    for key, value in data.items():
        if key not in known:
            raise UnknownNameError(f"key of [{where}]" if where else "key", key, known)
        path = f"{where}.{key}" if where else key
        values[key] = _value(str(known[key].type), value, path)
    return cls(**values)


_PARTS = {
    "DataChoice": DataChoice,
    "SplitChoice": SplitChoice,
    "ModelChoice": ModelChoice,
    "ContentChoice": ContentChoice,
    "TreesChoice": TreesChoice,
    "EvaluationChoice": EvaluationChoice,
    "RolloutChoice": RolloutChoice,
}


def _value(kind: str, value: Any, path: str) -> Any:
    if kind in _PARTS:
        if not isinstance(value, Mapping):
            raise InputError(f"{path} must be a table.")
        return _build(_PARTS[kind], value, path)
    if kind.startswith("Mapping"):
        if not isinstance(value, Mapping):
            raise InputError(f"{path} must be a table.")
        return {name: _value("tuple[int, ...]", item, f"{path}.{name}") for name, item in value.items()}
    if kind.startswith("tuple"):
        inner = kind[len("tuple[") : kind.index(",")]
        if not isinstance(value, list | tuple):
            raise InputError(f"{path} must be a list, found {value!r}.")
        return tuple(_value(inner, item, f"{path}[{place}]") for place, item in enumerate(value))
    if kind == "str" and isinstance(value, datetime | date):
        return value.isoformat()
    wanted: Any = {"str": str, "int": int, "float": (int, float)}[kind]
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise InputError(f"{path} must be {'a number' if kind == 'float' else kind}, found {value!r}.")
    return float(value) if kind == "float" else value
