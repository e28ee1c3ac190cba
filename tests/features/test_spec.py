"""The specification names what was computed, and refuses anything else."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from msa_ml.errors import BundleRefused, InputError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.authentication import Authentication
from msa_ml.features.mail.content import Text
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.subject import Subject
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import Lists, WordList, packaged


@pytest.fixture
def features() -> FeatureSet:
    return FeatureSet([Subject(), Sender(), Authentication(trusted_host="mx.example.org")], [Text()])


def written(features: FeatureSet) -> dict[str, object]:
    return dict(json.loads(json.dumps(Specification.of(features).to_json())))


def bundled(features: FeatureSet) -> dict[str, WordList]:
    return {name: packaged(name) for name in features.list_names}


def test_comes_back_from_json_with_its_lists(features: FeatureSet) -> None:
    again = Specification.from_json(written(features)).feature_set(Lists(bundled(features), only_given=True))
    assert again.columns == features.columns
    assert Specification.of(again).digest == Specification.of(features).digest
    assert again.extractors[2].parameters == {"trusted_host": "mx.example.org"}


@pytest.mark.parametrize("name", ["free_mail", "public_suffixes"])
def test_a_swapped_list_is_refused_by_name(features: FeatureSet, name: str) -> None:
    lists = bundled(features)
    lists[name] = WordList(name, lists[name].data + b"\nexample.test\n")
    swapped = FeatureSet(
        [type(one)(lists=Lists(lists), **one.parameters) for one in features.extractors], [Text()]
    )
    assert Specification.of(swapped).digest != Specification.of(features).digest
    with pytest.raises(BundleRefused, match=r"differs from this code and these lists in: mail\.sender"):
        Specification.from_json(written(features)).feature_set(Lists(lists, only_given=True))


def test_a_list_that_is_not_in_the_bundle_is_refused(features: FeatureSet) -> None:
    lists = bundled(features)
    del lists["free_mail"]
    with pytest.raises(InputError, match="'free_mail' is not in the bundle"):
        Specification.from_json(written(features)).feature_set(Lists(lists, only_given=True))


def test_a_class_outside_the_allowed_packages_is_refused(features: FeatureSet) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["class"] = "os:system"
    with pytest.raises(BundleRefused, match="outside the allowed packages"):
        Specification.from_json(data).feature_set(Lists())


@pytest.mark.parametrize(
    "path",
    [
        "msa_ml.__main__:X",
        "msa_ml.cli:main",
        "msa_ml.errors:InputError",
        "msa_ml.features:Subject",
        "msa_ml.features.__main__:X",
        "msa_ml.featuresque:X",
        "tests.__main__:X",
        "msa_ml.features.mail.subject",
        "msa_ml.features..subject:X",
        ".subject:X",
        "msa_ml.features.a b:X",
        ":X",
        "",
    ],
)
def test_nothing_but_modules_of_features_is_imported_of_our_own(features: FeatureSet, path: str) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["class"] = path
    known = set(sys.modules)
    with pytest.raises(BundleRefused, match=r"no module of features|no class"):
        Specification.from_json(data).feature_set(Lists(), packages=("msa_ml", "tests"))
    assert set(sys.modules) == known


def test_a_module_that_ends_the_program_is_refused(
    features: FeatureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_that_ends.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["class"] = "acme_that_ends:Subject"
    with pytest.raises(BundleRefused, match="failed with SystemExit"):
        Specification.from_json(data).feature_set(Lists(), packages=("msa_ml", "acme_that_ends"))


def test_the_program_starts_only_when_it_is_run() -> None:
    importlib.import_module("msa_ml.__main__")


@pytest.mark.parametrize(
    "path", ["msa_ml.features.mail.subject:Gone", "msa_ml.features.gone:Subject", "msa_ml.errors:InputError"]
)
def test_a_class_that_is_not_there_or_no_extractor_is_refused(features: FeatureSet, path: str) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["class"] = path
    with pytest.raises(BundleRefused):
        Specification.from_json(data).feature_set(Lists())


def test_a_changed_digest_is_refused(features: FeatureSet) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["features"][0]["digest"] = "0" * 64
    with pytest.raises(BundleRefused, match=r"features\.json was changed"):
        Specification.from_json(data)


def test_a_changed_parameter_is_refused(features: FeatureSet) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[2]["parameters"]["trusted_host"] = "evil.example"
    with pytest.raises(BundleRefused, match=r"mail\.authentication"):
        Specification.from_json(data).feature_set(Lists())


def test_an_unknown_parameter_is_refused(features: FeatureSet) -> None:
    data = written(features)
    extractors = data["extractors"]
    assert isinstance(extractors, list)
    extractors[0]["parameters"]["speed"] = 3
    with pytest.raises(BundleRefused):
        Specification.from_json(data).feature_set(Lists())


def test_order_is_part_of_the_digest() -> None:
    one, other = FeatureSet([Subject(), Sender()]), FeatureSet([Sender(), Subject()])
    assert Specification.of(one).digest != Specification.of(other).digest
