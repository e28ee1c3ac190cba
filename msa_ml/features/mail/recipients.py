"""To whom the mail is addressed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message

_NONE = "no recipient named"


class Recipients(Extractor):
    """To and Cc: how many, how alike, and whether they are named at all.

    Lists of addresses in alphabetical order are taken from a list of addresses (SpamAssassin's SORTED_RECIPS and
    SUSPICIOUS_RECIPS). Nothing here depends on the name of the receiving host.
    """

    name = "mail.recipients"
    kind = "mail"
    features = (
        Feature("to", "addresses in To", high=2000, source="RFC 5322 3.6.3"),
        Feature("cc", "addresses in Cc", high=2000, source="RFC 5322 3.6.3"),
        Feature("missing", "neither To nor Cc", "flag", 0, 1),
        Feature("undisclosed", "To names no address", "flag", 0, 1, nan="no To"),
        Feature("display", "share of recipients with a display name", "share", 0, 1, nan=_NONE),
        Feature("display_is_local", "share of display names equal to the local part", "share", 0, 1, nan="no display name"),
        Feature("domains", "share of distinct domains", "share", 0, 1, nan="fewer than two recipients"),
        Feature("sorted", "local parts are in alphabetical order", "flag", 0, 1, nan="fewer than four recipients"),
        Feature("alike", "share of neighbours whose local parts begin with the same two characters", "share", 0, 1,
                nan="fewer than two recipients"),
        Feature("to_self", "the sender is a recipient", "flag", 0, 1, nan="no sender or no recipient"),
        Feature("greeted", "the local part of the first recipient stands in the subject", "flag", 0, 1,
                nan="no recipient with four characters, or no subject"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        to = mail.header("to")
        values: dict[str, float] = {
            "to": len(mail.to),
            "cc": len(mail.cc),
            "missing": to is None and mail.header("cc") is None,
        }
        if to is not None:
            values["undisclosed"] = not any(address.domain for address in mail.to)
        named = [address for address in mail.recipients if address.domain]
        if not named:
            return values
        displays = [address for address in named if address.display]
        values["display"] = len(displays) / len(named)
        if displays:
            equal = sum(address.display.lower() == address.local.lower() for address in displays)
            values["display_is_local"] = equal / len(displays)
        locals_ = [address.local.lower() for address in named]
        if len(named) > 1:
            values["domains"] = len({address.domain for address in named}) / len(named)
            pairs = list(pairwise(locals_))
            values["alike"] = sum(one[:2] == other[:2] for one, other in pairs) / len(pairs)
            if len(named) > 3:
                values["sorted"] = all(one <= other for one, other in pairs)
        if mail.sender is not None and mail.sender.domain:
            own = (mail.sender.local.lower(), mail.sender.domain)
            values["to_self"] = any((address.local.lower(), address.domain) == own for address in named)
        if mail.subject is not None and len(locals_[0]) >= 4:
            values["greeted"] = locals_[0][:64] in mail.subject[:1000].lower()
        return values
