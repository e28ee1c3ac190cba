"""What can be read of a feature set from vectors that other code logged."""

import json
from typing import Any

import numpy as np
import pytest

from msa_ml.errors import DataRefused, UnknownNameError
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.content import Head, Text
from msa_ml.features.mail.date import Date
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.subject import Subject
from msa_ml.features.projection import project
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import Lists

MAIL = Message(
    b"From: jo@example.org\r\nSubject: hello there\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nlunch\r\n"
)


class Subject2(Subject):
    """The same, computed otherwise."""

    version = Subject.version + 1


def spec(*readers: Any) -> Specification:
    extractors = [one for one in readers if not isinstance(one, Text | Head)]
    return Specification.of(FeatureSet(extractors, [one for one in readers if isinstance(one, Text | Head)]))


def logged(*specs: Specification) -> dict[str, Specification]:
    return {one.digest: one for one in specs}


def test_equal_specifications_lose_nothing() -> None:
    wanted = FeatureSet([Subject(), Sender()], [Text()])
    found = project(wanted, logged(spec(Subject(), Sender(), Text())))
    assert found.features.columns == wanted.columns
    assert (dict(found.dropped), dict(found.left_out), found.said()) == ({}, {}, [])


def test_columns_are_found_where_the_other_specification_has_them() -> None:
    wanted = FeatureSet([Subject(), Sender()])
    other = spec(Sender(), Date(), Subject())
    (places,) = project(wanted, logged(other)).places.values()
    theirs = FeatureSet([Sender(), Date(), Subject()]).vector(MAIL)
    np.testing.assert_array_equal(theirs[places], wanted.vector(MAIL))


def test_what_was_computed_otherwise_is_dropped_by_name() -> None:
    wanted = FeatureSet([Subject(), Sender()], [Text()])
    found = project(wanted, logged(spec(Subject2(), Sender(), Text())))
    assert set(found.dropped) == {f"mail.subject.{feature.name}" for feature in Subject.features}
    assert all(reason.startswith("computed otherwise under") for reason in found.dropped.values())
    assert found.features.columns == FeatureSet([Sender()]).columns
    assert "mail.subject.length" in found.said()[0]
    # The model has a specification of its own, the one that such a set would have had from the beginning.
    assert Specification.of(found.features).digest == spec(Sender(), Text()).digest


def test_of_two_specifications_the_common_features_are_read() -> None:
    wanted = FeatureSet([Subject(), Sender(), Date()], [Text(), Head()])
    found = project(
        wanted, logged(spec(Subject(), Sender(), Text()), spec(Sender(), Subject(), Date(), Head(), Text()))
    )
    assert found.features.columns == FeatureSet([Subject(), Sender()]).columns
    assert [view.name for view in found.features.views] == ["text"]
    assert {name for name in found.dropped if not name.startswith("mail.date.")} == {"head"}
    assert len(found.places) == 2


def test_a_specification_that_shares_little_is_left_out_and_said() -> None:
    wanted = FeatureSet([Subject(), Sender()])
    stranger = spec(Date())
    found = project(wanted, logged(spec(Subject(), Sender()), stranger))
    assert set(found.left_out) == {stranger.digest}
    assert not found.dropped
    assert f"specification {stranger.digest[:12]} was not read: it shares 0%" in found.said()[0]
    with pytest.raises(DataRefused, match="the best shares 0%"):
        project(wanted, logged(stranger))


def test_one_feature_of_an_extractor_can_be_kept() -> None:
    whole = FeatureSet([Subject(), Sender()], [Text()])
    some = whole.only(["mail.sender.free", "mail.subject.length"])
    assert some.columns == ("mail.subject.length", "mail.sender.free")
    place = [whole.columns.index(column) for column in some.columns]
    np.testing.assert_array_equal(some.vector(MAIL), whole.vector(MAIL)[place])
    written = json.loads(json.dumps(Specification.of(some).to_json()))
    again = Specification.from_json(written).feature_set(Lists())
    assert again.columns == some.columns
    assert some.with_lists(Lists()).columns == some.columns
    assert some.without("mail.sender").columns == ("mail.subject.length",)
    assert (some + Date()).columns[:2] == some.columns
    assert len((some + Date()).columns) == 2 + len(Date.features)


def test_a_feature_or_view_that_is_not_there_is_named() -> None:
    whole = FeatureSet([Subject()], [Text()])
    with pytest.raises(UnknownNameError, match=r"mail\.subject\.lenght"):
        whole.only(["mail.subject.lenght"])
    with pytest.raises(UnknownNameError, match="view"):
        whole.only([], views=["texts"])
    with pytest.raises(UnknownNameError, match="feature"):
        FeatureSet([Subject()], columns=["mail.date.hour"])
