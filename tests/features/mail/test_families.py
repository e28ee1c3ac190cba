"""What each family measures, as a table: a mail, some features, their values; ``None`` is unknown."""

import math

import numpy as np
import pytest

from msa_ml.features.extractor import Extractor, FeatureSet
from msa_ml.features.mail.appeal import Appeal
from msa_ml.features.mail.authentication import Authentication
from msa_ml.features.mail.body import Body
from msa_ml.features.mail.bulk import Bulk
from msa_ml.features.mail.date import Date
from msa_ml.features.mail.forms import Forms
from msa_ml.features.mail.html import Html
from msa_ml.features.mail.language import Language
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.message_id import MessageId
from msa_ml.features.mail.obfuscation import Obfuscation
from msa_ml.features.mail.received import Received
from msa_ml.features.mail.recipients import Recipients
from msa_ml.features.mail.sender import Sender
from msa_ml.features.mail.structure import Structure
from msa_ml.features.mail.subject import Subject
from tests.features.mail.make import html, mail

NOW = "Thu, 22 Aug 2002 12:00:00 +0000"
GOOD_HOP = f"Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org; {NOW}"


TABLE: list[tuple[Extractor, Message, dict[str, float | None]]] = [
    (Received(), mail(GOOD_HOP), {"missing": 0, "alone": 1}),
    (Authentication(), mail("Received-SPF: Pass (x)"), {"spf_pass": 1}),
    (Sender(), mail("From: a@example.org"), {"missing": 0, "display": 0}),
    (MessageId(), mail("Message-ID: <a@example.org>"), {"missing": 0, "malformed": 0}),
    (Bulk(), mail("Auto-Submitted: auto-generated"), {"automatic": 1}),
    (Forms(), mail("From: a@example.org"), {"report": 0, "bouncer": 0}),
    (Subject(), mail("Subject: Re: hello"), {"missing": 0, "reply": 1}),
    (Recipients(), mail("To: a@example.org, b@example.org"), {"to": 2, "cc": 0}),
    (Date(), mail(GOOD_HOP, "Date: Thu, 22 Aug 2002 13:30:00 +0200"), {"missing": 0, "late": 0}),
    (Structure(), mail(body="b"), {"parts": 1, "depth": 0}),
    (Body(), mail(body="Hello!"), {"length": 6, "exclaimed": 1}),
    (Obfuscation(), mail(body="hello"), {"unseen": 0, "zero_width": 0}),
    (Language(), mail(body="hello"), {"latin": 1, "scripts": 1}),
    (Appeal(), mail(body="$ 5"), {"money": 1, "generic": 0}),
    (Html(), html("<p>Hello</p>"), {"present": 1, "hidden": 0}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("extractor", "found", "expected"),
    TABLE,
    ids=[f"{number}-{extractor.name}" for number, (extractor, _, _) in enumerate(TABLE)],
)
def test_values(extractor: Extractor, found: Message, expected: dict[str, float | None]) -> None:
    row = dict(zip(extractor.columns, FeatureSet([extractor]).vector(found), strict=True))
    seen = {name: row[f"{extractor.name}.{name}"] for name in expected}
    wanted = {name: np.float32(math.nan if value is None else value) for name, value in expected.items()}
    assert {name: f"{value:.6g}" for name, value in seen.items()} == {
        name: f"{value:.6g}" for name, value in wanted.items()
    }


def test_the_filter_before_us_changes_nothing() -> None:
    features = FeatureSet({row[0].name: row[0] for row in TABLE}.values())
    plain = mail(GOOD_HOP, "From: a@example.org", "Subject: x", body="text http://example.org/")
    judged = mail(
        "X-Spam-Flag: YES",
        "X-Spam-Status: Yes, score=99",
        "Status: RO",
        *plain_fields(plain),
        body="text http://example.org/",
    )
    np.testing.assert_array_equal(features.vector(plain), features.vector(judged))


def plain_fields(found: Message) -> list[str]:
    return [field.decode() for field in found.block.fields]


def test_the_year_changes_nothing() -> None:
    def dated(year: str) -> Message:
        return mail(
            GOOD_HOP.replace("2002", year).replace("Thu, ", ""),
            f"Date: 22 Aug {year} 11:00:00 +0000",
            "From: a@example.org",
        )

    features = FeatureSet({row[0].name: row[0] for row in TABLE}.values())
    np.testing.assert_array_equal(features.vector(dated("2002")), features.vector(dated("2025")))
