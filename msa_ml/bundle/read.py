"""Load, verify and score a bundle, with the base install only.

Before the first score, hashes, format and specification are checked and the golden cases are replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msa_ml.bundle import golden
from msa_ml.bundle.manifest import FILE, Manifest, sha256
from msa_ml.bundle.runtime import Graph
from msa_ml.errors import BundleRefused, InputError
from msa_ml.features.extractor import FeatureSet, Vectors
from msa_ml.features.mail.message import Message
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import Lists, WordList
from msa_ml.markup import table
from msa_ml.records import Mail, without_from_line

LARGEST_FILE = 256 * 1024 * 1024
"""A file of a bundle above this many bytes is refused unread."""


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
        self, path: Path, manifest: Manifest, specification: Specification, features: FeatureSet, graph: Graph
    ) -> None:
        self.path = path
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
        self, mails: Iterable[bytes | Mail | Message], *, policy: str | None = None, reasons: int = 0
    ) -> Iterator[Score]:
        """Score mails one after the other, as they come."""
        for mail in mails:
            yield self.score(mail, policy=policy, reasons=reasons)

    def score_vectors(self, vectors: Vectors, *, policy: str | None = None) -> list[Score]:
        """Score N vectors that were extracted before, or logged."""
        return [self._verdict(logit, policy, ()) for logit in self.graph.logits(vectors)]

    def _verdict(self, logit: np.float32, policy: str | None, reasons: tuple[Reason, ...]) -> Score:
        manifest = self.manifest
        chosen = manifest.policy(policy)
        decisions = {entry.name: bool(logit >= np.float32(entry.threshold)) for entry in manifest.policies}
        # float64 of the float32 logit: the graph's own probability rounds to 1 above a logit of 17.
        probability = float(1.0 / (1.0 + np.exp(-np.clip(np.float64(logit), -700, 700))))
        return Score(
            float(logit),
            probability,
            decisions[chosen.name],
            chosen.name,
            decisions,
            self.id,
            reasons,
            manifest.synthetic,
        )

    @property
    def id(self) -> str:
        """The bundle's id, 64 hex digits."""
        return self.manifest.id

    def _reasons(self, vectors: Vectors, logit: float, count: int) -> tuple[Reason, ...]:
        """Replace one piece of evidence at a time by its typical value in ham, and see how the logit falls."""
        typical = [_number(value) for value in self.manifest.training["typical_ham"]]
        changed, without_content, content_logit = self.graph.occluded(vectors, typical)
        words = [entry["description"] for part in self.specification.extractors for entry in part["features"]]
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
        cases = list(golden.read_cases((self.path / "golden.jsonl").read_text(encoding="utf-8")))
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
        Packages whose extractor classes may be imported; add your own if the bundle uses them and you trust it.
    replay
        Replay the golden cases now. Without it hashes and specification are still checked.

    Raises
    ------
    InputError
        No such folder.
    BundleRefused
        A file is missing, added or changed; a newer format; another specification; a golden case differs.
    """
    folder = Path(path)
    if not (folder / FILE).is_file():
        raise InputError(
            f"{folder} is no bundle: it holds no {FILE}.", hint="Name the folder that export wrote."
        )
    manifest = Manifest.parse(_read(folder / FILE))
    files = {name: _read(_inside(folder, name)) for name in manifest.files}
    for name, data in files.items():
        _demand(data, manifest.files[name], name)
    _refuse_strangers(folder, manifest)
    try:
        specification = Specification.from_json(json.loads(files["features.json"]))
    except (KeyError, ValueError) as error:
        raise BundleRefused(
            "features.json is missing or damaged.", hint="Export the bundle again."
        ) from error
    if specification.digest != manifest.spec_digest:
        raise BundleRefused(
            f"the model was trained on specification {manifest.spec_digest[:12]}, the bundle holds "
            f"{specification.digest[:12]}.",
            hint="Export the bundle again.",
        )
    lists = {
        Path(name).stem: WordList(Path(name).stem, data)
        for name, data in files.items()
        if name.startswith("lists/")
    }
    features = specification.feature_set(Lists(lists, only_given=True), packages=packages)
    bundle = Bundle(folder, manifest, specification, features, Graph(files.get("model.onnx", b"")))
    if replay:
        bundle.verify()
    return bundle


def _number(value: float | None) -> float:
    """Read a missing number as it stands in JSON."""
    return float("nan") if value is None else value


def _message(mail: bytes | Mail | Message) -> Message:
    if isinstance(mail, Message):
        return mail
    return Message(without_from_line(mail.raw if isinstance(mail, Mail) else bytes(mail)))


def _inside(folder: Path, name: str) -> Path:
    """Return a file's path; a manifest cannot make us read outside its folder."""
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BundleRefused(f"the manifest names {name!r}, outside the bundle.")
    if path.is_symlink():
        raise BundleRefused(f"{name} is a symbolic link.", hint="A bundle holds plain files only.")
    if not path.is_file():
        raise BundleRefused(f"{name} is missing from the bundle.", hint="Export the bundle again.")
    return path


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise BundleRefused(f"{path.name} has {size} bytes, more than {LARGEST_FILE} are not read.")
    return path.read_bytes()


def _demand(data: bytes, wanted: str, name: str) -> None:
    found = sha256(data)
    if found != wanted:
        raise BundleRefused(
            f"{name} was changed: SHA-256 {wanted[:12]} wanted, {found[:12]} found.",
            hint="Export the bundle again.",
        )


def _refuse_strangers(folder: Path, manifest: Manifest) -> None:
    known = {FILE, *manifest.files}
    strangers = sorted(
        str(path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if not path.is_dir()
        and path.relative_to(folder).as_posix() not in known
        and not path.name.startswith(".")
    )
    if strangers:
        raise BundleRefused(
            f"the bundle holds files that its manifest does not know: {', '.join(strangers[:5])}.",
            hint="Remove them, or export the bundle again.",
        )
