"""Somebody else's tables under our names."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from msa_ml.errors import InputError
from msa_ml.features.history_keys import KEYS
from msa_ml.records import event_id, without_from_line
from msa_ml.settings import Settings
from msa_ml.source import columns
from msa_ml.source.check import check_source
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.fields import FIELDS
from msa_ml.source.mapping import relation
from msa_ml.source.queries import query
from tests.http_front import Front
from tests.source.conftest import plain_settings

MAIL = """
[source.mail]
table = "DATABASE.in`box"
[source.mail.fields]
raw = "body"
event_time = { column = "arrived", time_zone = "Europe/Berlin" }
ingested_at = { column = "seen_ms", unit = "ms" }
source = { constant = "mx1's" }
campaign = "raw"
"""
LABELS = """
[source.labels]
query = "SELECT * FROM verdicts WHERE v != 'test' -- ours only;"
words = { junk = "spam", fine = "ham" }
fields = { task = { constant = "spam" }, subject = "uid", label = "v", labelled_at = "at", confidence = { constant = 0.5 } }
"""
RAW = [b"From x@y Thu\nSubject: a\n\n\xff\x00", b"From without an end", b"", b"Subject: b\n\n"]


def mapped(tmp_path: Path, store: Store, toml: str) -> Settings:
    return plain_settings(tmp_path, **tomllib.loads(toml.replace("DATABASE", store.database)))


def fill_inbox(store: Store) -> None:
    # Columns named like ours, with another meaning and type, must not be confused with ours.
    store.command(
        r"CREATE TABLE `in\`box` (body String, arrived String, seen_ms Nullable(Int64), raw UInt16, event_time String, source UInt8)"
        " ENGINE = MergeTree ORDER BY arrived"
    )
    # July in Berlin is UTC+2; a zone of its own is believed; a text that is no time leaves the row out.
    arrived = [
        "2026-07-01 12:00:00.250",
        "2026-07-01T12:00:00Z",
        "Wed, 01 Jul 2026 12:00:00 -0400",
        "some day",
    ]
    frame = pl.DataFrame(
        {"body": RAW, "arrived": arrived, "seen_ms": [1782900000500, None, 1, 1], "raw": [1, 2, 3, 4]}
    )
    store.insert("in`box", frame)


def test_mail_of_another_schema(store: Store, tmp_path: Path) -> None:
    fill_inbox(store)
    settings = mapped(tmp_path, store, MAIL)
    found = store.frame(f"SELECT * FROM {relation(settings, 'mail')} AS e ORDER BY e.event_time")
    assert found.columns == [field.name for field in FIELDS["mail"]]
    rows = {row["campaign"]: row for row in found.iter_rows(named=True)}
    assert sorted(rows) == ["1", "2", "3"]
    assert rows["1"]["event_time"] == datetime(2026, 7, 1, 10, 0, 0, 250_000, UTC)
    assert rows["2"]["event_time"] == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert rows["3"]["event_time"] == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert rows["1"]["ingested_at"] == datetime(2026, 7, 1, 10, 0, 0, 500_000, UTC)
    assert rows["2"]["ingested_at"] == rows["2"]["event_time"]
    for n, raw in enumerate(RAW[:3], start=1):
        row = rows[str(n)]
        assert row["raw"] == without_from_line(raw)
        assert row["event_id"] == event_id("mx1's", without_from_line(raw))
        assert row["size"] == len(row["raw"])
        assert (row["source"], row["time_from"], row["decided_at"]) == ("mx1's", "given", None)


def test_types_are_those_of_our_views(store: Store, tmp_path: Path) -> None:
    fill_inbox(store)
    settings = mapped(tmp_path, store, MAIL)
    found = store.frame(f"DESCRIBE TABLE {relation(settings, 'mail')}")
    theirs = dict(zip(found["name"], found["type"], strict=True))
    for field in FIELDS["mail"]:
        assert theirs[field.name] in (
            field.type,
            f"Nullable({field.type})",
        )  # a time that may be null in their table
        assert theirs[field.name] == field.type or "DateTime64" in field.type


def test_labels_of_another_schema(store: Store, tmp_path: Path) -> None:
    store.command(
        "CREATE TABLE verdicts (uid UUID, v String, at DateTime('Asia/Tokyo')) ENGINE = MergeTree ORDER BY uid"
    )
    store.command(
        "INSERT INTO verdicts VALUES ('61f0c404-5cb3-11e7-907b-a6006ad3dba0', 'junk', '2026-01-01 09:00:00'),"
        " ('61f0c404-5cb3-11e7-907b-a6006ad3dba1', 'maybe', 0), ('61f0c404-5cb3-11e7-907b-a6006ad3dba2', 'test', 0)"
    )
    settings = mapped(tmp_path, store, LABELS)
    found = store.frame(f"SELECT * FROM {relation(settings, 'label')} AS l ORDER BY l.subject").rows(
        named=True
    )
    assert [row["label"] for row in found] == ["spam", "maybe"]
    assert found[0]["subject"] == "61f0c4045cb311e7907ba6006ad3dba0"  # as 32 hex digits, like ids of ours
    assert found[0]["labelled_at"] == found[0]["ingested_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert (found[0]["task"], found[0]["subject_kind"], found[0]["confidence"]) == ("spam", "event", 0.5)
    assert len({row["label_id"] for row in found}) == 2
    again = store.frame(f"SELECT * FROM {relation(settings, 'label')} AS l ORDER BY l.subject").rows(
        named=True
    )
    assert [row["label_id"] for row in again] == [row["label_id"] for row in found]


IPS = [
    "192.0.2.77",
    "2001:db8:1:2::3",
    "::ffff:192.0.2.77",
    "here",
    "",
    "2001:DB8::1",
    " 198.51.100.9 ",
    "1.2.3",
]


def test_what_is_made_in_sql_equals_what_is_made_in_python(store: Store, tmp_path: Path) -> None:
    store.command(
        "CREATE TABLE reg (n UInt32, ip String, mail Nullable(String), asn String, at DateTime) ENGINE = MergeTree ORDER BY n"
    )
    mails = ["A@Example.org", None, "x", "a@b@C.net", "", "", "", ""]
    frame = pl.DataFrame(
        {"n": range(8), "ip": IPS, "mail": mails, "asn": ["12", "x", "", "-1", "0", "99999999999", "7", "8"]}
    )
    store.insert("reg", frame)
    fields = '{ event_time = "at", origin = "n", ip = "ip", email = "mail", asn = "asn" }'
    settings = mapped(tmp_path, store, f'[source.signup]\ntable = "reg"\nfields = {fields}')
    found = store.frame(
        f"SELECT * FROM {relation(settings, 'signup')} AS e ORDER BY e.position, toUInt32(e.origin)"
    )
    assert found["ip_subnet"].to_list() == [columns.subnet(ip) for ip in IPS]
    assert found["email_domain"].to_list() == [columns.domain_of(mail or "") for mail in mails]
    assert found["event_id"].to_list() == [event_id("reg", str(n).encode()) for n in range(8)]
    assert found["asn"].to_list() == [12, None, None, None, 0, None, 7, 8]
    assert found["attributes"].to_list() == [{}] * 8


ADDRESSES = [
    "ann@example.org.", "ann@example.org ", "ann@\texample.org.. ", "ann@École.fr", "ann@ÉCOLE.FR.", "ann@\u00a0b.example\u2003",
    "ann@b.example\x1f", "@", "a@ . ", "Ann@ΟΔΟΣ.gr", "a@b\x00.org",
]  # fmt: skip


def test_domains_and_names_of_theirs_are_the_keys_that_serving_counts(store: Store, tmp_path: Path) -> None:
    names = ["Ann", "ÉCOLE", "ann", "", "ΟΔΟΣ", "İda", *["Zoë"] * (len(ADDRESSES) - 6)]
    store.command(
        "CREATE TABLE form (n UInt32, name String, mail String, at DateTime) ENGINE = MergeTree ORDER BY n"
    )
    store.insert("form", pl.DataFrame({"n": range(len(ADDRESSES)), "name": names, "mail": ADDRESSES}))
    fields = '{ event_time = "at", origin = "n", user_name = "name", email = "mail" }'
    settings = mapped(tmp_path, store, f'[source.signup]\ntable = "form"\nfields = {fields}')
    keys = ", ".join(
        f"{KEYS['signup'][word].sql} AS key_{word}" for word in ("user_name", "email", "email_domain")
    )
    found = store.frame(f"SELECT {keys} FROM {relation(settings, 'signup')} AS e ORDER BY toUInt32(e.origin)")
    assert found["key_email_domain"].to_list() == [columns.domain_of(mail) for mail in ADDRESSES]
    assert found["key_user_name"].to_list() == [name.lower() for name in names]
    assert found["key_email"].to_list() == [mail.lower() for mail in ADDRESSES]


def test_their_partitions_still_prune(store: Store, tmp_path: Path) -> None:
    store.command(
        "CREATE TABLE wide (ts DateTime('UTC'), b String) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY ts"
        " AS SELECT toDateTime('2020-01-01', 'UTC') + number * 3600 AS ts, '' AS b FROM numbers(9000)"
    )
    settings = mapped(
        tmp_path, store, '[source.mail]\ntable = "wide"\nfields = { event_time = "ts", raw = "b" }'
    )
    sql = (
        f"EXPLAIN ESTIMATE SELECT count() FROM {relation(settings, 'mail')} AS e"
        " WHERE e.event_time >= {since:DateTime64(3, 'UTC')} AND e.event_time < {until:DateTime64(3, 'UTC')}"
    )
    window = {"since": datetime(2020, 5, 3, tzinfo=UTC), "until": datetime(2020, 5, 4, tzinfo=UTC)}
    assert store.frame(sql, window)["parts"].to_list() == [1]


def test_a_query_over_relations(store: Store, tmp_path: Path) -> None:
    native, settings = plain_settings(tmp_path), mapped(tmp_path, store, MAIL)
    assert "FROM `mail` AS e" in query("raw_mail", native)
    assert "in\\`box" in query("raw_mail", settings)
    with pytest.raises(InputError, match=r"unknown query 'raw_mial'. Did you mean 'raw_mail'"):
        query("raw_mial", native)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[source.mails]\ntable = "t"', "unknown table under .source. in msa.toml 'mails'. Did you mean 'mail'"),
        ("[source.mail]\nfields = {}", r"\[source.mail\] in msa.toml needs either table"),
        ('[source.mail]\ntable = "t"\nquery = "SELECT 1"', "needs either table"),
        ('[source.mail]\ntabel = "t"', "'tabel'. Did you mean 'table'"),
        ('[source.mail]\nquery = "DROP TABLE t"\nfields = { raw = "a", event_time = "b" }', "must be a SELECT"),
        ('[source.mail]\ntable = "t"\nfields = { raw = "a" }', "does not say where event_time comes from"),
        ('[source.mail]\ntable = "t"\nfields = { rwa = "a" }', "'rwa'. Did you mean 'raw'"),
        ('[source.mail]\ntable = "t"\nfields = { raw = 7 }', "fields.raw in msa.toml must be a column name or a table"),
        ('[source.mail]\ntable = "t"\nfields = { raw = { colum = "x" } }', "'colum'. Did you mean 'column'"),
        ('[source.mail]\ntable = "t"\nfields = { raw = { column = "x", constant = 1 } }', "either a column or a constant"),
        ('[source.mail]\ntable = "t"\nfields = { raw = "a", event_time = { column = "b", unit = "h" } }', "unit of .* 'h'"),
        ('[source.mail]\ntable = "t"\nwords = {}\nfields = { raw = "a" }', "'words'"),
        ('[source.login]\ntable = "t"\nfields = { event_time = "a" }', "must map event_id, or origin"),
        ('[source.labels]\ntable = "t"\nwords = { junk = 1 }\nfields = { task = "a", subject = "b", label = "c", labelled_at = "d" }', "words to words"),
    ],
)  # fmt: skip
def test_malformed_mappings_name_the_key(toml: str, message: str, tmp_path: Path) -> None:
    settings = plain_settings(tmp_path, **tomllib.loads(toml))
    with pytest.raises(InputError, match=message):
        _ = [relation(settings, kind) for kind in ("mail", "login", "label")]


def test_check_source_says_what_it_finds(store: Store, tmp_path: Path) -> None:
    fill_inbox(store)
    report = check_source(store, mapped(tmp_path, store, MAIL))
    kinds = {kind.kind: kind for kind in report.kinds}
    fields = {field.field: field for field in kinds["mail"].fields}
    assert report.ok
    assert kinds["mail"].rows == 4
    assert (fields["raw"].found, fields["raw"].type, fields["raw"].nulls, fields["raw"].verdict) == (
        "body",
        "String",
        0.25,
        "ok",
    )
    assert (fields["event_time"].found, fields["event_time"].nulls) == ("arrived", 0.25)
    assert (fields["source"].found, fields["event_id"].found) == ("constant", "made here")
    assert (fields["key_id"].verdict, fields["key_id"].nulls) == ("not given", 1.0)
    remarks = "\n".join(kinds["mail"].remarks)
    assert "25.0 % of the rows have no readable time and are left out" in remarks
    assert "1 of 4 rows are dated 5 minutes after they were known" in remarks
    assert kinds["signup"].remarks == ("no row yet",)
    assert "event_time" in report.text()
    assert report.to_dict()["ok"] is True


def test_check_source_finds_what_is_wrong(store: Store, tmp_path: Path) -> None:
    fill_inbox(store)
    report = check_source(store, mapped(tmp_path, store, MAIL.replace('"body"', '"bodi"')))
    mail = report.kinds[0]
    assert not report.ok
    assert {f.field: f.verdict for f in mail.fields}["raw"] == "error: no column 'bodi', did you mean 'body'?"
    report = check_source(store, mapped(tmp_path, store, MAIL.replace("in`box", "outbox")))
    assert not report.ok
    assert "outbox" in report.kinds[0].remarks[0]
    with pytest.raises(InputError, match=r"code 47.*msa-ml check-source"):
        store.frame(
            query("raw_mail", mapped(tmp_path, store, MAIL.replace('"body"', '"bodi"'))).split("WHERE e.")[0]
        )


def test_a_read_only_user_reads_mapped_tables_and_results_go_elsewhere(front: Front, tmp_path: Path) -> None:
    owner = connect(front.url(database="theirs"), settings=plain_settings(tmp_path))
    with owner:
        owner.create_database()
        fill_inbox(owner)
        settings = mapped(tmp_path, owner, MAIL)
    for user in ("reader", "strict"):
        store = connect(front.url(database="theirs", user=user, password="look"), settings=settings)
        with store:
            assert check_source(store, settings).ok
            parts = list(store.stream(f"SELECT e.raw FROM {relation(settings, 'mail')} AS e"))
            assert sum(len(part) for part in parts) == 3
        store.close()
    owner.close()


NAMES = ["jo.smith84", "", "Аня 7", "x" * 300, "a²b٣", "\u0000é1", "12_34", "\uff4a\uff4f\uff19"]


def test_patterns_and_campaigns_of_sign_ups_are_made_alike_everywhere(store: Store, tmp_path: Path) -> None:
    mails = ["a@b.example", "local.part7@b.example", "", "", "", "", "@", ""]
    frame = pl.DataFrame(
        {
            "n": range(8),
            "name": NAMES,
            "mail": mails,
            "ip": ["192.0.2.77"] * 8,
            "agent": ["x", "x", "", *"xxxxx"],
        }
    )
    store.command(
        "CREATE TABLE reg (n UInt32, name String, mail String, ip String, agent String, at DateTime) ENGINE = MergeTree ORDER BY n"
    )
    store.insert("reg", frame)
    fields = '{ event_time = "at", origin = "n", ip = "ip", email = "mail", user_name = "name", user_agent = "agent" }'
    settings = mapped(tmp_path, store, f'[source.signup]\ntable = "reg"\nfields = {fields}')
    theirs = store.frame(f"SELECT * FROM {relation(settings, 'signup')} AS e ORDER BY toUInt32(e.origin)")
    patterns = [
        columns.name_pattern(name or mail.rpartition("@")[0]) for name, mail in zip(NAMES, mails, strict=True)
    ]
    assert theirs["name_pattern"].to_list() == patterns
    ours = theirs.drop("campaign", "attributes").with_columns(ingested_at="event_time")
    store.insert("signup_events", ours)
    found = store.frame("SELECT campaign FROM signup ORDER BY toUInt32(origin)")["campaign"].to_list()
    assert found == theirs["campaign"].to_list()
    assert [bool(campaign) for campaign in found] == [True, True, False, True, True, True, True, True]
    assert len(set(found)) == len(set(zip(patterns, frame["agent"], strict=True)))


def test_a_campaign_that_a_source_names_is_kept(store: Store, tmp_path: Path) -> None:
    store.command("CREATE TABLE reg (n UInt32, wave String, at DateTime) ENGINE = MergeTree ORDER BY n")
    store.insert("reg", pl.DataFrame({"n": [1], "wave": ["w7"]}))
    settings = mapped(
        tmp_path,
        store,
        '[source.signup]\ntable = "reg"\nfields = { event_time = "at", origin = "n", campaign = "wave" }',
    )
    assert store.value(f"SELECT campaign FROM {relation(settings, 'signup')} AS e") == "w7"
