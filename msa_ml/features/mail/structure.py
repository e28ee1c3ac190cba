"""How the message is put together."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.encoded import codec_of
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.text import entropy

_ONCE = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "message-id",
    "subject",
    "date",
    "mime-version",
    "content-type",
)
_BOUNDARY = "no multipart with a boundary"
_USUAL_NAME = re.compile(rb"(?:[A-Z][A-Za-z0-9]*|[A-Z0-9]+)(?:-[A-Z0-9][A-Za-z0-9]*)*[ \t]{0,4}")


class Structure(Extractor):
    """MIME tree, encodings, charsets, and the state of the header block.

    Programs that send in bulk put messages together by hand and get the details wrong: text hidden from filters by
    base64, HTML without an alternative, fields twice, boundaries out of a template (RFC 2045, 2046; SpamAssassin's
    MIME_* rules).
    """

    name = "mail.structure"
    kind = "mail"
    features = (
        Feature("parts", "nodes of the MIME tree, 200 at most", high=1000),
        Feature("depth", "depth of the MIME tree", high=100),
        Feature("alternative", "multipart/alternative nodes", high=1000, source="RFC 2046 5.1.4"),
        Feature("mixed", "multipart/mixed nodes", high=1000, source="RFC 2046 5.1.3"),
        Feature("related", "multipart/related nodes", high=1000, source="RFC 2387"),
        Feature("html_only", "HTML is shown and no plain text", "flag", 0, 1),
        Feature("no_text", "no text part at all", "flag", 0, 1),
        Feature("base64_text", "text parts in base64 that are ASCII after decoding", high=1000),
        Feature("quoted_printable", "parts in quoted-printable", high=1000),
        Feature("unknown_charset", "text parts whose charset nobody knows", high=1000),
        Feature("false_charset", "text parts that hold bytes their charset does not have", high=1000, source="RFC 2045 2.8"),
        Feature("undeclared", "no MIME-Version though there is a Content-Type", "flag", 0, 1, source="RFC 2045 4"),
        Feature("boundary_length", "characters of the first boundary", "characters", 0, 8192, nan=_BOUNDARY),
        Feature("boundary_digits", "share of digits in it", "share", 0, 1, nan=_BOUNDARY),
        Feature("boundary_entropy", "entropy of its characters", "bits", 0, 16, nan=_BOUNDARY),
        Feature("fields", "header fields that are not ignored", high=1000),
        Feature("twice", "fields that may stand once and stand more often", high=len(_ONCE), source="RFC 5322 3.6"),
        Feature("odd_names", "field names in unusual case", high=1000),
        Feature("mailer", "names the program that wrote it", "flag", 0, 1),
        Feature("damaged", "had to be repaired to be read", "flag", 0, 1),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        parts = mail.parts
        kinds = [part.content_type for part in parts]
        texts = [part for part in parts if part.is_text and part.disposition != "attachment"]
        shown = {part.content_type for part in texts}
        values: dict[str, float] = {
            "parts": len(parts),
            "depth": max((part.depth for part in parts), default=0),
            "alternative": kinds.count("multipart/alternative"),
            "mixed": kinds.count("multipart/mixed"),
            "related": kinds.count("multipart/related"),
            "html_only": shown == {"text/html"},
            "no_text": not texts,
            "base64_text": sum(part.encoding == "base64" and part.content.isascii() for part in texts),
            "quoted_printable": sum(part.encoding == "quoted-printable" for part in parts),
            "unknown_charset": sum(bool(part.charset) and codec_of(part.charset) is None for part in texts),
            "false_charset": sum(_is_false(part.charset, part.content) for part in texts),
            "undeclared": mail.header("mime-version") is None and mail.header("content-type") is not None,
            "fields": len(mail.headers),
            "twice": sum(len(mail.all(name)) > 1 for name in _ONCE),
            "odd_names": sum(_is_odd(field) for field in mail.visible_fields),
            "mailer": mail.header("x-mailer") is not None or mail.header("user-agent") is not None,
            "damaged": bool(mail.damage),
        }
        boundary = next((part.boundary for part in parts if part.boundary), "")
        if boundary:
            values["boundary_length"] = len(boundary)
            values["boundary_digits"] = sum(map(str.isdecimal, boundary)) / len(boundary)
            values["boundary_entropy"] = entropy(boundary)
        return values


def _is_false(charset: str, content: bytes) -> bool:
    """Whether text that is declared (or by default is) ASCII has other bytes, or declared UTF-8 is not that."""
    if content.isascii():
        return False
    codec = codec_of(charset) if charset else "ascii"
    if codec == "utf_8":
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return True
    return codec == "ascii"


def _is_odd(field: bytes) -> bool:
    return _USUAL_NAME.fullmatch(field, 0, field.find(b":")) is None
