"""The chain of servers a mail claims to have passed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.trace import Hop
from msa_ml.features.shared.domain import is_ip, registrable
from msa_ml.features.word_lists import PUBLIC_SUFFIXES

_MOST = 50
_NO_HOP = "no hop from a public address"
_ACCESS = re.compile(
    r"(?:^|[.-])(?:a?dsl|ppp|dial\w{0,8}|dyn\w{0,8}|dhcp|pool|cable|cust\w{0,8}|client|host|modem)[\d.-]"
)
_YEAR = 366 * 86_400.0


class Received(Extractor):
    """Hops, names and times of the Received fields.

    Only what the receiving side wrote can be believed, so names are compared at the *outside hop*: the topmost one whose
    client has a public address. What stands above it is the receiving side's own plumbing and is left out: on public
    collections it tells the collector's mailbox (a count of private hops over all fields separates one of them at
    AUC 0.88). Lower fields may be forged; their clocks and gaps still betray that, as SpamAssassin's RCVD_* and HELO_*
    rules use.
    """

    name = "mail.received"
    kind = "mail"
    reads = (PUBLIC_SUFFIXES,)
    features = (
        Feature("hops", "hops from the outside hop down", high=_MOST, nan=_NO_HOP, source="RFC 5321 4.4"),
        Feature("missing", "no Received field", "flag", 0, 1),
        Feature("public", "of these, with a client at a public address", high=_MOST, nan=_NO_HOP),
        Feature("private", "of these, with a client at a private or loopback address", high=_MOST, nan=_NO_HOP, source="RFC 1918"),
        Feature("helo_differs", "HELO and reverse name share no registrable domain", "flag", 0, 1,
                nan=f"{_NO_HOP}, or one of the names is unknown", source="RFC 5321 4.1.4"),
        Feature("helo_ip", "HELO is a bare address", "flag", 0, 1, nan=f"{_NO_HOP} with HELO", source="RFC 5321 4.1.3"),
        Feature("helo_short", "HELO has no dot", "flag", 0, 1, nan=f"{_NO_HOP} with HELO", source="RFC 5321 4.1.1.1"),
        Feature("no_reverse", "no reverse name is written", "flag", 0, 1, nan=_NO_HOP, source="RFC 1912 2.1"),
        Feature("access_line", "reverse name reads like a dial-up or access line", "flag", 0, 1,
                nan=f"{_NO_HOP} with reverse name"),
        Feature("seconds", "from the lowest of these to the outside hop", "seconds", -_YEAR, _YEAR, nan="fewer than two dates"),
        Feature("longest", "longest gap between neighbours", "seconds", 0, _YEAR, nan="fewer than two dates"),
        Feature("backwards", "longest jump back in time on the way up", "seconds", 0, _YEAR, nan="fewer than two dates"),
        Feature("undated", "of these, without a readable date", high=_MOST, nan=_NO_HOP, source="RFC 5321 4.4"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        hops = mail.way
        values: dict[str, float] = {
            "missing": not mail.hops,
        }
        if not hops:
            return values
        values |= {
            "hops": len(hops),
            "public": sum(one.scope == "global" for one in hops),
            "private": sum(one.scope == "private" for one in hops),
            "undated": sum(one.stamp is None for one in hops),
            **self._names(hops[0]),
        }
        times = [one.stamp.seconds for one in hops if one.stamp is not None]
        if len(times) > 1:
            steps = [upper - lower for upper, lower in pairwise(times)]
            values["seconds"] = min(max(times[0] - times[-1], -_YEAR), _YEAR)
            values["longest"] = min(max(0, *steps), _YEAR)
            values["backwards"] = min(max(0, *(-step for step in steps)), _YEAR)
        return values

    def _names(self, outside: Hop) -> dict[str, float]:
        values: dict[str, float] = {"no_reverse": not outside.reverse}
        if outside.helo:
            values["helo_ip"] = is_ip(outside.helo)
            values["helo_short"] = "." not in outside.helo and not is_ip(outside.helo)
        if outside.reverse:
            values["access_line"] = _is_access_line(outside.reverse, outside.ip)
        if outside.helo and outside.reverse:
            suffixes = self.lists[PUBLIC_SUFFIXES]
            helo, reverse = registrable(suffixes, outside.helo), registrable(suffixes, outside.reverse)
            values["helo_differs"] = (helo or outside.helo) != (reverse or outside.reverse)
        return values


def _is_access_line(name: str, ip: str) -> bool:
    """Whether a reverse name is of the kind that providers give to lines of households."""
    octets = [octet for octet in ip.split(".")[1:] if len(octet) > 1]
    return _ACCESS.search(name) is not None or (
        len(octets) > 1 and sum(octet in name for octet in octets) >= 2
    )
