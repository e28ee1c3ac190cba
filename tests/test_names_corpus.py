"""Names alone tell spammers from people: public lists, a sample of them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "experiments" / "signup_abuse" / "names.py"

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def names() -> ModuleType:
    spec = importlib.util.spec_from_file_location("experiment_names", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_names_of_a_sample(names: ModuleType, shared_data: Path) -> None:
    found = names.read(shared_data / "usernames.csv.xz", 0.05)
    for _, train, test in names.splits(found):
        assert not (train & test).any()
        measured = names.measure(found, train, test, rounds=60, repeats=20, each=False)
        auc, low, _ = measured["auc"]
        assert auc >= 0.86
        assert low >= 0.82
        assert measured["tpr_at_fpr_1pct"][0] > 0.2


def test_names_with_labels_of_chance_teach_nothing(names: ModuleType, shared_data: Path) -> None:
    """The planted fault: a letter model that saw the names it scores would find something."""
    found = names.read(shared_data / "usernames.csv.xz", 0.01)
    object.__setattr__(found, "y", np.random.default_rng(0).permutation(found.y))
    _, train, test = next(iter(names.splits(found)))
    measured = names.measure(found, train, test, rounds=40, repeats=20, each=False)
    assert 0.45 < measured["auc"][0] < 0.55
