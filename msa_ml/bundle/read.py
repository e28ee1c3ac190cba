"""Load, verify and score a bundle, with the base install only.

Before the first score, hashes, format and specification are checked and the golden cases are replayed.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle import golden
from msa_ml.bundle.collection import uncollected
from msa_ml.bundle.files import demand_bundle, read_files, refusing, specification_of, table_of
from msa_ml.bundle.given_history import history_columns, history_values
from msa_ml.bundle.limits import Limits
from msa_ml.bundle.manifest import FILE, Manifest, is_number, who_made
from msa_ml.bundle.row_events import BATCH as ROW_BATCH
from msa_ml.bundle.row_events import RowEvent, batch_of, runs, whole_frame
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.score import Reason, Score, probability
from msa_ml.bundle.signing import TrustedKey, public_keys
from msa_ml.bundle.vectors import COMPLETE, VectorBundle
from msa_ml.errors import BundleRefused, InputError, OtherVersion
from msa_ml.features.extractor import ALL_HISTORIES, FeatureSet, Vectors
from msa_ml.features.history_counter import Counters, histories_of
from msa_ml.features.history_golden import wrong_values
from msa_ml.features.mail.message import Message
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import Lists, WordList
from msa_ml.markup import table
from msa_ml.records import Mail, without_from_line, words_of

BATCH = 64
"""Mails that :meth:`Bundle.score_many` takes at a time."""

BATCH_BYTES = 8 * 1024 * 1024
"""Raw bytes after which a batch ends however few its mails are, so that memory stays bounded."""

ASYNC_THREADS = 4
"""Threads of one bundle for :meth:`Bundle.score_async`, or one a core where there are fewer. Python's lock lets one of
them run at a time but for the graph, so more would only wait."""

MailEvent = bytes | Mail | Message
"""Raw bytes as received, a record, or a parsed message."""


class Bundle(VectorBundle):
    """A verified bundle that scores raw events; made by :func:`load`. Safe to share between threads."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        specification: Specification,
        features: FeatureSet,
        graph: Graph,
        golden_cases: bytes = b"",
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        history: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(path, manifest, specification, graph, golden_cases)
        self._typical = _typical_ham(manifest, len(features.columns))
        self.features = features
        self.limits = limits
        self.history_definition: Mapping[str, Any] = history or {"counters": []}

    def counters(self) -> Counters:
        """Return fresh counters for the histories of this bundle: what ``history=`` of :meth:`score` is made with.

        They know nothing yet, live in this process and are not safe to share between threads; a serving system of many
        machines keeps its own by ``history.json``.
        """
        return Counters(self.history_definition)

    def vectors(
        self,
        events: Sequence[MailEvent | RowEvent],
        histories: Sequence[Mapping[str, float] | None] | None = None,
    ) -> Vectors:
        """Return the vectors of N events."""
        return self._with_history(self._extracted(events, Limits())[0], histories)

    def score(
        self,
        event: MailEvent | RowEvent,
        *,
        history: Mapping[str, float] | None = None,
        policy: str | None = None,
        reasons: int = 0,
        limits: Limits | None = None,
    ) -> Score:
        """Score one event.

        Parameters
        ----------
        event
            Of mail the raw message as received (an mbox ``From `` line is dropped), a record, or a parsed message; of
            the other kinds a mapping by field name, a record, or JSON text of one.
        history
            What your counters know of before the event, by the names in ``history.json``; what is left out, ``None`` or
            ``nan`` is unknown. A bundle with histories that is given none says so: ``degraded`` holds ``"history"``. An
            empty mapping says that your counters know nothing.
        policy
            Name of the policy that decides; default: the bundle's.
        reasons
            How many contributions to explain.
        limits
            Size and time of this mail; default: those the bundle was loaded with.

        Raises
        ------
        InputError
            What is given is no event of the kind, a field is misspelt, or a history is no number that float32 can hold.
        UnknownNameError
            No such policy or history.
        """
        return self.score_and_vectors(event, history=history, policy=policy, reasons=reasons, limits=limits)[
            0
        ]

    def score_and_vectors(
        self,
        event: MailEvent | RowEvent,
        *,
        history: Mapping[str, float] | None = None,
        policy: str | None = None,
        reasons: int = 0,
        limits: Limits | None = None,
    ) -> tuple[Score, Vectors]:
        """Score one event like :meth:`score`, and return the one row of vectors that the score rests on, to log it."""
        vectors, [note] = self._extracted([event], limits or self.limits)
        vectors = self._with_history(vectors, None if history is None else [history])
        logit = self.graph.logits(vectors)[0]
        explained = self._reasons(vectors, float(logit), reasons) if reasons else ()
        return self._verdict(logit, policy, explained, self._noting(note, history)), vectors

    async def score_async(
        self,
        event: MailEvent | RowEvent,
        *,
        history: Mapping[str, float] | None = None,
        policy: str | None = None,
        reasons: int = 0,
        limits: Limits | None = None,
    ) -> Score:
        """Score one event like :meth:`score`, on one of :data:`ASYNC_THREADS` threads of this bundle.

        The queue before these threads has no end: whoever takes mail from outside bounds how much of it waits.
        """
        work = partial(self.score, event, history=history, policy=policy, reasons=reasons, limits=limits)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        """Started by the first call, and gone with the bundle."""
        return ThreadPoolExecutor(min(ASYNC_THREADS, os.cpu_count() or 1), "msa-ml-score")

    def warm_up(self) -> int:
        """Score every golden event once, with reasons, and return their number.

        The first events of a process are slower: patterns are compiled, lists read, and the graph allocates. Loading
        with ``replay`` has done most of it.
        """
        cases = list(golden.read_cases(self._golden.decode("utf-8")))
        for case in cases:
            self.score(case.raw, history=case.history or None, reasons=1)
        return len(cases)

    def score_many(
        self,
        events: Iterable[MailEvent | RowEvent],
        *,
        policy: str | None = None,
        reasons: int = 0,
        batch: int = BATCH,
        limits: Limits | None = None,
    ) -> Iterator[Score]:
        """Score events in order, without histories; every score is the same as of :meth:`score` without one.

        Parameters
        ----------
        events
            As for :meth:`score`. For many rows of plain fields :meth:`score_frame` is faster.
        policy, reasons
            As for :meth:`score`.
        batch
            So many mails are parsed before the graph runs over them one after the other, and their scores come
            together. The graph is small and costs half as much while its code is warm. Give 1 for a slow source.
        limits
            Of each mail; as for :meth:`score`.
        """
        some: Sequence[Any]
        for some in self._runs(events, batch):
            with uncollected():
                vectors, notes = self._extracted(some, limits or self.limits)
                logits = self.graph.logits(vectors)
            for row, (logit, note) in enumerate(zip(logits, notes, strict=True)):
                explained = self._reasons(vectors[row : row + 1], float(logit), reasons) if reasons else ()
                yield self._verdict(logit, policy, explained, self._noting(note, None))

    def score_frame(self, frame: pl.DataFrame, *, policy: str | None = None) -> pl.DataFrame:
        """Score many rows of plain fields at once.

        Parameters
        ----------
        frame
            One row an event: columns named as the fields of its kind, and as histories; one that is not there is
            unknown.
        policy
            As for :meth:`score`.

        Returns
        -------
        polars.DataFrame
            ``logit``, ``probability``, ``decision``, ``policy``, ``bundle_id``, in the order of the rows.

        Raises
        ------
        InputError
            The bundle reads mail, a column is misspelt or of another type, or a history is no number that float32 can
            hold.
        """
        if not self._is_rows:
            raise InputError("mail is no row of plain fields.", hint="Use score or score_many.")
        chosen = self.manifest.policy(policy)
        names = [history.name for history in self.features.histories]
        parts = []
        for start in range(0, max(len(frame), 1), ROW_BATCH * 50):
            part = frame.slice(start, ROW_BATCH * 50)
            vectors = self.features.extract_rows(whole_frame(self.features.kind, part, names))
            if names:
                vectors = vectors.with_last(history_columns(names, part))
            parts.append(self.graph.logits(vectors))
        logit = np.concatenate(parts).astype(np.float64)
        return pl.DataFrame(
            {
                "logit": logit,
                "probability": [probability(value) for value in logit.tolist()],
                "decision": logit >= self._thresholds[chosen.name],
            },
            schema={"logit": pl.Float64, "probability": pl.Float64, "decision": pl.Boolean},
        ).with_columns(policy=pl.lit(chosen.name), bundle_id=pl.lit(self._id))

    def explain(self, vectors: Vectors, *, reasons: int = 8, policy: str | None = None) -> list[Score]:
        """Score N vectors that were extracted before, each with its largest contributions."""
        scores = []
        for row, logit in enumerate(self.graph.logits(vectors)):
            explained = self._reasons(vectors[row : row + 1], float(logit), reasons)
            scores.append(self._verdict(logit, policy, explained))
        return scores

    @property
    def _is_rows(self) -> bool:
        """Whether events are rows of plain fields."""
        return self.features.kind != "mail"

    def _runs(self, events: Iterable[Any], batch: int) -> Iterator[Sequence[Any]]:
        return runs(events, batch) if self._is_rows else _batches(events, batch)

    def _extracted(
        self, events: Sequence[Any], limits: Limits
    ) -> tuple[Vectors, list[tuple[bool, tuple[str, ...]]]]:
        """Return the vectors of N events within their limits, and of each whether it was truncated, and what is missing."""
        if self._is_rows:
            batch = batch_of(self.features.kind, events)
            return self.features.extract_rows(batch), [COMPLETE] * len(events)
        notes: list[tuple[bool, tuple[str, ...]]] = []

        def parsed() -> Iterator[Message]:
            for mail in events:
                message, truncated = _message(mail, limits.bytes)
                notes.append((truncated, ()))
                yield message

        if limits.seconds == math.inf:
            return self.features.extract(parsed()), notes
        parts = []
        for row, message in enumerate(parsed()):
            vectors, degraded = self.features.extract_until(message, limits.deadline())
            parts.append(vectors)
            notes[row] = (notes[row][0], degraded)
        return Vectors.concatenate(parts), notes

    def _with_history(
        self, vectors: Vectors, histories: Sequence[Mapping[str, float] | None] | None
    ) -> Vectors:
        """Fill in what is known of before each event."""
        if histories is None:
            return vectors
        names = [history.name for history in self.features.histories]
        values = [history_values(names, given) for given in histories]
        return vectors.with_last(np.array(values, np.float32).reshape(len(vectors), len(names)))

    def _noting(
        self, note: tuple[bool, tuple[str, ...]], history: Mapping[str, float] | None
    ) -> tuple[bool, tuple[str, ...]]:
        """Add to what is said of a score that the histories of the bundle were not given."""
        truncated, degraded = note
        if history is None and self.features.histories:
            degraded = (*degraded, ALL_HISTORIES)
        return truncated, degraded

    def _reasons(self, vectors: Vectors, logit: float, count: int) -> tuple[Reason, ...]:
        """Replace one piece of evidence at a time by its typical value in ham, and see how the logit falls."""
        changed, without_content, content_logit = self.graph.occluded(vectors, self._typical)
        words = [feature.description for feature in self.features.features]
        found = [
            Reason(name, words[place], float(vectors.dense[0, place]), logit - float(changed[place]))
            for place, name in enumerate(self.specification.columns)
        ]
        if self.graph.views:
            found.append(Reason("content", "words and byte patterns", content_logit, logit - without_content))
        found.sort(key=lambda reason: -abs(reason.contribution))
        return tuple(reason for reason in found[:count] if reason.contribution)

    def verify(self) -> int:
        """Replay the golden cases from the raw event, and the golden sequences of the counters; return their number.

        Raises
        ------
        BundleRefused
            A case or a counter gives other numbers here.
        """
        with _naming_version(self.manifest):
            cases = super().verify()
            golden_sequences = self.history_definition.get("golden", [])
            with refusing("the golden sequences cannot be replayed"):
                wrong = wrong_values(self.history_definition, golden_sequences) if golden_sequences else []
            if wrong:
                raise OtherVersion(
                    f"golden sequences of history.json give other numbers here: {'; '.join(wrong[:5])}.",
                    hint="Install the package version that the manifest names.",
                )
            return cases + len(golden_sequences)

    def _run_again(self, cases: list[golden.Case]) -> Iterator[golden.Case]:
        for case in cases:
            yield self.case(case.name, case.raw, case.history)

    def case(self, name: str, raw: bytes, history: Mapping[str, float] | None = None) -> golden.Case:
        """Run one raw event (of rows its JSON text) and write down every number."""
        vectors = self.vectors([raw], [history] if history else None)
        return self._answered(name, raw, history or {}, vectors)

    def __repr__(self) -> str:
        mark = ", SYNTHETIC" if self.manifest.synthetic else ""
        return (
            f"Bundle({self.manifest.task}, {self.id[:12]}, {len(self.specification.columns)} features{mark})"
        )

    def _repr_html_(self) -> str:
        manifest = self.manifest
        rows = [
            (
                f"{entry.name}{' (default)' if entry.name == manifest.default_policy else ''}",
                f"{entry.budget:.2%}",
                f"{entry.threshold:.4f}",
                "yes"
                if entry.certified
                else f"no: {entry.ham_needed:,} more {words_of(manifest.kind)[1]} needed",
            )
            for entry in manifest.policies
        ]
        return table(
            ("policy", "false-positive budget", "logit at least", "certified"),
            rows,
            caption=f"{manifest.task} bundle {self.id[:12]}: {len(self.specification.columns)} features, "
            f"{len(self.graph.views)} content views, format {manifest.format}",
            synthetic=manifest.synthetic,
        )


def load(
    path: str | Path,
    *,
    packages: Iterable[str] = ("msa_ml",),
    replay: bool = True,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    trusted_key: TrustedKey = None,
) -> Bundle:
    """Load and verify a bundle.

    Parameters
    ----------
    path
        The folder.
    packages
        Packages whose extractor classes may be imported; add your own if the bundle uses them and you trust it. Of
        ``msa_ml`` only modules of ``msa_ml.features`` are imported.
    replay
        Replay the golden cases now. Without it hashes and specification are still checked.
    limits
        Size and time that one mail may take; the replay has no time limit.
    trusted_key
        File of the public keys of which one must have signed the bundle. Default: the file that ``MSA_TRUSTED_KEY``
        names, if it names one; ``False``: trust any bundle.

    Raises
    ------
    InputError
        No such folder; or a trusted key is named that cannot be read, or whose library is not installed.
    BundleRefused
        It is not signed by a trusted key; a file is missing, added, changed or malformed; a newer format; another specification; a graph that does not
        fit it; a golden case differs. Whatever else fails on the way has this class too and keeps its cause.
    """
    folder, allowed = Path(path), tuple(packages)
    demand_bundle(folder)
    keys = public_keys(trusted_key)
    with refusing("the bundle cannot be read"):
        bundle = _load(folder, allowed, limits, keys)
    if replay:
        bundle.verify()
    return bundle


def _load(folder: Path, packages: tuple[str, ...], limits: Limits, keys: Sequence[Any] | None) -> Bundle:
    manifest, files = read_files(folder, keys)
    specification = specification_of(manifest, files)
    with _naming_version(manifest):
        features = specification.feature_set(Lists(_lists(files), only_given=True), packages=packages)
    if not manifest.kind == specification.kind == features.kind:
        raise BundleRefused(
            f"manifest, specification and extractors name different kinds of event; extractors: {features.kind}.",
            hint="Export the bundle again.",
        )
    history = _history_of(files, features)
    graph = Graph(files["model.onnx"])
    return Bundle(folder, manifest, specification, features, graph, files["golden.jsonl"], limits, history)


def _history_of(files: Mapping[str, bytes], features: FeatureSet) -> Mapping[str, Any]:
    """Return ``history.json``, and demand that it defines the histories of the features, in their order."""
    found = table_of(files, "history.json")
    counters = found.get("counters")
    if not isinstance(counters, list):
        raise BundleRefused("history.json holds no list of counters.", hint="Export the bundle again.")
    told = [entry.get("digest") if isinstance(entry, dict) else None for entry in counters]
    if told != [history.digest for history in features.histories]:
        raise BundleRefused(
            "history.json defines other counters than features.json names.", hint="Export the bundle again."
        )
    if counters:
        histories_of(found)
    return found


@contextmanager
def _naming_version(manifest: Manifest) -> Iterator[None]:
    """Say in a refusal of other code which version of this package made the bundle."""
    try:
        yield
    except OtherVersion as error:
        made, what_to_do = who_made(manifest.package_version, manifest.code_revision)
        raise OtherVersion(f"{error.message} {made}", hint=what_to_do) from error


def _lists(files: Mapping[str, bytes]) -> dict[str, WordList]:
    lists = {}
    for name, data in files.items():
        if name.startswith("lists/"):
            data.decode("utf-8")
            stem = name.removeprefix("lists/").removesuffix(".txt")
            lists[stem] = WordList(stem, data)
    return lists


def _typical_ham(manifest: Manifest, columns: int) -> NDArray[np.float32]:
    """Return what each dense feature is replaced by to explain a score, float32[F]; null is ``nan``."""
    found = manifest.training.get("typical_ham")
    if (
        not isinstance(found, list)
        or len(found) != columns
        or not all(value is None or is_number(value) for value in found)
    ):
        raise BundleRefused(
            f"'typical_ham' of {FILE} is no list of {columns} numbers, one for each dense feature.",
            hint="Export the bundle again.",
        )
    return np.array([np.nan if value is None else value for value in found], np.float32)


def _batches(mails: Iterable[bytes | Mail | Message], most: int) -> Iterator[list[bytes | Mail | Message]]:
    """Yield runs of at most so many mails and about :data:`BATCH_BYTES` of raw bytes."""
    if most < 1:
        raise InputError(f"a batch holds at least one mail, found {most}.")
    held: list[bytes | Mail | Message] = []
    room = BATCH_BYTES
    for mail in mails:
        held.append(mail)
        room -= len(mail.raw if isinstance(mail, Mail | Message) else mail)
        if len(held) == most or room <= 0:
            yield held
            held, room = [], BATCH_BYTES
    if held:
        yield held


def _message(mail: bytes | Mail | Message, most: int) -> tuple[Message, bool]:
    """Return the mail parsed, and whether only its first ``most`` bytes were."""
    if isinstance(mail, Message):
        return (mail, False) if len(mail.raw) <= most else (Message(mail.raw[:most]), True)
    raw = without_from_line(mail.raw if isinstance(mail, Mail) else bytes(mail))
    return Message(raw[:most]), len(raw) > most
