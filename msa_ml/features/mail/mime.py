"""The parts of a message (RFC 2045, 2046), decoded.

The fast path is ``fast-mail-parser`` (Rust). It refuses broken base64 and silently loses the body of a multipart
whose boundary never occurs, so whatever it refuses or loses is read again by :func:`read_patiently`, which repairs.
The standard library's parser was the other candidate for that: it has no limit on depth and checks each line against
each open boundary, so a sender can choose how long it works.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fast_mail_parser import ParseError, parse_email_tree

from msa_ml.features.mail import header_block
from msa_ml.features.mail.encoded import decode, decode_words, unbase64


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one message is looked at; what is beyond is left out, and named in ``damage``.

    The defaults read the largest mail of common providers whole in its structure and enough of its text for a verdict.
    """

    raw_bytes: int = 64_000_000
    headers: int = 1_000
    header_bytes: int = 262_144
    parts: int = 200
    depth: int = 20
    decoded_bytes: int = 64_000_000
    text_characters: int = 200_000
    html_characters: int = 500_000
    urls: int = 500
    url_characters: int = 2_048


@dataclass(frozen=True)
class Part:
    """One node of the MIME tree, containers included, in the order of the message.

    Attributes
    ----------
    content_type
        Lower case, as declared; ``text/plain`` where nothing is declared.
    declared
        Whether a content type was declared at all.
    charset, encoding, disposition, file_name, boundary
        As declared, in lower case (but for file name and boundary), decoded; ``''`` when absent.
    depth
        0 for the message itself.
    content
        Decoded bytes; ``b''`` for a ``multipart/*`` container.
    """

    content_type: str
    declared: bool
    charset: str
    encoding: str
    disposition: str
    file_name: str = field(repr=False)
    boundary: str = field(repr=False)
    depth: int
    content: bytes = field(repr=False)

    @property
    def is_container(self) -> bool:
        """Whether this node only holds others."""
        return self.content_type.startswith(("multipart/", "message/rfc822"))

    @property
    def is_attachment(self) -> bool:
        """Whether a reader is offered this part as a file."""
        if self.is_container:
            return False
        return self.disposition == "attachment" or bool(self.file_name) or not self.is_text

    @property
    def is_text(self) -> bool:
        """Whether this is ``text/*``."""
        return self.content_type.startswith("text/")

    @cached_property
    def text(self) -> str:
        """Decoded text of a ``text/*`` part, ``''`` of others."""
        return decode(self.content, self.charset) if self.is_text else ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was read: the parts, by which reader, and what is wrong with them."""

    parts: tuple[Part, ...]
    parsed_by: str
    damage: frozenset[str]


_PARAMETER = re.compile(r';\s*([^\s=;"]{1,64})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    r"""Split a structured field such as Content-Type into its value and its parameters (RFC 2045 5.1, RFC 2231).

    Examples
    --------
    >>> parameters('Text/HTML; charset="utf-8"; name*0*=utf-8\'\'caf; name*1*=%C3%A9')
    ('text/html', {'charset': 'utf-8', 'name': 'café'})
    """
    value = value[:8192]
    main, _, _ = value.partition(";")
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, str]]] = {}
    for match in _PARAMETER.finditer(value, len(main)):
        name, text = match[1].lower(), match[2].strip()
        if text.startswith('"'):
            text = _ESCAPE.sub(r"\1", text[1:].removesuffix('"'))
        base, star, rest = name.partition("*")
        if not star:
            found.setdefault(base, text)
        else:
            number = rest.rstrip("*")
            pieces.setdefault(base, []).append(
                (int(number) if number.isdecimal() and len(number) < 4 else 0, text)
            )
    for name, numbered in pieces.items():
        found[name] = _extended("".join(text for _, text in sorted(numbered, key=lambda item: item[0])))
    return main.strip().lower(), found


def _extended(text: str) -> str:
    charset, quote, rest = text.partition("'")
    _, second, encoded = rest.partition("'")
    if not (quote and second):
        charset, encoded = "", text
    data = _PERCENT.sub(lambda match: bytes.fromhex(match[1].decode()), encoded.encode("utf-8", "replace"))
    return decode(data, charset)


def _part(fields: dict[str, str], default: str, depth: int, content: bytes, kind: str | None = None) -> Part:
    value = fields.get("content-type", "")
    content_type, of_type = parameters(value)
    disposition, of_disposition = parameters(fields.get("content-disposition", ""))
    name = of_disposition.get("filename") or of_type.get("name", "")
    return Part(
        content_type=kind or (content_type if "/" in content_type else default),
        declared=bool(value),
        charset=of_type.get("charset", "").strip().lower(),
        encoding=fields.get("content-transfer-encoding", "").strip().lower(),
        disposition=disposition,
        file_name=decode_words(name).strip(),
        boundary=of_type.get("boundary", ""),
        depth=depth,
        content=content,
    )


# The fast parser takes quadratic time in the encoded words of one field (8,000: 57 ms) and makes an object of each part,
# so a message with more of them than honest mail has goes to the patient reader, whose time is linear.
_MOST_WORDS = 2_000
_MOST_MARKS = 10_000
_WANTED = frozenset({"content-type", "content-disposition", "content-transfer-encoding"})


def read(raw: bytes, limits: Limits) -> Parts:
    """Read the parts of a message (without mbox ``From `` line); never raises on content."""
    raw = raw[: limits.raw_bytes]
    if raw.count(b"=?") > _MOST_WORDS or raw.count(b"\n--") > _MOST_MARKS:
        return read_patiently(raw, limits, because="crowded")
    try:
        found = _read_fast(raw, limits)
    except ParseError as error:
        return read_patiently(raw, limits, because=type(error).__name__)
    except (ValueError, RuntimeError, RecursionError):
        return read_patiently(raw, limits, because="refused")
    return found if found is not None else read_patiently(raw, limits, because="lost")


def _read_fast(raw: bytes, limits: Limits) -> Parts | None:
    """Read with the fast parser; ``None`` when it lost content."""
    parts: list[Part] = []
    damage: set[str] = set()
    stack: list[tuple[Any, int]] = [(parse_email_tree(raw, mode="lazy"), 0)]
    left = limits.decoded_bytes
    seen = 0
    while stack:
        node, depth = stack.pop()
        fields = {
            name: values[0]
            for key, values in node.headers.items()
            if (name := key.lower()) in _WANTED and values
        }
        kind = node.content_type.lower()
        children = node.children
        content = node.content or b""
        if kind.startswith("multipart/") and not children:
            return None
        seen += len(content)
        if len(content) > left:
            content, left = content[:left], 0
            damage.add("cut")
        elif not node.is_message:
            left -= len(content)
        parts.append(_part(fields, "text/plain", depth, content, kind))
        if len(parts) >= limits.parts or (children and depth >= limits.depth):
            damage.add("many_parts")
            if len(parts) >= limits.parts:
                break
            continue
        stack.extend((child, depth + 1) for child in reversed(children))
    if not seen and raw[header_block.split(raw, most=1).body :].strip():
        return None
    return Parts(tuple(parts), "fast", frozenset(damage))


def read_patiently(raw: bytes, limits: Limits, *, because: str = "") -> Parts:
    """Read the parts with repair: broken base64, boundaries that never occur or never end.

    A multipart whose boundary never occurs is read as one text, which is what a reader can see of it.
    """
    parts: list[Part] = []
    damage = {because} if because else set()
    left = limits.decoded_bytes
    stack: list[tuple[bytes, int, str]] = [(raw, 0, "text/plain")]
    while stack:
        data, depth, default = stack.pop()
        if len(parts) >= limits.parts:
            damage.add("many_parts")
            break
        block = header_block.split(data, most=limits.headers, most_bytes=limits.header_bytes)
        fields: dict[str, str] = {}
        for line in block.fields:
            name = header_block.name_of(line)
            if name in _WANTED:
                fields.setdefault(name, header_block.value_of(line))
        shell = _part(fields, default, depth, b"")
        body = data[block.body :]
        if shell.content_type.startswith("multipart/") and depth < limits.depth:
            inner, whole = _split(body, shell.boundary, limits.parts)
            if inner:
                parts.append(shell)
                if not whole:
                    damage.add("no_end")
                child = "message/rfc822" if shell.content_type == "multipart/digest" else "text/plain"
                stack.extend((piece, depth + 1, child) for piece in reversed(inner))
                continue
            damage.add("no_boundary")
            shell = _part(fields, default, depth, b"", "text/plain")
        content = _transfer_decoded(body, shell.encoding)[:left]
        if len(content) == left and left < len(body):
            damage.add("cut")
        left -= len(content)
        parts.append(_part(fields, default, depth, content, shell.content_type))
        if shell.content_type == "message/rfc822" and depth < limits.depth:
            stack.append((content, depth + 1, "text/plain"))
    return Parts(tuple(parts), "fallback", frozenset(damage))


def _split(body: bytes, boundary: str, most: int) -> tuple[list[bytes], bool]:
    """Split a multipart body at its boundary lines; also tell whether the closing one was there."""
    mark = b"--" + boundary.encode("utf-8", "replace").rstrip()
    pieces: list[bytes] = []
    start = -1
    at = body.find(mark) if boundary else -1
    for _ in range(_MOST_MARKS):
        if at < 0:
            break
        after = at + len(mark)
        line_end = body.find(b"\n", after)
        line_end = len(body) if line_end < 0 else line_end
        rest = body[after : min(line_end, after + 80)].strip()
        if (at == 0 or body[at - 1 : at] == b"\n") and rest in (b"", b"--"):
            if start >= 0:
                pieces.append(body[start:at].removesuffix(b"\n").removesuffix(b"\r"))
            if rest == b"--":
                return pieces, True
            start = line_end + 1
            if len(pieces) >= most:
                return pieces, False
        at = body.find(mark, after)
    if start >= 0:
        pieces.append(body[start:])
    return pieces, False


def _transfer_decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return unbase64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body
