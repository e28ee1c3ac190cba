"""Header fields of mailing lists and mailings: what they offer, and how they relate to From."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES
from msa_ml.features.word_lists import Lists as WordLists

_FIELD = re.compile(
    rb"^(List-Unsubscribe(?:-Post)?|List-Id|List-Post|Precedence|Sender):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*){0,20})",
    re.MULTILINE | re.IGNORECASE,
)
_URI = re.compile(r"<\s{0,8}(https?|mailto):/{0,2}([^<>\s]{1,2000})>", re.IGNORECASE)
_HOST = re.compile(r"(?:[^/?#@]{0,255}@)?([^/?#:@]{1,253})")
_ID = re.compile(r"<([^<>\s]{1,253})>\s*\Z")
_NO_FROM = "no sender's domain"
_MOST_BYTES = 262_144


class Lists(Extractor):
    """Ways to unsubscribe, list identifiers, Precedence; Sender and Return-Path against From.

    **Not in the default task.** These fields are hidden from every other extractor (:mod:`~msa_ml.features.mail.ignored`):
    in public collections ham comes from mailing lists and spam does not, so a model that sees them learns the collection
    (Sender against From separates two collections of ham at AUC 0.98). In a mail flow of one's own, labelled by its
    readers, they are honest evidence that can be forged: since 2024 the large providers demand one-click unsubscription of
    bulk senders. Add it there: ``task.features() + Lists()``, and compare on later mail.
    """

    name = "mail.lists"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("unsubscribe", "has List-Unsubscribe", "flag", 0, 1, source="RFC 2369 3.2"),
        Feature("one_click", "offers unsubscription by one POST request", "flag", 0, 1, nan="no List-Unsubscribe",
                source="RFC 8058 3.1"),
        Feature("false_one_click", "List-Unsubscribe-Post without an address by https", "flag", 0, 1,
                nan="no List-Unsubscribe-Post", source="RFC 8058 3.1"),
        Feature("unsubscribe_differs", "no address to unsubscribe is at From's registrable domain", "flag", 0, 1,
                nan=f"no readable List-Unsubscribe, or {_NO_FROM}"),
        Feature("list_id", "has List-Id", "flag", 0, 1, source="RFC 2919 3"),
        Feature("list_id_malformed", "List-Id does not end with <name.domain>", "flag", 0, 1, nan="no List-Id",
                source="RFC 2919 3"),
        Feature("list_id_differs", "List-Id and From share no registrable domain", "flag", 0, 1,
                nan=f"no well-formed List-Id, or {_NO_FROM}"),
        Feature("post", "has List-Post, so that readers can answer", "flag", 0, 1, source="RFC 2369 3.4"),
        Feature("bulk", "Precedence is bulk, junk or list", "flag", 0, 1, source="RFC 2076 3.9"),
        Feature("sender_differs", "Sender is at another registrable domain than From", "flag", 0, 1,
                nan=f"no Sender, or {_NO_FROM}", source="RFC 5322 3.6.2"),
        Feature("path_differs", "Return-Path is at another registrable domain than From", "flag", 0, 1,
                nan=f"no Return-Path or an empty one, or {_NO_FROM}", source="RFC 5321 4.4"),
    )  # fmt: skip

    def __init__(self, *, lists: WordLists | None = None) -> None:
        super().__init__(lists=lists)

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        fields: dict[str, str] = {}
        for match in _FIELD.finditer(mail.raw[: min(mail.block.body, _MOST_BYTES)]):
            fields.setdefault(
                match[1].decode("ascii").lower(), " ".join(match[2][:8192].decode("latin-1").split())
            )
        own = self._domain(mail.sender.domain) if mail.sender is not None else ""
        values: dict[str, float] = {
            "unsubscribe": "list-unsubscribe" in fields,
            "list_id": "list-id" in fields,
            "post": fields.get("list-post", "no").lower() != "no",
            "bulk": fields.get("precedence", "").lower() in ("bulk", "junk", "list"),
        }
        self._unsubscribe(values, fields, own)
        if "list-id" in fields:
            found = _ID.search(fields["list-id"])
            sound = found is not None and "." in found[1]
            values["list_id_malformed"] = not sound
            if found is not None and sound and own:
                values["list_id_differs"] = self._domain(found[1]) != own
        if own:
            sender = fields.get("sender", "").rpartition("@")[2].strip("<> ")
            if sender:
                values["sender_differs"] = self._domain(sender) != own
            path = mail.return_path
            if path is not None and path.domain:
                values["path_differs"] = self._domain(path.domain) != own
        return values

    def _domain(self, host: str) -> str:
        return registrable(self.lists[PUBLIC_SUFFIXES], host)

    def _unsubscribe(self, values: dict[str, float], fields: dict[str, str], own: str) -> None:
        ways = [(scheme.lower(), rest) for scheme, rest in _URI.findall(fields.get("list-unsubscribe", ""))][
            :10
        ]
        post = fields.get("list-unsubscribe-post")
        by_https = any(scheme == "https" for scheme, _ in ways)
        if "list-unsubscribe" in fields:
            one_click = post is not None and post.replace(" ", "").lower() == "list-unsubscribe=one-click"
            values["one_click"] = one_click and by_https
        if post is not None:
            values["false_one_click"] = not by_https
        hosts = [match[1] for _, rest in ways if (match := _HOST.match(rest))]
        if hosts and own:
            values["unsubscribe_differs"] = all(self._domain(host.lower()) != own for host in hosts)
