"""When to try again: exponential back-off with jitter, on transient failures only."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


def _jitter() -> Callable[[], float]:
    # Seeded by the process: two processes that fail together do not come back together, one process repeats itself.
    return random.Random(os.getpid()).random  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long.

    Attributes
    ----------
    attempts
        How many tries in all.
    base, cap
        Seconds before the second try, doubled for each further one, and the most.
    patience
        No new try begins when so many seconds have passed since the first.
    random, sleep, clock
        Chance in [0, 1), waiting, and monotonic seconds; tests put their own here.

    Examples
    --------
    >>> waits = []
    >>> retry = Retry(attempts=3, random=lambda: 1.0, sleep=waits.append)
    >>> def fail(): raise ConnectionResetError
    >>> retry.run(fail, lambda error: True)
    Traceback (most recent call last):
    ConnectionResetError
    >>> waits
    [0.2, 0.4]
    """

    attempts: int = 5
    base: float = 0.2
    cap: float = 5.0
    patience: float = 60.0
    random: Callable[[], float] = field(default_factory=_jitter, repr=False)
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after so many failures: between a half and the whole of the doubled base."""
        most = min(self.cap, self.base * 2.0 ** (failures - 1))
        return most * (0.5 + 0.5 * self.random())

    def run(self, work: Callable[[], T], transient: Callable[[Exception], bool]) -> T:
        """Do the work until it succeeds, fails for good, or patience ends; the last error is raised as it is."""
        begin = self.clock()
        failures = 0
        while True:
            try:
                return work()
            except Exception as error:
                failures += 1
                wait = self.delay(failures)
                late = self.clock() + wait - begin > self.patience
                if failures >= self.attempts or late or not transient(error):
                    raise
                self.sleep(wait)
