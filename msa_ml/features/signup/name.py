"""How the wanted name of an account is built."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.characters import DIGIT, LOWER, UPPER, Characters, divided
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import WordList

_KEYS = "keyboard_rows"
_RARE = "rare_letter_pairs"
_EMPTY = "no name"
_NO_LETTER = "no letter of ASCII"
_SHAPE = "Zafarani & Liu, 10 bits of surprise: detecting malicious users with minimum information, CIKM 2015"


class Name(TableExtractor):
    """Length, classes of characters, surprise, walks over the keyboard and digits at the end of a user name.

    Names that a program makes are longer, more even in their letters or end in more digits than names that people keep;
    names that are typed for no matter walk over the keyboard.

    At most 256 code points of the name are read, and *length* is their number. Letters are A to Z and a to z, digits 0
    to 9, marks all other code points below 128. A *step* of the keyboard is two neighbours of a row of the list
    ``keyboard_rows``, in either order, letters in any case. A *walk* is the number of code points in the longest row
    of steps, a *sequence* the same for letters and digits of which each is the code point after the one before it, or each
    the code point before it; both are 1 where there is no step, 0 where there is no name. Vowels are a, e, i, o, u and y in any case. Entropy is that of the code
    points of the name, in bits (Shannon 1948).
    """

    name = "signup.name"
    kind = "signup"
    inputs = ("user_name",)
    reads = (_KEYS, _RARE)
    features = (
        Feature("length", "code points of the name, at most 256", "characters", 0, 256, portable="yes", source=_SHAPE),
        Feature("digits", "share of digits", "share", 0, 1, nan=_EMPTY, portable="yes", source=_SHAPE),
        Feature("upper", "share of capitals", "share", 0, 1, nan=_EMPTY, portable="yes"),
        Feature("marks", "share of marks", "share", 0, 1, nan=_EMPTY, portable="yes"),
        Feature("non_ascii", "share of code points beyond ASCII", "share", 0, 1, nan=_EMPTY, portable="yes"),
        Feature("parts", "runs of anything but marks", "count", 0, 128, portable="yes"),
        Feature("digit_tail", "digits at the end", "characters", 0, 256, portable="yes"),
        Feature("digit_runs", "runs of digits", "count", 0, 128, portable="yes"),
        Feature("year_tail", "it ends with exactly four digits, of which the first two are 19 or 20", "flag", 0, 1, portable="yes"),
        Feature("starts_with_digit", "it starts with a digit", "flag", 0, 1, nan=_EMPTY, portable="yes"),
        Feature("case_changes", "places where a small letter stands before a capital", "count", 0, 128, portable="yes"),
        Feature("entropy", "entropy of its code points", "bits", 0, 8, nan=_EMPTY, portable="yes", source=_SHAPE),
        Feature("distinct", "share of different code points", "share", 0, 1, nan=_EMPTY, portable="yes", source=_SHAPE),
        Feature("repeat", "longest run of one code point", "characters", 0, 256, portable="yes"),
        Feature("vowels", "share of vowels among the letters", "share", 0, 1, nan=_NO_LETTER, portable="yes"),
        Feature("consonant_run", "longest run of letters that are no vowels", "characters", 0, 256, portable="yes"),
        Feature("vowel_run", "longest run of vowels", "characters", 0, 256, portable="yes"),
        Feature("rare_pairs", "pairs of letters that languages do not have, by the list rare_letter_pairs", "count", 0, 255, portable="yes"),
        Feature("keyboard_walk", "longest walk over the keyboard", "characters", 0, 256, portable="yes", source=_SHAPE),
        Feature("sequence", "longest sequence of the alphabet or of digits, up or down", "characters", 0, 256, portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        name = Characters.of(batch["user_name"])
        upper, digit = name.between(UPPER), name.between(DIGIT)
        lower, beyond = name.between(LOWER), name.codes > 127
        letter = upper | lower
        mark = ~(letter | digit | beyond)
        vowel = name.among("aeiouyAEIOUY")
        plain = (letter | digit) & name.after(letter | digit)
        tail = name.tail(digit)
        return pl.DataFrame(
            {
                "length": name.sizes,
                "digits": name.share(digit),
                "upper": name.share(upper),
                "marks": name.share(mark),
                "non_ascii": name.share(beyond),
                "parts": name.count(_first(name, ~mark)),
                "digit_tail": tail,
                "digit_runs": name.count(_first(name, digit)),
                "year_tail": (tail == 4) & _century(name),
                "starts_with_digit": np.where(name.sizes > 0, name.count(digit & ~name.follows), np.nan),
                "case_changes": name.count(upper & name.after(lower)),
                "entropy": name.entropy(),
                "distinct": divided(name.distinct(), name.sizes),
                "repeat": name.longest_linked(_steps(name, 0)),
                "vowels": divided(name.count(vowel), name.count(letter)),
                "consonant_run": name.longest(letter & ~vowel),
                "vowel_run": name.longest(vowel),
                "rare_pairs": name.count(_linked(name, _pairs(self.lists[_RARE]))),
                "keyboard_walk": name.longest_linked(_linked(name, _neighbours(self.lists[_KEYS]))),
                "sequence": np.maximum(
                    name.longest_linked(_steps(name, 1) & plain),
                    name.longest_linked(_steps(name, -1) & plain),
                ),
            }
        )


def _first(name: Characters, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a run of masked code points begins."""
    return mask & ~name.after(mask)


def _steps(name: Characters, step: int) -> NDArray[np.bool_]:
    """Whether a code point is greater by ``step`` than the one before."""
    found = np.zeros(len(name.codes), np.bool_)
    codes = name.codes.astype(np.int64)
    found[1:] = codes[1:] - codes[:-1] == step
    return found & name.follows


def _century(name: Characters) -> NDArray[np.bool_]:
    """Whether the fourth last code points are 19 or 20, of names that have four."""
    found = np.zeros(len(name), np.bool_)
    long = name.sizes >= 4
    at = name.ends[long] - 4
    first, second = name.codes[at], name.codes[at + 1]
    found[long] = ((first == ord("1")) & (second == ord("9"))) | ((first == ord("2")) & (second == ord("0")))
    return found


def _linked(name: Characters, table: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a table of pairs of ASCII characters has a code point with the one before."""
    codes = np.minimum(name.codes, 127)
    found = np.zeros(len(codes), np.bool_)
    found[1:] = table[codes[:-1], codes[1:]]
    return found & name.follows


def _pairs(words: WordList) -> NDArray[np.bool_]:
    """bool[128, 128]: the pairs of a list, letters in any case."""
    return _table({word for word in words.words if len(word) == 2})


def _neighbours(rows: WordList) -> NDArray[np.bool_]:
    """bool[128, 128]: the neighbours of the rows of a list, in both orders, letters in any case."""
    steps = {row[at : at + 2] for row in rows.words for at in range(len(row) - 1)}
    return _table(steps | {step[::-1] for step in steps})


def _table(pairs: set[str]) -> NDArray[np.bool_]:
    table = np.zeros((128, 128), np.bool_)
    for pair in pairs:
        for one in {pair[0], pair[0].upper()}:
            for two in {pair[1], pair[1].upper()}:
                table[ord(one), ord(two)] = True
    return table
