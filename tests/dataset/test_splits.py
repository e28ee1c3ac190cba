"""Splits: in order of time, a gap, campaigns on one side, minimum counts with proposed dates, given lists."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from msa_ml.dataset.splits import MINIMA, Minimum, by_time, given
from msa_ml.errors import DataRefused, InputError

START = datetime(2026, 1, 1, tzinfo=UTC)
NONE = {part: Minimum(0, 0) for part in MINIMA}


def _index(labels: list[int], campaigns: list[str] | None = None, hours: float = 1.0) -> pl.DataFrame:
    number = len(labels)
    return pl.DataFrame(
        {
            "event_time": [START + timedelta(hours=hours * row) for row in range(number)],
            "label": pl.Series(labels, dtype=pl.Int8),
            "campaign": campaigns or [""] * number,
            "source": ["corpus"] * number,
            "origin": [f"{'spam' if label else 'ham'}/{row:04}" for row, label in enumerate(labels)],
            "position": list(range(number)),
        }
    )


def test_parts_follow_each_other_with_a_gap() -> None:
    index = _index([0, 1] * 1000)
    split = by_time(index, gap=timedelta(hours=12))
    time = index["event_time"].to_numpy()
    assert time[split.train].max() + np.timedelta64(12, "h") < time[split.calibration].min()
    assert time[split.calibration].max() < time[split.test].min()
    assert len(split.calibration) == 300
    assert len(split.test) == 500
    assert len(split.train) + split.dropped["in the gap"] == 1200


def test_missing_fingerprints_are_said() -> None:
    assert "near-duplicates may stand on both sides" in by_time(_index([0, 1] * 1000)).how
    assert "near-duplicates" not in by_time(_index([0, 1] * 1000, [str(row) for row in range(2000)])).how


def test_equal_times_are_never_cut_apart() -> None:
    index = _index([0, 1] * 500, hours=0.0)
    with pytest.raises(DataRefused):
        by_time(index, gap=timedelta(0))


@hypothesis_given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["", "a", "b", "c"])), min_size=20, max_size=80)
)
def test_a_campaign_stands_on_one_side_only(rows: list[tuple[int, str]]) -> None:
    index = _index([label for label, _ in rows], [campaign for _, campaign in rows])
    split = by_time(index, gap=timedelta(0), minima=NONE)
    campaign = index["campaign"].to_numpy()
    sides = [set(campaign[part]) - {""} for part in (split.train, split.calibration, split.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    kept = len(split.train) + len(split.calibration) + len(split.test)
    assert kept + sum(split.dropped.values()) == len(index)


def test_too_few_are_refused_with_dates_that_do() -> None:
    # The last quarter is all ham, but an earlier test window has spam.
    index = _index([0, 1] * 400 + [0] * 600)
    with pytest.raises(DataRefused, match=r"test has .* 0 spam, needs at least 100 and 20") as caught:
        by_time(index, gap=timedelta(hours=1))
    words = str(caught.value).split()
    dates = [word.rstrip(",.") for word in words if word.startswith("2026-")]
    assert len(dates) == 2
    first, second = (datetime.fromisoformat(date).replace(tzinfo=UTC) for date in dates)
    split = by_time(index, gap=timedelta(hours=1), dates=(first, second))
    assert (index["label"].to_numpy()[split.test] == 1).sum() >= 20


def test_no_dates_would_do() -> None:
    with pytest.raises(DataRefused, match="No dates would do"):
        by_time(_index([0] * 500 + [1] * 10))


def test_given_lists_take_rows_and_hold_out_calibration() -> None:
    index = _index([0, 1] * 200)
    split = given(index, {"train": ["ham/00*", "spam/00*", "*/01*"], "test": ["corpus:*"]})
    assert len(split.test) == 200
    assert len(split.train) + len(split.calibration) == 200
    label = index["label"].to_numpy()
    assert set(label[split.calibration]) == {0, 1}
    assert len(split.calibration) == 40


@pytest.mark.parametrize("parts", [{"train": ["*"]}, {"train": ["*"], "test": ["*"], "dev": ["*"]}])
def test_given_lists_name_known_parts(parts: dict[str, list[str]]) -> None:
    with pytest.raises(InputError, match="names train and test"):
        given(_index([0, 1] * 20), parts)


def test_a_given_part_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="no labelled row for test"):
        given(_index([0, 1] * 20), {"train": ["*"], "test": ["nothing/*"]})


def test_scikit_learn_takes_a_split() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    index = _index([0, 1] * 1000)
    X = index["label"].to_numpy().reshape(-1, 1).astype(float)
    split = by_time(index)
    assert cross_val_score(LogisticRegression(), X, X[:, 0], cv=split).tolist() == [1.0]


def _with_labels(rows: pl.DataFrame, source: str, after: timedelta) -> pl.DataFrame:
    return rows.with_columns(label_source=pl.lit(source), label_known_at=pl.col("event_time") + after)


def test_a_slow_source_has_a_longer_gap_of_its_own() -> None:
    index = _index([0, 1] * 600)
    half = pl.int_range(pl.len()) % 4 < 2
    mixed = _with_labels(index, "quick", timedelta(0)).with_columns(
        label_source=pl.when(half).then(pl.lit("slow")).otherwise("label_source")
    )
    gaps = {"gap": timedelta(hours=1), "slow": {"slow": timedelta(hours=10)}}
    split = by_time(mixed, minima=NONE, **gaps)  # type: ignore[arg-type]
    start = mixed[split.calibration]["event_time"][0]
    train = mixed[split.train]
    for source, hours in (("quick", 1), ("slow", 10)):
        last = train.filter(pl.col("label_source") == source)["event_time"].to_list()[-1]
        assert timedelta(0) < start - last - timedelta(hours=hours) <= timedelta(hours=2)
    assert (
        split.dropped["in the gap"]
        > by_time(mixed, minima=NONE, gap=timedelta(hours=1)).dropped["in the gap"]
    )


def test_labels_that_came_after_calibration_begins_are_said_or_dropped() -> None:
    index = _with_labels(_index([0, 1] * 600), "analyst", timedelta(hours=5))
    kept = by_time(index, gap=timedelta(0), minima=NONE)
    start = index[kept.calibration]["event_time"][0]
    late = int((index[kept.train]["label_known_at"] >= start).sum())
    assert late > 0
    assert f"{late} training labels became known only after calibration begins" in kept.how
    dropped = by_time(index, gap=timedelta(0), minima=NONE, drop_late=True)
    assert dropped.dropped["whose label came after calibration begins"] == late
    assert len(dropped.train) == len(kept.train) - late
    assert index[dropped.train]["label_known_at"].to_list()[-1] < start
