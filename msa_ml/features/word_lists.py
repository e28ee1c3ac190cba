"""Lists that features read: public suffixes, free-mail providers, and the like.

A list is a file with a hash. The hash is part of the digest of every feature that reads it, and the file travels in
the bundle, so that scoring reads the very list that training read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from msa_ml.errors import InputError, UnknownNameError


@dataclass(frozen=True, eq=False)
class WordList:
    r"""One list: its bytes as they stand in the bundle, UTF-8, one entry a line, ``#`` or ``//`` starts a comment.

    It is equal to itself alone: it stands in the key of many a cache, and to hash its bytes costs more than most answers.

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
    def wildcards(self) -> frozenset[str]:
        """Of a public suffix list, the names below which every label is a public suffix."""
        return frozenset(word[2:] for word in self.words if word.startswith("*."))

    @cached_property
    def exceptions(self) -> frozenset[str]:
        """Of a public suffix list, the names that are none though a wildcard says so."""
        return frozenset(word[1:] for word in self.words if word.startswith("!"))

    @cached_property
    def suffixes(self) -> PublicSuffixList:
        """The list read as a public suffix list (https://publicsuffix.org/list/)."""
        return PublicSuffixList(self.data.decode("utf-8").splitlines())

    def __reduce__(self) -> tuple[object, tuple[str, bytes]]:
        # What was derived from the bytes is not sent to every worker; one that has had these bytes before knows it still.
        return _same, (self.name, self.data)


@lru_cache(maxsize=256)
def _same(name: str, data: bytes) -> WordList:
    """Return one list for the same bytes, however often they are sent."""
    return WordList(name, data)


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


class Lists(dict[str, WordList]):
    """Lists by name: those given, and the packaged ones for every other name.

    A dictionary, since every extractor asks for several with every mail.

    Parameters
    ----------
    given
        Lists that replace packaged ones, for example those of a bundle.
    only_given
        Refuse every name that is not given; a bundle is read so.
    """

    def __init__(self, given: Mapping[str, WordList] | None = None, *, only_given: bool = False) -> None:
        super().__init__(given or {})
        self._only_given = only_given

    def __missing__(self, name: str) -> WordList:
        """Return a list that nobody has asked for before."""
        if self._only_given:
            raise InputError(f"the list '{name}' is not in the bundle.", hint="Export the bundle again.")
        self[name] = packaged(name)
        return self[name]
