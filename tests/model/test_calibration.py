"""Platt's sigmoid: the optimum, rising, and finite whatever the data."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy.optimize import minimize

from msa_ml.errors import DataRefused, InputError
from msa_ml.model.calibration import Platt, fit_platt, sigmoid


def loss(
    point: NDArray[np.float64], margin: NDArray[np.float64], y: NDArray[np.int64], weight: NDArray[np.float64]
) -> float:
    """Cross-entropy against Platt's targets, written out anew."""
    weight = weight / weight.mean()
    target = np.where(
        y == 1, (weight[y == 1].sum() + 1) / (weight[y == 1].sum() + 2), 1 / (weight[y == 0].sum() + 2)
    )
    logit = point[0] * margin + point[1]
    return float((weight * (np.logaddexp(0, logit) - target * logit)).sum())


def noisy(seed: int, rows: int, scale: float, shift: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    y = (np.arange(rows) % 3 == 0).astype(np.int64)
    return scale * (rng.normal(2 * y, 1.5) + shift), y


@given(
    st.integers(0, 1000),
    st.integers(12, 300),
    st.sampled_from([1e-4, 1.0, 1e4]),
    st.floats(-50, 50),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_no_point_has_a_smaller_loss(
    seed: int, rows: int, scale: float, shift: float, weighted: bool
) -> None:
    margin, y = noisy(seed, rows, scale, shift)
    weight = np.random.default_rng(seed).uniform(0.5, 3, rows) if weighted else np.ones(rows)
    found = fit_platt(margin, y, weight)
    assert found.slope > 0
    if found.slope * margin.std() < 0.002:
        return  # held at the least slope: another test
    here = loss(np.array([found.slope, found.intercept]), margin, y, weight)
    unit = margin / scale
    best = minimize(loss, [0.1, 0.0], args=(unit, y, weight), method="BFGS").fun
    assert here <= best + 1e-6 * rows


def test_calibrated_scores_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 2, 200_000)
    found = fit_platt(margin, rng.random(200_000) < sigmoid(margin))
    assert found.slope == pytest.approx(1, abs=0.03)
    assert found.intercept == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("gap", [1e-6, 1.0, 1e6])
def test_separable_data_give_finite_numbers(gap: float) -> None:
    margin = np.repeat([-gap, gap], [500, 100])
    y = np.repeat([0, 1], [500, 100])
    found = fit_platt(margin, y)
    assert np.isfinite([found.slope, found.intercept]).all()
    low, high = found.probability([-gap, gap])
    assert low == pytest.approx(1 / 502, rel=1e-3)
    assert high == pytest.approx(101 / 102, rel=1e-3)


def test_a_margin_that_points_the_wrong_way_keeps_its_order() -> None:
    margin = np.linspace(-3, 3, 400)
    y = (margin < 0).astype(int)
    y[::5] = 1 - y[::5]
    found = fit_platt(margin, y)
    assert found.slope > 0
    assert np.all(np.diff(found.logit(margin)) > 0)
    assert found.probability(margin).mean() == pytest.approx(y.mean(), abs=0.01)


def test_a_constant_margin_gives_the_base_rate() -> None:
    found = fit_platt(np.full(300, 7.0), np.repeat([0, 1], [200, 100]))
    assert found.slope > 0
    assert found.probability([7.0])[0] == pytest.approx(1 / 3, abs=0.01)


def test_weights_count_as_repeated_rows() -> None:
    margin, y = noisy(4, 6000, 1.0, 0.0)
    times = np.where(y == 1, 3, 1)
    weighted = fit_platt(margin, y, times)
    scaled = fit_platt(margin, y, 10.0 * times)
    repeated = fit_platt(np.repeat(margin, times), np.repeat(y, times))
    assert weighted.slope == pytest.approx(scaled.slope)
    assert weighted.slope == pytest.approx(repeated.slope, rel=0.002)
    assert weighted.intercept == pytest.approx(repeated.intercept, abs=0.01)


def test_the_order_of_rows_does_not_matter() -> None:
    margin, y = noisy(8, 200, 1.0, 3.0)
    turned = fit_platt(margin[::-1], y[::-1])
    assert turned.slope == pytest.approx(fit_platt(margin, y).slope)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_refused(label: int) -> None:
    with pytest.raises(DataRefused, match="both classes"):
        fit_platt(np.arange(50.0), np.full(50, label))


@pytest.mark.parametrize(
    ("margin", "y", "weight"),
    [
        ([0.0, np.inf], [0, 1], None),
        ([0.0, np.nan], [0, 1], None),
        ([0.0], [0, 1], None),
        ([0.0, 1.0], [0, 3], None),
        ([0.0, 1.0], [0, 1], [1.0, -1.0]),
    ],
)
def test_wrong_input_is_named(margin: list[float], y: list[int], weight: list[float] | None) -> None:
    with pytest.raises(InputError):
        fit_platt(margin, y, weight)


def test_sigmoid_is_exact_far_out() -> None:
    assert sigmoid([-40.0])[0] == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert Platt(1.0, 2.0).logit([1.0, 2.0]).tolist() == [3.0, 4.0]
