"""Pictures of an evaluation, as matplotlib figures that belong to no window and change no global state.

Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart; classes and policies differ in
line and hatch too, so that a printed copy without colour reads the same. A figure on synthetic events says so in its
title.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.evaluation.bootstrap import Bootstrap, binomial
from msa_ml.evaluation.metrics import checked_probability
from msa_ml.evaluation.metrics import roc as roc_points
from msa_ml.evaluation.ranking import Floats, Ranking, checked_labels, checked_weight
from msa_ml.model.threshold import BUDGETS, Policy
from msa_ml.records import MAIL_WORDS, Words

HAM, SPAM, LINE, BAND, QUIET = "#0072B2", "#D55E00", "#000000", "#56B4E9", "#767676"
_POLICY_STYLES = ((0, ()), (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))
_LEAST_FPR = 1e-4
_TEXT = 9.0


def roc(
    y: ArrayLike,
    score: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    campaign: ArrayLike | None = None,
    day: ArrayLike | None = None,
    budgets: Sequence[float] = BUDGETS,
    replicates: int = 200,
    seed: int = 0,
    synthetic: bool = False,
    words: Words = MAIL_WORDS,
) -> Figure:
    """Return the ROC with FPR on a log axis from 0.01 %, a 95 % band, and a line at each budget.

    The curve is a staircase: at each FPR the highest TPR that a threshold reaches. The band is the pointwise interval
    of the clustered bootstrap. Left of one false positive among the ham at hand nothing can be measured; that part is
    shaded.

    Examples
    --------
    >>> figure = roc([0] * 50 + [1] * 50, np.arange(100.0), replicates=10)
    >>> figure.axes[0].get_xscale()
    'log'
    """
    figure, axes = titled(f"ROC: {words[0]} caught against {words[1]} lost", synthetic=synthetic)
    ranking = Ranking.of(y, score)
    rows = checked_weight(weight, len(ranking.order))
    ham = int((~ranking.abuse).sum())
    grid = np.geomspace(_LEAST_FPR, 1, 201)
    draws = Bootstrap.of(clusters(len(rows), campaign, day), rows, replicates=replicates, seed=seed)
    both = bool(ranking.abuse.any()) and ham > 0
    parts = [_on_grid(ranking, weights, grid) for weights in draws.weights()] if both else []
    if parts:
        low, high = np.nanquantile(np.concatenate(parts), [0.025, 0.975], axis=0)
        axes.fill_between(
            grid, low, high, step="post", color=BAND, alpha=0.35, linewidth=0, label="95 % interval"
        )
    curve = roc_points(y, score, rows)
    fpr, tpr = np.maximum(curve.fpr, _LEAST_FPR), curve.tpr
    axes.step(np.append(fpr, 1.0), np.append(tpr, 1.0), where="post", color=LINE, linewidth=1.6, label="ROC")
    if ham and 1 / ham > _LEAST_FPR:
        axes.axvspan(
            _LEAST_FPR,
            1 / ham,
            color=QUIET,
            alpha=0.13,
            linewidth=0,
            label=f"less than 1 of {ham:,} {words[1]}",
        )
    for budget in budgets:
        _budget_line(axes, budget, float(ranking.totals(rows).tpr_at_fpr(budget)))
    axes.set_xscale("log")
    axes.set_xlim(_LEAST_FPR, 1)
    lowest = float(np.min([tpr[curve.fpr <= _LEAST_FPR].max(initial=0.0), *(low[:1] if parts else ())]))
    axes.set_ylim(max(0.0, np.floor(10 * lowest - 1) / 10) if both else 0.0, 1.01)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(f"false-positive rate ({words[1]} flagged), log scale")
    axes.set_ylabel(f"true-positive rate ({words[0]} flagged)")
    axes.legend(loc="lower right", fontsize=_TEXT, framealpha=0.9)
    return figure


def score_histogram(
    y: ArrayLike,
    logit: ArrayLike,
    policies: Sequence[Policy] = (),
    *,
    synthetic: bool = False,
    words: Words = MAIL_WORDS,
) -> Figure:
    """Return counts of each class by logit, log scale, with the thresholds of the policies.

    Examples
    --------
    >>> figure = score_histogram([0] * 50 + [1] * 50, np.arange(100.0))
    >>> figure.axes[0].get_yscale()
    'log'
    """
    figure, axes = titled("Scores by class", synthetic=synthetic)
    abuse, scores = checked_labels(y), np.asarray(logit, np.float64)
    finite = np.isfinite(scores)
    edges = np.histogram_bin_edges(scores[finite], bins=60) if finite.any() else np.array([0.0, 1.0])
    tallest = 0
    for inside, colour, hatch, name in ((~abuse, HAM, None, words[1]), (abuse, SPAM, "////", words[0])):
        tallest = max(tallest, int(np.histogram(scores[inside & finite], edges)[0].max()))
        axes.hist(
            scores[inside & finite],
            bins=edges.tolist(),
            histtype="stepfilled",
            facecolor=(*rgb(colour), 0.3),
            edgecolor=colour,
            linewidth=1.4,
            hatch=hatch,
            label=f"{name} ({int(inside.sum()):,})",
        )
    axes.set_ylim(0.7, 1.8 * max(tallest, 1))
    axes.set_yscale("log")  # after the limits: matplotlib warns when it must find limits for no counts at all
    for place, policy in enumerate(policies):
        axes.axvline(
            policy.threshold,
            color=LINE,
            linewidth=1.3,
            linestyle=_POLICY_STYLES[place % len(_POLICY_STYLES)],
            label=f"{policy.name}{'' if policy.certified else ', not certified'}",
        )
    axes.set_xlabel("logit (flagged at and right of the threshold)")
    axes.set_ylabel("events, log scale")
    axes.legend(fontsize=_TEXT, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3, frameon=False)
    return figure


def calibration(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    bins: int = 10,
    synthetic: bool = False,
    words: Words = MAIL_WORDS,
) -> Figure:
    """Return the reliability diagram: observed share of abuse against mean probability, with counts below.

    Bins are equally wide, because the reader asks what "70 %" means; bars are 95 % Clopper-Pearson intervals.

    Examples
    --------
    >>> len(calibration([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]).axes)
    2
    """
    abuse, share = checked_probability(y, probability)
    rows = checked_weight(weight, len(abuse))
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    _title(upper, "Calibration: what a probability means", synthetic=synthetic)
    upper.plot([0, 1], [0, 1], color=QUIET, linestyle=(0, (4, 3)), linewidth=1.2, label="perfect")
    edges = np.linspace(0, 1, bins + 1)
    place = np.minimum((share * bins).astype(np.intp), bins - 1)
    means, observed, lows, highs = [], [], [], []
    for one in np.unique(place):
        inside = (place == one) & (rows > 0)
        if not inside.any():
            continue
        found = float(np.average(abuse[inside], weights=rows[inside]))
        low, high = binomial(found * float(inside.sum()), float(inside.sum()))
        means.append(float(np.average(share[inside], weights=rows[inside])))
        observed.append(found)
        lows.append(max(found - low, 0))
        highs.append(max(high - found, 0))
    upper.errorbar(
        means,
        observed,
        yerr=[lows, highs],
        color=SPAM,
        marker="o",
        markersize=5,
        linewidth=1.4,
        capsize=3,
        label="observed",
    )
    upper.set_ylim(-0.03, 1.03)
    upper.set_ylabel(f"share of {words[0]} observed")
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.legend(loc="upper left", fontsize=_TEXT, framealpha=0.9)
    tidy(upper)
    heights = np.histogram(share, edges)[0]
    bars = lower.bar(
        edges[:-1], heights, width=1 / bins, align="edge", color=BAND, edgecolor=HAM, linewidth=0.8
    )
    lower.bar_label(
        bars, [f"{height:,}" if height else "" for height in heights], fontsize=_TEXT - 1, padding=1
    )
    lower.set_yscale("symlog", linthresh=1)
    lower.set_ylim(0, 6.0 * max(int(heights.max(initial=1)), 1))
    lower.set_ylabel("events,\nlog scale")
    lower.set_xlabel(f"calibrated probability of {words[0]}")
    lower.set_xlim(0, 1)
    lower.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    tidy(lower)
    return figure


def importance(gain: Mapping[str, float], *, top: int = 20, synthetic: bool = False) -> Figure:
    """Return the features that the trees gained most from, as shares of the whole gain.

    Examples
    --------
    >>> importance({"mail.subject.length": 3.0, "content": 9.0}).axes[0].get_yticklabels()[0].get_text()
    'content'
    """
    ranked = sorted(gain.items(), key=lambda item: (-item[1], item[0]))[:top]
    whole = sum(value for value in gain.values() if value > 0) or 1.0
    figure, axes = titled(
        f"What the trees used: top {len(ranked)} of {len(gain)}"
        if len(gain) > top
        else "What the trees used",
        synthetic=synthetic,
        height=1.3 + 0.27 * max(len(ranked), 3),
    )
    shares = [value / whole for _, value in ranked]
    bars = axes.barh(range(len(ranked)), shares, color=HAM, height=0.7)
    axes.bar_label(bars, [f"{share:.1%}" for share in shares], padding=3, fontsize=_TEXT - 1)
    axes.set_yticks(range(len(ranked)), [name for name, _ in ranked], fontsize=_TEXT)
    axes.set_ylim(max(len(ranked), 1) - 0.4, -0.6)
    axes.set_xlim(0, 1.15 * max([*shares, 1e-9]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("share of the total gain")
    axes.grid(visible=False, axis="y")
    return figure


def by_day(
    y: ArrayLike,
    logit: ArrayLike,
    day: ArrayLike,
    policy: Policy,
    *,
    synthetic: bool = False,
    words: Words = MAIL_WORDS,
) -> Figure:
    """Return TPR and FPR of a policy for each day, with 95 % Clopper-Pearson bars and the counts of each class.

    Whole numbers are days since 1970 (UTC). Days without a class have no mark for it.

    Examples
    --------
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> len(by_day([0, 1, 0, 1], [-1.0, 1.0, 1.0, 2.0], [1, 1, 2, 2], rule).axes)
    3
    """
    abuse, flagged = checked_labels(y), np.asarray(logit, np.float32) >= np.float32(policy.threshold)
    days, number = np.unique(np.asarray(day), return_inverse=True)
    names = days.astype("datetime64[D]") if np.issubdtype(days.dtype, np.integer) else days
    figure = Figure(figsize=(7.6, 6.0), layout="constrained")
    catch, lose, count = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1.3])
    _title(catch, f"Day by day at {policy.name} (logit >= {policy.threshold:.3f})", synthetic=synthetic)
    place = np.arange(len(days))
    _daily_rate(catch, number, abuse, flagged, look=f"{SPAM} o")
    _daily_rate(lose, number, ~abuse, flagged, look=f"{HAM} s")
    lose.axhline(
        policy.budget,
        color=LINE,
        linestyle=(0, (5, 2)),
        linewidth=1.2,
        label=f"budget {100 * policy.budget:g} %",
    )
    lose.legend(fontsize=_TEXT - 1, loc="upper right")
    catch.set_ylabel("TPR")
    lose.set_ylabel("FPR")
    spam, ham = (np.bincount(number, rows, len(days)) for rows in (abuse, ~abuse))
    count.bar(place, ham, color=HAM, width=0.8, label=words[1])
    count.bar(
        place,
        spam,
        bottom=ham,
        color=SPAM,
        width=0.8,
        hatch="////",
        edgecolor="white",
        linewidth=0,
        label=words[0],
    )
    count.set_ylabel("events")
    count.set_ylim(0, 1.6 * max(float((ham + spam).max(initial=0)), 1))
    count.set_xlim(-0.8, len(days) - 0.2)
    count.legend(fontsize=_TEXT - 1, ncols=2, loc="upper right", framealpha=1)
    step = max(1, -(-len(days) // 10))
    count.set_xticks(
        place[::step], [str(name) for name in names[::step]], rotation=30, ha="right", fontsize=_TEXT
    )
    for axes in (catch, lose, count):
        tidy(axes)
    return figure


def png(figure: Figure, *, dots_per_inch: int = 110) -> bytes:
    r"""Return a figure as PNG, the same bytes for the same figure.

    Examples
    --------
    >>> png(roc([0, 1], [0.0, 1.0], replicates=2))[:4]
    b'\x89PNG'
    """
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return stream.getvalue()


def titled(name: str, *, synthetic: bool, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes; its title says so when the events are simulated."""
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots()
    _title(axes, name, synthetic=synthetic)
    tidy(axes)
    return figure, axes


def _title(axes: Axes, name: str, *, synthetic: bool) -> None:
    axes.set_title(f"SYNTHETIC events | {name}" if synthetic else name, fontsize=_TEXT + 2, loc="left")


def tidy(axes: Axes) -> None:
    """Take away the frame and draw a quiet grid behind."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color=QUIET, alpha=0.22, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=_TEXT)


def rgb(colour: str) -> tuple[float, float, float]:
    """Return a colour such as ``#0072B2`` as shares of red, green and blue."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def _on_grid(ranking: Ranking, weights: Floats, grid: Floats) -> Floats:
    """Return the highest TPR at each FPR of a grid, float64[r, len(grid)]."""
    totals = ranking.totals(weights)
    return np.stack([totals.tpr_at_fpr(float(budget)) for budget in grid], axis=-1)


def _budget_line(axes: Axes, budget: float, tpr: float) -> None:
    axes.axvline(budget, color=SPAM, linestyle=(0, (5, 2)), linewidth=1.1)
    if np.isfinite(tpr):
        axes.plot(
            [budget], [tpr], marker="o", color=SPAM, markersize=6, linestyle="none", clip_on=False, zorder=5
        )
        axes.annotate(
            f"{tpr:.1%} at {100 * budget:g} %",
            (budget, tpr),
            textcoords="offset points",
            xytext=(6, -13),
            fontsize=_TEXT,
            color=LINE,
            bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        )


def _daily_rate(
    axes: Axes, number: NDArray[np.intp], members: NDArray[np.bool_], flagged: NDArray[np.bool_], *, look: str
) -> None:
    """Draw the share of members that are flagged on each day; ``look`` is colour and marker."""
    colour, marker = look.split()
    whole = np.bincount(number, members)
    hits = np.bincount(number, members & flagged, len(whole))
    there = np.flatnonzero(whole)
    rates = hits[there] / whole[there]
    bounds = np.array([binomial(hits[one], whole[one]) for one in there]).reshape(-1, 2)
    axes.errorbar(
        there,
        rates,
        yerr=[np.maximum(rates - bounds[:, 0], 0), np.maximum(bounds[:, 1] - rates, 0)],
        color=colour,
        marker=marker,
        markersize=5,
        linewidth=1.2,
        capsize=2.5,
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
