"""Tricks that keep a filter from reading what a person reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import SAMPLE, SCRIPTS, chance_words, profile

_PAIRS = "rare_letter_pairs"
_EMPTY = "no readable text"
_NO_LETTER = "no letter in the text"
_STYLED = SCRIPTS.index("styled")
_TAIL = 100
_MOST = 64
# A numeric reference to a letter or digit of ASCII. Bounded: at most seven digits.
_PLAIN_ENTITY = re.compile(
    r"&#(?:[xX]0{0,4}(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])|0{0,4}(?:4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]|12[0-2]));"
)
_IDENTIFIER = re.compile(r"(?=[A-Za-z]{0,30}[0-9])(?=[0-9]{0,30}[A-Za-z])[A-Za-z0-9]{6,40}")


class Obfuscation(Extractor):
    r"""Letters set apart, split, replaced or dressed up, and words of chance.

    Measured on the first 4,000 characters of what is shown: the HTML's text, else the plain parts. Kinds of trick:
    Wittel and Wu 2004, "On attacking statistical spam filters"; Liu and Stamm 2007, "Fighting Unicode-obfuscated spam";
    Graham-Cumming, The Spammers' Compendium, 2003-2006. Words of chance: letters that stand beside each other in no
    language, a list of pairs.

    Examples
    --------
    >>> mail = Message("Subject: x\n\nV1agra f r e e ca\u200bsh p\u0430y".encode())
    >>> found = Obfuscation().extract(mail)
    >>> found["disguised"], found["zero_width"], found["spaced"] > 0, found["mixed"] > 0
    (1, 1, True, True)
    """

    name = "mail.obfuscation"
    kind = "mail"
    reads = (_PAIRS,)
    features = (
        Feature("unseen", "characters without width", high=SAMPLE, nan=_EMPTY, source="Unicode category Cf"),
        Feature("zero_width", "such characters between two letters that need none (Latin, Cyrillic, Greek)", high=SAMPLE, nan=_EMPTY, monotone=1, source="Liu and Stamm 2007"),
        Feature("soft_hyphens", "soft hyphens between two letters", high=SAMPLE, nan=_EMPTY),
        Feature("mixed", "share of letters beside a look-alike of another alphabet", "share", 0, 1, nan=_NO_LETTER, monotone=1, source="UTS 39 5.2"),
        Feature("styled", "share of letters in full width, circles or mathematical dress", "share", 0, 1, nan=_NO_LETTER, source="UTS 39 4"),
        Feature("spaced", "share of letters that are set apart, as in F R E E or f.r.e.e", "share", 0, 1, nan=_NO_LETTER, source="Wittel and Wu 2004"),
        Feature("disguised", "words with single digits or marks (*!$) inside, as V1agra or fr*e; addresses left out", high=SAMPLE, nan=_EMPTY, source="Wittel and Wu 2004"),
        Feature("chance_tail", "words in the last 100 characters with letters beside each other that no language has there", high=_MOST, nan=_EMPTY, source="Graham-Cumming 2003: hash buster"),
        Feature("tail_identifier", "the last word mixes six or more letters and digits", "flag", 0, 1, nan=_EMPTY, source="Graham-Cumming 2003: hash buster"),
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
        last = text[-80:].split()[-1:]
        values |= {
            "unseen": seen.unseen,
            "zero_width": seen.split,
            "soft_hyphens": seen.hyphens,
            "disguised": seen.disguised,
            "chance_tail": chance_words(text[-_TAIL:], self.lists[_PAIRS].words),
            "tail_identifier": bool(last) and _IDENTIFIER.fullmatch(last[0].strip("[]().#")) is not None,
        }
        if letters := seen.letters:
            values["mixed"] = min(seen.mixed / letters, 1)
            values["styled"] = seen.scripts[_STYLED] / letters
            values["spaced"] = min(seen.spaced / letters, 1)
        return values
