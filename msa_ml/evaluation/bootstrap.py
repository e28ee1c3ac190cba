"""How sure a number is: a percentile bootstrap that resamples clusters, not rows.

Mails of one campaign are near-copies, and mails of one day share senders, events and outages; a bootstrap over rows
would count each copy as fresh evidence and give intervals that are far too narrow. So whole clusters are drawn with
replacement (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8): a campaign that has two
rows or more is a cluster, whatever days it spans, and the rows without one stand together with the others of their
day. Without either, each row is its own cluster.

A replicate is a vector of weights over clusters, never a copy of rows, so scores are sorted once for all replicates.

Percentile intervals of a few clusters are too narrow: below about twenty read them as a hint, and the evaluation
says so. With one cluster there is nothing to draw from, and the bounds are ``nan``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from msa_ml.evaluation.ranking import Floats

LEVEL = 0.95
FEW_CLUSTERS = 20
MOST_CLUSTERS = 20_000
_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A number with its two-sided 95 % interval; ``nan`` is unknown.

    Examples
    --------
    >>> Interval(0.5, 0.25, 0.75).map(lambda value: 100 * value)
    Interval(value=50.0, low=25.0, high=75.0)
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def map(self, change: Callable[[float], float]) -> Interval:
        """Return the interval of a rising function of the number."""
        return Interval(change(self.value), change(self.low), change(self.high))


@dataclass(frozen=True)
class Bootstrap:
    """Seeded replicates of the weights of N rows.

    Attributes
    ----------
    cluster
        int[N], number of the cluster of each row.
    weight
        float64[N], of the rows themselves.
    draws
        float64[R, C], how often each replicate drew each cluster; no replicates where there is one cluster.
    seed
        Of the generator that drew.
    """

    cluster: NDArray[np.intp]
    weight: Floats
    draws: Floats
    seed: int

    @classmethod
    def of(cls, cluster: NDArray[np.intp], weight: Floats, *, replicates: int, seed: int) -> Bootstrap:
        """Draw the replicates.

        More than 20,000 clusters are joined into 20,000, in turn: sums of independent clusters are independent, and
        the memory stays bounded.

        Examples
        --------
        >>> Bootstrap.of(np.array([0, 0, 1]), np.ones(3), replicates=2, seed=0).draws.sum(axis=1).tolist()
        [2.0, 2.0]
        """
        joined = cluster % MOST_CLUSTERS
        size = int(joined.max(initial=-1)) + 1
        generator = np.random.default_rng(seed)
        draws = np.zeros((replicates if size > 1 else 0, size))
        for row in draws:
            row[:] = np.bincount(generator.integers(size, size=size), minlength=size)
        return cls(joined, weight, draws, seed)

    @property
    def size(self) -> int:
        """Number of clusters that are drawn from."""
        return int(self.draws.shape[1])

    def weights(self) -> Iterator[Floats]:
        """Yield the weights of the rows in each replicate, float64[r, N], about 32 MB at a time."""
        step = max(1, _CELLS // max(len(self.cluster), 1))
        for start in range(0, len(self.draws), step):
            yield self.draws[start : start + step, self.cluster] * self.weight

    def sum(self, each: Floats | NDArray[np.bool_]) -> tuple[float, Floats]:
        """Return the weighted sum of one value per row, over the rows and float64[R] over the replicates."""
        by_cluster = np.bincount(self.cluster, self.weight * each, self.size)
        return float(by_cluster.sum()), self.draws @ by_cluster

    def rate(self, members: NDArray[np.bool_], hits: NDArray[np.bool_]) -> Interval:
        """Return the weighted share of members that are hits, with the interval of :func:`rate`."""
        (top, tops), (whole, wholes) = self.sum(members & hits), self.sum(members)
        return rate(divide(top, whole), divide(tops, wholes), effective(self.weight[members]))

    def mean(self, each: Floats) -> Interval:
        """Return the weighted mean of one value per row."""
        (top, tops), (whole, wholes) = self.sum(each), self.sum(np.ones(len(each)))
        return percentile(divide(top, whole), divide(tops, wholes))


def divide(top: ArrayLike, whole: ArrayLike) -> Floats:
    """Return a quotient, ``nan`` where the divisor is 0.

    Examples
    --------
    >>> divide([1.0, 1.0], [2.0, 0.0]).tolist()
    [0.5, nan]
    """
    below = np.asarray(whole, np.float64)
    return np.asarray(np.asarray(top) / np.where(below > 0, below, np.nan))


def percentile(value: ArrayLike, replicates: Floats) -> Interval:
    """Return a number with the 2.5th and 97.5th percentile of its replicates, widened to hold the number itself.

    A replicate in which the number does not exist (it drew one class only) is left out; when that is more than half
    of them, or there are none, the bounds are ``nan``. The number can lie outside its percentiles where resampling
    adds to it, as it does to a calibration error.

    Examples
    --------
    >>> percentile(5.0, np.arange(101.0)).map(lambda bound: round(bound, 9))
    Interval(value=5.0, low=2.5, high=97.5)
    """
    number = float(np.asarray(value))
    found = replicates[~np.isnan(replicates)]
    if np.isnan(number) or not len(found) or 2 * len(found) < len(replicates):
        return Interval(number)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(number, min(float(low), number), max(float(high), number))


def binomial(errors: float, trials: float) -> tuple[float, float]:
    """Return the two-sided 95 % interval of a rate as if rows were independent (Clopper and Pearson, 1934).

    Counts may be fractions, as effective counts are.

    Examples
    --------
    >>> low, high = binomial(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    if not trials > 0:
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(errors, trials - errors + 1, tail)) if errors > 0 else 0.0
    high = float(betaincinv(errors + 1, trials - errors, 1 - tail)) if errors < trials else 1.0
    return low, high


def rate(value: ArrayLike, replicates: Floats, trials: float) -> Interval:
    """Return a rate with an interval that is never narrower than the one of independent rows.

    Where no error was seen every replicate is 0 too, and a percentile interval would claim certainty. So the bounds
    are the outer ones of the bootstrap and of :func:`binomial`: clusters can widen an interval, never narrow it.

    Parameters
    ----------
    trials
        Rows of the class; with weights, the effective number (see :func:`effective`).

    Examples
    --------
    >>> rate(0.0, np.zeros(400), 100).high > 0.036
    True
    """
    drawn = percentile(value, replicates)
    if np.isnan(drawn.low):
        return drawn
    low, high = binomial(drawn.value * trials, trials)
    return Interval(drawn.value, min(drawn.low, low), max(drawn.high, high))


def effective(weight: Floats) -> float:
    """Return how many equally weighted rows weights are worth at least: their sum over the largest.

    Examples
    --------
    >>> effective(np.array([1.0, 1.0, 2.0]))
    2.0
    """
    largest = float(weight.max(initial=0.0))
    return float(weight.sum()) / largest if largest > 0 else 0.0
