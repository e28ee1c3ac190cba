"""Seeded hashing of byte n-grams: the public arithmetic that the graph of a bundle repeats.

Every byte of a view is replaced by a number of that view, ``T[view][byte]``, and n - 1 zeros are put before the first one
and after the last. For the n numbers ``t[0] .. t[n-1]`` of each window on them (n = 2 .. 7)::

    mixed  = W[n][0] * t[0] + ... + W[n][n-1] * t[n-1]
    bucket = mixed mod 2**bits

where T (1 to 2,047) and W (odd, up to 1,023) belong to the seed: see :meth:`NgramHash.table` and :meth:`NgramHash.factors`.
All is below 2**24, so that float32 is exact and one convolution hashes a whole message: that is why this arithmetic was
chosen. A view of N bytes has N + n - 1 windows, of which those at its ends know that they stand there; none crosses from
one view into another.

A message is a *set* of buckets. To find repetitions it has ``2**SLOT_BITS`` slots (all its buckets where those are no more);
the slot of a bucket is its upper bits, and of several buckets in one slot the last one stays, in the order of sizes, then
of views, then from left to right. Each bucket that stays counts ``1 / sqrt(number of buckets that stay)``. Of 1,500
different n-grams, as a mail has them, one in 45 is lost so.

It promises no privacy: with public numbers, n-grams can be found again by trying. Nor is it safe from somebody who looks
for n-grams that share a bucket; no hash into so few is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from msa_ml.errors import InputError

SHORTEST, LONGEST = 2, 7
SLOT_BITS = 15
"""Slots by which a message finds its repetitions: 128 KiB in the graph, which a near cache holds."""
_GROUP = 128
"""Messages that are sorted together: number and slot of each n-gram fit in 32 bits, which sort fastest."""
_NUMBERS, _FACTORS = 2_047, 1_023


@dataclass(frozen=True, slots=True)
class NgramHash:
    """How content becomes buckets.

    Attributes
    ----------
    sizes
        Lengths of the n-grams in bytes, by view, 2..7.
    bits
        The number of buckets is ``2**bits``, 10..24.
    seed
        Public part of the specification.

    Examples
    --------
    >>> hashing = NgramHash({"text": (4,)}, bits=18)
    >>> matrix = hashing.matrix({"text": [b"free money", b"", b"free money"]})
    >>> matrix.shape, int(matrix[0].nnz), int(matrix[1].nnz)
    ((3, 262144), 13, 1)
    """

    sizes: Mapping[str, tuple[int, ...]]
    bits: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if not 10 <= self.bits <= 24:
            raise InputError(f"bits of the n-gram hash must be 10..24, found {self.bits}.")
        for view, sizes in self.sizes.items():
            if not sizes or not all(SHORTEST <= size <= LONGEST for size in sizes):
                raise InputError(
                    f"n-gram sizes of '{view}' must be {SHORTEST}..{LONGEST}, found {list(sizes)}."
                )

    def table(self, view: str) -> NDArray[np.int32]:
        """Return T of one view, int32[256].

        Number i is 1 + (the i-th big-endian 16-bit number of SHAKE-256 over the UTF-8 text
        ``msa_ml n-gram <seed> view <view>``) mod 2047.

        Examples
        --------
        >>> NgramHash({"text": (4,)}).table("text")[:4].tolist()
        [525, 1969, 1763, 170]
        """
        return 1 + self._drawn(f"view {view}", 256) % _NUMBERS

    def factors(self, size: int) -> NDArray[np.int32]:
        """Return W of one size, int32[size].

        Number i is the i-th big-endian 16-bit number of SHAKE-256 over ``msa_ml n-gram <seed> size <size>``, of which the
        lowest ten bits are taken and the lowest one is set.

        Examples
        --------
        >>> NgramHash({"text": (4,)}).factors(4).tolist()
        [893, 577, 801, 399]
        """
        return self._drawn(f"size {size}", size) & _FACTORS | 1

    def _drawn(self, name: str, count: int) -> NDArray[np.int32]:
        data = hashlib.shake_256(f"msa_ml n-gram {self.seed} {name}".encode()).digest(2 * count)
        return np.frombuffer(data, ">u2").astype(np.int32)

    @property
    def slot_bits(self) -> int:
        """The number of slots of a message is ``2**slot_bits``."""
        return min(self.bits, SLOT_BITS)

    @property
    def by_size(self) -> dict[int, tuple[str, ...]]:
        """The views of each size, in the order in which n-grams are taken."""
        sizes = dict.fromkeys(size for view in self.sizes.values() for size in view)
        return {size: tuple(view for view in self.sizes if size in self.sizes[view]) for size in sizes}

    def buckets(self, content: Mapping[str, Sequence[bytes]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return (starts[N + 1], buckets) of N messages: each message's buckets, sorted, without repetition."""
        counts = {len(items) for items in content.values()}
        if len(counts) != 1:
            raise InputError("every view must hold one byte string a message.")
        number = counts.pop()
        lengths = [np.zeros(1, np.int64)]
        found = [np.empty(0, np.int32)]
        apart = self.bits - self.slot_bits
        last = np.empty(_GROUP << self.slot_bits, np.int32)
        for start in range(0, number, _GROUP):
            group = {view: content[view][start : start + _GROUP] for view in self.sizes}
            owner, bucket = map(np.concatenate, zip(*self._windows(group), strict=True))
            slot = owner << np.uint32(self.slot_bits) | (bucket >> apart).astype(np.uint32)
            last[slot] = bucket  # of several values for one place numpy keeps the last
            # np.unique of new versions hashes first, which takes ten times as long as to sort.
            slot.sort()
            slots = slot[np.flatnonzero(np.diff(slot, prepend=~slot[:1]))]
            size = min(_GROUP, number - start)
            lengths.append(np.bincount(slots >> np.uint32(self.slot_bits), minlength=size))
            found.append(last[slots])
        return np.cumsum(np.concatenate(lengths)), np.concatenate(found)

    def matrix(self, content: Mapping[str, Sequence[bytes]]) -> csr_matrix:
        """Return float32[N, 2**bits], each row of Euclidean length 1 (or 0 where there is no content)."""
        starts, buckets = self.buckets(content)
        lengths = np.diff(starts)
        values = np.repeat((1.0 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32), lengths)
        return csr_matrix((values, buckets, starts), shape=(len(lengths), 1 << self.bits))

    def _windows(
        self, group: Mapping[str, Sequence[bytes]]
    ) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int32]]]:
        """Yield, for each size and view, (number of the message in the group, bucket) of every window."""
        for size, views in self.by_size.items():
            factors = self.factors(size)
            for view in views:
                items = group[view]
                numbers, count = (
                    self._numbers(view, items, size - 1),
                    [len(item) + size - 1 for item in items],
                )
                mixed = np.convolve(numbers, factors[::-1], "valid")
                yield np.repeat(np.arange(len(items), dtype=np.uint32), count), mixed & ((1 << self.bits) - 1)

    def _numbers(self, view: str, items: Sequence[bytes], zeros: int) -> NDArray[np.int32]:
        """Return T of every byte, with so many zeros before, between and after the messages."""
        between = bytes(zeros)
        numbers = self.table(view)[np.frombuffer(between.join([b"", *items, b""]), np.uint8)]
        runs = np.full(2 * len(items) + 1, zeros)
        runs[1::2] = [len(item) for item in items]
        numbers[np.repeat(np.arange(len(runs)) % 2 == 0, runs)] = 0
        return numbers
