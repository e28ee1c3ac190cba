"""When a message arrived, from its own headers.

The topmost *trustworthy* ``Received`` field decides. The field is written by the receiving side, so it is nearer the
truth than ``Date``, which the sender writes. Trustworthy means: after the last ``;`` outside the comments stands a
date (RFC 5322 3.3, obsolete zones of 4.3 too) that names its zone, from the years 1990 to 2099. A field that fails is
passed over for the one below it; ``Date`` comes last and may lack a zone, which then counts as UTC (``-0000``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Literal

TimeFrom = Literal["received", "date", "neighbours", "given", "file"]

YEARS = range(1990, 2100)

_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
# Minutes east of UTC. Military letters were specified the wrong way round in RFC 822, so RFC 5322 4.3 reads them,
# like every other unknown word, as -0000; only Z is safe.
_ZONES = {
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "edt": -240,
    "est": -300,
    "cdt": -300,
    "cst": -360,
    "mdt": -360,
    "mst": -420,
    "pdt": -420,
    "pst": -480,
}
_DATE = re.compile(
    r"\s*(?:[a-z]{2,9}\.?\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s.,-]+(\d{2,4})\s+"
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([+-]\d{4}|[a-z]{1,5})?(?=$|[\s(;,])",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_FARTHEST_ZONE = 14 * 60
_LONGEST = 1_000


def parse_date(text: str, *, need_zone: bool = False) -> datetime | None:
    """Return the instant that a mail date names, in UTC with millisecond precision; ``None`` if it names none.

    Parameters
    ----------
    text
        The value of a ``Date`` field, or what follows the last ``;`` of a ``Received`` field. Never raises.
    need_zone
        Whether a date without a zone counts as none.

    Examples
    --------
    >>> parse_date("Thu, 22 Aug 2002 07:36:16 -0400 (EDT)").isoformat()
    '2002-08-22T11:36:16+00:00'
    >>> parse_date("22 Aug 02 07:36 EDT").isoformat()
    '2002-08-22T11:36:00+00:00'
    >>> parse_date("Thu Aug 22 12:36:23 2002").isoformat()  # asctime, by the standard library
    '2002-08-22T12:36:23+00:00'
    >>> parse_date("32 Aug 2002 07:36:16 +0000") is None, parse_date("yesterday") is None
    (True, True)
    """
    text = " ".join(text[:_LONGEST].split())
    match = _DATE.match(text)
    if match is None:
        return _by_standard_library(text, need_zone=need_zone)
    day, month_name, year_text, hour, minute, second, fraction, zone = match.groups()
    month = _MONTHS.get(month_name.lower())
    if month is None:
        return None
    offset = _offset(zone)
    if offset is None or (need_zone and zone is None):
        return None
    year = int(year_text)
    if len(year_text) == 2:  # RFC 5322 4.3
        year += 2000 if year < 50 else 1900
    elif len(year_text) == 3:
        year += 1900
    milliseconds = int((fraction or "0").ljust(3, "0")[:3])
    clock = (int(hour), int(minute), int(second or 0), milliseconds)
    return _instant((year, month, int(day)), clock, offset)


def _offset(zone: str | None) -> int | None:
    """Minutes east of UTC; ``None`` for an impossible zone."""
    if zone is None:
        return 0
    if zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[3:5])
        total = hours * 60 + minutes
        if minutes > 59 or total > _FARTHEST_ZONE:
            return None
        return -total if zone[0] == "-" else total
    return _ZONES.get(zone.lower(), 0)


def _instant(date: tuple[int, int, int], clock: tuple[int, int, int, int], offset: int) -> datetime | None:
    """Year, month, day; hour, minute, second, millisecond; minutes east of UTC."""
    hour, minute, second, milliseconds = clock
    second = 59 if second == 60 else second  # a leap second; datetime knows none
    try:
        local = datetime(*date, hour, minute, second, milliseconds * 1000, tzinfo=UTC)
        moment = local - timedelta(minutes=offset)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


def _by_standard_library(text: str, *, need_zone: bool) -> datetime | None:
    """Odd shapes, asctime among them. The standard library's parser raises on some of what is sent to it."""
    try:
        found = parsedate_tz(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if found is None or (need_zone and found[9] is None):
        return None
    offset = (found[9] or 0) // 60
    if abs(offset) > _FARTHEST_ZONE:
        return None
    return _instant(found[:3], (*found[3:6], 0), offset)


def received_date(field: str) -> datetime | None:
    """Return the date of a ``Received`` field if it can be trusted, else ``None``.

    Examples
    --------
    >>> field = "from a.example (a.example [192.0.2.1]) by b.example; Thu, 22 Aug 2002 07:36:16 -0400"
    >>> received_date(field).isoformat()
    '2002-08-22T11:36:16+00:00'
    >>> received_date(field.removesuffix(" -0400")) is None  # no zone, no trust
    True
    """
    # The date stands at the end; a field of megabytes is an attack.
    tail = field[-_LONGEST:]
    _, mark, date = tail.rpartition(";")
    found = parse_date(date, need_zone=True) if mark else None
    if found is None and mark:
        # A comment behind the date may hold a `;`.
        _, mark, date = _COMMENT.sub(" ", tail).rpartition(";")
        found = parse_date(date, need_zone=True) if mark else None
    return found


def arrival(received: Iterable[str], date: str | None) -> tuple[datetime, TimeFrom] | None:
    """Return when a message arrived and which field says so; ``None`` when none can be trusted.

    Parameters
    ----------
    received
        The unfolded values of the ``Received`` fields, the topmost first.
    date
        The value of ``Date``.

    Examples
    --------
    >>> arrival(["by mx.example; nonsense"], "Thu, 22 Aug 2002 07:36:16 +0000")[1]
    'date'
    """
    for field in received:
        moment = received_date(field)
        if moment is not None:
            return moment, "received"
    moment = parse_date(date) if date else None
    return None if moment is None else (moment, "date")
