"""What a challenger loses to a champion when the same spam hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msa_ml.errors import InputError
from msa_ml.evaluation.bootstrap import Interval
from msa_ml.evaluation.obfuscation.robustness import Robustness


@dataclass(frozen=True)
class Loss:
    """How much less of the same hidden spam a challenger catches.

    The share of all the spam is compared, not the share kept of each model's own catch: a challenger that newly catches
    the hard spam keeps less of it and loses nobody anything.

    Attributes
    ----------
    mean
        Champion's minus challenger's TPR under the suite, mean over the tricks, -1..1; above 0 when the challenger is
        worse.
    worst
        The same under the trick where it is largest, with a 95 % interval of the paired differences.
    trick
        Its name.
    champion_kept, challenger_kept
        Mean share that each keeps of its own catch.
    spam
        Mails compared.
    """

    mean: float
    worst: Interval
    trick: str
    champion_kept: float
    challenger_kept: float
    spam: int

    @classmethod
    def between(cls, champion: Robustness, challenger: Robustness) -> Loss:
        r"""Compare two models on the same mails, hidden in the same way.

        The interval is that of a paired difference of shares (Agresti and Min, Simple improved confidence intervals for
        comparing matched proportions, 2005: half a mail is added to each of the four kinds).

        Raises
        ------
        InputError
            They were not measured on the same mails and tricks.

        Examples
        --------
        >>> from msa_ml.evaluation.obfuscation.robustness import measure
        >>> spam = [b"Subject: a\n\ncheap pills"] * 100
        >>> def blind(raws):
        ...     return np.array([1.0 if b"cheap pills" in raw else -1.0 for raw in raws], np.float32)
        >>> def sure(raws):
        ...     return np.ones(len(raws), np.float32)
        >>> found = [measure(score, spam, 0.0, tricks=["base64", "padded_end"]) for score in (sure, blind)]
        >>> loss = Loss.between(*found)
        >>> loss.mean, loss.trick, loss.worst.low > 0.9
        (0.5, 'base64', True)
        """
        old = {one.name: row for one, row in zip(champion.tricks, champion.flags, strict=True)}
        new = {one.name: row for one, row in zip(challenger.tricks, challenger.flags, strict=True)}
        if old.keys() != new.keys() or champion.spam != challenger.spam:
            raise InputError(
                f"two models are compared on the same mails and tricks, found {champion.spam} mails with {len(old)} "
                f"tricks and {challenger.spam} with {len(new)}."
            )
        found = {name: _paired(row, new[name]) for name, row in old.items()}
        worst = max(sorted(found), key=lambda name: found[name].value)
        return cls(
            mean=champion.mean_tpr.value - challenger.mean_tpr.value,
            worst=found[worst],
            trick=worst,
            champion_kept=champion.mean.value,
            challenger_kept=challenger.mean.value,
            spam=champion.spam,
        )


def _paired(before: np.typing.NDArray[np.bool_], after: np.typing.NDArray[np.bool_]) -> Interval:
    """Return the share lost with its interval."""
    size = len(before)
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    down, up, whole = lost + 0.5, gained + 0.5, size + 2.0
    middle = (down - up) / whole
    reach = 1.96 * np.sqrt(max(down + up - (down - up) ** 2 / whole, 0.0)) / whole
    value = (lost - gained) / size
    return Interval(value, float(min(middle - reach, value)), float(max(middle + reach, value)))
