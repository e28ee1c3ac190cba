"""Every compiled twin is there where it can be, is new, is tested, and returns what Python's own does."""

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from msa_ml import tasks
from msa_ml.features import compiled
from msa_ml.features.compiled import TWINS
from msa_ml.features.compiled.made_of import made_of

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted((ROOT / "msa_ml" / "features" / "compiled").glob("*.pyx"))
TESTS = Path(__file__).resolve().parent


@pytest.fixture(autouse=True)
def twins(request: pytest.FixtureRequest) -> None:
    """There are twins where there is a compiler, but for a run without them."""
    if request.config.getoption("--own"):
        pytest.skip("this run is without twins")
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler, so no twins")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_is_compiled_is_what_is_written(source: Path) -> None:
    module = import_module(f"{compiled.__name__}.{source.stem}")
    assert made_of(source) == module.SOURCE, "run: make setup"


@pytest.mark.parametrize("source", SOURCES[:1], ids=lambda path: path.stem)
def test_what_is_older_than_its_source_does_not_run(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"{compiled.__name__}.{source.stem}")
    monkeypatch.setattr(module, "SOURCE", "old")
    with pytest.warns(UserWarning, match="make setup"):
        assert compiled._built(source.stem) is None


def test_every_twin_stands_for_something_and_has_a_test() -> None:
    assert tasks.get("spam").features().columns  # imports all that have a twin
    assert TWINS
    for name, (own, twin) in TWINS.items():
        module, _, short = name.partition(".")
        assert own is not twin
        assert f"def test_{short}" in (TESTS / f"test_{module}.py").read_text(), name


def _vectors(out: Path, *words: str) -> dict[str, np.ndarray]:
    subprocess.run(
        [sys.executable, "-m", "tests.features.compiled.vectors", str(out), *words], cwd=ROOT, check=True
    )
    with np.load(out) as found:
        return dict(found)


def _same(tmp_path: Path, *sources: str) -> None:
    twin, own = _vectors(tmp_path / "twin.npz", *sources), _vectors(tmp_path / "own.npz", "--own", *sources)
    assert len(twin["dense"]) > 100
    for name in ("text", "head"):
        assert np.array_equal(twin[name], own[name]), name
    differs = (twin["dense"] != own["dense"]) & ~(np.isnan(twin["dense"]) & np.isnan(own["dense"]))
    assert not differs.any(), [*twin["columns"][differs.any(axis=0)]]


def test_mutated_mails_have_equal_vectors(tmp_path: Path) -> None:
    _same(tmp_path, "mutants:1500:11")


@pytest.mark.corpus
@pytest.mark.slow
def test_real_mails_have_equal_vectors(tmp_path: Path, shared_data: Path) -> None:
    _same(tmp_path, str(shared_data / "spamassassin.tar.xz"))
