"""Small, whole pieces of the past: groups of events that share a key, to recompute histories on by hand.

A group is taken by the hash of its key, so it comes with every event that a history of this key may look at. Few groups
are enough: a wrong definition is wrong everywhere it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from msa_ml.dataset.dataset import Dataset
from msa_ml.features.history import History, LabelCount, Rate
from msa_ml.features.history_keys import KEYS, VALUES
from msa_ml.features.history_reference import Past, Row, Statement
from msa_ml.source.queries import query

ROWS = 10_000
"""Events of all groups of one key that are looked at, about."""
MOST = 150
"""Events of one group; of a larger one the first that became known."""
_BEFORE = timedelta(days=32)  # longer than any window


@dataclass(frozen=True)
class Group:
    """All that a group of one key knows.

    Attributes
    ----------
    rows
        Its events, in order of becoming known.
    past
        The same with what was said about them.
    """

    rows: tuple[Row, ...]
    past: Past = field(repr=False)


def groups(dataset: Dataset, histories: Sequence[History]) -> Iterator[Group]:
    """Yield some whole groups of the key that histories share.

    Parameters
    ----------
    histories
        All of one kind, that of the dataset, and one ``by``.
    """
    kind, words = histories[0].kind, histories[0].keys
    parameters = {
        **dataset.selection.parameters(),
        "known_from": _known_from(dataset),
        "most": MOST,
        "rows": 2 * ROWS,
    }
    held = int(
        dataset.store.value(query("count_events", dataset.settings, kind=dataset.kind), parameters) or 0
    )
    one_in = max(held // ROWS, 1)
    columns = _columns(kind, histories)
    while True:
        parameters["one_in"] = one_in
        frame = dataset.store.frame(
            query("whole_groups", dataset.settings, kind=dataset.kind, more=columns), parameters
        )
        # A key of few values may have none that hashes to 0; then a coarser net is thrown.
        if len(frame) >= ROWS // 100 or one_in == 1:
            break
        one_in = max(one_in // 8, 1)
    statements = _statements(dataset, histories, parameters, _hash_columns(kind, words))
    for group in frame.partition_by("key_hash", maintain_order=True):
        rows = tuple(_row(kind, row) for row in group.iter_rows(named=True))
        said = [one for row in rows for one in statements.get(row.event_id, ())] + list(
            statements.get("", ())
        )
        yield Group(rows, Past(rows, said, {dataset.task: dataset.rules}))


def _known_from(dataset: Dataset) -> datetime:
    first: datetime = dataset.index["event_time"][0]
    return max(first - _BEFORE, datetime(1970, 1, 1, tzinfo=UTC))


def _hash_columns(kind: str, words: Sequence[str]) -> dict[str, str]:
    """Return what finds the groups: the hash of the key and whether all of it is known."""
    texts = [KEYS[kind][word].sql for word in words]
    known = " AND ".join(f"notEmpty({text})" for text in texts)
    return {"key_hash": f"sipHash64({', '.join(texts)})", "key_is_known": known}


def _columns(kind: str, histories: Sequence[History]) -> dict[str, str]:
    """Return the columns to read: what finds the groups, the words of the key, and what is counted or summed up."""
    words = dict.fromkeys([*histories[0].keys, *(of for one in histories if (of := getattr(one, "of", "")))])
    table = {**KEYS[kind], **VALUES.get(kind, {})}
    return {**_hash_columns(kind, histories[0].keys), **{f"word_{word}": table[word].sql for word in words}}


def _row(kind: str, row: Mapping[str, Any]) -> Row:
    words = {name.removeprefix("word_"): value for name, value in row.items() if name.startswith("word_")}
    return Row(row["event_id"], kind, row["happened"], row["arrived"], row["decided"], words)


def _statements(
    dataset: Dataset, histories: Sequence[History], parameters: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, list[Statement]]:
    """Return what was said about the events of the groups, by event; retractions under the empty text."""
    if not any(isinstance(one, LabelCount | Rate) for one in histories):
        return {}
    sql = query("labels_of_groups", dataset.settings, kind=dataset.kind, more=columns)
    frame: pl.DataFrame = dataset.store.frame(sql, {**parameters, "task": dataset.task})
    found: dict[str, list[Statement]] = {}
    for row in frame.iter_rows(named=True):
        said = Statement(
            row["label_id"], row["task"], row["subject"], row["label"], row["source"], row["said"], row["arrived"],
            row["retracts"],
        )  # fmt: skip
        found.setdefault("" if said.retracts else said.subject, []).append(said)
    return found
