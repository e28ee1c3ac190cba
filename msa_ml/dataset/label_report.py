"""What the labels of a dataset are like: how many, how late, how contradictory, and how one-sided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from msa_ml.dataset.feedback import one_word_sources, uneven
from msa_ml.markup import table

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Of the time from an event to its label, as ``queries/label_times.sql`` returns them."""


@dataclass(frozen=True)
class SourceLabels:
    """What one source said, or all of them; an event counts once for each source.

    Attributes
    ----------
    source
        Name; empty for all.
    events, positive, negative, neither
        Events that it spoke about, by its newest word.
    corrected
        Events about which it said another word before.
    unheard
        Events too young for this source, see :attr:`~msa_ml.dataset.labels.LabelRules.delays`.
    timed
        Labels, also corrected ones, about events that are old enough to be judged; times are of these.
    late
        Labels among them that were known later than the task's delay: what training never sees in time.
    before_event
        Labels among them that were known before their event, as those about an account or by a blocklist can be.
    seconds
        From event to known label, by quantile; empty where nothing is timed.
    """

    source: str
    events: int
    positive: int
    negative: int
    neither: int
    corrected: int
    unheard: int
    timed: int
    late: int
    before_event: int
    seconds: Mapping[float, float] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> SourceLabels:
        """Read one row of ``queries/label_times.sql``."""
        counts = ("events", "positive", "negative", "neither", "unheard", "timed", "late", "before_event")
        timed = bool(row["timed"])
        return cls(
            source=row["label_source"],
            corrected=int(row["corrected_events"]),
            seconds=dict(zip(QUANTILES, map(float, row["seconds"]), strict=True)) if timed else {},
            **{name: int(row[name]) for name in counts},
        )

    def cells(self) -> tuple[object, ...]:
        """Return the cells of a table, as :data:`HEAD` names them."""
        times = [length(self.seconds[share]) if self.seconds else "" for share in (0.05, 0.5, 0.95, 0.99)]
        late = f"{self.late / self.timed:.1%}".replace("%", " %") if self.timed else ""
        return (
            self.source or "all", self.events, self.positive, self.negative, self.neither, self.corrected, self.unheard,
            *times, late,
        )  # fmt: skip


HEAD = (
    "label source", "events", "abuse", "not abuse", "neither", "corrected", "too early",
    "5 % within", "half within", "95 % within", "99 % within", "later than the delay",
)  # fmt: skip


@dataclass(frozen=True)
class LabelReport:
    """What the labels of a dataset are like.

    Attributes
    ----------
    events, positive, negative, unlabelled
        Counts of events old enough to be judged.
    conflicts
        Events on which the newest words of two sources disagree.
    retracted
        Labels of the task that a known retraction takes back.
    immature
        Events younger than the label delay at the dataset's moment; they are left out.
    delay
        The task's.
    sources
        What each source said, the one that labels most first.
    overall
        The same of all sources together, ``None`` where nothing was said.
    warnings
        One-sided feedback and labels that come later than the task waits, in sentences.
    """

    events: int
    positive: int
    negative: int
    unlabelled: int
    conflicts: int
    retracted: int
    immature: int
    delay: timedelta = timedelta(0)
    sources: tuple[SourceLabels, ...] = ()
    overall: SourceLabels | None = None
    warnings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The counts in one line."""
        return (
            f"{self.events} events: {self.positive} abuse, {self.negative} not, {self.unlabelled} unlabelled; "
            f"{self.conflicts} with conflicting labels, {self.retracted} labels retracted, "
            f"{self.immature} too young to be judged"
        )

    def __str__(self) -> str:
        rows = [HEAD, *(tuple(str(cell) for cell in source.cells()) for source in self._rows())]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join(
            [self.summary, *(lines if self.sources else []), *(f"WARNING: {one}" for one in self.warnings)]
        )

    def _rows(self) -> tuple[SourceLabels, ...]:
        return (*self.sources, *([self.overall] if self.overall and len(self.sources) > 1 else []))

    def to_json(self) -> dict[str, Any]:
        """Return plain values; times in seconds."""
        plain = ("events", "positive", "negative", "unlabelled", "conflicts", "retracted", "immature")
        return {
            **{name: getattr(self, name) for name in plain},
            "delay_seconds": self.delay.total_seconds(),
            "sources": [
                {**vars(source), "seconds": {f"{share:g}": value for share, value in source.seconds.items()}}
                for source in self._rows()
            ],
            "warnings": list(self.warnings),
        }

    def _repr_html_(self) -> str:
        rows = (
            ("abuse", self.positive, "a known label says so"),
            ("not abuse", self.negative, "a known label says so"),
            ("unlabelled", self.unlabelled, "no label, or none that means either"),
            ("with conflicting labels", self.conflicts, "counted above by the source that ranks highest"),
            (
                "too young to be judged",
                self.immature,
                f"left out for {length(self.delay.total_seconds())}: labels may come",
            ),
            ("labels retracted", self.retracted, "somebody took a label back"),
        )
        parts = [table(("labels", "count", "meaning"), rows, caption=f"{self.events:,} events")]
        if self.sources:
            notes = [f"Warning: {one}" for one in self.warnings]
            said = "who said it, and how long after the event it was known"
            parts.append(table(HEAD, [source.cells() for source in self._rows()], caption=said, notes=notes))
        return "".join(parts)


def sources_of(times: pl.DataFrame) -> tuple[tuple[SourceLabels, ...], SourceLabels | None]:
    """Return what each source said and what all did, from the rows of ``queries/label_times.sql``."""
    found = [SourceLabels.of(row) for row in times.iter_rows(named=True)]
    overall = next((one for one in found if not one.source), None)
    return tuple(
        sorted((one for one in found if one.source), key=lambda one: (-one.events, one.source))
    ), overall


def warnings_of(
    sources: Sequence[SourceLabels], delay: timedelta, strata: Mapping[str, pl.DataFrame]
) -> tuple[str, ...]:
    """Return what should worry a reader: late labels, sources of one word, strata that few labels reach.

    Parameters
    ----------
    strata
        By the name of what parts the events, as :func:`~msa_ml.dataset.feedback.strata` returns them.
    """
    late = [
        f"{one.late / one.timed:.0%}".replace("%", " %")
        + f" of the labels by '{one.source}' came later than the task's delay, {length(delay.total_seconds())}: raise "
        "it, or events are judged before this source speaks."
        for one in sources
        if one.timed >= 50 and one.late > 0.2 * one.timed
    ]
    uneven_ones = [said for name, parts in strata.items() if (said := uneven(parts, name))]
    words = one_word_sources([(one.source, one.positive, one.negative) for one in sources])
    return (*words, *uneven_ones, *late)


def length(seconds: float) -> str:
    """Return a length of time for reading.

    Examples
    --------
    >>> length(12), length(300), length(7200), length(864000), length(-90), length(0)
    ('12 s', '5 min', '2 h', '10 d', '-1.5 min', '0 s')
    """
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
