"""The mail a provider receives over some days, in order of arrival. SYNTHETIC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from msa_ml.errors import InputError
from msa_ml.source.simulate.chance import Chance, Odds
from msa_ml.source.simulate.mail import dispatch
from msa_ml.source.simulate.mail.attack import Attackers, plans
from msa_ml.source.simulate.mail.ham_bulk import Mailings
from msa_ml.source.simulate.mail.ham_personal import Letters
from msa_ml.source.simulate.mail.verdicts import LabelSource, Verdict, Word, verdicts
from msa_ml.source.simulate.mail.world import World
from msa_ml.source.simulate.rhythm import DAY_MS, arrivals

SPAM_SHARE = 0.4
STRENGTH = 0.3
HAM_KINDS = {"personal": 0.27, "thread": 0.19, "newsletter": 0.29, "transactional": 0.22, "bounce": 0.03}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedMail:
    """One mail with what is true about it and what was said about it.

    Attributes
    ----------
    raw
        The full message, lines ending with CRLF.
    event_time, ingested_at
        When our server accepted it (whole seconds: the time of its own ``Received`` field), and when the deciding
        system knew it.
    truth
        What it really is.
    verdicts
        What was said about it, oldest first; empty when it is unlabelled.
    campaign
        Name of the attacker's campaign, '' for honest mail.
    kind
        ``personal``, ``thread``, ``newsletter``, ``transactional``, ``bounce``, ``spam:<kind>``, ``phishing:<kind>``.
    language
        Language it is written in.
    """

    raw: bytes = field(repr=False)
    event_time: datetime
    ingested_at: datetime
    position: int
    truth: Word
    kind: str
    language: str
    campaign: str = ""
    verdicts: tuple[Verdict, ...] = ()

    @property
    def label(self) -> Word | None:
        """The newest verdict, which may be wrong; ``None`` when nobody said anything."""
        return self.verdicts[-1].label if self.verdicts else None

    @property
    def labelled_at(self) -> datetime | None:
        """When the newest verdict was given."""
        return self.verdicts[-1].labelled_at if self.verdicts else None

    @property
    def label_source(self) -> LabelSource | None:
        """Who gave the newest verdict."""
        return self.verdicts[-1].source if self.verdicts else None


def simulate_mail(
    *,
    seed: int,
    days: float,
    per_day: int,
    start: datetime,
    spam_share: float = SPAM_SHARE,
    strength: float = STRENGTH,
) -> Iterator[SimulatedMail]:
    """Yield ``round(days * per_day)`` mails in order of arrival; the same arguments give the same bytes anywhere.

    Parameters
    ----------
    seed
        Of the one generator everything is drawn from.
    days, per_day
        Length of the span and mails per day on average; a week has its rhythm.
    start
        Begin of the span, with a time zone.
    spam_share
        Share of spam and phishing, between 0 and 1 (both excluded).
    strength
        Of the attackers: 0 clumsy, 1 professional.

    Raises
    ------
    InputError
        A value out of range, or a time without a zone.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> begin = datetime(2026, 3, 2, tzinfo=UTC)
    >>> mails = list(simulate_mail(seed=1, days=1, per_day=50, start=begin))
    >>> len(mails), mails[0].raw.startswith(b"Return-Path: <")
    (50, True)
    """
    _check(days, per_day, start, spam_share, strength)
    return _mails(
        seed=seed,
        days=days,
        per_day=per_day,
        start=start.astimezone(UTC),
        spam_share=spam_share,
        strength=strength,
    )


def _check(days: float, per_day: int, start: datetime, spam_share: float, strength: float) -> None:
    if not 0 < days <= 3660:
        raise InputError(f"days must be above 0 and at most 3660, found {days}.")
    if per_day < 1 or round(days * per_day) < 20:
        raise InputError(
            f"a world needs at least 20 mails, found {days} days with {per_day} a day.", hint="Raise per_day."
        )
    if start.tzinfo is None:
        raise InputError("start must have a time zone.", hint="Write datetime(2026, 3, 2, tzinfo=UTC).")
    if not 0 < spam_share < 1:
        raise InputError(f"spam_share must lie between 0 and 1, found {spam_share}.")
    if not 0 <= strength <= 1:
        raise InputError(f"strength must lie in 0..1, found {strength}.")


def _mails(
    *, seed: int, days: float, per_day: int, start: datetime, spam_share: float, strength: float
) -> Iterator[SimulatedMail]:
    # Own generators for time, world and mails: a change in one leaves the others as they were.
    when, who, what = (np.random.default_rng(source) for source in np.random.SeedSequence(seed).spawn(3))
    total = round(days * per_day)
    hostile = min(total - 1, max(1, round(total * spam_share)))
    planned, owners, attack_times = plans(when, days=days, count=hostile)
    honest_times = arrivals(when, start=start, days=days, count=total - hostile)
    times = np.concatenate([honest_times, attack_times])
    owner = np.concatenate([np.full(len(honest_times), -1), owners])
    order = np.argsort(times, kind="stable")

    world = World(Chance(who), size=total)
    chance = Chance(what)
    letters, mailings = Letters(world, chance), Mailings(world, chance)
    attackers = Attackers(world, chance, planned, strength=strength)
    kinds = Odds(HAM_KINDS)
    span = days * DAY_MS
    for position, at in enumerate(order.tolist()):
        elapsed, number = int(times[at]), int(owner[at])
        progress = elapsed / span
        # Whole seconds, as the Received field says it: a mail that is exported and imported again keeps its time.
        moment = (start + timedelta(milliseconds=elapsed)).replace(microsecond=0)
        if number >= 0:
            mail = attackers.write(number, moment, elapsed, progress)
            truth: Word = "spam"
        else:
            truth, kind = "ham", chance.draw(kinds)
            if kind == "personal":
                mail = letters.personal(moment, progress)
            elif kind == "thread":
                mail = letters.thread(moment, progress)
            elif kind == "newsletter":
                mail = mailings.newsletter(moment, progress)
            elif kind == "transactional":
                mail = mailings.transactional(moment, progress)
            else:
                mail = letters.bounce(moment, progress)
        ingested = moment + timedelta(milliseconds=int(chance.around(900, 0.8)))
        yield SimulatedMail(
            raw=dispatch.raw(mail, moment, chance),
            event_time=moment,
            ingested_at=ingested,
            position=position,
            truth=truth,
            kind=mail.kind,
            language=mail.language,
            campaign=mail.campaign,
            verdicts=verdicts(truth, ingested, chance),
        )
