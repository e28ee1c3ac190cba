"""To whom the mail is addressed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.address import Address
from msa_ml.features.mail.message import Message

_NONE = "no recipient named"
_TAG = re.compile(r"\[[^\[\]]{0,80}\]")


class Recipients(Extractor):
    """To and Cc: how many, how alike, and whether they are named at all.

    Lists of addresses in alphabetical order are taken from a list of addresses (SpamAssassin's SORTED_RECIPS and
    SUSPICIOUS_RECIPS). Nothing here depends on the name of the receiving host.

    Mailing lists put their name into the subject in brackets, and some write themselves into From and name who posted in
    Sender; both are left alone here, or ``greeted`` and ``to_self`` would tell lists (AUC 0.94 between collections of
    ham). Display names of recipients tell collections too, and are left out.
    """

    name = "mail.recipients"
    kind = "mail"
    version = 2
    features = (
        Feature("to", "addresses in To", high=2000, source="RFC 5322 3.6.3"),
        Feature("cc", "addresses in Cc", high=2000, source="RFC 5322 3.6.3"),
        Feature("missing", "neither To nor Cc", "flag", 0, 1),
        Feature("undisclosed", "To names no address", "flag", 0, 1, nan="no To"),
        Feature("domains", "share of distinct domains", "share", 0, 1, nan="fewer than two recipients"),
        Feature("sorted", "local parts are in alphabetical order", "flag", 0, 1, nan="fewer than four recipients"),
        Feature("alike", "share of neighbours whose local parts begin with the same two characters", "share", 0, 1,
                nan="fewer than two recipients"),
        Feature("to_self", "the sender is a recipient, and no Sender is named", "flag", 0, 1, nan="no sender or no recipient"),
        Feature("greeted", "the local part of the first recipient stands in the subject outside brackets", "flag", 0, 1,
                nan="no recipient with four characters, or no subject"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        to, cc = mail.to, mail.cc
        written = "to" in mail.by_name
        values: dict[str, float] = {
            "to": len(to),
            "cc": len(cc),
            "missing": not written and "cc" not in mail.by_name,
        }
        named = _named(to)
        if written:
            values["undisclosed"] = not named
        named += _named(cc)
        if not named:
            return values
        if len(named) > 1:
            values["domains"] = len({domain for _, domain in named}) / len(named)
            locals_ = [local for local, _ in named]
            starts = [local[:2] for local in locals_]
            same = sum(map(str.__eq__, starts, starts[1:]))
            values["alike"] = same / (len(named) - 1)
            if len(named) > 3:
                values["sorted"] = locals_ == sorted(locals_)
        sender = mail.sender
        if sender is not None and sender.domain:
            own = (sender.local.lower(), sender.domain)
            values["to_self"] = own in named and "sender" not in mail.by_name
        first = named[0][0]
        if len(first) >= 4 and mail.subject is not None:
            subject = mail.subject[:1000].lower()
            values["greeted"] = first[:64] in subject and first[:64] in _TAG.sub(" ", subject)
        return values


def _named(addresses: tuple[Address, ...]) -> list[tuple[str, str]]:
    return [(address.local.lower(), address.domain) for address in addresses if address.domain]
