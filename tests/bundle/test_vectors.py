"""A bundle scores logged vectors, and shows that it does, without the code of its features."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from msa_ml.bundle import golden
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.vectors import load_vectors
from msa_ml.errors import BundleRefused, OtherVersion
from msa_ml.features.spec import Specification, digest
from tests.bundle.tiny import reseal
from tests.small_bundle import invented


def forget_the_code(folder: Path) -> None:
    """Make the bundle one whose first extractor is of a version that this code does not have."""
    path = folder / "features.json"
    data = json.loads(path.read_bytes())
    first = data["extractors"][0]
    first["version"] += 1
    identity = {key: first[key] for key in ("name", "version", "parameters", "lists")}
    for feature in first["features"]:
        named = {"column": feature["column"], "unit": feature["unit"], "type": "float32"}
        feature["digest"] = digest({**identity, **named})
    parts = [feature["digest"] for entry in data["extractors"] for feature in entry["features"]]
    data["digest"] = digest(parts + [view["digest"] for view in data["views"]])
    Specification.from_json(data)
    path.write_bytes(json.dumps(data).encode())
    reseal(folder, spec_digest=data["digest"])


def test_it_outlives_the_code_of_its_features(bundle: Bundle, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle.path, tmp_path / "copy"))
    forget_the_code(copy)
    with pytest.raises(OtherVersion, match=bundle.manifest.package_version):
        load(copy)
    kept = load_vectors(copy)
    assert kept.verify() == bundle.verify()
    vectors = bundle.vectors(invented(20, seed=8)[0])
    ours, theirs = bundle.score_vectors(vectors), kept.score_vectors(vectors)
    assert [score.logit for score in theirs] == [score.logit for score in ours]
    assert {score.bundle_id for score in theirs} == {kept.id} != {bundle.id}


def test_a_golden_vector_that_gives_another_number_is_named(bundle: Bundle, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle.path, tmp_path / "copy"))
    cases = list(golden.read_cases((copy / "golden.jsonl").read_text()))
    lines = [case.to_line() for case in cases]
    changed = json.loads(lines[3])
    changed["logit"] += 0.01
    lines[3] = json.dumps(changed)
    (copy / "golden.jsonl").write_text("\n".join(lines) + "\n")
    reseal(copy)
    assert load_vectors(copy, replay=False).score_vectors(bundle.vectors([b"Subject: a\n\nb"]))
    with pytest.raises(BundleRefused, match=f"'{cases[3].name}'.*logit"):
        load_vectors(copy)


def test_scores_are_finite(bundle: Bundle) -> None:
    found = load_vectors(bundle.path).score_vectors(bundle.vectors(invented(5, seed=9)[0]))
    assert np.isfinite([score.logit for score in found]).all()
