"""The characters of the readable text."""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import SAMPLE, profile

_EMPTY = "no readable text"


class Body(Extractor):
    r"""What the readable text is made of: shares of capitals, marks and quoted lines.

    Measured on the first 2,500 characters, of the plain parts, else of the HTML's text. Shares of capitals and of marks:
    Sahami et al. 1998, "A Bayesian approach to filtering junk e-mail". Shares of digits and of characters beyond ASCII,
    lengths of words and how often they come again were features once: they told one collection of ham from another
    better than spam from ham.

    Examples
    --------
    >>> found = Body().extract(Message(b"Subject: x\n\nBUY NOW!! Or never.\n> no"))
    >>> found["exclaimed"], found["lines"], found["quoted"]
    (0.6666666666666666, 1, 0.5)
    """

    name = "mail.body"
    kind = "mail"
    version = 3
    features = (
        Feature("length", "characters of the readable text", "characters"),
        Feature("upper", "share of cased letters in upper case", "share", 0, 1, nan="no cased letter", source="Sahami 1998"),
        Feature("shouted", "share of letters in blocks of four capitals in a row", "share", 0, 1, nan="no cased letter", source="Sahami 1998"),
        Feature("punctuation", "share of punctuation and symbols", "share", 0, 1, nan=_EMPTY),
        Feature("repeated", "share of marks !?$*%# in pairs, as in !!", "share", 0, 1, nan=_EMPTY),
        Feature("exclaimed", "share of exclamation marks among the marks that end a sentence (.!?)", "share", 0, 1, nan="no such mark", source="Sahami 1998"),
        Feature("lines", "ends of lines", high=SAMPLE, nan=_EMPTY),
        Feature("quoted", "share of lines that quote another mail (>)", "share", 0, 1, nan=_EMPTY),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.text
        values: dict[str, float] = {"length": len(text)}
        seen = profile(text[:SAMPLE])
        if seen.spaces == seen.length:
            return values
        values["punctuation"] = seen.marks / seen.length
        values["repeated"] = seen.repeated / seen.length
        values["lines"] = seen.lines
        values["quoted"] = seen.quoted / (seen.lines + 1)
        if ended := seen.exclamations + seen.ends:
            values["exclaimed"] = seen.exclamations / ended
        if seen.cased:
            values["upper"] = seen.upper / seen.cased
            values["shouted"] = seen.shouted / seen.letters
        return values
