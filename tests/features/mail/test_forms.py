"""Bounces and invitations."""

import pytest

from msa_ml.features.mail.forms import Forms
from msa_ml.features.mail.message import Message
from tests.features.mail.make import mail, multipart
from tests.features.mail.table import Row, assert_values

STATUS = "Content-Type: message/delivery-status\n\nAction: failed"
RETURNED = "Content-Type: text/rfc822-headers\n\nSubject: hello"


def with_fields(found: Message, *fields: str) -> Message:
    return Message("".join(f"{field}\n" for field in fields).encode() + found.raw)


def report(*fields: str) -> Message:
    return with_fields(multipart("\nSorry.", STATUS, RETURNED, kind="report"), *fields)


def event(*lines: str, sender: str = "a@example.org") -> Message:
    text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])
    return with_fields(mail(body=text, kind="text/calendar; charset=utf-8"), f"From: {sender}")


TABLE: list[Row] = [
    (mail("Subject: a"), {"report": 0, "bouncer": None, "false_report": None, "returned": None, "calendar": 0, "request": None, "organizer_differs": None}),
    (report("Return-Path: <>", "From: MAILER-DAEMON@mx.example"), {"report": 1, "bouncer": 1, "false_report": 0, "returned": 1}),
    (report("Return-Path: <a@example.org>", "From: a@example.org"), {"report": 1, "bouncer": 0, "false_report": 1}),
    (mail("From: postmaster@example.org", "Return-Path: <x@example.net>"), {"report": 0, "bouncer": 1, "false_report": 1, "returned": None}),
    (mail("From: postmaster@example.org"), {"bouncer": 1, "false_report": None}),
    (mail("From: a@example.org", "Return-Path: <>"), {"bouncer": 0, "false_report": None}),
    (event("METHOD:REQUEST", "ORGANIZER;CN=A:mailto:a@mail.example.org"), {"calendar": 1, "request": 1, "no_method": 0, "organizer_differs": 0}),
    (event("METHOD:PUBLISH", "ORGANIZER:MAILTO:x@example.com"), {"request": 0, "no_method": 0, "organizer_differs": 1}),
    (event("ORGANIZER;CN=A:mai", " lto:a@example.org"), {"no_method": 1, "organizer_differs": 0}),
    (event("SUMMARY:x"), {"organizer_differs": None, "request": 0}),
    (multipart("\na", "Content-Type: text/calendar\n\nMETHOD:request"), {"calendar": 1, "request": 1, "organizer_differs": None}),
    # Hostile ones.
    (event("METHOD:" + "A" * 99_999, "ORGANIZER" * 9_999), {"calendar": 1, "no_method": 0, "organizer_differs": None}),
    (event(*["ORGANIZER:mailto:@@@"] * 5_000), {"organizer_differs": None}),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=range(len(TABLE)))
def test_forms(row: Row) -> None:
    assert_values(Forms(), *row)
