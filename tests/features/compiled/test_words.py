"""The twin that counts function words."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.shared import function_words
from msa_ml.features.word_lists import packaged

FUNCTION_WORDS = TWINS.get("words.FunctionWords", (function_words.FunctionWords,) * 2)

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
