"""What would change if another bundle decided: worked out by hand, and the extremes."""

import json

import numpy as np
import pytest

from msa_ml.errors import InputError
from msa_ml.evaluation.shadow import shadow


def test_worked_out_by_hand() -> None:
    #               stays blocked | newly blocked | released | stays released
    old = np.repeat([1.0, -1.0, 1.0, -1.0], [10, 6, 4, 80])
    new = np.repeat([2.0, 1.5, -1.0, -1.0], [10, 6, 4, 80])
    label = np.repeat([1, 0, 1, -1], [10, 6, 4, 80])
    source = np.repeat(["a", "b"], [16, 84])
    found = shadow(
        old,
        new,
        thresholds=(0.0, 1.5),
        days=4,
        policy="p",
        label=label,
        slices={"source": source},
        replicates=100,
    )
    assert (found.flips.blocked, found.flips.released, found.events) == (6, 4, 100)
    assert found.agreement.value == pytest.approx(0.9)
    assert found.flip_share == pytest.approx(0.1)
    assert found.per_day_old.value == pytest.approx(14 / 4)
    assert found.per_day_new.value == pytest.approx(16 / 4)
    assert found.per_day_change.value == pytest.approx(2 / 4)
    assert found.per_day_change.low < 0 < found.per_day_change.high
    assert found.relative_change == pytest.approx(2 / 14)
    assert {name: (one.events, one.blocked, one.released) for name, one in found.known.items()} == {
        "ham": (6, 6, 0),
        "spam": (14, 0, 4),
    }
    (parts,) = found.slices.values()
    assert sum(part.blocked for part in parts) == 6
    assert "6 newly blocked, 0 released of 6" in found.table()
    json.dumps(found.to_json())


def test_a_sample_is_scaled_up() -> None:
    old, new = np.full(50, -1.0), np.repeat([1.0, -1.0], [5, 45])
    found = shadow(old, new, thresholds=(0, 0), days=1, weight=np.full(50, 20.0), replicates=50)
    assert found.per_day_change.value == pytest.approx(100)
    assert np.isnan(found.relative_change)  # nothing was blocked before
    assert found.per_day_old.high > 0  # of which 50 events are no proof


def test_the_same_scores_change_nothing_and_are_no_proof_of_it() -> None:
    logit = np.linspace(-3, 3, 200)
    found = shadow(logit, logit, thresholds=(0.5, 0.5), days=1, replicates=50)
    assert (found.flips.blocked, found.flips.released, found.relative_change) == (0, 0, 0)
    assert found.agreement.value == 1
    assert found.agreement.low < 1
    assert found.per_day_change.low < 0 < found.per_day_change.high


def test_days_are_drawn_not_events() -> None:
    """A campaign of one day that flips as a whole is one observation, not a hundred."""
    old = np.full(1000, -1.0)
    new = np.where(np.arange(1000) < 100, 1.0, -1.0)
    day = np.arange(1000) // 100
    alone = shadow(old, new, thresholds=(0, 0), days=10, replicates=300)
    clustered = shadow(old, new, thresholds=(0, 0), days=10, day=day, replicates=300)
    width = [one.per_day_change.high - one.per_day_change.low for one in (alone, clustered)]
    assert width[1] > 2 * width[0]


def test_thresholds_are_compared_as_the_graph_gives_them() -> None:
    limit = float(np.float32(0.1))
    found = shadow(
        np.array([0.1], np.float32),
        np.array([0.1], np.float32),
        thresholds=(limit, 0.1),
        days=1,
        replicates=20,
    )
    assert (found.per_day_old.value, found.per_day_new.value) == (1, 1)


def test_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="found none"):
        shadow([], [], thresholds=(0, 0), days=1)
    with pytest.raises(InputError, match="above 0 days"):
        shadow([1.0], [1.0], thresholds=(0, 0), days=0)
    with pytest.raises(InputError):
        shadow([1.0, 2.0], [1.0], thresholds=(0, 0), days=1)
