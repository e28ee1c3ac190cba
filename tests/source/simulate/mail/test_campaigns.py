from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from email import message_from_bytes, policy

import numpy as np
import pytest

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import SimulatedMail, obfuscate
from msa_ml.source.simulate.mail.attack import plans
from msa_ml.source.simulate.mail.campaign import BASES, Campaign
from msa_ml.source.simulate.mail.world import World
from tests.source.simulate.mail.worlds import world


def by_campaign() -> dict[str, list[SimulatedMail]]:
    found: dict[str, list[SimulatedMail]] = defaultdict(list)
    for mail in world():
        if mail.campaign:
            found[mail.campaign].append(mail)
    return found


def hosts(mail: SimulatedMail) -> set[str]:
    text = " ".join(
        part.get_content()
        for part in message_from_bytes(mail.raw, policy=policy.default).walk()
        if part.get_content_maintype() == "text" and not part.get_filename()
    )
    return set(re.findall(r"https?://([a-z0-9.-]+)", text))


def test_campaigns_live_hours_to_days_and_new_ones_keep_coming() -> None:
    found = by_campaign()
    spans = [mails[-1].event_time - mails[0].event_time for mails in found.values() if len(mails) > 5]
    assert max(spans) <= timedelta(days=4)
    assert sum(span > timedelta(hours=3) for span in spans) > len(spans) / 2
    begins = sorted(mails[0].event_time for mails in found.values())
    cut = world()[int(len(world()) * 0.75)].event_time
    assert sum(begin > cut for begin in begins) > 0.15 * len(begins)


def test_campaigns_mutate_while_they_live() -> None:
    long = [mails for mails in by_campaign().values() if len(mails) >= 20]
    assert long
    moved = 0
    for mails in long:
        first, last = (set().union(*map(hosts, half)) for half in (mails[:5], mails[-5:]))
        moved += bool(last - first)
    assert moved > 0.3 * len(long)


def test_mutation_changes_what_is_sent() -> None:
    chance = Chance(np.random.default_rng(1))
    people = World(Chance(np.random.default_rng(2)), size=500)
    campaign = Campaign("x", "pharma", people, chance, strength=0.5, progress=0.5)

    def state() -> str:
        seen = (
            campaign.lines,
            campaign.subject,
            campaign.domains,
            campaign.senders,
            campaign.manners,
            campaign.disguise,
        )
        return repr((seen, campaign.look))

    before = state()
    for _ in range(5):
        campaign.mutate()
    assert state() != before


def test_strength_makes_attackers_better() -> None:
    people = World(Chance(np.random.default_rng(2)), size=500)

    def authenticated(strength: float) -> float:
        chance = Chance(np.random.default_rng(3))
        campaigns = [
            Campaign("x", "bank", people, chance, strength=strength, progress=0.5) for _ in range(150)
        ]
        assert {campaign.base for campaign in campaigns} <= set(BASES)
        return float(np.mean([campaign.sender().server.dmarc == "pass" for campaign in campaigns]))

    assert authenticated(1.0) > authenticated(0.0) + 0.2


def test_some_kinds_are_unknown_at_first() -> None:
    late = 0
    for seed in range(8):
        planned, owners, times = plans(np.random.default_rng(seed), days=10, count=2_000)
        assert len(owners) == len(times) == 2_000
        early = {plan.kind for plan in planned if plan.begin < 0.6 * 10 * 86_400_000}
        late += bool({plan.kind for plan in planned} - early)
    assert late >= 2


@pytest.mark.parametrize("manner", sorted(obfuscate.MANNERS))
def test_hidden_words_stay_the_same_length_or_so(manner: str) -> None:
    chance = Chance(np.random.default_rng(1))
    text = "Ваш account will be closed immediately"
    changed = obfuscate.hide(text, manner, 1.0, chance)
    assert changed != text
    shown = obfuscate.show(changed)
    assert obfuscate.HIDDEN not in shown
    assert obfuscate.HIDDEN not in obfuscate.reveal(changed, chance)
    assert obfuscate.hide(text, manner, 0.0, chance) == text


def test_addresses_stay_whole() -> None:
    text = "Mail to jasper.jessop@mailhaus.example failed"
    for manner in obfuscate.MANNERS:
        hidden = obfuscate.hide(text, manner, 1.0, Chance(np.random.default_rng(1)))
        assert "jasper.jessop@mailhaus.example" in hidden
        assert "failed" not in hidden or manner == "lookalikes"


def test_no_mark_of_hiding_leaves_the_simulator() -> None:
    for mail in world():
        assert obfuscate.HIDDEN.encode() not in mail.raw
        assert b"=EE=80=80" not in mail.raw
