"""Histories: numbers about what was known before an event, declared in one line and named by themselves.

``Count("signup", by="ip", over="1h")`` is the column ``signup.count_by_ip_1h``: how many sign-ups from this event's address became known in
the hour before its *moment*. The moment of an event is ``decided_at``, else ``event_time``. A row is known at
``max(event_time, ingested_at)``, a label at ``max(labelled_at, ingested_at)``; what counts is what was known *strictly
before* the moment, in whole milliseconds, so rows of one millisecond never see each other, and no event sees itself.
:mod:`~msa_ml.features.history_window` says what a window holds.

An event whose key is unknown has an unknown history (``nan``); unknown keys never make a group. Where an event has several values of a key
(the domains that a mail's links lead to) it stands in the group of each, once; asked about, it is told the greatest of what these groups
say, of times (``Recency``, ``FirstSeen``) the least. The same declaration is compiled to SQL
for training (:mod:`~msa_ml.features.history_sql`), runs as a counter in serving (:mod:`~msa_ml.features.history_counter`), and is held
equal to a plain reference (:mod:`~msa_ml.features.history_reference`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.digests import digest
from msa_ml.features.extractor import Feature
from msa_ml.features.history_keys import VALUES, require, several
from msa_ml.features.history_window import Window

if TYPE_CHECKING:
    from msa_ml.dataset.dataset import Dataset

VERSION = 1
"""Raised when a number of any history changes its meaning."""
MOST_DISTINCT = 100_000
MOST_SUM = 2**40
_KEY_NAN = "a key of the event is unknown"

LabelWord = Literal["abuse", "not_abuse", "any"]


@dataclass(frozen=True)
class History(ABC):
    """What all histories share.

    Attributes
    ----------
    kind
        Kind of the events that are looked back on.
    by
        One key or several: rows that agree in all of them are looked at.
    over
        Length of the window, from ``1m`` to ``30d``.
    least
        Which number holds where an event stands in several groups: the least, else the greatest.
    """

    word: ClassVar[str]
    least: ClassVar[bool] = False

    kind: str
    by: str | tuple[str, ...] = field(kw_only=True)
    over: str = field(kw_only=True)

    def __post_init__(self) -> None:
        by = (self.by,) if isinstance(self.by, str) else tuple(self.by)
        object.__setattr__(self, "by", by)
        if not by or len(set(by)) != len(by):
            raise InputError("a history needs one key or several different ones.", hint='Write by="ip".')
        for word in by:
            require(self.kind, word)
        many = [word for word in by if several(self.kind, word)]
        if many and len(by) > 1:
            raise InputError(
                f"{self.kind}s have several values of {many[0]}, which stands alone as a key; found {_and(by)}.",
                hint=f'Write by="{many[0]}".',
            )
        Window(self.over)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in the order given."""
        return (self.by,) if isinstance(self.by, str) else self.by

    @property
    def window(self) -> Window:
        """How far back it looks."""
        return Window(self.over)

    @property
    @abstractmethod
    def feature(self) -> Feature:
        """The declaration: unit, range, what ``nan`` means."""

    @property
    def name(self) -> str:
        """Name of the column, ``signup.count_by_ip_1h``."""
        return f"{self.kind}.{self.feature.name}"

    @property
    def digest(self) -> str:
        """SHA-256 over everything that its numbers depend on."""
        said = {**self.to_json(), "version": VERSION, "unit": self.feature.unit, "type": "float32"}
        return digest(said)

    @property
    def spread(self) -> str:
        """The word of which an event may have several values: the key, or what is counted; empty where there is none."""
        words = (*self.keys, getattr(self, "of", ""))
        return next((word for word in words if several(self.kind, word)), "")

    @property
    def reads_labels(self) -> bool:
        """Whether it looks at labels instead of events."""
        return hasattr(self, "task")

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as plain values.

        Examples
        --------
        >>> Count("signup", by="ip", over="1h").to_json()
        {'word': 'count', 'kind': 'signup', 'by': ['ip'], 'over': '1h'}
        """
        said = {part.name: getattr(self, part.name) for part in fields(self)}
        return {"word": self.word, **said, "by": list(self.keys)}

    @staticmethod
    def read(histories: Iterable[History], dataset: Dataset) -> pl.DataFrame:
        """Return histories of a dataset's events; see :meth:`msa_ml.dataset.dataset.Dataset.history`."""
        from msa_ml.features.history_frame import of_dataset

        return of_dataset(histories, dataset)

    def _named(self, what: str) -> str:
        return f"{what}_by_{'_and_'.join(self.keys)}_{self.over}"

    @property
    def _same(self) -> str:
        """What the rows share, in words."""
        if self.spread not in self.keys:
            return _and(self.keys)
        return f"{_and(self.keys)} (of several that with the {'least' if self.least else 'greatest'} number)"

    def _require_told_apart(self, of: str) -> None:
        """Demand that values can be told apart within a key."""
        require(self.kind, of)
        if of in self.keys:
            raise InputError(f"within one {of} there is one {of}.", hint="Count another key.")
        if several(self.kind, of) and self.spread in self.keys:
            raise InputError(
                f"{self.kind}s have several values of {of} and of {self.spread}, which are not counted against each other.",
                hint="Count one of them by a key that has one value.",
            )


@dataclass(frozen=True)
class Count(History):
    """How many events became known in the window.

    Examples
    --------
    >>> Count("signup", by=("ip_subnet", "name_pattern"), over="10m").name
    'signup.count_by_ip_subnet_and_name_pattern_10m'
    """

    word: ClassVar[str] = "count"

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"{self.kind}s of the same {self._same} in {self.over}"
        return Feature(self._named("count"), what, "count", nan=_KEY_NAN, portable="yes")


@dataclass(frozen=True)
class CountDistinct(History):
    """How many different values of a key became known in the window: exact up to ``cap``, then ``cap``.

    Attributes
    ----------
    of
        The key whose values are counted; unknown ones are none.
    cap
        The largest number it says. A counter keeps at most ``cap + 1`` values a group.

    Examples
    --------
    >>> CountDistinct("signup", of="user_name", by="ip", over="1d").name
    'signup.distinct_user_name_by_ip_1d'
    """

    word: ClassVar[str] = "count_distinct"

    of: str = field(kw_only=True)
    cap: int = field(default=1_000, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_told_apart(self.of)
        if isinstance(self.cap, bool) or not 1 <= self.cap <= MOST_DISTINCT:
            raise InputError(f"a cap is a whole number from 1 to {MOST_DISTINCT}, found {self.cap!r}.")

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"different {self.of} of the same {self._same} in {self.over}, at most {self.cap}"
        name = self._named(f"distinct_{self.of}")
        return Feature(name, what, "count", high=self.cap, nan=_KEY_NAN, portable="yes")


@dataclass(frozen=True)
class ApproxCountDistinct(History):
    """About how many different values of a key became known in the window, by linear counting (Whang et al. 1990).

    Each value falls into one of ``cells`` by its hash (the first 4 bytes of SHA-256 over its UTF-8, little-endian, modulo ``cells``);
    from ``c`` occupied cells it says ``-cells * ln(1 - c / cells)``, and for full ones what one free cell would say. The same number
    in SQL and in serving, with bounded memory; the standard error is below 3 % up to ``2 * cells`` values for 4,096 cells.

    Examples
    --------
    >>> ApproxCountDistinct("signup", of="user_name", by="asn", over="30d").name
    'signup.approx_distinct_user_name_by_asn_30d'
    """

    word: ClassVar[str] = "approx_count_distinct"

    of: str = field(kw_only=True)
    cells: int = field(default=4_096, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_told_apart(self.of)
        if isinstance(self.cells, bool) or not 16 <= self.cells <= MOST_DISTINCT:
            raise InputError(f"cells are a whole number from 16 to {MOST_DISTINCT}, found {self.cells!r}.")
        if several(self.kind, self.of):
            raise InputError(
                f"{self.kind}s have several values of {self.of}, which are counted exactly only.",
                hint=f'Write CountDistinct("{self.kind}", of="{self.of}", ...).',
            )

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"about how many different {self.of} of the same {self._same} in {self.over}"
        return Feature(self._named(f"approx_distinct_{self.of}"), what, "count", nan=_KEY_NAN, portable="yes")


@dataclass(frozen=True)
class Sum(History):
    """The sum of a number over the rows of the window that have one.

    Sums are of whole steps, so that no order of adding changes them: each number becomes ``floor(value / step + 0.5)``, held
    within +-2^40 steps; the sum is said in units of the number.

    Attributes
    ----------
    of
        The number that is summed up.
    step
        What one step is.

    Examples
    --------
    >>> Sum("signup", of="form_seconds", by="device", over="1d").name
    'signup.sum_form_seconds_by_device_1d'
    """

    word: ClassVar[str] = "sum"

    of: str = field(kw_only=True)
    step: float = field(default=0.001, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.kind, self.of, VALUES)
        if not 1e-6 <= self.step <= 1e6:
            raise InputError(f"a step lies between 1e-6 and 1e6, found {self.step!r}.")

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"sum of {self.of} of the same {self._same} in {self.over}"
        return Feature(
            self._named(f"sum_{self.of}"), what, self.of, low=-float("inf"), nan=_KEY_NAN, portable="yes"
        )


@dataclass(frozen=True)
class Recency(History):
    """Seconds from the last row of the window to the moment.

    Examples
    --------
    >>> Recency("signup", by="ip", over="7d").name
    'signup.recency_by_ip_7d'
    """

    word: ClassVar[str] = "recency"
    least: ClassVar[bool] = True

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"seconds since the last {self.kind} of the same {self._same}, within {self.over}"
        nan = f"{_KEY_NAN}, or there is none in {self.over}"
        return Feature(self._named("recency"), what, "seconds", nan=nan, portable="yes")


@dataclass(frozen=True)
class FirstSeen(History):
    """Seconds from the first row of the window to the moment.

    Examples
    --------
    >>> FirstSeen("mail", by="sender_domain", over="30d").name
    'mail.first_seen_by_sender_domain_30d'
    """

    word: ClassVar[str] = "first_seen"
    least: ClassVar[bool] = True

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"seconds since the first {self.kind} of the same {self._same}, within {self.over}"
        nan = f"{_KEY_NAN}, or there is none in {self.over}"
        return Feature(self._named("first_seen"), what, "seconds", nan=nan, portable="yes")


@dataclass(frozen=True)
class LabelCount(History):
    """How many events have a label that became known in the window and still holds at the moment.

    An event has one label at a moment: of the statements known before it and not taken back by then, the one of the source that the task
    ranks highest, and of that source the newest. It stands in the window by the time at which *that statement* became known.

    Attributes
    ----------
    task
        Task whose labels are read.
    label
        ``abuse``, ``not_abuse``, or ``any`` of them.

    Examples
    --------
    >>> LabelCount("signup", task="signup_abuse", by="ip", over="7d").name
    'signup.abuse_labels_signup_abuse_by_ip_7d'
    """

    word: ClassVar[str] = "label_count"

    task: str = field(kw_only=True)
    label: LabelWord = field(default="abuse", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.label not in ("abuse", "not_abuse", "any"):
            raise UnknownNameError("label of a history", self.label, ("abuse", "not_abuse", "any"))

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"{self.kind}s of the same {self._same} with a label {_SAYS[self.label]} known in {self.over}"
        name = self._named(f"{self.label}_labels_{self.task}")
        return Feature(name, what, "count", nan=_KEY_NAN, portable="yes")


@dataclass(frozen=True)
class Rate(History):
    """The share of abuse among the labels of the window, as :class:`LabelCount` counts them.

    ``(abuse + prior * strength) / (labels + strength)``; with ``strength`` 0 it is not smoothed, and unknown where there is
    no label.

    Attributes
    ----------
    task
        Task whose labels are read.
    prior
        The share that is assumed before any label, 0 to 1.
    strength
        How many labels the assumption weighs.

    Examples
    --------
    >>> Rate("signup", task="signup_abuse", by="ip_subnet", over="30d", prior=0.05, strength=10).name
    'signup.rate_signup_abuse_by_ip_subnet_30d'
    """

    word: ClassVar[str] = "rate"

    task: str = field(kw_only=True)
    prior: float = field(default=0.0, kw_only=True)
    strength: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.prior <= 1 or not 0 <= self.strength <= 1e6:
            raise InputError(
                f"a prior is a share and a strength a number from 0 to 1e6, found {self.prior!r} and {self.strength!r}."
            )

    @property
    def feature(self) -> Feature:
        """The declaration."""
        what = f"share of abuse among labels of the same {self._same} known in {self.over}"
        nan = _KEY_NAN if self.strength else f"{_KEY_NAN}, or no label is known in {self.over}"
        name = self._named(f"rate_{self.task}")
        return Feature(name, what, "share", high=1, nan=nan, portable="yes", monotone=1)


_SAYS = {"abuse": "that says abuse", "not_abuse": "that says not abuse", "any": "that says either"}


def _and(words: Iterable[str]) -> str:
    return " and ".join(words)


_CLASSES: tuple[type[History], ...] = (
    Count,
    CountDistinct,
    ApproxCountDistinct,
    Sum,
    Recency,
    FirstSeen,
    LabelCount,
    Rate,
)
WORDS: Mapping[str, type[History]] = {made.word: made for made in _CLASSES}
"""The histories by the word that a definition names them with."""


def from_json(said: Mapping[str, Any]) -> History:
    """Return the history that plain values declare.

    Raises
    ------
    InputError
        Unknown word, field, key or window.

    Examples
    --------
    >>> from_json({"word": "count", "kind": "signup", "by": ["ip"], "over": "1h"})
    Count(kind='signup', by=('ip',), over='1h')
    """
    found = dict(said)
    word = found.pop("word", None)
    if word not in WORDS:
        raise UnknownNameError("history", str(word), WORDS)
    made = WORDS[word]
    known = [part.name for part in fields(made)]
    for name in found:
        if name not in known:
            raise UnknownNameError(f"field of the history {word}", name, known)
    try:
        return made(**{**found, "by": tuple(found["by"])})
    except (KeyError, TypeError) as error:
        raise InputError(f"the history {word} lacks a field or has one of a wrong type.") from error


def require_unique(histories: Iterable[History]) -> tuple[History, ...]:
    """Return the histories, and demand that no two share a name.

    Raises
    ------
    InputError
        Two of one name: they differ in a cap, a prior or another parameter that the name does not say.
    """
    found = tuple(histories)
    names = [history.name for history in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two histories are named {name}.", hint="Keep one of them.")
    return found
