"""What became known of labels, moment by moment: for walks through time that may not look ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from msa_ml.dataset.dataset import Dataset


def label_news(dataset: Dataset, moments: Sequence[datetime]) -> list[pl.DataFrame]:
    """Return, for each moment, the events whose label is another than at the moment before.

    Each moment is the same query as any dataset's, with that moment as its ``as_of``: a label is there from
    ``max(labelled_at, ingested_at)``, by the rules of the task. Labels count as soon as they are known, whatever the
    age of the event.

    Parameters
    ----------
    dataset
        Which events; nothing later than its own ``as_of`` is used.
    moments
        Rising, UTC.

    Returns
    -------
    list of polars.DataFrame
        ``event_id``, ``label`` (1, 0, or null where a label was taken back), ``weight`` (of inclusion).
    """
    rules = replace(dataset.rules, delay=timedelta(0))
    before = pl.DataFrame(schema={"event_id": pl.String, "label": pl.Int8, "weight": pl.Float64})
    found = []
    # One session, because the embedded store takes a tenth of a second to open.
    with dataset.store.session():
        for moment in moments:
            selection = replace(dataset.selection, as_of=min(moment, dataset.selection.as_of))
            view = replace(dataset, rules=rules, selection=selection)
            now = view.labelled.select(before.columns)
            said = now.join(before, on=["event_id", "label"], how="anti")
            gone = before.join(now, on="event_id", how="anti")
            found.append(pl.concat([said, gone.with_columns(label=pl.lit(None, pl.Int8))]))
            before = now
    return found
