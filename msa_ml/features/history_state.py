"""What a counter remembers of one key."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msa_ml.features import history_keys
from msa_ml.features.history import (
    ApproxCountDistinct,
    Count,
    CountDistinct,
    FirstSeen,
    History,
    LabelCount,
    Rate,
    Sum,
)
from msa_ml.features.history_numbers import cell, steps
from msa_ml.features.history_window import HOUR, Window


@dataclass(frozen=True)
class Layout:
    """What the histories of one (kind, keys) need to be remembered.

    Attributes
    ----------
    fine, hourly
        The longest window that stands on milliseconds, and on hours; ``None`` where there is none.
    sums
        (word, step) of the numbers that are summed up.
    pairs
        (word, cells) of the values that are told apart.
    kept
        How many values of each pair are remembered.
    span
        The longest window in which the values of a pair are told apart.
    tasks
        Tasks whose labels are counted.
    """

    fine: Window | None
    hourly: Window | None
    sums: tuple[tuple[str, float], ...]
    pairs: tuple[tuple[str, int], ...]
    kept: tuple[int, ...]
    span: tuple[Window, ...]
    tasks: tuple[str, ...]

    @classmethod
    def of(cls, histories: Sequence[History]) -> Layout:
        """Return what some histories need."""
        rows = [h.window for h in histories if isinstance(h, Count | Sum | FirstSeen)]
        told = [h for h in histories if isinstance(h, CountDistinct | ApproxCountDistinct)]
        pairs = tuple(dict.fromkeys(_pair(h) for h in told))
        return cls(
            _longest([window for window in rows if not window.bucketed]),
            _longest([window for window in rows if window.bucketed]),
            tuple(dict.fromkeys((h.of, h.step) for h in histories if isinstance(h, Sum))),
            pairs,
            tuple(max(_kept(h) for h in told if _pair(h) == pair) for pair in pairs),
            tuple(max((h.window for h in told if _pair(h) == pair), key=lambda w: w.ms) for pair in pairs),
            tuple(dict.fromkeys(h.task for h in histories if isinstance(h, LabelCount | Rate))),
        )

    def pair(self, history: CountDistinct | ApproxCountDistinct) -> int:
        """Return the place of a history's pair."""
        return self.pairs.index(_pair(history))


class Series:
    """Running totals at times, rising: exact times, or whole hours with the first two times of each."""

    __slots__ = ("base", "firsts", "step", "times", "totals")

    def __init__(self, width: int, step: int) -> None:
        self.step = step
        self.base: tuple[int, ...] = (0,) * width
        self.times: list[int] = []
        self.totals: list[tuple[int, ...]] = []
        self.firsts: list[tuple[int, ...]] = []

    def add(self, known_at: int, amounts: tuple[int, ...]) -> None:
        """Add a row."""
        time = known_at // self.step * self.step
        last = self.totals[-1] if self.totals else self.base
        total = tuple(a + b for a, b in zip(last, amounts, strict=True))
        if self.times and self.times[-1] == time:
            self.totals[-1] = total
            self.firsts[-1] = (*self.firsts[-1], known_at)[:2]
        else:
            self.times.append(time)
            self.totals.append(total)
            self.firsts.append((known_at,))

    def since(self, start: int) -> tuple[int, ...]:
        """Return the totals of the rows from a time on."""
        place = bisect_left(self.times, start)
        before = self.totals[place - 1] if place else self.base
        now = self.totals[-1] if self.totals else self.base
        return tuple(a - b for a, b in zip(now, before, strict=True))

    def first(self, start: int, own: int | None) -> int | None:
        """Return the first time from a time on, without one row known at ``own``."""
        for place in range(bisect_left(self.times, start), len(self.times)):
            left = list(self.firsts[place])
            if own in left:
                left.remove(own)
                own = None
            if left:
                return left[0]
        return None

    def forget(self, before: int) -> None:
        """Forget what lies before a time; done in one go for half of the entries, so that each is moved once."""
        place = bisect_left(self.times, before)
        if place and place * 2 >= len(self.times):
            self.base = self.totals[place - 1]
            del self.times[:place], self.totals[:place], self.firsts[:place]


class KeyState:
    """Everything that is remembered of one key."""

    __slots__ = ("_labels", "_last", "_values", "fine", "hourly", "touched")

    def __init__(self, layout: Layout) -> None:
        width = 1 + len(layout.sums)
        self.touched = 0
        self.fine = Series(width, 1) if layout.fine else None
        self.hourly = Series(width, HOUR) if layout.hourly else None
        self._last: tuple[int, ...] = ()
        self._values: list[OrderedDict[str | int, tuple[int, ...]]] = [OrderedDict() for _ in layout.pairs]
        self._labels: dict[str, tuple[list[int], list[int]]] = {task: ([], []) for task in layout.tasks}

    def add(self, layout: Layout, event: Mapping[str, Any], known_at: int) -> None:
        """Take in a row."""
        amounts = (1, *(steps(event.get(word), step) for word, step in layout.sums))
        for series, window in ((self.fine, layout.fine), (self.hourly, layout.hourly)):
            if series is not None and window is not None:
                series.forget(window.start(known_at))
                series.add(known_at, amounts)
        self._last = (*self._last, known_at)[-2:]
        for (word, cells), kept, span, values in zip(
            layout.pairs, layout.kept, layout.span, self._values, strict=True
        ):
            texts = history_keys.texts(event.get(word))
            if not texts:
                continue
            for text in texts:
                value = cell(text, cells) if cells else text
                values[value] = (*values.pop(value, ()), known_at)[-2:]
            # The oldest stand in front. More than the cap is never asked for; as many more as an event may have, for it does not count itself.
            while len(values) > kept or values[next(iter(values))][-1] < span.start(known_at):
                values.popitem(last=False)

    def relabel(
        self, task: str, before: tuple[int, int] | None, now: tuple[int, int] | None, horizon: int
    ) -> None:
        """Take in that another label holds for an event: (known, label) before and now; forget those before the horizon."""
        for times in self._labels[task]:
            del times[: bisect_left(times, horizon)]
        if before is not None:
            times = self._labels[task][before[1]]
            place = bisect_left(times, before[0])
            if place < len(times) and times[place] == before[0]:
                del times[place]
        if now is not None and now[0] >= horizon:
            insort(self._labels[task][now[1]], now[0])

    def series(self, window: Window) -> Series:
        """Return the totals that a window stands on."""
        found = self.hourly if window.bucketed else self.fine
        assert found is not None  # noqa: S101 - the layout made it so
        return found

    def last(self, own: int | None) -> int | None:
        """Return the last time, without one row known at ``own``."""
        return _last(self._last, own)

    def alive(self, pair: int, start: int, mine: Collection[str | int], own: int | None) -> int:
        """Return how many values were known from a time on, without the row of the values ``mine`` known at ``own``."""
        count = 0
        for value in reversed(self._values[pair]):
            times = self._values[pair][value]
            if times[-1] < start:
                break
            last = _last(times, own) if value in mine else times[-1]
            count += last is not None and last >= start
        return count

    def labels(self, task: str, start: int) -> tuple[int, int]:
        """Return how many labels say abuse, and how many not, among those known from a time on."""
        negative, positive = self._labels[task]
        return len(positive) - bisect_left(positive, start), len(negative) - bisect_left(negative, start)


def _last(times: tuple[int, ...], own: int | None) -> int | None:
    left = list(times)
    if own in left:
        left.remove(own)
    return left[-1] if left else None


def _pair(history: CountDistinct | ApproxCountDistinct) -> tuple[str, int]:
    return (history.of, 0 if isinstance(history, CountDistinct) else history.cells)


def _kept(history: CountDistinct | ApproxCountDistinct) -> int:
    if isinstance(history, ApproxCountDistinct):
        return history.cells
    return history.cap + (history_keys.MOST_VALUES if history.spread else 1)


def _longest(windows: Sequence[Window]) -> Window | None:
    return max(windows, key=lambda window: window.ms, default=None)
