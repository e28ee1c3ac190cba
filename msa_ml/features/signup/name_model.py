"""Which letters follow which in the wanted name of an account, against names that turned out fine and abusive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.letter_model import ORDER, Folded, LetterModel, learn_letters
from msa_ml.features.table import TableExtractor

_LETTERS = "name_letters"
_NO_SYMBOL = "no letter, digit or code point beyond ASCII"
_MOST = 64.0
"""Bits beyond which a sum is cut, far outside of what names have."""


class NameModel(TableExtractor):
    """How well a user name fits the letters of known names, by a small model that training learns.

    A name is folded to symbols: of its first 256 code points A to Z become a to z, every digit becomes ``0``, every
    code point beyond ASCII ``~``, and other code points are left out. Of the rest the first 64 count. Three ``^`` stand
    before them and one after; the one after is a symbol too. A line of the list ``name_letters`` has an n-gram of one to
    four symbols and two whole numbers, the *surprise* and the *odds* of its last symbol in thousandths of a bit. Those
    of a symbol of the name are those of the longest n-gram of the list that ends with it. Sums are of whole numbers; a
    sum, mean or extreme is then divided by 1,000 and cut at 64 bits to either side. A name that people can say has
    little surprise; positive odds speak for abuse.

    The list is learnt from the names of the training window and their labels. The one that ships with the package is
    for when nothing was learnt: *fine* are words of 26 languages, *abuse* are letters and digits drawn evenly.
    """

    name = "signup.name_model"
    kind = "signup"
    inputs = ("user_name",)
    reads = (_LETTERS,)
    learns: ClassVar[tuple[str, ...]] = (_LETTERS,)
    features = (
        Feature("surprise", "mean surprise of its symbols", "bits", 0, _MOST, nan=_NO_SYMBOL, portable="yes",
                source="Freeman, Using naive Bayes to detect spammy names in social networks, AISec 2013"),
        Feature("surprise_most", "greatest surprise of a symbol", "bits", 0, _MOST, nan=_NO_SYMBOL, portable="yes"),
        Feature("odds", "sum of the odds of its symbols", "bits", -_MOST, _MOST, monotone=1, nan=_NO_SYMBOL, portable="yes",
                source="Freeman, Using naive Bayes to detect spammy names in social networks, AISec 2013"),
        Feature("odds_mean", "mean of the odds of its symbols", "bits", -_MOST, _MOST, nan=_NO_SYMBOL, portable="yes"),
        Feature("odds_start", "sum of the odds of the first four symbols", "bits", -_MOST, _MOST, nan=_NO_SYMBOL, portable="yes"),
        Feature("odds_end", "sum of the odds of the last four symbols", "bits", -_MOST, _MOST, nan=_NO_SYMBOL, portable="yes"),
        Feature("odds_least", "least odds of a symbol", "bits", -_MOST, _MOST, nan=_NO_SYMBOL, portable="yes"),
        Feature("odds_most", "greatest odds of a symbol", "bits", -_MOST, _MOST, nan=_NO_SYMBOL, portable="yes"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        model = LetterModel.of(self.lists[_LETTERS])
        name = Folded.of(batch["user_name"])
        surprise, odds = model.surprise[name.grams], model.odds[name.grams]
        starts = np.cumsum(name.sizes) - name.sizes
        count = len(name.sizes)

        def total(numbers: NDArray[np.int32]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(name.owner, numbers, count), np.float64)

        values = {
            "surprise": total(surprise) / name.sizes,
            "surprise_most": _of_each(np.maximum, surprise, starts),
            "odds": total(odds),
            "odds_mean": total(odds) / name.sizes,
            "odds_start": total(odds * (name.place < ORDER)),
            "odds_end": total(odds * (name.place >= (name.sizes - ORDER)[name.owner])),
            "odds_least": _of_each(np.minimum, odds, starts),
            "odds_most": _of_each(np.maximum, odds, starts),
        }
        known = name.sizes > 1
        return pl.DataFrame(
            {
                key: np.where(known, np.clip(thousandths / 1000, -_MOST, _MOST), np.nan)
                for key, thousandths in values.items()
            }
        )

    def learn(self, batch: pl.DataFrame, y: NDArray[np.int64]) -> Mapping[str, bytes]:
        """Return the list that the names of N labelled events teach."""
        abuse = pl.Series(y == 1)
        return {_LETTERS: learn_letters(batch["user_name"].filter(~abuse), batch["user_name"].filter(abuse))}


def _of_each(extreme: np.ufunc, numbers: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the greatest or least number of each name; every name has its end at least."""
    found = extreme.reduceat(numbers, starts) if len(starts) else numbers
    return np.asarray(found, np.float64)
