r"""A model of the letters of names: how surprising each is after those before it, and in which of two classes more so.

A name is folded to symbols: A to Z become a to z, every digit becomes ``0``, every code point beyond ASCII ``~``, and
other code points are left out. Of the rest the first 64 symbols count. Three ``^`` stand before them and one after.

The model is a list, so that it travels in the bundle and enters the digest, and so that a port needs nothing but the
list. A line holds an n-gram of one to four symbols and two whole numbers, thousandths of a bit, that say of its last
symbol after the others (all logarithms to base 2):

``surprise``
    - log p, where p is its probability in names of the class *fine*.
``odds``
    log q - log p, where q is its probability in names of the class *abuse*.

The numbers of a symbol are those of the longest n-gram of the list that ends with it; the list has every n-gram of one
symbol. Sums are of whole numbers, so no order of summation matters.

Probabilities are interpolated over the length of what stands before (Witten & Bell, The zero-frequency problem, IEEE
Transactions on Information Theory 37(4), 1991), with a weight of :data:`_STRENGTH` for each different symbol seen
there. Of all n-grams the list keeps those that change most, weighed by how often they occur (Stolcke, Entropy-based
pruning of backoff language models, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import InputError
from msa_ml.features.shared.characters import DIGIT, LOWER, Characters
from msa_ml.features.word_lists import WordList

SYMBOLS = "^abcdefghijklmnopqrstuvwxyz0~"
"""What names are folded to; the place of a symbol is its number."""
ORDER = 4
"""Symbols of the longest n-gram."""
LIMIT = 64
"""Symbols of a name that count."""
_N = len(SYMBOLS)
_UNIT = 1000
_STRENGTH = 3.0
_TITLE = "# N-gram, surprise and odds in thousandths of a bit. Nothing but n-grams of four letters and less."

Table = NDArray[np.int32]
Keys = NDArray[np.int64]
Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Folded:
    """N names as symbols, and what stands before each.

    Attributes
    ----------
    grams
        int64[M]: for each symbol, and for the end of each name, the number of the n-gram of :data:`ORDER` symbols that
        ends with it: its digits to base 29 are the symbols.
    owner
        int64[M]: number of the name.
    place
        int64[M]: place in the name, from 0.
    sizes
        int64[N]: symbols of each name, the end included: 1 for a name without any.
    """

    grams: Keys
    owner: Keys
    place: Keys
    sizes: Keys

    @classmethod
    def of(cls, names: pl.Series) -> Folded:
        """Fold names; null is an empty name.

        Examples
        --------
        >>> folded = Folded.of(pl.Series(["A.b"]))
        >>> [in_letters(int(gram)) for gram in folded.grams]
        ['^^^a', '^^ab', '^ab^']
        """
        small = Characters.of(names).folded()
        small = small.kept(small.place < LIMIT)
        codes = np.where(small.between(LOWER), small.codes.astype(np.int64) - 96, _N - 1)
        codes[small.between(DIGIT)] = _N - 2
        sizes = small.sizes + 1
        ends = np.cumsum(sizes)
        # Every name is followed by one boundary, which ends it and is what stands before the next.
        symbols = np.zeros(int(ends[-1]) if len(ends) else 0, np.int64)
        inside = np.ones(len(symbols), np.bool_)
        inside[ends - 1] = False
        symbols[inside] = codes
        owner = np.repeat(np.arange(len(sizes)), sizes)
        place = np.arange(len(symbols)) - (ends - sizes)[owner]
        grams = symbols.copy()
        for back in range(1, ORDER):
            before = np.zeros(len(symbols), np.int64)
            before[back:] = symbols[:-back]
            grams += np.where(place >= back, before, 0) * _N**back
        return cls(grams, owner, place, sizes)


@dataclass(frozen=True)
class LetterModel:
    """The two numbers of every n-gram of :data:`ORDER` symbols, int32[29**4] each.

    Examples
    --------
    >>> data = learn_letters(pl.Series(["anna", "hanna", "joanna"]), pl.Series(["xq7", "qx9"]))
    >>> model = LetterModel.of(WordList("example", data))
    >>> folded = Folded.of(pl.Series(["annah", "qx1"]))
    >>> odds = model.odds[folded.grams]
    >>> bool(odds[folded.owner == 0].sum() < 0 < odds[folded.owner == 1].sum())
    True
    """

    surprise: Table
    odds: Table

    @classmethod
    def of(cls, words: WordList) -> LetterModel:
        """Read a list.

        Raises
        ------
        InputError
            The list is not as described above.
        """
        return _read(words)


@lru_cache(maxsize=8)
def _read(words: WordList) -> LetterModel:
    entries: list[dict[int, tuple[int, int]]] = [{} for _ in range(ORDER + 1)]
    try:
        for line in words.lines:
            gram, surprise, odds = line.split()
            entries[len(gram)][number_of(gram)] = int(surprise), int(odds)
    except (ValueError, IndexError) as error:
        raise _no_model(words) from error
    if len(entries[1]) != _N or entries[0]:
        raise _no_model(words)
    table = np.zeros((1, 2), np.int32)
    for listed in entries[1:]:
        # The last symbol is the last digit, so what is shorter repeats for every symbol before it.
        table = np.tile(table, (_N, 1)) if len(table) > 1 else np.zeros((_N, 2), np.int32)
        if listed:
            table[list(listed)] = list(listed.values())
    return LetterModel(np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1]))


def _no_model(words: WordList) -> InputError:
    return InputError(
        f"the list '{words.name}' is no model of letters: wanted an n-gram of one to {ORDER} symbols and two whole "
        "numbers a line, and all n-grams of one symbol.",
        hint="Export the bundle again, or take a list that learn_letters has made.",
    )


def number_of(gram: str) -> int:
    """Return the number of an n-gram; :func:`in_letters` is the way back.

    Raises
    ------
    ValueError
        Something in it is no symbol.
    """
    number = 0
    for symbol in gram:
        number = number * _N + SYMBOLS.index(symbol)
    return number


def in_letters(number: int, order: int = ORDER) -> str:
    """Return an n-gram by its number.

    Examples
    --------
    >>> in_letters(number_of("an0^"))
    'an0^'
    """
    return "".join(SYMBOLS[number // _N**place % _N] for place in reversed(range(order)))


def learn_letters(fine: pl.Series, abuse: pl.Series, *, most: int = 30_000) -> bytes:
    """Return the list that two sets of names teach; each different folded name counts once.

    Parameters
    ----------
    fine, abuse
        Names of either class. Where one is empty, its probabilities are even over all symbols.
    most
        N-grams of two symbols and more that are kept.
    """
    counts = [_counts(names) for names in (fine, abuse)]
    chances = [_chances(found) for found in counts]
    tables: list[Chances] = []
    gains: list[Chances] = []
    shorter: Chances = np.zeros((1, 2))
    for order in range(1, ORDER + 1):
        p, q = (chance[order - 1] for chance in chances)
        values = np.column_stack([-np.log2(p), np.log2(q) - np.log2(p)])
        # How often it is to be expected in either class, each class with the same weight: what never came after letters
        # that did come is news too.
        often = sum(_expected(found, chance, order) for found, chance in zip(counts, chances, strict=True))
        gain = often * np.abs(values - np.tile(shorter, (len(values) // len(shorter), 1))).max(axis=1)
        gains.append(np.full(_N, np.inf) if order == 1 else gain)
        tables.append(values)
        shorter = values
    best = np.argsort(-np.concatenate(gains), kind="stable")[: most + _N]
    best = np.sort(best[np.concatenate(gains)[best] > 0])
    rounded = np.rint(np.concatenate(tables) * _UNIT).astype(np.int64)[best].tolist()
    starts = np.cumsum([0, *map(len, tables)])
    orders = np.searchsorted(starts, best, side="right")
    grams = map(in_letters, (best - starts[orders - 1]).tolist(), orders.tolist())
    lines = [f"{gram} {surprise} {odds}" for gram, (surprise, odds) in zip(grams, rounded, strict=True)]
    return ("\n".join([_TITLE, *lines]) + "\n").encode()


def _expected(counts: list[Chances], chances: list[Chances], order: int) -> Chances:
    """Return the share that each n-gram is expected to have in names of one class."""
    before = counts[order - 1].reshape(-1, _N).sum(axis=1, keepdims=True) / max(1.0, counts[0].sum())
    expected: Chances = (before * chances[order - 1].reshape(-1, _N)).reshape(-1)
    return expected


def _counts(names: pl.Series) -> list[Chances]:
    """Return how often each n-gram of 1, 2 ... symbols occurs in different names."""
    folded = Folded.of(names)
    first = _first_of_each(folded)
    grams = folded.grams[first[folded.owner]]
    return [
        np.bincount(grams % _N**order, minlength=_N**order).astype(float) for order in range(1, ORDER + 1)
    ]


def _first_of_each(folded: Folded) -> NDArray[np.bool_]:
    """bool[N]: whether a name has a symbol and none before it folds to the same.

    Names are told apart by a sum of 64 bits over their n-grams and places; two that share it by chance count once.
    """
    mixed = (folded.grams.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= (folded.place.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    first = np.zeros(len(folded.sizes), np.bool_)
    if len(first):
        sums = np.add.reduceat(mixed, np.cumsum(folded.sizes) - folded.sizes)
        first[np.unique(sums, return_index=True)[1]] = True
    return first & (folded.sizes > 1)


def _chances(counts: list[Chances]) -> list[Chances]:
    """Return for every n-gram the probability of its last symbol after the others, by length."""
    found: list[Chances] = []
    shorter: Chances = np.full(1, 1.0 / _N)
    for number in counts:
        rows = number.reshape(-1, _N)
        seen = _STRENGTH * (rows > 0).sum(axis=1, keepdims=True)
        base = np.tile(shorter, len(number) // len(shorter)).reshape(-1, _N)
        total = rows.sum(axis=1, keepdims=True) + seen
        chance = np.where(total > 0, (rows + seen * base) / np.maximum(total, 1.0), base)
        shorter = chance.reshape(-1)
        found.append(shorter)
    return found
