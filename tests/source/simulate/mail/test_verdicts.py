from __future__ import annotations

from datetime import timedelta

import numpy as np

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.verdicts import DELAYS, UNLABELLED, Verdict, Word, verdicts
from tests.source.simulate.mail.worlds import START, world


def many(truth: Word, count: int = 20_000) -> list[tuple[Verdict, ...]]:
    chance = Chance(np.random.default_rng(1))
    return [verdicts(truth, START, chance) for _ in range(count)]


def test_delays_have_the_medians_that_are_told() -> None:
    for source, (hours, _) in DELAYS.items():
        delays = [said[0].labelled_at - START for said in many("spam") if said and said[0].source == source]
        median = sorted(delays)[len(delays) // 2]
        assert abs(median / timedelta(hours=hours) - 1) < 0.1, source


def test_a_label_is_never_known_before_the_mail() -> None:
    for mail in world():
        moments = [mail.ingested_at, *(said.labelled_at for said in mail.verdicts)]
        assert moments == sorted(moments)
        assert len(set(moments)) == len(moments)


def test_some_are_wrong_and_some_unlabelled() -> None:
    for truth in ("spam", "ham"):
        said = many(truth)
        assert abs(sum(not each for each in said) / len(said) - UNLABELLED[truth]) < 0.01
    reports = [each[0] for each in many("ham") if each and each[0].source == "user_report"]
    assert 0.03 < sum(each.label == "spam" for each in reports) / len(reports) < 0.1
    finals = [each[-1].label for each in many("spam") if each]
    assert finals.count("ham") / len(finals) < 0.005  # more would decide the metrics at 1 % false positives


def test_analysts_correct_some_reports() -> None:
    corrected = [each for each in many("ham") if len(each) == 2]
    assert corrected
    assert all(
        (first.label, last.label, last.source) == ("spam", "ham", "analyst") for first, last in corrected
    )


def test_only_spam_reaches_honeypots() -> None:
    assert {mail.truth for mail in world() if mail.label_source == "honeypot"} == {"spam"}
