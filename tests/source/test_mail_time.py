from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.source.mail_time import YEARS, arrival, parse_date, received_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 22 Aug 2002 12:36:23 +0000", "2002-08-22T12:36:23"),
        ("22 Aug 2002 12:36 +0100", "2002-08-22T11:36:00"),
        ("Thu, 22 Aug 2002 12:36:23 EST", "2002-08-22T17:36:23"),
        ("Thu, 22 Aug 2002 12:36:23 PDT", "2002-08-22T19:36:23"),
        ("Thu, 22 Aug 2002 12:36:23 Z", "2002-08-22T12:36:23"),
        ("Thu, 22 Aug 2002 12:36:23 A", "2002-08-22T12:36:23"),  # military letters are -0000
        ("Thu, 22 Aug 2002 12:36:23 -0700 (PDT)", "2002-08-22T19:36:23"),
        ("Thu,\r\n\t22  Aug\t2002 12:36:23 +0000", "2002-08-22T12:36:23"),
        ("Sat, 1 Jan 00 00:00:00 GMT", "2000-01-01T00:00:00"),
        ("Fri, 31 Dec 99 23:59:60 +0000", "1999-12-31T23:59:59"),
        ("1 Jan 102 00:00:00 +0000", "2002-01-01T00:00:00"),  # a year counted from 1900
        ("Thursday, 22 August 2002 12:36:23 +0000", "2002-08-22T12:36:23"),
        ("Thu Aug 22 12:36:23 2002", "2002-08-22T12:36:23"),
        ("Thu, 22 Aug 2002 12:36:23.987 +0000", "2002-08-22T12:36:23.987000"),
    ],
)
def test_dates_of_the_wild(text: str, expected: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "31 Feb 2002 00:00:00 +0000",
        "22 Aug 1970 00:00:00 +0000",
        "22 Aug 2150 00:00:00 +0000",
        "22 Aug 2002 25:00:00 +0000",
        "22 Aug 2002 00:00:00 +9900",
        "22 Abc 2002 00:00:00 +0000",
        "1 Jan 1990 00:00:00 +0100",  # still 1989 in UTC
        "\0" * 50,
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(
    st.integers(631_238_400, 4_102_272_000).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    ),  # 1990 to 2099
    st.integers(-14 * 60, 14 * 60),
)
def test_agrees_with_the_standard_library(moment: datetime, minutes: int) -> None:
    from datetime import timedelta, timezone

    text = format_datetime(moment.astimezone(timezone(timedelta(minutes=minutes))))
    assert parse_date(text) == moment == parsedate_to_datetime(text)


@given(
    st.text(max_size=200)
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,9} [A-Z]\w\w \d{1,9} [\d:]{1,20} [-+]?\w{0,9}")
)
def test_never_raises(text: str) -> None:
    for found in (parse_date(text), received_date(f"by x; {text}"), received_date(text)):
        assert found is None or found.year in YEARS


def test_the_topmost_received_that_can_be_trusted_decides() -> None:
    fields = [
        "by a; no date",
        "by b; Thu, 22 Aug 2002 12:00:00",  # no zone
        "by c; Thu, 22 Aug 2002 13:00:00 +0000",
        "by d; Thu, 22 Aug 2002 14:00:00 +0000",
    ]
    assert arrival(fields, "Thu, 22 Aug 2002 15:00:00 +0000") == (
        datetime(2002, 8, 22, 13, tzinfo=UTC),
        "received",
    )
    assert arrival(fields[:2], "Thu, 22 Aug 2002 15:00:00") == (datetime(2002, 8, 22, 15, tzinfo=UTC), "date")
    assert arrival(fields[:2], "no") is None
    assert arrival([], None) is None


def test_a_comment_behind_the_date_may_hold_a_semicolon() -> None:
    field = "(qmail 7 invoked; by uid 0); 22 Aug 2002 12:36:23 -0000 (a; b)"
    assert received_date(field) == datetime(2002, 8, 22, 12, 36, 23, tzinfo=UTC)
