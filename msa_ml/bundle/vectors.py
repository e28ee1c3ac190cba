"""A bundle as it scores vectors: graph, thresholds and golden cases, without the code of its features.

This much of a bundle stays readable for good: extractors change, and the graph of an old bundle still runs on logged
vectors and on its own golden cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from msa_ml.bundle import golden
from msa_ml.bundle.files import open_files, refusing
from msa_ml.bundle.manifest import Manifest
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.score import Reason, Score, probability
from msa_ml.bundle.signing import TrustedKey
from msa_ml.features.extractor import Vectors
from msa_ml.features.spec import Specification

COMPLETE: tuple[bool, tuple[str, ...]] = (False, ())
"""What is said of a score that rests on the whole event: not truncated, not degraded."""


class VectorBundle:
    """A bundle that scores vectors; made by :func:`load_vectors`. Safe to share between threads."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        specification: Specification,
        graph: Graph,
        golden_cases: bytes = b"",
    ) -> None:
        graph.require(len(specification.columns), [str(view["name"]) for view in specification.views])
        self.path = path
        self._golden = golden_cases
        self._id = manifest.id
        # In float32, as the graph gives the logit; both are compared as the same float64.
        self._thresholds = {entry.name: float(np.float32(entry.threshold)) for entry in manifest.policies}
        self.manifest = manifest
        self.specification = specification
        self.graph = graph

    @property
    def id(self) -> str:
        """The bundle's id, 64 hex digits."""
        return self._id

    def score_vectors(self, vectors: Vectors, *, policy: str | None = None) -> list[Score]:
        """Score N vectors that were extracted before, or logged."""
        return [self._verdict(logit, policy, ()) for logit in self.graph.logits(vectors)]

    def verify(self) -> int:
        """Run the graph over the golden vectors and return their number.

        Raises
        ------
        BundleRefused
            A case gives other numbers here.
        """
        with refusing("the golden cases cannot be replayed"):
            cases = list(golden.read_cases(self._golden.decode("utf-8")))
            return golden.replay(cases, self._run_again(cases), self.specification.columns)

    def _run_again(self, cases: list[golden.Case]) -> Iterator[golden.Case]:
        for case in cases:
            vectors = Vectors(case.dense[None], {view: [data] for view, data in case.content.items()})
            yield self._answered(case.name, case.raw, case.history, vectors)

    def _answered(self, name: str, raw: bytes, history: Mapping[str, float], vectors: Vectors) -> golden.Case:
        """Return a golden case with the numbers that one vector gives here."""
        score = self._verdict(self.graph.logits(vectors)[0], None, ())
        return golden.Case(
            name,
            raw,
            {view: items[0] for view, items in vectors.content.items()},
            vectors.dense[0],
            score.logit,
            score.probability,
            score.decisions,
            dict(history),
        )

    def _verdict(
        self,
        logit: np.float32,
        policy: str | None,
        reasons: tuple[Reason, ...],
        note: tuple[bool, tuple[str, ...]] = COMPLETE,
    ) -> Score:
        chosen = self.manifest.policy(policy)
        value = float(logit)
        decisions = {name: value >= threshold for name, threshold in self._thresholds.items()}
        return Score(
            value,
            probability(value),
            decisions[chosen.name],
            chosen.name,
            decisions,
            self._id,
            reasons,
            self.manifest.synthetic,
            *note,
        )


def load_vectors(path: str | Path, *, replay: bool = True, trusted_key: TrustedKey = None) -> VectorBundle:
    """Load a bundle to score vectors with; its extractors need not be installed, and none is imported.

    Parameters
    ----------
    path
        The folder.
    replay
        Run the graph over the golden vectors now. Without it hashes are still checked.
    trusted_key
        As for :func:`msa_ml.bundle.read.load`.

    Raises
    ------
    InputError, BundleRefused
        As :func:`msa_ml.bundle.read.load`, but for what needs the extractors.
    """
    folder = Path(path)
    manifest, specification, files = open_files(folder, trusted_key=trusted_key)
    with refusing("the bundle cannot be read"):
        bundle = VectorBundle(
            folder, manifest, specification, Graph(files["model.onnx"]), files["golden.jsonl"]
        )
    if replay:
        bundle.verify()
    return bundle
