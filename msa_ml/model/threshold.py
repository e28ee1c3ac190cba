"""Named thresholds that keep a false-positive budget, and how far the ham at hand can prove it.

The budget is a promise about future ham, so counting errors in the calibration window is not enough: with ``n`` ham of
which ``k`` score above a threshold, the rate behind it may be as high as the one-sided 95 % Clopper-Pearson bound. The
rule takes the largest ``k`` whose bound keeps the budget. It holds although the threshold is chosen on the same ham,
because the bound is the one of the (k+1)-th highest ham score, below which the threshold never lies (Tong, Feng and
Li, Neyman-Pearson classification algorithms and NP receiver operating characteristics, 2018). It assumes ham that is
drawn independently from the traffic to come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from msa_ml.errors import DataRefused, InputError
from msa_ml.records import MAIL_WORDS, Words

BUDGETS = (0.0001, 0.001, 0.01)
CONFIDENCE = 0.95
LEAST_HAM, LEAST_SPAM = 100, 20
SLACK = 0.005
"""Share of the spam that a threshold may give up for a wider gap around it."""
_REACH = 2.0
"""How far beyond the outermost finite score an infinite one is imagined, in logits."""
_ROUNDING = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """A named threshold: the decision is ``logit >= threshold``, both float32.

    Attributes
    ----------
    name
        ``fpr_0.1pct`` and so on.
    budget
        Highest acceptable false-positive rate, 0..1.
    threshold
        On the logit, exact in float32, never equal to a logit of the calibration window.
    certified
        Whether the calibration ham proves the budget with 95 % confidence.
    bound
        One-sided 95 % Clopper-Pearson bound of the false-positive rate, given the false positives that the threshold
        makes on the calibration window's ham.
    ham
        Ham in the calibration window; with weights, the effective number.
    ham_needed
        How many more would certify the budget if none of them scored above, 0 when there are enough.
    false_positives
        Ham at or above the threshold in the calibration window; with weights, the effective number, rounded up.
    tpr
        Share of the calibration window's spam at or above the threshold.
    """

    name: str
    budget: float
    threshold: float
    certified: bool
    bound: float
    ham: int
    ham_needed: int
    false_positives: int
    tpr: float


def fit_policies(
    y: ArrayLike,
    logit: ArrayLike,
    weight: ArrayLike | None = None,
    budgets: Sequence[float] = BUDGETS,
    words: Words = MAIL_WORDS,
) -> tuple[Policy, ...]:
    """Fit one policy for each budget, strictest first.

    The number of ham allowed above is the largest ``k`` whose bound keeps the budget. Where ``n`` ham are too few for
    ``k = 0`` the policy is not certified, and ``k`` is the largest with ``k / n <= budget``. The threshold with the
    highest TPR that keeps ``k`` is moved up into the middle of the widest gap between neighbouring scores near it:
    near means the same ham above at a loss of at most 0.5 % of the spam, or fewer ham above at no loss at all. So
    under perfect separation it stands midway between the classes. Where ham of equal score straddle the limit, fewer
    than ``k`` are above.

    With weights (one over the probability of being sampled) ham are counted as if each were as rare as the heaviest:
    ``n`` is the sum of weights over the largest weight, rounded down, false positives likewise, rounded up. That is
    never more than Kish's effective size, so unequal weights can only make a certificate harder to get.

    Parameters
    ----------
    y
        0 or 1 (abuse), N rows of the calibration window.
    logit
        float32[N], the logit of the emitted graph; infinities are allowed.
    weight
        float64[N] or ``None``; rows of weight 0 are ignored.
    budgets
        False-positive rates, each above 0 and below 1.
    words
        What people call the two classes, abuse first.

    Raises
    ------
    DataRefused
        Fewer than 100 ham or 20 spam, or so many ham at infinity that no finite threshold keeps a budget.
    InputError
        Shapes differ, a logit is ``nan``, or a budget is no share.

    Examples
    --------
    >>> y = np.repeat([0, 1], [3000, 50])
    >>> logit = np.concatenate([np.linspace(-9, -5, 3000), np.linspace(-1, 6, 50)])
    >>> strict, middle, _ = fit_policies(y, logit)
    >>> middle.name, middle.threshold, middle.certified, round(middle.bound, 6), middle.tpr
    ('fpr_0.1pct', -3.0, True, 0.000998, 1.0)
    >>> strict.certified, strict.ham_needed
    (False, 26956)
    """
    labels, scores, weights = _checked(y, logit, weight, words)
    for budget in budgets:
        if not 0 < budget < 1:
            raise InputError(f"a false-positive budget is a share, 0 < budget < 1, found {budget!r}.")
    scale = _Scale.of(labels, scores, weights)
    return tuple(_fit(scale, float(budget)) for budget in sorted(set(budgets)))


def default_policy(policies: Sequence[Policy]) -> tuple[Policy, bool]:
    """Return the strictest certified policy, else the loosest with ``True`` as a warning.

    Examples
    --------
    >>> loose = Policy("fpr_1pct", 0.01, 1.5, True, 0.009, 400, 0, 0, 0.9)
    >>> strict = Policy("fpr_0.1pct", 0.001, 3.5, False, 0.007, 400, 2595, 0, 0.5)
    >>> default_policy([strict, loose]) == (loose, False), default_policy([strict]) == (strict, True)
    (True, True)
    """
    if not policies:
        raise InputError("a default policy needs at least one policy.")
    certified = [policy for policy in policies if policy.certified]
    if certified:
        return min(certified, key=lambda policy: policy.budget), False
    return max(policies, key=lambda policy: policy.budget), True


def policy_name(budget: float) -> str:
    """Return the name of the policy of a budget.

    Examples
    --------
    >>> policy_name(0.0001), policy_name(0.01)
    ('fpr_0.01pct', 'fpr_1pct')
    """
    return f"fpr_{100 * budget:.6g}pct"


def upper_bound(errors: ArrayLike, trials: ArrayLike, confidence: float = CONFIDENCE) -> Floats:
    """Return the one-sided upper bound of a rate (Clopper and Pearson, 1934).

    Examples
    --------
    >>> float(upper_bound(0, 2995)) <= 0.001 < float(upper_bound(0, 2994))
    True
    """
    k, n = np.asarray(errors, np.float64), np.asarray(trials, np.float64)
    inside = betaincinv(k + 1, np.maximum(n - k, 1), confidence)
    return np.asarray(np.where(k >= n, 1.0, inside), np.float64)


def ham_for(budget: float, confidence: float = CONFIDENCE) -> int:
    """Return the smallest number of ham that, with none above the threshold, proves a budget.

    Exact; about ``-ln(1 - confidence) / budget``.

    Examples
    --------
    >>> ham_for(0.01), ham_for(0.001), ham_for(0.0001)
    (299, 2995, 29956)
    """
    return math.ceil(math.log1p(-confidence) / math.log1p(-budget))


def allowed_false_positives(budget: float, ham: int) -> tuple[int, bool]:
    """Return how many ham may stand above the threshold, and whether that proves the budget.

    Examples
    --------
    >>> allowed_false_positives(0.01, 299), allowed_false_positives(0.01, 473)
    ((0, True), (1, True))
    >>> allowed_false_positives(0.01, 298)
    (2, False)
    """
    counts = np.arange(math.floor(budget * ham * (1 + _ROUNDING)) + 1)
    proven = int((upper_bound(counts, ham) <= budget).sum())
    return (proven - 1, True) if proven else (int(counts[-1]), False)


@dataclass(frozen=True)
class _Scale:
    """The distinct scores from the highest down, and what lies above each gap between them.

    Gap ``g`` lies between the distinct scores ``g - 1`` and ``g``; gap 0 lies above all.
    """

    score: NDArray[np.float32]
    ham_above: NDArray[np.int64]
    spam_above: Floats
    ham: int

    @classmethod
    def of(cls, labels: NDArray[np.bool_], scores: NDArray[np.float32], weights: Floats) -> _Scale:
        distinct, number = np.unique(-scores, return_inverse=True)
        ham = np.where(labels, 0.0, weights)
        ham = ham / ham.max()
        spam = np.where(labels, weights, 0.0)
        spam = spam / spam.max()
        above = np.concatenate([[0.0], np.cumsum(np.bincount(number, ham, len(distinct)))])
        caught = np.concatenate([[0.0], np.cumsum(np.bincount(number, spam, len(distinct)))])
        effective = math.floor(above[-1] * (1 + _ROUNDING))
        return cls(
            -distinct,
            np.ceil(above * (1 - _ROUNDING)).astype(np.int64),
            caught / caught[-1],
            effective,
        )

    def gap(self, number: int) -> tuple[float, np.float32] | None:
        """Return width and middle of a gap, or ``None`` where no float32 lies strictly inside."""
        low, high = self._imagined(number), self._imagined(number - 1) if number else None
        bottom, top = low, low + _REACH if high is None else high
        middle = np.float32((bottom + top) / 2)
        real_low = self.score[number]
        real_high = np.float32(np.inf) if number == 0 else self.score[number - 1]
        if not (np.isfinite(middle) and real_low < middle < real_high):
            return None
        return top - bottom, middle

    def _imagined(self, number: int) -> float:
        """Return a distinct score, with infinity pulled close to the outermost finite one."""
        value = float(self.score[number])
        if math.isfinite(value):
            return value
        finite = self.score[np.isfinite(self.score)]
        if value > 0:
            return float(finite[0]) + _REACH if len(finite) else _REACH
        return float(finite[-1]) - _REACH if len(finite) else -_REACH


def _fit(scale: _Scale, budget: float) -> Policy:
    limit, certified = allowed_false_positives(budget, scale.ham)
    lowest = int(np.flatnonzero(scale.ham_above[:-1] <= limit)[-1])
    place, threshold = _place(scale, lowest)
    false_positives = int(scale.ham_above[place])
    return Policy(
        name=policy_name(budget),
        budget=budget,
        threshold=float(threshold),
        certified=certified,
        bound=float(upper_bound(false_positives, scale.ham)),
        ham=scale.ham,
        ham_needed=max(ham_for(budget) - scale.ham, 0),
        false_positives=false_positives,
        tpr=float(scale.spam_above[place]),
    )


def _place(scale: _Scale, lowest: int) -> tuple[int, np.float32]:
    """Return the widest gap near the lowest allowed one and its middle; the next one up where none has an inside."""
    best: tuple[float, int, np.float32] | None = None
    for number in range(lowest, -1, -1):
        loss = scale.spam_above[lowest] - scale.spam_above[number]
        allowance = SLACK if scale.ham_above[number] == scale.ham_above[lowest] else 0.0
        if best is not None and loss > allowance + 1e-12:
            break
        found = scale.gap(number)
        if found is not None and (best is None or found[0] > best[0]):
            best = (found[0], number, found[1])
    if best is None:
        raise DataRefused(
            "no finite threshold keeps the false-positive budget: too much ham has an infinite logit.",
            hint="Look at the model: a sound graph gives finite logits.",
        )
    return best[1], best[2]


def _checked(
    y: ArrayLike, logit: ArrayLike, weight: ArrayLike | None, words: Words
) -> tuple[NDArray[np.bool_], NDArray[np.float32], Floats]:
    labels, scores = np.asarray(y), np.asarray(logit, np.float32)
    weights = np.ones(labels.shape) if weight is None else np.asarray(weight, np.float64)
    if labels.ndim != 1 or scores.shape != labels.shape or weights.shape != labels.shape:
        raise InputError(
            f"labels, logits and weights must have one shape (N,), found {labels.shape}, {scores.shape} and "
            f"{weights.shape}."
        )
    if not np.isin(labels, (0, 1)).all():
        raise InputError(
            "labels must be 0 or 1 (abuse), found another value.", hint="Drop unlabelled rows first."
        )
    if np.isnan(scores).any():
        raise InputError(f"logits must be numbers, found {int(np.isnan(scores).sum())} missing (nan).")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InputError(
            "weights must be finite and not negative.", hint="A weight is 1 / share of rows kept."
        )
    kept = weights > 0
    labels, scores, weights = labels[kept] == 1, scores[kept], weights[kept]
    ham, spam = int((~labels).sum()), int(labels.sum())
    if ham < LEAST_HAM or spam < LEAST_SPAM:
        raise DataRefused(
            f"a threshold needs at least {LEAST_HAM} {words[1]} and {LEAST_SPAM} {words[0]} in the calibration window, found "
            f"{ham} and {spam}.",
            hint="Widen the window, or move the cut dates.",
        )
    return labels, scores, weights
