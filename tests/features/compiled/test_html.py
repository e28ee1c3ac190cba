"""The twin that counts in the source of HTML."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import html, page

OWN, TWIN = TWINS.get("html._marks", (html._marks, html._marks))
KNOWN = frozenset({"b", "br", "p", "font", "img", "a"})
PIECES = [
    "<", ">", "/", "<!--", "-->", "--", "->", "-", "!", "<img", "<img ", "<imgs", "<img-x", "<img\u00e9", "<form>", "<font ", "<font:x>",
    "<frame>", "<frameset>", "<iframe/", "<object\t", "<embed", "<meta ", "<input ", "<table\u00e9>", "<script", "<body", "<body ", "<body_",
    "<b>", "</b>", "<b></b>", "<//b>", "</b></b>", "<br>", "<zz>", "</zz>", "<o:p>", "<o:p></o:p>", "<n" + "m" * 14 + ">", "<n" + "m" * 15 + ">",
    "<n" + "m" * 16 + ">", "<b " + "x" * 98 + ">", "<b " + "x" * 99 + ">", "<b " + "x" * 100 + ">", "<b\xa0c>", "word", "a", "1", "_", "\u00b2",
    "\u00e9", " ", "  ", " " * 9, " " * 10, "\t", "\xa0", "\x85", "\x1c", "=", "'", '"', "src", "src=", "width=", "height=", "width=1", "height='0",
    'width="2"', "width=20", "width=1%", "http:", "https:", "//", "data:", "src=http:", "color=", "-color=", "xcolor=", "color=#fff", "color=red",
    "color=color=red", "bgcolor=", "bgcolor=white", "size=", "size=0", "size=-4", "size='-7", "size=-8", "size=01", "-size=0", "type=password",
    "type=", "password", "http-equiv=refresh", "http-equiv", "refresh", "&", "&#", "&#x", "&#65;", "&#xabcdef;", "&#1234567;", "&#;", ";", "#",
    "\u0434", "\U0001f600", "x" * 3000,
]  # fmt: skip
HTML = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=24).map("".join)


@given(HTML)
@example("")
@example("a<!---->b<!--->c-->d<!-- e")
@example("a<!--")
@example("<img src=//a><body bgcolor=1 bgcolor=2><body bgcolor=3>")
@example("<img " + "x" * 2999 + "<img src=//a>")
@example("<img " * 1005 + "src=data:>" + "<img src=//a width=1 height=1>" * 1005)
@example("<body " + "x" * 990 + " bgcolor=#123456>")
@example("<font color=" + "a" * 40 + "color=b size = ' 0'>")
@example("<font color" + " " * 9 + "=" + " " * 18 + "red size" + " " * 10 + "=0>")
@example("<font size=" + " " * 10 + "'0' color=" + " " * 19 + "x>")
def test__marks(text: str) -> None:
    assert TWIN(text.lower(), KNOWN) == OWN(text.lower(), KNOWN)


@pytest.mark.parametrize(
    "element", [*html._FRAMES, "form", "img", "script", "font", "table", "meta", "input"]
)
@pytest.mark.parametrize("after", ["", ">", " ", "s", "1", "-", ":", "_", "\u00e9"])
def test_every_element_is_counted_alike(element: str, after: str) -> None:
    text = f"x<{element}{after}<{element} type=password http-equiv=refresh size=0 src=data: color=red"
    assert TWIN(text, KNOWN) == OWN(text, KNOWN)


PREPARED = TWINS.get("html._prepared", (page._prepared, page._prepared))


@given(HTML, st.sampled_from([0, 3, 100]))
@example("".join(map(chr, range(128))) * 2, 100)
@example("".join(map(chr, range(256))) * 2 + "ABCDEFGH", 100)
@example("<BASE href=x>", 9)
@example("<P><B>x</B></P>", 25)
@example("<b><i>" * 9, 99)
@example("\u0130<B>", 9)
def test__prepared(text: str, most_copies: int) -> None:
    own, twin = PREPARED
    assert twin(text, most_copies) == own(text, most_copies)
