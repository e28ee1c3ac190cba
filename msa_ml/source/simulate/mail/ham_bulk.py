"""Mail from companies: newsletters (an issue goes to many) and messages about one order, visit or account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import attachments, fields, links, markup
from msa_ml.source.simulate.mail.compose import Address, Attachment, Letter
from msa_ml.source.simulate.mail.dispatch import Dispatch
from msa_ml.source.simulate.mail.markup import Page
from msa_ml.source.simulate.mail.software import BULK, PYTHON, message_id
from msa_ml.source.simulate.mail.stock import stock
from msa_ml.source.simulate.mail.transit import Server
from msa_ml.source.simulate.mail.world import Company, Person, World

# Sections a company of each kind writes newsletters from, with weights. The words of fraud are part of honest trades.
NEWS: dict[str, tuple[tuple[str, float], ...]] = {
    "shop": (("deal", 0.7), ("news", 0.29), ("prize", 0.01)),
    "parcel": (("news", 0.6), ("parcel", 0.28), ("deal", 0.1), ("toll", 0.02)),
    "bank": (("money", 0.68), ("loan", 0.06), ("account", 0.24), ("phish", 0.02)),
    "provider": (("news", 0.58), ("account", 0.4), ("hold", 0.02)),
    "clinic": (("news", 0.65), ("appointment", 0.3), ("pharma", 0.05)),
    "saas": (("news", 0.6), ("offer", 0.2), ("deal", 0.2)),
    "finance": (("money", 0.82), ("crypto", 0.1), ("loan", 0.08)),
    "pharmacy": (("deal", 0.55), ("news", 0.2), ("pharma", 0.25)),
    "jobs": (("job", 0.85), ("news", 0.1), ("offer", 0.05)),
    "dating": (("news", 0.35), ("date", 0.45), ("deal", 0.2)),
    "lottery": (("money", 0.3), ("prize", 0.35), ("deal", 0.35)),
    "charity": (("news", 0.82), ("money", 0.15), ("fee", 0.03)),
    "culture": (("news", 0.95), ("deal", 0.05)),
}
# Sections of messages about one customer's affairs.
AFFAIRS: dict[str, tuple[str, ...]] = {
    "shop": ("order", "order", "order", "parcel", "invoice", "reset", "account"),
    "parcel": ("parcel",),
    "bank": ("account", "account", "invoice", "reset"),
    "provider": ("account", "reset", "invoice"),
    "clinic": ("appointment", "invoice"),
    "saas": ("invoice", "reset", "account", "account"),
    "finance": ("account", "invoice", "reset"),
    "pharmacy": ("order", "order", "parcel"),
    "jobs": ("job", "account"),
    "dating": ("date", "account", "reset"),
    "lottery": ("account", "prize"),
    "charity": ("invoice", "appointment"),
    "culture": ("appointment", "order"),
}


@dataclass(frozen=True, slots=True)
class _Issue:
    subject: str
    blocks: tuple[str, ...]
    labels: tuple[str, ...]
    number: int


class Mailings:
    """Writes newsletters and transactional mail."""

    def __init__(self, world: World, chance: Chance) -> None:
        self._world, self._chance = world, chance
        self._issues: dict[tuple[str, str], tuple[datetime, _Issue]] = {}

    def newsletter(self, moment: datetime, progress: float) -> Dispatch:
        """Return a user's copy of the current issue of some newsletter."""
        chance = self._chance
        user = self._world.user()
        company = self._world.sender(progress, user.language)
        issue = self._issue(company, moment)
        values = _values(company, user)
        blocks = [block.replace("{reader}", user.first) for block in issue.blocks]
        if chance.yes(0.5):
            blocks.insert(0, stock(company.language).say("hello.formal", chance, values))
        return self._post(
            user,
            company,
            moment,
            subject=issue.subject.replace("{reader}", user.first),
            blocks=blocks,
            labels=issue.labels,
            kind="newsletter",
            issue=issue.number,
        )

    def transactional(self, moment: datetime, progress: float) -> Dispatch:
        """Return a message about an order, a parcel, an account, an invoice or a visit."""
        chance = self._chance
        user = self._world.user()
        company = self._world.sender(progress, user.language)
        section = chance.pick(AFFAIRS[company.kind])
        words = stock(company.language)
        values = _values(company, user) | words.facts(chance)
        subject = words.say(f"{section}.subject", chance, values)
        blocks = [words.say("hello.formal", chance, values)]
        blocks += words.in_order(section, chance.integer(2, 4), chance, values)
        if chance.yes(0.02):  # honest warnings and reminders in the words of those who imitate them
            warning = {"account": "phish", "reset": "hold", "parcel": "toll"}.get(section, "deal")
            blocks.append(words.say(warning, chance, values))
        blocks.append(words.say("bye.formal", chance, values))
        files: tuple[Attachment, ...] = ()
        if section == "invoice" or (section in ("order", "appointment") and chance.yes(0.15)):
            files = (attachments.file(chance, attachments.BUSINESS, kilobytes=4.0),)
        labels = (words.say("click", chance, values),) if chance.yes(0.8) else ()
        return self._post(
            user,
            company,
            moment,
            subject=subject,
            blocks=blocks,
            labels=labels,
            kind="transactional",
            files=files,
        )

    def _issue(self, company: Company, moment: datetime) -> _Issue:
        key = (company.domain, company.brand)
        made, issue = self._issues.get(key, (moment, None))
        if issue is None or moment - made > timedelta(hours=20 + 60 * (1 - company.marketing)):
            chance, words = self._chance, stock(company.language)
            values = _values(company, None)
            mixture = NEWS[company.kind]
            main = _section(chance, mixture)
            subject = words.say(f"{main}.subject", chance, values)
            drawn = [_section(chance, mixture) for _ in range(chance.integer(2, 7))]
            blocks = [
                line
                for section, _ in mixture
                for line in words.several(section, drawn.count(section), chance, values)
            ]
            labels = tuple(words.say("click", chance, values) for _ in range(chance.integer(1, 3)))
            issue = _Issue(subject, tuple(blocks), labels, chance.integer(100, 99_999))
            self._issues[key] = (moment, issue)
        return issue

    def _post(
        self,
        user: Person,
        company: Company,
        moment: datetime,
        *,
        subject: str,
        blocks: list[str],
        labels: tuple[str, ...],
        kind: str,
        issue: int = 0,
        files: tuple[Attachment, ...] = (),
    ) -> Dispatch:
        chance = self._chance
        bulk = kind == "newsletter"
        through = company.bulk_through if bulk or chance.yes(0.4) else ""
        server = company.bulk_server if bulk or through else company.server
        software = company.software if bulk or company.software is not BULK or chance.yes(0.5) else PYTHON
        page = _page(company, user, chance, subject=subject, blocks=blocks, labels=labels, bulk=bulk)
        text, html = _bodies(company, page, chance, bulk=bulk)
        found = fields.of_program(software, company.language, chance)
        if bulk or software is BULK:
            leave = page.foot_links[0][1] if page.foot_links else links.page(chance, company.domain)
            found |= fields.of_mailing(
                software,
                chance,
                leave=leave,
                domain=company.domain,
                through=through,
                number=issue or chance.integer(100, 99_999),
                polite=0.6 if bulk else 0.2,
            )
        if company.replies_to:
            found["Reply-To"] = company.replies_to
        if chance.yes(0.03):
            found["X-Priority"] = chance.pick(("1", "3", "3"))
        sender = Address(company.from_name, f"{company.from_local}@{company.domain}")
        date = company.clock(moment - timedelta(seconds=chance.around(6 if bulk else 2, 1.2)))
        host = company.domain if chance.yes(0.6) else server.helo.strip("[]")
        letter = Letter(
            software=software,
            sender=sender,
            to=Address(user.name if chance.yes(0.35) else "", user.address),
            subject=subject,
            date=date,
            message_id=message_id(software, chance, date, host),
            text=text,
            html=html,
            attachments=files,
            fields=found,
            charset=company.charset,
            encoding=company.encoding,
        )
        return Dispatch(
            letter=letter,
            server=server,
            envelope_from=_envelope(sender, server, user, chance) if through else sender.address,
            recipient=user.address,
            kind=kind,
            language=company.language,
            delay=chance.around(8, 1.3),
        )


def _envelope(sender: Address, server: Server, user: Person, chance: Chance) -> str:
    """Return an envelope address that tells the service which copy came back."""
    front = chance.pick(("em", "bounce"))
    if chance.yes(0.2):
        return f"bounces+{chance.hex(8)}@{server.signs}"
    who = user.address.replace("@", "=") if chance.yes(0.5) else sender.address.partition("@")[0]
    return f"bounces+{chance.integer(10_000, 9_999_999)}-{chance.hex(4)}-{who}@{front}.{server.signs}"


def _values(company: Company, user: Person | None) -> dict[str, str]:
    who = user.first if user is not None else "{reader}"
    return {
        "who": who,
        "brand": company.brand,
        "me": company.brand,
        "to": user.address if user else company.domain,
        "other": who,
    }


def _section(chance: Chance, mixture: tuple[tuple[str, float], ...]) -> str:
    mark = chance.unit()
    for section, weight in mixture:
        mark -= weight
        if mark < 0:
            return section
    return mixture[0][0]


def _page(
    company: Company,
    user: Person,
    chance: Chance,
    *,
    subject: str,
    blocks: list[str],
    labels: tuple[str, ...],
    bulk: bool,
) -> Page:
    words, values = stock(company.language), _values(company, user)
    host = company.bulk_through if company.tracks and company.bulk_through else company.domain

    def link() -> str:
        if chance.yes(0.02):
            return links.odd(chance, company.domain)
        if chance.yes(0.02):
            return links.short(chance)
        if company.tracks and (bulk or chance.yes(0.3)):
            return links.tracked(chance, host, "click" if company.bulk_through else "news")
        return links.page(chance, company.partner if chance.yes(0.35) else company.domain)

    leave = (
        links.tracked(chance, host, "unsubscribe") if company.tracks else links.page(chance, company.domain)
    )
    title = company.brand if chance.yes(0.6) else subject
    if bulk and chance.yes(0.03):  # a heading s p a c e d  o u t by a designer
        title = " ".join(title)
    return Page(
        title=title,
        blocks=blocks,
        buttons=[(label, link()) for label in labels],
        foot=[words.say("legal", chance, values)],
        foot_links=[(words.say("unsub", chance, values), leave)] if bulk or chance.yes(0.15) else [],
        picture=f"https://img.{company.domain}/{chance.hex(10)}.jpg" if bulk and chance.yes(0.6) else "",
        pixel=f"https://open.{company.bulk_through or company.domain}/o/{chance.hex(24)}.gif"
        if company.look.pixel
        else "",
        hidden=markup.teaser(blocks[-1]) if company.look.preheader else "",
    )


def _bodies(company: Company, page: Page, chance: Chance, *, bulk: bool) -> tuple[str, str]:
    text = markup.plain(page)
    if chance.yes(company.plain):
        return text, ""
    if bulk or chance.yes(0.7):
        html = markup.designed(page, company.look)
    else:
        html = markup.written("table", page.blocks, page.buttons)
    if chance.yes(0.04):  # an empty or unseen element left behind by an editor
        left = chance.pick(
            (
                "<span></span>",
                '<span style="display:none"></span>',
                '<span style="font-size:0px">&nbsp;</span>',
            )
        )
        html = html.replace("</td>", f"{left}</td>", 1)
    return (text if chance.yes(0.6) else ""), html
