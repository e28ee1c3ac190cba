"""Pictures of a dataset before any model: events by day, and one number by class."""

from __future__ import annotations

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import InputError
from msa_ml.evaluation.plots import HAM, QUIET, SPAM, rgb, tidy, titled
from msa_ml.evaluation.ranking import checked_labels

_BARS = 60
_LOOKS = (
    ("not_abuse", "not abuse", HAM, ""),
    ("abuse", "abuse", SPAM, "////"),
    ("unlabelled", "unlabelled", QUIET, ".."),
)


def days(counts: pl.DataFrame, *, synthetic: bool = False) -> Figure:
    """Return events of each class by day; long windows are joined into at most 60 bars of whole days.

    Parameters
    ----------
    counts
        ``day`` (date), ``abuse``, ``not_abuse``, ``unlabelled``, in order of days.

    Examples
    --------
    >>> from datetime import date
    >>> counts = pl.DataFrame({"day": [date(2026, 3, 2)], "abuse": [3], "not_abuse": [7], "unlabelled": [0]})
    >>> len(days(counts).axes[0].patches)
    2
    """
    if not len(counts):
        raise InputError("there is no day to draw: the dataset is empty.", hint="Widen the window.")
    numbers = counts["day"].cast(pl.Date).to_physical().to_numpy().astype(np.int64)
    width = max(1, -(-int(numbers[-1] - numbers[0] + 1) // _BARS))
    place = (numbers - numbers[0]) // width
    figure, axes = titled(f"Events by {'day' if width == 1 else f'{width} days'} (UTC)", synthetic=synthetic)
    size = int(place[-1]) + 1
    below = np.zeros(size)
    for column, name, colour, hatch in _LOOKS:
        heights = np.bincount(place, counts[column].to_numpy().astype(np.float64), size)
        if heights.any():
            label = f"{name} ({int(heights.sum()):,})"
            axes.bar(
                np.arange(size),
                heights,
                bottom=below,
                width=0.85,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
                label=label,
            )
            below += heights
    starts = (numbers[0] + np.arange(size) * width).astype("datetime64[D]")
    step = max(1, -(-size // 10))
    axes.set_xticks(
        np.arange(size)[::step], [str(start) for start in starts[::step]], rotation=30, ha="right"
    )
    axes.set_ylabel("events")
    axes.set_ylim(0, 1.22 * max(float(below.max()), 1))
    axes.legend(fontsize=9, ncols=3, loc="upper left", frameon=False)
    tidy(axes)
    return figure


def spread(y: ArrayLike, values: ArrayLike, name: str, *, synthetic: bool = False) -> Figure:
    """Return how one number is spread in each class, as shares of the class; unknown ones are counted in the legend.

    Numbers above zero that span more than a factor of 20 are drawn on a log axis, unless they are few whole numbers.

    Parameters
    ----------
    y
        0 or 1 (abuse), [N].
    values
        Numbers [N], ``nan`` where unknown.
    name
        Of the number, for the axis.

    Examples
    --------
    >>> spread([0, 1, 1], [10.0, 2000.0, float("nan")], "size").axes[0].get_xscale()
    'log'
    """
    abuse, numbers = checked_labels(y), np.asarray(values, np.float64)
    if numbers.shape != abuse.shape:
        raise InputError(
            f"the numbers must have the shape of the labels, {abuse.shape}, found {numbers.shape}."
        )
    figure, axes = titled(f"{name} by class", synthetic=synthetic)
    known = np.isfinite(numbers)
    edges = _edges(numbers[known], axes)
    for inside, title, colour, hatch in ((~abuse, "not abuse", HAM, None), (abuse, "abuse", SPAM, "////")):
        members = numbers[inside & known]
        missing = f", {int((inside & ~known).sum()):,} unknown" if (inside & ~known).any() else ""
        weights = np.full(len(members), 1 / max(len(members), 1))
        axes.hist(
            members,
            bins=edges.tolist(),
            weights=weights,
            histtype="stepfilled",
            facecolor=(*rgb(colour), 0.25),
            edgecolor=colour,
            linewidth=1.4,
            hatch=hatch,
            label=f"{title} ({len(members):,}{missing})",
        )
    axes.set_xlabel(name)
    axes.set_ylabel("share of the class")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
    tidy(axes)
    return figure


def _edges(numbers: NDArray[np.float64], axes: Axes) -> NDArray[np.float64]:
    """Choose at most 40 bins, one a value where there are few values; set the scale of the axis."""
    distinct = np.unique(numbers)
    if not len(distinct):
        return np.array([0.0, 1.0])
    whole = (
        len(distinct) <= 20 and (distinct == np.round(distinct)).all() and distinct[-1] - distinct[0] <= 40
    )
    if whole:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return np.arange(distinct[0] - 0.5, distinct[-1] + 1.0)
    if distinct[0] > 0 and distinct[-1] > 20 * distinct[0]:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
        return np.geomspace(distinct[0], distinct[-1] * 1.001, 41)
    return np.histogram_bin_edges(numbers, bins=40)
