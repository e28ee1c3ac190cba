"""How a letter came to us: servers, trace fields, and what our own server found out about the sender.

Trace fields follow RFC 5321 section 4.4, results RFC 8601, signatures RFC 6376. The newest stands on top.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from msa_ml.source.simulate.chance import Chance

CRLF = "\r\n"
OURS = "mailhaus.example"
_ID = "0123456789ABCDEF"


@dataclass(frozen=True, slots=True)
class Server:
    """A host that hands mail to us.

    Attributes
    ----------
    helo, reverse, ip
        What it calls itself, what its address resolves to ('' = nothing), its address.
    spf, dkim, dmarc
        Results our server finds, in the words of RFC 8601; ``dmarc`` '' = the domain publishes no policy.
    signs
        Domain of the signature.
    inner
        Kind of hops inside the sender's house: ``none``, ``client``, ``webmail``, ``office``, ``bulk``, ``script``.
    """

    helo: str
    reverse: str
    ip: str
    spf: str = "pass"
    dkim: str = "pass"
    dmarc: str = "pass"
    signs: str = ""
    inner: str = "none"
    client: str = ""
    tls: bool = True
    selector: str = "s1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One letter's way to one of our users."""

    server: Server
    envelope_from: str
    header_domain: str
    recipient: str
    moment: datetime
    delay: float
    forwarded_by: Server | None = None


def trace(passage: Passage, chance: Chance) -> str:
    """Return the trace fields in front of the sender's own, each ending with CRLF."""
    moment, server = passage.moment, passage.server
    last = passage.forwarded_by or server
    mx = f"mx{chance.integer(1, 4)}.{OURS}"
    lines = [
        f"Return-Path: <{passage.envelope_from}>",
        f"Delivered-To: {passage.recipient}",
        _results(passage, mx),
        _received(last, mx, moment, passage.recipient, chance),
    ]
    before = moment - timedelta(seconds=min(passage.delay, 2.0) * chance.unit())
    if passage.forwarded_by is not None:
        first = f"{chance.pick(('info', 'office', 'alumni', 'me'))}@{passage.forwarded_by.signs}"
        lines.append(_received(server, passage.forwarded_by.helo, before, first, chance))
    if server.dkim in ("pass", "fail"):
        lines.append(_signature(server, moment, chance))
    lines += _inner(passage, before - timedelta(seconds=passage.delay * 0.5), chance)
    return "".join(f"{line}{CRLF}" for line in lines)


def _received(server: Server, by: str, moment: datetime, recipient: str, chance: Chance) -> str:
    secure = "ESMTPS" if server.tls else chance.pick(("ESMTP", "ESMTP", "SMTP"))
    address = f"IPv6:{server.ip}" if ":" in server.ip else server.ip
    cipher = (
        f"{CRLF}\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"
        if server.tls and chance.yes(0.8)
        else ""
    )
    return (
        f"Received: from {server.helo} ({server.reverse or 'unknown'} [{address}]){cipher}{CRLF}"
        f"\tby {by} (Postfix) with {secure} id {chance.text(_ID, 11)}{CRLF}"
        f"\tfor <{recipient}>; {format_datetime(moment)}"
    )


def _results(passage: Passage, mx: str) -> str:
    server, last = passage.server, passage.forwarded_by or passage.server
    spf = server.spf if passage.forwarded_by is None else "fail"
    dkim = server.dkim
    found = [
        f"dkim={dkim}"
        + (f" header.d={server.signs} header.s={server.selector}" if dkim in ("pass", "fail") else "")
    ]
    sender = passage.envelope_from or last.helo
    found.append(f"spf={spf} smtp.mailfrom={sender}")
    if server.dmarc:
        aligned = server.dmarc == "pass" and (spf == "pass" or dkim == "pass")
        verdict = "pass" if aligned else "fail"
        found.append(f"dmarc={verdict} header.from={passage.header_domain}")
    else:
        found.append(f"dmarc=none header.from={passage.header_domain}")
    return f"Authentication-Results: {mx};{CRLF}\t" + f";{CRLF}\t".join(found)


def _signature(server: Server, moment: datetime, chance: Chance) -> str:
    body = b2a_base64(chance.bytes(32), newline=False).decode()
    signature = b2a_base64(chance.bytes(128), newline=False).decode()
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={server.signs};{CRLF}"
        f"\ts={server.selector}; t={int(moment.timestamp())};{CRLF}"
        f"\th=From:To:Subject:Date:Message-ID;{CRLF}\tbh={body};{CRLF}"
        f"\tb={signature[:70]}{CRLF}\t {signature[70:140]}{CRLF}\t {signature[140:]}"
    )


def _inner(passage: Passage, moment: datetime, chance: Chance) -> Sequence[str]:
    """Return the hops inside the sender's own house, at most one."""
    server = passage.server
    stamp = format_datetime(moment.astimezone(UTC))
    number = chance.text(_ID, 10)
    domain = server.signs or passage.header_domain
    if server.inner == "none":
        return ()
    if server.inner == "client":
        client = (
            f"[192.168.{chance.integer(0, 178)}.{chance.integer(2, 99)}] ({server.client} [{server.client}])"
        )
        by = f"{server.helo} (Postfix) with ESMTPSA id {number}"
    elif server.inner == "office":
        client = (
            f"{chance.text('ABCDEFGHIJ', 4)}{chance.integer(10, 99)}.{domain}"
            f" (10.{chance.integer(0, 99)}.{chance.integer(0, 255)}.{chance.integer(2, 254)})"
        )
        version = f"15.20.{chance.integer(6000, 8000)}.{chance.integer(1, 40)}"
        by = f"{server.helo} with Microsoft SMTP Server (TLS) id {version}"
    elif server.inner == "bulk":
        client = f"app{chance.integer(1, 60)}.{domain} (localhost [127.0.0.1])"
        by = f"{server.helo} with SMTP id {number.lower()}"
    elif server.inner == "webmail":
        return (f"Received: by {server.helo} with HTTP; {stamp}",)
    else:
        user = chance.integer(33, 1200)
        return (f"Received: by {server.helo} (Postfix, from userid {user}){CRLF}\tid {number}; {stamp}",)
    return (f"Received: from {client}{CRLF}\tby {by};{CRLF}\t{stamp}",)
