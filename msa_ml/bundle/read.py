"""Load, verify and score a bundle, with the base install only.

Before the first score, hashes, format and specification are checked and the golden cases are replayed.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msa_ml.bundle import golden
from msa_ml.bundle.manifest import FILE, MOST_FILES, Manifest, is_number, sha256, strict_json
from msa_ml.bundle.runtime import Graph
from msa_ml.errors import BundleRefused, InputError, MsaError
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.mail.message import Message
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import Lists, WordList
from msa_ml.markup import table
from msa_ml.records import Mail, without_from_line

LARGEST_BUNDLE = 256 * 1024 * 1024
"""A bundle whose files hold more bytes than this together is refused."""

BATCH = 64
"""Mails that :meth:`Bundle.score_many` takes at a time."""

BATCH_BYTES = 8 * 1024 * 1024
"""Raw bytes after which a batch ends however few its mails are, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to a score: how far the logit would fall if this evidence were as in typical ham."""

    name: str
    words: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on one event.

    Attributes
    ----------
    logit, probability
        Calibrated, float32 of the graph.
    decision
        ``logit >= threshold`` of ``policy``.
    policy
        Name of the policy that decided.
    decisions
        The decision of every policy.
    reasons
        Largest contributions first; empty unless asked for.
    bundle_id
        For the decision log.
    synthetic
        Whether the model was trained on simulated events.
    """

    logit: float
    probability: float
    decision: bool
    policy: str
    decisions: Mapping[str, bool]
    bundle_id: str
    reasons: tuple[Reason, ...] = ()
    synthetic: bool = False

    def _repr_html_(self) -> str:
        said = "flagged" if self.decision else "not flagged"
        rows = [
            (f"{reason.contribution:+.2f}", reason.name, reason.words, reason.value)
            for reason in self.reasons
        ]
        return table(
            ("contribution to the logit", "evidence", "what it is", "value"),
            rows,
            caption=f"{self.probability:.2%}, logit {self.logit:.2f}: {said} by {self.policy}",
            synthetic=self.synthetic,
        )


class Bundle:
    """A verified bundle; made by :func:`load`. Safe to share between threads."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        specification: Specification,
        features: FeatureSet,
        graph: Graph,
        golden_cases: bytes = b"",
    ) -> None:
        graph.require(len(features.columns), [view.name for view in features.views])
        self.path = path
        self._golden = golden_cases
        self._id = manifest.id
        self._typical = _typical_ham(manifest, len(features.columns))
        # In float32, as the graph gives the logit; both are compared as the same float64.
        self._thresholds = {entry.name: float(np.float32(entry.threshold)) for entry in manifest.policies}
        self.manifest = manifest
        self.specification = specification
        self.features = features
        self.graph = graph

    def vectors(self, mails: Sequence[bytes | Mail | Message]) -> Vectors:
        """Return the vectors of N mails."""
        return self.features.extract([_message(mail) for mail in mails])

    def score(self, mail: bytes | Mail | Message, *, policy: str | None = None, reasons: int = 0) -> Score:
        """Score one mail.

        Parameters
        ----------
        mail
            The raw message as received (an mbox ``From `` line is dropped), a record, or a parsed message.
        policy
            Name of the policy that decides; default: the bundle's.
        reasons
            How many contributions to explain.
        """
        vectors = self.vectors([mail])
        logit = self.graph.logits(vectors)[0]
        explained = self._reasons(vectors, float(logit), reasons) if reasons else ()
        return self._verdict(logit, policy, explained)

    def score_many(
        self,
        mails: Iterable[bytes | Mail | Message],
        *,
        policy: str | None = None,
        reasons: int = 0,
        batch: int = BATCH,
    ) -> Iterator[Score]:
        """Score mails in order; every score is the same as of :meth:`score`.

        Parameters
        ----------
        mails
            As for :meth:`score`.
        policy, reasons
            As for :meth:`score`.
        batch
            So many mails are parsed before the graph runs over them one after the other, and their scores come
            together. The graph is small and costs half as much while its code is warm. Give 1 for a slow source.
        """
        for some in _batches(mails, batch):
            vectors = self.vectors(some)
            for row, logit in enumerate(self.graph.logits(vectors)):
                explained = self._reasons(vectors[row : row + 1], float(logit), reasons) if reasons else ()
                yield self._verdict(logit, policy, explained)

    def score_vectors(self, vectors: Vectors, *, policy: str | None = None) -> list[Score]:
        """Score N vectors that were extracted before, or logged."""
        return [self._verdict(logit, policy, ()) for logit in self.graph.logits(vectors)]

    def _verdict(self, logit: np.float32, policy: str | None, reasons: tuple[Reason, ...]) -> Score:
        chosen = self.manifest.policy(policy)
        value = float(logit)
        decisions = {name: value >= threshold for name, threshold in self._thresholds.items()}
        return Score(
            value,
            _probability(value),
            decisions[chosen.name],
            chosen.name,
            decisions,
            self._id,
            reasons,
            self.manifest.synthetic,
        )

    @property
    def id(self) -> str:
        """The bundle's id, 64 hex digits."""
        return self._id

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
        """Replay the golden cases and return their number.

        Raises
        ------
        BundleRefused
            A case gives other numbers here.
        """
        # The bytes whose hash was checked, not what stands in the folder by now.
        with _refusing("the golden cases cannot be replayed"):
            cases = list(golden.read_cases(self._golden.decode("utf-8")))
            run = (self.case(case.name, case.raw) for case in cases)
            return golden.replay(cases, run, self.specification.columns)

    def case(self, name: str, raw: bytes) -> golden.Case:
        """Run one raw event and write down every number."""
        vectors = self.vectors([raw])
        score = self._verdict(self.graph.logits(vectors)[0], None, ())
        return golden.Case(
            name,
            raw,
            {view: items[0] for view, items in vectors.content.items()},
            vectors.dense[0],
            score.logit,
            score.probability,
            score.decisions,
        )

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
                "yes" if entry.certified else f"no: {entry.ham_needed:,} more ham needed",
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


def load(path: str | Path, *, packages: Iterable[str] = ("msa_ml",), replay: bool = True) -> Bundle:
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

    Raises
    ------
    InputError
        No such folder.
    BundleRefused
        A file is missing, added, changed or malformed; a newer format; another specification; a graph that does not
        fit it; a golden case differs. Whatever else fails on the way has this class too and keeps its cause.
    """
    folder, allowed = Path(path), tuple(packages)
    if not (folder / FILE).is_file():
        raise InputError(
            f"{folder} is no bundle: it holds no {FILE}.", hint="Name the folder that export wrote."
        )
    with _refusing("the bundle cannot be read"):
        bundle = _load(folder, allowed)
    if replay:
        bundle.verify()
    return bundle


def _load(folder: Path, packages: tuple[str, ...]) -> Bundle:
    found = _plain_files(folder)
    data = _read(folder / FILE, LARGEST_BUNDLE)
    manifest = Manifest.parse(data)
    _demand_listed(found, manifest)
    left = LARGEST_BUNDLE - len(data)
    files: dict[str, bytes] = {}
    for name in manifest.files:
        files[name] = _read(folder / name, left)
        left -= len(files[name])
    for name, data in files.items():
        _demand_hash(data, manifest.files[name], name)
    specification = Specification.from_json(_table(files, "features.json"))
    if specification.digest != manifest.spec_digest:
        raise BundleRefused(
            f"the model was trained on specification {manifest.spec_digest[:12]}, the bundle holds "
            f"{specification.digest[:12]}.",
            hint="Export the bundle again.",
        )
    features = specification.feature_set(Lists(_lists(files), only_given=True), packages=packages)
    if not manifest.kind == specification.kind == features.kind:
        raise BundleRefused(
            f"manifest, specification and extractors name different kinds of event; extractors: {features.kind}.",
            hint="Export the bundle again.",
        )
    if not isinstance(_table(files, "history.json").get("counters"), list):
        raise BundleRefused("history.json holds no list of counters.", hint="Export the bundle again.")
    graph = Graph(files["model.onnx"])
    return Bundle(folder, manifest, specification, features, graph, files["golden.jsonl"])


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """Turn whatever a malformed bundle makes fail into a refusal, and keep the cause."""
    try:
        yield
    except BundleRefused:
        raise
    except Exception as error:
        said = error.message if isinstance(error, MsaError) else f"{type(error).__name__}."
        raise BundleRefused(f"{what}: {said}", hint="Export the bundle again.") from error


def _table(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        found = strict_json(files[name])
    except (ValueError, RecursionError) as error:
        raise BundleRefused(f"{name} is damaged.", hint="Export the bundle again.") from error
    if not isinstance(found, dict):
        raise BundleRefused(f"{name} holds no table.", hint="Export the bundle again.")
    return found


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


def _probability(logit: float) -> float:
    """Return the probability in float64; the graph's own, float32, rounds to 1 above a logit of 17."""
    return 1.0 / (1.0 + math.exp(-min(max(logit, -700.0), 700.0)))


def _message(mail: bytes | Mail | Message) -> Message:
    if isinstance(mail, Message):
        return mail
    return Message(without_from_line(mail.raw if isinstance(mail, Mail) else bytes(mail)))


def _plain_files(folder: Path) -> set[str]:
    """Return the names of all files in a bundle; anything but plain files and folders is refused, followed nowhere."""
    found: set[str] = set()
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(folder).as_posix()
                if entry.is_symlink():
                    raise BundleRefused(
                        f"{name!a} is a symbolic link.", hint="A bundle holds plain files only."
                    )
                if entry.is_dir():
                    folders.append(Path(entry.path))
                elif not entry.is_file():
                    raise BundleRefused(
                        f"{name!a} is no plain file.", hint="A bundle holds plain files only."
                    )
                found.add(f"{name}/" if entry.is_dir() else name)
                if len(found) > MOST_FILES + 2:
                    raise BundleRefused(
                        f"the bundle holds more than {MOST_FILES} files.", hint="Export the bundle again."
                    )
    return found


def _demand_listed(found: set[str], manifest: Manifest) -> None:
    missing = sorted(manifest.files.keys() - found)
    if missing:
        raise BundleRefused(f"{missing[0]} is missing from the bundle.", hint="Export the bundle again.")
    strangers = sorted(found - {FILE, "lists/", *manifest.files})
    if strangers:
        raise BundleRefused(
            f"the bundle holds what its manifest does not list: {', '.join(map(ascii, strangers[:5]))}.",
            hint="Remove it, or export the bundle again.",
        )


def _read(path: Path, room: int) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(room + 1)
    if len(data) > room:
        raise BundleRefused(f"the bundle holds more than {LARGEST_BUNDLE} bytes.")
    return data


def _demand_hash(data: bytes, wanted: str, name: str) -> None:
    found = sha256(data)
    if found != wanted:
        raise BundleRefused(
            f"{name} was changed: SHA-256 {wanted[:12]} wanted, {found[:12]} found.",
            hint="Export the bundle again.",
        )
