"""Gradient-boosted trees on dense features; the only importer of xgboost."""

from __future__ import annotations

import json
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from msa_ml.errors import InputError


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """XGBoost for two classes; missing values are ``nan``.

    Parameters
    ----------
    rounds, depth, rate
        Number of trees, their depth, learning rate.
    row_share, column_share
        Share of rows and columns drawn for each tree.
    child_weight
        Least sum of hessians in a leaf.
    l2
        Penalty on leaf values.
    monotone
        For each feature -1, 0 or +1; default: no constraint.
    device
        ``cpu`` or ``cuda``, passed through.
    threads
        0 = all cores.
    seed
        Of the draws.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [np.nan]] * 30, np.float32)
    >>> y = np.array([0, 0, 1, 1] * 30)
    >>> BoostedTrees(rounds=20).fit(X, y).predict_proba(X[:4])[:, 1].round().tolist()
    [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(
        self,
        *,
        rounds: int = 300,
        depth: int = 3,
        rate: float = 0.08,
        row_share: float = 0.8,
        column_share: float = 0.5,
        child_weight: float = 2.0,
        l2: float = 2.0,
        monotone: tuple[int, ...] | None = None,
        device: str = "cpu",
        threads: int = 0,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.depth = depth
        self.rate = rate
        self.row_share = row_share
        self.column_share = column_share
        self.child_weight = child_weight
        self.l2 = l2
        self.monotone = monotone
        self.device = device
        self.threads = threads
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from float32[N, F] and int[N]."""
        import xgboost

        data = xgboost.DMatrix(np.asarray(X, np.float32), label=np.asarray(y), weight=sample_weight)
        parameters: dict[str, Any] = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.rate,
            "subsample": self.row_share,
            "colsample_bytree": self.column_share,
            "min_child_weight": self.child_weight,
            "lambda": self.l2,
            "device": self.device,
            "nthread": self.threads,
            "seed": self.seed,
            "verbosity": 0,
        }
        if self.monotone is not None:
            parameters["monotone_constraints"] = tuple(self.monotone)
        self.booster_ = xgboost.train(parameters, data, num_boost_round=self.rounds)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = data.num_col()
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the margin (logit), float32[N]."""
        import xgboost

        data = xgboost.DMatrix(np.asarray(X, np.float32))
        margin: NDArray[np.float32] = self.booster_.predict(data, output_margin=True)
        return margin

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return float[N, 2], not calibrated."""
        abuse = 1.0 / (1.0 + np.exp(-self.decision_function(X).astype(np.float64)))
        return np.column_stack([1.0 - abuse, abuse])

    def gain(self) -> NDArray[np.float64]:
        """Return the total gain of each feature, float64[F], adding up to 1."""
        score = self.booster_.get_score(importance_type="total_gain")
        gain = np.zeros(self.n_features_in_)
        for name, value in score.items():
            gain[int(name[1:])] = value
        total = gain.sum()
        return gain / total if total else gain

    def trees(self) -> tuple[list[dict[str, Any]], float]:
        """Return the booster's own trees as it saves them, and its base margin.

        Raises
        ------
        InputError
            Categorical splits, which the graph of a bundle does not carry.
        """
        model = json.loads(bytes(self.booster_.save_raw("json")))["learner"]
        trees = model["gradient_booster"]["model"]["trees"]
        if any(any(tree["split_type"]) for tree in trees):
            raise InputError(
                "categorical splits cannot be exported.", hint="Encode categories as numbers first."
            )
        base = float(model["learner_model_param"]["base_score"].strip("[]"))
        return trees, float(np.log(base / (1.0 - base)))
