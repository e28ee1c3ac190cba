"""Random tokens that make each copy of a campaign differ."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, Letter
from msa_ml.evaluation.obfuscation.place import beside
from msa_ml.source.simulate.chance import Chance

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIGNS = _LETTERS + "0123456789"


def hash_busters(raw: bytes, random: np.random.Generator) -> bytes:
    """Random tokens at the end of the subject and on lines of their own before and after each text."""
    chance = Chance(random)

    def tokens(fewest: int, most: int) -> str:
        return " ".join(
            chance.text(chance.pick((_LETTERS, _SIGNS)), chance.integer(4, 16))
            for _ in range(chance.integer(fewest, most))
        )

    def change(leaf: Leaf) -> Entity:
        text = leaf.text
        for start, (fewest, most) in ((True, (1, 3)), (False, (5, 30))):
            said = tokens(fewest, most)
            text = beside(text, f"<p>{said}</p>" if leaf.html else said, start=start, html=leaf.html)
        return leaf.restated(text)

    return Letter(raw).rewritten(change, lambda subject: f"{subject}    {tokens(1, 2)}")
