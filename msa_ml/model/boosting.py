"""Gradient-boosted trees on dense features, in bags of feature groups; the only importer of xgboost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from msa_ml.errors import InputError


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """XGBoost for two classes; missing values are ``nan``.

    With several bags, each is boosted on a drawn share of the feature groups, and their margins are averaged: a decision
    then never hangs on one family of features, which is what breaks first when traffic changes (Ho, The random subspace
    method for constructing decision forests, 1998).

    Parameters
    ----------
    bags
        Number of boosted models that are averaged.
    group_share
        Share of the groups that each bag sees, at least one; with one bag every group is seen.
    groups
        Group of each feature; default: every feature is its own.
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
        bags: int = 1,
        group_share: float = 0.4,
        groups: tuple[str, ...] | None = None,
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
        self.bags = bags
        self.group_share = group_share
        self.groups = groups
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

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        base_margin: ArrayLike | None = None,
    ) -> Self:
        """Learn from float32[N, F] and int[N].

        With ``base_margin``, float32[N], the trees learn what is to be added to that logit.
        """
        import xgboost

        matrix, labels = np.asarray(X, np.float32), np.asarray(y)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = matrix.shape[1]
        self.boosters_ = []
        self.columns_ = list(self._drawn_columns())
        self.has_base_ = base_margin is not None
        for number, columns in enumerate(self.columns_):
            # Quantised at once: an eighth of the memory of a DMatrix, and the same trees.
            data = xgboost.QuantileDMatrix(
                matrix[:, columns], label=labels, weight=sample_weight, base_margin=base_margin
            )
            booster = xgboost.train(self._settings(number, columns), data, num_boost_round=self.rounds)
            self.boosters_.append(booster)
        return self

    def _drawn_columns(self) -> Iterator[NDArray[np.int64]]:
        """Yield the numbers of the columns that each bag sees."""
        groups = np.asarray(self.groups if self.groups is not None else np.arange(self.n_features_in_))
        names = np.unique(groups)
        size = len(names) if self.bags == 1 else max(1, round(self.group_share * len(names)))
        random = np.random.default_rng(self.seed)
        drawn = np.zeros(len(names))
        for _ in range(self.bags):
            # Those that were drawn least come first, so that every group is in about as many bags as any other.
            chosen = np.argsort(drawn + random.random(len(names)))[:size]
            drawn[chosen] += 1
            yield np.flatnonzero(np.isin(groups, names[chosen]))

    def _settings(self, number: int, columns: NDArray[np.int64]) -> dict[str, Any]:
        settings: dict[str, Any] = {
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
            "seed": self.seed + number,
            "verbosity": 0,
        }
        if self.monotone is not None:
            settings["monotone_constraints"] = tuple(int(self.monotone[column]) for column in columns)
        return settings

    def decision_function(self, X: ArrayLike, base_margin: ArrayLike | None = None) -> NDArray[np.float32]:
        """Return the margin (logit), float32[N]."""
        import xgboost

        matrix = np.asarray(X, np.float32)
        if self.has_base_ and base_margin is None:
            base_margin = np.zeros(len(matrix), np.float32)
        total = np.zeros(len(matrix), np.float64)
        for booster, columns in zip(self.boosters_, self.columns_, strict=True):
            data = xgboost.DMatrix(matrix[:, columns], base_margin=base_margin)
            total += booster.predict(data, output_margin=True)
        return np.asarray(total / len(self.boosters_), np.float32)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return int[N], 1 = abuse: whether the logit is above 0; scikit-learn's tools ask for it."""
        return (self.decision_function(X) > 0).astype(np.int64)

    def predict_proba(self, X: ArrayLike, base_margin: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return float[N, 2], not calibrated."""
        abuse = 1.0 / (1.0 + np.exp(-self.decision_function(X, base_margin).astype(np.float64)))
        return np.column_stack([1.0 - abuse, abuse])

    def gain(self) -> NDArray[np.float64]:
        """Return the total gain of each feature, float64[F], adding up to 1."""
        gain = np.zeros(self.n_features_in_)
        for booster, columns in zip(self.boosters_, self.columns_, strict=True):
            for name, value in booster.get_score(importance_type="total_gain").items():
                gain[columns[int(name[1:])]] += value
        total = gain.sum()
        return gain / total if total else gain

    def trees(self) -> tuple[list[dict[str, Any]], float]:
        """Return the trees of all bags as xgboost saves them, and the base margin (0 where one was given to ``fit``).

        Their leaves are divided by the number of bags and their splits name the features of ``X``.

        Raises
        ------
        InputError
            Categorical splits, which the graph of a bundle does not carry.
        """
        trees: list[dict[str, Any]] = []
        margin = 0.0
        bags = len(self.boosters_)
        for booster, columns in zip(self.boosters_, self.columns_, strict=True):
            model = json.loads(bytes(booster.save_raw("json")))["learner"]
            found = model["gradient_booster"]["model"]["trees"]
            if any(any(tree["split_type"]) for tree in found):
                raise InputError(
                    "categorical splits cannot be exported.", hint="Encode categories as numbers first."
                )
            trees += [_of_all(tree, columns, bags) for tree in found]
            base = float(model["learner_model_param"]["base_score"].strip("[]"))
            margin += 0.0 if self.has_base_ else float(np.log(base / (1.0 - base))) / bags
        return trees, margin


def _of_all(tree: dict[str, Any], columns: NDArray[np.int64], bags: int) -> dict[str, Any]:
    """Return a tree of one bag as a tree of the average of all."""
    leaf = [child == -1 for child in tree["left_children"]]
    return tree | {
        "split_indices": [
            0 if end else int(columns[index]) for index, end in zip(tree["split_indices"], leaf, strict=True)
        ],
        "split_conditions": [
            value / bags if end else value for value, end in zip(tree["split_conditions"], leaf, strict=True)
        ],
    }
