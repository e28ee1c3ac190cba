"""A real ``mlflow server`` that hands out artefacts itself: train against it, export from somewhere else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from msa_ml import __version__
from msa_ml.bundle.manifest import FORMAT
from msa_ml.bundle.read import load
from msa_ml.registry.tracking import Tracking
from msa_ml.settings import read as read_settings
from tests.http_front import free_port
from tests.main_job import AS_OF, environment, received, run_apart, sent_at
from tests.small_bundle import invented

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow server")]

PATIENCE = 180
"""Seconds until the server must answer; it takes 10 to 60."""
MARKER = "zqxjkv"
"""Stands in the text, a link, the subject, the addresses and names, the ids and the file name of every mail."""


@dataclass(frozen=True)
class Server:
    """A running server and where it keeps its things."""

    port: int
    folder: Path

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    def ask(self, path: str, **parameters: str) -> Any:
        with urlopen(f"{self.uri}/api/2.0/mlflow/{path}?{urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)

    def holding(self, text: str) -> list[str]:
        """Return the files in which a text stands: artefacts, database, log."""
        wanted = text.lower().encode()
        return [
            path.relative_to(self.folder).as_posix()
            for path in sorted(self.folder.rglob("*"))
            if wanted in path.name.lower().encode()
            or (path.is_file() and wanted in path.read_bytes().lower())
        ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    found = Server(free_port(), folder)
    words = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(found.port)),
        *("--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--workers", "1"),
        *("--serve-artifacts", "--artifacts-destination", str(found.artifacts)),
    ]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=log,
            start_new_session=True,  # its workers die with it
        )
    try:
        _wait(found, process)
        yield found
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{server.uri}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"no mlflow server within {PATIENCE} s:\n{(server.folder / 'log.txt').read_text()[-3000:]}")


def marked(folder: Path) -> Path:
    """Write invented mail in which every personal thing is the marker with a number."""
    mails, y = invented(1800, seed=1)
    for place, (raw, label) in enumerate(zip(mails, y, strict=True)):
        word = f"{MARKER}{place:05}"
        text = raw.partition(b"\r\n\r\n")[2].decode()
        mail = (
            f"From: Ann {word} <{word}@{word}.example.com>\r\nTo: Ben {word} <{word}@example.net>\r\n"
            f"Message-ID: <{word}@example.com>\r\nSubject: {word} {text.split()[0]}\r\n"
            f'Content-Type: text/plain; name="{word}.txt"\r\n\r\n{word} https://example.org/{word} {text}'
        )
        into = folder / ("junk" if label else "ham")
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{word}.eml").write_bytes(received(mail.encode(), sent_at(place)))
    return folder


@pytest.fixture(scope="module")
def trained(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What training against the server said; the home it trained in is gone."""
    place = tmp_path_factory.mktemp("trained")
    mail = marked(place / "mail")
    environ = {"MSA_HOME": str(place / "home"), "MLFLOW_TRACKING_URI": server.uri}
    imported, _ = run_apart(
        "import",
        "mail",
        mail,
        "--label",
        "ham=ham",
        "--label",
        "junk=spam",
        "--source",
        "own",
        cwd=place,
        environ=environ,
    )
    assert (imported["imported"], imported["damaged"]) == (1800, 0)
    result, said = run_apart("train", "spam", "--as-of", AS_OF, "--workers", "1", cwd=place, environ=environ)
    assert MARKER not in said.lower()
    shutil.rmtree(place)
    return dict(result)


def test_the_version_carries_its_tags(server: Server, trained: dict[str, Any], tmp_path: Path) -> None:
    assert (trained["version"], trained["aliases"]) == ("1", ["challenger", "champion"])
    settings = read_settings(environ={"MSA_HOME": str(tmp_path / "home"), "MLFLOW_TRACKING_URI": server.uri})
    tracking = Tracking(settings)
    tags = tracking.tags("spam", "1")
    assert tags["spec_digest"] == trained["spec_digest"]
    assert tags["bundle_id"] == trained["bundle_id"]
    assert tags["synthetic"] == "false"
    assert tags["package_version"] == __version__
    assert tags["format"] == str(FORMAT)
    assert tracking.champion("spam") == "1"
    assert not (tmp_path / "home").exists()


def test_the_run_holds_parameters_metrics_and_evidence(server: Server, trained: dict[str, Any]) -> None:
    data = server.ask("runs/get", run_id=trained["run_id"])["run"]["data"]
    metrics = {entry["key"]: entry["value"] for entry in data["metrics"]}
    assert metrics == pytest.approx(trained["metrics"])
    parameters = {entry["key"]: entry["value"] for entry in data["params"]}
    assert (parameters["task"], parameters["seed"]) == ("spam", "0")
    listed = server.ask("artifacts/list", run_id=trained["run_id"])
    wanted = {
        *(
            "MODEL_CARD.md",
            "fingerprint.json",
            "evaluation.json",
            "experiment.json",
            "report.html",
            "query.sql",
        ),
        *("roc.png", "scores.png", "calibration.png", "importance.png"),
    }
    assert wanted <= {entry["path"] for entry in listed["files"]}
    # Proxied: the run's artefacts have an address on the server, not on a disk.
    assert listed["root_uri"].startswith("mlflow-artifacts:")


def test_export_from_another_directory_and_home(
    server: Server, trained: dict[str, Any], tmp_path: Path
) -> None:
    work, out = tmp_path / "work", tmp_path / "elsewhere" / "spam"
    work.mkdir()
    environ = {"MSA_HOME": str(tmp_path / "home"), "MLFLOW_TRACKING_URI": server.uri}
    exported, _ = run_apart("export", "spam@champion", out, cwd=work, environ=environ)
    assert (exported["version"], exported["bundle_id"]) == ("1", trained["bundle_id"])
    verified, _ = run_apart("verify", out, cwd=work)
    assert verified["bundle_id"] == trained["bundle_id"]
    assert verified["golden_cases"] > 10

    mails, y = invented(12, seed=77)
    unseen = [received(raw, sent_at(place)) for place, raw in enumerate(mails)]
    for place, raw in enumerate(unseen):
        (work / f"{place:02}.eml").write_bytes(raw)
    scored, _ = run_apart("score", out, *sorted(path.name for path in work.iterdir()), cwd=work)
    bundle = load(out)
    assert [row["logit"] for row in scored["scores"]] == [bundle.score(raw).logit for raw in unseen]
    assert [row["logit"] > 0 for row in scored["scores"]] == (y == 1).tolist()


def test_nothing_of_the_mails_was_logged(server: Server, trained: dict[str, Any]) -> None:
    assert server.holding(MARKER) == []
    # The search finds what is there: a sentence of the model card, a tag in the database.
    assert any(name.endswith("MODEL_CARD.md") for name in server.holding("Is this inbound mail spam"))
    assert any(name.startswith("server.db") for name in server.holding(trained["spec_digest"]))
