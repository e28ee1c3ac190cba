"""Words without which no language makes a sentence."""

from __future__ import annotations

from functools import lru_cache

from msa_ml.features.compiled import compiled
from msa_ml.features.shared.text import words_of

_BITS = 8  # for at most 64 words


@compiled("words")
class FunctionWords:
    """Function words of several languages, counted for all of them at once.

    Parameters
    ----------
    lines
        The list ``function_words``: a language and its words, one language a line.

    Examples
    --------
    >>> FunctionWords(frozenset({"en the of and", "de der und", "nl de en"})).among("The Lord of the Rings und de Hobbit")
    (7, 2, 1, 2)
    """

    def __init__(self, lines: frozenset[str]) -> None:
        # Each word's languages as one bit in a field of its own, so that one sum counts all languages.
        codes: dict[bytes, int] = {}
        self.english = 0
        for number, line in enumerate(sorted(lines)):
            language, *words = line.split()
            if language == "en":
                self.english = number
            for word in map(str.encode, words):
                codes[word] = codes.get(word, 0) | 1 << _BITS * number
        self.codes = codes
        self._words = frozenset(codes)  # two sets meet in half the time of a set and a dictionary
        self.languages = len(lines)

    def among(self, text: str) -> tuple[int, int, int, int]:
        """Return the number of distinct words, and how many are of the first and the second language and of English."""
        words = frozenset(words_of(text))
        found = sum(map(self.codes.__getitem__, words & self._words)).to_bytes(self.languages, "little")
        second, first = sorted((0, 0, *found))[-2:]
        return len(words), first, second, found[self.english] if found else 0


@lru_cache(maxsize=4)
def function_words(lines: frozenset[str]) -> FunctionWords:
    """Return the words of a list, made once."""
    return FunctionWords(lines)
