"""Runs and versions in a real MLflow: SQLite here, a server with proxied artefacts in test_server.py."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from msa_ml.bundle.read import Bundle, load
from msa_ml.errors import InputError, Refused, TrackingUnavailable, UnknownNameError
from msa_ml.registry.items import RunItems
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import Settings, make_demo_home
from msa_ml.settings import read as read_settings
from tests.main_job import run


def items(bundle: Bundle, *, synthetic: bool = False, tpr: float = 0.9) -> RunItems:
    return RunItems(
        name="test",
        parameters={"seed": "0"},
        metrics={"tpr_at_fpr_1pct": tpr, "tpr_at_fpr_1pct.low": tpr - 0.05},
        tags={"synthetic": str(synthetic).lower()},
        version_tags={"synthetic": str(synthetic).lower(), "bundle_id": bundle.id},
        bundle=bundle.path,
        documents={"MODEL_CARD.md": "# card"},
        values={"fingerprint.json": {"rows": 3}},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a migrated MLflow database, which takes seconds to make."""
    return read_settings(home=tmp_path_factory.mktemp("mlflow") / ".msa", environ={})


@pytest.fixture
def tracking(home: Settings) -> Tracking:
    return Tracking(home)


@pytest.mark.xdist_group("mlflow")
def test_from_run_to_champion_to_bundle_and_back(tracking: Tracking, bundle: Bundle, tmp_path: Path) -> None:
    first = tracking.log("spam", items(bundle))
    assert first.aliases == ("challenger", "champion")
    second = tracking.log("spam", items(bundle))
    assert second.aliases == ("challenger",)
    assert tracking.resolve("spam@champion") == ("spam", first.version)
    assert tracking.resolve("spam") == ("spam", first.version)
    assert tracking.resolve("spam@challenger") == ("spam", second.version)
    assert tracking.resolve(f"spam/{second.version}") == ("spam", second.version)

    folder = tracking.download("spam", first.version, tmp_path / "out" / "spam")
    assert load(folder).id == bundle.id
    with pytest.raises(InputError, match="exists already"):
        tracking.download("spam", first.version, folder)

    assert tracking.promote("spam", second.version)["was"] == first.version
    assert tracking.champion("spam") == second.version
    tracking.promote("spam", first.version, forced="too many false alarms")
    assert tracking.champion("spam") == first.version
    assert tracking.tags("spam", first.version)["forced_because"] == "too many false alarms"

    for wrong in ("spam@champoin", "spam/99", "sapm@champion"):
        with pytest.raises(InputError):
            tracking.resolve(wrong)
    with pytest.raises(UnknownNameError):
        tracking.promote("spam", "99")


@pytest.mark.xdist_group("mlflow")
def test_a_pull_brings_what_was_registered(
    tracking: Tracking, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = tracking.log("pulled", items(bundle)).version
    place = tmp_path / "srv"
    words = ("pull", "pulled@champion", str(place), "--if-changed", "--home", str(tracking.settings.home))
    code, first, _ = run(*words, capsys=capsys)
    assert (code, first["version"], first["changed"], first["bundle_id"]) == (0, version, True, bundle.id)
    assert load(place / "current").id == bundle.id
    code, again, _ = run(*words, capsys=capsys)
    assert (code, again["unchanged"]) == (0, True)
    # Somebody put other files where the version's are kept.
    tracking.tag("pulled", version, {"bundle_id": "0" * 64})
    code, refused, _ = run(*words, capsys=capsys)
    assert code == 1
    assert "was registered as bundle 000000000000" in refused["error"]
    assert load(place / "current").id == bundle.id


@pytest.mark.xdist_group("mlflow")
def test_the_version_is_the_bundle_without_a_pickle(tracking: Tracking, bundle: Bundle) -> None:
    import mlflow
    import pandas

    from msa_ml.bundle.golden_mail import golden_mail

    version = tracking.log("loading", items(bundle)).version
    mlflow.set_tracking_uri(tracking.uri)
    mlflow.set_registry_uri(tracking.uri)
    model = mlflow.pyfunc.load_model(f"models:/loading/{version}")
    raw = golden_mail()["pills"]
    found = model.predict(pandas.DataFrame({"raw": [raw]}))
    assert found["logit"][0] == bundle.score(raw).logit
    assert found["bundle_id"][0] == bundle.id
    named = model.predict(pandas.DataFrame({"raw": [raw]}), params={"policy": "fpr_1pct"})
    assert named["policy"][0] == "fpr_1pct"
    stored = Path(mlflow.artifacts.download_artifacts(f"models:/loading/{version}"))
    assert not [path for path in stored.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]
    assert model.metadata.signature.inputs.to_dict()[0]["type"] == "binary"


@pytest.mark.xdist_group("mlflow")
def test_a_synthetic_version_is_champion_only_in_the_demo(
    tracking: Tracking, bundle: Bundle, tmp_path: Path
) -> None:
    version = tracking.log("other", items(bundle, synthetic=True))
    assert version.aliases == ("challenger",)
    with pytest.raises(Refused, match="trained on simulated events"):
        tracking.promote("other", version.version, forced="I want it")
    named = replace(tracking.settings, home=tracking.settings.home / "demo")
    assert Tracking(named).log("named", items(bundle, synthetic=True)).aliases == ("challenger",)
    make_demo_home(named.home, anew=True)
    demo = Tracking(named)
    assert demo.log("shown", items(bundle, synthetic=True)).aliases == ("challenger", "champion")


@pytest.mark.xdist_group("mlflow")
def test_inside_an_active_run_a_child_is_logged(tracking: Tracking, bundle: Bundle, tmp_path: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(tracking.uri)
    mlflow.set_registry_uri(tracking.uri)
    experiment = mlflow.create_experiment("mine", artifact_location=tmp_path.as_uri())
    with mlflow.start_run(experiment_id=experiment) as parent:
        registered = tracking.log("child", items(bundle))
        active = mlflow.active_run()
        assert active is not None
        assert active.info.run_id == parent.info.run_id
    child = mlflow.get_run(registered.run_id)
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_the_address_does_not_leak_into_the_next_settings(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking.ping()
    assert "MLFLOW_TRACKING_URI" not in os.environ
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    tracking.ping()
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://localhost:1"


def test_a_wrong_address_is_said(tmp_path: Path) -> None:
    settings = replace(
        read_settings(home=tmp_path / ".msa", environ={}), tracking_uri="http://user:secret@localhost:1"
    )
    with pytest.raises(TrackingUnavailable) as caught:
        Tracking(settings).ping()
    assert "localhost:1" in str(caught.value)
    assert "secret" not in str(caught.value)
