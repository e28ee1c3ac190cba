"""Small, whole pieces of the past: groups of events that share a key, to recompute histories on by hand.

A group is taken by the hash of its key, so it comes with every event that a history of this key may look at. Few groups
are enough: a wrong definition is wrong everywhere it can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from msa_ml.dataset.dataset import Dataset
from msa_ml.features.history import History
from msa_ml.features.history_keys import KEYS, VALUES
from msa_ml.features.history_reference import Past, Row, Statement
from msa_ml.source.queries import query

ROWS = 6_000
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


def groups(dataset: Dataset, by_key: Sequence[Sequence[History]]) -> list[list[Group]]:
    """Return some whole groups of each key, in the order of the keys; none where no event has the key.

    Parameters
    ----------
    by_key
        Histories of the dataset's kind, those of one ``by`` together.
    """
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
    found: dict[int, list[Group]] = {}
    wanted = list(range(len(by_key)))
    # A key of few values may have none that hashes to 0; then a coarser net is thrown for it.
    while wanted and one_in:
        some = _some([by_key[place] for place in wanted], dataset, {**parameters, "one_in": one_in})
        found |= {wanted[place]: parts for place, parts in some.items()}
        rows = {place: sum(len(group.rows) for group in found.get(place, ())) for place in wanted}
        wanted = [place for place in wanted if rows[place] < ROWS // 50]
        one_in //= 32
    return [found.get(place, []) for place in range(len(by_key))]


def _some(
    by_key: Sequence[Sequence[History]], dataset: Dataset, parameters: Mapping[str, Any]
) -> dict[int, list[Group]]:
    kind = dataset.kind
    columns = {**_words(kind, by_key), "keys": _keys(kind, by_key)}
    frame = dataset.store.frame(query("whole_groups", dataset.settings, kind=kind, more=columns), parameters)
    statements = _statements(dataset, by_key, parameters)
    found: dict[int, list[Group]] = {}
    for group in frame.partition_by("place", "key_hash", maintain_order=True):
        rows = tuple(_row(kind, row) for row in group.iter_rows(named=True))
        said = [one for row in rows for one in statements.get(row.event_id, ())]
        found.setdefault(group["place"][0], []).append(
            Group(rows, Past(rows, said, {dataset.task: dataset.rules}))
        )
    return found


def _known_from(dataset: Dataset) -> datetime:
    first: datetime = dataset.index["event_time"][0]
    return max(first - _BEFORE, datetime(1970, 1, 1, tzinfo=UTC))


def _keys(kind: str, by_key: Sequence[Sequence[History]]) -> str:
    """Return the array of (number, whether all of it is known, hash) of each key."""
    parts = []
    for place, histories in enumerate(by_key):
        texts = [KEYS[kind][word].sql for word in histories[0].keys]
        known = " AND ".join(f"notEmpty({text})" for text in texts)
        parts.append(f"(toUInt16({place}), toBool({known}), sipHash64({', '.join(texts)}))")
    return f"[{', '.join(parts)}]"


def _words(kind: str, by_key: Sequence[Sequence[History]]) -> dict[str, str]:
    """Return the words of the keys, and what is counted or summed up."""
    every = [one for histories in by_key for one in histories]
    words = dict.fromkeys([word for one in every for word in (*one.keys, getattr(one, "of", "")) if word])
    table = {**KEYS[kind], **VALUES.get(kind, {})}
    return {f"word_{word}": table[word].sql for word in words}


def _row(kind: str, row: Mapping[str, Any]) -> Row:
    words = {name.removeprefix("word_"): value for name, value in row.items() if name.startswith("word_")}
    return Row(row["event_id"], kind, row["happened"], row["arrived"], row["decided"], words)


def _statements(
    dataset: Dataset, by_key: Sequence[Sequence[History]], parameters: Mapping[str, Any]
) -> dict[str, list[Statement]]:
    """Return what was said about the events of the groups, and what takes it back, by event."""
    told = [histories for histories in by_key if any(one.reads_labels for one in histories)]
    if not told:
        return {}
    sql = query(
        "labels_of_groups", dataset.settings, kind=dataset.kind, more={"keys": _keys(dataset.kind, told)}
    )
    frame: pl.DataFrame = dataset.store.frame(sql, {**parameters, "task": dataset.task})
    every = [
        Statement(
            row["label_id"], row["task"], row["subject"], row["label"], row["source"], row["said"], row["arrived"],
            row["retracts"],
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    subject = {one.label_id: one.subject for one in every if not one.retracts}
    found: dict[str, list[Statement]] = {}
    for one in every:
        about = subject.get(one.retracts, "") if one.retracts else one.subject
        found.setdefault(about, []).append(one)
    return found
