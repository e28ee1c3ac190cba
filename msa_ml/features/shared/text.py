"""Counts over the characters of a text, fast enough for every mail: one table look-up, then histograms.

Everything is counted on code points by tables of Python's Unicode database, so that a port needs the same tables and no
tokeniser. Each function is linear in the text; callers cut it to :data:`SAMPLE` first.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msa_ml.features.compiled import compiled

SAMPLE = 2_500  # characters: longer than 60 of 100 mails, and a page that somebody may read
SCRIPTS = (
    "latin", "cyrillic", "greek", "arabic", "hebrew", "indic", "southeast_asian", "han", "kana", "hangul", "styled", "other",
)  # fmt: skip
_LATIN, _CYRILLIC, _GREEK, *_, _STYLED, _OTHER_SCRIPT = range(len(SCRIPTS))
_TABLE_SIZE = 0x20000  # the basic plane, and the next one for styled letters and pictographs

# Classes: upper, lower and caseless letters of each script, then what is no letter.
_N = len(SCRIPTS)
_CAPITALS, _LETTERS = _N, 3 * _N
_DIGIT, _PUNCTUATION, _SYMBOL, _UNSEEN, _OTHER, _SHOUT, _MASK, _MASK_SYMBOL, _HYPHEN, _SPACE = range(
    _LETTERS, _LETTERS + 10
)
_CLASSES = 64
_SHOUTING, _MASKING = "?%#", "!*"  # the latter, and the dollar, stand for letters as well

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
def _tables() -> tuple[NDArray[np.uint8], bytes, bytes]:
    """Class of each character; classes and planes of the characters of Latin-1."""
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
    classes[[ord(mark) for mark in _MASKING]] = _MASK
    classes[ord("$")] = _MASK_SYMBOL
    classes[0xAD] = _HYPHEN  # the soft hyphen is unseen as well, but programs that set text write it
    small = classes[:256].tobytes()
    return classes, small, small.translate(_PLANES)


class Profile(NamedTuple):
    """What a text is made of; counts of characters unless another unit is named.

    Attributes
    ----------
    length
        All characters.
    letters
        Upper, lower and caseless letters.
    upper, cased
        Letters in upper case, and those that have a case.
    spaces
        Blanks, ends of lines and the like.
    marks
        Punctuation and symbols.
    unseen
        Without width.
    scripts
        Letters by script, in the order of :data:`SCRIPTS`.
    mixed
        Letters whose neighbour is of another alphabet that looks like theirs: Latin beside Cyrillic, Greek and the like,
        or plain beside styled letters (Unicode Technical Standard 39, section 5.2).
    split
        Characters without width between two letters of alphabets that need none there (Latin, Cyrillic, Greek).
    spaced
        Letters that stand alone in a row of at least four such letters, as in ``F R E E`` or ``f.r.e.e``.
    shouted
        Letters in blocks of four capitals in a row.
    repeated
        Marks among ``! ? $ * % #`` in pairs, as in ``!!``.
    lines, quoted
        Ends of lines, and lines that begin with ``>``.
    exclamations, ends
        Exclamation marks, and the other marks that end a sentence: dots and question marks.
    """

    length: int
    letters: int
    upper: int
    cased: int
    spaces: int
    marks: int
    unseen: int
    scripts: tuple[int, ...]
    mixed: int
    split: int
    spaced: int
    shouted: int
    repeated: int
    lines: int
    quoted: int
    exclamations: int
    ends: int


# Four extractors ask for the profile of one mail's text one after the other; a string knows its hash.
@lru_cache(maxsize=4)
@compiled("text")
def profile(text: str) -> Profile:
    r"""Count what a text is made of, in linear time.

    Examples
    --------
    >>> seen = profile("F R E E p\u0430ypal!!! in\u200bside SHOUTING")
    >>> seen.spaced, seen.mixed, seen.repeated, seen.split, seen.shouted
    (4, 2, 2, 1, 8)
    """
    table, small, planes = _tables()
    size = len(text)
    caseless = mixed = unseen = hyphens = micro = 0
    scripts: tuple[int, ...] = ()
    classes = b""
    try:
        # One byte a character, and no script but Latin, but for the micro sign: numpy would take longer.
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        numbers = table.take(codes, mode="clip")
        classes = numbers.tobytes()
        counts: list[int] = np.bincount(numbers, minlength=_CLASSES).tolist()
        caseless, unseen, hyphens = sum(counts[2 * _N : _LETTERS]), counts[_UNSEEN], counts[_HYPHEN]
        scripts = tuple(
            map(sum, zip(counts[:_N], counts[_N : 2 * _N], counts[2 * _N : _LETTERS], strict=True))
        )
        mixed = _mixed(numbers, scripts)
        flat = classes.translate(_PLANES)
    else:
        flat = data.translate(planes)
        if not text.isascii():
            classes, count = data.translate(small), data.count
            caseless, hyphens, micro = count(b"\xaa") + count(b"\xba"), count(b"\xad"), count(b"\xb5")
    # The whole text is one integer, a byte a character: a plane is counted by a mask, neighbours are compared by shifts.
    bits = int.from_bytes(flat, "little")
    letter, capital, space, mark, twin = _masks(max(SAMPLE, size))
    in_letters = bits & letter
    letters, upper = in_letters.bit_count(), (bits & capital).bit_count()
    before, after = in_letters << 8, in_letters >> 8
    alone = in_letters ^ (in_letters & (before | after))
    row = alone & alone >> 16
    return Profile(
        length=size,
        letters=letters,
        upper=upper,
        cased=letters - caseless,
        spaces=(bits & space).bit_count(),
        marks=(bits & mark).bit_count(),
        unseen=unseen + hyphens,
        scripts=scripts or (letters - micro, *_NO_SCRIPT, micro),
        mixed=mixed,
        split=len(_SPLIT.findall(classes)) if unseen else 0,
        spaced=spaced(flat.translate(_SHAPE)) if row & row >> 32 else 0,
        shouted=4 * flat.count(_FOUR_CAPITALS) if upper > 3 else 0,
        repeated=2 * flat.translate(_SHAPE).count(b"mm") if bits & bits >> 8 & twin else 0,
        lines=text.count("\n"),
        quoted=text.count("\n>") + text.startswith(">"),
        exclamations=text.count("!"),
        ends=text.count(".") + text.count("?"),
    )


@lru_cache(maxsize=1)
def _masks(size: int) -> tuple[int, ...]:
    """Return integers with one bit set at each of so many characters: letters, capitals, blanks, marks, marks in pairs."""
    ones = int.from_bytes(b"\1" * size, "little")
    return tuple([ones << plane for plane in (0, 2, 3, 4, 5)])


def _table(**groups: tuple[int, ...]) -> bytes:
    """Return a table for translate: one letter for each group of classes, ``x`` for the others."""
    table = bytearray(b"x" * 256)
    for letter, classes in groups.items():
        for number in classes:
            table[number] = ord(letter)
    return bytes(table)


_NO_SCRIPT = (0,) * (_N - 2)
_FLAT = _table(l=tuple(range(_LETTERS)), d=(_DIGIT,), m=(_SHOUT, _MASK, _MASK_SYMBOL))
_TWO = bytes.maketrans(b"dm", b"xx")


def _planes() -> bytes:
    """Return the bits of each class, one a plane; the first two stand side by side, see ``inside`` above."""
    planes: tuple[tuple[int, ...], ...] = (
        tuple(range(_LETTERS)),
        (_DIGIT, _MASK, _MASK_SYMBOL),  # what may stand for a letter
        tuple(range(_CAPITALS)),
        (_SPACE,),
        (_PUNCTUATION, _SYMBOL, _SHOUT, _MASK, _MASK_SYMBOL),
        (_SHOUT, _MASK, _MASK_SYMBOL),
    )
    return bytes(
        [sum([(number in plane) << bit for bit, plane in enumerate(planes)]) for number in range(256)]
    )


_PLANES = _planes()
# An outline, see below, of the planes.
_SHAPE = bytes(
    [ord("l" if bits & 1 else "m" if bits & 1 << 5 else "d" if bits & 2 else "x") for bits in range(256)]
)
_FOUR_CAPITALS = _PLANES[:1] * 4
_ALPHABETS = "".join(
    f"\\x{number:02x}" for script in (_LATIN, _CYRILLIC, _GREEK) for number in range(script, _LETTERS, _N)
)
_SPLIT = re.compile(rf"\x{_UNSEEN:02x}(?<=[{_ALPHABETS}].)(?=[{_ALPHABETS}])".encode(), re.DOTALL)
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


@lru_cache(maxsize=1)
def _small_outline() -> bytes:
    return _tables()[1].translate(_FLAT)


def outline(text: str) -> bytes:
    """Return one byte for each character: ``l`` a letter, ``d`` a digit, ``m`` a mark among ``!?$*%#``, ``x`` all else.

    Examples
    --------
    >>> outline("V1agra $!")
    b'ldllllxmm'
    """
    table, _, _ = _tables()
    if text.isascii():
        return text.encode("ascii").translate(_small_outline())
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    return table.take(codes, mode="clip").tobytes().translate(_FLAT)


def spaced(flat: bytes) -> int:
    """Count the letters of an outline that stand alone in a row of four: letter, something else, letter ..."""
    two = b"x" + flat.translate(_TWO) + b"x"
    if b"xlxlxlxlx" not in two:
        return 0
    return sum([len(row) // 2 + 1 for row in _ROW.findall(two)])


@lru_cache(maxsize=4)
def words_of(text: str, most: int = 64) -> list[bytes]:
    """Return the first words as UTF-8 in small letters, without ASCII marks and digits; of the first 500 characters.

    Do not change the list: it is kept for the next one who asks.

    Examples
    --------
    >>> words_of("Hello, WORLD -- (again)")
    [b'hello', b'world', b'again']
    """
    return plain_words(text).split(None, most)[:most]


def plain_words(text: str) -> bytes:
    """Return the first 500 characters as UTF-8 in small letters, with blanks for ASCII marks and digits.

    Examples
    --------
    >>> plain_words("Hello, WORLD")
    b'hello  world'
    """
    text = text[:_WORD_SAMPLE]
    if not text.isascii():
        text = " ".join(text.lower().split())
    return text.encode("utf-8", "replace").translate(_PLAIN_WORDS)


_WORD_SAMPLE = 500
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
