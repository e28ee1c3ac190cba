"""One mail, parsed once and lazily, shared by all extractors.

Nothing here raises on what a sender wrote, and every amount is bounded by :class:`~msa_ml.features.mail.mime.Limits`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msa_ml.features.compiled import compiled
from msa_ml.features.mail import header_block
from msa_ml.features.mail.address import Address, addresses
from msa_ml.features.mail.encoded import decode_words
from msa_ml.features.mail.header_block import text_of
from msa_ml.features.mail.ignored import is_ignored
from msa_ml.features.mail.mime import Limits, Part, Parts, read
from msa_ml.features.mail.page import Page
from msa_ml.features.mail.trace import Hop, hop
from msa_ml.features.shared.once import once
from msa_ml.records import without_from_line

__all__ = ["Address", "Limits", "Message", "Part"]

_URL_REST = re.compile(r"[^\s<>\"'\x00-\x20`{}|\\^]{1,2048}")
_SCHEMES = ("https", "http", "ftp")
_BARE = ("www.", "WWW.", "Www.")
_URL_END = ".,;:!?)]*_"
_NO_URL = ("#", "cid:", "data:", "mailto:", "about:", "tel:")


class Message:
    r"""One mail.

    Parameters
    ----------
    raw
        The bytes as received; a mbox ``From `` line before them is dropped.
    limits
        How much of it is looked at.

    Examples
    --------
    >>> mail = Message(b"From: Jo <jo@example.org>\nSubject: =?utf-8?q?caf=C3=A9?=\n\nSee http://example.com/a.")
    >>> mail.subject, mail.sender.domain, mail.urls, mail.parsed_by
    ('café', 'example.org', ('http://example.com/a',), 'fast')
    """

    def __init__(self, raw: bytes, limits: Limits = Limits()) -> None:  # noqa: B008 - a frozen value
        self.raw = without_from_line(raw)
        self.limits = limits

    def __getstate__(self) -> dict[str, Any]:
        # What was derived is derived again where it is needed: trees of HTML cannot travel.
        return {"raw": self.raw, "limits": self.limits}

    def __repr__(self) -> str:
        return f"Message({len(self.raw)} bytes)"

    @once
    def block(self) -> header_block.Block:
        """The header fields as bytes, ignored ones included, and where the body begins."""
        return header_block.split(self.raw, most=self.limits.headers, most_bytes=self.limits.header_bytes)

    @once
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Lower-case name and unfolded value of each field, in order, without those of :mod:`.ignored`."""
        return tuple(
            [
                (name, text_of(value))
                for written, value in zip(self.block.names, self.block.values, strict=True)
                if (name := _visible(written))
            ]
        )

    @once
    def visible_fields(self) -> tuple[bytes, ...]:
        """The bytes of each header field that is not ignored, in order."""
        fields = zip(self.block.names, self.block.fields, strict=True)
        return tuple([field for written, field in fields if _visible(written)])

    @once
    def by_name(self) -> dict[str, list[str]]:
        """The values of each field as in the block, by lower-case name in order of its topmost one.

        Few fields are ever read, so each is unfolded when it is: see :meth:`header` and :meth:`all`.
        """
        return _by_name(self.block.names, self.block.values)

    def header(self, name: str) -> str | None:
        """Return the topmost value of a field by its lower-case name, ``None`` when it is absent or ignored."""
        values = self.by_name.get(name)
        return text_of(values[0]) if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field, the topmost first."""
        values = self.by_name.get(name)
        return tuple(map(text_of, values)) if values else ()

    @once
    def subject(self) -> str | None:
        """The decoded subject (RFC 2047), ``None`` when there is none."""
        value = self.header("subject")
        return None if value is None else decode_words(value)

    def _addresses(self, name: str) -> tuple[Address, ...]:
        values = self.by_name.get(name)
        return _mailboxes(values) if values else ()

    def _address(self, name: str) -> Address | None:
        found = self._addresses(name)
        return found[0] if found else None

    @once
    def sender(self) -> Address | None:
        """The first address of From."""
        return self.senders[0] if self.senders else None

    @once
    def senders(self) -> tuple[Address, ...]:
        """All addresses of From."""
        return self._addresses("from")

    @once
    def reply_to(self) -> Address | None:
        """The first address of Reply-To."""
        return self._address("reply-to")

    @once
    def return_path(self) -> Address | None:
        """The envelope's sender as the receiving side noted it (RFC 5321 4.4); empty for ``<>``."""
        return self._address("return-path")

    @once
    def to(self) -> tuple[Address, ...]:
        """The addresses of To."""
        return self._addresses("to")

    @once
    def cc(self) -> tuple[Address, ...]:
        """The addresses of Cc."""
        return self._addresses("cc")

    @once
    def recipients(self) -> tuple[Address, ...]:
        """The addresses of To and Cc."""
        return (*self.to, *self.cc)

    @once
    def hops(self) -> tuple[Hop, ...]:
        """The Received fields, the topmost (nearest to the reader) first, 50 at most."""
        return _hops(self.by_name.get("received", []))

    @once
    def way(self) -> tuple[Hop, ...]:
        """The hops from the outside hop down: the topmost one whose client has a public address, and those before it.

        What stands above it is the receiving side's own plumbing (fetchmail, content filters, delivery), which tells
        one mailbox from another and nothing about the sender. Empty when no hop has a public client.
        """
        for number, one in enumerate(self.hops):
            if one.scope == "global":
                return self.hops[number:]
        return ()

    @once
    def _read(self) -> Parts:
        return read(self.raw, self.limits, self.block)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every node of the MIME tree, containers included, in order."""
        return self._read.parts

    @property
    def parsed_by(self) -> str:
        """``fast``, or ``fallback`` when the MIME tree had to be repaired to be read."""
        return self._read.parsed_by

    @once
    def damage(self) -> str:
        """What is wrong with the message, words joined by commas; ``''`` when it is sound."""
        found = {
            self.block.damage,
            *self._read.damage,
            "too_long" if len(self.raw) > self.limits.raw_bytes else "",
        }
        return ",".join(sorted(found - {""})) if len(found) > 1 else ""

    @once
    def html(self) -> tuple[str, ...]:
        """Source of the HTML parts that are shown, cut at the limit over all of them."""
        parts = [part for part in self.parts if part.content_type == "text/html"]
        return _texts(parts, self.limits.html_characters)

    @once
    def plain(self) -> tuple[str, ...]:
        """The shown text parts that are not HTML, cut at the limit over all of them."""
        parts = [part for part in self.parts if part.content_type != "text/html" and part.is_text]
        return _texts(parts, self.limits.text_characters)

    @once
    def pages(self) -> tuple[Page, ...]:
        """The HTML parts, parsed."""
        return tuple([Page(source) for source in self.html if source and not source.isspace()])

    @once
    def html_text(self) -> str:
        """Text of the HTML parts."""
        return " ".join(page.text for page in self.pages)[: self.limits.text_characters]

    @once
    def text(self) -> str:
        """The best readable text: the plain parts, else the text of the HTML."""
        plain = "\n".join(self.plain)
        return plain if plain and not plain.isspace() else self.html_text

    @once
    def urls(self) -> tuple[str, ...]:
        """Distinct URLs in order of appearance: from the plain text, then from the attributes and text of the HTML."""
        found: dict[str, None] = {}
        most, longest = self.limits.urls, self.limits.url_characters
        for text in (*self.plain, self.html_text):
            found |= dict.fromkeys(_urls(text, longest))
        for page in self.pages:
            found |= dict.fromkeys([url[:longest] for url in page.links if not url.startswith(_NO_URL)])
        return tuple(found)[:most]


@lru_cache(maxsize=8192)
def _visible(written: str) -> str:
    """Return the lower-case name of a field as it was written, ``''`` when it is ignored."""
    name = header_block.lower(written)
    return "" if is_ignored(name) else name


@compiled("head")
def _by_name(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in zip(map(_visible, names), values, strict=True):
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    found.pop("", None)
    return found


@compiled("address")
def _mailboxes(values: list[str]) -> tuple[Address, ...]:
    return tuple([address for value in values[:10] for address in addresses(text_of(value))])


@compiled("trace")
def _hops(values: list[str]) -> tuple[Hop, ...]:
    return tuple([hop(text_of(value)) for value in values[:50]])


def _texts(parts: list[Part], left: int) -> tuple[str, ...]:
    found = []
    for part in parts:
        if left > 0 and part.disposition != "attachment":
            text = part.text[:left]
            left -= len(text)
            found.append(text)
    return tuple(found)


@compiled("link")
def _urls(text: str, longest: int) -> list[str]:
    """Find what starts with a scheme or ``www.``; by ``find``, since a pattern with both is tried at every character."""
    found: list[str] = []
    end = 0
    scheme_at, bare = text.find("://"), [text.find(name) for name in _BARE]
    bare_at = min([at for at in bare if at >= 0], default=-1)
    while scheme_at >= 0 or bare_at >= 0:
        if bare_at < 0 or 0 <= scheme_at < bare_at:
            before = text[max(end, scheme_at - 5) : scheme_at].lower()
            scheme = next((name for name in _SCHEMES if before.endswith(name)), "")
            start, body = scheme_at - len(scheme), scheme_at + 3
            wanted = bool(scheme)
        else:
            start, body, wanted = bare_at, bare_at + 4, True
        match = _URL_REST.match(text, body) if wanted else None
        if match:
            found.append(text[start : match.end()][:longest].rstrip(_URL_END))
        end = match.end() if match else body
        if 0 <= scheme_at < end:
            scheme_at = text.find("://", end)
        if 0 <= bare_at < end:
            # Each is looked for from where it was found last, so that the time stays linear.
            bare = [
                text.find(name, end) if 0 <= at < end else at for name, at in zip(_BARE, bare, strict=True)
            ]
            bare_at = min([at for at in bare if at >= 0], default=-1)
    return found
