"""Where a model errs: the verdict on every labelled event of a window, and the worst of them to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from msa_ml.errors import UnknownNameError
from msa_ml.markup import table
from msa_ml.model.calibration import sigmoid
from msa_ml.model.threshold import Policy
from msa_ml.records import MAIL_WORDS, Words

KINDS = ("false_positive", "false_negative")
_KEPT = ("event_id", "event_time", "source", "campaign")


@dataclass(frozen=True)
class Verdicts:
    """What a model decided on labelled events under one policy; no text of any mail.

    Attributes
    ----------
    frame
        One row an event, in order of time: ``event_id``, ``event_time``, ``source``, ``campaign``, ``day``, the slices,
        ``label``, ``logit``, ``probability``, ``flagged``, ``outcome`` (``true_positive``, ``false_positive``,
        ``true_negative``, ``false_negative``).
    policy
        The threshold that decided.
    synthetic
        Whether any event was simulated.
    good
        What people call an event that is not abuse.
    """

    frame: pl.DataFrame
    policy: Policy
    synthetic: bool = False
    good: str = MAIL_WORDS[1]

    @classmethod
    def of(
        cls,
        index: pl.DataFrame,
        y: ArrayLike,
        logit: ArrayLike,
        policy: Policy,
        slices: Mapping[str, NDArray[np.str_]] | None = None,
        *,
        synthetic: bool = False,
        words: Words = MAIL_WORDS,
    ) -> Verdicts:
        """Decide on N events.

        Parameters
        ----------
        index
            ``event_id``, ``event_time``, ``source`` and ``campaign`` of N events.
        y
            0 or 1 (abuse), [N].
        logit
            float32[N].
        policy
            Flags where ``logit >= threshold``, compared in float32 as serving does.
        slices
            More columns to group by, names [N].
        words
            What people call the two classes, abuse first.
        """
        scores = np.asarray(logit, np.float32)
        frame = index.select(*_KEPT, pl.col("event_time").dt.date().alias("day")).with_columns(
            *(pl.Series(name, values) for name, values in (slices or {}).items() if name not in _KEPT),
            pl.Series("label", np.asarray(y), dtype=pl.Int8),
            pl.Series("logit", scores),
            pl.Series("probability", sigmoid(scores)),
            pl.Series("flagged", scores >= np.float32(policy.threshold)),
        )
        word = (
            pl.when(pl.col("flagged") == (pl.col("label") == 1))
            .then(pl.lit("true"))
            .otherwise(pl.lit("false"))
        )
        sign = pl.when(pl.col("flagged")).then(pl.lit("positive")).otherwise(pl.lit("negative"))
        return cls(
            frame.with_columns(pl.concat_str(word, sign, separator="_").alias("outcome")),
            policy,
            synthetic,
            words[1],
        )

    def mistakes(self, kind: str = "false_positive", top: int = 20) -> pl.DataFrame:
        """Return the surest mistakes of a kind, the worst first.

        Parameters
        ----------
        kind
            ``"false_positive"``: ham that was flagged; ``"false_negative"``: abuse that was not.
        top
            How many.

        Returns
        -------
        polars.DataFrame
            ``event_id``, ``event_time``, ``source``, ``probability``, ``beyond`` (logit past the threshold, in the
            direction of the mistake), ``copies`` (events of its campaign in this window, 1 when it stands alone).

        Raises
        ------
        UnknownNameError
            No such kind.
        """
        _require_kind(kind)
        sign = 1.0 if kind == "false_positive" else -1.0
        alone = pl.col("campaign") == ""
        copies = (
            pl.when(alone).then(pl.lit(1, pl.UInt32)).otherwise(pl.len().over("campaign").cast(pl.UInt32))
        )
        return (
            self.frame.with_columns(
                (sign * (pl.col("logit") - float(np.float32(self.policy.threshold)))).alias("beyond"),
                copies.alias("copies"),
            )
            .filter(pl.col("outcome") == kind)
            .sort("beyond", "event_id", descending=[True, False])
            .select("event_id", "event_time", "source", "probability", "beyond", "copies")
            .head(top)
        )

    def by(self, column: str) -> pl.DataFrame:
        """Return counts and rates of mistakes by a column: ``source``, ``size``, ``day`` or another slice.

        Returns
        -------
        polars.DataFrame
            The column, ``ham`` (of other kinds than mail ``good``), ``false_positives``, ``fpr``, ``abuse``, ``false_negatives``, ``missed`` (shares 0..1,
            null where a class is absent). A rate over few rows says little.

        Raises
        ------
        UnknownNameError
            No such column.
        """
        if column not in self.frame.columns:
            raise UnknownNameError("column to group by", column, self.frame.columns)
        abuse = pl.col("label") == 1
        counts = {
            self.good: ~abuse,
            "false_positives": pl.col("outcome") == "false_positive",
            "abuse": abuse,
            "false_negatives": pl.col("outcome") == "false_negative",
        }
        grouped = self.frame.group_by(column).agg(
            *(rows.sum().cast(pl.UInt32).alias(name) for name, rows in counts.items())
        )
        return grouped.sort(column).select(
            column,
            self.good,
            "false_positives",
            _share("false_positives", self.good).alias("fpr"),
            "abuse",
            "false_negatives",
            _share("false_negatives", "abuse").alias("missed"),
        )

    def campaigns(self, kind: str = "false_negative", top: int = 10) -> pl.DataFrame:
        """Return the near-duplicate campaigns with the most mistakes of a kind: one cause each, whatever their size.

        Returns
        -------
        polars.DataFrame
            ``campaign``, ``events``, ``mistakes``, ``first``, ``last``, and ``event_id`` of one mistake, to look at.
        """
        _require_kind(kind)
        wrong = pl.col("outcome") == kind
        return (
            self.frame.filter(pl.col("campaign") != "")
            .group_by("campaign")
            .agg(
                pl.len().alias("events"),
                wrong.sum().cast(pl.UInt32).alias("mistakes"),
                pl.col("event_time").min().alias("first"),
                pl.col("event_time").max().alias("last"),
                pl.col("event_id").filter(wrong).sort().first().alias("event_id"),
            )
            .filter((pl.col("mistakes") > 0) & (pl.col("events") > 1))
            .sort("mistakes", "campaign", descending=[True, False])
            .head(top)
        )

    def counts(self) -> dict[str, int]:
        """Return how many events had each outcome."""
        found = dict(self.frame.group_by("outcome").len().iter_rows())
        return {
            name: int(found.get(name, 0))
            for name in ("true_positive", "false_positive", "true_negative", "false_negative")
        }

    def __repr__(self) -> str:
        mark = "SYNTHETIC, " if self.synthetic else ""
        said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in self.counts().items())
        return f"Verdicts({mark}{self.policy.name}: {said})"

    def _repr_html_(self) -> str:
        found = self.counts()
        rows = (
            ("abuse", found["true_positive"], found["false_negative"]),
            ("not abuse", found["false_positive"], found["true_negative"]),
        )
        return table(
            ("label", "flagged", "not flagged"),
            rows,
            caption=f"{len(self.frame):,} labelled events under {self.policy.name}",
            synthetic=self.synthetic,
        )


def _require_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UnknownNameError("kind of mistake", kind, KINDS)


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
