"""The scoring process as a serving team runs it: a real process, a real socket, real signals."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.write import write
from tests.bundle.serve.process import Connection, Process, serving
from tests.bundle.tiny import tiny
from tests.main_job import environment
from tests.small_bundle import invented

MARK = b"zanzibar-4711"
"""Stands in mails, and must stand in no log."""


@pytest.fixture(scope="module")
def link(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What serving teams name: a link that is turned to the next version."""
    path = tmp_path_factory.mktemp("serve") / "current"
    path.symlink_to(bundle.path)
    return path


@pytest.fixture(scope="module")
def process(link: Path) -> Iterator[Process]:
    with serving(link, "--watch", "0.2", "--most-bytes", "2000000", "--limit-bytes", "1000000") as running:
        yield running


def turn(link: Path, to: Path) -> None:
    """Turn the link in one step, as a deployment does."""
    fresh = link.with_name("fresh")
    fresh.symlink_to(to)
    fresh.rename(link)


def plain(score: Any) -> Any:
    return json.loads(json.dumps(score.to_json()))


def test_its_scores_are_those_of_the_library(process: Process, bundle: Bundle) -> None:
    for raw in golden_mail().values():
        found = process.score(raw, "/score?reasons=3&policy=fpr_0.1pct")
        assert found.pop("task") == "spam"
        assert found == plain(bundle.score(raw, reasons=3, policy="fpr_0.1pct"))


def test_eight_clients_at_once_get_what_one_gets(process: Process, bundle: Bundle) -> None:
    mails = [*invented(80, seed=21)[0], *golden_mail().values()]
    wanted = [bundle.score(raw).logit for raw in mails]

    def client(number: int) -> list[float]:
        connection, found = Connection(process.path), []
        for raw in mails:  # over one connection, which is kept
            connection.request("POST", "/score", raw, {"content-type": "message/rfc822"})
            found.append(json.loads(connection.getresponse().read())["logit"])
        connection.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(client, range(8))) == [wanted] * 8


def test_owner_and_group_may_connect_and_nobody_else(process: Process) -> None:
    assert stat.S_IMODE(process.path.stat().st_mode) == 0o660


def test_health_and_metrics_count(process: Process, bundle: Bundle) -> None:
    before = process.health()
    process.score(golden_mail()["pills"])
    process.ask("POST", "/score?reasons=many", b"")
    after = process.health()
    assert (after["bundle_id"], after["task"], after["status"]) == (bundle.id, "spam", "ok")
    assert after["synthetic"] is True
    assert after["scored"] == before["scored"] + 1
    assert after["answers"]["400"] == before["answers"].get("400", 0) + 1
    connection = Connection(process.path)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    assert f"msa_ml_score_seconds_count {after['scored']}\n" in text
    assert f'bundle_id="{bundle.id}"' in text
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


def test_a_second_process_on_its_socket_is_refused(process: Process, link: Path) -> None:
    words = [sys.executable, "-m", "msa_ml", "serve", str(link), "--socket", str(process.path), "--json"]
    done = subprocess.run(words, env=environment(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "another process listens on" in json.loads(done.stdout)["error"]
    assert process.health()["status"] == "ok"


def test_a_longer_mail_is_truncated_and_a_longer_body_refused(process: Process, bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    found = process.score(raw + b"x" * 1_500_000)
    assert found["truncated"] is True
    for headers in ({}, {"transfer-encoding": "chunked"}):
        connection = Connection(process.path)
        body = (b"x" * 100_000 for _ in range(30)) if headers else b"x" * 3_000_000
        connection.request("POST", "/score", body, headers, encode_chunked=bool(headers))
        answer = connection.getresponse()
        assert (answer.status, "at most 2000000 bytes" in json.loads(answer.read())["error"]) == (413, True)
        connection.close()
    assert process.score(raw)["logit"] == bundle.score(raw).logit


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "said"),
    [
        ("POST", "/score?policy=harsh", {}, 400, "unknown policy"),
        ("POST", "/score?reasons=-1", {}, 400, "from 0 to 50"),
        ("POST", "/score?reasons=51", {}, 400, "from 0 to 50"),
        ("POST", "/score?reasons=%D9%A3", {}, 400, "from 0 to 50"),
        ("POST", "/score?reason=3", {}, 400, "unknown parameter 'reason'"),
        ("POST", "/score", {"content-type": "application/x-www-form-urlencoded"}, 415, "--data-binary"),
        ("POST", "/score", {"content-type": "text/plain"}, 415, "message/rfc822"),
        ("POST", "/score", {"content-type": "application/json"}, 400, "base64 of the mail"),
        ("GET", "/score", {}, 405, "takes POST"),
        ("POST", "/health", {}, 405, "takes GET"),
        ("GET", "/", {}, 404, "no such path"),
        ("GET", "/score/../../etc/passwd", {}, 404, "no such path"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    process: Process, method: str, target: str, headers: dict[str, str], status: int, said: str
) -> None:
    found, answer = process.ask(method, target, MARK if method == "POST" else None, headers)
    assert (found, said in answer["error"]) == (status, True), answer


GARBAGE = (
    b"\x00" * 1000,
    b"\xff\xfe\xfd",
    b"EHLO example.org\r\nMAIL FROM:<" + MARK + b">\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n" + MARK,
    b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n" + MARK,
    b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
    b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: \xd9\xa3\r\n\r\nabc",
    b"POST /score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n" + MARK,
    b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nSubject: " + MARK,
    b"POST /score?policy=\xff\xfe HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
    b"POST /score HTTP/1.1\r\n" + b"x-long: " + MARK * 20_000 + b"\r\n\r\n",
    b"POST /score HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(20_000)),
)  # fmt: skip


@pytest.mark.parametrize("sent", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_ends_its_connection_and_nothing_else(process: Process, bundle: Bundle, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(os.fspath(process.path))
        try:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:100]
    assert process.score(golden_mail()["personal"])["logit"] == bundle.score(golden_mail()["personal"]).logit


def test_a_turned_link_is_followed_and_a_damaged_bundle_is_not(
    process: Process, link: Path, bundle: Bundle, tmp_path: Path
) -> None:
    raw = golden_mail()["pills"]
    other = write(tmp_path / "other", tiny(), golden_mail())
    turn(link, other.path)
    process.until(lambda health: health["bundle_id"] == other.id)
    assert process.score(raw)["logit"] == other.score(raw).logit != bundle.score(raw).logit
    damaged = Path(shutil.copytree(bundle.path, tmp_path / "damaged"))
    graph = bytearray((damaged / "model.onnx").read_bytes())
    graph[len(graph) // 2] ^= 1
    (damaged / "model.onnx").write_bytes(graph)
    turn(link, damaged)
    health = process.until(lambda health: health["status"] == "reload refused")
    assert health["bundle_id"] == other.id
    assert "model.onnx was changed" in health["last_reload"]["refusal"]
    assert process.score(raw)["logit"] == other.score(raw).logit
    time.sleep(0.6)
    assert process.health()["reloads"]["refused"] == 1, "what was refused is not tried again and again"
    assert "reload refused, bundle " + other.id[:12] in process.said()
    # Nothing there at all is no bundle either.
    shutil.rmtree(damaged)
    process.popen.send_signal(signal.SIGHUP)
    process.until(lambda health: health["reloads"]["refused"] == 2)
    turn(link, bundle.path)
    process.until(lambda health: health["bundle_id"] == bundle.id)
    assert process.health()["status"] == "ok"
    assert process.score(raw)["logit"] == bundle.score(raw).logit


def test_a_hangup_reloads(process: Process, bundle: Bundle) -> None:
    before = process.health()["reloads"]["accepted"]
    process.popen.send_signal(signal.SIGHUP)
    health = process.until(lambda health: health["reloads"]["accepted"] == before + 1)
    assert (health["bundle_id"], health["last_reload"]["accepted"]) == (bundle.id, True)


def test_nothing_of_a_mail_is_logged(process: Process) -> None:
    process.score(b"Subject: " + MARK + b"\n\n" + MARK)
    assert MARK.decode() not in process.said()
    assert "Traceback" not in process.said()


def test_a_stop_lets_requests_under_way_end_and_leaves_no_socket(bundle: Bundle) -> None:
    raw = golden_mail()["pills"]
    with serving(bundle.path) as process:
        half = Connection(process.path)
        half.putrequest("POST", "/score")
        half.putheader("content-length", str(len(raw)))
        half.endheaders(raw[:50])
        process.until(lambda health: health["in_flight"] == 1)
        process.popen.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 10
        while True:  # until nobody is let in any more
            try:
                process.health()
            except OSError:
                break
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert process.popen.poll() is None
        half.send(raw[50:])
        answer = half.getresponse()
        assert (answer.status, json.loads(answer.read())["logit"]) == (200, bundle.score(raw).logit)
        half.close()
        out, _ = process.popen.communicate(timeout=30)
        assert (process.popen.returncode, json.loads(out)["scored"]) == (0, 1)
        assert not process.path.exists()
        assert "stopped after 1 scores" in process.said()


def test_a_stop_in_the_middle_of_a_crowd_loses_nothing_it_took(bundle: Bundle) -> None:
    """Every client either gets its whole right answer or is told by the closed connection that it got none."""
    raw = golden_mail()["pills"]
    wanted = bundle.score(raw).logit
    with serving(bundle.path) as process, ThreadPoolExecutor(8) as pool:

        def client(_: int) -> int:
            answers = 0
            while True:
                try:
                    status, found = process.ask("POST", "/score", raw)
                except (OSError, json.JSONDecodeError):
                    return answers
                assert (status, found["logit"]) == (200, wanted)
                answers += 1

        running = [pool.submit(client, number) for number in range(8)]
        process.until(lambda health: health["scored"] > 50)
        code, health = process.stop()
        answered = sum(future.result(timeout=30) for future in running)
        assert code == 0
        assert answered == health["scored"] == health["answers"]["200"]


def test_a_killed_process_leaves_a_socket_that_the_next_one_takes(bundle: Bundle, tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="msa") as place:
        path = Path(place) / "s"
        with serving(bundle.path, path=path) as first:
            first.popen.kill()
            first.popen.wait()
            assert path.is_socket()
            with serving(bundle.path, path=path) as second:
                assert second.health()["status"] == "ok"
                assert second.stop(signal.SIGINT)[0] == 0
        assert not path.exists()


def test_a_port_is_opened_on_the_loopback_interface_alone(bundle: Bundle) -> None:
    words = [sys.executable, "-m", "msa_ml", "serve", str(bundle.path), "--port", "0"]
    with subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True) as popen:
        try:
            assert popen.stderr is not None
            line = popen.stderr.readline()
            assert "SYNTHETIC spam bundle" in line
            where = line.split()[-1]
            assert where.startswith("127.0.0.1:")
            request = urllib.request.Request(
                f"http://{where}/score", golden_mail()["pills"], {"Content-Type": "message/rfc822"}
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert json.load(answer)["bundle_id"] == bundle.id
        finally:
            popen.send_signal(signal.SIGTERM)
            popen.communicate(timeout=30)
        assert popen.returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one place"),
        (("--socket", "x", "--port", "1"), "name one place"),
        (("--socket", "x" * 200), "too long"),
    ],
)
def test_wrong_usage_is_said(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    from tests.main_job import run

    monkeypatch.chdir(tmp_path)
    code, found, _ = run("serve", str(bundle.path), *words, capsys=capsys)
    assert (code, said in found["error"]) == (2, True), found
