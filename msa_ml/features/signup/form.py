"""How the form was filled."""

from __future__ import annotations

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.table import TableExtractor


class Form(TableExtractor):
    """How long the form took, and how often a person had to prove to be one.

    Examples
    --------
    >>> from msa_ml.features.table import rows
    >>> Form().extract(rows("signup", [{"form_seconds": 12.0, "verification_attempts": 2}]).row(0, named=True))
    {'seconds': 12.0, 'attempts': 2.0}
    """

    name = "signup.form"
    kind = "signup"
    inputs = ("form_seconds", "verification_attempts")
    features = (
        Feature(
            "seconds",
            "time from showing the form to sending it",
            unit="seconds",
            nan="not told",
            portable="yes",
        ),
        Feature("attempts", "attempts at the human verification", nan="not told", portable="yes"),
    )

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values; a number that is negative or none is unknown."""
        seconds, attempts = pl.col("form_seconds"), pl.col("verification_attempts")
        return batch.select(
            seconds=pl.when(seconds >= 0).then(seconds), attempts=pl.when(attempts >= 0).then(attempts)
        )
