"""Shares and words of the opening bytes."""

import pytest

from msa_ml.features.mail.message import Message
from msa_ml.features.mail.octets import Octets


@pytest.mark.parametrize(
    ("raw", "feature", "wanted"),
    [
        (b"A: b\n\n", "size", 6),
        (b"From x\nA: b\n\n", "size", 6),
        (b"A: b\n\n", "view", 6),
        (b"A: b\n\n", "upper", 1 / 6),
        (b"A: b\n\n", "blank", 0.5),
        (b"A: \xe9\xff\n\n", "eight_bit", 2 / 7),
        (b"A: \x00\x7f\n\n", "control", 2 / 7),
        (b"A: 1\n\n<a=%!$>", "digit", 1 / 13),
        (b"A: 1\n\n<a=%!$>", "angle", 2 / 13),
        (b"A: 1\n\n<a=%!$>", "equals", 1 / 13),
        (b"A: 1\n\n<a=%!$>", "percent", 1 / 13),
        (b"A: 1\n\n<a=%!$>", "exclamation", 1 / 13),
        (b"A: 1\n\n<a=%!$>", "dollar", 1 / 13),
        (b"A: b\n\nHTTP://x http://y", "links", 2),
        (b"A: b\n\n<HTML><IMG><img>", "html", 1),
        (b"A: b\n\n<HTML><IMG><img>", "images", 2),
        (b"Content-Transfer-Encoding: Base64\n\n", "base64", 1),
        (b"Content-Transfer-Encoding: quoted-printable\n\n", "quoted_printable", 1),
        (b"X-Spam-Report: base64 http\nA: b\n\n", "base64", 0),
        (b"X-Spam-Report: base64 http\nA: b\n\n", "links", 0),
        (b"", "view", 1),
    ],
)
def test_values(raw: bytes, feature: str, wanted: float) -> None:
    assert Octets().extract(Message(raw))[feature] == pytest.approx(wanted)
