"""The graph repeats the arithmetic of the library: hashing, trees, calibration."""

import json
from itertools import pairwise

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from msa_ml.bundle.graph import TREES_A_NODE, ContentPart, emit
from msa_ml.bundle.runtime import Graph
from msa_ml.features.extractor import Vectors
from msa_ml.model.boosting import BoostedTrees
from msa_ml.model.ngrams import NgramHash

HASHING = NgramHash({"text": (2, 4), "head": (4, 7)}, bits=12, seed=3)
WEIGHT = np.random.default_rng(0).normal(size=2**12).astype(np.float32)


def _trees() -> tuple[BoostedTrees, np.ndarray]:
    random = np.random.default_rng(1)
    X = random.normal(size=(2000, 6)).astype(np.float32)
    X[random.random(X.shape) < 0.2] = np.nan
    y = (np.nan_to_num(X[:, 0]) + 0.5 * np.nan_to_num(X[:, 1], nan=1.0) > 0).astype(int)
    return BoostedTrees(rounds=40, depth=4).fit(X, y), X


@pytest.fixture(scope="module")
def graph() -> Graph:
    model, _ = _trees()
    trees, base = model.trees()
    return Graph(
        emit(
            width=6,
            trees=trees,
            base_margin=base,
            slope=1.3,
            intercept=-0.2,
            content=ContentPart(HASHING, WEIGHT, 0.7),
        )
    )


def _content_emitted(hashing: NgramHash, weight: np.ndarray) -> bytes:
    trees, base = _trees()[0].trees()
    return emit(
        width=6,
        trees=trees,
        base_margin=base,
        slope=1.0,
        intercept=0.0,
        content=ContentPart(hashing, weight, 0.0),
    )


def _content_graph(hashing: NgramHash, weight: np.ndarray) -> Graph:
    return Graph(_content_emitted(hashing, weight))


def _staying(hashing: NgramHash, content: dict[str, bytes]) -> set[int]:
    """The specification of the hash, read word for word."""
    slots: dict[int, int] = {}
    for size, views in {2: ["text"], 4: ["text", "head"], 7: ["head"]}.items():
        factors = hashing.factors(size).tolist()
        for view in [view for view in views if size in hashing.sizes.get(view, ())]:
            table = hashing.table(view).tolist()
            numbers = [0] * (size - 1) + [table[byte] for byte in content[view]] + [0] * (size - 1)
            for start in range(len(numbers) - size + 1):
                mixed = sum(a * b for a, b in zip(factors, numbers[start : start + size], strict=True))
                assert mixed < 2**24
                bucket = mixed % 2**hashing.bits
                slots[bucket >> (hashing.bits - hashing.slot_bits)] = bucket
    return set(slots.values())


def _reference(text: bytes, head: bytes) -> float:
    buckets = _staying(HASHING, {"text": text, "head": head})
    return float(sum(WEIGHT[bucket] for bucket in buckets) / np.sqrt(len(buckets)) + 0.7)


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_content_logit_is_the_specification_in_library_and_graph(
    graph: Graph, text: bytes, head: bytes
) -> None:
    expected = _reference(text, head)
    library = HASHING.matrix({"text": [text], "head": [head]}) @ WEIGHT + 0.7
    vectors = Vectors(np.zeros((1, 6), np.float32), {"text": [text], "head": [head]})
    found = graph.run(graph.inputs(vectors, 0), "content_logit")
    assert library[0] == pytest.approx(expected, abs=1e-5)
    assert found[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("half", [False, True])
def test_repetitions_count_once_however_many_ngrams_meet_in_a_slot(half: bool) -> None:
    hashing = NgramHash({"text": (3, 4)}, bits=20, seed=1)
    random = np.random.default_rng(0)
    weight = random.normal(size=2**20).astype(np.float32)
    if half:
        weight = weight.astype(np.float16).astype(np.float32)
    graph = _content_graph(hashing, weight)
    noise = random.bytes(30_000)
    for text in (noise, noise * 2, noise[:500] * 50, b"\0" * 9000, b"ab" * 4000 + noise[:9]):
        library = float((hashing.matrix({"text": [text]}) @ weight)[0])
        vectors = Vectors(np.zeros((1, 6), np.float32), {"text": [text]})
        found = graph.run(graph.inputs(vectors, 0), "content_logit")
        assert found[0] == pytest.approx(library, abs=2e-5)


def test_weights_of_half_precision_halve_the_file() -> None:
    hashing = NgramHash({"text": (4,)}, bits=16)
    weight = np.random.default_rng(0).normal(size=2**16).astype(np.float32)
    rounded = weight.astype(np.float16).astype(np.float32)
    assert len(_content_emitted(hashing, weight)) > 2**18
    assert len(_content_emitted(hashing, rounded)) < 2**18


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from((2, 4, 7)), st.integers(10, 24))
def test_buckets_are_the_specification_bit_for_bit(data: bytes, size: int, bits: int) -> None:
    view = "head" if size == 7 else "text"
    hashing = NgramHash({view: (size,)}, bits=bits, seed=5)
    starts, buckets = hashing.buckets({view: [b"", data, b"\xff" * size]})
    assert buckets[starts[1] : starts[2]].tolist() == sorted(_staying(hashing, {view: data}))
    assert buckets[: starts[1]].tolist() == [0]


def test_ngrams_that_meet_in_a_slot_are_decided_alike_by_library_and_graph() -> None:
    hashing = NgramHash({"text": (4,), "head": (2, 3)}, bits=24, seed=2)
    weight = np.random.default_rng(0).normal(size=2**24).astype(np.float16).astype(np.float32)
    graph = _content_graph(hashing, weight)
    noise = np.random.default_rng(1).bytes(40_000)
    content = {"text": [noise[:30_000]], "head": [noise[30_000:]]}
    starts, _ = hashing.buckets(content)
    assert starts[1] < 40_000 * 0.75  # many did meet
    library = float((hashing.matrix(content) @ weight)[0])
    found = graph.run(graph.inputs(Vectors(np.zeros((1, 6), np.float32), content), 0), "content_logit")
    assert found[0] == pytest.approx(library, abs=1e-4)


def test_messages_of_many_groups_keep_their_own_buckets() -> None:
    hashing = NgramHash({"text": (4,)}, bits=24)
    items = [b"", *(f"message {number} of many".encode() for number in range(300)), b"abc"]
    starts, buckets = hashing.buckets({"text": items})
    alone = [hashing.buckets({"text": [item]})[1] for item in items]
    assert [buckets[a:b].tolist() for a, b in pairwise(starts)] == [found.tolist() for found in alone]


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=8))
def test_a_batch_hashes_like_its_messages_alone(items: list[bytes]) -> None:
    together = HASHING.matrix({"text": items, "head": items[::-1]})
    for row, (text, head) in enumerate(zip(items, items[::-1], strict=True)):
        alone = HASHING.matrix({"text": [text], "head": [head]})
        assert (together[row] != alone).nnz == 0


def test_trees_agree_at_thresholds_infinities_and_missing() -> None:
    model, X = _trees()
    trees, base = model.trees()
    graph = Graph(emit(width=6, trees=trees, base_margin=base, slope=1.0, intercept=0.0))
    edges = np.unique(np.concatenate([np.array(tree["split_conditions"], np.float32) for tree in trees]))
    on_edges = np.resize(edges, (500, 6)).astype(np.float32)
    below, above = np.nextafter(on_edges, np.float32(-np.inf)), np.nextafter(on_edges, np.float32(np.inf))
    odd = np.array([[np.nan] * 6, [0.0] * 6, [-0.0] * 6, [3e38] * 6, [-3e38] * 6], np.float32)
    for rows in (X, on_edges, below, above, odd):
        ours = graph.logits(Vectors(rows, {}))
        np.testing.assert_allclose(ours, model.decision_function(rows), atol=2e-6)


def test_every_row_of_a_batch_shares_the_content(graph: Graph) -> None:
    dense = np.random.default_rng(2).normal(size=(3, 6)).astype(np.float32)
    content = {"text": [b"free money"], "head": [b"from"]}
    inputs = graph.inputs(Vectors(dense[:1], content), 0)
    together = graph.run({**inputs, "dense": dense})
    alone = [graph.run({**inputs, "dense": dense[row : row + 1]})[0] for row in range(3)]
    assert together.tolist() == alone


def test_a_wrong_tree_is_noticed() -> None:
    model, X = _trees()
    trees, base = model.trees()
    for tree in trees:
        tree["default_left"] = [1 - side for side in tree["default_left"]]
    graph = Graph(emit(width=6, trees=trees, base_margin=base, slope=1.0, intercept=0.0))
    assert not np.allclose(graph.logits(Vectors(X, {})), model.decision_function(X), atol=1e-3)


@pytest.mark.parametrize("number", [1, TREES_A_NODE - 1, TREES_A_NODE, TREES_A_NODE + 1, 40])
def test_trees_in_several_nodes_add_up_and_a_row_scores_alike_in_any_batch(number: int) -> None:
    _, X = _trees()
    y = np.nan_to_num(X[:, 0]) > 0
    settings = {"objective": "binary:logistic", "max_depth": 4, "base_score": 0.5, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(X, y), 40)
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = learner["gradient_booster"]["model"]["trees"][:number]
    graph = Graph(emit(width=6, trees=trees, base_margin=0.0, slope=1.0, intercept=0.0))
    wanted = booster.predict(xgboost.DMatrix(X), output_margin=True, iteration_range=(0, number))
    together = graph.logits(Vectors(X, {}))
    np.testing.assert_allclose(together, wanted, atol=2e-6)
    alone = [graph.logits(Vectors(X[row : row + 1], {}))[0] for row in range(200)]
    assert together[:200].tolist() == alone
    assert together[:77].tolist() == graph.logits(Vectors(X[:77], {})).tolist()
