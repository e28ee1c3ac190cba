"""The one ONNX graph of a bundle: from content bytes and dense features to a calibrated probability.

Inputs
    ``content.<view>`` uint8[N] for each content view, one mail a run; ``dense`` float32[B, F], ``nan`` is missing.
    With content, every row of ``dense`` is scored with the same content; serving sends B = 1.
Outputs
    ``logit`` float32[B], ``probability`` float32[B], and with content ``content_logit`` float32[1].

Only standard operators: opset 18, ai.onnx.ml 3, ir_version 9, so that onnxruntime >= 1.17 loads it. The tree ensemble
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

from msa_ml.model.ngrams import NgramHash

OPSET, ML_OPSET, IR_VERSION = 18, 3, 9
TREES_A_NODE = 25
"""Of graphs that score many rows at once. onnxruntime takes one row through all trees of a node before the next row; few
trees stay in a near cache meanwhile. 300 trees of depth 6 score 100,000 rows in 0.89 of the time, one row in 9 us more."""


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

    def small(self, value: int) -> str:
        return self.constant(np.array(value, np.int32))

    def word(self, value: int) -> str:
        return self.constant(np.array(value, np.uint32))

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
        The content model; its logit is added to the margin of the trees.
    """
    writer = _Writer()
    # A run of a graph with content is one mail, which pays for every node.
    margin = _trees(writer, trees, base_margin, len(trees) if content is not None else TREES_A_NODE)
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
        writer.add("Reshape", logit, writer.integers(1), output="content_logit")
        margin = writer.add("Add", margin, logit)
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
    """Hash, drop repetitions, add up weights, normalise by the root of the number of buckets: a float32 scalar.

    A message has few bytes, so the number of operators counts, and ``GatherElements`` does what ``Gather`` does without a
    call for each element.
    """
    hashing = content.hashing
    # The bucket is the lowest bits of the hash, and the slot the upper bits of the bucket.
    lowest = writer.add("BitwiseAnd", _mixed(writer, hashing), writer.word((1 << hashing.bits) - 1))
    apart = writer.word(hashing.bits - hashing.slot_bits)
    upper = writer.add("BitShift", lowest, apart, direction="RIGHT")
    bucket, slot = (writer.add("Cast", number, to=TensorProto.INT32) for number in (lowest, upper))
    # Every window writes its position into its slot, and the last one that does stands for it.
    position = writer.add(
        "Range",
        writer.small(0),
        writer.add("Cast", writer.add("Size", slot), to=TensorProto.INT32),
        writer.small(1),
    )
    empty = numpy_helper.from_array(np.zeros(1, np.int32))
    table = writer.add("ConstantOfShape", writer.integers(1 << hashing.slot_bits), value=empty)
    kept = writer.add("ScatterElements", table, slot, position, axis=0, reduction="max")
    winner = writer.add("GatherElements", kept, slot, axis=0)
    stands = writer.add("Cast", writer.add("Equal", winner, position), to=TensorProto.FLOAT)
    weights = _weights(writer, content.weight, bucket)
    zero = writer.integers(0)
    total = writer.add("ReduceSum", writer.add("Mul", weights, stands), zero, keepdims=0)
    length = writer.add("Sqrt", writer.add("ReduceSum", stands, zero, keepdims=0))
    return writer.add(
        "Add", writer.add("Div", total, length), writer.constant(np.array(content.bias, np.float32))
    )


def _mixed(writer: _Writer, hashing: NgramHash) -> str:
    """Return the hash of every window of all views, before the bits are chosen: uint32[all]."""
    parts = []
    codes = {view: writer.add("Cast", f"content.{view}", to=TensorProto.INT32) for view in hashing.sizes}
    numbers = {
        view: writer.add(
            "GatherElements", writer.constant(hashing.table(view).astype(np.float32)), code, axis=0
        )
        for view, code in codes.items()
    }
    for size, views in hashing.by_size.items():
        zeros = [writer.constant(np.zeros(size - 1, np.float32))] if size > 1 else []
        pieces = [*zeros, *(piece for view in views for piece in (numbers[view], *zeros))]
        whole = writer.add("Concat", *pieces, axis=0)
        factors = writer.constant(hashing.factors(size).astype(np.float32).reshape(1, 1, size))
        row = writer.add("Reshape", whole, writer.integers(1, 1, -1))
        parts.append(writer.add("Reshape", writer.add("Conv", row, factors), writer.integers(-1)))
    mixed = writer.add("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]
    return writer.add("Cast", mixed, to=TensorProto.UINT32)


def _weights(writer: _Writer, weight: NDArray[np.float32], buckets: str) -> str:
    """Return the weight of each bucket, float32."""
    half = weight.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), weight):
        return writer.add("GatherElements", writer.constant(weight, "content.weight"), buckets, axis=0)
    # Nothing is lost, and the file is half as large.
    found = writer.add("GatherElements", writer.constant(half, "content.weight"), buckets, axis=0)
    return writer.add("Cast", found, to=TensorProto.FLOAT)


def _trees(writer: _Writer, trees: Sequence[Mapping[str, Any]], base_margin: float, most: int) -> str:
    """Return the margin of all trees, with at most so many in one node."""
    most = max(1, most)
    parts = [
        _tree_ensemble(writer, "dense", trees[start : start + most], 0.0 if start else base_margin)
        for start in range(0, max(1, len(trees)), most)
    ]
    return parts[0] if len(parts) == 1 else writer.add("Sum", *parts)


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
