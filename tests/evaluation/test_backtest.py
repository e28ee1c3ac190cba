"""The value of a backtest: rates over time, changes against no update, a picture that shows them."""

import numpy as np
import polars as pl
import pytest

from msa_ml.errors import InputError
from msa_ml.evaluation.backtest import HOW, Arm, Backtest, measure_backtest
from msa_ml.evaluation.backtest_plot import backtest_plot
from tests.evaluation.worlds import policies, world


def arm(name: str, logit: np.ndarray, **shift: float) -> Arm:
    """An arm whose daily thresholds stand some logits off those fitted before."""
    thresholds = {
        how: {
            policy.name: np.full(len(logit), policy.threshold + shift.get("refitted", 0) * (how == HOW[1]), np.float32)
            for policy in policies()
        }
        for how in HOW
    }  # fmt: skip
    return Arm(name, logit, thresholds, learnt=7)


def measured(*, synthetic: bool = False, days: int = 30) -> Backtest:
    data = world(rows=3000)
    better = (data.logit + np.where(data.y == 1, 0.8, -0.8)).astype(np.float32)
    return measure_backtest(
        start="2024-10-04",
        y=data.y,
        day=20_000 + (data.day - 20_000) % days,
        arms=[arm("no update", data.logit), arm("daily update", better, refitted=-1.0)],
        policies=policies(),
        campaign=data.campaign,
        replicates=50,
        synthetic=synthetic,
    )


def test_changes_are_against_no_update_at_the_thresholds_fitted_before() -> None:
    found = measured()
    first, daily = found.evidence
    assert all(
        one.tpr_change.value == one.fpr_change.value == 0 for one in first.operations if one.how == HOW[0]
    )
    assert first.roca_change.value == 0
    assert daily.roca_change.high < 0
    for one in daily.operations:
        base = next(two for two in first.operations if (two.policy, two.how) == (one.policy, HOW[0]))
        assert one.tpr_change.value == pytest.approx(one.tpr.value - base.tpr.value)
        assert one.fpr_change.value == pytest.approx(one.fpr.value - base.fpr.value)
    fixed, refitted = (one for one in daily.operations if one.policy == "fpr_1pct")
    assert refitted.tpr.value > fixed.tpr.value


def test_rates_over_time_add_up() -> None:
    found = measured()
    weeks = found.over_time(7, "fpr_1pct").filter(
        (pl.col("arm") == "daily update") & (pl.col("thresholds") == HOW[0])
    )
    assert [str(first) for first in weeks["from"].to_list()] == [
        "2024-10-04", "2024-10-11", "2024-10-18", "2024-10-25", "2024-11-01",
    ]  # fmt: skip
    spam = weeks["spam"].to_numpy()
    caught = float((weeks["tpr"].to_numpy() * spam).sum())
    [whole] = [
        one.tpr.value
        for one in found.arm("daily update").operations
        if (one.policy, one.how) == ("fpr_1pct", HOW[0])
    ]
    assert caught / float(spam.sum()) == pytest.approx(whole)


@pytest.mark.parametrize(("days", "words"), [(9, "day by day"), (30, "week by week")])
def test_the_picture_says_what_it_shows(days: int, words: str) -> None:
    figure = backtest_plot(measured(synthetic=True, days=days))
    title = figure.axes[0].get_title(loc="left")
    assert words in title
    assert HOW[1] in title
    assert "SYNTHETIC" in title
    lines = {line.get_label() for line in figure.axes[1].lines}
    assert {"no update", "daily update"} <= lines


def test_text_page_and_json_agree() -> None:
    found = measured(synthetic=True)
    assert found.table().startswith("SYNTHETIC")
    assert "SYNTHETIC" in found.html()
    data = found.to_json()
    assert data["arms"][1]["operations"][0]["tpr"]["value"] == found.evidence[1].operations[0].tpr.value
    assert len(data["by_day"]) == 30 * 2 * len(HOW)
    assert "SYNTHETIC" not in measured().table()


def test_wrong_shapes_and_names_are_refused() -> None:
    with pytest.raises(InputError, match="no arm"):
        measured().arm("weekly")
    with pytest.raises(InputError, match="one score for each"):
        measure_backtest(
            start="2024-10-04",
            y=[0, 1],
            day=np.array([1, 1]),
            arms=[arm("x", np.zeros(3, np.float32))],
            policies=policies(),
        )
