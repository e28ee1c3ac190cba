"""What a training run leaves behind, as plain values; :mod:`msa_ml.registry.tracking` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunItems:
    """Everything that is logged of one training run. None of it holds a user's data.

    Attributes
    ----------
    name
        Name of the run.
    parameters
        Flat choices of the experiment.
    metrics
        Flat numbers, logged in one batch.
    tags
        Revision, synthetic, specification.
    documents
        Text artefacts by file name: model card, experiment, report.
    figures
        matplotlib figures by file name.
    values
        JSON artefacts by file name: fingerprint, evaluation.
    bundle
        Folder of the verified bundle.
    version_tags
        Tags of the registered version.
    kind
        Kind of event that the bundle reads.
    """

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    bundle: Path
    version_tags: Mapping[str, str]
    documents: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kind: str = "mail"


@dataclass(frozen=True)
class Registered:
    """A registered version.

    Attributes
    ----------
    task, version, run_id
        Where it stands in the registry.
    aliases
        ``challenger``, and ``champion`` if it became that.
    """

    task: str
    version: str
    run_id: str
    aliases: tuple[str, ...]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested choices as flat parameters, lists as text.

    Examples
    --------
    >>> flat({"model": {"folds": 5, "sizes": (3, 4)}})
    {'model.folds': '5', 'model.sizes': '3,4'}
    """
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found.update(flat(value, f"{name}."))
        elif isinstance(value, list | tuple):
            found[name] = ",".join(map(str, value))
        else:
            found[name] = str(value)
    return found
