"""A look at a dataset before any model: what its features say of each class, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import DataRefused, UnknownNameError
from msa_ml.evaluation import data_plots
from msa_ml.evaluation.metrics import one_minus_roca_pct
from msa_ml.evaluation.picture import Picture
from msa_ml.features.extraction import extract_events
from msa_ml.features.extractor import Extractor, FeatureSet, Vectors
from msa_ml.pipeline import Progress, Silent
from msa_ml.tasks import get as get_task


@dataclass(frozen=True)
class Extracted:
    """Features of some events beside their labels.

    Attributes
    ----------
    index
        The events, as :attr:`~msa_ml.dataset.dataset.Dataset.index` has them.
    vectors
        Aligned with ``index``.
    """

    index: pl.DataFrame
    features: FeatureSet
    vectors: Vectors
    synthetic: bool = False

    def to_polars(self) -> pl.DataFrame:
        """Return ``event_id``, ``event_time``, ``source``, ``label`` and a column for each feature; null is unknown."""
        columns = [
            pl.Series(name, self.vectors.dense[:, place]).fill_nan(None)
            for place, name in enumerate(self.features.columns)
        ]
        return self.index.select("event_id", "event_time", "source", "label").with_columns(*columns)

    def by_label(self) -> pl.DataFrame:
        """Return what each feature alone says of the labelled events; first those that tell most pairs apart.

        Returns
        -------
        polars.DataFrame
            ``feature``; ``known_abuse`` and ``known_not`` (shares of the class for which it is known); ``mean_abuse`` and
            ``mean_not`` over the known; ``auc``: how often abuse has the higher number, among the known, 0..1 (0.5 says
            nothing, 0 and 1 say everything), null where a class has none.
        """
        label = self.index["label"].to_numpy()
        abuse, clean = label == 1, label == 0
        rows = []
        for place, name in enumerate(self.features.columns):
            values = self.vectors.dense[:, place].astype(np.float64)
            known = ~np.isnan(values)
            rows.append(
                (
                    name,
                    _mean(known[abuse]),
                    _mean(known[clean]),
                    _mean(values[abuse & known]),
                    _mean(values[clean & known]),
                    _auc(values[abuse & known], values[clean & known]),
                )
            )
        names = ("feature", "known_abuse", "known_not", "mean_abuse", "mean_not", "auc")
        frame = pl.DataFrame(
            rows,
            schema={name: pl.String if name == "feature" else pl.Float64 for name in names},
            orient="row",
        )
        # Unknown values tell nothing, so a feature that is seldom known does not come first.
        tells = (pl.col("auc") - 0.5).abs() * pl.col("known_abuse") * pl.col("known_not")
        return frame.sort(tells, "feature", descending=[True, False], nulls_last=True)

    def plot(self, column: str) -> Picture:
        """Return how one feature is spread in each class.

        Raises
        ------
        UnknownNameError
            No such feature.
        """
        if column not in self.features.columns:
            raise UnknownNameError("feature", column, self.features.columns)
        labelled = self.index["label"].is_not_null().to_numpy()
        values = self.vectors.dense[labelled, self.features.columns.index(column)]
        label = self.index["label"].drop_nulls().to_numpy()
        return Picture.of(data_plots.spread(label, values, column, synthetic=self.synthetic))

    def __repr__(self) -> str:
        mark = ", SYNTHETIC" if self.synthetic else ""
        return f"Extracted({len(self.index)} events, {len(self.features.columns)} features{mark})"


def extract(
    dataset: Dataset,
    features: FeatureSet | Extractor | Sequence[Extractor] | None = None,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> Extracted:
    """Compute features of every event of a dataset; take ``dataset.at_most(5_000)`` for a quick look.

    Parameters
    ----------
    dataset
        The events.
    features
        A feature set, one extractor or several; default: the task's.
    workers
        Processes, 0 = one a core.

    Raises
    ------
    DataRefused
        There is no event, or none has its raw mail any more.
    """
    say = progress or Silent()
    chosen = _feature_set(dataset.task, features)
    index = dataset.index
    if not len(index):
        raise DataRefused(
            f"no event in the window (looked in {dataset.store.url_public}).",
            hint="Import mail with `msa-ml import mail PATH`, or widen the window.",
        )
    with say.step("extracting features", len(index)) as done:
        found, vectors = extract_events(dataset, index, chosen, workers=workers, progress=done)
    if not len(found):
        raise DataRefused(
            "no event has its raw mail any more: retention has removed it.", hint="Look at a newer window."
        )
    return Extracted(found, chosen, vectors, dataset.synthetic)


def plot_days(dataset: Dataset) -> Picture:
    """Return events of each class by day."""
    return Picture.of(data_plots.days(dataset.by_day(), synthetic=dataset.synthetic))


def plot_sizes(dataset: Dataset) -> Picture:
    """Return how the size of a mail in bytes is spread in each class, over the labelled events.

    Raises
    ------
    DataRefused
        No event has a label.
    """
    rows = dataset.labelled
    if not len(rows):
        raise DataRefused(
            "no event has a label, so classes cannot be compared.", hint="Import with --label or --index."
        )
    figure = data_plots.spread(rows["label"], rows["size"], "size in bytes", synthetic=dataset.synthetic)
    return Picture.of(figure)


def _feature_set(task: str, features: FeatureSet | Extractor | Sequence[Extractor] | None) -> FeatureSet:
    if features is None:
        return get_task(task).features()
    if isinstance(features, FeatureSet):
        return features
    return FeatureSet([features] if isinstance(features, Extractor) else features)


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def _auc(abuse: NDArray[np.float64], clean: NDArray[np.float64]) -> float | None:
    if not len(abuse) or not len(clean):
        return None
    y = np.repeat([1, 0], [len(abuse), len(clean)])
    return 1 - one_minus_roca_pct(y, np.concatenate([abuse, clean])) / 100
