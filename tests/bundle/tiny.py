"""The smallest bundle with everything in it: two extractors, lists, one content view, one tree; made in a moment."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from msa_ml.bundle.graph import ContentPart, emit
from msa_ml.bundle.manifest import Manifest, sha256
from msa_ml.bundle.write import Contents
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.subject import Subject
from msa_ml.model.ngrams import NgramHash
from msa_ml.model.threshold import Policy

RULE = Policy("fpr_1pct", 0.01, 0.25, True, 0.009, 400, 0, 0, 0.9)


def graph(width: int, *, view: str | None = "text") -> bytes:
    """Return a graph whose content logit is 0 and whose one tree says 1 above 20 of the first feature, else -1."""
    content = None
    if view is not None:
        content = ContentPart(NgramHash({view: (2,)}, bits=10), np.zeros(1024, np.float32), 0.0)
    tree = {
        "split_conditions": [20.5, -1.0, 1.0],
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "default_left": [1, 0, 0],
    }
    return emit(width=width, trees=[tree], base_margin=0.0, slope=1.0, intercept=0.0, content=content)


def tiny(features: FeatureSet | None = None) -> Contents:
    """Return what goes into the bundle."""
    chosen = features or FeatureSet([Subject(), Sender()], [Text()])
    width = len(chosen.columns)
    return Contents(
        task="spam",
        features=chosen,
        graph=graph(width, view="text" if chosen.views else None),
        policies=[RULE, replace(RULE, name="fpr_0.1pct", budget=0.001, threshold=0.75)],
        metrics={"tpr": 0.5},
        training={},
        dataset={"rows": 1},
        typical_ham=np.zeros(width, np.float32),
        card="# card",
        code_revision="",
        synthetic=True,
    )


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest as it is written."""
    return dict(json.loads((folder / "manifest.json").read_bytes()))


def seal(folder: Path, manifest: dict[str, Any], *, hashes: bool = True) -> None:
    """Do what a careful forger does: hashes and id that fit whatever the manifest and the files now say."""
    if hashes and isinstance(manifest["files"], dict):
        manifest["files"] = {
            name: sha256((folder / name).read_bytes()) if (folder / name).is_file() else wanted
            for name, wanted in manifest["files"].items()
        }
    body = {key: value for key, value in manifest.items() if key != "id"}
    try:
        name = sha256(json.dumps(body, sort_keys=True, indent=2, allow_nan=False).encode() + b"\n")
    except ValueError:  # NaN has no canonical text; then any id will do
        name = "0" * 64
    text = json.dumps({**body, "id": name}, sort_keys=True, indent=2)
    (folder / "manifest.json").write_bytes(text.encode() + b"\n")


def reseal(folder: Path, **changes: object) -> None:
    """Make a manifest of sound types fit the changed files."""
    manifest = Manifest.parse((folder / "manifest.json").read_bytes())
    files = {name: sha256((folder / name).read_bytes()) for name in manifest.files}
    (folder / "manifest.json").write_bytes(replace(manifest, files=files, **changes).render())  # type: ignore[arg-type]
