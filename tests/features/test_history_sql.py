"""The SQL of histories on a real store is held equal to the plain reference, whatever the stream."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msa_ml.errors import InputError
from msa_ml.features.history import Count, CountDistinct, FirstSeen, History, Rate, Recency
from msa_ml.features.history_frame import read_histories
from msa_ml.features.history_plan import portions
from msa_ml.features.history_reference import Past, Row, Statement, values
from msa_ml.features.history_sql import compile_histories
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.migrate import init
from tests.features.history_worlds import (
    DAY,
    EVERYTHING,
    HISTORIES,
    HOUR,
    MAIL_HISTORIES,
    NOON,
    RULES,
    TASK,
    Named,
    at,
    pasts,
    store_past,
)
from tests.source.conftest import plain_settings

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings(home=tmp_path_factory.mktemp("history") / ".msa", environ={})


@pytest.fixture(scope="module")
def store(here: Settings) -> Iterator[Store]:
    here.home.mkdir()
    store = connect(settings=here)
    with store:
        init(store, retention={})
        yield store


def ask(store: Store, here: Settings, source: str, **more: object) -> dict[str, Mapping[str, float]]:
    found = read_histories(
        HISTORIES,
        kind="signup",
        parameters={**EVERYTHING, "event_sources": [source], **more},
        rules=RULES,
        settings=here,
        store=store,
    )
    return {row.pop("event_id"): row for row in found.to_dicts()}


def same(found: float, wanted: float) -> bool:
    """Equal as float32; linear counting goes through a logarithm, whose last bit is the library's own."""
    if math.isnan(wanted):
        return math.isnan(found)
    return found == wanted or abs(found - wanted) <= 1e-6 * abs(wanted)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(several=st.lists(pasts(), min_size=1, max_size=8))
def test_sql_equals_the_reference(store: Store, here: Settings, several: list[Past]) -> None:
    source = f"s{next(_numbers)}"
    named = [Named(next(_numbers)) for _ in several]
    for past, name in zip(several, named, strict=True):
        store_past(store, past, name, source)
    found = ask(store, here, source)
    assert len(found) == sum(len(past.rows) for past in several)
    for past, name in zip(several, named, strict=True):
        for row in past.rows:
            wanted, got = values(HISTORIES, row, past), found[name(row.event_id)]
            wrong = {key: (got[key], wanted[key]) for key in wanted if not same(got[key], wanted[key])}
            assert not wrong, (row, wrong)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(several=st.lists(pasts(most=8, kind="mail"), min_size=1, max_size=4))
def test_keys_with_several_values_equal_the_reference(
    store: Store, here: Settings, several: list[Past]
) -> None:
    source = f"m{next(_numbers)}"
    named = [Named(next(_numbers)) for _ in several]
    for past, name in zip(several, named, strict=True):
        store_past(store, past, name, source)
    frame = read_histories(
        MAIL_HISTORIES,
        kind="mail",
        parameters={**EVERYTHING, "event_sources": [source]},
        rules=RULES,
        settings=here,
        store=store,
    )
    found = {row.pop("event_id"): row for row in frame.to_dicts()}
    assert len(found) == len(frame) == sum(len(past.rows) for past in several)
    for past, name in zip(several, named, strict=True):
        for row in past.rows:
            wanted, got = values(MAIL_HISTORIES, row, past), found[name(row.event_id)]
            wrong = {key: (got[key], wanted[key]) for key in wanted if not same(got[key], wanted[key])}
            assert not wrong, (row, row.fields, wrong)


def _rows(*times: tuple[int, int | None], start: int, ip: str = "192.0.2.9") -> list[Row]:
    return [
        Row(f"{start + place:032x}", "signup", at, known, None, {"ip": ip, "country": "DE", "asn": 1})
        for place, (at, known) in enumerate(times)
    ]


def test_the_window_of_the_dataset_does_not_cut_histories(store: Store, here: Settings) -> None:
    """Asked for the last hour only, or as of a moment, each event has the history it always had."""
    past = Past(
        _rows((NOON - 2 * DAY, None), (NOON - HOUR + 5, None), (NOON, None), (NOON + HOUR, None), start=0)
    )
    named = Named(next(_numbers))
    store_past(store, past, named, "cut")
    whole = ask(store, here, "cut")
    part = ask(store, here, "cut", since=at(NOON), until=at(NOON + 1))
    assert list(part) == [named(past.rows[2].event_id)]
    (row,) = part.values()
    assert row["signup.count_by_ip_1h"] == 1
    assert row["signup.count_by_ip_2d"] == 2
    assert row["signup.first_seen_by_asn_30d"] == 2 * DAY / 1000
    assert str(row) == str(whole[named(past.rows[2].event_id)])
    earlier = ask(store, here, "cut", as_of=at(NOON + HOUR))
    assert {name: str(row) for name, row in earlier.items()} == {
        name: str(row) for name, row in whole.items() if name != named(past.rows[3].event_id)
    }


def test_rows_stored_today_about_years_ago_have_their_full_history(store: Store, here: Settings) -> None:
    """What counts is when they could have been known then, never when they were stored; retention follows storing alone."""
    long_ago = NOON - 4_000 * DAY
    times = [(long_ago + step * HOUR // 2, long_ago + step * HOUR // 2 + 9_000) for step in range(4)]
    past = Past(_rows(*times, start=0))
    named = Named(next(_numbers))
    store_past(store, past, named, "backfill")
    init(store, retention={"signup_events": 30, "labels": 30, "personal": 7})
    store.command("OPTIMIZE TABLE signup_events FINAL")
    found = ask(store, here, "backfill")
    init(store, retention={})
    counts = [found[named(row.event_id)]["signup.count_by_ip_1h"] for row in past.rows]
    assert counts == [0, 1, 2, 2]


LOGINS: tuple[History, ...] = (
    Count("signup", by="ip", over="1d"),
    Recency("signup", by="ip", over="7d"),
    CountDistinct("signup", of="user_name", by="ip", over="7d"),
    Rate("signup", task=TASK, by="ip", over="30d"),
    Count("login", by="ip", over="1h"),
    FirstSeen("login", by=("ip", "country"), over="30d"),
)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(past=pasts(most=15))
def test_another_kind_can_be_looked_back_on(store: Store, here: Settings, past: Past) -> None:
    """Half of the events are taken as logins, and are asked about sign-ups from the same address."""
    rows = [replace(row, kind="login") if place % 2 else row for place, row in enumerate(past.rows)]
    past = Past(rows, past.statements, past.rules)
    named = Named(next(_numbers))
    source = f"kinds{named.number}"
    store_past(store, past, named, source)
    found = read_histories(
        LOGINS,
        kind="login",
        parameters={**EVERYTHING, "event_sources": [source]},
        rules=RULES,
        settings=here,
        store=store,
    )
    by_id = {row.pop("event_id"): row for row in found.to_dicts()}
    logins = [row for row in rows if row.kind == "login"]
    assert len(by_id) == len(logins)
    for row in logins:
        wanted, got = values(LOGINS, row, past), by_id[named(row.event_id)]
        assert not {name for name in wanted if not same(got[name], wanted[name])}, row


THEIRS = """
[source.signup]
query = "SELECT * FROM anmeldungen WHERE quelle = 'QUELLE'"
[source.signup.fields]
event_id = "nummer"
event_time = { column = "zeit", unit = "ms" }
ingested_at = { column = "bekannt", unit = "ms" }
decided_at = { column = "entschieden", unit = "ms" }
source = "quelle"
ip = "adresse"
country = "land"
asn = "netz"
user_name = "name"
form_seconds = "sekunden"
[source.labels]
query = "SELECT * FROM urteile WHERE quelle = 'QUELLE'"
words = { gut = "fine", boese = "abuse" }
fields = { label_id = "nr", task = { constant = "signup_abuse" }, subject = "nummer", label = "urteil", source = "wer", labelled_at = { column = "gesagt", unit = "ms" }, ingested_at = { column = "bekannt", unit = "ms" }, retracts = "nimmt" }
"""


def test_their_tables_give_the_same_numbers(store: Store, here: Settings, tmp_path: Path) -> None:
    """Ids of any shape, times in milliseconds, other words; reading is all it takes."""
    store.command(
        "CREATE TABLE anmeldungen (nummer String, zeit Int64, bekannt Int64, entschieden Nullable(Int64), quelle String, "
        "adresse String, land String, netz Nullable(UInt32), name String, sekunden Nullable(Float64)) ENGINE = Memory"
    )
    store.command(
        "CREATE TABLE urteile (nr String, nummer String, urteil String, wer String, gesagt Int64, bekannt Int64, nimmt String, "
        "quelle String) ENGINE = Memory"
    )
    past = _busy_past()
    events = [
        {
            "nummer": f"nr {row.event_id}",
            "zeit": row.event_time,
            "bekannt": row.known_at,
            "entschieden": row.decided_at,
            "quelle": "theirs",
            **dict(zip(("adresse", "land", "netz", "name", "sekunden"), row.fields.values(), strict=True)),
        }
        for row in past.rows
    ]
    words = {"fine": "gut", "abuse": "boese"}
    said = [
        {
            "nr": one.label_id,
            "nummer": f"nr {one.subject}",
            "urteil": words.get(one.label, one.label),
            "wer": one.source,
            "gesagt": one.labelled_at,
            "bekannt": one.known_at,
            "nimmt": one.retracts,
            "quelle": "theirs",
        }
        for one in past.statements
    ]
    store.insert(
        "anmeldungen", pl.DataFrame(events, schema_overrides={"entschieden": pl.Int64, "netz": pl.UInt32})
    )
    store.insert("urteile", pl.DataFrame(said))
    theirs = plain_settings(tmp_path, **tomllib.loads(THEIRS.replace("QUELLE", "theirs")))
    found = ask(store, theirs, "theirs")
    assert len(found) == len(past.rows)
    for row in past.rows:
        wanted, got = values(HISTORIES, row, past), found[f"nr {row.event_id}"]
        assert not {name for name in wanted if not same(got[name], wanted[name])}, row


def _busy_past() -> Past:
    """Return one past in which events have a history, and labels that are corrected and taken back."""
    chance = Random(5)
    rows = [
        Row(
            f"{place:032x}",
            "signup",
            NOON + chance.choice((0, 1, HOUR, DAY)) * place,
            NOON + chance.choice((0, HOUR, 3 * DAY)) * place,
            chance.choice((None, NOON + DAY, NOON + 9 * DAY)),
            {
                "ip": chance.choice(("192.0.2.1", "192.0.2.2", "")),
                "country": chance.choice(("DE", "")),
                "asn": chance.choice((64500, None)),
                "user_name": chance.choice(("ann", "bob", "")),
                "form_seconds": chance.choice((1.5, None)),
            },
        )
        for place in range(12)
    ]
    said: list[Statement] = []
    for place in range(24):
        row = chance.choice(rows)
        at = row.known_at + chance.choice((0, 1, HOUR))
        word, source = chance.choice(("abuse", "fine", "unsure")), chance.choice(("analyst", "user_report"))
        one = Statement(f"{place:032x}", TASK, row.event_id, word, source, at, at + HOUR)
        back = Statement(f"{place + 99:032x}", TASK, row.event_id, "", source, at + DAY, None, one.label_id)
        said += [one, back] if place % 3 == 0 else [one]
    return Past(rows, said, RULES)


def test_more_keys_than_one_select_may_hold(store: Store, here: Settings) -> None:
    words = ("ip", "asn", "country", "user_name")
    keys: list[tuple[str, ...]] = [*combinations(words, 1), *combinations(words, 2)]
    many = [Count("signup", by=by, over="2d") for by in keys]
    assert len(portions(many)) > 1
    past = _busy_past()
    named = Named(next(_numbers))
    store_past(store, past, named, "many")
    found = read_histories(
        many,
        kind="signup",
        parameters={**EVERYTHING, "event_sources": ["many"]},
        rules={},
        settings=here,
        store=store,
    )
    assert found.columns == ["event_id", *(history.name for history in many)]
    by_id = {row.pop("event_id"): row for row in found.to_dicts()}
    for row in past.rows:
        wanted, got = values(many, row, past), by_id[named(row.event_id)]
        assert not {name for name in wanted if not same(got[name], wanted[name])}, row
    with pytest.raises(InputError, match="more than the 8 that one SELECT may hold"):
        compile_histories(many, kind="signup")
