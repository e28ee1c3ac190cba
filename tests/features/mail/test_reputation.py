"""What was known before a mail: declared once, the same from the store and from counters that see raw mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from msa_ml.dataset.dataset import Dataset
from msa_ml.dataset.labels import LabelRules
from msa_ml.features.history import from_json
from msa_ml.features.history_counter import Counters, definition
from msa_ml.features.history_golden import sequences, wrong_values
from msa_ml.features.mail.reputation import RATES, REPUTATION, content_keys, fields_of
from msa_ml.pipeline import load
from msa_ml.settings import read
from msa_ml.source.clickhouse import connect
from msa_ml.source.files import Found
from msa_ml.source.importing import mail_row
from msa_ml.source.mail_head import read_head
from msa_ml.source.migrate import init
from msa_ml.source.neighbours import Dated
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.simulate import simulate_mail_frames
from msa_ml.tasks import get
from tests.strategies import dirty_mails

RULES = get("spam").labels
PSEUDONYMS = Pseudonyms(bytes(32))
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """400 simulated mails of four days and what was said about them."""
    here = read(home=tmp_path_factory.mktemp("mail") / "home", isolated=True)
    here.home.mkdir()
    store = connect(settings=here)
    with store:
        init(store, retention={})
        for mails, labels in simulate_mail_frames(
            seed=5,
            days=4,
            per_day=100,
            start=START,
            stored_at=START,
            settings=here,
            content=content_keys,
        ):
            store.insert("mail_events", mails)
            store.insert("labels", labels)
        yield load("spam", settings=here)


def test_every_group_has_volume_age_and_a_rate() -> None:
    names = [history.name for history in REPUTATION]
    assert len(set(names)) == len(names)
    for by in ("sender", "sender_domain", "client_ip", "client_subnet", "campaign", "url_domain"):
        words = {history.word for history in REPUTATION if history.keys == (by,)}
        assert words >= {"count", "first_seen", "rate"}, by
    assert {history.feature.monotone for history in RATES} == {1}
    assert {history.feature.monotone for history in REPUTATION if history not in RATES} == {0}


def test_they_travel_in_a_bundle() -> None:
    assert [from_json(history.to_json()) for history in REPUTATION] == list(REPUTATION)
    said = definition(REPUTATION, kind="mail", rules={"spam": RULES})
    golden = sequences(said)
    assert golden
    assert not wrong_values(said, golden)
    # The check can fail: with another meaning of a label the sequences do not fit.
    other = LabelRules(RULES.negative, RULES.positive, ranking=RULES.ranking)
    assert wrong_values(definition(REPUTATION, kind="mail", rules={"spam": other}), golden)


def test_counters_that_see_raw_mail_say_what_training_read(dataset: Dataset) -> None:
    wanted = dataset.history(REPUTATION)
    raw = dict(pl.concat(dataset.raw()).select("event_id", "raw").iter_rows())
    index = dataset.index
    told = dataset.store.frame(
        "SELECT label_id, subject, label, source, retracts, toUnixTimestamp64Milli(labelled_at) AS at,"
        " toUnixTimestamp64Milli(greatest(labelled_at, ingested_at)) AS known FROM labels"
    )
    statements = [
        {"task": "spam", "label_id": row["label_id"], "label": row["label"], "source": row["source"],
         "labelled_at": row["at"], "known_at": row["known"], "retracts": row["retracts"], "subject": row["subject"]}
        for row in told.iter_rows(named=True)
    ]  # fmt: skip
    clocks = dataset.store.frame(
        "SELECT event_id, toUnixTimestamp64Milli(event_time) AS happened,"
        " toUnixTimestamp64Milli(greatest(event_time, ingested_at)) AS known FROM mail"
    )
    events = {event: {"event_id": event, **fields_of(mail)} for event, mail in raw.items()}
    calls: list[tuple[int, int, str, str]] = [
        (one["known_at"], 0, "label", one["label_id"]) for one in statements
    ]
    for event, happened, known in clocks.iter_rows():
        calls += [(happened, 2, "values", event), (known, 1, "observe", event)]
    by_label = {one["label_id"]: one for one in statements}
    counters = Counters(definition(REPUTATION, kind="mail", rules={"spam": RULES}))
    found: dict[str, dict[str, float]] = {}
    for at, _, what, name in sorted(calls):
        if what == "observe":
            counters.observe(events[name], at)
        elif what == "values":
            found[name] = dict(counters.values(events[name], at))
        else:
            subject = by_label[name]["subject"]
            known = [one for one in statements if one["subject"] == subject and one["known_at"] <= at]
            counters.label(events[subject], known, at)
    names = [history.name for history in REPUTATION]
    served = np.array([[found[event][name] for name in names] for event in index["event_id"]], np.float32)
    read_there = wanted.select(names).to_numpy()
    for column, name in enumerate(names):
        assert np.array_equal(served[:, column], read_there[:, column], equal_nan=True), name
    # The world has a past: senders and content come back, and some of it was reported by then.
    assert (served[:, names.index("mail.count_by_sender_7d")] > 0).mean() > 0.2
    assert (served[:, names.index("mail.count_by_campaign_7d")] > 0).mean() > 0.1
    rates = served[:, [names.index(history.name) for history in RATES]]
    assert np.nanmax(rates) > 0.5


def test_fields_of_a_mail_that_says_nothing_are_unknown() -> None:
    fields = fields_of(b"\xff\x00")
    assert {
        fields[word] for word in ("sender", "sender_domain", "client_ip", "client_subnet", "campaign")
    } == {""}
    assert fields["recipient"] == fields["url_domain"] == []


def test_a_mail_brings_a_bounded_number_of_keys() -> None:
    links = "\r\n".join(f"http://www.d{number}.example/" for number in range(400))
    to = ", ".join(f"p{number}@example.org" for number in range(400))
    fields = fields_of(f"To: {to}\r\n\r\n{links}".encode())
    assert fields["url_domain"] == [f"d{number}.example" for number in range(20)]
    assert fields["recipient"] == [f"p{number}@example.org" for number in range(50)]


@settings(max_examples=60, deadline=None)
@given(raw=dirty_mails())
def test_the_store_and_the_counters_get_the_same_keys(raw: bytes) -> None:
    fields, found = fields_of(raw), Found(raw, "", 0, (), "")
    dated = Dated(found, read_head(raw), START, "file")
    row = mail_row(dated, source="s", stored_at=START, pseudonyms=PSEUDONYMS, content=content_keys)
    assert row["client_ip_pseudonym"] == PSEUDONYMS.of(str(fields["client_ip"]))
    assert row["recipient_pseudonyms"] == [PSEUDONYMS.of(one) for one in fields["recipient"]]  # type: ignore[attr-defined]
    for column, word in (
        ("client_subnet", "client_subnet"),
        ("campaign", "campaign"),
        ("url_domains", "url_domain"),
    ):
        assert row[column] == fields[word]
