from __future__ import annotations

from pathlib import Path

import pytest

from msa_ml.errors import InputError
from msa_ml.source.label_rules import label_of, parse_rules


@pytest.mark.parametrize("text", ["ham", "=ham", "*ham*=", "*=two words", "*= ", ""])
def test_a_rule_that_is_none(text: str) -> None:
    with pytest.raises(InputError):
        parse_rules([text])


def test_a_pattern_may_hold_an_equals_sign() -> None:
    (rule,) = parse_rules(["a=b*=Spam"])
    assert (rule.pattern, rule.label) == ("a=b*", "spam")


def test_the_first_match_wins_and_disagreement_is_told() -> None:
    rules = parse_rules(["*ham*=ham", "spam*=spam", "*_2=spam"])
    assert label_of(["easy_ham"], rules).label == "ham"
    assert label_of(["easy_ham_2"], rules).disagreeing
    assert not label_of(["spam_2"], rules).disagreeing  # two rules, one word
    assert label_of(["Spam"], rules).label is None


def test_the_most_direct_name_that_matches_decides() -> None:
    rules = parse_rules(["spam*=spam", "ham*=ham"])
    assert label_of(["ham.mbox", "spam"], rules).name == "ham.mbox"
    assert label_of(["archive", "spam"], rules).label == "spam"
    assert label_of([], rules).label is None


def test_rules_come_from_anywhere(tmp_path: Path) -> None:
    assert parse_rules(iter([])) == ()
