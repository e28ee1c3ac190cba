"""The two ways through a header block agree, and neither loses a byte."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.mail import header_block
from msa_ml.features.mail.header_block import Block, name_of, split, value_of


@pytest.mark.parametrize(
    ("raw", "fields", "damage"),
    [
        (b"A: 1\nB: 2\n\nbody", (b"A: 1", b"B: 2"), ""),
        (b"A: 1\r\n 2\r\nB:\r\n\r\nbody", (b"A: 1\r\n 2", b"B:"), ""),
        (b"A: 1\r\r\nB: 2\r\n\r\n", (b"A: 1\r", b"B: 2"), ""),
        (b"A : 1\nB\t: 2\n\n", (b"A : 1", b"B\t: 2"), ""),
        (b"A: 1\nno field\nB: 2\n\n", (b"A: 1", b"B: 2"), "header_line"),
        (b" fold of nothing\nA: 1\n\n", (b"A: 1",), "header_line"),
        (b": no name\nA: 1\n\n", (b"A: 1",), "header_line"),
        (b"A" * 257 + b": long\nB: 1\n\n", (b"B: 1",), "header_line"),
        (b"A: 1\n", (b"A: 1",), "no_body"),
        (b"A: 1\n\nB: 2\r\n\r\n", (b"A: 1",), ""),
        (b"A: 1\r\n\r\nB: 2\n\n", (b"A: 1",), ""),
        (b"\nA: 1\n\n", (), ""),
        (b"", (), "no_body"),
        (b"From x\nA: \xff\x00\n\n", (b"A: \xff\x00",), ""),
    ],
)
def test_split(raw: bytes, fields: tuple[bytes, ...], damage: str) -> None:
    found = split(raw)
    assert (found.fields, found.damage) == (fields, damage)
    assert [header_block.lower(name) for name in found.names] == [name_of(field) for field in fields]
    assert [header_block.text_of(value) for value in found.values] == [value_of(field) for field in fields]


_LINES = st.sampled_from(
    [b"A: 1", b"B:2", b" fold", b"\tfold", b"C : 3", b"junk", b"", b":", b"D:\xe9", b"E: \r", b"A\x0bB: 1", b" ", b"\r"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_LINES, st.sampled_from([b"\n", b"\r\n"])), max_size=8))
def test_one_pass_says_what_line_by_line_says(lines: list[tuple[bytes, bytes]]) -> None:
    raw = b"".join(line + end for line, end in lines)
    found = split(raw)
    end, _ = header_block._end(raw, 0)
    names, values, odd = header_block._line_by_line(raw[:end].decode("latin-1"))
    assert found[:2] == (tuple(names), tuple(values))
    assert odd is (found.damage == "header_line") or found.damage == "no_body"


def test_limits() -> None:
    assert split(b"A: 1\n" * 10, most=3) == Block(("A",) * 3, (" 1",) * 3, 50, "many_headers")
    assert split(b"A: 1\n" * 10, most_bytes=11).names == ("A", "A")


@pytest.mark.parametrize(
    "raw", [b"A:" * 200_000, b"A:\n " * 100_000, b"\n ".join([b"A: 1"] * 99_999), b"\r" * 300_000, b"A: 1\n" * 60_000]
)  # fmt: skip
def test_time_is_linear(raw: bytes) -> None:
    began = time.process_time()
    split(raw)
    assert time.process_time() - began < 0.5
