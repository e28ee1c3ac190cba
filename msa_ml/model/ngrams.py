"""Seeded hashing of byte n-grams: the public arithmetic that the graph of a bundle repeats.

For an n-gram of n bytes ``b[0] .. b[n-1]`` (n <= 7) of a view, with the first four in one word and the rest in another::

    low    = b[0] + 256 * b[1] + 256**2 * b[2] + 256**3 * b[3]      (without the bytes that a shorter n-gram lacks)
    high   = b[4] + 256 * b[5] + 256**2 * b[6]                      (0 for n <= 4)
    bucket = ((a * low + c * high) mod 2**32) >> (32 - bits)

where ``a`` and ``c``, odd and from -2**31 to 2**31 - 1, belong to (seed, view, n): see :meth:`NgramHash.multipliers`.
No product leaves int64, and none of 32 bits is needed that wraps. A message is the *set* of its buckets; each present
bucket counts ``1 / sqrt(number of buckets)``. An n-gram never crosses from one view into another.

For n <= 4 this is the multiply-shift hash: two different n-grams share a bucket for at most a share
``2 / 2**bits`` of all ``a`` (Dietzfelbinger et al., A reliable randomized algorithm for the closest-pair problem,
Journal of Algorithms, 1997). It promises no privacy: with public multipliers, n-grams can be found again by trying.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from msa_ml.errors import InputError

LONGEST = 7
WORD = 4
"""Bytes of the first word."""
_GROUP = 128
"""Messages that are sorted together: number and bucket of each n-gram fit in 32 bits, which sort fastest."""


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

    def multipliers(self, view: str, size: int) -> tuple[int, int]:
        """Return (a, c) of one view and size.

        They are the first two big-endian signed 32-bit integers of SHA-256 over the UTF-8 text
        ``msa_ml n-gram <seed> <view> <size>``, each with its lowest bit set.

        Examples
        --------
        >>> NgramHash({"text": (4,)}).multipliers("text", 4)
        (-1557555883, -910157249)
        """
        drawn = hashlib.sha256(f"msa_ml n-gram {self.seed} {view} {size}".encode()).digest()
        a, c = (int.from_bytes(drawn[start : start + 4], "big", signed=True) | 1 for start in (0, 4))
        return a, c

    def buckets(self, content: Mapping[str, Sequence[bytes]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return (starts[N + 1], buckets) of N messages: each message's buckets, sorted, without repetition."""
        counts = {len(items) for items in content.values()}
        if len(counts) != 1:
            raise InputError("every view must hold one byte string a message.")
        number = counts.pop()
        lengths = [np.zeros(1, np.int64)]
        found = [np.empty(0, np.int32)]
        for start in range(0, number, _GROUP):
            group = {view: content[view][start : start + _GROUP] for view in self.sizes}
            keys = np.sort(np.concatenate([*self._keys(group), np.empty(0, np.uint32)]))
            first = np.ones(len(keys), bool)
            first[1:] = keys[1:] != keys[:-1]
            keys = keys[first]
            owners = np.arange(1, min(_GROUP, number - start) + 1, dtype=np.uint64) << np.uint64(self.bits)
            ends = np.searchsorted(keys, (owners - np.uint64(1)).astype(np.uint32), side="right")
            lengths.append(np.diff(ends, prepend=0))
            found.append((keys & np.uint32((1 << self.bits) - 1)).astype(np.int32))
        return np.cumsum(np.concatenate(lengths)), np.concatenate(found)

    def matrix(self, content: Mapping[str, Sequence[bytes]]) -> csr_matrix:
        """Return float32[N, 2**bits], each row of Euclidean length 1 (or 0 where there is no content)."""
        starts, buckets = self.buckets(content)
        lengths = np.diff(starts)
        values = np.repeat((1.0 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32), lengths)
        return csr_matrix((values, buckets, starts), shape=(len(lengths), 1 << self.bits))

    def _keys(self, group: Mapping[str, Sequence[bytes]]) -> Iterator[NDArray[np.uint32]]:
        """Yield, for each view and size, number of the message in the group << bits | bucket of every n-gram."""
        for view, sizes in self.sizes.items():
            items = group[view]
            data = np.frombuffer(b"".join(items), np.uint8)
            numbers = np.arange(len(items), dtype=np.uint32) << np.uint32(self.bits)
            owner = np.repeat(numbers, [len(item) for item in items])
            for size in sizes:
                count = len(data) - size + 1
                if count <= 0:
                    continue
                a, c = (np.uint32(factor % 2**32) for factor in self.multipliers(view, size))
                mixed = _word(data, 0, min(size, WORD), count) * a
                if size > WORD:
                    mixed += _word(data, WORD, size - WORD, count) * c
                # An n-gram that would cross from one message into the next belongs to none.
                whole = owner[:count] == owner[size - 1 :]
                yield (owner[:count] | (mixed >> np.uint32(32 - self.bits)))[whole]


def _word(data: NDArray[np.uint8], start: int, size: int, count: int) -> NDArray[np.uint32]:
    """Return ``size`` bytes from ``start`` of each of ``count`` n-grams as one little-endian word, uint32[count]."""
    word = data[start : start + count].astype(np.uint32)
    for place in range(1, size):
        word |= data[start + place : start + place + count].astype(np.uint32) << np.uint32(8 * place)
    return word
