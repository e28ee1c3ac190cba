"""Where links lead, as a table: a mail, some features, their values; ``None`` is unknown."""

import math
import pickle
import time

import numpy as np
import pytest

from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.link import is_lookalike, parse, shown_host
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.urls import Urls
from tests.features.mail.make import html, mail

ME = "From: a@example.org"
HEX = "3f2a9c81d0b7e6f4"
TABLE: list[tuple[str, Message, dict[str, float | None]]] = [
    ("none", mail(body="no link"), {"count": 0, "domains": None, "mismatch": None, "bare": None, "from_links": None, "depth": None}),
    (
        "several",
        mail(ME, body="http://www.example.org/ http://user@192.0.2.1:81/aabb http://bit.ly/x http://xn--a.example"),
        {"count": 4, "domains": 4, "one_domain": 0.25, "ip": 1, "odd_ip": 0, "port": 1, "user": 1, "shorteners": 1, "punycode": 1, "labels": 3},
    ),
    ("usual ports", mail(body="http://example.org:80/ https://example.org:443/ http://example.org:/"), {"port": 0, "domains": 1, "one_domain": 1}),
    ("bad port", mail(body="http://example.org:99999999/ http://example.com:x/"), {"port": 2, "domains": 2}),
    ("decimal ip", mail(body="http://3221225985/"), {"ip": 1, "odd_ip": 1, "labels": None, "host_digits": None, "domain_length": None}),
    ("hex and octal ip", mail(body="http://0xc0.0x0.0x2.0x1/ http://0300.0.2.1/ http://0xC0000201/"), {"ip": 3, "odd_ip": 3}),
    ("usual ip", mail(body="http://192.0.2.1/ http://[2001:db8::1]/a"), {"ip": 2, "odd_ip": 0, "port": 0}),
    ("two users", mail(body="http://www.bank.example@a@ratherwicked.example/"), {"user": 1, "domains": 1, "domain_length": 2}),
    ("at in the query", mail(body="http://example.org/?to=jo@example.com http://example.org/?m=jo%40example.com"), {"user": 0, "addresses": 2, "parameters": 1}),
    ("no address", mail(body="http://example.org/@jo http://example.org/a@b"), {"addresses": 0}),
    ("mixed scripts", mail(body="http://p\u0430ypal.example/ http://xn--pypal-4ve.example/"), {"punycode": 2, "lookalike": 2}),
    ("whole label looks Latin", mail(body="http://xn--80ak6aa92e.com/"), {"punycode": 1, "lookalike": 1}),
    ("honest Cyrillic and umlaut", mail(body="http://\u043f\u0440\u0438\u043c\u0435\u0440.example/ http://b\u00fccher.example/"), {"punycode": 2, "lookalike": 0}),
    ("full-width host", mail(body="http://\uff45xampleexample\uff0eorg/"), {"domains": 1, "labels": 2, "domain_length": 4, "lookalike": 0}),
    ("redirect", mail(body="http://go.example/*http://evil.example/ http://go.example/?u=https%3A%2F%2Fevil.example"), {"redirects": 2, "domains": 1}),
    ("no redirect", mail(body="http://example.org/how-to-use-http http://example.org/a//b"), {"redirects": 0}),
    ("free sites", mail(body="http://jo.blogspot.com/ http://www.geocities.com/jo http://notgeocities.com/"), {"free_hosting": 2, "shorteners": 0}),
    ("tokens", mail(body=f"http://example.org/{HEX} http://example.org/?q={'9' * 20} http://example.org/a-very-long-title-of-a-page"), {"tokens": 2 / 3}),
    ("no tokens", mail(body="http://example.org/Donaudampfschifffahrt http://example.org/1234567890123456"), {"tokens": 0}),
    ("programs", mail(body="http://example.org/a.EXE http://example.org/b.zip?x http://example.com http://example.org/c.html"), {"programs": 2}),
    ("opt out", mail(body="http://example.org/unsubscribe?x http://example.org/REMOVE.html http://remove.example/"), {"opt_out": 2 / 3}),
    ("capitals", mail(body="HTTP://example.org/ http://Example.com/ http://example.net/A"), {"host_capitals": 2 / 3}),
    ("escapes", mail(body="http://a.example/%41%42 http://a.example/%20"), {"escapes": 0.5}),
    ("escaped host", mail(body="http://%65xampleexample.org/"), {"escapes": 1, "domain_length": 4}),
    ("hosts in figures", mail(body="http://a1-b2-c.x9.example/ http://example.org/"), {"host_hyphens": 2, "labels": 3, "host_digits": 3 / 29, "domain_length": 0}),
    ("depth", mail(body="http://a.example http://a.example/ http://a.example/b/c http://a.example/b/c/?d/e/f"), {"depth": 2, "parameters": 1}),
    ("parameters", mail(body="http://a.example/?a=1&b=2&c=3"), {"parameters": 3}),
    ("entropy", mail(body="http://0123456789abcdef.example/ http://aaaa.example/"), {"domain_entropy": 1, "domain_length": 6}),
    ("shown and meant", html("<a href='http://evil.example/'>https://www.example.org/login</a>"), {"mismatch": 1, "script": 0, "from_links": None, "bare": 0}),
    ("same domain", html("<a href='http://login.example.org/'>www.example.org</a><a href='javascript:x'>y</a>"), {"mismatch": 0, "script": 1, "link_repeats": 0}),
    ("scripts", html("<a href=' JavaScript:x'>y</a><a href='data:text/html,x'>y</a><a href='vbscript:x'>y</a>"), {"script": 3, "bare": None}),
    ("own links", html("<a href=http://example.org/>a</a><a href=http://b.example.org/>b</a><a href=http://c.example><img src=x></a>", ME), {"from_links": 2 / 3, "link_repeats": 1 / 3, "bare": 1 / 3}),
    ("one host for all", html("<a href=http://c.example/1>x</a><a href=http://c.example/2>y</a><img src=http://i.c.example/3>"), {"one_domain": 1, "domains": 1, "link_repeats": 0.5}),
    ("no hosts", mail(body="http://[:: http:///"), {"domains": None, "count": 2}),
    ("backslashes", html("<a href='http:\\\\evil.example\\x'>a</a><a href='http:evil.example'>b</a><a href='ht\ntp://evil.example/'>c</a>"), {"domains": 1, "link_repeats": 2 / 3}),
    ("many", mail(body=" ".join(f"http://h{n}.example/" for n in range(900))), {"count": 500, "domains": 100}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    extractor = Urls()
    row = dict(zip(extractor.columns, FeatureSet([extractor]).vector(found), strict=True))
    seen = {name: f"{row[f'mail.urls.{name}']:.6g}" for name in expected}
    assert seen == {
        name: f"{np.float32(math.nan if value is None else value):.6g}" for name, value in expected.items()
    }


def test_every_feature_is_seen_in_the_table() -> None:
    seen = {name for _, _, expected in TABLE for name, value in expected.items() if value}
    assert {feature.name for feature in Urls.features} == seen


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://EXAMPLE.org.", "example.org"),
        ("//example.org/x", "example.org"),
        ("https:/example.org", "example.org"),
        ("http:////example.org", "example.org"),
        ("http://a:b@example.org:8080?x", "example.org"),
        ("http://example.org#http://evil.example", "example.org"),
        ("http://[2001:db8::1]:81/", "[2001:db8::1]"),
        ("news://example.org/x", "example.org"),
        ("WWW.example.org", "www.example.org"),
        ("http://example\u3002org/", "example.org"),
        ("http://\x00/", "\x00"),
    ],
)
def test_hosts(text: str, host: str) -> None:
    url = parse(text)
    assert url is not None
    assert url.host == host


@pytest.mark.parametrize(
    "text",
    ["", "/", "//", "http://", "http:", "mailto:jo@example.org", "x", "www", "#a", "http://@", "http://:80/", "http://./", "?"],
)  # fmt: skip
def test_no_host(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("host", ["xn--", "xn--\u00e9", "xn--" + "9" * 200, "xn--a-\udcff", "." * 300])
def test_broken_punycode_is_no_lookalike(host: str) -> None:
    assert not is_lookalike(host)


@pytest.mark.parametrize(
    "text", ["a.b c", "e.g.", "3.14", "jo@example.org", "." * 2000, "a." * 1000, "x" * 9999]
)
def test_a_text_that_shows_no_host(text: str) -> None:
    assert shown_host(text) == ""


def test_what_remembers_hosts_does_not_travel() -> None:
    used = Urls()
    before = used.extract(mail(body="http://example.org/"))
    assert pickle.loads(pickle.dumps(used)).extract(mail(body="http://example.org/")) == before


def test_hostile_urls_take_no_time() -> None:
    bodies = [
        "".join(f"http://{'a-' * 900}{n}.example/{'%' * 900} " for n in range(500)),
        "".join(f"http://{'@' * 1900}{n} " for n in range(500)),
        "".join(f"http://{n}.x/{'a@' * 900} " for n in range(500)),
        "".join(f"http://{n}.x/{'a1' * 900}?{'&' * 100} " for n in range(500)),
    ]
    pages = [f"<a href='http://{'x.' * 900}{n}'>{'a.' * 1000}</a>" for n in range(500)]
    for message in [*map(lambda body: mail(body=body), bodies), html("".join(pages))]:  # noqa: C417
        assert len(message.urls) > 70
        began = time.process_time()
        Urls().extract(message)
        assert time.process_time() - began < 0.5
