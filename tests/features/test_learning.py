"""Lists that are learnt: none sees its own events, and the bundle's set carries those of the whole window."""

import numpy as np
import polars as pl
import pytest

from msa_ml.errors import InputError
from msa_ml.features.extractor import FeatureSet, Vector
from msa_ml.features.learning import cross_learnt, inputs, learners, learnt
from msa_ml.features.signup.ip import Ip
from msa_ml.features.signup.name import Name
from msa_ml.features.signup.name_model import NameModel
from msa_ml.features.spec import Specification
from msa_ml.features.table import rows

FEATURES = FeatureSet([Name(), NameModel(), Ip()])
RANDOM = np.random.default_rng(7)
CHANCE = ["".join(RANDOM.choice(list("abcdefghij"), 8)) for _ in range(400)]
BATCH = rows("signup", [{"user_name": name} for name in CHANCE])
LABELS = RANDOM.integers(0, 2, len(CHANCE))
ODDS = FEATURES.columns.index("signup.name_model.odds")


def separation(odds: Vector) -> float:
    """How far abuse is above the others, in standard deviations."""
    return float((odds[LABELS == 1].mean() - odds[LABELS == 0].mean()) / odds.std())


def test_names_of_chance_with_labels_of_chance_teach_nothing() -> None:
    found = cross_learnt(FEATURES, BATCH, LABELS)
    dense = found.put(found.features.extract_rows(BATCH).dense, np.arange(len(BATCH)))
    assert abs(separation(dense[:, ODDS])) < 0.4


def test_without_folds_they_would_seem_to() -> None:
    """The fault that the folds are there for."""
    leaking = learnt(FEATURES, BATCH, LABELS).extract_rows(BATCH).dense
    assert separation(leaking[:, ODDS]) > 1.5


def test_only_columns_that_were_learnt_and_rows_that_were_asked_for_change() -> None:
    found = cross_learnt(FEATURES, BATCH[:300], LABELS[:300])
    before = found.features.extract_rows(BATCH).dense
    after = found.put(before, np.arange(300))
    assert [FEATURES.columns[number] for number in found.columns] == list(NameModel().columns)
    np.testing.assert_array_equal(before[300:], after[300:])
    others = np.setdiff1d(np.arange(len(FEATURES.columns)), found.columns)
    np.testing.assert_array_equal(before[:, others], after[:, others])
    assert not np.array_equal(before[:300, ODDS], after[:300, ODDS])


def test_a_block_is_computed_by_lists_of_the_others() -> None:
    found = cross_learnt(FEATURES, BATCH, LABELS, folds=4)
    rest = np.arange(100, 400)
    alone = learnt(FEATURES, BATCH[100:], LABELS[rest])
    np.testing.assert_array_equal(found.values[:100], alone.extract_rows(BATCH[:100]).dense[:, found.columns])


def test_what_was_learnt_enters_the_digest_and_nothing_else_does() -> None:
    found = learnt(FEATURES, BATCH, LABELS)
    one, two = Specification.of(FEATURES), Specification.of(found)
    assert one.digest != two.digest
    changed = [a["name"] for a, b in zip(one.extractors, two.extractors, strict=True) if a != b]
    assert changed == ["signup.name_model"]


def test_a_set_that_learns_nothing_stays_as_it_is() -> None:
    plain = FeatureSet([Name(), Ip()])
    found = cross_learnt(plain, BATCH, LABELS)
    assert (found.features, found.values.shape, inputs(plain), learners(plain)) == (plain, (400, 0), (), ())
    dense = plain.extract_rows(BATCH).dense
    np.testing.assert_array_equal(found.put(dense, np.arange(len(BATCH))), dense)


def test_fewer_labels_than_events_are_refused() -> None:
    with pytest.raises(InputError, match="one label an event"):
        learnt(FEATURES, BATCH, LABELS[:-1])
    with pytest.raises(InputError, match="two folds"):
        cross_learnt(FEATURES, BATCH, LABELS, folds=1)


def test_learning_reads_the_columns_it_says() -> None:
    assert inputs(FEATURES) == ("user_name",)
    small = BATCH.select(pl.col("user_name"))
    assert cross_learnt(FEATURES, small, LABELS).values.shape == (400, 8)
