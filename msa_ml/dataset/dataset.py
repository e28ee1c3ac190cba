"""A dataset: the events of a window with their labels, as known at a moment; lazy, streamed, with a fingerprint.

The index (ids, times, labels: about 100 bytes a row) is read once; raw mail and other columns are only ever streamed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from msa_ml.dataset.counting import count, largest_campaigns
from msa_ml.dataset.decisions import with_decision
from msa_ml.dataset.feedback import strata
from msa_ml.dataset.indexed import INDEXED, finished
from msa_ml.dataset.label_report import LabelReport, sources_of, warnings_of
from msa_ml.dataset.labels import LabelRules
from msa_ml.errors import DataRefused, InputError
from msa_ml.markup import table
from msa_ml.records import KINDS, Kind
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store
from msa_ml.source.mapping import read as read_mapping
from msa_ml.source.queries import query

if TYPE_CHECKING:
    import pandas

    from msa_ml.features.history import History

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_CODE = re.compile("`([^`]+)`")
KEPT = {"spam": 1, "abuse": 1, "ham": 0, "good": 0}
"""Words for a class that is kept whatever a sample says."""
EMPTIED: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    "signup": (("user_name", "user_pseudonym"), ("email", "email_pseudonym"))
}
"""Personal fields, and the pseudonym of each, by which one sees that retention has emptied a row."""
_ALL = 2**64 - 1
_IDS = 1_000  # ids of one query
_CHUNK_BYTES = 32 * 2**20
_ROWS = 100_000  # rows of plain columns that are read in one session
_HOW_TO_IMPORT: Mapping[Kind, str] = {
    "mail": "Import mail with `msa-ml import mail PATH`",
    **{kind: f"Import events with `msa-ml import events {kind} FILE`" for kind in KINDS if kind != "mail"},
}


@dataclass(frozen=True)
class Selection:
    """Which events, as known when.

    Attributes
    ----------
    since, until
        Window over ``event_time``: since <= event_time < until, UTC.
    as_of
        Only events and labels known before this moment exist.
    sources
        Names of sources; empty = all.
    sample
        Share of events, 0 < sample <= 1, chosen by the hash of the event.
    keep
        ``"spam"`` (``"abuse"``) or ``"ham"`` (``"good"``): take every event with such a label whatever ``sample`` says; its
        weight is 1.
    sample_by
        ``"event"`` or ``"campaign"``: what the hash is taken of.
    simulated
        Take simulated events too. They are never mixed with real ones unless asked.
    """

    since: datetime = EARLIEST
    until: datetime = LATEST
    as_of: datetime = LATEST
    sources: tuple[str, ...] = ()
    sample: float = 1.0
    keep: str | None = None
    sample_by: str = "event"
    simulated: bool = False

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise InputError(f"the window is empty: since {self.since} is not before until {self.until}.")
        if not 0 < self.sample <= 1:
            raise InputError(f"sample must be a share, 0 < sample <= 1, found {self.sample}.")
        if self.keep is not None and self.keep not in KEPT:
            raise InputError(f"keep must be 'spam' or 'ham' ('abuse' or 'good'), found {self.keep!r}.")
        if self.sample_by not in ("event", "campaign"):
            raise InputError(f"sample_by must be 'event' or 'campaign', found {self.sample_by!r}.")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that the queries over events share."""
        return {
            "since": self.since,
            "until": self.until,
            "as_of": self.as_of,
            "event_sources": list(self.sources),
            "with_simulated": self.simulated,
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain values for reports and fingerprints."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "as_of": self.as_of.isoformat(),
            "sources": list(self.sources),
            "sample": self.sample,
            "keep": self.keep,
            "sample_by": self.sample_by,
            "simulated": self.simulated,
        }


@dataclass(frozen=True)
class Labels:
    """The labels of a dataset."""

    _report: LabelReport

    def report(self) -> LabelReport:
        """Return counts, times from event to label by source, contradictions, and warnings of one-sided feedback."""
        return self._report


@dataclass(frozen=True)
class Dataset:
    """Events of one window with their labels, as known at a moment.

    Made by ``msa_ml.load("spam", ...)``.

    Attributes
    ----------
    task
        Name of the task whose labels are read.
    selection
        Which events, as known when.
    rules
        How labels are read.
    kind
        Kind of event.
    """

    task: str
    selection: Selection
    rules: LabelRules
    settings: Settings = field(repr=False)
    store: Store = field(repr=False)
    kind: Kind = "mail"

    @cached_property
    def _everything(self) -> pl.DataFrame:
        """Every event of the selection, also those that are immature or unlabelled."""
        keep = [KEPT[self.selection.keep]] if self.selection.keep else []
        parameters = {
            **self._said(),
            "kept": keep,
            "sample": self.selection.sample,
            **self._sampling(),
        }
        frame = self.store.frame(self.sql, parameters)
        return finished(frame, self.kind).with_columns(
            pl.col("label").replace(-1, None).cast(pl.Int8),
            pl.when(pl.col("label_source") != "").then("label_source"),
            pl.when(pl.col("label_source") != "").then("label_known_at"),
            pl.col("conflict").cast(pl.Boolean),
        )

    def _said(self) -> dict[str, Any]:
        """Return the parameters of ``queries/labels_of_events.sql``."""
        return {**self.selection.parameters(), **self.rules.parameters(), "task": self.task}

    def _sampling(self) -> dict[str, Any]:
        """Return the parameters of the sample."""
        share = self.selection.sample
        return {
            "sample_below": _ALL if share == 1 else int(share * _ALL),
            "sample_by_campaign": self.selection.sample_by == "campaign",
        }

    @property
    def sql(self) -> str:
        """The query over events and labels, own tables filled in; values stay parameters."""
        return query("events_with_labels", self.settings, kind=self.kind, more=INDEXED[self.kind])

    @cached_property
    def _mature(self) -> pl.Series:
        return self._everything.select(pl.col("event_time") <= self._judged_until)["event_time"]

    @property
    def _judged_until(self) -> datetime:
        """The last moment whose events are old enough to be judged."""
        return self.selection.as_of - self.rules.delay

    @cached_property
    def index(self) -> pl.DataFrame:
        """One row an event, in order of time: ids, times, campaign, ``label`` (1, 0 or null), ``weight``.

        ``label_source`` and ``label_known_at`` say who gave the label and when it was known; null where nobody said
        anything. Events too young to be judged are left out.
        """
        return self._everything.filter(self._mature)

    @cached_property
    def labelled(self) -> pl.DataFrame:
        """The rows of :attr:`index` that have a label."""
        return self.index.filter(pl.col("label").is_not_null())

    def __len__(self) -> int:
        return len(self.index)

    @property
    def synthetic(self) -> bool:
        """Whether any event is simulated."""
        return bool(self.index["simulated"].any())

    @cached_property
    def labels(self) -> Labels:
        """The labels, for ``dataset.labels.report()``."""
        with self.store.session():
            index = self.index
            retracted = int(
                self.store.value(query("retracted_labels", self.settings, kind=self.kind), self._said()) or 0
            )
            times = self.store.frame(
                query("label_times", self.settings, kind=self.kind),
                {**self._said(), "delay": self.rules.delay // timedelta(milliseconds=1)},
            )
        label = index["label"]
        sources, overall = sources_of(times)
        parts = {"source": strata(index, "source"), "decision": strata(with_decision(self), "decision")}
        return Labels(
            LabelReport(
                events=len(label),
                positive=int((label == 1).sum()),
                negative=int((label == 0).sum()),
                unlabelled=label.null_count(),
                conflicts=int(index["conflict"].sum()),
                retracted=retracted,
                immature=len(self._everything) - len(label),
                delay=self.rules.delay,
                sources=sources,
                overall=overall,
                warnings=warnings_of(sources, self.rules.delay, parts),
            )
        )

    def raw(self, ids: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Stream the raw mail of the events in batches: ``event_id``, ``raw`` (bytes), in no stated order.

        Events whose raw mail retention has removed are left out.

        Parameters
        ----------
        ids
            Only these events; default: every event of :attr:`index`.
        """
        if self.kind != "mail":
            raise InputError(
                f"a {self.kind} has no raw mail; it is a row of plain fields.",
                hint="Use dataset.table(COLUMNS).",
            )
        names = self.index["event_id"] if ids is None else pl.Series(ids, dtype=pl.String)
        if self.store.embedded:
            # The embedded store takes one process at a time: each batch is read in a session of its own, so that
            # others have their turn while this one computes.
            for chunk in self._chunks(names):
                yield from _with_raw(self.store.frame(query("mail_by_ids", self.settings), {"ids": chunk}))
            return
        wanted = pl.DataFrame({"event_id": names})
        missing = set(names.to_list()) if self.selection.sample < 1 else set()
        rows = self.store.stream(
            query("raw_mail", self.settings), {**self.selection.parameters(), **self._sampling()}
        )
        for batch in rows:
            found = batch.join(wanted, on="event_id", how="semi")
            missing.difference_update(found["event_id"].to_list())
            yield from _with_raw(found)
        # What was kept whatever the sample says is fetched by its ids.
        for chunk in self._chunks(pl.Series(sorted(missing), dtype=pl.String)):
            yield from _with_raw(self.store.frame(query("mail_by_ids", self.settings), {"ids": chunk}))

    def _chunks(self, names: pl.Series) -> Iterator[list[str]]:
        """Yield ids in the order in which the table keeps them, up to 1,000 and 32 MB of mail at a time."""
        sizes = pl.DataFrame({"event_id": names}).join(
            self.index.select("event_id", "size"), on="event_id", how="left"
        )
        chunk: list[str] = []
        held = 0
        for name, size in sizes.sort("event_id").iter_rows():
            chunk.append(name)
            held += size or 0
            if len(chunk) == _IDS or held > _CHUNK_BYTES:
                yield chunk
                chunk, held = [], 0
        if chunk:
            yield chunk

    def table(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Stream some columns of the events of :attr:`index`: ``event_id`` and those, in no stated order.

        Parameters
        ----------
        columns
            Fields of the kind, such as ``("user_name", "ip")``.

        Raises
        ------
        UnknownNameError
            The kind has no such column.
        """
        sql = query("event_columns", self.settings, kind=self.kind, columns=columns)
        wanted = self.index.select("event_id")
        missing = (
            set(wanted["event_id"].to_list()) if self.selection.keep and self.selection.sample < 1 else set()
        )
        for first, last in self._ranges():
            rows = self.store.stream(
                sql, {**self.selection.parameters(), **self._sampling(), "first_id": first, "last_id": last}
            )
            for batch in rows:
                found = batch.join(wanted, on="event_id", how="semi", maintain_order="left")
                missing.difference_update(found["event_id"].to_list())
                if len(found):
                    yield found
        # What was kept whatever the sample says is fetched by its ids.
        by_ids = query("event_columns_by_ids", self.settings, kind=self.kind, columns=columns)
        left = sorted(missing)
        for start in range(0, len(left), _IDS):
            yield self.store.frame(by_ids, {"ids": left[start : start + _IDS]})

    @cached_property
    def emptied(self) -> pl.Series:
        """Ids of events of the window whose name or address of mail retention has emptied: the pseudonym is all that is left.

        The other personal fields go with them. Own tables that do not have both columns tell nothing.
        """
        mapping = read_mapping(self.settings, self.kind)
        gone = " OR ".join(
            f"(notEmpty(e.`{pseudonym}`) AND empty(e.`{field}`))"
            for field, pseudonym in EMPTIED.get(self.kind, ())
            if mapping is None or {field, pseudonym} <= set(mapping.fields)
        )
        if not gone:
            return pl.Series("event_id", [], dtype=pl.String)
        sql = query("emptied_events", self.settings, kind=self.kind, more={"gone": gone})
        return self.store.frame(sql, self.selection.parameters())["event_id"].cast(pl.String)

    def _ranges(self) -> Iterator[tuple[str, str]]:
        """Yield the first and the last id of each part that is read at once.

        A server streams everything in one go. The embedded store takes one process at a time, so there a part is read in
        a session of its own, and others have their turn while this process computes; tables are kept in order of ids, so
        a part is read alone.
        """
        if not self.store.embedded or len(self.index) <= _ROWS:
            yield "", ""
            return
        names = self.index["event_id"].sort()
        for start in range(0, len(names), _ROWS):
            yield names[start], names[min(start + _ROWS, len(names)) - 1]

    def history(self, histories: Iterable[History]) -> pl.DataFrame:
        """Return what was known before each event of :attr:`index`: ``event_id`` and one Float32 column a history.

        Every event and label of the store counts that was known before the event's own moment, whatever window, sample
        and label maturity the selection asks for; sources and simulated events are those of the selection.

        Parameters
        ----------
        histories
            Such as ``[Count("signup", by="ip", over="1h")]``; see :mod:`msa_ml.features.history`.
        """
        chosen = tuple(histories)
        # What computes them stands right of datasets, so the declarations bring it along.
        return chosen[0].read(chosen, self) if chosen else self.index.select("event_id")

    @cached_property
    def fingerprint(self) -> Mapping[str, Any]:
        """What went in: selection, query, counts, schema, and a hash of ids and labels that ignores the order of rows."""
        rows = self.labelled
        total = 0
        for event, label in zip(rows["event_id"].to_list(), rows["label"].to_list(), strict=True):
            total = (total + int(hashlib.sha256(f"{event} {label}".encode()).hexdigest()[:16], 16)) % 2**64
        return {
            "task": self.task,
            "selection": self.selection.to_json(),
            "query_sha256": hashlib.sha256(self.sql.encode()).hexdigest(),
            "rows": len(rows),
            "abuse": int((rows["label"] == 1).sum()),
            "sources": sorted(rows["source"].unique().to_list()),
            "simulated_rows": int(rows["simulated"].sum()),
            "first": str(rows["event_time"].min()),
            "last": str(rows["event_time"].max()),
            "content_hash": f"{total:016x}",
            "schema": {name: str(kind) for name, kind in rows.schema.items()},
        }

    def require_events(self) -> None:
        """Demand that there is something to look at.

        Raises
        ------
        DataRefused
            No event; the message names the store that was looked in.
        """
        if not len(self._everything):
            raise DataRefused(
                f"no event between {self.selection.since:%Y-%m-%d} and {self.selection.until:%Y-%m-%d} "
                f"(looked in {self.store.url_public}).",
                hint=f"{_HOW_TO_IMPORT[self.kind]}, or widen the window.",
            )

    def require_rows(self) -> None:
        """Demand labelled rows of both classes.

        Raises
        ------
        DataRefused
            No event, no label, or one class only; the message names the store that was looked in.
        """
        self.require_events()
        where = f"looked in {self.store.url_public}"
        label = self.labelled["label"]
        if not len(label):
            raise DataRefused(
                f"{len(self.index)} events, none with a label of task '{self.task}' ({where}).",
                hint="Import with --label PATTERN=WORD or --index FILE.",
            )
        if label.n_unique() == 1:
            only = "abuse" if label[0] == 1 else "not abuse"
            raise DataRefused(
                f"all {len(label)} labels say '{only}' ({where}).",
                hint="A model needs both classes; import the other one.",
            )

    def with_selection(self, **changes: Any) -> Dataset:
        """Return the same dataset with another selection."""
        return replace(self, selection=replace(self.selection, **changes))

    def with_immature(self) -> Dataset:
        """Return the same dataset with the events that are too young to be judged, for work that needs no labels."""
        return replace(self, rules=replace(self.rules, delay=timedelta(0)))

    def to_polars(self) -> pl.DataFrame:
        """Return :attr:`index`, without raw mail."""
        return self.index

    def to_pandas(self) -> pandas.DataFrame:
        """Return :attr:`index` for pandas, without raw mail."""
        return self.index.to_pandas()

    def __repr__(self) -> str:
        return f"Dataset({self.task}: {self.labels.report().summary})"

    def at_most(self, events: int) -> Dataset:
        """Return a sample of about so many events, the same ones every time; itself when it holds no more.

        The events are counted by the store, so ``msa_ml.load("spam").at_most(20_000)`` is quick however much it holds.
        """
        sql = query("count_events", self.settings, kind=self.kind)
        held = int(self.store.value(sql, self.selection.parameters()) or 0)
        if held * self.selection.sample <= events:
            return self
        return self.with_selection(sample=events / held)

    def by_day(self) -> pl.DataFrame:
        """Return ``day`` (UTC), ``events``, ``abuse``, ``not_abuse``, ``unlabelled``."""
        return count(self.index, [pl.col("event_time").dt.date().alias("day")])

    def by_source(self) -> pl.DataFrame:
        """Return ``source``, ``events``, ``abuse``, ``not_abuse``, ``unlabelled``."""
        return count(self.index, ["source"])

    def campaigns(self, top: int = 20) -> pl.DataFrame:
        """Return the largest groups of events that share a fingerprint; see :func:`~msa_ml.dataset.counting.largest_campaigns`."""
        return largest_campaigns(self.index, top)

    def _repr_html_(self) -> str:
        if not len(self.index):
            how = _CODE.sub(r"<code>\1</code>", _HOW_TO_IMPORT[self.kind])
            return (
                f"<p><b>{escape(self.task)}: no event</b> in {escape(self.store.url_public)}. "
                f"{how}, or widen the window.</p>"
            )
        days = self.by_day()["day"].to_list()
        share = f", a sample of {self.selection.sample:.3g}" if self.selection.sample < 1 else ""
        return table(
            ("source", "events", "abuse", "not abuse", "unlabelled"),
            self.by_source().iter_rows(),
            caption=f"{self.task}: {len(self):,} events from {days[0]} to {days[-1]} (UTC){share}",
            synthetic=self.synthetic,
        )


def window(until: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Return (since, until) of a window of some length.

    Examples
    --------
    >>> window(datetime(2026, 4, 1, tzinfo=UTC), timedelta(days=90))[0].date().isoformat()
    '2026-01-01'
    """
    return until - length, until


def day_of(index: pl.DataFrame) -> np.typing.NDArray[np.int64]:
    """Return the day of each event, in days since 1970 (UTC), for the clustered bootstrap."""
    return index["event_time"].dt.epoch("d").to_numpy().astype(np.int64)


def weights_of(index: pl.DataFrame) -> np.typing.NDArray[np.float64] | None:
    """Return the inclusion weights of events, ``None`` where all are 1."""
    weight: np.typing.NDArray[np.float64] = index["weight"].to_numpy()
    return weight if (weight != 1).any() else None


def _with_raw(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Leave out rows whose raw mail retention has emptied; yield nothing when no row is left."""
    found = batch.filter(pl.col("raw").bin.size() > 0)
    if len(found):
        yield found
