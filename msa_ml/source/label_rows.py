"""Rows of the table ``labels``: append-only statements about a subject, each with a deterministic key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

TIME = pl.Datetime("ms", "UTC")
SCHEMA: dict[str, pl.DataType] = {
    "label_id": pl.String(),
    "task": pl.String(),
    "subject_kind": pl.String(),
    "subject": pl.String(),
    "valid_from": TIME,
    "valid_to": TIME,
    "label": pl.String(),
    "confidence": pl.Float32(),
    "source": pl.String(),
    "labelled_at": TIME,
    "ingested_at": TIME,
    "by": pl.String(),
    "retracts": pl.String(),
    "simulated": pl.Boolean(),
    "stored_at": TIME,
}


@dataclass(frozen=True)  # no slots: the id is kept
class EventLabel:
    """What a source says about one event.

    Attributes
    ----------
    subject
        The event's id.
    labelled_at
        When it was said, or is assumed to have been.
    given
        Whether the time was given. An assumed time is no part of the key: a repeat with another delay says the same.
    """

    task: str
    subject: str
    label: str
    labelled_at: datetime
    given: bool = False
    source: str = "import"
    by: str = ""

    @cached_property
    def label_id(self) -> str:
        """128 bits of SHA-256 over what is said, about what, and by whom, as 32 hex digits.

        Examples
        --------
        >>> from datetime import UTC
        >>> first = EventLabel("spam", "00", "ham", datetime(2026, 1, 1, tzinfo=UTC))
        >>> first.label_id == EventLabel("spam", "00", "ham", datetime(2027, 1, 1, tzinfo=UTC)).label_id
        True
        """
        said = self.labelled_at.isoformat(timespec="milliseconds") if self.given else ""
        key = [self.task, "event", self.subject, self.label, self.source, self.by, said]
        return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]


def frame(labels: Mapping[str, EventLabel], *, stored_at: datetime) -> pl.DataFrame:
    """Return the rows to insert, from labels by their id. A label is known from ``labelled_at``.

    Examples
    --------
    >>> frame({}, stored_at=datetime(2026, 1, 1)).shape
    (0, 15)
    """
    said = list(labels.values())
    times = [label.labelled_at for label in said]
    nothing = [None] * len(said)
    columns: dict[str, list[Any]] = {
        "label_id": list(labels),
        "task": [label.task for label in said],
        "subject_kind": ["event"] * len(said),
        "subject": [label.subject for label in said],
        "valid_from": nothing,
        "valid_to": nothing,
        "label": [label.label for label in said],
        "confidence": [1.0] * len(said),
        "source": [label.source for label in said],
        "labelled_at": times,
        "ingested_at": times,
        "by": [label.by for label in said],
        "retracts": [""] * len(said),
        "simulated": [False] * len(said),
        "stored_at": [stored_at] * len(said),
    }
    return pl.DataFrame(columns, schema=SCHEMA)
