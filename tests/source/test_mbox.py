from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.source import mbox
from msa_ml.source.mbox import Peekable, split
from tests.source.mails import in_mbox, mail

LINE = b"From jo@example.org Thu Jan  1 12:00:00 2026\n"


def raws(content: bytes, *, named_mbox: bool = False) -> list[bytes]:
    return [piece.raw for piece in split(io.BytesIO(content), named_mbox=named_mbox)]


def test_messages_come_out_as_they_went_in() -> None:
    messages = [mail(number) for number in range(5)]
    assert raws(b"".join(map(in_mbox, messages))) == messages


def test_crlf() -> None:
    messages = [mail(number).replace(b"\n", b"\r\n") for number in range(3)]
    box = b"".join(in_mbox(message).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for message in messages)
    assert raws(box) == messages


def test_quoted_lines_lose_one_mark_in_an_mbox_only() -> None:
    body = b"Subject: x\n\n>From the start\n>>From twice\n > From no\n"
    assert raws(LINE + body + b"\n" + LINE + mail(1)) == [
        b"Subject: x\n\nFrom the start\n>From twice\n > From no\n",
        mail(1),
    ]
    assert raws(LINE + body) == [body]
    assert raws(LINE + body, named_mbox=True) == [b"Subject: x\n\nFrom the start\n>From twice\n > From no\n"]
    assert raws(body) == [body]


@pytest.mark.parametrize(
    "line",
    [
        b"From here to eternity\n",
        b"From jo@example.org\n",
        b"From jo@example.org Thursday 1 January\n",
        b"From: Thu Jan  1 12:00:00 2026\n",
        b" From jo@example.org Thu Jan  1 12:00:00 2026\n",
    ],
)
def test_what_only_looks_like_a_separator(line: bytes) -> None:
    content = LINE + mail(1) + b"\n" + line + mail(2)
    assert raws(content) == [content[len(LINE) :]]


def test_a_separator_needs_an_empty_line_before_it() -> None:
    content = LINE + mail(1) + LINE + mail(2)
    assert raws(content) == [mail(1) + LINE + mail(2)]


def test_a_file_that_does_not_start_with_a_separator_is_one_message() -> None:
    content = mail(1) + b"\n" + LINE + mail(2)
    assert raws(content) == [content]


@pytest.mark.parametrize(
    "date",
    [
        b"Thu Jan  1 12:00:00 2026",
        b"Thu Jan 1 12:00 2026",
        b"Thu Jan  1 12:00:00 CET 2026",
        b"Thu Jan  1 12:00:00 2026 +0100",
        b"Thu Jan  1 12:00:00 +0100 2026",
        b" Thu Jan  1 12:00:00 2026",
        b"Thu Jan  1 12:00:00 2026 remote from somewhere",
    ],
)
def test_separators_of_the_wild(date: bytes) -> None:
    line = b"From - " + date + b"\n"
    assert raws(line + mail(1) + b"\n" + line + mail(2)) == [mail(1), mail(2)]


def test_a_large_mbox_is_streamed() -> None:
    class Endless(io.RawIOBase):
        """Two messages, then more than anybody reads."""

        def __init__(self) -> None:
            self.given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer)  # type: ignore[arg-type]
            block = in_mbox(mail(1, body="x" * 70_000))
            count = min(len(view), len(block) - self.given % len(block))
            at = self.given % len(block)
            view[:count] = block[at : at + count]
            self.given += count
            return count

    source = Endless()
    pieces = split(io.BufferedReader(source))
    assert [next(pieces).raw for _ in range(3)] == [mail(1, body="x" * 70_000)] * 3
    assert source.given < 3 * mbox._SMALL


def test_long_messages_are_cut() -> None:
    content = LINE + mail(1, body="x" * 5_000_000) + b"\n" + LINE + mail(2)
    first, second = split(io.BytesIO(content), most_bytes=100_000)
    assert first.cut
    assert len(first.raw) <= 100_000
    assert second.raw == mail(2)
    (single,) = split(io.BytesIO(mail(1, body="x" * 5_000_000)), most_bytes=100_000)
    assert single.cut
    assert len(single.raw) == 100_000


@given(
    st.lists(
        st.sampled_from(
            [b"\n" + LINE, LINE, b"\n", b"\r\n", b">From a\n", b"From b\n", b"A: 1\n", b"x" * 70, b"\0\n"]
        ),
        max_size=30,
    ),
    st.booleans(),
    st.integers(1, 60),
)
def test_bounds_and_peeking_do_not_change_what_is_found(lines: list[bytes], named: bool, peeked: int) -> None:
    content = LINE + b"".join(lines)
    plain = list(split(io.BytesIO(content), named_mbox=named))
    assert len(plain) <= content.count(LINE) + 1
    stream = Peekable(io.BytesIO(content))
    assert stream.peek(peeked) == content[:peeked]
    assert list(split(stream, named_mbox=named)) == plain
    with pytest.MonkeyPatch.context() as patch:  # the long way must equal the short one
        patch.setattr(mbox, "_SMALL", 60)
        patch.setattr(mbox, "_CHUNK", 50)
        patch.setattr(mbox, "_TAIL", 100)
        assert [p.raw for p in split(io.BytesIO(content), named_mbox=named)] == [p.raw for p in plain]
