"""Mail between people: first letters, replies in threads, and what their servers give back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from textwrap import fill

from msa_ml.source.simulate.chance import Chance
from msa_ml.source.simulate.mail import attachments, fields, links, markup, names
from msa_ml.source.simulate.mail.compose import Address, Attachment, Letter
from msa_ml.source.simulate.mail.dispatch import Dispatch
from msa_ml.source.simulate.mail.software import DAEMON, message_id
from msa_ml.source.simulate.mail.stock import stock
from msa_ml.source.simulate.mail.transit import Server
from msa_ml.source.simulate.mail.world import Person, World, office_server, sloppy_server

TOPICS = ("work", "work", "trip", "family", "family", "house", "club", "study")
# People also write about money, jobs and favours; seldom, but then in the very words of a fraud.
_TOUCHY = (
    "boss",
    "offer",
    "job",
    "loan",
    "date",
    "money",
    "invoice",
    "crypto",
    "fee",
    "pharma",
    "prize",
    "phish",
    "parcel",
    "hold",
    "toll",
)
_HOSTS = ("localhost", "MacBook-Pro.local", "DESKTOP-4F2K", "phone.local")
_REPLY = {"en": "Re: ", "de": "AW: ", "fr": "RE: ", "es": "RE: ", "ru": "Re: "}
_FORWARD = {"en": "Fwd: ", "de": "WG: ", "fr": "TR: ", "es": "RV: ", "ru": "Fwd: "}


@dataclass(frozen=True, slots=True)
class Thread:
    """An open conversation of a user with somebody."""

    user: Person
    other: Person
    subject: str
    topic: str
    last_id: str
    references: tuple[str, ...]
    last_text: str
    last_time: datetime


class Letters:
    """Writes personal mail and keeps the open threads."""

    def __init__(self, world: World, chance: Chance) -> None:
        self._world, self._chance = world, chance
        self._threads: list[Thread] = []

    def personal(self, moment: datetime, progress: float) -> Dispatch:
        """Return a first letter."""
        chance = self._chance
        user = self._world.user()
        other = self._world.contact(progress, user.language)
        words = stock(other.language)
        values = {
            "who": user.first,
            "me": other.first,
            "other": user.first,
            "brand": names.brand(chance),
            "to": user.address,
        }
        topic = chance.pick(TOPICS)
        subject = words.say(f"topic.{topic}.subject", chance, values)
        body = self._sentences(other, topic, values, chance.integer(1, 5))
        draw = chance.unit()
        if draw < 0.010:  # a business that introduces itself, or somebody who offers a job
            topic = chance.pick(("offer", "offer", "job"))
            subject = words.say(f"{topic}.subject", chance, values)
            body = words.several(topic, chance.integer(2, 4), chance, values)
        elif draw < 0.022:  # "look what I got": the words of a fraud in an honest letter
            kind = chance.pick(_TOUCHY)
            quoted = words.several(kind, chance.integer(2, 4), chance, values)
            subject = _FORWARD[other.language] + (words.say(f"{kind}.subject", chance, values))
            body = [words.say("warn", chance, values), "\n".join(f"> {line}" for line in quoted)]
        elif draw < 0.045:
            body.insert(chance.below(len(body) + 1), words.say(chance.pick(_TOUCHY), chance, values))
        elif draw < 0.049:  # two lines of somebody in a hurry
            body = [words.say("boss", chance, values)]
            subject = words.say("boss.subject", chance, values)
        if chance.yes(0.12):
            body.append(links.short(chance) if chance.yes(0.12) else links.page(chance, names.domain(chance)))
        if chance.yes(0.02):
            subject = ""
        thread = Thread(user, other, subject, topic, "", (), "", moment)
        return self._post(thread, moment, self._frame(other, values, body), progress)

    def thread(self, moment: datetime, progress: float) -> Dispatch:
        """Return a reply, in an open thread or in one that our user began."""
        chance = self._chance
        if self._threads and chance.yes(0.6):
            at = chance.below(len(self._threads))
            thread = self._threads[at]
            self._threads[at] = self._threads[-1]
            self._threads.pop()
        else:
            thread = self._begun_by_user(moment, progress)
        words = stock(thread.other.language)
        values = {"who": thread.user.first, "me": thread.other.first, "other": thread.user.name, "address": thread.user.address,
                  "brand": names.brand(chance), "to": thread.user.address,
                  "date": thread.user.clock(thread.last_time).strftime("%d.%m.%Y %H:%M")}  # fmt: skip
        body = [words.say("reply", chance, values)]
        body += self._sentences(thread.other, thread.topic, values, chance.integer(0, 3))
        if chance.yes(0.012):
            body.append(words.say(chance.pick(_TOUCHY), chance, values))
        quoted = (
            words.say("quote", chance, values)
            + "\n"
            + "\n".join(f"> {line}" for line in thread.last_text.splitlines()[:24])
        )
        frame = self._frame(thread.other, values, body, greeted=chance.yes(0.5))
        frame.append(quoted)
        return self._post(thread, moment, frame, progress)

    def bounce(self, moment: datetime, progress: float) -> Dispatch:
        """Return a report that a letter of one of our users could not be delivered (RFC 3464)."""
        chance = self._chance
        user = self._world.user()
        company = self._world.sender(progress, user.language)
        domain = company.domain
        server = replace(company.server, dkim="none", inner="none") if chance.yes(0.8) else company.server
        words = stock(user.language if chance.yes(0.5) else "en")
        first, last = chance.pick(words.words("first")), chance.pick(words.words("last"))
        values = {"to": f"{names.local_part(chance, first, last)}@{domain}", "host": server.helo, "who": user.first, "me": user.first,
                  "other": first, "brand": company.brand}  # fmt: skip
        reason = words.say("bounce.reason", chance, values)
        original = message_id(user.software, chance, moment, user.domain)
        notice = f"{words.say('bounce', chance, values)}\r\n\r\n<{values['to']}>: {reason}\r\n"
        status = (
            f"Reporting-MTA: dns; {server.helo}\r\nArrival-Date: {moment:%a, %d %b %Y %H:%M:%S +0000}\r\n\r\n"
            f"Final-Recipient: rfc822; {values['to']}\r\nAction: failed\r\nStatus: {reason[4:9]}\r\n"
            f"Diagnostic-Code: smtp; {reason}\r\n"
        )
        subject = stock(user.language).say(f"topic.{chance.pick(TOPICS)}.subject", chance, values)
        returned = (
            f"From: {user.address}\r\nTo: {values['to']}\r\nSubject: {subject}\r\nMessage-ID: {original}\r\n"
            f"Date: {moment - timedelta(minutes=chance.integer(0, 600)):%a, %d %b %Y %H:%M:%S +0000}\r\n"
        )
        letter = Letter(
            software=DAEMON,
            sender=Address("Mail Delivery System", f"MAILER-DAEMON@{server.helo if '.' in server.helo else domain}".replace("[", "").replace("]", "")),
            to=Address("", user.address),
            subject=chance.pick(("Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)", "Mail delivery failed")),
            date=company.clock(moment),
            message_id=message_id(DAEMON, chance, moment, server.helo.strip("[]")),
            fields={"Auto-Submitted": "auto-replied"},
            parts=(
                f"Content-Type: text/plain; charset=utf-8\r\n\r\n{notice}",
                f"Content-Type: message/delivery-status\r\n\r\n{status}",
                f"Content-Type: text/rfc822-headers\r\n\r\n{returned}",
            ),
            subtype="report; report-type=delivery-status",
        )  # fmt: skip
        return Dispatch(
            letter=letter,
            server=server,
            envelope_from="",
            recipient=user.address,
            kind="bounce",
            language=user.language,
            delay=chance.around(3, 1),
        )

    def _begun_by_user(self, moment: datetime, progress: float) -> Thread:
        chance = self._chance
        user = self._world.user()
        other = self._world.contact(progress, user.language)
        values = {
            "who": other.first,
            "me": user.first,
            "other": other.first,
            "brand": names.brand(chance),
            "to": other.address,
        }
        topic = chance.pick(TOPICS)
        text = "\n".join(
            self._frame(user, values, self._sentences(user, topic, values, chance.integer(1, 4)))
        )
        subject = stock(user.language).say(f"topic.{topic}.subject", chance, values)
        before = moment - timedelta(minutes=chance.around(200, 1.4))
        return Thread(
            user,
            other,
            subject,
            topic,
            message_id(user.software, chance, before, user.domain),
            (),
            text,
            before,
        )

    def _sentences(self, writer: Person, topic: str, values: dict[str, str], count: int) -> list[str]:
        words, chance = stock(writer.language), self._chance
        drifting = "topic." + (topic if chance.yes(0.85) else chance.pick(TOPICS))
        name = drifting if drifting in words else "topic.work"
        return words.several(name, count, chance, values)

    def _frame(
        self, writer: Person, values: dict[str, str], body: list[str], *, greeted: bool = True
    ) -> list[str]:
        """Return greeting, paragraphs and farewell."""
        words, chance = stock(writer.language), self._chance
        formal = ".formal" if writer.formality > 0.75 else ""
        frame = [words.say(f"hello{formal}", chance, values)] if greeted and writer.formality > 0.1 else []
        frame += (
            [" ".join(body)] if chance.yes(0.5) and not any(line.startswith(">") for line in body) else body
        )
        # The first of the formal farewells is the one that people use, the others are those of companies.
        farewell = (
            words.phrase("bye.formal", 0, chance, values) if formal else words.say("bye", chance, values)
        )
        frame.append(farewell)
        if writer.formality > 0.6:
            frame.append(f"-- \n{writer.name}\n{chance.pick(words.words('city'))}, {writer.domain}")
        return frame

    def _post(self, thread: Thread, moment: datetime, frame: list[str], progress: float) -> Dispatch:
        chance, user, other = self._chance, thread.user, thread.other
        software = other.software
        date = other.clock(moment - timedelta(seconds=chance.around(4, 1.0)))
        odd = software.message_id not in ("google", "exchange") and chance.yes(0.07)
        name = message_id(software, chance, date, chance.pick(_HOSTS) if odd else other.domain)
        references = (*thread.references, thread.last_id) if thread.last_id else ()
        mark = _REPLY[other.language] if references else ""
        subject = thread.subject if thread.subject.startswith(mark) else mark + thread.subject
        text, html = self._bodies(other, frame)
        files: tuple[Attachment, ...] = ()
        if chance.yes(0.13):
            files = tuple(attachments.file(chance, attachments.PRIVATE) for _ in range(chance.integer(1, 2)))
        if chance.yes(0.7):
            answer = message_id(user.software, chance, moment, user.domain)
            said = self._answer(user, other, text)
            self._threads.append(
                Thread(user, other, subject, thread.topic, answer, (*references, name), said, moment)
            )
            if len(self._threads) > 250:
                self._threads.pop(0)
        letter = Letter(
            software=software,
            sender=Address(other.name if chance.yes(0.9) else "", other.address),
            to=Address(user.name if chance.yes(0.75) else "", user.address),
            subject=subject,
            date=date,
            message_id=name,
            text=text,
            html=html,
            attachments=files,
            fields=self._fields(other, references, progress),
            charset=other.charset,
            encoding=other.encoding,
        )
        return Dispatch(
            letter=letter,
            server=other.server,
            envelope_from=other.address,
            recipient=user.address,
            kind="thread" if references else "personal",
            language=other.language,
            delay=chance.around(3, 1.2),
            forwarded_by=self._forwarder(),
        )

    def _answer(self, user: Person, other: Person, text: str) -> str:
        """Return what our user answers; the letter itself leaves our server and is never seen here."""
        words, chance = stock(user.language), self._chance
        values = {"me": user.first, "who": other.first}
        lines = [words.say("reply", chance, values), words.say("bye", chance, values), f"{other.name}:"]
        return "\n".join([*lines, *(f"> {line}" for line in text.splitlines()[:10])])

    def _bodies(self, writer: Person, frame: list[str]) -> tuple[str, str]:
        chance = self._chance
        wrapped = frame
        if chance.yes(0.6):
            wrapped = [
                text
                if text.startswith((">", "-- ")) or "\n> " in text
                else fill(text, 76, break_on_hyphens=False, break_long_words=False)
                for text in frame
            ]
        text = "\n\n".join(wrapped) + "\n"
        if not chance.yes(writer.html):
            return text, ""
        alone = writer.software.name in ("apple", "phone", "thunderbird") and chance.yes(0.15)
        return ("" if alone else text), markup.written(writer.software.html, frame)

    def _fields(self, writer: Person, references: tuple[str, ...], progress: float) -> dict[str, str]:
        chance = self._chance
        found = fields.of_program(writer.software, writer.language, chance)
        if references:
            found["In-Reply-To"] = references[-1]
            found["References"] = "\r\n ".join(references[-8:])
        if chance.yes(0.06):
            found["Cc"] = self._world.contact(progress, writer.language).address
        if chance.yes(0.05):
            found["Reply-To"] = f"{writer.address.partition('@')[0]}@{names.domain(chance)}"
        if chance.yes(0.02):
            found["X-Priority"] = chance.pick(("1", "3"))
        return found

    def _forwarder(self) -> Server | None:
        """Return a server that passes mail on from an old address, for a few: SPF fails on the way."""
        chance = self._chance
        if not chance.yes(0.05):
            return None
        domain = names.domain(chance)
        return sloppy_server(chance, domain) if chance.yes(0.4) else office_server(chance, domain)
