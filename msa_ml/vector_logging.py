"""Write the vectors of stored events to the log, so that training needs their raw mail no longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from msa_ml.dataset.dataset import Dataset
from msa_ml.features.extraction import extract_events, extract_mail, past_of, with_past
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.logged import frame_of, logged_ids, write_spec
from msa_ml.features.spec import Specification
from msa_ml.pipeline import Progress, Silent
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init

_ROWS = 5_000
"""Vectors of one insert, about 30 MB with their content."""


@dataclass(frozen=True)
class LogReport:
    """What became of a run.

    Attributes
    ----------
    events
        Events of the window, also those that have no label yet or are too young to be judged.
    written, already
        Vectors that were written now, and before under the same specification.
    without_raw
        Events whose raw mail is gone.
    """

    spec_digest: str
    events: int
    written: int
    already: int
    without_raw: int

    def text(self) -> str:
        """Return it in words."""
        return (
            f"{self.written} vectors written under specification {self.spec_digest[:12]}, {self.already} were there, "
            f"{self.without_raw} events have no raw mail any more."
        )


def log_vectors(
    dataset: Dataset,
    features: FeatureSet,
    *,
    stored_at: datetime,
    workers: int = 0,
    progress: Progress | None = None,
) -> LogReport:
    """Extract the features of every event of a dataset that was not logged under them yet, and write them.

    Parameters
    ----------
    dataset
        Its events, labelled or not, mature or not: raw mail may be gone before a label comes.
    features
        What to compute.
    stored_at
        When this is written; for retention only.
    workers
        Processes, 0 = one a core.

    Raises
    ------
    DataRefused
        The window holds no event.
    """
    say = progress or Silent()
    settings = dataset.settings
    every = dataset.with_immature()
    with say.step("reading events"):
        every.require_events()
    store = connect(settings.results_url, settings=settings)
    specification = Specification.of(features)
    index = every.index.with_columns(ingested_at=pl.col("known_at"))
    with store.session():
        init(store, retention=settings.section("retention"))
        write_spec(store, specification, stored_at=stored_at)
        there = logged_ids(store, settings, specification.digest, index["event_id"])
    missing = index.filter(~pl.col("event_id").is_in(list(there)))
    written = 0
    with say.step("extracting and logging", len(missing)) as done:
        for times, vectors in _extracted(every, missing, features, workers):
            rows = frame_of(specification.digest, times, vectors, stored_at=stored_at)
            written += store.insert("feature_vectors", rows)
            done(len(rows))
    return LogReport(specification.digest, len(index), written, len(there), len(missing) - written)


def _extracted(
    dataset: Dataset, index: pl.DataFrame, features: FeatureSet, workers: int
) -> Iterator[tuple[pl.DataFrame, Vectors]]:
    """Yield rows of the index with their vectors; mail a part at a time, since its content is large."""
    if not len(index):
        return
    if dataset.kind != "mail":
        yield extract_events(dataset, index, features)
        return
    past = past_of(dataset, features)
    for batch in _runs(dataset.raw(index["event_id"].to_list())):
        ids, vectors = extract_mail([batch], features, workers=workers, expected=len(batch))
        times = pl.DataFrame({"event_id": ids}).join(index, on="event_id", how="left", maintain_order="left")
        yield times, with_past(times["event_id"], vectors, past)


def _runs(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Join small batches until they are worth an insert."""
    held: list[Any] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= _ROWS:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)
