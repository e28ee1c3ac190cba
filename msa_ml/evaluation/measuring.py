"""The numbers of an evaluation, each with its interval; :mod:`msa_ml.evaluation.evaluation` gathers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Bootstrap, Interval, divide, effective, percentile, rate
from msa_ml.evaluation.metrics import ECE_BINS, equal_mass_bins, lam, precision_by_day, row_log_loss
from msa_ml.evaluation.ranking import Floats, Ranking
from msa_ml.evaluation.slices import merge_small
from msa_ml.model.threshold import BUDGETS, Policy, policy_name

Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class PolicyEvidence:
    """What one policy did on the test window.

    Attributes
    ----------
    name, budget, threshold, certified
        Of the policy.
    decisions
        Rows flagged.
    false_positives
        Ham among them.
    fpr, tpr
        Shares 0..1.
    hm, sm, lam
        In percent; see :func:`~msa_ml.evaluation.metrics.misclassification`.
    cost
        Mean cost of a decision, ``None`` when no costs were given.
    """

    name: str
    budget: float
    threshold: float
    certified: bool
    decisions: int
    false_positives: int
    fpr: Interval
    tpr: Interval
    hm: Interval
    sm: Interval
    lam: Interval
    cost: Interval | None = None


@dataclass(frozen=True)
class SliceEvidence:
    """Part of the test window under each policy.

    Attributes
    ----------
    name
        Value of the slicing column.
    ham, spam
        Rows of each class.
    fpr, tpr
        By name of the policy, shares 0..1; ``nan`` where the class is missing.
    """

    name: str
    ham: int
    spam: int
    fpr: Mapping[str, Interval]
    tpr: Mapping[str, Interval]


def measure_ranking(ranking: Ranking, draws: Bootstrap) -> dict[str, Interval]:
    """Return what depends on the order of scores: TPR at each budget, (1-ROCA)%, average precision.

    Examples
    --------
    >>> draws = Bootstrap.of(np.arange(4), np.ones(4), replicates=20, seed=0)
    >>> measure_ranking(Ranking.of([0, 1, 0, 1], [1.0, 2.0, 3.0, 4.0]), draws)["one_minus_roca_pct"].value
    25.0
    """
    here = ranking.totals(draws.weight)
    names = [f"tpr_at_{policy_name(budget)}" for budget in BUDGETS]
    found = {name: [here.tpr_at_fpr(budget)] for name, budget in zip(names, BUDGETS, strict=True)}
    found |= {"one_minus_roca_pct": [here.misordered()], "average_precision": [here.average_precision()]}
    for weights in draws.weights():
        totals = ranking.totals(weights)
        for name, budget in zip(names, BUDGETS, strict=True):
            found[name].append(totals.tpr_at_fpr(budget))
        found["one_minus_roca_pct"].append(totals.misordered())
        found["average_precision"].append(totals.average_precision())
    spam = effective(draws.weight[ranking.order[ranking.abuse]])
    intervals = {}
    for name, (value, *parts) in found.items():
        replicates = np.concatenate(parts) if parts else np.empty(0)
        intervals[name] = rate(value, replicates, spam) if name in names else percentile(value, replicates)
    intervals["one_minus_roca_pct"] = intervals["one_minus_roca_pct"].map(lambda share: 100 * share)
    return intervals


def measure_probability(abuse: Labels, share: Floats, draws: Bootstrap) -> dict[str, Interval]:
    """Return Brier score, expected calibration error (bins fixed on the rows) and log loss.

    Examples
    --------
    >>> draws = Bootstrap.of(np.arange(2), np.ones(2), replicates=20, seed=0)
    >>> measure_probability(np.array([False, True]), np.array([0.0, 0.5]), draws)["brier"].value
    0.125
    """
    bin_of = equal_mass_bins(share, draws.weight, ECE_BINS)
    gaps = [draws.sum((bin_of == one) * (abuse - share)) for one in np.unique(bin_of)]
    whole, wholes = draws.sum(np.ones(len(abuse)))
    return {
        "brier": draws.mean((share - abuse) ** 2),
        "ece": percentile(
            sum(abs(gap) for gap, _ in gaps) / whole if whole > 0 else np.nan,
            np.abs(np.stack([gap for _, gap in gaps])).sum(axis=0) / np.where(wholes > 0, wholes, np.nan),
        ),
        "log_loss": draws.mean(row_log_loss(abuse, share)),
    }


def measure_days(
    abuse: Labels, score: NDArray[np.float32], day: ArrayLike, per_day: int, draws: Bootstrap
) -> Interval:
    """Return precision at k per day; its bootstrap draws days, since a day's queue exists only as a whole.

    Examples
    --------
    >>> draws = Bootstrap.of(np.arange(2), np.ones(2), replicates=20, seed=0)
    >>> measure_days(np.array([True, False]), np.zeros(2, np.float32), [1, 2], 5, draws).value
    0.5
    """
    shares = precision_by_day(abuse, score, day, per_day)
    days = Bootstrap.of(
        np.arange(len(shares), dtype=np.intp),
        np.ones(len(shares)),
        replicates=len(draws.draws),
        seed=draws.seed,
    )
    return days.mean(shares)


def measure_policy(
    policy: Policy,
    abuse: Labels,
    logit: NDArray[np.float32],
    draws: Bootstrap,
    costs: tuple[float, float] | None = None,
) -> PolicyEvidence:
    """Return what a policy did.

    Examples
    --------
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> draws = Bootstrap.of(np.arange(2), np.ones(2), replicates=20, seed=0)
    >>> measure_policy(rule, np.array([False, True]), np.array([0.0, 1.0], np.float32), draws).tpr.value
    1.0
    """
    flagged = logit >= np.float32(policy.threshold)
    fpr, tpr = draws.rate(~abuse, flagged), draws.rate(abuse, flagged)
    sm = Interval(1 - tpr.value, 1 - tpr.high, 1 - tpr.low)
    return PolicyEvidence(
        name=policy.name,
        budget=policy.budget,
        threshold=policy.threshold,
        certified=policy.certified,
        decisions=int(flagged.sum()),
        false_positives=int((flagged & ~abuse).sum()),
        fpr=fpr,
        tpr=tpr,
        hm=fpr.map(_percent),
        sm=sm.map(_percent),
        lam=_lam(abuse, flagged, draws).map(_percent),
        cost=None if costs is None else draws.mean(_cost_of(abuse, flagged, costs)),
    )


def measure_slices(
    values: ArrayLike,
    policies: Sequence[Policy],
    abuse: Labels,
    logit: NDArray[np.float32],
    draws: Bootstrap,
) -> tuple[SliceEvidence, ...]:
    """Return what the policies did in each part of the window, the largest part first.

    Examples
    --------
    >>> rule = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)
    >>> draws = Bootstrap.of(np.arange(90), np.ones(90), replicates=20, seed=0)
    >>> abuse, values = np.arange(90) % 2 == 0, ["a"] * 50 + ["b"] * 40
    >>> [part.name for part in measure_slices(values, [rule], abuse, abuse.astype(np.float32), draws)]
    ['a', 'b']
    """
    names = merge_small(values)
    if names.shape != abuse.shape:
        raise InputError(f"a slice must have the shape of the labels, {abuse.shape}, found {names.shape}.")
    flagged = {policy.name: logit >= np.float32(policy.threshold) for policy in policies}
    found = []
    for name in dict.fromkeys(sorted(names.tolist())):
        inside = names == name
        ham, spam = inside & ~abuse, inside & abuse
        found.append(
            SliceEvidence(
                name,
                int(ham.sum()),
                int(spam.sum()),
                {policy: draws.rate(ham, flags) for policy, flags in flagged.items()},
                {policy: draws.rate(spam, flags) for policy, flags in flagged.items()},
            )
        )
    return tuple(sorted(found, key=lambda part: -part.ham - part.spam))


def _lam(abuse: Labels, flagged: Labels, draws: Bootstrap) -> Interval:
    (wrong_ham, wrong_hams), (ham, hams) = draws.sum(~abuse & flagged), draws.sum(~abuse)
    (wrong_spam, wrong_spams), (spam, spams) = draws.sum(abuse & ~flagged), draws.sum(abuse)
    rows = float(effective(draws.weight[~abuse])), float(effective(draws.weight[abuse]))

    def average(hm_top: ArrayLike, hm_all: ArrayLike, sm_top: ArrayLike, sm_all: ArrayLike) -> Floats:
        return lam(divide(hm_top, hm_all), divide(sm_top, sm_all), *rows)

    return percentile(
        average(wrong_ham, ham, wrong_spam, spam), average(wrong_hams, hams, wrong_spams, spams)
    )


def _cost_of(abuse: Labels, flagged: Labels, costs: tuple[float, float]) -> Floats:
    return np.where(flagged & ~abuse, costs[0], 0.0) + np.where(~flagged & abuse, costs[1], 0.0)


def _percent(share: float) -> float:
    return 100 * share
