"""Margin to calibrated logit: two numbers that keep the order of scores.

Platt's sigmoid (Platt, Probabilistic outputs for support vector machines, 1999) rather than isotonic regression: it is
exact in the emitted graph, strictly rising, so that it never makes ties, and needs few rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import DataRefused, InputError

LEAST_SLOPE = 1e-3
"""Smallest slope for margins of unit spread; a calibration never turns the order of scores round."""
_STEPS = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Platt:
    """``logit = slope * margin + intercept``, slope above 0.

    Examples
    --------
    >>> Platt(2.0, -1.0).logit([0.5, 1.0]).tolist()
    [0.0, 1.0]
    """

    slope: float
    intercept: float

    def logit(self, margin: ArrayLike) -> Floats:
        """Return calibrated logits."""
        return np.asarray(self.slope * np.asarray(margin, np.float64) + self.intercept, np.float64)

    def probability(self, margin: ArrayLike) -> Floats:
        """Return calibrated probabilities, 0..1.

        Examples
        --------
        >>> Platt(1.0, 0.0).probability([0.0]).tolist()
        [0.5]
        """
        return sigmoid(self.logit(margin))


def sigmoid(logit: ArrayLike) -> Floats:
    """Return ``1 / (1 + exp(-logit))`` without overflow.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    values = np.asarray(logit, np.float64)
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1.0 + small), np.float64)


def fit_platt(margin: ArrayLike, y: ArrayLike, weight: ArrayLike | None = None) -> Platt:
    """Fit the sigmoid by Newton's method (Lin, Lin and Weng, A note on Platt's probabilistic outputs, 2007).

    Targets are Platt's, ``(n+ + 1) / (n+ + 2)`` for abuse and ``1 / (n- + 2)`` for ham, so that separable data give
    finite numbers. Weights are scaled to a mean of one; the class counts of the targets are then sums of weights.
    Where the margin does not rise with abuse the slope is held at a small positive number, and the intercept alone is
    fitted.

    Parameters
    ----------
    margin
        float[N], uncalibrated, finite; best from rows that the model has not learnt from.
    y
        0 or 1 (abuse).
    weight
        float64[N] or ``None``.

    Raises
    ------
    DataRefused
        One class only.
    InputError
        Shapes differ, or a margin or weight is not finite.

    Examples
    --------
    >>> fitted = fit_platt([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    >>> fitted.slope > 0, abs(round(fitted.intercept, 6))
    (True, 0.0)
    """
    x, abuse, rows = _checked(margin, y, weight)
    rows = rows * (len(rows) / rows.sum())
    target = np.where(abuse, (rows[abuse].sum() + 1) / (rows[abuse].sum() + 2), 1 / (rows[~abuse].sum() + 2))
    centre = float(np.average(x, weights=rows))
    spread = float(np.sqrt(np.average((x - centre) ** 2, weights=rows)))
    if spread <= 1e-9 * max(1.0, abs(centre)):
        spread = 1.0  # a constant margin says nothing; the slope will be the least
    z = (x - centre) / spread
    slope, intercept = _newton(z, target, rows)
    if not slope > LEAST_SLOPE:
        slope, intercept = LEAST_SLOPE, _newton_intercept(LEAST_SLOPE * z, target, rows)
    return Platt(slope / spread, intercept - slope * centre / spread)


def _newton(z: Floats, target: Floats, weight: Floats) -> tuple[float, float]:
    """Minimise the cross-entropy over slope and intercept, with halved steps where a full one does not descend."""
    point = np.array([0.0, _start(target, weight)])
    columns = np.stack([z, np.ones_like(z)])
    value = _loss(point @ columns, target, weight)
    for _ in range(_STEPS):
        share = sigmoid(point @ columns)
        gradient = columns @ (weight * (share - target))
        if np.abs(gradient).max() < 1e-9 * len(z):
            break
        curvature = (columns * (weight * share * (1 - share))) @ columns.T + 1e-12 * np.eye(2)
        step = -np.linalg.solve(curvature, gradient)
        size, slope = 1.0, float(gradient @ step)
        while size >= 1e-10:
            tried = _loss((point + size * step) @ columns, target, weight)
            if tried <= value + 1e-4 * size * slope:
                break
            size /= 2
        else:
            break  # no smaller value within rounding: this is the minimum
        point, value = point + size * step, tried
    return float(point[0]), float(point[1])


def _newton_intercept(offset: Floats, target: Floats, weight: Floats) -> float:
    """Return the intercept at which the mean probability is the mean target; the left side is monotone, so bisect."""
    low, high = -40.0 - float(offset.max()), 40.0 - float(offset.min())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if float(weight @ (sigmoid(offset + middle) - target)) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _start(target: Floats, weight: Floats) -> float:
    share = float(np.average(target, weights=weight))
    return float(np.log(share / (1 - share)))


def _loss(logit: Floats, target: Floats, weight: Floats) -> float:
    return float(weight @ (np.logaddexp(0.0, logit) - target * logit))


def _checked(
    margin: ArrayLike, y: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    x, labels = np.asarray(margin, np.float64), np.asarray(y)
    rows = np.ones(labels.shape) if weight is None else np.asarray(weight, np.float64)
    if labels.ndim != 1 or x.shape != labels.shape or rows.shape != labels.shape:
        raise InputError(
            f"margins, labels and weights must have one shape (N,), found {x.shape}, {labels.shape} and {rows.shape}."
        )
    if not np.isfinite(x).all():
        raise InputError(f"margins must be finite, found {int((~np.isfinite(x)).sum())} that are not.")
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise InputError(
            "weights must be finite and not negative.", hint="A weight is 1 / share of rows kept."
        )
    if not np.isin(labels, (0, 1)).all():
        raise InputError(
            "labels must be 0 or 1 (abuse), found another value.", hint="Drop unlabelled rows first."
        )
    kept = rows > 0
    abuse = labels[kept] == 1
    if abuse.all() or not abuse.any():
        raise DataRefused(
            f"a calibration needs both classes, found {int((~abuse).sum())} ham and {int(abuse.sum())} spam.",
            hint="Widen the calibration window, or move the cut dates.",
        )
    return x[kept], abuse, rows[kept]
