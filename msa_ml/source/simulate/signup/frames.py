"""Simulated sign-ups as rows of the tables ``signup_events`` and ``labels``. SYNTHETIC, and every row says so."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from msa_ml import settings as settings_module
from msa_ml.records import event_id
from msa_ml.settings import Settings
from msa_ml.source import label_rows
from msa_ml.source.event_fields import schema
from msa_ml.source.event_frames import derived_frame
from msa_ml.source.label_rows import TIME
from msa_ml.source.pseudonyms import Pseudonyms
from msa_ml.source.simulate.signup.plan import Plan
from msa_ml.source.simulate.signup.stream import CHUNK, simulate_signups
from msa_ml.source.simulate.signup.verdicts import CONFIDENCE, verdicts

SOURCE = "simulated"
TASK = "signup_abuse"
_GIVEN = (
    "user_name", "display_name", "email", "ip", "asn", "country", "user_agent", "device", "form_seconds",
    "verification_method", "verification_attempts", "referrer", "language", "time_zone",
)  # fmt: skip


@dataclass
class Planted:
    """What a world turned out to hold; it grows while the world is made.

    Attributes
    ----------
    kinds
        Sign-ups by who made them.
    labels
        Statements by source and word; those that take another back count as ``retraction``.
    labelled, rows, abuse
        Sign-ups with a label, all, and abusive ones.
    late
        Rows known more than five minutes after they happened.
    tools
        Campaigns that made at least one sign-up.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    labelled: int = 0
    rows: int = 0
    abuse: int = 0
    late: int = 0
    tools: set[int] = field(default_factory=set)

    def add(self, rows: pl.DataFrame, said: pl.DataFrame) -> None:
        """Count a chunk."""
        self.kinds.update(dict(rows["kind"].value_counts().iter_rows()))
        taken = pl.when(pl.col("takes_back") == "").then("label").otherwise(pl.lit("retraction"))
        names = said.select(pl.format("{} {}", "source", taken).alias("name"))["name"]
        self.labels.update(dict(names.value_counts().iter_rows()))
        self.labelled += said["row"].n_unique()
        self.rows += len(rows)
        self.abuse += int(rows["abuse"].sum())
        self.late += int((rows["ingested_ms"] - rows["event_ms"] > 300_000).sum())
        self.tools.update(rows.filter("abuse")["tool"].unique().to_list())


def world_name(plan: Plan) -> str:
    """Return the name of a world: its seed, and a word for what else makes it.

    Rows of different worlds must not get the same ids.
    """
    text = f"{plan.rows} {plan.days} {plan.seed} {plan.start.isoformat()} {plan.abuse_share}"
    return f"seed-{plan.seed}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def simulate_signup_frames(
    plan: Plan,
    *,
    stored_at: datetime,
    settings: Settings,
    planted: Planted | None = None,
    chunk_rows: int = CHUNK,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield chunks of rows for ``signup_events`` and ``labels``, ready for :meth:`Store.insert`.

    The same plan gives the same ids, so a repeat converges. What is really true of a row stays outside, in ``planted``:
    rows hold only what a provider could know.

    Parameters
    ----------
    stored_at
        When the rows are written, with a time zone; for retention only.
    settings
        Hold the key of pseudonyms.
    planted
        Is counted up.
    """
    pseudonyms = Pseudonyms(settings_module.pseudonym_key(settings))
    world = world_name(plan)
    noticed = np.append(plan.tools["noticed"].to_numpy(), 0.0)
    for rows in simulate_signups(plan, chunk_rows=chunk_rows):
        random = np.random.default_rng([plan.seed, 5, int(rows["number"][0])])
        said = verdicts(random, rows, noticed[rows["tool"].to_numpy()])
        if planted is not None:
            planted.add(rows, said)
        events = _events(rows, world, stored_at, pseudonyms)
        yield events, _labels(said, events["event_id"], stored_at)


def _moment(name: str) -> pl.Expr:
    return pl.col(name).cast(TIME)


def _events(rows: pl.DataFrame, world: str, stored_at: datetime, pseudonyms: Pseudonyms) -> pl.DataFrame:
    natives = rows.select(pl.format("{}/{}", pl.lit(world), "number").alias("native"))["native"]
    ids = pl.Series([event_id(SOURCE, native.encode()) for native in natives.to_list()], dtype=pl.String)
    table = rows.select(
        ids.alias("event_id"),
        pl.lit(SOURCE).alias("source"),
        natives.alias("origin"),
        pl.col("number").cast(pl.UInt64).alias("position"),
        _moment("event_ms").alias("event_time"),
        _moment("ingested_ms").alias("ingested_at"),
        _moment("decided_ms").alias("decided_at"),
        pl.lit(stored_at).cast(TIME).alias("stored_at"),
        pl.lit(value=True).alias("simulated"),
        *_GIVEN,
    )
    whole = pl.concat([table, derived_frame("signup", table, pseudonyms)], how="horizontal")
    return whole.select(
        pl.col(name).cast(kind) for name, kind in schema("signup").items() if name != "attributes"
    )


def _labels(said: pl.DataFrame, ids: pl.Series, stored_at: datetime) -> pl.DataFrame:
    table = said.with_columns(
        ids.gather(said["row"].cast(pl.UInt32)).alias("subject"),
        _moment("said_ms").alias("labelled_at"),
        _moment("known_ms").alias("ingested_at"),
    )
    # The key of EventLabel for a given time: a retraction's has the word that is taken back in it, at its own time.
    key = pl.format(
        '["{}", "event", "{}", "{}", "{}", "", "{}"]',
        pl.lit(TASK),
        "subject",
        "label",
        "source",
        pl.col("labelled_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00"),
    )
    keys = table.select(key.alias("key"))["key"].to_list()
    table = table.with_columns(
        pl.Series(
            "label_id", [hashlib.sha256(text.encode()).hexdigest()[:32] for text in keys], dtype=pl.String
        )
    )
    # The statements that others take back, by the row and the source that made them.
    spoken = table.filter(pl.col("takes_back") == "").unique(
        ["row", "source"], keep="first", maintain_order=True
    )
    spoken = spoken.select("row", pl.col("source").alias("takes_back"), pl.col("label_id").alias("retracts"))
    table = table.join(spoken, on=["row", "takes_back"], how="left", maintain_order="left")
    table = table.with_columns(
        pl.lit(TASK).alias("task"),
        pl.lit("event").alias("subject_kind"),
        pl.lit(None).alias("valid_from"),
        pl.lit(None).alias("valid_to"),
        pl.col("source").replace_strict(CONFIDENCE, return_dtype=pl.Float32).alias("confidence"),
        pl.lit("").alias("by"),
        pl.col("retracts").fill_null(""),
        pl.lit(value=True).alias("simulated"),
        pl.lit(stored_at).alias("stored_at"),
    )
    return table.select(pl.col(name).cast(kind) for name, kind in label_rows.SCHEMA.items())
