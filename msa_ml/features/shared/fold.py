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
    different = np.zeros(int(both.codes.max(initial=0)) + 1, np.bool_)
    different[both.codes] = True
    codes = (np.cumsum(different) - 1)[both.codes]
    base = int(different.sum())
    at = np.flatnonzero(both.follows)
    side, row = np.divmod(both.owner[at], max(1, count))
    # Sorted once: each pair of a row, and for each the sides that have it. Below 2^63 for a million rows of any script.
    keys = np.sort((((row * base + codes[at - 1]) * base) + codes[at]) * 2 + side)
    keys = keys[np.diff(keys, prepend=-1) != 0] >> 1
    new = np.diff(keys, prepend=-1) != 0
    rows = keys // max(1, base**2)
    shared, either = np.bincount(rows[~new], minlength=count), np.bincount(rows[new], minlength=count)
    return divided(shared, either)
