"""What the subject looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from msa_ml.features.compiled import compiled
from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import outline, profile, spaced

_REPLY = re.compile(
    r"\s*(?:re|aw|sv|antw|vs|odp|r|ref|回复|答复)\s*(?:\[\d{1,4}\])?\s*[:\uff1a]", re.IGNORECASE
)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|vl|转发)\s*[:\uff1a]", re.IGNORECASE)
_TAG = re.compile(r"\[[^\[\]]{0,40}\]")
_BLOCK = re.compile(r"[A-Z]{4}")
_DIGITS = "0123456789"
_SAMPLE = 1_000
_NONE, _EMPTY, _NO_LETTER = "no subject", "no or empty subject", "no letter in the subject"


class Subject(Extractor):
    """Length, case, punctuation, encoding and obfuscation of the subject; of its first 1,000 characters.

    Shouting, runs of punctuation, sums of money and an identifier after a gap are habits of bulk senders (SpamAssassin's
    rules SUBJ_ALL_CAPS and the like; Sahami et al. 1998, "A Bayesian approach to filtering junk e-mail"). The tricks are
    those of ``mail.obfuscation``. Single capitals and question marks are left out: lists of one collection have more of
    them than those of another.
    """

    name = "mail.subject"
    kind = "mail"
    version = 3
    features = (
        Feature("length", "characters of the decoded subject", "characters", nan=_NONE),
        Feature("shouted", "letters in blocks of four capitals in a row over all letters, [tags] of lists left out of the former", "share", 0, 1, nan=_NO_LETTER, source="Sahami 1998"),
        Feature("digits", "share of digits 0 to 9", "share", 0, 1, nan=_EMPTY),
        Feature("non_ascii", "share of characters beyond ASCII", "share", 0, 1, nan=_EMPTY),
        Feature("exclamations", "exclamation marks", high=_SAMPLE, nan=_NONE, source="Sahami 1998"),
        Feature("gap", "four blanks or a tab inside, where an identifier hides", "flag", 0, 1, nan=_NONE),
        Feature("reply", "claims to be an answer", "flag", 0, 1, nan=_NONE, source="RFC 5322 3.6.5"),
        Feature("forward", "claims to be forwarded", "flag", 0, 1, nan=_NONE),
        Feature("encoded", "written in encoded words", "flag", 0, 1, nan=_NONE, source="RFC 2047"),
        Feature("idle_encoding", "written in encoded words though it is all ASCII", "flag", 0, 1, nan=_NONE, source="RFC 2047 5"),
        Feature("raw_8bit", "bytes beyond ASCII without encoding", "flag", 0, 1, nan=_NONE, source="RFC 6532"),
        Feature("unseen", "characters without width", high=_SAMPLE, nan=_NONE),
        Feature("mixed", "share of letters beside a look-alike of another alphabet", "share", 0, 1, nan=_NO_LETTER, monotone=1, source="UTS 39 5.2"),
        Feature("spaced", "share of letters that are set apart", "share", 0, 1, nan=_NO_LETTER, source="Wittel and Wu 2004"),
        Feature("missing", "no Subject field", "flag", 0, 1),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        raw, text = mail.header("subject"), mail.subject
        if raw is None or text is None:
            return {"missing": 1}
        values: dict[str, float] = {"length": len(text)}
        text = text[:_SAMPLE]
        found = _looks(text)
        colon = ":" in text or "\uff1a" in text
        encoded = "=?" in raw and text != raw[:_SAMPLE]
        values |= {
            "exclamations": found.exclamations,
            "gap": found.gap,
            "reply": colon and _REPLY.match(text) is not None,
            "forward": colon and _FORWARD.match(text) is not None,
            "encoded": encoded,
            "idle_encoding": encoded and text.isascii(),
            "raw_8bit": not raw.isascii(),
            "unseen": 0,
            "missing": 0,
        }
        if not text:
            return values
        letters, mixed = found.letters, 0
        values["digits"] = found.digits / len(text)
        if text.isascii():
            values["non_ascii"] = 0
        else:
            seen = profile(text)
            mixed = seen.mixed
            values["non_ascii"] = (len(text) - len(text.encode("ascii", "ignore"))) / len(text)
            values["unseen"] = seen.unseen
        if letters:
            values["shouted"] = min(found.shouted / letters, 1)
            values["mixed"] = min(mixed / letters, 1)
            values["spaced"] = found.spaced / letters
        return values


class _Looks(NamedTuple):
    """Counts of the characters of a subject: letters, digits from 0 to 9, and those of what looks like spam."""

    letters: int
    digits: int
    exclamations: int
    shouted: int  # in blocks of four capitals of ASCII, without [tags]
    spaced: int
    gap: bool


@compiled("text")
def _looks(text: str) -> _Looks:
    flat, inner = outline(text), text.strip()
    untagged = _TAG.sub("", text) if "[" in text else text
    return _Looks(
        letters=flat.count(b"l"),
        digits=flat.count(b"d") if text.isascii() else sum(map(text.count, _DIGITS)),
        exclamations=text.count("!"),
        shouted=4 * len(_BLOCK.findall(untagged)),
        spaced=spaced(flat),
        gap="    " in inner or "\t" in inner,
    )
