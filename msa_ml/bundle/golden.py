"""Golden cases: invented events with the numbers they must give, kept in ``golden.jsonl``.

A case holds the raw event, the bytes of each content view, the dense vector, logit, probability and the decision of
each policy. A serving team replays them against its own port; :func:`replay` does it here before the first score.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from msa_ml.bundle.manifest import strict_json
from msa_ml.errors import BundleRefused, OtherVersion

LOGIT_TOLERANCE = 1e-4
"""Largest difference of a logit between two builds of onnxruntime; every golden score stands further than twice this
from every threshold, so its decisions agree wherever its logit does."""
LEAST_CASES = 10
"""A bundle is not written with fewer."""
DENSE_TOLERANCE = 1e-6
"""Largest relative difference of a dense feature between two platforms' mathematics libraries."""


@dataclass(frozen=True)
class Case:
    """One golden case.

    Attributes
    ----------
    raw
        Bytes of a message; JSON text of one event for the kinds that are rows of plain fields.
    history
        What was known before the event, by name, where the features have histories; one that is not there is unknown.
    """

    name: str
    raw: bytes
    content: Mapping[str, bytes]
    dense: NDArray[np.float32]
    logit: float
    probability: float
    decisions: Mapping[str, bool]
    history: Mapping[str, float] = field(default_factory=dict)

    def to_line(self) -> str:
        """Return one line of ``golden.jsonl``: bytes in base64, missing numbers as null, infinities as text."""
        said = {
            "name": self.name,
            "raw": base64.b64encode(self.raw).decode(),
            "content": {view: base64.b64encode(data).decode() for view, data in self.content.items()},
            "dense": [_number(float(value)) for value in self.dense],
            "logit": self.logit,
            "probability": self.probability,
            "decisions": dict(self.decisions),
        }
        if self.history:
            said["history"] = {name: _number(float(value)) for name, value in self.history.items()}
        return json.dumps(said, sort_keys=True, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Case:
        """Read one line of ``golden.jsonl``.

        Raises
        ------
        ValueError, TypeError, KeyError, AttributeError, RecursionError
            It is not a case.
        """
        data = strict_json(line)
        decisions = data["decisions"]
        if not (isinstance(data["name"], str) and data["name"].isprintable()):
            raise ValueError("the name is no printable text")
        if not all(type(value) is bool for value in decisions.values()):
            raise ValueError("a decision is true or false")
        with np.errstate(over="ignore"):
            dense = np.array([_value(value) for value in data["dense"]], np.float32)
        return cls(
            data["name"],
            base64.b64decode(data["raw"], validate=True),
            {view: base64.b64decode(text, validate=True) for view, text in data["content"].items()},
            dense,
            _finite(data["logit"]),
            _finite(data["probability"]),
            decisions,
            {str(name): _value(value) for name, value in data.get("history", {}).items()},
        )


def read_cases(text: str) -> Iterator[Case]:
    """Yield the cases of ``golden.jsonl``.

    Raises
    ------
    BundleRefused
        A line is not a case.
    """
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield Case.from_line(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleRefused(
                f"golden.jsonl, line {number}: not a golden case.", hint="Export it again."
            ) from error


def differences(wanted: Case, found: Case, columns: Sequence[str]) -> list[str]:
    """Say in words how two runs of one case differ; empty when they agree."""
    said = [
        *_other_names("content view", wanted.content, found.content),
        *_other_names("policy", wanted.decisions, found.decisions),
    ]
    for view in sorted(wanted.content.keys() & found.content.keys()):
        data, other = wanted.content[view], found.content[view]
        if other != data:
            place = next((i for i, (a, b) in enumerate(zip(data, other, strict=False)) if a != b), len(other))
            said.append(
                f"content '{view}' differs from byte {place} ({len(data)} bytes wanted, {len(other)} found)"
            )
    if wanted.dense.shape != found.dense.shape:
        said.append(f"{len(wanted.dense)} dense features wanted, {len(found.dense)} found")
    else:
        close = np.isclose(wanted.dense, found.dense, rtol=DENSE_TOLERANCE, atol=0.0, equal_nan=True)
        said += [
            f"{columns[place]}: {wanted.dense[place]:.9g} wanted, {found.dense[place]:.9g} found"
            for place in np.flatnonzero(~close).tolist()
        ]
    said += [
        f"{name}: {old:.9g} wanted, {new:.9g} found"
        for name, old, new in (
            ("logit", wanted.logit, found.logit),
            ("probability", wanted.probability, found.probability),
        )
        if not abs(old - new) <= LOGIT_TOLERANCE
    ]
    said += [
        f"decision of {policy}: {wanted.decisions[policy]} wanted, {found.decisions[policy]} found"
        for policy in sorted(wanted.decisions.keys() & found.decisions.keys())
        if found.decisions[policy] != wanted.decisions[policy]
    ]
    return said


def far_from(thresholds: Sequence[float], logit: float) -> bool:
    """Whether a logit stands so far from every threshold that no platform decides otherwise.

    Examples
    --------
    >>> far_from([0.5, 2.0], 0.5003), far_from([0.5, 2.0], 0.5001), far_from([0.5], float("nan"))
    (True, False, False)
    """
    return math.isfinite(logit) and all(abs(logit - entry) > 2 * LOGIT_TOLERANCE for entry in thresholds)


def replay(wanted: Iterable[Case], run: Iterable[Case], columns: Sequence[str]) -> int:
    """Compare two runs of the golden cases and return their number.

    Raises
    ------
    OtherVersion
        A case differs; the message names the case and every number.
    BundleRefused
        There is no case.
    """
    count = 0
    for old, new in zip(wanted, run, strict=True):
        count += 1
        said = differences(old, new, columns)
        if said:
            raise OtherVersion(
                f"golden case '{old.name}' gives other numbers here: {'; '.join(said)}.",
                hint="Install the package version that the manifest names.",
            )
    if not count:
        raise BundleRefused("golden.jsonl holds no case.", hint="Export the bundle again.")
    return count


def _other_names(what: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    missing, added = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    return [f"{what} {name!a} wanted, not found" for name in missing] + [
        f"{what} {name!a} found, not wanted" for name in added
    ]


def _value(value: object) -> float:
    """Read what :func:`_number` wrote."""
    if value is None:
        return math.nan
    return float(value) if value in ("inf", "-inf") else _finite(value)


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
