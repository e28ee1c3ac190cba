"""Where the header fields of an entity stand, so that one of them can be replaced and all others kept to the byte."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Nothing is ever given back ("+"), so the time is linear.
_FIELD = re.compile(rb"^([^\s:]{1,200}+)[ \t]{0,50}+:(.*+(?:\n[ \t].*+)*+)", re.MULTILINE)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_MOST_BYTES, _MOST_FIELDS = 262_144, 1_000


@dataclass(frozen=True)
class Field:
    """One header field.

    Attributes
    ----------
    name
        Lower case.
    start, value, end
        Offsets of the name, of what follows the colon, and behind the last character, line end left out.
    """

    name: str
    start: int
    value: int
    end: int


@dataclass(frozen=True)
class Head:
    """The header block of an entity.

    Attributes
    ----------
    fields
        In order, 1,000 at most.
    end
        Offset behind the last field's line end, where another field may be written.
    body
        Offset of the body.
    sound
        Whether all of it was read, and a blank line ends it.
    """

    fields: tuple[Field, ...]
    end: int
    body: int
    sound: bool


def head(raw: bytes, start: int, end: int) -> Head:
    r"""Find the fields of the entity in ``raw[start:end]``; a mbox ``From `` line is skipped.

    Examples
    --------
    >>> found = head(b"A: b\nC: d\n\ntext", 0, 15)
    >>> [field.name for field in found.fields], found.end, found.body, found.sound
    (['a', 'c'], 10, 11, True)
    """
    first = raw.find(b"\n", start, end) + 1 if raw.startswith(b"From ", start, end) else start
    if raw.startswith((b"\n", b"\r\n"), first):
        return Head((), first, min(raw.find(b"\n", first) + 1, end), sound=True)
    lf = raw.find(b"\n\n", first, end)
    crlf = raw.find(b"\n\r\n", first, lf if lf >= 0 else end)
    stop = min((at for at in (lf, crlf) if at >= 0), default=end)
    fields = []
    for match in _FIELD.finditer(raw, first, min(stop, first + _MOST_BYTES)):
        last = match.end() - raw.endswith(b"\r", match.start(), match.end())
        fields.append(Field(match[1].decode("latin-1").lower(), match.start(), match.start(2), last))
        if len(fields) >= _MOST_FIELDS:
            break
    sound = stop < end and stop - first <= _MOST_BYTES and len(fields) < _MOST_FIELDS
    body = end if stop == end else stop + (3 if stop == crlf else 2)
    return Head(tuple(fields), min(stop + 1, end), body, sound)


def value(raw: bytes, field: Field, most: int = 10_000) -> str:
    """Return the unfolded value of a field: UTF-8 when it is that, else Latin-1."""
    data = raw[field.value : min(field.end, field.value + most)]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return _FOLD.sub("", text).strip()
