r"""The header block of a message: fields in order, unfolded, repeated ones kept.

Read from the bytes, by the rules of RFC 5322 section 2.2 and with the patience that real mail needs: LF or CRLF, a
leading mbox ``From `` line, 8-bit values (RFC 6532 or nothing at all), NUL bytes, lines without a colon.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msa_ml.records import without_from_line

_LINE_END = re.compile(rb"\r?\n(?![ \t])")
_FOLD = re.compile(r"\r?\n(?=[ \t])")


class Block(NamedTuple):
    """The header fields of a message and where its body begins.

    Attributes
    ----------
    fields
        Bytes of each field as it was sent, with its folds and without its line end.
    body
        Offset of the first byte of the body; the length of the message when there is none.
    damage
        ``''``, ``'no_body'``, ``'header_line'`` (a line that is no field was skipped) or ``'many_headers'``.
    """

    fields: tuple[bytes, ...]
    body: int
    damage: str


def split(raw: bytes, *, most: int = 1000, most_bytes: int = 262_144) -> Block:
    r"""Find the header fields of a message.

    Parameters
    ----------
    raw
        The message; a mbox ``From `` line before it is skipped.
    most, most_bytes
        Fields and bytes to read at most; the rest of the block is left out.

    Examples
    --------
    >>> split(b"Subject: a\r\n b\r\nTo: c\r\n\r\nbody")
    Block(fields=(b'Subject: a\r\n b', b'To: c'), body=25, damage='')
    """
    start = len(raw) - len(without_from_line(raw)) if raw.startswith(b"From ") else 0
    end, body = _end(raw, start)
    damage = "no_body" if body > len(raw) else ""
    body = min(body, len(raw))
    if end - start > most_bytes:
        end, damage = start + most_bytes, "many_headers"
    fields = []
    for line in _LINE_END.split(raw[start:end].removesuffix(b"\r")):
        colon = line.find(b":")
        # A name has no blank (RFC 5322 3.6.8); blanks before the colon are the obsolete form of section 4.5.
        if 0 < colon <= 256 and not line[:1].isspace() and b" " not in line[:colon].rstrip():
            fields.append(line)
        elif line and not line.isspace():
            damage = damage or "header_line"
        if len(fields) >= most:
            damage = "many_headers"
            break
    return Block(tuple(fields), body, damage)


def _end(raw: bytes, start: int) -> tuple[int, int]:
    """Return the end of the header block and the beginning of the body; past the end when there is no body."""
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, start + (1 if raw.startswith(b"\n", start) else 2)
    lf, crlf = raw.find(b"\n\n", start), raw.find(b"\n\r\n", start)
    if lf < 0 and crlf < 0:
        return len(raw), len(raw) + 1
    if crlf < 0 or 0 <= lf < crlf:
        return lf, lf + 2
    return crlf, crlf + 3


def name_of(field: bytes) -> str:
    """Return the lower-case name of a field.

    Examples
    --------
    >>> name_of(b"Subject : x")
    'subject'
    """
    return field[: field.find(b":")].rstrip().decode("latin-1").lower()


def value_of(field: bytes, *, most: int = 65_536) -> str:
    r"""Return the unfolded value of a field: UTF-8 when it is that, else Latin-1.

    Examples
    --------
    >>> value_of(b"Subject: caf\xc3\xa9\r\n au lait"), value_of(b"Subject: caf\xe9")
    ('café au lait', 'café')
    """
    data = field[field.find(b":") + 1 :][:most]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return (_FOLD.sub("", text) if "\n" in text else text).strip()
