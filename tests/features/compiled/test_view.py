"""The twins that write what content models read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import content, shown
from msa_ml.features.shared.confusable import CONFUSABLES
from msa_ml.features.word_lists import packaged

SEEN = TWINS.get("view.seen", (shown.seen, shown.seen))
APART = TWINS.get("view._may_be_apart", (shown._may_be_apart, shown._may_be_apart))
CLOSED = TWINS.get("view.closed", (shown.closed, shown.closed))
PRINTED = TWINS.get("view._printed", (content._printed, content._printed))
SHAPES = TWINS.get("view.shapes", (content.shapes, content.shapes))

LIMITS = st.one_of(st.none(), st.integers(0, 80))
ASCII = "".join(map(chr, range(128)))
TEXTS = st.one_of(
    st.text("aB \t\n\x00\x1c", max_size=60),
    st.text(ASCII, max_size=60),
    st.text("aB \n\x00\x1c\x85\xa0é\u0456\uff34日\U0001d428\U00010400\ud800\u200b\xad\u0130", max_size=60),
    st.text(max_size=60),
)


@given(TEXTS, LIMITS)
@example("a  ", 1)
@example("a b", 2)
@example("a \x00 b", 3)
@example("日本 x", 5)
@example("é é", 3)
def test_seen(text: str, limit: int | None) -> None:
    own, twin = SEEN
    assert twin(packaged(CONFUSABLES), text, limit) == own(packaged(CONFUSABLES), text, limit)


@given(st.one_of(st.text("ab .-_*1", max_size=40).map(str.encode), st.binary(max_size=40)))
@example(b"v i a")
@example(b" v i a")
@example(b"v i a g")
@example(b"v.i a.g")
def test__may_be_apart(data: bytes) -> None:
    own, twin = APART
    assert twin(data) == own(data)


@given(
    st.one_of(
        st.lists(
            st.sampled_from(["a", "b ", " c", ".d", "e.", "v i a g r a", "-f-g", "h_", "1", "é", "  "]),
            max_size=30,
        )
        .map("".join)
        .map(str.encode),
        st.text("ab .-1", max_size=40).map(str.encode),
        st.binary(max_size=40),
    )
)
@example(b"buy v i a g r a now, p-i-l-l-s and a b c")
@example(b"a b c d ef g h i j")
@example(b"xa b c d e f")
@example(b"a b c d")
@example(b"a.b.c.d. a b.c d e f")
@example(b"a " * 500 + b"bc")
def test_closed(data: bytes) -> None:
    own, twin = CLOSED
    assert twin(data) == own(data)


PIECES = [
    "boundary=", "Boundary=", "BOUNDARY", "boundary\x1d", "bo", "b", " ", "\t", "a", "A1", "12", "0", "x" * 205, "\x00", "\x01",
    "\x7f", "\n", "\x1c", "é", "\u200b", "\ud800",
]  # fmt: skip
LINES = st.lists(
    st.builds(
        "{}{}".format,
        st.sampled_from(["subject ", "id ", "9", "", " "]),
        st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    ),
    max_size=5,
)


@given(LINES, LIMITS)
@example(["a", "a"], None)
@example(["a boundary=x", "boundary=x", "b"], None)
@example(["boundary=" + "x" * 200 + "12boundary=", "1 boundary= 2"], 100)
@example(["a 1", "2 \x00", "\x00"], None)
def test__printed(lines: list[str], limit: int | None) -> None:
    own, twin = PRINTED
    assert twin(lines, limit) == own(lines, limit)


@given(
    st.lists(st.one_of(st.text("abAB01-@\x00", max_size=250), st.text("aé\u0130", max_size=20)), max_size=4)
)
@example([])
@example(["a" * 300, "aA0" * 100, "a\x00b"])
@example(["é" * 300])
def test_shapes(texts: list[str]) -> None:
    own, twin = SHAPES
    assert twin(texts) == own(texts)


@pytest.mark.parametrize("text", ["a " * 100_000, "\u0430 " * 100_000, "v i a g r a " * 20_000])
def test_no_more_is_read_than_is_wanted(text: str) -> None:
    for seen in SEEN:
        assert len(seen(packaged(CONFUSABLES), text, 8192)) in (8191, 8192)
