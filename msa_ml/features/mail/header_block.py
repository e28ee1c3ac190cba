r"""The header block of a message: fields in order, unfolded, repeated ones kept.

Read from the bytes, by the rules of RFC 5322 section 2.2 and with the patience that real mail needs: LF or CRLF, a
leading mbox ``From `` line, 8-bit values (RFC 6532 or nothing at all), NUL bytes, lines without a colon.

A sound block is split by one pattern over all of it; a block in which a line is no field is read line by line.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from msa_ml.features.compiled import compiled
from msa_ml.records import without_from_line

_NAME = re.compile(r"\n([^\s:]{1,256}):", re.ASCII)
_LINE_END = re.compile(r"\r?\n(?![ \t])")
_BLANK = " \t\n\r\x0b\x0c"


class Block(NamedTuple):
    """The header fields of a message and where its body begins.

    Attributes
    ----------
    names, values
        What stands before and after the colon of each field, folds included. Bytes are read as Latin-1, which loses none.
    body
        Offset of the first byte of the body; the length of the message when there is none.
    damage
        ``''``, ``'no_body'``, ``'header_line'`` (a line that is no field was skipped) or ``'many_headers'``.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    body: int
    damage: str

    @property
    def fields(self) -> tuple[bytes, ...]:
        """Bytes of each field as it was sent, with its folds and without its line end."""
        return tuple(
            [f"{name}:{value}".encode("latin-1") for name, value in zip(self.names, self.values, strict=True)]
        )


@compiled("head")
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
    >>> found = split(b"Subject: a\r\n b\r\nTo: c\r\n\r\nbody")
    >>> found.fields, found.body, found.damage
    ((b'Subject: a\r\n b', b'To: c'), 25, '')
    """
    start = len(raw) - len(without_from_line(raw)) if raw.startswith(b"From ") else 0
    end, body = _end(raw, start)
    damage = "no_body" if body > len(raw) else ""
    if end - start > most_bytes:
        end, damage = start + most_bytes, "many_headers"
    text = raw[start:end].decode("latin-1")
    pieces = _NAME.split("\n" + text)
    names, values = pieces[1::2], pieces[2::2]
    # In a sound block every line end begins a field or a fold.
    if pieces[0] or len(names) - 1 != text.count("\n") - text.count("\n ") - text.count("\n\t"):
        names, values, odd = _line_by_line(text)
        damage = damage or ("header_line" if odd else "")
    elif "\r" in text:
        values = [value.removesuffix("\r") for value in values]
    if len(names) >= most:
        names, values, damage = names[:most], values[:most], "many_headers"
    return Block(tuple(names), tuple(values), min(body, len(raw)), damage)


def _end(raw: bytes, start: int) -> tuple[int, int]:
    """Return the end of the header block and the beginning of the body; past the end when there is no body."""
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, start + (1 if raw.startswith(b"\n", start) else 2)
    lf = raw.find(b"\n\n", start)
    end = lf if lf >= 0 else len(raw)
    # One byte is found many times faster than three.
    crlf = raw.find(b"\n\r\n", start, end) if raw.find(b"\r", start, end) >= 0 else -1
    if crlf >= 0:
        return crlf, crlf + 3
    return (lf, lf + 2) if lf >= 0 else (end, end + 1)


def _line_by_line(text: str) -> tuple[list[str], list[str], bool]:
    """Return the fields of a block that is not sound, and whether a line is no field."""
    names, values = [], []
    odd = False
    for line in _LINE_END.split(text.removesuffix("\r")):
        name, colon, value = line.partition(":")
        # A name has no blank (RFC 5322 3.6.8); blanks before the colon are the obsolete form of section 4.5.
        if colon and 0 < len(name) <= 256 and name[0] not in _BLANK and " " not in name.rstrip(_BLANK):
            names.append(name)
            values.append(value)
        elif line.strip(_BLANK):
            odd = True
    return names, values, odd


@compiled("head")
def text_of(value: str, *, most: int = 65_536) -> str:
    r"""Return the unfolded text of a value of a :class:`Block`: UTF-8 when it is that, else Latin-1.

    Examples
    --------
    >>> text_of(" caf\u00c3\u00a9\r\n au lait"), text_of(" caf\u00e9")
    ('café au lait', 'café')
    """
    value = value[:most]
    if not value.isascii():
        with suppress(UnicodeDecodeError):
            value = value.encode("latin-1").decode("utf-8")
    # Every line end in a value is followed by the blank of a fold.
    if "\n" in value:
        value = (value.replace("\r\n", "") if "\r" in value else value).replace("\n", "")
    return value.strip()


def lower(name: str) -> str:
    """Return the lower-case form of a name of a :class:`Block`, without the blanks of the obsolete form."""
    return name.rstrip(_BLANK).lower()


def name_of(field: bytes) -> str:
    """Return the lower-case name of a field.

    Examples
    --------
    >>> name_of(b"Subject : x")
    'subject'
    """
    return field[: field.find(b":")].rstrip().decode("latin-1").lower()


def value_of(field: bytes, *, most: int = 65_536) -> str:
    r"""Return the unfolded value of a field, as :func:`text_of` does.

    Examples
    --------
    >>> value_of(b"Subject: caf\xc3\xa9\r\n au lait"), value_of(b"Subject: caf\xe9")
    ('café au lait', 'café')
    """
    return text_of(field[field.find(b":") + 1 :].decode("latin-1"), most=most)
