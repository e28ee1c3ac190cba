"""Rows whose clocks contradict each other: they happened after they could have been known."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

TOLERANCE = timedelta(minutes=5)


def reject_skewed(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Part rows whose ``event_time`` is more than five minutes after their ``ingested_at``, and count them.

    Such a row would be seen by history features before it happened. A missing ``ingested_at`` is taken as
    ``event_time`` and never skewed.

    Parameters
    ----------
    frame
        Columns ``event_time`` and, if it is known, ``ingested_at``; both times of the same kind.

    Returns
    -------
    tuple
        The rows that are sound, in their order, and how many were left out.

    Examples
    --------
    >>> from datetime import datetime
    >>> rows = pl.DataFrame({
    ...     "event_time": [datetime(2026, 1, 1, 12, 5), datetime(2026, 1, 1, 12, 6), datetime(2026, 1, 1)],
    ...     "ingested_at": [datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12), None],
    ... })
    >>> good, rejected = reject_skewed(rows)
    >>> len(good), rejected
    (2, 1)
    """
    if "ingested_at" not in frame.columns:
        return frame, 0
    skewed = (pl.col("event_time") - pl.col("ingested_at") > TOLERANCE).fill_null(value=False)
    good = frame.filter(~skewed)
    return good, len(frame) - len(good)
