"""What a transformation is, and how it is found.

Every public function of a module in :mod:`.tricks` is one; its name is the function's. To add one, write it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np

from msa_ml.errors import UnknownNameError
from msa_ml.evaluation.obfuscation import tricks


class Transformation(Protocol):
    """Raw mail to raw mail, a pure function of its arguments.

    Those that pad with innocent words take ``good_words`` too: words in an order that reads like ham.
    """

    def __call__(self, raw: bytes, random: np.random.Generator) -> bytes:
        """Return another mail that a person reads the same; never raises on what a sender wrote."""
        ...


@dataclass(frozen=True)
class Trick:
    """One transformation of the suite.

    Attributes
    ----------
    name
        Of its function.
    description
        First line of its docstring.
    function
        Itself.
    pads
        Whether it takes ``good_words``.
    """

    name: str
    description: str
    function: Any
    pads: bool

    def apply(self, raw: bytes, *, seed: int, good_words: Sequence[str] = ()) -> bytes:
        """Transform one mail; chance depends on the seed, the trick and the mail, not on the order of mails."""
        digest = int.from_bytes(blake2b(raw, digest_size=8).digest(), "big")
        random = np.random.default_rng([seed, zlib.crc32(self.name.encode()), digest])
        more = {"good_words": tuple(good_words)} if self.pads and good_words else {}
        return bytes(self.function(raw, random, **more))


@cache
def all_tricks() -> Mapping[str, Trick]:
    r"""Return the tricks by name, in the order of their names.

    Examples
    --------
    >>> all_tricks()["zero_width"].apply(b"Subject: pills\n\ncheap pills", seed=0) != b""
    True
    """
    found: dict[str, Trick] = {}
    for entry in pkgutil.iter_modules(tricks.__path__):
        module = importlib.import_module(f"{tricks.__name__}.{entry.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                description = (function.__doc__ or "").partition("\n")[0]
                pads = "good_words" in inspect.signature(function).parameters
                found[name] = Trick(name, description, function, pads)
    return dict(sorted(found.items()))


def chosen(names: Sequence[str] | None) -> list[Trick]:
    """Return some tricks by name; default: all.

    Raises
    ------
    UnknownNameError
        No such trick.
    """
    known = all_tricks()
    for name in names or ():
        if name not in known:
            raise UnknownNameError("trick", name, known)
    return list(known.values()) if names is None else [known[name] for name in names]
