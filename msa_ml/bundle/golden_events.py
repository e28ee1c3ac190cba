"""The invented events of each kind that golden cases are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.golden_signup import golden_signup
from msa_ml.errors import UnknownNameError

_MADE: Mapping[str, Callable[[], Mapping[str, Any]]] = {"mail": golden_mail, "signup": golden_signup}


def golden_events(kind: str) -> Mapping[str, bytes | Mapping[str, Any]]:
    """Return raw mails, or events as JSON, by name.

    Raises
    ------
    UnknownNameError
        There are none of this kind.

    Examples
    --------
    >>> type(golden_events("mail")["bounce"]).__name__, type(golden_events("signup")["person"]).__name__
    ('bytes', 'dict')
    """
    if kind not in _MADE:
        raise UnknownNameError("kind of golden events", kind, _MADE)
    return _MADE[kind]()
