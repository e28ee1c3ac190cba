"""The twins that read what a header says about the content."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import mime
from msa_ml.features.mail.header_block import Block
from msa_ml.features.mail.mime import Limits, Part, read


def _same(name: str, *values: Any) -> Any:
    own = getattr(mime, name)
    first, second = (function(*values) for function in TWINS.get(f"parts.{name}", (own, own)))
    assert first == second
    assert type(first) is type(second)
    return second


_PIECES = st.sampled_from(
    ["a", "Text/HTML", ";", "; ", "=", '"', "\\", "*", "*0*=", "name=", "charset", " ", "\t", "\x1c", "\x0b", "\n", "é", "\x85", ",", "'",
     "x" * 63, "x" * 64, "x" * 65, '="b"', "; name=v"]
)  # fmt: skip


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(_PIECES, max_size=12).map("".join)))
def test__parameters(value: str) -> None:
    _same("_parameters", value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", ("", {})),
        (" A/B ", ("a/b", {})),
        ("a; b=c; B=d", ("a", {"b": "c"})),
        ('a; b="c;d" e ; f = g h ', ("a", {"b": "c;d", "f": "g h"})),
        ('a; b="c d ', ("a", {"b": "c d"})),
        ('a; b="', ("a", {"b": ""})),
        ("a; b; c=d", ("a", {"c": "d"})),
        ("a;;b=c", ("a", {"b": "c"})),
        ("a; b c=d", ("a", {})),
        ('a; "b"=c', ("a", {})),
        ("a;b=", ("a", {"b": ""})),
    ],
)
def test__parameters_table(value: str, found: tuple[str, dict[str, str]]) -> None:
    assert _same("_parameters", value) == found


_NAMES = [
    "Content-Type",
    "content-type ",
    "CONTENT-DISPOSITION",
    "Content-Transfer-Encoding",
    "Subject",
    "C",
    "Content-ID",
    "Content-Typé",
]


@given(st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from([" a", "", " b\n c", "é"])), max_size=8))
def test__wanted(fields: list[tuple[str, str]]) -> None:
    names, values = tuple(name for name, _ in fields), tuple(value for _, value in fields)
    _same("_wanted", Block(names, values, 0, ""))


_VALUES = st.sampled_from(
    ["", " A ", "attachment; filename=b", "=?utf-8?q?caf=C3=A9?=", "inline; filename*=utf-8''x%20"]
)


@given(st.dictionaries(st.sampled_from(["content-type", "content-disposition", "content-transfer-encoding"]), _VALUES),
       st.dictionaries(st.sampled_from(["name", "charset", "boundary"]), _VALUES))  # fmt: skip
def test__part(fields: dict[str, str], of_kind: dict[str, str]) -> None:
    twin: Any = _same("_part", fields, "text/plain", of_kind, 1, b"content")
    with pytest.raises(AttributeError):
        twin.depth = 2
    assert type(twin) is Part
    assert list(vars(twin)) == list(Part.__dataclass_fields__)


def test_a_part_is_as_python_makes_it() -> None:
    part = read(b"Content-Type: text/plain; name=x\n\nhello", Limits()).parts[0]
    assert part == Part("text/plain", True, "", "", "", "x", "", 0, b"hello")
    assert repr(part) == repr(Part("text/plain", True, "", "", "", "x", "", 0, b"hello"))
    assert hash(part) == hash(Part("text/plain", True, "", "", "", "x", "", 0, b"hello"))
    assert (part.text, part.is_attachment) == ("hello", True)
