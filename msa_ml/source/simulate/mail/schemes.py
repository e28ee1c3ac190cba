"""What attackers are after: one value per kind of campaign."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of campaign.

    Attributes
    ----------
    group
        ``spam`` or ``phishing``.
    own
        Sections of the stock with its telling phrases; honest mail uses them too, seldom.
    shared
        Sections it borrows from honest mail, for disguise.
    look
        ``designed`` (a page like a newsletter), ``letter`` (a person's mail), or ``either``.
    poses_as
        Kinds of companies whose brand it wears; empty = nobody's.
    files
        Share of campaigns that carry a file.
    links
        Whether it wants a click; others want an answer.
    weight
        How common such campaigns are.
    """

    group: str
    own: tuple[str, ...]
    shared: tuple[str, ...]
    look: str
    poses_as: tuple[str, ...] = ()
    files: float = 0.0
    links: bool = True
    weight: float = 1.0


SCHEMES: dict[str, Scheme] = {
    "pharma": Scheme("spam", ("pharma",), ("deal", "news"), "either", weight=1.2),
    "advance_fee": Scheme("spam", ("fee",), ("topic.family", "money"), "letter", links=False, weight=1.1),
    "crypto": Scheme("spam", ("crypto",), ("money", "news"), "either", weight=1.2),
    "loan": Scheme("spam", ("loan",), ("money",), "either", files=0.1, weight=0.8),
    "prize": Scheme("spam", ("prize",), ("deal",), "designed", ("shop", "parcel", "lottery"), weight=1.0),
    "shop": Scheme("spam", ("deal",), ("deal", "news"), "designed", weight=1.3),
    "dating": Scheme("spam", ("date",), ("topic.trip", "date"), "letter", weight=0.8),
    "job": Scheme("spam", ("job",), ("job", "offer"), "either", ("jobs",), links=False, weight=0.9),
    "cold_offer": Scheme(
        "spam", ("offer",), ("offer", "topic.work"), "letter", files=0.15, links=False, weight=1.0
    ),
    "bank": Scheme("phishing", ("phish",), ("account",), "designed", ("bank", "finance"), weight=1.3),
    "mailbox": Scheme(
        "phishing", ("hold", "phish"), ("account", "reset"), "either", ("provider", "saas"), weight=1.3
    ),
    "parcel": Scheme("phishing", ("toll",), ("parcel",), "designed", ("parcel", "shop"), weight=1.3),
    "malware": Scheme(
        "phishing",
        ("invoice",),
        ("invoice", "order"),
        "either",
        ("shop", "saas"),
        files=1.0,
        links=False,
        weight=1.2,
    ),
    "boss": Scheme("phishing", ("boss",), ("topic.work", "reply"), "letter", links=False, weight=0.7),
}
