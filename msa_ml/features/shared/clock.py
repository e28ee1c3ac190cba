"""Dates as senders write them (RFC 5322 section 3.3), with the obsolete forms of section 4.3."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from msa_ml.features.compiled import compiled

_DATE = re.compile(
    r"(?:\b([A-Za-z]{3})[a-z]{0,6},?[ \t]{1,8})?"
    r"\b(\d{1,2})[ \t-]{1,8}([A-Za-z]{3})[a-z]{0,6}[ \t-]{1,8}(\d{2,4})[ \t]{1,8}"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \t]{1,8}([+-]\d{4}|[A-Za-z]{1,5}))?"
)
# What nearly all write, at the beginning of a text; in a third of the time.
_USUAL = re.compile(
    r" ?([A-Z][a-z]{2}), {1,2}([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{4})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONES = {
    **dict.fromkeys(("ut", "utc", "gmt", "z"), 0),
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
    "bst": 1,
    "cet": 1,
    "met": 1,
    "cest": 2,
    "mest": 2,
    "eet": 2,
    "eest": 3,
    "msk": 3,
    "jst": 9,
}
_EPOCH = date(1970, 1, 1).toordinal()


class Stamp(NamedTuple):
    """A point in time that somebody wrote.

    Attributes
    ----------
    seconds
        Since 1970-01-01 UTC.
    zone
        Offset from UTC in minutes as written, ``None`` when none or an unknown one was written.
    minute
        Minute of the day on the writer's clock.
    day_matches
        Whether the weekday is that of the date, ``None`` when none was written.
    """

    seconds: int
    zone: int | None
    minute: int
    day_matches: bool | None


@compiled("trace")
def stamp(text: str) -> Stamp | None:
    """Read the first date of a text; ``None`` when there is none, or one that does not exist.

    Years of two digits are those of RFC 5322 4.3. A time without zone is read as UTC.

    Examples
    --------
    >>> stamp("Thu, 22 Aug 2002 12:36:23 +0200")
    Stamp(seconds=1030012583, zone=120, minute=756, day_matches=True)
    >>> stamp("soon") is None
    True
    """
    match = _USUAL.match(text) or _DATE.search(text, 0, 1000)
    if match is None:
        return None
    weekday, day, month, year, hour, minute, second, zone_text = match.groups()
    days, matches = _day(weekday, day, month, year)
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if days is None or hours > 24 or minutes > 59 or seconds > 60:
        return None
    of_day = hours * 60 + minutes
    zone = None if zone_text is None else _zone(zone_text)
    return Stamp(days * 86_400 + of_day * 60 + seconds - (zone or 0) * 60, zone, of_day % 1440, matches)


# Mail of one day has few days in it.
@lru_cache(maxsize=4096)
def _day(weekday: str | None, day: str, month: str, year_text: str) -> tuple[int | None, bool | None]:
    """Return the days since 1970-01-01, ``None`` when there is no such day, and whether the weekday is its own."""
    year = int(year_text)
    if len(year_text) < 4:
        year += 1900 if year >= 50 else 2000
    try:
        days = date(year, _MONTHS.index(month.lower()) + 1, int(day)).toordinal()
    except ValueError:
        return None, None
    known = weekday is not None and weekday.lower() in _DAYS
    return days - _EPOCH, _DAYS.index(weekday.lower()) == (days - 1) % 7 if weekday and known else None


@lru_cache(maxsize=4096)
def _zone(text: str) -> int | None:
    """Return an offset from UTC in minutes, ``None`` when nobody knows it."""
    if text[0] in "+-":
        minutes = int(text[1:3]) * 60 + int(text[3:5])
        return -minutes if text[0] == "-" else minutes
    hours = _ZONES.get(text.lower())
    return None if hours is None else hours * 60
