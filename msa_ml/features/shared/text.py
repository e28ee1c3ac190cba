"""Counts over the characters of a text, fast enough for every mail: one table look-up, then histograms.

Everything is counted on code points by tables of Python's Unicode database, so that a port needs the same tables and no
tokeniser. Each function is linear in the text; callers cut it to :data:`SAMPLE` first.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import numpy as np
from numpy.typing import NDArray

SAMPLE = 8_000  # characters: longer than 95 of 100 mails, and a page that somebody may read
UPPER, LOWER, LETTER, DIGIT, SPACE, PUNCTUATION, SYMBOL, UNSEEN, OTHER = range(9)
SCRIPTS = (
    "latin", "cyrillic", "greek", "arabic", "hebrew", "indic", "southeast_asian", "han", "kana", "hangul", "styled", "other",
)  # fmt: skip
_LATIN, _CYRILLIC, _GREEK, *_, _STYLED, _OTHER_SCRIPT = range(len(SCRIPTS))
_TABLE_SIZE = 0x20000  # the basic plane, and the next one for styled letters and pictographs

# Classes: upper, lower and caseless letters of each script, then what is no letter. The numbers stand in bytes, so
# that patterns of classes are found by translate, count and find, which took a third of the time of the same in numpy.
_N = len(SCRIPTS)
_CAPITALS, _LETTERS = _N, 3 * _N
_DIGIT, _PUNCTUATION, _SYMBOL, _UNSEEN, _OTHER, _SHOUT, _SHOUT_SYMBOL, _HYPHEN, _SPACE = range(
    _LETTERS, _LETTERS + 9
)
_CLASSES = 64
_SHOUTING = "!?*%#"

# Ranges of Unicode's blocks, whole ones where a script has them to itself.
_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "latin": ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0x2AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xAB30, 0xAB6F)),
    "cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x1D2B, 0x1D2B), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
    # Greek and the other alphabets with the same look: Coptic, Cherokee, Armenian, Lisu.
    "greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF), (0x13A0, 0x13FF), (0xAB70, 0xABBF), (0x530, 0x58F), (0xA4D0, 0xA4FF)),
    "arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
    "hebrew": ((0x590, 0x5FF), (0xFB1D, 0xFB4F)),
    "indic": ((0x900, 0xDFF),),
    "southeast_asian": ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF)),
    "han": ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)),
    "kana": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "hangul": ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)),
    # Latin letters once more, in another dress: full width, circled, mathematical, small capitals of phonetics.
    "styled": ((0x1D00, 0x1D2A), (0x1D2C, 0x1D7F), (0x2100, 0x214F), (0x249C, 0x24E9), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0x1D400, 0x1D7FF), (0x1F110, 0x1F189)),
}  # fmt: skip
_DRESSED = ((0x249C, 0x24E9), (0x1F110, 0x1F189))  # by category they are symbols, to a reader letters
_NO_GLYPH = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)  # letters and marks without a glyph


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], bytes]:
    """Class of each character, and the same for one byte."""
    scripts = np.full(_TABLE_SIZE, _OTHER_SCRIPT, np.uint8)
    for number, name in enumerate(SCRIPTS[:-1]):
        for first, last in _RANGES[name]:
            scripts[first : last + 1] = number
    classes = np.full(_TABLE_SIZE, _OTHER, np.uint8)
    by_first = {"N": _DIGIT, "Z": _SPACE, "P": _PUNCTUATION, "S": _SYMBOL}
    offsets = {"Lu": 0, "Ll": _N, "Lt": 2 * _N, "Lm": 2 * _N, "Lo": 2 * _N}
    for code in range(_TABLE_SIZE):
        category = unicodedata.category(chr(code))
        if category in offsets:
            classes[code] = offsets[category] + scripts[code]
        else:
            classes[code] = _UNSEEN if category == "Cf" else by_first.get(category[0], _OTHER)
    for first, last in _DRESSED:
        classes[first : last + 1] = _N + _STYLED
    classes[[9, 10, 11, 12, 13]] = _SPACE
    classes[list(_NO_GLYPH)] = _UNSEEN
    classes[[ord(mark) for mark in _SHOUTING]] = _SHOUT
    classes[ord("$")] = _SHOUT_SYMBOL
    classes[0xAD] = _HYPHEN  # the soft hyphen is unseen as well, but programs that set text write it
    return classes, classes[:256].tobytes()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a text is made of; counts of characters unless another unit is named.

    Attributes
    ----------
    length
        All characters.
    kinds
        Count by class, in the order of this module's constants from ``UPPER`` to ``OTHER``.
    scripts
        Letters by script, in the order of :data:`SCRIPTS`.
    non_ascii
        Beyond U+007F.
    mixed
        Letters whose neighbour is of another alphabet that looks like theirs: Latin beside Cyrillic, Greek and the like,
        or plain beside styled letters (Unicode Technical Standard 39, section 5.2).
    split
        Characters without width between two letters of alphabets that need none there (Latin, Cyrillic, Greek).
    hyphens
        Soft hyphens between two letters.
    spaced
        Letters that stand alone in a row of at least four such letters, as in ``F R E E`` or ``f.r.e.e``.
    disguised
        Words of five or more characters whose letters are interrupted by single digits or marks, as ``V1agra`` or
        ``fr*e-of`` without the hyphen; what stands in an address does not count.
    shouted
        Letters in blocks of four capitals in a row.
    repeated
        Marks among ``! ? $ * % #`` in pairs, as in ``!!``.
    """

    length: int
    kinds: tuple[int, ...]
    scripts: tuple[int, ...]
    non_ascii: int
    mixed: int
    split: int
    hyphens: int
    spaced: int
    disguised: int
    shouted: int
    repeated: int

    @property
    def letters(self) -> int:
        """Upper, lower and caseless letters."""
        return self.kinds[UPPER] + self.kinds[LOWER] + self.kinds[LETTER]


# Four extractors ask for the profile of one mail's text one after the other; a string knows its hash.
@lru_cache(maxsize=4)
def profile(text: str) -> Profile:
    r"""Count what a text is made of, in linear time.

    Examples
    --------
    >>> seen = profile("F R E E p\u0430ypal!!! V1agra in\u200bside SHOUTING")
    >>> seen.spaced, seen.mixed, seen.repeated, seen.disguised, seen.split, seen.shouted
    (4, 2, 2, 1, 1, 8)
    """
    table, small = _tables()
    if text.isascii():  # one byte a character, and no script but Latin: numpy would take longer
        classes = text.encode("ascii").translate(small)
        count = classes.count
        upper, digits, spaces, unseen, hyphens = count(_UPPER_LATIN), count(_DIGIT), count(_SPACE), 0, 0
        punctuation, marks, other = count(_PUNCTUATION), count(_SHOUT), count(_OTHER)
        dollars, symbols, caseless, non_ascii, mixed = count(_SHOUT_SYMBOL), count(_SYMBOL), 0, 0, 0
        known = upper + digits + spaces + punctuation + marks + other + dollars + symbols
        lower = len(classes) - known
        scripts = (upper + lower, *_NO_SCRIPT)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        numbers = table.take(codes, mode="clip")
        classes = numbers.tobytes()
        non_ascii = int(np.count_nonzero(codes > 0x7F))
        counts: list[int] = np.bincount(numbers, minlength=_CLASSES).tolist()
        upper, lower, caseless = sum(counts[:_N]), sum(counts[_N : 2 * _N]), sum(counts[2 * _N : _LETTERS])
        scripts = tuple([counts[n] + counts[n + _N] + counts[n + 2 * _N] for n in range(_N)])
        digits, punctuation, symbols, unseen, other, marks, dollars, hyphens, spaces = counts[_LETTERS:_END]
        mixed = _mixed(numbers, scripts)
    flat = classes.translate(_FLAT)
    return Profile(
        length=len(classes),
        kinds=(
            upper, lower, caseless, digits, spaces, punctuation + marks, symbols + dollars, unseen + hyphens, other,
        ),
        scripts=scripts,
        non_ascii=non_ascii,
        mixed=mixed,
        split=len(_SPLIT.findall(classes)) if unseen else 0,
        hyphens=len(_HYPHENS.findall(classes)) if hyphens else 0,
        spaced=spaced(flat),
        disguised=_disguised(text, flat) if digits or marks or dollars else 0,
        shouted=4 * classes.translate(_CAPITAL).count(b"cccc") if upper > 3 else 0,
        repeated=2 * flat.count(b"mm") if marks + dollars > 1 else 0,
    )  # fmt: skip


def _table(**groups: tuple[int, ...]) -> bytes:
    """Return a table for translate: one letter for each group of classes, ``x`` for the others."""
    table = bytearray(b"x" * 256)
    for letter, classes in groups.items():
        for number in classes:
            table[number] = ord(letter)
    return bytes(table)


_UPPER_LATIN, _END = _LATIN, _SPACE + 1
_NO_SCRIPT = (0,) * (_N - 1)
_FLAT = _table(l=tuple(range(_LETTERS)), d=(_DIGIT,), m=(_SHOUT, _SHOUT_SYMBOL))
_TWO = bytes.maketrans(b"dm", b"xx")
_CAPITAL = _table(c=tuple(range(_CAPITALS)))
_ALPHABETS = "".join(
    f"\\x{number:02x}" for script in (_LATIN, _CYRILLIC, _GREEK) for number in range(script, _LETTERS, _N)
)
_SPLIT = re.compile(rf"\x{_UNSEEN:02x}(?<=[{_ALPHABETS}].)(?=[{_ALPHABETS}])".encode(), re.DOTALL)
_HYPHENS = re.compile(rf"\x{_HYPHEN:02x}(?<=[{_ALPHABETS}].)(?=[{_ALPHABETS}])".encode(), re.DOTALL)
_DISGUISED = re.compile(r"[^\W\d_]{1,30}(?:[0-9*!$][^\W\d_]{1,30}){1,10}")
_ROW = re.compile(rb"(?<=x)l(?:xl){3,}(?=x)")
_ALPHABET_OF = np.zeros(256, np.uint8)
for _number, _script in enumerate((_LATIN, _CYRILLIC, _GREEK, _STYLED), start=1):
    _ALPHABET_OF[[_script, _script + _N, _script + 2 * _N]] = _number


def _mixed(numbers: NDArray[np.uint8], scripts: tuple[int, ...]) -> int:
    if sum(map(bool, (scripts[_LATIN], scripts[_CYRILLIC], scripts[_GREEK], scripts[_STYLED]))) < 2:
        return 0
    alphabet = _ALPHABET_OF[numbers]
    first, second = alphabet[:-1], alphabet[1:]
    return int(np.count_nonzero((first != second) & (first > 0) & (second > 0)))


def outline(text: str) -> bytes:
    """Return one byte for each character: ``l`` a letter, ``d`` a digit, ``m`` a mark among ``!?$*%#``, ``x`` all else.

    Examples
    --------
    >>> outline("V1agra $!")
    b'ldllllxmm'
    """
    table, small = _tables()
    if text.isascii():
        return text.encode("ascii").translate(small).translate(_FLAT)
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    return table.take(codes, mode="clip").tobytes().translate(_FLAT)


def spaced(flat: bytes) -> int:
    """Count the letters of an outline that stand alone in a row of four: letter, something else, letter ..."""
    two = b"x" + flat.translate(_TWO) + b"x"
    if b"xlxlxlxlx" not in two:
        return 0
    return sum([len(row) // 2 + 1 for row in _ROW.findall(two)])


_MOST_PLACES = 64


def _disguised(text: str, flat: bytes) -> int:
    found = 0
    for pattern in (b"ldl", b"lml"):
        place, looked = flat.find(pattern), 0
        while place >= 0 and looked < _MOST_PLACES:
            start, whole = _word_around(text, place)
            word = whole.strip(_AROUND)
            found += len(word) >= _SHORTEST and _DISGUISED.fullmatch(word) is not None
            place, looked = flat.find(pattern, max(start + len(whole), place + 1)), looked + 1
    return found


_SHORTEST, _LONGEST = 5, 25
_AROUND = ".,;:!?()[]{}<>\"'*_-"


def _word_around(text: str, place: int) -> tuple[int, str]:
    """Return where the run without a blank around a place begins, and the run; at most 31 characters to either side."""
    before = text[max(0, place - _LONGEST - 6) : place].rsplit(" ", 1)[-1].split()
    start = place
    if before and not text[place - 1].isspace():
        start -= len(before[-1])
    return start, text[start : place + _LONGEST + 6].split(maxsplit=1)[0]


_FOLD = bytes((code | 32) - 97 if chr(code).isalpha() and code < 128 else 26 for code in range(256))


def _small(character: str) -> str:
    """Return a small letter; some capitals have two, which would move all places behind them."""
    return character.lower() if character.isascii() else "?"


def chance_words(text: str, pairs: frozenset[str]) -> int:
    """Count the distinct words that hold a pair of letters which languages do not have.

    A word is a run without a blank that is of 5 to 25 of the letters A to Z alone, but for marks at its ends, so that
    addresses, identifiers and signatures in base64 do not count. At most 64 places are looked at.

    Parameters
    ----------
    text
        Any text.
    pairs
        Pairs of small letters.

    Examples
    --------
    >>> chance_words("offer ends qzxkjw. http://a.example/qzxkjwv", frozenset({"qz", "xk"}))
    1
    """
    small = text.lower() if text.isascii() else "".join([_small(character) for character in text])
    if pairs.isdisjoint(map(add, small, small[1:])):
        return 0
    places = [place for place in range(len(small) - 1) if small[place : place + 2] in pairs]
    found = set()
    end = -1
    for place in places[:_MOST_PLACES]:
        if place >= end:
            start, whole = _word_around(text, place)
            end = start + len(whole)
            word = whole.strip(_AROUND)
            if _SHORTEST <= len(word) <= _LONGEST and word.isascii() and word.isalpha():
                found.add(word.lower())
    return len(found)


@lru_cache(maxsize=4)
def words_of(text: str, most: int = 120) -> list[bytes]:
    """Return the first words as UTF-8 in small letters, without ASCII marks and digits; of the first 800 characters.

    Do not change the list: it is kept for the next one who asks.

    Examples
    --------
    >>> words_of("Hello, WORLD -- (again)")
    [b'hello', b'world', b'again']
    """
    text = text[:_WORD_SAMPLE]
    if not text.isascii():
        text = " ".join(text.lower().split())
    return text.encode("utf-8", "replace").translate(_PLAIN_WORDS).split(None, most)[:most]


_WORD_SAMPLE = 800
_PLAIN_WORDS = bytes(
    code if code > 127 else ord(chr(code).lower()) if chr(code).isalpha() else 32 for code in range(256)
)


def entropy(text: str) -> float:
    """Return the entropy of a text's characters in bits per character; 0 for an empty text (Shannon 1948).

    Examples
    --------
    >>> entropy("abab"), entropy("aaaa")
    (1.0, 0.0)
    """
    size = len(text)
    return 0.0 - sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0
