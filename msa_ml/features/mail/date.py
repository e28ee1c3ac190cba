"""The date that the sender wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.clock import stamp

_YEAR = 366 * 86_400.0
_LATE = 6 * 3600.0
_AHEAD = 600.0
_UNREADABLE = "no readable Date"
_NO_ARRIVAL = "no readable Date or no dated Received"
_FORM = re.compile(
    r"\s*(?:[A-Za-z]{3,9},\s{0,8})?[0-9]{1,2}\s{1,8}[A-Za-z]{3}\s{1,8}[0-9]{4}\s{1,8}"
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\s{1,8}[+-][0-9]{4}\s{0,8}(?:\(|\Z)"
)


class Date(Extractor):
    """The Date field against the clocks of the servers, and its form.

    Arrival is the time of the topmost dated Received from the outside hop down (see
    :attr:`~msa_ml.features.mail.message.Message.way`), so that a mailbox that is polled does not make all mail old.

    Nothing here tells in which year or month a mail was sent, so a model cannot learn the era of a collection; nor at
    which hour, which tells where its people live. Delays begin to count where queues and wrong clocks end, at six hours
    behind and ten minutes ahead: below, they tell collections apart. A clock far ahead keeps a mail on top of the inbox.
    """

    name = "mail.date"
    kind = "mail"
    version = 3
    features = (
        Feature("missing", "no Date field", "flag", 0, 1, source="RFC 5322 3.6.1"),
        Feature("unreadable", "the Date field holds no date that exists", "flag", 0, 1, nan="no Date", monotone=1,
                source="RFC 5322 3.3"),
        Feature("late", "arrival after Date, beyond six hours", "seconds", 0, _YEAR, nan=_NO_ARRIVAL),
        Feature("ahead", "Date after the arrival, beyond ten minutes", "seconds", 0, _YEAR, nan=_NO_ARRIVAL),
        Feature("no_zone", "no zone, or an unknown one", "flag", 0, 1, nan=_UNREADABLE, source="RFC 5322 4.3"),
        Feature("odd_zone", "offset that no country has", "flag", 0, 1, nan="no zone", monotone=1),
        Feature("wrong_day", "the weekday is not that of the date", "flag", 0, 1, nan="no weekday", source="RFC 5322 3.3"),
        Feature("malformed", "is not of the form of RFC 5322", "flag", 0, 1, nan="no Date", source="RFC 5322 3.3"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.header("date")
        if text is None:
            return {"missing": 1}
        written = stamp(text)
        values: dict[str, float] = {
            "missing": 0,
            "unreadable": written is None,
            "malformed": _FORM.match(text) is None,
        }
        if written is None:
            return values
        zone = written.zone
        values["no_zone"] = zone is None
        if zone is not None:
            values["odd_zone"] = not -720 <= zone <= 840 or zone % 15 != 0
        if written.day_matches is not None:
            values["wrong_day"] = not written.day_matches
        arrival = next((hop.stamp for hop in mail.way or mail.hops if hop.stamp is not None), None)
        if arrival is not None:
            late = arrival.seconds - written.seconds
            values["late"] = min(max(0.0, late - _LATE), _YEAR)
            values["ahead"] = min(max(0.0, -late - _AHEAD), _YEAR)
        return values
