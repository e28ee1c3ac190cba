"""Two bundles on the same events: in this code, in the code that made them, and from logged vectors."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.read import load as load_bundle
from msa_ml.bundle.rollout import Rollout, Step
from msa_ml.bundle.write import Contents, write
from msa_ml.cli import main
from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import DataRefused, InputError, OtherVersion, Refused
from msa_ml.pipeline import load
from msa_ml.settings import read as read_settings
from msa_ml.shadowing import Side, compare_scores
from tests.main_job import corpus, environment, run

pytestmark = pytest.mark.xdist_group("shadow")
ROOT = Path(__file__).parent.parent
MAILS = 200
LOOSE = Rollout((Step(1, 0),), most_flips=1, most_blocked_change=1e6)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Stored events of which half have a label."""
    place = tmp_path_factory.mktemp("shadow")
    mail = corpus(place / "mail", MAILS)
    words = [
        "import",
        "mail",
        str(mail),
        "--label",
        "junk=spam",
        "--source",
        "own",
        "--home",
        str(place / ".msa"),
    ]
    assert main(words) == 0
    return load("spam", settings=read_settings(home=place / ".msa", environ={}))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two bundles")


@pytest.fixture(scope="module")
def stricter(spam_contents: Contents, place: Path) -> Bundle:
    """The same model with thresholds that are lower."""
    lower = [
        replace(policy, threshold=float(np.float32(policy.threshold - 6)))
        for policy in spam_contents.policies
    ]
    return write(place / "stricter", replace(spam_contents, policies=lower), golden_mail())


def logits(bundle: Bundle, dataset: Dataset) -> Mapping[str, float]:
    every = dataset.with_immature()
    found: dict[str, float] = {}
    for batch in every.raw():
        for name, raw in batch.select("event_id", "raw").iter_rows():
            found[name] = bundle.score(raw).logit
    return found


def test_flips_are_those_that_the_library_gives(dataset: Dataset, bundle: Bundle, stricter: Bundle) -> None:
    found = compare_scores(Side(bundle.path), Side(stricter.path), dataset, workers=1)
    scores = logits(bundle, dataset)
    old, new = (one.manifest.policy(found.shadow.policy).threshold for one in (bundle, stricter))
    assert found.shadow.events == len(scores) == MAILS
    assert found.shadow.flips.blocked == sum(new <= logit < old for logit in scores.values())
    assert found.shadow.flips.blocked > MAILS * 0.02
    assert found.shadow.flips.released == 0
    assert list(found.shadow.logit_shift) == [0.0, 0.0, 0.0]
    assert 1.3 < found.shadow.days < 1.5  # 200 mails, one every ten minutes
    assert found.shadow.known["spam"].events > 80
    assert found.shadow.known["ham"].events == 0
    assert not found.within
    assert any(reason.startswith("failed:") and "decisions flip" in reason for reason in found.reasons)


def test_the_same_bundle_in_another_process_flips_nothing(dataset: Dataset, bundle: Bundle) -> None:
    found = compare_scores(Side(bundle.path, Path(sys.executable)), Side(bundle.path), dataset, workers=1)
    assert (found.shadow.events, found.shadow.agreement.value, found.within) == (MAILS, 1, True)
    assert list(found.shadow.logit_shift) == [0.0, 0.0, 0.0]


def test_logged_vectors_say_the_same_without_any_event(
    dataset: Dataset, bundle: Bundle, stricter: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataRefused, match="no vector of this window was logged with every feature"):
        compare_scores(Side(bundle.path), Side(stricter.path), dataset, vectors=True)
    from_events = compare_scores(Side(bundle.path), Side(stricter.path), dataset, workers=1)
    home = ("--home", str(dataset.settings.home))
    code, _, _ = run("log-vectors", "spam", "--bundle", str(bundle.path), *home, capsys=capsys)
    assert code == 0
    words = ("compare-scores", str(bundle.path), str(stricter.path), "--from", "vectors", *home)
    code, found, _ = run(*words, capsys=capsys)
    assert code == 1
    assert found["shadow"]["flips"] == {
        "name": "",
        "events": MAILS,
        "blocked": from_events.shadow.flips.blocked,
        "released": 0,
    }
    assert main([*words]) == 1
    assert "NOT within the limits of its roll-out" in capsys.readouterr().out


def test_what_does_not_go_together_is_refused(dataset: Dataset, bundle: Bundle, place: Path) -> None:
    with pytest.raises(InputError, match="unknown policy of the bundle 'harsh'"):
        compare_scores(Side(bundle.path), Side(bundle.path), dataset, policy="harsh")
    with pytest.raises(InputError, match="cannot be started"):
        compare_scores(Side(bundle.path, place / "python"), Side(bundle.path), dataset)
    with pytest.raises(Refused, match=r"could not score .*: exit code 1"):
        compare_scores(Side(bundle.path, Path("/bin/false")), Side(bundle.path), dataset)


# --- a bundle outlives the code ---------------------------------------------------------------------------------------


def _run(
    *words: str | Path, cwd: Path, stdin: bytes | None = None, code: int = 0
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        words, cwd=cwd, env=environment(), input=stdin, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == code, (words, done.stdout.decode(), done.stderr.decode())
    return done


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of an environment with an older release, in which one extractor computes otherwise."""
    top = tmp_path_factory.mktemp("older")
    source = top / "source"
    source.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "msa_ml", source / "msa_ml", ignore=shutil.ignore_patterns("__pycache__"))
    _edit(source / "pyproject.toml", r'^version = ".*"$', 'version = "0.0.7"')
    _edit(source / "msa_ml" / "__init__.py", r'^__version__ = ".*"$', '__version__ = "0.0.7"')
    subject = source / "msa_ml" / "features" / "mail" / "subject.py"
    _edit(subject, r"^    version = \d+$", "    version = 77")
    _edit(subject, r'"length": len\(text\)', '"length": 1 + len(text)')

    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    built = subprocess.run(
        [uv, "build", "--wheel", "--quiet", "--out-dir", str(top), str(source)],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode and re.search(
        r"Failed to fetch|error sending request|Network connectivity", built.stderr
    ):
        pytest.skip("the package index is out of reach, and the wheel's build backend is not cached")
    assert built.returncode == 0, built.stderr
    (wheel,) = top.glob("msa_ml-0.0.7-*.whl")
    folder = top / "environment"
    _run(uv, "venv", "--quiet", "--python", sys.executable, folder, cwd=top)
    python = folder / "bin" / "python"
    _run(uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel, cwd=top)
    # The libraries are this environment's; a path in a .pth file comes after what is installed there.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "lib" / version / "site-packages" / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return python


def _edit(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, path.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, f"{path} has no {pattern}"
    path.write_text(text)


@pytest.fixture(scope="module")
def outlived(older: Path, spam_contents: Contents, bundle: Bundle, place: Path) -> Path:
    """A bundle that the older release made of the same graph and policies."""
    graph = place / "graph.onnx"
    graph.write_bytes(spam_contents.graph)
    policies = place / "policies.json"
    policies.write_text(json.dumps([policy.__dict__ for policy in spam_contents.policies]))
    code = (
        "import json, numpy as np; from pathlib import Path; from msa_ml.bundle.write import Contents, write; "
        "from msa_ml.bundle.golden_mail import golden_mail; from msa_ml.model.threshold import Policy; "
        "from msa_ml.tasks import get; features = get('spam').features(); "
        f"contents = Contents('spam', features, Path({str(graph)!r}).read_bytes(), "
        f"[Policy(**policy) for policy in json.loads(Path({str(policies)!r}).read_text())], "
        "{}, {}, {}, np.zeros(len(features.columns), np.float32), '# card', '', True); "
        f"write(Path({str(place / 'outlived')!r}), contents, golden_mail())"
    )
    _run(older, "-I", "-c", code, cwd=place)
    return place / "outlived"


@pytest.mark.slow
def test_a_bundle_outlives_the_code_that_made_it(
    older: Path, outlived: Path, bundle: Bundle, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this code: refused, by the version to install.
    with pytest.raises(OtherVersion, match=r"made by msa-ml 0\.0\.7, .* pip install 'msa-ml==0\.0\.7'"):
        load_bundle(outlived)
    with pytest.raises(OtherVersion, match="--old-python PATH"):
        compare_scores(Side(outlived), Side(bundle.path), dataset)

    # In its own: verified and scored, with its own numbers.
    verified = json.loads(
        _run(older, "-I", "-m", "msa_ml", "verify", outlived, "--json", cwd=outlived).stdout
    )
    assert verified["verified"]
    mail = golden_mail()["pills"]
    scored = _run(older, "-I", "-m", "msa_ml", "score", outlived, "--json", cwd=outlived.parent, stdin=mail)
    (row,) = json.loads(scored.stdout)["scores"]
    assert row["bundle_id"] == verified["bundle_id"]
    refused = _run(older, "-I", "-m", "msa_ml", "verify", bundle.path, cwd=outlived.parent, code=1)
    assert b"made by msa-ml" in refused.stderr

    # Each in its own, on the same events.
    found = compare_scores(Side(outlived, older), Side(bundle.path), dataset, workers=1)
    assert (found.old["package"], found.shadow.events) == ("0.0.7", MAILS)
    assert found.old["spec"] != found.new["spec"]
    turned = compare_scores(Side(bundle.path), Side(outlived, older), dataset, workers=1)
    assert turned.shadow.flips.blocked == found.shadow.flips.released

    # What changed is said without running either.
    code, changes, _ = run("diff", str(outlived), str(bundle.path), capsys=capsys)
    assert code == 0
    assert changes["old"]["package"] == "0.0.7"
    assert set(changes["changed"]) == {
        column for column in bundle.features.columns if column.startswith("mail.subject.")
    }
    assert "version 77 -> " in changes["changed"]["mail.subject.length"]
