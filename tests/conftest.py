"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.small_bundle"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the public corpora; the test is skipped where it is absent."""
    folder = Path(os.environ.get("MSA_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "spamassassin.tar.xz").is_file():
        pytest.skip(f"no public corpora in {folder}; set MSA_SHARED_DATA")
    return folder


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see only the settings that they make."""
    for name in list(os.environ):
        if name.startswith(("MSA_", "MLFLOW_")) and name not in (
            "MSA_SHARED_DATA",
            "MSA_TEST_CLICKHOUSE_URL",
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
