"""One hop of the received chain (RFC 5321 section 4.4), in the forms that common servers write."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msa_ml.features.shared.clock import Stamp, stamp
from msa_ml.features.shared.ip import scope

_FROM = re.compile(r"from[ \t]+(\[?[^\s()\[\]]{1,255}\]?)", re.IGNORECASE)
_HELO = re.compile(r"helo[ =]\[?([^\s()\[\]]{1,255})", re.IGNORECASE)
_IP = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f:.]{3,45})[\])]", re.IGNORECASE)
_NAME = re.compile(
    r"\([ \t]{0,4}(?:[^\s()@]{1,64}@)?([A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,20})\.?[ \t]{1,4}[\[(]"
)


@dataclass(frozen=True, slots=True)
class Hop:
    """What one server says about the one that connected to it.

    Attributes
    ----------
    helo
        The name that the client gave; ``''`` when unknown.
    reverse
        The name of its address by reverse look-up; ``''`` when there is none or it is not written.
    ip
        Its address; ``''`` when unknown.
    scope
        ``global``, ``private`` or ``''``.
    stamp
        When the server took the message, by its own clock.
    """

    helo: str
    reverse: str
    ip: str
    scope: str
    stamp: Stamp | None


def hop(value: str) -> Hop:
    """Read one Received field.

    Examples
    --------
    >>> found = hop("from a.example (b.example.net [192.0.2.1]) by mx.example.org; Thu, 22 Aug 2002 12:36:23 +0000")
    >>> found.helo, found.reverse, found.ip, found.scope, found.stamp.seconds
    ('a.example', 'b.example.net', '192.0.2.1', 'global', 1030019783)
    >>> hop("from unknown (HELO mail.example) (198.51.100.3) by mx.example.org with SMTP; soon").helo
    'mail.example'
    """
    value = value[:4096]
    clauses, _, when = value.rpartition(";")
    clauses = clauses or value
    of_client = _client(clauses)
    first = _FROM.match(of_client)
    address = _IP.search(of_client)
    ip = address[1] if address else ""
    said = _HELO.search(of_client)
    name = _NAME.search(of_client)
    stated = first[1].strip("[]") if first else ""
    helo, reverse = (said[1], stated) if said else (stated, name[1] if name else "")
    if not said and first and of_client[first.end() :].lstrip().startswith("(["):
        reverse = ""
    if reverse.lower() in ("unknown", "unverified", "none", "helo", "ehlo"):
        reverse = ""
    if not ip and scope(stated):
        ip = stated
    return Hop(helo.lower(), reverse.lower(), ip, scope(ip) if ip else "", stamp(when or value))


def _client(clauses: str) -> str:
    """Return the ``from`` clause: what stands before the ``by`` of the server itself."""
    end = clauses.find(" by ")
    return clauses if end < 0 else clauses[:end]
