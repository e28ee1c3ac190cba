"""What changed between two bundles, read from their files alone: neither has to be made by this version of the package."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from msa_ml.bundle.files import open_files
from msa_ml.bundle.golden import Case, read_cases
from msa_ml.bundle.manifest import Manifest
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.signing import TrustedKey
from msa_ml.errors import InputError
from msa_ml.features.extractor import Vectors
from msa_ml.features.spec import Specification

Clock = Callable[[], float]
_ROUNDS = 7
_PARTS = ("version", "parameters", "lists", "declaration")


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was; ``None`` where it was not, or is no more."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Difference:
    """What changed.

    Attributes
    ----------
    old, new
        Of each: id, package version, code revision, format, specification, default policy, synthetic.
    added, removed
        Features and views by name.
    changed
        Features and views that are computed otherwise, with what of their extractor changed.
    thresholds
        Of each policy, on the logit.
    certified
        Of each policy whose certificate came or went.
    metrics
        Of either test window: numbers of two windows are no comparison, ``msa-ml compare`` makes one.
    training
        Window, counts and choices that differ.
    sizes
        Bytes of the graph and of all files.
    microseconds
        Median time of the graph for one golden event, features given; measured here and now.
    """

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, str]
    thresholds: tuple[Change, ...]
    certified: tuple[Change, ...]
    metrics: tuple[Change, ...]
    training: tuple[Change, ...]
    sizes: tuple[Change, ...]
    microseconds: Change

    @property
    def same(self) -> bool:
        """Whether both are one bundle."""
        return bool(self.old["id"] == self.new["id"])

    def to_json(self) -> dict[str, Any]:
        """Return the result of ``msa-ml diff --json``."""
        return {**asdict(self), "same": self.same}

    def text(self) -> str:
        """Return it as plain text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.same:
            yield f"both are bundle {self.new['id'][:12]}."
            return
        yield from self._makers()
        yield from self._features()
        for title, changes, show in (
            ("threshold", self.thresholds, _logit),
            ("certified", self.certified, _word),
            ("test", self.metrics, _number),
            ("training", self.training, _word),
            ("bytes", self.sizes, _count),
        ):
            for change in changes:
                yield f"  {title} {change.name}: {show(change.old)} -> {show(change.new)}"
        speed = self.microseconds
        yield f"  graph, one golden event: {speed.old:.0f} -> {speed.new:.0f} microseconds"

    def _makers(self) -> Iterator[str]:
        old, new = self.old, self.new
        yield f"{old['task']}: {old['id'][:12]} -> {new['id'][:12]}"
        if old["synthetic"] or new["synthetic"]:
            which = "both" if old["synthetic"] and new["synthetic"] else "old" if old["synthetic"] else "new"
            yield f"  SYNTHETIC, trained on simulated events: {which}"
        for name, words in (("package", "made by"), ("revision", "code"), ("spec", "specification")):
            if old[name] != new[name]:
                yield f"  {words}: {_short(old[name])} -> {_short(new[name])}"

    def _features(self) -> Iterator[str]:
        for verb, names in (("added", self.added), ("removed", self.removed)):
            if names:
                yield f"  features {verb} ({len(names)}): {', '.join(names)}"
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.changed.items():
            by_reason.setdefault(reason, []).append(name)
        for reason, alike in by_reason.items():
            yield f"  features changed ({len(alike)}), {reason}: {', '.join(alike)}"
        if not (self.added or self.removed or self.changed):
            yield "  features: the same"


@dataclass(frozen=True)
class _Read:
    """A bundle's files, taken apart."""

    manifest: Manifest
    specification: Specification
    files: Mapping[str, bytes]


def difference(
    old: Path, new: Path, *, clock: Clock = time.perf_counter, trusted_key: TrustedKey = None
) -> Difference:
    """Return what changed from one bundle to another.

    Parameters
    ----------
    clock
        Seconds; for the speed of the graphs.
    trusted_key
        See :func:`msa_ml.bundle.read.load`.

    Raises
    ------
    InputError
        They are of two tasks.
    BundleRefused
        One is damaged, or of a format that is not read.
    """
    before, after = (_Read(*open_files(folder, trusted_key=trusted_key)) for folder in (old, new))
    tasks = [one.manifest.task for one in (before, after)]
    if tasks[0] != tasks[1]:
        raise InputError(f"a {tasks[0]} bundle and a {tasks[1]} bundle have nothing in common.")
    digests = [one.specification.digests for one in (before, after)]
    return Difference(
        _facts(before.manifest),
        _facts(after.manifest),
        tuple(name for name in digests[1] if name not in digests[0]),
        tuple(name for name in digests[0] if name not in digests[1]),
        {
            name: _reason(name, before.specification, after.specification)
            for name, value in digests[1].items()
            if digests[0].get(name, value) != value
        },
        _changes(
            *({policy.name: policy.threshold for policy in one.manifest.policies} for one in (before, after))
        ),
        _changes(
            *({policy.name: policy.certified for policy in one.manifest.policies} for one in (before, after))
        ),
        _changes(*(_metrics(one.manifest) for one in (before, after))),
        _changes(*(_training(one.manifest) for one in (before, after))),
        _changes(*(_sizes(one.files) for one in (before, after)), all_of_them=True),
        _speed(before, after, clock),
    )


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "id": manifest.id,
        "task": manifest.task,
        "format": manifest.format,
        "package": manifest.package_version,
        "revision": manifest.code_revision,
        "spec": manifest.spec_digest,
        "default_policy": manifest.default_policy,
        "synthetic": manifest.synthetic,
    }


def _reason(name: str, old: Specification, new: Specification) -> str:
    """Return what of the extractor, view or history changed."""
    before, after = (_entry(name, spec) for spec in (old, new))
    said = [
        f"{part} {_words(before.get(part))} -> {_words(after.get(part))}"
        for part in _PARTS
        if before.get(part) != after.get(part)
    ]
    return f"{after.get('name', name)} {', '.join(said) or 'unit or limit'}"


def _entry(name: str, spec: Specification) -> Mapping[str, Any]:
    for entry in (*spec.views, *spec.histories):
        if entry["name"] == name:
            return entry
    for extractor in spec.extractors:
        if any(feature["column"] == name for feature in extractor["features"]):
            return extractor
    return {}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items()) or "none"
    return str(value)


def _metrics(manifest: Manifest) -> dict[str, float]:
    """Return what the test window said, without bounds."""
    metrics = manifest.metrics
    entries = [(name, found) for name, found in _table(metrics.get("metrics")).items()]
    for policy in metrics.get("policies") or ():
        entries += [(f"{policy['name']} {name}", policy.get(name)) for name in ("tpr", "fpr")]
    return {
        name: found["value"]
        for name, found in entries
        if isinstance(found, Mapping) and isinstance(found.get("value"), int | float)
    }


def _training(manifest: Manifest) -> dict[str, Any]:
    """Return what the training says, flat."""
    found: dict[str, Any] = {"default policy": manifest.default_policy}
    training = manifest.training
    found["test window"] = training.get("test_window")
    for part, counts in _table(training.get("counts")).items():
        found |= {f"{part} {name}": count for name, count in _table(counts).items()}
    found |= {f"choice {name}": value for name, value in _flat(_table(training.get("experiment"))).items()}
    found |= {f"data {name}": manifest.dataset.get(name) for name in ("first", "last", "sources", "rows")}
    found["rollout"] = dict(manifest.rollout)
    return found


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        inner = _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
        found.update(inner)
    return found


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sizes(files: Mapping[str, bytes]) -> dict[str, int]:
    return {"model.onnx": len(files["model.onnx"]), "all files": sum(map(len, files.values()))}


def _changes(
    old: Mapping[str, Any], new: Mapping[str, Any], *, all_of_them: bool = False
) -> tuple[Change, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in names
        if all_of_them or old.get(name) != new.get(name)
    )


def _speed(old: _Read, new: _Read, clock: Clock) -> Change:
    """Run both graphs in turns over their golden cases, so that a busy machine slows both alike."""
    graphs = [Graph(one.files["model.onnx"]) for one in (old, new)]
    cases = [list(read_cases(one.files["golden.jsonl"].decode())) for one in (old, new)]
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for graph, some, times in zip(graphs, cases, taken, strict=True):
            times.extend(_timed(graph, some, clock))
    return Change("microseconds", *(1e6 * statistics.median(times) for times in taken))


def _timed(graph: Graph, cases: Sequence[Case], clock: Clock) -> Iterator[float]:
    for case in cases:
        vectors = Vectors(case.dense[None], {view: [data] for view, data in case.content.items()})
        begin = clock()
        graph.logits(vectors)
        yield clock() - begin


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] if len(text) >= 40 else text or "unknown"


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _logit(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _count(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"
