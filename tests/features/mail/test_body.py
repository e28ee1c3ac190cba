"""Characters, marks and lines of the readable text."""

import pytest

from msa_ml.features.mail.body import Body
from msa_ml.features.mail.message import Message
from tests.features.mail.make import html, mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail(), {"length": 0, "upper": None, "lines": None, "exclaimed": None}),
    (mail(body="\n\t \n"), {"length": 0, "punctuation": None}),
    (mail(body="AB cd 12!!"), {"length": 10, "upper": 0.5, "punctuation": 0.2, "repeated": 0.2, "exclaimed": 1, "shouted": 0, "quoted": 0}),
    (mail(body="One. Two? Three!"), {"exclaimed": 1 / 3, "repeated": 0}),
    (mail(body="FREE money NOW"), {"shouted": 4 / 12}),
    (mail(body="free money now"), {"shouted": 0, "upper": 0, "exclaimed": None}),
    (mail(body="> a\n> b\n\nc\nd"), {"lines": 4, "quoted": 2 / 5}),
    (mail(body="a > b"), {"lines": 0, "quoted": 0}),
    (mail(body="日本"), {"upper": None, "shouted": None, "length": 2}),
    (html("<p>A&nbsp;B<br>!</p>"), {"length": 5, "upper": 1, "lines": 0}),
    (mail(body="\x00\xff!" * 20_000), {"exclaimed": 1}),
    (mail(body="\n>" * 20_000), {"lines": 1_250, "quoted": 1_250 / 1_251, "upper": None}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Body(), found, expected)
