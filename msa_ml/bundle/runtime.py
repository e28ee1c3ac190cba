"""Runs the graph of a bundle; library, bundle and evaluation score through it alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray

from msa_ml.bundle.operators import demand_plain
from msa_ml.errors import BundleRefused
from msa_ml.features.extractor import Vectors

Inputs = dict[str, NDArray[np.generic]]
Declared = dict[str, tuple[str, tuple[int | None, ...]]]


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
        # Every mail has another length. A memory plan would be made and kept for each length that was ever met, and an
        # arena keeps the largest block for good; plain allocation was measured to be as fast.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False
        demand_plain(data)
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BundleRefused(
                f"model.onnx cannot be loaded: {type(error).__name__}: {_said(error)}",
                hint="Export the bundle again.",
            ) from error
        self.views: tuple[str, ...] = tuple(
            entry.name.removeprefix("content.")
            for entry in self._session.get_inputs()
            if entry.name.startswith("content.")
        )
        self._fed = tuple((view, f"content.{view}") for view in self.views)

    def require(self, columns: int, views: Collection[str]) -> None:
        """Demand the inputs and outputs that a specification gives, and see that a run keeps its promise.

        Parameters
        ----------
        columns
            F, the number of dense features.
        views
            The content views that are extracted; a graph may read fewer.

        Raises
        ------
        BundleRefused
            A name, type or shape is another, or empty content with zeros cannot be scored.
        """
        inputs: Declared = {"dense": ("tensor(float)", (None, columns))}
        outputs: Declared = {"logit": ("tensor(float)", (None,)), "probability": ("tensor(float)", (None,))}
        for view in self.views:
            if view in views:
                inputs[f"content.{view}"] = ("tensor(uint8)", (None,))
        if self.views:
            outputs["content_logit"] = ("tensor(float)", (1,))
        for what, wanted, entries in (
            ("takes", inputs, self._session.get_inputs()),
            ("gives", outputs, self._session.get_outputs()),
        ):
            found: Declared = {entry.name: (entry.type, _shape(entry.shape)) for entry in entries}
            if found != wanted:
                raise BundleRefused(
                    f"model.onnx {what} {_words(found)}; the specification wants {_words(wanted)}.",
                    hint="Export the bundle again.",
                )
        empty: Inputs = {name: np.empty(0, np.uint8) for _, name in self._fed}
        try:
            results = self._session.run(list(outputs), {**empty, "dense": np.zeros((2, columns), np.float32)})
        except Exception as error:
            raise BundleRefused(f"model.onnx cannot be run: {type(error).__name__}.") from error
        for name, result in zip(outputs, results, strict=True):
            length = 1 if name == "content_logit" else 2
            if np.shape(result) != (length,):
                raise BundleRefused(f"model.onnx gives {name} in shape {np.shape(result)} for two rows.")

    def inputs(self, vectors: Vectors, row: int) -> Inputs:
        """Return the inputs of one row."""
        content = vectors.content
        inputs: Inputs = {name: np.frombuffer(content[view][row], np.uint8) for view, name in self._fed}
        inputs["dense"] = vectors.dense[row : row + 1]
        return inputs

    def run(self, inputs: Inputs, output: str = "logit") -> NDArray[np.float32]:
        """Return one output."""
        return np.asarray(self._session.run([output], inputs)[0], np.float32)

    def logits(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the calibrated logit of N vectors, float32[N]."""
        if not self.views:
            return self.run({"dense": vectors.dense})
        found = np.empty(len(vectors), np.float32)
        for row in range(len(vectors)):
            [found[row : row + 1]] = self._session.run(["logit"], self.inputs(vectors, row))
        return found

    def occluded(self, vectors: Vectors, typical: ArrayLike) -> tuple[NDArray[np.float32], float, float]:
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
        empty: Inputs = {name: np.empty(0, np.uint8) for _, name in self._fed}
        without = self.run({**whole, **empty})
        return changed, float(without[0]), float(self.run(whole, "content_logit")[0])


def _said(error: Exception) -> str:
    """Return what onnxruntime said, of one line that a terminal can show."""
    words = " ".join(str(error).split())
    return ascii(words[:300])[1:-1]


def _shape(shape: Sequence[int | str | None]) -> tuple[int | None, ...]:
    """Return a declared shape with ``None`` for what is free."""
    return tuple(size if isinstance(size, int) else None for size in shape)


def _words(declared: Declared) -> str:
    return ", ".join(
        f"{name[:60]!a} {kind}[{', '.join('*' if size is None else str(size) for size in shape)}]"
        for name, (kind, shape) in sorted(declared.items())
    )
