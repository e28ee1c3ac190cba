"""One hop of the received chain (RFC 5321 section 4.4), in the forms that common servers write.

A field is read when somebody looks: of most hops only the address and the date are ever asked for.
"""

from __future__ import annotations

import re

from msa_ml.features.compiled import compiled
from msa_ml.features.shared.clock import Stamp
from msa_ml.features.shared.clock import stamp as read_stamp
from msa_ml.features.shared.ip import scope as scope_of
from msa_ml.features.shared.once import once

_FROM = re.compile(r"from[ \t]+(\[?[^\s()\[\]]{1,255}\]?)", re.IGNORECASE)
_HELO = re.compile(r"helo[ =]\[?([^\s()\[\]]{1,255})", re.IGNORECASE)
_IP = re.compile(r"[\[(](?:[Ii][Pp][Vv]6:)?([0-9A-Fa-f:.]{3,45})[\])]")
_NAME = re.compile(
    r"\([ \t]{0,4}(?:[^\s()@]{1,64}@)?([A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,20})\.?[ \t]{1,4}[\[(]"
)


_NO_NAME = frozenset({"unknown", "unverified", "none", "helo", "ehlo"})


@compiled("trace")
class Hop:
    """What one server says about the one that connected to it.

    Parameters
    ----------
    value
        The Received field.
    """

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Hop({self.value!r})"

    @once
    def stamp(self) -> Stamp | None:
        """When the server took the message, by its own clock; ``None`` when that cannot be read."""
        return read_stamp(self.value.rpartition(";")[2] or self.value)

    @once
    def ip(self) -> str:
        """The client's address; ``''`` when unknown."""
        address = _IP.search(self.value, 0, self._end)
        if address:
            return address[1]
        first = self._from
        stated = first[1].strip("[]") if first else ""
        return stated if scope_of(stated) else ""

    @once
    def scope(self) -> str:
        """Where the address is valid: ``global``, ``private`` or ``''``."""
        return scope_of(self.ip) if self.ip else ""

    @property
    def helo(self) -> str:
        """The name that the client gave; ``''`` when unknown."""
        return self._names[0]

    @property
    def reverse(self) -> str:
        """The name of its address by reverse look-up; ``''`` when there is none or it is not written."""
        return self._names[1]

    @once
    def _end(self) -> int:
        """Where the ``from`` clause ends: before the ``by`` of the server itself, or the date."""
        date = self.value.rfind(";")
        end = date if date > 0 else len(self.value)
        by = self.value.find(" by ", 0, end)
        return by if by >= 0 else end

    @property
    def _from(self) -> re.Match[str] | None:
        return _FROM.match(self.value, 0, self._end)

    @once
    def _names(self) -> tuple[str, str]:
        client, first = self.value[: self._end], self._from
        stated = first[1].strip("[]") if first else ""
        said = _HELO.search(client) if "helo" in client.lower() else None
        if said:
            helo, reverse = said[1], stated
        elif first and client[first.end() :].lstrip().startswith("(["):
            helo, reverse = stated, ""
        else:
            name = _NAME.search(client)
            helo, reverse = stated, name[1] if name else ""
        reverse = reverse.lower()
        return helo.lower(), "" if reverse in _NO_NAME else reverse


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
    return Hop(value[:4096])
