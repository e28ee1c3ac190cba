"""What tests of the main job share: a corpus of invented mail, and the command line run here or in another process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from msa_ml.cli import main
from tests.small_bundle import invented

START = datetime(2026, 1, 5, tzinfo=UTC)
AS_OF = "2026-02-01"


def corpus(folder: Path, number: int = 1800, seed: int = 1, *, classes: tuple[int, ...] = (0, 1)) -> Path:
    """Write invented mail, one every ten minutes, into the folders ham and junk."""
    mails, y = invented(number, seed)
    for place, (raw, label) in enumerate(zip(mails, y, strict=True)):
        if label not in classes:
            continue
        into = folder / ("junk" if label else "ham")
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{place:05}.eml").write_bytes(received(raw, sent_at(place)))
    return folder


def sent_at(place: int) -> datetime:
    """When the mail of this place in the corpus arrived."""
    return START + timedelta(minutes=10 * place)


def received(raw: bytes, when: datetime) -> bytes:
    """Return the mail as it arrives: with the hop that took it in."""
    hop = f"Received: from mx.example.org (mx.example.org [192.0.2.7]) by mx.example.net; {format_datetime(when)}\r\n"
    return hop.encode() + raw


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any, str]:
    """Run the command line in this process; return exit code, the JSON object, and standard error."""
    code = main([*words, "--json"])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 1, f"exactly one line on standard output, found {lines}"
    return code, json.loads(lines[0]), err


def run_apart(
    *words: str | Path,
    cwd: Path,
    program: Sequence[str | Path] = (sys.executable, "-m", "msa_ml"),
    environ: Mapping[str, str] | None = None,
    standard_input: bytes | None = None,
    code: int = 0,
) -> tuple[Any, str]:
    """Run the command line in a process and a folder of its own; return the JSON object and standard error."""
    done = subprocess.run(
        [*program, *words, "--json"],
        cwd=cwd,
        env={**environment(), **(environ or {})},
        input=standard_input,
        capture_output=True,
        check=False,
        timeout=600,
    )
    err = done.stderr.decode()
    assert done.returncode == code, (words, done.stdout, err)
    assert "Traceback" not in err
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 1, f"exactly one line on standard output, found {lines}"
    return json.loads(lines[0]), err


def environment() -> dict[str, str]:
    """Return the environment without our settings and MLflow's; telemetry stays off, bytecode is written."""
    dropped = ("MSA_", "MLFLOW_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
