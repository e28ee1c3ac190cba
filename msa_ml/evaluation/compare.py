"""Champion against challenger on the same events: paired, clustered, each at its own threshold.

Both models judge every row, so only rows on which they disagree say which is better, and the replicates of the
bootstrap draw the same clusters for both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msa_ml.dataset.campaigns import clusters
from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Bootstrap, Interval, binomial, divide, effective, percentile
from msa_ml.evaluation.obfuscation.loss import Loss
from msa_ml.evaluation.ranking import checked_labels, checked_numbers, checked_weight
from msa_ml.evaluation.rendering import SYNTHETIC, aligned, between, percent, with_bounds
from msa_ml.evaluation.slices import merge_small
from msa_ml.markup import folded, table
from msa_ml.model.threshold import Policy
from msa_ml.records import MAIL_WORDS, Words

Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """Challenger minus champion on some rows.

    Attributes
    ----------
    name
        Of the slice; empty for all rows.
    ham, spam
        Rows of each class.
    fpr, tpr
        Differences of rates, -1..1.
    """

    name: str
    ham: int
    spam: int
    fpr: Interval
    tpr: Interval


@dataclass(frozen=True)
class Comparison:
    """What changes when the challenger replaces the champion.

    Attributes
    ----------
    policy, budget
        The operating point: name and false-positive budget of the challenger's policy.
    champion_fpr, champion_tpr, challenger_fpr, challenger_tpr
        Shares 0..1.
    whole
        The difference over all rows.
    ham_newly_flagged, ham_spared, spam_newly_caught, spam_lost
        Rows on which the two disagree.
    slices
        Differences by name of the slicing column.
    synthetic
        Whether any row was simulated.
    clusters
        Of the bootstrap.
    words
        What people call the two classes, the one to be caught first.
    """

    policy: str
    budget: float
    champion_fpr: Interval
    champion_tpr: Interval
    challenger_fpr: Interval
    challenger_tpr: Interval
    whole: Difference
    ham_newly_flagged: int
    ham_spared: int
    spam_newly_caught: int
    spam_lost: int
    slices: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)
    synthetic: bool = False
    clusters: int = 0
    words: Words = MAIL_WORDS

    def table(self) -> str:
        """Return the comparison as plain text for a terminal."""
        rows = [
            (
                "FPR",
                with_bounds(self.champion_fpr, percent),
                with_bounds(self.challenger_fpr, percent),
                points(self.whole.fpr),
            ),
            (
                "TPR",
                with_bounds(self.champion_tpr, percent),
                with_bounds(self.challenger_tpr, percent),
                points(self.whole.tpr),
            ),
        ]
        lines = [SYNTHETIC] if self.synthetic else []
        spam, ham = self.words
        lines += [
            (
                f"{self.whole.ham:,} {ham}, {self.whole.spam:,} {spam} at {self.policy}; 95 % intervals, paired, "
                f"{self.clusters:,} clusters"
            ),
            aligned(("rate", "champion", "challenger", "difference (points)"), rows),
            (
                f"{ham}: {self.ham_newly_flagged:,} newly flagged, {self.ham_spared:,} spared; "
                f"{spam}: {self.spam_newly_caught:,} newly caught, {self.spam_lost:,} lost"
            ),
        ]
        for column, parts in self.slices.items():
            cells = [
                (part.name, f"{part.ham:,}", f"{part.spam:,}", points(part.fpr), points(part.tpr))
                for part in parts
            ]
            lines += [
                "",
                aligned((column, ham, spam, "FPR change (points)", "TPR change (points)"), cells),
            ]
        return "\n".join(lines) + "\n"

    def _repr_html_(self) -> str:
        rates = (
            ("FPR", self.champion_fpr, self.challenger_fpr, self.whole.fpr),
            ("TPR", self.champion_tpr, self.challenger_tpr, self.whole.tpr),
        )
        rows = [
            (name, with_bounds(before, percent), with_bounds(after, percent), points(change))
            for name, before, after, change in rates
        ]
        spam, ham = self.words
        parts = [
            table(
                ("rate", "champion", "challenger", "difference, points"),
                rows,
                caption=f"{self.whole.ham:,} {ham}, {self.whole.spam:,} {spam} at {self.policy}, paired, 95 % intervals of "
                f"{self.clusters:,} clusters",
                synthetic=self.synthetic,
                notes=[
                    f"{ham}: {self.ham_newly_flagged:,} newly flagged, {self.ham_spared:,} spared",
                    f"{spam}: {self.spam_newly_caught:,} newly caught, {self.spam_lost:,} lost",
                ],
            )
        ]
        for column, slices in self.slices.items():
            cells = [(one.name, one.ham, one.spam, points(one.fpr), points(one.tpr)) for one in slices]
            head = (column, ham, spam, "FPR change, points", "TPR change, points")
            parts.append(folded(f"by {column}", table(head, cells)))
        return "".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; unknown numbers are ``None``."""
        return {
            name: _plain(getattr(self, name))
            for name in self.__dataclass_fields__  # the order of the class is the order of the file
        }


@dataclass(frozen=True)
class Margins:
    """How much worse is still as good.

    Attributes
    ----------
    fpr
        The upper bound of the FPR difference may be this high; ``None``: the budget of the policy.
    tpr
        The lower bound of the TPR difference must be above this.
    slice_fpr, slice_tpr
        A slice is worse when its difference is beyond the margin and its interval excludes 0, so that noise in a
        small slice does not refuse a model; ``None``: the budget of the policy.
    obfuscation
        Loss of TPR on the obfuscation suite, mean over its tricks, as a share.
    trick
        Loss of TPR under one trick, as a share; worse when it is beyond and its interval excludes 0.
    """

    fpr: float | None = None
    tpr: float = 0.0
    slice_fpr: float | None = None
    slice_tpr: float = 0.05
    obfuscation: float = 0.05
    trick: float = 0.15


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, and every gate with its finding, first those that failed."""

    promote: bool
    reasons: tuple[str, ...]


def compare(
    y: ArrayLike,
    champion: ArrayLike,
    challenger: ArrayLike,
    *,
    champion_policy: Policy,
    challenger_policy: Policy,
    weight: ArrayLike | None = None,
    campaign: ArrayLike | None = None,
    day: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    replicates: int = 400,
    synthetic: bool = False,
    words: Words = MAIL_WORDS,
) -> Comparison:
    """Compare two models on the same N rows.

    Parameters
    ----------
    y
        0 or 1 (abuse).
    champion, challenger
        float32[N], logits of the emitted graphs.
    champion_policy, challenger_policy
        The thresholds that are, and would be, in service.
    weight, campaign, day, slices, seed, replicates, synthetic, words
        As for :func:`~msa_ml.evaluation.evaluation.evaluate`.

    Raises
    ------
    InputError
        Shapes differ, there are no rows, or a number is ``nan``.

    Examples
    --------
    >>> y = np.repeat([0, 1], [1000, 1000])
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> old = np.where(np.arange(2000) < 1300, -1.0, 1.0)
    >>> new = np.where(np.arange(2000) < 1100, -1.0, 1.0)
    >>> found = compare(y, old, new, champion_policy=rule, challenger_policy=rule, replicates=100)
    >>> round(found.whole.tpr.value, 3), found.spam_newly_caught, verdict(found).promote
    (0.2, 200, True)
    """
    abuse = checked_labels(y)
    if not len(abuse):
        raise InputError("a comparison needs rows, found none.")
    before = _flags("the champion's logits", champion, champion_policy, len(abuse))
    after = _flags("the challenger's logits", challenger, challenger_policy, len(abuse))
    rows = checked_weight(weight, len(abuse))
    draws = Bootstrap.of(clusters(len(abuse), campaign, day), rows, replicates=replicates, seed=seed)
    everything = np.ones(len(abuse), np.bool_)
    return Comparison(
        policy=challenger_policy.name,
        budget=challenger_policy.budget,
        champion_fpr=draws.rate(~abuse, before),
        champion_tpr=draws.rate(abuse, before),
        challenger_fpr=draws.rate(~abuse, after),
        challenger_tpr=draws.rate(abuse, after),
        whole=_difference("", everything, abuse, (before, after), draws),
        ham_newly_flagged=int((~abuse & after & ~before).sum()),
        ham_spared=int((~abuse & before & ~after).sum()),
        spam_newly_caught=int((abuse & after & ~before).sum()),
        spam_lost=int((abuse & before & ~after).sum()),
        slices={
            column: _by_slice(values, abuse, (before, after), draws)
            for column, values in (slices or {}).items()
        },
        synthetic=synthetic,
        clusters=draws.size,
        words=words,
    )


def verdict(
    comparison: Comparison, margins: Margins | None = None, *, obfuscation: Loss | None = None
) -> Verdict:
    """Say whether the challenger should replace the champion.

    It must be non-inferior in FPR, better in TPR, in no slice worse, and not fall to obfuscation. What cannot be shown
    has failed: with too little ham for the margin a challenger is refused, and the reason says so.

    Parameters
    ----------
    margins
        Default: :class:`Margins`.
    obfuscation
        What the challenger loses on the obfuscation suite; ``None``: the suite was not run.

    Examples
    --------
    >>> y = np.repeat([0, 1], 500)
    >>> rule = Policy("fpr_1pct", 0.01, 0.0, True, 0.009, 400, 0, 0, 0.9)
    >>> same = compare(y, 2.0 * y - 1, 2.0 * y - 1, champion_policy=rule, challenger_policy=rule, replicates=50)
    >>> verdict(same).reasons[0]
    'failed: TPR difference +0.00 (-0.74 to +0.74) points, must be above +0.00'
    """
    limit = margins or Margins()
    budget = comparison.budget
    fpr_margin = budget if limit.fpr is None else limit.fpr
    slice_margin = budget if limit.slice_fpr is None else limit.slice_fpr
    fpr, tpr = comparison.whole.fpr, comparison.whole.tpr
    gates = [
        (
            fpr.high <= fpr_margin,
            f"FPR difference {points(fpr)} points, allowed up to {_points(fpr_margin)}",
        ),
        (tpr.low > limit.tpr, f"TPR difference {points(tpr)} points, must be above {_points(limit.tpr)}"),
    ]
    worse = _worse_slices(comparison, slice_margin, limit.slice_tpr)
    gates += [(False, found) for found in worse]
    if not worse and comparison.slices:
        gates.append((True, f"no slice is worse by more than {_points(limit.slice_tpr)} points of TPR"))
    if obfuscation is not None:
        gates += _hidden(obfuscation, limit)
    failed = [f"failed: {found}" for passed, found in gates if not passed]
    return Verdict(not failed, (*failed, *(f"passed: {found}" for passed, found in gates if passed)))


def _hidden(loss: Loss, limit: Margins) -> list[tuple[bool, str]]:
    """Return the gates of the obfuscation suite: on average, and under the trick that costs most."""
    kept = f"kept {percent(loss.challenger_kept)}, champion {percent(loss.champion_kept)}; {loss.spam:,} spam"
    found = [
        (
            loss.mean <= limit.obfuscation,
            f"obfuscation costs {_points(loss.mean)} points of TPR, allowed {_points(limit.obfuscation)} ({kept})",
        )
    ]
    if loss.worst.value > limit.trick and loss.worst.low > 0:
        said = f"obfuscation by {loss.trick} costs {points(loss.worst)} points of TPR, allowed {_points(limit.trick)}"
        found.append((False, said))
    return found


def points(interval: Interval) -> str:
    """Return a difference of shares in percentage points with its bounds.

    Examples
    --------
    >>> points(Interval(0.01, -0.005, 0.025))
    '+1.00 (-0.50 to +2.50)'
    """
    return f"{_points(interval.value)} ({between(interval, _points)})"


def _points(share: float) -> str:
    return f"{100 * share:+.2f}" if math.isfinite(share) else "?"


def _flags(what: str, logit: ArrayLike, policy: Policy, length: int) -> Labels:
    scores = checked_numbers(what, logit, length).astype(np.float32)
    return np.asarray(scores >= np.float32(policy.threshold), np.bool_)


def _by_slice(
    values: ArrayLike, abuse: Labels, flags: tuple[Labels, Labels], draws: Bootstrap
) -> tuple[Difference, ...]:
    names = merge_small(values)
    if names.shape != abuse.shape:
        raise InputError(f"a slice must have the shape of the labels, {abuse.shape}, found {names.shape}.")
    return tuple(
        _difference(name, names == name, abuse, flags, draws)
        for name in dict.fromkeys(sorted(names.tolist()))
    )


def _difference(
    name: str, inside: Labels, abuse: Labels, flags: tuple[Labels, Labels], draws: Bootstrap
) -> Difference:
    ham, spam = inside & ~abuse, inside & abuse
    return Difference(
        name,
        int(ham.sum()),
        int(spam.sum()),
        paired_difference(ham, *flags, draws=draws),
        paired_difference(spam, *flags, draws=draws),
    )


def paired_difference(members: Labels, before: Labels, after: Labels, *, draws: Bootstrap) -> Interval:
    """Return the change of a rate among members with an interval that is not fooled by few disagreements.

    The bounds are the outer ones of the clustered bootstrap and of the exact bounds of the two kinds of disagreement,
    joined as Zou and Donner do (Construction of confidence limits about effect measures, 2008): where the models agree
    on every row the bootstrap sees no variation at all and would claim certainty.

    Examples
    --------
    >>> rows = np.ones(1000, np.bool_)
    >>> draws = Bootstrap.of(np.arange(1000), np.ones(1000), replicates=50, seed=0)
    >>> found = paired_difference(rows, rows, rows, draws=draws)
    >>> found.value, found.high > 0.003
    (0.0, True)
    """
    gained, lost = members & after & ~before, members & before & ~after
    (plus, pluses), (minus, minuses), (whole, wholes) = draws.sum(gained), draws.sum(lost), draws.sum(members)
    change = percentile(divide(plus - minus, whole), divide(pluses - minuses, wholes))
    if math.isnan(change.low):
        return change
    size = effective(draws.weight[members])
    up, down = plus / whole, minus / whole
    up_low, up_high = binomial(up * size, size)
    down_low, down_high = binomial(down * size, size)
    low = change.value - math.hypot(up - up_low, down_high - down)
    high = change.value + math.hypot(up_high - up, down - down_low)
    return Interval(change.value, min(change.low, low), max(change.high, high))


def _worse_slices(comparison: Comparison, fpr_margin: float, tpr_margin: float) -> list[str]:
    found = []
    for column, parts in comparison.slices.items():
        for part in parts:
            if part.fpr.value > fpr_margin and part.fpr.low > 0:
                found.append(
                    f"{column} = {part.name}: FPR {points(part.fpr)} points, allowed {_points(fpr_margin)}"
                )
            if part.tpr.value < -tpr_margin and part.tpr.high < 0:
                found.append(
                    f"{column} = {part.name}: TPR {points(part.tpr)} points, allowed {_points(-tpr_margin)}"
                )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Interval | Difference):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
