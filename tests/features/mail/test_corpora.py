"""All mails of the public corpora are read, measured and viewed without one exception."""

import math
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from msa_ml.features.extractor import Extractor, FeatureSet, View
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.mime import Parts, read_patiently
from tests.features.test_contract import EXTRACTORS, VIEWS


def mails(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield file.read()


def content(parts: Parts) -> list[tuple[str, str, int, bytes]]:
    return [
        (part.content_type, part.charset, part.depth, b"".join(part.content.split())) for part in parts.parts
    ]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("spamassassin", 6047), ("blinux-list", 6019)])
def test_every_mail_of_a_corpus(shared_data: Path, name: str, count: int) -> None:
    extractors = [cls() for cls in EXTRACTORS if cls.kind == "mail" and issubclass(cls, Extractor)]
    views = [cls() for cls in VIEWS if cls.kind == "mail" and issubclass(cls, View)]
    features = FeatureSet(extractors, views)
    low = np.array([feature.low for feature in features.features])
    high = np.array([feature.high for feature in features.features])
    readers: Counter[str] = Counter()
    other = empty = 0
    for number, raw in enumerate(mails(shared_data / f"{name}.tar.xz")):
        found = Message(raw)
        row = features.vector(found)
        known = ~np.isnan(row)
        assert np.all((row >= low) & (row <= high) | ~known), number
        readers[found.parsed_by] += 1
        empty += not found.text.strip()
        if number % 5 == 0:
            assert all(len(view.content(found)) <= view.limit for view in views)
        if found.parsed_by == "fast" and number % 3 == 0:
            patient = read_patiently(found.raw, found.limits)
            other += content(patient) != [
                (part.content_type, part.charset, part.depth, b"".join(part.content.split()))
                for part in found.parts
            ]
    assert sum(readers.values()) == count
    assert readers["fallback"] < 0.01 * count
    assert empty < 0.02 * count
    # The two readers differ only on broken quoted-printable.
    assert other <= math.ceil(0.002 * count)
