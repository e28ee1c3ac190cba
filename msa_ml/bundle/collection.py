"""Python's search for reference cycles, put off while a batch is scored."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_pausing: list[
    bool
] = []  # one for each batch at work: whether the search was on when the first of them began


@contextmanager
def uncollected() -> Iterator[None]:
    """Put the search off until the last batch that is at work in any thread has ended.

    A mail makes some thousand small objects and hardly a cycle; looking through the young ones after every 700 costs a
    twentieth of all time. Batches are small, so little can pile up; a search that was off before stays off.

    Examples
    --------
    >>> with uncollected():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    with _lock:
        _pausing.append(_pausing[0] if _pausing else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            if _pausing.pop() and not _pausing:
                gc.enable()
