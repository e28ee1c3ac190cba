"""Seeded hashing of byte n-grams: the public arithmetic that the graph of a bundle repeats.

For an n-gram of n bytes ``b[0] .. b[n-1]`` (n <= 7) and a view with the number ``s``::

    v      = b[0] + 256 * b[1] + ... + 256**(n-1) * b[n-1]
    bucket = (((v mod P) * a + c) mod P) mod 2**bits        with P = 2**31 - 1

where ``a`` (1 <= a < P) and ``c`` (0 <= c < P) belong to (seed, view, n). Every product stays below 2**62, so int64
suffices. A message is the *set* of its buckets; each present bucket counts ``1 / sqrt(number of buckets)``.
The family is universal (Carter and Wegman, Universal classes of hash functions, 1979). It promises no privacy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from msa_ml.errors import InputError

PRIME = 2**31 - 1
LONGEST = 7


@dataclass(frozen=True, slots=True)
class NgramHash:
    """How content becomes buckets.

    Attributes
    ----------
    sizes
        Lengths of the n-grams in bytes, by view, 1..7.
    bits
        The number of buckets is ``2**bits``, 10..24.
    seed
        Public part of the specification.

    Examples
    --------
    >>> hashing = NgramHash({"text": (4,)}, bits=18)
    >>> matrix = hashing.matrix({"text": [b"free money", b"", b"free money"]})
    >>> matrix.shape, int(matrix[0].nnz), int(matrix[1].nnz)
    ((3, 262144), 7, 0)
    """

    sizes: Mapping[str, tuple[int, ...]]
    bits: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if not 10 <= self.bits <= 24:
            raise InputError(f"bits of the n-gram hash must be 10..24, found {self.bits}.")
        for view, sizes in self.sizes.items():
            if not sizes or not all(1 <= size <= LONGEST for size in sizes):
                raise InputError(f"n-gram sizes of '{view}' must be 1..{LONGEST}, found {list(sizes)}.")

    def constants(self, view: str, size: int) -> tuple[int, int]:
        """Return (a, c) of one view and size, drawn from SHA-256 over seed, view and size."""
        drawn = hashlib.sha256(f"msa_ml n-gram {self.seed} {view} {size}".encode()).digest()
        return (
            1 + int.from_bytes(drawn[:8], "big") % (PRIME - 1),
            int.from_bytes(drawn[8:16], "big") % PRIME,
        )

    def buckets(self, content: Mapping[str, Sequence[bytes]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return (starts[N + 1], buckets) of N messages: each message's buckets, sorted, without repetition."""
        counts = {len(items) for items in content.values()}
        if len(counts) != 1:
            raise InputError("every view must hold one byte string a message.")
        number = counts.pop()
        keys = [self._keys(content[view], view, size) for view, sizes in self.sizes.items() for size in sizes]
        merged = np.sort(np.concatenate(keys)) if keys else np.empty(0, np.int64)
        first = np.ones(len(merged), bool)
        first[1:] = merged[1:] != merged[:-1]
        merged = merged[first]
        starts = np.searchsorted(merged, np.arange(number + 1, dtype=np.int64) << self.bits)
        return starts.astype(np.int64), (merged & ((1 << self.bits) - 1)).astype(np.int32)

    def matrix(self, content: Mapping[str, Sequence[bytes]]) -> csr_matrix:
        """Return float32[N, 2**bits], each row of Euclidean length 1 (or 0 where there is no content)."""
        starts, buckets = self.buckets(content)
        lengths = np.diff(starts)
        values = np.repeat((1.0 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32), lengths)
        return csr_matrix((values, buckets, starts), shape=(len(lengths), 1 << self.bits))

    def _keys(self, items: Sequence[bytes], view: str, size: int) -> NDArray[np.int64]:
        """Return message number << bits | bucket for every n-gram of one view and size."""
        lengths = np.fromiter((len(item) for item in items), np.int64, len(items))
        data = np.frombuffer(b"".join(items), np.uint8).astype(np.int64)
        count = len(data) - size + 1
        if count <= 0:
            return np.empty(0, np.int64)
        value = np.zeros(count, np.int64)
        for place in range(size):
            value += data[place : place + count] << (8 * place)
        owner = np.repeat(np.arange(len(items), dtype=np.int64), lengths)
        # An n-gram that would cross from one message into the next belongs to none.
        whole = owner[:count] == owner[size - 1 :]
        a, c = self.constants(view, size)
        bucket = (((value[whole] % PRIME) * a + c) % PRIME) & ((1 << self.bits) - 1)
        keys: NDArray[np.int64] = (owner[:count][whole] << self.bits) | bucket
        return keys
