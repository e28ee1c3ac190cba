"""What the text wants from its reader."""

import time

import pytest

from msa_ml.features.mail.appeal import Appeal
from msa_ml.features.mail.message import Message
from tests.features.mail.make import html, mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail(), {"money": None, "generic": None, "opt_out": None}),
    (mail(body="See you on Friday at 8"), {"money": 0, "millions": 0, "generic": 0, "opt_out": 0}),
    (mail(body="only $5, or $ 6.50, or 7 €, €8, USD 90"), {"money": 5}),
    (mail(body="echo $HOME $x; cost: EUR"), {"money": 0}),
    (mail(body="the sum of US$25 million dollars, 25,000,000 in all"), {"money": 1, "millions": 2}),
    (mail(body="a million thanks"), {"millions": 0}),
    (mail(body="Dear Friend,\nhello"), {"generic": 1}),
    (mail(body="Dear Anna,\nyour friend"), {"generic": 0}),
    (mail(body="\n Dear valued customer: hello"), {"generic": 1}),
    (mail(body="Dear " + "x" * 5_000 + " friend"), {"generic": 0}),
    (mail(body="Sehr geehrte Damen und Herren,"), {"generic": 1}),
    (mail(body="customer service"), {"generic": 0}),
    (html("<p>To UNSUBSCRIBE click</p>"), {"opt_out": 1}),
    (mail(body="word " * 5_000 + "click to unsubscribe"), {"opt_out": 1}),
    (mail(body="Нажмите, чтобы отписаться"), {"opt_out": 1}),
    (mail(body="$1" * 10_000), {"money": 1000}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Appeal(), found, expected)


@pytest.mark.parametrize(
    "body", ["1,000" * 100_000, "million 9" * 60_000, "% " * 200_000, "€ 1" * 100_000, "1 " * 200_000]
)
def test_hostile_text_takes_no_time(body: str) -> None:
    found = mail(body=body)
    assert found.text
    began = time.process_time()
    Appeal().extract(found)
    assert time.process_time() - began < 0.2
