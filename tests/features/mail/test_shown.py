"""Hidden elements, look-alikes and letters set apart."""

import time

import pytest

from msa_ml.features.mail.content import Text
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.shown import closed, html_text, seen
from msa_ml.features.word_lists import packaged


def _html(body: str) -> Message:
    return Message(f"Content-Type: text/html\r\n\r\n<body>{body}</body>".encode())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>one</p><p style='display:none'>two</p>", "one"),
        ("<p>one <span style='font-size:0'>two</span> three</p>", "one three"),
        ("<div style='color:white;background:#fff'>two <b>deep</b></div>one", "one"),
        ("<div style='display:none'>a<div style='display:none'>b</div></div>one", "one"),
        ("<p style='color:red'>one</p>", "one"),
        ("<p style='font-size:12px'>one</p>", "one"),
        ("<p>display:none</p>", "display:none"),
        ("<p STYLE='DISPLAY:NONE'>two</p>one", "one"),
    ],
)
def test_what_is_not_shown_is_left_out(body: str, text: str) -> None:
    mail = _html(body)
    before = mail.html_text
    assert html_text(mail) == text
    assert mail.pages[0].tree.body is not None
    assert mail.html_text == before, "the shared page has lost its hidden elements"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"v i a g r a", b"viagra"),
        (b"v.i.a.g.r.a now", b"viagra now"),
        (b"a b c", b"a b c"),
        (b"a b c d", b"abcd"),
        (b"plan a b c", b"plan a b c"),
        (b"1 2 3 4 5", b"1 2 3 4 5"),
        (b"f*r*e*e m_o_n_e_y", b"free money"),
        (b"mixed a-b.c-d", b"mixed a-b.c-d"),
        (b"", b""),
    ],
)
def test_letters_set_apart_are_closed(data: bytes, expected: bytes) -> None:
    assert closed(data) == expected


def test_a_long_run_of_letters_takes_no_time() -> None:
    assert len(closed(b"a " * 50_000)) < 100_000


def test_every_character_is_read_alone_and_never_vanishes_but_those_without_width() -> None:
    confusables = packaged("confusables")
    codes = (*range(0x21, 0x7F), *range(0xA1, 0xD7FF), *range(0x1D400, 0x1D800), 0x20000, 0x10FFFF)
    unseen = {
        0xAD,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0xFE00, 0xFE10),
    }
    text = "".join(chr(code) for code in codes if not chr(code).isspace() and code not in unseen)
    found = seen(confusables, text).decode()
    assert len(found) == len(text)
    assert found == "".join(seen(confusables, character).decode() for character in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vi\u200bagra \n  NOW", "viagra now"),
        ("V\u0456agra \u2003 \u00a0\u3000 caf\u00c9 ", "viagra café"),
        (" \t a\x00b\x7f\r\n ", "ab"),
        ("\u0130stanbul \u041f\u0420\u0418\u0412\u0415\u0422", "istanbul \u043fp\u0438bet"),
        ("\ud800x", "?x"),
        ("", ""),
    ],
)
def test_text_is_read_as_it_is_seen(text: str, expected: str) -> None:
    assert seen(packaged("confusables"), text).decode() == expected


@pytest.mark.parametrize(
    "style",
    [
        "style='display:none'",
        'title="style=" style="display:none"',
        "title='style=\"' STYLE = display:none",
        "style='display&#58;none'",
        "style=display:none",
        "style\n=\n'opacity:0'",
        f"style{90 * ' '}={90 * ' '}display:none",
    ],
)
def test_every_way_to_write_a_style_is_seen(style: str) -> None:
    assert html_text(_html(f"<p>one</p><p {style}>two</p>")) == "one"


def test_a_source_full_of_styles_takes_no_time() -> None:
    page = _html("<p style=" * 60_000)
    page.pages  # noqa: B018 - parsed before the clock starts
    begin = time.process_time()
    html_text(page)
    assert time.process_time() - begin < 1


def test_dressed_words_are_the_plain_ones() -> None:
    plain = Text().content(Message(b"Subject: free money\n\nfree viagra pills for you"))
    dressed = "Subject: fr\u0435e m\u03bfney\nContent-Type: text/plain; charset=utf-8\n\n\uff46ree v i a g r a p\u200bills f\u043er you"
    assert Text().content(Message(dressed.encode())) == plain
