"""Innocent words beside the message (Lowd and Meek, Good word attacks on statistical spam filters, CEAS 2005)."""

from __future__ import annotations

import html as _html
from collections.abc import Sequence

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, Letter
from msa_ml.evaluation.obfuscation.neutral import WORDS, passage
from msa_ml.evaluation.obfuscation.place import as_page, beside, source_of, unseen
from msa_ml.source.simulate.chance import Chance


def padded_start(raw: bytes, random: np.random.Generator, good_words: Sequence[str] = WORDS) -> bytes:
    """100 to 300 innocent words before the message."""
    return _seen(raw, random, good_words, start=True)


def padded_end(raw: bytes, random: np.random.Generator, good_words: Sequence[str] = WORDS) -> bytes:
    """100 to 300 innocent words after the message."""
    return _seen(raw, random, good_words, start=False)


def padded_start_hidden(raw: bytes, random: np.random.Generator, good_words: Sequence[str] = WORDS) -> bytes:
    """100 to 300 innocent words before the message, in HTML that is not shown."""
    return _unseen(raw, random, good_words, start=True)


def padded_end_hidden(raw: bytes, random: np.random.Generator, good_words: Sequence[str] = WORDS) -> bytes:
    """100 to 300 innocent words after the message, in HTML that is not shown."""
    return _unseen(raw, random, good_words, start=False)


def _seen(raw: bytes, random: np.random.Generator, words: Sequence[str], *, start: bool) -> bytes:
    text = passage(words, Chance(random))

    def change(leaf: Leaf) -> Entity:
        piece = f"<p>{_html.escape(text, quote=False)}</p>" if leaf.html else text
        return leaf.restated(beside(leaf.text, piece, start=start, html=leaf.html))

    return Letter(raw).rewritten(change)


def _unseen(raw: bytes, random: np.random.Generator, words: Sequence[str], *, start: bool) -> bytes:
    chance = Chance(random)
    piece = unseen(passage(words, chance), chance)
    return Letter(raw).rewritten(
        lambda leaf: as_page(leaf, beside(source_of(leaf), piece, start=start, html=True))
    )
