"""The picture of a backtest, and its page."""

from __future__ import annotations

import base64
from datetime import timedelta
from html import escape

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from msa_ml.evaluation.backtest import HOW, Backtest
from msa_ml.evaluation.plots import HAM, LINE, QUIET, SPAM, png, tidy

_LOOKS = ((QUIET, (0, (4, 2)), "o"), (SPAM, "-", "s"), ("#009E73", (0, (1, 1)), "^"))
_FEW_DAYS = 21
_LEAST = 20
_TEXT = 9.0


def backtest_plot(found: Backtest, policy: str | None = None, how: str = HOW[1]) -> Figure:
    """Return TPR and FPR of each way of updating over time, with the counts of each class below.

    Days where there are three weeks or fewer, else weeks. Runs with fewer than twenty mails of a class have no mark for
    it: one mail would be five points. ``how`` says which thresholds, one of :data:`~msa_ml.evaluation.backtest.HOW`.

    Examples
    --------
    >>> from msa_ml.evaluation.backtest import Arm, measure_backtest
    >>> from msa_ml.model.threshold import Policy
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> arm = Arm("no update", np.float32([-1, 1]), {how: {"fpr_1pct": np.zeros(2, np.float32)} for how in HOW})
    >>> found = measure_backtest(start="1970-01-10", y=[0, 1], day=np.array([9, 9]), arms=[arm], policies=[rule])
    >>> len(backtest_plot(found).axes)
    3
    """
    wanted = policy or found.default
    budget = next(one.budget for one in found.policies if one.name == wanted)
    few = len(found.day) == 0 or int(found.day.max() - found.day.min()) < _FEW_DAYS
    frame = found.over_time(1 if few else 7, wanted).filter(pl.col("thresholds") == how)
    counts = frame.filter(pl.col("arm") == found.arms[0].name)
    length = 1 if few else 7
    begin = counts["from"][0]
    place = {first: (first - begin).days // length for first in counts["from"].to_list()}
    figure = Figure(figsize=(7.6, 6.2), layout="constrained")
    catch, lose, count = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1.3])
    title = f"Learnt and tested {'day by day' if few else 'week by week'} at {wanted}, thresholds {how}"
    catch.set_title(
        f"SYNTHETIC events | {title}" if found.synthetic else title, fontsize=_TEXT + 2, loc="left"
    )
    for arm, (colour, line, marker) in zip(found.arms, _LOOKS, strict=False):
        part = frame.filter(pl.col("arm") == arm.name)
        for axes, name, members in ((catch, "tpr", "spam"), (lose, "fpr", "ham")):
            there = part.filter(pl.col(members) >= _LEAST)
            axes.plot(
                [place[first] for first in there["from"].to_list()],
                there[name].to_list(),
                color=colour,
                linestyle=line,
                marker=marker,
                markersize=4,
                linewidth=1.5,
                label=arm.name,
            )
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    lose.axhline(budget, color=LINE, linestyle=(0, (5, 2)), linewidth=1.1, label=f"budget {100 * budget:g} %")
    catch.set_ylabel("TPR")
    lose.set_ylabel("FPR")
    lose.set_ylim(bottom=0)
    lose.legend(fontsize=_TEXT - 1, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False)
    ham, spam = counts["ham"].to_numpy(), counts["spam"].to_numpy()
    where = np.array(list(place.values()))
    count.bar(where, ham, color=HAM, width=0.8, label="ham")
    count.bar(
        where, spam, bottom=ham, color=SPAM, width=0.8, hatch="////", edgecolor="white", linewidth=0, label="spam"
    )  # fmt: skip
    count.set_ylabel("mails")
    count.set_ylim(0, 1.6 * max(float((ham + spam).max(initial=0)), 1))
    count.legend(fontsize=_TEXT - 1, ncols=2, loc="upper right", framealpha=1)
    ticks = np.arange(0, int(where.max()) + 1, max(1, -(-(int(where.max()) + 1) // 10)))
    names = [str(begin + timedelta(days=length * int(tick))) for tick in ticks]
    count.set_xticks(ticks, names, rotation=30, ha="right", fontsize=_TEXT)
    for axes in (catch, lose, count):
        tidy(axes)
    return figure


def backtest_page(found: Backtest) -> str:
    """Return a self-contained page: the tables and the picture."""
    picture = base64.b64encode(png(backtest_plot(found))).decode()
    title = f"Backtest from {found.start}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>:root {{ color-scheme: light dark; }} body {{ font: 16px/1.5 system-ui, "
        "sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; } img { max-width: 100%; background: #fff; }"
        " th, td { padding: .2rem .8rem .2rem 0; white-space: nowrap; }"
        f"</style></head><body><h1>{escape(title)}</h1>{found._repr_html_()}"
        f'<p><img alt="TPR and FPR over time" src="data:image/png;base64,{picture}"></p></body></html>\n'
    )
