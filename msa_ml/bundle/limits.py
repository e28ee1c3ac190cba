"""How much of one event is looked at, and how long.

What an attacker gains. A mail beyond the size limit hides what stands behind it, and a mail made to be slow keeps
extractors from starting, so its score rests on less. Neither is hidden: such a score says ``truncated`` or
``degraded``, and :attr:`~msa_ml.bundle.score.Score.complete` is false. A caller should not let such a mail pass on "not
flagged" alone: defer it, ask for the score again without a time limit, or refuse mail above its own size limit as SMTP
does (RFC 1870). "Flagged" stands: what was seen is enough. Nothing is gained by a flood: the clock of the time limit
is the processor time of the thread that scores, not the time on the wall, so the load of other mail degrades none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from msa_ml.errors import InputError

LARGEST_MAIL = 64_000_000
"""As many bytes of a mail as features look at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one event.

    Attributes
    ----------
    bytes
        A longer mail is scored on its first so many bytes, and its score says ``truncated``.
    seconds
        Processor time of the scoring thread from parsing on. Extractors that would start later give ``nan``, and the
        score names them in ``degraded``. The one that runs at that moment ends, so a call may take longer by the time
        of the slowest extractor. Content views are always computed. Infinite: a score is a function of the bytes alone.
    clock
        Seconds; the default counts the processor time of the calling thread.

    Examples
    --------
    >>> Limits(bytes=1_000_000, seconds=0.5).seconds
    0.5
    >>> Limits(seconds=0)
    Traceback (most recent call last):
    msa_ml.errors.InputError: a time limit is a number of seconds above 0, found 0.
    """

    bytes: int = LARGEST_MAIL
    seconds: float = math.inf
    clock: Callable[[], float] = time.thread_time

    def __post_init__(self) -> None:
        if self.bytes < 1:
            raise InputError(f"a size limit is a number of bytes from 1 up, found {self.bytes}.")
        if not self.seconds > 0:
            raise InputError(f"a time limit is a number of seconds above 0, found {self.seconds}.")

    def deadline(self) -> Callable[[], bool]:
        """Start the clock; the returned function says whether the time is used up."""
        clock = self.clock
        end = clock() + self.seconds
        return lambda: clock() >= end
