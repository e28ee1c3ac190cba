"""When things happen: a daily and weekly rhythm as a piecewise constant rate per hour."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

# Relative rates per hour of the day, UTC, of a provider whose users live mostly in Europe: an early shoulder of
# newsletters, two office peaks, an evening of private mail.
_WORKING_DAY = (
    2.0, 1.4, 1.1, 1.1, 1.5, 2.6, 4.6, 7.0, 9.2, 9.6, 9.0, 8.0, 7.6, 8.6, 8.8, 8.2, 7.4, 6.6, 6.0, 5.6, 5.0, 4.4, 3.6, 2.8,
)  # fmt: skip
_WEEKEND = (
    1.8, 1.2, 0.9, 0.8, 0.9, 1.2, 1.8, 2.8, 3.8, 4.4, 4.4, 4.0, 3.6, 3.4, 3.4, 3.4, 3.6, 3.8, 4.0, 4.2, 4.0, 3.4, 2.8, 2.2,
)  # fmt: skip
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def arrivals(
    generator: np.random.Generator, *, start: datetime, days: float, count: int
) -> NDArray[np.int64]:
    """Return arrival times that follow the rhythm, sorted, in milliseconds since ``start``.

    Parameters
    ----------
    start
        Begin of the span, with a time zone; the rhythm is that of UTC.
    days, count
        Length of the span and the number of arrivals in it.

    Examples
    --------
    >>> from datetime import UTC
    >>> times = arrivals(np.random.default_rng(1), start=datetime(2026, 3, 2, tzinfo=UTC), days=2, count=1000)
    >>> len(times), bool((np.diff(times) >= 0).all()), int(times[-1]) < 2 * DAY_MS
    (1000, True, True)
    """
    span = days * 24
    hours = math.ceil(span)
    rates = np.array([_rate(start, hour) for hour in range(hours)])
    rates[-1] *= span - (hours - 1)
    ends = np.cumsum(rates) / rates.sum()
    places = np.interp(np.sort(generator.random(count)), np.r_[0.0, ends], np.r_[np.arange(hours), span])
    return np.minimum(places * HOUR_MS, days * DAY_MS - 1).astype(np.int64)


def _rate(start: datetime, hour: int) -> float:
    elapsed = start.hour + start.minute / 60 + hour
    weekday = (start.weekday() + int(elapsed // 24)) % 7
    return (_WEEKEND if weekday >= 5 else _WORKING_DAY)[int(elapsed) % 24]
