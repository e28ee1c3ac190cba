"""Hidden elements, look-alikes and letters set apart."""

import pytest

from msa_ml.features.mail.content import Text
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.shown import closed, folded, html_text
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


def test_every_character_keeps_its_place() -> None:
    text = "".join(map(chr, (*range(0x20, 0xD7FF), *range(0x1D400, 0x1D800), 0x10FFFF)))
    assert len(folded(packaged("confusables"), text)) == len(text)


def test_dressed_words_are_the_plain_ones() -> None:
    plain = Text().content(Message(b"Subject: free money\n\nfree viagra pills for you"))
    dressed = "Subject: fr\u0435e m\u03bfney\nContent-Type: text/plain; charset=utf-8\n\n\uff46ree v i a g r a p\u200bills f\u043er you"
    assert Text().content(Message(dressed.encode())) == plain
