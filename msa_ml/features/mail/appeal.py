"""What the text wants from its reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msa_ml.features.compiled import compiled
from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import SAMPLE

_OPT_OUT, _GREETINGS, _ADDRESSEES = "opt_out_phrases", "greetings", "generic_addressees"
_EMPTY = "no readable text"
_MOST = 1000
_END = 1_000
_SIGNS = "€£¥₹₽₩₺₿"
# Each with a fixed character in front, or asked only where the text holds the sign: a pattern with all of them at once
# is tried at every character.
_DOLLARS = re.compile(r"\$ ?[0-9]")
_OTHERS = re.compile(rf"[{_SIGNS}] ?[0-9]|[0-9] ?[{_SIGNS}]")
_CODED = re.compile(r"U(?:SD|(?<=EU)R) ?[0-9]")
_SALUTATION = re.compile(r"\s{0,100}([^\s,.:;!]{1,20})([^,.:;!\n]{0,60})")
_LARGE = re.compile(r"illion(?:(?<=[0-9][mb]illion)|(?<=[0-9][ -][mb]illion)| (?:dollar|euro|pound|u\.?s))")
_COMMAS = re.compile(r",000,000(?<=[0-9],000,000)(?![0-9])")
_POINTS = re.compile(r"\.000\.000(?<=[0-9]\.000\.000)(?![0-9])")


class Appeal(Extractor):
    r"""Sums of money, whom the mail greets, and whether the sender offers to stop.

    Measured on the first 2,500 characters of what is shown, the offer to stop on the last 1,000 of all. Sums and phrases
    as features: Sahami et al. 1998, "A Bayesian approach to filtering junk e-mail". Small lists of words in several
    languages; the words of each trade are left to the content model, which learns them.

    Examples
    --------
    >>> found = Appeal().extract(Message(b"Subject: x\n\nDear friend,\nearn $ 500 now. To be removed, reply."))
    >>> found["generic"], found["money"], found["opt_out"]
    (True, 1, True)
    """

    name = "mail.appeal"
    kind = "mail"
    version = 2
    reads = (_OPT_OUT, _GREETINGS, _ADDRESSEES)
    features = (
        Feature("money", "sums: a sign or code of a currency beside a digit", high=_MOST, nan=_EMPTY, source="Sahami 1998"),
        Feature("millions", "sums in millions", high=_MOST, nan=_EMPTY),
        Feature("generic", "begins with a greeting of a customer, friend, winner ..., not of a name", "flag", 0, 1, nan=_EMPTY),
        Feature("opt_out", "offers to stop sending, in words", "flag", 0, 1, nan=_EMPTY),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.html_text or mail.text
        if not text or text[:SAMPLE].isspace():
            return {}
        sums, millions, offers = _wording(self.lists[_OPT_OUT].words).read(text)
        values: dict[str, float] = {
            "money": min(sums, _MOST),
            "millions": min(millions, _MOST),
            "opt_out": offers,
        }
        greeting = _SALUTATION.match(text, 0, SAMPLE)
        values["generic"] = (
            greeting is not None
            and greeting[1].lower() in self.lists[_GREETINGS].words
            and _addressee(self.lists[_ADDRESSEES].words).search(greeting[2].lower()) is not None
        )
        return values


@compiled("wording")
class Wording:
    """Finds sums of money and phrases.

    Parameters
    ----------
    phrases
        What to look for, in small letters.

    Examples
    --------
    >>> Wording({"be removed", "opt out"}).read("Earn $ 500, even 3 million! To be REMOVED, reply.")
    (1, 1, True)
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        # From the end of the alphabet: "unsubscribe" is by far the most frequent.
        self._phrases = sorted(phrases, reverse=True)
        self._ascii = [phrase for phrase in self._phrases if phrase.isascii()]

    def read(self, text: str) -> tuple[int, int, bool]:
        """Count sums and sums in millions of the first 2,500 characters; say whether a phrase is in the last 1,000.

        Sums in millions are counted in the last 1,000 as well, where there are more than 2,500.
        """
        sample = text[:SAMPLE]
        small = (sample if len(text) <= SAMPLE else sample + text[-_END:]).lower()
        phrases = self._ascii if small.isascii() else self._phrases
        return _sums(sample), _millions(small), any(map(small[-_END:].__contains__, phrases))


_wording = lru_cache(maxsize=4)(Wording)


def _sums(text: str) -> int:
    found = len(_DOLLARS.findall(text)) if "$" in text else 0
    if not text.isascii() and any(map(text.__contains__, _SIGNS)):
        found += len(_OTHERS.findall(text))
    if "U" in text:
        found += len(_CODED.findall(text))
    return found


def _millions(small: str) -> int:
    found = len(_LARGE.findall(small)) if "illion" in small else 0
    if "000" in small:
        found += len(_COMMAS.findall(small)) + len(_POINTS.findall(small))
    return found


@lru_cache(maxsize=4)
def _addressee(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in sorted(words)) + r")(?!\w)")
