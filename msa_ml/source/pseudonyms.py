"""Pseudonyms of addresses and names: HMAC-SHA256, cut to 128 bits (RFC 2104), with the key of the home.

The key is not the seed of hashed n-grams: that one is public, promises nothing, and is never rotated with this one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pseudonyms:
    """Names things without saying them.

    Examples
    --------
    >>> pseudonyms = Pseudonyms(bytes(32))
    >>> pseudonyms.key_id
    '66687aad'
    >>> len(pseudonyms.of("jo@example.org")), pseudonyms.of("")
    (32, '')
    >>> pseudonyms
    Pseudonyms()
    """

    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Which key made a pseudonym: the first 8 hex digits of the key's SHA-256."""
        return hashlib.sha256(self.key).hexdigest()[:8]

    def of(self, text: str) -> str:
        """Return 32 hex digits; ``''`` for the unknown, which has no name."""
        if not text:
            return ""
        return hmac.digest(self.key, text.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()
