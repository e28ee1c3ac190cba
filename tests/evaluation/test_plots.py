"""Figures show the numbers they claim, say SYNTHETIC, and leave no global state; the report needs nothing else."""

import base64
import re
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from msa_ml.evaluation import metrics, plots
from msa_ml.evaluation.report import report
from tests.evaluation.worlds import evaluation, policies, world

GAIN = {f"mail.part.feature{number}": float(number) for number in range(30)}


def figures(*, synthetic: bool) -> dict[str, Figure]:
    data = world(rows=1000)
    share = 1 / (1 + np.exp(-data.logit.astype(np.float64)))
    return {
        "roc": plots.roc(data.y, data.logit, **data.clusters, replicates=20, synthetic=synthetic),
        "scores": plots.score_histogram(data.y, data.logit, policies(), synthetic=synthetic),
        "calibration": plots.calibration(data.y, share, synthetic=synthetic),
        "importance": plots.importance(GAIN, synthetic=synthetic),
        "days": plots.by_day(data.y, data.logit, data.day, policies()[-1], synthetic=synthetic),
    }


@pytest.mark.parametrize("synthetic", [False, True])
def test_the_title_says_synthetic_when_it_is(synthetic: bool) -> None:
    for name, figure in figures(synthetic=synthetic).items():
        titles = " ".join(axes.get_title(loc="left") for axes in figure.axes)
        assert titles.strip(), name
        assert ("SYNTHETIC" in titles) is synthetic, name


def test_the_curve_is_the_roc() -> None:
    data = world(rows=1000)
    (axes,) = plots.roc(data.y, data.logit, replicates=5).axes
    curve = next(line for line in axes.lines if line.get_label() == "ROC")
    x, y = (np.asarray(values, np.float64) for values in curve.get_data())
    for budget in (0.001, 0.01, 0.1):
        assert y[x <= budget].max() == pytest.approx(metrics.tpr_at_fpr(data.y, data.logit, budget))
    marks = [line.get_data() for line in axes.lines if line.get_marker() == "o"]
    assert sorted(float(np.asarray(mark[0])[0]) for mark in marks) == [0.0001, 0.001, 0.01]


def test_thresholds_are_drawn_where_they_are() -> None:
    data = world(rows=1000)
    (axes,) = plots.score_histogram(data.y, data.logit, policies()).axes
    drawn = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines]
    assert drawn == [policy.threshold for policy in policies()]
    styles = {repr(line.get_linestyle()) + repr(line._dash_pattern) for line in axes.lines}  # type: ignore[attr-defined]
    assert len(styles) == len(drawn)


def test_importance_is_sorted_and_cut() -> None:
    (axes,) = plots.importance(GAIN, top=5).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        f"mail.part.feature{n}" for n in (29, 28, 27, 26, 25)
    ]
    assert "top 5 of 30" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.roc([0, 0], [0.0, 1.0], replicates=3),
        lambda: plots.roc([1, 1], [0.0, 1.0], replicates=3),
        lambda: plots.roc([], [], replicates=3),
        lambda: plots.roc([0, 1], [0.0, 1.0], day=[1, 1], replicates=3),
        lambda: plots.roc([0, 1, 0, 1], [0.0, np.inf, -np.inf, 1.0], replicates=3),
        lambda: plots.score_histogram([0, 1], [np.inf, np.inf]),
        lambda: plots.score_histogram([0, 1], [1.0, 1.0], policies()),
        lambda: plots.calibration([1], [1.0]),
        lambda: plots.calibration([], []),
        lambda: plots.importance({}),
        lambda: plots.importance({"a": 0.0}),
        lambda: plots.by_day([0], [0.0], ["2026-01-01"], policies()[0]),
        lambda: plots.by_day([1, 0], [0.0, 1.0], [1, 2], policies()[0]),
    ],
)
def test_poor_data_give_a_figure_too(draw: Callable[[], Figure]) -> None:
    assert plots.png(draw())[:4] == b"\x89PNG"


def test_the_same_figure_gives_the_same_bytes() -> None:
    data = world(rows=300)
    first, second = (plots.png(plots.roc(data.y, data.logit, replicates=5)) for _ in range(2))
    assert first == second


def test_no_window_system_is_touched() -> None:
    code = "import sys; import msa_ml.evaluation.report; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_report_is_one_page_that_loads_nothing() -> None:
    drawn = figures(synthetic=False)
    page = report(evaluation(), drawn, title="spam", card="# Card\n| a | b |")
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert len(sources) == len(drawn)
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http://" not in page.replace('http-equiv="', "")
    assert "https://" not in page
    first = re.search(r'base64,([^"]+)"', page)
    assert first is not None
    assert base64.b64decode(first.group(1))[:4] == b"\x89PNG"
    assert "prefers-color-scheme: dark" in page
    assert "# Card\n| a | b |" in page
