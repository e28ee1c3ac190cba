"""Models that can do without histories: serving has no counters, or they were just started, and then all of them are ``nan``.

A model that always knew the past while it learnt leans on it, and is lost without it. So it forgets the past of half of its
training rows, and its thresholds must keep their budgets on the calibration window read either way (after Vincent et al., Extracting and
composing robust features with denoising autoencoders, 2008, whose inputs are blanked in the same manner).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.model.threshold import Policy


def forget(vectors: Vectors, features: FeatureSet, rows: NDArray[np.bool_] | None = None) -> Vectors:
    """Return the vectors with unknown histories, of all rows or of those that are true in ``rows``.

    Parameters
    ----------
    vectors
        Of ``features``, whose histories are the last columns.
    """
    past = len(features.histories)
    if not past:
        return vectors
    dense = vectors.dense.copy()
    dense[slice(None) if rows is None else rows, -past:] = np.nan
    return Vectors(dense, vectors.content)


def half(campaign: NDArray[np.str_], seed: int) -> NDArray[np.bool_]:
    """Return a drawn half of the rows, whole campaigns at a time; a row without a campaign is drawn by itself.

    Examples
    --------
    >>> drawn = half(np.array(["a", "a", "b", "b", *[""] * 96]), 0)
    >>> bool(drawn[0] == drawn[1]), bool(drawn[2] == drawn[3]), 30 < int(drawn.sum()) < 70
    (True, True, True)
    """
    random = np.random.default_rng([seed, len(campaign)])
    names, number = np.unique(campaign, return_inverse=True)
    drawn: NDArray[np.bool_] = random.random(len(names))[number] < 0.5
    return np.where(campaign == "", random.random(len(campaign)) < 0.5, drawn)


def stricter(one: Sequence[Policy], other: Sequence[Policy]) -> tuple[Policy, ...]:
    """Return of each budget the policy with the higher threshold, which keeps the budget on either reading of the same rows.

    Examples
    --------
    >>> low = Policy("fpr_1pct", 0.01, 1.5, True, 0.009, 400, 0, 0, 0.9)
    >>> high = Policy("fpr_1pct", 0.01, 2.5, True, 0.009, 400, 0, 0, 0.8)
    >>> stricter([low], [high]) == stricter([high], [low]) == (high,)
    True
    """
    return tuple(max(pair, key=lambda policy: policy.threshold) for pair in zip(one, other, strict=True))
