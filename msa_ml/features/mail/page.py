"""An HTML part as a reader's program sees it: its tree, its links, its inline styles, its text."""

from __future__ import annotations

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from msa_ml.features.compiled import compiled
from msa_ml.features.shared.once import once

# Programs for mail run no scripts, so what stands in noscript is shown.
_UNSEEN = ("style", "script", "template", "title")
MOST_ANCHORS = 100  # that are looked at: what these do not tell, more of them will not
MOST_SHOWN = 100_000
_LINKING = ("href", "src", "action", "background")
_LINKED = ",".join(f"[{name}]" for name in _LINKING)
# What may be the value of a style attribute: values are looked at and not consumed, so that none hides another.
_STYLE = re.compile(r"style\s*+=\s*+(?=(\"[^\"]{0,1000}|'[^']{0,1000}|[^\s>\"']{0,1000}))")


class Seen(NamedTuple):
    """What is seen of a page.

    Attributes
    ----------
    text
        What a reader could see.
    links
        Distinct values of the attributes that hold a URL: all of ``href``, then of ``src`` and so on.
    anchors
        Where the first ``<a>`` with a target lead to, and the text in each.
    number
        Of all such anchors.
    """

    text: str
    links: tuple[str, ...]
    anchors: tuple[tuple[str, str], ...]
    number: int


class Page:
    """An HTML part, parsed once and never rendered. Nothing is shown of what stands in the head, in scripts and in styles.

    Parameters
    ----------
    source
        The HTML text.

    Attributes
    ----------
    source
        The same, :func:`tamed`.
    small
        That in small letters.

    Examples
    --------
    >>> page = Page("<style>p {}</style><p>Hello <b>you</b><script>x()</script><img src=/b><a href=' /a '>!</a>")
    >>> page.text, page.links
    ('Hello you !', ('/a', '/b'))
    """

    def __init__(self, source: str) -> None:
        self.source, self.small, self._has_base = _prepared(source, _MOST_COPIES)

    def __repr__(self) -> str:
        return f"Page({len(self.source)} characters)"

    @once
    def parsed(self) -> LexborHTMLParser:
        """The tree as it is, or already without scripts and styles."""
        return LexborHTMLParser(self.source)

    @once
    def tree(self) -> LexborHTMLParser:
        """The tree, without scripts and styles."""
        tree = self.parsed
        # Each element costs a walk over the tree, so the source is asked first.
        if unseen := [name for name in _UNSEEN if f"<{name}" in self.small]:
            tree.strip_tags(unseen)
        return tree

    @once
    def seen(self) -> Seen:
        """What a reader could see and follow, in one walk."""
        return Seen(*_seen(self, MOST_ANCHORS, MOST_SHOWN))

    @property
    def text(self) -> str:
        """The text a reader could see; hidden text included, because hiding is what ``mail.html`` measures."""
        return self.seen.text

    @once
    def base(self) -> str:
        """Where relative links lead to (HTML 4.2.3), ``''`` when that is not said."""
        node = self.tree.css_first("base[href]") if self._has_base else None
        return "" if node is None else (node.attributes["href"] or "").strip()

    @property
    def links(self) -> tuple[str, ...]:
        """Distinct values of the attributes that hold a URL."""
        return self.seen.links

    @once
    def styles(self) -> frozenset[str]:
        """The distinct values of inline styles as they are written, in small letters; perhaps with an opening quote.

        The source is asked, which takes a third of the time of asking the tree; so there may be more than there are.
        """
        return frozenset(_STYLE.findall(self.small)) if "style" in self.small else frozenset()


@compiled("html")
def _prepared(source: str, most_copies: int) -> tuple[str, str, bool]:
    """Return the tamed source, the same in small letters, and whether it may have a ``<base>``."""
    source = tamed(source, most_copies=most_copies)
    small = source.lower()
    return source, small, "<base" in small


@compiled("tree")
def _seen(page: Page, most: int, left: int) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...], int]:
    """Return the fields of :class:`Seen`, with at most ``most`` anchors.

    Anchors in anchors repeat text; once they have ``left`` characters more than the source, the others are without.
    """
    body = page.tree.body
    shown = body or page.tree.root  # the frames of a page that has frames instead
    found: dict[str, list[str]] = {name: [] for name in _LINKING}
    if page.base:
        found["href"].append(page.base)
    targets: dict[int, tuple[LexborNode, str]] = {}  # an element with two of the attributes is found twice
    for node in shown.css(_LINKED) if shown is not None else ():
        attributes = node.attributes
        for name, values in found.items():
            if name in attributes and (value := (attributes[name] or "").strip()):
                values.append(value)
        if "href" in attributes and node.tag == "a":
            targets[node.mem_id] = node, (attributes["href"] or "").strip()
    anchors, left = [], left + len(page.source)
    for node, target in list(targets.values())[:most]:
        text = node.text().strip() if left > 0 else ""
        left -= len(text)
        anchors.append((target, text))
    return (
        "" if body is None else " ".join(body.text(separator=" ").split()),
        tuple(dict.fromkeys([value for values in found.values() for value in values])),
        tuple(anchors),
        len(targets),
    )


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
