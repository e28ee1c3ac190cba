"""Addresses of the Internet Protocol, as text that somebody else wrote."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from msa_ml.features.compiled import compiled


@compiled("trace")
@lru_cache(maxsize=65_536)
def scope(text: str) -> str:
    """Return where an address is valid: ``global``, ``private`` (loopback and link-local too), or ``''`` for none.

    The documentation ranges (RFC 5737, RFC 3849) count as global, so that invented examples behave like real mail.

    Examples
    --------
    >>> [scope(text) for text in ("192.0.2.7", "10.1.2.3", "::1", "IPv6:2001:db8::5", "no address")]
    ['global', 'private', 'private', 'global', '']
    """
    if _GLOBAL.fullmatch(text):
        return "global"
    text = text.strip("[] \t")
    if len(text) > 60:
        return ""
    try:
        address = ipaddress.ip_address(text[5:] if text[:5].lower() == "ipv6:" else text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped if mapped is not None else address
    if any(address.version == network.version and address in network for network in _EXAMPLES):
        return "global"
    return "private" if not address.is_global else "global"


# Most addresses: four decimal numbers, the first of which leads to no special network. Asking the library takes ten times
# as long; what this pattern does not know is asked there.
_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_GLOBAL = re.compile(
    rf"(?!(?:0|10|100|127|169|172|192|198|203|2[2-5][0-9])\.){_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
)
_EXAMPLES = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
