"""How a new bundle takes over: by growing shares of the events, with limits beyond which it does not.

The plan stands in the manifest (``rollout``), so that every serving system follows the same one. An event takes part in
a step when the first 64 bits of SHA-256 over ``<bundle id>:<key>`` (both as UTF-8, the key usually the event id) are,
as a big-endian number, less than ``floor(share * 2**64)``. So the same events take part on every machine, a larger
share holds the smaller one, and another bundle is tried on other events. Events that take part are decided by the new
bundle, the others by the one before; both should be scored and logged until the last step.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from msa_ml.errors import InputError


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    share
        Share of the events that the new bundle decides, 0..1.
    hours
        How long at least before the next step; 0 in the last.
    """

    share: float
    hours: float


@dataclass(frozen=True)
class Rollout:
    """The plan of a bundle.

    Attributes
    ----------
    steps
        Growing shares; the last is 1.
    most_flips
        Share of events, 0..1, whose decision may differ from that of the bundle before, under the default policy.
        Beyond it the roll-out stops and a person looks (``msa-ml compare-scores``).
    most_blocked_change
        How far the number of blocked events may change, relative to the bundle before: 0.25 allows 25 % more or less.

    Examples
    --------
    >>> plan = Rollout((Step(0.01, 24), Step(1, 0)))
    >>> [plan.share(hours) for hours in (0, 23.9, 24, 1000)]
    [0.01, 0.01, 1, 1]
    """

    steps: tuple[Step, ...]
    most_flips: float = 0.02
    most_blocked_change: float = 0.25

    def __post_init__(self) -> None:
        shares = [step.share for step in self.steps]
        if not shares or shares != sorted(set(shares)) or shares[0] < 0 or shares[-1] != 1:
            raise InputError(f"the shares of a roll-out grow and end with 1, found {shares}.")
        if any(not (math.isfinite(step.hours) and step.hours >= 0) for step in self.steps):
            raise InputError("the hours of a roll-out are numbers, 0 or more.")
        if not 0 <= self.most_flips <= 1:
            raise InputError(f"most_flips is a share, 0..1, found {self.most_flips}.")
        if not (math.isfinite(self.most_blocked_change) and self.most_blocked_change >= 0):
            raise InputError(f"most_blocked_change is a number, 0 or more, found {self.most_blocked_change}.")

    def share(self, hours: float) -> float:
        """Return the share of the events that the new bundle decides, so many hours after it was put into service."""
        end = 0.0
        for step in self.steps:
            end += step.hours
            if hours < end:
                return step.share
        return self.steps[-1].share

    def to_json(self) -> dict[str, Any]:
        """Return what the manifest holds."""
        found = asdict(self)
        return {**found, "steps": [asdict(step) for step in self.steps]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rollout | None:
        """Read what a manifest holds; ``None`` for an empty table, a bundle without a plan.

        Raises
        ------
        InputError
            It is no plan.
        """
        if not data:
            return None
        try:
            steps = tuple(Step(_number(step["share"]), _number(step["hours"])) for step in data["steps"])
            return cls(steps, _number(data["most_flips"]), _number(data["most_blocked_change"]))
        except (KeyError, TypeError) as error:
            raise InputError(
                "a roll-out holds steps, most_flips and most_blocked_change, and a step share and hours."
            ) from error


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        raise TypeError(type(value).__name__)
    return value


def takes_part(bundle_id: str, key: str, share: float) -> bool:
    """Whether an event takes part in a step.

    Parameters
    ----------
    bundle_id
        Of the new bundle, 64 hex digits.
    key
        Usually the event id; what shall be treated alike has one key, for example an account.
    share
        Share of the events, 0..1.

    Examples
    --------
    >>> keys = [f"{number:032x}" for number in range(10_000)]
    >>> some = {key for key in keys if takes_part("ab" * 32, key, 0.05)}
    >>> 400 < len(some) < 600, some <= {key for key in keys if takes_part("ab" * 32, key, 0.2)}
    (True, True)
    >>> takes_part("ab" * 32, "x", 0.0), takes_part("ab" * 32, "x", 1.0)
    (False, True)
    """
    first = hashlib.sha256(f"{bundle_id}:{key}".encode()).digest()[:8]
    return int.from_bytes(first, "big") < math.floor(share * 2**64)


USUAL = Rollout((Step(0.01, 24), Step(0.1, 24), Step(1, 0)))
"""One day at 1 %, one at 10 %, then all."""
