"""Copies of abusive content that are padded with good words, for training.

Good-word attacks add text of ordinary mail to spam so that a linear model adds up to little (Lowd and Meek, Good word
attacks on statistical spam filters, CEAS 2005). A model that has seen its own spam padded with its own ham leans on what
padding cannot take away; that holds against attackers, and against spam that merely shares more words with the ham.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 1500
"""Bytes of padding."""
_PIECE = 600
_DRAWS = 30
"""Messages that padding is taken from, at most: where ham is short, so is the padding."""
_ROOM = 2500
"""Bytes of the spam that are kept before padding at the end, so that both fit into a view."""


def padded(
    content: Mapping[str, Sequence[bytes]], y: NDArray[np.int64], *, view: str, seed: int
) -> dict[str, list[bytes]]:
    """Return one copy of every abusive message, with pieces of harmless ones before or after it, drawn evenly.

    Parameters
    ----------
    content
        For each view, N byte strings.
    y
        int[N], 1 = abuse. With no harmless message there are no copies.
    view
        The view that is padded; of the others the copies keep what the message has. No copy is longer than the longest
        message of the view.
    seed
        Of the draws.

    Examples
    --------
    >>> mails = {"text": [b"lunch at noon? " * 300, b"cheap pills"], "head": [b"a", b"b"]}
    >>> copies = padded(mails, np.array([0, 1]), view="text", seed=0)
    >>> copies["head"], b"cheap pills" in copies["text"][0], b"lunch" in copies["text"][0]
    ([b'b'], True, True)
    """
    random = np.random.default_rng(seed)
    texts = content[view]
    harmless, abusive = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    if not len(harmless):
        return {name: [] for name in content}
    limit = max(map(len, texts), default=0)
    copies = []
    for number in map(int, abusive):
        good = _pieces(texts, harmless, random)
        if random.integers(2):
            copies.append((good + b" " + texts[number])[:limit])
        else:
            copies.append((texts[number][:_ROOM] + b" " + good)[:limit])
    found = {name: [items[int(number)] for number in abusive] for name, items in content.items()}
    found[view] = copies
    return found


def _pieces(texts: Sequence[bytes], harmless: NDArray[np.int64], random: np.random.Generator) -> bytes:
    found = b""
    for _ in range(_DRAWS):
        if len(found) >= LENGTH:
            break
        text = texts[int(random.choice(harmless))]
        start = int(random.integers(0, max(1, len(text) - 200)))
        found += text[start : start + _PIECE] + b" "
    return found[:LENGTH]
