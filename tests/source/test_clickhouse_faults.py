"""What breaks between us and a server: said clearly, and tried again only where that can help."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msa_ml.errors import InputError, SourceUnavailable
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.migrate import init
from msa_ml.source.retry import Retry
from tests.http_front import USERS, Front, free_port
from tests.source.conftest import plain_settings
from tests.source.test_clickhouse import mails


class Waits:
    """A retry that does not wait, and what it would have waited."""

    def __init__(self, attempts: int = 4) -> None:
        self.seconds: list[float] = []
        self.retry = Retry(attempts=attempts, random=lambda: 1.0, sleep=self.seconds.append)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def server(front: Front, tmp_path: Path, waits: Waits, *, options: str = "", **who: str) -> Store:
    return connect(front.url(options=options, **who), settings=plain_settings(tmp_path), retry=waits.retry)


def test_503_then_recovery(front: Front, tmp_path: Path, waits: Waits) -> None:
    front.fault("503", times=2)
    assert server(front, tmp_path, waits).value("SELECT 1") == 1
    assert waits.seconds == [0.2, 0.4]


@pytest.mark.parametrize("status", ["502", "503", "504"])
def test_a_proxy_that_stays_down(front: Front, tmp_path: Path, waits: Waits, status: str) -> None:
    store = server(front, tmp_path, waits)
    with store:
        front.fault(status, times=4)
        with pytest.raises(
            SourceUnavailable, match=f"127.0.0.1:{front.port} answered with HTTP status {status}"
        ) as caught:
            store.value("SELECT 1")
    assert caught.value.exit_code == 3
    assert waits.seconds == [0.2, 0.4, 0.8]
    assert store.value("SELECT 1") == 1


def test_connection_refused(tmp_path: Path, waits: Waits) -> None:
    port = free_port()
    store = connect(
        f"clickhouse://ana:hush@127.0.0.1:{port}/db", settings=plain_settings(tmp_path), retry=waits.retry
    )
    with pytest.raises(
        SourceUnavailable, match=rf"127.0.0.1:{port}: the connection was refused.*8123 or 8443"
    ) as caught:
        store.value("SELECT 1")
    assert len(waits.seconds) == 3
    assert "hush" not in str(caught.value)


def test_a_host_that_nobody_knows(tmp_path: Path, waits: Waits) -> None:
    store = connect("clickhouse://ch.invalid/db", settings=plain_settings(tmp_path), retry=waits.retry)
    with pytest.raises(SourceUnavailable, match=r"ch\.invalid:8123: the host name is not known"):
        store.value("SELECT 1")
    assert waits.seconds == []


def test_tls_where_there_is_none(front: Front, tmp_path: Path, waits: Waits) -> None:
    store = server(front, tmp_path, waits, options="secure=true")
    with pytest.raises(SourceUnavailable, match=r"TLS failed.*secure="):
        store.value("SELECT 1")
    assert waits.seconds == []


@pytest.mark.parametrize(
    "who", [{"user": "writer", "password": "guess"}, {"user": "nobody", "password": "x"}]
)
def test_a_wrong_password_is_not_tried_again(
    front: Front, tmp_path: Path, waits: Waits, who: dict[str, str]
) -> None:
    with pytest.raises(SourceUnavailable, match=f"refused user '{who['user']}'") as caught:
        server(front, tmp_path, waits, **who).value("SELECT 1")
    assert caught.value.exit_code == 3
    assert "guess" not in str(caught.value)
    assert waits.seconds == []


def test_a_right_password_with_signs_of_its_own(front: Front, tmp_path: Path, waits: Waits) -> None:
    assert server(front, tmp_path, waits, user="writer", password=USERS["writer"][0]).value("SELECT 1") == 1


def test_wrong_sql_is_not_tried_again(front: Front, tmp_path: Path, waits: Waits) -> None:
    with pytest.raises(InputError, match="SYNTAX_ERROR"):
        server(front, tmp_path, waits).value("SELEKT 1")
    assert waits.seconds == []


def test_a_database_that_is_not_there(front: Front, tmp_path: Path, waits: Waits) -> None:
    with pytest.raises(InputError, match=r"UNKNOWN_DATABASE.*msa-ml init"):
        server(front, tmp_path, waits, database="nowhere").value("SELECT 1")


def test_a_reset_while_reading_is_tried_again(front: Front, tmp_path: Path, waits: Waits) -> None:
    with server(front, tmp_path, waits) as store:
        front.fault("reset", matching="marked", times=3)
        front.seen()
        assert len(store.frame("SELECT randomString(10) FROM numbers(100000) -- marked")) == 100_000
        assert sum("marked" in call["sql"] for call in front.seen()) == 4
    assert 1 <= len(waits.seconds) <= 3  # the client itself repeats a read at once


def test_a_reset_in_mid_stream_is_an_error_and_not_a_short_answer(
    front: Front, tmp_path: Path, waits: Waits
) -> None:
    sql = "SELECT number, repeat('x', 100) AS s FROM numbers(200000) -- marked"
    with server(front, tmp_path, waits, options="compression=none") as store:
        front.fault("reset", matching="marked")
        seen = 0
        with pytest.raises(SourceUnavailable, match="the connection broke off"):  # noqa: PT012
            for part in store.stream(sql, batch_bytes=10_000):
                seen += len(part)
        assert 0 < seen < 200_000
        assert waits.seconds == []
        assert sum(len(part) for part in store.stream(sql)) == 200_000


def test_a_server_that_hangs(front: Front, tmp_path: Path) -> None:
    waits = Waits(attempts=2)
    with server(front, tmp_path, waits, options="send_receive_timeout=1") as store:
        front.fault("hang", seconds=1.5, matching="marked")
        assert store.value("SELECT 7 -- marked") == 7
        assert waits.seconds == [0.2]
        front.fault("hang", seconds=1.5, times=2, matching="marked")
        begin = time.monotonic()
        with pytest.raises(SourceUnavailable, match=r"did not answer in time.*send_receive_timeout="):
            store.value("SELECT 7 -- marked")
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize("kind", ["reset", "503", "hang"])
def test_an_insert_that_is_repeated_converges(front: Front, tmp_path: Path, waits: Waits, kind: str) -> None:
    with server(front, tmp_path, waits, database=f"insert_{kind}", options="send_receive_timeout=1") as store:
        init(store, retention={})
        front.fault(kind, matching="INSERT INTO `mail_events`", seconds=1.5)
        assert store.insert("mail_events", mails([b"one", b"two"])) == 2
        if kind == "hang":
            time.sleep(1)  # the abandoned request is executed late
        assert store.value("SELECT count() FROM mail") == 2
    assert len(waits.seconds) >= (kind != "reset")


def test_a_statement_that_may_have_been_executed_is_not_repeated(
    front: Front, tmp_path: Path, waits: Waits
) -> None:
    with server(front, tmp_path, waits, options="send_receive_timeout=1") as store:
        front.fault("hang", seconds=1.5, matching="marked")
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            store.command("CREATE TABLE IF NOT EXISTS hung (a Int8) ENGINE = Memory -- marked")
        assert waits.seconds == []
        front.fault("503", matching="marked")
        store.command("CREATE TABLE IF NOT EXISTS fine (a Int8) ENGINE = Memory -- marked")
        assert waits.seconds == [0.2]


@pytest.mark.parametrize("user", ["reader", "strict"])
def test_a_user_who_may_only_read(front: Front, tmp_path: Path, waits: Waits, user: str) -> None:
    with server(front, tmp_path, waits, database="look") as owner:
        init(owner, retention={})
        owner.insert("mail_events", mails([b"\xff"]))
    with server(front, tmp_path, waits, database="look", user=user, password="look") as store:
        assert store.frame("SELECT raw FROM mail")["raw"].to_list() == [b"\xff"]
        assert [len(part) for part in store.stream("SELECT raw FROM mail")] == [1]
        attempts: list[Callable[[], object]] = [
            lambda: store.command("CREATE TABLE x (a Int8) ENGINE = Memory"),
            lambda: store.insert("mail_events", mails([b"x"])),
            lambda: init(store, retention={"raw_mail": 1}),
        ]
        for attempt in attempts:
            with pytest.raises(SourceUnavailable, match=r"user '\w+' may not do this.*MSA_RESULTS_URL"):
                attempt()
        assert store.value("SELECT count() FROM mail") == 1
    assert waits.seconds == []


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", "none"])
def test_compression_both_ways(front: Front, tmp_path: Path, waits: Waits, compression: str) -> None:
    with server(
        front, tmp_path, waits, database=f"c_{compression}", options=f"compression={compression}"
    ) as store:
        init(store, retention={})
        raw = [bytes(range(256)) * 1000, b""]
        store.insert("mail_events", mails(raw))
        sql = "SELECT raw FROM mail ORDER BY event_id"
        assert store.frame(sql)["raw"].to_list() == raw
        assert next(iter(store.stream(sql)))["raw"].to_list() == raw


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_the_front_speaks_native_to_the_plain_client(front: Front, compression: str | bool) -> None:
    import clickhouse_connect

    connect_plainly: Any = clickhouse_connect.get_client
    client = connect_plainly(host="127.0.0.1", port=front.port, compress=compression)
    client.command("CREATE TABLE IF NOT EXISTS native (id UInt32, s String) ENGINE = MergeTree ORDER BY id")
    client.command("TRUNCATE TABLE native")
    front.seen()
    client.insert("native", [[1, "one"], [2, "two"]], column_names=["id", "s"])
    assert client.query("SELECT * FROM native ORDER BY id").result_rows == [(1, "one"), (2, "two")]
    packed = {call["encoding"] for call in front.seen() if call["sql"].startswith("INSERT")}
    assert packed == ({compression} if compression else {""})
    with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError) as caught:
        client.query("SELECT * FROM missing")
    assert caught.value.code == 60
    client.close()
