"""Somebody else's tables under our names. First version: our own views."""

from __future__ import annotations

from msa_ml.errors import UnknownNameError
from msa_ml.settings import Settings
from msa_ml.source.fields import FIELDS


def relation(settings: Settings, kind: str) -> str:
    """Return what stands in a FROM clause for a kind of row."""
    if kind not in FIELDS:
        raise UnknownNameError("relation", kind, FIELDS)
    return f"`{kind}`"
