"""Sockets: for owner and group, never taken from the living, always from the dead."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from msa_ml.bundle.serve.listening import loopback_port, unix_socket
from msa_ml.errors import InputError, Unavailable


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="msa") as place:
        yield Path(place) / "s"


def test_mode_and_end(path: Path) -> None:
    kept = os.umask(0)
    try:
        with unix_socket(path) as listener:
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(os.fspath(path))
            connection, _ = listener.accept()
            connection.close()
    finally:
        assert os.umask(kept) == 0
    assert not path.exists()


def test_the_living_keep_their_socket(path: Path) -> None:
    with unix_socket(path):
        with pytest.raises(Unavailable, match="another process listens"), unix_socket(path):
            pass
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.fspath(path))


def test_the_living_of_another_program_keep_it_too(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(os.fspath(path))
        other.listen()
        with pytest.raises(Unavailable, match="another process listens"), unix_socket(path):
            pass
        assert path.is_socket()


def test_the_dead_leave_theirs(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))
    assert path.is_socket()
    with unix_socket(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))


def test_what_is_no_socket_stays(path: Path) -> None:
    path.write_text("keep me")
    with pytest.raises(InputError, match="is no socket"), unix_socket(path):
        pass
    assert path.read_text() == "keep me"
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(InputError, match="is no socket"), unix_socket(link):
        pass


def test_a_socket_that_another_made_meanwhile_is_not_removed(path: Path) -> None:
    with unix_socket(path):
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(os.fspath(path))
    assert path.exists()


@pytest.mark.parametrize("name", ["x" * 150, "x" * 300, "missing/s"])
def test_a_path_that_cannot_be_is_said(path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"too long|cannot be used"), unix_socket(path.parent / name):
        pass


def test_a_port_that_is_taken(path: Path) -> None:
    with loopback_port(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(Unavailable, match="cannot be opened"), loopback_port(port):
            pass
