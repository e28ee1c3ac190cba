"""One embedded engine in a process: who may open it, and when it is let go.

The engine takes one path per process and one process per path. Sessions of all stores and threads are counted here; the
lock beside the store is held from the first to the last of them.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from msa_ml.errors import InputError, StoreBusy
from msa_ml.source.lock import StoreLock


class _Engine:
    """The one engine of this process."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.path: Path | None = None
        self.sessions = 0
        self.lock: StoreLock | None = None
        self.threads: dict[int, int] = {}
        self.pid = 0  # of the process that has ever opened it


_ENGINE = _Engine()


def refuse_in_fork() -> None:
    """Demand that this process did not inherit a running engine: its threads are gone, a query would hang for ever.

    Raises
    ------
    InputError
        This is a forked child of a process that used the embedded engine.
    """
    if _ENGINE.pid and _ENGINE.pid != os.getpid():
        raise InputError(
            "the embedded ClickHouse cannot be used in a forked process.",
            hint="Start workers with multiprocessing's 'spawn' or with joblib (loky) and open the store there.",
        )


def enter(path: Path, wait: float) -> None:
    """Begin a session on a path; the first one takes the lock, waiting up to so many seconds.

    Raises
    ------
    StoreBusy
        Another process holds the store, or another thread holds another store.
    InputError
        This thread is in a session on another store, or this is a forked process.
    """
    refuse_in_fork()
    me = threading.get_ident()
    end = time.monotonic() + wait
    with _ENGINE.changed:
        while _ENGINE.sessions and _ENGINE.path != path:
            if me in _ENGINE.threads:
                raise InputError(
                    f"the embedded store {_ENGINE.path} is in use here, {path} cannot be opened beside it.",
                    hint="A process opens one embedded store at a time: finish reading or close the first one.",
                )
            left = end - time.monotonic()
            if left <= 0 or not _ENGINE.changed.wait(left):
                raise StoreBusy(
                    f"another thread of this process uses the embedded store {_ENGINE.path}.",
                    hint=f"A process opens one embedded store at a time; {path} has to wait.",
                )
        if not _ENGINE.sessions:
            lock = StoreLock(path)
            lock.acquire(max(0.0, end - time.monotonic()) if wait else 0.0)
            _ENGINE.path, _ENGINE.lock, _ENGINE.pid = path, lock, os.getpid()
        _ENGINE.sessions += 1
        _ENGINE.threads[me] = _ENGINE.threads.get(me, 0) + 1


def leave() -> None:
    """End a session; the last one gives the lock back."""
    me = threading.get_ident()
    with _ENGINE.changed:
        _ENGINE.sessions -= 1
        # A generator may be closed by another thread than the one that began it.
        owner = me if me in _ENGINE.threads else next(iter(_ENGINE.threads), me)
        count = _ENGINE.threads.get(owner, 1) - 1
        if count > 0:
            _ENGINE.threads[owner] = count
        else:
            _ENGINE.threads.pop(owner, None)
        if not _ENGINE.sessions:
            lock, _ENGINE.lock, _ENGINE.path = _ENGINE.lock, None, None
            if lock is not None:
                lock.release()
            _ENGINE.changed.notify_all()
