"""Mails of a fixed form: bounces and invitations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_BOUNCERS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon"})
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_METHOD = re.compile(rb"^METHOD:[ \t]*([A-Za-z]{3,20})", re.MULTILINE | re.IGNORECASE)
_ORGANIZER = re.compile(
    rb"^ORGANIZER[^\r\n]{0,500}?mailto:[^\s@]{1,255}@([^\s;>\"]{1,253})", re.MULTILINE | re.IGNORECASE
)
_FOLD = re.compile(rb"\r?\n[ \t]")
_LONGEST = 65_536


class Forms(Extractor):
    """Delivery reports and calendar objects, and whether what belongs to the form is there.

    A real bounce has a null return path and a report in its second part (RFC 3464, RFC 5321 4.5.5); spam dressed as one,
    or bounces of mail that somebody sent in our name, lack some of it. An invitation is put into the reader's calendar by
    many programs without a click, so spammers send them with an organizer who is not the sender (RFC 5546, RFC 6047).
    """

    name = "mail.forms"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("report", "is a delivery report", "flag", 0, 1, source="RFC 6522, RFC 3464"),
        Feature("bouncer", "From is the address of a mail system", "flag", 0, 1, nan="no From", source="RFC 2142 5"),
        Feature("false_report", "a report or a mail system's address with a return path that is not null", "flag", 0, 1,
                nan="neither of both, or no Return-Path", source="RFC 3464 2"),
        Feature("returned", "parts that hold a returned mail or its header", high=1000, nan="no delivery report",
                source="RFC 6522 3"),
        Feature("calendar", "parts that are calendar objects", high=1000, source="RFC 5545 8.1"),
        Feature("request", "a calendar object asks for attendance", "flag", 0, 1, nan="no calendar object",
                source="RFC 5546 3.2.2"),
        Feature("no_method", "no calendar object names a method", "flag", 0, 1, nan="no calendar object",
                source="RFC 6047 2.4"),
        Feature("organizer_differs", "the organizer is not at From's registrable domain", "flag", 0, 1,
                nan="no calendar object with an organizer's address, or no sender's domain", source="RFC 6047 3"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        parts = mail.parts
        kinds = [part.content_type for part in parts]
        reports = not _REPORTS.isdisjoint(kinds)
        calendars = kinds.count("text/calendar")
        values: dict[str, float] = {"report": reports, "calendar": calendars}
        sender = mail.sender
        bouncer = False
        if sender is not None:
            bouncer = sender.local[:64].lower() in _BOUNCERS
            values["bouncer"] = bouncer
        if reports or bouncer:
            path = mail.return_path
            if path is not None or "return-path" in mail.by_name:
                values["false_report"] = path is not None and bool(path.local or path.domain)
        if reports:
            values["returned"] = kinds.count("message/rfc822") + kinds.count("text/rfc822-headers")
        if calendars:
            self._calendar(values, mail)
        return values

    def _calendar(self, values: dict[str, float], mail: Message) -> None:
        methods, organizers = set(), []
        for part in [part for part in mail.parts if part.content_type == "text/calendar"][:5]:
            text = _FOLD.sub(b"", part.content[:_LONGEST])
            methods |= {match[1].upper() for match in _METHOD.finditer(text)}
            organizers += [match[1].decode("latin-1").lower() for match in _ORGANIZER.finditer(text)][:20]
        values["request"] = b"REQUEST" in methods
        values["no_method"] = not methods
        suffixes = self.lists[PUBLIC_SUFFIXES]
        own = registrable(suffixes, mail.sender.domain) if mail.sender is not None else ""
        if organizers and own:
            values["organizer_differs"] = all(registrable(suffixes, host) != own for host in organizers)
