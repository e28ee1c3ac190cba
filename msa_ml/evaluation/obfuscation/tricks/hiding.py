"""HTML that shows one text and says another ("invisible ink", Graham-Cumming, The Spammers' Compendium)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Letter
from msa_ml.evaluation.obfuscation.neutral import WORDS
from msa_ml.evaluation.obfuscation.pieces import Change, in_text, in_words
from msa_ml.evaluation.obfuscation.place import as_page, source_of
from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.obfuscate import MANNERS, reveal

_HIDING = ("display:none", "font-size:0", "visibility:hidden;font-size:0px", "color:#ffffff;font-size:1px")


def split_words(raw: bytes, random: np.random.Generator) -> bytes:
    """Words split by comments, empty elements, and letters of no size."""
    chance = Chance(random)
    split = MANNERS["split"]
    return _in_pages(
        raw, lambda word: split(word, chance), shortest=3, after=lambda source: reveal(source, chance)
    )


def hidden_words(raw: bytes, random: np.random.Generator, good_words: Sequence[str] = WORDS) -> bytes:
    """Innocent words that are not shown, after every third word."""
    chance = Chance(random)
    style = chance.pick(_HIDING)

    def change(word: str) -> str:
        if not chance.yes(1 / 3):
            return word
        innocent = "".join(letter for letter in chance.pick(good_words) if letter.isalnum())
        return f'{word}<span style="{style}"> {innocent} </span>'

    return _in_pages(raw, change, shortest=1)


def entities(raw: bytes, random: np.random.Generator) -> bytes:
    """Two thirds of the letters as numeric character references."""
    chance = Chance(random)

    def letter(one: str) -> str:
        if not chance.yes(2 / 3):
            return one
        return f"&#{ord(one)};" if chance.yes(0.5) else f"&#x{ord(one):x};"

    return _in_pages(raw, lambda word: "".join(map(letter, word)), shortest=1)


def _in_pages(
    raw: bytes, change: Change, *, shortest: int, after: Callable[[str], str] = lambda source: source
) -> bytes:
    """Change the words of every text as HTML."""

    def words(text: str) -> str:
        return in_words(text, change, shortest=shortest)

    return Letter(raw).rewritten(
        lambda leaf: as_page(leaf, after(in_text(source_of(leaf), words, html=True)))
    )
