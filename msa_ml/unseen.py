"""Which stored events a bundle has not learnt from.

A bundle that was split by time names its test window. Events of its sources from before that window, and near-duplicates
of them later on (the same campaign), taught it: measured on them it would look better than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from msa_ml.bundle.read import Bundle
from msa_ml.dataset.dataset import EARLIEST, Dataset


@dataclass(frozen=True)
class Unseen:
    """Rows of a dataset's index that may be measured on.

    Attributes
    ----------
    index
        The rows that are left, in order of time.
    left_out
        How many rows were left out, by reason.
    notes
        What could not be checked.
    """

    index: pl.DataFrame
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    def said(self) -> list[str]:
        """Return it in words, one line each; empty when there is nothing to say."""
        lines = [f"left out: {count} events {reason}" for reason, count in self.left_out.items() if count]
        return [*lines, *self.notes]


def unseen(bundles: Iterable[Bundle], dataset: Dataset) -> Unseen:
    """Leave out the events that taught any of the bundles, and their near-duplicates."""
    index = dataset.index
    taught, copies = 0, 0
    notes = []
    for bundle in bundles:
        window = bundle.manifest.training.get("test_window")
        sources = list(bundle.manifest.dataset.get("sources", []))
        if not window or not sources:
            notes.append(
                f"bundle {bundle.id[:12]} was not split by time: events that taught it cannot be told from others"
            )
            continue
        start = datetime.fromisoformat(window[0])
        earlier = (pl.col("event_time") < start) & pl.col("source").is_in(sources)
        before = len(index)
        index = index.filter(~earlier)
        taught += before - len(index)
        campaigns = _campaigns_before(dataset, start, sources)
        before = len(index)
        index = index.filter(~pl.col("campaign").is_in(campaigns))
        copies += before - len(index)
    left_out = {
        "from before the test window of a bundle": taught,
        "of a campaign that a bundle was taught": copies,
    }
    return Unseen(index, left_out, tuple(notes))


def _campaigns_before(dataset: Dataset, start: datetime, sources: list[str]) -> list[str]:
    selection = replace(
        dataset.selection, since=EARLIEST, until=start, sources=tuple(sources), sample=1.0, keep=None
    )
    names = replace(dataset, selection=selection).index["campaign"].unique().to_list()
    return [name for name in names if name]
