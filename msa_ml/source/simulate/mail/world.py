"""Who lives in the simulated world: our users, people who write to them, companies, and their servers.

Everyone is made once from the seed and keeps a name, a program, a server and habits. Popularity is heavy-tailed, and
newcomers arrive all the time, so that an unknown sender is no proof of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from msa_ml.source.simulate.chance import Chance, Odds
from msa_ml.source.simulate.mail import names
from msa_ml.source.simulate.mail.markup import Look, look
from msa_ml.source.simulate.mail.software import (
    APPLE,
    BULK,
    EXCHANGE,
    FREEMAIL,
    JAVA,
    MUTT,
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
from msa_ml.source.simulate.mail.transit import OURS, Server

T = TypeVar("T")
LANGUAGE_SHARES: dict[str, float] = {"en": 0.42, "de": 0.2, "fr": 0.13, "es": 0.13, "ru": 0.12}
_SPEAKERS = Odds(LANGUAGE_SHARES)
_HOURS_EAST = {"en": (0, 0, 0, -5, -8, 1, 2), "de": (1, 2), "fr": (1, 2), "es": (1, 2, -5), "ru": (3, 3, 5)}
CHARSETS = {
    "en": ("utf-8", "utf-8", "us-ascii", "iso-8859-1"),
    "de": ("utf-8", "utf-8", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"),
    "fr": ("utf-8", "utf-8", "utf-8", "iso-8859-1", "windows-1252"),
    "es": ("utf-8", "utf-8", "utf-8", "iso-8859-1", "windows-1252"),
    "ru": ("utf-8", "utf-8", "koi8-r", "windows-1251"),
}
# Free mail providers, used by people and by attackers' accounts alike.
FREE = ("postbox.example", "brevia.example", "qmail.test", "kurz.invalid", "freepost.test", "yolo.example")
# Companies that send in bulk for others.
SENDERS = ("sendwave.example", "mailmill.example", "briefly.test", "dispatcher.invalid")
SHORTENERS = ("go.example", "kurz.example", "lnk.test")
CARRIERS = ("carrier.example", "kabelnetz.example", "telefibra.test", "svyaz.invalid")

_HUMAN = Odds(
    {THUNDERBIRD: 14.0, APPLE: 9.0, PHONE: 14.0, OUTLOOK: 15.0, EXCHANGE: 14.0, FREEMAIL: 22.0, WEBMAIL: 8.0, MUTT: 2.0, OLD_OUTLOOK: 2.0}
)  # fmt: skip
_MACHINE = Odds({PHPMAILER: 20.0, PYTHON: 12.0, JAVA: 18.0, BULK: 40.0, SCRIPT: 10.0})
KINDS = Odds(
    {"shop": 32.0, "parcel": 7.0, "bank": 8.0, "provider": 8.0, "clinic": 8.0, "saas": 12.0, "finance": 5.0, "pharmacy": 2.5,
     "jobs": 4.0, "dating": 1.2, "lottery": 1.0, "charity": 5.0, "culture": 24.0}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes: one of our users, or a contact of theirs."""

    first: str
    last: str
    address: str
    language: str
    software: Software
    server: Server
    charset: str
    encoding: str
    hours_east: int
    formality: float
    html: float
    lag: float

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def domain(self) -> str:
        """Domain of the address."""
        return self.address.rpartition("@")[2]

    def clock(self, moment: datetime) -> datetime:
        """Return what the clock of this person's machine said at that moment."""
        zone = timezone(timedelta(hours=self.hours_east))
        return (moment - timedelta(seconds=self.lag)).astimezone(zone).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Company:
    """Somebody who writes to many: a shop, a bank, a club, a newsletter."""

    brand: str
    kind: str
    domain: str
    language: str
    software: Software
    server: Server
    bulk_server: Server
    from_name: str
    from_local: str
    charset: str
    encoding: str
    look: Look
    bulk_through: str
    tracks: bool
    marketing: float
    hours_east: int
    plain: float
    partner: str
    replies_to: str
    lag: float

    def clock(self, moment: datetime) -> datetime:
        """Return what the clock of this company's machine said at that moment."""
        zone = timezone(timedelta(hours=self.hours_east))
        return (moment - timedelta(seconds=self.lag)).astimezone(zone).replace(microsecond=0)


class World:
    """People and companies of one seed; grows from ``progress`` 0 (begin of the span) to 1 (its end)."""

    def __init__(self, chance: Chance, *, size: int) -> None:
        self._chance = chance
        self.users = [self._user() for _ in range(max(30, size // 12))]
        self.contacts = [self.person() for _ in range(max(60, size // 5))]
        self.companies = [self.company() for _ in range(max(40, size // 22))]

    def user(self, language: str = "") -> Person:
        """Return one of our users, of a language if one is given."""
        for _ in range(40):
            user = self._popular(self.users, 1.0, 1.2)
            if language in ("", user.language):
                return user
        return user

    def contact(self, progress: float, language: str) -> Person:
        """Return somebody who writes to a user of that language; now and then somebody nobody has seen before."""
        if self._chance.yes(0.12):
            return self.person(language if self._chance.yes(0.85) else "")
        for _ in range(12):
            contact = self._popular(self.contacts, progress)
            if contact.language == language:
                return contact
        return contact

    def sender(self, progress: float, language: str, kinds: Sequence[str] = ()) -> Company:
        """Return a company that writes in that language, of one of the kinds if any are given."""
        if self._chance.yes(0.06):
            return self.company(language, self._chance.pick(kinds) if kinds else "")
        best = None
        for _ in range(60):
            company = self._popular(self.companies, progress)
            if not kinds or company.kind in kinds:
                best = company
                if company.language == language:
                    return company
        return best or self.company(language, self._chance.pick(kinds) if kinds else "")

    def _popular(self, pool: Sequence[T], progress: float, slope: float = 1.8) -> T:
        """Return one of those who have arrived; the first ones are the most popular."""
        arrived = max(1, int(len(pool) * (0.6 + 0.4 * progress)))
        return pool[int(self._chance.unit() ** slope * arrived)]

    def _user(self) -> Person:
        return self.person(home=OURS)

    def person(self, language: str = "", *, home: str = "") -> Person:
        """Return somebody new."""
        chance = self._chance
        language = language or chance.draw(_SPEAKERS)
        words = stock(language)
        first, last = chance.pick(words.words("first")), chance.pick(words.words("last"))
        software = chance.draw(_HUMAN)
        if home:
            domain, server = home, office_server(chance, home)
        elif software is FREEMAIL or chance.yes(0.2):
            domain = chance.pick(FREE)
            server = free_server(chance, domain)
        else:
            domain = names.domain(chance)
            server = (
                sloppy_server(chance, domain)
                if chance.yes(0.22)
                else office_server(chance, domain, exchange=software is EXCHANGE)
            )
        return Person(
            first=first,
            last=last,
            address=f"{names.local_part(chance, first, last)}@{domain}",
            language=language,
            software=software,
            server=server,
            charset=chance.pick(CHARSETS[language]),
            encoding=chance.pick(software.encodings),
            hours_east=chance.pick(_HOURS_EAST[language]),
            formality=chance.unit(),
            html=chance.pick((0.05, 0.5, 0.95)),
            lag=clock_error(chance),
        )

    def company(self, language: str = "", kind: str = "") -> Company:
        """Return a new company."""
        chance = self._chance
        language = language or chance.draw(_SPEAKERS)
        kind = kind or chance.draw(KINDS)
        domain = names.domain(chance)
        brand = names.brand(chance)
        software = chance.draw(_MACHINE)
        through = chance.pick(SENDERS) if software is BULK or chance.yes(0.3) else ""
        server = (
            sloppy_server(chance, domain, script=True)
            if chance.yes(0.2)
            else office_server(chance, domain, machine=True)
        )
        return Company(
            brand=brand,
            kind=kind,
            domain=domain,
            language=language,
            software=software,
            server=server,
            bulk_server=bulk_server(chance, domain, through) if through else server,
            from_name=chance.pick((brand, brand, f"{brand} Service", f"Team {brand}", "", brand.upper())),
            from_local=chance.pick(
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
            ),
            charset=chance.pick(CHARSETS[language]) if chance.yes(0.3) else "utf-8",
            encoding=chance.pick(software.encodings),
            look=look(chance),
            bulk_through=through,
            tracks=chance.yes(0.65),
            marketing=chance.unit(),
            hours_east=chance.pick(_HOURS_EAST[language]),
            plain=chance.pick((0.02, 0.1, 0.9)),
            partner=names.domain(chance) if chance.yes(0.5) else domain,
            replies_to=_replies_to(chance, domain),
            lag=clock_error(chance),
        )


def _replies_to(chance: Chance, domain: str) -> str:
    """Return a company's Reply-To, '' for most; some let another house answer."""
    if chance.yes(0.8):
        return ""
    house = domain if chance.yes(0.5) else names.domain(chance)
    return f"{chance.pick(('office', 'info', 'contact', 'service'))}@{house}"


def clock_error(chance: Chance) -> float:
    """Return how many seconds a clock is slow: mostly little, rarely a wrong time zone or worse."""
    if chance.yes(0.04):
        return chance.pick((-3600.0, 3600.0, 7200.0, -7200.0, 86_400.0))
    return chance.around(2.0, 1.2) * (1.0 if chance.yes(0.8) else -1.0)


def office_server(chance: Chance, domain: str, *, exchange: bool = False, machine: bool = False) -> Server:
    """Return the server of a domain that is run with care."""
    name = f"{chance.pick(('mail', 'mx', 'smtp', 'out', 'relay'))}{chance.pick(('', '', '1', '2'))}.{domain}"
    signed = chance.yes(0.82)
    inner = (
        "office"
        if exchange
        else chance.pick(("bulk", "none", "script") if machine else ("client", "client", "none"))
    )
    return Server(
        helo=name,
        reverse=name,
        ip=names.v6(chance, chance.integer(1, 9999)) if chance.yes(0.12) else names.office_ip(chance),
        spf="pass" if chance.yes(0.94) else "none",
        dkim="pass" if signed else "none",
        dmarc="pass" if chance.yes(0.7) else "",
        signs=domain,
        inner=inner,
        client=names.dynamic_ip(chance),
        tls=chance.yes(0.95),
        selector=chance.pick(("s1", "default", "dkim", "2024", "mail", "k1")),
    )


def sloppy_server(chance: Chance, domain: str, *, script: bool = False) -> Server:
    """Return the server of a small business or a rented machine: wrong names, no or wrong records."""
    ip = names.hosting_ip(chance) if chance.yes(0.7) else names.dynamic_ip(chance)
    reverse = chance.pick(
        (
            "",
            f"vps{chance.integer(10, 99_999)}.hosting.example",
            f"mail.{domain}",
            names.dynamic_name(ip, chance.pick(CARRIERS)),
        )
    )
    helo = chance.pick(
        (
            "localhost.localdomain",
            f"server{chance.integer(1, 20)}.local",
            domain,
            f"mail.{domain}",
            reverse or f"[{ip}]",
            f"web{chance.integer(1, 90)}",
        )
    )
    signed = chance.yes(0.3)
    return Server(
        helo=helo,
        reverse=reverse,
        ip=ip,
        spf=chance.pick(("none", "neutral", "softfail", "pass", "pass", "fail", "permerror")),
        dkim=chance.pick(("pass", "pass", "fail")) if signed else "none",
        dmarc=chance.pick(("", "", "", "pass", "fail")),
        signs=domain,
        inner="script" if script and chance.yes(0.6) else chance.pick(("client", "none")),
        client=names.dynamic_ip(chance),
        tls=chance.yes(0.75),
        selector=chance.pick(("default", "mail", "x")),
    )


def free_server(chance: Chance, domain: str) -> Server:
    """Return a server of a free mail provider."""
    name = f"mail-{chance.pick(('a', 'b', 'c', 'd'))}{chance.integer(1, 60)}.{domain}"
    network = 100 + FREE.index(domain)
    return Server(
        helo=name,
        reverse=name,
        ip=names.v6(chance, network)
        if chance.yes(0.3)
        else f"198.18.{network % 10}.{chance.integer(2, 254)}",
        signs=domain,
        inner=chance.pick(("webmail", "webmail", "client")),
        client=names.dynamic_ip(chance),
        selector="20230601",
    )


def bulk_server(chance: Chance, domain: str, through: str) -> Server:
    """Return a server of a company that sends in bulk for a domain."""
    name = f"o{chance.integer(1, 250)}.{chance.pick(('mta', 'out', 'em'))}.{through}"
    own = chance.yes(0.75)  # signs in the customer's name, or only in its own
    return Server(
        helo=name,
        reverse=name,
        ip=f"198.19.{SENDERS.index(through)}.{chance.integer(2, 254)}",
        signs=domain if own else through,
        dmarc=chance.pick(("pass", "pass", "")) if own else chance.pick(("", "fail")),
        inner=chance.pick(("bulk", "none")),
        selector=chance.pick(("s1", "s2", "k1")),
    )
