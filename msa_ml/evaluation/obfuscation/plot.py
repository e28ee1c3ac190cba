"""The picture of a robustness."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from msa_ml.evaluation.obfuscation.robustness import Robustness
from msa_ml.evaluation.plots import HAM, LINE, SPAM, titled


def obfuscation(found: Robustness) -> Figure:
    r"""Return the share kept under each trick as bars, the weakest on top, with 95 % intervals and the mean as a line.

    Examples
    --------
    >>> from msa_ml.evaluation.obfuscation.robustness import measure
    >>> spam = [b"Subject: a\n\ncheap pills"] * 20
    >>> found = measure(lambda raws: np.ones(len(raws), np.float32), spam, 0.0, tricks=["utf16"], replicates=9)
    >>> obfuscation(found).axes[0].get_yticklabels()[0].get_text()
    'utf16'
    """
    tricks = found.tricks
    figure, axes = titled(
        f"Spam still caught when it hides: {found.mean.value:.1%} on average",
        synthetic=found.synthetic,
        height=1.5 + 0.25 * max(len(tricks), 3),
    )
    value = np.array([one.kept.value for one in tricks])
    low = np.nan_to_num(value - [one.kept.low for one in tricks])
    high = np.nan_to_num(np.array([one.kept.high for one in tricks]) - value)
    place = np.arange(len(tricks))
    axes.barh(place, value, height=0.7, color=[SPAM if share < found.mean.value else HAM for share in value])
    axes.errorbar(value, place, xerr=[low, high], fmt="none", ecolor=LINE, elinewidth=1, capsize=2.5)
    for at, share in zip(place.tolist(), value.tolist(), strict=True):
        axes.text(1.02, at, f"{share:.1%}", va="center", fontsize=8, transform=axes.get_yaxis_transform())
    axes.axvline(found.mean.value, color=LINE, linestyle=(0, (5, 2)), linewidth=1.1)
    axes.set_yticks(place, [one.name for one in tricks], fontsize=9)
    axes.set_ylim(max(len(tricks), 1) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(f"share kept of the {found.caught:,} spam mails caught as they are (dashed: mean)")
    axes.grid(visible=False, axis="y")
    return figure
