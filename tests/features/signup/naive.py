"""One feature of one name at a time, written for reading: what the batches have to agree with."""

import math
from collections.abc import Callable
from itertools import groupby, pairwise

from msa_ml.features.word_lists import packaged

VOWELS = set("aeiouyAEIOUY")
LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = set("0123456789")


def runs(text: str, is_in: Callable[[str], bool]) -> list[int]:
    """Lengths of the runs of characters that are in something."""
    return [len(list(run)) for inside, run in groupby(text, is_in) if inside]


def walk(text: str, step: Callable[[str, str], bool]) -> int:
    """Characters of the longest row of steps."""
    longest = here = min(len(text), 1)
    for pair in pairwise(text):
        here = here + 1 if step(*pair) else 1
        longest = max(longest, here)
    return longest


def entropy(text: str) -> float:
    shares = [text.count(one) / len(text) for one in sorted(set(text))]
    return -sum(share * math.log2(share) for share in shares)


def name(full: str) -> dict[str, float]:
    """The features of ``signup.name`` that are known."""
    text = full[:256]
    rows = packaged("keyboard_rows").words
    rare = packaged("rare_letter_pairs").words

    def neighbours(one: str, two: str) -> bool:
        pair = (one + two).lower() if (one + two).isascii() else "?"
        return len(pair) == 2 and any(pair in row or pair[::-1] in row for row in rows)

    def next_to(by: int) -> Callable[[str, str], bool]:
        return lambda one, two: {one, two} <= LETTERS | DIGITS and ord(two) == ord(one) + by

    size = len(text)
    letters = [one for one in text if one in LETTERS]
    tail = size - len(text.rstrip("0123456789"))
    values: dict[str, float] = {
        "length": size,
        "parts": len(runs(text, lambda one: one in LETTERS or one in DIGITS or ord(one) > 127)),
        "digit_tail": tail,
        "digit_runs": len(runs(text, DIGITS.__contains__)),
        "year_tail": tail == 4 and text[-4:-2] in ("19", "20"),
        "case_changes": sum(
            a in LETTERS and b in LETTERS and a.islower() and b.isupper() for a, b in pairwise(text)
        ),
        "repeat": walk(text, lambda one, two: one == two),
        "consonant_run": max(runs(text, lambda one: one in LETTERS - VOWELS), default=0),
        "vowel_run": max(runs(text, VOWELS.__contains__), default=0),
        "rare_pairs": sum((a + b).isascii() and (a + b).lower() in rare for a, b in pairwise(text)),
        "keyboard_walk": walk(text, neighbours),
        "sequence": max(walk(text, next_to(1)), walk(text, next_to(-1))),
    }
    if text:
        values |= {
            "digits": sum(one in DIGITS for one in text) / size,
            "upper": sum(one in LETTERS and one.isupper() for one in text) / size,
            "marks": sum(ord(one) < 128 and one not in LETTERS | DIGITS for one in text) / size,
            "non_ascii": sum(ord(one) > 127 for one in text) / size,
            "starts_with_digit": text[0] in DIGITS,
            "entropy": entropy(text),
            "distinct": len(set(text)) / size,
        }
    if letters:
        values["vowels"] = sum(one in VOWELS for one in letters) / len(letters)
    return values
