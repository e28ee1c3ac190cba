"""Declarations: names, digests, round trip, refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest

from msa_ml.errors import InputError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.history import (
    WORDS,
    ApproxCountDistinct,
    Count,
    CountDistinct,
    History,
    LabelCount,
    Rate,
    Recency,
    Sum,
    from_json,
    require_unique,
)
from msa_ml.features.history_reference import Past, Row, value
from msa_ml.features.history_window import DAY, HOUR, Window
from msa_ml.features.signup.name import Name
from tests.features.history_worlds import HISTORIES, MAIL_HISTORIES


def test_every_history_is_tried_by_the_tests() -> None:
    assert {history.word for history in HISTORIES} == set(WORDS)


@pytest.mark.parametrize("history", [*HISTORIES, *MAIL_HISTORIES], ids=lambda history: history.name)
def test_it_survives_json_and_its_digest_says_what_it_is(history: History) -> None:
    again = from_json(history.to_json())
    assert again == history
    assert again.digest == history.digest
    assert history.feature.portable == "yes"
    assert "unknown" in history.feature.nan


def test_whatever_changes_a_number_changes_the_digest() -> None:
    same_name = [
        CountDistinct("signup", of="user_name", by="ip", over="1d"),
        CountDistinct("signup", of="user_name", by="ip", over="1d", cap=10),
        ApproxCountDistinct("signup", of="user_name", by="ip", over="1d"),
        Rate("signup", task="t", by="ip", over="1d"),
        Rate("signup", task="t", by="ip", over="1d", prior=0.1),
        Rate("signup", task="t", by="ip", over="1d", prior=0.1, strength=1),
        Sum("signup", of="form_seconds", by="ip", over="1d"),
        Sum("signup", of="form_seconds", by="ip", over="1d", step=1),
    ]
    assert len({history.digest for history in (*HISTORIES, *same_name)}) == len(HISTORIES) + len(same_name)
    with pytest.raises(InputError, match="two histories are named"):
        require_unique(same_name[:2])


def test_a_feature_set_takes_them() -> None:
    features = FeatureSet([Name()], histories=HISTORIES)
    assert features.columns[-len(HISTORIES) :] == tuple(history.name for history in HISTORIES)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Count("signup", by="ipp", over="1h"), "Did you mean 'ip'"),
        (lambda: Count("signups", by="ip", over="1h"), "Did you mean 'signup'"),
        (lambda: Count("signup", by=(), over="1h"), "one key or several"),
        (lambda: Count("signup", by=("ip", "ip"), over="1h"), "one key or several"),
        (lambda: Count("signup", by="ip", over="31d"), "from 1m to 30d"),
        (lambda: Count("signup", by="ip", over="30s"), "from 1m to 30d"),
        (lambda: Count("signup", by="ip", over="0h"), "from 1m to 30d"),
        (lambda: Count("signup", by="ip", over="1h\\n"), "from 1m to 30d"),
        (lambda: CountDistinct("signup", of="ip", by="ip", over="1h"), "there is one ip"),
        (lambda: CountDistinct("signup", of="form_seconds", by="ip", over="1h"), "unknown key"),
        (lambda: CountDistinct("signup", of="device", by="ip", over="1h", cap=0), "a cap is"),
        (lambda: Count("mail", by=("url_domain", "sender"), over="1h"), "stands alone as a key"),
        (lambda: CountDistinct("mail", of="recipient", by="url_domain", over="1h"), "not counted against each other"),
        (lambda: ApproxCountDistinct("mail", of="recipient", by="sender", over="1h"), "counted exactly only"),
        (lambda: Sum("signup", of="device", by="ip", over="1h"), "unknown number"),
        (lambda: Sum("signup", of="form_seconds", by="ip", over="1h", step=0), "a step lies"),
        (lambda: Rate("signup", task="t", by="ip", over="1h", prior=2), "a prior is a share"),
        (lambda: LabelCount("signup", task="t", by="ip", over="1h", label="spam"), "unknown label"),  # type: ignore[arg-type]  # planted
        (lambda: from_json({"word": "cuont"}), "Did you mean 'count'"),
        (lambda: from_json({"word": "count", "by": ["ip"], "kind": "signup", "ovr": "1h"}), "Did you mean 'over'"),
        (lambda: from_json({"word": "count", "by": ["ip"], "kind": "signup"}), "lacks a field"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


@pytest.mark.parametrize("written", ["1m", "59m", "1h", "24h", "1d", "25h", "2d", "30d"])
def test_start_and_last_are_two_views_of_one_window(written: str) -> None:
    window = Window(written)
    assert window.bucketed is (window.ms > DAY)
    for moment in (0, 1, HOUR - 1, HOUR, 10 * DAY + 7, 10 * DAY + HOUR - 1):
        start = window.start(moment)
        for known in (start - 1, start, start + 1, start + HOUR - 1, start + HOUR):
            assert (start <= known) is (moment <= window.last(known)), (moment, known)


def _row(name: str, at: int, known: int | None = None, decided: int | None = None, ip: object = "a") -> Row:
    return Row(name, "signup", at, known, decided, {"ip": ip, "user_name": name})


HOURLY = Count("signup", by="ip", over="1h")


@pytest.mark.parametrize(
    ("others", "wanted"),
    [
        ([_row("x", 0)], 1.0),
        ([_row("x", -1)], 0.0),  # one millisecond before the window
        ([_row("x", HOUR - 1)], 1.0),
        ([_row("x", HOUR)], 0.0),  # the same millisecond
        ([_row("x", HOUR + 1)], 0.0),
        ([_row("x", 5, known=HOUR - 1)], 1.0),
        ([_row("x", 5, known=HOUR)], 0.0),  # it happened before, and was not known yet
        ([_row("x", -DAY, known=5)], 1.0),  # it happened long ago, and became known in the window
        ([_row("x", 5, known=-DAY)], 1.0),  # nothing is known before it happens
        ([_row("x", 5, ip="b")], 0.0),
        ([_row("x", 5, ip="")], 0.0),
        ([_row("x", 5, ip=None)], 0.0),
    ],
)
def test_what_the_reference_counts(others: list[Row], wanted: float) -> None:
    event = _row("e", HOUR)
    assert value(HOURLY, event, Past([event, *others])) == wanted


@pytest.mark.parametrize(
    ("domains", "count", "recency"),
    [
        (["a.example"], 2.0, 1.0),
        (["b.example"], 1.0, 2.0),
        (["b.example", "a.example"], 2.0, 1.0),  # the greatest count, the least time
        (["a.example", "a.example"], 2.0, 1.0),  # written twice is there once
        (["new.example", "b.example"], 1.0, 2.0),  # what is unknown of one says nothing
        (["new.example"], 0.0, math.nan),
        (["", "b.example"], 1.0, 2.0),
        ([], math.nan, math.nan),
        (None, math.nan, math.nan),
    ],
)
def test_of_several_values_the_greatest_counts(domains: object, count: float, recency: float) -> None:
    def mail(name: str, at: int, where: object) -> Row:
        return Row(name, "mail", at, fields={"url_domain": where})

    event = mail("e", 3000, domains)
    past = Past([mail("x", 1000, ["a.example", "b.example"]), mail("y", 2000, ["a.example"]), event])
    found = value(Count("mail", by="url_domain", over="1h"), event, past)
    assert found == count or (math.isnan(found) and math.isnan(count))
    found = value(Recency("mail", by="url_domain", over="1h"), event, past)
    assert found == recency or (math.isnan(found) and math.isnan(recency))


def test_an_event_never_counts_itself_and_an_unknown_key_is_unknown() -> None:
    late = _row("e", 0, known=5, decided=10)
    assert value(HOURLY, late, Past([late])) == 0
    assert math.isnan(value(Recency("signup", by="ip", over="1h"), late, Past([late])))
    nameless = [_row("e", 10, ip=""), _row("x", 5, ip="")]
    assert math.isnan(value(HOURLY, nameless[0], Past(nameless)))
