"""What a bundle says of one event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from msa_ml.markup import table


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to a score: how far the logit would fall if this evidence were as in typical ham."""

    name: str
    words: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on one event.

    Attributes
    ----------
    logit, probability
        Calibrated, float32 of the graph.
    decision
        ``logit >= threshold`` of ``policy``.
    policy
        Name of the policy that decided.
    decisions
        The decision of every policy.
    reasons
        Largest contributions first; empty unless asked for.
    bundle_id
        For the decision log.
    synthetic
        Whether the model was trained on simulated events.
    truncated
        The mail is longer than the limit, and only its beginning was scored.
    degraded
        Extractors that would have started after the mail's time was used up; their features counted as unknown. And
        ``"history"`` where the bundle has histories and none was given, not even an empty one. Scores of vectors, by
        :meth:`~msa_ml.bundle.vectors.VectorBundle.score_vectors`, never say it: their histories are in the vectors.
    """

    logit: float
    probability: float
    decision: bool
    policy: str
    decisions: Mapping[str, bool]
    bundle_id: str
    reasons: tuple[Reason, ...] = ()
    synthetic: bool = False
    truncated: bool = False
    degraded: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the whole event, and its history, was looked at; if not, treat a verdict of "not flagged" as not known."""
        return not (self.truncated or self.degraded)

    def to_json(self) -> dict[str, Any]:
        """Return every field as plain JSON; a number that is not known is ``None``.

        Examples
        --------
        >>> reason = Reason("mail.date.skew", "seconds", math.nan, 0.5)
        >>> Score(0.0, 0.5, False, "p", {"p": False}, "", (reason,)).to_json()["reasons"][0]["value"] is None
        True
        """
        found = asdict(self)
        for reason in found["reasons"]:
            for key in ("value", "contribution"):
                reason[key] = reason[key] if math.isfinite(reason[key]) else None
        return found

    def _repr_html_(self) -> str:
        said = "flagged" if self.decision else "not flagged"
        if not self.complete:
            said += ", from a part of it"
        rows = [
            (f"{reason.contribution:+.2f}", reason.name, reason.words, reason.value)
            for reason in self.reasons
        ]
        return table(
            ("contribution to the logit", "evidence", "what it is", "value"),
            rows,
            caption=f"{self.probability:.2%}, logit {self.logit:.2f}: {said} by {self.policy}",
            synthetic=self.synthetic,
        )


def probability(logit: float) -> float:
    """Return the probability in float64; the graph's own, float32, rounds to 1 above a logit of 17.

    Examples
    --------
    >>> probability(0.0), probability(-1e9)
    (0.5, 9.85967654375977e-305)
    """
    return 1.0 / (1.0 + math.exp(-min(max(logit, -700.0), 700.0)))
