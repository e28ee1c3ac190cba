"""What people and machines said about a mail, when, and how often they were wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from msa_ml.source.simulate.chance import Chance, Odds

Word = Literal["ham", "spam"]
LabelSource = Literal["analyst", "honeypot", "user_report", "automatic"]

# Share of mails that nobody labels, and of the others by whom.
UNLABELLED: dict[Word, float] = {"spam": 0.08, "ham": 0.14}
_BY: dict[Word, Odds[LabelSource]] = {
    "spam": Odds({"user_report": 43.0, "automatic": 26.0, "analyst": 15.0, "honeypot": 16.0}),
    "ham": Odds({"automatic": 66.0, "user_report": 18.0, "analyst": 16.0}),
}
# Chance that a source is wrong, by truth. Users report newsletters they once ordered; hardly anybody saves spam from
# the junk folder. A rate of 1 % on spam would already decide the metrics at 1 % false positives.
WRONG: dict[Word, dict[LabelSource, float]] = {
    "spam": {"analyst": 0.001, "honeypot": 0.0, "user_report": 0.002, "automatic": 0.002},
    "ham": {"analyst": 0.002, "honeypot": 0.0, "user_report": 0.06, "automatic": 0.004},
}
# Median delay in hours and spread of its logarithm.
DELAYS: dict[LabelSource, tuple[float, float]] = {
    "analyst": (9.0, 0.7),
    "honeypot": (0.05, 0.5),
    "user_report": (3.0, 1.1),
    "automatic": (6.0, 0.6),
}
_LONGEST_HOURS = 7 * 24.0
_CORRECTED = 0.35  # share of wrong user reports that an analyst puts right later


@dataclass(frozen=True, slots=True)
class Verdict:
    """One statement about a mail."""

    label: Word
    source: LabelSource
    labelled_at: datetime
    confidence: float = 1.0


def verdicts(truth: Word, known_at: datetime, chance: Chance) -> tuple[Verdict, ...]:
    """Return the statements about a mail in the order they were made; none for an unlabelled one."""
    if chance.yes(UNLABELLED[truth]):
        return ()
    source = chance.draw(_BY[truth])
    wrong = chance.yes(WRONG[truth][source])
    other: Word = "ham" if truth == "spam" else "spam"
    said = [
        Verdict(
            other if wrong else truth,
            source,
            known_at + _delay(source, chance),
            0.9 if source == "automatic" else 1.0,
        )
    ]
    if wrong and source == "user_report" and chance.yes(_CORRECTED):
        said.append(Verdict(truth, "analyst", said[0].labelled_at + _delay("analyst", chance)))
    return tuple(said)


def _delay(source: LabelSource, chance: Chance) -> timedelta:
    median, spread = DELAYS[source]
    hours = min(_LONGEST_HOURS, chance.around(median, spread))
    return timedelta(milliseconds=max(1, int(hours * 3_600_000)))
