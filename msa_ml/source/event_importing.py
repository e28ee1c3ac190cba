"""Imports events from a table into the store: map, check, pseudonymise, write in batches, count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from msa_ml import settings as settings_module
from msa_ml.errors import InputError
from msa_ml.records import Kind, event_id
from msa_ml.settings import Settings
from msa_ml.source import event_fields, storing
from msa_ml.source.clickhouse import Store
from msa_ml.source.event_fields import ATTRIBUTE, EventRow
from msa_ml.source.events import SKEW, Rejected, read_events
from msa_ml.source.files import Progress
from msa_ml.source.importing import BATCH_BYTES, demand_source, whole_milliseconds
from msa_ml.source.instants import zone_of
from msa_ml.source.label_rows import EventLabel
from msa_ml.source.label_rules import label_word
from msa_ml.source.migrate import require_schema
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.storing import Batch

_BATCH_ROWS = 20_000
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class EventSummary:
    """What an import of events did.

    Attributes
    ----------
    read
        Rows of the file.
    imported, duplicates
        New events, and those whose id was there already; ``duplicates_in_run`` of them came twice in this file.
    rejected, reasons, rows
        Rows that were not taken: how many, by reason, and the numbers of the first ones of each (data rows, from 1).
    rejected_skew
        Those of them that happened more than five minutes after they became known.
    assumed_known
        Events taken to be known when they happened, as there was no ``ingested_at``.
    unlabelled, labelled, unknown_words
        Events without a label; with one, by word; and those whose label cell is no word that was asked for.
    """

    read: int
    imported: int
    duplicates: int
    rejected: int
    unlabelled: int
    duplicates_in_run: int = 0
    rejected_skew: int = 0
    assumed_known: int = 0
    unknown_words: int = 0
    contradicting_labels: int = 0
    labelled: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return all counts, ready for JSON."""
        return asdict(self)


def import_events(
    store: Store,
    settings: Settings,
    kind: Kind,
    path: str | Path,
    *,
    source: str,
    stored_at: datetime,
    columns: Mapping[str, str] | None = None,
    time_zone: str = "UTC",
    task: str = "",
    label_words: Mapping[str, str] | None = None,
    label_delay: timedelta = timedelta(0),
    progress: Progress | None = None,
    batch_rows: int = _BATCH_ROWS,
) -> EventSummary:
    """Import sign-ups, logins or requests; a repeat changes nothing, a killed run is completed by one.

    Parameters
    ----------
    store, settings
        Where to write; the settings hold the key of pseudonyms.
    kind, path, columns
        As for :func:`msa_ml.source.events.read_events`; the column of labels is that of the field ``label``.
    source
        Name of where these events are from. It is part of every id.
    stored_at
        The time of this run, with its zone.
    time_zone
        IANA name of the zone of times that name none.
    task
        What the labels are for; needed if there is a column of labels.
    label_words
        Our label word for each of theirs (capitals do not matter); others leave their event unlabelled. Default or empty: theirs.
    label_delay
        A label without its own time is taken to be given so long after the event.
    progress
        Is called with bytes read and bytes in all.
    batch_rows
        Rows written at a time.

    Raises
    ------
    InputError
        The file or the mapping is wrong, not one row is right, the source holds simulated rows, or there are no tables.
    """
    started = time.perf_counter()
    demand_source(source)
    stored_at = whole_milliseconds(stored_at)
    if "label" in (columns or {}) and not task:
        raise InputError("a column of labels needs the task that they are for.", hint="Name it with --task.")
    table = event_fields.table(kind)
    counts = _Counts(label_words)
    events = read_events(kind, path, columns, zone=zone_of(time_zone), now=stored_at, progress=progress)
    first = next(events, None)  # a mapping that does not fit is told before the store is opened
    if first is None:
        raise InputError(f"{path} holds no row.", hint="Check that it is the right file.")
    with store.session():
        require_schema(store)
        storing.demand_no_simulated(store, table, source)
    pseudonyms = Pseudonyms(settings_module.pseudonym_key(settings))
    schema = event_fields.schema(kind)
    batch = Batch(table, schema)
    found: EventRow | Rejected | None = first
    while found is not None:
        if isinstance(found, Rejected):
            counts.reject(found)
        else:
            row = event_row(kind, found, source=source, stored_at=stored_at, pseudonyms=pseudonyms)
            word = counts.word(found)
            label = None
            if word:
                said = found.labelled_at or found.values["event_time"] + label_delay
                label = EventLabel(
                    task, str(row["event_id"]), word, said, given=found.labelled_at is not None
                )
            batch.add(row, _bytes(found), label)
        if len(batch.rows) >= batch_rows or batch.bytes >= BATCH_BYTES:
            storing.add_counts(counts.total, storing.write(store, batch, stored_at=stored_at))
            batch = Batch(table, schema)
        found = next(events, None)
    if counts.reasons.total() == counts.total["read"]:
        why = ", ".join(f"{reason} ({count})" for reason, count in counts.reasons.most_common(3))
        raise InputError(f"no row of {path} could be taken: {why}.", hint="Check the mapping with --column.")
    storing.add_counts(counts.total, storing.write(store, batch, stored_at=stored_at))
    return counts.summary(time.perf_counter() - started)


def event_row(
    kind: Kind, event: EventRow, *, source: str, stored_at: datetime, pseudonyms: Pseudonyms
) -> dict[str, object]:
    """Return the row of the table of a kind for an event; a pure function of what is given."""
    values = dict(event.values)
    attributes = {
        name.removeprefix(ATTRIBUTE): values.pop(name) for name in list(values) if name.startswith(ATTRIBUTE)
    }
    row: dict[str, object] = dict(event_fields.blank(kind))
    row |= values
    row |= event_fields.derived(kind, values, pseudonyms)
    return row | {
        "event_id": event_id(source, event.native_id.encode() if event.native_id else event.canonical()),
        "source": source,
        "origin": event.native_id,
        "position": event.number - 1,
        "ingested_at": values.get("ingested_at", values["event_time"]),
        "stored_at": stored_at,
        "simulated": False,
        "attributes": attributes,
    }


def _bytes(event: EventRow) -> int:
    return 500 + sum(len(value) for value in event.values.values() if isinstance(value, str))


class _Counts:
    """The counts of a run while it runs."""

    def __init__(self, words: Mapping[str, str] | None) -> None:
        self._words = {theirs.strip().lower(): label_word(ours) for theirs, ours in (words or {}).items()}
        self.total: Counter[str] = Counter()
        self.labelled: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.rows: dict[str, list[int]] = {}

    def reject(self, row: Rejected) -> None:
        """Count a row that is not taken."""
        self.total["read"] += 1
        self.reasons[row.reason] += 1
        numbers = self.rows.setdefault(row.reason, [])
        if len(numbers) < _SAMPLES:
            numbers.append(row.number)

    def word(self, event: EventRow) -> str | None:
        """Count an event, and return our word for its label; ``None`` for no label."""
        self.total["read"] += 1
        self.total["assumed_known"] += "ingested_at" not in event.values
        word = self._translate(event.label) if event.label else None
        self.total["unknown_words"] += bool(event.label and word is None)
        self.total["unlabelled"] += word is None
        if word is not None:
            self.labelled[word] += 1
        return word

    def _translate(self, theirs: str) -> str | None:
        if self._words:
            return self._words.get(theirs.strip().lower())
        try:
            return label_word(theirs)
        except InputError:
            return None

    def summary(self, seconds: float) -> EventSummary:
        """Return the counts."""
        total = self.total
        return EventSummary(
            read=total["read"],
            imported=total["imported"],
            duplicates=total["duplicates"],
            rejected=self.reasons.total(),
            unlabelled=total["unlabelled"],
            duplicates_in_run=total["duplicates_in_run"],
            rejected_skew=self.reasons[SKEW],
            assumed_known=total["assumed_known"],
            unknown_words=total["unknown_words"],
            contradicting_labels=total["contradicting_labels"],
            labelled=dict(sorted(self.labelled.items())),
            reasons=dict(sorted(self.reasons.items())),
            rows=dict(sorted(self.rows.items())),
            seconds=round(seconds, 3),
        )
