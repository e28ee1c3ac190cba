"""MIME tree, encodings and charsets."""

import pytest

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.structure import Structure
from tests.features.mail.make import html, mail, multipart
from tests.features.mail.table import Row, assert_values

SAME = "\nPeas, spinach and radishes grow in the garden"
OTHER = "\nMinutes of that meeting we held last week"
SHOWN = "Content-Type: text/html\n\n<p>Peas, spinach and radishes grow in the <b>garden</b></p>"

TABLE: list[Row] = [
    (mail("Subject: a", body="b"), {"parts": 1, "depth": 0, "html_only": 0, "no_text": 0, "boundary_marks": None, "damaged": 0, "shared_words": None, "html_first": None}),
    (html("<p>x"), {"html_only": 1, "html_first": None, "text_ratio": None}),
    (
        multipart("\na", "Content-Type: text/html\n\nb", kind="alternative", boundary="ab-1"),
        {"parts": 3, "depth": 1, "alternative": 1, "mixed": 0, "html_only": 0, "html_first": 0, "boundary_marks": 0.25, "shared_words": None},
    ),
    (multipart(SAME, SHOWN, kind="alternative"), {"shared_words": 1, "text_ratio": 1, "html_first": 0}),
    (multipart(OTHER, SHOWN, kind="alternative"), {"shared_words": 0, "html_first": 0}),
    (multipart(SHOWN, SAME, kind="alternative"), {"shared_words": 1, "html_first": 1}),
    (multipart("\n" + "x " * 5000, "Content-Type: text/html\n\n<p>hi", kind="alternative"), {"text_ratio": 10}),
    (multipart("\nx", "Content-Type: text/html\n\n<img src=cid:1>", kind="alternative"), {"text_ratio": None}),
    (multipart("Content-Type: image/png\n\nx"), {"no_text": 1, "html_only": 0}),
    (mail("Content-Transfer-Encoding: base64", "subject: a", "Subject: b", body="aGVsbG8="), {"base64_text": 1, "twice": 1}),
    (mail("Content-Transfer-Encoding: base64", body="w6k="), {"base64_text": 0}),
    (mail("Content-Transfer-Encoding: quoted-printable", body="a"), {"quoted_printable": 1, "unknown_encoding": 0}),
    (mail("Content-Transfer-Encoding: x-uue", body="a"), {"unknown_encoding": 1}),
    (mail("Content-Transfer-Encoding: 7bit", body=b"\xe9"), {"false_encoding": 1}),
    (mail("Content-Transfer-Encoding: 8bit", body=b"\xe9"), {"false_encoding": 0}),
    (mail("Content-Transfer-Encoding: quoted-printable", body="--b\n\na\n--b--\n", kind="multipart/mixed; boundary=b"), {"encoded_container": 1}),
    (mail("Content-Transfer-Encoding: 8bit", body="--b\n\na\n--b--\n", kind="multipart/mixed; boundary=b"), {"encoded_container": 0}),
    (mail(body=b"caf\xe9", kind="text/plain; charset=us-ascii"), {"false_charset": 1, "unknown_charset": 0}),
    (mail(body=b"caf\xe9", kind="text/plain; charset=utf-8"), {"false_charset": 1}),
    (mail(body="café", kind="text/plain; charset=utf-8"), {"false_charset": 0}),
    (mail(body=b"caf\xe9", kind="text/plain; charset=iso-8859-1"), {"false_charset": 0}),
    (mail(body=b"caf\xe9", kind="text/plain; charset=klingon"), {"unknown_charset": 1}),
    (mail(body="x", kind="multipart/mixed"), {"damaged": 1}),
    (multipart("\na", boundary="-" * 70), {"boundary_marks": 1}),
    (multipart(*["\na"] * 400), {"parts": 200, "damaged": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    assert_values(Structure(), found, expected)
