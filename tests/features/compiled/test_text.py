"""The twins that count what a text is made of."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import subject
from msa_ml.features.shared import text as shared

PROFILES = TWINS.get("text.profile", (shared.profile, shared.profile))
LOOKS = TWINS.get("text._looks", (subject._looks, subject._looks))

NARROW = "aZ1!*$. \n>?\xad\xaa\xba\xb5\xff\x00"
ALPHABETS = st.sampled_from([
    "aZ1!* .\n>?$", "A", "AB!! ", NARROW, NARROW + "\u0430\u03b1\uff21\u200b日\u2029\ud800\udfff",
    NARROW + "\U0001d400\U0001f600\U0001ffff\U00020000\U0010ffff\u0430\u200b",
])  # fmt: skip
TEXTS = ALPHABETS.flatmap(lambda alphabet: st.text(alphabet, max_size=80))
LONG = 0xFF  # characters that are counted in one integer


@given(st.one_of(TEXTS, st.text(max_size=80)))
@example("a.b.c.d")
@example("xa.b.c.d")
@example("a.b.c.dx")
@example("a.b.c.d a\u200bb \u0430\u200bz\u200b")
@example("AAAAAAAAA AAA")
@example("!!!!! ?!")
@example(">a\n>b\n >c\n\n>")
@example("\ud83d\ude00?")
def test_profile(text: str) -> None:
    own, twin = PROFILES
    found = twin(text)
    assert found == own(text)
    assert type(found) is shared.Profile


@pytest.mark.parametrize("piece", ["a", "A", " ", "!", "a.", "\n>", "\xe9", "\u0430\u200b", "\U0001d400"])
@pytest.mark.parametrize("size", [LONG - 1, LONG, LONG + 1, 2 * LONG + 1])
def test_profile_of_a_long_text(piece: str, size: int) -> None:
    own, twin = PROFILES
    text = (piece * size)[:size]
    assert twin(text) == own(text)


def test_every_character_alone() -> None:
    own, twin = PROFILES
    for first in (0, 0x400, 0x2000, 0xD700, 0xF900, 0x1D400, 0x1F100, 0x1FF00, 0x2FA00, 0x10FF00):
        for code in range(first, first + 0x300):
            if code < 0x110000:
                text = f"a{chr(code)}A"
                assert twin(text) == own(text), hex(code)


PIECES = [
    "[", "]", "[tag]", "[ILUG]", " ", "   ", "    ", "\t", "\n", "\x1c", "A", "AB", "ABCD", "a", "7", "!", "?", "f r e e",
    "[" + "x" * 40 + "]", "[" + "X" * 41 + "]", "é", "\uff1a",
]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=60)))
@example("AB[x]CD")
@example("AB[[x]CD")
@example("ABC[")
@example("    a    ")
@example("a\t")
@example("a   \x1c b")
def test__looks(text: str) -> None:
    own, twin = LOOKS
    found = twin(text)
    assert found == own(text)
    assert type(found) is subject._Looks
