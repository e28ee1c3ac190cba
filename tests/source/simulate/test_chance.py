from __future__ import annotations

from collections import Counter

import numpy as np

from msa_ml.source.simulate.chance import Chance, Odds


def test_draws_follow_the_odds() -> None:
    chance = Chance(np.random.default_rng(1))
    counts = Counter(chance.draw(Odds({"a": 3.0, "b": 1.0})) for _ in range(20_000))
    assert abs(counts["a"] / 20_000 - 0.75) < 0.015


def test_a_log_normal_has_its_median_and_spread() -> None:
    chance = Chance(np.random.default_rng(2))
    logs = np.log([chance.around(5.0, 0.7) for _ in range(20_000)])
    assert abs(np.median(logs) - np.log(5.0)) < 0.03
    assert abs(logs.std() - 0.7) < 0.02


def test_some_draws_without_repeats() -> None:
    chance = Chance(np.random.default_rng(3))
    assert sorted(chance.some(range(6), 9)) == list(range(6))
    assert len(set(chance.some(range(100), 20))) == 20
