"""How much of the spam that a model catches it still catches when the spam hides.

Mails are transformed after the model was trained and before anything is computed of them, by people's means and not by
the model's gradient: it is what most senders can do (Biggio and Roli, Wild patterns, 2018, call it a black-box evasion).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import DataRefused, InputError
from msa_ml.evaluation.bootstrap import Bootstrap, Interval, divide, percentile
from msa_ml.evaluation.obfuscation.trick import chosen
from msa_ml.evaluation.ranking import checked_numbers
from msa_ml.evaluation.rendering import SYNTHETIC, aligned, between, percent
from msa_ml.markup import table

Score = Callable[[Sequence[bytes]], NDArray[np.float32]]


@dataclass(frozen=True)
class Kept:
    """What one trick does.

    Attributes
    ----------
    name, description
        Of the trick.
    kept
        Share of the spam caught as it was that is still caught, 0..1.
    tpr
        Share of all the spam that is caught when it hides so, 0..1.
    changed
        Mails that the trick changed at all: some have no link to redirect, or no letters to draw.
    shift
        Mean change of the logit over the caught spam; below 0 when hiding helps the sender.
    """

    name: str
    description: str
    kept: Interval
    tpr: Interval
    changed: int
    shift: float


@dataclass(frozen=True)
class Robustness:
    """What a model keeps of its true positives when spam hides.

    Attributes
    ----------
    tricks
        Each trick's finding, the weakest first.
    mean
        Mean over the tricks of the share kept, 0..1.
    mean_tpr
        Mean over the tricks of the share of all the spam that is caught.
    spam, caught
        Mails that were transformed, and those of them that are caught as they are.
    threshold
        On the logit.
    clusters
        Of the bootstrap.
    synthetic
        Whether any mail was simulated.
    """

    tricks: tuple[Kept, ...]
    mean: Interval
    mean_tpr: Interval
    spam: int
    caught: int
    threshold: float
    clusters: int
    synthetic: bool = False
    flags: NDArray[np.bool_] = field(
        repr=False, compare=False, default_factory=lambda: np.zeros((0, 0), np.bool_)
    )

    @property
    def worst(self) -> Kept:
        """The trick that helps a sender most."""
        return self.tricks[0]

    def table(self) -> str:
        """Return it as plain text for a terminal."""
        mark = [SYNTHETIC] if self.synthetic else []
        return "\n".join([*mark, *self._said(), aligned(_HEAD, self._rows())]) + "\n"

    def _repr_html_(self) -> str:
        return table(
            _HEAD, self._rows(), caption=self._said()[0], synthetic=self.synthetic, notes=self._said()[1:]
        )

    def _said(self) -> list[str]:
        return [
            (
                f"obfuscation suite: of {self.caught:,} spam caught (of {self.spam:,}) {percent(self.mean.value)} "
                f"({between(self.mean, percent)}) are still caught on average, {percent(self.worst.kept.value)} under "
                f"{self.worst.name}"
            ),
            f"95 % intervals of {self.clusters:,} clusters; logit >= {self.threshold:.3f}",
        ]

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.name,
                percent(one.kept.value),
                between(one.kept, percent),
                percent(one.tpr.value),
                f"{one.shift:+.2f}" if math.isfinite(one.shift) else "?",
                f"{one.changed:,}",
            )
            for one in self.tricks
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; unknown numbers are ``None``."""
        return {
            "spam": self.spam,
            "caught": self.caught,
            "threshold": self.threshold,
            "mean_kept": _plain(self.mean.value),
            "worst_kept": _plain(self.worst.kept.value),
            "worst": self.worst.name,
            "mean_tpr": _plain(self.mean_tpr.value),
            "kept": {
                one.name: {
                    "value": _plain(one.kept.value), "low": _plain(one.kept.low), "high": _plain(one.kept.high),
                    "tpr": _plain(one.tpr.value), "shift": _plain(one.shift), "changed": one.changed,
                }
                for one in self.tricks
            },
        }  # fmt: skip


_HEAD = ("trick", "kept", "95 % interval", "TPR", "logit change", "changed mails")


def measure(
    score: Score,
    raws: Sequence[bytes],
    threshold: float,
    *,
    seed: int = 0,
    tricks: Sequence[str] | None = None,
    good_words: Sequence[str] = (),
    campaign: ArrayLike | None = None,
    replicates: int = 400,
    synthetic: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Robustness:
    r"""Transform spam by every trick and see what of it is still caught.

    Parameters
    ----------
    score
        Raw mails to logits, float32[N].
    raws
        N raw spam mails.
    threshold
        Caught is ``logit >= threshold``, in float32.
    seed
        Of all chance; a mail is transformed the same whatever mails stand beside it.
    tricks
        Names; default: all.
    good_words
        Words in an order that reads like ham, for the tricks that pad; default: an invented text.
    campaign
        str[N], empty where a mail has none: mails of one campaign are drawn together by the bootstrap.
    progress
        Called with the number of mails scored since the last call, N for each trick and N before them.

    Raises
    ------
    DataRefused
        No spam is caught as it is, so nothing can be kept.
    UnknownNameError
        No such trick.

    Examples
    --------
    >>> def pills(raws):
    ...     return np.array([1.0 if b"pills" in raw else -1.0 for raw in raws], np.float32)
    >>> found = measure(pills, [b"Subject: a\n\ncheap pills"] * 20, 0.0, tricks=["padded_end", "zero_width"])
    >>> found.worst.name, found.worst.kept.value, found.mean.value
    ('zero_width', 0.0, 0.5)
    """
    wanted = chosen(tricks)
    if not wanted:
        raise InputError("the suite needs at least one trick.")
    cut = np.float32(threshold)
    before = _logits(score, raws, progress)
    caught = before >= cut
    if not caught.any():
        raise DataRefused(
            f"none of {len(raws)} spam mails is caught at logit >= {threshold:.3f}, so nothing can be kept.",
            hint="Widen the window, or take a looser policy.",
        )
    flags = np.zeros((len(wanted), len(raws)), np.bool_)
    shifts, changed = [], []
    for place, trick in enumerate(wanted):
        hidden = [trick.apply(raw, seed=seed, good_words=good_words) for raw in raws]
        after = _logits(score, hidden, progress)
        flags[place] = after >= cut
        with np.errstate(invalid="ignore"):
            shifts.append(float(np.mean(after[caught].astype(np.float64) - before[caught])))
        changed.append(sum(one != other for one, other in zip(raws, hidden, strict=True)))
    draws = Bootstrap.of(clusters(len(raws), campaign), np.ones(len(raws)), replicates=replicates, seed=seed)
    everything = np.ones(len(raws), np.bool_)
    found = [
        Kept(
            trick.name,
            trick.description,
            draws.rate(caught, flags[place]),
            draws.rate(everything, flags[place]),
            changed[place],
            shifts[place],
        )
        for place, trick in enumerate(wanted)
    ]
    order = sorted(range(len(found)), key=lambda place: (found[place].kept.value, found[place].name))
    return Robustness(
        tricks=tuple(found[place] for place in order),
        mean=_mean(draws, (flags & caught).mean(axis=0), caught),
        mean_tpr=_mean(draws, flags.mean(axis=0), everything),
        spam=len(raws),
        caught=int(caught.sum()),
        threshold=float(cut),
        clusters=draws.size,
        synthetic=synthetic,
        flags=flags[order],
    )


def _mean(draws: Bootstrap, each: NDArray[np.float64], members: NDArray[np.bool_]) -> Interval:
    (top, tops), (whole, wholes) = draws.sum(each), draws.sum(members)
    return percentile(divide(top, whole), divide(tops, wholes))


def _logits(
    score: Score, raws: Sequence[bytes], progress: Callable[[int], None] | None
) -> NDArray[np.float32]:
    logits = checked_numbers("the logits of the score function", score(raws), len(raws)).astype(np.float32)
    if progress is not None:
        progress(len(raws))
    return logits


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
