"""``train spam --histories``: a bundle with counters, that decides on raw mail alone as well."""

import math
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from msa_ml.bundle.read import load
from msa_ml.experiment import Experiment
from msa_ml.features.extractor import Vectors
from msa_ml.features.mail.reputation import REPUTATION, fields_of
from msa_ml.intake import import_mail_into
from msa_ml.model.worth import LEAST_EVENTS
from msa_ml.pipeline import fit, prepare
from msa_ml.pipeline import load as load_dataset
from msa_ml.publishing import run_items
from msa_ml.settings import read
from msa_ml.trained import Prepared
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
EXPERIMENT = Experiment.from_dict(tomllib.loads(SMALL))


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


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Rows with histories, of mail that has little past."""
    place = tmp_path_factory.mktemp("auto")
    settings = read(home=place / "home", isolated=True)
    import_mail_into(
        settings,
        [corpus(place / "mail", 1200)],
        source="mail",
        labels=["ham=ham", "junk=spam"],
        task="spam",
        label_delay=timedelta(0),
        stored_at=datetime(2026, 2, 1, tzinfo=UTC),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msa_ml.pipeline.LEAST_EVENTS", 1_000)
        return prepare(load_dataset("spam", as_of=AS_OF, settings=settings), EXPERIMENT, workers=1)


def with_column(prepared: Prepared, name: str, values: NDArray[np.floating[Any]]) -> Prepared:
    dense = prepared.vectors.dense.copy()
    dense[:, prepared.features.columns.index(name)] = values
    return replace(prepared, vectors=Vectors(dense, prepared.vectors.content))


def test_histories_that_bring_nothing_are_left_out(prepared: Prepared, tmp_path: Path) -> None:
    """The model is then to the bit what it is without them, and says what was measured."""
    nothing = np.full((len(prepared.index), len(REPUTATION)), np.nan, np.float32)
    trained = fit(replace(prepared, vectors=prepared.vectors.with_last(nothing)), EXPERIMENT)
    assert trained.worth is not None
    assert not trained.worth.kept
    assert trained.prepared.features.histories == ()
    plain = fit(prepared.without("history"), EXPERIMENT.without_histories())
    assert plain.worth is None
    assert trained.graph == plain.graph
    assert trained.policies == plain.policies
    bundle = trained.export(tmp_path)
    assert "Histories left out: on " in (bundle.path / "MODEL_CARD.md").read_text()
    assert bundle.manifest.training["histories"]["kept"] is False
    assert run_items(trained, bundle).metrics["histories.kept"] == 0
    assert bundle.score(invented(5, seed=9)[0][0]).degraded == ()


def test_histories_that_tell_are_kept(prepared: Prepared) -> None:
    """What content does not tell, and reports do: three in ten of what reads like ham are spam."""
    random = np.random.default_rng(0)
    turned = (prepared.y == 0) & (random.random(len(prepared.y)) < 0.3)
    told = replace(prepared, index=prepared.index.with_columns(label=pl.Series(prepared.y ^ turned)))
    rate = told.y + 0.1 * random.normal(size=len(told.y))
    trees = replace(EXPERIMENT.model.trees, bags=1, group_share=1.0, rounds=100)
    experiment = replace(EXPERIMENT, model=replace(EXPERIMENT.model, trees=trees))
    trained = fit(with_column(told, "mail.rate_spam_by_sender_30d", rate), experiment)
    assert trained.worth is not None
    assert trained.worth.kept
    assert [one.name for one in trained.prepared.features.histories] == [one.name for one in REPUTATION]
    assert trained.worth.known.mean < -5 * trained.worth.known.error
    assert "histories kept: on " in str(trained.worth)


def test_few_events_are_trained_without_looking(prepared: Prepared) -> None:
    few = prepare(prepared.dataset, EXPERIMENT, workers=1)
    assert len(few.index) < LEAST_EVENTS
    assert few.features.histories == ()
    assert fit(few, EXPERIMENT).worth is None


def test_a_task_without_further_histories_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    from msa_ml.cli import main

    assert main(["train", "signup_abuse", "--histories", "--no-track"]) != 0
    assert "signup_abuse has no further histories" in capsys.readouterr().err
