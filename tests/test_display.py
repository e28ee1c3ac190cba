"""A shown mail is inert, decoded and redacted; errors are said in words."""

import re

import pytest
from hypothesis import given

from msa_ml.bundle.read import Bundle
from msa_ml.display import Shown, as_text
from msa_ml.errors import DataRefused
from tests.strategies import dirty_mails

RAW = (
    b"From: =?utf-8?B?QW5uYSBXZWJlcg==?= <anna.weber@example.org>\r\n"
    b"To: =?utf-8?Q?Ben?= <ben+tag@example.net>, <root@localhost>\r\n"
    b"Subject: code 123456 for ben@example.net\r\n"
    b"Date: Tue, 10 Mar 2026 09:15:02 +0100\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Call +49 1701234567 or ben@example.net.\r\n"
    b"https://shop.example.com/offer?u=YmVuQGV4YW1wbGUubmV0#x\r\n"
    b"https://news.example.com/c/peLwaIQrv9qZ2DsW0VMjYDPv/out\r\n"
)


def test_headers_are_decoded_and_aligned() -> None:
    lines = as_text(RAW).splitlines()
    assert lines[0] == "from:     Anna Weber <...@example.org>"
    assert lines[1] == "to:       Ben <...@example.net>, <...@localhost>"
    assert "date:     Tue, 10 Mar 2026 09:15:02 +0100" in lines
    assert "links to: shop.example.com, news.example.com" in lines


@pytest.mark.parametrize(
    "secret", ["anna.weber", "ben+tag", "ben@", "123456", "1701234567", "YmVu", "root@", "peLwaIQrv9"]
)
def test_redacted_unless_revealed(secret: str) -> None:
    assert secret not in as_text(RAW)
    assert secret in as_text(RAW, reveal=True)


@given(dirty_mails())
def test_whatever_is_sent_is_shown_as_inert_text(raw: bytes) -> None:
    for reveal in (False, True):
        text = as_text(raw, reveal=reveal)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
        html = Shown(text)._repr_html_()
        assert re.findall(r"<\s*/?\s*([a-zA-Z!]+)", html) == ["pre", "pre"]


def test_what_a_url_says_to_everybody_stays() -> None:
    text = as_text(RAW)
    assert "https://shop.example.com/offer?..." in text
    assert "https://news.example.com/c/.../out" in text


def test_a_score_shows_its_reasons(bundle: Bundle) -> None:
    score = bundle.score(
        b"From: a@example.org\r\nSubject: <b>prize</b>\r\n\r\nclick the cheap offer\r\n", reasons=5
    )
    html = score._repr_html_()
    assert "SYNTHETIC" in html
    assert score.synthetic
    assert all(reason.name in html for reason in score.reasons)
    assert html.count("<tr>") == len(score.reasons) + 1 > 1


def test_a_bundle_and_a_feature_set_show_themselves(bundle: Bundle) -> None:
    assert "SYNTHETIC" in bundle._repr_html_()
    assert all(entry.name in bundle._repr_html_() for entry in bundle.manifest.policies)
    html = bundle.features._repr_html_()
    assert html.count("<details>") == len(bundle.features.extractors)
    assert html.count("<td") == 5 * len(bundle.features.columns)


def test_an_error_is_said_in_words_in_a_notebook() -> None:
    error = DataRefused("no event.", hint="Import mail.")
    assert error._render_traceback_() == ["DataRefused: no event. Import mail."]
