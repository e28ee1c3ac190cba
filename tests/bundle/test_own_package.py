"""A bundle whose extractor comes from a package of the user's own: refused until that package is allowed, everywhere.

And from the registry to a folder: a bundle that is refused never stands in the folder.
"""

import importlib
from pathlib import Path

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.pyfunc import _load_pyfunc
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.write import write
from msa_ml.errors import BundleRefused, InputError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.sender import Sender
from msa_ml.registry.items import RunItems
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from tests.bundle.tiny import tiny
from tests.main_job import run

MODULE = '''"""An extractor of a company's own."""

from msa_ml.features.extractor import Extractor, Feature


class Loud(Extractor):
    """How loud the subject is."""

    name = "acme.loud"
    kind = "mail"
    features = (Feature("marks", "exclamation marks of the subject"),)

    def extract(self, mail):
        return {"marks": (mail.subject or "").count("!")}
'''


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    place = tmp_path_factory.mktemp("own")
    (place / "acme_features").mkdir()
    (place / "acme_features" / "__init__.py").touch()
    (place / "acme_features" / "loud.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(place)
        loud = importlib.import_module("acme_features.loud").Loud
    return write(place / "spam", tiny(FeatureSet([loud(), Sender()], [Text()])), golden_mail())


def test_it_is_refused_with_every_way_to_allow_it(own: Bundle) -> None:
    with pytest.raises(BundleRefused) as caught:
        load(own.path)
    for way in (
        "--allow acme_features",
        "MSA_ALLOW_PACKAGES=acme_features",
        "packages=('msa_ml', 'acme_features')",
    ):
        assert way in str(caught.value)
    assert load(own.path, packages=("msa_ml", "acme_features")).id == own.id


def test_the_environment_allows_it_where_mlflow_loads(own: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MSA_ALLOW_PACKAGES", raising=False)
    with pytest.raises(BundleRefused, match="outside the allowed packages"):
        _load_pyfunc(str(own.path))
    monkeypatch.setenv("MSA_ALLOW_PACKAGES", " acme_features ,other")
    assert _load_pyfunc(str(own.path)).bundle.id == own.id
    # The library itself is told in words, never by the environment.
    with pytest.raises(BundleRefused, match="outside the allowed packages"):
        load(own.path)


def test_verify_and_score_take_allow(own: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(golden_mail()["pills"])
    assert run("verify", str(own.path), capsys=capsys)[0] == 1
    assert run("verify", str(own.path), "--allow", "acme_features", capsys=capsys)[0] == 0
    code, result, _ = run("score", str(own.path), str(mail), "--allow", "acme_features", capsys=capsys)
    assert (code, len(result["scores"])) == (0, 1)


def test_an_unknown_policy_is_wrong_input(
    own: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(golden_mail()["pills"])
    words = ("score", str(own.path), str(mail), "--allow", "acme_features", "--policy", "fpr_2pct")
    code, result, _ = run(*words, capsys=capsys)
    assert code == 2
    assert "Did you mean 'fpr_1pct'?" in result["error"]


@pytest.mark.parametrize("inside", ["", "..", "MODEL_CARD.md", "lists", "lists/free_mail.txt"])
def test_the_files_of_a_bundle_are_no_mails(
    own: Bundle, capsys: pytest.CaptureFixture[str], inside: str
) -> None:
    given = own.path / inside
    code, result, _ = run("score", str(own.path), "--allow", "acme_features", "--", str(given), capsys=capsys)
    assert code == 2
    assert "is a bundle (it holds manifest.json); its files are no mails" in result["error"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings(home=tmp_path_factory.mktemp("registered") / ".msa", isolated=True)


@pytest.fixture(scope="module")
def version(settings: Settings, own: Bundle) -> str:
    tags = {"synthetic": "true", "bundle_id": own.id}
    return Tracking(settings).log("spam", RunItems("test", {}, {}, tags, own.path, tags)).version


@pytest.mark.xdist_group("mlflow")
def test_export_takes_allow_and_leaves_nothing_that_is_refused(
    settings: Settings, own: Bundle, version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out" / "spam"
    words = ("export", f"spam/{version}", str(folder), "--home", str(settings.home))
    code, result, _ = run(*words, capsys=capsys)
    assert code == 1
    assert "--allow acme_features" in result["error"]
    assert list(folder.parent.iterdir()) == []
    code, result, _ = run(*words, "--allow", "acme_features", capsys=capsys)
    assert (code, result["bundle_id"]) == (0, own.id)
    assert load(folder, packages=("msa_ml", "acme_features")).id == own.id
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.xdist_group("mlflow")
def test_a_folder_made_meanwhile_is_kept(settings: Settings, version: str, tmp_path: Path) -> None:
    folder = tmp_path / "spam"
    with pytest.raises(InputError, match="made meanwhile"):
        Tracking(settings).download("spam", version, folder, check=lambda _: folder.mkdir())
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []
