"""Who the mail says it is from, and whether its own fields agree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.address import Address
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import is_ip, listed, registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_FREE = "free_mail"
_MENTIONED = re.compile(r"[^\s@<>\"']{1,64}@([A-Za-z0-9.-]{3,253})")
_NO_FROM = "no sender's domain"


class Sender(Extractor):
    """From, Reply-To, Return-Path and Message-ID: equality of registrable domains, and habits of the address.

    A display name that shows another address than the one behind it is a classic of phishing; an answer that shall go to
    a free-mail account is a classic of advance-fee fraud. Return-Path is the envelope's sender as the receiving side
    noted it; it differs for every honest mailing service too.
    """

    name = "mail.sender"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES, _FREE)
    features = (
        Feature("missing", "no From with an address", "flag", 0, 1, source="RFC 5322 3.6"),
        Feature("many", "more than one address in From", "flag", 0, 1, nan="no From", source="RFC 5322 3.6.2"),
        Feature("display_length", "characters of the display name", "characters", nan="no From"),
        Feature("display_address", "the display name shows an address", "flag", 0, 1, nan="no From"),
        Feature("display_differs", "it shows an address of another domain", "flag", 0, 1, nan="it shows no address"),
        Feature("display_non_ascii", "share of the display name beyond ASCII", "share", 0, 1, nan="no display name"),
        Feature("free", "From is at a free-mail provider", "flag", 0, 1, nan=_NO_FROM),
        Feature("local_length", "characters before the @ of From", "characters", nan=_NO_FROM),
        Feature("local_digits", "share of digits before the @ of From", "share", 0, 1, nan="nothing before the @"),
        Feature("domain_digits", "share of digits in From's registrable domain", "share", 0, 1, nan=_NO_FROM),
        Feature("domain_labels", "labels of From's domain", nan=_NO_FROM),
        Feature("reply_differs", "Reply-To is at another registrable domain", "flag", 0, 1, nan="either is missing"),
        Feature("reply_free", "Reply-To is at a free-mail provider and From is not", "flag", 0, 1, nan="either is missing"),
        Feature("path_differs", "Return-Path is at another registrable domain", "flag", 0, 1, nan="either is missing or empty"),
        Feature("path_empty", "Return-Path is <>", "flag", 0, 1, nan="no Return-Path", source="RFC 5321 4.5.5"),
        Feature("id_missing", "no Message-ID", "flag", 0, 1, source="RFC 5322 3.6.4"),
        Feature("id_malformed", "Message-ID is not <left@right>", "flag", 0, 1, nan="no Message-ID", source="RFC 5322 3.6.4"),
        Feature("id_differs", "right side of Message-ID and From share no registrable domain", "flag", 0, 1,
                nan="either has no registrable domain"),
        Feature("id_short", "right side of Message-ID has no dot", "flag", 0, 1, nan="no or malformed Message-ID"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        sender = mail.sender
        values: dict[str, float] = {"missing": sender is None or not sender.domain}
        own = ""
        if sender is not None:
            values["many"] = len(mail.senders) > 1
            own = self._domain(sender.domain)
            values |= self._display(sender, own)
            if sender.domain:
                values |= self._address(sender, own)
        values |= self._others(mail, sender, own)
        values |= self._message_id(mail.header("message-id"), own)
        return values

    def _domain(self, host: str) -> str:
        return registrable(self.lists[PUBLIC_SUFFIXES], host)

    def _is_free(self, address: Address) -> bool:
        return listed(self.lists[_FREE].words, address.domain)

    def _display(self, sender: Address, own: str) -> dict[str, float]:
        display = sender.display[:1000]
        mentioned = _MENTIONED.search(display)
        values: dict[str, float] = {"display_length": len(display), "display_address": mentioned is not None}
        if display:
            values["display_non_ascii"] = sum(character > "\x7f" for character in display) / len(display)
        if mentioned:
            values["display_differs"] = self._domain(mentioned[1]) != own
        return values

    def _address(self, sender: Address, own: str) -> dict[str, float]:
        local, domain = sender.local[:1000], own or sender.domain[:253]
        values: dict[str, float] = {
            "free": self._is_free(sender),
            "local_length": len(local),
            "domain_digits": sum(map(str.isdecimal, domain)) / len(domain),
            "domain_labels": sender.domain[:253].count(".") + 1,
        }
        if local:
            values["local_digits"] = sum(map(str.isdecimal, local)) / len(local)
        return values

    def _others(self, mail: Message, sender: Address | None, own: str) -> dict[str, float]:
        values: dict[str, float] = {}
        reply, path = mail.reply_to, mail.return_path
        if mail.header("return-path") is not None:
            values["path_empty"] = path is None or not (path.local or path.domain)
        if sender is None or not own:
            return values
        if reply is not None and reply.domain:
            values["reply_differs"] = self._domain(reply.domain) != own
            values["reply_free"] = self._is_free(reply) and not self._is_free(sender)
        if path is not None and path.domain:
            values["path_differs"] = self._domain(path.domain) != own
        return values

    def _message_id(self, value: str | None, own: str) -> dict[str, float]:
        if value is None:
            return {"id_missing": 1}
        text = value.strip()
        left, at, right = text.removeprefix("<").removesuffix(">").rpartition("@")
        sound = bool(left and at and right) and text[:1] == "<" and text[-1:] == ">" and " " not in text
        values: dict[str, float] = {"id_missing": 0, "id_malformed": not sound}
        if sound:
            values["id_short"] = "." not in right and not is_ip(right)
            domain = self._domain(right)
            if domain and own:
                values["id_differs"] = domain != own
        return values
