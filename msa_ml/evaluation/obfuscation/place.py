"""Where something is put into a text, seen or unseen."""

from __future__ import annotations

import html as _html
import re

from msa_ml.evaluation.obfuscation.letter import Entity, Leaf, written
from msa_ml.evaluation.obfuscation.pieces import as_html
from msa_ml.source.simulate.chance import Chance

_BODY = re.compile(r"<body\b[^>]{0,2000}>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\b", re.IGNORECASE)
_HIDING = (
    '<div style="display:none">{}</div>',
    '<div style="font-size:0px;line-height:0">{}</div>',
    '<div style="position:absolute;left:-9999px;visibility:hidden">{}</div>',
    '<div style="max-height:0;overflow:hidden;opacity:0;">{}</div>',
    '<div style="color:#ffffff;background-color:#ffffff;font-size:1px">{}</div>',
)


def source_of(leaf: Leaf) -> str:
    """Return a text as HTML: itself, or a page that looks like the plain text."""
    return leaf.text if leaf.html else as_html(leaf.text)


def as_page(leaf: Leaf, source: str) -> Entity:
    """Return HTML in the place of a text, in the form it had if that was HTML."""
    return leaf.restated(source) if leaf.html else written(source, html=True, encoding="quoted-printable")


def beside(source: str, piece: str, *, start: bool, html: bool) -> str:
    r"""Return a text with a piece before or after what a person reads.

    Examples
    --------
    >>> beside("<html><body>a</body></html>", "<p>b</p>", start=True, html=True)
    '<html><body><p>b</p>\na</body></html>'
    >>> beside("a", "b", start=False, html=False)
    'a\n\nb\n'
    """
    if not html:
        return f"{piece}\n\n{source}" if start else f"{source.rstrip()}\n\n{piece}\n"
    found = _BODY.search(source) if start else _last(source)
    if found is None:
        return f"{piece}\n{source}" if start else f"{source}\n{piece}\n"
    at = found.end() if start else found.start()
    return f"{source[:at]}{piece}\n{source[at:]}"


def _last(source: str) -> re.Match[str] | None:
    last = None
    for last in _BODY_END.finditer(source):  # noqa: B007 - the last one is wanted
        pass
    return last


def unseen(text: str, chance: Chance) -> str:
    """Return HTML that holds a text and shows nothing of it."""
    return chance.pick(_HIDING).format(_html.escape(text, quote=False))
