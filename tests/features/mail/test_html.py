"""What HTML hides, and how it is made."""

import time

import pytest

from msa_ml.features.mail.html import Html
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.style import alike, colour, style
from tests.features.mail.make import html, mail
from tests.features.mail.table import Row, assert_values

TABLE: list[Row] = [
    (mail(body="plain"), {"present": 0, "hidden": None, "images": None, "text_per_image": None}),
    (html("<p>Hello</p>"), {"present": 1, "hidden": 0, "hidden_text": 0, "camouflage": 0, "length": 12, "text_share": 5 / 12, "comments": 0, "text_per_image": None}),
    # Hidden text
    (html("<div style='Display : NONE'>abcd</div>efgh"), {"hidden": 1, "hidden_text": 4 / 9}),
    (html("<div style='display&#58;none'>abcd</div>efgh"), {"hidden": 1}),
    (html("<div style='display:none'><p>ab<p style='font-size:1px'>cd</div>"), {"hidden": 1, "tiny": 1}),
    (html("<div style=display:block>abcd</div>"), {"hidden": 0, "hidden_text": 0}),
    (html("<body bgcolor=white><font color='#fff' size=-5>ink</font>"), {"camouflage": 1, "tiny": 1, "hidden_text": 1}),
    (html("<font color='#fefefe'>ink</font> text"), {"camouflage": 1}),
    (html("<span style='color:white'>ink</span> text"), {"camouflage": 1}),
    (html("<body bgcolor=black><span style='color:white'>ink</span> text"), {"camouflage": 0}),
    (html("<table bgcolor=red><tr><td><font color=white>sale</font></table>"), {"camouflage": 0, "tables": 1}),
    (html("<p style='color:#abc;background-color:#aabbcc'>ink<p style='font-size:1px'>dot<p style='font-size:12px'>ok"), {"camouflage": 1, "tiny": 1}),
    (html("<td style='font-size:0px'><div style='font-size:13px'>shown</div></td>"), {"tiny": 0, "hidden_text": 0}),
    # Forms and what acts by itself
    (html("<form><input type=password></form><script>x</script><iframe></iframe><meta http-equiv=Refresh>"), {"forms": 1, "passwords": 1, "scripts": 1, "frames": 1, "refresh": 1}),
    (html("<p>reset your password, refresh the page</p>"), {"forms": 0, "passwords": 0, "refresh": 0}),
    # Images
    (html("<img src=http://a.example/x.gif width=1 height=1><img src=cid:1>"), {"images": 2, "outside_images": 1, "pixels": 1, "inline_images": 0, "hidden_text": None, "text_per_image": 0}),
    (html("<img src='data:image/png;base64,AAAA' width=100% height=20>ab"), {"images": 1, "inline_images": 1, "outside_images": 0, "pixels": 0, "text_per_image": 2}),
    (html("<a href='http://a.example/'>x</a><a name=y>z</a>"), {"links": 1}),
    # Words cut by markup, and soup
    (html("vi<!-- x -->agra &#118;&#x69;"), {"split_words": 1, "entities": 2 / 29, "comments": 10 / 29}),
    (html("one <!-- x --> two"), {"split_words": 0}),
    (html("vi<b></b>agra ca<xqz>sh"), {"split_words": 2}),
    (html("<b>V</b>iagra <td></td>cell"), {"split_words": 0}),
    (html("a<o:p>x</o:p>b one<br>two"), {"split_words": 0}),
    # Hostile
    (html("<" * 1000), {"present": 1, "forms": 0}),
    (html("<!--" + "x" * 1000), {"comments": 1, "split_words": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Html(), found, expected)


@pytest.mark.parametrize(
    ("text", "hidden", "tiny"),
    [
        ("display:none", True, False), ("visibility: hidden", True, False), ("mso-hide:all", True, False), ("opacity:0", True, False),
        ("opacity:0.0 ;", True, False), ("opacity:0.9", False, False), ("filter:alpha(opacity=0)", True, False), ("max-height:0", True, False),
        ("max-height:0px", True, False), ("max-height:01em", False, False), ("height:0;overflow:hidden", True, False), ("height:0", False, False),
        ("position:absolute; left:-9999px", True, False), ("text-indent:-999em", True, False), ("margin-left:-5px", False, False),
        ("clip:rect(0,0,0,0)", True, False), ("color:transparent", True, False), ("color:rgba(0,0,0,0)", True, False), ("color:rgba(0,0,0,1)", False, False),
        ("font-size:0", False, True), ("font-size:1px", False, True), ("font-size:2pt", False, True), ("font-size:.1em", False, True), ("font-size:5%", False, True),
        ("font-size:12px", False, False), ("font-size:100%", False, False), ("font-size:1em", False, False), ("font:1px/1 Arial", False, True),
        ("dis/* x */play:none", True, False), ("", False, False), ("x" * 5000, False, False), (";" * 5000, False, False),
    ],
)  # fmt: skip
def test_style(text: str, hidden: bool, tiny: bool) -> None:
    assert (style(text).hidden, style(text).tiny) == (hidden, tiny)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("white", "#fff", True),
        ("#fefefe", "rgb(255, 255, 255)", True),
        ("#ccc", "white", False),
        ("inherit", "inherit", False),
        ("#12345", "", False),
    ],
)
def test_colours(first: str, second: str, expected: bool) -> None:
    assert alike(colour(first), colour(second)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "<a " * 30_000, "<img " * 20_000, "<!--" * 25_000, "></b>x" * 16_000, "<p style='" + "color:" * 15_000, "<x" * 40_000,
        "<font color=white>" * 5_000, "".join(f"<q{number}>a" for number in range(10_000)), "<a x" + "href" * 20_000, "<b style='display:none'>x" * 4_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_hostile_html_takes_no_time(source: str) -> None:
    found = html(source)
    assert isinstance(found.pages, tuple)
    began = time.process_time()
    Html().extract(found)
    assert time.process_time() - began < 1
