"""The bytes that the content model reads."""

import pytest

from msa_ml.features.mail.content import Head, Text
from msa_ml.features.mail.message import Message
from tests.features.mail.make import html, mail, multipart


@pytest.mark.parametrize(
    ("found", "content"),
    [
        (mail("Subject: Hello  THERE", body="Come\n\tin"), "hello there come in"),
        (mail(body="go to http://WWW.Example.org/a?b"), " www.example.org go to http://www.example.org/a?b"),
        (html("<style>p{}</style><p>One <b>two</b>", "Subject: S"), "s one two"),
        (html("<a href=http://example.com/x>here</a>"), "example.com here"),
        (mail("Subject: vi\u200bag\u00adra"), "viagra"),
        (multipart("\nplain words", "Content-Type: text/html\n\n<p>rich words", kind="alternative"), "rich words plain words"),
        (Message(b""), ""),
    ],
)  # fmt: skip
def test_text(found: Message, content: str) -> None:
    assert Text().content(found).decode() == content.strip()


def test_text_is_cut_between_characters() -> None:
    content = Text().content(mail(body="é" * 9000))
    assert len(content) == 4096
    assert content.decode() == "é" * 2048


def test_hosts_come_before_a_long_text() -> None:
    assert Text().content(mail(body="x " * 9000 + "http://example.org/")).startswith(b"example.org ")


def test_head_names_no_date_no_identifier_and_not_the_receiving_side() -> None:
    found = mail(
        "Return-Path: <x@path.example.com>", "Delivered-To: jo@inside.example",
        "Received: from mx.inside.example (localhost [127.0.0.1]) by home.inside.example; Thu, 22 Aug 2002 12:36:23 +0000",
        "Received: from Sender7 (line12.example.net [192.0.2.44]) by mx.inside.example; Thu, 22 Aug 2002 12:36:20 +0000",
        "From: Jo <jo99@example.org>", "Date: Thu, 22 Aug 2002 12:36:23 +0000", "Message-ID: <20020822.AB99@example.org>",
        "Subject: 3 offers", "X-Mailer: Program 2.1", kind='text/plain; boundary="xY12"',
    )  # fmt: skip
    text = Head().content(found).decode()
    for word in ("inside", "2002", "Aug", "path.example", "AB99", "jo99", "192.0.2", "xY12"):
        assert word not in text
    for line in (
        "from Jo a0 example.org",
        "subject 0 offers",
        "x-mailer Program 0.0",
        "id <0.A0@a.a>",
        "helo a0 line0.example.net",
    ):
        assert line in text.splitlines()
