"""Take files into the store: the readers of :mod:`msa_ml.source`, with the keys that only content tells made on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msa_ml.features.mail.reputation import content_keys
from msa_ml.records import Kind
from msa_ml.settings import Settings
from msa_ml.source.clickhouse import connect
from msa_ml.source.event_importing import EventSummary, import_events
from msa_ml.source.importing import Summary, import_mail
from msa_ml.source.index_files import read_index
from msa_ml.source.label_rules import parse_rules
from msa_ml.source.migrate import init

ByteProgress = Callable[[int, int], None]


def import_mail_into(
    settings: Settings,
    paths: Sequence[Path],
    *,
    source: str,
    labels: Sequence[str] = (),
    index: Path | None = None,
    task: str,
    label_delay: timedelta,
    stored_at: datetime,
    progress: ByteProgress | None = None,
) -> Summary:
    """Import raw mail with its labels, campaign fingerprints and linked domains; see :func:`msa_ml.source.importing.import_mail`."""
    store = connect(settings.results_url, settings=settings)
    init(store, retention=settings.section("retention"))
    return import_mail(
        store,
        settings,
        paths,
        source=source,
        rules=parse_rules(labels),
        index=read_index(index) if index else None,
        task=task,
        label_delay=label_delay,
        stored_at=stored_at,
        content=content_keys,
        progress=progress,
    )


def import_events_into(
    settings: Settings,
    kind: Kind,
    file: Path,
    *,
    source: str,
    columns: Mapping[str, str],
    time_zone: str,
    task: str,
    label_words: Mapping[str, str],
    label_delay: timedelta,
    stored_at: datetime,
    progress: ByteProgress | None = None,
) -> EventSummary:
    """Import sign-ups, logins or requests; see :func:`msa_ml.source.event_importing.import_events`."""
    store = connect(settings.results_url, settings=settings)
    init(store, retention=settings.section("retention"))
    return import_events(
        store,
        settings,
        kind,
        file,
        source=source,
        columns=columns,
        time_zone=time_zone,
        task=task,
        label_words=label_words,
        label_delay=label_delay,
        stored_at=stored_at,
        progress=progress,
    )
