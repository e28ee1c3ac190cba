"""Vectors that were logged: written when an event is scored or read, and read again to train without its raw mail.

Tables ``feature_vectors`` and ``feature_specs``. An event's vector under one specification is one row; a repeat
converges. Content views are the bytes that the content model hashes: personal data, with their own retention.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import DataRefused
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.projection import Projection, project
from msa_ml.features.spec import Specification, canonical
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store
from msa_ml.source.queries import query

_IDS = 1_000  # ids of one query
SCHEMA = {
    "event_id": pl.String(),
    "spec_digest": pl.String(),
    "event_time": pl.Datetime("ms", "UTC"),
    "ingested_at": pl.Datetime("ms", "UTC"),
    "values": pl.List(pl.Float32),
    "content": pl.Map(pl.String, pl.Binary),
    "stored_at": pl.Datetime("ms", "UTC"),
}
"""Columns of ``feature_vectors``."""


@dataclass(frozen=True)
class Logged:
    """Vectors read from the log.

    Attributes
    ----------
    ids, vectors
        Events and their vectors in the columns of ``projection.features``, in no stated order.
    projection
        What was read from which specification, and what was dropped.
    emptied
        Events whose content views retention has removed; they are left out.
    """

    ids: list[str]
    vectors: Vectors
    projection: Projection
    emptied: int


def write_spec(store: Store, specification: Specification, *, stored_at: datetime) -> None:
    """Write a specification, so that its vectors can be read by other code."""
    row = {
        "spec_digest": [specification.digest],
        "spec": [canonical(specification.to_json()).decode()],
        "stored_at": [stored_at],
    }
    schema = {"spec_digest": pl.String(), "spec": pl.String(), "stored_at": SCHEMA["stored_at"]}
    store.insert("feature_specs", pl.DataFrame(row, schema=schema))


def frame_of(digest: str, times: pl.DataFrame, vectors: Vectors, *, stored_at: datetime) -> pl.DataFrame:
    """Return rows of ``feature_vectors``.

    Parameters
    ----------
    digest
        Of the specification.
    times
        N rows with ``event_id``, ``event_time`` and ``ingested_at``, aligned with ``vectors``.
    stored_at
        For retention only.
    """
    names = list(vectors.content)
    columns = [vectors.content[name] for name in names]
    content = [dict(zip(names, items, strict=True)) for items in zip(*columns, strict=True)]
    return times.select("event_id", "event_time", "ingested_at").with_columns(
        spec_digest=pl.lit(digest),
        values=pl.Series(list(vectors.dense), dtype=SCHEMA["values"]),
        content=pl.Series(content or [{}] * len(vectors), dtype=SCHEMA["content"]),
        stored_at=pl.lit(stored_at, dtype=SCHEMA["stored_at"]),
    )


def logged_ids(store: Store, settings: Settings, digest: str, ids: Iterable[str]) -> set[str]:
    """Return which of some events have a vector under a specification."""
    found: set[str] = set()
    for chunk in _chunks(ids):
        rows = store.frame(query("logged_ids", settings), {"ids": chunk, "spec": digest})
        found.update(rows["event_id"].to_list())
    return found


def logged_specs(
    store: Store, settings: Settings, since: datetime, until: datetime
) -> dict[str, Specification]:
    """Return the specifications under which vectors of a window were logged, the most frequent first.

    Raises
    ------
    DataRefused
        Vectors whose specification is not there.
    """
    rows = store.frame(query("logged_specs", settings), {"since": since, "until": until})
    found = {}
    for digest, events, text in rows.select("spec_digest", "events", "spec").iter_rows():
        if not text:
            raise DataRefused(
                f"{events} logged vectors name specification {digest[:12]}, which is not in feature_specs.",
                hint="Write the specification too: it is features.json of the bundle that logged them.",
            )
        found[digest] = Specification.from_json(json.loads(text))
    return found


def read_logged(
    store: Store,
    settings: Settings,
    wanted: FeatureSet,
    ids: Sequence[str],
    window: tuple[datetime, datetime],
    *,
    progress: Callable[[int], None] | None = None,
) -> Logged:
    """Return the logged vectors of some events, projected onto a feature set.

    Where an event was logged under several specifications, its vectors agree in every feature that is read, so any of
    them will do.

    Parameters
    ----------
    store
        Where vectors are written.
    wanted
        The features that a model would like.
    ids
        Events.
    window
        [since, until) over ``event_time`` in which specifications are looked for.
    progress
        Called with the number of events done since the last call.

    Raises
    ------
    DataRefused
        Nothing was logged, no specification shares enough features, or all content has expired.
    """
    specs = logged_specs(store, settings, *window)
    if not specs:
        raise DataRefused(
            f"no vector of this window was logged (looked in {store.url_public}).",
            hint="Log them: msa-ml log-vectors TASK, or let serving write them.",
        )
    found = project(wanted, specs)
    views = [view.name for view in found.features.views]
    widths = {digest: len(specs[digest].columns) for digest in found.places}
    names, vectors, emptied = _read(store, settings, found.places, widths, views, ids, progress)
    return Logged(names, vectors, found, emptied)


def read_equal(
    store: Store,
    settings: Settings,
    specification: Specification,
    views: Sequence[str],
    ids: Sequence[str],
    window: tuple[datetime, datetime],
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[list[str], Vectors]:
    """Return (ids, vectors) of the events whose logged vectors hold every feature of a specification.

    Its extractors are not imported, so it may be the specification of other code.

    Parameters
    ----------
    views
        Content views that are needed.

    Raises
    ------
    DataRefused
        No vector of the window holds them all.
    """
    needed = [*specification.columns, *views]
    wanted = specification.digests
    places, widths = {}, {}
    for digest, other in logged_specs(store, settings, *window).items():
        theirs = other.digests
        if other.kind == specification.kind and all(theirs.get(name) == wanted[name] for name in needed):
            where = {column: place for place, column in enumerate(other.columns)}
            places[digest] = np.array([where[column] for column in specification.columns], np.int64)
            widths[digest] = len(other.columns)
    if not places:
        raise DataRefused(
            f"no vector of this window was logged with every feature of specification {specification.digest[:12]}.",
            hint="Log them with the code that made the bundle: msa-ml log-vectors TASK --bundle BUNDLE",
        )
    names, vectors, _ = _read(store, settings, places, widths, views, ids, progress)
    return names, vectors


def _read(
    store: Store,
    settings: Settings,
    places: Mapping[str, NDArray[np.int64]],
    widths: Mapping[str, int],
    views: Sequence[str],
    ids: Sequence[str],
    progress: Callable[[int], None] | None,
) -> tuple[list[str], Vectors, int]:
    """Return ids and vectors in the columns that ``places`` names, and how many events have lost their content."""
    names: list[str] = []
    parts: list[Vectors] = []
    emptied: set[str] = set()
    for chunk in _chunks(ids):
        rows = store.frame(query("logged_vectors", settings), {"ids": chunk, "specs": sorted(places)})
        # A vector whose content is still there before one whose content has expired.
        rows = rows.sort(
            pl.col("views").list.len(), "event_id", "spec_digest", descending=[True, False, False]
        ).unique("event_id", keep="first", maintain_order=True)
        for digest, some in _by_spec(rows):
            whole = pl.Series([set(views) <= set(row) for row in some["views"].to_list()], dtype=pl.Boolean)
            emptied.update(some.filter(~whole)["event_id"].to_list())
            kept = some.filter(whole)
            names += kept["event_id"].to_list()
            parts.append(_vectors(kept, places[digest], widths[digest], views))
        if progress:
            progress(len(chunk))
    if not names:
        what = (
            f"the content of all {len(emptied)} logged vectors has expired"
            if emptied
            else "none of these events was logged"
        )
        raise DataRefused(f"{what}.", hint="Widen feature_content in [retention], or name another window.")
    return names, Vectors.concatenate(parts), len(emptied)


def _by_spec(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (digest,), some in rows.group_by("spec_digest", maintain_order=True):
        yield str(digest), some


def _vectors(rows: pl.DataFrame, places: NDArray[np.int64], width: int, views: Sequence[str]) -> Vectors:
    """Return the vectors of rows of one specification."""
    lengths = set(rows["vector"].list.len().to_list())
    if lengths - {width}:
        raise DataRefused(
            f"a logged vector holds {max(lengths - {width})} numbers, its specification has {width}.",
            hint="Who wrote it? Remove the rows of that specification from feature_vectors.",
        )
    values = (
        rows["vector"].explode(empty_as_null=False).to_numpy().astype(np.float32).reshape(len(rows), width)
    )
    content: Mapping[str, list[bytes]] = {view: [] for view in views}
    for keys, items in rows.select("views", "raw").iter_rows():
        found = dict(zip(keys, items, strict=True))
        for view in views:
            content[view].append(found[view])
    return Vectors(np.ascontiguousarray(values[:, places]), content)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield ids in the order in which the table keeps them, so that each query reads one range of it."""
    names = sorted(ids)
    for start in range(0, len(names), _IDS):
        yield names[start : start + _IDS]
