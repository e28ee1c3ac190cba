"""Counts over characters, held against the slow way."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.features.shared.text import SCRIPTS, profile, words_of

STYLED = set(range(0x249C, 0x24EA)) | set(range(0x1F110, 0x1F18A))


@given(st.text(max_size=300))
def test_profile_agrees_with_the_slow_way(text: str) -> None:
    seen = profile(text)
    assert seen.length == len(text)
    assert sum(seen.scripts) == seen.letters
    # Beyond the first two planes all is one class; circled letters are symbols by category.
    if all(ord(character) < 0x20000 and ord(character) not in STYLED for character in text):
        categories = [unicodedata.category(character) for character in text]
        assert seen.upper == categories.count("Lu")
        assert seen.marks == sum(category[0] in "PS" for category in categories)
        assert seen.letters == sum(category[0] == "L" for category in categories) - _without_glyph(text)
    if text.isascii():
        assert seen.spaces == sum(character in " \t\n\r\v\f" for character in text)


def _without_glyph(text: str) -> int:
    return sum(text.count(character) for character in "\u115f\u1160\u3164\uffa0")


@given(st.text(alphabet="aZ1!* .\n\u0430\u200b\u00ad日\U0001d400", max_size=80))
def test_patterns_agree_with_the_slow_way(text: str) -> None:
    seen = profile(text)
    isolated = [
        character.isalpha()
        and not text[max(0, at - 1) : at].isalpha()
        and not text[at + 1 : at + 2].isalpha()
        for at, character in enumerate(text)
    ]
    rows = [all(isolated[at : at + 7 : 2]) and len(isolated[at : at + 7 : 2]) == 4 for at in range(len(text))]
    member = {at + step for at, row in enumerate(rows) if row for step in (0, 2, 4, 6)}
    assert seen.spaced == len(member)
    assert seen.split == sum(
        text[at] == "\u200b" and _needs_none(text[at - 1]) and _needs_none(text[at + 1])
        for at in range(1, len(text) - 1)
    )


def _needs_none(character: str) -> bool:
    return character in "aZ\u0430"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latin кириллица", {"latin": 5, "cyrillic": 9}), ("αβ", {"greek": 2}), ("شلع", {"arabic": 3}), ("אב", {"hebrew": 2}),
        ("日本", {"han": 2}), ("かナ", {"kana": 2}), ("한국", {"hangul": 2}), ("𝐀Ａⓐ", {"styled": 3}), ("ไทย", {"southeast_asian": 3}),
        ("हिन", {"indic": 2}), ("12 !?", {}),
    ],
)  # fmt: skip
def test_scripts(text: str, expected: dict[str, int]) -> None:
    assert {
        name: count for name, count in zip(SCRIPTS, profile(text).scripts, strict=True) if count
    } == expected


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    assert profile(text).length == len(text)
    assert all(words_of(text))


def test_words_are_of_the_first_characters() -> None:
    assert words_of("Größe, 5 x7y") == ["größe".encode(), b"x", b"y"]
    assert len(words_of("a " * 5000)) == 64


def test_the_time_is_linear() -> None:
    began = time.process_time()
    profile("a b " * 500_000)
    profile("é" * 2_000_000)
    profile("a1" * 1_000_000)
    profile("A a *" * 200_000)
    assert time.process_time() - began < 5
