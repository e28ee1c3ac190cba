"""Addresses that lead to the same place through somebody else's host."""

from __future__ import annotations

import html as _html
import re
from collections.abc import Callable
from urllib.parse import quote

import numpy as np

from msa_ml.evaluation.obfuscation.letter import Letter
from msa_ml.evaluation.obfuscation.pieces import MOST, in_text
from msa_ml.source.simulate.chance import Chance

_ATTRIBUTE = re.compile(
    r"""(\b(?:href|src|action|background)\s{0,3}=\s{0,3}["']?)(https?://[^\s"'<>]{1,2000})""", re.IGNORECASE
)
_SHOWN = re.compile(r"(?:https?://|\bwww\.)[^\s\"'<>()\[\]]{1,2000}", re.IGNORECASE)
# Services that forwarded anybody anywhere for years; their names stand in honest mail too.
_REDIRECTORS = (
    "http://www.google.com/url?sa=D&q=",
    "http://rd.yahoo.com/*",
    "http://www.example.com/redirect.asp?target=",
    "http://click.example.net/r?u=",
)
_SHORTENERS = ("http://tinyurl.com/", "http://bit.ly/", "http://is.gd/", "http://t.co/", "http://goo.gl/")
_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def redirected(raw: bytes, random: np.random.Generator) -> bytes:
    """Each URL behind a redirector that carries it in escapes."""
    front = Chance(random).pick(_REDIRECTORS)
    return _with_links(raw, lambda url: front + quote(url, safe=""))


def shortened(raw: bytes, random: np.random.Generator) -> bytes:
    """Each URL as a short address, the same one for the same URL."""
    chance = Chance(random)
    front = chance.pick(_SHORTENERS)
    known: dict[str, str] = {}

    def short(url: str) -> str:
        if url not in known:
            known[url] = front + chance.text(_SIGNS, 7)
        return known[url]

    return _with_links(raw, short)


def _with_links(raw: bytes, change: Callable[[str], str]) -> bytes:
    """Change the URLs of all texts, in what is shown and in the attributes of HTML."""

    def shown(text: str, *, html: bool) -> str:
        def one(match: re.Match[str]) -> str:
            url = match[0].rstrip(".,;:!?")
            rest = match[0][len(url) :]
            new = change(_html.unescape(url) if html else url)
            return (_html.escape(new) if html else new) + rest

        return _SHOWN.sub(one, text)

    def page(source: str) -> str:
        head, rest = source[:MOST], source[MOST:]
        linked = _ATTRIBUTE.sub(lambda match: match[1] + _html.escape(change(_html.unescape(match[2]))), head)
        return in_text(linked, lambda text: shown(text, html=True), html=True) + rest

    return Letter(raw).rewritten(
        lambda leaf: leaf.restated(
            page(leaf.text) if leaf.html else shown(leaf.text[:MOST], html=False) + leaf.text[MOST:]
        )
    )
