"""Many short texts as one flat array of code points, for counting without a loop over texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]

UPPER, LOWER, DIGIT = "AZ", "az", "09"


@dataclass(frozen=True)
class Characters:
    """The first code points of N texts, one after the other.

    Attributes
    ----------
    codes
        uint32[M]: code points of all texts.
    owner
        int64[M]: number of the text that each stands in.
    sizes
        int64[N]: code points of each text.

    Examples
    --------
    >>> texts = Characters.of(pl.Series(["ann77", None, "a😀"]))
    >>> texts.sizes.tolist(), texts.count(texts.between(DIGIT)).tolist()
    ([5, 0, 2], [2, 0, 0])
    """

    codes: NDArray[np.uint32]
    owner: Counts
    sizes: Counts

    @classmethod
    def of(cls, texts: pl.Series, limit: int = 256) -> Characters:
        """Read at most ``limit`` code points of each text; null is an empty text."""
        short = texts.fill_null("").str.slice(0, limit)
        sizes = short.str.len_chars().to_numpy().astype(np.int64)
        codes = np.frombuffer("".join(short.to_list()).encode("utf-32-le"), np.uint32)
        return cls(codes, np.repeat(np.arange(len(sizes)), sizes), sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    @cached_property
    def ends(self) -> Counts:
        """int64[N]: where the next text begins."""
        return np.cumsum(self.sizes)

    @cached_property
    def place(self) -> Counts:
        """int64[M]: place of each code point in its text, from 0."""
        return np.arange(len(self.codes)) - np.repeat(self.ends - self.sizes, self.sizes)

    @cached_property
    def follows(self) -> Mask:
        """bool[M]: whether the code point before is of the same text."""
        return self.place > 0

    def between(self, bounds: str) -> Mask:
        """bool[M]: whether a code point is within two others, both included."""
        return (self.codes >= ord(bounds[0])) & (self.codes <= ord(bounds[1]))

    def among(self, characters: str) -> Mask:
        """bool[M]: whether a code point is one of some ASCII characters."""
        table = np.zeros(129, np.bool_)
        table[[ord(character) for character in characters]] = True
        return table[np.minimum(self.codes, 128)]

    def within(self, *ranges: tuple[int, int]) -> Mask:
        """bool[M]: whether a code point is in one of some ranges, ends included."""
        found = np.zeros(len(self.codes), np.bool_)
        for first, last in ranges:
            found |= (self.codes >= first) & (self.codes <= last)
        return found

    def after(self, mask: Mask) -> Mask:
        """bool[M]: whether the code point before, in the same text, is masked."""
        found = np.zeros(len(mask), np.bool_)
        found[1:] = mask[:-1]
        return found & self.follows

    def kept(self, mask: Mask) -> Characters:
        """Return the texts without the code points that are not masked."""
        owner = self.owner[mask]
        return Characters(self.codes[mask], owner, np.bincount(owner, minlength=len(self)))

    def folded(self) -> Characters:
        """Return the texts with A to Z as a to z, and of ASCII nothing but letters and digits."""
        codes = np.where(self.between(UPPER), self.codes + 32, self.codes)
        small = Characters(codes, self.owner, self.sizes)
        return small.kept(small.between(LOWER) | small.between(DIGIT) | (codes > 127))

    def count(self, mask: Mask) -> Counts:
        """int64[N]: masked code points of each text."""
        return np.bincount(self.owner[mask], minlength=len(self))

    def total(self, values: NDArray[np.integer]) -> Counts:
        """int64[N]: sum of whole numbers over the code points of each text; exact below 2^53."""
        return np.bincount(self.owner, weights=values, minlength=len(self)).astype(np.int64)

    def share(self, mask: Mask) -> Numbers:
        """float64[N]: masked code points of each text by all of its; ``nan`` for an empty text."""
        return divided(self.count(mask), self.sizes)

    def longest(self, mask: Mask) -> Counts:
        """int64[N]: length of the longest row of masked code points."""
        return self._longest(mask, np.ones(len(self.codes), np.bool_))

    def longest_linked(self, linked: Mask) -> Counts:
        """int64[N]: code points of the longest row in which each but the first is linked to the one before it.

        1 where nothing is linked, 0 for an empty text.
        """
        return self._longest(np.ones(len(self.codes), np.bool_), linked)

    def _longest(self, mask: Mask, linked: Mask) -> Counts:
        here = np.arange(1, len(self.codes) + 1)
        goes_on = mask & linked & self.follows
        goes_on[1:] &= mask[:-1]
        start = np.where(goes_on, 0, here)
        row = np.where(mask, here - np.maximum.accumulate(start) + 1, 0) if len(here) else here
        longest = np.zeros(len(self), np.int64)
        full = self.sizes > 0
        if full.any():
            longest[full] = np.maximum.reduceat(row, (self.ends - self.sizes)[full])
        return longest

    def tail(self, mask: Mask) -> Counts:
        """int64[N]: masked code points at the end of each text, up to the last one that is not."""
        last = np.full(len(self), -1)
        # The place of the last one that is not masked: later writes win.
        last[self.owner[~mask]] = self.place[~mask]
        tail: Counts = self.sizes - 1 - last
        return tail

    def entropy(self) -> Numbers:
        """float64[N]: Shannon entropy of the code points in bits; ``nan`` for an empty text."""
        _, found = self.distinct_counts
        owner = self.distinct_counts[0] >> 21
        shares = found / self.sizes[owner]
        bits = np.bincount(owner, weights=-shares * np.log2(shares), minlength=len(self))
        return np.where(self.sizes > 0, np.maximum(bits, 0.0), np.nan)

    def distinct(self) -> Counts:
        """int64[N]: different code points of each text."""
        return np.bincount(self.distinct_counts[0] >> 21, minlength=len(self))

    @cached_property
    def distinct_counts(self) -> tuple[Counts, Counts]:
        """Text and code point in one number, each pair once, and how often it is there."""
        return np.unique((self.owner << 21) | self.codes, return_counts=True)


def divided(numbers: NDArray[np.integer], by: NDArray[np.integer]) -> Numbers:
    """Return a quotient; ``nan`` where the divisor is 0.

    Examples
    --------
    >>> divided(np.array([1, 1]), np.array([2, 0])).tolist()
    [0.5, nan]
    """
    quotient: Numbers = np.divide(numbers, by, out=np.full(len(by), np.nan), where=by > 0)
    return quotient
