"""The one ONNX graph of a bundle: from content bytes and dense features to a calibrated probability.

Inputs
    ``content.<view>`` uint8[N] for each content view, one mail a run; ``dense`` float32[B, F], ``nan`` is missing.
    With content, every row of ``dense`` is scored with the same content; serving sends B = 1.
Outputs
    ``logit`` float32[B], ``probability`` float32[B], and with content ``content_logit`` float32[1].

Only standard operators: opset 17, ai.onnx.ml 3, ir_version 9, so that onnxruntime >= 1.17 loads it. The tree ensemble
is written from the booster's own dump; converters that go through other shapes were measured to be off by more than
a threshold allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from msa_ml.model.ngrams import PRIME, NgramHash

OPSET, ML_OPSET, IR_VERSION = 17, 3, 9
_TO_END = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ContentPart:
    """What the graph needs of a content model."""

    hashing: NgramHash
    weight: NDArray[np.float32]
    bias: float


class _Writer:
    """Collects nodes and constants under fresh names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: NDArray[Any], name: str = "") -> str:
        label = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, label))
        return label

    def integer(self, value: int) -> str:
        return self.constant(np.array(value, np.int64))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        label = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [label], **attributes))
        return label


def emit(
    *,
    width: int,
    trees: Sequence[Mapping[str, Any]],
    base_margin: float,
    slope: float,
    intercept: float,
    content: ContentPart | None = None,
) -> bytes:
    """Return the serialised model.

    Parameters
    ----------
    width
        F, the number of dense features.
    trees, base_margin
        The booster's own trees (its JSON) and base margin.
    slope, intercept
        Calibration: ``logit = slope * margin + intercept``.
    content
        The content model; its logit is the column after the last dense one.
    """
    writer = _Writer()
    dense = "dense"
    inputs = [helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["B", width])]
    outputs = [
        helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["B"]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["B"]),
    ]
    if content is not None:
        views = content.hashing.sizes
        inputs = [
            *(
                helper.make_tensor_value_info(f"content.{view}", TensorProto.UINT8, [f"N_{view}"])
                for view in views
            ),
            *inputs,
        ]
        outputs.append(helper.make_tensor_value_info("content_logit", TensorProto.FLOAT, [1]))
        logit = _content_logit(writer, content)
        batch = writer.add("Slice", writer.add("Shape", "dense"), writer.integers(0), writer.integers(1))
        column = writer.add("Expand", logit, writer.add("Concat", batch, writer.integers(1), axis=0))
        dense = writer.add("Concat", "dense", column, axis=1)
    margin = _tree_ensemble(writer, dense, trees, base_margin)
    scaled = writer.add("Mul", margin, writer.constant(np.array(slope, np.float32)))
    shifted = writer.add("Add", scaled, writer.constant(np.array(intercept, np.float32)))
    writer.add("Reshape", shifted, writer.integers(-1), output="logit")
    writer.add("Sigmoid", "logit", output="probability")
    graph = helper.make_graph(writer.nodes, "msa_ml", inputs, outputs, writer.constants)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR_VERSION,
        producer_name="msa_ml",
    )
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _content_logit(writer: _Writer, content: ContentPart) -> str:
    """Hash, drop repetitions, add up weights, normalise by the root of the number of buckets: float32[1]."""
    hashing, zero = content.hashing, writer.integers(0)
    buckets = 1 << hashing.bits
    # A bucket above all others comes first in the sorted order, so that every real one has a left neighbour.
    parts = [writer.integers(buckets)]
    for view, sizes in hashing.sizes.items():
        data = writer.add("Cast", f"content.{view}", to=TensorProto.INT64)
        for size in sizes:
            value = ""
            for place in range(size):
                end = _TO_END if place == size - 1 else place - size + 1
                byte = writer.add("Slice", data, writer.integers(place), writer.integers(end), zero)
                scaled = writer.add("Mul", byte, writer.integer(256**place)) if place else byte
                value = writer.add("Add", value, scaled) if value else scaled
            a, c = hashing.constants(view, size)
            small = writer.add("Mod", value, writer.integer(PRIME))
            mixed = writer.add("Add", writer.add("Mul", small, writer.integer(a)), writer.integer(c))
            folded = writer.add(
                "Mod", writer.add("Mod", mixed, writer.integer(PRIME)), writer.integer(buckets)
            )
            parts.append(folded)
    every = writer.add("Concat", *parts, axis=0)
    writer.nodes.append(
        helper.make_node(
            "TopK", [every, writer.add("Shape", every)], ["sorted", "order"], axis=0, largest=1, sorted=1
        )
    )
    ours = writer.add("Slice", "sorted", writer.integers(1), writer.integers(_TO_END), zero)
    left = writer.add("Slice", "sorted", zero, writer.integers(-1), zero)
    first = writer.add("Cast", writer.add("Not", writer.add("Equal", ours, left)), to=TensorProto.FLOAT)
    weights = writer.add("Gather", writer.constant(content.weight, "content.weight"), ours)
    total = writer.add("ReduceSum", writer.add("Mul", weights, first), zero, keepdims=1)
    count = writer.add("ReduceSum", first, zero, keepdims=1)
    length = writer.add("Sqrt", writer.add("Max", count, writer.constant(np.array(1.0, np.float32))))
    return writer.add(
        "Add",
        writer.add("Div", total, length),
        writer.constant(np.array([content.bias], np.float32)),
        output="content_logit",
    )


def _tree_ensemble(
    writer: _Writer, dense: str, trees: Sequence[Mapping[str, Any]], base_margin: float
) -> str:
    """Write the booster's splits as they are: ``x < threshold`` goes left, missing goes the learnt way."""
    nodes: dict[str, list[Any]] = {
        key: []
        for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
    }
    missing: list[int] = []
    leaves: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for number, tree in enumerate(trees):
        split, left, right = tree["split_conditions"], tree["left_children"], tree["right_children"]
        for node, child in enumerate(left):
            leaf = child == -1
            nodes["treeids"].append(number)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(0 if leaf else tree["split_indices"][node])
            nodes["modes"].append("LEAF" if leaf else "BRANCH_LT")
            nodes["values"].append(0.0 if leaf else split[node])
            nodes["truenodeids"].append(0 if leaf else child)
            nodes["falsenodeids"].append(0 if leaf else right[node])
            missing.append(0 if leaf else int(tree["default_left"][node]))
            if leaf:
                leaves["treeids"].append(number)
                leaves["nodeids"].append(node)
                leaves["ids"].append(0)
                leaves["weights"].append(split[node])
    attributes: dict[str, Any] = {
        "domain": "ai.onnx.ml",
        "n_targets": 1,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        "base_values": [base_margin],
        "nodes_missing_value_tracks_true": missing,
        **{f"nodes_{key}": value for key, value in nodes.items()},
        **{f"target_{key}": value for key, value in leaves.items()},
    }
    return writer.add("TreeEnsembleRegressor", dense, **attributes)
