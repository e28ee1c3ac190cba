"""Histories in plain Python: slow, and meant to be read. SQL and counter are held equal to it.

Every number is made by its definition: all rows are looked at, and those that stand in the window are taken.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeVar

from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import InputError
from msa_ml.features import history_keys
from msa_ml.features.history import (
    ApproxCountDistinct,
    Count,
    CountDistinct,
    FirstSeen,
    History,
    LabelCount,
    Rate,
    Recency,
    Sum,
)
from msa_ml.features.history_numbers import linear_counting, steps, together

H = TypeVar("H", bound=History)
Key = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One event. Times are milliseconds since 1970, UTC.

    Attributes
    ----------
    fields
        Keys and numbers by their words; what is left out is unknown.
    """

    event_id: str
    kind: str
    event_time: int
    ingested_at: int | None = None
    decided_at: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def known_at(self) -> int:
        """When the deciding system could have known it."""
        return self.event_time if self.ingested_at is None else max(self.event_time, self.ingested_at)

    @property
    def moment(self) -> int:
        """When it was decided upon."""
        return self.event_time if self.decided_at is None else self.decided_at

    def keys(self, words: Sequence[str]) -> set[tuple[str, ...]]:
        """Return the keys that it has: one, several of a word that may have several values, none when any part is unknown."""
        return set(product(*(history_keys.texts(self.fields.get(word)) for word in words)))


@dataclass(frozen=True)
class Statement:
    """One row of labels about an event. Times are milliseconds since 1970, UTC."""

    label_id: str
    task: str
    subject: str
    label: str
    source: str
    labelled_at: int
    ingested_at: int | None = None
    retracts: str = ""

    @property
    def known_at(self) -> int:
        """When it could have been known."""
        return self.labelled_at if self.ingested_at is None else max(self.labelled_at, self.ingested_at)


@dataclass(frozen=True)
class Past:
    """Everything there is to look back on.

    Attributes
    ----------
    rows, statements
        Events and labels; order does not matter.
    rules
        How each task reads its labels.
    """

    rows: Sequence[Row]
    statements: Sequence[Statement] = ()
    rules: Mapping[str, LabelRules] = field(default_factory=dict)


def value(history: History, event: Row, past: Past) -> float:
    """Return what a history says about an event, as float32 holds it.

    Examples
    --------
    >>> rows = [Row(str(n), "signup", n * 1000, fields={"ip": "192.0.2.1"}) for n in range(5)]
    >>> value(Count("signup", by="ip", over="1h"), rows[-1], Past(rows))
    4.0
    """
    for kind, compute in _COMPUTE:
        if isinstance(history, kind):
            groups = [compute(history, event, past, key) for key in event.keys(history.keys)]
            found = together(groups, least=history.least)
            return float(struct.unpack("f", struct.pack("f", found))[0])
    raise InputError(f"no reference for {type(history).__name__}.")


def values(histories: Iterable[History], event: Row, past: Past) -> dict[str, float]:
    """Return every history of an event by name."""
    return {history.name: value(history, event, past) for history in histories}


def window_rows(history: History, event: Row, past: Past, key: Key) -> list[Row]:
    """Return the other rows of a key that stand in the window of an event, in order of becoming known."""
    start, moment = history.window.start(event.moment), event.moment
    found = [
        row
        for row in past.rows
        if row.kind == history.kind
        and start <= row.known_at < moment
        and row.event_id != event.event_id
        and key in row.keys(history.keys)
    ]
    return sorted(found, key=lambda row: row.known_at)


def label_at(subject: str, moment: int, task: str, past: Past) -> Statement | None:
    """Return the statement that says an event's label at a moment, ``None`` where there is none."""
    rules = past.rules[task]
    known = [said for said in past.statements if said.task == task and said.known_at < moment]
    taken_back = {said.retracts for said in known if said.retracts}
    about = [
        said
        for said in known
        if said.subject == subject and not said.retracts and said.label_id not in taken_back
    ]
    return max(
        about,
        key=lambda said: (rules.rank(said.source), said.labelled_at, said.source.encode(), said.label_id),
        default=None,
    )


def window_labels(history: LabelCount | Rate, event: Row, past: Past, key: Key) -> list[int]:
    """Return the labels (1, 0) of other events of a key that stand in the window of an event."""
    start, moment = history.window.start(event.moment), event.moment
    found = []
    for row in past.rows:
        same = row.kind == history.kind and key in row.keys(history.keys)
        if not same or row.event_id == event.event_id:
            continue
        said = label_at(row.event_id, moment, history.task, past)
        label = None if said is None else past.rules[history.task].value(said.label)
        if said is not None and label is not None and said.known_at >= start:
            found.append(label)
    return found


def _count(history: Count, event: Row, past: Past, key: Key) -> float:
    return len(window_rows(history, event, past, key))


def _texts(history: CountDistinct | ApproxCountDistinct, event: Row, past: Past, key: Key) -> set[str]:
    rows = window_rows(history, event, past, key)
    return {text for row in rows for text in history_keys.texts(row.fields.get(history.of))}


def _distinct(history: CountDistinct, event: Row, past: Past, key: Key) -> float:
    return min(len(_texts(history, event, past, key)), history.cap)


def _approx(history: ApproxCountDistinct, event: Row, past: Past, key: Key) -> float:
    return linear_counting(_texts(history, event, past, key), history.cells)


def _sum(history: Sum, event: Row, past: Past, key: Key) -> float:
    found = [row.fields.get(history.of) for row in window_rows(history, event, past, key)]
    return sum(steps(item, history.step) for item in found) * history.step


def _recency(history: Recency, event: Row, past: Past, key: Key) -> float:
    found = window_rows(history, event, past, key)
    return (event.moment - found[-1].known_at) / 1000 if found else math.nan


def _first_seen(history: FirstSeen, event: Row, past: Past, key: Key) -> float:
    found = window_rows(history, event, past, key)
    return (event.moment - found[0].known_at) / 1000 if found else math.nan


def _label_count(history: LabelCount, event: Row, past: Past, key: Key) -> float:
    found = window_labels(history, event, past, key)
    return {"abuse": sum(found), "not_abuse": len(found) - sum(found), "any": len(found)}[history.label]


def _rate(history: Rate, event: Row, past: Past, key: Key) -> float:
    found = window_labels(history, event, past, key)
    weight = len(found) + history.strength
    return (sum(found) + history.prior * history.strength) / weight if weight else math.nan


_COMPUTE: tuple[tuple[type[History], Callable[..., float]], ...] = (
    (Count, _count),
    (CountDistinct, _distinct),
    (ApproxCountDistinct, _approx),
    (Sum, _sum),
    (Recency, _recency),
    (FirstSeen, _first_seen),
    (LabelCount, _label_count),
    (Rate, _rate),
)
