"""Counts of events: every event is counted once, in one class."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from msa_ml.dataset.counting import CLASSES, count, largest_campaigns

START = datetime(2026, 3, 2, tzinfo=UTC)
ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([0, 1, None]), st.sampled_from(["", "x", "y"])),
    max_size=40,
)


def _index(rows: list[tuple[str, int | None, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event_id": [f"{place:032x}" for place in range(len(rows))],
            "event_time": [START + timedelta(hours=place) for place in range(len(rows))],
            "source": [row[0] for row in rows],
            "label": [row[1] for row in rows],
            "campaign": [row[2] for row in rows],
        },
        schema_overrides={
            "label": pl.Int8,
            "source": pl.String,
            "campaign": pl.String,
            "event_id": pl.String,
        },
    )


@given(ROWS)
def test_classes_add_up(rows: list[tuple[str, int | None, str]]) -> None:
    found = count(_index(rows), ["source"])
    assert found["events"].sum() == len(rows)
    assert found.select(pl.sum_horizontal(*CLASSES)).to_series().to_list() == found["events"].to_list()
    assert found["source"].is_sorted()


@given(ROWS)
def test_campaigns_are_named_ones_the_largest_first(rows: list[tuple[str, int | None, str]]) -> None:
    found = largest_campaigns(_index(rows), 5)
    assert "" not in found["campaign"]
    assert found["events"].is_sorted(descending=True)
    for name, first, event in found.select("campaign", "first", "event_id").iter_rows():
        members = [place for place, row in enumerate(rows) if row[2] == name]
        assert first == START + timedelta(hours=members[0])
        assert event == f"{members[0]:032x}"
