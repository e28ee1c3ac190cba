"""User names: a table of names and values, and every value against a version that is written for reading."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.signup.name import Name
from tests.features.signup import naive
from tests.strategies import NAMES

NAME = Name()


def value(name: str, feature: str) -> float:
    return NAME.extract({"user_name": name}).get(feature, math.nan)


@pytest.mark.parametrize(
    ("feature", "name", "expected"),
    [
        ("length", "ann", 3),
        ("length", "😀é", 2),
        ("length", "x" * 1_000_000, 256),
        ("digits", "ab12", 0.5),
        ("digits", "ab\u0661\u0662", 0),  # digits of other scripts are not 0 to 9
        ("digits", "", math.nan),
        ("upper", "aB", 0.5),
        ("upper", "aÄ", 0),
        ("marks", "a.b-", 0.5),
        ("marks", "\x00\n", 1),
        ("non_ascii", "\u0430nn", pytest.approx(1 / 3)),
        ("non_ascii", "ann", 0),
        ("parts", "ann.marie--x", 3),
        ("parts", "...", 0),
        ("digit_tail", "ann1987", 4),
        ("digit_tail", "1ann", 0),
        ("digit_tail", "1987", 4),
        ("digit_runs", "a1b22c", 2),
        ("digit_runs", "abc", 0),
        ("year_tail", "ann1987", 1),
        ("year_tail", "ann11987", 0),
        ("year_tail", "ann3087", 0),
        ("year_tail", "19", 0),
        ("starts_with_digit", "4ann", 1),
        ("starts_with_digit", "ann4", 0),
        ("case_changes", "annMarieB", 2),
        ("case_changes", "ANN", 0),
        ("entropy", "abab", 1),
        ("entropy", "aaaa", 0),
        ("entropy", "", math.nan),
        ("distinct", "aab", pytest.approx(2 / 3)),
        ("repeat", "hellooo", 3),
        ("repeat", "abc", 1),
        ("repeat", "", 0),
        ("vowels", "anna", 0.5),
        ("vowels", "123", math.nan),
        ("consonant_run", "aRTHRb", 5),
        ("consonant_run", "aei", 0),
        ("vowel_run", "queue1", 4),
        ("rare_pairs", "xzQJk", 2),
        ("rare_pairs", "hello", 0),
        ("keyboard_walk", "QwErTy", 6),
        ("keyboard_walk", "poiuxx", 4),
        ("keyboard_walk", "1qaz2wsx", 4),
        ("keyboard_walk", "banal", 1),
        ("sequence", "xabcdx", 4),
        ("sequence", "4321", 4),
        ("sequence", "/0", 1),
        ("sequence", "aceg", 1),
    ],
)
def test_values(feature: str, name: str, expected: float) -> None:
    assert value(name, feature) == pytest.approx(expected, nan_ok=True)


@settings(max_examples=80, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6))
def test_a_batch_agrees_with_the_naive_version(names: list[str]) -> None:
    found = NAME.matrix(pl.DataFrame({"user_name": names}))
    expected = [[naive.name(name).get(feature.name, math.nan) for feature in NAME.features] for name in names]
    np.testing.assert_allclose(found.to_numpy(), np.array(expected, np.float32), rtol=1e-6, atol=1e-6)


def test_null_is_no_name() -> None:
    found = NAME.matrix(pl.DataFrame({"user_name": [None, ""]}, schema={"user_name": pl.String}))
    assert found[0].equals(found[1])
