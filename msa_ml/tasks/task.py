"""What a task is: a value that picks, without logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import InputError
from msa_ml.features.extractor import Extractor, FeatureSet, View
from msa_ml.features.history import History
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
    histories
        What a model reads besides where the experiment says ``model.histories = "all"``, or ``"auto"`` and they are worth it: it serves
        those who keep counters, and can do without.
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
    histories: tuple[History, ...] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)

    def every_feature(self) -> FeatureSet:
        """Return what :attr:`features` and :attr:`portable` make together."""
        found = self.features()
        for reader in self.portable:
            found = found + reader
        return found

    def more_histories(self) -> tuple[History, ...]:
        """Return :attr:`histories`.

        Raises
        ------
        InputError
            There are none.
        """
        if not self.histories:
            own = len(self.features().histories)
            raise InputError(
                f"{self.name} has no further histories than the {own} of its features.",
                hint='Leave model.histories at "auto".',
            )
        return self.histories
