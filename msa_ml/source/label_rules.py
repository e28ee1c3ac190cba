"""Labels of mail from the names of folders: ``*ham*=ham``.

The pattern is tried on the name of the folder that directly contains a message (shell patterns, capitals matter). The
first rule that matches wins; none means unlabelled. A name that later rules would label otherwise is *disagreeing*, and
is counted, since such rules rarely say what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from msa_ml.errors import InputError

_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class FolderRule:
    """One pattern and the label word it gives."""

    pattern: str
    label: str


def label_word(text: str) -> str:
    """Return a label word as it is stored: lower-case letters, digits, ``_``, ``.``, ``-``; at most 64.

    Raises
    ------
    InputError
        It is no such word.

    Examples
    --------
    >>> label_word(" Spam ")
    'spam'
    """
    word = text.strip().lower()
    if not _WORD.fullmatch(word):
        raise InputError(
            "a label must be one word of letters, digits, '_', '.' and '-'; found something else.",
            hint="Write labels such as spam, ham, phishing.",
        )
    return word


def parse_rules(texts: Iterable[str]) -> tuple[FolderRule, ...]:
    """Return the rules that ``PATTERN=WORD`` texts say, in order.

    Raises
    ------
    InputError
        A text is not of that form.

    Examples
    --------
    >>> parse_rules(["*ham*=ham", "spam*=spam"])[0]
    FolderRule(pattern='*ham*', label='ham')
    """
    rules = []
    for text in texts:
        pattern, mark, word = text.rpartition("=")
        if not mark or not pattern.strip() or not word.strip():
            raise InputError(
                f"expected a label rule PATTERN=WORD, found '{text}'.", hint="Write for instance '*ham*=ham'."
            )
        rules.append(FolderRule(pattern.strip(), label_word(word)))
    return tuple(rules)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label of a folder, ``None`` for none; the name it was found by; whether rules disagree about that name."""

    label: str | None
    name: str = ""
    disagreeing: bool = False


def label_of(folders: Iterable[str], rules: Iterable[FolderRule]) -> Verdict:
    """Return the label that rules give to names, the most direct name that any rule matches.

    Examples
    --------
    >>> rules = parse_rules(["*ham*=ham", "spam*=spam"])
    >>> label_of(["hard_ham"], rules).label, label_of(["inbox"], rules).label
    ('ham', None)
    >>> label_of(["spam_or_ham"], rules)
    Verdict(label='ham', name='spam_or_ham', disagreeing=True)
    """
    known = tuple(rules)
    for name in folders:
        words = [rule.label for rule in known if fnmatchcase(name, rule.pattern)]
        if words:
            return Verdict(words[0], name, len(set(words)) > 1)
    return Verdict(None)
