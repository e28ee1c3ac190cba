"""Which stages the SQL of histories needs, and what flows through them.

A *group* stage computes everything about one (kind, keys). Counting different values of ``of`` needs a *pair* stage before it, over
(kind, keys, value), which finds for each row when the same value was known before and is known again.

Where events have several values of a word, every value is an element of its own, and the answers of an event's elements are put together
in the end. That is done for one such word a SELECT, and only histories that need it stand in there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msa_ml.errors import InputError
from msa_ml.features import history_keys
from msa_ml.features.history import ApproxCountDistinct, CountDistinct, History, LabelCount, Rate, Sum

FAR = 2**53
"""A time that never comes; ``-FAR`` never was. Times 32, the room for codes, it is a whole number of 64 bits."""
MOST_STAGES = 8
"""Stages of one SELECT at most: each is up to nine SELECTs deep, and ClickHouse allows a depth of 100."""
UNKNOWN_BELOW = 1_024
"""Hashes below stand for unknown keys, which are spread so that they make no hot group."""


@dataclass(frozen=True)
class Pair:
    """Values to tell apart: a key, or its cell of linear counting (``cells`` > 0)."""

    number: int
    of: str
    cells: int = 0

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True)
class Stage:
    """One GROUP BY.

    Attributes
    ----------
    key
        Column that is grouped by: a hash.
    pair
        Values that a pair stage tells apart; ``None`` for a group stage.
    pairs
        Pairs that a group stage uses up.
    """

    kind: str
    keys: tuple[str, ...]
    key: str
    pair: Pair | None = None
    pairs: tuple[Pair, ...] = ()
    histories: tuple[History, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The stages of some histories.

    Attributes
    ----------
    kind
        Kind of the events that are asked about.
    kinds
        Every kind that is read, that one first.
    tasks
        Tasks whose labels are read.
    sums
        (kind, word, step) of the numbers that are summed up; the n-th is the column ``s{n}``.
    spread
        The word of which events may have several values, each of which is an element; empty: an event is one element.
    counts_spread
        Whether it is what is counted that has several values, and not the key.
    """

    kind: str
    text_ids: bool
    histories: tuple[History, ...]
    stages: tuple[Stage, ...]
    kinds: tuple[str, ...]
    tasks: tuple[str, ...]
    sums: tuple[tuple[str, str, float], ...]
    spread: str = ""
    counts_spread: bool = False

    @classmethod
    def of(cls, histories: Sequence[History], *, kind: str, text_ids: bool) -> Plan:
        """Plan some histories."""
        for history in histories:
            for word in history.keys:
                if word not in history_keys.KEYS[kind]:
                    raise InputError(
                        f"{history.name} needs the key {word}, which a {kind} does not have.",
                        hint=f"Keys of {kind}: {', '.join(sorted(history_keys.KEYS[kind]))}.",
                    )
        spread = {_spread_of(history) for history in histories}
        if len(spread) > 1:
            raise InputError(
                "histories by a word with several values, those that count it, and all others stand in SELECTs of their own; "
                f"found them for {', '.join(sorted({word or 'none' for word, _ in spread}))}.",
                hint="Ask for them one after the other; Dataset.history does so by itself.",
            )
        groups = list(dict.fromkeys((history.kind, history.keys) for history in histories))
        stages: list[Stage] = []
        pairs = 0
        for number, (of_kind, keys) in enumerate(groups, start=1):
            inside = tuple(h for h in histories if (h.kind, h.keys) == (of_kind, keys))
            wanted = dict.fromkeys(pair for h in inside if (pair := _pair_of(h)) is not None)
            told = [Pair(pairs + place, of, cells) for place, (of, cells) in enumerate(wanted, start=1)]
            pairs += len(told)
            stages += [Stage(of_kind, keys, f"h{pair}", pair) for pair in told]
            stages.append(Stage(of_kind, keys, f"g{number}", None, tuple(told), inside))
        kinds = dict.fromkeys([kind, *(history.kind for history in histories)])
        tasks = dict.fromkeys(h.task for h in histories if isinstance(h, LabelCount | Rate))
        sums = dict.fromkeys((h.kind, h.of, h.step) for h in histories if isinstance(h, Sum))
        return cls(
            kind,
            text_ids,
            tuple(histories),
            tuple(stages),
            tuple(kinds),
            tuple(tasks),
            tuple(sums),
            *next(iter(spread), ("", False)),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Columns that say which event it is."""
        return ("event_id", "id_lo") if self.text_ids else ("id_hi", "id_lo")

    @property
    def event_id(self) -> str:
        """Expression of the id from these columns."""
        if self.text_ids:
            return "event_id"
        return "lower(concat(leftPad(hex(id_hi), 16, '0'), leftPad(hex(id_lo), 16, '0')))"

    @property
    def mixed(self) -> bool:
        """Whether other elements than events of one kind flow through the stages."""
        return bool(self.tasks) or len(self.kinds) > 1

    @property
    def longest(self) -> int:
        """How far back any history looks, ms."""
        return max(moment_span(history) for history in self.histories)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the elements bring, in order."""
        own = (f"own{t}_{part}" for t in range(len(self.tasks)) for part in ("known", "label"))
        return (
            *("m", "k", *self.ids),
            *(("what",) if self.mixed else ()),
            *(("began", "ended", "label", *own) if self.tasks else ()),
            *(stage.key for stage in self.stages),
            *(f"v{stage.pair}" for stage in self.stages if stage.pair is not None),
            *(f"s{number}" for number in range(len(self.sums))),
        )

    def result(self, history: History) -> str:
        """Return the column that holds a history between the stages."""
        return f"r{self.histories.index(history)}"

    def own(self, history: History) -> str:
        """Return the column that says how much of a count of different values is an element's own."""
        return f"q{self.histories.index(history)}"


def portions(histories: Sequence[History]) -> list[tuple[History, ...]]:
    """Return the histories in portions that one SELECT each can compute.

    Those of one (kind, keys) stay together, but for those that count a word with several values.

    Examples
    --------
    >>> from msa_ml.features.history import Count
    >>> words = ("ip", "asn", "device", "country", "ip_subnet", "email", "language", "referrer", "campaign")
    >>> [len(portion) for portion in portions([Count("signup", by=word, over="1h") for word in words])]
    [8, 1]
    """
    found: list[tuple[History, ...]] = []
    room, last = 0, ("", False)
    groups = dict.fromkeys((_spread_of(history), history.kind, history.keys) for history in histories)
    for group in sorted(groups, key=lambda one: one[0]):
        inside = tuple(h for h in histories if (_spread_of(h), h.kind, h.keys) == group)
        stages = 1 + len({pair for h in inside if (pair := _pair_of(h)) is not None})
        if stages > room or group[0] != last:
            found.append(())
            room, last = MOST_STAGES, group[0]
        found[-1] = (*found[-1], *inside)
        room -= stages
    return found


def moment_span(history: History) -> int:
    """Return how far back a history may look, its bucket included, ms."""
    return -history.window.start(0)


def _spread_of(history: History) -> tuple[str, bool]:
    """Return the word of which events may have several values, and whether it is counted; a SELECT holds histories of one such."""
    return history.spread, bool(history.spread) and history.spread not in history.keys


def _pair_of(history: History) -> tuple[str, int] | None:
    if isinstance(history, CountDistinct):
        return history.of, 0
    return (history.of, history.cells) if isinstance(history, ApproxCountDistinct) else None
