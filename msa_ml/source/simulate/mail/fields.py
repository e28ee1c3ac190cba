"""Header fields that programs and mailing services add. Honest senders and attackers get them from here alike."""

from __future__ import annotations

from binascii import b2a_base64

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail.software import (
    BULK,
    EXCHANGE,
    MUTT,
    OLD_OUTLOOK,
    OUTLOOK,
    PHPMAILER,
    SCRIPT,
    Software,
)

_SCRIPTS = ("mailer", "functions", "class-phpmailer", "send")


def of_program(software: Software, language: str, chance: Chance) -> dict[str, str]:
    """Return fields that a program writes of its own accord."""
    fields: dict[str, str] = {}
    if software in (OUTLOOK, EXCHANGE):
        fields["Thread-Index"] = "AQH" + b2a_base64(chance.bytes(20), newline=False).decode()[:27]
        fields["Content-Language"] = "en-GB" if language == "en" else f"{language}-{language.upper()}"
    elif software is MUTT:
        fields["Content-Disposition"] = "inline"
    elif software is OLD_OUTLOOK:
        fields["X-Priority"], fields["X-MSMail-Priority"] = "3", "Normal"
        fields["X-MimeOLE"] = "Produced By Microsoft MimeOLE V6.00.2900.5512"
    elif software is SCRIPT or (software is PHPMAILER and chance.yes(0.05)):
        fields["X-PHP-Originating-Script"] = f"{chance.integer(33, 1200)}:{chance.pick(_SCRIPTS)}.php"
    return fields


def of_mailing(
    software: Software, chance: Chance, *, leave: str, domain: str, through: str, number: int, polite: float
) -> dict[str, str]:
    """Return fields of mail to many (RFC 2369, RFC 2919, RFC 8058).

    Parameters
    ----------
    leave
        Link to unsubscribe.
    domain, through
        Of the sender and of the service that sends for it ('' = none).
    number
        Of the issue.
    polite
        Share of mailings that name a way out, for programs that do not always do.
    """
    fields: dict[str, str] = {}
    if software is BULK or chance.yes(polite):
        mailto = f"<mailto:leave-{chance.hex(8)}@{domain}>, " if chance.yes(0.45) else ""
        fields["List-Unsubscribe"] = f"{mailto}<{leave}>"
        if chance.yes(0.65):
            fields["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if software is BULK:
        fields["List-ID"] = f"<{number % 97}.{domain}>"
        fields["Feedback-ID"] = (
            f"{number}:{domain.split('.', maxsplit=1)[0]}:{(through or domain).split('.')[0]}"
        )
        if chance.yes(0.5):
            fields["X-Campaign-ID"] = chance.hex(12)
    if chance.yes(0.35):
        fields["Precedence"] = "bulk"
    return fields
