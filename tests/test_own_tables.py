"""Somebody else's schema on a server, read by a user who may only SELECT, trains to what our own tables train to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.fields import FIELDS, Relation
from msa_ml.source.mapping import SECTIONS
from tests.http_front import Front, running
from tests.main_job import AS_OF, corpus, run, run_apart

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("own tables")]

MAPPING = """
[source.mail]
table = "posteingang.nachrichten"
[source.mail.fields]
event_id = "kennung"
event_time = { column = "eingang", time_zone = "Europe/Berlin" }
raw = "inhalt"
campaign = "gruppe"
source = { constant = "own" }

[source.labels]
query = "SELECT * FROM posteingang.urteile WHERE art = 'mail'"
words = { muell = "spam", gut = "ham" }
[source.labels.fields]
task = { constant = "spam" }
subject = "nachricht"
label = "urteil"
labelled_at = { column = "sekunde", unit = "s" }
source = "von"
"""
TABLES = """
CREATE DATABASE posteingang;
CREATE TABLE posteingang.nachrichten
    -- eingang: a wall clock without a zone, in a column that does not say so
    (kennung String, eingang DateTime, inhalt String, gruppe String, raw UInt8)
    ENGINE = MergeTree ORDER BY eingang;
CREATE TABLE posteingang.urteile (nachricht String, urteil String, sekunde Int64, von String, art String)
    ENGINE = MergeTree ORDER BY nachricht
"""
READING = re.compile(r"(?:\s|--[^\n]*\n)*(SELECT|WITH|DESCRIBE)\b", re.IGNORECASE)
"""What needs no right but SELECT."""


def _uuid(ids: pl.Expr) -> pl.Expr:
    """Write 32 hexadecimal digits as many systems do."""
    parts = [ids.str.slice(start, length) for start, length in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))]
    return pl.concat_str(parts, separator="-").str.to_uppercase()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own_tables")


@pytest.fixture(scope="module")
def native(place: Path) -> dict[str, Any]:
    """What training on our own tables says."""
    mail, environ = corpus(place / "mail"), {"MSA_HOME": str(place / "native" / ".msa")}
    words = ("import", "mail", mail, "--label", "ham=ham", "--label", "junk=spam", "--source", "own")
    run_apart(*words, cwd=place, environ=environ)
    trained, _ = run_apart(
        "train", "spam", "--as-of", AS_OF, "--no-track", "--workers", "1", cwd=place, environ=environ
    )
    return dict(trained)


@pytest.fixture(scope="module")
def front(place: Path, native: dict[str, Any]) -> Iterator[Front]:
    """A server with the same mail in a schema that is not ours."""
    ours = connect(settings=read_settings(environ={"MSA_HOME": str(place / "native" / ".msa")}))
    with ours:
        mails = ours.frame("SELECT event_id, event_time, raw, campaign FROM mail")
        labels = ours.frame("SELECT subject, label, labelled_at, source FROM label")
    assert len(mails) == len(labels) == 1800
    berlin = pl.col("event_time").dt.convert_time_zone("Europe/Berlin").dt.strftime("%Y-%m-%d %H:%M:%S")
    theirs = mails.select(
        _uuid(pl.col("event_id")).alias("kennung"),
        berlin.alias("eingang"),
        pl.col("raw").alias("inhalt"),
        pl.col("campaign").alias("gruppe"),
        pl.lit(7, pl.UInt8).alias("raw"),
    )
    verdicts = labels.select(
        _uuid(pl.col("subject")).alias("nachricht"),
        pl.col("label").replace({"spam": "muell", "ham": "gut"}).alias("urteil"),
        pl.col("labelled_at").dt.epoch("s").alias("sekunde"),
        pl.col("source").alias("von"),
        pl.lit("mail").alias("art"),
    )
    # A row of another kind, which their own WHERE leaves out: it would turn a label round.
    other = verdicts.head(1).with_columns(
        pl.col("urteil").replace({"muell": "gut", "gut": "muell"}),
        pl.col("sekunde") + 60,
        art=pl.lit("konto"),
    )
    with running() as found:
        settings = read_settings(environ={"MSA_HOME": str(place / "fill")})
        with connect(found.url(), settings=settings) as store:
            for statement in TABLES.split(";"):
                store.command(statement)
        with connect(found.url(database="posteingang"), settings=settings) as store:
            store.command("CREATE TABLE roh AS nachrichten ENGINE = Memory")
            store.command("ALTER TABLE roh MODIFY COLUMN eingang String")
            store.insert("roh", theirs)
            store.command(
                "INSERT INTO nachrichten SELECT kennung, toDateTime(eingang), inhalt, gruppe, raw FROM roh"
            )
            store.command("DROP TABLE roh")
            store.insert("urteile", pl.concat([verdicts, other]))
        found.seen()
        yield found


@pytest.fixture
def own(place: Path, front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``msa.toml``; rows come from the server, results go to a store of our own."""
    for name, value in _environ(tmp_path, front).items():
        monkeypatch.setenv(name, value)
    return _write(tmp_path)


def _environ(folder: Path, front: Front) -> dict[str, str]:
    return {
        "MSA_HOME": str(folder / ".msa"),
        "MSA_CLICKHOUSE_URL": front.url(user="reader", password="look"),
        "MSA_RESULTS_URL": f"chdb://{folder / 'results' / 'store'}",
    }


def _write(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in MAPPING
    (folder / "msa.toml").write_text(MAPPING.replace(old, new) if old else MAPPING)
    return folder


def _sha(bundle: str, name: str) -> str:
    return str(json.loads((Path(bundle) / "manifest.json").read_text())["files"][name])


def test_training_gives_what_native_tables_give(
    place: Path, native: dict[str, Any], front: Front, tmp_path: Path
) -> None:
    _write(tmp_path)
    environ = _environ(tmp_path, front)
    front.seen()
    made, _ = run_apart("init", cwd=tmp_path, environ=environ)
    assert made["applied"]
    words = ("train", "spam", "--as-of", AS_OF, "--no-track", "--workers", "1")
    trained, _ = run_apart(*words, cwd=tmp_path, environ=environ)
    assert trained["dataset"]["rows"] == native["dataset"]["rows"] == 1800
    assert trained["dataset"]["content_hash"] == native["dataset"]["content_hash"]
    assert (trained["dataset"]["first"], trained["dataset"]["last"]) == (
        native["dataset"]["first"],
        native["dataset"]["last"],
    )
    assert trained["counts"] == native["counts"]
    assert trained["metrics"] == native["metrics"]
    assert _sha(trained["bundle"], "model.onnx") == _sha(native["bundle"], "model.onnx")
    # The query is another one, and is said to be.
    assert trained["dataset"]["query_sha256"] != native["dataset"]["query_sha256"]

    again = ("evaluate", trained["bundle"], "--as-of", AS_OF, "--with-training")
    measured, _ = run_apart(*again, cwd=tmp_path, environ=environ)
    assert (measured["events"], measured["labelled"]) == (1800, 1800)

    asked = [entry["sql"] for entry in front.seen()]
    assert sum("posteingang" in sql for sql in asked) >= 4
    assert [sql[:200] for sql in asked if not READING.match(sql)] == []


def test_check_source_reports_every_field(
    own: Path, front: Front, capsys: pytest.CaptureFixture[str]
) -> None:
    front.seen()
    code, report, _ = run("check-source", capsys=capsys)
    assert (code, report["ok"]) == (0, True)
    kinds = {kind["kind"]: kind for kind in report["kinds"]}
    assert list(kinds) == list(SECTIONS.values())
    wanted: tuple[Relation, ...] = ("mail", "label")
    for kind in wanted:
        assert [field["field"] for field in kinds[kind]["fields"]] == [field.name for field in FIELDS[kind]]
        assert kinds[kind]["rows"] == 1800
        assert {field["verdict"].split()[0] for field in kinds[kind]["fields"]} <= {"ok", "not"}
    mail = {field["field"]: field for field in kinds["mail"]["fields"]}
    assert (mail["raw"]["found"], mail["raw"]["type"], mail["raw"]["nulls"]) == ("inhalt", "String", 0)
    assert "Europe/Berlin" in mail["event_time"]["verdict"]
    assert mail["source"]["found"] == "constant"
    assert mail["size"]["found"] == "made here"
    assert mail["decided_at"]["verdict"] == "not given"
    assert any("ham" in remark and "spam" in remark for remark in kinds["label"]["remarks"])
    assert [entry["sql"][:200] for entry in front.seen() if not READING.match(entry["sql"])] == []


def test_a_profile_that_may_not_even_change_settings_is_enough(
    own: Path, front: Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MSA_CLICKHOUSE_URL", front.url(user="strict", password="look"))
    code, report, _ = run("check-source", capsys=capsys)
    assert (code, report["ok"]) == (0, True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('raw = "inhalt"', 'raw = "inhaltt"', ("inhaltt", "did you mean 'inhalt'")),
        ('label = "urteil"', 'label = "uteil"', ("uteil", "did you mean 'urteil'")),
        ("posteingang.nachrichten", "posteingang.nachricht", ("posteingang.nachricht",)),
        ("posteingang.urteile", "posteingang.urteil", ("posteingang.urteil",)),
        ("posteingang.nachrichten", "postausgang.nachrichten", ("postausgang",)),
    ],
)
def test_a_wrong_name_is_said(
    own: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: tuple[str, ...]
) -> None:
    _write(own, old, new)
    code, report, err = run("check-source", capsys=capsys)
    assert (code, report["ok"]) == (1, False)
    errors = [
        text
        for kind in report["kinds"]
        for text in (*kind["remarks"], *(field["verdict"] for field in kind["fields"]))
        if text.startswith("error")
    ]
    assert len(errors) == 1
    assert all(text.lower() in errors[0].lower() for text in said), errors
    # Training with it says the same in one line instead of starting.
    code, result, err = run("train", "spam", "--as-of", AS_OF, "--no-track", capsys=capsys)
    assert code in (1, 2)
    assert said[0] in result["error"]
    assert "check-source" in result["error"]
    assert "Traceback" not in err
    assert "extracting" not in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("event_time =", "event_tme =", "Did you mean 'event_time'?"),
        ("[source.mail]", "[source.mails]", "Did you mean 'mail'?"),
        ('raw = "inhalt"', "", "raw"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_said(
    own: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    _write(own, old, new)
    code, result, _ = run("check-source", capsys=capsys)
    assert (code, said in result["error"]) == (2, True), result


def test_a_wrong_zone_is_not_silently_right(own: Path, native: dict[str, Any]) -> None:
    """The same rows read in another zone are other rows: the comparison above can fail."""
    from msa_ml import load

    _write(own, "Europe/Berlin", "UTC")
    found = load("spam", as_of=AS_OF).fingerprint
    assert found["content_hash"] == native["dataset"]["content_hash"]
    assert found["first"] != native["dataset"]["first"]


def test_writing_as_the_reader_is_refused(
    own: Path, front: Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MSA_RESULTS_URL", front.url(user="reader", password="look", database="results"))
    code, result, err = run("init", capsys=capsys)
    assert code in (2, 3)
    assert "look" not in result["error"]
    assert "Traceback" not in err
