"""Invented sequences of events that prove a counter: what to hand in, and what it must say at given moments.

They are made from a counter definition alone, the same every time, and what is expected is what the plain reference says. Times meet at
the edges of every window; events come late, are decided before and after they become known, lack keys, are labelled, corrected and taken
back.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.history import ApproxCountDistinct, CountDistinct, History, Sum
from msa_ml.features.history_counter import Counters, histories_of
from msa_ml.features.history_reference import Past, Row, Statement, values
from msa_ml.features.history_window import HOUR

START = 1_774_746_000_000
"""2026-03-29 01:00 UTC, when the clocks of Europe went forward, which is nothing to a counter."""


@dataclass(frozen=True)
class Step:
    """One call of a counter.

    Attributes
    ----------
    at
        Its time, ms.
    event
        Keys and numbers by their words, ``event_id``, ``kind``.
    statements
        All that is said about the event by then.
    observed_at
        When the event was observed, where that was before it is asked about.
    """

    what: Literal["observe", "label", "values"]
    at: int
    row: Row
    event: Mapping[str, Any]
    statements: Sequence[Mapping[str, Any]] = ()
    observed_at: int | None = field(default=None)


def stream(past: Past) -> Iterator[Step]:
    """Yield the calls that a past makes, in the order of time; of one millisecond in any order, here questions last."""
    by_id = {row.event_id: row for row in past.rows}
    events = {row.event_id: _event(row) for row in past.rows}
    steps = [Step("observe", row.known_at, row, events[row.event_id]) for row in past.rows]
    for said in past.statements:
        known = [
            _statement(one)
            for one in past.statements
            if one.subject == said.subject and one.known_at <= said.known_at
        ]
        steps.append(Step("label", said.known_at, by_id[said.subject], events[said.subject], known))
    for row in past.rows:
        seen = row.known_at if row.known_at < row.moment else None
        steps.append(Step("values", row.moment, row, events[row.event_id], observed_at=seen))
    yield from sorted(steps, key=lambda step: (step.at, step.what))


def sequences(said: Mapping[str, Any], *, number: int = 3, events: int = 40) -> list[dict[str, Any]]:
    """Return golden sequences of a counter definition.

    Returns
    -------
    list of dict
        ``name``, and ``steps``, each one of ``{"observe": event, "at": ms}``, ``{"label": event, "statements": [...], "at": ms}`` and
        ``{"values": event, "at": ms, "observed_at": ms or null, "expected": {name: number, or null for unknown}}``.
    """
    histories = histories_of(said)
    return [
        {"name": f"sequence-{place}", "steps": list(_sequence(histories, said, seed=place, events=events))}
        for place in range(number if histories else 0)
    ]


def wrong_values(said: Mapping[str, Any], golden: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the counters of this package say otherwise than golden sequences expect, one line each."""
    found = []
    for sequence in golden:
        counters = Counters(said)
        for place, step in enumerate(sequence["steps"]):
            if "observe" in step:
                counters.observe(step["observe"], step["at"])
            elif "label" in step:
                counters.label(step["label"], step["statements"], step["at"])
            else:
                now = counters.values(step["values"], step["at"], observed_at_ms=step["observed_at"])
                found += [
                    f"{sequence['name']}, step {place}: {name} is {now.get(name)}, expected {wanted}"
                    for name, wanted in step["expected"].items()
                    if not _same(now.get(name, math.nan), wanted)
                ]
    return found


def _same(value: float, wanted: float | None) -> bool:
    """Whether two numbers agree; the last bit of a logarithm is a library's own."""
    if wanted is None or math.isnan(value):
        return wanted is None and math.isnan(value)
    return abs(value - wanted) <= 1e-6 * abs(wanted)


def _sequence(
    histories: Sequence[History], said: Mapping[str, Any], *, seed: int, events: int
) -> Iterator[dict[str, Any]]:
    past = _invent(histories, said, random.Random(seed), events)  # noqa: S311 - invented events, the same every time
    for step in stream(past):
        if step.what == "observe":
            yield {"observe": step.event, "at": step.at}
        elif step.what == "label":
            yield {"label": step.event, "statements": list(step.statements), "at": step.at}
        else:
            expected = values(histories, step.row, past)
            yield {
                "values": step.event,
                "at": step.at,
                "observed_at": step.observed_at,
                "expected": {name: None if math.isnan(value) else value for name, value in expected.items()},
            }


def _invent(
    histories: Sequence[History], said: Mapping[str, Any], chance: random.Random, number: int
) -> Past:
    rules = {
        task: LabelRules(tuple(one["positive"]), tuple(one["negative"]), ranking=tuple(one["ranking"]))
        for task, one in said["tasks"].items()
    }
    kinds = sorted({str(said["kind"]), *(history.kind for history in histories)})
    lengths = sorted({history.window.ms for history in histories})
    rows = []
    for place in range(number):
        kind = kinds[place % len(kinds)]
        happened = (
            START + chance.choice((0, 0, 0, chance.choice(lengths), HOUR)) + chance.choice((0, 0, 1, -1, 7))
        )
        known = happened + chance.choice((0, 0, 0, 1, 50, HOUR))
        decided = chance.choice((None, None, known, known + 1, known + chance.choice(lengths), happened))
        rows.append(Row(f"{place:032x}", kind, happened, known, decided, _fields(histories, chance)))
    statements: list[Statement] = []
    for task, one in rules.items():
        for place in range(number):
            row = chance.choice(rows)
            words = (*one.positive, *one.negative, "unsure")
            at = row.known_at + chance.choice((0, 1, HOUR, chance.choice(lengths)))
            word, source = chance.choice(words), chance.choice((*one.ranking, "stranger"))
            made = Statement(
                f"{task}-{place}", task, row.event_id, word, source, at, at + chance.choice((0, 0, 1, HOUR))
            )
            statements.append(made)
            if chance.random() < 0.3:
                back = made.known_at + chance.choice((1, HOUR))
                statements.append(
                    Statement(
                        f"{task}-{place}-back", task, row.event_id, "", source, back, back, made.label_id
                    )
                )
    return Past(rows, statements, rules)


def _fields(histories: Sequence[History], chance: random.Random) -> dict[str, object]:
    """Return invented fields: few keys, so that events meet; many of the values that are told apart; now and then none."""
    many = {history.spread for history in histories}
    keys = sorted({word for history in histories for word in history.keys})
    told = sorted({h.of for h in histories if isinstance(h, CountDistinct | ApproxCountDistinct)} - set(keys))
    summed = sorted({history.of for history in histories if isinstance(history, Sum)})
    found: dict[str, object] = {}
    for word in keys:
        found[word] = chance.choice((f"{word}-1", f"{word}-1", f"{word}-1", f"{word}-2", ""))
    for word in told:
        found[word] = chance.choice((*(f"{word}-{number}" for number in range(6)), ""))
    for word in summed:
        found[word] = chance.choice((None, 0, 1, 2.5, -0.75, 1e15))
    for word in sorted(many & set(found)):
        found[word] = _several(str(found[word]), word, chance)
    return found


def _several(one: str, word: str, chance: random.Random) -> list[str]:
    """Return invented values of a word of which there may be several: none, one, more, one of them twice."""
    more = [f"{word}-{chance.randrange(1, 6)}" for _ in range(chance.choice((0, 0, 1, 3)))]
    return [one, *more] if one or chance.random() < 0.5 else []


def _event(row: Row) -> dict[str, Any]:
    return {"event_id": row.event_id, "kind": row.kind, **row.fields}


def _statement(said: Statement) -> dict[str, Any]:
    return {
        "task": said.task,
        "label_id": said.label_id,
        "label": said.label,
        "source": said.source,
        "labelled_at": said.labelled_at,
        "known_at": said.known_at,
        "retracts": said.retracts,
    }
