"""Our tables: made once, described in full, emptied in time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.fields import FIELDS, TABLES
from msa_ml.source.migrate import init, migrations, require_schema, retention_targets, ttl_days
from tests.source.conftest import plain_settings
from tests.source.test_clickhouse import mails


def test_init_is_idempotent_and_required(store_url: str, tmp_path: Path) -> None:
    store = connect(store_url, settings=plain_settings(tmp_path))
    with store:
        store.create_database()
        with pytest.raises(InputError, match=r"has no tables of msa_ml. Run `msa-ml init`"):
            require_schema(store)
        assert init(store, retention={}) == [migration.name for migration in migrations()]
        require_schema(store)
        store.insert("mail_events", mails([b"kept"]))
        assert init(store, retention={}) == []
        assert store.value("SELECT count() FROM mail") == 1
        store.command(
            "ALTER TABLE schema_migrations DELETE WHERE name = '002_labels' SETTINGS mutations_sync = 1"
        )
        with pytest.raises(InputError, match="lacks 002_labels"):
            require_schema(store)
        assert init(store, retention={}) == ["002_labels"]
    store.close()


def test_mail_of_an_older_store_has_no_new_keys(store_url: str, tmp_path: Path) -> None:
    """Rows that were stored before a column was there say nothing in it, and new ones do."""
    store = connect(store_url, settings=plain_settings(tmp_path))
    with store:
        store.create_database()
        for statement in migrations()[0].statements[:2]:
            store.command(statement)
        both = mails([b"old", b"new"])
        store.insert("mail_events", both[:1])
        assert "005_mail_keys" in init(store, retention={})
        store.insert("mail_events", both[1:].with_columns(url_domains=pl.lit(["example.org"])))
        found = store.frame(
            "SELECT raw, url_domains, recipient_pseudonyms, client_ip_pseudonym, asn FROM mail ORDER BY raw DESC"
        )
        assert found.rows() == [(b"old", [], [], "", None), (b"new", ["example.org"], [], "", None)]
    store.close()


def test_views_have_the_fields_that_are_declared(store: Store) -> None:
    for relation, fields in FIELDS.items():
        found = store.frame(f"DESCRIBE TABLE `{relation}`")
        assert list(zip(found["name"], found["type"], strict=True)) == [(f.name, f.type) for f in fields]


def test_every_column_of_every_table_has_a_comment(store: Store) -> None:
    sql = "SELECT table, name, comment FROM system.columns WHERE database = {d:String} AND table IN {t:Array(String)}"
    found = store.frame(sql, {"d": store.database, "t": [*TABLES.values(), "schema_migrations"]})
    assert found["table"].n_unique() == len(TABLES) + 1
    assert found.filter(pl.col("comment") == "").rows() == []


def test_tables_keep_versions_by_id_and_months(store: Store) -> None:
    sql = "SELECT name, engine, sorting_key, partition_key FROM system.tables WHERE database = {d:String}"
    found = {row[0]: row[1:] for row in store.frame(sql, {"d": store.database}).rows()}
    for relation in ("mail", "signup", "login", "request"):
        assert found[TABLES[relation]] == ("ReplacingMergeTree", "event_id", "toYYYYMM(event_time)")
        assert found[relation][0] == "View"


def _days(store: Store) -> dict[str, int]:
    sql = "SELECT name, create_table_query FROM system.tables WHERE database = {d:String}"
    queries = dict(store.frame(sql, {"d": store.database}).iter_rows())
    keys = {f"{t}.{c}": (t, c) for group in retention_targets().values() for t, c in group}
    return {key: days for key, (t, c) in keys.items() if (days := ttl_days(queries[t], c))}


def test_retention_follows_the_setting(store: Store) -> None:
    assert _days(store) == {}
    applied = init(store, retention={"mail_events": 365, "raw_mail": 30, "scores": 90})
    assert applied == [
        "retention mail_events = 365",
        "retention scores = 90",
        "retention mail_events.raw = 30",
    ]
    assert _days(store) == {"mail_events.": 365, "mail_events.raw": 30, "scores.": 90}
    assert init(store, retention={"mail_events": 365, "raw_mail": 30, "scores": 90}) == []
    init(store, retention={"raw_mail": 7, "personal": 14})
    found = _days(store)
    assert found.pop("mail_events.raw") == 7
    assert {"signup_events.email", "login_events.ip", "request_events.path"} <= set(found)
    assert set(found.values()) == {14}
    init(store, retention={})
    assert _days(store) == {}


def test_raw_mail_goes_before_its_row_and_both_by_the_time_of_storing(store: Store) -> None:
    now = store.value("SELECT now64(3, 'UTC')")
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    frame = mails([b"new", b"old", b"older"], campaign=["n", "o", "r"]).with_columns(
        pl.Series("stored_at", [now, now, now]).dt.offset_by(pl.Series(["0d", "-20d", "-200d"])),
        pl.lit(long_ago).dt.cast_time_unit("ms").alias("event_time"),  # says nothing about retention
    )
    store.insert("mail_events", frame)
    init(store, retention={"raw_mail": 10, "mail_events": 100})
    store.command("OPTIMIZE TABLE mail_events FINAL")
    found = store.frame("SELECT campaign, raw FROM mail ORDER BY campaign").rows()
    assert found == [("n", b"new"), ("o", b"")]


@pytest.mark.parametrize(
    ("retention", "message"),
    [
        ({"raw_mai": 3}, "unknown key of .retention. in msa.toml 'raw_mai'. Did you mean 'raw_mail'"),
        ({"raw_mail": -1}, "raw_mail must be whole days, found -1"),
        ({"raw_mail": "30d"}, "raw_mail must be whole days, found '30d'"),
        ({"raw_mail": True}, "raw_mail must be whole days, found True"),
        ({"raw_mail": 10**6}, "raw_mail must be whole days"),
    ],
)
def test_malformed_retention(retention: dict[str, object], message: str, tmp_path: Path) -> None:
    store = connect(f"chdb://{tmp_path / 'store'}", settings=plain_settings(tmp_path))
    with pytest.raises((InputError, UnknownNameError), match=message):
        init(store, retention=retention)


_INIT = """
import sys
from pathlib import Path
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.migrate import init
settings = Settings(home=Path("/"), clickhouse_url=sys.argv[1], results_url="", tracking_uri="", lock_wait=30)
print(len(init(connect(settings=settings), retention={"raw_mail": 3})))
"""


def test_several_processes_may_init_at_once(store_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _INIT, store_url]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    counts = [int(child.communicate(timeout=60)[0]) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert max(counts) >= len(migrations())
    store = connect(store_url, settings=plain_settings(tmp_path))
    with store:
        require_schema(store)
        assert _days(store) == {"mail_events.raw": 3}
    store.close()
