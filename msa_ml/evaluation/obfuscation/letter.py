"""The texts of a raw mail that a person sees, and how to write others in their place.

Bytes are changed, not trees: header fields, boundaries, attachments and damage stay as they were sent, so that a
difference of scores comes from the transformation alone. The standard library's parser was the other candidate; it
writes folds, boundaries and broken parts anew.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from msa_ml.evaluation.obfuscation.head import Field, Head, head, value
from msa_ml.features.mail.encoded import codec_of, decode, decode_words, unbase64
from msa_ml.features.mail.mime import parameters

_MOST_PARTS, _MOST_DEPTH, _MOST_PIECES = 50, 10, 2_000
_MOST_BYTES = 2_000_000
_ASCII = ("", "ascii", "us-ascii", "utf-8", "utf8")
_KIND, _TRANSFER = "content-type", "content-transfer-encoding"
_WANTED = (_KIND, _TRANSFER, "content-disposition")
_NAME = re.compile(r"[\w.:-]{1,40}", re.ASCII)
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Entity:
    """What is written in the place of a text: its MIME fields and its body, with LF line ends.

    Attributes
    ----------
    fields
        Value by lower-case name; fields of other names stay as they were.
    body
        As it is sent, transfer encoding applied.
    """

    fields: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Leaf:
    """One text that is shown.

    Attributes
    ----------
    start, body, end
        Offsets of its header block, of its body and behind it.
    html
        Whether it is HTML.
    charset, encoding
        As declared, in lower case.
    text
        Decoded, with LF line ends.
    """

    start: int
    body: int
    end: int
    html: bool
    charset: str
    encoding: str
    text: str

    @property
    def kind(self) -> str:
        """``text/html`` or ``text/plain``."""
        return "text/html" if self.html else "text/plain"

    def restated(self, text: str) -> Entity:
        r"""Return other text in the same form, in UTF-8 and quoted-printable where the old form cannot hold it.

        Examples
        --------
        >>> leaf = Leaf(0, 0, 9, False, "us-ascii", "7bit", "pills")
        >>> leaf.restated("pillz").fields, leaf.restated("pi\u200blls").body
        ({}, b'pi=E2=80=8Blls')
        """
        codec = codec_of(self.charset) if self.charset not in _ASCII else "utf_8"
        data = None
        if codec and (self.charset.startswith("utf") or not text.isascii()):
            data = _in(codec, text) if self.charset else None
        elif text.isascii():
            data = text.encode("ascii")
        if data is not None and (self.encoding not in ("", "7bit") or data.isascii()):
            return Entity({}, transfer(data, self.encoding))
        encoding = "base64" if self.encoding == "base64" else "quoted-printable"
        return written(text, html=self.html, encoding=encoding)


def _in(codec: str, text: str) -> bytes | None:
    try:
        return text.encode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def written(text: str, *, html: bool, charset: str = "utf-8", encoding: str = "quoted-printable") -> Entity:
    """Return an entity of text in a charset, UTF-8 for one that nobody knows; what it cannot hold becomes ``?``.

    Examples
    --------
    >>> written("é", html=False).fields["content-type"]
    'text/plain; charset=utf-8'
    """
    charset = charset if _NAME.fullmatch(charset) and codec_of(charset) else "utf-8"
    data = text.encode(codec_of(charset) or "utf_8", "replace")
    fields = {_KIND: f"text/{'html' if html else 'plain'}; charset={charset}", _TRANSFER: encoding}
    return Entity(fields, transfer(data, encoding))


def transfer(data: bytes, encoding: str) -> bytes:
    r"""Apply a content transfer encoding (RFC 2045 6); an unknown one is the identity.

    Examples
    --------
    >>> transfer(b"a=b", "quoted-printable"), transfer(b"a", "base64")
    (b'a=3Db', b'YQ==\n')
    """
    if encoding == "base64":
        return base64.encodebytes(data)
    if encoding == "quoted-printable":
        return binascii.b2a_qp(data, istext=True)
    return data


@dataclass(frozen=True)
class Letter:
    r"""A raw mail with its shown texts.

    At most 50 parts, 10 levels and the first 2 MB of a message are looked at; what is beyond stays as it is.

    Examples
    --------
    >>> letter = Letter(b"Subject: pills\n\nBuy now")
    >>> letter.subject, letter.leaves[0].text
    ('pills', 'Buy now')
    >>> letter.rewritten(lambda leaf: leaf.restated(leaf.text.upper()), str.upper)
    b'Subject: PILLS\n\nBUY NOW'
    """

    raw: bytes

    @cached_property
    def eol(self) -> bytes:
        """CRLF or LF, as the first line ends."""
        return b"\r\n" if b"\r\n" in self.raw[: self.raw.find(b"\n") + 1] else b"\n"

    @cached_property
    def _head(self) -> Head:
        return head(self.raw, 0, len(self.raw))

    @cached_property
    def _subject(self) -> Field | None:
        return next((field for field in self._head.fields if field.name == "subject"), None)

    @cached_property
    def subject(self) -> str:
        """The decoded subject; empty when there is none."""
        return decode_words(value(self.raw, self._subject)) if self._subject else ""

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The texts that are shown, in order; none where the header block is longer than anybody's or never ends."""
        raw = self.raw
        if not self._head.sound:
            return ()
        found: list[Leaf] = []
        stack = [(0, min(len(raw), _MOST_BYTES), 0)]
        while stack and len(found) < _MOST_PARTS:
            start, end, depth = stack.pop()
            block = head(raw, start, end)
            fields: dict[str, str] = {}
            for field in block.fields:
                if field.name in _WANTED:
                    fields.setdefault(field.name, value(raw, field))
            kind, of_type = parameters(fields.get(_KIND, ""))
            kind = kind if "/" in kind else "text/plain"
            encoding = fields.get(_TRANSFER, "").strip().lower()
            if kind.startswith("multipart/") and depth < _MOST_DEPTH:
                inner = _pieces(raw, block.body, end, of_type.get("boundary", ""))
                if inner:
                    stack.extend((one, other, depth + 1) for one, other in reversed(inner[:_MOST_PARTS]))
                    continue
                kind = "text/plain"  # a boundary that never occurs: the reader sees all of it as text
            if kind == "message/rfc822" and depth < _MOST_DEPTH:
                stack.append((block.body, end, depth + 1))
            disposition = parameters(fields.get("content-disposition", ""))[0]
            if not kind.startswith("text/") or disposition == "attachment" or not block.sound:
                continue
            charset = of_type.get("charset", "").strip().lower()
            text = _LINE_END.sub("\n", decode(_decoded(raw[block.body : end], encoding), charset))
            if text.strip():
                found.append(Leaf(start, block.body, end, kind == "text/html", charset, encoding, text))
        return tuple(found)

    def rewritten(
        self,
        leaf: Callable[[Leaf], Entity | None] | None = None,
        subject: Callable[[str], str] | None = None,
    ) -> bytes:
        """Return the mail with other texts.

        Parameters
        ----------
        leaf
            What to write in the place of a text; ``None`` leaves it.
        subject
            The new subject of the old one.
        """
        edits: list[tuple[int, int, bytes]] = []
        mime = False
        for one in self.leaves if leaf else ():
            entity = leaf(one) if leaf else None
            if entity is not None:
                edits += self._refielded(one, entity.fields)
                edits.append((one.body, one.end, entity.body.replace(b"\n", self.eol)))
                mime = mime or bool(entity.fields)
        if subject is not None and self._subject is not None:
            field = self._subject
            new = b" " + encoded(subject(self.subject), self.eol)
            edits.append((field.value, field.end, new))
        if mime and not any(field.name == "mime-version" for field in self._head.fields):
            edits.append((self._head.end, self._head.end, b"MIME-Version: 1.0" + self.eol))
        out, done = [], 0
        for start, end, data in sorted(edits, key=lambda edit: edit[:2]):
            out += [self.raw[done:start], data]
            done = end
        return b"".join([*out, self.raw[done:]])

    def _refielded(self, leaf: Leaf, wanted: Mapping[str, str]) -> list[tuple[int, int, bytes]]:
        """Return the edits that give fields of an entity other values, each in the place of the first of its name."""
        block = head(self.raw, leaf.start, leaf.end)
        edits, seen = [], set()
        for field in block.fields:
            if field.name in wanted and field.name not in seen:
                seen.add(field.name)
                edits.append((field.value, field.end, b" " + self._folded(wanted[field.name])))
        edits += [
            (block.end, block.end, name.title().encode() + b": " + self._folded(text) + self.eol)
            for name, text in wanted.items()
            if name not in seen
        ]
        return edits

    def _folded(self, text: str) -> bytes:
        return text.replace("\n", "\n ").encode("ascii", "replace").replace(b"\n", self.eol)


def encoded(text: str, eol: bytes = b"\n") -> bytes:
    """Return a header value, in encoded words where it is not ASCII (RFC 2047 2); line ends become blanks.

    Examples
    --------
    >>> encoded("plain"), encoded("é")
    (b'plain', b'=?utf-8?B?w6k=?=')
    """
    text = " ".join(_LINE_END.split(text))
    if text.isascii():
        return text.encode("ascii")
    words = [
        b"=?utf-8?B?" + base64.b64encode(text[at : at + 12].encode("utf-8", "replace")) + b"?="
        for at in range(0, len(text), 12)
    ]
    return (eol + b" ").join(words)


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return unbase64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def _pieces(raw: bytes, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """Return the spans between the boundary lines of a multipart body (RFC 2046 5.1.1)."""
    mark = b"--" + boundary.encode("utf-8", "replace").rstrip()
    found: list[tuple[int, int]] = []
    inside = -1
    at = raw.find(mark, start, end) if boundary else -1
    for _ in range(_MOST_PIECES):
        if at < 0:
            break
        after = at + len(mark)
        line = raw.find(b"\n", after, end)
        line = end if line < 0 else line
        rest = raw[after : min(line, after + 80)].strip()
        if (at == start or raw[at - 1 : at] == b"\n") and rest in (b"", b"--"):
            if inside >= 0:
                cut = at - 1 if raw[at - 1 : at] == b"\n" and at > inside else at
                cut -= raw[cut - 1 : cut] == b"\r" and cut > inside
                found.append((inside, max(cut, inside)))
            if rest == b"--":
                return found
            inside = min(line + 1, end)
        at = raw.find(mark, after, end)
    if inside >= 0:
        found.append((inside, end))
    return found
