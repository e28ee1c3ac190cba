"""The main job from the command line, on invented mail: import, train, register, export, verify, score; and its errors."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msa_ml.cli import main
from tests.main_job import corpus, environment, run

pytestmark = pytest.mark.xdist_group("main job")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("main_job")


@pytest.fixture(scope="module")
def trained(place: Path) -> dict[str, Any]:
    """A home with imported mail and one registered version."""
    mail = corpus(place / "mail")
    script = (
        "import sys; from msa_ml.cli import main; "
        f"a = main(['import', 'mail', {str(mail)!r}, '--label', 'ham=ham', '--label', 'junk=spam', '--source', 'own']); "
        "b = main(['train', 'spam', '--as-of', '2026-02-01', '--json', '--workers', '1']); sys.exit(a or b)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment(), "MSA_HOME": str(place / ".msa")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.fixture
def home(place: Path, trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSA_HOME", str(place / ".msa"))
    return place / ".msa"


def test_training_names_version_and_bundle(trained: dict[str, Any]) -> None:
    assert trained["version"] == "1"
    assert trained["aliases"] == ["challenger", "champion"]
    assert trained["synthetic"] is False
    assert trained["dataset"]["rows"] == 1800
    assert Path(trained["bundle"]).is_dir()


def test_a_version_is_tagged_with_what_it_is(home: Path, trained: dict[str, Any]) -> None:
    from msa_ml.registry.tracking import Tracking
    from msa_ml.settings import read

    tags = Tracking(read(home=home)).tags("spam", trained["version"])
    manifest = json.loads((Path(trained["bundle"]) / "manifest.json").read_text())
    assert {
        name: tags[name] for name in ("format", "spec_digest", "bundle_id", "synthetic", "package_version")
    } == {
        "format": "1",
        "spec_digest": manifest["spec_digest"],
        "bundle_id": manifest["id"],
        "synthetic": "false",
        "package_version": manifest["package_version"],
    }


def test_features_show_the_importances_of_the_champion(
    home: Path, trained: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found, _ = run("features", "spam", "--home", str(home), capsys=capsys)
    assert code == 0
    assert (found["model"]["version"], found["model"]["bundle_id"]) == ("1", trained["bundle_id"])
    shares = [entry["importance"] or 0 for family in found["families"] for entry in family["features"]]
    # Invented mail is so easy that the trees may find nothing to add to the content logit.
    learnt = json.loads((Path(trained["bundle"]) / "manifest.json").read_text())["training"]["importance"]
    assert sum(shares) == pytest.approx(1 if learnt else 0, abs=1e-3)


def test_a_second_import_changes_nothing(home: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "import",
        "mail",
        str(place / "mail"),
        "--label",
        "ham=ham",
        "--label",
        "junk=spam",
        "--source",
        "own",
    )
    code, result, _ = run(*words, capsys=capsys)
    assert code == 0
    assert (result["imported"], result["duplicates"]) == (0, 1800)


def test_export_verify_score_agree_with_the_library(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], trained: dict[str, Any]
) -> None:
    folder = tmp_path / "out"
    code, result, _ = run("export", "spam@champion", str(folder), capsys=capsys)
    assert (code, result["bundle_id"]) == (0, trained["bundle_id"])
    code, result, _ = run("verify", str(folder), capsys=capsys)
    assert code == 0
    assert result["golden_cases"] > 10

    unseen = corpus(tmp_path / "unseen", 40, seed=77)
    code, result, _ = run("score", str(folder), str(unseen), "--reasons", "3", capsys=capsys)
    assert code == 0
    assert len(result["scores"]) == 40
    from msa_ml.bundle import load

    bundle = load(folder)
    for row in result["scores"]:
        score = bundle.score(Path(row["file"]).read_bytes())
        assert row["logit"] == score.logit
        assert row["decisions"] == score.decisions


def test_score_reads_standard_input(home: Path, trained: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "msa_ml", "score", trained["bundle"]],
        input=b"Subject: hello\r\n\r\nlunch on thursday\r\n",
        capture_output=True,
        check=True,
    )
    assert b"standard input" in done.stdout


def test_a_later_version_is_judged_on_the_same_events(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, second, _ = run(
        "train", "spam", "--as-of", "2026-02-01", "--seed", "5", "--workers", "1", capsys=capsys
    )
    assert code == 0
    assert second["aliases"] == ["challenger"]
    code, result, _ = run("promote", "spam", second["version"], capsys=capsys)
    # The same data with another seed is not shown to be better.
    assert code == 1
    assert "is not promoted" in result["error"]
    code, result, _ = run("promote", "spam", second["version"], "--force", capsys=capsys)
    assert (code, "--reason" in result["error"]) == (2, True)
    code, result, _ = run(
        "promote", "spam", second["version"], "--force", "--reason", "a drill", capsys=capsys
    )
    assert (code, result["champion"], result["was"]) == (0, second["version"], "1")
    code, result, _ = run("promote", "spam", "1", "--force", "--reason", "back again", capsys=capsys)
    assert (code, result["champion"]) == (0, "1")


@pytest.fixture(autouse=True)
def a_small_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msa_ml.comparing.MOST_HIDDEN", 20)


def test_evaluate_and_compare(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    trained: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = tmp_path / "report.html"
    code, result, _ = run("evaluate", trained["bundle"], "--html", str(page), capsys=capsys)
    assert code == 0
    # Events that taught the bundle, and their near-duplicates, are left out unless they are asked for.
    assert result["labelled"] == sum(trained["counts"]["test"].values())
    assert any("from before the test window" in note for note in result["notes"])
    assert page.read_text().startswith("<!doctype html>")
    code, result, _ = run("evaluate", trained["bundle"], "--with-training", capsys=capsys)
    assert (code, result["labelled"]) == (0, 1800)
    monkeypatch.setattr("msa_ml.measuring.MOST_HIDDEN", 20)
    code, result, _ = run("evaluate", trained["bundle"], "--obfuscation", "--html", str(page), capsys=capsys)
    assert code == 0
    assert result["obfuscation"]["spam"] == 20
    assert 0 <= result["obfuscation"]["worst_kept"] <= result["obfuscation"]["mean_kept"] <= 1
    assert "zero_width" in result["obfuscation"]["kept"]
    assert "<h2>Obfuscation</h2>" in page.read_text()
    assert "Spam still caught when it hides" in page.read_text()
    code, result, _ = run("compare", trained["bundle"], trained["bundle"], capsys=capsys)
    assert (code, result["promote"]) == (1, False)
    assert any("obfuscation costs" in reason for reason in result["reasons"])
    assert result["obfuscation"]["champion"] == result["obfuscation"]["challenger"]


def test_the_same_data_give_the_same_model(
    home: Path, capsys: pytest.CaptureFixture[str], trained: dict[str, Any]
) -> None:
    code, again, _ = run(
        "train", "spam", "--as-of", "2026-02-01", "--no-track", "--workers", "2", capsys=capsys
    )
    assert code == 0
    assert again["metrics"] == trained["metrics"]
    assert again["dataset"]["content_hash"] == trained["dataset"]["content_hash"]


def test_an_experiment_with_given_lists(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "given.toml"
    path.write_text(
        'task = "spam"\nname = "given"\n[split]\nmethod = "given"\ntrain = ["*/00*", "*/01[0-3]*"]\ntest = ["*"]\n'
    )
    code, result, _ = run("train", str(path), "--no-track", "--workers", "1", capsys=capsys)
    assert code == 0
    assert sum(result["counts"]["test"].values()) == 400


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("train", "spamm"), 2, "unknown task 'spamm'. Did you mean 'spam'?"),
        (("trian", "spam"), 2, "unknown command 'trian'. Did you mean 'train'?"),
        (("train", "nothing.toml"), 2, "no such experiment file: nothing.toml"),
        (("train", "spam", "--window", "soon"), 2, "a length of time such as 90d"),
        (("train", "spam", "--as-of", "yesterday"), 2, "a date such as 2026-11-23"),
        (("train", "spam", "--since", "2026-11-01"), 1, "no event between 2026-11-01"),
        (("train", "spam", "--window", "4d", "--as-of", "2026-01-10"), 1, "needs at least"),
        (("train", "spam", "--source", "nobody"), 1, "no event"),
        (("export", "spam@winner", "x"), 2, "has no alias 'winner'"),
        (("verify", "nowhere"), 2, "nowhere is no bundle"),
        (("score", "nowhere", "x.eml"), 2, "nowhere is no bundle"),
        (("import", "mail", "nowhere"), 2, "nowhere"),
        (("train",), 2, "Missing argument"),
    ],
)
def test_wrong_input_is_said_with_its_exit_code(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    found, result, err = run(*words, capsys=capsys)
    assert (found, result["exit_code"]) == (code, code)
    assert said in result["error"]
    assert "Traceback" not in err


def test_one_class_only_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MSA_HOME", str(tmp_path / ".msa"))
    mail = corpus(tmp_path / "mail", 60, classes=(0,))
    assert run("import", "mail", str(mail), "--label", "ham=ham", capsys=capsys)[0] == 0
    code, result, _ = run("train", "spam", "--no-track", capsys=capsys)
    assert (code, "labels say 'not abuse'" in result["error"]) == (1, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("clickhouse://default:@localhost:1/default", "localhost:1"),
        ("http://localhost:8123", "clickhouse://"),
        ("chdb://relative", "chdb://"),
    ],
)
def test_a_wrong_url_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    monkeypatch.setenv("MSA_HOME", str(tmp_path / ".msa"))
    monkeypatch.setenv("MSA_CLICKHOUSE_URL", url)
    code, result, err = run("train", "spam", "--no-track", capsys=capsys)
    assert code in (2, 3)
    assert said in result["error"]
    assert "Traceback" not in err


def test_debug_prints_the_trace(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "spamm", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_unreachable_tracking_server_is_said_before_the_work(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    code, result, err = run("train", "spam", capsys=capsys)
    assert (code, "MLFLOW_TRACKING_URI" in result["error"]) == (3, True)
    assert "extracting" not in err


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "check-source",
        "import",
        "simulate",
        "train",
        "evaluate",
        "compare",
        "promote",
        "export",
        "verify",
        "score",
        "features",
        "lab",
        "demo",
    ],
)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert "Example" in capsys.readouterr().out


def test_a_full_disk_is_said_and_leaves_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        code, result, _ = run("export", "spam@champion", str(small / "out"), capsys=capsys)
        assert code == 3
        assert "disk" in result["error"]
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_weights_of_a_sample_keep_the_metrics_right(home: Path, trained: dict[str, Any]) -> None:
    from msa_ml import load

    whole = load("spam", as_of="2026-02-01")
    part = load("spam", as_of="2026-02-01", sample=0.3, keep="spam")
    again = load("spam", as_of="2026-02-01", sample=0.3, keep="spam")
    assert part.fingerprint == again.fingerprint
    label, weight = part.index["label"].to_numpy(), part.index["weight"].to_numpy()
    assert (label == 1).sum() == (whole.index["label"] == 1).sum()
    assert set(weight[label == 1]) == {1.0}
    ham = float((whole.index["label"] == 0).sum())
    assert weight[label == 0].sum() == pytest.approx(ham, abs=4 * np.sqrt(ham / 0.3))


CELL = """
import msa_ml
from msa_ml.errors import InputError
from msa_ml.tasks import get
from msa_ml.testing import check_extractor

class Shouting(msa_ml.Extractor):
    'How loud the subject is.'

    name = "mail.shouting"
    kind = "mail"
    features = (msa_ml.Feature("capitals", "share of capitals in the subject", unit="share", high=1, nan="no subject"),)

    def extract(self, mail):
        return {} if not mail.subject else {"capitals": sum(map(str.isupper, mail.subject)) / len(mail.subject)}

dataset = msa_ml.load("spam", as_of="2026-02-01")
mails = [msa_ml.Message(raw) for raw in next(iter(dataset.raw()))["raw"].head(20)]
check_extractor(Shouting(), mails)
features = get("spam").features() + Shouting()
trained = msa_ml.fit(msa_ml.prepare(dataset, features=features, workers=2))
assert "mail.shouting.capitals" in trained.importance
assert trained.prepared.vectors.dense.shape == (1800, len(features.columns))
try:
    msa_ml.train("spam", as_of="2026-02-01", features=features)
except InputError as error:
    print(error)
"""


def test_a_class_of_a_notebook_cell_is_checked_trains_and_runs_in_parallel(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CELL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Shouting (mail.shouting)" in done.stdout
    assert "Move each into a module" in done.stdout


def test_a_sample_reads_only_its_own_mail_and_all_that_is_kept(home: Path, trained: dict[str, Any]) -> None:
    from msa_ml import load

    part = load("spam", as_of="2026-02-01", sample=0.2, keep="spam")
    ids = [event for batch in part.raw() for event in batch["event_id"].to_list()]
    assert sorted(ids) == sorted(part.index["event_id"].to_list())


def test_mail_that_retention_emptied_is_left_out_and_counted(home: Path, trained: dict[str, Any]) -> None:
    from dataclasses import replace

    import polars as pl

    from msa_ml import load, prepare
    from msa_ml.dataset.dataset import Dataset

    class Emptied(Dataset):
        def raw(self, ids: Any = None) -> Any:
            for batch in super().raw(ids):
                yield batch.filter(pl.col("event_id").str.slice(0, 1) != "0")

    whole = load("spam", as_of="2026-02-01")
    emptied = Emptied(
        **{name: getattr(whole, name) for name in ("task", "selection", "rules", "settings", "store")}
    )
    prepared = prepare(replace(emptied), workers=1)
    gone = int(whole.labelled["event_id"].str.starts_with("0").sum())
    assert gone > 50
    assert prepared.split.dropped["whose raw mail was removed by retention"] == gone
    assert len(prepared.index) == len(whole.labelled) - gone == len(prepared.vectors)
