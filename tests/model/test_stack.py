"""The stack: its margin is a sum, its trees start from logits of mail that the content model had not learnt."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_predict

from msa_ml.features.extractor import Vectors
from msa_ml.model.stack import ContentStack, time_folds
from msa_ml.model.updating import updated
from tests.model.test_content import mails

CHOICE: dict[str, Any] = {
    "content": {"sizes": {"text": (4,)}, "bits": 12, "epochs": 2},
    "trees": {"rounds": 10, "threads": 1, "bags": 2},
}


def rows(number: int = 160, seed: int = 0) -> tuple[Vectors, NDArray[np.int64]]:
    content, y = mails(number, seed, words=8)
    random = np.random.default_rng(seed)
    dense = random.normal(size=(number, 3)).astype(np.float32)
    dense[:, 0] += y
    return Vectors(dense, content), y


def test_the_margin_is_the_content_logit_and_what_the_trees_add() -> None:
    X, y = rows()
    stack = ContentStack(**CHOICE).fit(X, y)
    held, truth = rows(100, 1)
    content = stack.content_logit(held)
    assert np.array_equal(content, stack.content_model_.decision_function(held.content))
    assert np.allclose(
        stack.decision_function(held), content + stack.trees_.decision_function(held.dense), atol=1e-5
    )
    assert ((stack.predict_proba(held)[:, 1] > 0.5) == truth).mean() > 0.9


def test_a_row_cannot_see_its_own_label_in_its_out_of_fold_logit() -> None:
    """Flip labels in pairs, so that the folds stay as they are: only other folds may notice."""
    X, y = rows()
    before = ContentStack(**CHOICE).fit(X, y)
    flipped = y.copy()
    pair = [10, 11]  # one of each class, both in the first fold
    flipped[pair] = 1 - flipped[pair]
    fold = time_folds(y, 5)
    assert fold[pair].tolist() == [0, 0]
    assert np.array_equal(time_folds(flipped, 5), fold)
    after = ContentStack(**CHOICE).fit(X, flipped)
    same = before.out_of_fold_ == after.out_of_fold_
    assert same[fold == 0].all()
    assert not same[fold != 0].all(), "the others learnt from it"
    seen = before.content_logit(X), after.content_logit(X)
    assert not np.array_equal(seen[0][pair], seen[1][pair]), (
        "the final content model saw it, so the test can fail"
    )


def test_time_folds_are_runs_of_each_class() -> None:
    y = np.array([0] * 10 + [1] * 5 + [0] * 10)
    fold = time_folds(y, 5)
    for value in (0, 1):
        part = fold[y == value]
        assert (np.diff(part) >= 0).all()
        assert np.bincount(part, minlength=5).tolist() == [int((y == value).sum()) // 5] * 5


def test_scikit_learn_can_clone_and_cross_validate_it() -> None:
    X, y = rows()
    stack = ContentStack(**CHOICE, folds=3, seed=7)
    copy = clone(stack)
    assert copy.get_params() == stack.get_params()
    assert not hasattr(copy, "trees_")
    share = cross_val_predict(copy, X, y, cv=KFold(3), method="predict_proba")
    assert share.shape == (len(y), 2)
    assert ((share[:, 1] > 0.5) == y).mean() > 0.85
    assert np.array_equal(stack.fit(X, y).decision_function(X), clone(stack).fit(X, y).decision_function(X))


def test_groups_and_constraints_reach_the_trees() -> None:
    X, y = rows()
    choice = {**CHOICE, "trees": {**CHOICE["trees"], "bags": 5, "group_share": 0.5}}
    stack = ContentStack(**choice, groups=("a", "a", "b"), monotone=(1, 0, 0)).fit(X, y)
    assert {tuple(columns.tolist()) for columns in stack.trees_.columns_} == {(0, 1), (2,)}
    assert stack.trees_.monotone == (1, 0, 0)


def test_an_update_leaves_the_given_stack_as_it_was() -> None:
    X, y = rows()
    stack = ContentStack(**CHOICE).fit(X, y)
    before = stack.decision_function(X)
    more, labels = rows(40, 2)
    later = updated(stack, more, labels)
    assert np.array_equal(stack.decision_function(X), before)
    assert not np.array_equal(later.decision_function(X), before)
    assert later.trees_ is stack.trees_
    assert np.array_equal(updated(stack, more[:0], labels[:0]).decision_function(X), before)


@pytest.mark.parametrize("folds", [2, 5])
def test_every_row_gets_a_logit(folds: int) -> None:
    X, y = rows(60)
    assert np.isfinite(ContentStack(**CHOICE, folds=folds).fit(X, y).out_of_fold_).all()
