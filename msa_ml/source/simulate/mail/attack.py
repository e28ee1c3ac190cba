"""Campaigns over time: when they begin and end, and the mails they send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from msa_ml.source.simulate.chance import Chance, Odds
from msa_ml.source.simulate.mail import fields, links, markup, obfuscate
from msa_ml.source.simulate.mail.campaign import Campaign, Sender
from msa_ml.source.simulate.mail.compose import Address, Letter
from msa_ml.source.simulate.mail.dispatch import Dispatch
from msa_ml.source.simulate.mail.ham_personal import TOPICS
from msa_ml.source.simulate.mail.markup import Page
from msa_ml.source.simulate.mail.schemes import SCHEMES
from msa_ml.source.simulate.mail.software import BULK, message_id
from msa_ml.source.simulate.mail.stock import stock
from msa_ml.source.simulate.mail.world import World
from msa_ml.source.simulate.rhythm import DAY_MS, HOUR_MS


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign's life, in milliseconds since the begin of the span.

    ``kind`` is a key of :data:`~msa_ml.source.simulate.mail.schemes.SCHEMES`; ``mutates_every`` the hours between
    two changes.
    """

    name: str
    kind: str
    begin: int
    end: int
    mutates_every: float


def plans(
    generator: np.random.Generator, *, days: float, count: int
) -> tuple[list[Plan], NDArray[np.int64], NDArray[np.int64]]:
    """Return campaigns, and for each of ``count`` mails its campaign's number and its time, in order of campaigns.

    About twenty campaigns begin per day (fewer when mails are few); each lives between an hour and four days, begins
    with a burst and fades out. A quarter of the kinds is not seen before some later moment of the span.
    """
    number = max(6, min(round(22 * days) + 8, count // 8 + 4))
    debut = {kind: (generator.random() * 0.85 if generator.random() < 0.25 else 0.0) for kind in SCHEMES}
    begins = np.sort(generator.uniform(-0.4, days, number))
    lengths = np.clip(generator.lognormal(np.log(10 / 24), 0.9, number), 1 / 24, 4.0)
    made = []
    for place, (begin, length) in enumerate(zip(begins, lengths, strict=True)):
        known = {
            kind: scheme.weight for kind, scheme in SCHEMES.items() if debut[kind] * days <= max(begin, 0.0)
        }
        kind = Chance(generator).draw(Odds(known))
        first, last = int(max(begin, 0.0) * DAY_MS), int(min(begin + length, days) * DAY_MS)
        made.append(
            Plan(f"{kind}-{place:04d}", kind, first, max(last, first + 1), float(generator.uniform(1.5, 8.0)))
        )
    # A campaign cut by the edge of the span sends less.
    inside = np.array([plan.end - plan.begin for plan in made]) / (lengths * DAY_MS)
    weights = generator.lognormal(0.0, 0.8, number) * np.sqrt(lengths) * np.clip(inside, 0.02, 1.0)
    sizes = generator.multinomial(count, weights / weights.sum())
    owners = np.repeat(np.arange(number), sizes)
    bursts = generator.beta(0.9, 1.5, count)
    begin_of = np.array([plan.begin for plan in made])[owners]
    end_of = np.array([plan.end for plan in made])[owners]
    times = begin_of + (bursts * (end_of - begin_of)).astype(np.int64)
    return made, owners, times


class Attackers:
    """Writes the mails of planned campaigns; campaigns come to life with their first mail."""

    def __init__(self, world: World, chance: Chance, planned: list[Plan], *, strength: float) -> None:
        self._world, self._chance, self._plans, self._strength = world, chance, planned, strength
        self._alive: dict[int, Campaign] = {}

    def campaign(self, number: int, progress: float) -> Campaign:
        """Return a campaign of the plan, alive."""
        found = self._alive.get(number)
        if found is None:
            plan = self._plans[number]
            found = Campaign(
                plan.name, plan.kind, self._world, self._chance, strength=self._strength, progress=progress
            )
            self._alive[number] = found
        return found

    def write(self, number: int, moment: datetime, elapsed: int, progress: float) -> Dispatch:
        """Return the next mail of a campaign, ``elapsed`` milliseconds after the begin of the span."""
        plan, campaign = self._plans[number], self.campaign(number, progress)
        while campaign.mutations < int((elapsed - plan.begin) / (plan.mutates_every * HOUR_MS)):
            campaign.mutate()
        return _mail(campaign, self._world, self._chance, moment)


def _mail(campaign: Campaign, world: World, chance: Chance, moment: datetime) -> Dispatch:
    sender = campaign.sender()
    user = world.user(campaign.language if chance.yes(0.9) else "")
    words = stock(campaign.language)
    who = chance.pick((user.first, user.first, user.address.partition("@")[0]))
    values = {
        "who": who,
        "brand": _brand(campaign, sender),
        "me": sender.name or _brand(campaign, sender),
        "to": user.address,
        "other": user.first,
        **words.facts(chance),
    }
    host = chance.pick(campaign.domains)
    leave = links.page(chance, host) if chance.yes(0.5) else links.tracked(chance, host, "unsubscribe")
    subject = obfuscate.show(_hidden(words.phrase(*campaign.subject, chance, values), campaign, chance))
    if chance.yes(0.03):
        subject = f"{chance.pick(('Re: ', 'Fwd: ', 'RE: ', 'AW: '))}{subject}"
    page = _page(campaign, sender, chance, subject=subject, leave=leave, values=values)
    text, html = _bodies(campaign, sender, page, chance)
    zone = timezone(timedelta(hours=campaign.hours_east))
    sent = moment - timedelta(seconds=campaign.lag + chance.around(4, 1.0))
    date = sent.astimezone(zone).replace(microsecond=0)
    found = _fields(campaign, sender, world, leave, chance)
    if subject.startswith(("Re:", "RE:", "AW:")) and chance.yes(0.4):
        found["In-Reply-To"] = found["References"] = message_id(sender.software, chance, date, sender.host)
    letter = Letter(
        software=sender.software,
        sender=Address(sender.name if chance.yes(0.95) else "", sender.address),
        to=Address(user.name if chance.yes(0.45) else "", user.address),
        subject=subject,
        date=date,
        message_id=message_id(sender.software, chance, date, sender.host),
        text=text,
        html=html,
        attachments=campaign.payload,
        fields=found,
        charset=campaign.charset,
        encoding=chance.pick(sender.software.encodings),
    )
    return Dispatch(
        letter=letter,
        server=sender.server,
        envelope_from=sender.envelope,
        recipient=user.address,
        kind=f"{campaign.scheme.group}:{campaign.kind}",
        language=campaign.language,
        delay=chance.around(5, 1.3),
        campaign=campaign.name,
    )


def _brand(campaign: Campaign, sender: Sender) -> str:
    if campaign.brand is not None:
        return campaign.brand.brand
    return sender.name or campaign.domains[0].split(".")[0].capitalize()


def _hidden(text: str, campaign: Campaign, chance: Chance) -> str:
    for manner, rate in campaign.manners:
        text = obfuscate.hide(text, manner, rate, chance)
    return text


def _page(
    campaign: Campaign, sender: Sender, chance: Chance, *, subject: str, leave: str, values: dict[str, str]
) -> Page:
    """Return what one mail says, with marks where HTML shall hide something."""
    words = stock(campaign.language)
    manner = ".formal" if campaign.designed or chance.yes(0.4) else ""
    lines = campaign.lines
    if chance.yes(0.2):
        lines = [line for line in lines if chance.yes(0.75)] or lines[:1]
    blocks = [words.say(f"hello{manner}", chance, values)] if chance.yes(0.75) else []
    blocks += [
        _hidden(words.phrase(section, place, chance, values), campaign, chance) for section, place in lines
    ]
    if chance.yes(campaign.padding):  # words of honest mail, to tip the balance
        topic = chance.pick((*TOPICS, "news"))
        section = topic if topic == "news" else f"topic.{topic}"
        blocks += words.several(section, chance.integer(1, 3), chance, values)
    blocks.append(words.say(f"bye{manner}", chance, values))
    count = chance.integer(1, 2) if campaign.scheme.links else 0
    buttons = [(words.say("click", chance, values), _link(campaign, sender, chance)) for _ in range(count)]
    home = campaign.domains[0]
    return Page(
        title=sender.name or subject,
        blocks=blocks,
        buttons=buttons,
        foot=[words.say("legal", chance, values)] if campaign.designed else [],
        foot_links=[(words.say("unsub", chance, values), leave)] if campaign.lists else [],
        picture=f"https://img.{home}/{chance.hex(10)}.jpg" if chance.yes(0.4) else "",
        pixel=f"https://open.{home}/o/{chance.hex(24)}.gif" if campaign.look.pixel else "",
        hidden=markup.teaser(obfuscate.show(blocks[-1])) if campaign.look.preheader else "",
    )


def _link(campaign: Campaign, sender: Sender, chance: Chance) -> str:
    own = campaign.base in ("snowshoe", "bulk_account", "rented") and chance.yes(campaign.skill)
    host = sender.host if own else chance.pick(campaign.domains)
    mark = chance.unit() * (1.0 + campaign.skill)
    if mark < 0.12:
        return links.odd(chance, host)
    if mark < 0.2:
        return links.short(chance)
    return links.tracked(chance, host) if campaign.lists and chance.yes(0.6) else links.page(chance, host)


def _bodies(campaign: Campaign, sender: Sender, page: Page, chance: Chance) -> tuple[str, str]:
    text = obfuscate.show(markup.plain(page))
    if campaign.style == "plain":
        return text, ""
    if campaign.designed:
        html = markup.designed(page, campaign.look)
    else:
        html = markup.written(sender.software.html, page.blocks, page.buttons)
    return (text if campaign.style == "both" else ""), obfuscate.reveal(html, chance)


def _fields(campaign: Campaign, sender: Sender, world: World, leave: str, chance: Chance) -> dict[str, str]:
    found = fields.of_program(sender.software, campaign.language, chance)
    if campaign.lists or sender.software is BULK:
        found |= fields.of_mailing(
            sender.software,
            chance,
            leave=leave,
            domain=sender.host,
            through=sender.server.signs,
            number=campaign.number,
            polite=0.8,
        )
    if chance.yes(0.3 if not campaign.scheme.links else 0.08):
        local = chance.pick(("office", "info", "contact", "service"))
        own = campaign.skill > 0.5 and chance.yes(0.5)
        found["Reply-To"] = f"{local}@{sender.host if own else chance.pick(campaign.domains)}"
    if not campaign.designed and chance.yes(0.05):
        found["Cc"] = world.user(campaign.language).address
    if chance.yes(0.06):
        found["X-Priority"] = chance.pick(("1", "3"))
    return found
