"""Bags of trees: they average, keep to their groups and their constraints, and export what they compute."""

import numpy as np
import pytest
from numpy.typing import NDArray

from msa_ml.bundle.graph import emit
from msa_ml.bundle.runtime import Graph
from msa_ml.features.extractor import Vectors
from msa_ml.model.boosting import BoostedTrees

WIDTH = 9
GROUPS = ("a", "a", "a", "b", "b", "c", "c", "d", "d")


def rows(number: int = 400, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Every feature tells a little; a tenth of the values is missing."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(number, WIDTH)).astype(np.float32)
    y = (X.sum(axis=1) + random.normal(size=number) > 0).astype(np.int64)
    X[random.random(X.shape) < 0.1] = np.nan
    return X, y


def trees(**changes: object) -> BoostedTrees:
    given = {"bags": 4, "group_share": 0.5, "groups": GROUPS, "rounds": 12, "threads": 1}
    return BoostedTrees(**{**given, **changes})  # type: ignore[arg-type]


def used(learnt: BoostedTrees, number: int) -> set[int]:
    """Return the columns that the trees of one bag split on."""
    names = learnt.boosters_[number].get_score(importance_type="weight")
    return {int(learnt.columns_[number][int(name[1:])]) for name in names}


def test_bags_average() -> None:
    X, y = rows()
    learnt = trees().fit(X, y)
    whole = learnt.decision_function(X)
    parts = []
    for booster, columns in zip(learnt.boosters_, learnt.columns_, strict=True):
        one = trees()
        one.boosters_, one.columns_, one.has_base_ = [booster], [columns], False
        parts.append(one.decision_function(X))
    assert np.allclose(whole, np.mean(parts, axis=0), atol=1e-5)
    assert len({tuple(part[:20].tolist()) for part in parts}) > 1


def test_each_bag_keeps_to_the_groups_that_it_drew() -> None:
    X, y = rows()
    learnt = trees(bags=6).fit(X, y)
    drawn = set()
    for number, columns in enumerate(learnt.columns_):
        groups = {GROUPS[column] for column in columns}
        assert len(groups) == 2
        assert {column for column, group in enumerate(GROUPS) if group in groups} == set(columns.tolist())
        assert used(learnt, number) <= set(columns.tolist())
        drawn.add(frozenset(groups))
    assert len(drawn) > 1
    everything = trees(bags=1).fit(X, y)
    assert everything.columns_[0].tolist() == list(range(WIDTH))


def test_a_feature_of_another_group_cannot_move_a_bag() -> None:
    X, y = rows()
    learnt = trees(bags=1).fit(X, y)
    learnt.columns_ = [np.array([0, 1, 2])]
    learnt.boosters_ = trees(bags=1, groups=None).fit(X[:, :3], y).boosters_
    moved = X.copy()
    moved[:, 3:] = 99
    assert np.array_equal(learnt.decision_function(X), learnt.decision_function(moved))


@pytest.mark.parametrize("based", [False, True])
def test_the_emitted_graph_says_the_same(based: bool) -> None:
    X, y = rows()
    base = np.random.default_rng(1).normal(size=len(X)).astype(np.float32) if based else None
    learnt = trees().fit(X, y, base_margin=base)
    found, margin = learnt.trees()
    assert (margin == 0.0) is based
    graph = Graph(emit(width=WIDTH, trees=found, base_margin=margin, slope=1.0, intercept=0.0))
    held, _ = rows(200, 3)
    assert np.allclose(graph.logits(Vectors(held, {})), learnt.decision_function(held), atol=1e-5)
    if based:
        start = np.linspace(-3, 3, 200).astype(np.float32)
        assert np.allclose(
            learnt.decision_function(held, start), learnt.decision_function(held) + start, atol=1e-5
        )


def test_monotone_constraints_hold_in_every_bag() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(400, WIDTH)).astype(np.float32)
    y = (random.random(400) < 1 / (1 + np.exp(-np.sin(3 * X[:, 0]) - X[:, 3]))).astype(np.int64)
    sweep = np.repeat(np.nanmedian(X, axis=0)[None], 50, axis=0).astype(np.float32)
    sweep[:, 0] = np.linspace(-3, 3, 50)
    free = np.diff(trees(rounds=60).fit(X, y).decision_function(sweep))
    held = np.diff(trees(rounds=60, monotone=(1, *[0] * 8)).fit(X, y).decision_function(sweep))
    assert free.min() < -1e-3, "the test can fail"
    assert held.min() >= -1e-6
    assert held.max() > 0


def test_gain_adds_up_and_a_seed_repeats() -> None:
    X, y = rows()
    learnt = trees(seed=5).fit(X, y)
    assert learnt.gain().shape == (WIDTH,)
    assert learnt.gain().sum() == pytest.approx(1)
    assert np.array_equal(learnt.decision_function(X), trees(seed=5).fit(X, y).decision_function(X))
    assert not np.array_equal(learnt.decision_function(X), trees(seed=6).fit(X, y).decision_function(X))
    constant = trees().fit(np.zeros((40, WIDTH), np.float32), np.arange(40) % 2)
    assert constant.gain().tolist() == [0.0] * WIDTH


def test_a_row_of_weight_nothing_teaches_nothing() -> None:
    X, y = rows()
    weight = np.ones(len(y))
    weight[:100] = 0
    flipped = y.copy()
    flipped[:100] = 1 - flipped[:100]
    one, other = (trees(row_share=1.0).fit(X, labels, weight).decision_function(X) for labels in (y, flipped))
    assert np.allclose(one, other, atol=1e-5)
