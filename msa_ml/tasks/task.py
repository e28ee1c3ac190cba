"""What a task is: a value that picks, without logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import Extractor, FeatureSet, View
from msa_ml.records import Kind


@dataclass(frozen=True)
class Task:
    """One question that models answer.

    Attributes
    ----------
    name
        One word, the same everywhere: module, notebook folder, experiment folder, MLflow experiment, registered
        model, bundle.
    question
        What the model answers, in a sentence, for the model card.
    kind
        Kind of event.
    labels
        How label words, sources and delays are read.
    features
        Makes the feature set.
    portable
        Readers for models that use portable features only, besides the portable ones of ``features``.
    portable_sizes
        Lengths of the n-grams of such a model by content view, in place of the experiment's.
    choices
        Where the task's baseline differs from the defaults of an experiment, in the shape of an experiment file.
    """

    name: str
    question: str
    kind: Kind
    labels: LabelRules
    features: Callable[[], FeatureSet]
    portable: tuple[Extractor | View, ...] = ()
    portable_sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)

    def every_feature(self) -> FeatureSet:
        """Return what :attr:`features` and :attr:`portable` make together."""
        found = self.features()
        for reader in self.portable:
            found = found + reader
        return found
