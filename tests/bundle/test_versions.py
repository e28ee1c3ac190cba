"""A sound bundle that other code made is refused, and the refusal names the version to install."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msa_ml import __version__
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.manifest import Manifest
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.write import write
from msa_ml.cli import main
from msa_ml.errors import BundleRefused, OtherVersion
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.subject import Subject
from msa_ml.features.spec import Specification, _digest_of, _written_digests
from tests.bundle.tiny import manifest_of, reseal, seal, tiny

OLD = "0.0.7"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "spam", tiny(), golden_mail()).path


def respecify(folder: Path, change: Callable[[dict[str, Any]], object], **manifest: object) -> None:
    """Describe the bundle as other code would have: digests, hashes and id all fit."""
    path = folder / "features.json"
    found = json.loads(path.read_text())
    change(found)
    for entry in (*found["extractors"], *found["views"]):
        digests = _written_digests(entry)
        for feature, fresh in zip(entry.get("features", [entry]), digests, strict=True):
            feature["digest"] = fresh
    found["digest"] = _digest_of((*found["extractors"], *found["views"]))
    path.write_text(json.dumps(found))
    reseal(folder, spec_digest=found["digest"], **manifest)


def _newer(found: dict[str, Any]) -> None:
    found["extractors"][0]["version"] += 1


def _renamed(found: dict[str, Any]) -> None:
    found["extractors"][0]["class"] = "msa_ml.features.mail.subject:Heading"


def _moved(found: dict[str, Any]) -> None:
    found["extractors"][0]["class"] = "msa_ml.features.mail.heading:Subject"


def _parameter(found: dict[str, Any]) -> None:
    found["extractors"][0]["parameters"] = {"fold": True}


@pytest.mark.parametrize("change", [_newer, _renamed, _moved, _parameter], ids=lambda made: made.__name__)
def test_other_code_names_the_version_to_install(
    folder: Path, change: Callable[[dict[str, Any]], object], capsys: pytest.CaptureFixture[str]
) -> None:
    respecify(folder, change, package_version=OLD)
    with pytest.raises(OtherVersion, match=re.escape(f"made by msa-ml {OLD}, this is msa-ml {__version__}")):
        load(folder)
    assert main(["verify", str(folder)]) == 1
    assert f"pip install 'msa-ml=={OLD}'" in capsys.readouterr().err


def test_the_extractor_that_changed_is_named(folder: Path) -> None:
    respecify(folder, _newer, package_version=OLD)
    with pytest.raises(OtherVersion, match=r"in: mail\.subject\. It was made by"):
        load(folder)


def test_golden_cases_of_other_code_name_it_too(folder: Path) -> None:
    cases = [json.loads(line) for line in (folder / "golden.jsonl").read_text().splitlines()]
    cases[0]["dense"][0] = 77.0
    (folder / "golden.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    reseal(folder, package_version=OLD)
    with pytest.raises(OtherVersion, match=f"77 wanted, .* found.*pip install 'msa-ml=={OLD}'"):
        load(folder)
    with pytest.raises(OtherVersion, match=OLD):
        load(folder, replay=False).verify()


def test_a_format_of_the_future_names_the_version_that_made_it(folder: Path) -> None:
    seal(folder, {**manifest_of(folder), "format": 99, "package_version": "9.1.0rc2"})
    with pytest.raises(OtherVersion, match=r"has format 99.* made by msa-ml 9\.1\.0rc2.*msa-ml==9\.1\.0rc2"):
        load(folder)


def test_the_same_version_from_other_code_names_the_revision(folder: Path) -> None:
    respecify(folder, _newer, code_revision="0123abc")
    with pytest.raises(OtherVersion, match=r"too, from other code \(revision 0123abc\)"):
        load(folder)


@pytest.mark.parametrize("said", ["1.0'; rm -rf ~ #", "\x1b[2J", "x" * 10_000, None, 3, ["1.0"]])
def test_a_version_that_is_none_is_not_repeated(folder: Path, said: object) -> None:
    seal(folder, {**manifest_of(folder), "format": 99, "package_version": said})
    with pytest.raises(BundleRefused) as caught:
        load(folder)
    assert "does not say which version" in str(caught.value)
    assert "pip install" not in str(caught.value)


def test_a_missing_class_of_another_package_is_not_ours_to_install(folder: Path) -> None:
    def theirs(found: dict[str, Any]) -> None:
        found["extractors"][0]["class"] = "acme_absent.loud:Loud"

    respecify(folder, theirs, package_version=OLD)
    with pytest.raises(BundleRefused, match="the version of acme_absent") as caught:
        load(folder, packages=("msa_ml", "acme_absent"))
    assert not isinstance(caught.value, OtherVersion)


def test_a_changed_extractor_refuses_old_bundles_and_makes_new_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load(folder)
    assert isinstance(old, Bundle)
    monkeypatch.setattr(Subject, "version", Subject.version + 1)
    with pytest.raises(OtherVersion, match=r"mail\.subject"):
        load(folder)
    features = FeatureSet([Subject(), Sender()], [Text()])
    new = write(tmp_path / "new", tiny(features), golden_mail())
    assert new.manifest.spec_digest == Specification.of(features).digest != old.manifest.spec_digest
    assert Manifest.parse((folder / "manifest.json").read_bytes()).id == old.id
