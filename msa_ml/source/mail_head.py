"""The few header fields that a row is made of, and what is broken about a message.

This is no mail parser: :mod:`msa_ml.features.mail` is. A row must be writable for every message that can be read as
bytes, so nothing here raises, and only the first 256 KiB of a header block are looked at.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass

_HEAD_BYTES = 256 * 1024
_MOST_RECEIVED = 50
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:((?:[^\n]*)(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_FIRST_LINE = re.compile(rb"(?:>?From [^\n]*\n)*[!-9;-~]{1,200}[ \t]*:")
_COMMON_FIELD = re.compile(
    rb"^(received|from|to|subject|date|message-id|return-path|delivered-to|mime-version|x-[a-z-]+)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_WANTED = frozenset(
    (
        b"received",
        b"date",
        b"from",
        b"to",
        b"cc",
        b"return-path",
        b"content-type",
        b"content-transfer-encoding",
    )
)
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_CHARSET = re.compile(r'charset\s*=\s*"?([^\s;"]{1,60})', re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
# Most mail that says so holds some 8-bit text all the same; that is a habit, not damage.
_NO_PROMISE = frozenset(("us-ascii", "ascii", "unknown-8bit", "x-unknown"))
# Python's codecs that no mail may ask for: they take quadratic time, or are escapes of Python itself.
_NEVER = frozenset(("punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"))


@dataclass(frozen=True, slots=True)
class Head:
    """Unfolded values of some fields, decoded as UTF-8, else as Latin-1; ``None`` or empty when absent."""

    received: tuple[str, ...] = ()
    date: str | None = None
    sender: str | None = None
    return_path: str | None = None
    recipients: tuple[str, ...] = ()
    damage: str = ""


def looks_like_mail(start: bytes) -> bool:
    r"""Whether bytes begin with a header field, or with a ``From `` line and a header field.

    Examples
    --------
    >>> looks_like_mail(b"Return-Path: <a@example.org>\n"), looks_like_mail(b"mv 0001.a 0002.b\n")
    (True, False)
    """
    return _FIRST_LINE.match(start) is not None


def is_surely_mail(start: bytes) -> bool:
    r"""Whether bytes begin as a header does, and hold a field that is common in mail; a list of settings does not.

    Examples
    --------
    >>> is_surely_mail(b"X-Id: 1\nSubject: x\n"), is_surely_mail(b"colour: red\n")
    (True, False)
    """
    return looks_like_mail(start) and _COMMON_FIELD.search(start) is not None


def read_head(raw: bytes, *, cut: bool = False) -> Head:
    r"""Read the head of a message without its ``From `` line. Never raises.

    Parameters
    ----------
    raw
        The message.
    cut
        Whether the reader had to cut it because it is too long; that is the damage then.

    Examples
    --------
    >>> read_head(b"From: Jo <jo@example.org>\nReceived: by a\n\tfor b; x\n\nhi").received
    ('by a for b; x',)
    >>> [read_head(raw).damage for raw in (b"", b"no header at all", b"Subject: x\n\na\0b")]
    ['empty', 'no_header', 'nul_bytes']
    """
    if not raw.strip():
        return Head(damage="empty")
    found: dict[bytes, list[bytes]] = {}
    if looks_like_mail(raw):
        end = _END.search(raw, 0, _HEAD_BYTES)
        block = raw[: end.start() if end else _HEAD_BYTES]
        for match in _FIELD.finditer(block):
            name = match[1].lower()
            if name in _WANTED:
                found.setdefault(name, []).append(match[2])
        body = raw[end.end() :] if end else b""
        damage = "too_long" if cut else _damage(raw, body, found)
    else:
        damage = "no_header"
    return Head(
        received=tuple(_text(value) for value in found.get(b"received", ())[:_MOST_RECEIVED]),
        date=_first(found, b"date"),
        sender=_first(found, b"from"),
        return_path=_first(found, b"return-path"),
        recipients=tuple(_text(value) for value in (*found.get(b"to", ()), *found.get(b"cc", ()))),
        damage=damage,
    )


def _first(found: dict[bytes, list[bytes]], name: bytes) -> str | None:
    values = found.get(name)
    return _text(values[0]) if values else None


def _text(value: bytes) -> str:
    """Unfold and decode."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return " ".join(text.split())


def _damage(raw: bytes, body: bytes, found: dict[bytes, list[bytes]]) -> str:
    """Name the worst thing that is wrong with a message that has a header; ``''`` for a sound one."""
    if b"\0" in raw:
        return "nul_bytes"
    content_type = _first(found, b"content-type") or ""
    if content_type[:10].lower() == "multipart/":
        return _damage_of_multipart(body, content_type)
    encoding = (_first(found, b"content-transfer-encoding") or "").lower()
    if encoding == "base64":
        return _damage_of_base64(body)
    if content_type[:5].lower() == "text/" and encoding in ("", "8bit", "binary"):
        return _damage_of_charset(body, content_type)
    return ""


def _damage_of_multipart(body: bytes, content_type: str) -> str:
    boundary = _BOUNDARY.search(content_type)
    mark = b"--" + (boundary[1] or boundary[2]).encode("utf-8", "replace") if boundary else b""
    if not mark or mark not in body:
        return "no_boundary"
    return "" if mark + b"--" in body else "truncated"


def _damage_of_base64(body: bytes) -> str:
    """Text that a mailing list appended is no damage: base64 ends at the first ``=`` or foreign paragraph."""
    coded = re.split(rb"\r?\n[ \t]*\r?\n", body.strip(), maxsplit=1)[0]
    if _NOT_BASE64.search(coded):
        return "bad_base64"
    try:
        binascii.a2b_base64(coded)
    except binascii.Error:
        return "bad_base64"
    return ""


def _damage_of_charset(body: bytes, content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    name = charset[1].lower() if charset else "us-ascii"
    if name in _NO_PROMISE:
        return ""
    try:
        if codecs.lookup(name).name.replace("_", "-") in _NEVER:
            return "undecodable"
        body.decode(name)
    except (LookupError, UnicodeError, ValueError):
        return "undecodable"
    return ""
