"""How good scores, decisions and probabilities are, each as one number.

Labels are 0 or 1 (1 = abuse), a decision is ``score >= threshold``, and a weight is what one row stands for in the
traffic (one over its probability of being sampled). A metric that needs a class which is not there is ``nan``.
Ties are exact: rows of equal score are decided together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import InputError
from msa_ml.evaluation.ranking import Floats, Ranking, checked_labels, checked_numbers, checked_weight

ECE_BINS = 15


@dataclass(frozen=True)
class Roc:
    """Every operating point of a score, without interpolation, from nothing flagged to everything flagged.

    Attributes
    ----------
    fpr, tpr
        float64[G + 1], shares 0..1, both rising.
    threshold
        float[G + 1], the point is reached by ``score >= threshold``; the first is ``inf``.
    """

    fpr: Floats
    tpr: Floats
    threshold: NDArray[np.floating]


def roc(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> Roc:
    """Return the receiver operating characteristic (Fawcett, An introduction to ROC analysis, 2006).

    Rates of a class that is missing are ``nan``.

    Examples
    --------
    >>> curve = roc([0, 1, 1], [1.0, 1.0, 2.0])
    >>> curve.fpr.tolist(), curve.tpr.tolist(), curve.threshold.tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0], [inf, 2.0, 1.0])
    """
    ranking = Ranking.of(y, score)
    totals = ranking.totals(checked_weight(weight, len(ranking.order)))
    return Roc(
        _shares(totals.ham),
        _shares(totals.abuse),
        np.concatenate([np.array([np.inf], ranking.score.dtype), ranking.score]),
    )


def tpr_at_fpr(y: ArrayLike, score: ArrayLike, budget: float, weight: ArrayLike | None = None) -> float:
    """Return the highest TPR over all thresholds whose FPR is at most ``budget``, both shares 0..1.

    The operating point of a Neyman-Pearson test (1933). Only thresholds that exist count: a point between two of them
    cannot be operated, so nothing is interpolated, and a threshold "nearest" to the budget may break it. Flagging
    nothing keeps every budget, so the result is 0 where no threshold does.

    Examples
    --------
    >>> y, score = [0, 0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.7, 0.9]
    >>> tpr_at_fpr(y, score, 0.01), tpr_at_fpr(y, score, 0.25)
    (0.5, 1.0)
    """
    check_budget(budget)
    ranking = Ranking.of(y, score)
    return float(ranking.totals(checked_weight(weight, len(ranking.order))).tpr_at_fpr(budget))


def one_minus_roca_pct(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return (1-ROCA)%: the share, in percent, of (abuse, ham) pairs where the ham scores higher; a tie is half.

    The primary measure of Cormack, TREC 2007 Spam Track Overview. 0 is perfect, 50 is chance.

    Examples
    --------
    >>> one_minus_roca_pct([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9])
    12.5
    """
    ranking = Ranking.of(y, score)
    return float(100.0 * ranking.totals(checked_weight(weight, len(ranking.order))).misordered())


def average_precision(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return average precision, 0..1: precision at each distinct score weighted by the recall gained there.

    Buckley and Voorhees, Evaluating evaluation measure stability, 2000; scikit-learn's definition, not interpolated.
    It moves with the share of abuse, so compare it only on the same rows.

    Examples
    --------
    >>> round(average_precision([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.9]), 4)
    0.8333
    """
    ranking = Ranking.of(y, score)
    return float(ranking.totals(checked_weight(weight, len(ranking.order))).average_precision())


@dataclass(frozen=True)
class Misclassification:
    """Errors of decisions, in percent.

    Attributes
    ----------
    hm
        Ham misclassified, % of ham (the false-positive rate).
    sm
        Spam misclassified, % of spam.
    lam
        Logistic average of the two.
    """

    hm: float
    sm: float
    lam: float


def misclassification(
    y: ArrayLike, decision: ArrayLike, weight: ArrayLike | None = None
) -> Misclassification:
    """Return hm%, sm% and lam% (Cormack and Lynam, TREC 2005 Spam Track Overview).

    ``lam% = 100 * logit^-1((logit(hm) + logit(sm)) / 2)``. Where a class has no error, or nothing but errors, its
    logit is infinite; then half an error is counted for it, as the TREC toolkit does on its curves and CEAS 2007 did
    for lam (the toolkit's own lam replaces 0 by the smallest float, which calls a filter perfect that never flags).

    Examples
    --------
    >>> misclassification([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 0, 0]).hm
    25.0
    >>> round(misclassification([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 0, 0]).lam, 4)
    36.6025
    """
    abuse = checked_labels(y)
    flagged = checked_labels(decision)
    if flagged.shape != abuse.shape:
        raise InputError(
            f"decisions must have the shape of the labels, {abuse.shape}, found {flagged.shape}."
        )
    rows = checked_weight(weight, len(abuse))
    hm, sm = error_rate(~abuse, flagged, rows), error_rate(abuse, ~flagged, rows)
    ham, spam = int((~abuse & (rows > 0)).sum()), int((abuse & (rows > 0)).sum())
    return Misclassification(100.0 * float(hm), 100.0 * float(sm), 100.0 * float(lam(hm, sm, ham, spam)))


def error_rate(members: NDArray[np.bool_], wrong: NDArray[np.bool_], weight: Floats) -> Floats:
    """Return the weighted share of members that are wrong, for weights float64[..., N]; ``nan`` without members.

    Examples
    --------
    >>> float(error_rate(np.array([True, True, False]), np.array([True, False, True]), np.array([1.0, 3.0, 9.0])))
    0.25
    """
    whole = weight[..., members].sum(axis=-1)
    return np.asarray(weight[..., members & wrong].sum(axis=-1) / np.where(whole > 0, whole, np.nan))


def lam(hm: ArrayLike, sm: ArrayLike, ham: ArrayLike, spam: ArrayLike) -> Floats:
    """Return the logistic average of two error rates 0..1, given the rows of each class; see :func:`misclassification`.

    Examples
    --------
    >>> float(lam(0.0, 0.5, 100, 10)) == float(lam(0.005, 0.5, 100, 10))
    True
    """
    half = 0.5 / np.maximum(np.stack([np.asarray(ham, np.float64), np.asarray(spam, np.float64)]), 1.0)
    rates = np.stack(np.broadcast_arrays(np.asarray(hm, np.float64), np.asarray(sm, np.float64)))
    half = half.reshape(half.shape + (1,) * (rates.ndim - half.ndim))
    rates = np.where(rates == 0, half, np.where(rates == 1, 1 - half, rates))
    middle = np.log(rates / (1 - rates)).mean(axis=0)
    return np.asarray(1 / (1 + np.exp(-middle)))


def precision_at_k_per_day(y: ArrayLike, score: ArrayLike, day: ArrayLike, k: int) -> float:
    """Return the mean over days of the share of abuse among each day's ``k`` highest scores, 0..1.

    What analysts see who review ``k`` events a day (precision at k: Manning, Raghavan and Schütze, Introduction to
    Information Retrieval, 2008, section 8.4). Of rows that tie at the cut, each is reviewed with the same
    probability, and the expectation is returned. A day with fewer rows counts with those it has. Rows are not
    weighted: the queue holds the rows that are there, so do not use it on a sample.

    Examples
    --------
    >>> precision_at_k_per_day([1, 0, 0, 1], [0.9, 0.8, 0.7, 0.6], ["mon", "mon", "tue", "tue"], 1)
    0.5
    """
    shares = precision_by_day(checked_labels(y), score, day, k)
    return float(np.mean(shares)) if len(shares) else float("nan")


def precision_by_day(abuse: NDArray[np.bool_], score: ArrayLike, day: ArrayLike, k: int) -> Floats:
    """Return the precision among the ``k`` highest scores of each day, in order of days.

    Examples
    --------
    >>> precision_by_day(np.array([True, False, False]), [0.9, 0.8, 0.8], [1, 1, 2], 2).tolist()
    [0.5, 0.0]
    """
    if k < 1:
        raise InputError(f"k must be at least 1, found {k}.")
    scores = checked_numbers("scores", score, len(abuse))
    days, number = np.unique(np.asarray(day), return_inverse=True)
    if number.shape != abuse.shape:
        raise InputError(f"days must have the shape of the labels, {abuse.shape}, found {number.shape}.")
    shares = np.empty(len(days))
    for one in range(len(days)):
        rows = number == one
        size = min(k, int(rows.sum()))
        mine, truth = scores[rows], abuse[rows]
        cut = np.partition(mine, len(mine) - size)[len(mine) - size]
        above, tied = mine > cut, mine == cut
        shares[one] = (truth[above].sum() + (size - above.sum()) * truth[tied].mean()) / size
    return shares


def cost(
    y: ArrayLike, decision: ArrayLike, cost_fp: float, cost_fn: float, weight: ArrayLike | None = None
) -> float:
    """Return the mean cost of one decision, in the unit of the two costs; a right decision costs nothing.

    Elkan, The foundations of cost-sensitive learning, 2001.

    Examples
    --------
    >>> cost([0, 0, 1, 1], [1, 0, 0, 1], cost_fp=10.0, cost_fn=2.0)
    3.0
    """
    abuse, flagged = checked_labels(y), checked_labels(decision)
    if flagged.shape != abuse.shape:
        raise InputError(
            f"decisions must have the shape of the labels, {abuse.shape}, found {flagged.shape}."
        )
    each = np.where(flagged & ~abuse, cost_fp, 0.0) + np.where(~flagged & abuse, cost_fn, 0.0)
    return float(weighted_mean(each, checked_weight(weight, len(abuse))))


def brier(y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the mean squared error of probabilities, 0..1, lower is better (Brier, 1950).

    Examples
    --------
    >>> brier([0, 1], [0.0, 0.5])
    0.125
    """
    abuse, share = checked_probability(y, probability)
    return float(weighted_mean((share - abuse) ** 2, checked_weight(weight, len(abuse))))


def log_loss(y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the mean negative log-likelihood of probabilities, in nats, lower is better (Good, 1952).

    Probabilities are kept 2.2e-16 away from 0 and 1, so one sure error costs 36 nats, not infinitely many.

    Examples
    --------
    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    abuse, share = checked_probability(y, probability)
    return float(weighted_mean(row_log_loss(abuse, share), checked_weight(weight, len(abuse))))


def row_log_loss(abuse: NDArray[np.bool_], share: Floats) -> Floats:
    """Return the log loss of each row, in nats.

    Examples
    --------
    >>> row_log_loss(np.array([True]), np.array([1.0])).round(6).tolist()
    [0.0]
    """
    tiny = np.finfo(np.float64).eps
    kept = np.clip(share, tiny, 1 - tiny)
    return np.asarray(-np.where(abuse, np.log(kept), np.log1p(-kept)))


def expected_calibration_error(
    y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None, *, bins: int = ECE_BINS
) -> float:
    """Return the expected calibration error, 0..1, over bins of equal mass, not debiased.

    Mean absolute difference between the share of abuse and the mean probability of a bin (Naeini, Cooper and
    Hauskrecht, 2015), over bins that hold the same weight of rows: with bins of equal width nearly all mail falls
    into the first and the last, and the error grows less reliable (Nixon and others, Measuring calibration in deep
    learning, 2019). Rows of equal probability share a bin. A perfectly calibrated model on few rows still shows an
    error of the order of ``sqrt(bins / rows)``.

    Examples
    --------
    >>> expected_calibration_error([0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25])
    0.0
    >>> expected_calibration_error([0, 1], [0.1, 0.9]) > 0.09
    True
    """
    abuse, share = checked_probability(y, probability)
    rows = checked_weight(weight, len(abuse))
    return float(calibration_error(abuse, share, rows, equal_mass_bins(share, rows, bins)))


def equal_mass_bins(share: Floats, weight: Floats, bins: int) -> NDArray[np.intp]:
    """Return the bin of each row, int[N]: about the same weight in each, equal values in the same one.

    Examples
    --------
    >>> equal_mass_bins(np.array([0.9, 0.1, 0.1, 0.1]), np.ones(4), 2).tolist()
    [1, 0, 0, 0]
    """
    distinct, number = np.unique(share, return_inverse=True)
    mass = np.bincount(number, weight, len(distinct))
    total = mass.sum()
    middle = np.cumsum(mass) - mass / 2
    place = np.floor(bins * middle / total) if total > 0 else np.zeros(len(distinct))
    return np.asarray(np.minimum(place, bins - 1).astype(np.intp)[number])


def calibration_error(
    abuse: NDArray[np.bool_], share: Floats, weight: Floats, bin_of: NDArray[np.intp]
) -> Floats:
    """Return the calibration error over given bins, for weights float64[..., N].

    Examples
    --------
    >>> float(calibration_error(np.array([True, False]), np.array([0.5, 0.5]), np.ones(2), np.array([0, 0])))
    0.0
    """
    whole = weight.sum(axis=-1)
    gaps = [
        (weight[..., bin_of == one] * (abuse - share)[bin_of == one]).sum(axis=-1)
        for one in np.unique(bin_of)
    ]
    total = np.abs(np.stack(gaps)).sum(axis=0) if gaps else np.zeros(weight.shape[:-1])
    return np.asarray(total / np.where(whole > 0, whole, np.nan))


def weighted_mean(each: Floats, weight: Floats) -> Floats:
    """Return the weighted mean of one value per row, for weights float64[..., N]; ``nan`` without weight.

    Examples
    --------
    >>> float(weighted_mean(np.array([1.0, 3.0]), np.array([3.0, 1.0])))
    1.5
    """
    whole = weight.sum(axis=-1)
    return np.asarray((weight @ each) / np.where(whole > 0, whole, np.nan))


def check_budget(budget: float) -> None:
    """Demand a false-positive budget between 0 and 1.

    Raises
    ------
    InputError
        It is not.
    """
    if not 0 <= budget < 1:
        raise InputError(f"a false-positive budget is a share, 0 <= budget < 1, found {budget!r}.")


def checked_probability(y: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Return labels and probabilities.

    Raises
    ------
    InputError
        Shapes differ, or a probability is outside 0..1.
    """
    abuse = checked_labels(y)
    share = checked_numbers("probabilities", probability, len(abuse)).astype(np.float64)
    if ((share < 0) | (share > 1)).any():
        raise InputError("probabilities must lie in 0..1.", hint="Pass logits through the sigmoid first.")
    return abuse, share


def _shares(totals: Floats) -> Floats:
    whole = totals[-1] if len(totals) and totals[-1] > 0 else np.nan
    return np.concatenate([[0.0 * whole], totals / whole])
