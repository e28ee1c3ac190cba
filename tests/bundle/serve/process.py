"""A scoring process of the real command line, and a client that speaks to its socket."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.main_job import environment

MAIL = {"content-type": "message/rfc822"}


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        try:
            self.sock.connect(os.fspath(self._path))
        except OSError:
            self.close()
            raise


@dataclass
class Process:
    """A running ``msa-ml serve``."""

    popen: subprocess.Popen[bytes]
    path: Path
    log: Path

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] = MAIL
    ) -> tuple[int, Any]:
        """Send one request on a connection of its own; return status and JSON."""
        connection = Connection(self.path)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def score(self, raw: bytes, target: str = "/score") -> Any:
        status, found = self.ask("POST", target, raw)
        assert status == 200, found
        return found

    def health(self) -> Any:
        status, found = self.ask("GET", "/health")
        assert status == 200
        return found

    def until(self, wanted: Callable[[Any], bool], seconds: float = 90) -> Any:
        """Ask for the health until it is as wanted."""
        end = time.monotonic() + seconds
        while not wanted(found := self.health()):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found

    def said(self) -> str:
        return self.log.read_text()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 90) -> tuple[int, Any]:
        """End it; return its exit code and what it printed."""
        self.popen.send_signal(number)
        out, _ = self.popen.communicate(timeout=seconds)
        return self.popen.returncode, json.loads(out.splitlines()[-1]) if out else None


@contextmanager
def serving(
    bundle: Path,
    *words: str,
    path: Path | None = None,
    program: Sequence[str | Path] = (sys.executable, "-m", "msa_ml"),
) -> Iterator[Process]:
    """Start a process and wait until it answers; it is killed at the end if it still runs."""
    with tempfile.TemporaryDirectory(prefix="msa") as place:  # short, as a socket's path must be
        chosen = path or Path(place) / "s"
        log = Path(place) / "log"
        command = [
            *program,
            "serve",
            str(bundle),
            "--socket",
            str(chosen),
            "--json",
            *words,
        ]
        with log.open("wb") as stream:
            popen = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=stream)
        process = Process(popen, chosen, log)
        try:
            end = time.monotonic() + 180
            while "serving" not in process.said():
                assert popen.poll() is None, process.said()
                assert time.monotonic() < end, process.said()
                time.sleep(0.05)
            yield process
        finally:
            popen.kill()
            popen.communicate()
