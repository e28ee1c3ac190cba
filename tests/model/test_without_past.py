"""Models that learn to do without histories: what is blanked, for whom, and which threshold holds."""

import numpy as np
import pytest

from msa_ml.errors import InputError
from msa_ml.experiment import Experiment
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.history import Count, Rate
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.subject import Subject
from msa_ml.model.threshold import fit_policies
from msa_ml.model.without_past import forget, half, stricter
from msa_ml.pipeline import features_of, fit_stack
from msa_ml.tasks import get

PAST = (
    Count("mail", by="sender", over="7d"),
    Rate("mail", task="spam", by="sender", over="30d", prior=0.3, strength=5.0),
)
FEATURES = FeatureSet([Subject()], [Text()], histories=PAST)


def vectors(rows: int, rate: np.ndarray | None = None) -> Vectors:
    random = np.random.default_rng(1)
    dense = random.normal(size=(rows, len(FEATURES.columns))).astype(np.float32)
    if rate is not None:
        dense[:, -1] = rate
    return Vectors(dense, {"text": [b"the same words in every mail"] * rows})


def test_only_histories_of_the_named_rows_are_forgotten() -> None:
    before = vectors(4)
    kept = before.dense.copy()
    after = forget(before, FEATURES, np.array([True, False, True, False]))
    assert np.array_equal(before.dense, kept)
    assert np.array_equal(after.dense[:, :-2], kept[:, :-2])
    assert np.array_equal(np.isnan(after.dense[:, -2:]).all(axis=1), [True, False, True, False])
    assert np.array_equal(after.dense[[1, 3]], kept[[1, 3]])
    assert np.isnan(forget(before, FEATURES).dense[:, -2:]).all()
    without = FeatureSet([Subject()], [Text()])
    assert forget(before, without) is before


def test_the_half_is_drawn_by_campaign_and_seed() -> None:
    campaign = np.array([f"c{row % 200}" if row % 2 else "" for row in range(2000)])
    drawn = half(campaign, 3)
    assert 0.4 < drawn.mean() < 0.6
    assert all(len(set(drawn[campaign == name])) == 1 for name in set(campaign) - {""})
    assert 0.4 < drawn[campaign == ""].mean() < 0.6
    assert np.array_equal(drawn, half(campaign, 3))
    assert not np.array_equal(drawn, half(campaign, 4))


def test_the_threshold_that_holds_keeps_the_budget_either_way() -> None:
    random = np.random.default_rng(0)
    y = np.repeat([0, 1], [3000, 100])
    known = (random.normal(size=3100) + 4 * y).astype(np.float32)
    unknown = (2 * random.normal(size=3100) + 4 * y).astype(np.float32)
    policies = stricter(fit_policies(y, known), fit_policies(y, unknown))
    for policy in policies:
        for logit in (known, unknown):
            assert (logit[y == 0] >= np.float32(policy.threshold)).mean() <= policy.budget
    loose = fit_policies(y, known)[-1]
    assert (unknown[y == 0] >= np.float32(loose.threshold)).mean() > loose.budget


@pytest.mark.parametrize("histories", ["usual", "all"])
def test_a_model_that_forgets_knows_what_to_say_of_an_unknown_past(histories: str) -> None:
    random = np.random.default_rng(2)
    y = np.tile([0, 1], 400).astype(np.int8)
    # The subject tells a little, the reports tell all.
    rows = vectors(800, np.where(y == 1, 0.9, 0.1).astype(np.float32))
    rows.dense[:, 0] = y + random.normal(size=800)
    model = {"histories": histories, "trees": {"bags": 1, "rounds": 30}, "folds": 2}
    experiment = Experiment.from_dict(
        {"task": "spam", "model": {**model, "content": {"sizes": {"text": (4,)}}}}
    )
    stack = fit_stack(experiment, FEATURES, rows, y, np.ones(800), np.array([""] * 800))
    known = stack.decision_function(rows)
    unknown = stack.decision_function(forget(rows, FEATURES))
    assert ((known > 0) == y).mean() > 0.99
    right = ((unknown > 0) == y).mean()
    # One that never forgot has only the reports to go by.
    assert right > 0.65 if histories == "all" else right < 0.6


def test_histories_are_asked_for_by_the_experiment() -> None:
    assert not features_of(Experiment.of("spam").without_histories()).histories
    assert (
        features_of(Experiment.of("spam")).histories == get("spam").histories
    )  # looked at, and kept if they are worth it
    usual = features_of(Experiment.of("signup_abuse").without_histories())
    assert features_of(Experiment.of("signup_abuse")).columns == usual.columns
    more = features_of(Experiment.of("spam").with_histories())
    assert more.histories == get("spam").histories
    portable = features_of(Experiment.of("spam").portable().with_histories())
    assert portable.portable().histories == get("spam").histories
    with pytest.raises(InputError, match="no further histories than the"):
        features_of(Experiment.of("signup_abuse").with_histories())
