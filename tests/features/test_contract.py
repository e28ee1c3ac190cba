"""Every extractor and view of the package keeps its promises; found by walking, never by a list."""

import importlib
import inspect
import math
import pkgutil
import time
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import msa_ml.features
from msa_ml.errors import Refused
from msa_ml.features.extractor import Extractor, Feature, FeatureSet, Reader, View
from msa_ml.features.mail.message import Message
from msa_ml.features.spec import extractor_digest, feature_digest, view_digest
from msa_ml.features.word_lists import Lists, WordList, packaged
from msa_ml.records import KINDS, Signup
from msa_ml.testing import broken_promises, check_extractor
from tests.strategies import records


def found() -> list[type[Reader]]:
    classes: dict[type[Reader], None] = {}
    for module in pkgutil.walk_packages(msa_ml.features.__path__, "msa_ml.features."):
        for value in vars(importlib.import_module(module.name)).values():
            is_reader = (
                inspect.isclass(value) and issubclass(value, Reader) and value.__module__ == module.name
            )
            if is_reader and not inspect.isabstract(value) and value is not Reader:
                classes[value] = None
    return list(classes)


READERS = found()
EXTRACTORS = [cls for cls in READERS if issubclass(cls, Extractor)]
VIEWS = [cls for cls in READERS if issubclass(cls, View)]
ON_LISTS = [cls for cls in READERS if cls.reads]


def name_of(cls: type[Reader]) -> str:
    return f"{cls.kind}.{cls.__qualname__}"


def digest_of(reader: Reader) -> str:
    return extractor_digest(reader) if isinstance(reader, Extractor) else view_digest(reader)  # type: ignore[arg-type]


def test_the_walk_finds_the_families() -> None:
    assert len(EXTRACTORS) >= 10
    assert {"text", "head", "raw"} <= {cls.name for cls in VIEWS}


@pytest.mark.parametrize("cls", EXTRACTORS, ids=name_of)
def test_the_path_is_the_name(cls: type[Reader]) -> None:
    module = cls.__module__.removeprefix("msa_ml.features.")
    assert cls.name == module
    assert cls.__name__ == module.rpartition(".")[2].title().replace("_", "")
    assert cls.kind in KINDS


@pytest.mark.parametrize("cls", READERS, ids=name_of)
def test_names_are_used_once(cls: type[Reader]) -> None:
    assert [other for other in READERS if (other.kind, other.name) == (cls.kind, cls.name)] == [cls]


@pytest.mark.parametrize("cls", READERS, ids=name_of)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_keeps_its_promises(cls: type[Reader], data: st.DataObject) -> None:
    check_extractor(cls(), [data.draw(records(cls.kind))])  # type: ignore[arg-type]


@pytest.mark.parametrize("cls", READERS, ids=name_of)
def test_what_is_measured_reads_as_a_sentence(cls: type[Reader]) -> None:
    assert cls.__doc__ is not None
    assert cls.__doc__.splitlines()[0].endswith(".")
    for feature in getattr(cls, "features", ()):
        assert not feature.description.endswith("."), feature.name
        assert "era" not in feature.name.split("_")


@pytest.mark.parametrize("cls", READERS, ids=name_of)
def test_a_new_version_changes_every_digest(cls: type[Reader]) -> None:
    newer = type(cls.__name__, (cls,), {"version": cls.version + 1, "__doc__": cls.__doc__})
    assert digest_of(newer()) != digest_of(cls())


@pytest.mark.parametrize("cls", EXTRACTORS, ids=name_of)
def test_a_unit_changes_one_digest(cls: type[Extractor]) -> None:
    one, first = cls(), cls.features[0]
    changed = Feature(**{**{name: getattr(first, name) for name in first.__slots__}, "unit": "furlongs"})
    assert feature_digest(one, first) != feature_digest(one, changed)


@pytest.mark.parametrize("cls", ON_LISTS, ids=name_of)
def test_a_changed_list_changes_every_digest(cls: type[Reader]) -> None:
    for name in cls.reads:
        other = Lists({name: WordList(name, packaged(name).data + b"\n// one more line\n")})
        assert digest_of(cls(lists=other)) != digest_of(cls())


@pytest.mark.parametrize("cls", READERS, ids=name_of)
def test_reads_only_the_lists_it_declares(cls: type[Reader]) -> None:
    only = Lists({name: packaged(name) for name in cls.reads}, only_given=True)
    raw = (
        b"Received: from a.example ([192.0.2.1]) by mx\nFrom: a@b.example\nReply-To: c@d.example\nTo: e@f.example\n"
        b"DKIM-Signature: d=b.example\nMessage-ID: <1@g.example>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: text/html\n\n<a href=http://h.example/>i.example</a>\n--b\nContent-Type: application/zip; name=a.b.zip\n\nPK\n--b--\n"
    )
    if cls.kind == "signup":
        event = Signup(
            user_name="ann", display_name="Ann", email="ann@mail.example.org", ip="192.0.2.1", asn=64500, country="DE",
            user_agent="Mozilla/5.0", verification_method="sms", referrer="https://a.example/", language="de", time_zone="UTC",
        )  # fmt: skip
        assert broken_promises(cls(lists=only), [event]) == []
    elif cls.kind == "mail":
        assert broken_promises(cls(lists=only), [Message(raw)]) == []


def test_a_parameter_changes_the_digest() -> None:
    cls = next(cls for cls in EXTRACTORS if "trusted_host" in inspect.signature(cls).parameters)
    assert digest_of(cls(trusted_host="mx.example.org")) != digest_of(cls())


def test_all_of_them_make_one_feature_set() -> None:
    for kind in {cls.kind for cls in READERS}:
        features = FeatureSet(
            [cls() for cls in EXTRACTORS if cls.kind == kind], [cls() for cls in VIEWS if cls.kind == kind]
        )
        assert len(features.columns) == len(set(features.columns))
        assert all(feature.portable in ("yes", "runtime") for feature in features.features)


# The checks can fail: one planted fault each.


class Good(Extractor):
    """Counts bytes."""

    name = "mail.planted"
    kind = "mail"
    features = (Feature("size", "bytes of the message", "bytes"),)

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": len(record.raw)}


class Raises(Good):
    """Raises."""

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": 1 / record.raw.count(b"!")}


class WrongKey(Good):
    """Returns what it does not declare."""

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": 1, "sise": 2}


class OutOfRange(Good):
    """Leaves its range."""

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": -1}


class Missing(Good):
    """Leaves out what is never missing."""

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": math.nan}


class Text(Good):
    """Returns a text."""

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": "1"}  # type: ignore[dict-item]


class Fickle(Good):
    """Answers differently each time."""

    calls = 0

    def extract(self, record: Message) -> Mapping[str, float]:
        type(self).calls += 1
        return {"size": type(self).calls}


class Slow(Good):
    """Works for too long."""

    def extract(self, record: Message) -> Mapping[str, float]:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        return {"size": 1}


class HalfFlag(Good):
    """A flag of one half."""

    features = (Feature("size", "is large", "flag", 0, 1),)

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": 0.5}


class Forgetful(Good):
    """Does not pass its parameter on."""

    def __init__(self, *, lists: Lists | None = None, factor: float = 1) -> None:
        super().__init__(lists=lists)
        self.factor = factor

    def extract(self, record: Message) -> Mapping[str, float]:
        return {"size": self.factor}


class Unpicklable(Good):
    """Holds what cannot travel."""

    def __init__(self, *, lists: Lists | None = None) -> None:
        super().__init__(lists=lists)
        self.made = lambda: 1


class BadUnit(Good):
    """A share that may be negative."""

    features = (Feature("size", "share of nothing", "share", -1, 1),)


class Twice(Good):
    """Declares one name twice."""

    features = (Feature("size", "bytes"), Feature("size", "bytes again"))  # type: ignore[assignment]  # Good has one


class TooLong(View):
    """Returns more than it may."""

    name = "planted"
    kind = "mail"
    limit = 3

    def content(self, record: Message) -> bytes:
        return b"abcd"


class NotBytes(TooLong):
    """Returns a text."""

    def content(self, record: Message) -> bytes:
        return "abc"  # type: ignore[return-value]


class WithoutDocstring(Good):
    pass


WithoutDocstring.__doc__ = None


@pytest.mark.parametrize(
    ("reader", "complaint"),
    [
        (Raises(), "raises ZeroDivisionError"),
        (WrongKey(), "'sise', which is not declared"),
        (OutOfRange(), "size leaves its range"),
        (Missing(), "declared never to happen"),
        (Text(), "of type str, no number"),
        (Fickle(), "another answer the second time"),
        (Slow(), "more than 0.02 s"),
        (HalfFlag(), "neither 0 nor 1"),
        (Forgetful(factor=2), "another answer when made again from its parameters"),
        (Unpicklable(), "cannot be pickled"),
        (BadUnit(), "may be negative"),
        (Twice(), "declares size twice"),
        (TooLong(), "more than its limit of 3 bytes"),
        (NotBytes(), "returns str where bytes"),
        (WithoutDocstring(), "no docstring"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Reader) else "",
)
def test_a_planted_fault_is_found(reader: Reader, complaint: str) -> None:
    with pytest.raises(Refused) as error:
        check_extractor(reader, [Message(b"Subject: secret words\n\nx")], seconds=0.02)
    assert complaint in str(error.value)
    assert "secret" not in str(error.value)


def test_a_class_of_a_function_passes() -> None:
    """As one of a notebook cell does."""

    class Local(Good):
        """Counts bytes."""

    check_extractor(Local(), [Message(b"Subject: a\n\nb"), Message(b"")])
