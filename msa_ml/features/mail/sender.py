"""Who the mail says it is from, and whether its own fields agree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.address import Address
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.brand import BRANDS, guise, poses
from msa_ml.features.shared.confusable import CONFUSABLES, mixes_scripts
from msa_ml.features.shared.domain import listed, registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_FREE = "free_mail"
_DISPOSABLE = "disposable_mail"
_SHOWN_ADDRESS = re.compile(r"[^\s@<>\"']{1,64}@([A-Za-z0-9.-]{3,253})")
_SHOWN_HOST = re.compile(
    r"(?<![A-Za-z0-9.@-])((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,18})(?![A-Za-z0-9.@-])"
)
_MARKS = re.compile(r"[0-9!$*%#~]")
_DIGITS = re.compile(r"[0-9]")
_LAST_DIGITS = re.compile(r"[0-9]{2,}\Z")
_NO_FROM = "no sender's domain"
_NO_DISPLAY = "no display name"


class Sender(Extractor):
    """From, Reply-To and Return-Path: habits of the address, and what it poses as.

    A display name that shows another address, host or brand than the one behind it is a classic of phishing, and so is a
    domain that looks like another (Unicode Technical Standard 39); an answer that shall go to a free-mail account is a
    classic of advance-fee fraud. Answers to the domain of a recipient are left alone: mailing lists ask for them.

    How Sender and Return-Path relate to From tells mailing lists from letters (two collections of ham at AUC 0.98 and
    0.75) and stands in the optional ``mail.lists``; lengths of display name and local part tell collections too (0.96 and
    0.91) and are left out.
    """

    name = "mail.sender"
    kind = "mail"
    version = 2
    reads = (PUBLIC_SUFFIXES, _FREE, _DISPOSABLE, BRANDS, CONFUSABLES)
    features = (
        Feature("missing", "no From with an address", "flag", 0, 1, source="RFC 5322 3.6"),
        Feature("many", "more than one address in From", "flag", 0, 1, nan="no From", source="RFC 5322 3.6.2"),
        Feature("display", "From has a display name", "flag", 0, 1, nan="no From", source="RFC 5322 3.4"),
        Feature("display_address", "the display name shows an address", "flag", 0, 1, nan="no From"),
        Feature("display_differs", "it shows an address or a host of another registrable domain", "flag", 0, 1,
                monotone=1, nan="it shows neither, or no sender's domain"),
        Feature("display_brand", "it shows the name of a brand whose the sender's domain is not", "flag", 0, 1, monotone=1, nan=_NO_DISPLAY),
        Feature("display_mixed", "a word of it mixes scripts", "flag", 0, 1, monotone=1, nan=_NO_DISPLAY, source="UTS 39 5.2"),
        Feature("display_upper", "it is in upper case throughout", "flag", 0, 1, nan=_NO_DISPLAY),
        Feature("display_marks", "it has a digit or one of ! $ * % # ~", "flag", 0, 1, nan=_NO_DISPLAY),
        Feature("display_non_ascii", "share of it beyond ASCII", "share", 0, 1, nan=_NO_DISPLAY),
        Feature("free", "From is at a free-mail provider", "flag", 0, 1, nan=_NO_FROM),
        Feature("disposable", "From or Reply-To is at a provider of disposable mailboxes", "flag", 0, 1, monotone=1, nan=_NO_FROM),
        Feature("local_digits", "share of digits before the @ of From", "share", 0, 1, nan="nothing before the @"),
        Feature("local_number", "it ends with two digits or more", "flag", 0, 1, nan="nothing before the @"),
        Feature("domain_digits", "share of digits in From's registrable domain", "share", 0, 1, nan=_NO_FROM),
        Feature("domain_brand", "From's host shows the name of a brand whose it is not", "flag", 0, 1, monotone=1, nan=_NO_FROM),
        Feature("domain_lookalike", "From's domain looks like that of a brand or free-mail provider, or like ASCII",
                "flag", 0, 1, monotone=1, nan=_NO_FROM, source="UTS 39 4"),
        Feature("domain_mixed", "a label of From's host mixes scripts", "flag", 0, 1, monotone=1, nan=_NO_FROM, source="UTS 39 5.2"),
        Feature("reply_elsewhere", "Reply-To is at a domain that is neither From's nor a recipient's", "flag", 0, 1,
                nan="either is missing"),
        Feature("reply_free", "Reply-To is at a free-mail provider and From is not", "flag", 0, 1, monotone=1, nan="either is missing"),
        Feature("path_empty", "Return-Path is <>", "flag", 0, 1, nan="no Return-Path", source="RFC 5321 4.5.5"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        sender = mail.sender
        values: dict[str, float] = {"missing": sender is None or not sender.domain}
        if sender is not None:
            own = self._domain(sender.domain)
            values["many"] = len(mail.senders) > 1
            self._display(values, sender, own)
            if sender.domain:
                self._address(values, mail, sender, own)
        path = mail.return_path
        if path is not None or "return-path" in mail.by_name:
            values["path_empty"] = path is None or not (path.local or path.domain)
        return values

    def _domain(self, host: str) -> str:
        return registrable(self.lists[PUBLIC_SUFFIXES], host)

    def _display(self, values: dict[str, float], sender: Address, own: str) -> None:
        display = sender.display[:256]
        values["display"] = bool(display)
        values["display_address"] = False
        if not display:
            return
        host = ""
        if "@" in display and (shown := _SHOWN_ADDRESS.search(display)):
            values["display_address"] = True
            host = self._domain(shown[1])
        elif "." in display and (shown := _SHOWN_HOST.search(display)):
            host = self._domain(shown[1])
        if own and (host or values["display_address"]):
            values["display_differs"] = host != own
        values["display_brand"] = poses(self.lists[CONFUSABLES], self.lists[BRANDS], display, own)
        values["display_upper"] = display.isupper()
        values["display_marks"] = _MARKS.search(display) is not None
        if display.isascii():
            values["display_non_ascii"] = values["display_mixed"] = 0
        else:
            values["display_non_ascii"] = sum(character > "\x7f" for character in display) / len(display)
            values["display_mixed"] = any(map(mixes_scripts, display.split()))

    def _address(self, values: dict[str, float], mail: Message, sender: Address, own: str) -> None:
        local, host = sender.local[:1000], sender.domain[:253]
        free, disposable = self.lists[_FREE].words, self.lists[_DISPOSABLE].words
        is_free, is_disposable = listed(free, host), listed(disposable, host)
        domain = own or host
        values["free"] = is_free
        values["domain_digits"] = len(_DIGITS.findall(domain)) / len(domain)
        if local:
            values["local_digits"] = len(_DIGITS.findall(local)) / len(local)
            values["local_number"] = _LAST_DIGITS.search(local) is not None
        seen = guise(self.lists[CONFUSABLES], self.lists[BRANDS], self.lists[_FREE], host, own)
        values["domain_brand"], values["domain_lookalike"], values["domain_mixed"] = seen
        reply = mail.reply_to
        if reply is not None and reply.domain and own:
            other = self._domain(reply.domain)
            is_disposable = is_disposable or listed(disposable, reply.domain)
            values["reply_free"] = not is_free and listed(free, reply.domain)
            values["reply_elsewhere"] = other != own and all(
                self._domain(address.domain) != other for address in mail.recipients[:20]
            )
        values["disposable"] = is_disposable
