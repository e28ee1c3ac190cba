"""Numbers of a history beside what the plain reference says of the same events, and wrong definitions that would explain a difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msa_ml.features.history import History
from msa_ml.features.history_reference import Past, Row, value

EXPLAINED = 0.9
"""Share of the events that a wrong definition must explain to be named, also those that happen to be right."""


@dataclass(frozen=True)
class Case:
    """One event to recompute.

    Attributes
    ----------
    event, past
        The event and the group it stands in.
    row
        Its row of the matrix.
    """

    event: Row
    past: Past
    row: int


def expected(history: History, cases: Sequence[Case]) -> NDArray[np.float32]:
    """Return float32[N], what was known at the moment of each event."""
    return np.array([value(history, case.event, case.past) for case in cases], np.float32)


def same(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return bool[N], whether two numbers are equal but for rounding; unknown equals unknown."""
    return np.isclose(left, right, rtol=1e-5, atol=1e-6, equal_nan=True)


def explanation(
    history: History,
    cases: Sequence[Case],
    said: NDArray[np.float32],
    *,
    among: NDArray[np.bool_] | None = None,
) -> str:
    """Return the wrong definition that the numbers of a history follow, in words; empty where none explains them.

    Parameters
    ----------
    said
        float32[N], the numbers to explain, in the order of the cases.
    among
        bool[N], events of which by themselves most must be explained as well; default: all.
    """
    for name, rewrite in _DEFINITIONS.items():
        again = np.array([value(history, *rewrite(case.event, case.past)) for case in cases], np.float32)
        right = same(again, said)
        if min(right.mean(), right[among].mean() if among is not None else 1) >= EXPLAINED:
            return f"it looks as if {name}"
    return ""


def _only_event_time(event: Row, past: Past) -> tuple[Row, Past]:
    return event, replace(past, rows=[replace(row, ingested_at=None) for row in past.rows])


def _only_ingest_time(event: Row, past: Past) -> tuple[Row, Past]:
    rows = [row if row.ingested_at is None else replace(row, event_time=row.ingested_at) for row in past.rows]
    return event, replace(past, rows=rows)


def _own_event(event: Row, past: Past) -> tuple[Row, Past]:
    own = replace(event, event_id="", event_time=event.moment - 1, ingested_at=None)
    return event, replace(past, rows=[*past.rows, own])


def _same_millisecond(event: Row, past: Past) -> tuple[Row, Past]:
    return replace(event, decided_at=event.moment + 1), past


def _label_time_ignored(event: Row, past: Past) -> tuple[Row, Past]:
    known = {row.event_id: row.known_at for row in past.rows}
    said = [
        replace(one, labelled_at=known.get(one.subject, one.known_at), ingested_at=None)
        for one in past.statements
    ]
    return event, replace(past, statements=said)


_DEFINITIONS: Mapping[str, Callable[[Row, Past], tuple[Row, Past]]] = {
    "the time of arrival were ignored": _only_event_time,
    "the time of the event were ignored, and only that of arrival used": _only_ingest_time,
    "the event itself were counted": _own_event,
    "events of the same millisecond were counted": _same_millisecond,
    "the time at which a label became known were ignored": _label_time_ignored,
}
"""Wrong definitions, to say which one a number follows."""
