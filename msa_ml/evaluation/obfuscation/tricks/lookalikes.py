"""Letters that look like others (Unicode Technical Standard 39)."""

from __future__ import annotations

import numpy as np

from msa_ml.evaluation.obfuscation.words import reworded
from msa_ml.source.simulate.chance import Chance

# Latin and what looks like it: Cyrillic, then Greek where there is one.
_LIKE = {
    "a": "\u0430\u03b1", "c": "\u0441\u03f2", "d": "\u0501", "e": "\u0435", "h": "\u04bb", "i": "\u0456\u03b9", "j": "\u0458\u03f3", "k": "\u03ba", "n": "\u0578", "o": "\u043e\u03bf", "p": "\u0440\u03c1",
    "q": "\u051b", "s": "\u0455", "u": "\u03c5", "v": "\u0475\u03bd", "w": "\u051d", "x": "\u0445\u03c7", "y": "\u0443\u03b3",
    "A": "\u0410\u0391", "B": "\u0412\u0392", "C": "\u0421\u03f9", "E": "\u0415\u0395", "H": "\u041d\u0397", "I": "\u0406\u0399", "J": "\u0408", "K": "\u041a\u039a", "M": "\u041c\u039c", "N": "\u039d", "O": "\u041e\u039f",
    "P": "\u0420\u03a1", "S": "\u0405", "T": "\u0422\u03a4", "X": "\u0425\u03a7", "Y": "\u04ae\u03a5", "Z": "\u0396",
}  # fmt: skip
_STYLES = {"bold": 0x1D400, "sans": 0x1D5A0, "mono": 0x1D670, "wide": 0xFF21}


def homoglyphs(raw: bytes, random: np.random.Generator) -> bytes:
    """Half of the letters that have one become Cyrillic or Greek look-alikes."""
    chance = Chance(random)

    def change(word: str) -> str:
        return "".join(
            chance.pick(_LIKE[letter]) if letter in _LIKE and chance.yes(0.5) else letter for letter in word
        )

    return reworded(raw, change, shortest=3)


def styled_letters(raw: bytes, random: np.random.Generator) -> bytes:
    """Words in mathematical or full-width letters, which mail programs show as letters."""
    chance = Chance(random)
    base = _STYLES[chance.pick(tuple(_STYLES))]
    small = base + (32 if base == _STYLES["wide"] else 26)

    def change(word: str) -> str:
        if not chance.yes(0.8):
            return word
        return "".join(
            chr(small + ord(letter) - 97) if "a" <= letter <= "z" else
            chr(base + ord(letter) - 65) if "A" <= letter <= "Z" else letter
            for letter in word
        )  # fmt: skip

    return reworded(raw, change, shortest=3)
