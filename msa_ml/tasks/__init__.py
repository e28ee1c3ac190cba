"""The tasks by name: ``get("spam")``."""

from __future__ import annotations

from msa_ml.errors import UnknownNameError
from msa_ml.tasks.task import Task


def tasks() -> dict[str, Task]:
    """Return every task by its name."""
    from msa_ml.tasks.spam import SPAM

    return {task.name: task for task in (SPAM,)}


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
