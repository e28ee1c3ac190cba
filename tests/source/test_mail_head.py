from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.source.columns import (
    client_ip,
    mail_address,
    recipient_count,
    recipients,
    sender_address,
    subnet,
)
from msa_ml.source.mail_head import read_head

PARTS = b'Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nhi\n'


@pytest.mark.parametrize(
    ("raw", "damage"),
    [
        (b"Subject: x\n\nhi\n", ""),
        (b"Subject: x", ""),
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"just text\n\nmore\n", "no_header"),
        (b"\nSubject: below an empty line\n\nhi\n", "no_header"),
        (b"Subject: x\n\nh\0i\n", "nul_bytes"),
        (PARTS, "truncated"),
        (PARTS + b"--b--\n", ""),
        (PARTS.replace(b"--b", b"--c"), "no_boundary"),
        (b"Content-Type: multipart/mixed\n\nhi\n", "no_boundary"),
        (b"Content-Transfer-Encoding: base64\n\naGk=\n", ""),
        (b"Content-Transfer-Encoding: base64\n\naGk\n", "bad_base64"),
        (b"Content-Transfer-Encoding: base64\n\nnot! base64?\n", "bad_base64"),
        (b"Content-Transfer-Encoding: base64\n\naGk=\n\n-- \na list's footer\n", ""),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xff\xfe\n", "undecodable"),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xc3\xa4\n", ""),
        (b"Content-Type: text/plain; charset=klingon\n\nx\n", "undecodable"),
        (b"Content-Type: text/plain; charset=zlib\n\nx\n", "undecodable"),
        (b"Content-Type: text/plain; charset=us-ascii\n\n\xe4\n", ""),
    ],
)
def test_damage(raw: bytes, damage: str) -> None:
    assert read_head(raw).damage == damage


def test_fields_are_unfolded_and_decoded() -> None:
    head = read_head(
        b"RECEIVED: from a\r\n\tby b; x\r\nReceived : second\r\nFrom: J\xf6 <jo@example.org>\r\nTo: a@example.org,\r\n"
        b" b@example.org\r\nCc: c@example.org\r\n\r\nReceived: from the body\r\n"
    )
    assert head.received == ("from a by b; x", "second")
    assert head.sender == "Jö <jo@example.org>"
    assert recipient_count(head.recipients) == 3
    assert head.date is None


HOSTILE = [
    b"Received: " + b"(" * 100_000 + b"\n\n",
    b"From: " + b"<" * 100_000 + b"\n\n",
    b"From: " + b'"' * 99_999 + b"\n\n",
    b"To: " + b"a" * 200_000 + b"\n\n",
    b"To: " + b"a@" * 100_000 + b"\n\n",
    b"Received: " + b" ;" * 100_000 + b"\n\n",
    b"Received: x\n" * 20_000 + b"\n",
    b"A:\n " * 100_000,
    b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * 500_000 + b"-" + b"b" * 500_000,
    b"Content-Type: multipart/mixed; boundary=" + b" " * 100_000 + b"\n\n",
    b"From a b c\n" * 50_000 + b"x",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_messages_take_little_time(raw: bytes) -> None:
    started = time.process_time()
    head = read_head(raw)
    sender_address(head), subnet(client_ip(head.received)), recipient_count(head.recipients)
    assert len(recipients(head.recipients)) <= 50
    assert time.process_time() - started < 1.0


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"From: {text}\nTo: {text}\n\n".encode())
)
def test_nothing_raises(raw: bytes) -> None:
    head = read_head(raw)
    assert isinstance(subnet(client_ip(head.received)), str)
    assert len(set(found := recipients(head.recipients))) == len(found) <= 50
    assert all(one == one.lower() for one in found)
    assert isinstance(mail_address(head.sender), str)
    assert 0 <= recipient_count(head.recipients) <= 65_535


def test_recipients_are_each_once_and_fifty_at_most() -> None:
    many = ", ".join(f"P{number} <P{number}@Example.org>" for number in range(80))
    found = recipients([many, many.lower()])
    assert found == tuple(f"p{number}@example.org" for number in range(50))
    assert recipient_count([many]) == 80


def test_the_client_is_the_topmost_public_address_before_by() -> None:
    chain = [
        "by mx.example.org (10.0.0.1) with LMTP",
        "from inner.example.org (inner [172.16.3.4]) by mx.example.org ([198.51.100.9])",
        "from mail.example.com (mail.example.com [IPv6:2001:db8:1:2::3]) by inner.example.org",
        "from later.example.net ([203.0.113.9]) by mail.example.com",
    ]
    assert subnet(client_ip(chain)) == "2001:db8:1::/48"
    assert client_ip(chain) == "2001:db8:1:2::3"
    assert client_ip(["from x ([::ffff:192.0.2.7]) by y"]) == client_ip(["from x ([192.0.2.7]) by y"])
    assert subnet(client_ip(chain[:2])) == ""
    assert subnet(client_ip(["from x ([999.1.2.3]) by y"])) == ""
