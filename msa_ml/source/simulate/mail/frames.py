"""Simulated mail as rows of the tables ``mail_events`` and ``labels``. SYNTHETIC, and every row says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from msa_ml import settings as settings_module
from msa_ml.settings import Settings
from msa_ml.source import label_rows
from msa_ml.source.columns import ReadContent
from msa_ml.source.files import Found
from msa_ml.source.importing import MAIL_SCHEMA, mail_row
from msa_ml.source.label_rows import EventLabel
from msa_ml.source.mail_head import read_head
from msa_ml.source.neighbours import Dated
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.simulate.mail.stream import SPAM_SHARE, STRENGTH, SimulatedMail, simulate_mail

SOURCE = "simulated"
_BATCH = 1_000


def simulate_mail_frames(
    *,
    seed: int,
    days: float,
    per_day: int,
    start: datetime,
    stored_at: datetime,
    settings: Settings,
    spam_share: float = SPAM_SHARE,
    strength: float = STRENGTH,
    content: ReadContent | None = None,
    batch_rows: int = _BATCH,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield batches of rows for ``mail_events`` and ``labels``, ready for :meth:`Store.insert`.

    The same arguments give the same ids, so a repeat converges. What is really true of a mail, its campaign among
    it, stays outside: rows hold only what a provider could know.

    Parameters
    ----------
    seed, days, per_day, start, spam_share, strength
        The world, see :func:`~msa_ml.source.simulate.mail.stream.simulate_mail`.
    stored_at
        When the rows are written, with a time zone; for retention only.
    settings
        Hold the key of pseudonyms.
    content
        Gives the columns ``campaign`` and ``url_domains`` from the bytes of a message; default: empty.
    batch_rows
        Mails in a batch.

    Raises
    ------
    InputError
        A value out of range.
    """
    pseudonyms = Pseudonyms(settings_module.pseudonym_key(settings))
    rows: list[dict[str, object]] = []
    labels: list[tuple[EventLabel, float]] = []

    def batch() -> tuple[pl.DataFrame, pl.DataFrame]:
        said = label_rows.frame(
            {label.label_id: label for label, _ in labels}, stored_at=stored_at
        ).with_columns(
            simulated=pl.lit(value=True),
            confidence=pl.Series([sure for _, sure in labels], dtype=pl.Float32),
        )
        return pl.DataFrame(rows, schema=MAIL_SCHEMA), said

    for mail in simulate_mail(
        seed=seed, days=days, per_day=per_day, start=start, spam_share=spam_share, strength=strength
    ):
        row = _row(mail, seed, stored_at, pseudonyms, content)
        rows.append(row)
        labels += _labels(mail, str(row["event_id"]))
        if len(rows) == batch_rows:
            yield batch()
            rows, labels = [], []
    if rows:
        yield batch()


def _row(
    mail: SimulatedMail,
    seed: int,
    stored_at: datetime,
    pseudonyms: Pseudonyms,
    content: ReadContent | None,
) -> dict[str, object]:
    found = Found(mail.raw, f"seed-{seed}", mail.position, (), SOURCE)
    dated = Dated(found, read_head(mail.raw), mail.event_time, "received")
    row = mail_row(dated, source=SOURCE, stored_at=stored_at, pseudonyms=pseudonyms, content=content)
    return {**row, "ingested_at": mail.ingested_at, "simulated": True}


def _labels(mail: SimulatedMail, event: str) -> list[tuple[EventLabel, float]]:
    return [
        (
            EventLabel("spam", event, said.label, said.labelled_at, given=True, source=said.source),
            said.confidence,
        )
        for said in mail.verdicts
    ]
