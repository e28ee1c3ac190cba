"""What the subject looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message

_REPLY = re.compile(
    r"\s*(?:re|aw|sv|antw|vs|odp|r|ref|回复|答复)\s*(?:\[\d{1,4}\])?\s*[:\uff1a]", re.IGNORECASE
)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|vl|转发)\s*[:\uff1a]", re.IGNORECASE)
_GAP = re.compile(r" {4,}|\t")
_MONEY = "$€£¥₿"


class Subject(Extractor):
    """Length, case, punctuation and encoding of the subject.

    Shouting, runs of punctuation, sums of money and an identifier after a gap are habits of bulk senders (SpamAssassin's
    rules SUBJ_ALL_CAPS and the like; Sahami et al. 1998, "A Bayesian approach to filtering junk e-mail").
    """

    name = "mail.subject"
    kind = "mail"
    features = (
        Feature("length", "characters of the decoded subject", "characters", nan="no subject"),
        Feature(
            "upper",
            "share of letters in upper case",
            "share",
            0,
            1,
            nan="no cased letter",
            source="Sahami 1998",
        ),
        Feature("digits", "share of digits", "share", 0, 1, nan="no or empty subject"),
        Feature("non_ascii", "share of characters beyond ASCII", "share", 0, 1, nan="no or empty subject"),
        Feature("marks", "exclamation and question marks", nan="no subject", source="Sahami 1998"),
        Feature("money", "currency signs", nan="no subject"),
        Feature(
            "gap", "four blanks or a tab inside, where an identifier hides", "flag", 0, 1, nan="no subject"
        ),
        Feature("reply", "claims to be an answer", "flag", 0, 1, nan="no subject", source="RFC 5322 3.6.5"),
        Feature("forward", "claims to be forwarded", "flag", 0, 1, nan="no subject"),
        Feature("encoded", "written in encoded words", "flag", 0, 1, nan="no subject", source="RFC 2047"),
        Feature(
            "raw_8bit",
            "bytes beyond ASCII without encoding",
            "flag",
            0,
            1,
            nan="no subject",
            source="RFC 6532",
        ),
        Feature("missing", "no Subject field", "flag", 0, 1),
    )

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        raw, text = mail.header("subject"), mail.subject
        if raw is None or text is None:
            return {"missing": 1}
        values: dict[str, float] = {
            "length": len(text),
            "marks": sum(map(text.count, "!?")),
            "money": sum(map(text.count, _MONEY)),
            "gap": _GAP.search(text.strip()) is not None,
            "reply": _REPLY.match(text) is not None,
            "forward": _FORWARD.match(text) is not None,
            "encoded": "=?" in raw and text != raw,
            "raw_8bit": not raw.isascii(),
            "missing": 0,
        }
        if text:
            values["digits"] = sum(map(str.isdecimal, text)) / len(text)
            values["non_ascii"] = sum(character > "\x7f" for character in text) / len(text)
            upper, lower = sum(map(str.isupper, text)), sum(map(str.islower, text))
            if upper + lower:
                values["upper"] = upper / (upper + lower)
        return values
