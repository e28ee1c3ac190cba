"""The date that the sender wrote."""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.clock import stamp

_YEAR = 366 * 86_400.0
_UNREADABLE = "no readable Date"


class Date(Extractor):
    """The Date field against the receiving side's clock, and its form.

    Arrival is the time of the topmost dated Received from the outside hop down (see
    :attr:`~msa_ml.features.mail.message.Message.way`), so that a mailbox that is polled does not make all mail old.

    Nothing here tells in which year or month a mail was sent, so a model cannot learn the era of a collection. A clock far
    ahead keeps a mail on top of the inbox.
    """

    name = "mail.date"
    kind = "mail"
    features = (
        Feature("missing", "no Date field", "flag", 0, 1, source="RFC 5322 3.6.1"),
        Feature("unreadable", "the Date field holds no date that exists", "flag", 0, 1, nan="no Date", source="RFC 5322 3.3"),
        Feature("age", "arrival minus Date", "seconds", -_YEAR, _YEAR,
                nan="no readable Date or no dated Received"),
        Feature("ahead", "Date is more than an hour after the arrival", "flag", 0, 1,
                nan="no readable Date or no dated Received"),
        Feature("no_zone", "no zone, or an unknown one", "flag", 0, 1, nan=_UNREADABLE, source="RFC 5322 4.3"),
        Feature("odd_zone", "offset that no country has", "flag", 0, 1, nan="no zone"),
        Feature("wrong_day", "the weekday is not that of the date", "flag", 0, 1, nan="no weekday", source="RFC 5322 3.3"),
        Feature("hour", "hour of the day on the sender's clock", "hours", 0, 24, nan=_UNREADABLE),
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
            "malformed": not _is_formal(text),
        }
        if written is None:
            return values
        values["no_zone"] = written.zone is None
        values["hour"] = written.minute / 60
        if written.zone is not None:
            values["odd_zone"] = not -720 <= written.zone <= 840 or written.zone % 15 != 0
        if written.day_matches is not None:
            values["wrong_day"] = not written.day_matches
        arrived = next((hop.stamp for hop in mail.way or mail.hops if hop.stamp is not None), None)
        if arrived is not None:
            age = arrived.seconds - written.seconds
            values["age"] = min(max(age, -_YEAR), _YEAR)
            values["ahead"] = age < -3600
        return values


def _is_formal(text: str) -> bool:
    """Whether a text is ``[day ","] day month year time zone`` with single tokens and a numeric zone."""
    words = text.partition("(")[0].split()
    if words and words[0].endswith(","):
        words = words[1:]
    return (
        len(words) == 5
        and words[0].isdecimal()
        and len(words[1]) == 3
        and len(words[2]) == 4
        and words[3].count(":") in (1, 2)
        and len(words[4]) == 5
        and words[4][0] in "+-"
    )
