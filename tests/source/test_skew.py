"""Rows that happened after they could have been known."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.source.skew import reject_skewed

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.lists(st.one_of(st.none(), st.integers(-600_000, 600_000)), max_size=20))
def test_only_more_than_five_minutes_is_skew(late: list[int | None]) -> None:
    """``late``: ms by which the event's time is after the time it was known; ``None`` = it is not said when."""
    frame = pl.DataFrame(
        {
            "n": range(len(late)),
            "event_time": [START] * len(late),
            "ingested_at": [None if ms is None else START - timedelta(milliseconds=ms) for ms in late],
        },
        schema_overrides={"event_time": pl.Datetime("ms", "UTC"), "ingested_at": pl.Datetime("ms", "UTC")},
    )
    good, rejected = reject_skewed(frame)
    expected = [n for n, ms in enumerate(late) if ms is None or ms <= 300_000]
    assert good["n"].to_list() == expected
    assert rejected == len(late) - len(expected)


def test_without_a_time_of_knowing_nothing_is_skewed() -> None:
    frame = pl.DataFrame({"event_time": [START]})
    good, rejected = reject_skewed(frame)
    assert (len(good), rejected) == (1, 0)
