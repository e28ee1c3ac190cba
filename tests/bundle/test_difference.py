"""What changed between two bundles, from their files alone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from msa_ml.bundle.difference import difference
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.rollout import Rollout, Step
from msa_ml.bundle.write import write
from msa_ml.errors import BundleRefused, InputError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.history import Count
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.date import Date
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.subject import Subject
from msa_ml.features.word_lists import Lists, WordList, packaged
from tests.bundle.tiny import RULE, manifest_of, reseal, seal, tiny
from tests.main_job import run


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write(tmp_path / "old", tiny(), golden_mail()).path


def test_a_bundle_and_its_copy_are_the_same(old: Path, tmp_path: Path) -> None:
    found = difference(old, shutil.copytree(old, tmp_path / "copy"))
    assert found.same
    assert found.text().startswith("both are bundle")


def test_every_kind_of_change_is_named(old: Path, tmp_path: Path) -> None:
    lists = Lists({"free_mail": WordList("free_mail", packaged("free_mail").data + b"\nexample.test\n")})
    features = FeatureSet([Sender(lists=lists), Date()], [Text()])
    contents = replace(
        tiny(features),
        policies=[
            replace(RULE, threshold=0.5, certified=False),
            replace(RULE, name="fpr_0.1pct", threshold=0.75),
        ],
        metrics={"metrics": {"(1-ROCA)%": {"value": 0.25, "low": 0.1, "high": 0.4}}},
        training={"counts": {"train": {"ham": 7}}},
        rollout=Rollout((Step(1, 0),)),
    )
    found = difference(old, write(tmp_path / "new", contents, golden_mail()).path)
    assert set(found.added) == {f"mail.date.{feature.name}" for feature in Date.features}
    assert set(found.removed) == {f"mail.subject.{feature.name}" for feature in Subject.features}
    assert set(found.changed) == {f"mail.sender.{feature.name}" for feature in Sender.features}
    assert all(reason.startswith("mail.sender lists") for reason in found.changed.values())
    assert [(change.name, change.old, change.new) for change in found.thresholds] == [("fpr_1pct", 0.25, 0.5)]
    assert [(change.name, change.old, change.new) for change in found.certified] == [
        ("fpr_1pct", True, False)
    ]
    assert [(change.name, change.old, change.new) for change in found.metrics] == [("(1-ROCA)%", None, 0.25)]
    assert {"train ham", "rollout"} <= {change.name for change in found.training}
    assert found.microseconds.old > 0
    text = found.text()
    assert "features added" in text
    assert "threshold fpr_1pct: 0.2500 -> 0.5000" in text
    assert "SYNTHETIC" in text
    json.dumps(found.to_json(), allow_nan=False)


def test_a_history_over_another_window_is_another_feature(tmp_path: Path) -> None:
    def bundle(over: str) -> Path:
        features = FeatureSet([Subject()], [Text()]).with_histories(Count("mail", by="sender", over=over))
        return write(tmp_path / over, tiny(features), golden_mail()).path

    found = difference(bundle("1h"), bundle("1d"))
    assert (found.added, found.removed) == (("mail.count_by_sender_1d",), ("mail.count_by_sender_1h",))


def test_speed_is_measured_with_the_given_clock(old: Path) -> None:
    ticks = iter(range(10**6))
    assert difference(old, old, clock=lambda: next(ticks) * 1e-3).microseconds.old == pytest.approx(1000)


def test_a_bundle_of_other_code_is_read_too(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = shutil.copytree(old, tmp_path / "new")
    specification = json.loads((new / "features.json").read_text())
    specification["extractors"][0]["class"] = "msa_ml.features.mail.gone:Gone"
    (new / "features.json").write_text(json.dumps(specification))
    reseal(new, package_version="9.9")
    code, found, _ = run("diff", str(old), str(new), capsys=capsys)
    assert (code, found["new"]["package"], found["same"]) == (0, "9.9", False)


def test_two_tasks_and_damage_are_refused(old: Path, tmp_path: Path) -> None:
    other = shutil.copytree(old, tmp_path / "other")
    seal(other, {**manifest_of(other), "task": "signup_abuse"})
    with pytest.raises(InputError, match="nothing in common"):
        difference(old, other)
    (other / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleRefused, match=r"model\.onnx was changed"):
        difference(old, other)
