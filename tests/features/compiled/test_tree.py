"""The twin that reads a tree of HTML."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msa_ml.features.compiled import TWINS
from msa_ml.features.mail import html, page

PIECES = [
    "<p>", "</p>", "<a href=/x>", "<A HREF=' http://a.example/ '>", "<a name=y>", "</a>", "<a href>", "<img src=/i.gif>", "<form action=/f>",
    "</form>", "<table background=/b.gif>", "<tr>", "<td>", "</td>", "</table>", "<body background=c href=d>", "<html>", "<head>", "</head>",
    "<title>", "</title>", "<script src=s.js>", "</script>", "<style>", "</style>", "<template>", "</template>", "<noscript>", "</noscript>",
    "<base href=' /base '>", "<base>", "<frameset>", "<frame src=f>", "</frameset>", "<iframe src=g>", "</iframe>", "<svg>", "</svg>", "<math>",
    "<svg><a xlink:href=h href=i>", "<svg><title>", "<svg><style href=j>", "<![CDATA[c]]>", "<textarea>", "</textarea>", "<select>", "<option>",
    "<xmp>", "<plaintext>", "<b>", "</b>", "<i>", "<font src=k>", "</font>", "<!-- c -->", "<!doctype html>", "<?x?>", "<br>", "</br>", "<x-y href=l>",
    "word", " ", "\t\n", "\x0c", "\x00", "\x1c", "&nbsp;", "&#8195;", "&#x3000;", "&#133;", "&amp;", "&nGt;", "&#xD800;", "\x85", "\xa0", "\u2003",
    "\u1680", "\u2028", "\u202f", "\u205f", "\u3000", "\u2060", "é", "日", "\U0001f600", "<", ">", "=", '"', "<a href='\u3000z\xa0'>",
]  # fmt: skip
HTML = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=25).map("".join)
OWN, TWIN = TWINS.get("tree._seen", (page._seen, page._seen))


def _page(text: str) -> page.Page:
    return page.Page("".join(letter for letter in text if not "\ud800" <= letter <= "\udfff"))


def _equal(text: str, most: int) -> None:
    found = TWIN(_page(text), most, 99)
    assert found == OWN(_page(text), most, 99)
    stripped = _page(text)
    assert stripped.tree is stripped.parsed
    assert TWIN(stripped, most, 99) == found  # scripts and styles are skipped or already gone


@given(HTML, st.sampled_from([0, 1, 100]))
@example("", 100)
@example("no tag", 100)
@example("<a href=1>" + "x" * 9000 + "</a>" + "&nbsp; y" * 3000, 100)
@example("<a href=1><table><td>" * 60 + "x" * 400, 100)
@example("<div>" * 3000 + "x", 100)
@example("<a href=1>x</a>" * 300, 100)
def test__seen(text: str, most: int) -> None:
    _equal(text, most)


def test_text_of_anchors_in_anchors_is_bounded() -> None:
    for read in (OWN, TWIN):
        found: Callable[..., Any] = read
        _, _, anchors, number = found(_page("<a href=1><table><td>" * 60 + "x" * 400), 100, 9)
        assert number == 60
        assert 1600 < sum(len(text) for _, text in anchors) < 2500


@pytest.mark.parametrize("space", [chr(code) for code in range(0x3001) if chr(code).isspace()])
def test_every_white_space(space: str) -> None:
    for read in (OWN, TWIN):
        assert read(_page(f"a{space}{space}b"), 9, 9)[0] == "a b"


WALK = TWINS.get("tree._walk", (html._walk, html._walk))
DRESSED = [
    "<p style='display:none'>", "<div style=font-size:1px>", "<b style='color:white'>", "<td style='color:#fff;background:#fefefe'>",
    "<i STYLE='Display : None'>", "<u style>", "<font color=white>", "<font color=#FEFEFE size=' 0 '>", "<font size=-5 style='color:red'>",
    "<font size=0>", "<table bgcolor=red>", "<div style='background:red'>", "<p background=''>", "<body style='color:white'>", "<script style=display:none>",
    "<svg><style style=display:none>", "<svg><font color=white>",
]  # fmt: skip


@given(
    st.lists(st.one_of(st.sampled_from(DRESSED), st.sampled_from(PIECES), st.just("word ")), max_size=30).map(
        "".join
    ),
    st.sampled_from([0xFFFFFF, 0, 0xFF0000]),
)
@example("<div style=display:none>" * 20 + "hidden text", 0)
@example("<font size=0>x" * 1005 + "<p style=font-size:0>x" * 1005, 0)
@example("<table bgcolor=red>" + "<tr><td>" * 20 + "<font color=white>x", 0xFFFFFF)
def test__walk(text: str, ground: int) -> None:
    own, twin = WALK
    assert twin(_page(text), ground) == own(_page(text), ground)
