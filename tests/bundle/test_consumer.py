"""The specification is enough: a consumer in another language, written from it, gives the same numbers."""

from __future__ import annotations

import base64
import json
import shutil
import tarfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msa_ml.bundle.golden import LOGIT_TOLERANCE
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.rollout import takes_part
from msa_ml.bundle.signing import new_key, sign
from msa_ml.bundle.write import write
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.octets import Octets
from msa_ml.features.mail.raw import Raw
from msa_ml.model.ngrams import NgramHash
from tests.node import Consumer
from tests.small_bundle import contents, invented

pytestmark = [pytest.mark.xdist_group("consumer")]


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of mail that needs no runtime of ours."""
    made = contents(FeatureSet([Octets()], [Raw()]), {"raw": (4,)})
    return write(tmp_path_factory.mktemp("portable") / "spam", made, golden_mail())


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def same(lines: Sequence[dict[str, Any]], bundle: Bundle, mails: Sequence[bytes]) -> None:
    """Demand the logits of ours within the tolerance, and every decision."""
    vectors = bundle.vectors(mails)
    ours = bundle.score_vectors(vectors)
    assert len(lines) == len(ours)
    for line, score in zip(lines, ours, strict=True):
        assert abs(line["logit"] - score.logit) <= LOGIT_TOLERANCE
        assert line["decisions"] == score.decisions


def test_golden_cases_of_a_full_bundle(consumer: Consumer, bundle: Bundle) -> None:
    lines = consumer(bundle.path, "golden")
    assert [line["name"] for line in lines] == list(golden_mail())
    assert all(line["differs"] == [] for line in lines)


def test_content_bytes_and_dense_vectors_give_our_scores(consumer: Consumer, bundle: Bundle) -> None:
    mails, _ = invented(200, seed=4)
    vectors = bundle.vectors(mails)
    events = [
        {
            "content": {view: encoded(items[row]) for view, items in vectors.content.items()},
            "dense": [None if np.isnan(value) else float(value) for value in vectors.dense[row]],
        }
        for row in range(len(mails))
    ]
    same(consumer(bundle.path, "score", events), bundle, mails)


def test_a_portable_bundle_is_read_from_the_raw_mail(consumer: Consumer, portable: Bundle) -> None:
    mails = [*golden_mail().values(), *invented(50, seed=4)[0]]
    lines = consumer(portable.path, "mail", [{"raw": encoded(raw)} for raw in mails])
    vectors = portable.vectors(mails)
    for row, line in enumerate(lines):
        assert base64.b64decode(line["content"]["raw"]) == vectors.content["raw"][row]
        theirs = np.array([np.nan if value is None else value for value in line["dense"]])
        np.testing.assert_allclose(theirs, vectors.dense[row], rtol=1e-6)
    same(lines, portable, mails)


@pytest.mark.parametrize("bits", [10, 15, 18, 24])
def test_content_is_hashed_alike(consumer: Consumer, portable: Bundle, bits: int) -> None:
    mails = [*golden_mail().values(), *invented(20, seed=5)[0], b"", b"\x00", bytes(range(256)) * 8]
    hashing = NgramHash({"head": (4,), "text": (2, 4, 7)}, bits=bits, seed=3)
    content = {"head": [raw[:50] for raw in mails], "text": [raw[50:1500] for raw in mails]}
    lines = consumer(
        portable.path,
        "buckets",
        [
            {
                "content": {view: encoded(items[row]) for view, items in content.items()},
                "sizes": hashing.sizes,
                "bits": bits,
                "seed": 3,
            }
            for row in range(len(mails))
        ],
    )
    starts, buckets = hashing.buckets(content)
    assert lines == [buckets[first:last].tolist() for first, last in pairwise(starts)]


@pytest.mark.corpus
def test_every_mail_of_a_corpus_is_read_alike(
    consumer: Consumer, portable: Bundle, shared_data: Path
) -> None:
    with tarfile.open(shared_data / "spamassassin.tar.xz") as archive:
        mails = [archive.extractfile(entry).read() for entry in archive if entry.isfile()]  # type: ignore[union-attr]
    lines = consumer(portable.path, "mail", ({"raw": encoded(raw)} for raw in mails))
    content = portable.vectors(mails).content["raw"]
    assert [base64.b64decode(line["content"]["raw"]) for line in lines] == list(content)
    same(lines, portable, mails)


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "features.json", "lists/ignored_fields.txt"])
def test_a_flipped_byte_is_refused_there_too(
    consumer: Consumer, portable: Bundle, tmp_path: Path, name: str
) -> None:
    copy = Path(shutil.copytree(portable.path, tmp_path / "copy"))
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    assert consumer(copy, "golden", code=1) == []


def test_the_same_events_take_part_in_a_roll_out(consumer: Consumer, portable: Bundle) -> None:
    keys = [f"event-{number}" for number in range(300)] + ["", "ключ", "\U0001f600"]
    asked = [{"key": key, "share": share} for key in keys for share in (0.0, 0.01, 0.3, 1.0)]
    wanted = [takes_part(portable.id, key, share) for key in keys for share in (0.0, 0.01, 0.3, 1.0)]
    assert consumer(portable.path, "rollout", asked) == wanted
    assert 0 < sum(wanted) < len(wanted)


def test_a_signature_is_checked_there_too(consumer: Consumer, portable: Bundle, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(portable.path, tmp_path / "copy"))
    for name in ("release.key", "other.key"):
        new_key(tmp_path / name)
    sign(copy, tmp_path / "release.key")
    assert consumer(copy, "signed", (), tmp_path / "release.key.pub") == []
    consumer(copy, "signed", (), tmp_path / "other.key.pub", code=1)
    said = json.loads((copy / "manifest.sig").read_text())
    said["signature"] = "00" * 64
    (copy / "manifest.sig").write_text(json.dumps(said))
    consumer(copy, "signed", (), tmp_path / "release.key.pub", code=1)
