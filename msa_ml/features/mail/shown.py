"""Text as a person sees it: without hidden elements, look-alike letters as the ones they look like, spaced words closed."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from msa_ml.features.compiled import compiled
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.page import Page
from msa_ml.features.mail.style import style
from msa_ml.features.word_lists import WordList

_MOST = 1000
_CASED = 0x20000
_SEPARATORS = b" ._*-"
_APART = re.compile(rb"(?<![a-z0-9])[a-z]([ ._*-])[a-z](?:\1[a-z](?![a-z0-9])){2,200}+")


def html_text(mail: Message) -> str:
    """Return the text of the HTML parts without elements that an inline style hides, shrinks or camouflages."""
    return " ".join([_shown(page) for page in mail.pages])[: mail.limits.text_characters]


def _shown(page: Page) -> str:
    if not any(map(_may_hide, page.styles)):
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


@lru_cache(maxsize=4096)
def _may_hide(written: str) -> bool:
    return "&" in written or _hides(written.lstrip("\"'"))


def _hides(text: str) -> bool:
    found = style(text)
    return found.hidden or found.tiny or found.camouflage


@compiled("view")
def seen(confusables: WordList, text: str, limit: int | None = None) -> bytes:
    r"""Return text as UTF-8 in small letters with single blanks, look-alikes as the ASCII letters that they look like.

    Characters without width are left out. Beyond ASCII every character changes alone, by one table (Unicode Technical
    Standard 39 for the look-alikes), so that a final sigma is like any other; text of another script becomes a mixture
    that is read all the same.

    Parameters
    ----------
    confusables
        The list of that name.
    text
        Any text.
    limit
        The most bytes to return, see :func:`cut`.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> seen(packaged("confusables"), "V\u0456\u0430gra \uff4e\U0001d428w,\xa0\n Caf\u00e9\u200b").decode()
    'viagra now, café'
    """
    if text.isascii():
        return cut(_single(text.encode().translate(_SMALL)), limit)
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    found = _table(confusables).take(codes, mode="clip").tobytes().decode("utf-32-le", "replace")
    return cut(_single(found.encode("utf-8", "replace")), limit)


def cut(data: bytes, limit: int | None) -> bytes:
    """Return the first bytes of UTF-8, without the beginning of a character that does not fit."""
    if limit is None or len(data) <= limit:
        return data
    return data[:limit].decode("utf-8", "ignore").encode("utf-8")


def _single(data: bytes) -> bytes:
    """Return bytes without zeros, with single blanks; a pattern takes thrice the time, each round halves the longest run."""
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data.strip(b" ")


_CONTROLS = bytes(code for code in (*range(32), 127) if code not in b"\t\n\r\x0b\x0c")
_SMALL = bytes(
    0 if code in _CONTROLS else ord(" ") if code < 32 else ord(chr(code).lower()) if code < 128 else code
    for code in range(256)
)
_NO_WIDTH = (
    0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), 0xFEFF,
)  # fmt: skip


@lru_cache(maxsize=8)
def _table(confusables: WordList) -> NDArray[np.uint32]:
    """Return what is seen of each character: 0 for those without width."""
    table = np.arange(0x110000, dtype=np.uint32)
    letters = "".join(map(chr, range(_CASED))).replace("\u0130", "i")  # the only one that becomes two
    table[:_CASED] = np.frombuffer(letters.lower().encode("utf-32-le", "surrogatepass"), np.uint32)
    for line in confusables.words:
        code, *prototype = (int(word, 16) for word in line.split())
        if 128 <= code < _CASED and len(prototype) == 1:
            table[code] = ord(chr(prototype[0]).lower())
    table[0xFF01:0xFF5F] = [ord(chr(code).lower()) for code in range(0x21, 0x7F)]
    table[[*_CONTROLS, *_NO_WIDTH]] = 0
    table[[code for code in range(0x3001) if chr(code).isspace()]] = ord(" ")
    return table


@compiled("view")
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
    return _APART.sub(lambda match: match[0].replace(match[1], b""), data) if _may_be_apart(data) else data


@compiled("view")
def _may_be_apart(data: bytes) -> bool:
    """Whether separator and letter stand thrice in a row, with one separator: a tenth of the time of the pattern."""
    # Integers with a byte for each place and a bit for each separator; those bits stay before a letter.
    pairs = int.from_bytes(data.translate(_BITS), "little") & (
        int.from_bytes(data.translate(_LETTERS), "little") >> 8
    )
    twice = pairs & pairs >> 16
    return twice & pairs >> 32 != 0


_BITS = bytes(1 << _SEPARATORS.index(code) if code in _SEPARATORS else 0 for code in range(256))
_LETTERS = bytes(31 if chr(code) in "abcdefghijklmnopqrstuvwxyz" else 0 for code in range(256))
