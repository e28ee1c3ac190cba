"""The model of events that are rows of plain fields: boosted trees on the dense features, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from msa_ml.features.extractor import Vectors
from msa_ml.model.boosting import BoostedTrees


class TabularTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Boosted trees on :class:`~msa_ml.features.extractor.Vectors`, with the face of the other families.

    Parameters
    ----------
    trees
        Parameters of :class:`~msa_ml.model.boosting.BoostedTrees`.
    groups
        Group of each dense feature, for the bags of the trees; default: every feature is its own.
    monotone
        Constraints of the dense features; default: none.
    seed
        Of everything drawn.

    Examples
    --------
    >>> rows = Vectors(np.array([[0.0], [1.0], [2.0], [np.nan]] * 30, np.float32), {})
    >>> model = TabularTrees(trees={"rounds": 20}).fit(rows, np.array([0, 0, 1, 1] * 30))
    >>> model.predict(rows[:4]).tolist()
    [0, 0, 1, 1]
    """

    def __init__(
        self,
        *,
        trees: Mapping[str, Any] | None = None,
        groups: tuple[str, ...] | None = None,
        monotone: tuple[int, ...] | None = None,
        seed: int = 0,
    ) -> None:
        self.trees = trees
        self.groups = groups
        self.monotone = monotone
        self.seed = seed

    def fit(self, X: Vectors, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from N rows."""
        self.trees_ = BoostedTrees(
            **dict(self.trees or {}), groups=self.groups, monotone=self.monotone, seed=self.seed
        ).fit(X.dense, y, sample_weight)
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X: Vectors) -> NDArray[np.float32]:
        """Return the margin (logit), float32[N], not calibrated."""
        return self.trees_.decision_function(X.dense)

    def predict(self, X: Vectors) -> NDArray[np.int64]:
        """Return int[N], 1 = abuse: whether the logit is above 0; scikit-learn's tools ask for it."""
        return self.trees_.predict(X.dense)

    def predict_proba(self, X: Vectors) -> NDArray[np.float64]:
        """Return float[N, 2], not calibrated."""
        return self.trees_.predict_proba(X.dense)
