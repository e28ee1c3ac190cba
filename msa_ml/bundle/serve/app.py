"""The interface of a scoring process: an ASGI application of four routes.

``POST /score``
    The raw mail as ``message/rfc822`` (or ``application/octet-stream``), exactly as it was received. Answers with the
    score as JSON: ``logit``, ``probability``, ``decision``, ``policy``, ``decisions``, ``reasons``, ``bundle_id``,
    ``synthetic``, ``truncated``, ``degraded``, and ``task``. ``?reasons=5`` explains, ``?policy=NAME`` decides by
    another policy than the process was started with. Mail with what your counters know comes as ``application/json``:
    ``{"raw": "<base64>", "history": {...}}``; a bundle of another kind takes ``{"event": {...}, "history": {...}}``, the
    fields by name. ``history`` may be left out, and then ``degraded`` says so if the bundle has any.
``GET /health``
    Which bundle is served since when, what was counted, and what became of the last exchange of bundles.
``GET /metrics``
    The same counts for Prometheus.

Every refusal is JSON, ``{"error": ...}``: 400 a parameter, 408 the body came too slowly, 413 it is too large, 415 it is
of another type, 503 as many requests are under way as are allowed (``Retry-After``). Of a mail nothing is logged.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from msa_ml import __version__
from msa_ml.bundle.limits import Limits
from msa_ml.bundle.manifest import strict_json
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.score import Score
from msa_ml.bundle.serve.holder import Holder
from msa_ml.bundle.serve.metrics import Metrics
from msa_ml.errors import InputError, MsaError

Received = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Received]]
Send = Callable[[Received], Awaitable[None]]

MOST_REASONS = 50
CLIENT_GONE = 499
"""Counted, and answered to nobody."""
MAIL_TYPES = ("", "message/rfc822", "application/octet-stream")
JSON_TYPE = "application/json"
LOG = logging.getLogger("msa_ml.serve")


@dataclass(frozen=True, slots=True)
class Service:
    """How much is done at once.

    Attributes
    ----------
    limits
        Of one mail.
    most_bytes
        Of one body; a longer one is refused. A body between ``limits.bytes`` and this is scored on its beginning.
    most_requests
        Requests for a score that are read or scored at once; one more is answered with 503.
    most_held
        Bytes of all bodies that are held at once; what exceeds them is answered with 503.
    threads
        Threads that score.
    body_seconds
        In which a body must have come.
    """

    limits: Limits = Limits(seconds=2.0)  # noqa: RUF009 - a frozen value
    most_bytes: int = 128_000_000
    most_requests: int = 64
    most_held: int = 512_000_000
    threads: int = 2
    body_seconds: float = 30.0


class _Refusal(Exception):  # noqa: N818 - an answer, not a defect
    """An answer other than a score."""

    def __init__(self, status: int, words: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = tuple(headers)


class _Gone(Exception):  # noqa: N818 - as above
    """The client went away."""


class App:
    """Answers requests; the bundle is the holder's at the moment a body is complete.

    Parameters
    ----------
    holder
        The bundle.
    service
        How much is done at once.
    clock
        Seconds that only grow.
    """

    def __init__(self, holder: Holder, service: Service, clock: Callable[[], float]) -> None:
        self.holder = holder
        self.service = service
        self.metrics = Metrics()
        self._clock = clock
        self._began = clock()
        self._held = 0
        self._threads = ThreadPoolExecutor(service.threads, "msa-ml-score")

    async def __call__(self, scope: Received, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path, method = scope["path"], scope["method"]
        routes = {"/score": "POST", "/health": "GET", "/metrics": "GET"}
        try:
            if path not in routes:
                raise _Refusal(404, f"no such path; there are {', '.join(routes)}.")
            if method != routes[path] and not (method == "HEAD" and routes[path] == "GET"):
                raise _Refusal(405, f"{path} takes {routes[path]}.", [("allow", routes[path])])
            if path == "/score":
                await self._score(scope, receive, send)
            elif path == "/health":
                await _answer(send, 200, _json(self.health()))
            else:
                await _answer(
                    send, 200, self._prometheus().encode(), "text/plain; version=0.0.4; charset=utf-8"
                )
        except _Refusal as refusal:
            await _answer(send, refusal.status, _json({"error": refusal.words}), headers=refusal.headers)

    def health(self) -> dict[str, Any]:
        """Return what ``/health`` says."""
        bundle, last = self.holder.bundle, self.holder.last
        manifest = bundle.manifest
        metrics = self.metrics
        return {
            "status": "ok" if last is None or last.accepted else "reload refused",
            "task": manifest.task,
            "kind": manifest.kind,
            "bundle": str(self.holder.path),
            "bundle_id": bundle.id,
            "format": manifest.format,
            "made_by": manifest.package_version,
            "served_by": __version__,
            "synthetic": manifest.synthetic,
            "policy": manifest.policy(self.holder.policy).name,
            "policies": [entry.name for entry in manifest.policies],
            "uptime_s": round(self._clock() - self._began, 3),
            "scored": sum(metrics.decisions.values()),
            "flagged": sum(count for (_, flagged), count in metrics.decisions.items() if flagged),
            "truncated": metrics.truncated,
            "degraded": metrics.degraded,
            "in_flight": metrics.in_flight,
            "answers": {str(status): count for status, count in sorted(metrics.statuses.items())},
            "reloads": {"refused": self.holder.reloads[0], "accepted": self.holder.reloads[1]},
            "last_reload": None if last is None else {**asdict(last), "at": last.at.isoformat()},
        }

    def _prometheus(self) -> str:
        manifest = self.holder.bundle.manifest
        labels = {"task": manifest.task, "bundle_id": self.holder.bundle.id, "version": __version__}
        refused, accepted = self.holder.reloads
        return self.metrics.text(labels, self._clock() - self._began, (refused, accepted))

    async def _score(self, scope: Received, receive: Receive, send: Send) -> None:
        began, metrics = self._clock(), self.metrics
        metrics.in_flight += 1
        try:
            body = await self._scored(scope, receive)
        except _Gone:
            metrics.answered(CLIENT_GONE, 0.0)
        except _Refusal as refusal:
            metrics.answered(refusal.status, 0.0)
            raise
        else:
            metrics.answered(200, self._clock() - began)
            await _answer(send, 200, body)
        finally:
            metrics.in_flight -= 1

    async def _scored(self, scope: Received, receive: Receive) -> bytes:
        """Read a body, score it on a thread, and return the answer."""
        service = self.service
        body, held = _Body(receive), list[bytes]()
        try:
            async with asyncio.timeout(service.body_seconds):
                try:
                    if self.metrics.in_flight > service.most_requests:
                        raise _busy("as many requests are under way as are allowed")
                    policy, reasons = self._parameters(scope)
                    as_json = _is_json(scope, self.holder.bundle.manifest.kind)
                    await self._read(scope, body, held)
                except _Refusal:
                    await body.drain()
                    raise
            # Whatever bundle is served now; an exchange meanwhile changes nothing for this mail.
            bundle = self.holder.bundle
            options = {"policy": policy, "reasons": reasons, "limits": service.limits}
            work = partial(_score_body, bundle, b"".join(held), as_json=as_json, **options)
            score = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError:
            raise _Refusal(408, f"the body did not come within {service.body_seconds:g} s.") from None
        except MsaError as error:
            raise _Refusal(400, str(error)) from error
        except (_Refusal, _Gone, asyncio.CancelledError):
            raise
        except Exception as error:
            raise _defect(error) from error
        finally:
            self._held -= sum(map(len, held))
        self._count(score)
        return _json({**score.to_json(), "task": bundle.manifest.task})

    def _parameters(self, scope: Received) -> tuple[str | None, int]:
        """Return the policy, and how many reasons are wanted."""
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        policy = given.pop("policy", self.holder.policy)
        reasons = given.pop("reasons", "0")
        if given:
            raise _Refusal(400, f"unknown parameter {min(given)[:40]!a}; there are policy and reasons.")
        if not (
            reasons.isascii() and reasons.isdigit() and len(reasons) < 3 and int(reasons) <= MOST_REASONS
        ):
            raise _Refusal(400, f"reasons is a number from 0 to {MOST_REASONS}, found {reasons[:40]!a}.")
        try:
            self.holder.bundle.manifest.policy(policy)
        except InputError as error:
            raise _Refusal(400, str(error)) from error
        return policy, int(reasons)

    async def _read(self, scope: Received, body: _Body, held: list[bytes]) -> None:
        """Read a body into ``held``, within the limits of one and of all."""
        most = self.service.most_bytes
        too_long = _Refusal(413, f"a body has at most {most} bytes.")
        if int(_header(scope, b"content-length") or 0) > most:
            raise too_long
        length = 0
        async for chunk in body.pieces():
            length += len(chunk)
            if length > most:
                raise too_long
            if self._held + len(chunk) > self.service.most_held:
                raise _busy("the bodies that are held fill the memory that they may")
            held.append(chunk)
            self._held += len(chunk)

    def _count(self, score: Score) -> None:
        self.metrics.scored(
            score.policy, decision=score.decision, truncated=score.truncated, degraded=bool(score.degraded)
        )


def _score_body(bundle: Bundle, body: bytes, *, as_json: bool, **options: Any) -> Score:
    """Score what a body holds; on a thread, since a large body takes a while to be read as JSON."""
    if not as_json:
        return bundle.score(body, **options)
    event, history = _event(body, bundle.manifest.kind)
    return bundle.score(event, history=history, **options)


def _event(body: bytes, kind: str) -> tuple[bytes | dict[str, Any], dict[str, Any] | None]:
    """Return an event and its history out of JSON, as :meth:`Bundle.score` takes them."""
    key, what = ("raw", '"<base64 of the mail>"') if kind == "mail" else ("event", "{...}")
    wanted = _Refusal(
        400, f'expected {{"{key}": {what}}}, with "history": {{NAME: number or null, ...}} if it is known.'
    )
    try:
        found = strict_json(body)
    except (ValueError, RecursionError):
        raise wanted from None
    if not isinstance(found, dict) or not {key} <= found.keys() <= {key, "history"}:
        raise wanted
    event, history = found[key], found.get("history")
    if not isinstance(history, dict | None):
        raise wanted
    if kind != "mail":
        if not isinstance(event, dict):
            raise wanted
        return event, history
    try:
        return base64.b64decode(event, validate=True), history
    except (TypeError, ValueError):
        raise wanted from None


def _is_json(scope: Received, kind: str) -> bool:
    """Whether a body is declared as JSON; refuse one that is declared as what the kind is not sent as.

    Above all that of a form, which is what ``curl --data`` sends: it takes the line ends out of a mail.
    """
    found = _header(scope, b"content-type").partition(";")[0].strip().lower()
    if found == JSON_TYPE:
        return True
    if kind != "mail":
        raise _Refusal(415, f"a {kind} is sent as {JSON_TYPE}, found {found[:60]!a}.")
    if found not in MAIL_TYPES:
        raise _Refusal(
            415,
            f"a mail is sent as message/rfc822, found {found[:60]!a}. With curl: -H 'Content-Type: message/rfc822' "
            "--data-binary @mail.eml",
        )
    return False


class _Body:
    """The body of a request, piece by piece."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield what has not been taken yet."""
        while not self._complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            self._complete = not message.get("more_body", False)
            yield message.get("body", b"")

    async def drain(self) -> None:
        """Take the rest and forget it, so that its sender comes to read why it was refused."""
        async for _ in self.pieces():
            pass


def _busy(why: str) -> _Refusal:
    return _Refusal(503, f"{why}; try again.", [("retry-after", "1")])


def _defect(error: Exception) -> _Refusal:
    """Log a defect by its place, without the message, which may quote a mail."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
    LOG.error("an event was not scored: %s", place)
    return _Refusal(
        500, f"the event was not scored: {place}. Report it; the event is needed to find out why."
    )


def _header(scope: Received, name: bytes) -> str:
    value: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return value.decode("latin-1")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, default=str).encode() + b"\n"


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    kind: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
) -> None:
    pairs = [("content-type", kind), ("content-length", str(len(body))), *headers]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in pairs],
        }
    )
    await send({"type": "http.response.body", "body": body})
