"""Thresholds keep their budget, stand in gaps, and say how far ham proves them."""

import math
from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from scipy.stats import binom

from msa_ml.errors import DataRefused, InputError
from msa_ml.model.threshold import (
    BUDGETS,
    Policy,
    allowed_false_positives,
    default_policy,
    fit_policies,
    ham_for,
    policy_name,
    upper_bound,
)

Arrays = tuple[NDArray[np.int8], NDArray[np.float32]]


def worlds(seed: int, ham: int, spam: int, decimals: int) -> Arrays:
    """Overlapping classes; few decimals make many ties."""
    rng = np.random.default_rng(seed)
    logit = np.concatenate([rng.normal(-2, 1.5, ham), rng.normal(2, 1.5, spam)])
    order = rng.permutation(ham + spam)
    y = np.repeat([0, 1], [ham, spam]).astype(np.int8)
    return y[order], np.round(logit, decimals).astype(np.float32)[order]


world = st.builds(
    worlds,
    st.integers(0, 10_000),
    st.integers(100, 900),
    st.integers(20, 200),
    st.sampled_from([0, 1, 2, 7]),
)
budgets = st.sampled_from([0.0005, 0.001, 0.01, 0.03, 0.1])


def broken(y: NDArray[np.int8], logit: NDArray[np.float32], rule: Policy) -> set[str]:
    """Return the promises that a policy breaks."""
    ham, spam = logit[y == 0], logit[y == 1]
    threshold = np.float32(rule.threshold)
    above = int((ham >= threshold).sum())
    limit, certified = allowed_false_positives(rule.budget, len(ham))
    cuts = [*np.unique(logit), np.float32(np.inf)]
    best = max(float((spam >= cut).mean()) for cut in cuts if (ham >= cut).sum() <= limit)
    promises = {
        "exact in float32": float(threshold) == rule.threshold and math.isfinite(rule.threshold),
        "beside the scores": not (logit == threshold).any(),
        "budget": above <= limit,
        "counts": above == rule.false_positives and certified == rule.certified,
        "tpr": abs(rule.tpr - float((spam >= threshold).mean())) < 1e-9,
        "little spam given up": rule.tpr >= best - 0.005 - 1e-9,
    }
    return {name for name, kept in promises.items() if not kept}


@given(world, budgets)
@settings(deadline=None, max_examples=150)
def test_keeps_every_promise(data: Arrays, budget: float) -> None:
    (rule,) = fit_policies(*data, budgets=[budget])
    assert not broken(*data, rule)


def nearest(y: NDArray[np.int8], logit: NDArray[np.float32], budget: float) -> float:
    """The planted fault: the threshold whose FPR is nearest to the budget."""
    cuts = np.unique(logit)
    rates = np.array([(logit[y == 0] >= cut).mean() for cut in cuts])
    return float(cuts[np.argmin(np.abs(rates - budget))])


def interpolated(y: NDArray[np.int8], logit: NDArray[np.float32], budget: float) -> float:
    """The planted fault: a quantile between two ham scores."""
    return float(np.float32(np.quantile(logit[y == 0], 1 - budget)))


@pytest.mark.parametrize("fault", [nearest, interpolated])
def test_the_promises_can_be_broken(
    fault: Callable[[NDArray[np.int8], NDArray[np.float32], float], float],
) -> None:
    found: set[str] = set()
    for seed in range(20):
        y, logit = worlds(seed, 500, 100, 2)
        (rule,) = fit_policies(y, logit, budgets=[0.01])
        threshold = fault(y, logit, 0.01)
        flagged = logit >= np.float32(threshold)
        planted = Policy(
            **{
                **{name: getattr(rule, name) for name in Policy.__dataclass_fields__},
                "threshold": threshold,
                "false_positives": int((flagged & (y == 0)).sum()),
                "tpr": float(flagged[y == 1].mean()),
            }
        )
        found |= broken(y, logit, planted)
    assert "budget" in found


@given(st.integers(0, 300), st.integers(1, 100_000))
@settings(deadline=None)
def test_upper_bound_is_the_rate_at_which_so_few_errors_are_a_5_percent_chance(
    errors: int, trials: int
) -> None:
    errors = min(errors, trials - 1)
    assert binom.cdf(errors, trials, float(upper_bound(errors, trials))) == pytest.approx(0.05, rel=1e-6)


def test_upper_bound_of_nothing_but_errors_is_one() -> None:
    assert float(upper_bound(7, 7)) == 1.0


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_ham_that_is_asked_for_is_exactly_enough(budget: float) -> None:
    needed = ham_for(budget)
    assert allowed_false_positives(budget, needed) == (0, True)
    assert not allowed_false_positives(budget, needed - 1)[1]
    assert needed == pytest.approx(-math.log(0.05) / budget, rel=0.01)


@given(st.integers(1, 5000), budgets)
@settings(deadline=None)
def test_allowed_is_the_largest_that_keeps_the_bound(ham: int, budget: float) -> None:
    limit, certified = allowed_false_positives(budget, ham)
    if certified:
        assert upper_bound(limit, ham) <= budget < upper_bound(limit + 1, ham)
    else:
        assert upper_bound(0, ham) > budget
        assert limit / ham <= budget < (limit + 1) / ham


def test_certificates_hold_on_traffic_to_come() -> None:
    """Of many calibration windows at most about 5 % may give a threshold that breaks the certified budget."""
    rng = np.random.default_rng(7)
    spam = rng.normal(1.0, 1.0, 60)
    y = np.repeat([0, 1], [800, 60])
    over = 0
    for _ in range(600):
        logit = np.concatenate([rng.normal(-1.5, 1.0, 800), spam]).astype(np.float32)
        (rule,) = fit_policies(y, logit, budgets=[0.01])
        assert rule.certified
        over += 0.5 * math.erfc((rule.threshold + 1.5) / math.sqrt(2)) > 0.01
    assert over / 600 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 600)


def test_plain_empirical_rate_would_break_certificates() -> None:
    """The same check fails for a rule that only counts errors, so it can fail."""
    rng = np.random.default_rng(7)
    over = 0
    for _ in range(300):
        ham = np.sort(rng.normal(-1.5, 1.0, 800))[::-1]
        threshold = (ham[7] + ham[8]) / 2
        over += 0.5 * math.erfc((threshold + 1.5) / math.sqrt(2)) > 0.01
    assert over / 300 > 0.3


def test_perfect_separation_puts_the_threshold_midway() -> None:
    y = np.repeat([0, 1], [4000, 50])
    logit = np.concatenate([np.linspace(-8, -2, 4000), np.linspace(2, 6, 50)]).astype(np.float32)
    for rule in fit_policies(y, logit):
        assert rule.threshold == 0.0
        assert (rule.false_positives, rule.tpr) == (0, 1.0)


def test_equal_scores_flag_nothing() -> None:
    y = np.repeat([0, 1], [400, 50])
    for rule in fit_policies(y, np.full(450, 3.5, np.float32)):
        assert rule.threshold == 4.5
        assert (rule.false_positives, rule.tpr) == (0, 0.0)


def test_ties_across_the_limit_stay_on_the_keeping_side() -> None:
    ham = np.concatenate([np.full(490, -1.0), np.full(10, 2.0)])
    logit = np.concatenate([ham, np.linspace(1, 3, 100)]).astype(np.float32)
    (rule,) = fit_policies(np.repeat([0, 1], [500, 100]), logit, budgets=[0.01])
    assert rule.threshold > 2
    assert rule.false_positives == 0


def test_neighbours_in_float32_leave_no_room_and_the_next_gap_is_taken() -> None:
    step = np.nextafter(np.float32(1), np.float32(2))
    ham = np.full(400, -1.0, np.float32)
    ham[0] = 1.0
    spam = np.full(30, step, np.float32)
    spam[:10] = 3.0
    (rule,) = fit_policies(np.repeat([0, 1], [400, 30]), np.concatenate([ham, spam]), budgets=[0.001])
    assert float(step) < rule.threshold < 3.0
    assert rule.tpr == pytest.approx(1 / 3)


def test_infinite_scores_do_not_push_the_threshold_away() -> None:
    logit = np.concatenate([np.linspace(-9, 0, 400), np.full(30, np.inf)]).astype(np.float32)
    logit[0] = -np.inf
    (rule,) = fit_policies(np.repeat([0, 1], [400, 30]), logit, budgets=[0.001])
    assert rule.threshold == 1.0
    assert rule.tpr == 1.0


def test_all_scores_infinite_still_part_the_classes() -> None:
    logit = np.repeat([-np.inf, np.inf], [400, 30])
    (rule,) = fit_policies(np.repeat([0, 1], [400, 30]), logit, budgets=[0.01])
    assert (rule.threshold, rule.tpr) == (0.0, 1.0)


def test_ham_at_infinity_is_refused() -> None:
    logit = np.concatenate([np.full(50, np.inf), np.zeros(350), np.ones(30)])
    with pytest.raises(DataRefused, match="infinite"):
        fit_policies(np.repeat([0, 1], [400, 30]), logit)


@pytest.mark.parametrize(("ham", "spam"), [(99, 20), (100, 19)])
def test_too_few_rows_are_refused(ham: int, spam: int) -> None:
    y = np.repeat([0, 1], [ham, spam])
    with pytest.raises(DataRefused, match=f"found {ham} and {spam}"):
        fit_policies(y, np.arange(ham + spam))


def test_just_enough_rows_are_taken() -> None:
    assert len(fit_policies(np.repeat([0, 1], [100, 20]), np.arange(120))) == 3


@given(world, st.sampled_from([0.05, 1.0, 20.0]))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_equal_weights_change_nothing(data: Arrays, weight: float) -> None:
    assert fit_policies(*data, np.full(len(data[0]), weight)) == fit_policies(*data)


def test_unequal_weights_only_take_evidence_away() -> None:
    y, logit = worlds(3, 3200, 200, 7)
    plain = fit_policies(y, logit)[1]
    weight = np.where(np.arange(len(y)) % 2 == 0, 1.0, 4.0)
    weighted = fit_policies(y, logit, weight)[1]
    assert plain.certified
    assert not weighted.certified
    assert weighted.ham < 0.7 * plain.ham
    share = weight[(y == 0) & (logit >= weighted.threshold)].sum() / weight[y == 0].sum()
    assert share <= 0.001


def test_spam_kept_in_full_while_ham_is_sampled() -> None:
    y, logit = worlds(5, 3200, 200, 7)
    weighted = fit_policies(y, logit, np.where(y == 0, 20.0, 1.0))
    assert [rule.threshold for rule in weighted] == [rule.threshold for rule in fit_policies(y, logit)]


def test_rows_of_weight_zero_are_not_there() -> None:
    y, logit = worlds(1, 300, 60, 7)
    longer = np.append(y, 0), np.append(logit, np.float32(99))
    assert fit_policies(*longer, np.append(np.ones(len(y)), 0.0)) == fit_policies(y, logit)


def test_default_is_the_strictest_certified() -> None:
    rules = fit_policies(*worlds(2, 3100, 100, 7))
    assert [rule.certified for rule in rules] == [False, True, True]
    assert default_policy(rules) == (rules[1], False)
    assert default_policy(rules[:1]) == (rules[0], True)


def test_default_without_a_certificate_is_the_loosest_and_warns() -> None:
    rules = fit_policies(*worlds(2, 150, 40, 7))
    assert default_policy(rules) == (rules[-1], True)
    with pytest.raises(InputError):
        default_policy([])


@pytest.mark.parametrize(
    ("y", "logit", "weight"),
    [
        ([0, 1], [0.0], None),
        ([0, 2] * 200, np.zeros(400), None),
        ([0, 1] * 200, np.full(400, np.nan), None),
        ([0, 1] * 200, np.zeros(400), np.full(400, -1.0)),
        ([0, 1] * 200, np.zeros(400), np.ones(3)),
    ],
)
def test_wrong_input_is_named(
    y: list[int], logit: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> None:
    with pytest.raises(InputError):
        fit_policies(y, logit, weight)


@pytest.mark.parametrize("budget", [0.0, 1.0, -0.1, math.nan])
def test_a_budget_is_a_share(budget: float) -> None:
    with pytest.raises(InputError, match="budget"):
        fit_policies(*worlds(0, 200, 40, 2), budgets=[budget])


def test_names_and_order() -> None:
    rules = fit_policies(*worlds(0, 200, 40, 2), budgets=[0.01, 0.0001, 0.0005])
    assert [rule.name for rule in rules] == ["fpr_0.01pct", "fpr_0.05pct", "fpr_1pct"]
    assert policy_name(0.001) == "fpr_0.1pct"
