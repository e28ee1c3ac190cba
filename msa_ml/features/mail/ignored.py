"""The header fields that no extractor and no view ever sees: the list ``ignored_fields``.

Two reasons to ignore a field. It tells the *verdict* of a filter or of the mailbox's owner, so a model that reads it
copies somebody else's answer (and has none on the day that filter is gone). Or it tells the *way* a message came, a
mailing list or a mailbox, so a model learns from which collection a row was taken and not what the sender intended.

Fields of the second sort carry honest evidence in a real mail flow (an answer to one's own mail is rarely spam), but
anybody can forge them and public collections are separated by them, so the first set of features does without.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msa_ml.features.word_lists import WordList, packaged

IGNORED = "ignored_fields"
"""A pattern a line: a lower-case name in which ``*`` stands for any characters, also none."""


def matcher(entries: WordList) -> re.Pattern[bytes]:
    """Return what fully matches the lower-case name of an ignored field.

    Examples
    --------
    >>> bool(matcher(WordList("some", b"x-spam-*")).fullmatch(b"x-spam-flag"))
    True
    """
    return _compiled(entries.words)


@lru_cache(maxsize=8)
def _compiled(patterns: frozenset[str]) -> re.Pattern[bytes]:
    # What a star takes is followed by a literal or ends the name, so no name takes more than one look for each pattern.
    parts = [re.escape(pattern).replace(r"\*", ".*?") for pattern in sorted(patterns)]
    return re.compile("|".join(parts).encode(), re.DOTALL)


@lru_cache(maxsize=8192)
def is_ignored(name: str) -> bool:
    """Whether a header field is invisible to every extractor and view.

    Parameters
    ----------
    name
        Lower-case name without the colon.

    Examples
    --------
    >>> [is_ignored(name) for name in ("subject", "x-spam-status", "x-ms-exchange-organization-scl", "list-id")]
    [False, True, True, True]
    """
    return matcher(packaged(IGNORED)).fullmatch(name.encode("utf-8", "replace")) is not None
