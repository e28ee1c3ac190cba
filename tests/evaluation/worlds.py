"""Invented scores with campaigns, days and slices, for the tests of this folder."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msa_ml.evaluation.evaluation import Evaluation, evaluate
from msa_ml.model.threshold import Policy, fit_policies


@dataclass(frozen=True)
class World:
    y: NDArray[np.int8]
    logit: NDArray[np.float32]
    campaign: NDArray[np.str_]
    day: NDArray[np.int64]
    size: NDArray[np.str_]

    @property
    def clusters(self) -> dict[str, Any]:
        return {"campaign": self.campaign, "day": self.day}


def world(seed: int = 0, rows: int = 2000, *, apart: float = 5.0) -> World:
    """Draw rows, 35 % abuse in campaigns, over thirty days."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.35).astype(np.int8)
    logit = rng.normal(np.where(y == 1, apart / 2, -apart / 2), 1.6).astype(np.float32)
    campaign = np.where(y == 1, np.char.add("c", rng.integers(0, 60, rows).astype(str)), "")
    return World(y, logit, campaign, 20_000 + rng.integers(0, 30, rows), rng.choice(["small", "large"], rows))


def policies(seed: int = 99, rows: int = 4000, *, apart: float = 5.0) -> tuple[Policy, ...]:
    """Fit policies on another draw."""
    found = world(seed, rows, apart=apart)
    return fit_policies(found.y, found.logit)


def evaluation(seed: int = 0, rows: int = 2000, **choices: Any) -> Evaluation:
    """Evaluate one draw, with every option in use."""
    found = world(seed, rows)
    given: dict[str, Any] = {"slices": {"size": found.size}, "replicates": 60, "policies": policies()}
    return evaluate(found.y, found.logit, **{**found.clusters, **given, **choices})
