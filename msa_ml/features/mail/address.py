"""Addresses of a header field (RFC 5322 section 3.4), read in one pass with a bounded number of results."""

from __future__ import annotations

import re
from typing import NamedTuple

from msa_ml.features.compiled import compiled
from msa_ml.features.mail.encoded import decode_words

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|\([^()]*\)?|<[^<>]*>?|[,;]|[^",;<()]+|.', re.DOTALL)
# The two forms that most fields have: one mailbox with a plain or quoted name, and a bare one.
_NAMED = re.compile(r'\s*(?:"([^"\\]*)"|([^",;()<>"]*))\s*<([^<>]*)>\s*')
_BARE = re.compile(r'[^\s",;:()<>@]+@[^\s",;:()<>@]+')
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


class Address(NamedTuple):
    """One mailbox.

    Attributes
    ----------
    display
        Decoded display name; ``''`` when there is none.
    local, domain
        Both sides of the last ``@``; the domain in lower case, ``''`` when there is no ``@``.
    """

    display: str
    local: str
    domain: str

    @classmethod
    def of(cls, display: str, spec: str) -> Address:
        """Make an address from its display name and ``local@domain``."""
        local, at, domain = spec.strip().strip("<>").rpartition("@")
        if not at:
            local, domain = domain, ""
        return cls(display.strip(), local.strip(), domain.strip(" \t\r\n.>").lower())


@compiled("address")
def addresses(value: str, *, most: int = 200, most_characters: int = 32_768) -> tuple[Address, ...]:
    """Return the mailboxes of a field, at most ``most``; groups give their members.

    Examples
    --------
    >>> addresses('"Doe, Jo" <jo@example.org>, friends: a@example.com, b@example.net;')
    (Address(display='Doe, Jo', local='jo', domain='example.org'), Address(display='', local='a', domain='example.com'), Address(display='', local='b', domain='example.net'))
    """
    if len(value) <= 1000:
        if named := _NAMED.fullmatch(value):
            quoted, plain, inside = named.groups()
            return (Address.of(decode_words((plain if quoted is None else quoted).strip()), inside),)
        if _BARE.fullmatch(value):
            return (Address.of("", value),)
    found: list[Address] = []
    words: list[str] = []
    spec: str | None = None
    for match in _TOKEN.finditer(value[:most_characters]):
        token = match[0]
        first = token[0]
        if first in ",;":
            _finish(found, words, spec)
            words, spec = [], None
            if len(found) >= most:
                return tuple(found)
        elif first == "<":
            spec = token[1:].rstrip(">")
        elif first == '"':
            words.append(_QUOTED_PAIR.sub(r"\1", token[1:].removesuffix('"')))
        elif first != "(":
            words.append(token)
    _finish(found, words, spec)
    return tuple(found)


def _finish(found: list[Address], words: list[str], spec: str | None) -> None:
    text = "".join(words).strip()
    if spec is not None:
        found.append(Address.of(decode_words(text), spec))
    elif text:
        # "friends: a@example.com" is a group's name before its first member.
        found.append(Address.of("", text.rpartition(":")[2] if "@" in text else text))
