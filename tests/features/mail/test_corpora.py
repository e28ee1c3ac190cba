"""All mails of the public corpora are read, measured and viewed without one exception."""

import math
import tarfile
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import numpy as np
import pytest

from msa_ml.features.extractor import Extractor, FeatureSet, View
from msa_ml.features.mail.message import Message
from tests.features.test_contract import EXTRACTORS, VIEWS


def mails(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield file.read()


def ours(found: Message) -> list[tuple[str, bytes]]:
    leaves = [part for part in found.parts if not part.is_container]
    return [(part.content_type, b"".join(part.content.split())) for part in leaves]


def theirs(found: Message) -> list[tuple[str, bytes]]:
    """The same by the standard library's parser."""
    leaves = [part for part in message_from_bytes(found.raw).walk() if not part.is_multipart()]
    contents = [part.get_payload(decode=True) for part in leaves]
    return [
        (part.get_content_type(), b"".join(content.split()) if isinstance(content, bytes) else b"")
        for part, content in zip(leaves, contents, strict=True)
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
        if ours(found) != theirs(found):
            other += 1
            explained = {"base64", "no_boundary", "same_boundary"} & {*found.damage.split(",")}
            assert (
                explained
                or any(part.content_type == "message/delivery-status" for part in found.parts)
                or (b"--<" in found.raw)
            ), number
    assert sum(readers.values()) == count
    assert readers["fallback"] < 0.02 * count
    assert empty < 0.02 * count
    # Where the other gives up: broken base64 stays encoded, a multipart without its boundary has no text, a last boundary
    # with junk behind it is none. A delivery status is a list of header blocks to it, and text to us.
    assert other <= math.ceil(0.002 * count)
