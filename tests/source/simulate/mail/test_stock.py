from __future__ import annotations

import numpy as np
import pytest

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.ham_bulk import AFFAIRS, NEWS
from msa_ml.source.simulate.mail.schemes import SCHEMES
from msa_ml.source.simulate.mail.stock import _BUILT_IN, LANGUAGES, Stock, stock
from msa_ml.source.simulate.mail.world import CHARSETS, LANGUAGE_SHARES

CALLER = {"who", "me", "other", "brand", "to", "date", "address", "host"}


def sections(words: Stock) -> set[str]:
    return set(words._sections)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_section(language: str) -> None:
    assert sections(stock(language)) == sections(stock("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_is_known(language: str) -> None:
    words = stock(language)
    for name, phrases in words._sections.items():
        assert phrases, name
        for pieces in phrases:
            slots = {piece[0] for piece in pieces if isinstance(piece, tuple) and len(piece) == 1}
            assert slots <= CALLER | set(_BUILT_IN) | sections(words), (name, slots)
            assert not any("{" in piece or "}" in piece for piece in pieces if isinstance(piece, str))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_twice_in_a_section(language: str) -> None:
    for name, phrases in stock(language)._sections.items():
        assert len(set(phrases)) == len(phrases), name


def test_what_mail_is_made_of_is_there() -> None:
    wanted = {name for scheme in SCHEMES.values() for name in (*scheme.own, *scheme.shared)}
    wanted |= {f"{scheme.own[0]}.subject" for scheme in SCHEMES.values()}
    wanted |= {name for mixture in NEWS.values() for name, _ in mixture}
    wanted |= {f"{mixture[0][0]}.subject" for mixture in NEWS.values()}
    wanted |= {
        name for names in AFFAIRS.values() for section in names for name in (section, f"{section}.subject")
    }
    assert wanted <= sections(stock("en"))
    assert set(LANGUAGE_SHARES) == set(LANGUAGES) == set(CHARSETS)


def test_news_mixtures_sum_to_one() -> None:
    for kind, mixture in NEWS.items():
        assert sum(weight for _, weight in mixture) == pytest.approx(1.0), kind


def test_facts_stay_the_same_in_one_mail() -> None:
    chance = Chance(np.random.default_rng(1))
    facts = stock("en").facts(chance)
    said = [stock("en").phrase("order", 0, chance, facts) for _ in range(3)]
    assert all(facts["code"] in line for line in said)
