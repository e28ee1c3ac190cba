"""Writes a batch of events and their labels so that a repeat, also after a kill, converges.

Events come first, then labels, and labels of events that are there already are written too where they are missing: an
import that died between the two is completed by running it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from msa_ml.errors import InputError
from msa_ml.source import label_rows
from msa_ml.source.clickhouse import Store
from msa_ml.source.label_rows import EventLabel

# Ids travel in the URL of a request, and 64 KiB is what every proxy lets pass.
_IDS_A_QUERY = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch: indices of its new rows; duplicates of this run and of the store; label contradictions."""

    new: tuple[int, ...]
    duplicates_in_run: int
    duplicates_in_store: int
    contradicting: int = 0


@dataclass(slots=True)
class Batch:
    """Rows of one table, column by column, and the labels that belong to them."""

    table: str
    schema: Mapping[str, pl.DataType]
    rows: list[dict[str, object]] = field(default_factory=list)
    labels: list[EventLabel] = field(default_factory=list)
    bytes: int = 0

    def add(self, row: dict[str, object], size: int, label: EventLabel | None) -> None:
        """Add an event of about so many bytes, with its label if it has one."""
        self.rows.append(row)
        self.bytes += size
        if label is not None:
            self.labels.append(label)


def demand_no_simulated(store: Store, table: str, source: str) -> None:
    """Refuse to mix real rows into a source that holds simulated ones.

    Raises
    ------
    InputError
        The source holds simulated rows.
    """
    sql = f"SELECT count() FROM {table} WHERE source = {{source:String}} AND simulated"  # noqa: S608 - our own name
    if store.value(sql, {"source": source}):
        raise InputError(
            f"source '{source}' of {store.url_public} holds simulated rows.",
            hint="Choose another name with --source, or another home with MSA_HOME.",
        )


def write(store: Store, batch: Batch, *, stored_at: datetime) -> Written:
    """Write the rows and labels that are not there yet; the embedded store is held meanwhile, and only then."""
    ids = [str(row["event_id"]) for row in batch.rows]
    with store.session():
        known = _known(store, batch.table, ids)
        first: dict[str, int] = {}
        for index, event_id in enumerate(ids):
            first.setdefault(event_id, index)
        new = tuple(index for event_id, index in first.items() if event_id not in known)
        if new:
            store.insert(batch.table, _frame(batch, new))
        contradicting = _write_labels(store, batch.labels, known, stored_at)
    repeated = len(ids) - len(first)
    in_run = repeated + sum(1 for stored in known.values() if stored == stored_at)
    in_store = len(known) - sum(1 for stored in known.values() if stored == stored_at)
    return Written(new, in_run, in_store, contradicting)


def _frame(batch: Batch, indices: Sequence[int]) -> pl.DataFrame:
    """Build the rows column by column. A map that is empty throughout is left to its default: it would cost the most."""
    rows = [batch.rows[index] for index in indices]
    columns = {name: [row[name] for row in rows] for name in batch.schema}
    kept = {
        name: kind
        for name, kind in batch.schema.items()
        if not isinstance(kind, pl.Map) or any(columns[name])
    }
    return pl.DataFrame({name: columns[name] for name in kept}, schema=kept)


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), _IDS_A_QUERY):
        yield ids[start : start + _IDS_A_QUERY]


def _known(store: Store, table: str, ids: Sequence[str]) -> dict[str, datetime]:
    """When each event that is there already was stored."""
    sql = (
        f"SELECT event_id, max(stored_at) AS stored FROM {table}"  # noqa: S608 - our own name
        " WHERE event_id IN {ids:Array(String)} GROUP BY event_id"
    )
    known: dict[str, datetime] = {}
    for chunk in _chunks(sorted(set(ids))):
        found = store.frame(sql, {"ids": list(chunk)})
        known.update(zip(found["event_id"], found["stored"], strict=True))
    return known


def _write_labels(
    store: Store, labels: Sequence[EventLabel], known: Mapping[str, datetime], stored_at: datetime
) -> int:
    """Insert the labels that are missing; return how many events got a second, different word from the same source."""
    if not labels:
        return 0
    words: dict[str, set[str]] = {}
    there: set[str] = set()
    sql = (
        "SELECT label_id, subject, label FROM labels WHERE task = {task:String} AND subject_kind = 'event'"
        " AND source = {source:String} AND subject IN {ids:Array(String)} AND retracts = ''"
    )
    for chunk in _chunks(sorted({label.subject for label in labels if label.subject in known})):
        given = {"task": labels[0].task, "source": labels[0].source, "ids": list(chunk)}
        for label_id, subject, word in store.frame(sql, given).iter_rows():
            there.add(label_id)
            words.setdefault(subject, set()).add(word)
    already = sum(len(said) > 1 for said in words.values())
    missing: dict[str, EventLabel] = {}
    for label in labels:
        words.setdefault(label.subject, set()).add(label.label)
        if label.label_id not in there:
            missing.setdefault(label.label_id, label)
    if missing:
        store.insert("labels", label_rows.frame(missing, stored_at=stored_at))
    return sum(len(said) > 1 for said in words.values()) - already


def add_counts(total: Counter[str], written: Written) -> None:
    """Add what became of a batch to the counts of a run."""
    total["imported"] += len(written.new)
    total["duplicates"] += written.duplicates_in_run + written.duplicates_in_store
    total["duplicates_in_run"] += written.duplicates_in_run
    total["contradicting_labels"] += written.contradicting
