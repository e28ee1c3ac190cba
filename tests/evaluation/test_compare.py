"""Champion against challenger: pairs count, and what cannot be shown is refused."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Interval
from msa_ml.evaluation.compare import Comparison, Margins, compare, verdict
from msa_ml.evaluation.obfuscation.loss import Loss
from msa_ml.model.threshold import Policy
from tests.evaluation.worlds import World, world

RULE = Policy("fpr_1pct", 0.01, 3.0, True, 0.009, 3000, 0, 0, 0.9)


def against(data: World, challenger: NDArray[np.floating], **choices: Any) -> Comparison:
    given: dict[str, Any] = {"replicates": 200, **data.clusters, **choices}
    return compare(data.y, data.logit, challenger, champion_policy=RULE, challenger_policy=RULE, **given)


def lifted(data: World, points: float) -> NDArray[np.floating]:
    """A challenger whose spam scores are higher and whose ham scores are the same."""
    return data.logit + np.float32(points) * data.y


def test_the_same_model_is_no_better_and_not_certain_to_be_the_same() -> None:
    data = world(rows=4000)
    found = against(data, data.logit)
    assert found.whole.tpr.value == found.whole.fpr.value == 0
    assert found.whole.fpr.low < 0 < found.whole.fpr.high
    outcome = verdict(found)
    assert not outcome.promote
    assert outcome.reasons[0].startswith("failed: TPR difference")
    assert any(reason.startswith("passed: FPR difference") for reason in outcome.reasons)


def test_a_better_model_is_promoted() -> None:
    data = world(rows=4000)
    found = against(data, lifted(data, 1.0), slices={"size": data.size})
    assert verdict(found).promote
    assert all(reason.startswith("passed") for reason in verdict(found).reasons)
    assert found.spam_newly_caught > 0
    assert found.spam_lost == found.ham_newly_flagged == found.ham_spared == 0
    before, after = (logit[data.y == 1] >= 3 for logit in (data.logit, lifted(data, 1.0)))
    assert found.whole.tpr.value == pytest.approx(after.mean() - before.mean())
    assert found.challenger_tpr.value == pytest.approx(after.mean())


def test_more_spam_at_the_price_of_ham_is_refused() -> None:
    data = world(rows=4000)
    found = against(data, data.logit + np.float32(2.0))
    assert found.whole.tpr.low > 0
    outcome = verdict(found)
    assert not outcome.promote
    assert outcome.reasons[0].startswith("failed: FPR difference")


def test_too_little_ham_shows_nothing() -> None:
    data = world(rows=300)
    found = against(data, lifted(data, 3.0))
    assert found.whole.fpr.value == 0
    assert not verdict(found).promote
    assert verdict(found, Margins(fpr=0.05)).promote


def test_one_slice_that_suffers_refuses() -> None:
    data = world(rows=4000)
    small = (data.size == "small") & (np.arange(4000) % 4 == 0)
    challenger = np.where(small & (data.y == 1), -9.0, lifted(data, 2.0)).astype(np.float32)
    found = against(data, challenger, slices={"size": data.size, "part": np.where(small, "hurt", "rest")})
    assert found.whole.tpr.low > 0
    outcome = verdict(found)
    assert not outcome.promote
    assert any("part = hurt: TPR" in reason for reason in outcome.reasons if reason.startswith("failed"))
    assert verdict(found, Margins(slice_tpr=1.0)).promote


def test_ham_lost_in_one_slice_refuses() -> None:
    data = world(rows=4000)
    hurt = np.where(np.arange(4000) % 10 == 0, "hurt", "rest")
    challenger = np.where(
        (hurt == "hurt") & (data.y == 0) & (np.arange(4000) % 40 == 0), 9.0, lifted(data, 1.0)
    )
    outcome = verdict(against(data, challenger, slices={"part": hurt}), Margins(fpr=0.5))
    assert any("part = hurt: FPR" in reason for reason in outcome.reasons if reason.startswith("failed"))


def loss(mean: float, worst: Interval = Interval(0.1, 0.05, 0.15)) -> Loss:  # noqa: B008 - a frozen value
    return Loss(mean, worst, "utf16", 0.96, 0.92, 100)


def test_obfuscation_may_not_cost_too_much() -> None:
    data = world(rows=4000)
    found = against(data, lifted(data, 1.0))
    assert verdict(found, obfuscation=loss(0.04)).promote
    refused = verdict(found, obfuscation=loss(0.06))
    assert not refused.promote
    assert "obfuscation" in refused.reasons[0]
    assert not verdict(found, obfuscation=loss(math.nan)).promote
    assert verdict(found, obfuscation=loss(0.01, Interval(0.2, -0.01, 0.4))).promote, "noise under one trick"
    refused = verdict(found, obfuscation=loss(0.01, Interval(0.2, 0.1, 0.3)))
    assert not refused.promote
    assert "utf16" in refused.reasons[0]


def test_each_model_is_judged_at_its_own_threshold() -> None:
    data = world(rows=1000)
    moved = replace(RULE, threshold=13.0)
    found = compare(
        data.y, data.logit, data.logit + 10, champion_policy=RULE, challenger_policy=moved, replicates=20
    )
    assert found.whole.tpr.value == found.whole.fpr.value == 0
    assert found.ham_newly_flagged == 0


def test_pairs_are_surer_than_two_separate_rates() -> None:
    data = world(rows=4000)
    found = against(data, lifted(data, 0.3))
    paired = found.whole.tpr.high - found.whole.tpr.low
    apart = found.challenger_tpr.high - found.challenger_tpr.low
    assert paired < apart


def test_without_intervals_nothing_is_shown() -> None:
    data = world(rows=1000)
    found = against(data, lifted(data, 3.0), campaign=None, day=np.zeros(1000, int))
    assert math.isnan(found.whole.tpr.low)
    assert not verdict(found, Margins(fpr=0.5)).promote


def test_unknown_classes_are_refused_not_crashed() -> None:
    found = compare(
        [0] * 50, np.zeros(50), np.zeros(50), champion_policy=RULE, challenger_policy=RULE, replicates=10
    )
    assert math.isnan(found.whole.tpr.value)
    assert not verdict(found).promote
    assert "?" in found.table()


def test_differences_under_no_change_cover_zero() -> None:
    """Two equally good but different models: a claim of 'better' may be wrong in about 2.5 % of windows."""
    rng = np.random.default_rng(5)
    claims = 0
    for trial in range(120):
        y = np.repeat([0, 1], [400, 400])
        strength = rng.normal(2.0 * y, 1.0)
        first, second = (strength + rng.normal(0, 0.7, 800) for _ in range(2))
        rule = replace(RULE, threshold=1.5)
        found = compare(
            y, first, second, champion_policy=rule, challenger_policy=rule, replicates=150, seed=trial
        )
        claims += found.whole.tpr.low > 0
    assert claims <= 9


def test_renderings() -> None:
    data = world(rows=1000)
    found = against(data, lifted(data, 1.0), slices={"size": data.size}, synthetic=True)
    assert found.table().startswith("SYNTHETIC")
    assert "newly caught" in found.table()
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["whole"]["tpr"]["value"] == found.whole.tpr.value
    assert plain["slices"]["size"][0]["name"] in ("small", "large")
    assert "SYNTHETIC" not in against(data, data.logit).table()


def test_wrong_input_is_named() -> None:
    with pytest.raises(InputError, match="rows"):
        compare([], [], [], champion_policy=RULE, challenger_policy=RULE)
    with pytest.raises(InputError, match="challenger"):
        compare([0, 1], [0.0, 1.0], [0.0], champion_policy=RULE, challenger_policy=RULE)
    with pytest.raises(InputError, match="champion"):
        compare([0, 1], [0.0, math.nan], [0.0, 1.0], champion_policy=RULE, challenger_policy=RULE)
    with pytest.raises(InputError, match="slice"):
        compare(
            [0, 1], [0.0, 1.0], [0.0, 1.0], champion_policy=RULE, challenger_policy=RULE, slices={"a": ["b"]}
        )


def test_a_bound_at_the_margin_passes() -> None:
    data = world(rows=1000)
    found = against(data, lifted(data, 1.0))
    whole = replace(found.whole, fpr=Interval(0.0, -0.01, 0.01), tpr=Interval(0.1, 0.05, 0.2))
    assert verdict(replace(found, whole=whole)).promote
    above = replace(whole, fpr=Interval(0.0, -0.01, 0.0101))
    assert not verdict(replace(found, whole=above)).promote


def test_better_by_chance_is_not_better() -> None:
    data = world(rows=1000)
    found = against(data, lifted(data, 1.0))
    whole = replace(found.whole, fpr=Interval(0.0, -0.01, 0.005), tpr=Interval(0.1, -0.001, 0.2))
    outcome = verdict(replace(found, whole=whole))
    assert not outcome.promote
    assert outcome.reasons[0].startswith("failed: TPR difference +10.00 (-0.10 to +20.00)")
