"""The letters of names: the list against its rule, probabilities that add up, and lists that are none."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.errors import InputError
from msa_ml.features.shared.letter_model import (
    ORDER,
    SYMBOLS,
    Folded,
    LetterModel,
    in_letters,
    learn_letters,
    number_of,
)
from msa_ml.features.word_lists import WordList, packaged
from tests.strategies import NAMES

FINE = pl.Series(["anna", "hanna", "joanna", "Anna", "", None, "marianne1", "ann.marie"])
ABUSE = pl.Series(["xq7zk", "zzq99", "q_x_q", "ünq"])
TAUGHT = WordList("taught", learn_letters(FINE, ABUSE))


def fold(name: str) -> str:
    """The rule in words of Python, one name at a time."""
    found = ""
    for one in name[:256]:
        if one.isascii() and one.isalpha():
            found += one.lower()
        elif one in "0123456789":
            found += "0"
        elif ord(one) > 127:
            found += "~"
    return found[:64]


def numbers(words: WordList, name: str) -> list[tuple[int, int]]:
    """Surprise and odds of each symbol, by looking the longest listed n-gram up."""
    entries = {gram: (int(one), int(two)) for gram, one, two in (line.split() for line in words.lines)}
    text = "^" * (ORDER - 1) + fold(name) + "^"
    grams = (text[end - ORDER : end] for end in range(ORDER, len(text) + 1))
    return [next(entries[gram[at:]] for at in range(ORDER) if gram[at:] in entries) for gram in grams]


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from([TAUGHT, packaged("name_letters")]))
def test_a_batch_agrees_with_the_rule(names: list[str], words: WordList) -> None:
    model, folded = LetterModel.of(words), Folded.of(pl.Series(names))
    for row, name in enumerate(names):
        grams = folded.grams[folded.owner == row]
        found = list(zip(model.surprise[grams].tolist(), model.odds[grams].tolist(), strict=True))
        assert found == numbers(words, name)


def test_probabilities_after_any_three_symbols_add_up_to_one() -> None:
    everything = WordList("all", learn_letters(FINE, ABUSE, most=10**6))
    model = LetterModel.of(everything)
    p = 2.0 ** (-model.surprise.reshape(-1, len(SYMBOLS)) / 1000)
    q = p * 2.0 ** (model.odds.reshape(-1, len(SYMBOLS)) / 1000)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=2e-3)
    np.testing.assert_allclose(q.sum(axis=1), 1, atol=4e-3)


def test_a_name_counts_once_however_often_it_comes() -> None:
    again = pl.concat([FINE, pl.Series(["anna", "ANNA", "an-na"])])
    assert learn_letters(again, ABUSE) == TAUGHT.data


def test_the_order_of_names_is_no_matter() -> None:
    assert learn_letters(FINE.reverse(), ABUSE.reverse()) == TAUGHT.data


def test_one_class_alone_is_learnt_against_even_letters() -> None:
    model = LetterModel.of(WordList("one", learn_letters(FINE, pl.Series([], dtype=pl.String))))
    assert model.odds[number_of("^ann")] < 0 < model.odds[number_of("xqzj")]


def test_fewer_ngrams_are_kept_when_asked() -> None:
    few = WordList("few", learn_letters(FINE, ABUSE, most=5))
    assert len(few.lines) == len(SYMBOLS) + 5


def test_nothing_longer_than_four_symbols_is_written() -> None:
    long = pl.Series(["averylongandsecretname"] * 3)
    assert max(len(line.split()[0]) for line in WordList("x", learn_letters(long, ABUSE)).lines) == ORDER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ann 1 2\n",
        TAUGHT.data + b"toolong 1 2\n",
        TAUGHT.data + b"ann x 2\n",
        TAUGHT.data + b"A 1 2\n",
        TAUGHT.data + b"a\n",
    ],
)
def test_a_list_that_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no model of letters"):
        LetterModel.of(WordList("wrong", data))


def test_numbers_and_letters_are_two_ways() -> None:
    assert [number_of(in_letters(number)) for number in (0, 1, 29**4 - 1)] == [0, 1, 29**4 - 1]
    assert math.prod([len(SYMBOLS)] * ORDER) == len(LetterModel.of(TAUGHT).odds)
