"""The wheel without extras, in an environment of its own: what serving installs is enough to verify and to score."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from msa_ml.bundle.golden import LOGIT_TOLERANCE
from msa_ml.bundle.golden_events import golden_events
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.write import write
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.history import Count
from msa_ml.features.signup.form import Form
from msa_ml.features.signup.name import Name
from tests.bundle.serve.process import serving
from tests.bundle.tiny import tiny
from tests.main_job import AS_OF, corpus, environment, received, run_apart, sent_at
from tests.small_bundle import invented

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("base install")]

ROOT = Path(__file__).parent.parent
MOST_MIB = 400
MOST_IMPORT_SECONDS = 1.0
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|No matching distribution found for uv|Network connectivity is disabled"
)
# Named in full besides what the wheel's metadata say: the same module can come under another distribution's name.
NOT_THERE = (
    "xgboost", "sklearn", "mlflow", "clickhouse_connect", "chdb", "pandas", "scipy", "pyarrow", "onnx", "joblib",
    "matplotlib", "zstandard", "dask", "jupyterlab",
)  # fmt: skip


def _call(*words: str | Path, cwd: Path) -> str:
    """Run an installer; a package index that is out of reach skips the test, any other failure fails it."""
    done = subprocess.run(
        words, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode and _UNREACHABLE.search(done.stderr):
        pytest.skip(f"the package index is out of reach: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The uv of this environment or of the machine, else a fresh one."""
    beside = Path(sys.executable).with_name("uv")
    found = beside if beside.is_file() else shutil.which("uv")
    if found:
        return Path(found)
    place = tmp_path_factory.mktemp("uv")
    _call(sys.executable, "-m", "venv", place, cwd=place)
    _call(place / "bin" / "python", "-m", "pip", "install", "--quiet", "uv", cwd=place)
    return place / "bin" / "uv"


@pytest.fixture(scope="module")
def wheel(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by way of the source distribution, as a release is."""
    place = tmp_path_factory.mktemp("dist")
    _call(uv, "build", "--quiet", "--no-create-gitignore", "--out-dir", place, ROOT, cwd=place)
    return next(place.glob("*.whl"))


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and nothing that an extra brings."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "msa-ml"

    def evaluate(self, code: str, cwd: Path) -> Any:
        """Run a line of Python there and return what it prints, as JSON."""
        words: list[str | Path] = [self.python, "-c", code]
        done = subprocess.run(
            words, cwd=cwd, env=environment(), capture_output=True, text=True, check=True, timeout=300
        )
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def installed(uv: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("base")
    pins = place / "pins.txt"
    export = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--quiet")
    _call(uv, "export", "--project", ROOT, *export, "--output-file", pins, cwd=place)
    folder = place / "environment"
    _call(uv, "venv", "--quiet", "--python", sys.executable, folder, cwd=place)
    install = (
        "install",
        "--quiet",
        "--python",
        folder / "bin" / "python",
        "--compile-bytecode",
        "--constraints",
        pins,
    )
    _call(uv, "pip", *install, wheel, cwd=place)
    return Installed(folder)


@pytest.fixture(scope="module")
def oldest(uv: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The oldest runtime of graphs that is promised, on the numpy of its time."""
    if sys.version_info >= (3, 13):
        pytest.skip("onnxruntime 1.17 has no wheels for this Python")
    place = tmp_path_factory.mktemp("oldest")
    folder = place / "environment"
    _call(uv, "venv", "--quiet", "--python", sys.executable, folder, cwd=place)
    python = ("--python", folder / "bin" / "python")
    _call(uv, "pip", "install", "--quiet", *python, wheel, "onnxruntime==1.17.3", "numpy>=1.26,<2", cwd=place)
    return Installed(folder)


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Invented mail, easy and nasty, one a file."""
    folder = tmp_path_factory.mktemp("mails")
    some = {f"{place:02}": received(raw, sent_at(place)) for place, raw in enumerate(invented(12, seed=5)[0])}
    for name, raw in {**some, **golden_mail()}.items():
        (folder / f"{name}.eml").write_bytes(raw)
    return folder


def test_the_wheel_holds_what_the_package_holds_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    compiled = {name for name in inside if name.endswith(tuple(EXTENSION_SUFFIXES))}
    twins = {path.stem for path in (ROOT / "msa_ml" / "features" / "compiled").glob("*.pyx")}
    # Where there is no compiler there are none; in part there never are.
    assert {Path(name).name.split(".")[0] for name in compiled} == (twins if shutil.which("cc") else set())
    inside -= compiled
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "msa_ml").rglob("*")
        if path.is_file() and path.suffix in (".py", ".sql", ".txt", ".typed", ".json")
    }
    assert inside == package
    for kind in (
        "schema/001_events.sql",
        "queries/events_with_labels.sql",
        "lists/free_mail.txt",
        "py.typed",
    ):
        assert any(name.endswith(kind) for name in inside), kind
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_nothing_that_an_extra_brings_is_there(installed: Installed, tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, importlib.util as u, json; "
        "print(json.dumps({"
        "'installed': sorted(d.name.lower() for d in m.distributions()), "
        "'wanted': m.requires('msa-ml'), "
        f"'modules': [name for name in {NOT_THERE} if u.find_spec(name)]}}))"
    )
    found = installed.evaluate(code, tmp_path)
    assert found["modules"] == []
    name = re.compile(r"[A-Za-z0-9_.-]+")
    base = {name.match(line)[0].lower() for line in found["wanted"] if "extra ==" not in line}  # type: ignore[index]
    extra = {name.match(line)[0].lower() for line in found["wanted"] if "extra ==" in line} - base  # type: ignore[index]
    assert len(extra) > 10
    assert base <= set(found["installed"])
    assert extra & set(found["installed"]) <= {"msa-ml"}  # an extra that names another extra


def test_size_and_import_time(
    installed: Installed, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    files = [path for path in installed.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.suffix == ".pyc" and "polars" in path.parts for path in files), "no bytecode was compiled"
    size = sum(path.stat().st_size for path in files) / 2**20
    # Processor time: warm, nothing is waited for but other work of the machine.
    code = "import time; t = time.process_time(); import msa_ml.bundle; print(time.process_time() - t)"
    seconds = min(installed.evaluate(code, tmp_path) for _ in range(5))
    print(f"\nbase install: {size:.0f} MiB with bytecode; import msa_ml.bundle: {seconds:.2f} s")  # noqa: T201 - for whoever runs it with -s
    record_property("size_mib", round(size))
    record_property("import_seconds", round(seconds, 3))
    assert size < MOST_MIB
    assert seconds < MOST_IMPORT_SECONDS


def test_verify(installed: Installed, bundle: Bundle, tmp_path: Path) -> None:
    found, _ = run_apart("verify", bundle.path, cwd=tmp_path, program=[installed.command])
    assert found["verified"] is True
    assert found["bundle_id"] == bundle.id
    assert found["golden_cases"] == bundle.verify()


def test_serve(installed: Installed, bundle: Bundle, mails: Path) -> None:
    with serving(bundle.path, program=[installed.command]) as process:
        for mail in sorted(mails.iterdir()):
            raw = mail.read_bytes()
            assert process.score(raw)["logit"] == bundle.score(raw).logit, mail.name
        assert process.stop()[0] == 0


def test_a_damaged_bundle_is_refused_there_too(installed: Installed, bundle: Bundle, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle.path, copy)
    graph = copy / "model.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    found, _ = run_apart("verify", copy, cwd=tmp_path, program=[installed.command], code=1)
    assert "model.onnx was changed" in found["error"]


def test_scores_of_files_are_those_of_the_library(
    installed: Installed, bundle: Bundle, mails: Path, tmp_path: Path
) -> None:
    found, _ = run_apart(
        "score", bundle.path, mails, "--reasons", "3", cwd=tmp_path, program=[installed.command]
    )
    assert len(found["scores"]) == len(list(mails.iterdir()))
    for row in found["scores"]:
        ours = bundle.score(Path(row["file"]).read_bytes(), reasons=3)
        assert (row["logit"], row["probability"]) == (ours.logit, ours.probability), row["file"]
        assert row["decisions"] == ours.decisions
        assert [reason["name"] for reason in row["reasons"]] == [reason.name for reason in ours.reasons]
        assert [reason["contribution"] for reason in row["reasons"]] == [
            reason.contribution for reason in ours.reasons
        ]
    assert len({row["logit"] for row in found["scores"]}) > 10
    assert all(row["reasons"] for row in found["scores"][:5])


def test_signups_are_scored_there_as_in_the_library(installed: Installed, tmp_path: Path) -> None:
    features = FeatureSet([Name(), Form()], histories=[Count("signup", by="ip", over="1h")])
    made = write(tmp_path / "signups", replace(tiny(features), task="signup_abuse"), golden_events("signup"))
    past = {"signup.count_by_ip_1h": 40.0}
    given: list[dict[str, Any]] = [{"user_name": "xkqjzwvb4821", "history": past}, {"user_name": "anna"}]
    lines = tmp_path / "some.jsonl"
    lines.write_text("".join(json.dumps(event) + "\n" for event in given))
    program = [installed.command]
    found, _ = run_apart("score", made.path, lines, cwd=tmp_path, program=program)
    wanted = [
        made.score({"user_name": event["user_name"]}, history=event.get("history")).logit for event in given
    ]
    assert [score["logit"] for score in found["scores"]] == wanted
    counted = (
        f"import json; from msa_ml.bundle import load; counters = load({str(made.path)!r}).counters(); "
        "counters.observe({'event_id': 'a', 'ip': '192.0.2.1'}, 1000); "
        "print(json.dumps(counters.values({'event_id': 'b', 'ip': '192.0.2.1'}, 2000)))"
    )
    assert installed.evaluate(counted, tmp_path) == {"signup.count_by_ip_1h": 1.0}


def test_a_score_of_standard_input_is_that_of_the_library(
    installed: Installed, bundle: Bundle, mails: Path, tmp_path: Path
) -> None:
    raw = (mails / "cut_short.eml").read_bytes()
    found, _ = run_apart("score", bundle.path, cwd=tmp_path, program=[installed.command], standard_input=raw)
    [row] = found["scores"]
    assert (row["file"], row["logit"]) == ("standard input", bundle.score(raw).logit)
    # Without --json, for people.
    words: list[str | Path] = [installed.command, "score", bundle.path, "--reasons", "2"]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(), input=raw, capture_output=True, check=True, timeout=300
    )
    lines = done.stdout.decode().splitlines()
    assert 2 <= len(lines) <= 3, lines  # only what raises the score is a reason
    assert lines[0].endswith("standard input")
    assert b"SYNTHETIC" in done.stderr


def test_the_oldest_runtime_decides_alike(
    oldest: Installed, bundle: Bundle, mails: Path, tmp_path: Path
) -> None:
    code = "import json, numpy, onnxruntime; print(json.dumps([numpy.__version__, onnxruntime.__version__]))"
    numpy_version, runtime_version = oldest.evaluate(code, tmp_path)
    assert (numpy_version.split(".")[0], runtime_version) == ("1", "1.17.3")
    verified, _ = run_apart("verify", bundle.path, cwd=tmp_path, program=[oldest.command])
    assert verified["golden_cases"] == bundle.verify()
    found, _ = run_apart("score", bundle.path, mails, cwd=tmp_path, program=[oldest.command])
    assert len(found["scores"]) == len(list(mails.iterdir()))
    for row in found["scores"]:
        ours = bundle.score(Path(row["file"]).read_bytes())
        assert abs(row["logit"] - ours.logit) <= LOGIT_TOLERANCE, row["file"]
        assert row["decisions"] == ours.decisions, row["file"]


@pytest.mark.parametrize(
    "words",
    [
        ("train", "spam"),
        ("init",),
        ("import", "mail", "."),
        ("import", "events", "signup", "x.csv"),
        ("simulate", "mail"),
        ("check-source",),
        ("evaluate", "x"),
        ("compare", "x", "y"),
        ("promote", "spam", "1"),
        ("export", "spam@champion", "out"),
        ("demo",),
        ("lab",),
    ],
    ids=lambda words: words[0],
)
def test_what_needs_an_extra_says_which(installed: Installed, tmp_path: Path, words: tuple[str, ...]) -> None:
    found, err = run_apart(*words, cwd=tmp_path, program=[installed.command], code=2)
    said = re.search(r"pip install 'msa-ml\[([a-z,]+)\]'", found["error"])
    assert said, found["error"]
    assert set(said[1].split(",")) <= {"train", "local", "notebook"}
    assert found["error"] in err
    if words == ("train", "spam"):
        assert "train" in said[1].split(",")


def test_the_wheel_trains_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    """The code of the wheel with the extras of this environment, in a folder that knows nothing of the checkout."""
    package = tmp_path / "package"
    zipfile.ZipFile(io.BytesIO(wheel.read_bytes())).extractall(package)
    work = tmp_path / "work"
    work.mkdir()
    environ = {"PYTHONPATH": str(package)}
    code = "import json, msa_ml; print(json.dumps(msa_ml.__file__))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=work,
        env={**environment(), **environ},
        capture_output=True,
        check=True,
    )
    assert Path(json.loads(done.stdout)).parent == package / "msa_ml"
    mail = corpus(tmp_path / "mail")
    imported, _ = run_apart(
        "import", "mail", mail, "--label", "ham=ham", "--label", "junk=spam", cwd=work, environ=environ
    )
    assert imported["imported"] == 1800
    trained, _ = run_apart(
        "train", "spam", "--as-of", AS_OF, "--no-track", "--workers", "1", cwd=work, environ=environ
    )
    assert Path(trained["bundle"]).is_relative_to(work / ".msa")
    verified, _ = run_apart("verify", trained["bundle"], cwd=work, environ=environ)
    assert verified["bundle_id"] == trained["bundle_id"]
    assert [entry.name for entry in work.iterdir()] == [".msa"]
