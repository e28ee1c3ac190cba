"""A message is read whatever its sender did to it."""

import pickle
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.features.mail.message import Limits, Message
from msa_ml.features.mail.mime import read
from tests.features.mail.make import html, mail, multipart
from tests.strategies import dirty_mails


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_headers_keep_order_repeats_and_folds(end: str) -> None:
    raw = end.join(["Received: one", "\ttwo", "SUBJECT: a", " b", "received: three", "", "body"]).encode()
    found = Message(raw)
    assert found.headers == (("received", "one\ttwo"), ("subject", "a b"), ("received", "three"))
    assert found.all("received") == ("one\ttwo", "three")
    assert found.header("received") == "one\ttwo"
    assert found.header("to") is None
    assert found.text == "body"


def test_headers_that_leak_a_verdict_are_not_there() -> None:
    found = mail("X-Spam-Flag: YES", "Subject: a", "List-Id: x", "In-Reply-To: <1@a.example>")
    assert found.headers == (("subject", "a"),)
    assert found.header("x-spam-flag") is None


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"From jo@example.org Thu Aug 22 2002\nSubject: a\n\n", "a"),
        (b"Subject: caf\xe9\n\n", "café"),
        ("Subject: café 日本\n\n".encode(), "café 日本"),
        (b"Subject: a\x00b\n\n", "a\x00b"),
        (b"Subject: a", "a"),
        (b"Subject:\n\n", ""),
        (b"subject : a\n\n", "a"),
        (b"From : jo@example.org\nSubject: a\n\n", "a"),
        (b"this is no field\nSubject: a\n\n", "a"),
        (b"To: x\n\nSubject: a\n", None),
        (b"\nSubject: a\n\n", None),
        (b"", None),
        (b"Subject: =?utf-8?q?caf=C3=A9?=\n\n", "café"),
        (b"Subject: =?utf-8?q?caf=C3?= =?utf-8?q?=A9?=\n\n", "café"),
        (b"Subject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=\n\n", "日本"),
        (b"Subject: =?no-such?b?Y2Fmw6k=?=\n\n", "café"),
        (b"Subject: =?idna?q?a?=\n\n", "a"),
        (b"Subject: =?utf-8?b?YWJj*ZA\n\n", "=?utf-8?b?YWJj*ZA"),
    ],
)
def test_subject(raw: bytes, subject: str | None) -> None:
    assert Message(raw).subject == subject


@pytest.mark.parametrize(
    ("value", "display", "local", "domain"),
    [
        ("jo@example.org", "", "jo", "example.org"),
        ("Jo <jo@EXAMPLE.org>", "Jo", "jo", "example.org"),
        ('"Doe, Jo" <jo@example.org>', "Doe, Jo", "jo", "example.org"),
        ("jo@example.org (Jo)", "", "jo", "example.org"),
        ("=?utf-8?q?J=C3=B6?= <jo@example.org>", "Jö", "jo", "example.org"),
        ('"a@example.com" <b@example.net>', "a@example.com", "b", "example.net"),
        ("Jo <jo@example.org", "Jo", "jo", "example.org"),
        ("team: a@example.org, b@example.com;", "", "a", "example.org"),
        ("nobody", "", "nobody", ""),
        ("<>", "", "", ""),
    ],
)
def test_sender(value: str, display: str, local: str, domain: str) -> None:
    sender = mail(f"From: {value}").sender
    assert sender is not None
    assert (sender.display, sender.local, sender.domain) == (display, local, domain)


def test_an_obsolete_from_field_is_no_separator() -> None:
    sender = Message(b"From : jo@example.org\n\n").sender
    assert sender is not None
    assert sender.domain == "example.org"


def test_parts_in_order_with_depth() -> None:
    found = multipart(
        "Content-Type: multipart/alternative; boundary=b2\n\n--b2\n\nplain\n--b2\nContent-Type: text/html\n\n<p>rich\n--b2--",
        'Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0=',
    )
    assert [(part.content_type, part.depth) for part in found.parts] == [
        ("multipart/mixed", 0),
        ("multipart/alternative", 1),
        ("text/plain", 2),
        ("text/html", 2),
        ("application/pdf", 1),
    ]
    assert (found.text.strip(), found.html_text, found.parts[-1].content) == ("plain", "rich", b"%PDF-")
    assert found.parts[-1].file_name == "a.pdf"
    assert (found.parsed_by, found.damage) == ("fast", "")


def test_what_is_broken_is_repaired_and_named() -> None:
    broken = mail("Content-Transfer-Encoding: base64", body="aGVs*bG8=")
    assert (broken.text, broken.parsed_by, broken.damage) == ("hello", "fallback", "base64")
    cut = mail("Content-Transfer-Encoding: base64", body="aGVsbG8")
    assert (cut.text, cut.damage) == ("hello", "base64")
    lost = mail(body="--never\n\nseen by nobody?\n", kind="multipart/mixed; boundary=b")
    assert (lost.parsed_by, lost.damage) == ("fallback", "no_boundary")
    assert "seen by nobody?" in lost.text
    assert mail(body="plain", kind="multipart/mixed").text == "plain"
    endless = mail(body="--b\n\nhello", kind="multipart/mixed; boundary=b")
    assert (endless.text, endless.damage) == ("hello", "no_end")
    assert mail(body="--b\n\nhello\n--b--</html>", kind="multipart/mixed; boundary=b").damage == ""


def test_an_inner_boundary_that_begins_with_the_outer_one() -> None:
    inner = "Content-Type: multipart/alternative; boundary=b12\n\n--b12\n\nhello\n--b12--"
    assert (multipart(inner).text, multipart(inner).damage) == ("hello", "same_boundary")
    assert multipart(inner.replace("b12", "b2")).damage == ""


def test_quoted_printable_keeps_its_line_ends() -> None:
    field = "Content-Transfer-Encoding: quoted-printable"
    assert mail(field, body="caf=C3=A9 =\nau\nlait").text == "café au\nlait"
    assert mail(field, body="caf=C3=A9 =\r\nau\r\nlait").text == "café au\r\nlait"


def test_a_message_inside_a_message_is_read() -> None:
    inner = "Content-Type: message/rfc822\n\nSubject: inner\n\nwords of the inner one"
    for found in (multipart(inner), multipart(inner, "Content-Transfer-Encoding: base64\n\n*A=A")):
        assert "message/rfc822" in [part.content_type for part in found.parts]
        assert "words of the inner one" in found.text


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.one_of(dirty_mails(), st.binary(max_size=300)))
def test_nothing_raises_and_all_texts_can_be_written(raw: bytes) -> None:
    found = Message(raw)
    texts = [
        found.text,
        found.html_text,
        found.subject or "",
        *found.urls,
        *(value for _, value in found.headers),
    ]
    texts += [address.display for address in (*found.senders, *found.recipients)]
    assert "".join(texts).encode("utf-8") is not None
    assert found.damage == ",".join(sorted(filter(None, found.damage.split(","))))
    copy = pickle.loads(pickle.dumps(found))
    assert (copy.raw, copy.headers, copy.text) == (found.raw, found.headers, found.text)


def test_limits() -> None:
    few = Limits(headers=2, parts=3, depth=1, decoded_bytes=10, text_characters=4, urls=2, url_characters=20)
    found = Message(b"A: 1\nB: 2\nC: 3\n\n" + b"http://example.org/ " * 9, few)
    assert len(found.headers) == 2
    assert found.text == "http"
    assert "many_headers" in found.damage
    many = multipart(*["\nx"] * 9)
    assert len(Message(many.raw, Limits(parts=3)).parts) == 3
    assert Message(many.raw, Limits(parts=3)).damage == "many_parts"
    assert read(b"\n" + b"x" * 50, few).parts[0].content == b"x" * 10
    assert len(Message(b"\nhttp://a.example/" + b"a" * 100 + b" http://b.example http://c.example").urls) == 3
    assert all(
        len(url) <= 20 for url in Message(b"\nhttp://a.example/" + b"a" * 100, Limits(url_characters=20)).urls
    )
    assert Message(b"Subject: a\n\nbody", Limits(raw_bytes=12)).damage == "too_long"


@pytest.mark.parametrize(
    ("found", "urls"),
    [
        (
            mail(body="see http://example.org/a, or (www.example.com)."),
            ("http://example.org/a", "www.example.com"),
        ),
        (mail(body="HTTPS://EXAMPLE.ORG/A<b>"), ("HTTPS://EXAMPLE.ORG/A",)),
        (mail(body="nohttp:// or xftp://example.org"), ("ftp://example.org",)),
        (
            html("<a href='http://example.org/'>http://example.com/</a>"),
            ("http://example.com/", "http://example.org/"),
        ),
        (html("<a href='#top'>a</a><a href='mailto:a@b'>b</a><img src='cid:1'>"), ()),
        (
            html("<form action='//example.org/x'><body background='http://example.com/y'>"),
            ("//example.org/x", "http://example.com/y"),
        ),
        (mail(body="http://a.example http://a.example"), ("http://a.example",)),
    ],
)
def test_urls(found: Message, urls: tuple[str, ...]) -> None:
    assert found.urls == urls


_MANY = 200_000
HOSTILE = {
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * _MANY + b"\n\n",
    "nested multiparts": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(3000)),
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * _MANY,
    "false boundaries": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * _MANY,
    "messages": b"Content-Type: message/rfc822\n\n" * 5000,
    "quotes": b"From: " + b'"' * _MANY + b"\nTo: " + b"(a" * _MANY + b"\n\n",
    "parameters": b"Content-Type: a/b;" + b' a = "' * _MANY + b"\n\n",
    "parentheses": b"Received: from " + b"(a " * _MANY + b"\nAuthentication-Results: " + b"(" * _MANY + b"\n\n",
    "nested divs": b"Content-Type: text/html\n\n" + b"<div>" * _MANY,
    "formatting": b"Content-Type: text/html\n\n" + b"".join(b"<b id=%d>" % i for i in range(40_000)) + b"<p>x" * 40_000,
    "hidden in hidden": b"Content-Type: text/html\n\n" + b"<div style='display:none'>a" * 20_000,
    "urls": b"\n" + b"http://a.example/" * _MANY + b" http://b.example" * _MANY,
    "no end": b"Subject: a" + b"\n b" * _MANY,
    "zeros": b"\n" + b"\0" * 5_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_sender_cannot_choose_how_long_we_work(name: str) -> None:
    began = time.process_time()
    found = Message(HOSTILE[name])
    assert found.parts
    assert found.text is not None
    assert len(found.urls) <= found.limits.urls
    assert found.hops is not None
    assert (found.subject, found.sender, found.recipients, found.pages) is not None
    assert time.process_time() - began < 5
