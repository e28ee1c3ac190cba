"""The second implementation, in JavaScript, as tests run it: tests/consumer with its packages installed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

HOME = Path(__file__).parent / "consumer"
Consumer = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def consumer() -> Consumer:
    """Return what runs the consumer and gives the lines it prints."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("Node.js with npm is not installed")
    with (HOME / "package.json").open("rb") as locked:
        # One process installs and the others wait: half a folder of packages looks like a whole one.
        fcntl.flock(locked, fcntl.LOCK_EX)
        install()

    def run(
        bundle: Path, what: str, events: Iterable[dict[str, Any]] = (), *files: Path, code: int = 0
    ) -> list[Any]:
        lines = "".join(json.dumps(event) + "\n" for event in events)
        done = subprocess.run(
            ["node", HOME / "consumer.mjs", bundle, what, *files],
            input=lines, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    return run


def install() -> None:
    """Install what the lock file names, unless it is there; npm writes its own lock file last."""
    if (HOME / "node_modules" / ".package-lock.json").is_file():
        return
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(words, cwd=HOME, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        missing(f"the npm registry is out of reach: {done.stderr}")


def missing(what: str) -> NoReturn:
    """Skip the tests of the consumer, or fail where they must run: under ``CI``."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


Ask = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


@contextmanager
def talking(
    bundle: Path, what: str, *, silent: Callable[[dict[str, Any]], bool] = lambda event: False
) -> Iterator[Ask]:
    """Start the consumer once and let it answer events as they come: one line for each that is not silent."""
    with subprocess.Popen(
        ["node", HOME / "consumer.mjs", bundle, what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        given, said = process.stdin, process.stdout

        def ask(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            answers = []
            for event in events:
                given.write(json.dumps(event) + "\n")
                if silent(event):
                    continue
                given.flush()
                answers.append(json.loads(said.readline()))
            return answers

        yield ask
        given.close()
        assert process.wait(timeout=60) == 0
