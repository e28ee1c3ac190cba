r"""The messages of one file: a single one, or those of an mbox, one at a time.

A separator is a line ``From SENDER DATE`` at the start of the file or after an empty line, whose date has the shape of
asctime (RFC 4155). Anything else that starts with ``From `` is text. A file is an mbox when it starts with a separator
and holds a second one, or is called ``.mbox``; its quoted lines ``>From `` lose one ``>`` (mboxrd). Every other file is
one message and its bytes stay as they are, so a corpus of files that kept their ``From `` line is read file by file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from msa_ml.records import without_from_line

MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
# Longer than any separator, so that one which lies across two chunks is found.
_TAIL = 1024
_SMALL = 4 * 1024 * 1024

# A tilde stands for the gap between two words.
_SHAPE = (
    rb"From (?:[^\n]{0,300}[ \t])?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?~"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)~\d{1,2}~"
    rb"\d{1,2}:\d\d(?::\d\d)?(?:~(?:[A-Za-z]{1,5}|[+-]\d{4})){0,2}~\d{4}"
    rb"(?:~(?:[+-]\d{4}|remote from [^\n]{1,200}))?[ \t]{0,8}\r?\n"
).replace(b"~", rb"[ \t]{1,8}")
_SEPARATOR = re.compile(_SHAPE)
_LATER_SEPARATOR = re.compile(rb"\n\r?\n(?=" + _SHAPE + rb")")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of a file, without its ``From `` line; ``cut`` when it was longer than is kept."""

    raw: bytes = field(repr=False)
    cut: bool = False
    of_mbox: bool = False


class Peekable:
    """A stream whose start can be looked at before it is read; a member of an archive cannot be rewound."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._start = b""

    def peek(self, size: int) -> bytes:
        """Return the first bytes, which stay to be read."""
        self._start += self._stream.read(max(0, size - len(self._start)))
        return self._start[:size]

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        taken, self._start = self._start[:size], self._start[size:]
        return taken + self._stream.read(size - len(taken)) if len(taken) < size else taken


def split(
    stream: BinaryIO | Peekable, *, named_mbox: bool = False, most_bytes: int = MOST_BYTES
) -> Iterator[Piece]:
    r"""Yield the messages of a file.

    Parameters
    ----------
    stream
        The file, at its start. It is read forward once; at most one message is held.
    named_mbox
        Whether its name says that it is an mbox, so that one message makes one too.
    most_bytes
        Where a message is cut.

    Examples
    --------
    >>> import io
    >>> box = b"From a Thu Aug 22 12:36:23 2002\nA: 1\n\n>From here\n\nFrom b Thu Aug 22 12:36:24 2002\nA: 2\n\nx\n"
    >>> [piece.raw for piece in split(io.BytesIO(box))]
    [b'A: 1\n\nFrom here\n', b'A: 2\n\nx\n']
    >>> [piece.raw for piece in split(io.BytesIO(box.replace(b":24", b"")))]  # still a time
    [b'A: 1\n\nFrom here\n', b'A: 2\n\nx\n']
    >>> [piece.raw for piece in split(io.BytesIO(box.replace(b"22 12:36:24", b"at noon")))]
    [b'A: 1\n\n>From here\n\nFrom b Thu Aug at noon 2002\nA: 2\n\nx\n']
    """
    start = stream.read(min(_SMALL, most_bytes) + 1)
    whole = len(start) <= min(_SMALL, most_bytes)
    if _SEPARATOR.match(start) is None:
        yield _single(start if whole else start + stream.read(most_bytes + 1 - len(start)), most_bytes)
    elif whole and not named_mbox and _LATER_SEPARATOR.search(start) is None:
        yield _single(start, most_bytes)
    elif start:
        yield from _mbox(start, stream, named_mbox=named_mbox, most_bytes=most_bytes)


def _single(raw: bytes, most_bytes: int) -> Piece:
    return Piece(without_from_line(raw[:most_bytes]), cut=len(raw) > most_bytes)


def _mbox(
    buffer: bytes, stream: BinaryIO | Peekable, *, named_mbox: bool, most_bytes: int
) -> Iterator[Piece]:
    """Search chunk by chunk, which is many times as fast as line by line."""
    kept: list[bytes] = []  # what was already taken from the buffer of the message that begins before it
    size, begin = 0, 0
    several = named_mbox
    while True:
        while found := _LATER_SEPARATOR.search(buffer, begin):
            several = True
            last = buffer[begin : found.end()]
            yield _of_mbox([*kept, last], size + len(last), most_bytes)
            kept, size, begin = [], 0, found.end()
        rest = buffer[begin:]
        chunk = stream.read(_CHUNK)
        if not chunk:
            break
        sure = rest[:-_TAIL]
        if size <= most_bytes:
            kept.append(sure)
        size += len(sure)
        buffer, begin = rest[len(sure) :] + chunk, 0
    whole = [*kept, rest]
    yield _of_mbox(whole, size + len(rest), most_bytes) if several else _single(b"".join(whole), most_bytes)


def _of_mbox(kept: list[bytes], size: int, most_bytes: int) -> Piece:
    """Take off the frame: the separator, the empty line that ends a message, and the quoting."""
    raw = without_from_line(b"".join(kept)[:most_bytes])
    if raw.endswith((b"\n\n", b"\n\r\n")):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    return Piece(_QUOTED.sub(rb"\1", raw), cut=size > most_bytes, of_mbox=True)
