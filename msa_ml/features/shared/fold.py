"""Names with everything left out that people write in more than one way, as expressions over columns."""

from __future__ import annotations

import numpy as np
import polars as pl

from msa_ml.features.shared.characters import Characters, Numbers, divided

_CAPITALS = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
_SMALL = [capital.lower() for capital in _CAPITALS]
_MARKS = r"[\x00-\x2f\x3a-\x60\x7b-\x7f]"


def small(text: pl.Expr) -> pl.Expr:
    """Return texts with A to Z as a to z.

    Letters beyond ASCII stay, since what becomes of them differs by version of Unicode.

    Examples
    --------
    >>> pl.select(small(pl.lit("Ann.Ö"))).item()
    'ann.Ö'
    """
    return text.str.replace_many(_CAPITALS, _SMALL)


def fold(text: pl.Expr) -> pl.Expr:
    """Return texts in small letters, and of ASCII nothing but letters and digits.

    Examples
    --------
    >>> pl.select(fold(pl.lit("Ann-Marie Ö. 7"))).item()
    'annmarieÖ7'
    """
    return small(text).str.replace_all(_MARKS, "")


def likeness(one: pl.Series, two: pl.Series) -> Numbers:
    """Return how much two columns of texts share, row by row: float64[N], 0..1.

    Pairs of neighbouring code points that both texts have, by those that either has, each pair once (Jaccard 1901);
    ``nan`` where neither has two code points.

    Examples
    --------
    >>> likeness(pl.Series(["abcd", "a"]), pl.Series(["bcde", ""])).tolist()
    [0.5, nan]
    """
    both = Characters.of(pl.concat([one, two]))
    count = len(one)
    different, codes = np.unique(both.codes, return_inverse=True)
    base = max(1, len(different))
    at = np.flatnonzero(both.follows)
    owner = both.owner[at]
    keys = ((owner % max(1, count)) * base + codes[at - 1]) * base + codes[at]
    first, second = np.unique(keys[owner < count]), np.unique(keys[owner >= count])
    union, times = np.unique(np.concatenate([first, second]), return_counts=True)
    rows = union // base**2
    return divided(np.bincount(rows[times == 2], minlength=count), np.bincount(rows, minlength=count))
