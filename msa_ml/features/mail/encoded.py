"""Bytes and encoded words to text, whatever a sender declares.

The charset is looked up in a fixed table, so a name that a sender invents is never handed to the machinery that
imports codecs, and the codecs with a cost that is not linear (``idna``, ``punycode``) are out of reach.
"""

from __future__ import annotations

import binascii
import re
from encodings.aliases import aliases
from functools import lru_cache

_NO_TEXT = (
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
    "mbcs",
)
_CODECS = {
    **{name: codec for name, codec in aliases.items() if codec not in _NO_TEXT},
    **{codec: codec for codec in aliases.values() if codec not in _NO_TEXT},
    # Names seen in mail that Python does not know.
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "x_sjis": "shift_jis",
    "x_gbk": "gbk",
    "gb_2312_80": "gb2312",
    "unicode_1_1_utf_7": "utf_7",
    "cp_850": "cp850",
    "x_mac_roman": "mac_roman",
    "utf8mb4": "utf_8",
    "x_euc_jp": "euc_jp",
    "windows_874": "iso8859_11",
    "cp874": "iso8859_11",
    # The web's rule (WHATWG Encoding): what is declared as Latin-1 is Windows-1252.
    **dict.fromkeys(("iso8859_1", "iso_8859_1", "latin_1", "latin1", "8859", "l1"), "cp1252"),
}
_PLAIN = frozenset({"", "ascii", "utf_8"})


@lru_cache(maxsize=1024)
def codec_of(charset: str) -> str | None:
    """Return Python's codec for a declared charset, ``None`` when nobody knows it.

    Examples
    --------
    >>> codec_of("ISO-8859-1"), codec_of("x-unknown"), codec_of("zlib")
    ('cp1252', None, None)
    """
    name = re.sub(r"[^a-z0-9]+", "_", charset[:64].lower()).strip("_")
    return _CODECS.get(name)


def decode(data: bytes, charset: str = "") -> str:
    r"""Decode bytes by their declared charset; never fails.

    Undeclared, unknown, ASCII and UTF-8 are all read as UTF-8, and as Windows-1252 or Latin-1 when they are not.
    A declared charset wins otherwise; bytes that it does not have become U+FFFD. Surrogates never come out.

    Examples
    --------
    >>> decode(b"caf\xe9", "us-ascii"), decode("café".encode(), "no-such-charset")
    ('café', 'café')
    """
    if (
        data.isascii()
        and b"\x1b" not in data
        and not charset.lower().startswith(("utf-7", "utf-16", "utf-32", "hz"))
    ):
        return data.decode("ascii")
    codec = codec_of(charset) if charset else None
    if codec is not None and codec not in _PLAIN:
        try:
            text = data.decode(codec, "replace")
        except (UnicodeError, LookupError, ValueError):
            text = data.decode("latin-1")
        return text if text.isascii() else _without_surrogates(text)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A cut in the middle of the last character is no reason to read all of it as Latin-1.
        if error.start >= len(data) - 3 and not data[: error.start].isascii():
            return data.decode("utf-8", "replace")
        return data.decode("latin-1")


_SURROGATES = re.compile("[\ud800-\udfff]")
_AT_ONCE = 1_000_000


def _without_surrogates(text: str) -> str:
    if len(text) <= _AT_ONCE:
        try:
            # It fails on them, in a tenth of the time of the pattern; but it takes memory.
            text.encode("utf-8")
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _SURROGATES.sub("\ufffd", text)


_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]{0,4096})\?=")
_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def unbase64(data: bytes) -> bytes:
    """Decode base64, dropping what is not of its alphabet and mending a cut end; never fails.

    Examples
    --------
    >>> unbase64(b"aGVs bG8"), unbase64(b"aGVsb*G8=junk"), unbase64(b"a")
    (b'hello', b'hello', b'')
    """
    end = data.find(b"=")
    data = data if end < 0 else data[:end]
    try:
        # It drops foreign characters by itself, and takes as many signs of the end as it needs.
        return binascii.a2b_base64(data + b"==")
    except binascii.Error:
        # One character more than whole groups: it holds six bits, which are no byte.
        clean = _BASE64.sub(b"", data)
        return binascii.a2b_base64(clean[: len(clean) - 1] + b"==")


def decode_words(value: str) -> str:
    """Decode the encoded words of a header value (RFC 2047); what is no encoded word stays.

    Neighbouring words of one charset are joined before they are decoded, because senders split characters between
    words though section 5 forbids it.

    Examples
    --------
    >>> decode_words("=?utf-8?q?caf=C3?= =?utf-8?b?qQ==?= au lait")
    'café au lait'
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        name = match[1].partition("*")[0].lower()  # RFC 2231 section 5: a language may follow
        data = _word_bytes(match[2], match[3])
        if end and (not between or between.isspace()) and pending:
            if name == charset:
                pending += data
            else:
                out.append(decode(pending, charset))
                pending = data
        else:
            out.append(decode(pending, charset))
            out.append(between)
            pending = data
        charset, end = name, match.end()
    out.append(decode(pending, charset))
    out.append(value[end:])
    return "".join(out)


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "bB":
        return unbase64(data)
    return binascii.a2b_qp(data, header=True)
