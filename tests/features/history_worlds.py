"""Invented streams of events and labels that meet at the edges of windows, and the store that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from msa_ml.dataset.labels import LabelRules
from msa_ml.features.history import (
    ApproxCountDistinct,
    Count,
    CountDistinct,
    FirstSeen,
    History,
    LabelCount,
    Rate,
    Recency,
    Sum,
)
from msa_ml.features.history_reference import Past, Row, Statement
from msa_ml.source.clickhouse import Store

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
# The clocks of Europe went forward on that day, at a time that is no full hour of any zone with half hours: nobody here may care.
NOON = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000)
TASK = "signup_abuse"
RULES = {
    TASK: LabelRules(
        positive=("abuse",),
        negative=("fine",),
        ignored=("unsure",),
        ranking=("analyst", "user_report"),
        delay=timedelta(days=1),
    )
}
HISTORIES: tuple[History, ...] = (
    Count("signup", by="ip", over="1h"),
    Count("signup", by="ip", over="2d"),
    Count("signup", by=("ip", "country"), over="1d"),
    Count("signup", by="asn", over="10m"),
    CountDistinct("signup", of="user_name", by="ip", over="1h"),
    CountDistinct("signup", of="user_name", by="ip", over="2d", cap=2),
    CountDistinct("signup", of="country", by="asn", over="1d"),
    ApproxCountDistinct("signup", of="user_name", by="ip", over="1d", cells=16),
    Sum("signup", of="form_seconds", by="ip", over="1h"),
    Sum("signup", of="form_seconds", by="ip", over="7d", step=0.5),
    Recency("signup", by="ip", over="1d"),
    Recency("signup", by="ip", over="30d"),
    FirstSeen("signup", by="ip", over="1h"),
    FirstSeen("signup", by="asn", over="30d"),
    LabelCount("signup", task=TASK, by="ip", over="1h", label="any"),
    LabelCount("signup", task=TASK, by="asn", over="2d", label="not_abuse"),
    Rate("signup", task=TASK, by="ip", over="7d"),
    Rate("signup", task=TASK, by="ip", over="1d", prior=0.1, strength=2.0),
)
MAIL_HISTORIES: tuple[History, ...] = (
    Count("mail", by="sender", over="1h"),
    Count("mail", by="url_domain", over="1h"),
    Count("mail", by="url_domain", over="2d"),
    Count("mail", by="recipient", over="1d"),
    CountDistinct("mail", of="sender", by="url_domain", over="1d"),
    CountDistinct("mail", of="client_subnet", by="url_domain", over="7d", cap=2),
    ApproxCountDistinct("mail", of="sender_domain", by="url_domain", over="1d", cells=16),
    CountDistinct("mail", of="recipient", by="sender", over="1h"),
    CountDistinct("mail", of="recipient", by="sender", over="2d", cap=2),
    CountDistinct("mail", of="recipient", by=("sender", "client_subnet"), over="7d"),
    CountDistinct("mail", of="url_domain", by="sender", over="1d"),
    Sum("mail", of="size", by="url_domain", over="1d", step=1.0),
    Recency("mail", by="url_domain", over="1d"),
    Recency("mail", by="recipient", over="30d"),
    FirstSeen("mail", by="url_domain", over="1h"),
    FirstSeen("mail", by="url_domain", over="30d"),
    LabelCount("mail", task=TASK, by="url_domain", over="1h", label="any"),
    Rate("mail", task=TASK, by="url_domain", over="7d"),
    Rate("mail", task=TASK, by="recipient", over="1d", prior=0.1, strength=2.0),
)
"""Words of which a mail may have several values, as keys and counted; one of neither beside them."""
MAIL_COLUMNS = {
    "sender": "sender_pseudonym",
    "sender_domain": "sender_domain",
    "client_subnet": "client_subnet",
    "url_domain": "url_domains",
    "recipient": "recipient_pseudonyms",
    "size": "size",
}
EVERYTHING = {
    "since": datetime(2000, 1, 1, tzinfo=UTC),
    "until": datetime(2050, 1, 1, tzinfo=UTC),
    "as_of": datetime(2051, 1, 1, tzinfo=UTC),
    "with_simulated": False,
}

# Windows begin and end at these distances; a millisecond to either side tells < from <=.
_steps = st.sampled_from(
    [0, 0, 10 * MINUTE, HOUR // 2, HOUR, 2 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, -HOUR, -DAY]
)
_edges = st.sampled_from([0, 0, 0, 1, -1, 5, 59 * MINUTE])
_times = st.builds(lambda step, edge: NOON + step + edge, _steps, _edges)
_delays = st.sampled_from([0, 0, 0, 1, 50, HOUR, 3 * DAY, 400 * DAY, -5])


def _signup(draw: st.DrawFn) -> dict[str, object]:
    return {
        "ip": draw(st.sampled_from(["", "192.0.2.1", "192.0.2.1", "2001:db8::1"])),
        "country": draw(st.sampled_from(["", "DE", "FR"])),
        "asn": draw(st.sampled_from([None, 64500, 64501])),
        "user_name": draw(st.sampled_from(["", "ann", "bob", "cyd", "Ω\x00", "dee"])),
        "form_seconds": draw(st.sampled_from([None, 1.5, -2.25, 1e18, 0.0004, 0.0005])),
    }


def _mail(draw: st.DrawFn) -> dict[str, object]:
    """Return fields of which some have several values: none, some unknown, some twice, more than are taken."""
    few = st.lists(
        st.sampled_from(["", "a.example", "a.example", "b.example", "Ω\x00", "c.example"]), max_size=4
    )
    many = st.integers(48, 53).map(lambda number: [str(place) for place in range(number)])
    return {
        "sender": draw(st.sampled_from(["", "ann", "ann", "bob"])),
        "sender_domain": draw(st.sampled_from(["", "x.example", "y.example", "z.example"])),
        "client_subnet": draw(st.sampled_from(["", "192.0.2.0/24", "2001:db8:1::/48"])),
        "url_domain": draw(few),
        "recipient": draw(st.one_of(few, few, few, many)),
        "size": draw(st.sampled_from([0, 1, 70_000])),
    }


@st.composite
def rows(draw: st.DrawFn, number: int, kind: str = "signup") -> Row:
    happened = draw(_times)
    ingested = draw(st.one_of(st.none(), _delays.map(lambda delay: happened + delay)))
    known = happened if ingested is None else max(happened, ingested)
    # Decided at once, after the row became known, or (a clock that goes wrong) before it happened.
    decided = draw(
        st.sampled_from([None, None, None, happened, known, known + 1, known + HOUR, happened - 1])
    )
    fields = _mail(draw) if kind == "mail" else _signup(draw)
    return Row(f"{number:032x}", kind, happened, ingested, decided, fields)


@st.composite
def statements(draw: st.DrawFn, number: int, events: list[Row]) -> Statement:
    about = draw(st.sampled_from(events))
    base = draw(st.sampled_from([about.event_time, about.moment, NOON]))
    said = base + draw(st.sampled_from([0, 1, -1, HOUR, DAY, 7 * DAY]))
    known = said + draw(st.sampled_from([0, 0, 1, HOUR, 2 * DAY, -3]))
    word = draw(st.sampled_from(["abuse", "abuse", "fine", "unsure", "bulk"]))
    source = draw(st.sampled_from(["analyst", "user_report", "stranger", "another"]))
    return Statement(f"{number:032x}", TASK, about.event_id, word, source, said, known)


@st.composite
def pasts(draw: st.DrawFn, most: int = 12, kind: str = "signup") -> Past:
    """Events, what is said of them, corrected and taken back."""
    events = [draw(rows(number, kind)) for number in range(draw(st.integers(1, most)))]
    said = [draw(statements(number, events)) for number in range(draw(st.integers(0, most)))]
    for number, one in enumerate(list(said)):
        if draw(st.integers(0, 3)) == 0:
            when = one.labelled_at + draw(st.sampled_from([0, 1, HOUR, DAY]))
            said.append(
                Statement(f"{number + 1000:032x}", TASK, one.subject, "", "analyst", when, when, one.label_id)
            )
    return Past(events, said, RULES)


@dataclass(frozen=True)
class Named:
    """The same past under ids and keys of its own, so that one store and one query hold many."""

    number: int

    def __call__(self, some_id: str) -> str:
        return f"{self.number:016x}{some_id[16:]}" if some_id else ""

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return keys that no other past has."""
        mine: dict[str, object] = dict(fields)
        if "sender" in fields:
            # Cells of linear counting depend on the text, so what falls into them keeps its own.
            return {
                name: value if name == "sender_domain" else self._own(value) for name, value in fields.items()
            }
        for name in ("ip", "country"):
            mine[name] = f"{fields[name]} {self.number}" if fields[name] else ""
        asn = fields["asn"]
        return {**mine, "asn": asn + 10 * self.number if isinstance(asn, int) else None}

    def _own(self, value: object) -> object:
        if isinstance(value, list):
            return [self._own(one) for one in value]
        return f"{value} {self.number}" if isinstance(value, str) and value else value


def store_past(store: Store, past: Past, named: Named, source: str) -> None:
    """Write a past as the events of one source."""
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {
        "decided_at": pl.Datetime("ms", "UTC"),
        "asn": pl.UInt32,
        "form_seconds": pl.Float64,
    }
    for kind, absent in (("signup", ()), ("login", ("user_name", "form_seconds"))):
        events = [
            {
                "event_id": named(row.event_id),
                "source": source,
                "event_time": at(row.event_time),
                "ingested_at": at(row.known_at if row.ingested_at is None else row.ingested_at),
                "decided_at": at(row.decided_at),
                "simulated": False,
                **{key: value for key, value in named.fields(row.fields).items() if key not in absent},
            }
            for row in past.rows
            if row.kind == kind
        ]
        if events:
            overrides = {key: value for key, value in kinds.items() if key in events[0]}
            store.insert(f"{kind}_events", pl.DataFrame(events, schema_overrides=overrides))
    mails = [
        {
            "event_id": named(row.event_id),
            "source": source,
            "event_time": at(row.event_time),
            "ingested_at": at(row.known_at if row.ingested_at is None else row.ingested_at),
            "decided_at": at(row.decided_at),
            "simulated": False,
            **{MAIL_COLUMNS[key]: value for key, value in named.fields(row.fields).items()},
        }
        for row in past.rows
        if row.kind == "mail"
    ]
    if mails:
        lists: dict[str, pl.DataType | type[pl.DataType]] = {
            "decided_at": pl.Datetime("ms", "UTC"),
            "url_domains": pl.List(pl.String),
            "recipient_pseudonyms": pl.List(pl.String),
        }
        store.insert("mail_events", pl.DataFrame(mails, schema_overrides=lists))
    said = [
        {
            "label_id": named(one.label_id),
            "task": one.task,
            "subject_kind": "event",
            "subject": named(one.subject),
            "label": one.label,
            "source": one.source,
            "labelled_at": at(one.labelled_at),
            "ingested_at": at(one.known_at if one.ingested_at is None else one.ingested_at),
            "retracts": named(one.retracts),
            "simulated": False,
        }
        for one in past.statements
    ]
    if said:
        store.insert("labels", pl.DataFrame(said))


def at(ms: int | None) -> datetime | None:
    """Return a time of the store."""
    return None if ms is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
