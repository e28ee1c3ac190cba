"""ClickHouse, a server over HTTP(S) or embedded chDB, behind one API; the only importer of their clients.

The embedded engine is held only while something is read or written: outside of :meth:`Store.session` each call opens
and closes it (about 0.07 s), so notebooks and jobs work side by side.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import polars as pl

from msa_ml import settings as settings_module
from msa_ml.errors import InputError, StoreBusy, UnknownNameError
from msa_ml.settings import Settings
from msa_ml.source import address as addresses
from msa_ml.source import arrow, embedded, faults
from msa_ml.source.address import Address
from msa_ml.source.lock import foreign_holder
from msa_ml.source.parameters import bare, bound
from msa_ml.source.retry import Retry

T = TypeVar("T")

LIMITS = ("max_threads", "max_memory_usage", "max_execution_time")
MOST_ROWS = 100_000
"""Rows of one INSERT at most."""
INSERT_BYTES = 64 * 2**20
STREAM_BYTES = 16 * 2**20
_RAW = re.compile(r"\braw\b")
_BLOCKS = {"max_block_size": 8_192}
# Raw mail, some 20 kB a row: with the defaults a stream of 573 MB from the view peaked at 1,000 MB above the start
# (each thread holds a block of each part), with these at 120 MB, and took a third of the time.
_RAW_BLOCKS = {"max_block_size": 128, "max_threads": 1}


def connect(
    url: str | None = None,
    *,
    settings: Settings | None = None,
    lock_wait: float | None = None,
    log_comment: str = "msa_ml",
    retry: Retry | None = None,
) -> Store:
    """Return a store; nothing is opened before the first call.

    Parameters
    ----------
    url
        ``clickhouse://user:password@host:8443/database?secure=true`` (further options: ``compression``,
        ``connect_timeout`` and ``send_receive_timeout`` in seconds, ``verify``, ``ca_cert``) or
        ``chdb:///absolute/path``. Default: that of the settings.
    settings
        Where the default URL, ``[limits]`` and ``lock_wait`` come from; default: environment and ``msa.toml``.
    lock_wait
        Seconds to wait for an embedded store that another process holds; 0 = not at all.
    log_comment
        Marks our queries in the server's ``system.query_log``.
    retry
        When transient failures are tried again.

    Raises
    ------
    InputError
        The URL or a limit is malformed.

    Examples
    --------
    >>> connect("clickhouse://ana:secret@ch.example.org/mail", settings=None)
    Store('clickhouse://ana@ch.example.org:8123/mail')
    """
    chosen = settings if settings is not None else settings_module.read()
    return Store(
        addresses.parse(url or chosen.clickhouse_url),
        options={**_limits(chosen), "log_comment": log_comment},
        lock_wait=chosen.lock_wait if lock_wait is None else lock_wait,
        retry=retry,
    )


def _limits(settings: Settings) -> dict[str, int]:
    limits = settings.section("limits")
    for name, value in limits.items():
        if name not in LIMITS:
            raise UnknownNameError("key of [limits] in msa.toml", name, LIMITS)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InputError(
                f"[limits] {name} in msa.toml must be a whole number, found {value!r}.", hint="0 = no limit."
            )
    return dict(limits)


class Store(AbstractContextManager["Store"]):
    """A store of events, labels and results. Made by :func:`connect`.

    Threads may share one. It can be sent to another process, which opens its own connection.

    Attributes
    ----------
    url_public
        The URL without its password.
    embedded
        Whether the engine runs inside this process.
    database
        Name of the database.
    """

    def __init__(
        self, address: Address, *, options: Mapping[str, object], lock_wait: float, retry: Retry | None = None
    ) -> None:
        self._address = address
        self._options = dict(options)
        self._lock_wait = lock_wait
        self._retry = retry or Retry()
        self._guard = threading.RLock()
        self._client: Any = None
        self._depth = 0
        self._pid = 0

    def __reduce__(self) -> tuple[Callable[..., Store], tuple[object, ...]]:
        return _restore, (self._address, self._options, self._lock_wait)

    @property
    def url_public(self) -> str:
        """The URL without its password."""
        return self._address.public

    @property
    def embedded(self) -> bool:
        """Whether the engine runs inside this process."""
        return self._address.embedded

    @property
    def database(self) -> str:
        """Name of the database."""
        return self._address.database

    def __repr__(self) -> str:
        return f"Store('{self.url_public}')"

    @contextmanager
    def session(self) -> Iterator[Store]:
        """Hold the connection over several calls; re-entrant, for threads too. For a server it only saves a line.

        Raises
        ------
        StoreBusy
            Another process holds the embedded store.
        SourceUnavailable
            The server does not answer or refuses us.
        """
        self._enter()
        try:
            yield self
        finally:
            self._leave()

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def frame(self, sql: str, parameters: Mapping[str, object] | None = None) -> pl.DataFrame:
        """Return the whole result of a query.

        Parameters
        ----------
        sql
            One SELECT; values as ClickHouse parameters, ``{name:Type}``.
        parameters
            Their values. Times must know their zone; they travel as UTC with milliseconds.

        Returns
        -------
        polars.DataFrame
            Times (``DateTime64``) are ``Datetime("ms", "UTC")``; strings are text, except the columns ``raw``, which
            are bytes. ``DateTime`` and ``Enum`` may come as numbers, depending on the server: convert them in SQL.
        """
        values = bound(parameters)

        def work(client: Any) -> pl.DataFrame:
            return arrow.read(client.raw_query(bare(sql), parameters=values, fmt="ArrowStream"))

        return self._run(work)

    def value(self, sql: str, parameters: Mapping[str, object] | None = None) -> Any:
        """Return the first cell of the result, ``None`` when there is no row."""
        found = self.frame(sql, parameters)
        return found.item(0, 0) if len(found) else None

    def stream(
        self, sql: str, parameters: Mapping[str, object] | None = None, *, batch_bytes: int = STREAM_BYTES
    ) -> Generator[pl.DataFrame]:
        """Yield the result in frames of about ``batch_bytes``, never holding the whole; no row, no frame.

        The session lasts until the iterator is exhausted or closed. A failure before the first frame is tried again,
        a later one is raised.
        """
        with (
            self.session(),
            closing(arrow.even_batches(self._blocks(sql, parameters), batch_bytes)) as frames,
        ):
            for frame in frames:
                if len(frame):
                    yield frame

    def command(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run a statement without a result. It is tried again only where nothing can have been executed."""
        values = bound(parameters)
        self._run(lambda client: client.command(bare(sql), parameters=values), idempotent=False)

    def insert(self, table: str, frame: pl.DataFrame) -> int:
        """Write rows and return how many were sent.

        One INSERT holds one month of ``event_time`` (of ``labelled_at`` for labels) and at most 100,000 rows. Repeats converge: our tables keep the
        newest version of each id, so a transient failure is simply tried again.

        Raises
        ------
        InputError
            No such table, or a column that the table does not have.
        """
        with self.session():
            self._require_columns(table, frame)
            for piece in arrow.by_month(frame):
                for part in arrow.slices(piece, INSERT_BYTES, MOST_ROWS):
                    self._insert(table, part)
        return len(frame)

    def create_database(self) -> None:
        """Create the database of the URL where it is missing; an embedded store has it."""
        if not self.embedded:
            name = self.database.replace("`", "\\`")
            sql = f"CREATE DATABASE IF NOT EXISTS `{name}`"
            known = "SELECT count() FROM system.databases WHERE name = {name:String}"

            def work(client: Any) -> None:
                # Asked first: a user may well own a database without the right to create one.
                if not int(client.command(known, parameters={"name": self.database}, use_database=False)):
                    client.command(sql, use_database=False)

            self._run(work)

    def close(self) -> None:
        """Close the connection of a server. An embedded store is closed by the end of its sessions."""
        with self._guard:
            if not self._depth:
                self._close_client()

    # -- sessions ---------------------------------------------------------------------------------------------------

    def _enter(self) -> None:
        with self._guard:
            if self._address.path is not None:
                embedded.enter(self._address.path, self._lock_wait)
            try:
                if self._client is None or self._pid != os.getpid():
                    self._client = self._open()  # a server's sockets are not shared with a forked parent
                    self._pid = os.getpid()
            except BaseException:
                if self.embedded:
                    embedded.leave()
                raise
            self._depth += 1

    def _leave(self) -> None:
        with self._guard:
            self._depth -= 1
            if self.embedded:
                if not self._depth:
                    self._close_client()
                embedded.leave()

    def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> Any:
        if self._address.path is not None:
            return _open_embedded(self._address.path, self._options)
        return self._attempt(lambda: _open_server(self._address, self._options))

    # -- work -------------------------------------------------------------------------------------------------------

    def _run(self, work: Callable[[Any], T], *, idempotent: bool = True) -> T:
        with self.session():
            return self._attempt(lambda: work(self._client), idempotent=idempotent)

    def _attempt(self, work: Callable[[], T], *, idempotent: bool = True) -> T:
        def transient(error: Exception) -> bool:
            trouble = faults.read(error)
            return trouble is not None and (
                trouble.way == "refused" or (idempotent and trouble.way == "lost")
            )

        with faults.translated(self._address):
            return self._retry.run(work, transient)

    def _blocks(self, sql: str, parameters: Mapping[str, object] | None) -> Iterator[pl.DataFrame]:
        values = bound(parameters)
        path = self._address.path

        def begin() -> tuple[pl.DataFrame | None, Generator[pl.DataFrame]]:
            blocks = (
                _embedded_blocks(path, self._options, sql, values)
                if path
                else _server_blocks(self._client, sql, values)
            )
            return next(blocks, None), blocks

        with self.session():
            first, blocks = self._attempt(begin)
            with closing(blocks), faults.translated(self._address):
                if first is not None:
                    yield first
                    yield from blocks

    def _require_columns(self, table: str, frame: pl.DataFrame) -> None:
        sql = (
            "SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String}"
            " AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')"
        )
        known = self.frame(sql, {"database": self.database, "table": table})["name"].to_list()
        if not known:
            raise InputError(f"no table '{table}' in {self.url_public}.", hint="Run `msa-ml init`.")
        for name in frame.columns:
            if name not in known:
                raise UnknownNameError(f"column of table {table}", name, known)

    def _insert(self, table: str, part: pl.DataFrame) -> None:
        rows = arrow.to_arrow(part)
        self._run(lambda client: client.insert_arrow(table, rows))


def _restore(address: Address, options: Mapping[str, object], lock_wait: float) -> Store:
    return Store(address, options=options, lock_wait=lock_wait)


def _module(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"the package {name} is not installed.", hint=f"Install it with: pip install 'msa-ml[{extra}]'"
        ) from error


def _open_embedded(path: Path, options: Mapping[str, object]) -> Any:
    _module("chdb", "local")
    client_module = _module("clickhouse_connect", "local")
    path.mkdir(mode=0o700, exist_ok=True)  # raw mail lies there
    try:
        return client_module.get_client(interface="chdb", path=str(path), settings=dict(options))
    except Exception as error:
        who = foreign_holder(path)
        if who is not None:
            raise StoreBusy(
                f"the embedded store {path} is held by {who}, which opened it without msa_ml.",
                hint="End that process, or let it close its connection.",
            ) from error
        raise InputError(
            f"the embedded store {path} cannot be opened.",
            hint="Is it a chDB folder of this or an older version, and may you write there? --debug shows the cause.",
        ) from error


def _blocks_of(sql: str) -> dict[str, int]:
    return _RAW_BLOCKS if _RAW.search(sql) else _BLOCKS


def _embedded_blocks(
    path: Path, options: Mapping[str, object], sql: str, values: Mapping[str, object]
) -> Generator[pl.DataFrame]:
    """Stream on a handle of its own: the client's Arrow stream would hold the whole result in memory."""
    chdb = _module("chdb", "local")
    binding = _module("clickhouse_connect.driver.binding", "local")
    text, parameters = binding.bind_query(bare(sql), dict(values), None)
    handle = chdb.connect(os.path.realpath(path))
    try:
        for name, value in {**options, **_blocks_of(sql)}.items():
            handle.query(f"SET {name} = {_quoted(value)}")
        plain = {name.removeprefix("param_"): value for name, value in parameters.items()}
        result = handle.send_query(text, "ArrowStream", params=plain)
        try:
            for chunk in result:  # each chunk is an Arrow stream of its own
                yield from arrow.batches(chunk.bytes())
        finally:
            result.close()
    finally:
        handle.close()


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _open_server(address: Address, options: Mapping[str, object]) -> Any:
    client_module = _module("clickhouse_connect", "train")
    # It warns of every failed attempt; we try again and raise in the end.
    logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)
    client = client_module.get_client(
        interface="https" if address.secure else "http",
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        compress=False if address.compression == "none" else address.compression,
        connect_timeout=address.connect_timeout,
        send_receive_timeout=address.send_receive_timeout,
        verify=address.verify,
        ca_cert=address.ca_cert or None,
        client_name="msa_ml",
        query_retries=0,
        autogenerate_session_id=False,  # a session would serialise threads
        dedicated_pool=True,
    )
    client.http_retries = 0  # there is one place that tries again: ours
    client.database = address.database  # said only now, so that `init` can create it
    for name, value in options.items():
        if _writable(client, name):
            client.set_client_setting(name, value)
    return client


def _writable(client: Any, setting: str) -> bool:
    """Whether this user may set it; a profile with ``readonly = 1`` may set nothing and is served without limits."""
    known = client.server_settings.get(setting)
    return known is not None and not known.readonly


def _server_blocks(client: Any, sql: str, values: Mapping[str, object]) -> Generator[pl.DataFrame]:
    wanted = {
        **_blocks_of(sql),
        # The server gives up when its answer is not taken for 30 s; a consumer may well train in between.
        "http_send_timeout": 3_600,
    }
    settings = {name: value for name, value in wanted.items() if _writable(client, name)}
    response = client.raw_stream(bare(sql), parameters=values, settings=settings, fmt="ArrowStream")
    try:
        yield from arrow.batches(response)
    finally:
        response.close()
