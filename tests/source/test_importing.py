from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from msa_ml import settings as settings_module
from msa_ml.errors import InputError
from msa_ml.records import event_id
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.columns import ContentKeys
from msa_ml.source.importing import Summary, import_mail
from msa_ml.source.index_files import read_index
from msa_ml.source.label_rules import parse_rules
from msa_ml.source.migrate import init
from msa_ml.source.pseudonyms import Pseudonyms
from tests.source.mails import day, in_mbox, mail, tar, tree

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
RULES = parse_rules(["*ham*=ham", "spam*=spam"])


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_module.read(home=tmp_path_factory.mktemp("home"), environ={"MSA_PSEUDONYM_KEY": "7" * 64})


@pytest.fixture(scope="module")
def home(settings: Settings) -> Iterator[Store]:
    store = connect(settings=settings)
    with store.session():  # opening takes a while; these tests are one process
        init(store, retention={})
        yield store


@pytest.fixture
def store(home: Store) -> Store:
    for table in ("mail_events", "labels"):
        home.command(f"TRUNCATE TABLE {table}")
    return home


def run(store: Store, settings: Settings, *paths: Path, **options: object) -> Summary:
    given: dict[str, object] = {"source": "corpus", "stored_at": NOW, "rules": RULES, **options}
    return import_mail(store, settings, paths, **given)  # type: ignore[arg-type]


def count(store: Store, table: str) -> int:
    return int(store.value(f"SELECT count() FROM {table}"))


FILES = {
    "c/ham/1.eml": mail(1, received=day(3), date=day(1)),
    "c/ham/2.eml": mail(2),
    "c/ham/3.eml": mail(3, date=day(5)),
    "c/spam/4.eml": mail(4, received=day(6)),
    "c/spam/5.eml": b"no header, no date\n",
    "c/inbox/6.eml": mail(6, date=day(9)),
    "c/inbox/cmds": b"mv\n",
}


def test_rows_labels_and_counts(store: Store, settings: Settings, tmp_path: Path) -> None:
    summary = run(store, settings, tree(tmp_path, FILES) / "c", label_delay=timedelta(hours=2))
    expected = {
        "read": 6,
        "imported": 6,
        "duplicates": 0,
        "damaged": 1,
        "without_date": 2,
        "unlabelled": 1,
        "labelled": {"ham": 3, "spam": 2},
        "time_from": {"date": 2, "neighbours": 2, "received": 2},
        "damage": {"no_header": 1},
        "skipped": {"not_mail": 1},
    }
    found = summary.as_dict()
    assert {name: found[name] for name in expected} == expected
    rows = store.frame("SELECT * FROM mail ORDER BY origin")
    assert rows["origin"].to_list() == sorted(name for name in FILES if name.endswith(".eml"))
    first = rows.filter(rows["origin"] == "c/ham/1.eml").row(0, named=True)
    assert first["raw"] == FILES["c/ham/1.eml"]
    assert first["event_id"] == event_id("corpus", FILES["c/ham/1.eml"])
    assert first["event_time"] == first["ingested_at"] == datetime(2026, 1, 3, 12, tzinfo=UTC)
    assert (first["sender_domain"], first["recipient_count"], first["client_subnet"]) == (
        "example.org",
        1,
        "192.0.2.0/24",
    )
    assert (first["time_from"], first["damage"], first["size"]) == ("received", "", len(first["raw"]))
    assert (first["simulated"], first["decided_at"], first["campaign"]) == (False, None, "")
    assert len(first["sender_pseudonym"]) == 32
    assert rows["sender_pseudonym"].n_unique() == 6  # five senders, and none
    pseudonyms = Pseudonyms(settings_module.pseudonym_key(settings))
    assert first["recipient_pseudonyms"] == [pseudonyms.of("an@example.com")]
    assert first["client_ip_pseudonym"] == pseudonyms.of("192.0.2.2")
    assert (first["url_domains"], first["asn"]) == ([], None)
    between = rows.filter(rows["origin"] == "c/ham/2.eml").row(0, named=True)
    assert between["event_time"] == datetime(2026, 1, 4, 12, tzinfo=UTC)
    labels = store.frame("SELECT * FROM label WHERE subject = {id:String}", {"id": first["event_id"]})
    label = labels.row(0, named=True)
    assert (label["task"], label["subject_kind"], label["label"], label["source"]) == (
        "spam",
        "event",
        "ham",
        "import",
    )
    assert label["labelled_at"] == label["ingested_at"] == datetime(2026, 1, 3, 14, tzinfo=UTC)


def test_a_repeat_changes_nothing(store: Store, settings: Settings, tmp_path: Path) -> None:
    path = tree(tmp_path, FILES) / "c"
    run(store, settings, path)
    before = (
        store.frame("SELECT * FROM mail_events ORDER BY event_id"),
        store.frame("SELECT * FROM labels ORDER BY label_id"),
    )
    again = run(store, settings, path, stored_at=NOW + timedelta(days=1), label_delay=timedelta(days=3))
    after = (
        store.frame("SELECT * FROM mail_events ORDER BY event_id"),
        store.frame("SELECT * FROM labels ORDER BY label_id"),
    )
    assert (again.imported, again.duplicates, again.duplicates_in_run) == (0, 6, 0)
    assert before[0].equals(after[0])
    assert before[1].equals(after[1])


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_planted_duplicates_are_found(
    batch_rows: int, store: Store, settings: Settings, tmp_path: Path
) -> None:
    files = {
        "c/ham/1.eml": mail(1, date=day(1)),
        "c/ham/copy.eml": mail(1, date=day(1)),
        "c/ham/other.eml": in_mbox(mail(1, date=day(1)))[:-1],  # the same but for the From line
        "c/spam/1.eml": mail(1, date=day(1)),  # and with another label
        "c/spam/2.eml": mail(2, date=day(2)),
    }
    summary = run(store, settings, tree(tmp_path, files) / "c", batch_rows=batch_rows)
    assert (summary.read, summary.imported, summary.duplicates, summary.duplicates_in_run) == (5, 2, 3, 3)
    assert summary.contradicting_labels == 1
    assert count(store, "mail") == count(store, "mail_events") == 2
    assert count(store, "label") == 3


def test_missing_labels_are_added_to_what_is_there(store: Store, settings: Settings, tmp_path: Path) -> None:
    path = tree(tmp_path, FILES) / "c"
    first = run(store, settings, path, rules=())
    assert (first.unlabelled, count(store, "label")) == (6, 0)
    second = run(store, settings, path)
    assert (second.imported, count(store, "label")) == (0, 5)


def test_the_same_mail_of_another_source_is_another_event(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    path = tree(tmp_path, FILES) / "c"
    run(store, settings, path)
    assert run(store, settings, path, source="other").imported == 6


def test_a_source_that_was_simulated_is_refused(store: Store, settings: Settings, tmp_path: Path) -> None:
    path = tree(tmp_path, FILES) / "c"
    run(store, settings, path)
    store.command(
        "INSERT INTO mail_events (event_id, source, event_time, simulated) VALUES ('x', 'demo', now(), true)"
    )
    with pytest.raises(InputError, match=r"'demo' of .* holds simulated rows"):
        run(store, settings, path, source="demo")
    assert run(store, settings, path, source="real").imported == 6


def test_an_index_goes_before_folders(store: Store, settings: Settings, tmp_path: Path) -> None:
    tree(tmp_path, FILES)
    (tmp_path / "index").write_text("spam c/ham/1.eml\nham c/nowhere.eml\n")
    summary = run(store, settings, tmp_path / "c", index=read_index(tmp_path / "index"))
    assert summary.labelled == {"ham": 2, "spam": 3}
    assert (summary.listed_not_found, summary.found_not_listed) == (1, 5)


def test_disagreeing_rules_are_counted_by_folder(store: Store, settings: Settings, tmp_path: Path) -> None:
    rules = parse_rules(["*ham*=ham", "h*=spam"])
    assert run(store, settings, tree(tmp_path, FILES) / "c", rules=rules).disagreeing == {"ham": 3}


def test_the_callers_content_keys_and_progress(store: Store, settings: Settings, tmp_path: Path) -> None:
    seen: list[int] = []
    run(
        store,
        settings,
        tree(tmp_path, FILES) / "c",
        content=lambda raw: ContentKeys(f"size-{len(raw)}", ("example.org",)),
        progress=lambda done, total: seen.append(done * 100 // total),
    )
    assert seen[-1] == 100
    sql = "SELECT countIf(campaign = concat('size-', toString(size)) AND url_domains = ['example.org']) FROM mail"
    assert store.value(sql) == 6


def test_times_without_a_zone_and_empty_sources_are_refused(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    path = tree(tmp_path, FILES) / "c"
    with pytest.raises(InputError, match="time zone"):
        run(store, settings, path, stored_at=NOW.replace(tzinfo=None))
    with pytest.raises(InputError, match="source needs a name"):
        run(store, settings, path, source=" ")


def test_a_store_without_tables_is_refused(tmp_path: Path, settings: Settings, store: Store) -> None:
    path = tree(tmp_path, FILES) / "c"
    store.command("RENAME TABLE mail_events TO mail_elsewhere")
    try:
        with pytest.raises(InputError, match="init"):
            run(store, settings, path)
    finally:
        store.command("RENAME TABLE mail_elsewhere TO mail_events")


def test_what_was_read_before_the_damage_stays(store: Store, settings: Settings, tmp_path: Path) -> None:
    path = tar(tmp_path / "c.tar", {f"c/ham/{n}.eml": mail(n, date=day(1 + n % 28)) for n in range(40)})
    whole = path.read_bytes()
    path.write_bytes(whole[: 20 * 1024 + 600])
    with pytest.raises(InputError, match="damaged or incomplete"):
        run(store, settings, path, batch_rows=5)
    assert count(store, "mail") == 20
    path.write_bytes(whole)
    again = run(store, settings, path, batch_rows=5)
    assert (again.imported, again.duplicates) == (20, 20)


@pytest.mark.corpus
def test_the_real_corpus(store: Store, settings: Settings, shared_data: Path) -> None:
    path = shared_data / "spamassassin.tar.xz"
    first = run(store, settings, path)
    assert (first.read, first.imported, first.duplicates) == (6047, 6047, 0)
    assert first.labelled == {"ham": 4150, "spam": 1897}
    assert first.time_from == {"date": 135, "received": 5912}
    assert (first.without_date, first.unlabelled) == (0, 0)
    second = run(store, settings, path)
    assert (second.imported, second.duplicates) == (0, 6047)
    assert count(store, "mail") == count(store, "mail_events") == count(store, "labels") == 6047
