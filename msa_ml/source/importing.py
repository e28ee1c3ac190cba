"""Imports mail into the store: read, date, label, write in batches, count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from msa_ml import settings as settings_module
from msa_ml.errors import InputError
from msa_ml.records import event_id
from msa_ml.settings import Settings
from msa_ml.source import columns, storing
from msa_ml.source.clickhouse import Store
from msa_ml.source.columns import ContentKeys, ReadContent
from msa_ml.source.files import Progress, read_mail
from msa_ml.source.index_files import Index
from msa_ml.source.label_rows import TIME, EventLabel
from msa_ml.source.label_rules import FolderRule, label_of
from msa_ml.source.migrate import require_schema
from msa_ml.source.neighbours import Dated, dated
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.storing import Batch

BATCH_BYTES = 32 * 1024 * 1024
BATCH_ROWS = 5_000
_NO_DELAY = timedelta(0)

MAIL_SCHEMA: dict[str, pl.DataType] = {
    "event_id": pl.String(),
    "source": pl.String(),
    "origin": pl.String(),
    "position": pl.UInt64(),
    "event_time": TIME,
    "ingested_at": TIME,
    "decided_at": TIME,
    "stored_at": TIME,
    "simulated": pl.Boolean(),
    "time_from": pl.String(),
    "damage": pl.String(),
    "size": pl.UInt32(),
    "sender_domain": pl.String(),
    "sender_pseudonym": pl.String(),
    "recipient_count": pl.UInt16(),
    "recipient_pseudonyms": pl.List(pl.String()),
    "client_ip_pseudonym": pl.String(),
    "client_subnet": pl.String(),
    "campaign": pl.String(),
    "url_domains": pl.List(pl.String()),
    "key_id": pl.String(),
    "raw": pl.Binary(),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did. All counts but ``imported`` and ``duplicates`` are of messages read, so a repeat shows them again.

    Attributes
    ----------
    imported
        New messages in the store.
    duplicates
        Messages whose id was there already; ``duplicates_in_run`` of them came twice in this run.
    damaged, damage
        Messages that are broken, in all and by reason. They are imported all the same.
    without_date
        Messages whose headers name no time that can be trusted; ``time_from`` counts where times are from.
    unlabelled, labelled
        Messages without a label, and with one, by word.
    disagreeing
        Folder names on which label rules disagree, with the number of messages.
    contradicting_labels
        Messages that this run gave another word than they had: the same message in two folders, or other rules.
    listed_not_found, found_not_listed
        Of an index file.
    rejected_skew
        Events more than five minutes after they became known; mail is assumed to be known when it happens.
    skipped
        Files that are no mail, by reason.
    seconds
        How long it took.
    """

    read: int
    imported: int
    duplicates: int
    damaged: int
    without_date: int
    unlabelled: int
    duplicates_in_run: int = 0
    contradicting_labels: int = 0
    listed_not_found: int = 0
    found_not_listed: int = 0
    rejected_skew: int = 0
    labelled: dict[str, int] = field(default_factory=dict)
    time_from: dict[str, int] = field(default_factory=dict)
    damage: dict[str, int] = field(default_factory=dict)
    disagreeing: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return all counts, ready for JSON."""
        return asdict(self)


@dataclass
class _Counts:
    """The counts of a run while it runs."""

    total: Counter[str] = field(default_factory=Counter)
    labelled: Counter[str] = field(default_factory=Counter)
    time_from: Counter[str] = field(default_factory=Counter)
    damage: Counter[str] = field(default_factory=Counter)
    disagreeing: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, mail: Dated, label: EventLabel | None) -> None:
        """Count one message read."""
        self.total["read"] += 1
        self.time_from[mail.time_from] += 1
        if mail.head.damage:
            self.damage[mail.head.damage] += 1
        if label is None:
            self.total["unlabelled"] += 1
        else:
            self.labelled[label.label] += 1


def import_mail(
    store: Store,
    settings: Settings,
    paths: Iterable[str | Path],
    *,
    source: str,
    stored_at: datetime,
    rules: Sequence[FolderRule] = (),
    index: Index | None = None,
    task: str = "spam",
    label_delay: timedelta = _NO_DELAY,
    content: ReadContent | None = None,
    progress: Progress | None = None,
    batch_bytes: int = BATCH_BYTES,
    batch_rows: int = BATCH_ROWS,
) -> Summary:
    """Import mail of files, folders and archives, with labels; a repeat changes nothing, a killed run is completed by one.

    Parameters
    ----------
    store, settings
        Where to write; the settings hold the key of pseudonyms.
    paths
        As for :func:`msa_ml.source.files.read_mail`.
    source
        Name of where this mail is from. It is part of every id.
    stored_at
        The time of this run, with its zone.
    rules, index
        Where labels are from. The index file is asked first.
    task
        What the labels are for.
    label_delay
        A label without its own time is taken to be given so long after the event.
    content
        Gives the campaign of a message and the domains that it links to; default: none.
    progress
        Is called with bytes read and bytes in all.
    batch_bytes, batch_rows
        Written at a time; what memory is used for.

    Raises
    ------
    InputError
        Bad paths, no mail, a damaged archive, a source that holds simulated rows, or a store without our tables.
    """
    started = time.perf_counter()
    stored_at = whole_milliseconds(stored_at)
    demand_source(source)
    counts = _Counts()
    messages = read_mail(paths, skipped=counts.skipped, progress=progress)
    with store.session():
        require_schema(store)
        storing.demand_no_simulated(store, "mail_events", source)
    pseudonyms = Pseudonyms(settings_module.pseudonym_key(settings))
    labelling = _Labelling(tuple(rules), index, task, label_delay)
    batch = Batch("mail_events", MAIL_SCHEMA)
    for mail in dated(messages):
        row = mail_row(mail, source=source, stored_at=stored_at, pseudonyms=pseudonyms, content=content)
        label = labelling.of(mail, str(row["event_id"]), counts.disagreeing)
        counts.add(mail, label)
        batch.add(row, len(mail.found.raw) + 500, label)
        if batch.bytes >= batch_bytes or len(batch.rows) >= batch_rows:
            storing.add_counts(counts.total, storing.write(store, batch, stored_at=stored_at))
            batch = Batch("mail_events", MAIL_SCHEMA)
    storing.add_counts(counts.total, storing.write(store, batch, stored_at=stored_at))
    return _summary(counts, index, time.perf_counter() - started)


def mail_row(
    mail: Dated,
    *,
    source: str,
    stored_at: datetime,
    pseudonyms: Pseudonyms,
    content: ReadContent | None = None,
) -> dict[str, object]:
    """Return the row of ``mail_events`` for a message; a pure function of what is given."""
    found, head = mail.found, mail.head
    sender, client = columns.sender_address(head), columns.client_ip(head.received)
    keys = content(found.raw) if content else ContentKeys()
    return {
        "event_id": event_id(source, found.raw),
        "source": source,
        "origin": found.origin,
        "position": found.position,
        "event_time": mail.event_time,
        "ingested_at": mail.event_time,
        "decided_at": None,
        "stored_at": stored_at,
        "simulated": False,
        "time_from": mail.time_from,
        "damage": head.damage,
        "size": len(found.raw),
        "sender_domain": columns.domain_of(sender),
        "sender_pseudonym": pseudonyms.of(sender),
        "recipient_count": columns.recipient_count(head.recipients),
        "recipient_pseudonyms": [pseudonyms.of(one) for one in columns.recipients(head.recipients)],
        "client_ip_pseudonym": pseudonyms.of(client),
        "client_subnet": columns.subnet(client),
        "campaign": keys.campaign,
        "url_domains": list(keys.url_domains),
        "key_id": pseudonyms.key_id,
        "raw": found.raw,
    }


@dataclass(frozen=True)
class _Labelling:
    """Where labels of messages are from: the index file first, then the names of folders."""

    rules: Sequence[FolderRule]
    index: Index | None
    task: str
    delay: timedelta

    def of(self, mail: Dated, event: str, disagreeing: Counter[str]) -> EventLabel | None:
        """Return the label of a message, ``None`` for none; count the names on which rules disagree."""
        listed = self.index.look_up(mail.found) if self.index is not None else None
        if listed is not None:
            moment = listed.labelled_at or mail.event_time + self.delay
            return EventLabel(self.task, event, listed.label, moment, given=listed.labelled_at is not None)
        verdict = label_of(mail.found.folders, self.rules)
        if verdict.disagreeing:
            disagreeing[verdict.name] += 1
        if verdict.label is None:
            return None
        return EventLabel(self.task, event, verdict.label, mail.event_time + self.delay)


def _summary(counts: _Counts, index: Index | None, seconds: float) -> Summary:
    total = counts.total
    return Summary(
        read=total["read"],
        imported=total["imported"],
        duplicates=total["duplicates"],
        damaged=counts.damage.total(),
        without_date=counts.time_from["neighbours"] + counts.time_from["file"],
        unlabelled=total["unlabelled"],
        duplicates_in_run=total["duplicates_in_run"],
        contradicting_labels=total["contradicting_labels"],
        listed_not_found=index.not_found if index else 0,
        found_not_listed=index.unlisted if index else 0,
        labelled=dict(sorted(counts.labelled.items())),
        time_from=dict(sorted(counts.time_from.items())),
        damage=dict(sorted(counts.damage.items())),
        disagreeing=dict(sorted(counts.disagreeing.items())),
        skipped=dict(sorted(counts.skipped.items())),
        seconds=round(seconds, 3),
    )


def whole_milliseconds(stored_at: datetime) -> datetime:
    """Return the time of a run as it is stored; raise an :class:`InputError` if it has no zone."""
    if stored_at.tzinfo is None:
        raise InputError("stored_at must know its time zone.", hint="Pass datetime.now(UTC).")
    return stored_at.replace(microsecond=stored_at.microsecond // 1000 * 1000)


def demand_source(source: str) -> None:
    """Raise an :class:`InputError` for a source without a name."""
    if not source.strip() or len(source) > 200:
        raise InputError("a source needs a name of 1 to 200 characters.", hint="Name it with --source.")
