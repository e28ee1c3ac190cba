"""One attacker's campaign: what it says, from where, in what disguise, and how all that changes while it lives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msa_ml.source.simulate.chance import Chance, Odds
from msa_ml.source.simulate.mail import names
from msa_ml.source.simulate.mail.attachments import HOSTILE, file
from msa_ml.source.simulate.mail.compose import Attachment
from msa_ml.source.simulate.mail.markup import Look, look
from msa_ml.source.simulate.mail.obfuscate import MANNERS
from msa_ml.source.simulate.mail.schemes import SCHEMES
from msa_ml.source.simulate.mail.software import (
    APPLE,
    BULK,
    EXCHANGE,
    FREEMAIL,
    JAVA,
    OLD_OUTLOOK,
    OUTLOOK,
    PHONE,
    PHPMAILER,
    PYTHON,
    SCRIPT,
    THUNDERBIRD,
    WEBMAIL,
    Software,
)  # fmt: skip
from msa_ml.source.simulate.mail.stock import stock
from msa_ml.source.simulate.mail.transit import Server
from msa_ml.source.simulate.mail.world import (
    CARRIERS,
    CHARSETS,
    FREE,
    LANGUAGE_SHARES,
    SENDERS,
    Company,
    Person,
    World,
    bulk_server,
    free_server,
    sloppy_server,
)  # fmt: skip

# Attackers write English more often than the users read it.
_LANGUAGES = Odds({**LANGUAGE_SHARES, "en": 0.6})
_FORGED = Odds(
    {OUTLOOK: 20.0, OLD_OUTLOOK: 8.0, THUNDERBIRD: 16.0, WEBMAIL: 8.0, PHPMAILER: 14.0, PYTHON: 10.0, APPLE: 6.0, PHONE: 6.0, EXCHANGE: 4.0, FREEMAIL: 8.0}
)  # fmt: skip
_KIT = Odds({PHPMAILER: 30.0, PYTHON: 20.0, JAVA: 14.0, BULK: 18.0, SCRIPT: 12.0, WEBMAIL: 6.0})
BASES = ("botnet", "rented", "snowshoe", "stolen_account", "free_account", "bulk_account", "broken_site")


@dataclass(frozen=True, slots=True)
class Sender:
    """An identity a campaign sends from."""

    name: str
    address: str
    envelope: str
    server: Server
    software: Software
    host: str


class Campaign:
    """State of one campaign. ``strength`` 0 is clumsy, 1 is a professional.

    Everything that is fixed at its start or changed by :meth:`mutate` is an attribute; what differs from mail to mail
    is drawn when the mail is written.
    """

    def __init__(
        self, name: str, kind: str, world: World, chance: Chance, *, strength: float, progress: float
    ) -> None:
        self.name, self.kind, self.scheme = name, kind, SCHEMES[kind]
        self._world, self._chance, self._progress = world, chance, progress
        self.skill = min(1.0, max(0.0, strength + chance.between(-0.45, 0.45)))
        self.language = chance.draw(_LANGUAGES)
        self.base = self._base()
        self.brand = self._posed()
        self.look: Look = (
            self.brand.look if self.brand is not None and chance.yes(self.skill) else look(chance)
        )
        self.designed = self.scheme.look == "designed" or (self.scheme.look == "either" and chance.yes(0.5))
        self.style = (
            chance.pick(("html", "both", "both", "plain"))
            if self.designed
            else chance.pick(("plain", "plain", "both", "html"))
        )
        self.lists = self.designed and chance.yes(0.25 + 0.5 * self.skill)  # wears the fields of a newsletter
        self.disguise = min(0.9, max(0.05, 0.55 * self.skill + chance.between(-0.2, 0.2)))
        self.padding = chance.pick((0.0, 0.0, 0.5, 1.0)) * chance.unit()
        self.manners = self._manners()
        self.charset = chance.pick(CHARSETS[self.language])
        self.hours_east = chance.integer(-8, 8)
        self.lag = (
            chance.pick((0.0, 2.0, 5.0, 3600.0, -3600.0)) if chance.yes(0.12) else chance.around(3.0, 1.2)
        )
        self.lines = self._lines()
        self.subject = self._subject()
        self.domains = [names.domain(chance, manner=self._manner()) for _ in range(chance.integer(1, 4))]
        self.senders = self._senders()
        self.payload = self._payload()
        self.number = chance.integer(100, 99_999)
        self.mutations = 0

    def mutate(self) -> None:
        """Change one or two things, as an attacker does when mail stops getting through."""
        chance = self._chance
        self.mutations += 1
        for change in chance.some(
            ("line", "subject", "domain", "sender", "hiding", "disguise", "look", "payload"),
            chance.integer(2, 3),
        ):
            if change == "line":
                self.lines[chance.below(len(self.lines))] = self._line()
                self.lines = list(dict.fromkeys(self.lines))
            elif change == "subject":
                self.subject = self._subject()
            elif change == "domain":
                self.domains[chance.below(len(self.domains))] = names.domain(chance, manner=self._manner())
            elif change == "sender":
                self.senders = self._senders()
            elif change == "hiding":
                self.manners = self._manners()
            elif change == "disguise":
                self.disguise = min(0.9, self.disguise + chance.between(0.0, 0.2))
                self.padding = min(1.0, self.padding + chance.between(0.0, 0.3))
            elif change == "look":
                self.look = look(chance)
            else:
                self.payload = self._payload()

    def sender(self) -> Sender:
        """Return who the next mail comes from."""
        if self.base == "botnet":
            return self._bot()
        return self._chance.pick(self.senders)

    def _manner(self) -> str:
        return "tidy" if self._chance.yes(0.3 + 0.7 * self.skill) else "cheap"

    def _base(self) -> str:
        skill, scheme = self.skill, self.scheme
        weights = {
            "botnet": 34.0 * (1.15 - skill),
            "rented": 22.0 * (1.1 - 0.7 * skill),
            "snowshoe": 10.0 + 22.0 * skill,
            "stolen_account": (6.0 + 22.0 * skill) * (1.6 if scheme.look == "letter" else 0.9),
            "free_account": 20.0 if scheme.look == "letter" else 5.0,
            "bulk_account": 3.0 + 13.0 * skill if scheme.look != "letter" else 1.0,
            "broken_site": 10.0,
        }
        return self._chance.draw(Odds(weights))

    def _posed(self) -> Company | None:
        return (
            self._world.sender(self._progress, self.language, self.scheme.poses_as)
            if self.scheme.poses_as
            else None
        )

    def _manners(self) -> tuple[tuple[str, float], ...]:
        """Return ways of hiding words, with the share of words; professionals need few."""
        chance = self._chance
        if chance.yes(0.35 + 0.5 * self.skill):
            return ()
        count = 1 if chance.yes(0.7) else 2
        return tuple((manner, chance.between(0.03, 0.35)) for manner in chance.some(tuple(MANNERS), count))

    def _line(self) -> tuple[str, int]:
        chance, scheme = self._chance, self.scheme
        section = chance.pick(scheme.shared if chance.yes(self.disguise) else scheme.own)
        return section, chance.below(stock(self.language).size(section))

    def _lines(self) -> list[tuple[str, int]]:
        chance, scheme = self._chance, self.scheme
        lines = [self._line() for _ in range(chance.integer(2, 6))]
        if self.skill < 0.8 or chance.yes(0.7):  # the hook itself is seldom missing
            section = chance.pick(scheme.own)
            lines.append((section, chance.below(stock(self.language).size(section))))
        # A phrase is not said twice, and those of one section keep the order they have there.
        order = chance.some((*scheme.own, *(name for name in scheme.shared if name not in scheme.own)), 9)
        return sorted(dict.fromkeys(lines), key=lambda line: (order.index(line[0]), line[1]))

    def _subject(self) -> tuple[str, int]:
        chance, scheme = self._chance, self.scheme
        section = f"{chance.pick(scheme.shared if chance.yes(self.disguise) else scheme.own)}.subject"
        if section not in stock(self.language):
            section = f"{scheme.own[0]}.subject"
        return section, chance.below(stock(self.language).size(section))

    def _payload(self) -> tuple[Attachment, ...]:
        chance = self._chance
        return (file(chance, HOSTILE),) if chance.yes(self.scheme.files) else ()

    def _senders(self) -> list[Sender]:
        chance = self._chance
        makers = {
            "rented": (self._rented, chance.integer(1, 4)),
            "snowshoe": (self._snowshoe, chance.integer(3, 12)),
            "stolen_account": (self._stolen, chance.integer(1, 8)),
            "free_account": (self._free, chance.integer(1, 6)),
            "bulk_account": (self._bulk, 1),
            "broken_site": (self._broken_site, chance.integer(1, 3)),
        }
        if self.base not in makers:
            return []
        make, count = makers[self.base]
        return [make() for _ in range(count)]

    def _name(self) -> str:
        """Return a display name: the brand that is posed as, or an invented person or firm."""
        chance, words = self._chance, stock(self.language)
        if self.brand is not None:
            return chance.pick(
                (
                    self.brand.brand,
                    self.brand.brand,
                    self.brand.from_name,
                    f"{self.brand.brand} Service",
                    self.brand.brand.upper(),
                )
            )
        if self.designed:
            return chance.pick((names.brand(chance), names.brand(chance), ""))
        return f"{chance.pick(words.words('first'))} {chance.pick(words.words('last'))}"

    def _local(self) -> str:
        chance, words = self._chance, stock(self.language)
        if self.designed or self.brand is not None:
            return chance.pick(
                (
                    "info",
                    "news",
                    "noreply",
                    "no-reply",
                    "service",
                    "hello",
                    "kontakt",
                    "mail",
                    "support",
                    "shop",
                )
            )
        return names.local_part(chance, chance.pick(words.words("first")), chance.pick(words.words("last")))

    def _rented(self) -> Sender:
        chance = self._chance
        domain = names.domain(chance, manner=self._manner())
        server = sloppy_server(chance, domain)
        forged = self.brand is not None and chance.yes(0.3)
        address = f"{self._local()}@{self.brand.domain if forged and self.brand is not None else domain}"
        if forged:
            server = replace(
                server,
                spf=chance.pick(("fail", "softfail", "pass")),
                dkim="none",
                dmarc=chance.pick(("fail", "")),
            )
        return Sender(self._name(), address, f"{self._local()}@{domain}", server, chance.draw(_KIT), domain)

    def _snowshoe(self) -> Sender:
        chance = self._chance
        domain = names.domain(chance, manner=self._manner())
        name = f"{chance.pick(('mail', 'mx', 'smtp', 'out', 'relay', 'm'))}{chance.pick(('', '1', '2', '7'))}.{domain}"
        server = Server(
            helo=name, reverse=name, ip=names.hosting_ip(chance) if chance.yes(0.75) else names.office_ip(chance),
            dmarc=chance.pick(("pass", "pass", "")), signs=domain, inner=chance.pick(("bulk", "none", "script", "client")),
            client=names.dynamic_ip(chance), tls=chance.yes(0.92), selector=chance.pick(("s1", "default", "dkim", "mail", "k1")),
        )  # fmt: skip
        address = f"{self._local()}@{domain}"
        return Sender(
            self._name(),
            address,
            address if chance.yes(0.5) else f"bounces+{chance.hex(8)}@{domain}",
            server,
            chance.draw(_KIT),
            domain,
        )

    def _stolen(self) -> Sender:
        chance = self._chance
        owner: Person = self._world.contact(self._progress, self.language)
        name = self._name() if self.brand is not None and chance.yes(0.5) else owner.name
        software = owner.software if chance.yes(0.5 + 0.5 * self.skill) else chance.draw(_KIT)
        server = replace(owner.server, client=names.dynamic_ip(chance))
        return Sender(name, owner.address, owner.address, server, software, owner.domain)

    def _free(self) -> Sender:
        chance = self._chance
        words = stock(self.language)
        domain = chance.pick(FREE)
        local = names.local_part(chance, chance.pick(words.words("first")), chance.pick(words.words("last")))
        if chance.yes(0.35):
            local += str(chance.integer(10, 9999))
        address = f"{local}@{domain}"
        return Sender(
            self._name(),
            address,
            address,
            free_server(chance, domain),
            FREEMAIL if chance.yes(0.8) else WEBMAIL,
            domain,
        )

    def _bulk(self) -> Sender:
        chance = self._chance
        domain = names.domain(chance, manner=self._manner())
        server = bulk_server(chance, domain, chance.pick(SENDERS))
        envelope = f"bounces+{chance.integer(10_000, 9_999_999)}-{chance.hex(4)}@{chance.pick(('em', 'bounce'))}.{server.signs}"
        return Sender(
            self._name(),
            f"{self._local()}@{domain}",
            envelope,
            server,
            BULK if chance.yes(0.7) else chance.draw(_KIT),
            domain,
        )

    def _broken_site(self) -> Sender:
        chance = self._chance
        victim = self._world.sender(self._progress, self.language)
        server = victim.server if chance.yes(0.5) else sloppy_server(chance, victim.domain, script=True)
        address = f"{chance.pick(('info', 'wordpress', 'web', 'admin', victim.from_local))}@{victim.domain}"
        return Sender(
            self._name(),
            address,
            address,
            replace(server, inner="script"),
            PHPMAILER if chance.yes(0.6) else SCRIPT,
            victim.domain,
        )

    def _bot(self) -> Sender:
        chance = self._chance
        ip = names.dynamic_ip(chance)
        reverse = names.dynamic_name(ip, chance.pick(CARRIERS)) if chance.yes(0.7) else ""
        forged = (
            self.brand.domain
            if self.brand is not None and chance.yes(0.6)
            else names.domain(chance, manner=self._manner())
        )
        if self.brand is None and chance.yes(0.3):
            forged = self._world.contact(self._progress, self.language).domain
        helo = chance.pick(
            (
                forged,
                f"mail.{forged}",
                "localhost.localdomain",
                f"[{ip}]",
                reverse or "user-PC",
                f"web{chance.integer(1, 90)}",
                "DESKTOP-4F2K",
            )
        )
        server = Server(
            helo=helo, reverse=reverse, ip=ip, spf=chance.pick(("fail", "softfail", "softfail", "none", "none", "neutral", "permerror")),
            dkim="none" if chance.yes(0.93) else "fail", dmarc=chance.pick(("", "", "fail")), signs=forged,
            inner=chance.pick(("none", "none", "client", "webmail")), client=names.dynamic_ip(chance), tls=chance.yes(0.55),
        )  # fmt: skip
        address = f"{self._local()}@{forged}"
        return Sender(
            self._name(),
            address,
            address,
            server,
            chance.draw(_FORGED),
            forged if chance.yes(0.7) else names.domain(chance),
        )
