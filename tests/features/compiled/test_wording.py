"""The twin that finds sums of money and phrases."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import appeal
from msa_ml.features.word_lists import packaged

WORDING = TWINS.get("wording.Wording", (appeal.Wording,) * 2)

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
