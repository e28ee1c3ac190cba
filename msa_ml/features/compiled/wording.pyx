# cython: boundscheck=True, wraparound=False, binding=True
"""Sums of money and phrases of a list, found in one pass over a text."""

from libc.string cimport memset
from cpython.unicode cimport (
    Py_UNICODE_TOLOWER,
    PyUnicode_1BYTE_DATA,
    PyUnicode_1BYTE_KIND,
    PyUnicode_2BYTE_DATA,
    PyUnicode_2BYTE_KIND,
    PyUnicode_4BYTE_DATA,
    PyUnicode_KIND,
)

from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

# CPython takes one, two or four bytes for each character of a string, by the widest of them.
ctypedef unsigned char Narrow
ctypedef unsigned short Wide
ctypedef fused Unit:
    Narrow
    Wide
    Py_UCS4

cdef enum:
    BEGINNING = 4  # letters of a phrase, and what they are numbered by
    BEGINNINGS = 1024
    PHRASES_MOST = 256
    SAMPLE = 2500  # see SAMPLE and _END of msa_ml.features.mail.appeal
    END = 1000

# What a character tells, where the one before it allows that: a sum by its sign, a million by its noughts, by its name.
cdef enum:
    MONEY = 1
    NOUGHTS = 2
    LARGE = 4

cdef unsigned char tells[128]
cdef unsigned char allows[128]


cdef _prepare():
    memset(tells, 0, sizeof(tells))
    memset(allows, MONEY, sizeof(allows))
    tells[<int>c"$"] = tells[<int>c"U"] = MONEY
    tells[<int>c"0"] = NOUGHTS
    tells[<int>c"l"] = tells[<int>c"L"] = LARGE
    allows[<int>c","] = allows[<int>c"."] = MONEY | NOUGHTS
    allows[<int>c"l"] = allows[<int>c"L"] = MONEY | LARGE


_prepare()


cdef class Wording:
    """See :class:`msa_ml.features.mail.appeal.Wording`."""

    cdef object _own
    cdef list _phrases, _short
    cdef unsigned char _begins[BEGINNINGS]  # whether four letters of this number begin a phrase
    cdef unsigned long long _fours[PHRASES_MOST]  # the first letters of each
    cdef bint _fits

    def __init__(self, phrases):
        cdef Py_ssize_t number, letter
        cdef str phrase
        self._own = PYTHON["Wording"](phrases)
        self._phrases = [phrase for phrase in phrases if len(phrase) >= BEGINNING]
        self._short = [phrase for phrase in phrases if len(phrase) < BEGINNING]
        self._fits = len(self._phrases) <= PHRASES_MOST
        memset(self._begins, 0, sizeof(self._begins))
        memset(self._fours, 0, sizeof(self._fours))
        if self._fits:
            for number, phrase in enumerate(self._phrases):
                for letter in range(BEGINNING):
                    self._fours[number] = with_next(self._fours[number], ord(phrase[letter]))
                self._begins[numbered(self._fours[number])] = 1

    def read(self, str text not None):
        """See :meth:`msa_ml.features.mail.appeal.Wording.read`."""
        cdef Py_ssize_t size = len(text), most = min(size, SAMPLE)
        cdef int kind
        # The only two whose small letters depend on others, or are two.
        if not self._fits or not text.isascii() and ("\u0130" in text or "\u03a3" in text):
            return self._own.read(text)
        if size > SAMPLE:
            text = text[:SAMPLE] + text[size - END:]
            size = SAMPLE + END
        kind = PyUnicode_KIND(text)
        if kind == PyUnicode_1BYTE_KIND:
            return self._read[Narrow](<const Narrow *>PyUnicode_1BYTE_DATA(text), size, most, text.isascii())
        if kind == PyUnicode_2BYTE_KIND:
            return self._read[Wide](<const Wide *>PyUnicode_2BYTE_DATA(text), size, most, False)
        return self._read[Py_UCS4](PyUnicode_4BYTE_DATA(text), size, most, False)

    cdef _read(self, const Unit *text, Py_ssize_t size, Py_ssize_t sample, bint is_ascii):
        cdef Py_ssize_t at, sums = 0, millions = 0
        cdef Py_ssize_t thousands[2]
        cdef unsigned int code, told, allowed = MONEY
        thousands[0] = thousands[1] = 0
        if not is_ascii:
            sums = other_sums(text, sample)
        for at in range(size):
            code = text[at]
            if code > 127:
                code = 0
            told = tells[code] & allowed
            allowed = allows[code]
            if not told:
                continue
            if told == MONEY:
                sums += at < sample and is_sum(text, sample, at)
            elif told == LARGE:
                millions += is_large(text, size, at - 2)
            elif at > thousands[text[at - 1] == c","] and are_noughts(text, size, at - 1):
                millions += 1
                thousands[text[at - 1] == c","] = at + 7  # what was found is not looked at again
        return sums, millions, self._offers(text, size, is_ascii)

    cdef bint _offers(self, const Unit *text, Py_ssize_t size, bint is_ascii):
        cdef Py_ssize_t at, number, first = max(0, size - END)
        cdef str phrase
        cdef unsigned long long four = 0
        for at in range(first, size):
            four = with_next(four, lower(text[at]))
            if self._begins[numbered(four)] and at - first >= BEGINNING - 1:
                for number in range(len(self._phrases)):
                    if self._fours[number] == four and stands(
                        self._phrases[number], text, size, at - BEGINNING + 1
                    ):
                        return True
        for phrase in self._short:
            if not phrase.isascii() and is_ascii:
                continue
            for at in range(first, size + 1):
                if stands(phrase, text, size, at):
                    return True
        return False


cdef inline unsigned long long with_next(unsigned long long four, unsigned int letter) noexcept:
    """Return the last four letters, by sixteen bits of each."""
    return four << 16 | letter & 0xFFFF


cdef inline unsigned int numbered(unsigned long long four) noexcept:
    """Return a number below BEGINNINGS for four letters (Knuth's multiplication)."""
    return <unsigned int>(four * <unsigned long long>0x9E3779B97F4A7C15 >> 54)


cdef inline unsigned int lower(unsigned int code) noexcept:
    if code < 128:
        return code | 0x20 if c"A" <= code <= c"Z" else code
    return Py_UNICODE_TOLOWER(code)


cdef inline bint is_digit(const Unit *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    return 0 <= at < size and c"0" <= text[at] <= c"9"


cdef bint stands(str word, const Unit *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether a word in small letters stands at a place of a text."""
    for letter in word:
        if at >= size or lower(text[at]) != letter:
            return False
        at += 1
    return True


cdef bint is_sum(const Unit *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether _DOLLARS finds this dollar, or _CODED the currency with this U."""
    cdef Py_ssize_t end = at + 1
    if text[at] == c"U":
        if at + 2 < size and text[at + 1] == c"S" and text[at + 2] == c"D":
            end = at + 3
        elif 0 < at < size - 1 and text[at - 1] == c"E" and text[at + 1] == c"R":
            end = at + 2
        else:
            return False
    if end < size and text[end] == c" ":
        end += 1
    return is_digit(text, size, end)


cdef Py_ssize_t other_sums(const Unit *text, Py_ssize_t size) noexcept:
    """Count what _OTHERS finds: a digit and another sign side by side, or with a blank between them."""
    cdef Py_ssize_t at = 0, end, found = 0
    cdef bint digit
    while at < size:
        digit = is_digit(text, size, at)
        if digit or is_sign(text[at]):
            end = at + 2 if at + 1 < size and text[at + 1] == c" " else at + 1
            if end < size and (is_sign(text[end]) if digit else is_digit(text, size, end)):
                found += 1
                at = end  # what was found is not looked at again
        at += 1
    return found


cdef inline bint is_sign(unsigned int code) noexcept:
    """Whether it is one of _SIGNS."""
    return code > 127 and code in (0xA3, 0xA5, 0x20AC, 0x20B9, 0x20BD, 0x20A9, 0x20BA, 0x20BF)


cdef bint are_noughts(const Unit *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether _COMMAS or _POINTS finds the noughts of a million after this mark."""
    return (
        is_digit(text, size, at - 1)
        and stands(",000,000" if text[at] == c"," else ".000.000", text, size, at)
        and not is_digit(text, size, at + 8)
    )


cdef bint is_large(const Unit *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether _LARGE finds the million or billion with this first i: one of money, or beside a digit."""
    if at < 0 or at + 5 >= size or lower(text[at + 5]) != c"n" or not stands("illion", text, size, at):
        return False
    if at > 1 and (lower(text[at - 1]) == c"m" or lower(text[at - 1]) == c"b"):
        if is_digit(text, size, at - 2):
            return True
        if (text[at - 2] == c" " or text[at - 2] == c"-") and is_digit(text, size, at - 3):
            return True
    at += 6
    return (
        stands(" dollar", text, size, at)
        or stands(" euro", text, size, at)
        or stands(" pound", text, size, at)
        or stands(" us", text, size, at)
        or stands(" u.s", text, size, at)
    )
