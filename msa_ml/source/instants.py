"""Instants as tables write them: ISO 8601, dates, months, and seconds, milliseconds or microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msa_ml.errors import InputError
from msa_ml.source.mail_time import YEARS

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{0,9})?(?:[eE]\+?\d{1,2})?")
_ISO_SPACE_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)\Z", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its IANA name.

    Raises
    ------
    InputError
        There is none of that name.

    Examples
    --------
    >>> zone_of("UTC") is UTC
    True
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(
            f"unknown time zone '{name}'.", hint="Use an IANA name such as Europe/Berlin."
        ) from error


def parse_instant(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return an instant in UTC with millisecond precision, ``None`` for what names none. Never raises.

    Parameters
    ----------
    value
        Text, a number, a ``date`` or a ``datetime``. A number below 1e11 is seconds since 1970, below 1e14
        milliseconds, else microseconds. A date is its first instant, and a month (``2020-02``) its first day's.
    zone
        Of what names no zone itself.

    Examples
    --------
    >>> parse_instant("2020-02-03 12:43:30.7729").isoformat()
    '2020-02-03T12:43:30.772000+00:00'
    >>> parse_instant(1580733810) == parse_instant("1580733810000") == parse_instant("2020-02-03T13:43:30+01:00")
    True
    >>> parse_instant("2020-02").isoformat(), parse_instant("soon")
    ('2020-02-01T00:00:00+00:00', None)
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            found = _of_number(float(value))
        elif isinstance(value, datetime):
            found = value
        elif isinstance(value, date):
            found = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - its zone comes below
        else:
            found = _of_text(str(value).strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.replace(microsecond=found.microsecond // 1000 * 1000) if found.year in YEARS else None


def _of_number(number: float) -> datetime:
    size = abs(number)
    unit = 1 if size < 1e11 else 1e3 if size < 1e14 else 1e6
    return _EPOCH + timedelta(milliseconds=round(number / unit * 1000))


def _of_text(text: str) -> datetime:
    month = _MONTH.fullmatch(text)
    if month:
        return datetime(int(month[1]), int(month[2]), 1)  # noqa: DTZ001 - its zone comes from the caller
    if len(text) != 8 and _NUMBER.fullmatch(text):  # 20200203 is a date
        return _of_number(float(text))
    return datetime.fromisoformat(_ISO_SPACE_ZONE.sub("+00:00", text) if "+" not in text else text)
