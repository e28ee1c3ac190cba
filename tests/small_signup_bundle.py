"""A small model on invented sign-ups, and its bundle."""

from typing import Any

import numpy as np
import pytest

from msa_ml.bundle.golden_signup import golden_signup
from msa_ml.bundle.graph import emit
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.row_events import batch_of
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.write import Contents, write
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.model.calibration import fit_platt
from msa_ml.model.tabular import TabularTrees
from msa_ml.model.threshold import fit_policies
from msa_ml.tasks import get
from tests.signups import events


def _row(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ("id", "verdict")} | {
        "event_time": event["event_time"]
    }


def signup_contents(features: FeatureSet, number: int = 900) -> Contents:
    """Train on invented sign-ups and return what goes into a bundle; histories are drawn at random."""
    made = list(events(number))
    y = np.array(
        [event["email"].endswith("@mail.example.com") for event in made], np.int64
    )  # without the errors of the verdicts
    dense = features.extract_rows(batch_of("signup", [_row(event) for event in made])).dense
    drawn = np.random.default_rng(0).exponential(20, dense.shape).astype(np.float32)
    dense = np.where(np.arange(dense.shape[1]) < dense.shape[1] - len(features.histories), dense, drawn)
    vectors = Vectors(dense, {})
    train, held = slice(0, number // 2), slice(number // 2, number)
    model = TabularTrees(trees={"rounds": 40, "threads": 1}).fit(vectors[train], y[train])
    platt = fit_platt(model.decision_function(vectors[held]), y[held])
    trees, base = model.trees_.trees()
    graph = emit(
        width=dense.shape[1],
        trees=trees,
        base_margin=base,
        slope=platt.slope,
        intercept=platt.intercept,
    )
    return Contents(
        task="signup_abuse",
        features=features,
        graph=graph,
        policies=fit_policies(y[held], Graph(graph).logits(vectors[held])),
        metrics={"tpr": 0.5},
        training={},
        dataset={"rows": number},
        typical_ham=np.zeros(dense.shape[1], np.float32),
        card="# card",
        code_revision="",
        synthetic=True,
        rules={"signup_abuse": get("signup_abuse").labels},
    )


@pytest.fixture(scope="session")
def signup_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    made = signup_contents(get("signup_abuse").features())
    return write(tmp_path_factory.mktemp("bundle") / "signup_abuse", made, golden_signup())
