"""The arithmetic of histories that SQL, reference and counter must agree on to the last bit."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

from msa_ml.features.history_keys import number

MOST_STEPS = 2**40
"""Steps of one number at most, either way."""


def steps(value: object, step: float) -> int:
    """Return a number in whole steps; what is no number counts nothing.

    Examples
    --------
    >>> steps(1.2345, 0.001), steps(-0.0005, 0.001), steps(None, 1.0), steps(1e300, 1.0) == 2**40
    (1235, 0, 0, True)
    """
    found = number(value)
    if found is None:
        return 0
    return math.floor(min(max(found / step, -MOST_STEPS), MOST_STEPS) + 0.5)


def cell(text: str, cells: int) -> int:
    """Return the cell of linear counting that a value falls into.

    Examples
    --------
    >>> cell("ann", 4096), cell("bob", 4096)
    (329, 1665)
    """
    return (
        int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "little") % cells
    )


def from_cells(occupied: int, cells: int) -> float:
    """Return about how many values occupy so many cells.

    Examples
    --------
    >>> from_cells(0, 4096), round(from_cells(1000, 4096)), round(from_cells(16, 16), 2)
    (0.0, 1146, 44.36)
    """
    free = max(cells - occupied, 1)
    return math.log(cells / free) * cells


def together(numbers: Iterable[float], *, least: bool) -> float:
    """Return the number of an event that stands in several groups, from that of each; what is unknown says nothing.

    Examples
    --------
    >>> together([1.0, math.nan, 3.0], least=False), together([1.0, 3.0], least=True), together([], least=True)
    (3.0, 1.0, nan)
    """
    known = [one for one in numbers if not math.isnan(one)]
    return (min if least else max)(known, default=math.nan)


def linear_counting(texts: Iterable[str], cells: int) -> float:
    """Return about how many different values there are."""
    return from_cells(len({cell(text, cells) for text in texts}), cells)
