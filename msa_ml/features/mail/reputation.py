"""What was known before a mail of those like it: how many, since when, how far they spread, how many were reported.

Groups are the sender's address, its domain, the host that handed the mail over, its network and autonomous system (where the source names
it), the domains that the mail links to, and the fingerprint of the content; a campaign that changes one of them seldom
changes all. A sender may forge the first two, so they are also looked at together with the network. A mail that links to several
domains is judged by the most reported, the most frequent and the youngest of them. A newsletter goes to its readers again and again,
a campaign to ever new people: so recipients are counted too.
"""

from __future__ import annotations

from itertools import islice

from msa_ml.dataset.campaigns import fingerprint
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency, Sum
from msa_ml.features.mail.link import parse
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.domain import registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES, packaged
from msa_ml.source import columns
from msa_ml.source.columns import ContentKeys
from msa_ml.source.mail_head import read_head

_KIND, _TASK = "mail", "spam"
# What a rate says where nothing is known, and how many labels that weighs: one report makes nobody a spammer.
_PRIOR, _STRENGTH = 0.3, 5.0
_LOOKED_AT, _MOST_DOMAINS = 100, 20

VOLUME: tuple[History, ...] = (
    Count(_KIND, by="sender", over="1h"),
    Count(_KIND, by="sender", over="7d"),
    Count(_KIND, by="sender_domain", over="1h"),
    Count(_KIND, by="sender_domain", over="7d"),
    Count(_KIND, by="client_subnet", over="1h"),
    Count(_KIND, by="client_subnet", over="7d"),
    Count(_KIND, by="campaign", over="1h"),
    Count(_KIND, by="campaign", over="7d"),
    Count(_KIND, by=("sender_domain", "client_subnet"), over="30d"),
    Count(_KIND, by="client_ip", over="1h"),
    Count(_KIND, by="client_ip", over="7d"),
    Count(_KIND, by="url_domain", over="1h"),
    Count(_KIND, by="url_domain", over="7d"),
)
"""Bursts show in an hour. A domain that never sent from this network before may be forged."""

SPREAD: tuple[History, ...] = (
    CountDistinct(_KIND, of="client_subnet", by="sender_domain", over="7d", cap=100),
    CountDistinct(_KIND, of="sender", by="client_subnet", over="1d", cap=100),
    CountDistinct(_KIND, of="sender", by="campaign", over="7d", cap=100),
    CountDistinct(_KIND, of="client_subnet", by="campaign", over="7d", cap=100),
    CountDistinct(_KIND, of="campaign", by="sender", over="7d", cap=100),
    Sum(_KIND, of="recipient_count", by="sender", over="1d", step=1.0),
    Sum(_KIND, of="recipient_count", by="campaign", over="1d", step=1.0),
    CountDistinct(_KIND, of="recipient", by="sender", over="7d", cap=100),
    CountDistinct(_KIND, of="recipient", by="campaign", over="7d", cap=100),
    CountDistinct(_KIND, of="sender_domain", by="url_domain", over="7d", cap=100),
)
"""A newsletter has one content, one sender and one network; a botnet's campaign has many of both."""

AGES: tuple[History, ...] = (
    FirstSeen(_KIND, by="sender", over="30d"),
    FirstSeen(_KIND, by="sender_domain", over="30d"),
    FirstSeen(_KIND, by="client_subnet", over="30d"),
    FirstSeen(_KIND, by="campaign", over="30d"),
    Recency(_KIND, by="sender", over="30d"),
    Recency(_KIND, by="sender_domain", over="30d"),
    Recency(_KIND, by="campaign", over="30d"),
    FirstSeen(_KIND, by="client_ip", over="30d"),
    FirstSeen(_KIND, by="url_domain", over="30d"),
    Recency(_KIND, by="url_domain", over="30d"),
)

RATES: tuple[History, ...] = tuple(
    Rate(_KIND, task=_TASK, by=by, over="30d", prior=_PRIOR, strength=_STRENGTH)
    for by in ("sender", "sender_domain", "client_subnet", "campaign", "client_ip", "asn", "url_domain")
)
"""Spam among the labels that were known by then; more of it can only be worse, so the trees are held to that."""

REPUTATION: tuple[History, ...] = (*VOLUME, *SPREAD, *AGES, *RATES)
"""The optional histories of ``spam``: ``model.histories``."""


def fields_of(raw: bytes) -> dict[str, object]:
    r"""Return what counters ask of a mail: its keys and numbers by their words, as the import makes them.

    The import stores the sender as a pseudonym; equal addresses have equal pseudonyms, so counters keep the address or one
    of their own. Unknown is empty.

    Examples
    --------
    >>> fields = fields_of(b"From: Ann <Ann@Example.org>\r\nTo: bo@example.net\r\n\r\nhi")
    >>> fields["sender"], fields["sender_domain"], fields["campaign"], fields["recipient_count"]
    ('ann@example.org', 'example.org', '', 1)
    """
    head, keys = read_head(raw), content_keys(raw)
    sender, client = columns.sender_address(head), columns.client_ip(head.received)
    return {
        "sender": sender,
        "sender_domain": columns.domain_of(sender),
        "recipient": list(columns.recipients(head.recipients)),
        "client_ip": client,
        "client_subnet": columns.subnet(client),
        "asn": "",
        "campaign": keys.campaign,
        "url_domain": list(keys.url_domains),
        "size": len(raw),
        "recipient_count": columns.recipient_count(head.recipients),
    }


def content_keys(raw: bytes) -> ContentKeys:
    r"""Return the fingerprint of a mail's text, and the registrable domains that its first hundred URLs lead to.

    An address, or a name without a registrable domain, stands for itself. 20 domains at most, in the order of the mail.

    Examples
    --------
    >>> content_keys(b"Subject: x\r\n\r\nhttp://www.Example.co.uk/a and http://192.0.2.9/b").url_domains
    ('example.co.uk', '192.0.2.9')
    """
    mail, suffixes = Message(raw), packaged(PUBLIC_SUFFIXES)
    hosts = dict.fromkeys(url.host for text in mail.urls[:_LOOKED_AT] if (url := parse(text)) is not None)
    domains = dict.fromkeys(registrable(suffixes, host) or host for host in hosts)
    return ContentKeys(fingerprint(mail.text), tuple(islice(domains, _MOST_DOMAINS)))
