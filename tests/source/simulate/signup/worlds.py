"""Worlds that several tests look at; each is made once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import polars as pl

from msa_ml.source.simulate.signup import Plan, simulate_signups

START = datetime(2026, 3, 2, tzinfo=UTC)


@cache
def world(rows: int = 60_000, days: float = 28, seed: int = 7) -> pl.DataFrame:
    """Return every row of a world, with the truth."""
    return pl.concat(simulate_signups(Plan(rows=rows, days=days, seed=seed, start=START), chunk_rows=20_000))
