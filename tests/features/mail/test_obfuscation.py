"""Tricks with letters."""

import time

import pytest

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.obfuscation import Obfuscation
from tests.features.mail.make import html, mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail(), {"unseen": None, "mixed": None, "plain_entities": None}),
    (mail(body="An ordinary line, with 24 words or so."), {"unseen": 0, "zero_width": 0, "mixed": 0, "styled": 0, "spaced": 0}),
    (mail(body="in\u200bvisi\u2060ble \u200b"), {"unseen": 3, "zero_width": 2}),
    (mail(body="\u0645\u06cc\u200c\u062e\u0648 \U0001f468\u200d\U0001f469"), {"unseen": 2, "zero_width": 0}),  # Persian and emoji need them
    (mail(body="Donau\u00addampf"), {"zero_width": 0, "unseen": 1}),
    (mail(body="p\u0430ypal"), {"mixed": 2 / 6}),
    (mail(body="Привет Jo"), {"mixed": 0}),
    (mail(body="\U0001d405\U0001d42b\U0001d41e\U0001d41e now"), {"styled": 4 / 7, "mixed": 0}),
    (mail(body="F R E E now"), {"spaced": 4 / 7}),
    (mail(body="v.i.a.g.r.a"), {"spaced": 1}),
    (mail(body="U.S. and I"), {"spaced": 0}),
    (html("<p>&#118;&#x69;a&#49; &#8364; &#xA0;</p>"), {"plain_entities": 3}),
    (html("<p>AT&amp;T &#8217;</p>"), {"plain_entities": 0}),
    (html("<p>&#0000000000000000118;&#x; &#999999999999;</p>"), {"plain_entities": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Obfuscation(), found, expected)


def test_what_is_shown_is_looked_at() -> None:
    both = Message(
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nclean text\n--b\nContent-Type: text/html\n\n<p>f r e e</p>\n--b--\n"
    )
    assert Obfuscation().extract(both)["spaced"] == 1


@pytest.mark.parametrize(
    "body",
    [
        "a1" * 500_000,
        "a *" * 300_000,
        "&#" * 500_000,
        "&#000" * 200_000,
        "qx " * 300_000,
        "é\u200b" * 300_000,
    ],
)
def test_hostile_text_takes_no_time(body: str) -> None:
    for found in (mail(body=body), html(body)):
        assert found.text is not None
        began = time.process_time()
        Obfuscation().extract(found)
        assert time.process_time() - began < 0.5
