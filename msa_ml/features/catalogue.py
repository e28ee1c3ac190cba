"""All features of a task as a catalogue: for reading, not for computing.

What a feature set declares, family by family, with the lists it reads and, of one model, what each feature is worth to
it. :mod:`msa_ml.features.catalogue_page` writes it as Markdown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from inspect import cleandoc
from typing import Any

from msa_ml.features.extractor import ALL_HISTORIES, Feature, FeatureSet, Reader, Scalar
from msa_ml.features.history import VERSION as HISTORY_VERSION
from msa_ml.features.spec import Specification
from msa_ml.features.word_lists import PUBLIC_SUFFIXES, WordList


@dataclass(frozen=True)
class Entry:
    """One feature.

    Attributes
    ----------
    column
        Full name.
    feature
        Its declaration.
    importance
        Share of what the trees gained by all their splits, 0..1; ``None`` when no model is known that was asked.
    """

    column: str
    feature: Feature
    importance: float | None = None

    @property
    def range(self) -> str:
        """The range in words.

        Examples
        --------
        >>> [Entry("a", Feature("a", "", "share", low, high)).range for low, high in ((0, 1), (0, math.inf), (0, 2e6))]
        ['0 to 1', '0 or more', '0 to 2,000,000']
        """
        low, high = self.feature.low, self.feature.high
        if math.isinf(low):
            return "any" if math.isinf(high) else f"{_number(high)} or less"
        return f"{_number(low)} or more" if math.isinf(high) else f"{_number(low)} to {_number(high)}"


@dataclass(frozen=True)
class Family:
    """One extractor.

    Attributes
    ----------
    about
        The docstring of its class, without indentation; empty when it has none.
    """

    name: str
    about: str
    version: int
    parameters: Mapping[str, Scalar]
    lists: tuple[str, ...]
    entries: tuple[Entry, ...]

    @property
    def importance(self) -> float | None:
        """Sum over its features."""
        known = [entry.importance for entry in self.entries if entry.importance is not None]
        return sum(known) if known else None


@dataclass(frozen=True)
class ViewEntry:
    """One content view; ``limit`` is the most bytes that it gives."""

    name: str
    about: str
    version: int
    limit: int
    lists: tuple[str, ...]


@dataclass(frozen=True)
class ListEntry:
    """One list.

    Attributes
    ----------
    source
        What the file says of itself, up to the first entry or empty line of comment.
    licence
        SPDX identifier.
    sha256
        Of the bytes, as in the digest of every feature that reads it.
    count
        Entries.
    readers
        Families and views that read it.
    """

    name: str
    source: str
    licence: str
    sha256: str
    count: int
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Everything a feature set computes.

    Attributes
    ----------
    digest
        Of the specification.
    other
        What else the trees were given, by name, with its importance: what the content models say, and columns that are
        computed no more.

    Examples
    --------
    >>> from msa_ml.features.mail.subject import Subject
    >>> found = Catalogue.of(FeatureSet([Subject()]), {"mail.subject.length": 0.25, "content": 0.75})
    >>> found.families[0].entries[0].importance, found.families[0].importance, dict(found.other)
    (0.25, 0.25, {'content': 0.75})
    """

    kind: str
    digest: str
    families: tuple[Family, ...]
    views: tuple[ViewEntry, ...]
    lists: tuple[ListEntry, ...]
    other: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, features: FeatureSet, importance: Mapping[str, float] | None = None) -> Catalogue:
        """Describe a feature set.

        Parameters
        ----------
        importance
            Share of each input of the trees by column, as a bundle's manifest has it; a column that is not named was
            never split on. Empty or ``None``: not known.
        """
        shares = importance or {}

        def share(column: str) -> float | None:
            return shares.get(column, 0.0) if shares else None

        past = tuple(Entry(one.name, one.feature, share(one.name)) for one in features.histories)
        families = (Family(ALL_HISTORIES, _ABOUT_HISTORIES, HISTORY_VERSION, {}, (), past),) if past else ()
        return cls(
            features.kind,
            Specification.of(features).digest,
            (
                *(
                    Family(
                        extractor.name,
                        _about(extractor),
                        extractor.version,
                        extractor.parameters,
                        extractor.reads,
                        tuple(
                            Entry(column, feature, share(column))
                            for column, feature in features.kept(extractor)
                        ),
                    )
                    for extractor in features.extractors
                ),
                *families,
            ),
            tuple(
                ViewEntry(view.name, _about(view), view.version, view.limit, view.reads)
                for view in features.views
            ),
            tuple(_list(features, name) for name in features.list_names),
            {name: value for name, value in shares.items() if name not in features.columns},
        )

    @property
    def count(self) -> int:
        """Features in all families."""
        return sum(len(family.entries) for family in self.families)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; a bound that is infinite is ``None``, as is an importance that is not known."""
        return {
            "kind": self.kind,
            "spec_digest": self.digest,
            "families": [
                {
                    "name": family.name,
                    "about": family.about,
                    "version": family.version,
                    "parameters": dict(family.parameters),
                    "lists": list(family.lists),
                    "features": [
                        {
                            **asdict(entry.feature),
                            "name": entry.column,
                            "low": _finite(entry.feature.low),
                            "high": _finite(entry.feature.high),
                            "importance": entry.importance,
                        }
                        for entry in family.entries
                    ],
                }
                for family in self.families
            ],
            "views": [asdict(view) for view in self.views],
            "lists": [asdict(entry) for entry in self.lists],
            "other_importance": dict(self.other),
        }


_ABOUT_HISTORIES = (
    "What was known strictly before the event, from the store in training and from counters in serving."
)
OWN_LICENCE = "Apache-2.0"
# What a list that somebody else compiled says of itself, and the licence that it stands under.
_LICENCES = {
    "Unicode License V3": "Unicode-3.0",
    "MIT License": "MIT",
    "Mozilla Public": "MPL-2.0",
}


def licence_of(found: WordList) -> str:
    r"""Return the SPDX identifier of a list's licence: the one that its comment names, else this package's own.

    Examples
    --------
    >>> licence_of(WordList("fruit", b"# From elsewhere. The MIT License (MIT)\napple"))
    'MIT'
    """
    comment = " ".join(" ".join(part) for part in _comment(found))
    return next((spdx for words, spdx in _LICENCES.items() if words in comment), OWN_LICENCE)


def source_of(found: WordList) -> str:
    r"""Return what a list says of its making: the first paragraph of its comment, without a line that leads to a licence.

    Examples
    --------
    >>> source_of(WordList("fruit", b"# From a market\n# nearby. Its licence:\n#\n# Eat it.\napple"))
    'From a market nearby.'
    """
    if found.name == PUBLIC_SUFFIXES:
        # It opens with its licence.
        return "The Public Suffix List (https://publicsuffix.org/list/), as the package publicsuffixlist (PyPI) holds it."
    text = next((" ".join(part) for part in _comment(found)), "")
    return re.sub(r"(?:(?<=\.) )?[^.]*:$", "", text)


def _list(features: FeatureSet, name: str) -> ListEntry:
    readers = [reader for reader in (*features.extractors, *features.views) if name in reader.reads]
    found = readers[0].lists[name]
    return ListEntry(
        name,
        source_of(found),
        licence_of(found),
        found.sha256,
        len(found.words),
        tuple(reader.name for reader in readers),
    )


def _comment(found: WordList) -> list[list[str]]:
    """Return the paragraphs of the comment at the top of a list."""
    paragraphs: list[list[str]] = [[]]
    for line in found.data[:20_000].decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text and not text.startswith(("#", "//")):
            break
        said = text.lstrip("#/").strip()
        if said:
            paragraphs[-1].append(said)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [part for part in paragraphs if part]


def _about(reader: Reader) -> str:
    return cleandoc(type(reader).__doc__ or "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
