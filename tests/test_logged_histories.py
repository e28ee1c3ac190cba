"""Vectors with histories are logged, and training reads what was logged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from msa_ml.cli import main
from msa_ml.dataset.dataset import Dataset
from msa_ml.experiment import Experiment, SplitChoice
from msa_ml.features.extraction import extract_events
from msa_ml.features.mail.reputation import REPUTATION
from msa_ml.pipeline import features_of, load, prepare
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from tests.main_job import AS_OF, corpus, run

EXPERIMENT = replace(Experiment.of("spam").with_histories(), split=SplitChoice(shares=(0.4, 0.3, 0.3)))
FROM_LOG = EXPERIMENT.with_data(read="vectors")
LATER = datetime(2026, 1, 20, tzinfo=UTC)
MAILS = 1000


@pytest.fixture
def dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Dataset:
    """Mail whose vectors were logged with histories."""
    home = ("--home", str(tmp_path / ".msa"))
    mail = corpus(tmp_path / "mail", MAILS)
    assert main(["import", "mail", str(mail), "--label", "ham=ham", "--label", "junk=spam", *home]) == 0
    capsys.readouterr()
    code, said, _ = run("log-vectors", "spam", "--histories", "--workers", "1", *home, capsys=capsys)
    assert (code, said["written"]) == (0, MAILS)
    return load("spam", as_of=AS_OF, settings=read_settings(home=tmp_path / ".msa", environ={}))


def test_histories_of_mail_are_logged_and_read_again(dataset: Dataset) -> None:
    prepared = prepare(dataset, FROM_LOG)
    assert prepared.dropped == {}
    assert [one.name for one in prepared.features.histories] == [one.name for one in REPUTATION]
    index, vectors = extract_events(dataset, prepared.index, features_of(EXPERIMENT), workers=1)
    assert index["event_id"].to_list() == prepared.index["event_id"].to_list()
    np.testing.assert_array_equal(prepared.vectors.dense, vectors.dense)
    past = prepared.vectors.dense[:, -len(REPUTATION) :]
    # Of 40: some content never comes twice, this mail links to nothing, and no import knows an ASN.
    assert np.isfinite(past).any(axis=0).sum() >= 31
    assert np.nanmax(past) > 3

    # Mail of an old day that is stored after the vectors were logged: what was logged was right when it was.
    store = connect(dataset.settings.clickhouse_url, settings=dataset.settings)
    store.command(
        "INSERT INTO mail_events (event_id, source, event_time, ingested_at, sender_pseudonym, sender_domain, client_subnet, "
        "campaign, raw) SELECT lower(hex(MD5(event_id))), source, event_time, ingested_at, sender_pseudonym, sender_domain, "
        "client_subnet, campaign, raw FROM mail WHERE event_time < {later:DateTime64(3, 'UTC')} - INTERVAL 17 DAY",
        {"later": LATER + timedelta(days=3)},
    )
    again = prepare(load("spam", as_of=AS_OF, settings=dataset.settings), FROM_LOG)
    assert any("the logged value differs from what the store says" in note for note in again.notes)


def test_mail_that_was_scored_without_counters_trains(dataset: Dataset) -> None:
    store = connect(dataset.settings.results_url, settings=dataset.settings)
    width = len(features_of(EXPERIMENT).columns) - len(REPUTATION)
    store.command(
        f"ALTER TABLE feature_vectors UPDATE `values` = arrayConcat(arraySlice(`values`, 1, {width}), "
        f"arrayWithConstant({len(REPUTATION)}, toFloat32(nan))) WHERE event_id < '8' SETTINGS mutations_sync = 1"
    )
    prepared = prepare(dataset, FROM_LOG)
    unknown = np.isnan(prepared.vectors.dense[:, -len(REPUTATION) :]).all(axis=1)
    assert unknown.tolist() == [event < "8" for event in prepared.index["event_id"]]
    assert not any("differs" in note for note in prepared.notes)


def test_a_bundle_says_itself_which_histories_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log-vectors", "spam", "--histories", "--bundle", str(tmp_path)]) != 0
    assert "--bundle and --histories exclude each other" in capsys.readouterr().err
