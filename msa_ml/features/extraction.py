"""Run a feature set over the events of a dataset: raw mail in this process or over worker processes, rows batch by batch.

Workers are loky's: they accept an extractor class from a notebook cell, and start without forking, which an open
embedded store would not survive.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from msa_ml.errors import InputError
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.history import History
from msa_ml.features.mail.message import Message
from msa_ml.features.table import SCHEMAS, inputs_of
from msa_ml.source.fields import FIELDS

if TYPE_CHECKING:
    from msa_ml.dataset.dataset import Dataset

CHUNK = 250
"""Mails a worker takes at once: enough to outweigh the way there, few enough to share evenly."""
WORTH_WORKERS = 1_500
"""Fewer mails than this are done before workers have started."""

Progress = Callable[[int], None]


def extract_events(
    dataset: Dataset,
    index: pl.DataFrame,
    features: FeatureSet,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> tuple[pl.DataFrame, Vectors]:
    """Return the rows of an index whose events can still be read, and their vectors, aligned.

    Parameters
    ----------
    dataset
        Where the events are read from.
    index
        Some rows of its index.
    features
        What to compute; of the dataset's kind.
    workers
        Processes for mail; 0 = one a core. Rows of plain fields are computed here, a batch at a time.
    progress
        Called with the number of events done since the last call.

    Raises
    ------
    InputError
        The features read another kind of event.
    """
    if features.kind != dataset.kind:
        raise InputError(
            f"these features read events of kind {features.kind}, the dataset holds {dataset.kind}."
        )
    if dataset.kind != "mail":
        there, vectors = _extract_rows(dataset, readable(dataset, index, features), features, progress)
        return there, with_past(there["event_id"], vectors, past_of(dataset, features))
    ids, vectors = extract_mail(
        dataset.raw(index["event_id"].to_list()),
        features,
        workers=workers,
        expected=len(index),
        progress=progress,
    )
    place = pl.DataFrame(
        {"event_id": ids, "place": np.arange(len(ids))}, schema_overrides={"event_id": pl.String}
    )
    found = index.join(place, on="event_id", how="inner", maintain_order="left")
    vectors = vectors[found["place"].to_numpy()]
    return found.drop("place"), with_past(found["event_id"], vectors, past_of(dataset, features))


def readable(dataset: Dataset, index: pl.DataFrame, features: FeatureSet) -> pl.DataFrame:
    """Return the rows of an index without those whose personal fields retention has emptied, if the features read such fields.

    Whether the raw mail of a row is still there is seen only when it is read.
    """
    if dataset.kind == "mail":
        return index
    personal = {field.name for field in FIELDS[dataset.kind] if field.retention}
    counted = {word for one in features.histories if isinstance(one, History) for word in _words(one)}
    if personal.isdisjoint(counted) and personal.isdisjoint(inputs_of(features)):
        return index
    return index.join(dataset.emptied.to_frame(), on="event_id", how="anti", maintain_order="left")


def _words(history: History) -> tuple[str, ...]:
    return (*history.keys, getattr(history, "of", ""))


def past_of(dataset: Dataset, features: FeatureSet) -> pl.DataFrame | None:
    """Return ``event_id`` and the histories of a feature set for every event of a dataset; ``None`` where there are none.

    Raises
    ------
    InputError
        One of the histories cannot be computed here.
    """
    histories = [one for one in features.histories if isinstance(one, History)]
    if len(histories) < len(features.histories):
        raise InputError("a feature set with histories can be extracted only if all of them can be computed.")
    if not histories:
        return None
    found = dataset.history(histories)
    return found.select(
        "event_id", *(pl.col(one.name).cast(pl.Float32).fill_null(float("nan")) for one in histories)
    )


def with_past(ids: pl.Series, vectors: Vectors, past: pl.DataFrame | None) -> Vectors:
    """Return the vectors of some events with what was known before each; an event without a past has ``nan``.

    Parameters
    ----------
    ids
        Events, aligned with ``vectors``.
    past
        As :func:`past_of` gives it.
    """
    if past is None:
        return vectors
    found = ids.alias("event_id").to_frame().join(past, on="event_id", how="left", maintain_order="left")
    return vectors.with_last(found.drop("event_id").fill_null(float("nan")).to_numpy())


def _extract_rows(
    dataset: Dataset, index: pl.DataFrame, features: FeatureSet, progress: Progress | None
) -> tuple[pl.DataFrame, Vectors]:
    """Fill one matrix batch by batch, so that only the vectors grow with the number of rows."""
    place = index.select("event_id", place=pl.int_range(pl.len(), dtype=pl.UInt32))
    dense = np.full((len(index), len(features.columns)), np.nan, np.float32)
    content: dict[str, list[bytes]] = {view.name: [b""] * len(index) for view in features.views}
    there = np.zeros(len(index), bool)
    columns = inputs_of(features)
    types = {name: SCHEMAS[features.kind][name] for name in columns}
    for batch in dataset.table(columns):
        found = batch.join(place, on="event_id", how="inner", maintain_order="left")
        rows = found["place"].to_numpy()
        vectors = features.extract_rows(found.select(pl.col(name).cast(types[name]) for name in columns))
        dense[rows] = vectors.dense
        for view, items in vectors.content.items():
            for row, item in zip(rows.tolist(), items, strict=True):
                content[view][row] = item
        there[rows] = True
        if progress:
            progress(len(rows))
    vectors = Vectors(dense, content)
    return (index, vectors) if there.all() else (index.filter(pl.Series(there)), vectors[there])


def extract_mail(
    batches: Iterable[pl.DataFrame],
    features: FeatureSet,
    *,
    workers: int = 0,
    expected: int = 0,
    progress: Progress | None = None,
) -> tuple[list[str], Vectors]:
    """Return (event ids, vectors) of a stream of mail, in the order of the stream.

    Parameters
    ----------
    batches
        Frames with ``event_id`` and ``raw`` (bytes).
    features
        What to compute.
    workers
        Processes; 0 = one a core, 1 = this process.
    expected
        How many mails will come, if known; few are done here.
    progress
        Called with the number of mails done since the last call.
    """
    number = workers or os.cpu_count() or 1
    chunks = _chunks(batches)
    if number == 1 or (expected and expected < WORTH_WORKERS):
        done = _here(chunks, features, progress)
    else:
        done = _in_workers(chunks, features, number, progress)
    ids: list[str] = []
    parts: list[Vectors] = []
    for names, vectors in done:
        ids += names
        parts.append(vectors)
    return ids, Vectors.concatenate(parts) if parts else features.extract([])


def _chunks(batches: Iterable[pl.DataFrame]) -> Iterator[tuple[list[str], list[bytes]]]:
    for batch in batches:
        for part in batch.iter_slices(CHUNK):
            yield part["event_id"].to_list(), part["raw"].to_list()


def _here(
    chunks: Iterable[tuple[list[str], list[bytes]]], features: FeatureSet, progress: Progress | None
) -> Iterator[tuple[list[str], Vectors]]:
    for ids, raws in chunks:
        yield ids, vectors_of(features, raws)
        if progress:
            progress(len(ids))


def _in_workers(
    chunks: Iterable[tuple[list[str], list[bytes]]],
    features: FeatureSet,
    number: int,
    progress: Progress | None,
) -> Iterator[tuple[list[str], Vectors]]:
    from joblib import Parallel, delayed

    with Parallel(n_jobs=number, backend="loky") as pool:
        # Rounds of a few chunks a worker, so that the stream is read by this thread alone and memory stays bounded.
        for group in _groups(chunks, 4 * number):
            results = pool(delayed(vectors_of)(features, raws) for _, raws in group)
            for (ids, _), vectors in zip(group, results, strict=True):
                yield ids, vectors
                if progress:
                    progress(len(ids))


def _groups(
    chunks: Iterable[tuple[list[str], list[bytes]]], size: int
) -> Iterator[list[tuple[list[str], list[bytes]]]]:
    group: list[tuple[list[str], list[bytes]]] = []
    for chunk in chunks:
        group.append(chunk)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def vectors_of(features: FeatureSet, raws: Sequence[bytes]) -> Vectors:
    """Parse each mail once and compute its vector; the unit of work of a worker."""
    return features.extract([Message(raw) for raw in raws])
