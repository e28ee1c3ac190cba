"""The evaluation as a value: its numbers are the metrics', it survives JSON, and it says what it cannot know."""

import json
import math
import re

import numpy as np
import pytest

from msa_ml.errors import InputError
from msa_ml.evaluation import metrics
from msa_ml.evaluation.bootstrap import Interval
from msa_ml.evaluation.evaluation import Evaluation, evaluate
from msa_ml.evaluation.rendering import aligned
from msa_ml.evaluation.report import report
from msa_ml.model.threshold import Policy
from tests.evaluation.worlds import evaluation, policies, world

RULE = Policy("fpr_1pct", 0.01, 0.5, True, 0.009, 400, 0, 0, 0.9)


def test_numbers_are_those_of_the_metrics() -> None:
    found, data = evaluation(costs=(10.0, 1.0)), world()
    share = 1 / (1 + np.exp(-data.logit.astype(np.float64)))
    expected = {
        "tpr_at_fpr_0.01pct": metrics.tpr_at_fpr(data.y, data.logit, 0.0001),
        "tpr_at_fpr_0.1pct": metrics.tpr_at_fpr(data.y, data.logit, 0.001),
        "tpr_at_fpr_1pct": metrics.tpr_at_fpr(data.y, data.logit, 0.01),
        "one_minus_roca_pct": metrics.one_minus_roca_pct(data.y, data.logit),
        "average_precision": metrics.average_precision(data.y, data.logit),
        "brier": metrics.brier(data.y, share),
        "ece": metrics.expected_calibration_error(data.y, share),
        "log_loss": metrics.log_loss(data.y, share),
        "precision_at_50_per_day": metrics.precision_at_k_per_day(data.y, data.logit, data.day, 50),
    }
    assert {name: found.metrics[name].value for name in expected} == pytest.approx(expected)
    assert set(found.metrics) == set(expected)
    for policy in found.policies:
        flagged = data.logit >= np.float32(policy.threshold)
        errors = metrics.misclassification(data.y, flagged)
        assert (policy.hm.value, policy.sm.value, policy.lam.value) == pytest.approx(
            (errors.hm, errors.sm, errors.lam)
        )
        assert policy.fpr.value == pytest.approx(flagged[data.y == 0].mean())
        assert policy.tpr.value == pytest.approx(flagged[data.y == 1].mean())
        assert policy.decisions == flagged.sum()
        assert policy.false_positives == flagged[data.y == 0].sum()
        assert policy.cost is not None
        assert policy.cost.value == pytest.approx(metrics.cost(data.y, flagged, 10, 1))


def test_weighted_numbers_are_those_of_the_weighted_metrics() -> None:
    data = world()
    weight = np.where(data.y == 0, 20.0, 1.0)
    found = evaluation(weight=weight)
    assert found.metrics["average_precision"].value == pytest.approx(
        metrics.average_precision(data.y, data.logit, weight)
    )
    assert found.metrics["tpr_at_fpr_1pct"].value == pytest.approx(
        metrics.tpr_at_fpr(data.y, data.logit, 0.01, weight)
    )
    assert not [name for name in found.metrics if name.startswith("precision_at")]
    assert "weighted" in found.table()


def test_precision_at_the_analysts_capacity_draws_whole_days() -> None:
    """A day is the cluster: its queue exists only as a whole, so good and bad days widen the interval."""
    rows = 40
    day = np.repeat(np.arange(10), rows)
    y = np.tile(np.r_[np.ones(20), np.zeros(20)], 10).astype(int)
    logit = np.where(day % 2 == 0, 1.0, -1.0) * (2 * y - 1)  # right on even days, wrong on odd ones
    found = evaluate(y, logit, policies=[RULE], day=day, per_day=20, replicates=400)
    interval = found.metrics["precision_at_20_per_day"]
    assert interval.value == 0.5
    assert interval.low < 0.3
    assert interval.high > 0.7
    assert "precision at 20 per day" in found.table()
    assert found.metric_notes.get("precision_at_20_per_day", "") == ""
    idle = evaluate(y, logit, policies=[RULE], day=day, per_day=60, replicates=20)
    assert idle.metric_notes["precision_at_60_per_day"] == "10 of 10 days hold no more than 60 events"


def test_every_interval_holds_its_number_and_is_no_point() -> None:
    found = evaluation()
    intervals = dict(found.metrics)
    for policy in found.policies:
        intervals |= {
            f"{policy.name}.{name}": getattr(policy, name) for name in ("fpr", "tpr", "hm", "sm", "lam")
        }
    for parts in found.slices.values():
        for part in parts:
            intervals |= {f"{part.name}.{name}": interval for name, interval in part.fpr.items()}
            intervals |= {f"{part.name}.tpr.{name}": interval for name, interval in part.tpr.items()}
    for name, interval in intervals.items():
        assert interval.low <= interval.value <= interval.high, name
        assert interval.low < interval.high, name


def test_slices_add_up() -> None:
    found, data = evaluation(), world()
    parts = found.slices["size"]
    assert {part.name for part in parts} == {"small", "large"}
    assert sum(part.ham for part in parts) == found.ham == (data.y == 0).sum()
    assert sum(part.spam for part in parts) == found.spam
    for part in parts:
        inside = (data.size == part.name) & (data.y == 1)
        threshold = np.float32(found.policy().threshold)
        assert part.tpr[found.default].value == pytest.approx((data.logit[inside] >= threshold).mean())


def test_json_there_and_back() -> None:
    found = evaluation(synthetic=True, costs=(10.0, 1.0))
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Evaluation.from_json(json.loads(text)) == found


def test_json_keeps_the_unknown() -> None:
    found = evaluate([1, 1], [0.0, 1.0], policies=[RULE], replicates=10)
    again = Evaluation.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert math.isnan(again.policy().fpr.value)
    assert again.policy().tpr.value == 0.5
    assert again.table() == found.table()


@pytest.mark.parametrize("damaged", [{}, {"ham": 1}, {"metrics": []}, {"policies": [{}]}])
def test_what_is_no_evaluation_is_refused(damaged: dict[str, object]) -> None:
    whole = {**evaluation().to_json(), **damaged} if damaged else {}
    if damaged == {"ham": 1}:
        del whole["spam"]
    with pytest.raises(InputError, match="no evaluation"):
        Evaluation.from_json(whole)


def test_flat_names_are_what_a_tracker_takes() -> None:
    odd = np.where(np.arange(2000) % 2 == 0, "fr/CA; é", "ok")
    flat = evaluation(slices={"lang: a/b": odd}).metrics_flat()
    for name, value in flat.items():
        assert re.fullmatch(r"[0-9A-Za-z_\-. /]{1,250}", name), name
        assert math.isfinite(value)
    assert {
        "tpr_at_fpr_0.1pct",
        "tpr_at_fpr_0.1pct.low",
        "policy/fpr_1pct/tpr.high",
        "slice/lang_ a_b/ok/tpr",
    } <= set(flat)
    assert flat["policy/fpr_1pct/certified"] == 1.0


def test_synthetic_is_said_in_every_rendering() -> None:
    found = evaluation(synthetic=True)
    for rendering in (found.table(), found._repr_html_(), report(found)):
        assert "SYNTHETIC" in rendering
    assert found.table().startswith("SYNTHETIC")
    honest = evaluation()
    for rendering in (honest.table(), honest._repr_html_(), report(honest)):
        assert "SYNTHETIC" not in rendering
    assert found.to_json()["synthetic"] is True


def test_too_little_ham_is_noted_beside_the_number() -> None:
    found = evaluation()
    assert "hangs on 1 of" in found.metric_notes["tpr_at_fpr_0.01pct"]
    assert "hangs on 2 of" in found.metric_notes["tpr_at_fpr_0.1pct"]
    assert "tpr_at_fpr_1pct" not in found.metric_notes
    assert "29,956 needed" in found.table()
    assert not evaluation(rows=5000).metric_notes.get("tpr_at_fpr_0.1pct")


def test_weights_do_not_make_more_ham() -> None:
    weight = np.where(world().y == 0, 1000.0, 1.0)
    assert "hangs on 2 of" in evaluation(weight=weight).metric_notes["tpr_at_fpr_0.1pct"]


def test_few_clusters_are_noted() -> None:
    data = world()
    few = evaluate(data.y, data.logit, policies=policies(), day=data.day % 3, replicates=20)
    assert any("3 clusters only" in note for note in few.notes)
    one = evaluate(data.y, data.logit, policies=policies(), day=np.zeros(2000, int), replicates=20)
    assert any("one cluster only" in note for note in one.notes)
    assert math.isnan(one.metrics["tpr_at_fpr_1pct"].low)
    assert "?" in one.table()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_leaves_the_other_unknown(label: int) -> None:
    found = evaluate([label] * 40, np.arange(40.0), policies=[RULE], replicates=20, slices={"a": ["b"] * 40})
    assert math.isnan(found.metrics["one_minus_roca_pct"].value)
    assert found.notes[0].startswith("no abuse" if label == 0 else "no ham")
    assert found.table()
    assert "one_minus_roca_pct" not in found.metrics_flat()


def test_the_window_is_the_days_of_the_rows() -> None:
    assert evaluation().window == ("2024-10-04", "2024-11-02")
    assert evaluation(day=None).window == ()
    days = np.array(["2026-01-02", "2026-01-01"], "datetime64[D]")
    assert evaluate([0, 1], [0.0, 1.0], policies=[RULE], day=days, replicates=5).window == (
        "2026-01-01",
        "2026-01-02",
    )


def test_the_seed_decides() -> None:
    assert evaluation(seed=1) == evaluation(seed=1)
    data = world()
    first, second = (
        evaluate(data.y, data.logit, policies=policies(), **data.clusters, replicates=50, seed=seed)
        for seed in (1, 2)
    )
    assert first.metrics["brier"] != second.metrics["brier"]


def test_a_given_probability_is_used() -> None:
    found = evaluate([0, 1], [-1.0, 1.0], [0.5, 0.5], policies=[RULE], replicates=5)
    assert found.metrics["brier"].value == 0.25


def test_a_decision_is_made_in_float32() -> None:
    threshold = float(np.float32(0.1))
    rule = Policy("fpr_1pct", 0.01, threshold, True, 0.009, 400, 0, 0, 0.9)
    assert evaluate([0, 1], np.array([0.0, 0.1]), policies=[rule], replicates=5).policy().decisions == 1


def test_policies_by_name() -> None:
    found = evaluation()
    assert found.policy("fpr_0.1pct").budget == 0.001
    assert found.policy().name == found.default
    with pytest.raises(InputError, match=r"It has: fpr_0\.01pct"):
        found.policy("fpr_2pct")


def test_wrong_input_is_named() -> None:
    with pytest.raises(InputError, match="rows and policies"):
        evaluate([], [], policies=[RULE])
    with pytest.raises(InputError, match="rows and policies"):
        evaluate([0, 1], [0.0, 1.0], policies=[])
    with pytest.raises(InputError, match="slice"):
        evaluate([0, 1], [0.0, 1.0], policies=[RULE], slices={"a": ["b"]})
    with pytest.raises(InputError, match="scores must be numbers"):
        evaluate([0, 1], [0.0, math.nan], policies=[RULE])


def test_the_table_is_aligned_and_fits_a_screen() -> None:
    text = evaluation().table()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 130
    for number, line in enumerate(lines):
        if set(line) == {"-", " "}:
            ends = [match.end() for match in re.finditer("-+", line)]
            for row in lines[number + 1 :]:
                if not row:
                    break
                assert all(row[end : end + 2].strip() == "" for end in ends if end < len(row)), row


def test_columns_of_text_stand_left_and_numbers_right() -> None:
    assert aligned(("a", "n"), [("bb", "10"), ("c", "5")]).splitlines()[-1] == "c    5"


def test_html_escapes_what_comes_from_data() -> None:
    found = evaluation(slices={"<b>": np.repeat(["<script>alert(1)</script>", "x"], 1000)})
    page = found._repr_html_() + report(found, title="<img src=x>", card="</pre><script>")
    assert "<script" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;" in page


def test_interval_defaults_to_the_unknown() -> None:
    assert math.isnan(Interval(1.0).low)
