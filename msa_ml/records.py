"""The frozen rows that travel: one event of each kind.

Clocks, all in UTC with millisecond precision:

- ``event_time``: when it happened, a pure function of the row;
- ``ingested_at``: when the deciding system could have known the row; ``None`` means ``event_time``;
- ``decided_at``: when the decision was made, if it is known.

The *moment* of an event is ``decided_at``, else ``event_time``. A row is *known* at ``max(event_time, ingested_at)``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["mail", "signup", "login", "request"]
KINDS: tuple[Kind, ...] = ("mail", "signup", "login", "request")
Words = tuple[str, str]
"""What people call an event with label 1, and one with label 0."""
MAIL_WORDS: Words = ("spam", "ham")
OTHER_WORDS: Words = ("abuse", "good")


def words_of(kind: str) -> Words:
    """Return what people call the two classes of a kind of event.

    Examples
    --------
    >>> words_of("mail"), words_of("signup")
    (('spam', 'ham'), ('abuse', 'good'))
    """
    return MAIL_WORDS if kind == "mail" else OTHER_WORDS


# "From : x" is a header field in the obsolete form of RFC 5322 4.5, no separator.
_MBOX_FROM = re.compile(rb"\AFrom (?![ \t]*:)[^\n]*\n")


def without_from_line(raw: bytes) -> bytes:
    r"""Return a message without the mbox ``From `` line it may start with (RFC 4155).

    Examples
    --------
    >>> without_from_line(b"From a@b Thu Aug 22\nSubject: x\n\n")
    b'Subject: x\n\n'
    """
    return _MBOX_FROM.sub(b"", raw, count=1) if raw.startswith(b"From ") else raw


def event_id(source: str, content: bytes) -> str:
    """Return the id of an event: the first 128 bits of SHA-256 over source and content, as 32 hex digits.

    ``content`` is the message without its mbox ``From `` line for mail, and the native id or the canonical row for
    the other kinds. The length of the source is hashed too, so no two pairs share their bytes.

    Examples
    --------
    >>> event_id("corpus", b"Subject: x") == event_id("corpus", b"Subject: x")
    True
    """
    name = source.encode()
    return hashlib.sha256(len(name).to_bytes(4, "big") + name + content).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every kind of event has."""

    event_id: str = ""
    source: str = ""
    origin: str = ""
    position: int = 0
    event_time: datetime | None = None
    ingested_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def moment(self) -> datetime | None:
        """When the decision about this event was due."""
        return self.decided_at or self.event_time


@dataclass(frozen=True, slots=True)
class Mail(Event):
    r"""One inbound message as it was received, without the mbox ``From `` line.

    Examples
    --------
    >>> Mail(b"Subject: hello\r\n\r\nhi").raw[:14]
    b'Subject: hello'
    """

    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup(Event):
    """One attempt to register an account. Unknown fields are empty or ``None``."""

    user_name: str = field(default="", repr=False)
    display_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    ip: str = field(default="", repr=False)
    asn: int | None = None
    country: str = ""
    user_agent: str = field(default="", repr=False)
    device: str = field(default="", repr=False)
    form_seconds: float | None = None
    verification_method: str = ""
    verification_attempts: int | None = None
    referrer: str = field(default="", repr=False)
    language: str = ""
    time_zone: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Event):
    """One attempt to log in."""

    account: str = field(default="", repr=False)
    success: bool | None = None
    ip: str = field(default="", repr=False)
    asn: int | None = None
    country: str = ""
    user_agent: str = field(default="", repr=False)
    device: str = field(default="", repr=False)
    rtt_ms: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Event):
    """One request to a service."""

    client: str = field(default="", repr=False)
    ip: str = field(default="", repr=False)
    asn: int | None = None
    country: str = ""
    method: str = ""
    host: str = ""
    path: str = field(default="", repr=False)
    status: int | None = None
    bytes_sent: int | None = None
    duration_ms: float | None = None
    user_agent: str = field(default="", repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
