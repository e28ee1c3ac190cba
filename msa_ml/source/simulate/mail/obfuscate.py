"""How attackers hide words from filters and leave them readable for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from msa_ml.source.simulate.chance import Chance

HIDDEN = "\ue000"  # marks a place for something that HTML does not show; never leaves this package
# Latin letters and the Cyrillic ones that look like them, both ways.
_LATIN = "aceopxyiABEKMHOPCT"
_CYRILLIC = "асеорхуіАВЕКМНОРСТ"  # noqa: RUF001 - that they are confusable is the point
_LOOKALIKE = dict(zip(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN, strict=True))
_LEET = {"a": "@", "i": "1", "o": "0", "e": "3", "s": "5", "l": "1"}
_INVISIBLE = ("\u200b", "\u200c", "\u00ad", "\u2060")
# An address must stay whole, or the victim smells it; the first branch takes it out of the way.
_WORD = re.compile(r"\S{1,100}@\S{1,100}|[^\W\d_]{5,}")


def _lookalikes(word: str, chance: Chance) -> str:
    return "".join(_LOOKALIKE.get(letter, letter) if chance.yes(0.4) else letter for letter in word)


def _zero_width(word: str, chance: Chance) -> str:
    at = chance.integer(1, len(word) - 1)
    return word[:at] + chance.pick(_INVISIBLE) + word[at:]


def _spaced(word: str, chance: Chance) -> str:
    return chance.pick((" ", ".", "-", "_")).join(word)


def _leet(word: str, chance: Chance) -> str:
    return "".join(_LEET.get(letter, letter) if chance.yes(0.5) else letter for letter in word)


def _misspelt(word: str, chance: Chance) -> str:
    at = chance.integer(1, len(word) - 3)
    return chance.pick(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1 :],
        )
    )


def _split(word: str, chance: Chance) -> str:
    at = chance.integer(1, len(word) - 1)
    return word[:at] + HIDDEN + word[at:]


MANNERS: dict[str, Callable[[str, Chance], str]] = {
    "lookalikes": _lookalikes,
    "zero_width": _zero_width,
    "spaced": _spaced,
    "leet": _leet,
    "misspelt": _misspelt,
    "split": _split,
}


def hide(text: str, manner: str, rate: float, chance: Chance) -> str:
    """Return text with a share of its longer words hidden in one manner, one of :data:`MANNERS`.

    Examples
    --------
    >>> import numpy as np
    >>> hide("your account", "spaced", 1.0, Chance(np.random.default_rng(5)))
    'your a-c-c-o-u-n-t'
    """
    change = MANNERS[manner]

    def maybe(found: re.Match[str]) -> str:
        return found[0] if "@" in found[0] or not chance.yes(rate) else change(found[0], chance)

    return _WORD.sub(maybe, text)


def show(text: str) -> str:
    """Return text without the marks of hidden places, for plain bodies and header fields."""
    return text.replace(HIDDEN, "")


def reveal(html: str, chance: Chance) -> str:
    """Return HTML with something unseen at every mark: a comment, an empty element, or letters of no size."""
    pieces = html.split(HIDDEN)
    said = [pieces[0]]
    for piece in pieces[1:]:
        form = chance.below(3)
        if form == 0:
            said.append(f"<!-- {chance.hex(6)} -->")
        elif form == 1:
            said.append(f'<span style="font-size:0px">{chance.hex(4)}</span>')
        else:
            said.append('<span style="display:none"></span>')
        said.append(piece)
    return "".join(said)
