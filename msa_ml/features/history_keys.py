"""What histories can be grouped by and what they can count: one word each, the same in SQL, the reference and serving.

A *key* is text; empty is unknown. Some words have several values an event (the domains that a mail's links lead to): a list of texts, of which
the first :data:`MOST_VALUES` are taken, each once. In tables that hold a pseudonym the pseudonym stands for the word, since it outlives the personal
column; equal values have equal pseudonyms, so no count depends on which of the two is read. A *value* is a number; null is unknown.
Serving hands the same words in: ``{"ip": ..., "ip_subnet": ..., "asn": ...}``; :data:`KEYS` says how each is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from msa_ml.errors import UnknownNameError

MOST_VALUES = 50
"""Values of one word that an event has at most; what a sender writes beyond that is not looked at."""


@dataclass(frozen=True, slots=True)
class Key:
    """One word.

    Attributes
    ----------
    sql
        Expression over the columns of the kind's view: text, empty where unknown; a nullable number for a value; an array of different
        known texts where there may be several.
    what
        How serving makes it.
    several
        Whether an event may have several values.
    """

    sql: str
    what: str
    several: bool = False


def _plain(column: str, what: str) -> Key:
    return Key(f"toString(`{column}`)", what)


def _either(column: str, pseudonym: str, what: str) -> Key:
    return Key(f"if(notEmpty(`{pseudonym}`), `{pseudonym}`, `{column}`)", what)


def _name(column: str, pseudonym: str, what: str) -> Key:
    """Return a word whose capitals do not matter; its pseudonym is made of small letters too."""
    return Key(f"if(notEmpty(`{pseudonym}`), `{pseudonym}`, lowerUTF8(`{column}`))", what)


def _number(column: str, what: str) -> Key:
    return Key(f"ifNull(toString(`{column}`), '')", what)


def _several(column: str, what: str) -> Key:
    taken = f"arraySlice(`{column}`, 1, {MOST_VALUES})"
    return Key(f"arrayDistinct(arrayFilter(x -> notEmpty(x), {taken}))", what, several=True)


_NETWORK = {
    "ip": _either("ip", "ip_pseudonym", "address of the client, in one spelling"),
    "ip_subnet": _plain(
        "ip_subnet", "its /24 (IPv4, also IPv4-mapped) or /48 (IPv6): 192.0.2.0/24, 2001:db8:1::/48"
    ),
    "asn": _number("asn", "autonomous system of the address, in decimal digits"),
    "country": _plain("country", "ISO 3166 code of the address"),
}
_AGENT = {"user_agent": _plain("user_agent", "User-Agent as sent")}
_DEVICE = {"device": _either("device", "device_pseudonym", "identifier of the device")}

KEYS: Mapping[str, Mapping[str, Key]] = {
    "mail": {
        "sender": _plain("sender_pseudonym", "address of From, lower-case"),
        "sender_domain": _plain("sender_domain", "its domain, lower-case"),
        "client_ip": _plain("client_ip_pseudonym", "address of the sending host, in one spelling"),
        "client_subnet": _plain("client_subnet", "/24 or /48 of the sending host"),
        "asn": _number("asn", "autonomous system of the sending host, in decimal digits"),
        "recipient": _several("recipient_pseudonyms", "addresses of To and Cc, lower-case"),
        "url_domain": _several("url_domains", "registrable domains that the mail's URLs lead to, lower-case"),
        "campaign": _plain(
            "campaign", "fingerprint of the content: fields_of in msa_ml/features/mail/reputation.py"
        ),
    },
    "signup": {
        **_NETWORK,
        **_AGENT,
        **_DEVICE,
        "user_name": _name("user_name", "user_pseudonym", "wanted name, in small letters"),
        "name_pattern": _plain("name_pattern", "shape of the name: letters a, digits 0, runs collapsed"),
        "email": _name("email", "email_pseudonym", "address given for recovery, lower-case"),
        "email_domain": _plain("email_domain", "its domain, lower-case"),
        "verification_method": _plain("verification_method", "how a human was asked for"),
        "referrer": _plain("referrer", "referrer as sent"),
        "language": _plain("language", "Accept-Language as sent"),
        "time_zone": _plain("time_zone", "time zone of the client"),
        "campaign": _plain("campaign", "fingerprint of name pattern, subnet and agent"),
    },
    "login": {
        **_NETWORK,
        **_AGENT,
        **_DEVICE,
        "account": _either("account", "account_pseudonym", "name of the account"),
        "success": _number("success", "true or false"),
    },
    "request": {
        **_NETWORK,
        **_AGENT,
        "client": _either("client", "client_pseudonym", "identifier of the client"),
        "method": _plain("method", "HTTP method"),
        "host": _plain("host", "host asked for"),
        "path": _plain("path", "path asked for"),
        "status": _number("status", "HTTP status of the answer, in decimal digits"),
    },
}
"""Words that are text, by kind of event."""

VALUES: Mapping[str, Mapping[str, Key]] = {
    "mail": {
        "size": Key("`size`", "bytes of the message"),
        "recipient_count": Key("`recipient_count`", "addresses in To and Cc"),
    },
    "signup": {
        "form_seconds": Key("`form_seconds`", "seconds from showing the form to sending it"),
        "verification_attempts": Key("`verification_attempts`", "how often the verification was tried"),
    },
    "login": {"rtt_ms": Key("`rtt_ms`", "round-trip time, ms")},
    "request": {
        "bytes_sent": Key("`bytes_sent`", "bytes of the answer"),
        "duration_ms": Key("`duration_ms`", "time to answer, ms"),
    },
}
"""Words that are numbers, by kind of event."""


def require(kind: str, word: str, table: Mapping[str, Mapping[str, Key]] = KEYS) -> Key:
    """Return what a word stands for.

    Raises
    ------
    UnknownNameError
        No such kind, or no such word of that kind.

    Examples
    --------
    >>> require("signup", "asn").sql
    "ifNull(toString(`asn`), '')"
    """
    if kind not in table:
        raise UnknownNameError("kind of event", kind, table)
    if word not in table[kind]:
        what = "number" if table is VALUES else "key"
        raise UnknownNameError(f"{what} of {kind} histories", word, table[kind])
    return table[kind][word]


def text(value: object) -> str:
    """Return a key as text; ``''`` is unknown.

    Examples
    --------
    >>> text(64500), text(True), text(None), text(float("nan"))
    ('64500', 'true', '', '')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(value: object) -> float | None:
    """Return a value as a number; ``None`` is unknown.

    Examples
    --------
    >>> number(3), number("3"), number(float("inf"))
    (3.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def texts(value: object) -> tuple[str, ...]:
    """Return the known values of a key, each once, in order; a key that is no list has one, or none.

    Examples
    --------
    >>> texts(["b.example", "", "a.example", "b.example", None]), texts("x"), texts(None), texts([])
    (('b.example', 'a.example'), ('x',), (), ())
    """
    found = value[:MOST_VALUES] if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(one for one in map(text, found) if one))


def several(kind: str, word: str) -> bool:
    """Whether an event of a kind may have several values of a key.

    Examples
    --------
    >>> several("mail", "recipient"), several("mail", "sender"), several("signup", "recipient")
    (True, False, False)
    """
    key = KEYS.get(kind, {}).get(word)
    return key is not None and key.several
