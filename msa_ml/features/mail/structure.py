"""How the message is put together."""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.encoded import codec_of
from msa_ml.features.mail.message import Message, Part
from msa_ml.features.shared.text import words_of

_ONCE = frozenset(
    (
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
)
_ENCODINGS = frozenset(("", "7bit", "8bit", "binary", "quoted-printable", "base64"))
_UNENCODED = ("", "7bit", "8bit", "binary")
_BOUNDARY = "no multipart with a boundary"
_BOTH = "not both plain text and HTML"
_LONGEST = 128
_FEWEST = 5


class Structure(Extractor):
    """MIME tree, encodings, charsets, and the state of the header block.

    Programs that send in bulk put messages together by hand and get the details wrong: text hidden from filters by
    base64, HTML without an alternative or with one that says something else, fields twice, boundaries out of a template
    (RFC 2045, 2046; SpamAssassin's MIME_* rules and MPART_ALT_DIFF).

    The number of fields, the case of their names, a mailer's name, a missing MIME-Version, and length, digits and entropy
    of the boundary were features once: they told one collection of ham, or one decade of mail programs, from another.
    """

    name = "mail.structure"
    kind = "mail"
    version = 2
    features = (
        Feature("parts", "nodes of the MIME tree, 200 at most", high=1000),
        Feature("depth", "depth of the MIME tree", high=100),
        Feature("alternative", "multipart/alternative nodes", high=1000, source="RFC 2046 5.1.4"),
        Feature("mixed", "multipart/mixed nodes", high=1000, source="RFC 2046 5.1.3"),
        Feature("related", "multipart/related nodes", high=1000, source="RFC 2387"),
        Feature("html_only", "HTML is shown and no plain text", "flag", 0, 1),
        Feature("html_first", "HTML stands before the plain text", "flag", 0, 1, nan=_BOTH, source="RFC 2046 5.1.4"),
        Feature("text_ratio", "characters of the plain text over those of the HTML's text, 10 at most", "ratio", 0, 10, nan=_BOTH + ", or HTML without text"),
        Feature("shared_words", "share of the distinct words of one text that the other has, where that is largest; of the first 64 words each", "share", 0, 1, nan=_BOTH + ", or one of fewer than 5 words", source="SpamAssassin MPART_ALT_DIFF"),
        Feature("no_text", "no text part at all", "flag", 0, 1),
        Feature("base64_text", "text parts in base64 that are ASCII after decoding", high=1000),
        Feature("quoted_printable", "parts in quoted-printable", high=1000),
        Feature("unknown_encoding", "parts in a transfer encoding that no standard knows", high=1000, source="RFC 2045 6.1"),
        Feature("encoded_container", "containers in a transfer encoding that they must not have", high=1000, source="RFC 2045 6.4"),
        Feature("false_encoding", "text parts with bytes beyond ASCII that are declared 7bit", high=1000, source="RFC 2045 6.2"),
        Feature("unknown_charset", "text parts whose charset nobody knows", high=1000),
        Feature("false_charset", "text parts that hold bytes their charset does not have", high=1000, source="RFC 2045 2.8"),
        Feature("boundary_marks", "share of characters in it that are no letters or digits", "share", 0, 1, nan=_BOUNDARY),
        Feature("twice", "fields that may stand once and stand more often", high=len(_ONCE), source="RFC 5322 3.6"),
        Feature("damaged", "had to be repaired to be read", "flag", 0, 1),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        parts, by_name = mail.parts, mail.by_name
        kinds = [part.content_type for part in parts]
        texts = [part for part in parts if part.is_text and part.disposition != "attachment"]
        values: dict[str, float] = {
            "parts": len(parts),
            "depth": max([part.depth for part in parts], default=0),
            "alternative": kinds.count("multipart/alternative"),
            "mixed": kinds.count("multipart/mixed"),
            "related": kinds.count("multipart/related"),
            "no_text": not texts,
            "twice": sum([len(by_name.get(name, ())) > 1 for name in _ONCE]),
            "damaged": bool(mail.damage),
            **_encodings(parts, texts),
            **_alternatives(mail, [part.content_type == "text/html" for part in texts]),
        }
        if len(parts) > 1:
            boundary = next((part.boundary for part in parts if part.boundary), "")[:_LONGEST]
            if boundary:
                marks = sum([not character.isalnum() for character in boundary])
                values["boundary_marks"] = marks / len(boundary)
        return values


def _encodings(parts: tuple[Part, ...], texts: list[Part]) -> dict[str, float]:
    base64 = quoted = unknown = container = beyond = strange = false = 0
    for part in parts:
        encoding = part.encoding
        if encoding not in _UNENCODED:
            quoted += encoding == "quoted-printable"
            unknown += encoding not in _ENCODINGS
            container += part.is_container
    for part in texts:
        charset, content = part.charset, part.content
        codec = codec_of(charset) if charset else "ascii"
        strange += codec is None
        if content.isascii():
            base64 += part.encoding == "base64"
        else:
            beyond += part.encoding in ("", "7bit")
            false += codec == "ascii" or (codec == "utf_8" and not _is_utf8(content))
    return {
        "base64_text": base64,
        "quoted_printable": quoted,
        "unknown_encoding": unknown,
        "encoded_container": container,
        "false_encoding": beyond,
        "unknown_charset": strange,
        "false_charset": false,
    }


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _alternatives(mail: Message, is_html: list[bool]) -> dict[str, float]:
    """Compare what the plain text says with what the HTML says."""
    if not any(is_html):
        return {"html_only": 0}
    if all(is_html):
        return {"html_only": 1}
    values: dict[str, float] = {"html_only": 0, "html_first": is_html[0]}
    # Where the plain parts are blank, mail.text is the HTML's; the comparison is still meant with the plain parts.
    plain, html = "\n".join(mail.plain), mail.html_text
    if html:
        values["text_ratio"] = min(len(plain) / len(html), 10)
        first, second = set(words_of(plain)), set(words_of(html))
        least = min(len(first), len(second))
        if least >= _FEWEST:
            values["shared_words"] = len(first & second) / least
    return values
