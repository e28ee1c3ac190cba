"""Verdicts: the worst mistakes first, counts that add up, no text of any mail."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from msa_ml.errors import UnknownNameError
from msa_ml.mistakes import Verdicts
from msa_ml.model.threshold import Policy

RULE = Policy("fpr_1pct", 0.01, 1.0, True, 0.009, 400, 0, 0, 0.9)
START = datetime(2026, 3, 2, tzinfo=UTC)
#                 fn    tp   fp    tn    fp   fn    fn
Y = np.array([1, 1, 0, 0, 0, 1, 1])
LOGIT = np.array([0.5, 2.0, 1.0, 0.9, 4.0, -3.0, 0.0], np.float32)
CAMPAIGN = ["x", "x", "", "", "", "x", "y"]


def verdicts(*, synthetic: bool = False) -> Verdicts:
    index = pl.DataFrame(
        {
            "event_id": list("abcdefg"),
            "event_time": [START + timedelta(hours=5 * place) for place in range(7)],
            "source": ["own"] * 7,
            "campaign": CAMPAIGN,
        }
    )
    sizes = np.array(["small", "small", "small", "large", "large", "large", "small"])
    return Verdicts.of(
        index, Y, LOGIT, RULE, {"size": sizes, "source": index["source"].to_numpy()}, synthetic=synthetic
    )


def test_outcomes_follow_the_threshold_with_equality_flagged() -> None:
    assert verdicts().counts() == {
        "true_positive": 1,
        "false_positive": 2,
        "true_negative": 1,
        "false_negative": 3,
    }
    assert verdicts().frame.filter(pl.col("event_id") == "c")["outcome"].item() == "false_positive"


def test_the_surest_mistakes_come_first() -> None:
    wrong = verdicts().mistakes("false_positive")
    assert wrong["event_id"].to_list() == ["e", "c"]
    assert wrong["beyond"].to_list() == [3.0, 0.0]
    missed = verdicts().mistakes("false_negative", top=2)
    assert missed["event_id"].to_list() == ["f", "g"]
    assert missed["beyond"].to_list() == [4.0, 1.0]


def test_copies_count_a_campaign_and_not_what_has_none() -> None:
    assert verdicts().mistakes("false_negative")["copies"].to_list() == [3, 1, 3]
    assert verdicts().mistakes("false_positive")["copies"].to_list() == [1, 1]


def test_mistakes_hold_no_text() -> None:
    assert verdicts().mistakes().columns == [
        "event_id",
        "event_time",
        "source",
        "probability",
        "beyond",
        "copies",
    ]


def test_rates_by_a_slice() -> None:
    found = verdicts().by("size").rows(named=True)
    assert found[0] == {
        "size": "large", "ham": 2, "false_positives": 1, "fpr": 0.5, "abuse": 1, "false_negatives": 1, "missed": 1.0,
    }  # fmt: skip
    assert found[1]["missed"] == pytest.approx(2 / 3)
    by_day = verdicts().by("day")
    assert sum(by_day["ham"].to_list() + by_day["abuse"].to_list()) == 7
    assert by_day.row(1, named=True)["fpr"] is None


def test_campaigns_with_mistakes() -> None:
    found = verdicts().campaigns("false_negative").rows(named=True)
    assert [(row["campaign"], row["events"], row["mistakes"], row["event_id"]) for row in found] == [
        ("x", 3, 2, "a")
    ]


@pytest.mark.parametrize(
    "ask", [lambda v: v.mistakes("wrong"), lambda v: v.campaigns("fp"), lambda v: v.by("colour")]
)
def test_unknown_names_are_said(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownNameError, match="Known: "):
        ask(verdicts())


def test_simulated_events_are_marked() -> None:
    marked = verdicts(synthetic=True)
    assert "SYNTHETIC" in repr(marked)
    assert "SYNTHETIC" in marked._repr_html_()
    assert "SYNTHETIC" not in repr(verdicts()) + verdicts()._repr_html_()
