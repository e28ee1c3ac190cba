"""Every format from 1 on stays readable: one bundle of each kind of event is kept as it was written, and never made again.

``formats/N/TASK`` was written by the version that its manifest names, from invented events and portable features alone.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from msa_ml.bundle.golden import read_cases
from msa_ml.bundle.manifest import FORMAT
from msa_ml.bundle.vectors import load_vectors
from msa_ml.features.extractor import Vectors
from msa_ml.features.history_counter import Counters
from msa_ml.features.history_golden import wrong_values

HOME = Path(__file__).parent / "formats"
KEPT = {
    "1/signup_abuse": "58ee0486a376b38e63cec2f5c3e42314e51558ae27ec776ae9cda3cd031688b0",
    "1/spam": "93c38e6ba7c74191cc10b34ee17382e60e34c46c4b2edcf6029302dbe53740ed",
}


def test_a_bundle_of_each_format_is_kept() -> None:
    found = sorted(str(path.parent.relative_to(HOME)) for path in HOME.glob("*/*/manifest.json"))
    assert found == sorted(KEPT)
    assert {int(name.partition("/")[0]) for name in KEPT} == set(range(1, FORMAT + 1))


@pytest.mark.parametrize("name", sorted(KEPT))
def test_it_is_read_replayed_and_scored(name: str) -> None:
    bundle = load_vectors(HOME / name)
    assert bundle.id == KEPT[name]
    assert bundle.manifest.format == int(name.partition("/")[0])
    cases = list(read_cases((HOME / name / "golden.jsonl").read_text()))
    assert bundle.verify() == len(cases) >= 10
    vectors = Vectors(
        np.stack([case.dense for case in cases]),
        {view: tuple(case.content[view] for case in cases) for view in cases[0].content},
    )
    for case, score in zip(cases, bundle.score_vectors(vectors), strict=True):
        assert score.decisions == case.decisions
    assert {decision for case in cases for decision in case.decisions.values()} == {True, False}


def test_its_counters_answer() -> None:
    said = json.loads((HOME / "1/signup_abuse/history.json").read_text())
    assert len(Counters(said).histories) == 5
    assert wrong_values(said, said["golden"]) == []
