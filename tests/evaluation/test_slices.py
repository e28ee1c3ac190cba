"""Cuts of columns into named parts."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from msa_ml.errors import InputError
from msa_ml.evaluation.slices import (
    OTHER,
    UNKNOWN,
    buckets,
    categories,
    cut,
    merge_small,
    quantiles,
    sender_age,
    size,
)


def test_buckets_begin_where_they_say() -> None:
    assert size([0, 1999, 2000, 9_999, 10_000, 100_000]).tolist() == [
        "under 2 KB",
        "under 2 KB",
        "2 to 10 KB",
        "2 to 10 KB",
        "10 to 100 KB",
        "over 100 KB",
    ]
    assert sender_age([-1.0, np.nan, 7]).tolist() == ["under a day", UNKNOWN, "a week to a month"]


def test_buckets_must_rise() -> None:
    with pytest.raises(InputError, match="rising"):
        buckets([1.0], {"a": 2, "b": 1})
    with pytest.raises(InputError, match="rising"):
        buckets([1.0], {})


@given(st.lists(st.one_of(st.integers(-5, 5), st.just(float("nan"))), max_size=80), st.integers(1, 6))
@settings(deadline=None)
def test_quantiles_part_no_equal_numbers_and_overlap_nowhere(values: list[float], parts: int) -> None:
    numbers = np.array(values, np.float64)
    names = quantiles(numbers, parts)
    known = ~np.isnan(numbers)
    assert (names[~known] == UNKNOWN).all()
    assert len(set(names[known].tolist())) <= parts
    spans = sorted(
        (numbers[names == name].min(), numbers[names == name].max()) for name in set(names[known].tolist())
    )
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))


def test_quantiles_hold_about_equally_many() -> None:
    _, counts = np.unique(quantiles(np.random.default_rng(0).normal(size=1000)), return_counts=True)
    assert counts.min() >= 249


def test_what_is_missing_is_unknown() -> None:
    assert categories(np.array(["a", "", None, float("nan")], object)).tolist() == [
        "a",
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
    ]
    assert categories(np.array([1, 2])).tolist() == ["1", "2"]


def test_small_parts_and_those_beyond_the_most_are_merged() -> None:
    names = merge_small(
        np.repeat([f"v{number:02d}" for number in range(20)], np.arange(20, 40)), least=25, most=4
    )
    assert set(names.tolist()) == {"v19", "v18", "v17", "v16", OTHER}
    assert (names == OTHER).sum() == sum(range(20, 36))
    assert merge_small([]).tolist() == []


def test_cut_takes_columns_as_they_come() -> None:
    found = cut(
        {"hops": np.arange(400), "status": np.repeat([200, 404], 200), "spf": np.repeat(["pass", ""], 200)},
        few=["status"],
    )
    assert len(set(found["hops"].tolist())) == 4
    assert set(found["status"].tolist()) == {"200", "404"}
    assert set(found["spf"].tolist()) == {"pass", UNKNOWN}
