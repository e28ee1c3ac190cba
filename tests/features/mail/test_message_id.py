"""The form of Message-ID."""

import pytest

from msa_ml.features.mail.message_id import MessageId
from tests.features.mail.make import mail
from tests.features.mail.table import Row, assert_values

FROM = "From: a@example.org"
OUTLOOK = "000d01c2$5f3a1b20$0a01a8c0"

TABLE: list[Row] = [
    (mail(FROM), {"missing": 1, "malformed": None, "word": None, "ip": None, "borrowed": None}),
    (mail(FROM, "Message-ID: <1@mail.example.org>"), {"missing": 0, "malformed": 0, "word": 0, "ip": 0, "differs": 0, "recipient": 0, "borrowed": 0}),
    (mail(FROM, "Message-ID: 123"), {"malformed": 1, "word": None, "differs": None}),
    (mail(FROM, "Message-ID: <a b@example.org>"), {"malformed": 1}),
    (mail(FROM, "Message-ID: <@example.org>"), {"malformed": 1}),
    (mail(FROM, "Message-ID: <1@localhost>"), {"malformed": 0, "word": 1, "ip": 0, "differs": None}),
    (mail(FROM, "Message-ID: <1@pc.local>"), {"word": 1}),
    (mail(FROM, "Message-ID: <1@[192.0.2.1]>"), {"ip": 1, "word": 0}),
    (mail(FROM, "Message-ID: <1@192.0.2.1>"), {"ip": 1}),
    (mail(FROM, "Message-ID: <1@example.com>"), {"differs": 1, "recipient": 0}),
    (mail(FROM, "To: b@example.com", "Message-ID: <1@mx.example.com>"), {"differs": 1, "recipient": 1}),
    (mail(FROM, "To: b@example.org", "Message-ID: <1@example.org>"), {"recipient": 0}),
    (mail("To: b@example.com", "Message-ID: <1@example.com>"), {"differs": None, "recipient": None}),
    # The form of a program against the program that is named.
    (mail(f"Message-ID: <{OUTLOOK}@pc>"), {"borrowed": 1, "false_mailer": None}),
    (mail("X-Mailer: The Bat! (v2)", f"Message-ID: <{OUTLOOK}@pc>"), {"borrowed": 1, "false_mailer": None}),
    (mail("X-Mailer: Microsoft Outlook 16.0", f"Message-ID: <{OUTLOOK}@pc>"), {"borrowed": 0, "false_mailer": 0}),
    (mail("X-Mailer: Microsoft Outlook, Build 9", "Message-ID: <LNBBLJKPBEHFEDALKOLCAEPKJFAB.a@example.org>"), {"borrowed": 0, "false_mailer": 0}),
    (mail("X-Mailer: Microsoft Outlook 16.0", "Message-ID: <4711@pc>"), {"borrowed": 0, "false_mailer": 1}),
    (mail("X-MimeOLE: Produced by X", f"Message-ID: <{OUTLOOK}@pc>"), {"borrowed": 0}),
    # Hostile ones.
    (mail("Message-ID: <" + "a" * 9000 + "@b>"), {"malformed": 1}),
    (mail("Message-ID: " + "<@>" * 9000), {"malformed": 1}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_message_id(row: Row) -> None:
    assert_values(MessageId(), *row)
