"""The name to show, and how it goes with the user name."""

from __future__ import annotations

import numpy as np
import polars as pl

from msa_ml.features.extractor import Feature
from msa_ml.features.shared.characters import DIGIT, LOWER, UPPER, Characters, Mask, divided
from msa_ml.features.shared.fold import fold, likeness, small
from msa_ml.features.table import TableExtractor

_NONE = "no name to show"
_EITHER = "either name is empty when folded"
_LINK = r"://|www\.|@|\.(?:com|net|org|info|ru|cn|xyz|top|shop|online|site|club)(?:[^a-z0-9]|$)"
_UNSEEN = (
    (0x00AD, 0x00AD),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x2069),
    (0xFEFF, 0xFEFF),
)
_SCRIPTS = (((0x00C0, 0x024F),), ((0x0370, 0x03FF),), ((0x0400, 0x052F),))


class DisplayName(TableExtractor):
    r"""Build of the display name, links and tricks in it, and its likeness to the user name.

    At most 256 code points are read, without spaces around them. *Words* are runs of code points other than the space.
    A *link* is one of ``://``, ``www.``, ``@``, or a point and com, net, org, info, ru, cn, xyz, top, shop, online,
    site or club that no letter or digit of ASCII follows, in small letters. *Unseen* are the soft hyphen and the code
    points U+200B to 200F, 202A to 202E, 2060 to 2064, 2066 to 2069 and FEFF. *mixed* counts the places where two of
    the scripts Latin (letters of ASCII and U+00C0 to 024F), Greek (U+0370 to 03FF) and Cyrillic (U+0400 to 052F) stand
    side by side. A *picture* is a code point from U+1F000 to 1FAFF or from 2600 to 27BF. Names (of the user name at most
    256 code points) are folded before they are compared: in small letters, and of ASCII nothing but letters and digits.
    """

    name = "signup.display_name"
    kind = "signup"
    inputs = ("display_name", "user_name")
    features = (
        Feature("given", "there is one", "flag", 0, 1, portable="yes"),
        Feature("length", "code points, at most 256", "characters", 0, 256, nan=_NONE, portable="yes"),
        Feature("words", "words", "count", 0, 128, nan=_NONE, portable="yes"),
        Feature("digits", "share of digits", "share", 0, 1, nan=_NONE, portable="yes"),
        Feature("upper", "share of capitals among the letters of ASCII", "share", 0, 1, nan="no such letter", portable="yes"),
        Feature("marks", "share of what is below 128 and no letter, digit or space", "share", 0, 1, nan=_NONE, portable="yes"),
        Feature("non_ascii", "share of code points beyond ASCII", "share", 0, 1, nan=_NONE, portable="yes"),
        Feature("capitalised", "share of words that begin with a capital of ASCII", "share", 0, 1, nan=_NONE, portable="yes"),
        Feature("link", "it shows a link or an address", "flag", 0, 1, monotone=1, nan=_NONE, portable="yes"),
        Feature("unseen", "code points that are not seen", "count", 0, 256, monotone=1, nan=_NONE, portable="yes", source="UTS 39 5.4"),
        Feature("mixed", "places where two scripts stand side by side", "count", 0, 255, monotone=1, nan=_NONE, portable="yes", source="UTS 39 5.1"),
        Feature("pictures", "pictures", "count", 0, 256, nan=_NONE, portable="yes"),
        Feature("same_name", "it is the user name when both are folded", "flag", 0, 1, nan=_EITHER, portable="yes"),
        Feature("likeness", "pairs of neighbouring code points that it shares with the user name, by all that either has, folded, each pair once",
                "share", 0, 1, nan="no name to show, or neither has two code points", portable="yes", source="Jaccard 1901"),
    )  # fmt: skip

    def compute(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the values of a batch."""
        shown = pl.col("display_name").fill_null("").str.slice(0, 256).str.strip_chars(" ")
        names = batch.select(shown=shown, user=fold(pl.col("user_name").fill_null("").str.slice(0, 256)))
        names = names.with_columns(
            folded=fold(pl.col("shown")), link=small(pl.col("shown")).str.contains(_LINK)
        )
        name = Characters.of(names["shown"])
        upper, beyond, digit = name.between(UPPER), name.codes > 127, name.between(DIGIT)
        letter, space = upper | name.between(LOWER), name.among(" ")
        begins = ~space & ~name.after(~space)
        both = pl.when((pl.col("folded") != "") & (pl.col("user") != ""))
        values = {
            "length": name.sizes,
            "words": name.count(begins),
            "digits": name.share(digit),
            "upper": divided(name.count(upper), name.count(letter)),
            "marks": name.share(~(letter | digit | space | beyond)),
            "non_ascii": name.share(beyond),
            "capitalised": divided(name.count(begins & upper), name.count(begins)),
            "link": names["link"].to_numpy(),
            "unseen": name.count(name.within(*_UNSEEN)),
            "mixed": name.count(_mixed(name, letter)),
            "pictures": name.count(name.within((0x1F000, 0x1FAFF), (0x2600, 0x27BF))),
            "likeness": likeness(names["folded"], names["user"]),
        }
        given = name.sizes > 0
        found = {key: np.where(given, number, np.nan) for key, number in values.items()}
        return pl.DataFrame({"given": given, **found}).hstack(
            names.select(same_name=both.then(pl.col("folded") == pl.col("user")))
        )


def _mixed(name: Characters, letter: Mask) -> Mask:
    """Whether a letter stands after one of another script."""
    scripts = [name.within(*ranges) for ranges in _SCRIPTS]
    scripts[0] |= letter
    any_script = np.logical_or.reduce(scripts)
    mixed: Mask = np.logical_or.reduce([mask & name.after(any_script & ~mask) for mask in scripts])
    return mixed
