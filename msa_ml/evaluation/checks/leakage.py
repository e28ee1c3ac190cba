"""Leakage: a feature that knows what was not yet known when its event was decided upon.

Three things are looked at, on a bounded and deterministic sample, before every training:

- Every declared history is recomputed by the plain reference on whole groups of events, as known at the moment of each
  event, and must be equal. Events are preferred that tell wrong definitions apart: with neighbours that arrived late,
  that bear a later clock than the hour of their arrival, that share their millisecond, or whose label came later.
- Every extractor of rows must say the same of an event alone as among others: what it says must come from that event.
- A feature that alone tells the classes apart is a warning, because most such features turn out to know the answer.

A history whose rows differ is refused by name, with the definition that would explain it where one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import DataRefused
from msa_ml.evaluation.checks.past import Group, groups
from msa_ml.evaluation.metrics import one_minus_roca_pct
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.history import History
from msa_ml.features.history_reference import Past, Row, value
from msa_ml.features.table import SCHEMAS, TableExtractor
from msa_ml.markup import table
from msa_ml.source.queries import query

EACH = 12
"""Events of each telling sort that are recomputed for one key."""
ALONE = 12
"""Events for which extractors of rows are run alone."""
TOO_GOOD = 0.999
"""AUC of one feature from which on it is suspicious."""
EXPLAINED = 0.9
"""Share of the events that a wrong definition must explain to be named, also those that happen to be right."""
_MOST_AUC = 20_000


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


@dataclass(frozen=True)
class Leak:
    """A feature that is not what was known then.

    Attributes
    ----------
    feature
        Name of the column.
    differ, looked
        Events on which it differs, of how many.
    reason
        What would explain the numbers, in words.
    """

    feature: str
    differ: int
    looked: int
    reason: str

    def __str__(self) -> str:
        return f"{self.feature} ({self.differ} of {self.looked} events differ; {self.reason})"


@dataclass(frozen=True)
class Leakage:
    """What the check found.

    Attributes
    ----------
    looked
        Events that were recomputed, by feature.
    leaks
        Features that are refused.
    warnings
        What is suspicious, in sentences.
    """

    looked: Mapping[str, int]
    leaks: tuple[Leak, ...] = ()
    warnings: tuple[str, ...] = ()

    def require_none(self) -> None:
        """Demand that no feature leaks.

        Raises
        ------
        DataRefused
            Names each one.
        """
        if self.leaks:
            raise DataRefused(
                f"features know what was not yet known: {'; '.join(map(str, self.leaks))}.",
                hint="A feature may use what became known strictly before the moment of its event; docs/time.md says when that is.",
            )

    def __str__(self) -> str:
        lines = [f"leakage: {len(self.leaks)} of {len(self.looked)} features refused"]
        return "\n".join(
            [*lines, *(f"LEAK: {leak}" for leak in self.leaks), *(f"WARNING: {one}" for one in self.warnings)]
        )

    def _repr_html_(self) -> str:
        found = {leak.feature: leak for leak in self.leaks}
        rows = [
            (
                name,
                looked,
                found[name].differ if name in found else 0,
                found[name].reason if name in found else "",
            )
            for name, looked in self.looked.items()
        ]
        return table(
            ("feature", "events looked at", "differ", "reason"),
            rows,
            caption="recomputed as known at the moment of each event",
            notes=[f"Warning: {one}" for one in self.warnings],
        )


def leakage(dataset: Dataset, index: pl.DataFrame, vectors: Vectors, features: FeatureSet) -> Leakage:
    """Look for features that know what was not yet known.

    Parameters
    ----------
    dataset
        Where the rows come from; some groups of its events are read again.
    index, vectors
        The rows to train on and their features, aligned.
    features
        What made them.
    """
    looked: dict[str, int] = {}
    leaks: list[Leak] = []
    warnings: list[str] = []
    place = {name: number for number, name in enumerate(features.columns)}
    rows = dict(zip(index["event_id"].to_list(), range(len(index)), strict=True))
    with dataset.store.session():
        by_key = _by_key(features, dataset)
        for histories, found in zip(by_key, groups(dataset, by_key) if by_key else (), strict=True):
            cases = telling_cases(found, rows, histories)
            for history in histories:
                looked[history.name] = len(cases)
                if not cases:
                    warnings.append(f"{history.name} was not recomputed: no labelled event was found for it.")
                leak = compare(
                    history, cases, vectors.dense[[case.row for case in cases], place[history.name]]
                )
                leaks += [leak] if leak else []
        for name, differ, count in _alone(dataset, index, features):
            looked[name] = count
            if differ:
                leaks.append(
                    Leak(name, differ, count, "it says something else of the same event among others")
                )
    return Leakage(looked, tuple(leaks), (*warnings, *too_good(index, vectors, features)))


def compare(history: History, cases: Sequence[Case], said: NDArray[np.float32]) -> Leak | None:
    """Return what is wrong with the numbers of a history, ``None`` where they are what was known then.

    Parameters
    ----------
    said
        float32[N], the numbers to judge, in the order of the cases.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> rows = [Row(str(n), "signup", n * 1000, fields={"ip": "192.0.2.1"}) for n in range(5)]
    >>> cases = [Case(row, Past(rows), place) for place, row in enumerate(rows)]
    >>> compare(Count("signup", by="ip", over="1h"), cases, np.arange(5, dtype=np.float32))
    >>> print(compare(Count("signup", by="ip", over="1h"), cases, np.arange(5, dtype=np.float32) + 1))
    signup.count_by_ip_1h (5 of 5 events differ; it looks as if the event itself were counted)
    """
    expected = np.array([value(history, case.event, case.past) for case in cases], np.float32)
    right = _same(expected, said)
    if right.all():
        return None
    reason = "no wrong definition that is known explains it"
    for name, rewrite in _DEFINITIONS.items():
        again = np.array([value(history, *rewrite(case.event, case.past)) for case in cases], np.float32)
        if _same(again, said).mean() >= EXPLAINED:
            reason = f"it looks as if {name}"
            break
    return Leak(history.name, int((~right).sum()), len(cases), reason)


def telling_cases(
    found: Iterable[Group], rows: Mapping[str, int], histories: Sequence[History]
) -> list[Case]:
    """Return events to recompute: some with each sort of neighbour that tells definitions apart, and some others.

    Parameters
    ----------
    found
        Groups of one key.
    rows
        Row in the matrix by event; others are not looked at.
    """
    longest = max(history.window.ms for history in histories)
    wanted: dict[str, list[Case]] = {name: [] for name in (*_SORTS, "")}
    for group in found:
        cases = [Case(row, group.past, rows[row.event_id]) for row in group.rows if row.event_id in rows]
        for case, sorts in zip(cases, _sorts(cases, group, longest), strict=True):
            for name in sorts:
                wanted[name].append(case)
    chosen: dict[str, Case] = {}
    for cases in wanted.values():
        for case in sorted(cases, key=lambda one: one.event.event_id)[:EACH]:
            chosen[case.event.event_id] = case
    return list(chosen.values())


_SORTS = ("late", "skewed", "tied", "label")


def _sorts(cases: Sequence[Case], group: Group, longest: int) -> Iterator[tuple[str, ...]]:
    """Yield what the neighbours of each case can tell."""
    happened = np.array([row.event_time for row in group.rows])
    arrived = np.array([row.event_time if row.ingested_at is None else row.ingested_at for row in group.rows])
    known = np.maximum(happened, arrived)
    label = {said.subject: said.known_at for said in group.past.statements}
    labelled = np.array([label.get(row.event_id, 0) for row in group.rows])
    ids = np.array([row.event_id for row in group.rows])
    for case in cases:
        m, other = case.event.moment, ids != case.event.event_id
        told = {
            "late": (happened < m) & (happened >= m - longest) & (known >= m),
            "skewed": (arrived < m) & (known >= m),
            "tied": known == m,
            "label": (known < m) & (labelled >= m),
        }
        yield (*(name for name, there in told.items() if (there & other).any()), "")


def _by_key(features: FeatureSet, dataset: Dataset) -> list[list[History]]:
    """Return the declared histories of a set, those of one key together."""
    found: dict[tuple[str, ...], list[History]] = {}
    for one in features.histories:
        if isinstance(one, History) and one.kind == dataset.kind:
            found.setdefault(one.keys, []).append(one)
    return list(found.values())


def _same(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.isclose(left, right, rtol=1e-5, atol=1e-6, equal_nan=True)


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


def _alone(dataset: Dataset, index: pl.DataFrame, features: FeatureSet) -> Iterator[tuple[str, int, int]]:
    """Yield (column, events that differ, events looked at) of each extractor of rows, run alone and in a crowd of copies."""
    # What learns from the training window has no numbers before it has learnt.
    extractors = [one for one in features.extractors if isinstance(one, TableExtractor) and not one.learns]
    if not extractors:
        return
    ids = index["event_id"].sort().gather_every(max(len(index) // ALONE, 1)).head(ALONE).to_list()
    schema = SCHEMAS[features.kind]
    columns = [name for name in schema if any(name in one.inputs for one in extractors)]
    sql = query("event_columns_by_ids", dataset.settings, kind=dataset.kind, columns=columns)
    batch = dataset.store.frame(sql, {"ids": ids}).select(pl.col(name).cast(schema[name]) for name in columns)
    crowd = pl.concat([batch, batch.reverse(), batch])
    for extractor in extractors:
        together = extractor.matrix(crowd).head(len(batch)).to_numpy()
        alone = pl.concat([extractor.matrix(batch[row : row + 1]) for row in range(len(batch))]).to_numpy()
        kept = {name for name, _ in features.kept(extractor)}
        for place, name in enumerate(extractor.columns):
            if name in kept:
                yield name, int((~_same(together[:, place], alone[:, place])).sum()), len(batch)


def too_good(index: pl.DataFrame, vectors: Vectors, features: FeatureSet) -> tuple[str, ...]:
    """Return a warning for each feature that alone tells the classes apart.

    Examples
    --------
    >>> from msa_ml.features.mail.subject import Subject
    >>> features = FeatureSet([Subject()])
    >>> label = np.arange(40) % 2
    >>> dense = np.column_stack([label, *[np.zeros(40)] * (len(features.columns) - 1)]).astype(np.float32)
    >>> too_good(pl.DataFrame({"label": label}), Vectors(dense, {}), features)[0][:64]
    'mail.subject.length alone tells the classes apart (AUC 1.0000): '
    """
    step = max(len(index) // _MOST_AUC, 1)
    y = index["label"].to_numpy()[::step]
    said = []
    for place, name in enumerate(features.columns):
        values = vectors.dense[::step, place].astype(np.float64)
        known = ~np.isnan(values)
        if known.mean() < 0.5 or len(np.unique(y[known])) < 2:
            continue
        auc = 1 - one_minus_roca_pct(y[known], values[known]) / 100
        if max(auc, 1 - auc) >= TOO_GOOD:
            said.append(
                f"{name} alone tells the classes apart (AUC {max(auc, 1 - auc):.4f}): make sure that it is known in time "
                "and that it does not come from where the labels come from."
            )
    return tuple(said)
