"""The twins that find and read URLs."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import link, message

# Pieces of which URLs are made, and of which what is nearly one is made.
PIECES = [
    "http", "https", "HTTP", "ftp", "javascript", "mailto", "://", ":/", ":", "//", "/", "\\", "www.", "WWW.", "Www.", "wWw.",
    "example", "Example.ORG", "paypa1.com", "192.0.2.1", "[2001:db8::1]", "[", "]", "localhost", ".", "..", "-", "a" * 20,
    "@", "%40", "jo", ":80", ":8080", ":99999", ":1234567890", ":x", "?", "#", "&", "=", "%", "%2f", "%2F", "%3a", "%61",
    "%50", "%5a", "%40x", "%7A", "%30", "abc123def456ghi789", "1" * 20, "1" * 16, "a1b2", "unsub", "Remove", "opt", "-out",
    "_out", "out", "a.exe", ".ZIP", ".7z", ".html", " ", "  ", "\t", "\n", "\r", "\x00", "\x85", "\xa0", "é", "ä.example",
    "\u3002", "p\u0430ypal.example", ",", ";", "!", ")", "*_", "<", ">", '"', "'", "{", "`", "^", "\U0001f600", "İ", "K",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
URLS = st.builds(
    "{}{}{}".format, st.sampled_from(["http://", "HTTPS:/", "//", "www.", "ftp:", " x://", ""]), WORDS, WORDS
)


def _pair(name: str, own: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    found: tuple[Callable[..., Any], Callable[..., Any]] = TWINS.get(f"link.{name}", (own, own))
    return found


PARSE = _pair("parse", link.parse.__wrapped__)
FIND = _pair("_urls", message._urls)


@given(st.one_of(URLS, WORDS, st.text(max_size=40)))
@example("http://" + "a." * 1500 + "/x")
@example("http://a/" + "x" * 3000)
@example("http://" + "x" * 2041 + "%3")
@example("http://a.example:000000080/b/")
@example("http://u:p@a.example.:21/b//?")
@example("www.a.example#?x")
@example("http://a/?" + "b1c" * 9)
@example("http://a/r?u=https%3A%2f/evil.example")
@example("http://a/r?u=ftps://b")
@example("http://a/" + "n" * 70 + "@" + "d" * 63 + ".e")
@example("http://a/@" + "d" * 64 + ".e")
def test_parse(text: str) -> None:
    own, twin = PARSE
    found = twin(text)
    assert found == own(text)
    assert type(found) in (link.Url, type(None))


@pytest.mark.parametrize("name", sorted({"x", "ex", *link._PROGRAMS, "exes"}))
def test_parse_knows_programs(name: str) -> None:
    for read in PARSE:
        url = read(f"http://a.example/dir.exe/b.{name.upper()}")
        assert ("programs" in url.marks) == (name in link._PROGRAMS)


@given(st.one_of(st.lists(URLS).map(" ".join), WORDS, st.text(max_size=60)), st.sampled_from([1, 7, 2000]))
@example("xhttp://a ahttps://b HTTPftp://c ://d p://e", 2000)
@example("http://a://b://c", 2000)
@example("http://" + "a" * 2048 + "b://c", 2100)
@example("see www.a.example...), WWW..", 2000)
@example("wwwwww.a www.www.b www.", 2000)
@example("www", 2000)
@example("http://", 2000)
def test__urls(text: str, longest: int) -> None:
    own, twin = FIND
    assert twin(text, longest) == own(text, longest)
