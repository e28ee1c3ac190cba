"""Rows in order of score, and what can be counted along that order, for many sets of weights at once.

Everything that depends on scores only through their order (TPR at a bound on FPR, area under ROC, average precision)
is a sum over two running totals. The rows are sorted once; each replicate of a bootstrap is then one row of weights.
Rows of equal score are one step: no threshold can part them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import InputError

Floats = NDArray[np.float64]
ROUNDING = 1e-12
"""Relative tolerance for the rounding of sums of weights; counts below a billion are compared exactly."""


def checked_labels(y: ArrayLike) -> NDArray[np.bool_]:
    """Return the labels as booleans, true = abuse.

    Raises
    ------
    InputError
        Not one-dimensional, or something other than 0 and 1.

    Examples
    --------
    >>> checked_labels([0, 1]).tolist()
    [False, True]
    """
    labels = np.asarray(y)
    if labels.ndim != 1:
        raise InputError(f"labels must be one-dimensional, found shape {labels.shape}.")
    abuse = labels == 1
    if not (abuse | (labels == 0)).all():
        raise InputError(
            "labels must be 0 or 1 (abuse), found another value.", hint="Drop unlabelled rows first."
        )
    return np.asarray(abuse, np.bool_)


def checked_numbers(name: str, values: ArrayLike, length: int) -> NDArray[np.floating]:
    """Return values as floats of the expected length, float32 kept as it is.

    Raises
    ------
    InputError
        Another length, or a value that is not a number.
    """
    numbers = np.asarray(values)
    if not np.issubdtype(numbers.dtype, np.floating):
        numbers = numbers.astype(np.float64)
    if numbers.shape != (length,):
        raise InputError(f"{name} must have the shape of the labels, ({length},), found {numbers.shape}.")
    if np.isnan(numbers).any():
        raise InputError(f"{name} must be numbers, found {int(np.isnan(numbers).sum())} missing (nan).")
    return numbers


def checked_weight(weight: ArrayLike | None, length: int) -> Floats:
    """Return weights, ones when there are none given.

    Raises
    ------
    InputError
        Another length, or a weight that is negative or not finite.
    """
    if weight is None:
        return np.ones(length)
    numbers = checked_numbers("weights", weight, length).astype(np.float64)
    if (numbers < 0).any() or not np.isfinite(numbers).all():
        raise InputError(
            "weights must be finite and not negative.", hint="A weight is 1 / share of rows kept."
        )
    return numbers


@dataclass(frozen=True)
class Totals:
    """Running totals from the highest score down, one column per distinct score.

    Attributes
    ----------
    ham, abuse
        float64[..., G]: weight of each class at or above the g-th highest distinct score.
    """

    ham: Floats
    abuse: Floats

    def _of_class(self, totals: Floats) -> Floats:
        whole = totals[..., -1] if totals.shape[-1] else np.zeros(totals.shape[:-1])
        return np.where(whole > 0, whole, np.nan)

    def tpr_at_fpr(self, budget: float) -> Floats:
        """Return the highest TPR over thresholds whose FPR keeps the budget; ``nan`` without both classes."""
        ham, abuse = self._of_class(self.ham), self._of_class(self.abuse)
        allowed = (self.ham <= (budget * ham * (1 + ROUNDING))[..., None]).sum(axis=-1)
        reached = np.concatenate([np.zeros((*self.abuse.shape[:-1], 1)), self.abuse], axis=-1)
        caught = np.take_along_axis(reached, allowed[..., None], axis=-1)[..., 0]
        return np.asarray(np.where(np.isnan(ham), np.nan, caught / abuse))

    def misordered(self) -> Floats:
        """Return the share of (abuse, ham) pairs in the wrong order, ties half; ``nan`` without both classes."""
        ham, abuse = self._of_class(self.ham), self._of_class(self.abuse)
        ham_here = np.diff(self.ham, axis=-1, prepend=0.0)
        abuse_here = np.diff(self.abuse, axis=-1, prepend=0.0)
        below = self.abuse[..., -1:] - self.abuse + 0.5 * abuse_here
        return np.asarray((ham_here * below).sum(axis=-1) / (ham * abuse))

    def average_precision(self) -> Floats:
        """Return the precision at each step weighted by the recall it adds; ``nan`` without abuse."""
        abuse = self._of_class(self.abuse)
        here = np.diff(self.abuse, axis=-1, prepend=0.0)
        flagged = self.abuse + self.ham
        precision = np.divide(self.abuse, flagged, out=np.zeros_like(flagged), where=flagged > 0)
        return np.asarray((here * precision).sum(axis=-1) / abuse)


@dataclass(frozen=True)
class Ranking:
    """Rows sorted by score, highest first.

    Attributes
    ----------
    order
        int[N], row numbers from the highest score down.
    last
        int[G], position in ``order`` of the last row of each distinct score.
    abuse
        bool[N], labels in ``order``.
    score
        float[G], the distinct scores.
    """

    order: NDArray[np.intp]
    last: NDArray[np.intp]
    abuse: NDArray[np.bool_]
    score: NDArray[np.floating]

    @classmethod
    def of(cls, y: ArrayLike, score: ArrayLike) -> Ranking:
        """Sort N rows.

        Parameters
        ----------
        y
            0 or 1 (abuse).
        score
            Any floats, higher is more abusive, infinities allowed.

        Raises
        ------
        InputError
            Shapes differ, a label is not 0 or 1, or a score is ``nan``.

        Examples
        --------
        >>> Ranking.of([0, 1, 1], [0.5, 0.5, 2.0]).score.tolist()
        [2.0, 0.5]
        """
        abuse = checked_labels(y)
        numbers = checked_numbers("scores", score, len(abuse))
        order = np.argsort(-numbers, kind="stable")
        ordered = numbers[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], np.True_)) if len(order) else order
        return cls(order, last, abuse[order], ordered[last])

    def totals(self, weight: Floats) -> Totals:
        """Return the running totals of weights, float64[..., N] in the original order of rows."""
        ordered = weight[..., self.order]
        ham = np.cumsum(np.where(self.abuse, 0.0, ordered), axis=-1)[..., self.last]
        abuse = np.cumsum(np.where(self.abuse, ordered, 0.0), axis=-1)[..., self.last]
        return Totals(ham, abuse)
