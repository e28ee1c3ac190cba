"""Whether histories are worth their columns: measured, paired, on mail that the trees were not fitted on.

A model with histories needs counters where it serves, and thresholds that hold without them too. So it has to be better by more
than chance, and no worse than the plain model where nothing is known. Both are fitted on the training window and
calibrated on the next one, where they are compared event by event; the test window has no say in the choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.model.threshold import Policy, default_policy

LEAST_EVENTS = 2_000
"""Labelled events from which on histories are read at all: what fewer tell is within chance."""
SURE = 2.0
"""Standard errors that make a difference more than chance."""


@dataclass(frozen=True)
class Difference:
    """A mean difference of log loss between two models on the same events, nats an event; below 0 the first is better.

    Attributes
    ----------
    error
        Its standard error; events of one campaign stand and fall together.
    """

    mean: float
    error: float


@dataclass(frozen=True)
class Worth:
    """What histories bring on the calibration window.

    Attributes
    ----------
    kept
        Whether the model reads them.
    events
        How many events were compared.
    known
        With histories as they were known then, against the model without.
    unknown
        The same model without counters, every history unknown, against the model without.
    told
        The same model with histories, against itself without counters: what comes of knowing them, and not of another training.
    policy
        The policy at which catches are compared: the default one of the model without.
    caught, caught_plain
        Share of spam caught there with histories, at the threshold that holds with and without them, and by the model without.
    """

    kept: bool
    events: int
    known: Difference
    unknown: Difference
    told: Difference
    policy: str
    caught: float
    caught_plain: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values, to six digits."""
        return _rounded(asdict(self))

    def metrics(self) -> dict[str, float]:
        """Return the numbers by name, for a run's log."""
        return {
            "histories.kept": float(self.kept),
            "histories.loss_difference": self.known.mean,
            "histories.loss_difference_error": self.known.error,
            "histories.loss_difference_unknown": self.unknown.mean,
            "histories.caught": self.caught,
            "histories.caught_without": self.caught_plain,
        }

    def __str__(self) -> str:
        said = "kept" if self.kept else "left out"
        return (
            f"histories {said}: on {self.events:,} events of the calibration window the loss is {_signed(self.known)} with them, "
            f"{_signed(self.unknown)} where they are unknown; {self.caught:.1%} caught at {self.policy}, {self.caught_plain:.1%} without"
        )


def worth(
    y: NDArray[np.int8],
    weight: NDArray[np.float64],
    campaign: NDArray[np.str_],
    *,
    plain: NDArray[np.float32],
    known: NDArray[np.float32],
    unknown: NDArray[np.float32],
    plain_policies: Sequence[Policy],
    policies: Sequence[Policy],
) -> Worth:
    """Compare a model with histories to one without, on N events of the calibration window.

    They are kept if with them the loss is lower by more than two standard errors, both than that of the model without and than the
    same model's without counters; if without counters it is not higher by as much than that of the model without; and if more spam
    is caught at the default policy: counters are work for somebody, and nobody keeps them for a loss alone.

    Parameters
    ----------
    plain, known, unknown
        Calibrated logits, float32[N]: of the model without histories; of the one with them, as they were known then, and unknown.
    plain_policies, policies
        Thresholds of either model.

    Examples
    --------
    >>> from msa_ml.model.threshold import fit_policies
    >>> y = np.tile(np.array([0, 1, 1], np.int8), 200)
    >>> strong = np.where(y == 1, 2, -2).astype(np.float32)
    >>> weak = np.where(np.arange(600) % 3 == 2, -1, strong / 2)  # half of the spam reads like ham
    >>> alone = np.array([""] * 600)
    >>> def choice(known, unknown):
    ...     rules = {"plain_policies": fit_policies(y, weak), "policies": fit_policies(y, known)}
    ...     return worth(y, np.ones(600), alone, plain=weak, known=known, unknown=unknown, **rules).kept
    >>> choice(strong, weak), choice(weak, weak), choice(strong, -strong)
    (True, False, False)
    """
    loss = {
        name: _loss(y, logit) for name, logit in (("plain", plain), ("known", known), ("unknown", unknown))
    }
    better = _difference(loss["known"] - loss["plain"], weight, campaign)
    alone = _difference(loss["unknown"] - loss["plain"], weight, campaign)
    told = _difference(loss["known"] - loss["unknown"], weight, campaign)
    chosen, _ = default_policy(plain_policies)
    threshold = next(policy.threshold for policy in policies if policy.name == chosen.name)
    caught, caught_plain = (
        float(np.average((logit >= np.float32(at))[y == 1], weights=weight[y == 1]))
        for logit, at in ((known, threshold), (plain, chosen.threshold))
    )
    kept = (
        all(one.mean < -SURE * one.error for one in (better, told))
        and alone.mean <= SURE * alone.error
        and caught > caught_plain
    )
    return Worth(kept, len(y), better, alone, told, chosen.name, caught, caught_plain)


def _loss(y: NDArray[np.int8], logit: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log loss of each event."""
    found: NDArray[np.float64] = np.logaddexp(0.0, np.where(y == 1, -1.0, 1.0) * logit.astype(np.float64))
    return found


def _difference(
    each: NDArray[np.float64], weight: NDArray[np.float64], campaign: NDArray[np.str_]
) -> Difference:
    """Return the weighted mean and its standard error over campaigns; an event without one stands for itself."""
    mean = float(np.average(each, weights=weight))
    summed = np.bincount(clusters(len(each), campaign), weights=weight * (each - mean))
    return Difference(mean, float(np.sqrt((summed**2).sum()) / weight.sum()))


def _signed(found: Difference) -> str:
    return f"{found.mean:+.4f} (+-{found.error:.4f})"


def _rounded(said: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _rounded(value)
        if isinstance(value, dict)
        else float(f"{value:.6g}")
        if isinstance(value, float)
        else value
        for name, value in said.items()
    }
