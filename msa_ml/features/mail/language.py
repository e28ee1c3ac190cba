"""In which scripts and language the text is written, and whether it is language at all."""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.encoded import codec_of
from msa_ml.features.mail.message import Message
from msa_ml.features.shared.function_words import function_words
from msa_ml.features.shared.text import SAMPLE, SCRIPTS, profile

_WORDS = "function_words"
_NO_LETTER = "no letter in the text"
_FEW = "fewer than 5 distinct words"
_LEAST = 5
_PROSE = 0.125  # exact in float32, as vectors are
_REGIONS = {
    "cyrillic": ("cp1251", "koi8_r", "koi8_u", "koi8_t", "iso8859_5", "cp866", "cp855", "mac_cyrillic", "ptcp154", "kz1048"),
    "greek": ("cp1253", "iso8859_7", "cp737", "cp869", "mac_greek"),
    "arabic": ("cp1256", "iso8859_6", "cp864", "cp720"),
    "hebrew": ("cp1255", "iso8859_8", "cp862", "cp856", "cp424"),
    "southeast_asian": ("cp874", "iso8859_11", "tis_620"),
    "han": ("gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "cp950", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2",
            "iso2022_jp_3", "iso2022_jp_ext", "shift_jis", "shift_jisx0213", "shift_jis_2004", "cp932", "euc_jp", "euc_jis_2004", "euc_jisx0213"),
    "hangul": ("euc_kr", "cp949", "johab", "iso2022_kr"),
}  # fmt: skip
_SCRIPT_OF = {codec: SCRIPTS.index(script) for script, codecs in _REGIONS.items() for codec in codecs}


_ALL_LATIN = {"latin": 1, "cyrillic": 0, "east_asian": 0, "right_to_left": 0, "other": 0, "scripts": 1}


class Language(Extractor):
    r"""Shares of the scripts, and of the words without which no language makes a sentence.

    Scripts by Unicode's ranges, on the first 2,500 characters. The language is the one of twenty of which the most
    function words stand among the distinct ones of the first 64 words: text of sentences is full of them, words of chance and lists are not
    (function words as the marker of a language: Grefenstette 1995, "Comparing two language identification schemes").

    The road not taken is a language detector. Measured on 1,000 characters of mail: pycld2 54 µs, but no wheels for
    Python 3.14 and its C++ of 2015 would read hostile bytes; cld3 326 µs; py3langid 657 µs and 100 MB of memory; lingua,
    heliport and eldc take 70 to 130 MB installed.

    Examples
    --------
    >>> found = Language().extract(Message(b"Subject: x\n\nthis is a text of the kind that we have here for you"))
    >>> found["english"], found["cyrillic"]
    (1.0, 0)
    """

    name = "mail.language"
    kind = "mail"
    version = 2
    reads = (_WORDS,)
    features = (
        Feature("latin", "share of letters that are Latin", "share", 0, 1, nan=_NO_LETTER, source="UAX 24"),
        Feature("cyrillic", "share of letters that are Cyrillic", "share", 0, 1, nan=_NO_LETTER, source="UAX 24"),
        Feature("east_asian", "share of letters that are Han, Kana or Hangul", "share", 0, 1, nan=_NO_LETTER, source="UAX 24"),
        Feature("right_to_left", "share of letters that are Arabic or Hebrew", "share", 0, 1, nan=_NO_LETTER, source="UAX 24"),
        Feature("other", "share of letters of any other script", "share", 0, 1, nan=_NO_LETTER, source="UAX 24"),
        Feature("scripts", "scripts with at least a twentieth of the letters", "count", 0, len(SCRIPTS), nan=_NO_LETTER),
        Feature("function_words", "share of function words, of the language that has the most, among the distinct words; 0.125 at most, which any prose reaches", "share", 0, _PROSE, nan=_FEW, source="Grefenstette 1995"),
        Feature("second", "function words of the second language over those of the first", "share", 0, 1, nan="no function word, or " + _FEW),
        Feature("english", "function words of English over those of the language that has the most", "share", 0, 1, nan="no function word, or " + _FEW),
        Feature("idle_charset", "text parts in the charset of a script of which they have no letter", high=1000, source="RFC 2046 4.1.2"),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        text = mail.html_text or mail.text
        seen = profile(text[:SAMPLE])
        values: dict[str, float] = {"idle_charset": _idle(mail)}
        letters = seen.letters
        if letters and seen.scripts[0] == letters:
            values |= _ALL_LATIN
        elif letters:
            latin, cyrillic, greek, arabic, hebrew, indic, southeast, han, kana, hangul, styled, other = (
                count / letters for count in seen.scripts
            )
            values |= {
                "latin": latin,
                "cyrillic": cyrillic,
                "east_asian": min(han + kana + hangul, 1),
                "right_to_left": min(arabic + hebrew, 1),
                "other": min(greek + indic + southeast + styled + other, 1),
                "scripts": sum(20 * count >= letters for count in seen.scripts),
            }
        words, first, second, english = function_words(self.lists[_WORDS].words).among(text)
        if words >= _LEAST:
            values["function_words"] = min(first / words, _PROSE)
            if first:
                values["second"] = second / first
                values["english"] = english / first
        return values


def _idle(mail: Message) -> int:
    """Count the text parts whose charset was made for a script that they do not use."""
    idle = 0
    for part in mail.parts:
        script = _SCRIPT_OF.get(codec_of(part.charset) or "") if part.charset else None
        if script is not None and part.is_text and part.disposition != "attachment":
            # Bytes of ASCII alone are no letter of any of these scripts, but for the encodings that shift (ISO 2022, HZ).
            if part.content.isascii() and b"\x1b" not in part.content and b"~{" not in part.content:
                idle += bool(part.content.strip())
            else:
                own = profile(part.text[:SAMPLE])
                idle += bool(own.letters) and not own.scripts[script]
    return idle
