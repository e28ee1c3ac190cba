"""The application without a process: limits of number, memory and time, and what it does with its own defects."""

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from msa_ml.bundle import Limits
from msa_ml.bundle.golden_events import golden_events
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.golden_signup import golden_signup
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.serve.app import App, Received, Service
from msa_ml.bundle.serve.holder import Holder
from msa_ml.bundle.serve.server import _reloading
from msa_ml.bundle.write import write
from msa_ml.errors import BundleRefused, InputError
from msa_ml.tasks import get
from tests.bundle.tiny import RULE, reseal, tiny

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RAW = golden_mail()["pills"]


def app_of(bundle: Bundle, **service: Any) -> App:
    return App(Holder(bundle.path, lambda _: bundle, lambda: NOW), Service(**service), time.monotonic)


async def ask(
    app: App,
    chunks: list[bytes],
    *,
    target: str = "/score",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    before: Callable[[int], Awaitable[None]] | None = None,
    ends: str = "http.request",
) -> tuple[int, Any, dict[bytes, bytes]]:
    """Send a body in pieces; ``before`` is awaited before each."""
    path, _, query = target.partition("?")
    sent: list[Received] = []
    waiting = list(enumerate(chunks))

    async def receive() -> Received:
        if not waiting:
            return {"type": "http.disconnect"}
        number, chunk = waiting.pop(0)
        if before is not None:
            await before(number)
        if not waiting and ends == "http.disconnect":
            return {"type": ends}
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: Received) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST" if path == "/score" else "GET", "path": path,
        "query_string": query.encode(), "headers": list(headers),
    }  # fmt: skip
    await app(scope, receive, send)
    if not sent:
        return 0, None, {}
    return sent[0]["status"], json.loads(sent[1]["body"]), dict(sent[0]["headers"])


def test_a_body_in_pieces_is_one_mail(bundle: Bundle) -> None:
    pieces = [RAW[at : at + 7] for at in range(0, len(RAW), 7)]
    status, found, _ = asyncio.run(ask(app_of(bundle), pieces))
    assert (status, found["logit"]) == (200, bundle.score(RAW).logit)


def test_one_request_more_than_allowed_is_asked_to_come_again(bundle: Bundle) -> None:
    app = app_of(bundle, most_requests=2)

    async def crowd() -> list[tuple[int, Any, dict[bytes, bytes]]]:
        gate = asyncio.Event()

        async def wait(number: int) -> None:
            if number:
                await gate.wait()

        slow = [asyncio.create_task(ask(app, [RAW[:9], RAW[9:]], before=wait)) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await ask(app, [RAW])
        health = await ask(app, [b""], target="/health")
        gate.set()
        return [refused, health, *await asyncio.gather(*slow), await ask(app, [RAW])]

    refused, health, first, second, later = asyncio.run(crowd())
    assert (refused[0], refused[2][b"retry-after"]) == (503, b"1")
    assert (health[0], health[1]["in_flight"]) == (200, 2)
    assert [answer[0] for answer in (first, second, later)] == [200, 200, 200]
    assert app.metrics.in_flight == 0


def test_all_bodies_together_have_a_limit_too(bundle: Bundle) -> None:
    app = app_of(bundle, most_held=len(RAW) + 100)

    async def two() -> list[int]:
        gate = asyncio.Event()

        async def wait(number: int) -> None:
            if number:
                await gate.wait()

        slow = asyncio.create_task(ask(app, [RAW, b""], before=wait))
        await asyncio.sleep(0.05)
        refused = await ask(app, [RAW])
        gate.set()
        return [refused[0], (await slow)[0], (await ask(app, [RAW]))[0]]

    assert asyncio.run(two()) == [503, 200, 200]
    assert app._held == 0


def test_a_body_that_does_not_come_ends(bundle: Bundle) -> None:
    async def never(number: int) -> None:
        if number:
            await asyncio.sleep(60)

    app = app_of(bundle, body_seconds=0.1)
    status, found, _ = asyncio.run(ask(app, [RAW, b""], before=never))
    assert (status, "did not come within 0.1 s" in found["error"]) == (408, True)
    assert (app._held, app.metrics.in_flight) == (0, 0)


def test_a_client_that_goes_away_is_counted_and_not_scored(bundle: Bundle) -> None:
    app = app_of(bundle)
    assert asyncio.run(ask(app, [RAW, b""], ends="http.disconnect"))[0] == 0
    assert dict(app.metrics.statuses) == {499: 1}
    assert app._held == 0


def test_a_defect_is_logged_by_its_place_without_a_word_of_the_mail(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Bundle, raw: bytes, **__: object) -> None:
        raise ValueError(f"cannot read {raw!r}")

    app = app_of(bundle)
    monkeypatch.setattr(Bundle, "score", broken)
    with caplog.at_level(logging.INFO, "msa_ml.serve"):
        status, found, _ = asyncio.run(ask(app, [b"Subject: zanzibar\n\n"]))
    assert (status, "ValueError in test_app.py" in found["error"]) == (500, True)
    assert "ValueError in test_app.py" in caplog.text
    assert "zanzibar" not in caplog.text + json.dumps(found)


def test_what_was_not_looked_at_is_said_and_counted(bundle: Bundle) -> None:
    ticks = iter(range(1_000_000))
    limits = Limits(bytes=100, seconds=3.5, clock=lambda: float(next(ticks)))
    app = app_of(bundle, limits=limits)
    _, found, _ = asyncio.run(ask(app, [RAW]))
    assert found["truncated"] is True
    assert found["degraded"] == [extractor.name for extractor in bundle.features.extractors][3:]
    assert (app.metrics.truncated, app.metrics.degraded) == (1, 1)


def holder_of(folder: Path, policy: str | None = None) -> Holder:
    from msa_ml.bundle.read import load

    return Holder(folder, load, lambda: NOW, policy)


def test_another_task_or_a_missing_policy_never_takes_its_place(tmp_path: Path) -> None:
    folder = write(tmp_path / "spam", tiny(), golden_mail()).path
    holder = holder_of(folder, "fpr_0.1pct")
    served = holder.bundle
    assert not holder.changed()
    reseal(folder, task="signup_abuse")
    assert holder.changed()
    result = holder.reload()
    assert (result.accepted, "of the task signup_abuse" in result.refusal) == (False, True)
    assert not holder.changed()
    shutil.rmtree(folder)
    write(folder, replace(tiny(), policies=[RULE]), golden_mail())
    result = holder.reload()
    assert "unknown policy of the bundle 'fpr_0.1pct'" in result.refusal
    assert holder.bundle is served
    assert (holder.reloads, result.at) == ([2, 0], NOW)


def test_the_first_bundle_must_be_sound(tmp_path: Path) -> None:
    folder = write(tmp_path / "spam", tiny(), golden_mail()).path
    with pytest.raises(InputError, match="unknown policy"):
        holder_of(folder, "harsh")
    (folder / "history.json").write_text("{}")
    with pytest.raises(BundleRefused, match=r"history\.json was changed"):
        holder_of(folder)
    with pytest.raises(InputError, match="no bundle"):
        holder_of(tmp_path)


def test_a_defect_of_a_reload_is_a_refusal_and_the_watch_goes_on(
    bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Exception | None] = [None, ValueError("zanzibar"), None]

    def read(_: Path) -> Bundle:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return bundle

    class Watched(Holder):
        looks = 0

        def changed(self) -> bool:
            self.looks += 1
            if self.looks == 1:
                raise RuntimeError("zanzibar")
            return bool(answers)

    holder = Watched(bundle.path, read, lambda: NOW)
    app = App(holder, Service(), time.monotonic)

    async def watched() -> None:
        async with _reloading(app, 0.01), asyncio.timeout(30):
            while holder.reloads[True] == 0:
                await asyncio.sleep(0.01)
                if holder.reloads[False] and not holder.reloads[True] and holder.last is not None:
                    assert holder.last.refusal == "ValueError"

    with caplog.at_level(logging.INFO, "msa_ml.serve"):
        asyncio.run(watched())
    assert holder.reloads == [1, 1]
    assert holder.bundle is bundle
    assert "a look for another bundle failed: RuntimeError" in caplog.text
    assert "reload refused" in caplog.text
    assert "zanzibar" not in caplog.text


@pytest.fixture(scope="module")
def signups(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    task = get("signup_abuse")
    contents = replace(tiny(task.features()), task=task.name, rules={task.name: task.labels})
    return write(tmp_path_factory.mktemp("signups") / "b", contents, golden_events("signup"))


JSON = ((b"content-type", b"application/json; charset=utf-8"),)


def test_events_of_plain_fields_are_json(signups: Bundle) -> None:
    app = app_of(signups)
    for event in golden_signup().values():
        status, found, _ = asyncio.run(ask(app, [json.dumps({"event": event}).encode()], headers=JSON))
        assert (status, found["task"], found["logit"]) == (200, "signup_abuse", signups.score(event).logit)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "expected {"),
        (b"[]", 400, "expected {"),
        (b'{"user_name": "ann"}', 400, "expected {"),
        (b'{"event": []}', 400, "expected {"),
        (b'{"event": {}, "histori": {}}', 400, "expected {"),
        (
            b'{"event": {}, "history": {"signup.count_by_ip_1h": "3"}}',
            400,
            "is no number that float32 can hold",
        ),
        (b'{"event": {}, "history": {"signup.count_by_ip_1h": NaN}}', 400, "expected {"),
        (b'{"event": {}, "history": {"no.such": 1}}', 400, "unknown history of the bundle 'no.such'"),
        (b'{"event": {"user_nam": "ann"}}', 400, "Did you mean 'user_name'?"),
        (b'{"event": {"asn": "zanzibar"}}', 400, "asn"),
        (b'{"event": {"event_time": "zanzibar"}}', 400, "no time with an offset"),
        (b"\xff" * 50, 400, "expected {"),
        (b"[" * 100_000, 400, "expected {"),
    ],
    ids=range(13),
)
def test_what_is_no_event_is_said_without_its_values(
    signups: Bundle, body: bytes, status: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = asyncio.run(ask(app_of(signups), [body], headers=JSON))
    assert (found[0], said in found[1]["error"]) == (status, True), found
    assert "zanzibar" not in found[1]["error"] + caplog.text


def test_a_mail_is_no_signup(signups: Bundle) -> None:
    status, found, _ = asyncio.run(
        ask(app_of(signups), [RAW], headers=((b"content-type", b"message/rfc822"),))
    )
    assert (status, "a signup is sent as application/json" in found["error"]) == (415, True)
