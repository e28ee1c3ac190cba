"""An HTML part as a reader's program sees it: its tree, its styles, its text."""

from __future__ import annotations

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
        tree = LexborHTMLParser(source)
        styles = " ".join(node.text() for node in tree.css("style"))
        scripts = len(tree.css("script"))
        refresh = sum(
            (node.attributes.get("http-equiv") or "").lower() == "refresh" for node in tree.css("meta")
        )
        tree.strip_tags(_UNSEEN)
        body = tree.body
        return cls(tree, source, styles, scripts, refresh, _text(body) if body is not None else "")


def _text(body: LexborNode) -> str:
    return " ".join(body.text(separator=" ").split())
