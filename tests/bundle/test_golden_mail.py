"""The golden mails reach every feature, so that a port that gets one wrong differs in a golden case."""

import math

import numpy as np
import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.features.extraction import vectors_of
from msa_ml.features.extractor import NEVER, Extractor, Feature, FeatureSet, Vectors
from msa_ml.features.mail.message import Message
from msa_ml.tasks import get

MOST = 40
"""Every load of a bundle replays them all."""


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return get("spam").features()


@pytest.fixture(scope="module")
def vectors(features: FeatureSet) -> Vectors:
    return vectors_of(features, list(golden_mail().values()))


def unreached(features: FeatureSet, vectors: Vectors) -> list[str]:
    """Say which features no golden mail, or only one value of, covers."""
    said = []
    for column, feature, values in zip(features.columns, features.features, vectors.dense.T, strict=True):
        known = set(values[~np.isnan(values)].tolist())
        if not known:
            said.append(f"{column}: missing in every golden mail")
        elif len(known) == 1 and feature.low < feature.high:
            said.append(f"{column}: {known.pop():g} in every golden mail that has one")
        if feature.nan != NEVER and not np.isnan(values).any():
            said.append(f"{column}: missing in none")
    return said


def test_they_reach_every_feature(features: FeatureSet, vectors: Vectors) -> None:
    missing = unreached(features, vectors)
    assert not missing, "add a golden mail, or a line to one:\n" + "\n".join(missing)


def test_they_reach_every_content_view(vectors: Vectors) -> None:
    for view, contents in vectors.content.items():
        assert len(set(contents)) > 10, view


def test_they_stay_few_and_small() -> None:
    mails = golden_mail()
    assert len(mails) <= MOST
    assert sum(map(len, mails.values())) < 50_000


def test_the_test_can_fail() -> None:
    class Blind(Extractor):
        name = "mail.blind"
        kind = "mail"
        features = (
            Feature("never", "nothing", nan="always"),
            Feature("same", "one value", nan="the mail is empty"),
            Feature("full", "known of every mail", nan="it is said to happen"),
            Feature("fixed", "its range holds one value", low=1, high=1),
            Feature("length", "bytes"),
        )

        def extract(self, record: Message) -> dict[str, float]:
            same = {"same": 7.0} if record.raw else {}
            return {**same, "never": math.nan, "full": len(record.raw), "fixed": 1, "length": len(record.raw)}

    blind = FeatureSet([Blind()])
    assert unreached(blind, blind.extract([Message(b""), Message(b"a")])) == [
        "mail.blind.never: missing in every golden mail",
        "mail.blind.same: 7 in every golden mail that has one",
        "mail.blind.full: missing in none",
    ]
