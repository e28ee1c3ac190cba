"""The tasks by name: ``get("spam")``."""

from __future__ import annotations

from msa_ml.errors import UnknownNameError
from msa_ml.tasks.task import Task


def tasks() -> dict[str, Task]:
    """Return every task by its name."""
    from msa_ml.tasks.signup_abuse import SIGNUP_ABUSE
    from msa_ml.tasks.spam import SPAM

    return {task.name: task for task in (SPAM, SIGNUP_ABUSE)}


def get(name: str) -> Task:
    """Return a task.

    Raises
    ------
    UnknownNameError
        No such task.

    Examples
    --------
    >>> get("spam").kind
    'mail'
    """
    known = tasks()
    if name not in known:
        raise UnknownNameError("task", name, known)
    return known[name]
