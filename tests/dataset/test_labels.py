"""Labels as known at a moment, on a real store: every case is one event whose label is read by one query."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import polars as pl
import pytest

from msa_ml.dataset.dataset import Dataset, Selection
from msa_ml.dataset.labels import LabelRules
from msa_ml.settings import Settings
from msa_ml.settings import read as read_settings
from msa_ml.source.clickhouse import Store, connect
from msa_ml.source.migrate import init

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
MS = timedelta(milliseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENT = AS_OF - timedelta(days=5)
RULES = LabelRules(
    positive=("spam", "phishing"),
    negative=("ham",),
    ignored=("unsure",),
    ranking=("analyst", "import", "user_report", "automatic"),
    delay=timedelta(days=1),
    delays={"slow": timedelta(days=7)},
)


@dataclass(frozen=True)
class Said:
    """One row of ``labels``; times are said as what lies before ``AS_OF``."""

    word: str
    by: str = "import"
    before: timedelta = timedelta(days=2)
    known_before: timedelta | None = None
    key: str = ""
    takes_back: str = ""
    task: str = "spam"
    kind: str = "event"

    def row(self, subject: str) -> dict[str, object]:
        parts = (subject, self.key or repr(self))
        known = self.before if self.known_before is None else self.known_before
        return {
            "label_id": _hash(*parts),
            "task": self.task,
            "subject_kind": self.kind,
            "subject": subject,
            "label": self.word,
            "source": self.by,
            "labelled_at": AS_OF - self.before,
            "ingested_at": AS_OF - known,
            "retracts": _hash(subject, self.takes_back) if self.takes_back else "",
        }


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Case:
    name: str
    said: tuple[Said, ...]
    label: int | None
    conflict: bool = False
    event: dict[str, object] = field(default_factory=dict)

    @property
    def event_id(self) -> str:
        return _hash(self.name)


SPAM, HAM = Said("spam"), Said("ham")
TAKES_X = Said("", takes_back="x", key="y", before=2 * HOUR)
CASES = (
    Case("no label", (), None),
    Case("one word", (SPAM,), 1),
    Case("the other word", (HAM,), 0),
    Case("another word for abuse", (Said("phishing"),), 1),
    # Known from max(labelled_at, ingested_at), strictly before the moment.
    Case("said one millisecond before", (Said("spam", before=MS),), 1),
    Case("said in the same millisecond", (Said("spam", before=0 * MS),), None),
    Case("said later", (Said("spam", before=-HOUR),), None),
    Case("arrived one millisecond before", (Said("spam", known_before=MS),), 1),
    Case("arrived in the same millisecond", (Said("spam", known_before=0 * MS),), None),
    Case("arrived later", (Said("spam", known_before=-HOUR),), None),
    Case("said later than it is said to have arrived", (Said("spam", before=0 * MS, known_before=HOUR),), None),
    # The newest word of a source.
    Case("corrected", (Said("spam", before=2 * HOUR), Said("ham", before=HOUR)), 0),
    Case("corrected back", tuple(Said(w, before=n * HOUR) for n, w in ((3, "spam"), (2, "ham"), (1, "spam"))), 1),
    Case("a correction that is not known", (Said("spam", before=HOUR), Said("ham", before=0 * MS)), 1),
    Case(
        "an old word that arrived late",
        (Said("spam", before=HOUR), Said("ham", before=3 * HOUR, known_before=MS)),
        1,
    ),
    Case("written twice", (replace(SPAM, key="same"), replace(SPAM, key="same")), 1),
    # Sources by rank, whoever speaks last.
    Case("analyst over user", (Said("ham", "analyst", 9 * HOUR), Said("spam", "user_report", HOUR)), 0, conflict=True),
    Case("user over automatic", (Said("spam", "automatic", HOUR), Said("ham", "user_report", 9 * HOUR)), 0, conflict=True),
    Case("any ranked source over a stranger", (Said("spam", "stranger", HOUR), Said("ham", "automatic", 9 * HOUR)), 0, conflict=True),
    Case("the newest of strangers", (Said("spam", "a stranger", HOUR), Said("ham", "one more", 9 * HOUR)), 1, conflict=True),
    Case("two sources agree", (Said("spam", "analyst"), Said("phishing", "user_report")), 1),
    Case(
        "only the newest words are held against each other",
        (Said("spam", "user_report", 9 * HOUR), Said("ham", "user_report", HOUR), Said("ham", "analyst")),
        0,
    ),
    # Retractions.
    Case("taken back", (replace(SPAM, key="x"), Said("", takes_back="x", before=HOUR)), None),
    Case("taken back in the same millisecond", (replace(SPAM, key="x"), Said("", takes_back="x", before=0 * MS)), 1),
    Case(
        "a retraction that arrived late",
        (replace(SPAM, key="x"), Said("", takes_back="x", before=HOUR, known_before=-HOUR)),
        1,
    ),
    Case(
        "taken back, the older word holds again",
        (Said("ham", before=3 * HOUR), Said("spam", before=2 * HOUR, key="x"), Said("", takes_back="x", before=HOUR)),
        0,
    ),
    Case(
        "taken back, the next source holds",
        (Said("spam", "analyst", key="x"), Said("ham", "user_report"), Said("", "analyst", takes_back="x", before=HOUR)),
        0,
    ),
    Case(
        "taken back, which was taken back",
        (replace(SPAM, key="x"), TAKES_X, Said("", takes_back="y", before=HOUR)),
        1,
    ),
    Case(
        "taken back, which was taken back in the same millisecond",
        (replace(SPAM, key="x"), TAKES_X, Said("", takes_back="y", before=0 * MS)),
        None,
    ),
    Case(
        "a chain of three: the first retraction holds again",
        (replace(SPAM, key="x"), TAKES_X, Said("", takes_back="y", key="z"), Said("", takes_back="z")),
        None,
    ),
    Case("taken back by somebody else", (replace(SPAM, key="x"), Said("", "analyst", takes_back="x", before=HOUR)), None),
    Case("taken back by a row about another subject kind", (replace(SPAM, key="x"), replace(TAKES_X, kind="account")), None),
    Case("taken back before it was said, by a clock that is wrong", (replace(SPAM, key="x"), replace(TAKES_X, before=3 * DAY)), None),
    Case("a retraction of what nobody said", (SPAM, Said("", takes_back="nothing")), 1),
    Case("the correction is taken back", (replace(SPAM, before=3 * DAY), replace(HAM, key="x"), TAKES_X), 1),
    # Ties: the same source, the same millisecond.
    Case(
        "two words of one millisecond, the one that arrived last",
        (replace(HAM, known_before=HOUR), replace(SPAM, known_before=2 * HOUR)),
        0,
    ),
    Case("two words of one millisecond that arrived together", (replace(HAM, key="b"), replace(SPAM, key="a")), 1),
    # A source that is not heard before an event is seven days old.
    Case("a slow source, too early", (Said("ham", "slow"),), None),
    Case("a slow source, too early, beside another", (Said("ham", "slow"), Said("spam", "stranger")), 1),
    Case("a slow source, one millisecond too early", (Said("ham", "slow"),), None, event={"event_time": AS_OF - 7 * DAY + MS}),
    Case("a slow source, in time", (Said("ham", "slow"),), 0, event={"event_time": AS_OF - 7 * DAY}),
    # What is no label of this event and task.
    Case("an ignored word", (Said("unsure"),), None),
    Case("an unknown word", (Said("bulk"),), None),
    Case("an analyst is unsure", (Said("unsure", "analyst"), Said("spam", "user_report")), None, conflict=True),
    Case("a user is unsure", (Said("spam", "analyst"), Said("unsure", "user_report")), 1, conflict=True),
    Case("another task", (Said("spam", task="outbound_abuse"),), None),
    Case("an account of the same name", (Said("spam", kind="account"),), None),
)  # fmt: skip

# Events that are left out, or not: (name, columns, in the index).
PRESENCE: tuple[tuple[str, dict[str, object], bool], ...] = (
    ("one day old", {"event_time": AS_OF - RULES.delay}, True),
    ("a millisecond younger", {"event_time": AS_OF - RULES.delay + MS}, False),
    ("known one millisecond before", {"ingested_at": AS_OF - MS}, True),
    ("known in the same millisecond", {"ingested_at": AS_OF}, False),
    ("known later", {"ingested_at": AS_OF + HOUR}, False),
    ("of the future", {"event_time": AS_OF + HOUR}, False),
    ("simulated", {"simulated": True}, False),
)
CAMPAIGNS = 150


def _event(event_id: str, **more: object) -> dict[str, object]:
    base: dict[str, object] = {
        "event_id": event_id,
        "source": "cases",
        "event_time": EVENT,
        "simulated": False,
        "campaign": "",
        "size": 9,
        "raw": b"Subject: x\r\n\r\nx\r\n",
    }
    event = {**base, **more}
    return {**event, "ingested_at": event.get("ingested_at", event["event_time"])}


def _crowd() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Events of 150 campaigns and as many without one, each third labelled spam, each third ham."""
    events, labels = [], []
    for number in range(CAMPAIGNS * 8):
        name = _hash("crowd", str(number))
        campaign = f"c{number % CAMPAIGNS}" if number < CAMPAIGNS * 4 else ""
        events.append(_event(name, source="crowd", campaign=campaign))
        if number % 3:
            labels.append((SPAM if number % 3 == 1 else HAM).row(name))
    return events, labels


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings(home=tmp_path_factory.mktemp("labels") / ".msa", environ={})


@pytest.fixture(scope="module")
def store(settings: Settings) -> Store:
    settings.home.mkdir()
    events, labels = _crowd()
    events += [_event(case.event_id, **case.event) for case in CASES]
    events += [_event(_hash(name), source="presence", **columns) for name, columns, _ in PRESENCE]
    events.append(_event(CASES[1].event_id))  # a row that was written twice is one event
    labels += [said.row(case.event_id) for case in CASES for said in case.said]
    labels.append(replace(HAM, before=HOUR).row(_hash("a millisecond younger")))
    store = connect(settings=settings)
    with store:
        init(store, retention={})
        # Two inserts: in one block ClickHouse collapses equal keys by itself.
        store.insert("mail_events", pl.DataFrame(events[:-1]))
        store.insert("mail_events", pl.DataFrame(events[-1:]))
        for part in (labels[::2], labels[1::2]):
            store.insert("labels", pl.DataFrame(part))
    return store


@pytest.fixture(scope="module")
def cases(settings: Settings, store: Store) -> Dataset:
    return Dataset("spam", Selection(as_of=AS_OF, sources=("cases",)), RULES, settings, store)


@pytest.fixture(scope="module")
def rows(cases: Dataset) -> dict[str, dict[str, object]]:
    return {row["event_id"]: row for row in cases.index.to_dicts()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_label(case: Case, rows: dict[str, dict[str, object]]) -> None:
    row = rows[case.event_id]
    assert (row["label"], row["conflict"]) == (case.label, case.conflict)


def test_report_counts_what_the_table_says(cases: Dataset) -> None:
    found = cases.labels.report()
    assert found.events == len(cases.index) == len(CASES)
    assert found.positive == sum(case.label == 1 for case in CASES)
    assert found.negative == sum(case.label == 0 for case in CASES)
    assert found.unlabelled == sum(case.label is None for case in CASES)
    assert found.conflicts == sum(case.conflict for case in CASES)
    assert found.retracted == 9  # neither those whose retraction is not yet known, nor those that hold again
    assert found.immature == 0


def test_the_moment_moves_on(cases: Dataset) -> None:
    later = {row["event_id"]: row["label"] for row in cases.with_selection(as_of=AS_OF + MS).index.to_dicts()}
    now = {case.event_id: case.label for case in CASES}
    by_name = {case.name: (now[case.event_id], later[case.event_id]) for case in CASES}
    assert {name: change for name, change in by_name.items() if change[0] != change[1]} == {
        "said in the same millisecond": (None, 1),
        "arrived in the same millisecond": (None, 1),
        "said later than it is said to have arrived": (None, 1),
        "a correction that is not known": (1, 0),
        "taken back in the same millisecond": (1, None),
        "taken back, which was taken back in the same millisecond": (None, 1),
        "a slow source, one millisecond too early": (None, 0),
    }


def test_report_says_who_spoke_and_when(cases: Dataset) -> None:
    by = {one.source: one for one in cases.labels.report().sources}
    assert (by["slow"].events, by["slow"].negative, by["slow"].unheard) == (4, 4, 3)
    assert by["analyst"].neither == 1
    # Corrected, corrected back, an old word that came late, and twice two words of one millisecond; what is taken back or
    # not yet known corrects nothing.
    assert by["import"].corrected == 5


def test_report_times_labels_from_their_event(settings: Settings, store: Store) -> None:
    dataset = Dataset("spam", Selection(as_of=AS_OF, sources=("crowd",)), RULES, settings, store)
    report = dataset.labels.report()
    assert report.overall is not None
    assert set(report.overall.seconds.values()) == {3 * 86_400.0}
    assert report.overall.late == report.overall.timed == CAMPAIGNS * 8 * 2 // 3
    assert "100 % of the labels by 'import' came later than the task's delay, 1 d" in report.warnings[0]
    assert "WARNING" in str(report)
    assert "later than the delay" in report._repr_html_()
    patient = replace(dataset, rules=replace(RULES, delay=timedelta(days=3)))
    assert patient.labels.report().warnings == ()


@pytest.mark.parametrize(("name", "columns", "there"), PRESENCE, ids=[entry[0] for entry in PRESENCE])
def test_presence(
    settings: Settings, store: Store, name: str, columns: dict[str, object], there: bool
) -> None:
    dataset = Dataset("spam", Selection(as_of=AS_OF, sources=("presence",)), RULES, settings, store)
    assert (_hash(name) in dataset.index["event_id"].to_list()) is there


def test_an_event_that_is_too_young_is_no_negative_whatever_was_said(
    settings: Settings, store: Store
) -> None:
    young = _hash("a millisecond younger")
    dataset = Dataset("spam", Selection(as_of=AS_OF, sources=("presence",)), RULES, settings, store)
    assert young not in dataset.labelled["event_id"].to_list()
    assert dataset.labels.report().negative == 0
    later = dataset.with_selection(as_of=AS_OF + MS)
    assert later.labelled.filter(pl.col("event_id") == young)["label"].to_list() == [0]


def test_what_is_left_out_is_counted_or_can_be_asked_for(settings: Settings, store: Store) -> None:
    dataset = Dataset("spam", Selection(as_of=AS_OF, sources=("presence",)), RULES, settings, store)
    assert dataset.labels.report().immature == 1
    assert not dataset.synthetic
    asked = dataset.with_selection(simulated=True)
    assert set(asked.index["event_id"]) - set(dataset.index["event_id"]) == {_hash("simulated")}
    assert asked.synthetic


def test_raw_mail_follows_the_same_rules(settings: Settings, store: Store) -> None:
    dataset = Dataset("spam", Selection(as_of=AS_OF, sources=("presence",)), RULES, settings, store)
    streamed = [event for batch in dataset.raw() for event in batch["event_id"].to_list()]
    assert sorted(streamed) == sorted(_hash(name) for name, _, there in PRESENCE if there)


def _sampled(settings: Settings, store: Store, **choice: object) -> pl.DataFrame:
    selection = replace(Selection(as_of=AS_OF, sources=("crowd",)), **choice)  # type: ignore[arg-type]
    return Dataset("spam", selection, RULES, settings, store).index


@pytest.mark.parametrize("by", ["event", "campaign"])
def test_a_sample_is_the_same_every_time_and_grows(settings: Settings, store: Store, by: str) -> None:
    whole = _sampled(settings, store)
    assert set(whole["weight"]) == {1.0}
    part = _sampled(settings, store, sample=0.25, sample_by=by)
    assert part.equals(_sampled(settings, store, sample=0.25, sample_by=by))
    assert set(part["weight"]) == {4.0}
    # The hash is fixed, so these counts never change; the bounds hold for any good hash.
    assert 0.15 < len(part) / len(whole) < 0.35
    larger = _sampled(settings, store, sample=0.5, sample_by=by)
    assert set(part["event_id"]) < set(larger["event_id"]) < set(whole["event_id"])


def test_campaigns_are_taken_whole(settings: Settings, store: Store) -> None:
    part = _sampled(settings, store, sample=0.25, sample_by="campaign")
    sizes = part.filter(pl.col("campaign") != "").group_by("campaign").len()
    assert set(sizes["len"]) == {4}
    assert 0 < len(sizes) < CAMPAIGNS
    single = part.filter(pl.col("campaign") == "")
    assert 0 < len(single) < CAMPAIGNS * 4
    apart = _sampled(settings, store, sample=0.25, sample_by="event")
    assert set(apart.filter(pl.col("campaign") != "").group_by("campaign").len()["len"]) != {4}


@pytest.mark.parametrize(("keep", "kept"), [("spam", 1), ("ham", 0)])
def test_a_class_that_is_kept_weighs_one(settings: Settings, store: Store, keep: str, kept: int) -> None:
    whole, part = _sampled(settings, store), _sampled(settings, store, sample=0.25, keep=keep)
    of_class = pl.col("label").eq(kept).fill_null(value=False)
    assert len(part.filter(of_class)) == len(whole.filter(of_class))
    assert set(part.filter(of_class)["weight"]) == {1.0}
    others = part.filter(~of_class)
    assert set(others["weight"]) == {4.0}
    plain = _sampled(settings, store, sample=0.25)
    assert set(others["event_id"]) == set(plain.filter(~of_class)["event_id"])
