"""Runs the graph of a bundle; library, bundle and evaluation score through it alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from msa_ml.errors import BundleRefused
from msa_ml.features.extractor import Vectors

Inputs = dict[str, NDArray[np.generic]]


class Graph:
    """A loaded ``model.onnx``. Runs are safe from several threads at once.

    Parameters
    ----------
    data
        The serialised model.
    """

    def __init__(self, data: bytes) -> None:
        options = onnxruntime.SessionOptions()
        # One thread a run: serving has its own threads, and a sum of floats keeps its order.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BundleRefused(f"model.onnx cannot be loaded: {type(error).__name__}.") from error
        self.views: tuple[str, ...] = tuple(
            entry.name.removeprefix("content.")
            for entry in self._session.get_inputs()
            if entry.name.startswith("content.")
        )

    def inputs(self, vectors: Vectors, row: int) -> Inputs:
        """Return the inputs of one row."""
        content = {
            f"content.{view}": np.frombuffer(vectors.content[view][row], np.uint8) for view in self.views
        }
        return {**content, "dense": vectors.dense[row : row + 1]}

    def run(self, inputs: Inputs, output: str = "logit") -> NDArray[np.float32]:
        """Return one output."""
        return np.asarray(self._session.run([output], inputs)[0], np.float32)

    def logits(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the calibrated logit of N vectors, float32[N]."""
        if not self.views:
            return self.run({"dense": vectors.dense})
        rows = [self.run(self.inputs(vectors, row)) for row in range(len(vectors))]
        return np.concatenate(rows) if rows else np.empty(0, np.float32)

    def occluded(
        self, vectors: Vectors, typical: Sequence[float]
    ) -> tuple[NDArray[np.float32], float, float]:
        """Replace one piece of evidence of one vector at a time.

        Parameters
        ----------
        vectors
            One row.
        typical
            What each dense feature is replaced by.

        Returns
        -------
        logits : float32[F]
            The logit with feature f replaced.
        without_content : float
            The logit with empty content; ``nan`` for a graph without content.
        content_logit : float
            What the content model alone says; ``nan`` for a graph without content.
        """
        table = np.repeat(vectors.dense, vectors.dense.shape[1], axis=0)
        np.fill_diagonal(table, np.asarray(typical, np.float32))
        whole = self.inputs(vectors, 0)
        changed = self.run({**whole, "dense": table})
        if not self.views:
            return changed, float("nan"), float("nan")
        empty: Inputs = {f"content.{view}": np.empty(0, np.uint8) for view in self.views}
        without = self.run({**whole, **empty})
        return changed, float(without[0]), float(self.run(whole, "content_logit")[0])
