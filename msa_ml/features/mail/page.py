"""An HTML part as a reader's program sees it: its tree, its styles, its text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = ["script", "style", "noscript", "template", "title", "head"]


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed HTML part. It is parsed once and never rendered; scripts are dropped.

    Attributes
    ----------
    tree
        The tree without scripts and styles.
    source
        The HTML text that was parsed.
    styles
        Text of all ``<style>`` elements.
    scripts
        Number of ``<script>`` elements.
    text
        The text a reader could see; hidden text included, because hiding is what ``mail.html`` measures.
    """

    tree: LexborHTMLParser = field(repr=False)
    source: str = field(repr=False)
    styles: str = field(repr=False)
    scripts: int
    refresh: int
    text: str = field(repr=False)

    @classmethod
    def of(cls, source: str) -> Page:
        """Parse HTML.

        Examples
        --------
        >>> Page.of("<style>p {}</style><p>Hello <b>you</b><script>x()</script>").text
        'Hello you'
        """
        source = tamed(source)
        tree = LexborHTMLParser(source)
        styles = " ".join(node.text() for node in tree.css("style"))
        scripts = len(tree.css("script"))
        refresh = sum(
            (node.attributes.get("http-equiv") or "").lower() == "refresh" for node in tree.css("meta")
        )
        tree.strip_tags(_UNSEEN)
        body = tree.body
        return cls(tree, source, styles, scripts, refresh, _text(body) if body is not None else "")


_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]{0,9})?")
_FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_MOST_TAGS = 10_000
_MOST_COPIES = 3_000_000


def tamed(source: str, *, most_tags: int = _MOST_TAGS, most_copies: int = _MOST_COPIES) -> str:
    """Cut HTML where it would take a parser too long.

    The rules of HTML cost a sender little and a parser much: each block element looks through all the open ones, and
    each paragraph repeats all the open formatting elements ("reconstruct the active formatting elements"), so that ten
    thousand of both make a hundred million nodes. Ends of elements are not subtracted: they can be faked in comments.

    Examples
    --------
    >>> tamed("<b id=1><b id=2><p>x", most_copies=3)
    '<b id=1>'
    """
    if source.count("<") ** 2 <= most_copies:
        return source
    formatting = 0
    for tags, match in enumerate(_TAG.finditer(source), start=1):
        formatting += (match[1] or "").lower() in _FORMATTING
        if tags > most_tags or tags * formatting > most_copies:
            return source[: match.start()]
    return source


def _text(body: LexborNode) -> str:
    return " ".join(body.text(separator=" ").split())
