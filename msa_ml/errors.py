"""Every error that is raised on purpose.

::

    MsaError                    exit code
    ├── InputError              2   what was given is wrong: a value, a file, a row, a key
    │   └── UnknownNameError    2   a name nobody knows, with the nearest known ones
    ├── Refused                 1   a gate, a check or a bundle said no
    │   ├── DataRefused         1   too few rows, one class only, a promise about rows that is broken
    │   └── BundleRefused       1   a bundle that must not be loaded
    │       └── OtherVersion    1   one that other code made: it is sound, and this code computes other numbers
    └── Unavailable             3   a system that is needed does not answer
        ├── SourceUnavailable   3   ClickHouse
        ├── StoreBusy           3   another process holds the embedded store
        └── TrackingUnavailable 3   MLflow

A message says what was wanted and what was found; the hint says what to do. Neither ever holds a user's data or a
secret. The cause is kept by ``raise ... from``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MsaError(Exception):
    """Base of every error raised on purpose.

    Examples
    --------
    >>> print(InputError("expected a number, got 'ten'.", hint="Write 10."))
    expected a number, got 'ten'. Write 10.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint

    def _render_traceback_(self) -> list[str]:
        """Say it in words in a notebook; ``import traceback; traceback.print_last()`` prints the whole traceback."""
        return [f"{type(self).__name__}: {self}"]


class InputError(MsaError):
    """What was given is wrong: a value, a file, a row, a key."""


class UnknownNameError(InputError):
    """A name that nobody knows.

    Examples
    --------
    >>> print(UnknownNameError("task", "spamm", ["spam", "signup_abuse"]))
    unknown task 'spamm'. Did you mean 'spam'? Known: signup_abuse, spam.
    """

    def __init__(self, what: str, found: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(found, names, n=1)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        super().__init__(f"unknown {what} '{found}'.", hint=f"{guess}Known: {', '.join(names)}.")


class Refused(MsaError):  # noqa: N818 - a refusal is the verdict of a gate, read as a word
    """A gate, a check or a bundle said no."""

    exit_code = 1


class DataRefused(Refused):
    """The rows cannot support what was asked of them."""


class BundleRefused(Refused):
    """A bundle that must not be loaded: damaged, changed, too new, or another specification."""


class OtherVersion(BundleRefused):
    """A bundle of other code: sound, but this code would compute other numbers; the message names the version to install."""


class Unavailable(MsaError):  # noqa: N818 - names a state, as the exit code does
    """A system that is needed does not answer."""

    exit_code = 3


class SourceUnavailable(Unavailable):
    """ClickHouse does not answer, or refuses us."""


class StoreBusy(Unavailable):
    """Another process holds the embedded store."""


class TrackingUnavailable(Unavailable):
    """MLflow does not answer, or refuses us."""
