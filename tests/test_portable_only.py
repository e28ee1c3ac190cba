"""``train --portable-only``: a bundle that needs no runtime of ours, with its price."""

import json
from pathlib import Path

from msa_ml.bundle.read import load
from tests.main_job import AS_OF, corpus, run_apart


def test_a_portable_model_says_what_it_costs(tmp_path: Path) -> None:
    mail = corpus(tmp_path / "mail")
    run_apart("import", "mail", mail, "--label", "ham=ham", "--label", "junk=spam", cwd=tmp_path)
    words = ("train", "spam", "--portable-only", "--as-of", AS_OF, "--no-track", "--workers", "1")
    trained, _ = run_apart(*words, cwd=tmp_path)
    bundle = load(trained["bundle"])
    found = json.loads((bundle.path / "features.json").read_bytes())
    assert [view["name"] for view in found["views"]] == ["raw"]
    assert all(view["rule"] for view in found["views"])
    features = [feature for entry in found["extractors"] for feature in entry["features"]]
    assert {feature["portable"] for feature in features} == {"yes"}
    assert bundle.manifest.training["experiment"]["model"]["features"] == "portable"
    assert bundle.verify() >= 10
    cost = trained["cost_of_portable"]
    assert cost["policy"] == trained["default_policy"]
    assert 0 <= cost["challenger_tpr"]["value"] <= 1
    assert cost["whole"]["spam"] == trained["counts"]["test"]["spam"]
    assert cost["challenger_tpr"]["value"] == trained["metrics"][f"policy/{cost['policy']}/tpr"]
