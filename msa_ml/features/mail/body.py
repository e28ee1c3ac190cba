"""The characters of the readable text."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import DIGIT, LOWER, PUNCTUATION, SPACE, SYMBOL, UNSEEN, UPPER, profile

_SAMPLE = 10_000
_EMPTY = "no readable text"


class Body(Extractor):
    """What the readable text is made of: shares of character classes, and tricks that keep words from being read.

    Measured on the first 10,000 characters. Look-alike letters of another script: Unicode Technical Standard 39. Letters
    set apart and characters without width: Wittel and Wu 2004, "On attacking statistical spam filters".
    """

    name = "mail.body"
    kind = "mail"
    features = (
        Feature("length", "characters of the readable text", "characters"),
        Feature("words", "runs without a blank", nan=_EMPTY),
        Feature("word_length", "characters per word", "characters", nan=_EMPTY),
        Feature("longest_word", "longest run without a blank", "characters", 0, _SAMPLE, nan=_EMPTY),
        Feature("upper", "share of cased letters in upper case", "share", 0, 1, nan="no cased letter"),
        Feature("digits", "share of digits", "share", 0, 1, nan=_EMPTY),
        Feature("punctuation", "share of punctuation and symbols", "share", 0, 1, nan=_EMPTY),
        Feature("repeated", "marks among !?$*%# that repeat the one before, as a share", "share", 0, 1, nan=_EMPTY),
        Feature("non_ascii", "share of characters beyond ASCII", "share", 0, 1, nan=_EMPTY),
        Feature("unseen", "characters without width", nan=_EMPTY),
        Feature("mixed", "share of letters beside a look-alike of another script", "share", 0, 1, nan="no letter",
                source="UTS 39 5.2"),
        Feature("spaced", "share of letters that are set apart, as in F R E E", "share", 0, 1, nan="no letter",
                source="Wittel and Wu 2004"),
        Feature("lines", "lines that are not empty", high=_SAMPLE, nan=_EMPTY),
        Feature("quoted", "share of lines that quote another mail (>)", "share", 0, 1, nan=_EMPTY),
        Feature("compressed", "size after compression over size before", "share", 0, 10, nan=_EMPTY),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.text
        values: dict[str, float] = {"length": len(text)}
        sample = text[:_SAMPLE]
        seen = profile(sample)
        if not seen.words:
            return values
        kinds = seen.kinds
        lines = [line for line in sample.splitlines() if line and not line.isspace()]
        data = sample[:4096].encode("utf-8", "replace")
        values |= {
            "words": seen.words,
            "word_length": (seen.length - kinds[SPACE]) / seen.words,
            "longest_word": seen.longest_word,
            "digits": kinds[DIGIT] / seen.length,
            "punctuation": (kinds[PUNCTUATION] + kinds[SYMBOL]) / seen.length,
            "repeated": seen.repeated / seen.length,
            "non_ascii": seen.non_ascii / seen.length,
            "unseen": kinds[UNSEEN],
            "lines": len(lines),
            "quoted": sum(line[0] == ">" for line in lines) / max(len(lines), 1),
            # Level 1 and a sample of 4,096 characters: the ratio tells repetition, not how good a compressor is.
            "compressed": len(zlib.compress(data, 1)) / len(data),
        }
        if cased := kinds[UPPER] + kinds[LOWER]:
            values["upper"] = kinds[UPPER] / cased
        if seen.letters:
            values["mixed"] = min(seen.mixed / seen.letters, 1)
            values["spaced"] = seen.spaced / seen.letters
        return values
