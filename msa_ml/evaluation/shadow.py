"""What would change if another bundle decided: two scores of the same events, no labels needed.

Agreement, flips and the change of the blocked volume, each under one policy of either bundle, with intervals from the
bootstrap of :mod:`msa_ml.evaluation.bootstrap`: days and campaigns are drawn, not events.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Bootstrap, Interval, divide
from msa_ml.evaluation.compare import paired_difference
from msa_ml.evaluation.ranking import checked_numbers, checked_weight
from msa_ml.evaluation.rendering import SYNTHETIC, aligned, percent, with_bounds
from msa_ml.evaluation.slices import merge_small

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Flips:
    """Events whose decision changes, in one slice.

    Attributes
    ----------
    events
        Events of the slice; sampled ones count once.
    blocked, released
        Events that only the new bundle blocks, and that only the old one did.
    """

    name: str
    events: int
    blocked: int
    released: int


@dataclass(frozen=True)
class Shadow:
    """What would change.

    Attributes
    ----------
    policy
        Name; each bundle decides by its own threshold of it.
    events, days
        Length of the comparison; days may be a part.
    agreement
        Share of events with the same decision, 0..1.
    flips
        Over all events.
    per_day_old, per_day_new, per_day_change
        Blocked events a day, with inclusion weights.
    relative_change
        Of the blocked events; ``nan`` where the old bundle blocks none.
    logit_shift
        Median, and the 5 % and 95 % quantiles, of new minus old logit. Not an interval.
    slices
        Flips by name of the slicing column.
    known
        Flips among events whose label is known: ``ham`` and ``spam``.
    """

    policy: str
    events: int
    days: float
    agreement: Interval
    flips: Flips
    per_day_old: Interval
    per_day_new: Interval
    per_day_change: Interval
    relative_change: float
    logit_shift: tuple[float, float, float]
    slices: Mapping[str, tuple[Flips, ...]] = field(default_factory=dict)
    known: Mapping[str, Flips] = field(default_factory=dict)
    synthetic: bool = False

    @property
    def flip_share(self) -> float:
        """Share of events whose decision changes, 0..1."""
        return 1 - self.agreement.value

    def table(self) -> str:
        """Return it as plain text."""
        low, high = self.logit_shift[1:]
        lines = [SYNTHETIC] if self.synthetic else []
        lines += [
            f"{self.events:,} events in {self.days:.1f} days under {self.policy}; 95 % intervals",
            (
                f"same decision: {with_bounds(self.agreement, percent)}; newly blocked {self.flips.blocked:,}, "
                f"released {self.flips.released:,}"
            ),
            f"logit, new minus old: median {self.logit_shift[0]:+.3f}, 90 % of events from {low:+.3f} to {high:+.3f}",
            aligned(
                ("blocked a day", "old", "new", "change"),
                [
                    (
                        "",
                        with_bounds(self.per_day_old, _volume),
                        with_bounds(self.per_day_new, _volume),
                        with_bounds(self.per_day_change, _signed),
                    )
                ],
            ),
        ]
        if self.known:
            said = [
                f"{one.name}: {one.blocked:,} newly blocked, {one.released:,} released of {one.events:,}"
                for one in self.known.values()
            ]
            lines.append(f"where the label is known: {'; '.join(said)}")
        for column, parts in self.slices.items():
            cells = [(one.name, f"{one.events:,}", f"{one.blocked:,}", f"{one.released:,}") for one in parts]
            lines += ["", aligned((column, "events", "newly blocked", "released"), cells)]
        return "\n".join(lines) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "flip_share": self.flip_share}


def shadow(
    old: ArrayLike,
    new: ArrayLike,
    *,
    thresholds: tuple[float, float],
    days: float,
    policy: str = "",
    weight: ArrayLike | None = None,
    campaign: ArrayLike | None = None,
    day: ArrayLike | None = None,
    label: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    replicates: int = 400,
    synthetic: bool = False,
) -> Shadow:
    """Compare two scores of the same N events.

    Parameters
    ----------
    old, new
        float32[N], logits.
    thresholds
        Of the old and the new bundle: blocked is ``logit >= threshold``.
    days
        Length of the time that the events are all events of.
    label
        1 (abuse), 0, or -1 where it is not known.
    weight, campaign, day, slices, seed, replicates, synthetic
        As for :func:`~msa_ml.evaluation.evaluation.evaluate`.

    Raises
    ------
    InputError
        There are no events, shapes differ, or ``days`` is not above 0.

    Examples
    --------
    >>> old = np.linspace(-2, 2, 1000)
    >>> found = shadow(old, old + 0.1, thresholds=(1.0, 1.0), days=2, replicates=50)
    >>> found.flips.blocked, found.flips.released, found.per_day_change.value
    (25, 0, 12.5)
    """
    length = np.size(old)
    if not length:
        raise InputError("a comparison needs events, found none.")
    if not (math.isfinite(days) and days > 0):
        raise InputError(f"the time that the events cover is above 0 days, found {days}.")
    logits = [
        checked_numbers(f"the {name} logits", values, length).astype(np.float32)
        for name, values in (("old", old), ("new", new))
    ]
    before, after = (found >= np.float32(limit) for found, limit in zip(logits, thresholds, strict=True))
    rows = checked_weight(weight, length)
    draws = Bootstrap.of(clusters(length, campaign, day), rows, replicates=replicates, seed=seed)
    everything = np.ones(length, np.bool_)
    change = paired_difference(everything, before, after, draws=draws)
    whole = draws.sum(everything)[0]
    shift = np.quantile((logits[1] - logits[0]).astype(np.float64), [0.5, 0.05, 0.95])
    blocked = [draws.sum(flags)[0] for flags in (before, after)]
    known = None if label is None else np.asarray(label)
    return Shadow(
        policy=policy,
        events=int(length),
        days=float(days),
        agreement=draws.rate(everything, before == after),
        flips=_flips("", everything, before, after),
        per_day_old=_per_day(before, draws, days),
        per_day_new=_per_day(after, draws, days),
        per_day_change=change.map(lambda value: value * float(whole) / days),
        relative_change=float(divide(blocked[1] - blocked[0], blocked[0])),
        logit_shift=(float(shift[0]), float(shift[1]), float(shift[2])),
        slices={
            column: _by_slice(np.asarray(values), before, after) for column, values in (slices or {}).items()
        },
        known={}
        if known is None or not (known >= 0).any()
        else {name: _flips(name, known == value, before, after) for name, value in (("ham", 0), ("spam", 1))},
        synthetic=synthetic,
    )


def _per_day(flags: Flags, draws: Bootstrap, days: float) -> Interval:
    """Return the blocked volume a day: the rate with its bounds, times the events a day."""
    everything = np.ones(len(flags), np.bool_)
    whole = float(draws.sum(everything)[0])
    return draws.rate(everything, flags).map(lambda share: share * whole / days)


def _by_slice(values: NDArray[Any], before: Flags, after: Flags) -> tuple[Flips, ...]:
    names = merge_small(values)
    if names.shape != before.shape:
        raise InputError(f"a slice must have the shape of the events, {before.shape}, found {names.shape}.")
    return tuple(
        _flips(str(name), names == name, before, after) for name in dict.fromkeys(sorted(names.tolist()))
    )


def _flips(name: str, inside: Flags, before: Flags, after: Flags) -> Flips:
    return Flips(
        name,
        int(inside.sum()),
        int((inside & after & ~before).sum()),
        int((inside & before & ~after).sum()),
    )


def _volume(value: float) -> str:
    return f"{value:,.1f}" if math.isfinite(value) else "?"


def _signed(value: float) -> str:
    return f"{value:+,.1f}" if math.isfinite(value) else "?"
