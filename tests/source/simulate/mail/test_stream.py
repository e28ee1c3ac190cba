from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest

from msa_ml.errors import InputError
from msa_ml.source.simulate.mail import describe, simulate_mail
from msa_ml.source.simulate.mail.schemes import SCHEMES
from msa_ml.source.simulate.mail.stream import HAM_KINDS
from msa_ml.source.simulate.mail.world import LANGUAGE_SHARES
from tests.source.simulate.mail.worlds import START, world

DIGEST = """
import hashlib
from datetime import UTC, datetime
from msa_ml.source.simulate.mail import simulate_mail
digest = hashlib.sha256()
for mail in simulate_mail(seed=3, days=1.5, per_day=150, start=datetime(2026, 3, 2, tzinfo=UTC)):
    digest.update(mail.raw + repr((mail.event_time, mail.ingested_at, mail.kind, mail.campaign, mail.verdicts)).encode())
print(digest.hexdigest())
"""
RESERVED = (".example", ".test", ".invalid", ".local", ".localdomain")
NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32", "10.0.0.0/8",
                 "192.168.0.0/16", "127.0.0.0/8")
]  # fmt: skip


def digest(**environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_same_seed_same_bytes_in_another_process_zone_and_locale() -> None:
    here = hashlib.sha256()
    for mail in simulate_mail(seed=3, days=1.5, per_day=150, start=START):
        said = (mail.event_time, mail.ingested_at, mail.kind, mail.campaign, mail.verdicts)
        here.update(mail.raw + repr(said).encode())
    first = digest(PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    assert first == here.hexdigest() == digest(PYTHONHASHSEED="77", TZ="America/New_York", LC_ALL="C.UTF-8")


def test_another_seed_is_another_world() -> None:
    first, second = (
        {mail.raw for mail in simulate_mail(seed=seed, days=1, per_day=60, start=START)} for seed in (1, 2)
    )
    assert not first & second


def test_mails_come_in_order_and_in_number() -> None:
    mails = world()
    assert len(mails) == 4_000
    assert [mail.position for mail in mails] == list(range(4_000))
    times = [mail.event_time for mail in mails]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + timedelta(days=10)
    assert all(timedelta(0) < mail.ingested_at - mail.event_time < timedelta(minutes=2) for mail in mails)
    assert len({mail.raw for mail in mails}) == 4_000


def test_headers_parse_and_name_the_time_of_arrival() -> None:
    for mail in world()[::5]:
        message = message_from_bytes(mail.raw, policy=policy.default)
        assert not message.defects, mail.kind
        for name in (
            "Return-Path",
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Received",
            "Authentication-Results",
        ):
            assert message[name] is not None, (name, mail.kind)
        assert message["Message-ID"].count("@") == 1
        assert not message["From"].defects
        assert parsedate_to_datetime(message["Received"].rpartition(";")[2]) == mail.event_time
        assert all(not part.defects for part in message.walk())


def test_lines_end_with_crlf_and_are_not_too_long() -> None:
    for mail in world():
        assert mail.raw.count(b"\n") == mail.raw.count(b"\r\n")
        assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
        assert mail.raw.partition(b"\r\n\r\n")[0].isascii()


def test_text_that_is_said_to_be_7bit_is() -> None:
    for mail in world()[::5]:
        for part in message_from_bytes(mail.raw).walk():
            if part.get("Content-Transfer-Encoding") == "7bit":
                assert str(part.get_payload(decode=False)).isascii()


def test_every_name_and_address_is_reserved() -> None:
    for mail in world()[::3]:
        texts = [mail.raw.partition(b"\r\n\r\n")[0].decode()]
        parts = [
            part for part in message_from_bytes(mail.raw).walk() if part.get_content_maintype() == "text"
        ]
        contents = [part.get_payload(decode=True) for part in parts]
        texts += [content.decode("latin-1") for content in contents if isinstance(content, bytes)]
        for text in texts:
            for host in re.findall(r"(?:https?://|%2F%2F|@)([A-Za-z0-9.-]+\.[A-Za-z]{2,})", text):
                assert host.endswith(RESERVED), host
            for found in re.findall(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|2001:db8:[0-9a-f:]+", text):
                address = ipaddress.ip_address(found)
                assert any(address in network for network in NETWORKS), found


def test_shares_are_as_told() -> None:
    mails = world()
    spam = [mail for mail in mails if mail.truth == "spam"]
    assert len(spam) == 1_600
    languages = Counter(mail.language for mail in mails if mail.truth == "ham")
    honest = sum(languages.values())
    for language, share in LANGUAGE_SHARES.items():
        assert abs(languages[language] / honest - share) < 0.1, language
    kinds = Counter(mail.kind for mail in mails if mail.truth == "ham")
    for kind, share in HAM_KINDS.items():
        assert abs(kinds[kind] / honest - share) < 0.04, kind
    assert {mail.kind.partition(":")[2] for mail in spam} <= set(SCHEMES)
    assert len({mail.kind for mail in spam}) >= 10


def test_replies_name_what_they_answer() -> None:
    threads = [message_from_bytes(mail.raw) for mail in world() if mail.kind == "thread"]
    assert all(mail["In-Reply-To"] in mail["References"] for mail in threads)
    assert max(len(mail["References"].split()) for mail in threads) >= 5


def test_bounces_are_reports() -> None:
    bounces = [message_from_bytes(mail.raw) for mail in world() if mail.kind == "bounce"]
    assert bounces
    for mail in bounces:
        assert mail.get_content_type() == "multipart/report"
        assert mail["Return-Path"] == "<>"
        assert "message/delivery-status" in {part.get_content_type() for part in mail.walk()}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"days": 0.0}, "days"),
        ({"per_day": 1}, "20 mails"),
        ({"start": datetime(2026, 3, 2)}, "time zone"),  # noqa: DTZ001 - the fault
        ({"spam_share": 1.0}, "spam_share"),
        ({"strength": 1.1}, "strength"),
    ],
)
def test_bad_values_are_named(change: dict[str, object], word: str) -> None:
    given: dict[str, object] = {"seed": 1, "days": 2.0, "per_day": 50, "start": START, **change}
    with pytest.raises(InputError, match=word):
        simulate_mail(**given)  # type: ignore[arg-type]


def test_the_zone_of_the_start_does_not_matter() -> None:
    east = START.astimezone(timezone(timedelta(hours=5)))
    first, second = (
        next(iter(simulate_mail(seed=1, days=1, per_day=50, start=start))) for start in (START, east)
    )
    assert first == second
    assert first.event_time.tzinfo is UTC


def test_description_says_synthetic_and_names_what_is_planted() -> None:
    text = describe()
    assert text.startswith("SYNTHETIC")
    assert all(kind in text for kind in (*SCHEMES, *HAM_KINDS))
