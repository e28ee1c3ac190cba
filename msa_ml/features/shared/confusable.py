"""Names that look like other names: skeletons and mixed scripts (Unicode Technical Standard 39).

The table is the list ``confusables``: the part of Unicode's confusables.txt whose prototypes are ASCII letters, digits,
dots or hyphens, since what is posed as is a host name or a brand in Latin letters. Mail and host names are compared
without case, so a text is lower-cased before and after; that is all in which this differs from section 4 of the standard.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from msa_ml.features.compiled import compiled
from msa_ml.features.word_lists import WordList

CONFUSABLES = "confusables"
_LONGEST = 256
_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_NO_SCRIPT = frozenset(
    {"FULLWIDTH", "HALFWIDTH", "MODIFIER", "MATHEMATICAL", "FEMININE", "MASCULINE", "MICRO", "SQUARE"}
)


@lru_cache(maxsize=8)
def _table(confusables: WordList) -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for line in confusables.words:
        code, *prototype = (int(word, 16) for word in line.split())
        table[code] = "".join(map(chr, prototype)).lower()
    # Default ignorable characters have no glyph (section 4, step 2): soft hyphen, zero width, direction marks, selectors.
    unseen = (
        0xAD,
        0x34F,
        0x61C,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
    )
    return table | dict.fromkeys((*unseen, *range(0xFE00, 0xFE10), 0xFEFF), None)


@compiled("address")
def skeleton(confusables: WordList, text: str) -> str:
    r"""Return what a text looks like; two texts that look alike have one skeleton.

    Parameters
    ----------
    confusables
        The list of that name.
    text
        Its first 256 characters count.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> [skeleton(packaged("confusables"), text) for text in ("p\u0430ypa1", "PayPal", "arnazon", "amazon")]
    ['paypal', 'paypal', 'arnazon', 'arnazon']
    """
    text = text[:_LONGEST].lower()
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    seen = text.translate(_table(confusables))
    return seen if seen.isascii() else unicodedata.normalize("NFD", seen)


def mixes_scripts(word: str) -> bool:
    r"""Whether one word holds letters of two scripts that no language writes together.

    Chinese, Japanese and Korean scripts may stand with each other and with Latin (UTS 39 section 5.2, highly restrictive).
    The first 256 characters count.

    Examples
    --------
    >>> [mixes_scripts(word) for word in ("p\u0430ypal", "\u043f\u0440\u0438\u0432\u0435\u0442", "M\u00fcller", "T\u30b7\u30e3\u30c4")]
    [True, False, False, False]
    """
    if word.isascii():
        return False
    scripts = set()
    for character in set(word[:_LONGEST]):
        if character.isalpha():
            script = unicodedata.name(character, "").partition(" ")[0]
            if script and script not in _NO_SCRIPT:
                scripts.add(script)
    scripts -= _TOGETHER if scripts <= _TOGETHER | {"LATIN"} else frozenset()
    return len(scripts) > 1
