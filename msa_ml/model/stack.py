"""The spam model: boosted trees on the dense features learn what to add to the logit of a content model.

Stacking after Wolpert, Stacked generalization, 1992: the content logit that the trees start from must be one that the
content model gave to mail it had not learnt from, else they trust it too much. Folds are runs in time, so that the
near-duplicates of a campaign mostly stand in one fold. The content logit is the base margin of the trees and not one
of their features: as a feature it is cut into steps, which flattens it at the very ends, where thresholds stand.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from msa_ml.features.extractor import Vectors
from msa_ml.model.boosting import BoostedTrees
from msa_ml.model.content import ContentModel

_MOST_THREADS = 3  # each holds the n-grams of its rows; the six models of five folds come out even


class ContentStack(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Content model and boosted trees in one classifier on :class:`~msa_ml.features.extractor.Vectors`.

    Rows are expected in order of time. The margin is the content logit plus that of the trees.

    Parameters
    ----------
    content
        Parameters of :class:`~msa_ml.model.content.ContentModel`.
    trees
        Parameters of :class:`~msa_ml.model.boosting.BoostedTrees`.
    folds
        Number of runs in time for the out-of-fold logits.
    groups
        Group of each dense feature, for the bags of the trees; default: every feature is its own.
    monotone
        Constraints of the dense features; default: none.
    seed
        Of everything drawn.
    """

    def __init__(
        self,
        *,
        content: Mapping[str, Any] | None = None,
        trees: Mapping[str, Any] | None = None,
        folds: int = 5,
        groups: tuple[str, ...] | None = None,
        monotone: tuple[int, ...] | None = None,
        seed: int = 0,
    ) -> None:
        self.content = content
        self.trees = trees
        self.folds = folds
        self.groups = groups
        self.monotone = monotone
        self.seed = seed

    def fit(self, X: Vectors, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from N rows in order of time."""
        labels = np.asarray(y)
        weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        parameters = dict(self.content or {})
        out_of_fold = np.empty(len(labels), np.float32)
        fold = time_folds(labels, self.folds)

        def learnt(left_out: int | None) -> ContentModel:
            """Learn from all folds but one, and let that be judged; or from all."""
            learner = ContentModel(**parameters, seed=self.seed)
            if left_out is None:
                return learner.fit(X.content, labels, weight)
            inside, outside = np.flatnonzero(fold == left_out), np.flatnonzero(fold != left_out)
            learner.fit(X[outside].content, labels[outside], weight[outside])
            out_of_fold[inside] = learner.decision_function(X[inside].content)
            return learner

        # They share nothing, and scikit-learn lets go of the interpreter while it learns.
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
            self.content_model_, *_ = pool.map(learnt, [None, *range(self.folds)])
        self.out_of_fold_ = out_of_fold
        return self._fit_trees(X, labels, weight)

    def _fit_trees(self, X: Vectors, labels: NDArray[Any], weight: NDArray[np.float64]) -> Self:
        """Learn what to add to the content model that is there."""
        self.trees_ = BoostedTrees(
            **dict(self.trees or {}), groups=self.groups, monotone=self.monotone, seed=self.seed
        )
        self.trees_.fit(X.dense, labels, weight, self.out_of_fold_)
        self.classes_ = np.array([0, 1])
        return self

    def with_trees(
        self,
        X: Vectors,
        y: ArrayLike,
        sample_weight: ArrayLike,
        *,
        groups: tuple[str, ...],
        monotone: tuple[int, ...],
    ) -> ContentStack:
        """Return the same content model under trees on other dense features of the same rows."""
        other = ContentStack(
            content=self.content,
            trees=self.trees,
            folds=self.folds,
            groups=groups,
            monotone=monotone,
            seed=self.seed,
        )
        other.content_model_, other.out_of_fold_ = self.content_model_, self.out_of_fold_
        return other._fit_trees(X, np.asarray(y), np.asarray(sample_weight, np.float64))

    def decision_function(self, X: Vectors) -> NDArray[np.float32]:
        """Return the margin (logit), float32[N], not calibrated."""
        return self.trees_.decision_function(X.dense, self.content_logit(X))

    def content_logit(self, X: Vectors) -> NDArray[np.float32]:
        """Return the logit of the content model alone, float32[N]."""
        return self.content_model_.decision_function(X.content)

    def predict(self, X: Vectors) -> NDArray[np.int64]:
        """Return int[N], 1 = abuse: whether the logit is above 0; scikit-learn's tools ask for it."""
        return (self.decision_function(X) > 0).astype(np.int64)

    def predict_proba(self, X: Vectors) -> NDArray[np.float64]:
        """Return float[N, 2], not calibrated."""
        abuse = 1.0 / (1.0 + np.exp(-self.decision_function(X).astype(np.float64)))
        return np.column_stack([1.0 - abuse, abuse])


def time_folds(y: NDArray[Any], folds: int) -> NDArray[np.int64]:
    """Return the fold of each row: the rows of each class, in order of time, cut into equal runs.

    Classes are cut apart because archives come in runs of one class, and a fold needs both.

    Examples
    --------
    >>> time_folds(np.array([0, 0, 0, 0, 1, 1]), 2).tolist()
    [0, 0, 1, 1, 0, 1]
    """
    fold = np.empty(len(y), np.int64)
    for value in np.unique(y):
        rows = np.flatnonzero(y == value)
        fold[rows] = np.arange(len(rows)) * folds // max(len(rows), 1)
    return fold
