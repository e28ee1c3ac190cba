"""Mail software: the order and spelling of header fields, the shape of ids and boundaries, preferred encodings.

Each value describes one program. Attackers use the same programs, at other rates.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msa_ml.source.simulate.chance import Chance

_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CAPITALS = _ALNUM[:26]
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Software:
    """One mail program.

    Attributes
    ----------
    order
        Header fields it writes, in order and spelling; absent ones are left out, unknown ones come before MIME fields.
    agent
        Field and value that name the program; empty when it keeps silent.
    message_id, boundary
        Shape of these, see :func:`message_id` and :func:`boundary`.
    encodings
        Preferred transfer encodings of text that is not plain ASCII.
    html
        Manner of its HTML: ``div``, ``word``, ``table``.
    """

    name: str
    order: tuple[str, ...]
    agent: tuple[str, str] = ("", "")
    message_id: str = "hex"
    boundary: str = "dashes"
    encodings: tuple[str, ...] = ("quoted-printable",)
    html: str = "div"


def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split())


THUNDERBIRD = Software(
    "thunderbird",
    _fields("Message-ID Date MIME-Version User-Agent Subject Content-Language To Cc References In-Reply-To From"),
    ("User-Agent", "Mozilla Thunderbird"), "uuid", "long-dashes", ("8bit", "8bit", "base64", "quoted-printable"),
)  # fmt: skip
APPLE = Software(
    "apple",
    _fields("From Content-Type Mime-Version Subject Message-Id Date References In-Reply-To To Cc X-Mailer"),
    ("X-Mailer", "Apple Mail (2.3774.600.62)"), "upper-uuid", "apple", ("quoted-printable", "quoted-printable", "base64"),
)  # fmt: skip
PHONE = Software(
    "phone",
    _fields("Content-Type From Mime-Version Date Subject Message-Id References In-Reply-To To Cc X-Mailer"),
    ("X-Mailer", "iPhone Mail (20G75)"), "upper-uuid", "apple", ("quoted-printable", "base64"),
)  # fmt: skip
OUTLOOK = Software(
    "outlook",
    _fields("From To Cc References In-Reply-To Subject Date Message-ID MIME-Version Content-Type X-Mailer Thread-Index Content-Language"),
    ("X-Mailer", "Microsoft Outlook 16.0"), "outlook", "next-part", ("quoted-printable", "base64"), "word",
)  # fmt: skip
EXCHANGE = Software(
    "exchange",
    _fields("From To Cc Subject Thread-Topic Thread-Index Date Message-ID References In-Reply-To Accept-Language Content-Language"),
    ("", ""), "exchange", "underscores", ("base64", "quoted-printable"), "word",
)  # fmt: skip
FREEMAIL = Software(
    "freemail",
    _fields("MIME-Version References In-Reply-To Reply-To From Date Message-ID Subject To Cc"),
    ("", ""), "google", "zeros", ("quoted-printable", "base64", "base64"),
)  # fmt: skip
WEBMAIL = Software(
    "webmail",
    _fields("MIME-Version Date From To Cc Subject In-Reply-To References User-Agent Reply-To Message-ID X-Sender"),
    ("User-Agent", "Roundcube Webmail/1.6.5"), "hex", "equals", ("8bit", "quoted-printable"),
)  # fmt: skip
MUTT = Software(
    "mutt",
    _fields("Date From To Cc Subject Message-ID References MIME-Version Content-Type Content-Disposition In-Reply-To User-Agent"),
    ("User-Agent", "Mutt/2.2.12 (2023-09-09)"), "random", "short", ("8bit", "quoted-printable"),
)  # fmt: skip
PHPMAILER = Software(
    "phpmailer",
    _fields("Date To From Reply-To Subject Message-ID X-Mailer List-Unsubscribe List-Unsubscribe-Post MIME-Version"),
    ("X-Mailer", "PHPMailer 6.8.1"), "php", "b1", ("base64", "quoted-printable", "8bit"), "table",
)  # fmt: skip
PYTHON = Software(
    "python",
    _fields("Content-Type MIME-Version Subject From To Reply-To Date Message-ID List-Unsubscribe"),
    ("", ""), "python", "equals-long", ("base64", "quoted-printable"), "table",
)  # fmt: skip
JAVA = Software(
    "java",
    _fields("Date From Reply-To To Message-ID Subject MIME-Version Content-Type"),
    ("", ""), "java", "part", ("quoted-printable", "7bit"), "table",
)  # fmt: skip
BULK = Software(
    "bulk",
    _fields("Date From Reply-To To Message-ID Subject MIME-Version Content-Type List-Unsubscribe List-Unsubscribe-Post List-ID Feedback-ID X-Campaign-ID Precedence"),
    ("", ""), "bulk", "part", ("quoted-printable", "quoted-printable", "base64"), "table",
)  # fmt: skip
SCRIPT = Software(
    "script",
    _fields("To Subject From Reply-To MIME-Version Content-Type X-PHP-Originating-Script Message-Id Date"),
    ("", ""), "mta", "short", ("8bit", "quoted-printable"), "table",
)  # fmt: skip
DAEMON = Software(
    "daemon",
    _fields("Date From Subject To Auto-Submitted MIME-Version Content-Type Message-Id"),
    ("", ""), "mta", "mta", ("8bit",),
)  # fmt: skip
OLD_OUTLOOK = Software(
    "old outlook",
    _fields("Message-ID Reply-To From To Subject Date MIME-Version Content-Type X-Priority X-MSMail-Priority X-Mailer X-MimeOLE"),
    ("X-Mailer", "Microsoft Outlook Express 6.00.2900.5512"), "outlook", "next-part", ("quoted-printable", "8bit", "base64"), "word",
)  # fmt: skip

HUMAN = (THUNDERBIRD, APPLE, PHONE, OUTLOOK, EXCHANGE, FREEMAIL, WEBMAIL, MUTT, OLD_OUTLOOK)
MACHINE = (PHPMAILER, PYTHON, JAVA, BULK, SCRIPT)


def _uuid(chance: Chance) -> str:
    return str(uuid.UUID(bytes=chance.bytes(16), version=4))


def _exchange(chance: Chance, _: datetime, host: str) -> str:
    first = chance.text(_CAPITALS + _DIGITS, 12)
    return f"{first}{chance.hex(20).upper()}@{first}.prod.{host}"


_MESSAGE_IDS: dict[str, Callable[[Chance, datetime, str], str]] = {
    "uuid": lambda chance, _, host: f"{_uuid(chance)}@{host}",
    "upper-uuid": lambda chance, _, host: f"{_uuid(chance).upper()}@{host}",
    "outlook": lambda chance, _, host: f"{chance.hex(12)}$01d9{chance.hex(4)}${chance.hex(8)}$@{host}",
    "exchange": _exchange,
    "google": lambda chance, _, host: f"CA{chance.text(_ALNUM + '+-_=', 48)}@mail.{host}",
    "random": lambda chance, _, host: f"{chance.text(_ALNUM, 11)}@{host.split('.')[0]}",
    "php": lambda chance, _, host: f"{chance.text(_ALNUM, 42)}@{host}",
    "python": lambda chance, moment, host: (
        f"{int(moment.timestamp()) * 10}.{chance.integer(100, 99_999)}.{chance.text(_DIGITS, 17)}@{host}"
    ),
    "java": lambda chance, moment, host: (
        f"{chance.text('123456789', 9)}.{chance.integer(1, 9000)}.{int(moment.timestamp() * 1000)}@{host}"
    ),
    "bulk": lambda chance, moment, host: f"{moment:%Y%m%d%H%M%S}.{chance.hex(16)}@{host}",
    "mta": lambda chance, moment, host: f"{moment:%Y%m%d%H%M%S}.{chance.hex(10).upper()}@{host}",
    "hex": lambda chance, _, host: f"{chance.hex(32)}@{host}",
}

_BOUNDARIES: dict[str, Callable[[Chance], str]] = {
    "long-dashes": lambda chance: f"------------{chance.text(_ALNUM, 24)}",
    "apple": lambda chance: f"Apple-Mail-{_uuid(chance).upper()}",
    "next-part": lambda chance: f"----=_NextPart_000_{chance.hex(4)}_01D9{chance.hex(4)}.{chance.hex(8)}",
    "underscores": lambda chance: f"_000_{chance.hex(40).upper()}_",
    "zeros": lambda chance: f"000000000000{chance.hex(16)}",
    "equals": lambda chance: f"=_{chance.hex(32)}",
    "equals-long": lambda chance: f"==============={chance.text(_DIGITS, 19)}==",
    "b1": lambda chance: f"b1_{chance.text(_ALNUM, 42)}",
    "part": lambda chance: (
        f"----=_Part_{chance.integer(1, 99_999)}_{chance.integer(10_000_000, 2_000_000_000)}.{chance.text(_DIGITS, 13)}"
    ),
    "mta": lambda chance: f"{chance.hex(10).upper()}.{chance.integer(1_600_000_000, 1_800_000_000)}/mx",
    "dashes": lambda chance: chance.text(_ALNUM, 16),
    "short": lambda chance: chance.text(_ALNUM, 16),
}


def message_id(software: Software, chance: Chance, moment: datetime, host: str) -> str:
    """Return a Message-ID as this program writes it, with angle brackets."""
    return f"<{_MESSAGE_IDS[software.message_id](chance, moment, host)}>"


def boundary(software: Software, chance: Chance) -> str:
    """Return a MIME boundary as this program writes it."""
    return _BOUNDARIES[software.boundary](chance)
