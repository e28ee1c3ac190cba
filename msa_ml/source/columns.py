"""Columns that are made when a row is written, so that the personal ones can expire earlier.

Everything here takes text that somebody else wrote: it never raises, and unknown is ``''``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from msa_ml.source.mail_head import Head

_QUOTED = re.compile(r'"[^"]*"|\([^()]*\)')
_ADDRESS = re.compile(r"[^\s<>,;:\"()@\[\]]{1,128}@[^\s<>,;:\"()@]{1,255}")
_ANGLE = re.compile(r"<([^<>]{0,400})>")
_IP_IN_RECEIVED = re.compile(r"[\[(](?:ipv6:)?([0-9a-f:.]{3,45})[\])]", re.IGNORECASE)
_MOST_RECIPIENTS = 65_535
_MOST_RECIPIENT_KEYS = 50
_LONGEST_FIELD = 100_000

# What a mail or a log from outside cannot come from. The documentation ranges (RFC 5737, RFC 3849) are not listed:
# they stand for public addresses in examples and simulated rows.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/127",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


class ContentKeys(NamedTuple):
    """What histories group a mail by that only its content tells; whoever can parse mail hands it in.

    Attributes
    ----------
    campaign
        Fingerprint that near-duplicates share, empty for none.
    url_domains
        Registrable domains that its URLs lead to, 20 at most.
    """

    campaign: str = ""
    url_domains: tuple[str, ...] = ()


ReadContent = Callable[[bytes], ContentKeys]
"""Gives the content keys of a message from its bytes."""


def subnet(ip: str) -> str:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 address; ``''`` for what is none.

    Examples
    --------
    >>> subnet("192.0.2.77"), subnet("2001:db8:1:2::3"), subnet("::ffff:192.0.2.77"), subnet("here")
    ('192.0.2.0/24', '2001:db8:1::/48', '192.0.2.0/24', '')
    """
    address = _address(ip)
    if address is None:
        return ""
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, bits), strict=False))


def is_public(ip: str) -> bool:
    """Whether an address can be met on the open Internet, the ones for documentation included.

    Examples
    --------
    >>> [is_public(ip) for ip in ("192.0.2.1", "10.0.0.1", "::1", "2001:db8::1", "x")]
    [True, False, False, True, False]
    """
    address = _address(ip)
    if address is None:
        return False
    return not any(address.version == network.version and address in network for network in _NOT_PUBLIC)


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if not ip:
        return None
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_ip(received: Iterable[str]) -> str:
    """Return the topmost public address in a chain of ``Received`` fields, in one spelling.

    Only the part before ``by`` is read: what follows names the receiver, not the client.

    Examples
    --------
    >>> client_ip(["from a (b [10.0.0.1]) by c", "from d (e [192.0.2.9]) by f ([198.51.100.1])"])
    '192.0.2.9'
    >>> client_ip(["from a ([IPv6:2001:0DB8::0001]) by b"]), client_ip(["by c"])
    ('2001:db8::1', '')
    """
    for field in received:
        client = re.split(r"\sby\s", field[:_LONGEST_FIELD], maxsplit=1)[0]
        for match in _IP_IN_RECEIVED.finditer(client):
            if is_public(match[1]):
                return str(_address(match[1]))
    return ""


def mail_address(field: str | None) -> str:
    """Return the address in a ``From`` or ``Return-Path`` field, lower-case; ``''`` when there is none.

    Examples
    --------
    >>> mail_address('"Jo, at <home>" <Jo@Example.ORG>'), mail_address("jo@example.org (Jo)"), mail_address("<>")
    ('jo@example.org', 'jo@example.org', '')
    """
    if not field:
        return ""
    bare = _QUOTED.sub(" ", field[:_LONGEST_FIELD])
    for text in (*reversed(_ANGLE.findall(bare)), bare):
        found = _ADDRESS.search(text)
        if found:
            return found[0].lower().rstrip(".")
    return ""


def domain_of(address: str) -> str:
    """Return what stands behind the last ``@``, lower-case.

    Examples
    --------
    >>> domain_of("Jo@Example.org"), domain_of("jo")
    ('example.org', '')
    """
    return address.rpartition("@")[2].strip().lower().rstrip(".") if "@" in address else ""


def sender_address(head: Head) -> str:
    """Return the address of ``From``, else of ``Return-Path``."""
    return mail_address(head.sender) or mail_address(head.return_path)


def recipient_count(fields: Iterable[str]) -> int:
    """Return how many addresses ``To`` and ``Cc`` hold, at most 65,535.

    Examples
    --------
    >>> recipient_count(['"a@example.org" <a@example.org>, b@example.org', "c@example.com"])
    3
    """
    return min(sum(len(_addresses(field)) for field in fields), _MOST_RECIPIENTS)


def recipients(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the first 50 different addresses that ``To`` and ``Cc`` hold, lower-case.

    Examples
    --------
    >>> recipients(['"a@example.org" <A@Example.org>, b@example.org', "a@example.org (A)", "undisclosed:;"])
    ('a@example.org', 'b@example.org')
    """
    found = dict.fromkeys(one.lower().rstrip(".") for field in fields for one in _addresses(field))
    return tuple(islice(found, _MOST_RECIPIENT_KEYS))


def _addresses(field: str) -> list[str]:
    return _ADDRESS.findall(_QUOTED.sub(" ", field[:_LONGEST_FIELD]))


def name_pattern(name: str) -> str:
    """Return the shape of a name: letters as ``a``, digits as ``0``, runs collapsed, at most 64 characters.

    Examples
    --------
    >>> name_pattern("Jo_Smith1984"), name_pattern("Аня 7")
    ('a_a0', 'a 0')
    """
    shape = "".join("a" if char.isalpha() else "0" if char.isdigit() else char for char in name[:256])
    return re.sub(r"(a|0)\1+", r"\1", shape)[:64]
