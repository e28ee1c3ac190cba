"""The twins that find words and phrases."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import appeal
from msa_ml.features.shared import function_words
from msa_ml.features.word_lists import packaged

FUNCTION_WORDS = TWINS.get("words.FunctionWords", (function_words.FunctionWords,) * 2)
WORDING = TWINS.get("words.Wording", (appeal.Wording,) * 2)

LISTED = packaged("function_words").words
OWN, TWIN = (kind(LISTED) for kind in FUNCTION_WORDS)
WORDS = sorted({word for line in LISTED for word in line.split()[1:]})


@given(
    st.one_of(
        st.lists(
            st.sampled_from([*WORDS, *map(str.upper, WORDS[:50]), "x", "-", "İ", "\ud800"]), max_size=90
        ).map(" ".join),
        st.text(max_size=60),
    )
)
@example("")
@example("a" * 500)
@example("a " * 64 + "the of and")
@example("the\u2003of\x00and,THE")
def test_FunctionWords(text: str) -> None:  # noqa: N802 - named as the class
    assert TWIN.among(text) == OWN.among(text)


@pytest.mark.parametrize(
    "lines",
    [
        set(),
        {"en the of"},
        {"de der"},
        {f"l{number} the w{number}" for number in range(40)},
        {"en " + " ".join(f"{first}{second}" for first in WORDS[:40] for second in WORDS[:40])},
        {f"{language} the of" for language in ("a", "b", "en", "z")},
    ],
)
def test_lists_of_any_size(lines: set[str]) -> None:
    own, twin = (kind(frozenset(lines)) for kind in FUNCTION_WORDS)
    rng = random.Random(3)
    for size in (0, 1, 5, 63, 64, 65, 80):
        text = " ".join(rng.choices([*WORDS[:30], "the", "of", "w1", "w39", "der"], k=size))
        assert twin.among(text) == own.among(text)


PHRASES = packaged("opt_out_phrases").words
PIECES = [
    "$", "$ ", "5", "00", "000", ",000,000", ".000.000", ",000", "illion", "ILLION", "m", "B", " ", "-", "E", "U", "UR", "USD",
    "EUR", "SD", " dollar", " Euro", " pound", " us", " u.s", " u.", "9", "€", "£", "unsubscrib", "Unsubscribe", "OPT-OUT",
    "be remove", "d", "\u212a", "İ", "Σ", "\n", "отписаться", "ОТПИСАТЬСЯ", "取消订阅", "₽", "₿", "\u017f", "\U0001f600", "\ud800", "x" * 990, "y" * 1_600,
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("US$25 million dollars, 25,000,000 in all")
@example("1,000,000,000,000 x,000,000,000 1.000.000.000")
@example("$ 5USD 5EUR5UR 5 $")
@example("unsubscribe" + "x" * 995)
@example("$" + "x" * 2499 + "5")
@example("x" * 2493 + ",000,000" + "1" * 1000)
@example("5m" + "x" * 2_494 + "illion" + "illion" + "y" * 994)
def test_Wording(text: str) -> None:  # noqa: N802 - named as the class
    own, twin = (kind(PHRASES) for kind in WORDING)
    assert twin.read(text) == own.read(text)


@pytest.mark.parametrize("phrases", [(), ("a",), ("", "xy"), ("a\x00b", "cd"), ("Upper",), ("é", "ab")])
def test_phrases_of_any_kind(phrases: tuple[str, ...]) -> None:
    own, twin = (kind(phrases) for kind in WORDING)
    for text in ("", "a", "xab", "aé", "a\x00b", "upper Upper", "c", "cd"):
        assert twin.read(text) == own.read(text)
