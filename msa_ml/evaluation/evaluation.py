"""The evidence about one model on one test window, as a value: numbers with intervals, policies, slices, notes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import FEW_CLUSTERS, Bootstrap, Interval, effective
from msa_ml.evaluation.measuring import (
    PolicyEvidence,
    SliceEvidence,
    measure_days,
    measure_policy,
    measure_probability,
    measure_ranking,
    measure_slices,
)
from msa_ml.evaluation.metrics import checked_probability
from msa_ml.evaluation.ranking import Ranking, checked_weight
from msa_ml.model.calibration import sigmoid
from msa_ml.model.threshold import BUDGETS, Policy, default_policy, ham_for, policy_name
from msa_ml.records import MAIL_WORDS, Words

REVIEWED = 50
"""Events that analysts review in a day, for precision at k."""
_NOT_IN_A_KEY = re.compile(r"[^0-9A-Za-z_\-. /]+")


@dataclass(frozen=True)
class Evaluation:
    """The evidence about one model on one test window.

    Attributes
    ----------
    ham, spam
        Rows of each class.
    window
        First and last day, empty when no days were given.
    synthetic
        Whether any row was simulated; then every rendering says SYNTHETIC.
    metrics
        By name: ``tpr_at_fpr_0.01pct``, ``tpr_at_fpr_0.1pct``, ``tpr_at_fpr_1pct`` and ``average_precision``,
        ``brier``, ``ece`` (shares 0..1), ``one_minus_roca_pct`` (percent), ``log_loss`` (nats), and with days
        ``precision_at_<k>_per_day``.
    policies
        Strictest first.
    default
        Name of the policy that slices are shown for.
    slices
        By name of the slicing column.
    metric_notes
        By name of the metric: why not to lean on it.
    notes
        What holds for the whole.
    clusters, replicates, seed
        Of the bootstrap.
    words
        What people call the two classes, the one to be caught first.
    """

    ham: int
    spam: int
    window: tuple[str, ...]
    synthetic: bool
    metrics: Mapping[str, Interval]
    policies: tuple[PolicyEvidence, ...]
    default: str
    slices: Mapping[str, tuple[SliceEvidence, ...]]
    metric_notes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    clusters: int = 0
    replicates: int = 0
    seed: int = 0
    words: Words = MAIL_WORDS

    def policy(self, name: str | None = None) -> PolicyEvidence:
        """Return the evidence about a policy; default: the default policy.

        Raises
        ------
        InputError
            No such policy.
        """
        wanted = name or self.default
        for policy in self.policies:
            if policy.name == wanted:
                return policy
        known = ", ".join(policy.name for policy in self.policies)
        raise InputError(f"the evaluation has no policy '{wanted}'.", hint=f"It has: {known}.")

    def table(self) -> str:
        """Return the evidence as plain text for a terminal."""
        from msa_ml.evaluation.rendering import text

        return text(self)

    def _repr_html_(self) -> str:
        from msa_ml.evaluation.rendering import for_notebook

        return for_notebook(self)

    def metrics_flat(self) -> dict[str, float]:
        """Return finite numbers under keys that MLflow accepts.

        ``<metric>``, ``<metric>.low``, ``<metric>.high``; ``policy/<name>/tpr`` and so on with their bounds;
        ``slice/<column>/<value>/tpr`` and ``fpr`` under the default policy; ``test_ham``, ``test_spam``.
        """
        found: dict[str, float] = {"test_ham": float(self.ham), "test_spam": float(self.spam)}
        for name, interval in self.metrics.items():
            _flatten(found, name, interval)
        for policy in self.policies:
            prefix = f"policy/{policy.name}"
            found[f"{prefix}/decisions"] = float(policy.decisions)
            found[f"{prefix}/certified"] = float(policy.certified)
            found[f"{prefix}/threshold"] = policy.threshold
            for name in ("fpr", "tpr", "hm", "sm", "lam", "cost"):
                interval = getattr(policy, name)
                if interval is not None:
                    _flatten(found, f"{prefix}/{name}", interval)
        for column, parts in self.slices.items():
            for part in parts:
                prefix = f"slice/{_key(column)}/{_key(part.name)}"
                _flatten(found, f"{prefix}/fpr", part.fpr[self.default], bounds=False)
                _flatten(found, f"{prefix}/tpr", part.tpr[self.default], bounds=False)
        return {name: value for name, value in found.items() if math.isfinite(value)}

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; unknown numbers are ``None``."""
        return {
            "ham": self.ham,
            "spam": self.spam,
            "window": list(self.window),
            "synthetic": self.synthetic,
            "metrics": {name: _plain(interval) for name, interval in self.metrics.items()},
            "policies": [
                {name: _plain(getattr(policy, name)) for name in PolicyEvidence.__dataclass_fields__}
                for policy in self.policies
            ],
            "default": self.default,
            "slices": {
                column: [
                    {name: _plain(getattr(part, name)) for name in SliceEvidence.__dataclass_fields__}
                    for part in parts
                ]
                for column, parts in self.slices.items()
            },
            "metric_notes": dict(self.metric_notes),
            "notes": list(self.notes),
            "clusters": self.clusters,
            "replicates": self.replicates,
            "seed": self.seed,
            "words": list(self.words),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evaluation:
        """Read what :meth:`to_json` returned.

        Raises
        ------
        InputError
            A field is missing or has another shape.
        """
        try:
            return cls(
                **{
                    **{name: data[name] for name in ("ham", "spam", "synthetic", "default")},
                    **{name: data[name] for name in ("clusters", "replicates", "seed")},
                },
                window=tuple(data["window"]),
                words=tuple(data.get("words", MAIL_WORDS)),
                metrics=_intervals(data["metrics"]),
                policies=tuple(_policy(entry) for entry in data["policies"]),
                slices={
                    column: tuple(
                        SliceEvidence(
                            part["name"],
                            part["ham"],
                            part["spam"],
                            _intervals(part["fpr"]),
                            _intervals(part["tpr"]),
                        )
                        for part in parts
                    )
                    for column, parts in data["slices"].items()
                },
                metric_notes=dict(data["metric_notes"]),
                notes=tuple(data["notes"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"this is no evaluation: {error!r}.", hint="Evaluate the model again."
            ) from error


def evaluate(
    y: ArrayLike,
    logit: ArrayLike,
    probability: ArrayLike | None = None,
    *,
    policies: Sequence[Policy],
    weight: ArrayLike | None = None,
    campaign: ArrayLike | None = None,
    day: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    replicates: int = 400,
    synthetic: bool = False,
    per_day: int = REVIEWED,
    costs: tuple[float, float] | None = None,
    words: Words = MAIL_WORDS,
) -> Evaluation:
    """Measure a model on N rows of a test window.

    Parameters
    ----------
    y
        0 or 1 (abuse).
    logit
        float32[N], of the emitted graph; decisions are ``logit >= threshold``.
    probability
        float[N]; default: the sigmoid of the logit.
    policies
        Thresholds, fitted on other rows.
    weight
        float64[N], one over the probability of being sampled.
    campaign, day
        [N], clusters of the bootstrap. Whole numbers are days since 1970.
    slices
        By name, values [N]; see :mod:`msa_ml.evaluation.slices`. Values on few rows are merged.
    per_day
        Events that are reviewed a day, for precision at k; left out without days and for weighted rows.
    costs
        Of a false positive and of a false negative.
    words
        What people call the two classes, the one to be caught first.

    Raises
    ------
    InputError
        Shapes differ, there are no rows or no policies, or a number is ``nan``.

    Examples
    --------
    >>> from msa_ml.model.threshold import fit_policies
    >>> y = np.repeat([0, 1], [3000, 500])
    >>> logit = np.random.default_rng(0).normal(6.0 * y - 3.0, 1.5).astype(np.float32)
    >>> found = evaluate(y, logit, policies=fit_policies(y, logit), replicates=100)
    >>> found.default, round(found.policy().tpr.value, 2) > 0.5
    ('fpr_0.1pct', True)
    """
    scores = np.asarray(logit, np.float32)
    ranking = Ranking.of(y, scores)
    size = len(scores)
    if not size or not policies:
        raise InputError(
            f"an evaluation needs rows and policies, found {size} rows and {len(policies)} policies."
        )
    abuse, shares = checked_probability(y, sigmoid(scores) if probability is None else probability)
    rows = checked_weight(weight, size)
    draws = Bootstrap.of(clusters(size, campaign, day), rows, replicates=replicates, seed=seed)
    ham = effective(rows[~abuse])
    found = {**measure_ranking(ranking, draws), **measure_probability(abuse, shares, draws)}
    name = f"precision_at_{per_day}_per_day"
    if day is not None and weight is None:
        found[name] = measure_days(abuse, scores, day, per_day, draws)
    return Evaluation(
        ham=int((~abuse).sum()),
        spam=int(abuse.sum()),
        window=window_of(day),
        synthetic=synthetic,
        metrics=found,
        policies=tuple(
            measure_policy(policy, abuse, scores, draws, costs)
            for policy in sorted(policies, key=lambda policy: policy.budget)
        ),
        default=default_policy(policies)[0].name,
        slices={
            name: measure_slices(values, policies, abuse, scores, draws)
            for name, values in (slices or {}).items()
        },
        metric_notes={
            **{
                f"tpr_at_{policy_name(budget)}": note
                for budget in BUDGETS
                if (note := budget_note(budget, ham, words[1]))
            },
            **({name: note} if name in found and (note := queue_note(day, per_day)) else {}),
        },
        notes=_notes(draws, abuse, words, weighted=weight is not None),
        replicates=len(draws.draws),
        clusters=draws.size,
        seed=seed,
        words=words,
    )


def budget_note(budget: float, ham: float, word: str = MAIL_WORDS[1]) -> str:
    """Return why a TPR at this budget must not be leant on, empty where there is ham enough.

    Examples
    --------
    >>> budget_note(0.001, 1200)
    'hangs on 2 of 1,200 ham; 2,995 needed'
    """
    needed = ham_for(budget)
    if ham >= needed:
        return ""
    return f"hangs on {math.floor(budget * ham) + 1:,} of {math.floor(ham):,} {word}; {needed:,} needed"


def queue_note(day: ArrayLike | None, per_day: int) -> str:
    """Return why precision at k must not be leant on: days on which all events fit into the queue, so nothing is chosen.

    Examples
    --------
    >>> queue_note([1, 1, 1, 2], 2)
    '1 of 2 days hold no more than 2 events'
    """
    sizes = np.unique(np.asarray([] if day is None else day), return_counts=True)[1]
    full = int((sizes <= per_day).sum())
    return f"{full:,} of {len(sizes):,} days hold no more than {per_day:,} events" if full else ""


def window_of(day: ArrayLike | None) -> tuple[str, ...]:
    """Return the first and the last day as text.

    Examples
    --------
    >>> window_of([12003, 12001]), window_of(None)
    (('2002-11-10', '2002-11-12'), ())
    """
    days = np.asarray(day) if day is not None else np.empty(0)
    if not days.size:
        return ()
    if np.issubdtype(days.dtype, np.integer):
        days = days.astype("datetime64[D]")
    return (str(days.min()), str(days.max()))


def _notes(draws: Bootstrap, abuse: NDArray[np.bool_], words: Words, *, weighted: bool) -> tuple[str, ...]:
    notes = []
    if draws.size < 2:
        notes.append("one cluster only (campaign, else day): no intervals can be given")
    elif draws.size < FEW_CLUSTERS:
        notes.append(
            f"{draws.size} clusters only (campaign, else day): the intervals are a hint, likely too narrow"
        )
    if abuse.all() or not abuse.any():
        notes.append(f"no {words[1] if abuse.all() else 'abuse'} in the window: what needs it is unknown")
    if weighted:
        notes.append("rows are weighted by one over their probability of being sampled")
    return tuple(notes)


def _key(name: str) -> str:
    return _NOT_IN_A_KEY.sub("_", name).replace("/", "_").strip() or "_"


def _flatten(found: dict[str, float], name: str, interval: Interval, *, bounds: bool = True) -> None:
    found[name] = interval.value
    if bounds:
        found[f"{name}.low"], found[f"{name}.high"] = interval.low, interval.high


def _plain(value: Any) -> Any:
    if isinstance(value, Interval):
        return {"value": _plain(value.value), "low": _plain(value.low), "high": _plain(value.high)}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _interval(entry: Mapping[str, float | None]) -> Interval:
    bounds = (entry["value"], entry["low"], entry["high"])
    return Interval(*(math.nan if bound is None else float(bound) for bound in bounds))


def _intervals(entries: Mapping[str, Any]) -> dict[str, Interval]:
    return {name: _interval(entry) for name, entry in entries.items()}


def _policy(entry: Mapping[str, Any]) -> PolicyEvidence:
    values: dict[str, Any] = {}
    for name in PolicyEvidence.__dataclass_fields__:
        values[name] = _interval(entry[name]) if isinstance(entry[name], Mapping) else entry[name]
    return PolicyEvidence(**values)
