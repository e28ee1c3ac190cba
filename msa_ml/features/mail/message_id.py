"""The name that the mail was given by the program that made it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import is_ip, registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_FORM = re.compile(r"<([^<>@\s]{1,500})@([^<>@\s]{1,253})>")
_LOCAL_ENDS = (".local", ".localdomain", ".localhost", ".lan", ".internal", ".home", ".invalid", ".corp")
# Microsoft's mail programs write <hex$hex$hex@host>, or a long run of capitals and a dot where Outlook sent alone.
_MICROSOFT = re.compile(r"[0-9a-f]{4,}\$[0-9a-f]+\$|[A-Z]{20,}\.", re.IGNORECASE)
_NONE = "no Message-ID of the form <left@right>"


class MessageId(Extractor):
    """Message-ID: its form, whose name is on its right side, and whether the named program writes such ones.

    Programs that send spam make up what a mail program would have written, and get it wrong; SpamAssassin's MSGID_* and
    FORGED_MUA_* rules use that. A right side of the recipient's domain means that the sending program wrote none and the
    recipient's server added it.
    """

    name = "mail.message_id"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("missing", "no Message-ID", "flag", 0, 1, source="RFC 5322 3.6.4"),
        Feature("malformed", "is not <left@right>", "flag", 0, 1, monotone=1, nan="no Message-ID", source="RFC 5322 3.6.4"),
        Feature("word", "the right side is a bare word, localhost, or of a network without public names", "flag", 0, 1,
                nan=_NONE, source="RFC 6761 6.3, RFC 6762 appendix G"),
        Feature("ip", "the right side is an address", "flag", 0, 1, nan=_NONE, source="RFC 5322 3.6.4"),
        Feature("differs", "right side and From share no registrable domain", "flag", 0, 1,
                nan="either has no registrable domain"),
        Feature("recipient", "the right side is of a recipient's domain and not of From's", "flag", 0, 1,
                nan="either has no registrable domain"),
        Feature("borrowed", "has the form of Microsoft's mail programs, and none of them is named", "flag", 0, 1, nan=_NONE),
        Feature("false_mailer", "Microsoft Outlook is named and the form is not Outlook's", "flag", 0, 1,
                monotone=1, nan=f"{_NONE}, or Outlook is not named"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.header("message-id")
        if text is None:
            return {"missing": 1}
        match = _FORM.fullmatch(text[:1000])
        values: dict[str, float] = {"missing": 0, "malformed": match is None}
        if match is None:
            return values
        left, right = match[1], match[2].lower()
        address = is_ip(right)
        values["ip"] = address
        values["word"] = not address and ("." not in right or right.endswith(_LOCAL_ENDS))
        self._mailer(values, mail, left)
        sender = mail.sender
        suffixes = self.lists[PUBLIC_SUFFIXES]
        own = registrable(suffixes, sender.domain) if sender is not None else ""
        domain = registrable(suffixes, right)
        if own and domain:
            values["differs"] = domain != own
            values["recipient"] = domain != own and any(
                registrable(suffixes, one.domain) == domain for one in mail.recipients[:20]
            )
        return values

    def _mailer(self, values: dict[str, float], mail: Message, left: str) -> None:
        program = (mail.header("x-mailer") or "")[:200].lower()
        form = _MICROSOFT.match(left) is not None
        outlook = "outlook" in program
        named = outlook or "microsoft" in program or mail.header("x-mimeole") is not None
        values["borrowed"] = form and "$" in left and not named
        if outlook and "mac" not in program:
            values["false_mailer"] = not form
