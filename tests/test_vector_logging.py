"""Vectors are logged, raw mail goes, and training gives the same model."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from msa_ml.bundle.read import load as load_bundle
from msa_ml.cli import main
from msa_ml.errors import DataRefused
from msa_ml.experiment import EvaluationChoice, Experiment, parse_moment
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.logged import SCHEMA, write_spec
from msa_ml.features.mail.subject import Subject
from msa_ml.features.spec import Specification
from msa_ml.pipeline import load, prepare, train
from msa_ml.publishing import Published
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.tasks import get
from tests.main_job import AS_OF, corpus, run

pytestmark = pytest.mark.xdist_group("vector log")
MAILS = 1500
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with imported mail."""
    place = tmp_path_factory.mktemp("vectors")
    mail = corpus(place / "mail", MAILS)
    words = ["import", "mail", str(mail), "--label", "ham=ham", "--label", "junk=spam", "--source", "own"]
    assert main([*words, "--home", str(place / ".msa")]) == 0
    return read_settings(home=place / ".msa", environ={})


@pytest.fixture(scope="module")
def store(settings: Settings) -> Store:
    return connect(settings.results_url, settings=settings)


def trained(settings: Settings, read: str = "events") -> Published:
    experiment = Experiment(task="spam", evaluation=EvaluationChoice(replicates=20)).with_data(read=read)
    return train(settings, experiment, parse_moment(AS_OF), workers=1, track=False)


def graph(published: Published) -> bytes:
    return (published.bundle.path / "model.onnx").read_bytes()


@pytest.mark.slow
def test_vectors_outlive_the_mail(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(DataRefused, match="no vector of this window was logged"):
        trained(settings, "vectors")
    home = ("--home", str(settings.home))
    code, report, _ = run("log-vectors", "spam", "--workers", "1", *home, capsys=capsys)
    assert (code, report["events"], report["written"], report["without_raw"]) == (0, MAILS, MAILS, 0)
    assert report["spec_digest"] == Specification.of(get("spam").features()).digest

    from_mail = trained(settings)
    store.command("ALTER TABLE mail_events UPDATE raw = '' WHERE 1 SETTINGS mutations_sync = 1")
    with pytest.raises(DataRefused, match="no labelled event has its raw mail any more"):
        trained(settings)
    from_log = trained(settings, "vectors")
    # Not nearly: every byte of the graph, every threshold.
    assert graph(from_log) == graph(from_mail)
    assert from_log.bundle.manifest.policies == from_mail.bundle.manifest.policies
    assert from_log.trained.prepared.counts() == from_mail.trained.prepared.counts()
    assert from_log.bundle.manifest.training["dropped_features"] == {}

    # A repeat writes nothing, though there is no mail to read any more.
    bundle = str(from_mail.bundle.path)
    code, again, _ = run("log-vectors", "spam", "--bundle", bundle, *home, capsys=capsys)
    assert (code, again["written"], again["already"], again["without_raw"]) == (0, 0, MAILS, 0)

    _under_another_specification(settings, store)
    _strange_rows(settings, store)
    _without_content(settings, store)


def _under_another_specification(settings: Settings, store: Store) -> None:
    """Half of the vectors were logged by older code, whose subject was computed otherwise and which had no dates."""
    older = Specification.of(_older())
    write_spec(store, older, stored_at=NOW)
    now = Specification.of(get("spam").features())
    column = {name: place + 1 for place, name in enumerate(now.columns)}
    places = [column[name] for name in older.columns]
    half = "event_id < '8'"
    store.command(
        "INSERT INTO feature_vectors (event_id, spec_digest, event_time, ingested_at, `values`, content) "
        "SELECT event_id, {older:String}, event_time, ingested_at, "
        "arrayMap(i -> `values`[i], {places:Array(UInt32)}), content "
        f"FROM vector WHERE {half} AND spec_digest = {{now:String}}",
        {"older": older.digest, "now": now.digest, "places": places},
    )
    store.command(
        f"ALTER TABLE feature_vectors DELETE WHERE {half} AND spec_digest = '{now.digest}' SETTINGS mutations_sync = 1"
    )
    published = trained(settings, "vectors")
    dropped = published.bundle.manifest.training["dropped_features"]
    assert {name.rpartition(".")[0] for name in dropped} == {"mail.subject", "mail.date"}
    assert dropped["mail.subject.length"] == f"computed otherwise under {older.digest[:12]}"
    assert published.bundle.manifest.spec_digest not in (older.digest, now.digest)
    assert len(published.bundle.features.columns) == len(now.columns) - len(dropped)
    assert len(published.trained.prepared.index) == MAILS
    # The projected model stands on its own: loaded, it computes from raw mail what was read from the log.
    again = load_bundle(published.bundle.path)
    assert again.features.columns == published.trained.prepared.features.columns
    assert any("mail.subject.length" in note for note in published.trained.prepared.notes)


class Subject0(Subject):
    """What an older version computed."""

    version = 0


def _older() -> FeatureSet:
    whole = get("spam").features()
    extractors = [Subject0() if isinstance(one, Subject) else one for one in whole.extractors]
    return FeatureSet(extractors, whole.views).without("mail.date")


def _without_content(settings: Settings, store: Store) -> None:
    """Retention empties content before it removes vectors."""
    some = "event_id < '1'"
    store.command(
        f"ALTER TABLE feature_vectors UPDATE content = map() WHERE {some} SETTINGS mutations_sync = 1"
    )
    dataset = load("spam", as_of=AS_OF, settings=settings)
    experiment = Experiment(task="spam").with_data(read="vectors")
    prepared = prepare(dataset, experiment)
    gone = prepared.split.dropped["whose logged content was removed by retention"]
    assert gone == sum(event < "1" for event in dataset.labelled["event_id"])
    assert gone + len(prepared.index) == MAILS
    store.command("ALTER TABLE feature_vectors UPDATE content = map() WHERE 1 SETTINGS mutations_sync = 1")
    with pytest.raises(DataRefused, match=f"the content of all {MAILS} logged vectors has expired"):
        prepare(dataset, experiment)


def _strange_rows(settings: Settings, store: Store) -> None:
    """Rows of a specification that nobody wrote, and rows that do not fit theirs, are named."""
    dataset = load("spam", as_of=AS_OF, settings=settings)
    experiment = Experiment(task="spam").with_data(read="vectors")
    last = dataset.labelled.filter(pl.col("event_id") < "8").row(-1, named=True)
    row: dict[str, Any] = {
        "event_id": [last["event_id"]],
        "spec_digest": ["f" * 64],
        "event_time": [last["event_time"]],
        "ingested_at": [last["event_time"]],
        "values": [[1.0, 2.0]],
        "content": [{"head": b"", "text": b""}],
        "stored_at": [NOW.replace(year=2090)],
    }
    store.insert("feature_vectors", pl.DataFrame(row, schema=SCHEMA))
    with pytest.raises(DataRefused, match="1 logged vectors name specification ffffffffffff"):
        prepare(dataset, experiment)
    store.command("ALTER TABLE feature_vectors DELETE WHERE length(`values`) = 2 SETTINGS mutations_sync = 1")
    row["spec_digest"] = [Specification.of(_older()).digest]
    store.insert("feature_vectors", pl.DataFrame(row, schema=SCHEMA))
    with pytest.raises(DataRefused, match=r"holds 2 numbers, its specification has \d+"):
        prepare(dataset, experiment)
    store.command("ALTER TABLE feature_vectors DELETE WHERE length(`values`) = 2 SETTINGS mutations_sync = 1")
