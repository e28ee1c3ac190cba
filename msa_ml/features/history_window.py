"""The window of a history: how far back it looks, and what stands inside.

All times are whole milliseconds since 1970, UTC. A row that became known at ``k`` stands in the window of a moment ``m``
iff ``start(m) <= k < m``. Up to a day, ``start(m) = m - over``. Over a day the window stands on buckets of an hour:
``start(m)`` is ``m - over`` floored to the hour, so a counter needs to keep whole hours only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from msa_ml.errors import InputError

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}
_WRITTEN = re.compile(r"([1-9][0-9]{0,3})([mhd])")


@dataclass(frozen=True)  # no slots: the length is kept
class Window:
    """How far back a history looks: ``10m``, ``1h``, ``7d``; from one minute to 30 days.

    Examples
    --------
    >>> Window("1h").ms, Window("1h").bucketed, Window("7d").bucketed
    (3600000, False, True)
    >>> Window("1h").start(7_200_000), Window("2d").start(49 * 3_600_000 + 5)
    (3600000, 3600000)
    >>> Window("1h").last(0), Window("2d").last(5)
    (3600000, 176399999)
    """

    written: str

    def __post_init__(self) -> None:
        if not _WRITTEN.fullmatch(self.written) or not MINUTE <= self.ms <= 30 * DAY:
            raise InputError(
                f"a window is a whole number of minutes, hours or days, from 1m to 30d; found '{self.written}'.",
                hint="Write for instance 10m, 1h, 7d.",
            )

    def __str__(self) -> str:
        return self.written

    @cached_property
    def ms(self) -> int:
        """Its length in milliseconds."""
        return int(self.written[:-1]) * _UNITS[self.written[-1]]

    @property
    def bucketed(self) -> bool:
        """Whether it stands on buckets of an hour."""
        return self.ms > DAY

    def start(self, moment: int) -> int:
        """Return the earliest time of becoming known that still counts at a moment."""
        start = moment - self.ms
        return start // HOUR * HOUR if self.bucketed else start

    def last(self, known_at: int) -> int:
        """Return the last moment at which what became known then still counts."""
        if self.bucketed:
            return known_at // HOUR * HOUR + HOUR - 1 + self.ms
        return known_at + self.ms
