"""Small, whole pieces of the past: groups of events that share a key, to recompute histories on by hand.

A group is taken by the hash of its key, so it comes with every event that a history of this key may look at. Few groups
are enough: a wrong definition is wrong everywhere it can be. An event of which a key has several values stands in several groups, and is
looked at where all of them were taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from msa_ml.dataset.dataset import Dataset
from msa_ml.features.history import History
from msa_ml.features.history_keys import KEYS, VALUES, several
from msa_ml.features.history_reference import Past, Row, Statement
from msa_ml.source.queries import query

ROWS = 6_000
"""Events of all groups of one key that are looked at, about."""
MOST = 150
"""Events of one group; of a larger one the first that became known."""
COMBINATIONS = 300
"""Sets of groups that some event stands in, of a key with several values."""
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
    whole
        Ids of the events whose past is all here; ``None``: of each.
    """

    rows: tuple[Row, ...]
    past: Past = field(repr=False)
    whole: frozenset[str] | None = None


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
    }
    held = int(
        dataset.store.value(query("count_events", dataset.settings, kind=dataset.kind), parameters) or 0
    )
    one_in = max(held // ROWS, 1)
    found: dict[int, list[Group]] = {}
    wanted = list(range(len(by_key)))
    # A key of few values may have none that hashes to 0; then a coarser net is thrown for it.
    while wanted and one_in:
        bounds = {"one_in": one_in, "rows": 2 * ROWS * len(wanted)}
        some = _some([by_key[place] for place in wanted], dataset, {**parameters, **bounds})
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

    def group_of(rows: Iterable[Row], whole: frozenset[str] | None) -> Group:
        held = tuple(rows)
        said = [one for row in held for one in statements.get(row.event_id, ())]
        return Group(held, Past(held, said, {dataset.task: dataset.rules}), whole)

    found: dict[int, list[Group]] = {}
    for part in frame.partition_by("place", maintain_order=True):
        each = {
            int(one["key_hash"][0]): {row["event_id"]: _row(kind, row) for row in one.iter_rows(named=True)}
            for one in part.partition_by("key_hash", maintain_order=True)
        }
        place = int(part["place"][0])
        if by_key[place][0].spread not in by_key[place][0].keys:
            found[place] = [group_of(rows.values(), None) for rows in each.values()]
        else:
            found[place] = [group_of(rows, whole) for rows, whole in _joined(each, _hashes(part))]
    return found


def _hashes(part: pl.DataFrame) -> dict[str, tuple[int, ...]]:
    """Return the hashes of every value of each event, of those taken and of the others."""
    found = part.unique("event_id", keep="first", maintain_order=True)
    return {event: tuple(hashes) for event, hashes in found.select("event_id", "hashes").iter_rows()}


def _joined(
    each: Mapping[int, Mapping[str, Row]], hashes: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[list[Row], frozenset[str]]]:
    """Yield the events of every combination of groups that some event stands in, and those events: of a key with several values."""
    wanted: dict[frozenset[int], list[str]] = {}
    for event, values in hashes.items():
        if all(event in each.get(value, ()) for value in values):
            wanted.setdefault(frozenset(values), []).append(event)
    for hashed, events in sorted(wanted.items(), key=lambda one: min(one[1]))[:COMBINATIONS]:
        rows = {event: row for value in sorted(hashed) for event, row in each[value].items()}
        yield sorted(rows.values(), key=lambda row: (row.known_at, row.event_id)), frozenset(events)


def _known_from(dataset: Dataset) -> datetime:
    first: datetime = dataset.index["event_time"][0]
    return max(first - _BEFORE, datetime(1970, 1, 1, tzinfo=UTC))


def _keys(kind: str, by_key: Sequence[Sequence[History]]) -> str:
    """Return the array of (number, whether all of it is known, hash) of each key."""
    parts, many = [], []
    for place, histories in enumerate(by_key):
        if several(kind, histories[0].keys[0]):
            many.append(
                f"arrayMap(value -> (toUInt16({place}), true, sipHash64(value)), {KEYS[kind][histories[0].keys[0]].sql})"
            )
            continue
        texts = [KEYS[kind][word].sql for word in histories[0].keys]
        known = " AND ".join(f"notEmpty({text})" for text in texts)
        parts.append(f"(toUInt16({place}), toBool({known}), sipHash64({', '.join(texts)}))")
    one = f"[{', '.join(parts)}]"
    return f"arrayConcat({', '.join([one, *many] if parts else many)})" if many else one


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
