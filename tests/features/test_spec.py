"""The specification names what was computed, and refuses anything else."""

import json

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
