r"""The promises of an extractor or a view, for tests and notebooks alike.

>>> from msa_ml.features.mail.message import Message
>>> from msa_ml.features.mail.subject import Subject
>>> check_extractor(Subject(), [Message(b"Subject: hello\n\n"), Message(b"")])
"""

from __future__ import annotations

import math
import pickle
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from msa_ml.errors import InputError, Refused
from msa_ml.features.extractor import NEVER, Extractor, Feature, Reader, View
from msa_ml.features.spec import extractor_digest, view_digest

_SECONDS = 2.0


def check_extractor(reader: Reader, records: Iterable[Any], *, seconds: float = _SECONDS) -> None:
    """Hold an extractor or a view to its promises over some records.

    Parameters
    ----------
    reader
        What to check; its class may come from a notebook cell.
    records
        Records of its kind: :class:`~msa_ml.features.mail.message.Message` for mail.
    seconds
        Processor time that one record may take.

    Raises
    ------
    Refused
        Promises are broken; the message lists them all. Neither it nor its cause quotes a record.
    """
    broken = broken_promises(reader, list(records), seconds=seconds)
    if broken:
        name = getattr(reader, "name", type(reader).__name__)
        raise Refused(
            f"{name} breaks {len(broken)} of its promises: {'; '.join(broken)}.", hint="Mend the class."
        )


def broken_promises(reader: Reader, records: Sequence[Any], *, seconds: float = _SECONDS) -> list[str]:
    """Return the promises that are broken, in words, each once."""
    found = dict.fromkeys(_declaration(reader))
    if not found:
        for number, record in enumerate(records):
            found.update(dict.fromkeys(_behaviour(reader, record, number, seconds)))
    if not found:
        found.update(dict.fromkeys(_travel(reader, records[:20])))
    return list(found)


def _declaration(reader: Reader) -> Iterator[str]:
    cls = type(reader)

    if not cls.__doc__:
        yield f"{cls.__name__} has no docstring"
    for attribute in ("name", "kind"):
        if not isinstance(getattr(cls, attribute, None), str):
            yield f"{cls.__name__} declares no {attribute}"
    if isinstance(reader, Extractor):
        yield from _features(reader)
    elif isinstance(reader, View):
        if reader.limit < 1:
            yield "limit is no positive number of bytes"
    else:
        yield f"{cls.__name__} is neither an extractor nor a view"


def _features(extractor: Extractor) -> Iterator[str]:
    features = getattr(extractor, "features", ())
    if not features:
        yield "declares no features"
    names = [feature.name for feature in features]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"declares {name} twice"
    for feature in features:
        if not feature.name.isidentifier() or feature.name != feature.name.lower():
            yield f"the name {feature.name!r} is not in small letters"
        if not (feature.description and feature.unit and feature.nan):
            yield f"{feature.name} lacks a description, a unit or the meaning of nan"
        if not feature.low < feature.high:
            yield f"the range of {feature.name} is empty"
        if feature.unit in ("flag", "share") and feature.low < 0:
            yield f"{feature.name} is a {feature.unit} and may be negative"
        if feature.unit == "flag" and (feature.low, feature.high) != (0, 1):
            yield f"{feature.name} is a flag with a range other than 0 to 1"


def _run(reader: Reader, record: Any) -> Mapping[str, float] | bytes:
    if isinstance(reader, Extractor):
        return dict(reader.extract(record))
    assert isinstance(reader, View)  # noqa: S101 - _declaration has refused everything else
    return reader.content(record)


def _behaviour(reader: Reader, record: Any, number: int, seconds: float) -> Iterator[str]:
    began = time.process_time()
    try:
        first = _run(reader, record)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        yield f"raises {type(error).__name__}, for example on record {number}"
        return
    took = time.process_time() - began
    if took > seconds:
        yield f"takes more than {seconds:g} s of processor time, for example on record {number}"
    broken = list(_bytes(reader, first) if isinstance(reader, View) else _values(reader, first))
    yield from broken
    if not broken and not _same(first, _run(reader, record)):
        yield "gives another answer the second time"


def _bytes(view: View, content: object) -> Iterator[str]:
    if not isinstance(content, bytes):
        yield f"returns {type(content).__name__} where bytes are promised"
    elif len(content) > view.limit:
        yield f"returns more than its limit of {view.limit} bytes"


def _values(reader: Reader, values: object) -> Iterator[str]:
    assert isinstance(reader, Extractor)  # noqa: S101 - narrowed by the caller
    assert isinstance(values, dict)  # noqa: S101 - made by _run
    declared = {feature.name: feature for feature in reader.features}
    for name in values:
        if name not in declared:
            yield f"returns {name!r}, which is not declared"
    for feature in reader.features:
        yield from _value(feature, values.get(feature.name))


def _value(feature: Feature, value: object) -> Iterator[str]:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if feature.nan == NEVER:
            yield f"{feature.name} is missing, which is declared never to happen"
        return
    if not isinstance(value, bool | int | float | np.floating | np.integer | np.bool_):
        yield f"{feature.name} is of type {type(value).__name__}, no number"
        return
    # What is stored is float32, so that is what has to be within the range.
    stored = float(np.float32(value))
    if not feature.low <= stored <= feature.high:
        yield f"{feature.name} leaves its range of {feature.low:g} to {feature.high:g}"
    elif feature.unit == "flag" and stored not in (0.0, 1.0):
        yield f"{feature.name} is a flag that is neither 0 nor 1"


def _same(one: Mapping[str, float] | bytes, other: Mapping[str, float] | bytes) -> bool:
    if isinstance(one, bytes) or isinstance(other, bytes):
        return one == other
    return one.keys() == other.keys() and all(
        one[name] == other[name] or (one[name] != one[name] and other[name] != other[name]) for name in one
    )


def _travel(reader: Reader, records: Sequence[Any]) -> Iterator[str]:
    """Check that the reader can be made again from its parameters, and goes to a worker and back."""
    try:
        again = reader.with_lists(reader.lists)
    except (TypeError, InputError) as error:
        yield f"cannot be made again from its parameters ({type(error).__name__}); pass them on to super().__init__"
        return
    copies = [("made again from its parameters", again)]
    # A class of a function or a notebook cell is sent by loky with its code; plain pickle cannot.
    module = sys.modules.get(type(reader).__module__)
    if getattr(module, type(reader).__qualname__, None) is type(reader):
        try:
            copies.append(("pickled and read again", pickle.loads(pickle.dumps(reader))))  # noqa: S301 - our own bytes
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            yield f"cannot be pickled ({type(error).__name__})"
    for how, copy in copies:
        if _digest(copy) != _digest(reader):
            yield f"has another digest when {how}"
        elif not all(_same(_run(reader, record), _run(copy, record)) for record in records):
            yield f"gives another answer when {how}"


def _digest(reader: Reader) -> str:
    if isinstance(reader, Extractor):
        return extractor_digest(reader)
    assert isinstance(reader, View)  # noqa: S101 - narrowed by _declaration
    return view_digest(reader)
