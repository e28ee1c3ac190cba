"""Letters set apart."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Letter
from msa_ml.evaluation.obfuscation.pieces import in_text, in_words
from msa_ml.source.simulate.chance import Chance


def letter_spacing(raw: bytes, random: np.random.Generator) -> bytes:
    """Words as F R E E, F.R.E.E, F-R-E-E or F_R_E_E (Wittel and Wu 2004)."""
    chance = Chance(random)
    mark = chance.pick((" ", ".", "-", "_"))

    def words(text: str, blank: str) -> str:
        # Between words set apart by blanks a wider gap must stand, or nobody finds their ends.
        sides = blank * 2 if mark == " " else ""
        return in_words(text, lambda word: f"{sides}{mark.join(word)}{sides}")

    return Letter(raw).rewritten(
        lambda leaf: leaf.restated(
            in_text(leaf.text, lambda text: words(text, "&nbsp;" if leaf.html else " "), html=leaf.html)
        ),
        lambda subject: words(subject, " ").strip(),
    )
