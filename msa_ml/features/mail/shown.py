"""Text as a person sees it: without hidden elements, look-alike letters as the ones they look like, spaced words closed."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import Page
from msa_ml.features.mail.style import style
from msa_ml.features.word_lists import WordList

_HINT = re.compile(
    r"none|hidden|opacity|font-size|hide|height|indent|:\s?-\d|transparent|color", re.IGNORECASE
)
_MOST = 1000
_TABLE = 0x20000
_LETTER = bytes(ord("a") if chr(code).isalpha() and code < 128 else code for code in range(256))
_SEPARATORS = b" ._*-"
_GUARDS = tuple(bytes([separator]).join([b"a"] * 4) for separator in _SEPARATORS)
_APART = re.compile(rb"(?<![a-z0-9])[a-z]([ ._*-])[a-z](?:\1[a-z](?![a-z0-9])){2,200}+")


def html_text(mail: Message) -> str:
    """Return the text of the HTML parts without elements that an inline style hides, shrinks or camouflages."""
    return " ".join([_shown(page) for page in mail.pages])[: mail.limits.text_characters]


def _shown(page: Page) -> str:
    if "style" not in page.source and "STYLE" not in page.source:
        return page.text
    if _HINT.search(page.source) is None:
        return page.text
    hiding = [
        number
        for number, node in enumerate(page.tree.css("[style]")[:_MOST])
        if _hides(node.attributes.get("style") or "")
    ]
    if not hiding:
        return page.text
    tree = page.tree.clone()  # the page is shared, and others look for what hides
    nodes = tree.css("[style]")
    for number in reversed(hiding):
        nodes[number].decompose()
    body = tree.body
    return "" if body is None else " ".join(body.text(separator=" ").split())


def _hides(text: str) -> bool:
    found = style(text)
    return found.hidden or found.tiny or found.camouflage


def folded(confusables: WordList, text: str) -> str:
    r"""Return text with look-alike letters as the ASCII letters that they look like (Unicode Technical Standard 39).

    Only characters beyond ASCII change, each into one; text of another script becomes a mixture that is read all the same.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> folded(packaged("confusables"), "v\u0456\u0430gra \uff4e\U0001d428w, caf\u00e9")
    'viagra now, café'
    """
    if text.isascii():
        return text
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    table = _table(confusables)
    seen = np.where(codes < _TABLE, table[np.minimum(codes, _TABLE - 1)], codes)
    return seen.astype("<u4").tobytes().decode("utf-32-le", "replace")


@lru_cache(maxsize=8)
def _table(confusables: WordList) -> NDArray[np.uint32]:
    table = np.arange(_TABLE, dtype=np.uint32)
    for line in confusables.words:
        code, *prototype = (int(word, 16) for word in line.split())
        if 128 <= code < _TABLE and len(prototype) == 1:
            table[code] = ord(chr(prototype[0]).lower())
    table[0xFF01:0xFF5F] = [ord(chr(code).lower()) for code in range(0x21, 0x7F)]
    return table


def closed(data: bytes) -> bytes:
    """Close words whose letters are set apart: four or more single letters with one separator between them.

    Parameters
    ----------
    data
        Lower-case UTF-8 with single blanks.

    Examples
    --------
    >>> closed(b"buy v i a g r a now, p-i-l-l-s and a b c")
    b'buy viagra now, pills and a b c'
    """
    shape = data.translate(_LETTER)
    if not any(guard in shape for guard in _GUARDS):
        return data
    return _APART.sub(lambda match: match[0].replace(match[1], b""), data)
