"""``train spam --histories``: a bundle with counters, that decides on raw mail alone as well."""

import math
from pathlib import Path

import pytest

from msa_ml.bundle.read import load
from msa_ml.features.mail.reputation import REPUTATION, fields_of
from tests.main_job import AS_OF, corpus, run
from tests.small_bundle import invented

SMALL = """
task = "spam"
[split]
shares = [0.5, 0.25, 0.25]
[model]
folds = 2
[model.content]
epochs = 1
[model.trees]
bags = 2
rounds = 10
[evaluation]
replicates = 20
"""


def test_a_bundle_with_histories_of_mail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = ("--home", str(tmp_path / "home"))
    mail = corpus(tmp_path / "mail", 1200)
    code, _, err = run(
        "import", "mail", str(mail), "--label", "ham=ham", "--label", "junk=spam", *home, capsys=capsys
    )
    assert code == 0, err
    (tmp_path / "small.toml").write_text(SMALL)
    words = ("--histories", "--as-of", AS_OF, "--no-track", "--workers", "1", *home)
    code, trained, err = run("train", "small.toml", *words, capsys=capsys)
    assert code == 0, err
    bundle = load(trained["bundle"])
    assert bundle.manifest.training["experiment"]["model"]["histories"] == "all"
    names = [history.name for history in REPUTATION]
    assert [history.name for history in bundle.features.histories] == names
    assert len(bundle.history_definition["golden"]) >= 3
    # Golden cases with and without a past, and the golden sequences of the counters.
    assert bundle.verify() >= 10

    counters = bundle.counters()
    raw = invented(5, seed=9)[0]
    for number, one in enumerate(raw):
        event = {"event_id": str(number), **fields_of(one)}
        history = counters.values(event, 1000 * number)
        assert set(history) == set(names)
        assert math.isfinite(bundle.score(one, history=history).logit)
        counters.observe(event, 1000 * number)
    unknown = dict.fromkeys(names, math.nan)
    alone = bundle.score(raw[0])
    assert alone.logit == bundle.score(raw[0], history=unknown).logit
    assert alone.degraded == ("history",)


def test_a_task_without_further_histories_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    from msa_ml.cli import main

    assert main(["train", "signup_abuse", "--histories", "--no-track"]) != 0
    assert "signup_abuse has no further histories" in capsys.readouterr().err
