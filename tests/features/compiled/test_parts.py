"""The twins that read what a header says about the content."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import mime
from msa_ml.features.mail.header_block import split
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
def test_parameters(value: str) -> None:
    _same("parameters", value)


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
def test_parameters_table(value: str, found: tuple[str, dict[str, str]]) -> None:
    assert _same("parameters", value) == found


_FIELDS = st.sampled_from(
    [b"Content-Type: text/html; charset=ISO-8859-1", b"content-type : text/plain; name=a.txt", b"Content-Type: multipart/mixed; boundary=b",
     b'CONTENT-TYPE: multipart/digest;\n boundary="b"', b"Content-Type: multipart/mixed; boundary=bb", b"Content-Type: multipart/mixed",
     b"Content-Type: message/rfc822", b"Content-Type: caf\xe9", b"Content-Type:", b"Content-Disposition: attachment; filename==?utf-8?q?=C3=A9?=",
     b"Content-Disposition: inline; filename*=utf-8''x%20", b"Content-Transfer-Encoding: BASE64 ", b"Content-Transfer-Encoding: quoted-printable",
     b"Content-Transfer-Encoding: 8bit", b"Content-Typ\xe9: x", b"Subject: x", b"C: x", b"junk"]
)  # fmt: skip
_BODIES = st.sampled_from(
    [
        b"hello\n",
        b"aGVsbG8=",
        b"a=E9\n",
        b"--b",
        b"--b\n",
        b"--bb\n",
        b"--b--\n",
        b"--b--junk\n",
        b"\n",
        b"Content-Type: text/html\n\n",
    ]
)
_MAILS = st.builds(
    lambda first, body, second, rest: (
        b"\n".join(first) + b"\n\n" + b"".join(body) + b"\n".join(second) + b"\n\n" + b"".join(rest)
    ),
    *([st.lists(_FIELDS, max_size=4), st.lists(_BODIES, max_size=6)] * 2),
)
_LIMITS = st.sampled_from(
    [Limits(), Limits(parts=2), Limits(depth=1), Limits(decoded_bytes=4), Limits(raw_bytes=40), Limits(headers=2), Limits(header_bytes=30)]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(_MAILS | st.binary(max_size=60), _LIMITS)
def test_read(raw: bytes, limits: Limits) -> None:
    for one in _same("read", raw, limits).parts:
        assert type(one) is Part
        assert list(vars(one)) == list(Part.__dataclass_fields__)
    _same("read", raw, limits, split(raw))


def test_parts_are_frozen() -> None:
    found = read(b"\n\nhello", Limits())
    with pytest.raises(AttributeError):
        found.parts = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        found.parts[0].depth = 2  # type: ignore[misc]


def test_a_part_is_as_python_makes_it() -> None:
    part = read(b"Content-Type: text/plain; name=x\n\nhello", Limits()).parts[0]
    assert part == Part("text/plain", True, "", "", "", "x", "", 0, b"hello")
    assert repr(part) == repr(Part("text/plain", True, "", "", "", "x", "", 0, b"hello"))
    assert hash(part) == hash(Part("text/plain", True, "", "", "", "x", "", 0, b"hello"))
    assert (part.text, part.is_attachment) == ("hello", True)
