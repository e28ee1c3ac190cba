"""Small simulated worlds that several tests read."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from msa_ml.source.simulate.mail import SimulatedMail, simulate_mail

START = datetime(2026, 3, 2, tzinfo=UTC)


@cache
def world(seed: int = 11, days: float = 10, per_day: int = 400) -> tuple[SimulatedMail, ...]:
    return tuple(simulate_mail(seed=seed, days=days, per_day=per_day, start=START))
