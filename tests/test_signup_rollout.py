"""Rolling out a model of sign-ups: logged vectors and two bundles on the same events."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msa_ml.bundle.read import Bundle
from msa_ml.bundle.read import load as load_bundle
from msa_ml.bundle.signing import new_key
from msa_ml.dataset.dataset import Dataset
from msa_ml.errors import InputError
from msa_ml.experiment import EvaluationChoice, Experiment
from msa_ml.features.learning import learners
from msa_ml.features.projection import project
from msa_ml.features.spec import Specification
from msa_ml.pipeline import fit, load, prepare, train
from msa_ml.publishing import run_items
from msa_ml.settings import read
from msa_ml.shadowing import Side, compare_scores
from msa_ml.tasks import get
from msa_ml.trained import Trained
from msa_ml.vector_logging import log_vectors
from tests.signups import AS_OF, import_into

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("signups")
    settings = read(home=folder / "home", isolated=True)
    import_into(settings, folder, 1500)
    return load("signup_abuse", as_of=AS_OF, settings=settings)


def experiment() -> Experiment:
    return replace(Experiment.of("signup_abuse"), evaluation=EvaluationChoice(replicates=20))


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Trained:
    return fit(prepare(dataset, experiment()), experiment())


@pytest.fixture(scope="module")
def signups(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return trained.export(tmp_path_factory.mktemp("bundles"))


def test_logged_vectors_are_those_of_the_events(dataset: Dataset) -> None:
    whole = get("signup_abuse").features()
    plain = whole.without(*(one.name for one in learners(whole)))
    prepared = prepare(dataset, experiment(), features=plain)
    report = log_vectors(dataset, plain, stored_at=AS_OF)
    assert (report.written, report.without_raw) == (1500, 0)
    chosen = experiment().with_data(read="vectors")
    again = prepare(dataset, chosen, features=plain)
    np.testing.assert_array_equal(again.vectors.dense, prepared.vectors.dense)
    assert again.index.equals(prepared.index)
    assert again.dropped == {}
    # What was known before each event is logged with it.
    first = plain.columns.index(plain.histories[0].name)
    assert not np.isnan(again.vectors.dense[:, first:]).all()


def test_what_a_training_window_taught_is_dropped_by_name(trained: Trained) -> None:
    whole = get("signup_abuse").features()
    logged = Specification.of(trained.prepared.features)
    found = project(whole, {logged.digest: logged})
    assert set(found.dropped) == {column for one in learners(whole) for column in one.columns}


def test_another_process_flips_nothing(dataset: Dataset, signups: Bundle) -> None:
    found = compare_scores(Side(signups.path, Path(sys.executable)), Side(signups.path), dataset)
    assert (found.shadow.events, found.shadow.agreement.value) == (1500, 1)
    assert list(found.shadow.logit_shift) == [0.0, 0.0, 0.0]
    assert found.within


def test_a_new_bundle_is_signed_where_a_key_is_configured(
    dataset: Dataset, trained: Trained, signups: Bundle, tmp_path: Path
) -> None:
    name = new_key(tmp_path / "release.key")
    settings = replace(dataset.settings, signing_key=tmp_path / "release.key")
    prepared = replace(trained.prepared, dataset=replace(dataset, settings=settings))
    signed = replace(trained, prepared=prepared).export(tmp_path / "signed")
    assert signed.id == signups.id
    assert load_bundle(signed.path, trusted_key=tmp_path / "release.key.pub").id == signups.id
    assert run_items(trained, signed).version_tags["signed_by"] == name
    assert "signed_by" not in run_items(trained, signups).version_tags


def test_a_signing_key_that_is_not_there_is_said_before_the_training(
    dataset: Dataset, tmp_path: Path
) -> None:
    settings = replace(dataset.settings, signing_key=tmp_path / "gone.key")
    with pytest.raises(InputError, match=r"the key .*gone\.key cannot be read"):
        train(settings, experiment(), AS_OF, track=False)
