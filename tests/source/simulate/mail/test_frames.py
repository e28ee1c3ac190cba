from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from msa_ml import settings as settings_module
from msa_ml.errors import Refused
from msa_ml.records import event_id
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.columns import ContentKeys
from msa_ml.source.importing import MAIL_SCHEMA, import_mail
from msa_ml.source.migrate import init
from msa_ml.source.simulate import refuse_if_real, simulate_mail, simulate_mail_frames
from tests.source.simulate.mail.worlds import START

STORED = datetime(2026, 3, 20, tzinfo=UTC)


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


def frames(settings: Settings, **more: object) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    given: dict[str, object] = {
        "seed": 4,
        "days": 2.0,
        "per_day": 120,
        "start": START,
        "batch_rows": 100,
        **more,
    }
    return list(simulate_mail_frames(stored_at=STORED, settings=settings, **given))  # type: ignore[arg-type]


def test_rows_are_those_of_the_mails(settings: Settings) -> None:
    batches = frames(settings)
    assert [len(mails) for mails, _ in batches] == [100, 100, 40]
    rows = pl.concat([mails for mails, _ in batches])
    assert rows.schema == pl.Schema(MAIL_SCHEMA)
    mails = list(simulate_mail(seed=4, days=2.0, per_day=120, start=START))
    assert rows["raw"].to_list() == [mail.raw for mail in mails]
    assert rows["event_id"].to_list() == [event_id("simulated", mail.raw) for mail in mails]
    assert rows["ingested_at"].to_list() == [mail.ingested_at for mail in mails]
    assert rows["simulated"].all()
    assert (rows["damage"] == "").all()
    assert (rows["client_subnet"] != "").all()
    assert (rows["campaign"] == "").all()  # what is really true of a mail is not in its row


def test_labels_are_late_and_say_simulated(settings: Settings) -> None:
    for mails, labels in frames(settings):
        assert labels["simulated"].all()
        known = labels.join(
            mails.select("event_id", known="ingested_at"), left_on="subject", right_on="event_id"
        )
        assert len(known) == len(labels)
        assert (known["labelled_at"] > known["known"]).all()
        assert labels["confidence"].is_between(0.5, 1).all()
        assert labels["label_id"].is_unique().all()


def test_a_fingerprint_becomes_the_campaign(settings: Settings) -> None:
    (rows, _), *_ = frames(settings, content=lambda raw: ContentKeys(str(len(raw))))
    assert rows["campaign"].to_list() == [str(size) for size in rows["size"]]


def test_the_store_takes_them_and_a_repeat_converges(store: Store, settings: Settings) -> None:
    refuse_if_real(store)
    for _ in range(2):
        for mails, labels in frames(settings):
            store.insert("mail_events", mails)
            store.insert("labels", labels)
    assert store.value("SELECT count() FROM mail") == 240
    labelled = sum(len(mail.verdicts) for mail in simulate_mail(seed=4, days=2.0, per_day=120, start=START))
    assert store.value("SELECT count() FROM label") == labelled
    refuse_if_real(store)


def test_an_export_imported_again_keeps_its_times(store: Store, settings: Settings, tmp_path: Path) -> None:
    mails = list(simulate_mail(seed=5, days=1.0, per_day=30, start=START))
    for mail in mails:
        (tmp_path / f"{mail.position:03}.eml").write_bytes(mail.raw)
    import_mail(store, settings, [tmp_path], source="exported", stored_at=STORED)
    times = store.frame("SELECT event_time FROM mail ORDER BY event_time")["event_time"].to_list()
    assert times == [mail.event_time for mail in mails]
    with pytest.raises(Refused, match=r"mail_events .* holds 30"):
        refuse_if_real(store)


def test_one_real_label_is_enough_to_refuse(store: Store, settings: Settings) -> None:
    _, labels = frames(settings)[0]
    store.insert("labels", labels)
    refuse_if_real(store)
    real = labels.head(1).with_columns(simulated=pl.lit(value=False), label_id=pl.lit("0" * 32))
    store.insert("labels", real)
    with pytest.raises(Refused, match="labels"):
        refuse_if_real(store)


def test_a_batch_lies_in_its_span(settings: Settings) -> None:
    for mails, _ in frames(settings):
        assert mails["event_time"].min() >= START  # type: ignore[operator]
        assert mails["event_time"].max() < START + timedelta(days=2)  # type: ignore[operator]
