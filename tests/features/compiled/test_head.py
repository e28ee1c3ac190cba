"""The twins that read the header block."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import header_block, message

_LINES = st.sampled_from(
    [b"A: 1", b"B:2", b" fold", b"\tfold", b"C : 3", b"From: x", b"From x", b"junk", b"", b":", b"D:\xe9", b"E: \r", b"A\x0bB: 1",
     b"A\x1cB: 1", b"\x00: 1", b" ", b"\r", b"A" * 256 + b": 1", b"A" * 257 + b": 1", b"F:\x1f 1 \t"]
)  # fmt: skip
_BLOCKS = st.lists(st.tuples(_LINES, st.sampled_from([b"\n", b"\r\n", b"\r", b""])), max_size=8).map(
    lambda lines: b"".join(line + end for line, end in lines)
)
_PIECES = st.sampled_from(
    ["a", "bc", " ", "\t", "\n", "\r\n", "\r", "\x1c", "\x0b", "\x00", "é", "ÿ", "\x85", "\xa0"]
)


def _same(name: str, own: Any, *values: Any, **words: Any) -> None:
    pair = TWINS.get(f"head.{name}", (own, own))
    first, second = (function(*values, **words) for function in pair)
    assert first == second
    assert type(first) is type(second)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), _BLOCKS), st.integers(0, 5), st.sampled_from([0, 1, 7, 20, 10**6]))
def test_split(raw: bytes, most: int, most_bytes: int) -> None:
    _same("split", header_block.split, raw)
    _same("split", header_block.split, raw + b"\n\nbody\n\nbody")
    _same("split", header_block.split, raw, most=most, most_bytes=most_bytes)


@pytest.mark.parametrize(
    "raw",
    [
        b"A: 1\n\nbody",
        b"A: 1\r\n\r\nbody",
        b"A: 1\r\n\r\n\nbody",
        b"A: 1\n\r\n\nbody",
        b"A: 1\n\r\nbody\n\n",
        b"A: 1\n\r",
        b"A: 1\n \n\nbody",
        b"A: 1\r\r\n\r\n",
        b"A:\n\n",
        b"A:\r\n\r\n",
        b"A\n\n",
        b"\n",
        b"\nA: 1\n\n",
        b"A: 1\n",
        b"From x\nA: 1\n\n",
        b"\xe9: 1\n\n",
        bytearray(b"A: 1\n\n"),
    ],
)
def test_split_at_blank_lines(raw: bytes) -> None:
    _same("split", header_block.split, raw)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=20), st.lists(_PIECES, max_size=12).map("".join)), st.integers(0, 12))
def test_text_of(value: str, most: int) -> None:
    latin = value.encode("latin-1", "ignore").decode("latin-1")
    _same("text_of", header_block.text_of, latin)
    _same("text_of", header_block.text_of, latin, most=most)


_NAMES = ["Subject", "SUBJECT", "To ", "to", "X-Spam-Flag", "List-Id", "x\x00y", "é", ""]


@given(st.lists(st.sampled_from(_NAMES), max_size=9))
def test__by_name(names: list[str]) -> None:
    values = tuple(map(str, range(len(names))))
    _same("_by_name", message._by_name, tuple(names), values)


@pytest.mark.parametrize("wrong", [(["a"], ("b",)), (("a",), ("b", "c")), (("a", "b"), ("c",))])
def test__by_name_refuses_what_is_no_block(wrong: Any) -> None:
    twin = TWINS.get("head._by_name", (None, None))[1]
    if twin is not None:
        with pytest.raises((TypeError, ValueError)):
            twin(*wrong)
