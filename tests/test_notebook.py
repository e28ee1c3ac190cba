"""What a notebook calls, on a store of invented mail."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import msa_ml
from msa_ml import notebook
from msa_ml.cli import main
from msa_ml.errors import DataRefused, InputError, UnknownNameError
from msa_ml.experiment import Experiment
from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.subject import Subject
from msa_ml.publishing import PLOTS
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.tasks import get as get_task
from msa_ml.trained import Prepared, Trained
from tests.main_job import corpus

pytestmark = pytest.mark.xdist_group("notebook")
QUICK = Experiment.from_dict(
    {"task": "spam", "model": {"folds": 2, "trees": {"rounds": 20}, "content": {"epochs": 2, "bits": 12}}}
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    place = tmp_path_factory.mktemp("notebook")
    home = place / ".msa"
    mail = corpus(place / "mail")
    words = ["import", "mail", str(mail), "--label", "ham=ham", "--label", "junk=spam", "--source", "own"]
    assert main([*words, "--home", str(home)]) == 0
    return read_settings(home=home, isolated=True)


@pytest.fixture(scope="module")
def prepared(settings: Settings) -> Prepared:
    found: Prepared = msa_ml.prepare(msa_ml.load("spam", settings=settings), QUICK, workers=1)
    return found


@pytest.fixture(scope="module")
def trained(prepared: Prepared) -> Trained:
    found: Trained = msa_ml.fit(prepared, QUICK)
    return found


def test_counts_of_a_dataset(settings: Settings) -> None:
    mails = msa_ml.load("spam", settings=settings)
    assert mails.by_source()["events"].to_list() == [1800]
    assert mails.by_day()["events"].sum() == 1800
    assert "1,800 events" in mails._repr_html_()
    assert "SYNTHETIC" not in mails._repr_html_()
    assert str(mails.labels.report().positive) in mails.labels.report()._repr_html_()


def test_at_most_is_a_sample_of_about_that_size_and_always_the_same(settings: Settings) -> None:
    mails = msa_ml.load("spam", settings=settings)
    few = mails.at_most(300)
    assert 240 < len(few) < 360
    assert few.index["event_id"].equals(mails.at_most(300).index["event_id"])
    assert float(few.index["weight"].sum()) == pytest.approx(1800, rel=0.2)
    assert mails.at_most(1800) is mails
    assert "a sample of 0.167" in few._repr_html_()


def test_an_empty_store_is_said(tmp_path: Path) -> None:
    home = tmp_path / ".msa"
    assert main(["init", "--home", str(home)]) == 0
    mails = msa_ml.load("spam", settings=read_settings(home=home))
    assert "no event" in mails._repr_html_()
    with pytest.raises(DataRefused, match="looked in chdb"):
        mails.require_events()
    with pytest.raises(DataRefused, match="Import mail"):
        msa_ml.extract(mails)


def test_extracted_features_by_label(settings: Settings) -> None:
    seen = msa_ml.extract(msa_ml.load("spam", settings=settings).at_most(300), Subject(), workers=1)
    frame, table = seen.to_polars(), seen.by_label()
    assert len(frame) == len(seen.index)
    assert set(table["feature"]) == set(Subject().columns)
    row = table.row(by_predicate=pl.col("feature") == "mail.subject.length", named=True)
    values = frame.group_by("label").agg(pl.col("mail.subject.length").mean()).sort("label")
    assert row["mean_abuse"] == pytest.approx(values["mail.subject.length"][1], rel=1e-5)
    assert 0 <= row["auc"] <= 1
    assert seen.plot("mail.subject.length")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(UnknownNameError, match=r"mail\.subject\.length"):
        seen.plot("mail.subject.lenght")


def test_a_telling_feature_comes_first(settings: Settings) -> None:
    mails = msa_ml.load("spam", settings=settings).at_most(300)
    label = dict(mails.labelled.select("event_id", "label").iter_rows())
    seen = msa_ml.extract(mails, Subject(), workers=1)
    planted = np.array([label[event] for event in seen.index["event_id"]], np.float32)
    seen.vectors.dense[:, 3] = planted
    first = seen.by_label().row(0, named=True)
    assert (first["feature"], first["auc"]) == (Subject().columns[3], 1.0)


def test_prepared_and_trained_show_themselves(prepared: Prepared, trained: Trained) -> None:
    assert all(part in prepared._repr_html_() for part in ("train", "calibration", "test"))
    assert "TPR at FPR" in trained._repr_html_()
    assert repr(trained).startswith("Trained(baseline: TPR")


@pytest.mark.parametrize("what", PLOTS)
def test_every_plot_is_drawn(trained: Trained, what: str) -> None:
    assert trained.plot(what)._repr_png_().startswith(b"\x89PNG")


def test_an_unknown_plot_is_said(trained: Trained) -> None:
    with pytest.raises(UnknownNameError, match="importance"):
        trained.plot("rok")


def test_mistakes_are_those_of_the_evaluation(trained: Trained) -> None:
    evidence = trained.evaluation.policy()
    assert len(trained.mistakes("false_positive", top=10_000)) == evidence.false_positives
    counts = trained.verdicts().counts()
    assert counts["true_positive"] + counts["false_positive"] == evidence.decisions


def test_without_a_family_the_rest_stays(prepared: Prepared, trained: Trained) -> None:
    smaller = prepared.without("mail.date", "mail.html")
    assert not any(column.startswith(("mail.date.", "mail.html.")) for column in smaller.features.columns)
    kept = [prepared.features.columns.index(column) for column in smaller.features.columns]
    np.testing.assert_array_equal(smaller.vectors.dense, prepared.vectors.dense[:, kept])
    other = msa_ml.fit(smaller, QUICK)
    comparison = trained.compare(other)
    assert comparison.whole.ham == trained.evaluation.ham
    assert "difference" in comparison._repr_html_()
    assert trained.compare(trained).whole.tpr.value == 0
    with pytest.raises(UnknownNameError, match=r"Did you mean 'mail\.date'"):
        prepared.without("mail.dates")


def test_models_of_other_events_are_not_compared(settings: Settings, trained: Trained) -> None:
    few = msa_ml.fit(
        msa_ml.prepare(msa_ml.load("spam", settings=settings).at_most(1500), QUICK, workers=1), QUICK
    )
    with pytest.raises(InputError, match="other events"):
        trained.compare(few)


def test_export_bundle_measure_show_and_explain(trained: Trained, settings: Settings, tmp_path: Path) -> None:
    bundle = trained.export(tmp_path)
    assert msa_ml.load_bundle(str(bundle.path)).id == bundle.id
    measured = msa_ml.evaluate(bundle, msa_ml.load_test(bundle, settings=settings), workers=1)
    assert measured.verdicts().frame["event_id"].is_in(trained.verdicts().frame["event_id"].implode()).all()
    assert "events scored" in measured._repr_html_()
    event = measured.verdicts().frame["event_id"][0]
    assert "to:" in str(msa_ml.show(event, settings=settings))
    score = msa_ml.explain(event, bundle, reasons=3, settings=settings)
    assert score.logit == pytest.approx(measured.verdicts().frame["logit"][0], abs=1e-4)
    assert msa_ml.message(event, settings=settings).subject
    with pytest.raises(InputError, match="no raw mail with the id"):
        msa_ml.show("f" * 32, settings=settings)


class Local(Extractor):
    """An extractor that serving could import."""

    name, kind = "mail.local", "mail"
    features = (Feature("one", "always one", "count"),)

    def extract(self, mail: Any) -> dict[str, float]:
        return {"one": 1.0}


def test_a_class_of_a_notebook_trains_and_is_not_exported(settings: Settings, tmp_path: Path) -> None:
    Local.__module__ = "__main__"
    try:
        mails = msa_ml.load("spam", settings=settings)
        features = get_task("spam").features() + Local()
        found = msa_ml.fit(msa_ml.prepare(mails, QUICK, features=features, workers=1), QUICK)
        with pytest.raises(InputError, match=r"Local \(mail\.local\)"):
            found.export(tmp_path)
    finally:
        Local.__module__ = __name__


def test_no_model_is_said(settings: Settings) -> None:
    with pytest.raises(InputError, match="no model is registered"):
        msa_ml.load_bundle("spam@champion", settings=settings)


def test_the_demo_is_made_once_in_its_own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "msa.toml").touch()
    (tmp_path / "notebooks" / "spam").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks" / "spam")
    monkeypatch.setattr(notebook, "PER_DAY", 20)
    found = msa_ml.demo()
    assert found.home == (tmp_path / ".msa" / "demo").resolve()
    mails = msa_ml.load("spam", settings=found)
    assert mails.synthetic
    assert "SYNTHETIC" in mails._repr_html_()
    assert "SYNTHETIC" in msa_ml.plot_days(mails).title
    monkeypatch.setattr(notebook, "simulate_into", None)
    assert msa_ml.demo() == found


def test_frames_are_plain_tables_after_load_ext() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.run_cell("%load_ext msa_ml")
    data, _ = shell.display_formatter.format(pl.DataFrame({"event_id": ["f" * 32]}))
    assert f">{'f' * 32}<" in data["text/html"]
    assert "shape" not in data["text/html"]
