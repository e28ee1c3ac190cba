"""The walk through the layers on sign-ups: events that are rows of plain fields."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from msa_ml.bundle.read import load as load_bundle
from msa_ml.cli import main
from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import BundleRefused, InputError, OtherVersion, UnknownNameError
from msa_ml.features.event_json import to_json
from msa_ml.features.extraction import extract_events
from msa_ml.features.table import SCHEMAS
from msa_ml.pipeline import fit, load, prepare
from msa_ml.publishing import report_of, run_items
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import Settings, make_demo_home, read
from msa_ml.tasks import get
from msa_ml.trained import Trained
from tests.bundle.tiny import reseal
from tests.main_job import run
from tests.signups import AS_OF, import_into


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home that holds 3,000 invented sign-ups."""
    folder = tmp_path_factory.mktemp("signups")
    settings = read(home=folder / "home", isolated=True)
    import_into(settings, folder)
    return settings


@pytest.fixture(scope="module")
def dataset(world: Settings) -> Dataset:
    return load("signup_abuse", as_of=AS_OF, settings=world)


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Trained:
    return fit(prepare(dataset))


def test_a_dataset_of_signups_has_its_labels_and_no_mail(dataset: Dataset) -> None:
    assert len(dataset) == 3000
    assert {"label", "weight", "campaign", "verification", "network"} <= set(dataset.index.columns)
    assert "size" not in dataset.index.columns
    assert dataset.index["network"].unique().to_list() == ["IPv4"]
    with pytest.raises(InputError, match="no raw mail"):
        next(dataset.raw())
    with pytest.raises(UnknownNameError, match="column of signup 'user_nam'"):
        next(dataset.table(["user_nam"]))


def test_columns_are_streamed_for_the_events_of_the_index_alone(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pl.concat(dataset.table(["user_name", "ip"]))
    assert whole.columns == ["event_id", "user_name", "ip"]
    assert set(whole["event_id"]) == set(dataset.index["event_id"])
    # The embedded store is read in parts, each in a session of its own.
    monkeypatch.setattr("msa_ml.dataset.dataset._ROWS", 700)
    parts = pl.concat(dataset.table(["user_name", "ip"]))
    assert parts.sort("event_id").equals(whole.sort("event_id"))


def test_a_sample_keeps_one_class_whole(dataset: Dataset) -> None:
    sample = dataset.with_selection(sample=0.2, keep="abuse")
    table = pl.concat(sample.table(["user_name"]))
    assert sorted(table["event_id"]) == sorted(sample.index["event_id"])
    abuse = sample.index.filter(pl.col("label") == 1)
    assert len(abuse) == (dataset.index["label"] == 1).sum()
    assert len(sample) < 0.6 * len(dataset)


def test_vectors_stand_beside_their_events(dataset: Dataset) -> None:
    index, vectors = extract_events(dataset, dataset.labelled, get("signup_abuse").features())
    assert index.equals(dataset.labelled)
    assert vectors.dense.dtype == np.float32
    seconds = pl.concat(dataset.table(["form_seconds"]))
    wanted = index.join(seconds, on="event_id", how="left", maintain_order="left")["form_seconds"]
    column = get("signup_abuse").features().columns.index("signup.form.seconds")
    assert np.array_equal(vectors.dense[:, column], wanted.to_numpy().astype(np.float32))


def test_features_of_another_kind_are_refused(dataset: Dataset) -> None:
    with pytest.raises(InputError, match="read events of kind mail, the dataset holds signup"):
        extract_events(dataset, dataset.index, get("spam").features())


def test_trees_alone_learn_from_signups(trained: Trained) -> None:
    # One label in twenty is wrong, so no model comes near 0.
    assert trained.evaluation.metrics["one_minus_roca_pct"].value < 12
    assert set(trained.evaluation.slices) <= {"source", "verification", "network"}
    assert trained.verdicts().frame.height == len(trained.logit)


def test_a_bundle_of_signups_scores_as_the_library_does(
    dataset: Dataset, trained: Trained, tmp_path: Path
) -> None:
    bundle = trained.export(tmp_path)
    assert bundle.manifest.kind == "signup"
    assert bundle.verify() >= 10
    rows = trained.prepared.split.test[:300]
    events = trained.prepared.index[rows.tolist()].select("event_id")
    clocks = ("event_id", "source", "origin", "position", "ingested_at", "decided_at")
    columns = [name for name in SCHEMAS["signup"] if name not in clocks]
    table = pl.concat(dataset.table(columns))
    declared: Any = trained.prepared.features.histories
    known = dataset.history(declared)
    frame = events.join(table, on="event_id", how="left", maintain_order="left")
    frame = frame.join(known, on="event_id", how="left", maintain_order="left").drop("event_id")
    found = bundle.score_frame(frame)
    assert np.array_equal(found["logit"].to_numpy().astype(np.float32), trained.logit[:300])
    threshold = bundle.manifest.policy().threshold
    assert found["decision"].to_list() == [
        bool(logit >= np.float32(threshold)) for logit in trained.logit[:300]
    ]
    names = [history.name for history in bundle.features.histories]
    one, history = frame.drop(names).row(0, named=True), frame.select(names).row(0, named=True)
    score = bundle.score(one, history=history, reasons=3)
    assert (score.logit, score.decision) == (found["logit"][0], found["decision"][0])
    assert score.complete
    assert len(score.reasons) == 3
    as_text = json.dumps(to_json(one)).encode()
    assert bundle.score(as_text, history=history).logit == score.logit
    alone = [given.logit for given in bundle.score_many(frame.head(5).drop(names).iter_rows(named=True))]
    assert alone == bundle.score_frame(frame.head(5).drop(names))["logit"].to_list()
    with pytest.raises(UnknownNameError, match=r"history of the bundle 'signup\.count_by_ip_2h'"):
        bundle.score(one, history={"signup.count_by_ip_2h": 1.0})


def test_counters_of_the_bundle_say_what_training_read(
    dataset: Dataset, trained: Trained, tmp_path: Path
) -> None:
    bundle = trained.export(tmp_path)
    counters = bundle.counters()
    declared: Any = bundle.features.histories
    histories = [history for history in declared if not history.reads_labels]
    names = [history.name for history in histories]
    columns = ["event_time", "user_name", "ip", "device", "asn", "user_agent"]
    keys = ["ip_subnet", "email_domain", "name_pattern"]
    events = pl.concat(dataset.table([*columns, *keys])).sort("event_time")
    wanted = dataset.history(histories)
    served = []
    for event in events.head(400).iter_rows(named=True):
        moment = round(event["event_time"].timestamp() * 1000)
        served.append(counters.values(event, moment))
        counters.observe(event, moment)
    found = pl.DataFrame(
        [{name: value[name] for name in names} for value in served], schema=dict.fromkeys(names, pl.Float32)
    )
    both = events.head(400).select("event_id").join(wanted, on="event_id", how="left", maintain_order="left")
    assert found.equals(both.select(names), null_equal=True)


def test_a_changed_history_file_is_refused(trained: Trained, tmp_path: Path) -> None:
    folder = trained.export(tmp_path).path
    path = folder / "history.json"
    changed = json.loads(path.read_text())
    asked = next(step for step in changed["golden"][0]["steps"] if "expected" in step)
    asked["expected"]["signup.count_by_ip_1h"] = 77.0
    path.write_text(json.dumps(changed))
    reseal(folder)
    with pytest.raises(OtherVersion, match=r"golden sequences .* signup\.count_by_ip_1h is .* expected 77"):
        load_bundle(folder)
    del changed["counters"][0]
    path.write_text(json.dumps(changed))
    reseal(folder)
    with pytest.raises(BundleRefused, match="other counters"):
        load_bundle(folder)


def test_the_command_line_walks_from_signups_to_a_scored_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    make_demo_home(home, anew=True)
    import_into(read(home=home, isolated=True), tmp_path)
    place = ("--home", str(home))
    code, trained, _ = run("train", "signup_abuse", *place, "--as-of", "2026-05-01", capsys=capsys)
    assert code == 0
    assert trained["counts"]["train"].keys() == {"good", "abuse"}
    folder = str(tmp_path / "exported")
    assert run("export", "signup_abuse@challenger", folder, *place, capsys=capsys)[0] == 0
    code, verified, _ = run("verify", folder, capsys=capsys)
    assert (code, verified["task"]) == (0, "signup_abuse")
    assert verified["golden_cases"] >= 10
    code, measured, _ = run("evaluate", folder, *place, "--as-of", "2026-05-01", capsys=capsys)
    assert (code, measured["labelled"]) == (0, measured["events"])
    code, compared, _ = run("compare", folder, folder, *place, "--as-of", "2026-05-01", capsys=capsys)
    assert (code, compared["promote"]) == (1, False)
    lines = tmp_path / "some.jsonl"
    given = [
        {"user_name": "xkqjzwvb4821", "form_seconds": 1.2},
        {"user_name": "anna.weber", "form_seconds": 41},
    ]
    lines.write_text("".join(json.dumps(event) + "\n" for event in given))
    code, scored, _ = run("score", folder, str(lines), "--reasons", "2", capsys=capsys)
    assert code == 0
    bot, person = scored["scores"]
    assert bot["logit"] > person["logit"]
    assert len(bot["reasons"]) == 2
    lines.write_text('{"user_nam": "ann"}\n')
    assert main(["score", folder, str(lines)]) == 2
    assert "Did you mean 'user_name'" in capsys.readouterr().err


def test_a_registered_version_of_signups_is_the_bundle(trained: Trained, tmp_path: Path) -> None:
    import mlflow
    import pandas

    bundle = trained.export(tmp_path / "bundles")
    settings = read(home=tmp_path / "tracked", isolated=True)
    Tracking(settings).log("signup_abuse", run_items(trained, bundle))
    mlflow.set_tracking_uri(settings.tracking_uri)
    mlflow.set_registry_uri(settings.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/signup_abuse@challenger")
    events = ['{"user_name": "ann", "form_seconds": 30.5}', "{}"]
    found = model.predict(pandas.DataFrame({"event": events}))
    assert found["logit"].tolist() == [bundle.score(event).logit for event in events]
    assert found["bundle_id"].tolist() == [bundle.id] * 2


def test_reports_of_signups_speak_of_no_mail(trained: Trained) -> None:
    texts = [
        trained.evaluation.table(),
        report_of(trained),
        trained.prepared._repr_html_(),
        trained.verdicts().by("network").columns,
    ]
    for text in texts:
        assert not re.search(r"\b(ham|spam)\b", str(text))
    assert "good" in trained.evaluation.table()
