"""How a client was asked whether it is a person, and how often it had to try."""

from __future__ import annotations

import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.fold import small
from msa_ml.features.table import TableExtractor

_METHODS = "verification_methods"
_WAYS = ("puzzle", "phone", "mail", "device", "none")
_NO_METHOD = "no method is told, or none of the list"


class Verification(TableExtractor):
    """Method and attempts of the human verification.

    The method is a word of at most 64 code points, without spaces around it and in small letters; what it is says the list
    ``verification_methods``. A method that the list does not have is unknown: add the words of your service to it.
    """

    name = "signup.verification"
    kind = "signup"
    inputs = ("verification_method", "verification_attempts")
    reads = (_METHODS,)
    features = (
        *(
            Feature(way, f"the method is of the kind '{way}'", "flag", 0, 1, nan=_NO_METHOD, portable="yes")
            for way in _WAYS
        ),
        Feature("told", "a method is told", "flag", 0, 1, portable="yes"),
        Feature("attempts", "attempts, at most 1,000", "count", 0, 1000, nan="not told, or negative", portable="yes"),
        Feature("first_time", "one attempt was enough", "flag", 0, 1, nan="not told, or negative", portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        ways = dict(line.split() for line in self.lists[_METHODS].lines)
        word = pl.col("verification_method").fill_null("").str.slice(0, 64).str.strip_chars(" ")
        way = word.replace_strict(list(ways), list(ways.values()), default=None, return_dtype=pl.String)
        batch = batch.with_columns(verification_method=small(word))
        attempts = pl.when(pl.col("verification_attempts") >= 0).then(
            pl.col("verification_attempts").clip(0, 1000)
        )
        return batch.select(
            *(way.eq(kind).alias(kind) for kind in _WAYS),
            told=word.str.len_bytes() > 0,
            attempts=attempts,
            first_time=attempts == 1,
        )
