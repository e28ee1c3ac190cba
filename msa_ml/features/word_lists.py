"""Lists that features read: public suffixes, free-mail providers, and the like.

A list is a file with a hash. The hash is part of the digest of every feature that reads it, and the file travels in
the bundle, so that scoring reads the very list that training read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from msa_ml.errors import InputError, UnknownNameError


@dataclass(frozen=True)
class WordList:
    r"""One list: its bytes as they stand in the bundle, UTF-8, one entry a line, ``#`` or ``//`` starts a comment.

    Examples
    --------
    >>> sorted(WordList("fruit", b"# sweet\napple\npear\n").words)
    ['apple', 'pear']
    """

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The entries in their order, stripped, without comments."""
        lines = (line.strip() for line in self.data.decode("utf-8").splitlines())
        return tuple([line for line in lines if line and not line.startswith(("#", "//"))])

    @cached_property
    def words(self) -> frozenset[str]:
        """The entries."""
        return frozenset(self.lines)

    @cached_property
    def suffixes(self) -> PublicSuffixList:
        """The list read as a public suffix list (https://publicsuffix.org/list/)."""
        return PublicSuffixList(self.data.decode("utf-8").splitlines())

    def __getstate__(self) -> dict[str, object]:
        # What was derived from the bytes is derived again where it is needed, not sent to every worker.
        return {"name": self.name, "data": self.data}


PUBLIC_SUFFIXES = "public_suffixes"


@lru_cache(maxsize=256)
def packaged(name: str) -> WordList:
    """Return a list that ships with the package (or, for public suffixes, with ``publicsuffixlist``).

    Raises
    ------
    UnknownNameError
        No such list.
    """
    if name == PUBLIC_SUFFIXES:
        file = resources.files("publicsuffixlist") / "public_suffix_list.dat"
        return WordList(name, file.read_bytes())
    folder = resources.files("msa_ml.features") / "lists"
    file = folder / f"{name}.txt"
    if not file.is_file():
        known = [Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".txt")]
        raise UnknownNameError("list", name, [*known, PUBLIC_SUFFIXES])
    return WordList(name, file.read_bytes())


class Lists(Mapping[str, WordList]):
    """Lists by name: those given, and the packaged ones for every other name.

    Parameters
    ----------
    given
        Lists that replace packaged ones, for example those of a bundle.
    only_given
        Refuse every name that is not given; a bundle is read so.
    """

    def __init__(self, given: Mapping[str, WordList] | None = None, *, only_given: bool = False) -> None:
        self._lists = dict(given or {})
        self._only_given = only_given

    def __getitem__(self, name: str) -> WordList:
        if name not in self._lists:
            if self._only_given:
                raise InputError(f"the list '{name}' is not in the bundle.", hint="Export the bundle again.")
            self._lists[name] = packaged(name)
        return self._lists[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)
