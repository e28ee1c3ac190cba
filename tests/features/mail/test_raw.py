"""The view that needs no MIME parser, rule by rule."""

import pytest

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.raw import READ, Raw
from msa_ml.features.word_lists import Lists, WordList


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"Subject: a\n\nb", b"Subject: a\n\nb"),
        (b"Subject: a\r\n b\r\n\r\nc\r\nd", b"Subject: a\n b\n\nc\nd"),
        (b"From x@y Thu\nSubject: a\n\nb", b"Subject: a\n\nb"),
        (b"From : x@y.example\n\nb", b"From : x@y.example\n\nb"),
        (b"X-Spam-Flag: YES\nSubject: a\n\nb", b"Subject: a\n\nb"),
        (b"X-SPAM-FLAG \t: YES\n folded\nSubject: a\n\nb", b"Subject: a\n\nb"),
        (b"no colon\nSubject: a\n\nb", b"Subject: a\n\nb"),
        (b": no name\n \t: nor here\nSubject: a\n\nb", b"Subject: a\n\nb"),
        (b" a fold first: x\nSubject: a\n\nb", b" a fold first: x\nSubject: a\n\nb"),
        (b"\nbody", b"\nbody"),
        (b"\r\nbody", b"\nbody"),
        (b"Subject: no body", b"Subject: no body\n\n"),
        (b"", b"\n"),
        (b"A: \xff\x00\n\n\xff\x00\r", b"A: \xff\x00\n\n\xff\x00\r"),
        (b"A: b\r\r\n\r\nc", b"A: b\r\n\nc"),
    ],
)
def test_rules(raw: bytes, wanted: bytes) -> None:
    assert Raw().content(Message(raw)) == wanted


def test_no_more_than_3000_bytes() -> None:
    assert len(Raw().content(Message(b"A: b\n\n" + b"x" * 5000))) == 3000


def test_a_field_behind_what_is_read_is_not_seen() -> None:
    fields = b"X-Spam-%d: x\n" * 10_000 + b"Subject: far away\n\n"
    assert len(fields) > READ
    assert b"far" not in Raw().content(Message(fields + b"body"))


def test_the_list_decides() -> None:
    lists = Lists({"ignored_fields": WordList("ignored_fields", b"sub*t\n")})
    assert Raw(lists=lists).content(Message(b"Subject: a\nX-Spam: b\n\nc")) == b"X-Spam: b\n\nc"
