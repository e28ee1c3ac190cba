"""Write a bundle: to a temporary name, verified, then renamed. Half a bundle is never seen under its name."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msa_ml import __version__
from msa_ml.bundle.golden import LEAST_CASES, LOGIT_TOLERANCE, Case, far_from
from msa_ml.bundle.golden_history import golden_history
from msa_ml.bundle.manifest import FILE, FORMAT, Manifest, PolicyEntry, sha256
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.rollout import USUAL, Rollout
from msa_ml.bundle.runtime import Graph
from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import InputError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.history_counter import definition
from msa_ml.features.history_golden import sequences
from msa_ml.features.spec import Specification, canonical
from msa_ml.model.threshold import Policy, default_policy
from msa_ml.records import words_of

GoldenEvent = bytes | Mapping[str, Any]
"""A raw mail, or an event of plain fields as JSON."""


@dataclass(frozen=True)
class Contents:
    """Everything that goes into a bundle.

    Attributes
    ----------
    task
        Name of the task.
    features
        The feature set that the model was trained on.
    graph
        Serialised ``model.onnx``.
    policies
        Thresholds fitted on the calibration window.
    metrics
        Of the test window, with intervals.
    training
        Window, counts, split, experiment.
    dataset
        The dataset's fingerprint.
    typical_ham
        float32[F], the median of each dense feature over the training ham; a piece of evidence is explained by
        replacing it with this.
    card
        Text of ``MODEL_CARD.md``.
    code_revision
        Of the code that trained, empty when unknown.
    synthetic
        Whether any training row was simulated.
    rollout
        How the bundle takes over.
    rules
        How each task whose labels the histories read resolves them.
    """

    task: str
    features: FeatureSet
    graph: bytes
    policies: Sequence[Policy]
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    dataset: Mapping[str, Any]
    typical_ham: NDArray[np.float32]
    card: str
    code_revision: str
    synthetic: bool
    rollout: Rollout | None = USUAL
    rules: Mapping[str, LabelRules] = field(default_factory=dict)


def require_importable(features: FeatureSet) -> None:
    """Demand that every extractor can be imported by whoever loads the bundle.

    Raises
    ------
    InputError
        A class was defined in a notebook cell or inside a function.
    """
    homeless = [
        f"{type(reader).__name__} ({reader.name})"
        for reader in (*features.extractors, *features.views)
        if type(reader).__module__ == "__main__" or "<locals>" in type(reader).__qualname__
    ]
    if homeless:
        raise InputError(
            f"these extractors live in a notebook or a function: {', '.join(homeless)}.",
            hint="Move each into a module that serving can import. To train without a bundle: "
            "msa_ml.fit(msa_ml.prepare(dataset, features=features)).",
        )


def write(folder: Path, contents: Contents, golden: Mapping[str, GoldenEvent]) -> Bundle:
    """Write a bundle and return it, loaded and verified.

    Parameters
    ----------
    folder
        Where it shall stand; it must not exist.
    contents
        What goes in.
    golden
        Invented events by name, at least 10: bytes of mail, or the fields of a row; their numbers are computed here. One that scores so near to a
        threshold that another platform may decide otherwise is left out.

    Raises
    ------
    InputError
        The folder exists, an extractor cannot be imported, or too few golden events score clear of the thresholds.
    """
    if folder.exists():
        raise InputError(f"{folder} exists already.", hint="Name another folder.")
    require_importable(contents.features)
    folder.parent.mkdir(parents=True, exist_ok=True)
    packages = packages_of(contents.features)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        made.chmod(0o755)
        _fill(made, contents, golden)
        load(made, packages=packages, trusted_key=False)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return load(folder, packages=packages, replay=False, trusted_key=False)


def _fill(folder: Path, contents: Contents, golden: Mapping[str, GoldenEvent]) -> None:
    specification = Specification.of(contents.features)
    history = _history(contents)
    files: dict[str, bytes] = {
        "model.onnx": contents.graph,
        "features.json": _json(specification.to_json()),
        "history.json": _json(history),
        "MODEL_CARD.md": contents.card.encode(),
    }
    lists = {
        name: next(r for r in _readers(contents.features) if name in r.reads).lists[name]
        for name in contents.features.list_names
    }
    files.update({f"lists/{name}.txt": entry.data for name, entry in lists.items()})
    default, _ = default_policy(contents.policies)

    def manifest(hashes: Mapping[str, str]) -> Manifest:
        warnings = [
            f"{policy.name} is not certified: {policy.ham_needed} more {words_of(contents.features.kind)[1]} needed"
            for policy in contents.policies
            if not policy.certified
        ]
        if contents.synthetic:
            warnings.append(
                "SYNTHETIC: trained on simulated events; its numbers say nothing about real events"
            )
        return Manifest(
            format=FORMAT,
            task=contents.task,
            kind=contents.features.kind,
            synthetic=contents.synthetic,
            package_version=__version__,
            code_revision=contents.code_revision,
            spec_digest=specification.digest,
            policies=tuple(PolicyEntry(**asdict(policy)) for policy in contents.policies),
            default_policy=default.name,
            metrics=_plain(contents.metrics),
            training={**_plain(contents.training), "typical_ham": _plain(contents.typical_ham.tolist())},
            dataset=_plain(contents.dataset),
            files=dict(hashes),
            warnings=tuple(warnings),
            rollout=contents.rollout.to_json() if contents.rollout else {},
        )

    graph = Graph(contents.graph)
    bundle = Bundle(folder, manifest({}), specification, contents.features, graph, history=history)
    lines = [case.to_line() for case in _cases(bundle, golden)]
    files["golden.jsonl"] = ("\n".join(lines) + "\n").encode()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        _write(path, data)
    _write(folder / FILE, manifest({name: sha256(data) for name, data in sorted(files.items())}).render())


def _cases(bundle: Bundle, events: Mapping[str, GoldenEvent]) -> list[Case]:
    """Return the golden cases whose decisions are the same wherever their logits are within the tolerance."""
    thresholds = [policy.threshold for policy in bundle.manifest.policies]
    histories = bundle.features.histories
    cases = [
        bundle.case(name, _raw(event), golden_history(histories, number))
        for number, (name, event) in enumerate(events.items())
    ]
    kept = [case for case in cases if far_from(thresholds, case.logit)]
    if len(kept) < LEAST_CASES:
        raise InputError(
            f"{len(kept)} of {len(cases)} golden events score further than {2 * LOGIT_TOLERANCE:g} from every threshold; "
            f"a bundle needs {LEAST_CASES}.",
            hint="Give more golden events, or look at the model: it may give every event the same score.",
        )
    return kept


def _history(contents: Contents) -> dict[str, Any]:
    """Return the content of ``history.json``: what counters keep, with golden sequences."""
    histories: Any = contents.features.histories
    if not histories:
        return {"counters": []}
    made = definition(histories, kind=contents.features.kind, rules=contents.rules)
    return {**made, "golden": sequences(made)}


def _raw(event: GoldenEvent) -> bytes:
    """Return what stands in ``golden.jsonl``: the bytes of a message, or the JSON text of a row."""
    return event if isinstance(event, bytes) else canonical(event)


def packages_of(features: FeatureSet) -> tuple[str, ...]:
    """Return the packages that the classes of a feature set come from."""
    return tuple(
        sorted({type(reader).__module__.split(".")[0] for reader in _readers(features)} | {"msa_ml"})
    )


def _readers(features: FeatureSet) -> tuple[Any, ...]:
    return (*features.extractors, *features.views)


def _write(path: Path, data: bytes) -> None:
    """Write and flush to the disk, so that the rename never uncovers an empty file after a crash."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"


def _plain(value: Any) -> Any:
    """Return what JSON can hold: missing numbers become null, tuples lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
