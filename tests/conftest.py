"""Fixtures that several rooms share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.features.compiled.own import keep_own

# A clock of the machine would fail tests where others work on it too; speed stands in experiments/bench.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

pytest_plugins = ["tests.node", "tests.small_bundle", "tests.small_signup_bundle"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the public corpora; the test is skipped where it is absent."""
    folder = Path(os.environ.get("MSA_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "spamassassin.tar.xz").is_file():
        pytest.skip(f"no public corpora in {folder}; set MSA_SHARED_DATA")
    return folder


KEPT = (
    "MSA_SHARED_DATA",
    "MSA_TEST_CLICKHOUSE_URL",
    "MSA_TEST_GOLDEN",
    "MSA_TEST_SPARK_PYTHON",
    "MLFLOW_DISABLE_TELEMETRY",
)


def _forget_settings() -> None:
    for name in list(os.environ):
        if name.startswith(("MSA_", "MLFLOW_")) and name not in KEPT:
            del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let Python's own functions be tested where their compiled twins stand before them."""
    parser.addoption(
        "--own", action="store_true", help="run as where no C compiler is: without compiled twins"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tests, and fixtures of any scope, see only the settings that they make."""
    if config.getoption("--own"):
        keep_own()
    _forget_settings()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"


@pytest.fixture(autouse=True)
def no_settings_left_behind() -> Iterator[None]:
    """MLflow writes the address it is given into the environment; the next test must not find it."""
    yield
    _forget_settings()
