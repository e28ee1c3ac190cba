"""The counters of serving are held equal to the plain reference on any stream, and remember no more than they must."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from msa_ml.errors import InputError
from msa_ml.features.history import Count, CountDistinct, History, Rate, Sum
from msa_ml.features.history_counter import Counters, definition
from msa_ml.features.history_golden import sequences, stream, wrong_values
from msa_ml.features.history_reference import Past, values
from tests.features.history_worlds import DAY, HISTORIES, HOUR, MAIL_HISTORIES, RULES, TASK, pasts

SAID = definition(HISTORIES, kind="signup", rules=RULES)
OF_MAIL = definition(MAIL_HISTORIES, kind="mail", rules=RULES)


@settings(max_examples=150, deadline=None)
@given(past=pasts(most=20))
def test_counters_equal_the_reference(past: Past) -> None:
    demand_the_reference(past, SAID, HISTORIES)


@settings(max_examples=100, deadline=None)
@given(past=pasts(most=20, kind="mail"))
def test_keys_with_several_values_equal_the_reference(past: Past) -> None:
    demand_the_reference(past, OF_MAIL, MAIL_HISTORIES)


def demand_the_reference(past: Past, said: Mapping[str, Any], histories: Sequence[History]) -> None:
    counters = Counters(said)
    for step in stream(past):
        if step.what == "observe":
            counters.observe(step.event, step.at)
        elif step.what == "label":
            counters.label(step.event, step.statements, step.at)
        else:
            wanted = values(histories, step.row, past)
            found = counters.values(step.event, step.at, observed_at_ms=step.observed_at)
            wrong = {
                name: (found[name], wanted[name]) for name in wanted if not _same(found[name], wanted[name])
            }
            assert not wrong, (step.row, wrong)


def _same(found: float, wanted: float) -> bool:
    return found == wanted or (math.isnan(found) and math.isnan(wanted))


@pytest.mark.parametrize(
    ("said", "histories"), [(SAID, HISTORIES), (OF_MAIL, MAIL_HISTORIES)], ids=["signup", "mail"]
)
def test_golden_sequences_are_the_same_every_time_and_pass(
    said: Mapping[str, Any], histories: Sequence[History]
) -> None:
    made = sequences(said)
    assert made == sequences(said)
    expected = [step for one in made for step in one["steps"] if "values" in step]
    assert len(expected) >= 50
    for history in histories:
        seen = {step["expected"][history.name] for step in expected}
        assert None in seen, history.name
        assert len(seen) >= 3, (history.name, seen)
    assert wrong_values(said, made) == []


def test_a_definition_says_which_keys_have_several_values() -> None:
    assert OF_MAIL["several"] == {"mail.recipient": 50, "mail.url_domain": 50}
    assert "several" not in SAID


@pytest.mark.parametrize(
    ("module", "change"),
    [
        ("history_counter", lambda numbers, *, least: max(numbers, default=math.nan)),
        ("history_counter", lambda numbers, *, least: next(iter(numbers), math.nan)),
    ],
    ids=["never the least", "the first value alone"],
)
def test_golden_sequences_catch_a_wrong_choice_among_values(
    module: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sequences(OF_MAIL)
    monkeypatch.setattr(f"msa_ml.features.{module}.together", change)
    assert wrong_values(OF_MAIL, made)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("start", lambda self, moment: moment - self.ms + 1),
        ("start", lambda self, moment: moment - self.ms if not self.bucketed else (moment - self.ms) // HOUR * HOUR + HOUR),
        ("start", lambda self, moment: moment - self.ms),
    ],
    ids=["edge", "wrong hour", "no buckets"],
)  # fmt: skip
def test_golden_sequences_catch_a_wrong_window(
    part: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sequences(SAID)
    monkeypatch.setattr(f"msa_ml.features.history_window.Window.{part}", change)
    assert wrong_values(SAID, made)


def test_golden_sequences_catch_a_counter_that_sees_its_own_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = sequences(SAID)
    advance = Counters._advance
    monkeypatch.setattr(Counters, "_advance", lambda self, now: advance(self, now + 1))
    assert wrong_values(SAID, made)


@pytest.mark.parametrize("seen", [True, False], ids=["never counts itself", "was not told"])
def test_an_event_that_was_observed_before_its_decision(seen: bool) -> None:
    counters = Counters(SAID)
    event = {"event_id": "a", "ip": "192.0.2.1", "user_name": "ann", "form_seconds": 2.0}
    counters.observe(event, 0)
    found = counters.values(event, 50, observed_at_ms=0 if seen else None)
    assert found["signup.count_by_ip_1h"] == (0 if seen else 1)
    assert found["signup.distinct_user_name_by_ip_1h"] == (0 if seen else 1)
    assert found["signup.sum_form_seconds_by_ip_1h"] == (0 if seen else 2)
    assert math.isnan(found["signup.recency_by_ip_1d"]) is seen
    assert math.isnan(found["signup.first_seen_by_ip_1h"]) is seen


def test_a_late_call_counts_as_made_now() -> None:
    counters = Counters(_only(Count("signup", by="ip", over="1h")))
    event = {"event_id": "a", "ip": "192.0.2.1"}
    counters.values(event, HOUR)
    counters.observe(event, 0)
    assert counters.values(event, HOUR) == {"signup.count_by_ip_1h": 0}
    assert counters.values(event, 2 * HOUR) == {"signup.count_by_ip_1h": 1}
    assert counters.values(event, 2 * HOUR + 1) == {"signup.count_by_ip_1h": 0}


def _only(*histories: History) -> Mapping[str, Any]:
    return definition(histories, kind="signup", rules=RULES)


def test_what_one_event_brings_is_bounded() -> None:
    histories = (
        Count("mail", by="url_domain", over="1d"),
        CountDistinct("mail", of="recipient", by="sender", over="1d", cap=20),
    )
    counters = Counters(definition(histories, kind="mail", rules={}))
    for number in range(50):
        domains = [f"{place}.{number}.example" for place in range(1_000)]
        counters.observe(
            {"event_id": str(number), "sender": "a", "url_domain": domains, "recipient": domains}, number
        )
    found = counters.values({"event_id": "x", "sender": "a", "url_domain": domains[:60]}, 60)
    assert found == {"mail.count_by_url_domain_1d": 1, "mail.distinct_recipient_by_sender_1d": 20}
    by_domain, by_sender = counters._groups
    assert len(by_domain.states) == 50 * 50
    assert len(by_sender.states["a",]._values[0]) == 20 + 50


def test_memory_is_bounded() -> None:
    histories = (
        Count("signup", by="ip", over="1h"),
        Count("signup", by="ip", over="30d"),
        CountDistinct("signup", of="user_name", by="ip", over="30d", cap=20),
        Sum("signup", of="form_seconds", by="ip", over="1d"),
        Rate("signup", task=TASK, by="ip", over="7d"),
    )
    counters = Counters(_only(*histories))
    minute = 60_000
    for number in range(20_000):  # two weeks, one a minute
        now = number * minute
        event = {"event_id": str(number), "ip": "192.0.2.1", "user_name": str(number), "form_seconds": 1.0}
        counters.observe(event, now)
        counters.observe({**event, "ip": f"198.51.100.{number}"}, now)
        said = {"task": TASK, "label_id": "1", "label": "abuse", "source": "analyst", "labelled_at": now}
        counters.label(event, [{**said, "known_at": now, "retracts": ""}], now)
    group = counters._groups[0]
    state = group.states["192.0.2.1",]
    assert state.fine is not None
    assert state.hourly is not None
    assert len(state.fine.times) <= 2 * 24 * 60 + 2
    assert len(state.hourly.times) <= 20_000 / 60 + 1
    assert len(state._values[0]) == 21
    assert counters.values(event, now + 1)["signup.distinct_user_name_by_ip_30d"] == 20
    assert counters.values(event, now + 1)["signup.count_by_ip_30d"] == 20_000
    counters.values({"ip": "203.0.113.1"}, now + 31 * DAY)
    assert not group.states
    assert not counters._held


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "has format 2"),
        ({"counters": [{**SAID["counters"][0], "over": "2h"}]}, "was changed"),
        ({"counters": [{**SAID["counters"][0], "word": "cuont"}]}, "Did you mean 'count'"),
    ],
)
def test_another_definition_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Counters({**SAID, **change})
