"""What a task is: a value that picks, without logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.extractor import FeatureSet
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
    choices
        Where the task's baseline differs from the defaults of an experiment, in the shape of an experiment file.
    """

    name: str
    question: str
    kind: Kind
    labels: LabelRules
    features: Callable[[], FeatureSet]
    choices: Mapping[str, Any] = field(default_factory=dict)
