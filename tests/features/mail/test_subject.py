"""Form and tricks of the subject."""

import pytest

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.subject import Subject
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail("From: a@b"), {"missing": 1, "length": None, "reply": None, "spaced": None}),
    (mail("Subject: Lunch on Thursday?"), {"missing": 0, "shouted": 0, "exclamations": 0, "unseen": 0, "mixed": 0, "spaced": 0, "gap": 0}),
    (mail("Subject: FREE MONEY!!! $$$      x91"), {"missing": 0, "exclamations": 3, "gap": 1, "reply": 0, "encoded": 0, "shouted": 8 / 10}),
    (mail("Subject: [USERS] hello"), {"shouted": 0}),
    (mail("Subject: Re[2]: hello"), {"reply": 1, "forward": 0, "digits": 1 / 12}),
    (mail("Subject: Fwd: hello"), {"reply": 0, "forward": 1}),
    (mail("Subject: =?utf-8?q?=C3=A9=C3=A9?="), {"encoded": 1, "idle_encoding": 0, "raw_8bit": 0, "length": 2, "non_ascii": 1}),
    (mail("Subject: =?utf-8?b?aGVsbG8=?="), {"encoded": 1, "idle_encoding": 1, "length": 5}),
    (mail("Subject: é"), {"encoded": 0, "raw_8bit": 1}),
    (mail("Subject: 日本"), {"shouted": 0, "length": 2}),
    (mail("Subject:"), {"missing": 0, "length": 0, "digits": None, "mixed": None}),
    (mail("Subject: F R E E now"), {"spaced": 4 / 7}),
    (mail("Subject: M.e.d.s"), {"spaced": 1}),
    (mail("Subject: U.S. news"), {"spaced": 0}),
    (mail("Subject: p\u0430ypal \u200b"), {"mixed": 2 / 6, "unseen": 1}),
    (mail("Subject: 100"), {"mixed": None, "shouted": None}),
    (mail("Subject: " + "a " * 30_000), {"spaced": 1, "length": 59_999}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Subject(), found, expected)
