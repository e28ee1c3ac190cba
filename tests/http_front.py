"""A small HTTP front over chDB, for tests: what the real clickhouse-connect client needs, and faults on demand.

It is no server: it holds whole results, knows no sessions and no external data. Users, ``readonly``, settings, typed
parameters, compression both ways and error codes go through the engine itself, so they behave as on a server.
"""

from __future__ import annotations

import base64
import gzip
import json
import multiprocessing
import re
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

USERS = {
    "default": ("", 0),
    "writer": ("right&proper/pässword", 0),
    "reader": ("look", 2),
    "strict": ("look", 1),
}
"""Name: (password, ``readonly`` of the profile: 1 may not even change settings)."""

_TRANSPORT = {
    "database", "query", "query_id", "session_id", "session_timeout", "session_check", "compress", "decompress",
    "wait_end_of_query", "buffer_size", "client_protocol_version", "role", "quota_key", "user", "password",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression",
}  # fmt: skip
_CODE = re.compile(r"Code: (\d+)")
_INSERT = re.compile(rb"\A\s*(INSERT\s+INTO\s+.*?)\s+FORMAT\s+(\w+)\s*?(?:\n|\Z)", re.IGNORECASE | re.DOTALL)
_STATUS = {516: 403, 497: 403, 60: 404, 81: 404, 62: 400, 47: 400}


@dataclass(frozen=True)
class Front:
    """A running front.

    Attributes
    ----------
    port
        Where it listens, on 127.0.0.1.
    """

    port: int

    def url(
        self, *, user: str = "default", password: str = "", database: str = "default", options: str = ""
    ) -> str:
        from urllib.parse import quote

        who = f"{quote(user, safe='')}:{quote(password, safe='')}@"
        return f"clickhouse://{who}127.0.0.1:{self.port}/{database}{'?' + options if options else ''}"

    def fault(self, kind: str, *, times: int = 1, matching: str = "", seconds: float = 0.0) -> None:
        """Plan a fault for the next requests whose SQL contains a text.

        ``kind``: an HTTP status such as ``503``; ``reset`` (half of the answer, then RST); ``hang`` (so many seconds).
        """
        plan = {"kind": kind, "times": times, "matching": matching, "seconds": seconds}
        self._admin("fault", plan)

    def seen(self) -> list[dict[str, Any]]:
        """Return what was asked since the last call: ``sql``, ``settings``, ``encoding``, and forget it."""
        return list(json.loads(self._admin("seen", {})))

    def _admin(self, what: str, value: object) -> bytes:
        request = Request(
            f"http://127.0.0.1:{self.port}/_{what}", data=json.dumps(value).encode(), method="POST"
        )
        with urlopen(request, timeout=10) as answer:
            return bytes(answer.read())


@contextmanager
def running() -> Iterator[Front]:
    """Run a front over a new store in a process of its own: a process opens one chDB path only."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    folder = Path(tempfile.mkdtemp(prefix="front"))
    process = context.Process(target=_serve, args=(str(folder / "store"), theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(60):
            raise TimeoutError("the HTTP front did not start")
        yield Front(ours.recv())
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
        theirs.close()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(path: str, ready: Connection) -> None:
    import chdb

    _Handler.path_of_store = path
    keep = chdb.connect(path)  # the engine lives as long as this handle
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    ready.send(server.server_address[1])
    with keep:
        server.serve_forever()


class _RefusedError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    guard = threading.Lock()
    path_of_store = ""
    faults: list[dict[str, Any]] = []  # noqa: RUF012 - shared by the handlers of this one process
    log: list[dict[str, Any]] = []  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self._answer(200, b"Ok.\n", {})

    def do_POST(self) -> None:
        body = self._body()
        where = urlsplit(self.path)
        if where.path.startswith("/_"):
            self._control(where.path[2:], json.loads(body))
            return
        asked = {name: values[-1] for name, values in parse_qs(where.query, keep_blank_values=True).items()}
        statement = asked.get("query", "").encode() + (b"\n" if asked.get("query") else b"") + body
        settings = {k: v for k, v in asked.items() if k not in _TRANSPORT and not k.startswith("param_")}
        fault = self._fault(statement[:10_000], settings)
        if fault and fault["kind"] == "hang":
            time.sleep(fault["seconds"])
        elif fault and fault["kind"].isdigit():
            self._answer(int(fault["kind"]), b"a proxy speaks\n", {})
            return
        try:
            result = self._run(statement, asked, settings)
        except Exception as error:  # noqa: BLE001 - whatever the engine says goes to the client
            code = int(found.group(1)) if (found := _CODE.search(str(error))) else 1002
            headers = {"X-ClickHouse-Exception-Code": str(code)}
            self._answer(_STATUS.get(code, 500), f"{error} (version 26.9)\n".encode(), headers)
            return
        shape = re.search(rb"\bFORMAT\s+(\w+)\s*\Z", statement[-200:])
        headers = (
            {"X-ClickHouse-Format": shape.group(1).decode() if shape else "TabSeparated"} if result else {}
        )
        self._answer(200, result, headers, broken=bool(fault and fault["kind"] == "reset"))

    def _run(self, statement: bytes, asked: dict[str, str], settings: dict[str, str]) -> bytes:
        import chdb

        readonly = self._authenticate()
        parameters = {k.removeprefix("param_"): v for k, v in asked.items() if k.startswith("param_")}
        with chdb.connect(self.path_of_store) as handle:  # settings end with the handle
            if database := asked.get("database"):
                handle.query(f"USE `{database}`")
            if readonly:
                handle.query(f"SET readonly = {readonly:d}")
            for name, value in settings.items():
                text = value.replace("\\", "\\\\").replace("'", "\\'")
                handle.query(f"SET {name} = '{text}'")
            insert = _INSERT.match(statement)
            if insert is None:
                return bytes(
                    handle.query(statement.decode(), "TabSeparated", params=parameters).bytes() or b""
                )
            with tempfile.NamedTemporaryFile() as rows:
                rows.write(statement[insert.end() :])
                rows.flush()
                head, shape = insert.group(1).decode(), insert.group(2).decode()
                handle.query(f"{head} FROM INFILE '{rows.name}' FORMAT {shape}")
            return b""

    def _authenticate(self) -> int:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        pair = base64.b64decode(token).decode() if kind == "Basic" else "default:"
        user, _, password = pair.partition(":")
        if user not in USERS or USERS[user][0] != password:
            raise _RefusedError(
                516, f"{user}: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)"
            )
        return USERS[user][1]

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return _unpacked(body, self.headers.get("Content-Encoding", ""))

    def _control(self, what: str, value: dict[str, Any]) -> None:
        with self.guard:
            if what == "fault":
                self.faults.append(value)
            answer = json.dumps(self.log).encode()
            self.log.clear()
        self._answer(200, answer, {})

    def _fault(self, statement: bytes, settings: dict[str, str]) -> dict[str, Any] | None:
        text = statement.decode(errors="replace")
        with self.guard:
            packed = self.headers.get("Content-Encoding", "")
            self.log.append({"sql": text[:20_000], "settings": settings, "encoding": packed})
            for plan in self.faults:
                if plan["matching"] in text:
                    plan["times"] -= 1
                    if plan["times"] <= 0:
                        self.faults.remove(plan)
                    return plan
        return None

    def _answer(self, status: int, body: bytes, headers: dict[str, str], *, broken: bool = False) -> None:
        body, packing = _packed(body, self.headers.get("Accept-Encoding", ""))
        self.send_response(status)
        for name, value in {**headers, **packing, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if broken else body)
        self.wfile.flush()
        if broken:
            time.sleep(0.05)  # the first half arrives before the reset discards what is still on its way
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True


def _unpacked(body: bytes, encoding: str) -> bytes:
    import lz4.frame  # type: ignore[import-untyped]
    import zstandard

    if encoding == "lz4":
        return bytes(lz4.frame.decompress(body))
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    return gzip.decompress(body) if encoding == "gzip" else body


def _packed(body: bytes, accepted: str) -> tuple[bytes, dict[str, str]]:
    import lz4.frame
    import zstandard

    first = accepted.split(",", maxsplit=1)[0].strip()
    if not body or first not in ("lz4", "zstd", "gzip"):
        return body, {}
    packed = {"lz4": lz4.frame.compress, "zstd": zstandard.ZstdCompressor().compress, "gzip": gzip.compress}[
        first
    ]
    return bytes(packed(body)), {"Content-Encoding": first}
