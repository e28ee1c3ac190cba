from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.errors import InputError
from msa_ml.source.instants import parse_instant, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-07-01T10:00:00Z",
        "2026-07-01 12:00:00",  # in Berlin
        "2026-07-01 12:00",
        "2026-07-01T10:00:00+00:00",
        "2026-07-01 10:00:00 UTC",
        "20260701T120000",
        1782900000,
        1782900000.0,
        1782900000000,
        1782900000000000,
        "1782900000",
        "1782900000.0",
        "1782900000000",
        datetime(2026, 7, 1, 12),  # noqa: DTZ001 - a column without a zone
        NOON,
    ],
)
def test_times_of_tables(value: object) -> None:
    assert parse_instant(value, BERLIN) == NOON


@pytest.mark.parametrize(
    "value", ["", "soon", "2026-13-01", "12:00", None, True, float("nan"), 1e300, "9" * 30, 12, b"x"]
)
def test_what_is_no_time(value: object) -> None:
    assert parse_instant(value) is None


def test_days_and_months_begin_in_the_given_zone() -> None:
    begin = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert parse_instant("2026-07-01", BERLIN) == begin == parse_instant("2026-07", BERLIN)
    assert parse_instant(date(2026, 7, 1), BERLIN) == begin
    assert parse_instant("20260701", BERLIN) == begin


@given(st.text(max_size=40) | st.floats() | st.integers())
def test_never_raises(value: object) -> None:
    found = parse_instant(value)
    assert found is None or (found.tzinfo is UTC and found.microsecond % 1000 == 0)


@given(st.integers(631_152_000_000, 4_102_444_799_999))
def test_milliseconds_are_kept(milliseconds: int) -> None:
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
    assert parse_instant(moment.isoformat()) == moment
    if milliseconds >= 10**11:
        assert parse_instant(milliseconds) == parse_instant(str(milliseconds)) == moment


def test_an_unknown_zone() -> None:
    with pytest.raises(InputError, match="Europe/Berlin"):
        zone_of("Europe/Nowhere")
    with pytest.raises(InputError, match="unknown time zone"):
        zone_of("../etc/passwd")
