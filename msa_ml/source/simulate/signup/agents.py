"""User agents as browsers send them; their versions go up by one in four weeks, and people lag behind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.source.simulate.signup.names import gathered

# The version is put in place of {}; what follows is the family's first version and its share of desks and of phones.
_DESK: tuple[tuple[str, int, float], ...] = (
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36", 142, 0.46),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36", 142, 0.13),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36 Edg/{0}.0.0.0", 142, 0.13),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0", 144, 0.11),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{} Safari/605.1.15", 1, 0.10),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0", 144, 0.04),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36", 142, 0.03),
)  # fmt: skip
_PHONE: tuple[tuple[str, int, float], ...] = (
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36", 142, 0.55),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_{0} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{0} Mobile/15E148 Safari/604.1", 1, 0.30),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/{}.0 Chrome/130.0.0.0 Mobile Safari/537.36", 27, 0.08),
    ("Mozilla/5.0 (Android 15; Mobile; rv:{0}.0) Gecko/{0}.0 Firefox/{0}.0", 144, 0.04),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_{0} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1", 1, 0.03),
)  # fmt: skip
_BACK = 8
_AHEAD = 160
_FAMILIES = (*_DESK, *_PHONE)
_WEEKS_A_VERSION = 4


@cache
def _texts() -> tuple[str, ...]:
    """Every family with every version, family by family."""
    return tuple(
        text.format(max(0, version))
        for text, first, _ in _FAMILIES
        for version in range(first - _BACK, first + _AHEAD)
    )


def agents(
    random: np.random.Generator, *, phone: NDArray[np.bool_], week: NDArray[np.int64], tool: NDArray[np.int64]
) -> pl.Series:
    """Return the agent of each row.

    Parameters
    ----------
    phone
        Whether it is a phone.
    week
        Weeks since the world began.
    tool
        What fixes family and version of a row; below 0: the draw of a person.
    """
    count = len(phone)
    free = random.random(count)
    fixed = _unit(tool, 11)
    draw = np.where(tool >= 0, fixed, free)
    family = np.where(phone, len(_DESK) + _picked(_PHONE, draw), _picked(_DESK, draw))
    lag = np.where(tool >= 0, (_unit(tool, 13) * 5).astype(np.int64), random.geometric(0.62, count) - 1)
    version = np.clip(week // _WEEKS_A_VERSION - lag + _BACK, 0, _BACK + _AHEAD - 1)
    return gathered(_texts(), family * (_BACK + _AHEAD) + version)


def _picked(families: Sequence[tuple[str, int, float]], draw: NDArray[np.float64]) -> NDArray[np.int64]:
    ends = np.cumsum([share for *_, share in families])
    found: NDArray[np.int64] = np.minimum(
        np.searchsorted(ends / ends[-1], draw, side="right"), len(families) - 1
    )
    return found


def _unit(number: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) that is the same for the same tool."""
    mixed = (number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)) * np.uint64(
        0xBF58476D1CE4E5B9
    )
    mixed ^= mixed >> np.uint64(31)
    unit: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return unit
