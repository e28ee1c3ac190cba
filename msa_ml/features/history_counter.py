"""Histories as serving computes them: counters that see events and labels arrive. ``docs/history.md`` describes them for a port.

The base install is enough. Memory is bounded by what arrived in the longest window: a window over a day keeps an entry an hour
and key, distinct values are kept up to the cap, and a key that was quiet for the longest window is forgotten.
"""

from __future__ import annotations

import heapq
import math
import struct
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import InputError
from msa_ml.features import history_keys
from msa_ml.features.history import (
    ApproxCountDistinct,
    CountDistinct,
    FirstSeen,
    History,
    LabelCount,
    Rate,
    Recency,
    Sum,
    from_json,
    require_unique,
)
from msa_ml.features.history_labels import Rules, holding
from msa_ml.features.history_numbers import cell, from_cells, steps, together
from msa_ml.features.history_state import KeyState, Layout

FORMAT = 1


def definition(histories: Iterable[History], *, kind: str, rules: Mapping[str, LabelRules]) -> dict[str, Any]:
    """Return the counter definition of some histories: the content of ``history.json``.

    Parameters
    ----------
    kind
        Kind of the events that are asked about.
    rules
        How each task whose labels are read resolves them.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> made = definition([Count("signup", by="ip", over="2d")], kind="signup", rules={})
    >>> made["counters"][0]["name"], made["counters"][0]["bucket_ms"]
    ('signup.count_by_ip_2d', 3600000)
    """
    chosen = require_unique(histories)
    tasks = {h.task for h in chosen if isinstance(h, LabelCount | Rate)}
    words = {(h.kind, word) for h in chosen for word in (*h.keys, *_of(h))}
    several = sorted(f"{of_kind}.{word}" for of_kind, word in words if history_keys.several(of_kind, word))
    return {
        "format": FORMAT,
        "kind": kind,
        "counters": [
            {
                "name": history.name,
                "digest": history.digest,
                **history.to_json(),
                "over_ms": history.window.ms,
                "bucket_ms": 3_600_000 if history.window.bucketed else 0,
                "unit": history.feature.unit,
                "nan": history.feature.nan,
            }
            for history in chosen
        ],
        "tasks": {task: Rules.of(rules[task]).to_json() for task in sorted(tasks)},
        "keys": {
            f"{of_kind}.{word}": {**history_keys.KEYS[of_kind], **history_keys.VALUES[of_kind]}[word].what
            for of_kind, word in sorted(words)
        },
        **({"several": dict.fromkeys(several, history_keys.MOST_VALUES)} if several else {}),
    }


def histories_of(said: Mapping[str, Any]) -> tuple[History, ...]:
    """Return the histories of a definition.

    Raises
    ------
    InputError
        Another format, something unknown, or a digest that is not the one of what is written.
    """
    if said.get("format") != FORMAT:
        raise InputError(
            f"this counter definition has format {said.get('format')!r}; this version reads {FORMAT}."
        )
    made = ("name", "digest", "over_ms", "bucket_ms", "unit", "nan")
    found = []
    for entry in said["counters"]:
        history = from_json({name: value for name, value in entry.items() if name not in made})
        if (history.name, history.digest) != (entry["name"], entry["digest"]):
            raise InputError(
                f"the counter {entry['name']} was changed: its digest is not that of its content."
            )
        found.append(history)
    return require_unique(found)


class Counters:
    """What was known, moment by moment.

    Calls come in the order of time. What becomes known in one millisecond is seen from the next one on. A call that is late (its time
    lies before that of an earlier call) counts as made at the time of that one: a counter cannot know anything before it is told.

    Parameters
    ----------
    said
        A counter definition, the content of ``history.json``.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> counters = Counters(definition([Count("signup", by="ip", over="1h")], kind="signup", rules={}))
    >>> counters.observe({"event_id": "a", "ip": "192.0.2.1"}, 1_000)
    >>> counters.values({"event_id": "b", "ip": "192.0.2.1"}, 1_000)  # the same millisecond
    {'signup.count_by_ip_1h': 0.0}
    >>> counters.values({"event_id": "b", "ip": "192.0.2.1"}, 1_001)
    {'signup.count_by_ip_1h': 1.0}
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.histories = histories_of(said)
        self.kind = str(said["kind"])
        self._rules = {task: Rules.from_json(rules) for task, rules in said["tasks"].items()}
        groups = dict.fromkeys((history.kind, history.keys) for history in self.histories)
        self._groups = [
            _Group(kind, keys, [h for h in self.histories if (h.kind, h.keys) == (kind, keys)])
            for kind, keys in groups
        ]
        self._clock = -(2**63)
        self._pending: list[tuple[Mapping[str, Any], int, Sequence[Mapping[str, Any]] | None]] = []
        self._held: dict[tuple[str, str], tuple[int, int]] = {}
        self._held_until: list[tuple[int, str, str]] = []
        self._longest = (
            max(self.histories, key=lambda history: history.window.ms).window if self.histories else None
        )

    def observe(self, event: Mapping[str, Any], known_at_ms: int) -> None:
        """Take in an event, once, when it becomes known.

        Parameters
        ----------
        event
            Keys and numbers by their words, ``event_id``, and ``kind`` where it is not the kind of the definition.
        known_at_ms
            Milliseconds since 1970, UTC.
        """
        self._advance(known_at_ms)
        self._pending.append((event, self._clock, None))

    def label(
        self, event: Mapping[str, Any], statements: Sequence[Mapping[str, Any]], known_at_ms: int
    ) -> None:
        """Take in that something new is known about the label of an event.

        Parameters
        ----------
        event
            The event as it was observed.
        statements
            Every statement about it that is known by now, of one task or several, the new one included: ``task``, ``label_id``,
            ``label``, ``source``, ``labelled_at`` and ``known_at`` (ms), and ``retracts`` (the ``label_id`` that is taken back, else empty).
        known_at_ms
            When the new one became known.
        """
        self._advance(known_at_ms)
        self._pending.append((event, self._clock, statements))

    def values(
        self, event: Mapping[str, Any], moment_ms: int, *, observed_at_ms: int | None = None
    ) -> dict[str, float]:
        """Return every history of an event at a moment, as float32 holds it; ``nan`` is unknown.

        Parameters
        ----------
        observed_at_ms
            When the event itself was observed, if it was already: it never counts itself.
        """
        self._advance(moment_ms)
        own = observed_at_ms if observed_at_ms is not None and observed_at_ms < self._clock else None
        found = {}
        for group in self._groups:
            states = [group.states.get(key) for key in _keys(event, group.keys)]
            mine = own if self._kind(event) == group.kind else None
            for history in group.histories:
                each = [self._value(history, group, state, event, mine) for state in states]
                value = together(each, least=history.least)
                found[history.name] = float(struct.unpack("f", struct.pack("f", value))[0])
        return {history.name: found[history.name] for history in self.histories}

    # -- time -------------------------------------------------------------------------------------------------------

    def _advance(self, now: int) -> None:
        if now <= self._clock:
            return
        pending, self._pending = self._pending, []
        for event, known_at, statements in pending:
            if statements is None:
                self._count(event, known_at)
            else:
                self._relabel(event, statements)
        self._clock = now
        if self._longest is None:
            return
        horizon = self._longest.start(now)
        for group in self._groups:
            group.forget(horizon)
        while self._held_until and self._held_until[0][0] < horizon:
            known, task, subject = heapq.heappop(self._held_until)
            if self._held.get((task, subject), (known + 1, 0))[0] == known:
                del self._held[task, subject]

    def _count(self, event: Mapping[str, Any], known_at: int) -> None:
        for group in self._groups:
            if self._kind(event) == group.kind:
                for key in _keys(event, group.keys):
                    group.state(key, known_at).add(group.layout, event, known_at)

    def _relabel(self, event: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]) -> None:
        subject = str(event["event_id"])
        horizon = self._longest.start(self._clock) if self._longest else 0
        for task, rules in self._rules.items():
            before = self._held.get((task, subject))
            now = holding([said for said in statements if said["task"] == task], rules)
            if now == before:
                continue
            for group in self._groups:
                if self._kind(event) == group.kind and task in group.layout.tasks:
                    for key in _keys(event, group.keys):
                        group.state(key, self._clock).relabel(task, before, now, horizon)
            if now is None:
                self._held.pop((task, subject), None)
            else:
                self._held[task, subject] = now
                heapq.heappush(self._held_until, (now[0], task, subject))

    def _kind(self, event: Mapping[str, Any]) -> str:
        return str(event.get("kind", self.kind))

    # -- numbers ----------------------------------------------------------------------------------------------------

    def _value(
        self,
        history: History,
        group: _Group,
        state: KeyState | None,
        event: Mapping[str, Any],
        own: int | None,
    ) -> float:
        start = history.window.start(self._clock)
        inside = own if own is not None and own >= start else None
        if isinstance(history, LabelCount | Rate):
            held = self._held.get((history.task, str(event.get("event_id", ""))))
            mine = held if held is not None and self._kind(event) == group.kind else None
            return _labelled(history, state, start, mine)
        if isinstance(history, Recency | FirstSeen):
            if state is None:
                return math.nan
            time = (
                state.last(own)
                if isinstance(history, Recency)
                else state.series(history.window).first(start, inside)
            )
            return math.nan if time is None or time < start else (self._clock - time) / 1000
        if state is None:
            return 0.0
        if isinstance(history, CountDistinct | ApproxCountDistinct):
            alive = state.alive(group.layout.pair(history), start, pair_values(history, event), own)
            if isinstance(history, CountDistinct):
                return float(min(alive, history.cap))
            return from_cells(alive, history.cells)
        totals = state.series(history.window).since(start)
        if isinstance(history, Sum):
            place = group.layout.sums.index((history.of, history.step))
            mine_steps = 0 if inside is None else steps(event.get(history.of), history.step)
            return (totals[1 + place] - mine_steps) * history.step
        return float(totals[0] - (inside is not None))


class _Group:
    """The counters of one (kind, keys)."""

    def __init__(self, kind: str, keys: tuple[str, ...], histories: list[History]) -> None:
        self.kind, self.keys, self.histories = kind, keys, histories
        self.layout = Layout.of(histories)
        self.states: OrderedDict[tuple[str, ...], KeyState] = OrderedDict()

    def state(self, key: tuple[str, ...], now: int) -> KeyState:
        """Return the state of a key, touched."""
        found = self.states.get(key)
        if found is None:
            found = self.states[key] = KeyState(self.layout)
        found.touched = now
        self.states.move_to_end(key)
        return found

    def forget(self, horizon: int) -> None:
        """Forget keys that were quiet for the longest window."""
        while self.states:
            key, state = next(iter(self.states.items()))
            if state.touched >= horizon:
                return
            del self.states[key]


def pair_values(
    history: CountDistinct | ApproxCountDistinct, event: Mapping[str, Any]
) -> tuple[str | int, ...]:
    """Return the values of an event that are told apart: texts, or their cells; none is unknown."""
    texts = history_keys.texts(event.get(history.of))
    return texts if isinstance(history, CountDistinct) else tuple(cell(text, history.cells) for text in texts)


def _labelled(
    history: LabelCount | Rate, state: KeyState | None, start: int, own: tuple[int, int] | None
) -> float:
    positive, negative = (0, 0) if state is None else state.labels(history.task, start)
    if own is not None and own[0] >= start:
        positive, negative = positive - (own[1] == 1), negative - (own[1] == 0)
    if isinstance(history, LabelCount):
        return {"abuse": positive, "not_abuse": negative, "any": positive + negative}[history.label]
    weight = positive + negative + history.strength
    return (positive + history.prior * history.strength) / weight if weight else math.nan


def _keys(event: Mapping[str, Any], words: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the keys that an event has: one, several of a word that may have several values, none when any part is unknown."""
    return list(product(*(history_keys.texts(event.get(word)) for word in words)))


def _of(history: History) -> tuple[str, ...]:
    return (history.of,) if isinstance(history, CountDistinct | ApproxCountDistinct | Sum) else ()
