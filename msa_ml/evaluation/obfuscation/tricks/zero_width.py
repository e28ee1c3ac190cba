"""Characters that take no room."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.words import reworded
from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.obfuscate import MANNERS


def zero_width(raw: bytes, random: np.random.Generator) -> bytes:
    """Words split by one or two characters without width (Wittel and Wu 2004)."""
    chance = Chance(random)
    split = MANNERS["zero_width"]

    def change(word: str) -> str:
        once = split(word, chance)
        return split(once, chance) if len(word) > 5 else once

    return reworded(raw, change, shortest=3)
