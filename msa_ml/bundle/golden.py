"""Golden cases: invented events with the numbers they must give, kept in ``golden.jsonl``.

A case holds the raw event, the bytes of each content view, the dense vector, logit, probability and the decision of
each policy. A serving team replays them against its own port; :func:`replay` does it here before the first score.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msa_ml.errors import BundleRefused

LOGIT_TOLERANCE = 1e-4
"""Largest difference of a logit between two builds of onnxruntime; thresholds stand further from golden scores."""
DENSE_TOLERANCE = 1e-6
"""Largest relative difference of a dense feature between two platforms' mathematics libraries."""


@dataclass(frozen=True)
class Case:
    """One golden case."""

    name: str
    raw: bytes
    content: Mapping[str, bytes]
    dense: NDArray[np.float32]
    logit: float
    probability: float
    decisions: Mapping[str, bool]

    def to_line(self) -> str:
        """Return one line of ``golden.jsonl``: bytes in base64, missing numbers as null, infinities as text."""
        return json.dumps(
            {
                "name": self.name,
                "raw": base64.b64encode(self.raw).decode(),
                "content": {view: base64.b64encode(data).decode() for view, data in self.content.items()},
                "dense": [_number(float(value)) for value in self.dense],
                "logit": self.logit,
                "probability": self.probability,
                "decisions": dict(self.decisions),
            },
            sort_keys=True,
            allow_nan=False,
        )

    @classmethod
    def from_line(cls, line: str) -> Case:
        """Read one line of ``golden.jsonl``."""
        data = json.loads(line)
        return cls(
            data["name"],
            base64.b64decode(data["raw"]),
            {view: base64.b64decode(text) for view, text in data["content"].items()},
            np.array([math.nan if value is None else float(value) for value in data["dense"]], np.float32),
            data["logit"],
            data["probability"],
            data["decisions"],
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
        except (ValueError, KeyError, TypeError) as error:
            raise BundleRefused(
                f"golden.jsonl, line {number}: not a golden case.", hint="Export it again."
            ) from error


def differences(wanted: Case, found: Case, columns: Sequence[str]) -> list[str]:
    """Say in words how two runs of one case differ; empty when they agree."""
    said = []
    for view, data in wanted.content.items():
        other = found.content.get(view, b"")
        if other != data:
            place = next((i for i, (a, b) in enumerate(zip(data, other, strict=False)) if a != b), len(other))
            said.append(
                f"content '{view}' differs from byte {place} ({len(data)} bytes wanted, {len(other)} found)"
            )
    close = np.isclose(wanted.dense, found.dense, rtol=DENSE_TOLERANCE, atol=0.0, equal_nan=True)
    said += [
        f"{columns[place]}: {wanted.dense[place]:.9g} wanted, {found.dense[place]:.9g} found"
        for place in np.flatnonzero(~close).tolist()
    ]
    if not abs(wanted.logit - found.logit) <= LOGIT_TOLERANCE:
        said.append(f"logit: {wanted.logit:.9g} wanted, {found.logit:.9g} found")
    said += [
        f"decision of {policy}: {decision} wanted, {found.decisions.get(policy)} found"
        for policy, decision in wanted.decisions.items()
        if found.decisions.get(policy) != decision
    ]
    return said


def replay(wanted: Iterable[Case], run: Iterable[Case], columns: Sequence[str]) -> int:
    """Compare two runs of the golden cases and return their number.

    Raises
    ------
    BundleRefused
        A case differs; the message names the case and every number.
    """
    count = 0
    for old, new in zip(wanted, run, strict=True):
        count += 1
        said = differences(old, new, columns)
        if said:
            raise BundleRefused(
                f"golden case '{old.name}' gives other numbers here: {'; '.join(said)}.",
                hint="Install the package version that the manifest names.",
            )
    if not count:
        raise BundleRefused("golden.jsonl holds no case.", hint="Export the bundle again.")
    return count


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
