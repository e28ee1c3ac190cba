"""Who says it is abuse, how sure, and when they said it: labels as known at a moment.

A label is known from ``max(labelled_at, ingested_at)``. At a moment only labels known *before* it exist; one that a
known retraction names does not; the source that the task ranks highest wins, and within a source the newest word.
Disagreement between sources is a conflict, counted and never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from msa_ml.errors import InputError
from msa_ml.markup import table


@dataclass(frozen=True)
class LabelRules:
    """How a task reads labels.

    Attributes
    ----------
    positive, negative, ignored
        Label words that mean 1, 0, and neither.
    ranking
        Sources from the most to the least trusted; others stand behind them all.
    delay
        How long after an event its label usually is known. Before that an event is not mature, and is left out.

    Examples
    --------
    >>> rules = LabelRules(("spam",), ("ham",), ranking=("analyst", "user_report"), delay=timedelta(days=1))
    >>> rules.value("spam"), rules.value("ham"), rules.value("unsure")
    (1, 0, None)
    >>> rules.rank("analyst") > rules.rank("user_report") > rules.rank("import")
    True
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    ranking: tuple[str, ...] = ()
    delay: timedelta = field(default=timedelta(days=1))

    def __post_init__(self) -> None:
        twice = set(self.positive) & set(self.negative)
        if twice:
            raise InputError(f"label words cannot mean both 1 and 0: {', '.join(sorted(twice))}.")

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that means 1 or 0."""
        return (*self.positive, *self.negative)

    def value(self, word: str) -> int | None:
        """Return 1, 0, or ``None`` for a word that means neither."""
        if word in self.positive:
            return 1
        return 0 if word in self.negative else None

    def rank(self, source: str) -> int:
        """Return the trust in a source, larger is more."""
        return len(self.ranking) - self.ranking.index(source) if source in self.ranking else 0

    def parameters(self) -> Mapping[str, list[str] | list[int]]:
        """Return the rules as parameters of the query ``labels_as_of``."""
        return {
            "words": list(self.words),
            "word_values": [int(word in self.positive) for word in self.words],
            "sources": list(self.ranking) or [""],
            "source_ranks": [self.rank(source) for source in self.ranking] or [0],
        }


@dataclass(frozen=True)
class LabelReport:
    """What the labels of a dataset are like.

    Attributes
    ----------
    events, positive, negative, unlabelled
        Counts of events.
    conflicts
        Events on which the newest words of two sources disagree.
    retracted
        Labels that a known retraction names.
    immature
        Events younger than the label delay at the dataset's moment; they are left out.
    """

    events: int
    positive: int
    negative: int
    unlabelled: int
    conflicts: int
    retracted: int
    immature: int

    def __str__(self) -> str:
        return (
            f"{self.events} events: {self.positive} abuse, {self.negative} not, {self.unlabelled} unlabelled; "
            f"{self.conflicts} with conflicting labels, {self.retracted} labels retracted, "
            f"{self.immature} too young to be judged"
        )

    def _repr_html_(self) -> str:
        rows = (
            ("abuse", self.positive, "a known label says so"),
            ("not abuse", self.negative, "a known label says so"),
            ("unlabelled", self.unlabelled, "no label, or none that means either"),
            ("with conflicting labels", self.conflicts, "counted above by the source that ranks highest"),
            ("too young to be judged", self.immature, "left out: their labels may still come"),
            ("labels retracted", self.retracted, "somebody took a label back"),
        )
        return table(("labels", "count", "meaning"), rows, caption=f"{self.events:,} events")
