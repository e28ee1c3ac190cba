"""Tricks that keep a filter from reading what a person reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import SAMPLE, SCRIPTS, profile

_EMPTY = "no readable text"
_NO_LETTER = "no letter in the text"
_STYLED = SCRIPTS.index("styled")
# A numeric reference to a letter or digit of ASCII. Bounded: at most seven digits.
_PLAIN_ENTITY = re.compile(
    r"&#(?:[xX]0{0,4}(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])|0{0,4}(?:4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]|12[0-2]));"
)


class Obfuscation(Extractor):
    r"""Letters set apart, split, replaced or dressed up.

    Measured on the first 2,500 characters of what is shown: the HTML's text, else the plain parts. Kinds of trick:
    Wittel and Wu 2004, "On attacking statistical spam filters"; Liu and Stamm 2007, "Fighting Unicode-obfuscated spam";
    Graham-Cumming, The Spammers' Compendium, 2003-2006. Words of chance, and words with digits and marks inside, were
    features once: no model used them, since the n-grams of the content model see both.

    Examples
    --------
    >>> mail = Message("Subject: x\n\nnow f r e e ca\u200bsh p\u0430y".encode())
    >>> found = Obfuscation().extract(mail)
    >>> found["zero_width"], found["spaced"] > 0, found["mixed"] > 0
    (1, True, True)
    """

    name = "mail.obfuscation"
    kind = "mail"
    version = 2
    features = (
        Feature("unseen", "characters without width", high=SAMPLE, nan=_EMPTY, source="Unicode category Cf"),
        Feature("zero_width", "such characters between two letters that need none (Latin, Cyrillic, Greek)", high=SAMPLE, nan=_EMPTY, monotone=1, source="Liu and Stamm 2007"),
        Feature("mixed", "share of letters beside a look-alike of another alphabet", "share", 0, 1, nan=_NO_LETTER, monotone=1, source="UTS 39 5.2"),
        Feature("styled", "share of letters in full width, circles or mathematical dress", "share", 0, 1, nan=_NO_LETTER, source="UTS 39 4"),
        Feature("spaced", "share of letters that are set apart, as in F R E E or f.r.e.e", "share", 0, 1, nan=_NO_LETTER, source="Wittel and Wu 2004"),
        Feature("plain_entities", "letters and digits of ASCII written as numbers (&#97;)", high=500_000, nan="no HTML", monotone=1, source="HTML 13.1.4"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        values: dict[str, float] = {}
        if mail.pages:
            values["plain_entities"] = sum(
                len(_PLAIN_ENTITY.findall(page.source)) for page in mail.pages if "&#" in page.source
            )
        text = mail.html_text or mail.text
        sample = text[:SAMPLE]
        seen = profile(sample)
        if seen.spaces == seen.length:
            return values
        values |= {
            "unseen": seen.unseen,
            "zero_width": seen.split,
        }
        if letters := seen.letters:
            values["mixed"] = min(seen.mixed / letters, 1)
            values["styled"] = seen.scripts[_STYLED] / letters
            values["spaced"] = min(seen.spaced / letters, 1)
        return values
