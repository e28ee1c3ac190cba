"""Hosts and registrable domains."""

from __future__ import annotations

import re
from functools import lru_cache

from msa_ml.features.compiled import compiled
from msa_ml.features.word_lists import WordList

_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NUMBER = re.compile(r"(?:0x[0-9a-f]{1,16}|[0-9]{1,20})(?:\.(?:0x[0-9a-f]{1,16}|[0-9]{1,20})){0,3}")


_LONGEST = 260
_ODD_MARKS = re.compile(r"[ /@:\[\]<>()\"']")


@compiled("address")
def registrable(suffixes: WordList, host: str) -> str:
    """Return the registrable domain of a host: one label below its public suffix.

    Parameters
    ----------
    suffixes
        The list ``public_suffixes``, private section included, so that two customers of one hoster differ.
    host
        A host name, Unicode or punycode, in any case, a trailing dot allowed.

    Returns
    -------
    str
        Lower case; ``''`` for an address, a single label, a public suffix, or what is no host name.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> suffixes = packaged("public_suffixes")
    >>> [registrable(suffixes, host) for host in ("Mail.Example.co.uk", "co.uk", "192.0.2.1", "localhost")]
    ['example.co.uk', '', '', '']
    """
    # What is remembered is short, whatever a sender wrote.
    return _registrable(suffixes, host) if len(host) <= _LONGEST else ""


@lru_cache(maxsize=131_072)
def _registrable(suffixes: WordList, host: str) -> str:
    host = host.strip().rstrip(".").lower()
    if not host or len(host) > 253 or "." not in host or is_ip(host) or not _is_plain(host):
        return ""
    if not host.isascii() or "xn--" in host:
        return suffixes.suffixes.privatesuffix(host) or ""
    # What the library does, from the longest name to the shortest, in a tenth of the time.
    longest, longer, rest = "", "", host
    while rest:
        if rest in suffixes.exceptions:
            return rest
        if rest in suffixes.wildcards:
            return longest
        if rest in suffixes.words:
            return longer
        longest, longer, rest = longer, rest, rest.partition(".")[2]
    return longest


def _is_plain(host: str) -> bool:
    return _ODD_MARKS.search(host) is None and all(0 < len(label) <= 63 for label in host.split("."))


def displayed(host: str) -> str:
    r"""Return a host as a reader sees it: punycode labels decoded (RFC 5891 4.4), those that cannot be left as they are.

    Examples
    --------
    >>> displayed("www.xn--mnchen-3ya.example"), displayed("xn--\xff.example")
    ('www.münchen.example', 'xn--ÿ.example')
    """
    if "xn--" not in host:
        return host
    return ".".join(_decoded(label) for label in host[-253:].split("."))


def _decoded(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode").lower()
    except (ValueError, OverflowError):  # UnicodeError is a ValueError
        return label


def is_ip(host: str) -> bool:
    """Whether a host is an address: dotted, in brackets, or one of the numeric forms that browsers accept.

    Examples
    --------
    >>> [is_ip(host) for host in ("192.0.2.1", "[2001:db8::1]", "3221225985", "0xc0.0.2.1", "example.org")]
    [True, True, True, True, False]
    """
    if host[:1].isdigit() and _NUMBER.fullmatch(host.lower()):
        return True
    return host.startswith("[") or ":" in host


def is_dotted(host: str) -> bool:
    """Whether a host is a dotted IPv4 address."""
    return _IPV4.fullmatch(host) is not None


@compiled("address")
def listed(words: frozenset[str], host: str) -> bool:
    """Whether a host, or a domain above it, is in a list.

    Examples
    --------
    >>> listed(frozenset({"example.org"}), "mail.example.org"), listed(frozenset({"example.org"}), "org")
    (True, False)
    """
    host = host[-253:]
    while host:
        if host in words:
            return True
        _, dot, host = host.partition(".")
        if not dot:
            return False
    return False
