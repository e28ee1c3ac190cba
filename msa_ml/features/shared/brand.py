"""Well-known names that a text or a host shows, and whose they are."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from msa_ml.features.shared.confusable import mixes_scripts, skeleton
from msa_ml.features.shared.domain import displayed
from msa_ml.features.word_lists import WordList

BRANDS = "brands"
_DISTINCT = 6
"""Names of so many characters are found inside a word too, as in ``mypaypal``; shorter ones only between non-letters."""
_LEAST = 4
"""Shorter labels look like too many others."""
_CAPITAL_I = re.compile(r"(?<=[a-z])I")
_USUAL_ENDS = frozenset({"com", "net", "org"})


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    owners: dict[str, frozenset[str]]


@lru_cache(maxsize=8)
def _known(confusables: WordList, brands: WordList) -> _Known:
    """Return a pattern of the skeletons of names, and the labels of their owners' domains by skeleton."""
    owners: dict[str, frozenset[str]] = {}
    inside: list[str] = []
    alone: list[str] = []
    for line in sorted(brands.words):
        name, *own = line.split()
        joined = name.replace("-", "")
        owners[skeleton(confusables, joined)] = frozenset((joined.partition(".")[0], name, *own))
        shape = r"[ \-]?".join(re.escape(skeleton(confusables, word)) for word in name.split("-"))
        (inside if len(joined) >= _DISTINCT else alone).append(shape)
    inside.sort(key=len, reverse=True)
    pattern = f"{'|'.join(inside)}|(?<![a-z0-9])(?:{'|'.join(alone)})(?![a-z0-9])"
    return _Known(re.compile(pattern), owners)


@lru_cache(maxsize=8)
def _spellings(confusables: WordList, brands: WordList, providers: WordList) -> dict[str, set[str]]:
    """Return the true labels by what they look like."""
    found: dict[str, set[str]] = {}
    labels = {label for own in _known(confusables, brands).owners.values() for label in own}
    for label in labels | {domain.partition(".")[0] for domain in providers.words}:
        if len(label) >= _LEAST:
            found.setdefault(skeleton(confusables, label), set()).add(label)
    return found


@lru_cache(maxsize=65_536)
def poses(confusables: WordList, brands: WordList, text: str, own: str) -> bool:
    """Whether a text shows the name of a brand, disguised or not, whose the domain is not.

    Parameters
    ----------
    confusables, brands
        The lists of these names.
    text
        A display name or a host, cut by the caller to some 256 characters: answers are remembered.
    own
        The registrable domain behind it, in lower case. It is the brand's when its label is one of the brand's and its
        ending is that of a country, ``com``, ``net`` or ``org``.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> lists = packaged("confusables"), packaged("brands")
    >>> [poses(*lists, "PayPaI Service", own) for own in ("paypal.co.uk", "example.org")]
    [False, True]
    """
    known = _known(confusables, brands)
    if "I" in text:
        text = _CAPITAL_I.sub("l", text[:256])
    label, _, rest = own.partition(".")
    end = rest.rpartition(".")[2]
    usual = end in _USUAL_ENDS or len(end) == 2
    for match in known.pattern.finditer(skeleton(confusables, text)):
        owners = known.owners.get(match[0].replace(" ", "").replace("-", ""), frozenset())
        if not (usual and label in owners):
            return True
    return False


class Guise(NamedTuple):
    """What a host looks like.

    Attributes
    ----------
    brand
        It shows the name of a brand whose it is not.
    lookalike
        Its registrable label looks like that of a brand or free-mail provider and is spelt otherwise; or it is beyond
        ASCII and looks like ASCII throughout.
    mixed
        One of its labels mixes scripts.
    """

    brand: bool
    lookalike: bool
    mixed: bool


@lru_cache(maxsize=65_536)
def guise(confusables: WordList, brands: WordList, providers: WordList, host: str, own: str) -> Guise:
    r"""Return what a host looks like (UTS 39 sections 4 and 5).

    Parameters
    ----------
    confusables, brands, providers
        The lists ``confusables``, ``brands`` and ``free_mail``.
    host, own
        In lower case, Unicode or punycode, at most 253 characters, and its registrable domain.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> lists = [packaged(name) for name in ("confusables", "brands", "free_mail")]
    >>> guise(*lists, "paypa1.com", "paypa1.com")
    Guise(brand=True, lookalike=True, mixed=False)
    >>> guise(*lists, "mail.paypal.com", "paypal.com")
    Guise(brand=False, lookalike=False, mixed=False)
    """
    seen, label = displayed(host), displayed(own).partition(".")[0]
    shape = skeleton(confusables, label)
    true = _spellings(confusables, brands, providers).get(shape)
    return Guise(
        poses(confusables, brands, seen, own),
        (true is not None and label not in true) or (not label.isascii() and shape.isascii()),
        not seen.isascii() and any(map(mixes_scripts, seen.split("."))),
    )
