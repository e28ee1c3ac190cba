"""Fill a store with simulated mail or sign-ups; it refuses a store that holds real rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msa_ml.features.mail.reputation import content_keys
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init
from msa_ml.source.simulate import (
    Plan,
    Planted,
    describe_signups,
    refuse_if_real,
    simulate_mail_frames,
    simulate_signup_frames,
)

if TYPE_CHECKING:
    from msa_ml.pipeline import Progress

# The demo's world is a constant, so that everybody's demo shows the same numbers.
START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, PER_DAY, SEED = 10, 900, 7
SIGNUP_DAYS, SIGNUP_ROWS = 28, 200_000
SIGNUP_PATIENCE = 14
"""Days after the last sign-up at which a model is trained: accounts are aged before they are used, so labels come late."""


def simulate_into(
    settings: Settings,
    *,
    days: float,
    per_day: int,
    seed: int,
    start: datetime,
    stored_at: datetime,
    progress: Progress,
) -> dict[str, int]:
    """Simulate mail into the store of some settings and return counts of ``mails`` and ``labels``.

    Parameters
    ----------
    days, per_day, seed, start
        The world: length, mails a day on average, seed, first moment (UTC).
    stored_at
        When the rows are written; for retention only.

    Raises
    ------
    Refused
        The store holds real rows.
    """
    store = connect(settings.results_url, settings=settings)
    with store.session():
        init(store, retention=settings.section("retention"))
        refuse_if_real(store)
    counts = {"mails": 0, "labels": 0}
    with progress.step("simulating mail", round(days * per_day)) as done:
        for mails, labels in simulate_mail_frames(
            seed=seed,
            days=days,
            per_day=per_day,
            start=start,
            stored_at=stored_at,
            settings=settings,
            content=content_keys,
        ):
            with store.session():
                counts["mails"] += store.insert("mail_events", mails)
                counts["labels"] += store.insert("labels", labels)
            done(len(mails))
    return counts


def simulate_signups_into(
    settings: Settings,
    *,
    rows: int,
    days: float,
    seed: int,
    start: datetime,
    stored_at: datetime,
    progress: Progress,
) -> tuple[dict[str, int], str]:
    """Simulate sign-ups into the store of some settings; return counts of ``signups`` and ``labels``, and what is planted.

    Parameters
    ----------
    rows, days, seed, start
        The world: how many sign-ups in how many days, seed, first moment (UTC).
    stored_at
        When the rows are written; for retention only.

    Raises
    ------
    Refused
        The store holds real rows.
    InputError
        A value out of range.
    """
    plan, planted = Plan(rows=rows, days=days, seed=seed, start=start), Planted()
    store = connect(settings.results_url, settings=settings)
    with store.session():
        init(store, retention=settings.section("retention"))
        refuse_if_real(store)
    counts = {"signups": 0, "labels": 0}
    with progress.step("simulating sign-ups", rows) as done:
        for events, labels in simulate_signup_frames(
            plan, stored_at=stored_at, settings=settings, planted=planted
        ):
            with store.session():
                counts["signups"] += store.insert("signup_events", events)
                counts["labels"] += store.insert("labels", labels)
            done(len(events))
    return counts, describe_signups(plan, planted)
