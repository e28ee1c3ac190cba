"""What people write: phrases of one language as a small grammar.

A stock is a text file: ``[section]`` opens a list of phrases, one a line. In a phrase ``{a|b|c}`` is a choice, and
``{name}`` is a value of the caller, a built-in (below), or a phrase of the section of that name. All phrases are
invented.

========== ==========================================================
built-in   becomes
========== ==========================================================
num        a number below 100
code       a reference such as ``RX-48213``
digits     six digits
hour       a time of the day
weekday    the name of a day
day        a day within the next weeks, as people write it
amount     a sum of money, as people write it
percent    a discount
========== ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

from msa_ml.source.simulate.chance import Chance

LANGUAGES = ("en", "de", "fr", "es", "ru")
_SLOT = re.compile(r"\{([^{}]*)\}")
_CAPITALS = "ABCDEFGHKLMNPRSTUVWXZ"
_MONEY = {"en": "${}", "de": "{} Euro", "fr": "{} €", "es": "{} €", "ru": "{} руб."}  # noqa: RUF001

Piece = str | tuple[str, ...]
Values = Mapping[str, str]


def _amount(chance: Chance, language: str) -> str:
    value = chance.around(90.0, 1.0) * (60.0 if language == "ru" else 1.0)
    whole = value > 400 or chance.yes(0.3)
    return _money(f"{value:,.0f}" if whole else f"{value:,.2f}", language)


def _sum(chance: Chance, language: str) -> str:
    return _money(f"{int(chance.around(60.0, 1.2) + 2) * 500:,}", language)


def _money(text: str, language: str) -> str:
    if language != "en":
        text = text.translate({ord(","): "." if language in ("de", "es") else " ", ord("."): ","})
    return _MONEY[language].format(text)


def _code(chance: Chance, language: str) -> str:  # noqa: ARG001 - every built-in has this shape
    letters = chance.text(_CAPITALS, 2)
    return f"{letters}{chance.pick(('-', '', '/'))}{chance.integer(10_000, 9_999_999)}"


def _hour(chance: Chance, language: str) -> str:
    hour, minute = chance.integer(7, 20), chance.pick(("00", "15", "30", "45"))
    if language == "en" and chance.yes(0.6):
        return f"{(hour - 1) % 12 + 1}:{minute} {'am' if hour < 12 else 'pm'}"
    return f"{hour}h{minute}" if language == "fr" and chance.yes(0.5) else f"{hour}:{minute}"


_BUILT_IN: dict[str, Callable[[Chance, str], str]] = {
    "num": lambda chance, _: str(chance.integer(2, 99)),
    "code": _code,
    "digits": lambda chance, _: str(chance.integer(100_000, 999_999)),
    "hour": _hour,
    "amount": _amount,
    "sum": _sum,
    "percent": lambda chance, _: f"{chance.pick((5, 10, 15, 20, 25, 30, 40, 50, 60, 70))}%",
}


class Stock:
    r"""Phrases of one language.

    Examples
    --------
    >>> import numpy as np
    >>> stock = Stock("en", "[hello]\nHi {who},\n[mood]\n{glad|happy}\n[line]\nI am {mood}.\n")
    >>> stock.say("hello", Chance(np.random.default_rng(0)), {"who": "Ada"})
    'Hi Ada,'
    """

    def __init__(self, language: str, text: str) -> None:
        self.language = language
        self._sections: dict[str, list[tuple[Piece, ...]]] = {}
        name = ""
        for line in text.splitlines():
            if line.startswith("["):
                name = line.strip("[] ")
                self._sections[name] = []
            elif line.strip() and not line.startswith("#"):
                self._sections[name].append(_parse(line.strip()))

    def __contains__(self, section: str) -> bool:
        return section in self._sections

    def size(self, section: str) -> int:
        """Return the number of phrases of a section."""
        return len(self._sections[section])

    def say(self, section: str, chance: Chance, values: Values | None = None) -> str:
        """Return one phrase of a section with its slots filled.

        Raises
        ------
        KeyError
            There is no such section; a test says every slot of every phrase, so no world meets this.
        """
        return self._fill(chance.pick(self._sections[section]), chance, values or {})

    def phrase(self, section: str, number: int, chance: Chance, values: Values | None = None) -> str:
        """Return the phrase of that number, its slots filled: what a campaign keeps repeating."""
        phrases = self._sections[section]
        return self._fill(phrases[number % len(phrases)], chance, values or {})

    def several(self, section: str, count: int, chance: Chance, values: Values | None = None) -> list[str]:
        """Return different phrases of a section, fewer when it is small."""
        return [
            self._fill(phrase, chance, values or {}) for phrase in chance.some(self._sections[section], count)
        ]

    def facts(self, chance: Chance) -> dict[str, str]:
        """Return values that stay the same throughout one mail: its reference, its sum, its code."""
        return {name: _BUILT_IN[name](chance, self.language) for name in ("code", "amount", "digits")}

    def in_order(self, section: str, count: int, chance: Chance, values: Values | None = None) -> list[str]:
        """Return different phrases of a section in the order they stand there, as a form letter has them."""
        phrases = self._sections[section]
        places = sorted(chance.some(range(len(phrases)), count))
        return [self._fill(phrases[place], chance, values or {}) for place in places]

    def words(self, section: str) -> list[str]:
        """Return the phrases of a section that has no slots."""
        return [
            "".join(piece for piece in pieces if isinstance(piece, str)) for pieces in self._sections[section]
        ]

    def _fill(self, pieces: tuple[Piece, ...], chance: Chance, values: Values) -> str:
        said = []
        for piece in pieces:
            if isinstance(piece, str):
                said.append(piece)
            elif len(piece) > 1:
                said.append(chance.pick(piece))
            elif piece[0] in values:
                said.append(values[piece[0]])
            elif piece[0] in _BUILT_IN:
                said.append(_BUILT_IN[piece[0]](chance, self.language))
            else:
                said.append(self._fill(chance.pick(self._sections[piece[0]]), chance, values))
        return "".join(said)


def _parse(line: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for number, part in enumerate(_SLOT.split(line)):
        if number % 2:
            pieces.append(tuple(part.split("|")))
        elif part:
            pieces.append(part)
    return tuple(pieces)


@cache
def stock(language: str) -> Stock:
    """Return the packaged stock of a language, one of :data:`LANGUAGES`.

    Examples
    --------
    >>> "hello" in stock("de")
    True
    """
    text = resources.files(__package__).joinpath("phrases", f"{language}.txt").read_text(encoding="utf-8")
    return Stock(language, text)
