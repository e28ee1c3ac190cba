"""Who says it is abuse, how sure, and when they said it: labels as known at a moment.

A label is known from ``max(labelled_at, ingested_at)``. At a moment only labels known *before* it exist; one that a
known retraction names does not, unless that one is taken back itself; the source that the task ranks highest wins, and
within a source the newest word. Disagreement between sources is a conflict, counted and never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from msa_ml.errors import InputError


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
        How long after an event its label usually is known. Before that an event is not mature, and is left out, whatever
        was said about it: those that are judged so early are not like the others, and silence is no verdict.
    delays
        Sources whose word is its last only after longer than ``delay``, such as users who report for a month. Until an
        event is that old they are not heard about it; other sources are.

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
    delays: Mapping[str, timedelta] = field(default_factory=dict)

    def __post_init__(self) -> None:
        short = sorted(source for source, delay in self.delays.items() if delay < self.delay)
        if short:
            raise InputError(
                f"the label delay of {', '.join(short)} is shorter than the task's, {self.delay}.",
                hint="No event is judged before the task's delay; leave these sources out of delays.",
            )
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

    def delay_of(self, source: str) -> timedelta:
        """Return how old an event must be until a source is heard about it.

        Examples
        --------
        >>> rules = LabelRules(("spam",), ("ham",), delays={"user_report": timedelta(days=30)})
        >>> rules.delay_of("user_report").days, rules.delay_of("analyst").days
        (30, 1)
        """
        return self.delays.get(source, self.delay)

    def parameters(self) -> Mapping[str, list[str] | list[int]]:
        """Return the rules as parameters of ``queries/labels_of_events.sql``."""
        return {
            "words": list(self.words),
            "word_values": [int(word in self.positive) for word in self.words],
            "sources": list(self.ranking) or [""],
            "source_ranks": [self.rank(source) for source in self.ranking] or [0],
            "slow_sources": list(self.delays) or [""],
            "slow_delays": [delay // timedelta(milliseconds=1) for delay in self.delays.values()] or [0],
        }
