"""From ``score --log`` to the tables and back: the vectors that were scored are those that training reads."""

import json
import shutil
import stat
from pathlib import Path

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.cli import main
from msa_ml.experiment import parse_moment
from msa_ml.features.logged import read_logged
from msa_ml.records import event_id
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from tests.bundle.tiny import reseal
from tests.main_job import run


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    folder.mkdir()
    for name, raw in golden_mail().items():
        (folder / f"{name}.eml").write_bytes(raw)
    return folder


def test_scores_and_vectors_reach_the_tables(
    bundle: Bundle, mails: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, home = tmp_path / "rows.jsonl", tmp_path / ".msa"
    code, scored, _ = run(
        "score", str(bundle.path), str(mails), "--log", str(log), "--source", "mx", capsys=capsys
    )
    assert code == 0
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert len(log.read_text().splitlines()) == len(scored["scores"]) == len(golden_mail())
    for _ in range(2):  # a repeat converges
        code, said, _ = run("log-scores", str(bundle.path), str(log), "--home", str(home), capsys=capsys)
        assert (code, said["scores"], said["vectors"]) == (0, len(golden_mail()), len(golden_mail()))
    settings = read_settings(home=home, environ={})
    store = connect(settings.results_url, settings=settings)
    found = store.frame("SELECT event_id, task, bundle_id, logit, decision FROM score ORDER BY event_id")
    distinct = {event_id("mx", raw): raw for raw in golden_mail().values()}
    assert found["event_id"].to_list() == sorted(distinct)
    for name, task, made_by, logit, decision in found.iter_rows():
        ours = bundle.score(distinct[name])
        assert (task, made_by, logit) == ("spam", bundle.id, ours.logit)
        assert decision == ("flagged" if ours.decision else "not flagged")
    window = (parse_moment("1970-01-02"), parse_moment("2100-01-01"))
    logged = read_logged(store, settings, bundle.features, list(distinct), window)
    assert sorted(logged.ids) == sorted(distinct)
    assert not logged.projection.dropped
    for name, score in zip(logged.ids, bundle.score_vectors(logged.vectors), strict=True):
        assert score == bundle.score(distinct[name])


def test_rows_of_another_bundle_are_refused(
    bundle: Bundle, mails: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, home = tmp_path / "rows.jsonl", tmp_path / ".msa"
    mail = mails / "pills.eml"
    assert main(["score", str(bundle.path), str(mail), "--log", str(log), "--source", "mx"]) == 0
    other = Path(shutil.copytree(bundle.path, tmp_path / "other"))
    reseal(other, code_revision="0123abc")
    capsys.readouterr()
    code, said, _ = run("log-scores", str(other), str(log), "--home", str(home), capsys=capsys)
    assert (code, "was scored by bundle" in said["error"]) == (2, True)
    row = json.loads(log.read_text())
    row["vector"]["values"].pop()
    log.write_text(json.dumps(row) + "\n")
    code, said, _ = run("log-scores", str(bundle.path), str(log), "--home", str(home), capsys=capsys)
    assert (code, "is not of specification" in said["error"]) == (2, True)
    log.write_text("Subject: no row\n")
    code, said, _ = run("log-scores", str(bundle.path), str(log), "--home", str(home), capsys=capsys)
    assert (code, "rows.jsonl, line 1: no line of scored events" in said["error"]) == (2, True)


def test_log_and_source_go_together(
    bundle: Bundle, mails: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("--log", str(tmp_path / "x")), ("--source", "mx")):
        code, said, _ = run("score", str(bundle.path), str(mails / "pills.eml"), *words, capsys=capsys)
        assert (code, "--log and --source go together" in said["error"]) == (2, True)
    assert not (tmp_path / "x").exists()
