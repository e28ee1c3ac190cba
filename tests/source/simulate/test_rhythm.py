from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from msa_ml.source.simulate.rhythm import DAY_MS, HOUR_MS, arrivals


def test_nights_and_weekends_are_quiet() -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    times = arrivals(np.random.default_rng(1), start=monday, days=14, count=50_000)
    hours = times // HOUR_MS % 24
    by_day = np.bincount(times // DAY_MS, minlength=14)
    assert (hours == 9).sum() > 4 * (hours == 3).sum()
    assert by_day[[5, 6, 12, 13]].max() < 0.7 * by_day[[0, 1, 2, 3, 4]].min()


def test_a_part_of_a_day_stays_inside() -> None:
    noon = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    times = arrivals(np.random.default_rng(1), start=noon, days=0.3, count=500)
    assert times.min() >= 0
    assert times.max() < 0.3 * DAY_MS
