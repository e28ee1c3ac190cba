"""The socket that a scoring process listens on.

A Unix socket can be reached by its owner and group only (0660). A file that a killed process left behind is replaced;
one that somebody listens on is not. Two processes that start at once are kept apart by a lock on ``PATH.lock``, which
the system lets go when its holder dies. A port is opened on the loopback interface alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msa_ml.errors import InputError, Unavailable

MODE = 0o660
BACKLOG = 1024
LOOPBACK = "127.0.0.1"


@contextmanager
def unix_socket(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket, and remove it at the end.

    Raises
    ------
    Unavailable
        Another process listens there.
    InputError
        The path is too long, holds something else, or its folder cannot be written.
    """
    with _lock(path):
        _clear(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Made with its mode: nobody can connect before it is changed.
        kept = os.umask(0o777 & ~MODE)
        try:
            listener.bind(os.fspath(path))
        except OSError as error:
            listener.close()
            raise _unusable(path, error) from error
        finally:
            os.umask(kept)
        ours = path.stat().st_ino
        listener.listen(BACKLOG)
        try:
            yield listener
        finally:
            listener.close()
            if _inode(path) == ours:
                path.unlink(missing_ok=True)


@contextmanager
def loopback_port(port: int) -> Iterator[socket.socket]:
    """Listen on a port of the loopback interface; 0 takes a free one.

    Raises
    ------
    Unavailable
        Another process listens there.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"{LOOPBACK}:{port} cannot be opened: {error.strerror}.",
            hint="Stop who listens there, or name another port.",
        ) from error
    with listener:
        yield listener


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    name = path.with_name(path.name + ".lock")
    try:
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unusable(name, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _alive(path) from error
        yield
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Remove the socket of a process that is gone; refuse anything else that stands there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(path, error) from error
    if not stat.S_ISSOCK(mode):
        raise InputError(f"{path} exists and is no socket.", hint="Name another path; nothing was removed.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise _unusable(path, error) from error
    raise _alive(path)


def _alive(path: Path) -> Unavailable:
    return Unavailable(f"another process listens on {path}.", hint="Stop it first, or name another path.")


def _unusable(path: Path, error: OSError) -> InputError:
    if "AF_UNIX path too long" in str(error) or error.errno == errno.ENAMETOOLONG:
        return InputError(
            f"{path} is too long for a socket, of which systems allow about 100 bytes.",
            hint="Name a shorter path.",
        )
    return InputError(
        f"{path} cannot be used: {error.strerror or error}.", hint="Name a path in a folder you may write."
    )


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except OSError:
        return None
