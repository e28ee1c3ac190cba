from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msa_ml import settings as settings_module
from msa_ml.errors import InputError
from msa_ml.records import event_id
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.event_importing import EventSummary, import_events
from msa_ml.source.migrate import init

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LOGINS = """number,at,user,from,country,ok,browser,verdict
1,2026-01-01T12:00:00Z,jo,192.0.2.7,DE,True,Fox,good
2,2026-01-01T12:00:01Z,Jo,192.0.2.8,-,False,Fox,BAD
3,2026-02-01T12:00:02Z,an,2001:db8::1,NA,,Fox,good
4,soon,an,2001:db8::1,NA,,Fox,good
5,2026-02-01T12:00:03Z,an,,,,,
6,2026-02-01T12:00:04Z,an,,,,,perhaps
"""
COLUMNS = {
    "id": "number",
    "event_time": "at",
    "account": "user",
    "ip": "from",
    "success": "ok",
    "attributes.browser": "browser",
    "label": "verdict",
}
WORDS = {"good": "ok", "bad": "takeover"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_module.read(home=tmp_path_factory.mktemp("home"), environ={"MSA_PSEUDONYM_KEY": "7" * 64})


@pytest.fixture(scope="module")
def home(settings: Settings) -> Iterator[Store]:
    store = connect(settings=settings)
    with store.session():
        init(store, retention={})
        yield store


@pytest.fixture
def store(home: Store) -> Store:
    for table in ("signup_events", "login_events", "request_events", "labels"):
        home.command(f"TRUNCATE TABLE {table}")
    return home


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    path = tmp_path / "logins.csv"
    path.write_text(LOGINS)
    return path


def run(store: Store, settings: Settings, path: Path, **options: object) -> EventSummary:
    given: dict[str, object] = {
        "source": "idp",
        "stored_at": NOW,
        "columns": COLUMNS,
        "task": "account_takeover",
        "label_words": WORDS,
        "label_delay": timedelta(days=1),
        **options,
    }
    kind = given.pop("kind", "login")
    return import_events(store, settings, kind, path, **given)  # type: ignore[arg-type]


def test_rows_labels_and_counts(store: Store, settings: Settings, logins: Path) -> None:
    summary = run(store, settings, logins).as_dict()
    summary.pop("seconds")
    assert summary == {
        "read": 6,
        "imported": 5,
        "duplicates": 0,
        "rejected": 1,
        "unlabelled": 2,
        "duplicates_in_run": 0,
        "rejected_skew": 0,
        "assumed_known": 5,
        "unknown_words": 1,
        "contradicting_labels": 0,
        "labelled": {"ok": 2, "takeover": 1},
        "reasons": {"event_time: not a time between 1990 and 2099": 1},
        "rows": {"event_time: not a time between 1990 and 2099": [4]},
    }
    rows = {row["origin"]: row for row in store.frame("SELECT * FROM login").to_dicts()}
    first = rows["1"]
    assert first["event_id"] == event_id("idp", b"1")
    assert first["position"] == 0
    assert (first["account"], first["success"], first["country"], first["ip_subnet"]) == (
        "jo",
        True,
        "DE",
        "192.0.2.0/24",
    )
    assert first["attributes"] == {"browser": "Fox"}
    assert first["ingested_at"] == first["event_time"] == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert (rows["2"]["success"], rows["2"]["country"], rows["3"]["country"]) == (False, "", "NA")
    assert rows["3"]["ip_subnet"] == "2001:db8::/48"
    assert rows["3"]["success"] is None
    assert rows["5"]["ip_pseudonym"] == ""
    assert rows["5"]["attributes"] == {}
    assert rows["5"]["account_pseudonym"] == rows["3"]["account_pseudonym"] != first["account_pseudonym"]
    label = store.frame(
        "SELECT * FROM label WHERE subject = {id:String}", {"id": event_id("idp", b"2")}
    ).to_dicts()[0]
    assert (label["label"], label["task"], label["source"]) == ("takeover", "account_takeover", "import")
    assert label["labelled_at"] == datetime(2026, 1, 2, 12, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_a_repeat_changes_nothing(batch_rows: int, store: Store, settings: Settings, logins: Path) -> None:
    run(store, settings, logins, batch_rows=batch_rows)
    sql = ("SELECT * FROM login_events ORDER BY event_id", "SELECT * FROM labels ORDER BY label_id")
    before = [store.frame(query).to_dicts() for query in sql]
    again = run(store, settings, logins, stored_at=NOW + timedelta(hours=1))
    assert (again.imported, again.duplicates, again.duplicates_in_run) == (0, 5, 0)
    assert [store.frame(query).to_dicts() for query in sql] == before


def test_rows_without_a_native_id_are_known_by_what_they_hold(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "signups.csv"
    path.write_text(
        "event_time,user_name,email\n2026-01-01,jo.7,jo@Example.org\n2026-01-01,jo.7,jo@Example.org\n"
        "2026-01-01,jo.8,jo@example.org\n"
    )
    summary = run(store, settings, path, kind="signup", columns={}, task="")
    assert (summary.imported, summary.duplicates, summary.duplicates_in_run) == (2, 1, 1)
    rows = store.frame("SELECT * FROM signup ORDER BY position").to_dicts()
    assert rows[0]["event_id"] == event_id(
        "idp", b'{"email":"jo@Example.org","event_time":1767225600000,"user_name":"jo.7"}'
    )
    assert rows[0]["email_pseudonym"] == rows[1]["email_pseudonym"] != ""
    assert rows[0]["user_pseudonym"] != rows[1]["user_pseudonym"]
    assert (rows[0]["email_domain"], rows[0]["name_pattern"]) == ("example.org", "a.0")


def test_requests_and_a_time_zone(store: Store, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "access.jsonl"
    path.write_text(
        '{"event_time": "2026-07-01 12:00:00", "ip": "192.0.2.1", "status": 404, "bytes_sent": 5e3}\n'
    )
    run(store, settings, path, kind="request", columns={}, task="", time_zone="Europe/Berlin")
    (row,) = store.frame("SELECT * FROM request").to_dicts()
    assert row["event_time"] == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert (row["status"], row["bytes_sent"], row["duration_ms"]) == (404, 5000, None)


def test_nothing_is_written_where_nothing_fits(
    store: Store, settings: Settings, logins: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"no row of .* could be taken: event_time: not a time .*\(6\)"):
        run(store, settings, logins, columns={"event_time": "user"}, task="")
    with pytest.raises(InputError, match="needs the task"):
        run(store, settings, logins, task="")
    with pytest.raises(InputError, match="unknown time zone"):
        run(store, settings, logins, time_zone="Middle/Earth")
    (tmp_path / "empty.csv").write_text("event_time\n")
    with pytest.raises(InputError, match="holds no row"):
        run(store, settings, tmp_path / "empty.csv", columns={}, task="")
    assert store.value("SELECT count() FROM login_events") == 0


def test_a_source_that_was_simulated_is_refused(store: Store, settings: Settings, logins: Path) -> None:
    store.command(
        "INSERT INTO login_events (event_id, source, event_time, simulated) VALUES ('x', 'idp', now(), true)"
    )
    with pytest.raises(InputError, match="holds simulated rows"):
        run(store, settings, logins)


@pytest.mark.corpus
def test_public_tables(store: Store, settings: Settings, shared_data: Path) -> None:
    signups = run(
        store,
        settings,
        shared_data / "registrations_synthetic_20k.csv.xz",
        kind="signup",
        columns={
            "ip": "ip_address",
            "email": "email_address",
            "event_time": "EVENT_TIMESTAMP",
            "label": "EVENT_LABEL",
        },
        task="signup_abuse",
        label_words=None,
    )
    assert (signups.read, signups.imported, signups.rejected) == (20_000, 20_000, 0)
    assert signups.labelled == {"fraud": 1004, "legit": 18996}
    logins = run(
        store,
        settings,
        shared_data / "rba_schema_first19.csv",
        columns={
            "id": "index",
            "event_time": "Login Timestamp",
            "account": "User ID",
            "rtt_ms": "Round-Trip Time [ms]",
            "ip": "IP Address",
            "asn": "ASN",
            "user_agent": "User Agent String",
            "success": "Login Successful",
            "label": "Is Account Takeover",
        },
        label_words={"true": "takeover", "false": "ok"},
    )
    assert (logins.read, logins.imported, logins.labelled) == (19, 19, {"ok": 19})


GOOD: dict[str, object] = {
    "event_time": "2026-01-01T12:00:00Z",
    "user_name": "jo.smith",
    "email": "jo@example.org",
    "ip": "192.0.2.1",
}
BAD: list[tuple[dict[str, object], str]] = [
    ({"event_time": "2026-02-30"}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": "0000-00-00 00:00:00"}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": "1e300"}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": 2**63}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": True}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": ["2026-01-01"]}, "event_time: not a time between 1990 and 2099"),
    ({"event_time": None}, "event_time: missing"),
    ({"event_time": "2026-11-01T12:06:00Z"}, "event_time: in the future"),
    ({"ingested_at": "2026-11-02"}, "ingested_at: in the future"),
    ({"ingested_at": "2025-12-31"}, "event_time: more than 5 minutes after ingested_at"),
    ({"decided_at": "2025-12-31"}, "event_time: more than 5 minutes after decided_at"),
    ({"decided_at": "2027-01-01"}, "decided_at: in the future"),
    ({"id": None}, "id: missing"),
    ({"id": "  "}, "id: missing"),
    ({"user_name": None, "email": None, "ip": None}, "nothing but times"),
    ({"ip": "999.1.1.1"}, "ip: not an IP address"),
    ({"ip": 7.5}, "ip: not an IP address"),
    ({"asn": "AS-x"}, "asn: not a whole number of 32 bits"),
    ({"asn": -1}, "asn: not a whole number of 32 bits"),
    ({"asn": 2**40}, "asn: not a whole number of 32 bits"),
    ({"asn": [1]}, "asn: not a whole number of 32 bits"),
    ({"verification_attempts": 1.5}, "verification_attempts: not a whole number of 32 bits"),
    ({"form_seconds": "fast"}, "form_seconds: not a number"),
    ({"form_seconds": "inf"}, "form_seconds: not a number"),
    ({"form_seconds": -3}, "form_seconds: negative"),
    ({"user_name": "x" * 1_000_000}, "user_name: longer than 1,024 characters"),
    ({"email": "x" * 1_000_000 + "@example.org"}, "email: longer than 1,024 characters"),
    ({"user_agent": "x" * 1_000_000}, "user_agent: longer than 65,536 characters"),
    ({"user_name": {"first": "jo"}}, "user_name: not text"),
    ({"user_name": ["jo"]}, "user_name: not text"),
    ({"user_name": "jo\x00smith"}, "user_name: control characters"),
    ({"user_name": "jo\u202ehtims"}, "user_name: control characters"),
    ({"email": "jo\r\nBcc: a@example.org"}, "email: control characters"),
    ({"country": "DE\x1b[2J"}, "country: control characters"),
    ({"user_agent": "x\x00"}, "user_agent: control characters"),
]


def test_malformed_rows_are_told_and_the_good_ones_kept(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    # Half a surrogate pair, zero-width and look-alike letters are odd but no reason to lose what an attacker did.
    odd = ["jo\ud800", "\u200bj\u043e", "e\u0301" * 100, "\ufb01\u200d", "\U0001f600" * 200, "\ufeffjo"]
    path = tmp_path / "signups.jsonl"
    rows = [{**GOOD, "id": f"odd {number}", "user_name": name} for number, name in enumerate(odd)]
    rows += [{**GOOD, "id": f"bad {number}", **cells} for number, (cells, _) in enumerate(BAD)]
    lines = [json.dumps(row) for row in rows]
    broken = ['{"event_time": ', "[]", "\x00", "[" * 100_000]
    path.write_text("\n".join([*lines, *broken, json.dumps({**GOOD, "id": "last"})]) + "\n")
    summary = run(store, settings, path, kind="signup", columns={"id": "id"}, task="")
    assert summary.imported == len(odd) + 1
    assert summary.rejected == len(BAD) + len(broken)
    expected = Counter(reason for _, reason in BAD)
    assert {reason: summary.reasons[reason] for reason in expected} == dict(expected)
    numbers = [
        [len(odd) + 1 + n for n, (_, why) in enumerate(BAD) if why == reason][:5] for reason in expected
    ]
    assert [summary.rows[reason] for reason in expected] == numbers
    told = json.dumps(summary.as_dict())
    assert not [word for word in ("smith", "Bcc", "xxxx", "999", "AS-x") if word in told]
    assert store.value("SELECT count() FROM signup WHERE startsWith(origin, 'bad')") == 0
    patterns = store.frame("SELECT user_name, name_pattern FROM signup")
    assert all(len(pattern) <= 64 for pattern in patterns["name_pattern"])


def test_a_cell_of_a_megabyte_does_not_take_its_neighbours_along(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "signups.csv"
    lines = ["event_time,user_name", "2026-01-01,an", f"2026-01-01,{'x' * 1_000_000}", "2026-01-01,bo"]
    path.write_text("\n".join([*lines, f'2026-01-02,"{"y" * 1_000_000}"', "2026-01-02,cy"]) + "\n")
    summary = run(store, settings, path, kind="signup", columns={}, task="")
    assert (summary.read, summary.imported, summary.rejected) == (5, 3, 2)
    assert store.frame("SELECT user_name FROM signup ORDER BY user_name")["user_name"].to_list() == [
        "an",
        "bo",
        "cy",
    ]
