"""The parts of a message (RFC 2045, 2046), decoded.

One reader for sound and for broken messages: it looks for boundaries with ``bytes.find``, decodes with ``binascii``, and
repairs what it can (broken base64, boundaries that never occur or never end). Its time is linear in the message, which
neither of the other candidates promises: the standard library's parser checks each line against each open boundary, and
``fast-mail-parser`` is quadratic in the encoded words of a field, refuses broken base64, loses a multipart without its
boundary, and decodes every header field, which alone takes longer than all that is done here.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from msa_ml.features.compiled import compiled
from msa_ml.features.mail import header_block
from msa_ml.features.mail.encoded import decode, decode_words, unbase64
from msa_ml.features.shared.once import once


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

    @once
    def is_container(self) -> bool:
        """Whether this node only holds others."""
        return self.content_type.startswith(("multipart/", "message/rfc822"))

    @once
    def is_attachment(self) -> bool:
        """Whether a reader is offered this part as a file."""
        if self.is_container:
            return False
        return self.disposition == "attachment" or bool(self.file_name) or not self.is_text

    @once
    def is_text(self) -> bool:
        """Whether this is ``text/*``."""
        return self.content_type.startswith("text/")

    @once
    def text(self) -> str:
        """Decoded text of a ``text/*`` part, ``''`` of others."""
        return decode(self.content, self.charset) if self.is_text else ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was read: the parts, and what was wrong with them.

    Attributes
    ----------
    parts
        Every node of the tree, in the order of the message.
    damage
        ``base64`` (characters that are not of it, or a cut end), ``no_boundary`` (a multipart whose boundary never
        occurs), ``no_end`` (one whose last boundary is missing), ``same_boundary`` (one whose boundary begins with that
        around it, which RFC 2046 5.1.1 cannot tell apart), ``cut`` and ``many_parts`` (more than the limits allow).
    """

    parts: tuple[Part, ...]
    damage: frozenset[str]

    @property
    def parsed_by(self) -> str:
        """``fast`` when the message was sound, ``fallback`` when something was repaired or left out."""
        return "fallback" if self.damage else "fast"


_PARAMETER = re.compile(r';\s*([^\s=;"]{1,64})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


@compiled("parts")
def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    r"""Split a structured field such as Content-Type into its value and its parameters (RFC 2045 5.1, RFC 2231).

    Examples
    --------
    >>> parameters('Text/HTML; charset="utf-8"; name*0*=utf-8\'\'caf; name*1*=%C3%A9')
    ('text/html', {'charset': 'utf-8', 'name': 'café'})
    """
    # Most values are one of a few; what a long one names (a boundary, a file) never comes again.
    return _remembered(value) if len(value) <= 64 else _parameters(value[:8192])


def _parameters(value: str) -> tuple[str, Mapping[str, str]]:
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


_remembered = lru_cache(maxsize=2048)(_parameters)


def _extended(text: str) -> str:
    charset, quote, rest = text.partition("'")
    _, second, encoded = rest.partition("'")
    if not (quote and second):
        charset, encoded = "", text
    data = _PERCENT.sub(lambda match: bytes.fromhex(match[1].decode()), encoded.encode("utf-8", "replace"))
    return decode(data, charset)


_MOST_MARKS = 10_000
_WANTED = frozenset({"content-type", "content-disposition", "content-transfer-encoding"})


@compiled("parts")
def read(raw: bytes, limits: Limits, block: header_block.Block | None = None) -> Parts:
    r"""Read the parts of a message; never raises on content.

    A multipart whose boundary never occurs is read as one text, which is what a reader can see of it.

    Parameters
    ----------
    raw
        The message without mbox ``From `` line.
    limits
        How much of it is looked at.
    block
        Its header block, where that is known.

    Examples
    --------
    >>> found = read(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b--", Limits())
    >>> [(part.content_type, part.depth, part.text) for part in found.parts]
    [('multipart/mixed', 0, ''), ('text/plain', 1, 'hello')]
    """
    parts: list[Part] = []
    damage: set[str] = set()
    left = limits.decoded_bytes
    stack = [(raw[: limits.raw_bytes], 0, "text/plain", "")]
    while stack:
        data, depth, kind, outer = stack.pop()
        if len(parts) >= limits.parts:
            damage.add("many_parts")
            break
        if block is None:
            block = header_block.split(data, most=limits.headers, most_bytes=limits.header_bytes)
        fields, body, block = _wanted(block), data[block.body :], None
        declared, of_kind = parameters(fields.get("content-type", ""))
        kind = declared if "/" in declared else kind
        if kind.startswith("multipart/"):
            boundary = of_kind.get("boundary", "")
            inner, trouble = _inner(body, boundary, outer, limits.parts, deep=depth >= limits.depth)
            damage.add(trouble)
            if trouble != "no_boundary":
                parts.append(_part(fields, kind, of_kind, depth, b""))
                child = "message/rfc822" if kind == "multipart/digest" else "text/plain"
                stack.extend([(piece, depth + 1, child, boundary) for piece in reversed(inner)])
                continue
            kind = "text/plain"
        content, trouble = _content(body, fields.get("content-transfer-encoding", ""), left)
        damage.add(trouble)
        left -= len(content)
        parts.append(_part(fields, kind, of_kind, depth, content))
        if kind == "message/rfc822":
            if depth < limits.depth:
                stack.append((content, depth + 1, "text/plain", ""))
            else:
                damage.add("many_parts")
    damage.discard("")
    return Parts(tuple(parts), frozenset(damage))


def _inner(body: bytes, boundary: str, outer: str, most: int, *, deep: bool) -> tuple[list[bytes], str]:
    """Return the pieces of a multipart body, and the word for what is wrong with it."""
    if deep:
        return [], "many_parts"
    inner, whole = _split(body, boundary, most)
    if not inner:
        return [], "no_boundary"
    if outer and boundary.startswith(outer):
        return inner, "same_boundary"
    return inner, "" if whole else "no_end"


def _wanted(block: header_block.Block) -> dict[str, str]:
    """Return the topmost value of each field that describes the content."""
    found: dict[str, str] = {}
    for written, value in zip(block.names, block.values, strict=True):
        if written[0] in "Cc":
            name = header_block.lower(written)
            if name in _WANTED:
                found.setdefault(name, header_block.text_of(value))
    return found


def _part(fields: dict[str, str], kind: str, of_kind: Mapping[str, str], depth: int, content: bytes) -> Part:
    disposition, of_disposition = parameters(fields.get("content-disposition", ""))
    name = of_disposition.get("filename") or of_kind.get("name", "")
    return Part(
        content_type=kind,
        declared=bool(fields.get("content-type")),
        charset=of_kind.get("charset", "").strip().lower(),
        encoding=fields.get("content-transfer-encoding", "").strip().lower(),
        disposition=disposition,
        file_name=decode_words(name).strip(),
        boundary=of_kind.get("boundary", ""),
        depth=depth,
        content=content,
    )


def _split(body: bytes, boundary: str, most: int) -> tuple[list[bytes], bool]:
    """Split a multipart body at its boundary lines; also tell whether the closing one was there, or not looked for."""
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
        # Junk may follow the end; after another boundary it would be a longer boundary, as careless senders nest them.
        end = rest.startswith(b"--")
        if (end or not rest) and (at == 0 or body[at - 1 : at] == b"\n"):
            if start >= 0:
                pieces.append(body[start:at].removesuffix(b"\n").removesuffix(b"\r"))
            if end:
                return pieces, True
            start = line_end + 1
            if len(pieces) >= most:
                return pieces, True
        at = body.find(mark, after)
    if start >= 0:
        pieces.append(body[start:])
    return pieces, False


def _content(body: bytes, encoding: str, most: int) -> tuple[bytes, str]:
    """Return the decoded content of a part and the word for what is wrong with it.

    Quoted-printable keeps the line ends it came with, as unencoded text does.
    """
    encoding = encoding.strip().lower()
    trouble = ""
    if encoding == "quoted-printable":
        body = binascii.a2b_qp(body)
    elif encoding == "base64":
        clean = body.translate(None, b" \t\r\n")
        body = unbase64(clean)
        # A character that is not of the alphabet is left out, so that less comes out than went in.
        if len(clean) % 4 or len(body) != len(clean.rstrip(b"=")) * 3 // 4:
            trouble = "base64"
    return (body[:most], "cut") if len(body) > most else (body, trouble)
