"""Chance as an argument: cheap scalar draws from one numpy generator.

A scalar draw from :class:`numpy.random.Generator` costs 0.5 to 3 µs, and a simulated mail needs a few hundred. Draws
are therefore taken in blocks and handed out one by one; the result still depends on nothing but the generator.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 8192


class Odds(Generic[T]):
    """Values with weights, prepared for many draws.

    Examples
    --------
    >>> Chance(np.random.default_rng(0)).draw(Odds({"a": 1.0, "b": 0.0}))
    'a'
    """

    __slots__ = ("ends", "values")

    def __init__(self, weights: Mapping[T, float]) -> None:
        kept = {value: weight for value, weight in weights.items() if weight > 0}
        total = sum(kept.values())
        self.values: tuple[T, ...] = tuple(kept)
        self.ends: tuple[float, ...] = tuple(accumulate(weight / total for weight in kept.values()))


class Chance:
    """Scalar draws in a fixed order from one generator.

    Examples
    --------
    >>> chance = Chance(np.random.default_rng(7))
    >>> chance.pick(["red", "green", "blue"])
    'blue'
    """

    __slots__ = ("_block", "_generator")

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._block: list[float] = []

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop()

    def yes(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.unit() < probability

    def below(self, end: int) -> int:
        """Return an integer in [0, end)."""
        return int(self.unit() * end)

    def integer(self, low: int, high: int) -> int:
        """Return an integer in [low, high]."""
        return low + int(self.unit() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + self.unit() * (high - low)

    def pick(self, values: Sequence[T]) -> T:
        """Return one of the values."""
        return values[int(self.unit() * len(values))]

    def draw(self, odds: Odds[T]) -> T:
        """Return one of weighted values."""
        place = bisect_right(odds.ends, self.unit())
        return odds.values[min(place, len(odds.values) - 1)]

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different ones of the values (all of them when there are fewer), in drawn order."""
        pool = list(values)
        return [pool.pop(self.below(len(pool))) for _ in range(min(count, len(pool)))]

    def around(self, median: float, spread: float) -> float:
        """Return a log-normal number; ``spread`` is the standard deviation of its natural logarithm."""
        # Box and Muller on our own block: a draw from the generator itself costs ten times as much.
        radius = math.sqrt(-2.0 * math.log(1.0 - self.unit()))
        return median * math.exp(spread * radius * math.cos(2.0 * math.pi * self.unit()))

    def hex(self, digits: int) -> str:
        """Return hexadecimal digits."""
        return self._generator.bytes((digits + 1) // 2).hex()[:digits]

    def bytes(self, size: int) -> bytes:
        """Return random bytes."""
        return self._generator.bytes(size)

    def text(self, alphabet: str, length: int) -> str:
        """Return characters of an alphabet."""
        size = len(alphabet)
        return "".join([alphabet[int(self.unit() * size)] for _ in range(length)])
