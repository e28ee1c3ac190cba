"""Leakage: a feature that knows what was not yet known when its event was decided upon.

Three things are looked at, on a bounded and deterministic sample, before every training:

- Every declared history is recomputed by the plain reference on whole groups of events, as known at the moment of each
  event, and must be equal. Events are preferred that tell wrong definitions apart: with neighbours that arrived late,
  that bear a later clock than the hour of their arrival, that share their millisecond, or whose label came later.
- Every extractor of rows must say the same of an event alone as among others: what it says must come from that event.
- A feature that alone tells the classes apart is a warning, because most such features turn out to know the answer.

A history whose rows differ is refused by name, with the definition that would explain it where one does. Numbers that were read from the log are refused only if a wrong definition
explains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import DataRefused
from msa_ml.evaluation.checks.past import Group, groups
from msa_ml.evaluation.checks.wrong_definitions import Case, expected, explanation, same
from msa_ml.evaluation.metrics import one_minus_roca_pct
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.history import History
from msa_ml.features.table import SCHEMAS, TableExtractor
from msa_ml.markup import table
from msa_ml.source.queries import query

EACH = 12
"""Events of each telling sort that are recomputed for one key."""
ALONE = 12
"""Events for which extractors of rows are run alone."""
TOO_GOOD = 0.999
"""AUC of one feature from which on it is suspicious."""
_MOST_AUC = 20_000


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


def leakage(
    dataset: Dataset, index: pl.DataFrame, vectors: Vectors, features: FeatureSet, *, logged: bool = False
) -> Leakage:
    """Look for features that know what was not yet known.

    Parameters
    ----------
    dataset
        Where the rows come from; some groups of its events are read again.
    index, vectors
        The rows to train on and their features, aligned.
    features
        What made them.
    logged
        The vectors were read from the log, see :func:`compare_logged`.
    """
    looked: dict[str, int] = {}
    leaks: list[Leak] = []
    warnings = [
        f"{one.name} was not recomputed: it counts events of kind {one.kind}, and only those of kind {dataset.kind} are read again."
        for one in features.histories
        if isinstance(one, History) and one.kind != dataset.kind
    ]
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
                said = vectors.dense[[case.row for case in cases], place[history.name]]
                wrong = (compare_logged if logged else compare)(history, cases, said)
                if isinstance(wrong, Leak):
                    leaks.append(wrong)
                elif wrong:
                    warnings.append(wrong)
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
    >>> from msa_ml.features.history_reference import Past, Row
    >>> rows = [Row(str(n), "signup", n * 1000, fields={"ip": "192.0.2.1"}) for n in range(5)]
    >>> cases = [Case(row, Past(rows), place) for place, row in enumerate(rows)]
    >>> compare(Count("signup", by="ip", over="1h"), cases, np.arange(5, dtype=np.float32))
    >>> print(compare(Count("signup", by="ip", over="1h"), cases, np.arange(5, dtype=np.float32) + 1))
    signup.count_by_ip_1h (5 of 5 events differ; it looks as if the event itself were counted)
    """
    differ = ~same(expected(history, cases), said)
    if not differ.any():
        return None
    reason = explanation(history, cases, said) or "no wrong definition that is known explains it"
    return Leak(history.name, int(differ.sum()), len(cases), reason)


def compare_logged(history: History, cases: Sequence[Case], said: NDArray[np.float32]) -> Leak | str | None:
    """Return what is wrong with logged numbers of a history: a leak, a sentence about what cannot be decided, or nothing.

    What was logged as unknown is not compared: serving may have had no counters. Events that were stored after the
    numbers were logged make these differ too, so only what a wrong definition explains is a leak.

    Parameters
    ----------
    said
        float32[N], the logged numbers, in the order of the cases.
    """
    known = ~np.isnan(said)
    cases, said = [case for case, there in zip(cases, known, strict=True) if there], said[known]
    if not cases:
        return (
            f"{history.name} was logged as unknown for each of the {len(known)} events looked at."
            if len(known)
            else None
        )
    differ = ~same(expected(history, cases), said)
    if not differ.any():
        return None
    what = "the logged value differs from what the store says"
    if reason := explanation(history, cases, said, among=differ):
        return Leak(history.name, int(differ.sum()), len(cases), f"{what}; {reason}")
    return (
        f"{history.name}: {what} for {int(differ.sum())} of {len(cases)} events, and no wrong definition that is known "
        "explains it; were events or labels stored later?"
    )


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
        cases = [
            Case(row, group.past, rows[row.event_id])
            for row in group.rows
            if row.event_id in rows and (group.whole is None or row.event_id in group.whole)
        ]
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
                yield name, int((~same(together[:, place], alone[:, place])).sum()), len(batch)


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
