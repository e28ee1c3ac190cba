"""Mails a CPU-second of rspamd and SpamAssassin's spamd, where they are installed, without any network test.

Both are started on a socket of their own with one worker and are asked for every mail by their own client. The time is
the CPU time of the daemon and its children, from ``/proc``; that of the client is left out.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CANDIDATES = {"spamd": ("spamd", "spamc"), "rspamd": ("rspamd", "rspamc")}
# The rules that the package brings, with a name server that is not there.
RSPAMD = """.include "$CONFDIR/common.conf"
options {{
    pidfile = "{place}/pid";
    .include "$CONFDIR/options.inc"
    dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.01s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{place}/log"; level = "error"; }}
worker "normal" {{ bind_socket = "{place}/socket mode=0666"; count = 1; }}
"""
STARTED = 240
"""Seconds that a daemon may take; rspamd compiles its patterns first."""


def measure(listing: Path, most: int, place: Path) -> dict[str, Any]:
    """Return ``spamd_mails_per_cpu_s`` and ``rspamd_mails_per_cpu_s``, or null with a reason."""
    files = listing.read_text().splitlines()
    files = files[:: max(1, len(files) // most)][:most]
    result: dict[str, Any] = {}
    for name, programs in CANDIDATES.items():
        key = f"{name}_mails_per_cpu_s"
        missing = [program for program in programs if shutil.which(program) is None]
        if missing:
            result |= {key: None, f"{name}_reason": f"{', '.join(missing)} not installed"}
            continue
        own = place / name
        own.mkdir(mode=0o755)
        start, ask = (_spamd if name == "spamd" else _rspamd)(own)
        result |= _rate(name, start, ask, own / "socket", files)
    return result


def _spamd(own: Path) -> tuple[list[str], Callable[[str], list[str]]]:
    words = [
        "spamd",
        "-L",
        "--max-children=1",
        "--min-children=1",
        f"--socketpath={own}/socket",
        f"--helper-home-dir={own}",
    ]
    return [*words, "--syslog=null", "-x"], lambda _: ["spamc", "-U", f"{own}/socket", "-c"]


def _rspamd(own: Path) -> tuple[list[str], Callable[[str], list[str]]]:
    (own / "rspamd.conf").write_text(RSPAMD.format(place=own))
    return (
        ["rspamd", "-f", "-i", "-c", str(own / "rspamd.conf"), "--var", f"DBDIR={own}"],
        lambda file: ["rspamc", "-h", str(own / "socket"), file],
    )


def _rate(
    name: str, start: list[str], ask: Callable[[str], list[str]], path: Path, files: list[str]
) -> dict[str, Any]:
    key = f"{name}_mails_per_cpu_s"
    daemon = subprocess.Popen(
        start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = time.monotonic() + STARTED
        while not path.exists():
            if daemon.poll() is not None or time.monotonic() > end:
                return {key: None, f"{name}_reason": "it did not start"}
            time.sleep(0.2)
        # One turn before the clock starts: rules are compiled meanwhile.
        said = [_ask(ask, file) for file in files]
        if not all(b"/" in words for words in said):  # spamc prints 1.2/5.0, rspamc Score: 1.20 / 15.00
            return {key: None, f"{name}_reason": "it gave no score"}
        before = _cpu_seconds(daemon.pid)
        for file in files:
            _ask(ask, file)
        took = _cpu_seconds(daemon.pid) - before
        return {key: round(len(files) / took, 1) if took > 0 else None}
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()


def _ask(ask: Callable[[str], list[str]], file: str) -> bytes:
    with open(file, "rb") as mail:  # noqa: PTH123 - a handle for the client
        done = subprocess.run(ask(file), stdin=mail, capture_output=True, check=False)
    if done.returncode not in (0, 1):  # 1: spamc says spam
        raise SystemExit(f"{ask(file)[0]} failed: {done.stderr[-300:]!r}")
    return done.stdout


def _cpu_seconds(pid: int) -> float:
    """Return user and system time of a process and all below it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(fields[place]) for place in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_cpu_seconds(int(child)) for child in below)
