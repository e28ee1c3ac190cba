"""One value, one text, one hash."""

from __future__ import annotations

import hashlib
import json


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and no spaces: one value, one text.

    Examples
    --------
    >>> canonical({"b": 1, "a": [1.5, None]})
    b'{"a":[1.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: object) -> str:
    """Return SHA-256 over :func:`canonical`, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
