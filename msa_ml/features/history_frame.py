"""Histories of the events of a dataset, read from its store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.history import History, LabelCount, Rate, require_unique
from msa_ml.features.history_plan import portions
from msa_ml.features.history_sql import compile_histories
from msa_ml.records import Kind
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store
from msa_ml.source.mapping import read as read_mapping
from msa_ml.source.queries import fill

if TYPE_CHECKING:
    from msa_ml.dataset.dataset import Dataset


def of_dataset(histories: Iterable[History], dataset: Dataset) -> pl.DataFrame:
    """Return ``event_id`` and one Float32 column a history, for every row of the dataset's index, in its order.

    Histories look at all events of the store that the selection's sources allow, whatever its window, sample or label maturity, as long
    as they were known before the dataset's ``as_of``. Labels are read by the rules of the dataset's task.
    """
    found = read_histories(
        histories,
        kind=dataset.kind,
        parameters=dataset.selection.parameters(),
        rules={dataset.task: dataset.rules},
        settings=dataset.settings,
        store=dataset.store,
        only=dataset.index["event_id"],
    )
    return dataset.index.select("event_id").join(found, on="event_id", how="left", maintain_order="left")


def read_histories(
    histories: Iterable[History],
    *,
    kind: Kind,
    parameters: Mapping[str, Any],
    rules: Mapping[str, LabelRules],
    settings: Settings,
    store: Store,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    """Return ``event_id`` and one Float32 column a history, in no stated order; ``nan`` is unknown.

    Parameters
    ----------
    parameters
        ``since``, ``until``, ``as_of``, ``event_sources``, ``with_simulated``: which events are asked about, as
        :meth:`msa_ml.dataset.dataset.Selection.parameters` says them.
    rules
        How each task whose labels are read resolves them.
    only
        Ids to keep of those; default: all.

    Raises
    ------
    UnknownNameError
        A history reads the labels of a task that has no rules here.
    """
    chosen = require_unique(histories)
    if not chosen:
        raise InputError(
            "there is no history to read.", hint='Give one: Count("signup", by="ip", over="1h").'
        )
    mapping = read_mapping(settings, kind)
    text_ids = mapping is not None and "event_id" in mapping.fields
    wanted = None if only is None else pl.DataFrame({"event_id": only})
    frames = []
    for portion in portions(chosen):
        compiled = compile_histories(portion, kind=kind, text_ids=text_ids)
        values = {**parameters, **label_parameters(portion, rules)}
        batches = [
            batch if wanted is None else batch.join(wanted, on="event_id", how="semi")
            for batch in store.stream(fill(compiled.text, settings), values)
        ]
        schema = {"event_id": pl.String, **dict.fromkeys(compiled.columns, pl.Float32)}
        frames.append(pl.concat(batches) if batches else pl.DataFrame(schema=schema))
    found = frames[0]
    for frame in frames[1:]:
        found = found.join(frame, on="event_id", how="inner", validate="1:1")
    return found.select("event_id", *(history.name for history in chosen))


def label_parameters(histories: Iterable[History], rules: Mapping[str, LabelRules]) -> dict[str, Any]:
    """Return the parameters that say how the labels of each task are read.

    Raises
    ------
    UnknownNameError
        A task has no rules.

    Examples
    --------
    >>> label_parameters([], {})
    {}
    """
    tasks = list(dict.fromkeys(h.task for h in histories if isinstance(h, LabelCount | Rate)))
    found: dict[str, Any] = {}
    for number, task in enumerate(tasks):
        if task not in rules:
            raise UnknownNameError("task of a history", task, rules)
        found[f"task_{number}"] = task
        found |= {f"{name}_{number}": value for name, value in rules[task].parameters().items()}
    return found
