"""What ways of updating a model were worth, on mail that each of them scored before it could learn from it.

Scores are gathered over the days and ranked together, as spam filters that learn on line are measured (Cormack and
Lynam, TREC 2005 Spam Track Overview); a model whose scores move from day to day pays for it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Bootstrap, Interval, percentile
from msa_ml.evaluation.compare import paired_difference, points
from msa_ml.evaluation.measuring import measure_ranking
from msa_ml.evaluation.ranking import Floats, Ranking, checked_labels, checked_weight
from msa_ml.evaluation.rendering import SYNTHETIC, aligned, number, percent, with_bounds
from msa_ml.markup import folded, table
from msa_ml.model.threshold import Policy, default_policy

Labels = NDArray[np.bool_]
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
Thresholds = Mapping[str, NDArray[np.float32]]
HOW = ("fitted before", "refitted daily")
"""Of the thresholds: once before the first day (or at a training from scratch), or each day on what is known by then."""


@dataclass(frozen=True)
class Arm:
    """One way of updating, and what it said of N mails before it learnt from them.

    Attributes
    ----------
    name
        In words.
    logit
        float32[N], calibrated.
    thresholds
        For each of :data:`HOW`, for each policy, the threshold in force for each mail, float32[N].
    learnt
        Mails learnt after the start, without those of trainings from scratch.
    trained
        Trainings from scratch, the first included.
    """

    name: str
    logit: NDArray[np.float32]
    thresholds: Mapping[str, Thresholds]
    learnt: int = 0
    trained: int = 1

    def flagged(self, how: str, policy: str) -> Labels:
        """Return which mails are at or above the threshold in force."""
        return np.asarray(self.logit >= self.thresholds[how][policy], np.bool_)


@dataclass(frozen=True)
class Operation:
    """Rates of one arm at one policy, shares 0..1, and their change against the first arm.

    Attributes
    ----------
    how
        Of the thresholds, one of :data:`HOW`.
    false_positives
        Ham flagged.
    """

    policy: str
    how: str
    false_positives: int
    fpr: Interval
    tpr: Interval
    fpr_change: Interval
    tpr_change: Interval


@dataclass(frozen=True)
class ArmEvidence:
    """What one arm was worth.

    Attributes
    ----------
    metrics
        ``one_minus_roca_pct``, ``tpr_at_fpr_...``, ``average_precision`` over all days together.
    roca_change
        Change of (1-ROCA)% against the first arm, paired; negative is better.
    operations
        One for each policy and each of :data:`HOW`.
    """

    name: str
    metrics: Mapping[str, Interval]
    roca_change: Interval
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Backtest:
    """A walk through the days of a window: each day's mail is scored, then learnt.

    Attributes
    ----------
    start
        First day that was scored, ISO.
    y, day, weight, campaign
        Of the N labelled mails that were scored, in order of time; ``day`` in days since 1970 (UTC).
    arms
        Ways of updating; the first does not update and is what the others are compared with.
    policies
        As fitted before the first day.
    notes
        What was left out, in words.
    """

    start: str
    y: NDArray[np.int8]
    day: NDArray[np.int64]
    weight: Floats
    campaign: NDArray[np.str_]
    arms: tuple[Arm, ...]
    policies: tuple[Policy, ...]
    evidence: tuple[ArmEvidence, ...] = field(repr=False)
    clusters: int
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """Name of the policy that the picture and the tables by week show."""
        return default_policy(self.policies)[0].name

    def arm(self, name: str) -> ArmEvidence:
        """Return the evidence about an arm.

        Raises
        ------
        InputError
            No such arm.
        """
        for found in self.evidence:
            if found.name == name:
                return found
        known = ", ".join(found.name for found in self.evidence)
        raise InputError(f"the backtest has no arm '{name}'.", hint=f"It has: {known}.")

    def over_time(self, days: int = 7, policy: str | None = None) -> pl.DataFrame:
        """Return the rates of each arm in runs of days, counted from the first.

        Parameters
        ----------
        days
            Length of a run.
        policy
            Default: the default policy.

        Returns
        -------
        polars.DataFrame
            ``from`` (date), ``ham``, ``spam``, ``arm``, ``thresholds`` (one of :data:`HOW`), ``tpr``, ``fpr`` (null
            where the class is missing).
        """
        wanted = policy or self.default
        begin = int(np.datetime64(self.start, "D").astype(np.int64))
        run = (self.day - begin) // days
        rows = []
        for one in np.unique(run).tolist():
            inside = run == one
            abuse = self.y[inside] == 1
            weight = self.weight[inside]
            first = np.datetime64(begin + one * days, "D").item()
            for arm in self.arms:
                for how in HOW:
                    flagged = arm.flagged(how, wanted)[inside]
                    rows.append(
                        (
                            first, int((~abuse).sum()), int(abuse.sum()), arm.name, how,
                            _share(flagged, abuse, weight), _share(flagged, ~abuse, weight),
                        )
                    )  # fmt: skip
        names = ("from", "ham", "spam", "arm", "thresholds", "tpr", "fpr")
        kinds = (pl.Date, pl.Int64, pl.Int64, pl.String, pl.String, pl.Float64, pl.Float64)
        return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")

    def table(self) -> str:
        """Return it as plain text for a terminal."""
        blocks = ["\n".join(_headline(self))]
        blocks += [f"{name}\n{aligned(head, rows)}" for name, head, rows in _tables(self)]
        if self.notes:
            blocks.append("\n".join(f"Note: {note}." for note in self.notes))
        return "\n\n".join(blocks) + "\n"

    def figure(self) -> Figure:
        """Return TPR and FPR over time as a figure."""
        from msa_ml.evaluation.backtest_plot import backtest_plot

        return backtest_plot(self)

    def _repr_html_(self) -> str:
        scores, operations, weeks = _tables(self)
        lines = [line for line in _headline(self) if line != SYNTHETIC]
        top = table(scores[1], scores[2], caption="; ".join(lines), synthetic=self.synthetic)
        notes = [f"{note}." for note in self.notes]
        return (
            top
            + table(operations[1], operations[2], caption=operations[0], notes=notes)
            + folded(weeks[0], table(weeks[1], weeks[2]))
        )

    def html(self) -> str:
        """Return a self-contained page with the picture."""
        from msa_ml.evaluation.backtest_plot import backtest_page

        return backtest_page(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; unknown numbers are ``None`` or ``nan``."""
        days = self.over_time(1).with_columns(pl.col("from").cast(pl.String))
        return {
            "start": self.start,
            "synthetic": self.synthetic,
            "ham": int((self.y == 0).sum()),
            "spam": int((self.y == 1).sum()),
            "days": len(np.unique(self.day)),
            "default_policy": self.default,
            "policies": [
                {
                    "name": policy.name,
                    "budget": policy.budget,
                    "threshold": policy.threshold,
                    "certified": policy.certified,
                }
                for policy in self.policies
            ],
            "arms": [
                {
                    "name": found.name,
                    "learnt": arm.learnt,
                    "trained": arm.trained,
                    "metrics": {name: _plain(interval) for name, interval in found.metrics.items()},
                    "one_minus_roca_pct_change": _plain(found.roca_change),
                    "operations": [
                        {
                            "policy": one.policy,
                            "thresholds": one.how,
                            "false_positives": one.false_positives,
                            **{
                                name: _plain(getattr(one, name))
                                for name in ("fpr", "tpr", "fpr_change", "tpr_change")
                            },
                        }
                        for one in found.operations
                    ],
                }
                for arm, found in zip(self.arms, self.evidence, strict=True)
            ],
            "by_day": days.to_dicts(),
            "notes": list(self.notes),
        }


def measure_backtest(
    *,
    start: str,
    y: ArrayLike,
    day: NDArray[np.int64],
    arms: Sequence[Arm],
    policies: Sequence[Policy],
    weight: ArrayLike | None = None,
    campaign: ArrayLike | None = None,
    seed: int = 0,
    replicates: int = 400,
    synthetic: bool = False,
    notes: Sequence[str] = (),
) -> Backtest:
    """Measure each arm, with intervals from one bootstrap clustered by campaign and day.

    Raises
    ------
    InputError
        There is no mail, or shapes differ.

    Examples
    --------
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> same = {how: {"fpr_1pct": np.zeros(4, np.float32)} for how in HOW}
    >>> arms = [Arm("no update", np.float32([-1, -1, 1, 1]), same), Arm("daily", np.float32([-1, 1, -1, 1]), same)]
    >>> found = measure_backtest(start="2026-03-02", y=[0, 1, 0, 1], day=np.array([9, 9, 9, 10]), arms=arms, policies=[rule])
    >>> found.arm("daily").metrics["one_minus_roca_pct"].value, found.arm("daily").operations[0].tpr_change.value
    (0.0, 0.5)
    """
    abuse = checked_labels(y)
    if not len(abuse) or any(len(arm.logit) != len(abuse) for arm in arms):
        raise InputError(f"a backtest needs mail and one score for each, found {len(abuse)} mails.")
    rows = checked_weight(weight, len(abuse))
    names = np.full(len(abuse), "") if campaign is None else np.asarray(campaign).astype(str)
    draws = Bootstrap.of(clusters(len(abuse), names, day), rows, replicates=replicates, seed=seed)
    return Backtest(
        start=start,
        y=abuse.astype(np.int8),
        day=day,
        weight=rows,
        campaign=names,
        arms=tuple(arms),
        policies=tuple(policies),
        evidence=tuple(_evidence(arm, arms[0], abuse, policies, draws) for arm in arms),
        clusters=draws.size,
        synthetic=synthetic,
        notes=tuple(notes),
    )


def _evidence(
    arm: Arm, first: Arm, abuse: Labels, policies: Sequence[Policy], draws: Bootstrap
) -> ArmEvidence:
    ranking, reference = Ranking.of(abuse, arm.logit), Ranking.of(abuse, first.logit)
    change = [
        ranking.totals(weights).misordered() - reference.totals(weights).misordered()
        for weights in draws.weights()
    ]
    whole = ranking.totals(draws.weight).misordered() - reference.totals(draws.weight).misordered()
    operations = []
    for policy in policies:
        for how in HOW:
            flagged, before = arm.flagged(how, policy.name), first.flagged(HOW[0], policy.name)
            operations.append(
                Operation(
                    policy=policy.name,
                    how=how,
                    false_positives=int((flagged & ~abuse).sum()),
                    fpr=draws.rate(~abuse, flagged),
                    tpr=draws.rate(abuse, flagged),
                    fpr_change=paired_difference(~abuse, before, flagged, draws=draws),
                    tpr_change=paired_difference(abuse, before, flagged, draws=draws),
                )
            )
    return ArmEvidence(
        arm.name,
        measure_ranking(ranking, draws),
        percentile(whole, np.concatenate(change) if change else np.empty(0)).map(lambda share: 100 * share),
        tuple(operations),
    )


def _share(flagged: Labels, members: Labels, weight: Floats) -> float | None:
    whole = float(weight[members].sum())
    return float(weight[members & flagged].sum()) / whole if whole else None


def _plain(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _headline(found: Backtest) -> list[str]:
    ham, spam = int((found.y == 0).sum()), int((found.y == 1).sum())
    lines = [SYNTHETIC] if found.synthetic else []
    lines.append(
        f"backtest from {found.start}: {ham + spam:,} mails on {len(np.unique(found.day)):,} days, {ham:,} ham, "
        f"{spam:,} spam, each scored before it was learnt"
    )
    if found.clusters > 1:
        lines.append(f"intervals: 95 %, bootstrap of {found.clusters:,} clusters (campaign, else day)")
    return lines


def _tables(found: Backtest) -> list[Table]:
    """Return scores, operating points and weeks as title, head and rows of text."""
    scores: list[tuple[str, ...]] = []
    points_at: list[tuple[str, ...]] = []
    for arm, one in zip(found.arms, found.evidence, strict=True):
        metrics = one.metrics
        scores.append(
            (
                arm.name,
                f"{arm.trained:,}",
                f"{arm.learnt:,}",
                with_bounds(metrics["one_minus_roca_pct"], number),
                "" if arm is found.arms[0] else with_bounds(one.roca_change, _signed),
                with_bounds(metrics["tpr_at_fpr_1pct"], percent),
                with_bounds(metrics["tpr_at_fpr_0.1pct"], percent),
            )
        )
        for operation in one.operations:
            quiet = arm is found.arms[0] and operation.how == HOW[0]
            points_at.append(
                (
                    operation.policy,
                    arm.name,
                    operation.how,
                    with_bounds(operation.tpr, percent),
                    "" if quiet else points(operation.tpr_change),
                    with_bounds(operation.fpr, percent),
                    "" if quiet else points(operation.fpr_change),
                )
            )
    points_at.sort(key=lambda row: [policy.name for policy in found.policies].index(row[0]))
    return [
        (
            "Scores of all days together",
            (
                "update",
                "trained",
                "learnt",
                "(1-ROCA)%",
                "change",
                "TPR at FPR <= 1 %",
                "TPR at FPR <= 0.1 %",
            ),
            scores,
        ),
        (
            "At the thresholds in force; changes in points against no update at thresholds fitted before",
            ("policy", "update", "thresholds", "TPR", "change", "FPR", "change"),
            points_at,
        ),
        _weeks(found),
    ]


def _weeks(found: Backtest) -> Table:
    frame = found.over_time()
    rows: list[tuple[str, ...]] = []
    for (first,), part in frame.group_by("from", maintain_order=True):
        shown = part.filter(pl.col("thresholds") == HOW[1])
        head = (str(first), f"{part['ham'][0]:,}", f"{part['spam'][0]:,}")
        cells = [
            "-" if value is None else percent(value)
            for name in ("tpr", "fpr")
            for value in shown[name].to_list()
        ]
        rows.append((*head, *cells))
    names = [f"{name}, {arm.name}" for name in ("TPR", "FPR") for arm in found.arms]
    return (
        f"By week, {found.default}, thresholds {HOW[1]}",
        ("week from", "ham", "spam", *names),
        rows,
    )


def _signed(value: float) -> str:
    return f"{value:+.4f}"
