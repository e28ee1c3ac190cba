"""Likeness of texts in batches, against sets."""

import math

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.shared.fold import likeness
from tests.strategies import NAMES


def pairs(text: str) -> set[str]:
    text = text[:256]
    return {text[at : at + 2] for at in range(len(text) - 1)}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=6))
def test_likeness_is_that_of_the_sets_of_pairs(names: list[tuple[str, str]]) -> None:
    one, two = ([name[side] for name in names] for side in (0, 1))
    found = likeness(pl.Series(one, dtype=pl.String), pl.Series(two, dtype=pl.String))
    expected = [
        len(pairs(a) & pairs(b)) / len(pairs(a) | pairs(b)) if pairs(a) | pairs(b) else math.nan
        for a, b in names
    ]
    np.testing.assert_allclose(found, expected)
