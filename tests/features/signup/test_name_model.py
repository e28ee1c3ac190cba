"""Letters of user names: signs of the packaged list, the rule of each feature, what is learnt."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from msa_ml.features.signup.name_model import NameModel
from msa_ml.features.word_lists import Lists, WordList, packaged
from tests.features.shared.test_letter_model import numbers
from tests.strategies import NAMES

MODEL = NameModel()


@pytest.mark.parametrize(
    ("plain", "odd"), [("katharina", "xqzkwvjpt"), ("anna.schmidt", "a8sd7f6g5h"), ("redwolf", "rwdlfxe")]
)
def test_what_can_be_said_has_less_surprise_and_lower_odds(plain: str, odd: str) -> None:
    one, two = MODEL.extract({"user_name": plain}), MODEL.extract({"user_name": odd})
    for feature in ("surprise", "surprise_most", "odds", "odds_mean", "odds_most"):
        assert one[feature] < two[feature], feature


@pytest.mark.parametrize("name", ["", "...", "\x00", " "])
def test_nothing_to_read_is_unknown(name: str) -> None:
    assert MODEL.extract({"user_name": name}) == {}


def test_a_name_of_a_megabyte_is_cut() -> None:
    assert MODEL.extract({"user_name": "q" * 1_000_000}) == MODEL.extract({"user_name": "q" * 64})
    assert MODEL.extract({"user_name": "😀" * 1000})["odds"] <= 64


@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_values_follow_from_the_numbers_of_the_symbols(name: str) -> None:
    found = MODEL.extract({"user_name": name})
    symbols = numbers(packaged("name_letters"), name)
    if len(symbols) == 1:
        assert found == {}
        return
    surprise, odds = zip(*symbols, strict=True)
    expected = {
        "surprise": sum(surprise) / len(symbols),
        "surprise_most": max(surprise),
        "odds": sum(odds),
        "odds_mean": sum(odds) / len(symbols),
        "odds_start": sum(odds[:4]),
        "odds_end": sum(odds[-4:]),
        "odds_least": min(odds),
        "odds_most": max(odds),
    }
    assert found == {key: pytest.approx(max(-64, min(64, value / 1000))) for key, value in expected.items()}


def test_learns_the_names_of_the_window() -> None:
    names = pl.DataFrame({"user_name": ["mira", "mirabel", "amira", "tork1", "tork2", "etork"]})
    lists = MODEL.learn(names, np.array([0, 0, 0, 1, 1, 1]))
    assert list(lists) == list(MODEL.learns)
    taught = NameModel(lists=Lists({name: WordList(name, data) for name, data in lists.items()}))
    assert taught.extract({"user_name": "miral"})["odds"] < 0 < taught.extract({"user_name": "torks"})["odds"]
