"""What a feature is, and who computes it.

An :class:`Extractor` reads one record and returns named numbers. A :class:`View` reads one record and returns the
bytes that a content model hashes. Both are small classes with a name, a version and declared output; a
:class:`FeatureSet` runs several of them over records.

Class attributes are the declaration::

    class Subject(Extractor):
        '''What the subject looks like.'''

        name = "mail.subject"
        kind = "mail"
        features = (
            Feature("length", "characters of the decoded subject", unit="characters", nan="no subject"),
        )

        def extract(self, mail: Message) -> dict[str, float]:
            return {} if mail.subject is None else {"length": len(mail.subject)}

A feature that is left out of the returned mapping is unknown, ``nan``. Parameters are keyword arguments of
``__init__``, passed on to ``super().__init__`` so that they enter the digest.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.compiled import compiled
from msa_ml.features.word_lists import Lists
from msa_ml.markup import folded, table

NEVER = "never missing"
ALL_HISTORIES = "history"
Scalar = bool | int | float | str
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that an extractor computes.

    Attributes
    ----------
    name
        Short name; the column is ``<extractor>.<name>``.
    description
        What is measured, in a phrase.
    unit
        ``count``, ``share`` (0..1), ``flag`` (0 or 1), ``characters``, ``bytes``, ``seconds``, ``bits`` ...
    low, high
        Range that the value never leaves; the contract test holds it.
    nan
        What a missing value means.
    portable
        ``yes``: can be ported from the specification alone; ``runtime``: needs this package's Python runtime.
    monotone
        +1 when more of it can only be more abusive, -1 for the opposite, 0 when knowledge is silent.
    source
        Paper, RFC section or habit it comes from.
    """

    name: str
    description: str
    unit: str = "count"
    low: float = 0.0
    high: float = math.inf
    nan: str = NEVER
    portable: Literal["yes", "runtime"] = "runtime"
    monotone: Literal[-1, 0, 1] = 0
    source: str = ""


class Reader(ABC):
    """What extractors and views share: a name, a version, parameters, and the lists they read."""

    name: ClassVar[str]
    kind: ClassVar[str]
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, lists: Lists | None = None, **parameters: Scalar) -> None:
        if parameters and type(self).__init__ is Reader.__init__:
            # A misspelt name would otherwise change nothing but the digest.
            raise InputError(
                f"{type(self).__name__} takes no parameters, found {', '.join(sorted(parameters))}."
            )
        self.lists = lists if lists is not None else Lists()
        self.parameters: dict[str, Scalar] = parameters

    def with_lists(self, lists: Lists) -> Reader:
        """Return the same reader on other lists."""
        return type(self)(lists=lists, **self.parameters)

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{type(self).__name__}({inside})"


class Extractor(Reader):
    """Computes the declared features of one record."""

    features: ClassVar[tuple[Feature, ...]]

    @abstractmethod
    def extract(self, record: Any) -> Mapping[str, float]:
        """Return values by short name; what is left out is unknown. Never raises on what a sender wrote."""

    def matrix(self, batch: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG002 - the name that rows have
        """Return one Float32 column for each declared feature of N rows; see :mod:`msa_ml.features.table`."""
        raise InputError(f"{self.name} reads one {self.kind} at a time, not rows of plain fields.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Full names, in order."""
        return tuple(f"{self.name}.{feature.name}" for feature in self.features)


class View(Reader):
    """Chooses the bytes of one record that a content model reads.

    ``limit`` is in bytes. ``portable = "yes"`` promises that the rule in the class's module is all a port needs.
    """

    limit: ClassVar[int] = 4096
    portable: ClassVar[Literal["yes", "runtime"]] = "runtime"

    @abstractmethod
    def content(self, record: Any) -> bytes:
        """Return at most ``limit`` bytes. Never raises on what a sender wrote."""


class Declared(Protocol):
    """A number about what was known before an event; see :mod:`msa_ml.features.history`."""

    @property
    def name(self) -> str:
        """Full name of its column."""

    @property
    def feature(self) -> Feature:
        """Its declaration."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything that its numbers depend on."""

    def to_json(self) -> dict[str, Any]:
        """Return what it declares, as plain values."""


@dataclass(frozen=True)
class Vectors:
    """What a feature set computed for N records.

    Attributes
    ----------
    dense
        float32[N, F] in the order of :attr:`FeatureSet.columns`; ``nan`` is missing.
    content
        For each view, N byte strings.
    """

    dense: Vector
    content: Mapping[str, Sequence[bytes]]

    def __len__(self) -> int:
        return len(self.dense)

    def with_last(self, values: Vector) -> Vectors:
        """Return the same with other numbers in the last columns of ``dense``, float32[N, H]; for histories.

        Examples
        --------
        >>> Vectors(np.array([[1.0, np.nan]], np.float32), {}).with_last(np.array([[5.0]], np.float32)).dense.tolist()
        [[1.0, 5.0]]
        """
        kept = self.dense[:, : self.dense.shape[1] - values.shape[1]]
        return Vectors(np.concatenate([kept, values], axis=1), self.content)

    @property
    def shape(self) -> tuple[int, int]:
        """(N, F); with this and indexing, scikit-learn's own splitters and searches accept vectors."""
        return self.dense.shape[0], self.dense.shape[1]

    def __getitem__(self, rows: slice | NDArray[Any] | Sequence[int]) -> Vectors:
        """Return some rows: a slice, a mask, or numbers."""
        numbers = np.arange(len(self))[rows]
        return Vectors(
            self.dense[numbers],
            {view: [items[number] for number in numbers] for view, items in self.content.items()},
        )

    @classmethod
    def concatenate(cls, batches: Sequence[Vectors]) -> Vectors:
        """Join batches of one feature set."""
        views = batches[0].content
        return cls(
            np.concatenate([batch.dense for batch in batches]),
            {name: [item for batch in batches for item in batch.content[name]] for name in views},
        )


class FeatureSet:
    """Extractors and views of one kind of event, in a fixed order.

    Parameters
    ----------
    extractors, views
        What computes.
    histories
        Numbers that somebody else knows, the store or serving's counters; they stand behind the others, and what is not
        given is ``nan``.
    columns
        Full names of the dense features that are kept, see :meth:`only`; default: all.

    Examples
    --------
    >>> from msa_ml.features.mail.subject import Subject
    >>> features = FeatureSet([Subject()])
    >>> features.columns[0]
    'mail.subject.length'
    """

    def __init__(
        self,
        extractors: Iterable[Extractor],
        views: Iterable[View] = (),
        *,
        histories: Iterable[Declared] = (),
        columns: Iterable[str] | None = None,
    ) -> None:
        self.extractors = tuple(extractors)
        self.views = tuple(views)
        self.histories = tuple(histories)
        self._only = None if columns is None else frozenset(columns)
        if self._only is not None:
            known = {column for extractor in self.extractors for column in extractor.columns}
            known |= {history.name for history in self.histories}
            for column in sorted(self._only - known):
                raise UnknownNameError("feature of the set", column, known)
            self.histories = tuple(one for one in self.histories if one.name in self._only)
            self.extractors = tuple(one for one in self.extractors if self._only.intersection(one.columns))
        readers: tuple[Reader, ...] = (*self.extractors, *self.views)
        if not readers:
            raise InputError("a feature set needs at least one extractor or view.")
        kinds = {reader.kind for reader in readers}
        if len(kinds) != 1:
            raise InputError(f"one feature set reads one kind of event, found {', '.join(sorted(kinds))}.")
        self.kind = kinds.pop()
        names = [*self.columns, *(view.name for view in self.views)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"two features share the name {', '.join(twice)}.", hint="Rename one of them.")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Full names of the dense features, in order: those of the extractors, then the histories."""
        record = tuple(column for extractor in self.extractors for column, _ in self.kept(extractor))
        return (*record, *(history.name for history in self.histories))

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The declarations, in the order of :attr:`columns`."""
        record = tuple(feature for extractor in self.extractors for _, feature in self.kept(extractor))
        return (*record, *(history.feature for history in self.histories))

    def kept(self, extractor: Extractor) -> tuple[tuple[str, Feature], ...]:
        """Return (column, declaration) of the features of one extractor that this set keeps, in order."""
        pairs = zip(extractor.columns, extractor.features, strict=True)
        return tuple(pair for pair in pairs if self._only is None or pair[0] in self._only)

    @cached_property
    def _plan(self) -> tuple[tuple[Extractor, dict[str, float]], ...]:
        """Each extractor, and its features when all are unknown."""
        return tuple(
            (extractor, dict.fromkeys([feature.name for _, feature in self.kept(extractor)], math.nan))
            for extractor in self.extractors
        )

    @property
    def list_names(self) -> tuple[str, ...]:
        """Names of all lists that are read."""
        return tuple(sorted({name for reader in (*self.extractors, *self.views) for name in reader.reads}))

    def with_lists(self, lists: Lists) -> FeatureSet:
        """Return the same feature set on other lists, for example those of a bundle."""
        return FeatureSet(
            [type(extractor)(lists=lists, **extractor.parameters) for extractor in self.extractors],
            [type(view)(lists=lists, **view.parameters) for view in self.views],
            histories=self.histories,
            columns=self._only,
        )

    def __add__(self, other: Extractor | View) -> FeatureSet:
        """Return this set with one more extractor or view."""
        if isinstance(other, View):
            return FeatureSet(
                self.extractors, (*self.views, other), histories=self.histories, columns=self._only
            )
        columns = None if self._only is None else self._only.union(other.columns)
        return FeatureSet((*self.extractors, other), self.views, histories=self.histories, columns=columns)

    def with_histories(self, *histories: Declared) -> FeatureSet:
        """Return this set with more numbers about what was known before an event."""
        columns = None if self._only is None else self._only.union(history.name for history in histories)
        return FeatureSet(
            self.extractors, self.views, histories=(*self.histories, *histories), columns=columns
        )

    def only(self, columns: Iterable[str], views: Iterable[str] | None = None) -> FeatureSet:
        """Return this set with some of its features, in their order; extractors without any of them are gone.

        Parameters
        ----------
        columns
            Full names of the dense features to keep.
        views
            Names of the content views to keep; default: all.

        Raises
        ------
        UnknownNameError
            The set has no such feature or view.

        Examples
        --------
        >>> from msa_ml.features.mail.date import Date
        >>> from msa_ml.features.mail.subject import Subject
        >>> FeatureSet([Subject(), Date()]).only(["mail.subject.length"]).columns
        ('mail.subject.length',)
        """
        wanted = None if views is None else frozenset(views)
        known = [view.name for view in self.views]
        for name in sorted((wanted or frozenset()).difference(known)):
            raise UnknownNameError("view of the feature set", name, known)
        kept = [view for view in self.views if wanted is None or view.name in wanted]
        chosen = frozenset(columns)
        for column in sorted(chosen.difference(self.columns)):
            raise UnknownNameError("feature of the set", column, self.columns)
        return FeatureSet(self.extractors, kept, histories=self.histories, columns=chosen)

    def portable(self) -> FeatureSet:
        """Return the features and views of this set that can be ported from the specification.

        Examples
        --------
        >>> from msa_ml.features.mail.content import Text
        >>> from msa_ml.features.mail.raw import Raw
        >>> from msa_ml.features.mail.subject import Subject
        >>> FeatureSet([Subject()], [Text(), Raw()]).portable()
        FeatureSet(mail: 0 features, 1 content views)
        """
        named = zip(self.columns, self.features, strict=True)
        return self.only(
            [column for column, feature in named if feature.portable == "yes"],
            [view.name for view in self.views if view.portable == "yes"],
        )

    def without(self, *names: str) -> FeatureSet:
        """Return this set without some extractors or histories, for an ablation; ``"history"`` is all of these.

        Raises
        ------
        UnknownNameError
            No extractor and no history has such a name.

        Examples
        --------
        >>> from msa_ml.features.mail.date import Date
        >>> from msa_ml.features.mail.subject import Subject
        >>> FeatureSet([Subject(), Date()]).without("mail.date").extractors
        (Subject(),)
        """
        known = [*(extractor.name for extractor in self.extractors), *(one.name for one in self.histories)]
        if self.histories:
            known.append(ALL_HISTORIES)
        for name in names:
            if name not in known:
                raise UnknownNameError("extractor of the feature set", name, known)
        left = [extractor for extractor in self.extractors if extractor.name not in names]
        gone = {history.name for history in self.histories if {history.name, ALL_HISTORIES} & set(names)}
        histories = [history for history in self.histories if history.name not in gone]
        columns = [column for extractor in left for column, _ in self.kept(extractor)]
        columns += [history.name for history in histories]
        return FeatureSet(left, self.views, histories=histories, columns=columns)

    def table(self, record: Any) -> pl.DataFrame:
        """Return the features of one record for reading: ``feature``, ``value`` (null is unknown), ``unit``, ``what``.

        Examples
        --------
        >>> from msa_ml.features.mail.message import Message
        >>> from msa_ml.features.mail.subject import Subject
        >>> FeatureSet([Subject()]).table(Message(b"Subject: hello")).row(0)
        ('mail.subject.length', 5.0, 'characters', 'characters of the decoded subject')
        """
        return pl.DataFrame(
            {
                "feature": self.columns,
                "value": pl.Series(self.vector(record), dtype=pl.Float32).fill_nan(None),
                "unit": [feature.unit for feature in self.features],
                "what": [feature.description for feature in self.features],
            }
        )

    def vector(self, record: Any) -> Vector:
        """Return float32[F] of one record."""
        values = array("f")
        self._append(record, values)
        row: Vector = self._with_room(np.frombuffer(values, np.float32), 1)[0]
        return row

    def extract(self, records: Iterable[Any]) -> Vectors:
        """Return the vectors of N records (of :class:`~msa_ml.features.mail.message.Message` for mail).

        A record is let go once its vector is known, so records that are made on the way never fill the memory. For rows
        of plain fields :meth:`extract_rows` is faster.
        """
        values = array("f")
        content: dict[str, list[bytes]] = {view.name: [] for view in self.views}
        count = 0
        for count, record in enumerate(records, start=1):  # noqa: B007 - the count of an iterable
            self._append(record, values)
            for view in self.views:
                content[view.name].append(view.content(record)[: view.limit])
        dense = np.frombuffer(values, np.float32) if values else np.empty(0, np.float32)
        return Vectors(self._with_room(dense, count), content)

    def _with_room(self, record: Vector, count: int) -> Vector:
        """Return float32[N, F]: the record features, and ``nan`` for the histories."""
        rest = len(self.histories)
        dense: Vector = record.reshape(count, len(self.columns) - rest)
        if rest:
            dense = np.pad(dense, ((0, 0), (0, rest)), constant_values=np.nan)
        return dense

    def extract_until(self, record: Any, late: Callable[[], bool]) -> tuple[Vectors, tuple[str, ...]]:
        """Return the vectors of one record, and the names of the extractors that were left out.

        Content views are always computed, and first; they are short, and carry most of the evidence. Each extractor
        then starts only while it is not late. One that has started ends, so the time of the longest comes on top.

        Parameters
        ----------
        record
            One record, for example a :class:`~msa_ml.features.mail.message.Message`.
        late
            Asked before each extractor.

        Examples
        --------
        >>> from msa_ml.features.mail.date import Date
        >>> from msa_ml.features.mail.message import Message
        >>> from msa_ml.features.mail.subject import Subject
        >>> answers = iter([False, True])
        >>> FeatureSet([Subject(), Date()]).extract_until(Message(b"Subject: x"), lambda: next(answers))[1]
        ('mail.date',)
        """
        content = {view.name: [view.content(record)[: view.limit]] for view in self.views}
        values = array("f")
        left_out = self._append(record, values, late)
        dense = np.frombuffer(values, np.float32) if values else np.empty(0, np.float32)
        return Vectors(self._with_room(dense, 1), content), tuple(left_out)

    def extract_rows(self, batch: pl.DataFrame) -> Vectors:
        """Return the vectors of N events that are rows of plain fields; see :mod:`msa_ml.features.table`.

        Parameters
        ----------
        batch
            One row an event, with the columns that the extractors read.
        """
        found = [extractor.matrix(batch).select(list(names)).to_numpy() for extractor, names in self._plan]
        content = {
            view.name: [view.content(row) for row in batch.iter_rows(named=True)] for view in self.views
        }
        dense = np.full((len(batch), len(self.columns)), np.nan, np.float32)
        if found:
            np.concatenate(found, axis=1, out=dense[:, : len(self.columns) - len(self.histories)])
        return Vectors(dense, content)

    def _append(self, record: Any, values: array[float], late: Callable[[], bool] | None = None) -> list[str]:
        """Append the F values of one record, ``nan`` for extractors that would start late; return the names of those."""
        if late is None:
            values.frombytes(packed(self._plan, record))
            return []
        left_out = []
        for extractor, unknown in self._plan:
            if late():
                left_out.append(extractor.name)
                values.extend(unknown.values())
            else:
                values.frombytes(packed(((extractor, unknown),), record))
        return left_out

    def __repr__(self) -> str:
        past = f", {len(self.histories)} of them histories" if self.histories else ""
        return f"FeatureSet({self.kind}: {len(self.columns)} features{past}, {len(self.views)} content views)"

    def _repr_html_(self) -> str:
        parts = []
        head = ("feature", "what", "unit", "missing when", "portable")
        for extractor in self.extractors:
            about = (type(extractor).__doc__ or "").strip().partition("\n")[0]
            rows = [
                (feature.name, feature.description, feature.unit, feature.nan, feature.portable)
                for _, feature in self.kept(extractor)
            ]
            parts.append(folded(f"{extractor.name}: {len(rows)} features. {about}", table(head, rows)))
        if self.histories:
            rows = [
                (one.name, one.feature.description, one.feature.unit, one.feature.nan, one.feature.portable)
                for one in self.histories
            ]
            what = f"{ALL_HISTORIES}: {len(rows)} numbers of what was known before"
            parts.append(folded(what, table(head, rows)))
        views = "; ".join(f"{view.name}, up to {view.limit:,} bytes" for view in self.views) or "none"
        return (
            f"<p>{len(self.columns)} features of {escape(self.kind)} by {len(self.extractors)} extractors; "
            f"content views: {escape(views)}</p>{''.join(parts)}"
        )


@compiled("row")
def packed(plan: tuple[tuple[Extractor, dict[str, float]], ...], record: Any) -> bytes:
    """Return the values of one record as float32 in this machine's order of bytes.

    Parameters
    ----------
    plan
        Extractors, each with its features when all are unknown.
    record
        What they read.
    """
    row: list[float | None] = []
    for extractor, unknown in plan:
        # To merge dictionaries and to take all values at once costs a third of asking for each feature; the known
        # features keep the place that they have among the unknown ones.
        merged = {**unknown, **extractor.extract(record)}
        if len(merged) > len(unknown):
            merged = {name: merged[name] for name in unknown}
        row += merged.values()
    try:
        return struct.pack(f"{len(row)}f", *row)  # half the time that numpy takes
    except (
        struct.error,
        OverflowError,
    ):  # an extractor of a notebook may say None, or a number beyond float32
        return array("f", [math.nan if value is None else value for value in row]).tobytes()
