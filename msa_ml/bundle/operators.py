"""What a graph is made of, read from its bytes before anything runs it.

A bundle's graph is arithmetic that every onnxruntime from 1.17 on has: operators of the two standard domains, without
branches, loops or functions of its own, with all its weights inside. Anything else is refused with the reason, whoever
made it: a loop need not end, weights in another file have no hash, and an operator of another domain is code that only
some installations have.

The format is protocol buffers (https://protobuf.dev/programming-guides/encoding/) of onnx.proto; only the fields that
are asked for are read, and the base install needs no library for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msa_ml.errors import BundleRefused

OPSETS = {"": 18, "ai.onnx.ml": 3}
"""The domains, and the newest version of each that onnxruntime 1.17 runs."""
IR_VERSION = 9
BRANCHING = frozenset({"If", "Loop", "Scan", "SequenceMap"})
"""The standard operators that hold another graph."""
_MOST_NODES = 10_000

# Numbers of fields in onnx.proto.
_MODEL_IR, _MODEL_GRAPH, _MODEL_OPSET = 1, 7, 8
_NEVER = {20: "training information", 25: "a function of its own"}
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR = 5
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14


def demand_plain(data: bytes) -> None:
    """Demand that a serialised model holds nothing but standard operators and its own weights.

    Raises
    ------
    BundleRefused
        It holds something else, or it is no model.
    """
    try:
        _demand_model(memoryview(data))
    except (IndexError, UnicodeDecodeError, TypeError) as error:
        raise BundleRefused(
            "model.onnx cannot be loaded: it is no ONNX model.", hint="Export the bundle again."
        ) from error


def _demand_model(model: memoryview) -> None:
    graphs = 0
    for number, value in _fields(model):
        if number in _NEVER:
            raise _refused(_NEVER[number])
        if number == _MODEL_IR and _integer(value) > IR_VERSION:
            raise _refused(f"IR version {value}; at most {IR_VERSION} is read")
        if number == _MODEL_OPSET:
            _demand_opset(_bytes(value))
        elif number == _MODEL_GRAPH:
            graphs += 1
            _demand_graph(_bytes(value))
    if graphs != 1:
        raise IndexError


def _demand_opset(opset: memoryview) -> None:
    found = dict(_fields(opset))
    domain = _text(found.get(_OPSET_DOMAIN, b""))
    version = _integer(found.get(_OPSET_VERSION, 0))
    if domain not in OPSETS:
        raise _refused(f"operators of the domain {domain[:60]!a}")
    if version > OPSETS[domain]:
        raise _refused(f"opset {version} of {domain or 'ai.onnx'}; at most {OPSETS[domain]} is read")


def _demand_graph(graph: memoryview) -> None:
    nodes = 0
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            nodes += 1
            _demand_node(_bytes(value))
        elif number == _GRAPH_INITIALIZER:
            _demand_inside(_bytes(value))
        elif number == _GRAPH_SPARSE:
            raise _refused("sparse weights")
    if nodes > _MOST_NODES:
        raise _refused(f"{nodes} operators; at most {_MOST_NODES} are read")


def _demand_node(node: memoryview) -> None:
    found = list(_fields(node))
    last = dict(found)
    operator, domain = _text(last.get(_NODE_OPERATOR, b"")), _text(last.get(_NODE_DOMAIN, b""))
    if domain not in OPSETS:
        raise _refused(f"the operator {operator[:60]!a} of the domain {domain[:60]!a}")
    if operator in BRANCHING:
        raise _refused(f"the operator {operator}, which holds a graph of its own")
    if operator in ("Constant", "ConstantOfShape"):
        attributes = (_bytes(value) for number, value in found if number == _NODE_ATTRIBUTE)
        for attribute in attributes:
            for number, value in _fields(attribute):
                if number == _ATTRIBUTE_TENSOR:
                    _demand_inside(_bytes(value))


def _demand_inside(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value != 0):
            raise _refused("weights in another file")


def _refused(what: str) -> BundleRefused:
    return BundleRefused(f"model.onnx holds {what}.", hint="Export the bundle again.")


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (number, value) of every field; a nested message or text as its bytes, what is fixed in size as 0."""
    place, end = 0, len(message)
    while place < end:
        key, place = _varint(message, place)
        wire, value = key & 7, 0
        if wire == 0:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if wire == 2:
            length, place = _varint(message, place)
            if length > end - place:
                raise IndexError
            yield key >> 3, message[place : place + length]
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
            yield key >> 3, 0
        else:
            raise IndexError
        place += length
    if place != end:
        raise IndexError


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise IndexError


def _integer(value: int | memoryview | bytes) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _bytes(value: int | memoryview | bytes) -> memoryview:
    if isinstance(value, int):
        raise TypeError
    return memoryview(value)


def _text(value: int | memoryview | bytes) -> str:
    return bytes(_bytes(value)).decode("utf-8")
