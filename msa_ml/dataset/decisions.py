"""What was decided on events when they came: by what the events say themselves, else by the scores that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from msa_ml.source.clickhouse import connect
from msa_ml.source.fields import FIELDS
from msa_ml.source.queries import query

if TYPE_CHECKING:
    from msa_ml.dataset.dataset import Dataset

NONE = "none"
"""Of an event on which no decision is known."""
_THERE = "SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'score'"


def with_decision(dataset: Dataset) -> pl.DataFrame:
    """Return the index of a dataset with a column ``decision``.

    It is the attribute ``decision`` of the event (mapped, or imported as ``attributes.decision``), else the decision of the newest
    stored score of the task that was known at the dataset's moment, else ``none``.
    """
    names = {field.name for field in FIELDS[dataset.kind]}
    said = dataset.selection.parameters()
    found = [pl.DataFrame(schema={"event_id": pl.String, "decision": pl.String})]
    if "attributes" in names:
        sql = query("decisions_of_events", dataset.settings, kind=dataset.kind)
        found.append(dataset.store.frame(sql, said))
    results = connect(dataset.settings.results_url, settings=dataset.settings)
    if results.value(_THERE, {"database": results.database}):
        sql = query("decisions_of_scores", dataset.settings)
        found.append(results.frame(sql, {**said, "task": dataset.task}))
    decisions = pl.concat(one.cast(pl.String) for one in found).unique(
        "event_id", keep="first", maintain_order=True
    )
    index = dataset.index.join(decisions, on="event_id", how="left", maintain_order="left")
    return index.with_columns(pl.col("decision").fill_null(NONE))
