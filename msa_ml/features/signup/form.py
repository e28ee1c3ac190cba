"""How and when the form was filled."""

from __future__ import annotations

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.table import TableExtractor

_UNTOLD = "not told, or no number of 0 or more"
_NO_TIME = "no time"
_DAY = 86_400.0
_TYPED = ("user_name", "display_name", "email")


class Form(TableExtractor):
    """How long the form took, by what was typed into it, and the time of the day and week.

    Programs fill a form within moments, or wait for times that are whole seconds. Seconds of a day and more are a day.
    *typed* counts code points of user name, display name and e-mail address, at most 256 of each; for the *pace* a form
    takes at least a millisecond. Hour and weekday are
    those of the moment of the event in UTC: when the decision was made, else when it happened.

    Examples
    --------
    >>> from msa_ml.features.table import rows
    >>> Form().extract(rows("signup", [{"form_seconds": 12.0, "user_name": "anna77"}]).row(0, named=True))
    {'seconds': 12.0, 'whole': 1.0, 'typed': 6.0, 'pace': 0.5}
    """

    name = "signup.form"
    kind = "signup"
    inputs = ("form_seconds", *_TYPED, "event_time", "decided_at")
    features = (
        Feature("seconds", "time from showing the form to sending it, at most a day", "seconds", 0, _DAY, nan=_UNTOLD, portable="yes"),
        Feature("whole", "it is a whole number of seconds", "flag", 0, 1, nan=_UNTOLD, portable="yes"),
        Feature("typed", "code points of the names and the address", "characters", 0, 768, portable="yes"),
        Feature("pace", "code points typed for each second; 1,000 and more are 1,000", "1/second", 0, 1000, nan=_UNTOLD, portable="yes",
                source="Dhakal et al., Observations on typing from 136 million keystrokes, CHI 2018"),
        Feature("hour", "hour of the day in UTC, with its part", "hours", 0, 24, nan=_NO_TIME, portable="yes"),
        Feature("weekday", "day of the week in UTC, 1 is Monday", "day", 1, 7, nan=_NO_TIME, portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        given = pl.col("form_seconds")
        seconds = pl.when(given.is_finite() & (given >= 0)).then(given.clip(0, _DAY))
        typed = pl.sum_horizontal(
            pl.col(name).fill_null("").str.len_chars().clip(0, 256).cast(pl.Float64) for name in _TYPED
        )
        moment = pl.coalesce("decided_at", "event_time")
        day = moment.dt.epoch("ms").mod(86_400_000)
        return batch.select(
            seconds=seconds,
            whole=seconds == seconds.floor(),
            typed=typed,
            # At least a millisecond, so that nothing is divided by 0.
            pace=(typed / pl.max_horizontal(seconds, pl.lit(0.001))).clip(0, 1000) * (seconds * 0 + 1),
            hour=day / 3_600_000,
            weekday=moment.dt.weekday(),
        )
