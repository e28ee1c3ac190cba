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

from msa_ml.model.ngrams import WORD, NgramHash

OPSET, ML_OPSET, IR_VERSION = 17, 3, 9
SLOT_BITS = 14
"""Slots of the table that finds repetitions: 64 KiB, which stay in the nearest cache; fewer leave more to sort."""
TREES_A_NODE = 25
"""Of graphs that score many rows at once. onnxruntime takes one row through all trees of a node before the next row; few
trees stay in a near cache meanwhile. 300 trees of depth 6 score 100,000 rows in 0.89 of the time, one row in 9 us more."""
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

    def small(self, value: int) -> str:
        return self.constant(np.array(value, np.int32))

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

    Operators are chosen by their time on mail of ordinary length: ``GatherElements`` does what ``Gather`` does without
    a call for each element, and a ``TopK`` over all n-grams would take longer than everything else together.
    """
    bits = content.hashing.bits
    hashed = _hashed(writer, content.hashing)
    bucket = _high_bits(writer, hashed, bits)
    # Every n-gram writes its position into a slot of a small table. One that finds its own position there stands for
    # its bucket; one that finds another of its bucket is a repetition; the few that find a stranger are sorted. Which
    # of several writers a slot keeps is all the same.
    slots = min(bits, SLOT_BITS)
    slot = _high_bits(writer, hashed, slots)
    position = writer.add(
        "Range",
        writer.small(0),
        writer.add("Cast", writer.add("Size", bucket), to=TensorProto.INT32),
        writer.small(1),
    )
    empty = numpy_helper.from_array(np.zeros(1, np.int32))
    table = writer.add("ConstantOfShape", writer.integers(1 << slots), value=empty)
    kept = writer.add("ScatterElements", table, slot, position, axis=0)
    winner = writer.add("GatherElements", kept, slot, axis=0)
    stands = writer.add("Cast", writer.add("Equal", winner, position), to=TensorProto.FLOAT)
    theirs = writer.add("GatherElements", bucket, winner, axis=0)
    strange = writer.add("Not", writer.add("Equal", theirs, bucket))
    rest, first = _once(writer, writer.add("Compress", bucket, strange, axis=0), 1 << bits)
    every = writer.add("Concat", bucket, rest, axis=0)
    counted = writer.add("Concat", stands, first, axis=0)
    weights = _weights(writer, content.weight, every)
    zero = writer.integers(0)
    total = writer.add("ReduceSum", writer.add("Mul", weights, counted), zero, keepdims=0)
    count = writer.add("ReduceSum", counted, zero, keepdims=0)
    length = writer.add("Sqrt", writer.add("Max", count, writer.constant(np.array(1.0, np.float32))))
    return writer.add(
        "Add", writer.add("Div", total, length), writer.constant(np.array(content.bias, np.float32))
    )


def _hashed(writer: _Writer, hashing: NgramHash) -> str:
    """Return ``a * low + c * high`` of every n-gram of all views, modulo 2**32: uint32[all]."""
    parts = []
    for view, sizes in hashing.sizes.items():
        data = writer.add("Cast", f"content.{view}", to=TensorProto.INT64)
        words: dict[int, str] = {1: data}
        for size in sizes:
            a, c = hashing.multipliers(view, size)
            mixed = writer.add("Mul", _word(writer, words, min(size, WORD)), writer.integer(a))
            if size > WORD:
                # Each product fits in int64; their sum does once the first is reduced to 32 bits.
                low = writer.add("Cast", mixed, to=TensorProto.UINT32)
                low = _part(writer, writer.add("Cast", low, to=TensorProto.INT64), 0, WORD - size)
                high = _part(writer, _word(writer, words, size - WORD), WORD, 0)
                mixed = writer.add("Add", low, writer.add("Mul", high, writer.integer(c)))
            parts.append(mixed)
    return writer.add("Cast", writer.add("Concat", *parts, axis=0), to=TensorProto.UINT32)


def _word(writer: _Writer, words: dict[int, str], size: int) -> str:
    """Return every run of ``size`` bytes as one little-endian number, int64; joined from two shorter ones."""
    if size not in words:
        left = size // 2 + size % 2
        right = size - left
        scaled = writer.add("Mul", _word(writer, words, right), writer.integer(256**left))
        words[size] = writer.add(
            "Add",
            _part(writer, words.get(left) or _word(writer, words, left), 0, -right),
            _part(writer, scaled, left, 0),
        )
    return words[size]


def _part(writer: _Writer, values: str, start: int, end: int) -> str:
    """Return the elements from ``start``; the last are left out with a negative ``end``."""
    return writer.add(
        "Slice", values, writer.integers(start), writer.integers(end or _TO_END), writer.integers(0)
    )


def _high_bits(writer: _Writer, hashed: str, bits: int) -> str:
    """Return the ``bits`` highest of 32, int32."""
    by = writer.constant(np.array(32 - bits, np.uint32))
    return writer.add("Cast", writer.add("BitShift", hashed, by, direction="RIGHT"), to=TensorProto.INT32)


def _once(writer: _Writer, buckets: str, above: int) -> tuple[str, str]:
    """Return the buckets in falling order, and for each 1.0 where it stands first, else 0.0."""
    # One above all others comes first, so that every real one has a left neighbour.
    guarded = writer.add("Concat", writer.constant(np.array([above], np.int32)), buckets, axis=0)
    writer.nodes.append(
        helper.make_node(
            "TopK", [guarded, writer.add("Shape", guarded)], ["sorted", "order"], axis=0, largest=1, sorted=1
        )
    )
    ours, left = _part(writer, "sorted", 1, 0), _part(writer, "sorted", 0, -1)
    first = writer.add("Cast", writer.add("Greater", left, ours), to=TensorProto.FLOAT)
    return ours, first


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
