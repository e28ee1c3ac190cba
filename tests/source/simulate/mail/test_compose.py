from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import numpy as np
import pytest

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import compose, software
from msa_ml.source.simulate.mail.compose import Address, Attachment, Letter

TEXT = "Grüße = schön\n" + "ä" * 300 + "\nEnde. \n"


def parsed(letter: Letter) -> EmailMessage:
    fields, body = compose.write(letter, Chance(np.random.default_rng(1)))
    message = message_from_bytes(fields.encode() + b"\r\n" + body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def letter(**more: object) -> Letter:
    given: dict[str, object] = {
        "software": software.THUNDERBIRD,
        "sender": Address("Ünal, A.", "a@b.example"),
        "to": Address("", "c@d.example"),
        "subject": "Üben " * 30,
        "date": datetime(2026, 3, 2, 8, tzinfo=UTC),
        "message_id": "<1@b.example>",
        "text": TEXT,
        **more,
    }
    return Letter(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit", "7bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "koi8-r"])
def test_what_is_written_can_be_read(encoding: str, charset: str) -> None:
    message = parsed(letter(encoding=encoding, charset=charset, html=f"<p>{TEXT}</p>"))
    plain, html = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == TEXT
    assert TEXT in html.get_content().replace("\r\n", "\n")
    assert str(message["Subject"]) == "Üben " * 30
    assert message["From"].addresses[0].display_name == "Ünal, A."
    assert not message.defects


def test_files_arrive_whole() -> None:
    files = (
        Attachment("ä.pdf", "application/pdf", bytes(range(256))),
        Attachment("i@1", "image/png", b"x" * 99, related=True),
    )
    message = parsed(letter(attachments=files, html="<p>x</p>"))
    found = {
        part.get_content_type(): part.get_payload(decode=True)
        for part in message.walk()
        if not part.is_multipart()
    }
    assert found["application/pdf"] == bytes(range(256))
    assert found["image/png"] == b"x" * 99
    assert [part.get_content_type() for part in message.walk()][:3] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
    ]


def test_fields_stand_in_the_order_of_the_program() -> None:
    fields, _ = compose.write(letter(fields={"X-Own": "1"}), Chance(np.random.default_rng(1)))
    names = [line.partition(":")[0] for line in fields.splitlines() if line[0] not in " \t"]
    assert names == [
        "Message-ID", "Date", "MIME-Version", "User-Agent", "Subject", "To", "From", "X-Own", "Content-Type",
        "Content-Transfer-Encoding",
    ]  # fmt: skip
