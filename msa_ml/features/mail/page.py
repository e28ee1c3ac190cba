"""An HTML part as a reader's program sees it: its tree, its styles, its text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Programs for mail run no scripts, so what stands in noscript is shown.
_UNSEEN = ("head", "title", "style", "script", "template")
_LOOKED_AT = ",".join((*_UNSEEN, "meta", "base"))
_LINKING = ("href", "src", "action", "background")
_LINKED = ",".join(f"[{name}]" for name in _LINKING)


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
    base
        Where relative links lead to (HTML 4.2.3), ``''`` when that is not said.
    text
        The text a reader could see; hidden text included, because hiding is what ``mail.html`` measures.
    """

    tree: LexborHTMLParser = field(repr=False)
    source: str = field(repr=False)
    styles: str = field(repr=False)
    scripts: int
    refresh: int
    text: str = field(repr=False)
    base: str = field(repr=False)

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
        styles, scripts, refresh, present, base = [], 0, 0, set(), ""
        # One walk over the tree for all of them: each query costs one, however little it finds.
        for node in tree.css(_LOOKED_AT):
            tag = node.tag
            present.add(tag)
            if tag == "style":
                styles.append(node.text())
            elif tag == "base":
                base = base or (node.attributes.get("href") or "").strip()
            elif tag == "meta":
                refresh += (node.attributes.get("http-equiv") or "").lower() == "refresh"
            else:
                scripts += tag == "script"
        tree.strip_tags([tag for tag in _UNSEEN if tag in present])
        body = tree.body
        text = _text(body) if body is not None else ""
        return cls(tree, source, " ".join(styles), scripts, refresh, text, base)

    def links(self) -> list[str]:
        """Return the values of the attributes that hold a URL: all of ``href``, then of ``src`` and so on.

        Examples
        --------
        >>> Page.of("<img src=/b><a href=' /a '>x</a>").links()
        ['/a', '/b']
        """
        found: dict[str, list[str]] = {name: [] for name in _LINKING}
        if self.base:
            found["href"].append(self.base)
        for node in self.tree.css(_LINKED):
            attributes = node.attributes
            for name, values in found.items():
                if value := (attributes.get(name) or "").strip():
                    values.append(value)
        return [value for values in found.values() for value in values]


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
