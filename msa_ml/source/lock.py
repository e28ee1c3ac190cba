"""Taking turns on an embedded store: one process at a time, in a fair order, and a name for who holds it.

The engine allows one process per path and its own message hides the cause. So a lock file stands beside the store, with
a *holder* file that says who has it. A turnstile keeps it fair: a waiter holds the turn while it waits for the lock, and
whoever wants the lock again must pass the turn first, so many short sessions of one process cannot starve another.
``flock`` belongs to an open file: the kernel releases it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

from msa_ml.errors import InputError, StoreBusy

_POLL = 0.005  # seconds; a waiter that polls costs nothing beside reopening the engine (0.06 s)
_WORD = re.compile(r"[a-z][a-z_-]{0,30}")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store: process id, command, and since when on the clock that the whole machine shares (seconds)."""

    pid: int
    command: str
    since: float

    def describe(self, now: float) -> str:
        """Return a phrase for messages.

        Examples
        --------
        >>> Holder(4711, "msa-ml train", 100.0).describe(142.0)
        'process 4711 (msa-ml train) for 42 s'
        """
        return f"process {self.pid} ({self.command}) for {max(0.0, now - self.since):.0f} s"


def command_name() -> str:
    """Return the program's name and its first plain words, never a path or a value that someone gave."""
    first = sys.argv[0] if sys.argv else ""
    program = Path(sys.executable if first in ("", "-c", "-m") else first).name or "python"
    words = []
    for argument in sys.argv[1:3]:
        if not _WORD.fullmatch(argument):
            break
        words.append(argument)
    return " ".join([program, *words])


class StoreLock:
    """The lock beside one store.

    Not for threads: the engine of a process counts its own sessions and takes the lock once.

    Parameters
    ----------
    store
        Folder of the store. The lock files are its neighbours ``NAME.lock``, ``NAME.turn`` and ``NAME.holder``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     lock = StoreLock(Path(top, "store"))
    ...     lock.acquire(0)
    ...     (lock.held, lock.holder().pid == os.getpid())
    ...     lock.release()
    (True, True)
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = store.with_name(store.name + ".lock")
        self._turn = store.with_name(store.name + ".turn")
        self._holder = store.with_name(store.name + ".holder")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process holds the lock."""
        return self._descriptor is not None

    def acquire(self, wait: float) -> None:
        """Take the lock, waiting up to so many seconds; 0 = do not wait.

        Raises
        ------
        StoreBusy
            Another process holds it; the message says which and for how long.
        """
        end = time.monotonic() + wait
        _make_folder(self._store.parent)
        turn = _open(self._turn)
        try:
            if not _take(turn, end):
                raise self._busy(wait)
            descriptor = _open(self._lock)
            if not _take(descriptor, end):
                os.close(descriptor)
                raise self._busy(wait)
        finally:
            os.close(turn)  # which gives the turn to the next
        self._descriptor = descriptor
        _HELD.add(self)
        self._write_holder()

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        _HELD.discard(self)
        self._holder.unlink(missing_ok=True)
        # Said outright: closing alone would not release a lock that a forked child has inherited.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def holder(self) -> Holder | None:
        """Return who holds the lock, as far as it was written down."""
        try:
            found = json.loads(self._holder.read_text(encoding="utf-8"))
            return Holder(int(found["pid"]), str(found["command"]), float(found["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def drop_inherited(self) -> None:
        """In a forked child: let go of the parent's lock without releasing it for the parent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write_holder(self) -> None:
        value = {"pid": os.getpid(), "command": command_name(), "since": time.monotonic()}
        made = self._holder.with_name(f"{self._holder.name}.{os.getpid()}")
        made.write_text(json.dumps(value), encoding="utf-8")
        made.replace(self._holder)

    def _busy(self, wait: float) -> StoreBusy:
        holder = self.holder()
        who = holder.describe(time.monotonic()) if holder else "another process, which has just changed"
        waited = f"waited {wait:.1f} s" if wait else "did not wait"
        return StoreBusy(
            f"the embedded store {self._store} is held by {who}; {waited}.",
            hint="Try again, wait longer (lock_wait in msa.toml), or end that process.",
        )


_HELD: weakref.WeakSet[StoreLock] = weakref.WeakSet()


def _drop_all_inherited() -> None:
    for lock in list(_HELD):
        lock.drop_inherited()
    _HELD.clear()


os.register_at_fork(after_in_child=_drop_all_inherited)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder {folder} of the embedded store cannot be made: {error.strerror}.",
            hint="Give another path, or the right to write there.",
        ) from error


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(
            f"the lock file {path} cannot be opened: {error.strerror}.",
            hint="The embedded store needs the right to write in its folder.",
        ) from error


def _take(descriptor: int, end: float) -> bool:
    """Take an exclusive lock before the monotonic clock reads ``end``; tries at least once."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(_POLL, left))
        else:
            return True


def foreign_holder(store: Path) -> str | None:
    """Return who holds a store without our lock: the engine locks its own file ``status``; ``None`` when nobody does."""
    status = store / "status"
    try:
        descriptor = os.open(status, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _take(descriptor, 0.0):
            return None
        found = re.search(rb"PID: (\d+)", os.read(descriptor, 4096))
        return f"process {found.group(1).decode()}" if found else "a process that is not ours"
    finally:
        os.close(descriptor)
