"""The page of histories is enough: counters in another language answer as the plain reference does."""

from __future__ import annotations

import json
import math
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.bundle.read import Bundle
from msa_ml.features.event_json import to_json
from msa_ml.features.history_counter import Counters, definition
from msa_ml.features.history_golden import Step, sequences, stream
from msa_ml.features.history_reference import Past, values
from msa_ml.records import Signup
from msa_ml.source.event_fields import derived
from msa_ml.source.pseudonyms import Pseudonyms
from tests.bundle.tiny import reseal
from tests.features.history_worlds import HISTORIES, MAIL_HISTORIES, RULES, pasts
from tests.node import Ask, Consumer, talking
from tests.signup_edges import Row, addresses, everywhere, names
from tests.strategies import records

pytestmark = [pytest.mark.xdist_group("consumer")]

SAID = definition(HISTORIES, kind="signup", rules=RULES)
OF_MAIL = definition(MAIL_HISTORIES, kind="mail", rules=RULES)
BEGIN: dict[str, Any] = {"definition": SAID}
PERSONAL = ("user_name", "email", "ip", "device")
PSEUDONYM_OF = {
    "user_name": "user_pseudonym",
    "email": "email_pseudonym",
    "ip": "ip_pseudonym",
    "device": "device_pseudonym",
}
PSEUDONYMS = Pseudonyms(bytes(32))
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def ask(consumer: Consumer, signup_bundle: Bundle) -> Iterator[Ask]:
    with talking(signup_bundle.path, "history", silent=lambda call: "values" not in call) as said:
        yield said


@pytest.fixture(scope="module")
def ask_keys(consumer: Consumer, signup_bundle: Bundle) -> Iterator[Ask]:
    with talking(signup_bundle.path, "keys") as said:
        yield said


def call_of(step: Step) -> dict[str, Any]:
    """Return one call as golden sequences write it."""
    more: dict[str, dict[str, Any]] = {
        "observe": {},
        "label": {"statements": step.statements},
        "values": {"observed_at": step.observed_at},
    }
    return {step.what: step.event, "at": step.at, **more[step.what]}


def wrong(found: dict[str, Any], wanted: dict[str, float]) -> dict[str, tuple[Any, float]]:
    """Return what differs: the last bits of a logarithm are a library's own, everything else is exact."""
    return {
        name: (found[name], value)
        for name, value in wanted.items()
        if not math.isclose(
            math.nan if found[name] is None else found[name],
            np.float32(value),
            rel_tol=1e-6 if ".approx_" in name else 0,
        )
        and not (found[name] is None and math.isnan(value))
    }


def test_the_golden_sequences_of_a_bundle(consumer: Consumer, signup_bundle: Bundle) -> None:
    wanted = [sequence["name"] for sequence in signup_bundle.history_definition["golden"]]
    lines = {line["name"]: line["differs"] for line in consumer(signup_bundle.path, "golden")}
    assert len(wanted) >= 3
    assert [lines[name] for name in wanted] == [[]] * len(wanted)


def test_a_golden_sequence_that_expects_something_else_differs(
    consumer: Consumer, signup_bundle: Bundle, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(signup_bundle.path, tmp_path / "copy"))
    said = json.loads((copy / "history.json").read_text())
    step = next(
        step for step in said["golden"][1]["steps"] if step.get("expected", {}).get("signup.count_by_ip_1d")
    )
    step["expected"]["signup.count_by_ip_1d"] += 1
    (copy / "history.json").write_text(json.dumps(said))
    reseal(copy)
    lines = {line["name"]: line["differs"] for line in consumer(copy, "golden", code=1)}
    assert len(lines[said["golden"][1]["name"]]) == 1
    assert lines[said["golden"][0]["name"]] == []


@settings(MANY, max_examples=25)
@given(events=st.lists(records("signup"), min_size=15, max_size=15))
def test_keys_are_those_of_training(ask_keys: Ask, events: list[Signup]) -> None:
    keys_agree(ask_keys, [to_json({name: getattr(event, name) for name in PERSONAL}) for event in events])


@pytest.mark.parametrize("rows", [everywhere, names, addresses])
def test_keys_at_the_edges(ask_keys: Ask, rows: Callable[[], Iterator[Row]]) -> None:
    keys_agree(ask_keys, [{name: row[name] for name in PERSONAL if name in row} for row in rows()])


def keys_agree(ask: Ask, rows: list[Row]) -> None:
    """Demand the derived columns that a row gets where it is stored."""
    for row, found in zip(rows, ask([{"event": row} for row in rows]), strict=True):
        whole = dict.fromkeys(PERSONAL, "") | {
            name: text.encode("utf-8", "replace").decode() for name, text in row.items()
        }
        wanted = derived("signup", whole, PSEUDONYMS)
        for name in ("ip_subnet", "email_domain", "name_pattern"):
            if name == "name_pattern" and any(
                unicodedata.category(one) == "Cn" for one in "".join(whole.values())
            ):
                continue  # a code point of a later Unicode than that of our Python may be a letter there
            assert found[name] == wanted[name], (row, name)
        for name in PERSONAL:
            assert PSEUDONYMS.of(found[name]) == wanted[PSEUDONYM_OF[name]], (row, name)


@pytest.mark.parametrize("said", [SAID, OF_MAIL], ids=["signup", "mail"])
def test_golden_sequences_of_every_word(ask: Ask, said: dict[str, Any]) -> None:
    for sequence in sequences(said):
        answers = iter(ask([{"definition": said}, *sequence["steps"]]))
        for step in sequence["steps"]:
            if "values" in step:
                expected = {
                    name: math.nan if value is None else value for name, value in step["expected"].items()
                }
                assert wrong(next(answers), expected) == {}, step


@MANY
@given(past=pasts(most=20))
def test_any_stream_gives_what_the_reference_says(ask: Ask, past: Past) -> None:
    steps = list(stream(past))
    answers = iter(ask([BEGIN, *(call_of(step) for step in steps)]))
    for step in steps:
        if step.what == "values":
            assert wrong(next(answers), values(HISTORIES, step.row, past)) == {}, step


@settings(MANY, max_examples=30)
@given(past=pasts(most=20, kind="mail"))
def test_keys_with_several_values_give_what_the_reference_says(ask: Ask, past: Past) -> None:
    steps = list(stream(past))
    answers = iter(ask([{"definition": OF_MAIL}, *(call_of(step) for step in steps)]))
    for step in steps:
        if step.what == "values":
            assert wrong(next(answers), values(MAIL_HISTORIES, step.row, past)) == {}, step


@settings(MANY, max_examples=30)
@given(past=pasts(most=12), random=st.randoms(use_true_random=False))
def test_late_calls_give_what_our_counters_say(ask: Ask, past: Past, random: Any) -> None:
    steps = list(stream(past))
    for _ in range(len(steps) // 3):
        one, other = random.randrange(len(steps)), random.randrange(len(steps))
        steps[one], steps[other] = steps[other], steps[one]
    steps = list(as_taken(steps))
    ours = Counters(SAID)
    answers = iter(ask([BEGIN, *(call_of(step) for step in steps)]))
    for step in steps:
        if step.what == "observe":
            ours.observe(step.event, step.at)
        elif step.what == "label":
            ours.label(step.event, step.statements, step.at)
        else:
            wanted = ours.values(step.event, step.at, observed_at_ms=step.observed_at)
            assert wrong(next(answers), wanted) == {}, step


def as_taken(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield calls of which each question says when its event was taken as known, if it was."""
    clock, taken = -1, dict[str, int]()
    for step in steps:
        clock = max(clock, step.at)
        if step.what == "observe":
            taken[step.row.event_id] = clock
        yield replace(step, observed_at=taken.get(step.row.event_id)) if step.what == "values" else step
