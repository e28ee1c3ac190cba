"""Metrics against brute force, against scikit-learn where definitions agree, and against faults planted in them."""

import math
from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from sklearn import metrics as sklearn

from msa_ml.errors import InputError
from msa_ml.evaluation import metrics
from msa_ml.evaluation.ranking import Ranking

Arrays = tuple[NDArray[np.int8], NDArray[np.float64]]

BUDGETS = [0.0, 0.0001, 0.01, 0.07, 0.1, 0.29, 0.5, 0.9]


@st.composite
def scored(draw: st.DrawFn, smallest: int = 0) -> Arrays:
    """Few rows with many ties; infinities too."""
    size = draw(st.integers(smallest, 40))
    values = st.sampled_from([-math.inf, -2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 1.0 + 1e-15, 3.0, math.inf])
    y = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    score = draw(st.lists(values, min_size=size, max_size=size))
    return np.array(y, np.int8), np.array(score, np.float64)


def both(y: NDArray[np.int8]) -> bool:
    return bool(0 < y.sum() < len(y))


def best_by_hand(y: NDArray[np.int8], score: NDArray[np.float64], budget: float) -> float:
    """Try every threshold, and the one above all."""
    found = 0.0
    for cut in np.unique(score):
        flagged = score >= cut
        if flagged[y == 0].mean() <= budget:
            found = max(found, float(flagged[y == 1].mean()))
    return found


@given(scored(), st.sampled_from(BUDGETS))
@settings(deadline=None, max_examples=150)
def test_tpr_at_fpr_is_the_best_of_all_thresholds(data: Arrays, budget: float) -> None:
    y, score = data
    found = metrics.tpr_at_fpr(y, score, budget)
    if both(y):
        assert found == pytest.approx(best_by_hand(y, score, budget))
    else:
        assert math.isnan(found)


def by_interpolation(y: NDArray[np.int8], score: NDArray[np.float64], budget: float) -> float:
    fpr, tpr, _ = sklearn.roc_curve(y, score)
    return float(np.interp(budget, fpr, tpr))


def by_nearest(y: NDArray[np.int8], score: NDArray[np.float64], budget: float) -> float:
    fpr, tpr, _ = sklearn.roc_curve(y, score)
    return float(tpr[np.argmin(np.abs(fpr - budget))])


@pytest.mark.parametrize("fault", [by_interpolation, by_nearest])
def test_the_brute_force_sees_interpolation_and_nearest(
    fault: Callable[[NDArray[np.int8], NDArray[np.float64], float], float],
) -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(50):
        y = np.append(rng.integers(0, 2, 38), [0, 1]).astype(np.int8)
        score = np.round(rng.normal(y, 1.0), 1)
        wrong += abs(fault(y, score, 0.07) - best_by_hand(y, score, 0.07)) > 1e-9
    assert wrong > 10


@pytest.mark.parametrize(
    ("ham", "errors", "budget"), [(100, 29, 0.29), (100, 7, 0.07), (3000, 3, 0.001), (10000, 1, 0.0001)]
)
def test_a_rate_exactly_at_the_budget_keeps_it(ham: int, errors: int, budget: float) -> None:
    y = np.repeat([0, 0, 1], [ham - errors, errors, 5])
    score = np.repeat([0.0, 2.0, 1.0], [ham - errors, errors, 5])
    assert metrics.tpr_at_fpr(y, score, budget) == 1.0
    assert metrics.tpr_at_fpr(np.append(y, 0), np.append(score, 2.0), budget) == 0.0


@given(scored())
@settings(deadline=None, max_examples=100)
def test_roca_counts_pairs(data: Arrays) -> None:
    y, score = data
    found = metrics.one_minus_roca_pct(y, score)
    if not both(y):
        assert math.isnan(found)
        return
    pairs = [(h > s) + 0.5 * (h == s) for h in score[y == 0] for s in score[y == 1]]
    assert found == pytest.approx(100 * np.mean(pairs))


@given(scored(2))
@settings(deadline=None, max_examples=100)
def test_agrees_with_scikit_learn(data: Arrays) -> None:
    y, score = data
    if not both(y):
        return
    score = np.clip(score, -9, 9)
    assert metrics.one_minus_roca_pct(y, score) == pytest.approx(100 * (1 - sklearn.roc_auc_score(y, score)))
    assert metrics.average_precision(y, score) == pytest.approx(sklearn.average_precision_score(y, score))
    share = 1 / (1 + np.exp(-score))
    assert metrics.brier(y, share) == pytest.approx(sklearn.brier_score_loss(y, share))
    assert metrics.log_loss(y, share) == pytest.approx(sklearn.log_loss(y, share))
    fpr, tpr, cut = sklearn.roc_curve(y, score, drop_intermediate=False)
    curve = metrics.roc(y, score)
    np.testing.assert_allclose(curve.fpr, fpr)
    np.testing.assert_allclose(curve.tpr, tpr)
    np.testing.assert_array_equal(curve.threshold, cut)


NAMES = ["tpr", "roca", "precision", "hm", "sm", "cost", "brier", "log_loss", "ece"]


def all_metrics(
    y: NDArray[np.int8], score: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> list[float]:
    share = 1 / (1 + np.exp(-np.clip(score, -9, 9)))
    errors = metrics.misclassification(y, score >= 0.5, weight)
    return [
        metrics.tpr_at_fpr(y, score, 0.3, weight),
        metrics.one_minus_roca_pct(y, score, weight),
        metrics.average_precision(y, score, weight),
        errors.hm,
        errors.sm,
        metrics.cost(y, score >= 0.5, 10, 1, weight),
        metrics.brier(y, share, weight),
        metrics.log_loss(y, share, weight),
        metrics.expected_calibration_error(y, share, weight, bins=3),
    ]


@given(scored(1), st.data())
@settings(deadline=None, max_examples=150)
def test_a_whole_weight_is_a_number_of_rows(data: Arrays, more: st.DataObject) -> None:
    y, score = data
    times = np.array(more.draw(st.lists(st.integers(0, 3), min_size=len(y), max_size=len(y))))
    weighted = all_metrics(y, score, 2.5 * times)
    repeated = all_metrics(np.repeat(y, times), np.repeat(score, times), None)
    for name, left, right in zip(NAMES, weighted, repeated, strict=True):
        assert left == pytest.approx(right, nan_ok=True), name


@given(scored(), st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_the_order_of_rows_does_not_matter(data: Arrays, seed: int) -> None:
    y, score = data
    turn = np.random.default_rng(seed).permutation(len(y))
    assert all_metrics(y, score, None) == pytest.approx(all_metrics(y[turn], score[turn], None), nan_ok=True)


@given(scored(), st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_many_weights_at_once_are_the_same_as_one_by_one(data: Arrays, seed: int) -> None:
    y, score = data
    weights = np.random.default_rng(seed).integers(0, 3, (4, len(y))).astype(float)
    ranking = Ranking.of(y, score)
    totals = ranking.totals(weights)
    for row, weight in enumerate(weights):
        one = ranking.totals(weight)
        for name in ("misordered", "average_precision"):
            assert getattr(totals, name)()[row] == pytest.approx(float(getattr(one, name)()), nan_ok=True)
        assert totals.tpr_at_fpr(0.2)[row] == pytest.approx(float(one.tpr_at_fpr(0.2)), nan_ok=True)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
@settings(deadline=None)
def test_lam_is_the_square_root_of_the_product_of_odds(ham: int, spam: int, more: st.DataObject) -> None:
    false_positives = more.draw(st.integers(0, ham))
    misses = more.draw(st.integers(0, spam))
    y = np.repeat([0, 1], [ham, spam])
    decision = np.concatenate([np.arange(ham) < false_positives, np.arange(spam) >= misses])
    found = metrics.misclassification(y, decision)
    assert found.hm == pytest.approx(100 * false_positives / ham)
    assert found.sm == pytest.approx(100 * misses / spam)

    def odds(errors: int, rows: int) -> float:
        counted = min(max(errors, 0.5), rows - 0.5)
        return counted / (rows - counted)

    middle = math.sqrt(odds(false_positives, ham) * odds(misses, spam))
    assert found.lam == pytest.approx(100 * middle / (1 + middle))


def test_lam_punishes_a_filter_that_flags_nothing() -> None:
    y = np.repeat([0, 1], [1000, 1000])
    assert metrics.misclassification(y, np.zeros(2000, int)).lam == pytest.approx(50)


def test_lam_without_a_class_is_unknown() -> None:
    found = metrics.misclassification([0, 0], [0, 1])
    assert found.hm == 50
    assert math.isnan(found.sm)
    assert math.isnan(found.lam)


@given(scored(1), st.integers(1, 6), st.data())
@settings(deadline=None, max_examples=40)
def test_precision_at_k_is_the_mean_over_orders_of_ties(data: Arrays, k: int, more: st.DataObject) -> None:
    y, score = data
    day = np.array(more.draw(st.lists(st.integers(0, 2), min_size=len(y), max_size=len(y))))
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        order = np.lexsort((rng.random(len(y)), -score))
        found.append([y[order][day[order] == one][:k].mean() for one in np.unique(day)])
    expected = np.mean(found)
    assert metrics.precision_at_k_per_day(y, score, day, k) == pytest.approx(expected, abs=0.17)


def test_precision_at_k_exactly() -> None:
    assert metrics.precision_at_k_per_day([1, 0, 0, 0], [5, 3, 3, 3], ["a"] * 4, 2) == 0.5
    assert metrics.precision_at_k_per_day([1, 1, 0, 0], [5, 3, 3, 3], ["a"] * 4, 2) == pytest.approx(
        (1 + 1 / 3) / 2
    )
    assert math.isnan(metrics.precision_at_k_per_day([], [], [], 2))


def test_calibration_error_sees_what_it_should() -> None:
    rng = np.random.default_rng(3)
    share = rng.random(50_000)
    y = rng.random(50_000) < share
    assert metrics.expected_calibration_error(y, share) < 0.01
    assert metrics.expected_calibration_error(y, np.clip(share + 0.1, 0, 1)) == pytest.approx(0.095, abs=0.01)
    assert metrics.expected_calibration_error(y, np.sqrt(share)) > 0.1


def test_equal_mass_bins_hold_about_equally_many() -> None:
    share = np.random.default_rng(0).beta(0.1, 0.1, 9_001)
    counts = np.bincount(metrics.equal_mass_bins(share, np.ones(9_001), 15))
    assert len(counts) == 15
    assert counts.max() - counts.min() <= 2


def test_a_sure_error_costs_much_but_not_everything() -> None:
    assert 30 < metrics.log_loss([1], [0.0]) < 40


def test_cost_is_per_event() -> None:
    assert metrics.cost([0, 0, 1, 1], [1, 0, 0, 1], 5, 3) == 2.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.tpr_at_fpr([0, 1], [0.0], 0.1),
        lambda: metrics.tpr_at_fpr([0, 1], [0.0, math.nan], 0.1),
        lambda: metrics.tpr_at_fpr([0, 2], [0.0, 1.0], 0.1),
        lambda: metrics.tpr_at_fpr([0, 1], [0.0, 1.0], 1.5),
        lambda: metrics.tpr_at_fpr([0, 1], [0.0, 1.0], 0.1, [1.0, -1.0]),
        lambda: metrics.tpr_at_fpr([0, 1], [0.0, 1.0], 0.1, [1.0, math.inf]),
        lambda: metrics.tpr_at_fpr([[0, 1]], [[0.0, 1.0]], 0.1),
        lambda: metrics.brier([0, 1], [0.0, 1.5]),
        lambda: metrics.misclassification([0, 1], [0]),
        lambda: metrics.cost([0, 1], [0, 1, 1], 1, 1),
        lambda: metrics.precision_at_k_per_day([0, 1], [0.0, 1.0], [1, 1], 0),
        lambda: metrics.precision_at_k_per_day([0, 1], [0.0, 1.0], [1], 1),
    ],
)
def test_wrong_input_is_named(call: Callable[[], float]) -> None:
    with pytest.raises(InputError):
        call()
