"""An experiment file is validated with messages that name the key; the baseline is the default."""

from pathlib import Path

import pytest

from msa_ml.errors import InputError
from msa_ml.experiment import Experiment

BASELINE = Path(__file__).parent.parent / "experiments" / "spam" / "baseline.toml"


def test_the_baseline_file_is_the_default() -> None:
    assert Experiment.read(BASELINE) == Experiment(task="spam")


def test_the_baseline_of_another_task_is_its_default() -> None:
    written = Experiment.read(BASELINE.parent.parent / "signup_abuse" / "baseline.toml")
    assert written == Experiment.of("signup_abuse")
    assert written.model.trees != Experiment.of("spam").model.trees
    # A file changes single values; the others stay those of the task.
    changed = Experiment.from_dict({"task": "signup_abuse", "model": {"trees": {"rounds": 7}}})
    assert (changed.model.trees.rounds, changed.model.trees.depth) == (7, written.model.trees.depth)


def test_the_baseline_file_spells_out_every_key() -> None:
    import tomllib

    written = tomllib.loads(BASELINE.read_text())
    assert _keys(written) == _keys(Experiment(task="spam").to_dict())


def _keys(table: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        found |= _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1", "names no task"),
        ('task = "spam"\nsed = 1', "unknown key 'sed'. Did you mean 'seed'?"),
        (
            'task = "spam"\n[model.trees]\ndepht = 3',
            "unknown key of [model.trees] 'depht'. Did you mean 'depth'?",
        ),
        ('task = "spam"\n[model.trees]\ndepth = "3"', "model.trees.depth must be int, found '3'"),
        ('task = "spam"\n[model.trees]\ndepth = true', "model.trees.depth must be int, found True"),
        ('task = "spam"\n[split]\nmethod = "random"', "unknown value of split.method 'random'"),
        ('task = "spam"\n[split]\nmethod = "given"', "needs split.train and split.test"),
        ('task = "spam"\n[split]\ngap = "soon"', "a length of time such as 90d"),
        ('task = "spam"\n[evaluation]\nbudgets = [2.0]', "budgets must be shares"),
        ('task = "spam"\n[model.content]\nsizes = 4', "model.content.sizes must be a table"),
        ('task = "spam"\n[evaluation]\nper_day = 0', "evaluation.per_day must be 1 to"),
        ('task = "spam"\nmodel = 4', "model must be a table"),
        ("task = ", "is not valid TOML"),
        ('task = "spam"\n[split]\ngap = "-1d"', "cannot be negative"),
        ('task = "spam"\n[data]\nwindow = "0d"', "longer than 0"),
        ('task = "spam"\nseed = -1', "seed must be 0 to"),
        ('task = "spam"\n[model]\nfolds = 1', "model.folds must be 2 to 100, found 1"),
        ('task = "spam"\n[model.trees]\nrow_share = 5.0', "model.trees.row_share must be"),
        ('task = "spam"\n[model.content]\nepochs = 0', "model.content.epochs must be"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Experiment.read(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such experiment file"):
        Experiment.read(tmp_path / "none.toml")
