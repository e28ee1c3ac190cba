"""What a training holds in its hands: the rows it is made on, and the model with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.read import Bundle
from msa_ml.dataset.dataset import Dataset, day_of
from msa_ml.dataset.splits import PARTS, Split
from msa_ml.errors import InputError, UnknownNameError
from msa_ml.evaluation.compare import Comparison, compare
from msa_ml.evaluation.evaluation import Evaluation
from msa_ml.evaluation.picture import Picture
from msa_ml.experiment import Experiment
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.markup import table
from msa_ml.mistakes import Verdicts
from msa_ml.model.calibration import Platt
from msa_ml.model.stack import ContentStack
from msa_ml.model.tabular import TabularTrees
from msa_ml.model.threshold import Policy
from msa_ml.model.worth import Worth
from msa_ml.publishing import figure_of, make_bundle
from msa_ml.records import Words, words_of
from msa_ml.tasks.task import Task

SLICED = ("verification", "network")
"""Columns of an index, see :mod:`msa_ml.dataset.indexed`, whose values are slices as they are."""


@dataclass(frozen=True)
class Prepared:
    """Labelled rows with their vectors and split: what a model is trained on.

    Attributes
    ----------
    dataset
        Where the rows come from.
    index
        The labelled rows, in order of time.
    vectors
        Aligned with ``index``.
    split
        Row numbers of train, calibration and test.
    dropped
        Columns and views that were wanted but could not be read from logged vectors, with the reason.
    notes
        What else is to be said of how the vectors were read.
    """

    dataset: Dataset
    index: pl.DataFrame
    vectors: Vectors
    split: Split
    features: FeatureSet
    dropped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def y(self) -> NDArray[np.int8]:
        """int8[N], 1 = abuse."""
        return self.index["label"].to_numpy().astype(np.int8)

    @property
    def words(self) -> Words:
        """What people call the two classes, abuse first."""
        return words_of(self.dataset.kind)

    @property
    def weight(self) -> NDArray[np.float64]:
        """float64[N], one over the probability of inclusion."""
        return self.index["weight"].to_numpy().astype(np.float64)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the classes of each part, by what people call them: ``ham`` and ``spam``, or ``good`` and ``abuse``."""
        label = self.y
        abuse, good = self.words
        return {
            part: {good: int((label[rows] == 0).sum()), abuse: int((label[rows] == 1).sum())}
            for part, rows in ((part, self.split.part(part)) for part in PARTS)
        }

    def without(self, *extractors: str) -> Prepared:
        """Return the same rows and split without some extractors, for an ablation; nothing is computed again.

        Raises
        ------
        UnknownNameError
            No extractor has such a name.
        """
        return self._on(self.features.without(*extractors))

    def portable(self) -> Prepared:
        """Return the same rows and split with the features that can be ported; nothing is computed again."""
        return self._on(self.features.portable())

    def only(self, features: FeatureSet) -> Prepared:
        """Return the same rows and split with those of the features that another set has; nothing is computed again."""
        columns = [column for column in self.features.columns if column in set(features.columns)]
        views = {view.name for view in features.views}
        return self._on(
            self.features.only(columns, [view.name for view in self.features.views if view.name in views])
        )

    def _on(self, smaller: FeatureSet) -> Prepared:
        """Return the same rows and split on a part of the features."""
        kept = [self.features.columns.index(column) for column in smaller.columns]
        content = {view.name: self.vectors.content[view.name] for view in smaller.views}
        return replace(self, features=smaller, vectors=Vectors(self.vectors.dense[:, kept], content))

    def _repr_html_(self) -> str:
        times = self.index["event_time"].dt.strftime("%Y-%m-%d %H:%M")
        abuse, good = self.words
        rows = [
            (part, counts[good], counts[abuse], *_first_and_last(times.gather(self.split.part(part))))
            for part, counts in self.counts().items()
        ]
        return table(
            ("part", good, abuse, "first (UTC)", "last (UTC)"),
            rows,
            caption=f"{len(self.features.columns)} features of {len(self.index):,} labelled events, split {self.split.how.partition(':')[0]}",
            synthetic=self.dataset.synthetic,
            notes=[
                *(f"left out: {count:,} {reason}" for reason, count in self.split.dropped.items() if count),
                *self.notes,
            ],
        )


@dataclass(frozen=True)
class Trained:
    """A trained, calibrated model with its thresholds and its evidence.

    Attributes
    ----------
    prepared
        The rows.
    model, calibration, policies
        The stack, Platt's two numbers, the named thresholds.
    graph
        Serialised ONNX; every score of the evaluation came through it.
    logit
        float32 of the test rows, in the order of ``prepared.split.test``.
    evaluation
        On the test window.
    worth
        What histories bring, where that was asked: ``model.histories = "auto"``. ``prepared`` is then without them if they were left out.
    """

    experiment: Experiment
    task: Task
    prepared: Prepared
    model: ContentStack | TabularTrees
    calibration: Platt
    policies: tuple[Policy, ...]
    graph: bytes
    logit: NDArray[np.float32]
    evaluation: Evaluation
    importance: Mapping[str, float] = field(repr=False)
    worth: Worth | None = None

    def policy(self, name: str | None = None) -> Policy:
        """Return a policy; default: the strictest certified one.

        Raises
        ------
        UnknownNameError
            No such policy.
        """
        wanted = name or self.evaluation.default
        known = {policy.name: policy for policy in self.policies}
        if wanted not in known:
            raise UnknownNameError("policy", wanted, known)
        return known[wanted]

    def plot(self, what: str = "roc") -> Picture:
        """Return a plot of the test window: ``roc``, ``scores``, ``by_day``, ``calibration`` or ``importance``.

        Raises
        ------
        UnknownNameError
            No such plot.
        """
        return Picture.of(figure_of(self, what))

    def verdicts(self, policy: str | None = None) -> Verdicts:
        """Return what the model decided on each event of the test window; default: under the default policy."""
        rows = self.prepared.split.test
        index = self.prepared.index[rows]
        return Verdicts.of(
            index,
            self.prepared.y[rows],
            self.logit,
            self.policy(policy),
            slices_of(index),
            synthetic=self.prepared.dataset.synthetic,
            words=self.prepared.words,
        )

    def mistakes(
        self, kind: str = "false_positive", top: int = 20, policy: str | None = None
    ) -> pl.DataFrame:
        """Return the surest mistakes on the test window; see :meth:`msa_ml.mistakes.Verdicts.mistakes`."""
        return self.verdicts(policy).mistakes(kind, top)

    def compare(self, other: Trained, policy: str | None = None) -> Comparison:
        """Return what changes on the test window when ``other`` replaces this model: paired, with intervals.

        Parameters
        ----------
        other
            Trained on the same split, for example on ``prepared.without("mail.date")``.
        policy
            Whose thresholds are compared; default: this model's default policy.

        Raises
        ------
        InputError
            The two were not tested on the same events.
        """
        rows = self.prepared.split.test
        index, theirs = self.prepared.index[rows], other.prepared.index[other.prepared.split.test]
        if not index["event_id"].equals(theirs["event_id"]):
            raise InputError(
                f"the two were tested on other events: {len(index)} and {len(theirs)}.",
                hint="Fit both on one prepared dataset.",
            )
        chosen = self.policy(policy)
        weight = self.prepared.weight[rows]
        return compare(
            self.prepared.y[rows],
            self.logit,
            other.logit,
            champion_policy=chosen,
            challenger_policy=other.policy(chosen.name),
            weight=weight if (weight != 1).any() else None,
            campaign=index["campaign"].to_numpy().astype(str),
            day=day_of(index),
            slices=slices_of(index),
            synthetic=self.prepared.dataset.synthetic,
            words=self.prepared.words,
        )

    def export(self, folder: str | Path) -> Bundle:
        """Write the bundle to ``folder/<first 12 digits of its id>``, verified, without registering it.

        Raises
        ------
        InputError
            An extractor lives in a notebook or a function, where serving cannot import it from.
        """
        return make_bundle(self, Path(folder))

    def __repr__(self) -> str:
        mark = "SYNTHETIC, " if self.evaluation.synthetic else ""
        found = self.evaluation.policy()
        return f"Trained({mark}{self.experiment.name}: TPR {found.tpr.value:.1%}, FPR {found.fpr.value:.2%} at {found.name})"

    def _repr_html_(self) -> str:
        return self.evaluation._repr_html_()


def _first_and_last(times: pl.Series) -> tuple[str, str]:
    """Return the ends of a series in order, empty where it is."""
    return (str(times[0]), str(times[-1])) if len(times) else ("", "")


def slices_of(index: pl.DataFrame) -> dict[str, NDArray[np.str_]]:
    """Return the slices that the evaluation looks at: the source, and what the kind's index has to slice by."""
    found = {"source": index["source"].to_numpy().astype(str)}
    if "size" in index.columns:
        names = np.array(["under 2 KB", "2 to 10 KB", "over 10 KB"])
        found["size"] = names[np.digitize(index["size"].to_numpy(), [2_000, 10_000])]
    for name in SLICED:
        if name in index.columns:
            values = index[name].to_numpy().astype(str)
            found[name] = np.where(values == "", "unknown", values)
    return found
