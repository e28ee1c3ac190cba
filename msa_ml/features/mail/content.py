"""The bytes of a mail that a content model reads."""

from __future__ import annotations

import re

from msa_ml.features.compiled import compiled
from msa_ml.features.extractor import View
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.shown import closed, cut, html_text, seen
from msa_ml.features.mail.urls import parse
from msa_ml.features.shared.confusable import CONFUSABLES

_UNSEEN = re.compile("[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]+")


class Text(View):
    """What a reader sees: subject, hosts of the links, and the text; lower case, blanks collapsed, UTF-8.

    Of a mail with both, the HTML's text comes first, since it is what is shown, and leaves half of the room to the plain
    text, since either of them may be the one meant for the filter. Hosts stand before the text, so that a long text
    cannot push them over the limit. What is there to keep words from the filter is undone: elements that are not shown,
    characters without width, look-alikes of Latin letters, letters set apart.
    """

    name = "text"
    kind = "mail"
    version = 3
    limit = 4096
    reads = (CONFUSABLES,)

    def content(self, mail: Message) -> bytes:
        """Return the bytes of one mail."""
        plain, html = "\n".join(mail.plain)[: 2 * self.limit], html_text(mail)[: 2 * self.limit]
        if plain and html:
            html = html[: self.limit // 2]
        text = " ".join((mail.subject or "", *_hosts(mail), html, plain))
        return cut(closed(seen(self.lists[CONFUSABLES], text, 2 * self.limit)), self.limit)


def _hosts(mail: Message, most: int = 20) -> list[str]:
    hosts: dict[str, None] = {}
    for text in mail.urls[:100]:
        url = parse(text)
        if url is not None:
            hosts.setdefault(url.host[:100])
        if len(hosts) >= most:
            break
    return list(hosts)


_AS_WRITTEN = (
    "x-mailer",
    "user-agent",
    "x-mimeole",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "x-priority",
    "x-msmail-priority",
    "importance",
    "organization",
    "content-disposition",
    "x-sender-ip",
)


class Head(View):
    """Chosen header fields, one a line, in a form that names no date, no identifier and not the receiving side.

    Digits read 0. Message-ID and boundary keep only their shape (``Aa0-a0@``). Of the received chain the outside hop is
    taken, the HELO by its shape and the reverse name as it is, so that hosts of the reader's own provider never appear.
    Order and presence of the fields follow at the end, without those of the trace.
    """

    name = "head"
    kind = "mail"
    limit = 2048

    def content(self, mail: Message) -> bytes:
        """Return the bytes of one mail."""
        fields = mail.by_name
        names = " ".join([name for name in fields if name not in _TRACE])
        written = [
            f"{name} {value[:200]}" for name in _AS_WRITTEN if name in fields and (value := mail.header(name))
        ]
        sender, reply, identifier = mail.sender, mail.reply_to, mail.header("message-id")
        boundaries = [part.boundary[:100] for part in mail.parts if part.boundary][:3]
        outside = mail.way[0] if mail.way else None
        local, own, helo, *edges = shapes(
            [
                sender.local if sender is not None else "",
                identifier or "",
                outside.helo[:100] if outside is not None else "",
                *boundaries,
            ]
        )
        lines = [f"subject {mail.header('subject') or ''}"[:300]]
        if sender is not None:
            lines.append(f"from {sender.display[:100]} {local} {sender.domain[:100]}")
        if reply is not None:
            lines.append(f"reply {reply.domain[:100]}")
        lines += written
        lines.append(f"id {own or 'none'}")
        lines += [f"boundary {edge}" for edge in edges]
        if outside is not None:
            lines.append(f"helo {helo} {outside.reverse[:100] or 'none'}")
        lines.append(f"fields {names}")
        return _printed(lines, self.limit)


@compiled("view")
def _printed(lines: list[str], limit: int | None = None) -> bytes:
    """Return lines with single blanks, with 0 for each number, without boundaries and characters that are not seen."""
    text = _LINE_END.join(lines)
    if text.count("\0") >= len(lines):
        text = _LINE_END.join([line.replace("\0", "\1") for line in lines])
    # One split over all of them takes half the time of one for each.
    text = " ".join(text.split()).replace(_LINE_END, "\n")
    if "boundary=" in text.lower():
        text = _BOUNDARY.sub("", text)
    if not text.isascii():
        return cut(_UNSEEN.sub("\n", _NUMBERS.sub("0", text)).encode("utf-8", "replace"), limit)
    data = _collapsed(text.encode().translate(_ZEROS), b"0")
    return cut(_UNSEEN_ASCII.sub(b"\n", data) if data.translate(None, _SEEN) else data, limit)


def _collapsed(data: bytes, *letters: bytes) -> bytes:
    """Return data with one for each run of these letters; a pattern takes thrice the time."""
    for letter in letters:
        while letter + letter in data:
            data = data.replace(letter + letter, letter)
    return data


_ZEROS = bytes(ord("0") if chr(code) in "0123456789" else code for code in range(256))
_SHAPES = bytes(
    ord("a")
    if chr(code).islower() and code < 128
    else ord("A")
    if chr(code).isupper() and code < 128
    else _ZEROS[code]
    for code in range(256)
)
_NUMBERS = re.compile(r"[0-9]+")
_LINE_END = " \0 "
_UNSEEN_ASCII = re.compile(rb"[\x00-\x1f\x7f]+")
_SEEN = bytes((10, *range(32, 127)))
_BOUNDARY = re.compile(r"boundary=\S{1,200}", re.IGNORECASE)
_TRACE = frozenset({"received", "return-path", "authentication-results", "received-spf", "sender"})


@compiled("view")
def shapes(texts: list[str]) -> list[str]:
    """Return the shape of each text; in the time of one."""
    found = shape("\0".join([text[:200] for text in texts])).split("\0")
    return found if len(found) == len(texts) else [shape(text[:200]) for text in texts]


def shape(text: str) -> str:
    """Return the shape of an identifier: runs of capitals, small letters and digits become ``A``, ``a`` and ``0``.

    Examples
    --------
    >>> shape("<20021101.AB12cd@mail.example.org>")
    '<0.A0a@a.a.a>'
    """
    data = text.encode("utf-8", "surrogatepass").translate(_SHAPES)
    return _collapsed(data, b"a", b"0", b"A").decode("utf-8", "surrogatepass")
