"""What a person reads of a mail: written apart from the package, with the standard library's parser, to judge it."""

import email
import email.policy
import html
import re
import unicodedata
from email.header import decode_header
from email.message import Message as Standard

from selectolax.lexbor import LexborHTMLParser

# What looks like a Latin letter, from the tables of Unicode Technical Standard 39, by code point.
_LIKE = {
    "a": "\u0430\u03b1", "c": "\u0441\u03f2", "d": "\u0501", "e": "\u0435", "h": "\u04bb", "i": "\u0456\u03b9", "j": "\u0458\u03f3",
    "k": "\u03ba", "n": "\u0578", "o": "\u043e\u03bf", "p": "\u0440\u03c1", "q": "\u051b", "s": "\u0455", "u": "\u03c5",
    "v": "\u0475\u03bd", "w": "\u051d", "x": "\u0445\u03c7", "y": "\u0443\u03b3",
    "A": "\u0410\u0391", "B": "\u0412\u0392", "C": "\u0421\u03f9", "E": "\u0415\u0395", "H": "\u041d\u0397", "I": "\u0406\u0399",
    "J": "\u0408", "K": "\u041a\u039a", "M": "\u041c\u039c", "N": "\u039d", "O": "\u041e\u039f", "P": "\u0420\u03a1",
    "S": "\u0405", "T": "\u0422\u03a4", "X": "\u0425\u03a7", "Y": "\u04ae\u03a5", "Z": "\u0396",
}  # fmt: skip
_FOLD = {ord(like): letter for letter, likes in _LIKE.items() for like in likes}
_NO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_HIDDEN = re.compile(r"display:none|visibility:hidden|font-size:[01](?![0-9.])|max-height:0|opacity:0")
_APART = re.compile(r"(?<![^\W\d_])[^\W\d_](?:([ ._-])[^\W\d_](?![^\W\d_])(?:\1[^\W\d_](?![^\W\d_]))+)")
_WORD = re.compile(r"[^\W\d_]+")


def texts(raw: bytes) -> list[str]:
    """The subject and every shown text, as they appear on the screen."""
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    said = [_shown(part) for part in parts if part.get_content_disposition() != "attachment"]
    return [text for text in map(_seen, [_subject(mail), *said]) if text.strip()]


def words(raw: bytes) -> list[str]:
    """All words that a person reads, in order."""
    return [word.lower() for text in texts(raw) for word in _WORD.findall(text)]


def pictures(raw: bytes) -> list[bytes]:
    mail = email.message_from_bytes(raw)
    found = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "image/png"]
    return [data for data in found if isinstance(data, bytes)]


def _subject(mail: Standard) -> str:
    pieces = decode_header(mail.get("Subject", ""))
    return "".join(
        piece.decode(charset or "ascii", "replace") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )


def _shown(part: Standard) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    charset = part.get_content_charset() or "utf-8"
    try:
        text = data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        text = data.decode("utf-8", "replace")
    if part.get_content_type() != "text/html":
        return text
    tree = LexborHTMLParser(text)
    tree.strip_tags(["script", "style", "title", "head"])
    for node in tree.css("[style]"):
        if _HIDDEN.search((node.attributes.get("style") or "").replace(" ", "").lower()):
            node.decompose()
    body = tree.body
    # Comments have gone with the tree's text; an empty element leaves the two halves of a word together.
    for block in tree.css("p, div, br, td, li, tr"):
        block.insert_after(" ")
    return html.unescape(body.text(deep=True)) if body is not None else ""


def _seen(text: str) -> str:
    text = _NO_WIDTH.sub("", text).translate(_FOLD)
    text = unicodedata.normalize("NFKC", text)
    return _APART.sub(lambda match: match[0].replace(match[1], ""), text)
