"""Which statement about an event holds: the rules of a task as plain values, and the choice by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msa_ml.dataset.labels import LabelRules


@dataclass(frozen=True)
class Rules:
    """How a task reads label words and ranks sources, from the most to the least trusted; others stand behind them all."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    ranking: tuple[str, ...] = ()

    @classmethod
    def of(cls, rules: LabelRules) -> Rules:
        """Return what counters need of a task's rules."""
        return cls(tuple(rules.positive), tuple(rules.negative), tuple(rules.ranking))

    def to_json(self) -> dict[str, list[str]]:
        """Return plain values."""
        return {
            "positive": list(self.positive),
            "negative": list(self.negative),
            "ranking": list(self.ranking),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Sequence[str]]) -> Rules:
        """Read plain values."""
        return cls(tuple(said["positive"]), tuple(said["negative"]), tuple(said["ranking"]))


def holding(statements: Sequence[Mapping[str, Any]], rules: Rules) -> tuple[int, int] | None:
    """Return when the statement that holds became known (ms), and its label (1, 0); ``None`` where no label holds.

    Of the statements that no other one takes back: the one of the source that ranks highest; of several sources of equal rank the
    one that spoke last; then by the bytes of source and ``label_id``. A word that means neither holds too, and is no label.

    Examples
    --------
    >>> rules = Rules(("spam",), ("ham",), ("analyst",))
    >>> user = {"label_id": "1", "label": "spam", "source": "user", "labelled_at": 5, "known_at": 7, "retracts": ""}
    >>> analyst = {"label_id": "2", "label": "ham", "source": "analyst", "labelled_at": 3, "known_at": 8, "retracts": ""}
    >>> back = {"label_id": "3", "label": "", "source": "analyst", "labelled_at": 9, "known_at": 9, "retracts": "2"}
    >>> holding([user], rules), holding([user, analyst], rules), holding([user, analyst, back], rules)
    ((7, 1), (8, 0), (7, 1))
    """
    taken_back = {said["retracts"] for said in statements if said["retracts"]}
    ranks = {source: len(rules.ranking) - place for place, source in enumerate(rules.ranking)}
    best = max(
        (said for said in statements if not said["retracts"] and said["label_id"] not in taken_back),
        key=lambda said: (
            ranks.get(said["source"], 0),
            said["labelled_at"],
            said["source"].encode(),
            said["label_id"].encode(),
        ),
        default=None,
    )
    if best is None:
        return None
    if best["label"] in rules.positive:
        return int(best["known_at"]), 1
    return (int(best["known_at"]), 0) if best["label"] in rules.negative else None
