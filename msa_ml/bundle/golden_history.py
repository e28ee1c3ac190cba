"""Invented histories for the golden cases: nothing known, a quiet past, a busy one."""

from __future__ import annotations

from collections.abc import Iterable

from msa_ml.features.extractor import Declared

_QUIET = {"count": 1.0, "share": 0.02, "seconds": 86_400.0}
_BUSY = {"count": 250.0, "share": 0.9, "seconds": 45.0}


def golden_history(histories: Iterable[Declared], number: int) -> dict[str, float]:
    """Return what was known before the golden event of a number, by name; every third one has no past at all.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> [golden_history([Count("signup", by="ip", over="1h")], number) for number in range(3)]
    [{}, {'signup.count_by_ip_1h': 1.0}, {'signup.count_by_ip_1h': 250.0}]
    """
    if number % 3 == 0:
        return {}
    values = _QUIET if number % 3 == 1 else _BUSY
    return {
        one.name: min(max(values.get(one.feature.unit, 3.0), one.feature.low), one.feature.high)
        for one in histories
    }
