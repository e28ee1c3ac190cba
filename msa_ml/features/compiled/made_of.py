"""What a compiled twin is made of; read where it is built and where it is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path


def made_of(source: Path) -> str:
    """Return a hash of a ``.pyx`` file and of what it shares with others of its folder."""
    data = source.read_bytes()
    shared = [
        path for path in sorted(source.parent.glob("*.pxd")) if f".{path.stem} cimport".encode() in data
    ]
    return hashlib.sha256(b"".join([data, *(path.read_bytes() for path in shared)])).hexdigest()
