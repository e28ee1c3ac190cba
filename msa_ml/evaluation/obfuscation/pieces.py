"""Words of a text apart from what must stay whole: tags, addresses, character references.

An address must stay whole, or the victim smells it and the link is dead.
"""

from __future__ import annotations

import html as _html
import re
from collections.abc import Callable

MOST = 200_000
"""Characters of a text that are changed; the rest stays as it is, so that every cost is bounded."""

# Quoted values may hold a ">". Possessive and bounded: a quote that never ends costs 4,000 characters at most.
_TAG = re.compile(r"""</?[A-Za-z](?:[^"'<>]|"[^"]{0,4000}+"|'[^']{0,4000}+')*+>""")
_OPAQUE = re.compile(r"<(script|style|title|textarea|select|noscript|template|head|xmp)\b", re.IGNORECASE)
_RUN = re.compile(r"\S+")
_HOST = re.compile(r"[A-Za-z0-9-]\.[A-Za-z]{2}")
_LETTERS = re.compile(r"[^\W\d_]+")
_REFERENCE = re.compile(r"(&#?\w{1,32};?)")
Change = Callable[[str], str]


def in_text(source: str, change: Change, *, html: bool) -> str:
    """Change the runs of text of a source; of HTML what stands outside of tags, comments, head and scripts.

    Examples
    --------
    >>> in_text('<b title="a>b">bold</b> text <!-- no -->', str.upper, html=True)
    '<b title="a>b">BOLD</b> TEXT <!-- no -->'
    """
    head, rest = source[:MOST], source[MOST:]
    if not html:
        return change(head) + rest
    out: list[str] = []
    at, text = 0, 0
    missing: set[str] = set()
    while (start := head.find("<", at)) >= 0:
        end = _markup_end(head, start, missing)
        if end == start:
            at = start + 1
            continue
        out += [change(head[text:start]), head[start:end]]
        at = text = end
    return "".join([*out, change(head[text:]), rest])


def _markup_end(source: str, start: int, missing: set[str]) -> int:
    """Return where markup that begins at a ``<`` ends; ``start`` itself where it is no markup."""
    if source.startswith("<!--", start):
        return _after(source, "-->", start + 4, missing)
    if source.startswith(("<!", "<?"), start):
        return _after(source, ">", start, missing)
    opaque = _OPAQUE.match(source, start)
    if opaque:
        name = f"</{opaque[1].lower()}"
        # Heads are dropped by readers only up to the body, and some never end.
        body = _after(source, name, start, missing, or_else=-1)
        if body < 0:
            body = _after(source, name.upper(), start, missing, or_else=-1)
        if body >= 0:
            return _after(source, ">", body, missing)
    tag = _TAG.match(source, start)
    if tag:
        return tag.end()
    following = source[start + 1 : start + 3].lstrip("/")[:1]
    return _after(source, ">", start, missing) if following.isascii() and following.isalpha() else start


def _after(source: str, mark: str, start: int, missing: set[str], *, or_else: int | None = None) -> int:
    """Return the offset behind a mark; where there is none the end, and remember it, so that none is sought twice."""
    at = -1 if mark in missing else source.find(mark, start)
    if at < 0:
        missing.add(mark)
        return len(source) if or_else is None else or_else
    return at + len(mark)


def in_words(text: str, change: Change, *, shortest: int = 4) -> str:
    """Change each run of letters of some length, outside of addresses, hosts and character references.

    Examples
    --------
    >>> in_words("Visit www.example.com now: caf&eacute;s or jo@example.org", str.upper, shortest=3)
    'VISIT www.example.com NOW: CAF&eacute;s or jo@example.org'
    """

    def word(match: re.Match[str]) -> str:
        return change(match[0]) if len(match[0]) >= shortest else match[0]

    def run(match: re.Match[str]) -> str:
        found = match[0]
        if is_address(found):
            return found
        if "&" not in found:
            return _LETTERS.sub(word, found)
        pieces = _REFERENCE.split(found)
        return "".join(
            piece if place % 2 else _LETTERS.sub(word, piece) for place, piece in enumerate(pieces)
        )

    return _RUN.sub(run, text)


def is_address(run: str) -> bool:
    """Whether a run without blanks holds a URL, a host name or a mail address.

    Examples
    --------
    >>> is_address("(http://a.example)"), is_address("shop.example"), is_address("end.Next"), is_address("end.")
    (True, True, True, False)
    """
    return "@" in run or "://" in run or "www." in run or _HOST.search(run) is not None


def as_html(text: str) -> str:
    r"""Return plain text as HTML that looks the same.

    Examples
    --------
    >>> as_html("1 < 2\nyes")
    '<html><body>\n1 &lt; 2<br>\nyes\n</body></html>\n'
    """
    lines = _html.escape(text, quote=False).replace("\n", "<br>\n")
    return f"<html><body>\n{lines}\n</body></html>\n"
