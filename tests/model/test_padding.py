"""Padded copies: as many as there is spam, never longer than a mail can be, nothing invented."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from msa_ml.model.padding import LENGTH, padded

TEXTS = st.lists(st.tuples(st.binary(max_size=4000), st.integers(0, 1)), max_size=8)


@settings(deadline=None, max_examples=50)  # ham without text is drawn many times before it ends
@given(TEXTS, st.integers(0, 1000))
def test_promises(rows: list[tuple[bytes, int]], seed: int) -> None:
    texts = [text for text, _ in rows]
    y = np.array([label for _, label in rows], np.int64)
    heads = [b"head %d" % number for number in range(len(rows))]
    content = {"head": heads, "text": texts}
    copies = padded(content, y, view="text", seed=seed)
    if not (y == 0).any():
        assert copies == {"head": [], "text": []}
        return
    spam = np.flatnonzero(y == 1)
    assert copies["head"] == [heads[number] for number in spam]
    assert len(copies["text"]) == len(spam)
    limit = max(map(len, texts))
    assert all(len(copy) <= limit for copy in copies["text"])
    assert content == {"head": heads, "text": texts}, "what was given stays as it was"
    assert copies == padded(content, y, view="text", seed=seed)


@given(st.integers(0, 1000))
def test_a_copy_is_the_spam_and_pieces_of_ham(seed: int) -> None:
    ham = [bytes([65 + number]) * 1000 for number in range(3)] + [b"." * 9000]
    content = {"text": [*ham, b"cheap pills"]}
    [copy] = padded(content, np.array([0, 0, 0, 0, 1]), view="text", seed=seed)["text"]
    assert copy.startswith(b"cheap pills ") or copy.endswith(b" cheap pills")
    rest = copy.replace(b"cheap pills", b"")
    assert len(rest) == LENGTH + 1
    assert set(rest) <= set(b"ABC. ")


def test_it_is_drawn_on_both_sides() -> None:
    content = {"text": [b"lunch " * 1000, *[b"cheap pills"] * 50]}
    copies = padded(content, np.array([0] + [1] * 50), view="text", seed=0)["text"]
    before = sum(copy.endswith(b"cheap pills") for copy in copies)
    assert 10 < before < 40


def test_ham_without_text_ends() -> None:
    content = {"text": [b"", b"x" * 5000]}
    [copy] = padded(content, np.array([0, 1]), view="text", seed=0)["text"]
    assert copy.strip(b" x") == b""
