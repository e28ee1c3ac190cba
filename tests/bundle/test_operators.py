"""A graph with anything but standard arithmetic and its own weights is refused, with the reason, before it is run."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from msa_ml.bundle.graph import emit
from msa_ml.bundle.operators import demand_plain
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.runtime import Graph
from msa_ml.bundle.write import Contents, write
from msa_ml.cli import main
from msa_ml.errors import BundleRefused
from tests.bundle.tiny import graph, reseal, tiny

Change = Callable[[onnx.ModelProto], None]


def _node(operator: str, domain: str = "") -> Change:
    """Let a further operator stand in the graph."""

    def change(model: onnx.ModelProto) -> None:
        model.graph.node.append(helper.make_node(operator, ["logit"], ["more"], domain=domain))

    return change


def _also(domain: str, version: int) -> Change:
    return lambda model: model.opset_import.append(helper.make_opsetid(domain, version))


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../../../../../etc/passwd"


def _external_constant(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(3, np.float32))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    model.graph.node.append(helper.make_node("Constant", [], ["more"], value=tensor))


def _function(model: onnx.ModelProto) -> None:
    made = helper.make_function(
        "own", "F", ["x"], ["y"], [helper.make_node("Neg", ["x"], ["y"])], [helper.make_opsetid("", 17)]
    )
    model.functions.append(made)
    model.graph.node.append(helper.make_node("F", ["logit"], ["more"], domain="own"))


def _loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["on"])],
        "forever",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, [])],
    )
    model.graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
    model.graph.node.append(helper.make_node("Loop", ["", "yes"], [], body=body))


def _sparse(model: onnx.ModelProto) -> None:
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("p", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [3]))


def _version(domain: str, version: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        next(entry for entry in model.opset_import if entry.domain == domain).version = version

    return change


def _ir(model: onnx.ModelProto) -> None:
    model.ir_version = 10


def _training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def _crowd(model: onnx.ModelProto) -> None:
    for number in range(10_001):
        model.graph.node.append(helper.make_node("Neg", ["logit"], [f"n{number}"]))


FORGED: dict[str, tuple[Change, str]] = {
    "own domain": (_also("acme", 1), "operators of the domain 'acme'"),
    "contributed operator": (
        _node("Gelu", "com.microsoft"),
        "the operator 'Gelu' of the domain 'com.microsoft'",
    ),
    "operator of nobody": (_node("Frobnicate"), "cannot be loaded: .*Frobnicate"),
    "escape in a name": (_node("\x1b[2J", "\x1b[2J"), r"the operator '\\x1b\[2J' of the domain '\\x1b\[2J'"),
    "weights elsewhere": (_external, "weights in another file"),
    "constant elsewhere": (_external_constant, "weights in another file"),
    "function": (_function, "a function of its own|the operator .F. of the domain"),
    "endless loop": (_loop, "the operator Loop, which holds a graph"),
    "branch": (_node("If"), "the operator If, which holds a graph"),
    "scan": (_node("Scan"), "the operator Scan, which holds a graph"),
    "sparse": (_sparse, "sparse weights"),
    "newer opset": (_version("", 19), "opset 19 of ai.onnx; at most 18"),
    "newer trees": (_version("ai.onnx.ml", 5), "opset 5 of ai.onnx.ml; at most 3"),
    "newer format": (_ir, "IR version 10; at most 9"),
    "training": (_training, "training information"),
    "crowd": (_crowd, r"\d+ operators; at most 10000"),
}


@pytest.fixture(scope="module")
def plain() -> bytes:
    return graph(5)


def test_what_is_emitted_is_plain(plain: bytes, spam_contents: Contents) -> None:
    demand_plain(plain)
    demand_plain(spam_contents.graph)
    demand_plain(graph(5, view=None))


@pytest.mark.parametrize("forge", FORGED)
def test_what_is_not_plain_is_refused_with_the_reason(plain: bytes, forge: str) -> None:
    change, said = FORGED[forge]
    model = onnx.load_from_string(plain)
    change(model)
    with pytest.raises(BundleRefused, match=said):
        Graph(model.SerializeToString())


def test_a_bundle_with_such_a_graph_is_refused_though_every_hash_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from msa_ml.bundle.golden_mail import golden_mail

    bundle: Bundle = write(tmp_path / "spam", tiny(), golden_mail())
    model = onnx.load_from_string((bundle.path / "model.onnx").read_bytes())
    _loop(model)
    (bundle.path / "model.onnx").write_bytes(model.SerializeToString())
    reseal(bundle.path)
    with pytest.raises(BundleRefused, match="the operator Loop"):
        load(bundle.path)
    assert main(["verify", str(bundle.path)]) == 1
    assert "model.onnx holds the operator Loop" in capsys.readouterr().err


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_models_are_refused_or_read_and_nothing_else(plain: bytes, data: st.DataObject) -> None:
    changed = bytearray(plain)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    for model in (bytes(changed), plain[:cut]):
        with contextlib.suppress(BundleRefused):
            demand_plain(model)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BundleRefused):
        demand_plain(data)


def test_the_folder_of_the_caller_is_not_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: bytes
) -> None:
    """Whatever stands beside the process, weights of another file are not read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.bin").write_bytes(os.urandom(12))
    model = onnx.load_from_string(plain)
    _external_constant(model)
    with pytest.raises(BundleRefused, match="another file"):
        Graph(model.SerializeToString())


def test_many_trees_are_read_in_a_moment() -> None:
    import time

    tree = {
        "split_conditions": [0.5, -1.0, 1.0], "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0], "default_left": [1, 0, 0],
    }  # fmt: skip
    made = emit(width=3, trees=[tree] * 3000, base_margin=0.0, slope=1.0, intercept=0.0)
    begin = time.process_time()
    demand_plain(made)
    assert time.process_time() - begin < 0.5
