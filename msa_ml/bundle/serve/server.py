"""Runs the application on a socket until a signal ends it. The only importer of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from msa_ml.bundle.serve.app import LOG, App

LONGEST_HEAD = 65_536
"""Bytes of a request before its body."""


@dataclass(frozen=True, slots=True)
class Running:
    """How the process runs.

    Attributes
    ----------
    watch_seconds
        Between two looks whether the path names another bundle; 0: only a SIGHUP makes it look.
    stop_seconds
        That requests under way have to end in after SIGTERM or SIGINT.
    idle_seconds
        After which a connection that is kept open without a request is closed.
    """

    watch_seconds: float = 2.0
    stop_seconds: int = 30
    idle_seconds: int = 60


def run(app: App, listener: socket.socket, running: Running) -> None:
    """Serve until SIGTERM or SIGINT; requests under way end first. SIGHUP reloads the bundle."""
    import uvicorn

    config = uvicorn.Config(
        app,
        # The one that the base install has, so that every process behaves alike; websockets are nothing here.
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_keep_alive=running.idle_seconds,
        timeout_graceful_shutdown=running.stop_seconds,
    )
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    server = uvicorn.Server(config)

    async def serve() -> None:
        async with _reloading(app, running.watch_seconds):
            await server.serve(sockets=[listener])

    # The library gives the signal that stopped it back to us, by when the work is done.
    kept = {name: signal.signal(name, lambda *_: None) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        asyncio.run(serve())
    finally:
        for name, handler in kept.items():
            signal.signal(name, handler)


@contextlib.asynccontextmanager
async def _reloading(app: App, every: float) -> AsyncIterator[None]:
    """Reload on SIGHUP, and when the path names another bundle."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, asked.set)

    async def watch() -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), every or None)
            try:
                if asked.is_set() or await asyncio.to_thread(app.holder.changed):
                    asked.clear()
                    await _reload(app)
            except Exception as error:  # noqa: BLE001 - a defect ends this look, never the watch
                LOG.error("a look for another bundle failed: %s", type(error).__name__)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def _reload(app: App) -> None:
    before = app.holder.bundle.id
    result = await asyncio.to_thread(app.holder.reload)
    if not result.accepted:
        LOG.error("reload refused, bundle %s stays: %s", before[:12], result.refusal)
    elif result.bundle_id == before:
        LOG.info("reloaded: bundle %s, unchanged", before[:12])
    else:
        LOG.info("reloaded: bundle %s after %s", result.bundle_id[:12], before[:12])
