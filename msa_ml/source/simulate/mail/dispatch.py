"""What the kinds of mail hand over: a letter, the server that sends it, and what the mail really is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import compose, transit
from msa_ml.source.simulate.mail.compose import Letter
from msa_ml.source.simulate.mail.transit import Passage, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One mail on its way."""

    letter: Letter
    server: Server
    envelope_from: str
    recipient: str
    kind: str
    language: str
    delay: float = 2.0
    campaign: str = ""
    forwarded_by: Server | None = None


def raw(mail: Dispatch, moment: datetime, chance: Chance) -> bytes:
    """Return the bytes as they lie in our user's mailbox, lines ending with CRLF."""
    passage = Passage(
        server=mail.server,
        envelope_from=mail.envelope_from,
        header_domain=mail.letter.sender.address.rpartition("@")[2],
        recipient=mail.recipient,
        moment=moment,
        delay=mail.delay,
        forwarded_by=mail.forwarded_by,
    )
    fields, body = compose.write(mail.letter, chance)
    return (transit.trace(passage, chance) + fields).encode() + b"\r\n" + body
