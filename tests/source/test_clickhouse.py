"""One API over every engine."""

import pickle
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.errors import InputError, SourceUnavailable, UnknownNameError
from msa_ml.source.clickhouse import Store, connect
from tests.source.conftest import plain_settings

NASTY = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"From x\r\n",
    bytes(range(256)),
    "žluť".encode("iso8859-2"),
    b"deadbeef",
    b"\\N",
]


def mails(raw: list[bytes], **more: object) -> pl.DataFrame:
    count = len(raw)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    base = {
        "event_id": [f"{n:032x}" for n in range(count)],
        "source": ["test"] * count,
        "event_time": [start + timedelta(seconds=n) for n in range(count)],
        "raw": raw,
    }
    return pl.DataFrame({**base, **more})


def test_raw_bytes_come_back_unchanged(store: Store) -> None:
    store.insert("mail_events", mails(NASTY))
    sql = "SELECT raw FROM mail ORDER BY event_id"
    assert store.frame(sql)["raw"].to_list() == NASTY
    assert [raw for part in store.stream(sql) for raw in part["raw"].to_list()] == NASTY


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_any_bytes_come_back_unchanged(store: Store, raw: list[bytes]) -> None:
    store.command("TRUNCATE TABLE mail_events")
    store.insert("mail_events", mails(raw))
    assert store.frame("SELECT raw FROM mail ORDER BY event_id")["raw"].to_list() == raw


def test_text_that_is_not_utf8_is_replaced_and_never_hexadecimal(store: Store) -> None:
    sql = """
        SELECT unhex('ff41') AS s, toLowCardinality(unhex('ff41')) AS lc, [unhex('ff'), 'é'] AS a,
            map('k', unhex('fe')) AS m, CAST(unhex('ff') AS Nullable(String)) AS n, CAST(NULL AS Nullable(String)) AS z
    """
    expected = ("\ufffdA", "\ufffdA", ["\ufffd", "é"], {"k": "\ufffd"}, "\ufffd", None)
    for frame in (store.frame(sql), next(iter(store.stream(sql)))):
        assert frame.row(0) == expected
        assert frame.schema["lc"] == pl.String


def test_types_are_the_same_on_every_engine(store: Store) -> None:
    sql = """
        SELECT toUInt8(1) AS u, toInt64(-1) AS i, toFloat32(0.5) AS f, true AS b, toDateTime64('2026-01-02 03:04:05', 0, 'Asia/Tokyo') AS t,
            toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC') AS t3, toDateTime64('2026-01-02 03:04:05.678901', 6, 'UTC') AS t6,
            [toFloat32(1), toFloat32(nan)] AS v, CAST(NULL AS Nullable(Float64)) AS n
    """
    moment = pl.Datetime("ms", "UTC")
    assert store.frame(sql).schema == {
        "u": pl.UInt8, "i": pl.Int64, "f": pl.Float32, "b": pl.Boolean, "t": moment, "t3": moment, "t6": moment,
        "v": pl.List(pl.Float32), "n": pl.Float64,
    }  # fmt: skip
    assert store.frame(sql)["t"][0] == datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC)
    assert next(iter(store.stream(sql))).schema == store.frame(sql).schema


def test_parameters(store: Store) -> None:
    values = {
        "s": "it's \\ a 'test'\n\t{x:String} ; --", "t": datetime(2026, 1, 1, 1, 0, 0, 123456, timezone(timedelta(hours=1))),
        "a": ["a'b", "c\\d", ""], "e": [], "b": True, "n": None, "f": 1e-7, "u": 2**64 - 1, "i": [-1, 127],
    }  # fmt: skip
    sql = """
        SELECT {s:String} AS s, {t:DateTime64(3, 'UTC')} AS t, {a:Array(String)} AS a, {e:Array(String)} AS e, {b:Bool} AS b,
            {n:Nullable(String)} AS n, {f:Float64} AS f, {u:UInt64} AS u, {i:Array(Int8)} AS i
    """
    expected = {**values, "t": datetime(2026, 1, 1, 0, 0, 0, 123000, UTC)}
    assert store.frame(sql, values).row(0, named=True) == expected
    assert next(iter(store.stream(sql, values))).row(0, named=True) == expected


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="'t' has no time zone"):
        store.frame("SELECT {t:DateTime64(3, 'UTC')}", {"t": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_value(store: Store) -> None:
    assert store.value("SELECT 7 -- seven") == 7
    assert store.value("SELECT 1 WHERE 0;") is None


def test_inserting_twice_converges(store: Store) -> None:
    frame = mails([b"one", b"two"])
    assert [store.insert("mail_events", frame), store.insert("mail_events", frame)] == [2, 2]
    assert store.value("SELECT count() FROM mail_events") in (2, 4)
    assert store.value("SELECT count() FROM mail") == 2


def test_the_newest_version_wins(store: Store) -> None:
    late, early = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    store.insert("mail_events", mails([b"x"], campaign=["late"], stored_at=[late]))
    store.insert("mail_events", mails([b"x"], campaign=["early"], stored_at=[early]))
    assert store.frame("SELECT campaign FROM mail")["campaign"].to_list() == ["late"]


def test_defaults_of_what_is_not_given(store: Store) -> None:
    unknown = pl.Series("ingested_at", [None], dtype=pl.Datetime("us", "UTC"))
    store.insert("mail_events", mails([b"x"]).with_columns(unknown))
    row = store.frame("SELECT * FROM mail").row(0, named=True)
    assert row["ingested_at"] == row["event_time"]
    assert row["decided_at"] is None
    assert (row["damage"], row["simulated"]) == ("", False)
    stored = store.value("SELECT stored_at FROM mail_events")
    assert stored > datetime(2020, 1, 1, tzinfo=UTC)


def test_more_months_than_one_insert_may_hold(store: Store) -> None:
    months = [datetime(2000 + n // 12, 1 + n % 12, 28, 23, 59, tzinfo=UTC) for n in range(130)]
    frame = mails([b"x"] * 130).with_columns(pl.Series("event_time", months))
    with pytest.raises(InputError, match="TOO_MANY_PARTS"):  # this is why an insert is parted
        store.command(
            "INSERT INTO mail_events (event_id, event_time) "
            "SELECT toString(number), toDateTime64('2000-01-01', 3, 'UTC') + INTERVAL number MONTH FROM numbers(130)"
        )
    assert store.insert("mail_events", frame) == 130
    assert store.value("SELECT count() FROM mail") == 130
    assert store.value("SELECT uniqExact(_partition_id) FROM mail_events") == 130


def test_a_map_and_nullable_numbers(store: Store) -> None:
    frame = pl.DataFrame(
        {
            "event_id": ["a", "b"],
            "event_time": [datetime(2026, 1, 1, tzinfo=UTC)] * 2,
            "asn": [64496, None],
            "success": [None, True],
            "country": pl.Series(["DE", "CZ"], dtype=pl.Categorical),
            "attributes": pl.Series([{"k": "v"}, {}], dtype=pl.Map(pl.String, pl.String)),
        }
    )
    store.insert("login_events", frame)
    found = store.frame("SELECT asn, success, country, attributes FROM login ORDER BY event_id")
    assert found.rows() == [(64496, None, "DE", {"k": "v"}), (None, True, "CZ", {})]


def test_no_rows(store: Store) -> None:
    assert store.insert("mail_events", mails([])) == 0
    assert len(store.frame("SELECT * FROM mail")) == 0
    assert store.frame("SELECT raw, event_id FROM mail").schema == {"raw": pl.Binary, "event_id": pl.String}
    assert list(store.stream("SELECT * FROM mail")) == []


def test_stream_equals_frame_in_batches_of_about_the_size(store: Store) -> None:
    sql = "SELECT number, repeat('x', 100) AS s FROM numbers(50000)"
    parts = list(store.stream(sql, batch_bytes=200_000))
    assert pl.concat(parts).sort("number").equals(store.frame(sql).sort("number"))
    assert max(part.estimated_size() for part in parts) <= 220_000
    assert len(parts) < 50


def test_a_stream_left_early_leaves_the_store_usable(store: Store) -> None:
    for part in store.stream("SELECT number FROM numbers(10000000)", batch_bytes=10_000):
        assert len(part)
        assert store.value("SELECT 1") == 1  # beside an open stream
        break
    assert store.value("SELECT 2") == 2


def test_unknown_names_say_what_to_do(store: Store) -> None:
    for work in (
        lambda: store.frame("SELECT nope FROM mail"),
        lambda: store.frame("SELECT 1 FROM nope"),
        lambda: list(store.stream("SELECT 1 FROM nope")),
        lambda: store.command("DROP TABLE nope"),
    ):
        with pytest.raises(InputError, match=r"nope.*msa-ml init.*msa-ml check-source"):
            work()
    with pytest.raises(InputError, match=r"no table 'nope' in .*msa-ml init"):
        store.insert("nope", mails([b"x"]))
    with pytest.raises(
        UnknownNameError, match=r"unknown column of table mail_events 'campain'. Did you mean 'campaign'"
    ):
        store.insert("mail_events", mails([b"x"], campain=["c"]))


def test_messages_about_values_do_not_repeat_them(store: Store) -> None:
    store.insert("mail_events", mails([b"secret-of-a-user"]))
    with pytest.raises(InputError, match="code 6") as caught:
        store.frame("SELECT toUInt8(raw) FROM mail")
    assert "secret" not in str(caught.value)
    assert "secret" in str(caught.value.__cause__)  # for --debug, so the test would see a leak


def test_limits_and_comment_are_sent_with_every_query(store_url: str, tmp_path: Path) -> None:
    limits = {"max_threads": 1, "max_memory_usage": 30_000_000, "max_execution_time": 7}
    store = connect(store_url, settings=plain_settings(tmp_path, limits=limits), log_comment="nightly")
    with store:
        store.create_database()
        names = ("max_threads", "max_memory_usage", "max_execution_time", "log_comment")
        row = store.frame(f"SELECT {', '.join(f'toString(getSetting({name!r}))' for name in names)}").row(0)
        assert row == ("1", "30000000", "7", "nightly")
        heavy = "SELECT groupArray(randomString(1000)) FROM numbers(100000)"
        with pytest.raises(SourceUnavailable, match=r"limit max_memory_usage.*\[limits\]"):
            store.frame(heavy)
        with pytest.raises(SourceUnavailable, match="max_memory_usage"):
            list(store.stream(heavy))
    store.close()


def test_a_query_that_takes_too_long(store_url: str, tmp_path: Path) -> None:
    store = connect(store_url, settings=plain_settings(tmp_path, limits={"max_execution_time": 1}))
    with store:
        store.create_database()
        with pytest.raises(SourceUnavailable, match="limit max_execution_time"):
            store.frame("SELECT sum(sipHash64(number)) FROM system.numbers")
    store.close()


def test_unknown_limits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'max_threads'"):
        connect("chdb:///x", settings=plain_settings(tmp_path, limits={"max_thread": 1}))
    with pytest.raises(InputError, match=r"max_threads in msa.toml must be a whole number, found 'two'"):
        connect("chdb:///x", settings=plain_settings(tmp_path, limits={"max_threads": "two"}))


def test_threads_share_a_store(store: Store) -> None:
    found: list[int] = []

    def work(n: int) -> None:
        for k in range(5):
            found.append(store.value("SELECT {n:Int32} * 10 + {k:Int32}", {"n": n, "k": k}))
            found.extend(len(part) for part in store.stream("SELECT 1 WHERE 0"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted(n * 10 + k for n in range(4) for k in range(5))


def test_a_store_travels_and_never_shows_its_password(tmp_path: Path) -> None:
    url = "clickhouse://ana:hush%2Fhush@ch.example.org/mail"
    store = connect(url, settings=plain_settings(tmp_path))
    copy = pickle.loads(pickle.dumps(store))
    assert repr(copy) == repr(store) == "Store('clickhouse://ana@ch.example.org:8123/mail')"
    assert "hush" not in repr(store._address)


_STREAM = """
import resource, sys
from pathlib import Path
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
settings = Settings(home=Path("/"), clickhouse_url=sys.argv[1], results_url="", tracking_uri="")
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with connect(settings=settings) as store:
    list(store.stream("SELECT randomString(1000) AS raw FROM numbers(1000)"))
    before, total = peak(), 0
    for part in store.stream("SELECT randomString(20000) AS raw FROM numbers({mega:UInt32} * 50)", {"mega": int(sys.argv[2])}):
        total += sum(part["raw"].bin.size().to_list())
    print(total // 1_000_000, peak() - before)
"""


@pytest.mark.parametrize(("engine", "megabytes"), [("embedded", 600), ("front", 100)])
def test_a_stream_needs_little_memory(
    engine: str, megabytes: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # The front itself holds the whole answer, so it gets less to hold; it is another process.
    url = f"chdb://{tmp_path / 'store'}" if engine == "embedded" else request.getfixturevalue("front").url()
    command = [sys.executable, "-c", _STREAM, url, str(megabytes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    total, grown = map(int, done.stdout.split())
    assert total == megabytes
    assert grown < 120
