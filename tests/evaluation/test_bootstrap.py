"""Intervals: clusters are drawn whole, and a number is not surer than its evidence."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import (
    MOST_CLUSTERS,
    Bootstrap,
    Interval,
    binomial,
    effective,
    percentile,
    rate,
)


def test_campaigns_of_two_rows_are_clusters_and_the_rest_stand_by_day() -> None:
    campaign = ["x", "y", "x", "", "z", ""]
    day = [1, 1, 2, 1, 2, 2]
    found = clusters(6, campaign, day)
    assert found[0] == found[2]
    assert found[1] == found[3]
    assert found[4] == found[5]
    assert len(set(found.tolist())) == 3


def test_without_days_rows_without_campaign_stand_alone() -> None:
    assert len(set(clusters(4, ["a", "a", "", "b"]).tolist())) == 3
    assert clusters(3).tolist() == [0, 1, 2]
    assert clusters(0).tolist() == []


def test_clusters_need_one_value_a_row() -> None:
    with pytest.raises(InputError, match="days"):
        clusters(3, day=[1, 2])
    with pytest.raises(InputError, match="campaigns"):
        clusters(3, campaign=["a"])


def test_replicates_are_those_of_whole_clusters() -> None:
    cluster = np.array([0, 0, 1, 2, 2, 2])
    weight = np.array([1.0, 2.0, 3.0, 1.0, 1.0, 1.0])
    draws = Bootstrap.of(cluster, weight, replicates=50, seed=4)
    each = np.arange(6.0)
    weights = np.concatenate(list(draws.weights()))
    value, sums = draws.sum(each)
    assert value == pytest.approx((weight * each).sum())
    np.testing.assert_allclose(sums, weights @ each)
    assert (draws.draws.sum(axis=1) == 3).all()
    for row, drawn in zip(weights, draws.draws, strict=True):
        assert row.tolist() == (drawn[cluster] * weight).tolist()


def test_the_same_seed_gives_the_same_replicates() -> None:
    cluster = np.arange(30)
    first, second, other = (Bootstrap.of(cluster, np.ones(30), replicates=5, seed=seed) for seed in (1, 1, 2))
    assert (first.draws == second.draws).all()
    assert (first.draws != other.draws).any()


def test_chunks_do_not_change_the_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = Bootstrap.of(np.arange(30), np.ones(30), replicates=7, seed=1)
    whole = np.concatenate(list(draws.weights()))
    monkeypatch.setattr("msa_ml.evaluation.bootstrap._CELLS", 60)
    parts = list(draws.weights())
    assert len(parts) == 4
    assert (np.concatenate(parts) == whole).all()


def test_more_clusters_than_memory_are_joined() -> None:
    draws = Bootstrap.of(np.arange(3 * MOST_CLUSTERS), np.ones(3 * MOST_CLUSTERS), replicates=2, seed=0)
    assert draws.size == MOST_CLUSTERS


def test_one_cluster_gives_no_bounds() -> None:
    draws = Bootstrap.of(np.zeros(50, np.intp), np.ones(50), replicates=20, seed=0)
    found = draws.mean(np.arange(50.0))
    assert found.value == 24.5
    assert math.isnan(found.low)
    assert math.isnan(draws.rate(np.ones(50, bool), np.ones(50, bool)).high)


def test_replicates_without_the_number_are_left_out_but_not_when_they_are_most() -> None:
    assert percentile(0.5, np.array([math.nan, 0.2, 0.8])).low == pytest.approx(0.215)
    assert math.isnan(percentile(0.5, np.array([math.nan, math.nan, 0.8])).low)
    assert math.isnan(percentile(0.5, np.empty(0)).low)
    assert math.isnan(percentile(math.nan, np.ones(5)).low)


def test_the_number_is_inside_its_interval() -> None:
    assert percentile(0.01, np.linspace(0.02, 0.03, 50)).low == 0.01
    assert percentile(0.05, np.linspace(0.02, 0.03, 50)).high == 0.05


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (1, 10), (5, 100), (10, 10), (0, 3000)])
def test_binomial_is_clopper_pearson(errors: int, trials: int) -> None:
    expected = binomtest(errors, trials).proportion_ci(0.95, method="exact")
    assert binomial(errors, trials) == pytest.approx((expected.low, expected.high))


def test_no_error_is_not_certainty() -> None:
    found = rate(0.0, np.zeros(400), 1000)
    assert found.low == 0
    assert found.high == pytest.approx(0.0037, abs=0.0001)
    assert rate(1.0, np.ones(400), 1000).low == pytest.approx(0.9963, abs=0.0001)


def test_effective_counts() -> None:
    assert effective(np.full(50, 20.0)) == 50
    assert effective(np.array([1.0, 1.0, 10.0])) == pytest.approx(1.2)
    assert effective(np.empty(0)) == 0


def test_intervals_of_campaigns_cover_and_those_of_rows_do_not() -> None:
    """Rows of a campaign fare alike: an interval over rows is far too narrow, over campaigns it is about right."""
    rng = np.random.default_rng(11)
    covered = {"campaign": 0, "rows": 0}
    trials = 150
    campaign = np.repeat(np.arange(40), 25).astype(str)
    for trial in range(trials):
        share = np.repeat(rng.beta(1.6, 0.4, 40), 25)  # the mean is 0.8
        caught = rng.random(1000) < share
        for name, cluster in (("campaign", clusters(1000, campaign)), ("rows", clusters(1000))):
            draws = Bootstrap.of(cluster, np.ones(1000), replicates=200, seed=trial)
            found = draws.rate(np.ones(1000, bool), caught)
            covered[name] += found.low <= 0.8 <= found.high
    assert covered["campaign"] / trials > 0.86
    assert covered["rows"] / trials < 0.6


def test_map_keeps_the_unknown() -> None:
    found = Interval(0.1).map(lambda value: 100 * value)
    assert found.value == pytest.approx(10)
    assert math.isnan(found.low)
