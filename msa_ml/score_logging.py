"""Store what scoring processes logged: rows of ``scores`` and ``feature_vectors``, and the specification they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import polars as pl

from msa_ml.bundle.logged import Row
from msa_ml.bundle.read import Bundle
from msa_ml.errors import InputError
from msa_ml.features.logged import SCHEMA, write_spec
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init

ROWS = 5_000
"""Rows of one insert, about 30 MB with their content."""
SCORES = {
    "event_id": pl.String(),
    "task": pl.String(),
    "bundle_id": pl.String(),
    "event_time": pl.Datetime("ms", "UTC"),
    "scored_at": pl.Datetime("ms", "UTC"),
    "logit": pl.Float32(),
    "probability": pl.Float32(),
    "policy": pl.String(),
    "decision": pl.String(),
    "stored_at": pl.Datetime("ms", "UTC"),
}
"""Columns of ``scores``."""


@dataclass(frozen=True)
class StoreReport:
    """What was written; a repeat of the same rows converges and is counted again."""

    scores: int
    vectors: int


def store_rows(
    rows: Iterable[Row], bundle: Bundle, settings: Settings, *, stored_at: datetime
) -> StoreReport:
    """Write rows where results are written.

    Parameters
    ----------
    rows
        Of events that this bundle scored.
    bundle
        Its specification is written beside the vectors, so that other code can read them.
    stored_at
        When this is written; for retention only.

    Raises
    ------
    InputError
        A row of another bundle, or a vector that does not fit the specification.
    """
    store = connect(settings.results_url, settings=settings)
    scores = vectors = 0
    with store.session():
        init(store, retention=settings.section("retention"))
        write_spec(store, bundle.specification, stored_at=stored_at)
    for some in _runs(rows):
        _demand_of(some, bundle)
        with store.session():
            found = [row.vector for row in some if row.vector is not None]
            # Vectors first: a score without its vector would look like one that was not complete.
            vectors += store.insert("feature_vectors", _frame(found, SCHEMA, stored_at)) if found else 0
            scores += store.insert("scores", _frame([row.score for row in some], SCORES, stored_at))
    return StoreReport(scores, vectors)


def _demand_of(rows: list[Row], bundle: Bundle) -> None:
    width = len(bundle.features.columns)
    for row in rows:
        if row.score["bundle_id"] != bundle.id:
            raise InputError(
                f"a row was scored by bundle {str(row.score['bundle_id'])[:12]!a}, this is {bundle.id[:12]}.",
                hint="Give the bundle that scored it.",
            )
        vector = row.vector
        if vector is not None and (
            vector["spec_digest"] != bundle.manifest.spec_digest or len(vector["values"]) != width
        ):
            raise InputError(
                f"a vector is not of specification {bundle.manifest.spec_digest[:12]} with {width} numbers.",
                hint="The file was changed; write it again.",
            )


def _frame(rows: list[Any], schema: dict[str, Any], stored_at: datetime) -> pl.DataFrame:
    columns = {name: [stored_at if name == "stored_at" else row[name] for row in rows] for name in schema}
    return pl.DataFrame(columns, schema=schema)


def _runs(rows: Iterable[Row]) -> Iterator[list[Row]]:
    stream = iter(rows)
    while some := list(islice(stream, ROWS)):
        yield some
