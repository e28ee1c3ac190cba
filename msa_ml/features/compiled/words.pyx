# cython: boundscheck=True, wraparound=False, binding=True
"""Words and phrases of a list, found in one pass over a text."""

from libc.string cimport memcmp, memset
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_1BYTE_DATA

cdef extern from *:
    """
    static const char *msa_source = MSA_SOURCE;
    """
    const char *msa_source

SOURCE = msa_source.decode()
PYTHON = {}

cdef enum:
    MOST = 64  # words of a text
    PLACES = 256
    LISTED_MOST = 1024  # words of a list
    LISTED_PLACES = 4096
    LANGUAGES = 32
    FIELD = 8  # bits of a language, see FunctionWords in Python
    PAIRS = 1024
    SAMPLE = 2500  # see SAMPLE and _END of msa_ml.features.mail.appeal
    END = 1000

cdef struct Word:
    Py_ssize_t at
    Py_ssize_t size  # 0 where there is none
    unsigned int hash
    unsigned int languages  # one bit for each


cdef inline unsigned int hashed(unsigned int hash, unsigned char letter) noexcept:
    """Return the hash of a word and one more letter (Fowler, Noll and Vo)."""
    return (hash ^ letter) * 16777619


cdef Py_ssize_t place_of(
    const Word *words, Py_ssize_t places, const unsigned char *letters,
    const unsigned char *word, Py_ssize_t size, unsigned int hash,
) noexcept:
    """Return the place of a word among others, or the free one where it belongs; there must be one, and a power of two."""
    cdef Py_ssize_t place = hash & places - 1
    while words[place].size and not (
        words[place].hash == hash
        and words[place].size == size
        and memcmp(letters + words[place].at, word, size) == 0
    ):
        place = place + 1 & places - 1
    return place


cdef class FunctionWords:
    """See :class:`msa_ml.features.shared.function_words.FunctionWords`."""

    cdef object _own, _plain
    cdef bytes _letters
    cdef Word _words[LISTED_PLACES]
    cdef Py_ssize_t _languages, _english
    cdef bint _fits

    def __init__(self, lines):
        from msa_ml.features.shared.text import plain_words

        cdef dict codes
        cdef Py_ssize_t at = 0, place, number
        cdef const unsigned char *letters
        cdef unsigned int hash, letter
        self._own = PYTHON["FunctionWords"](lines)
        self._plain = plain_words
        self._english, self._languages, codes = self._own.english, self._own.languages, self._own.codes
        self._letters = b"".join(codes)
        self._fits = self._languages <= LANGUAGES and len(codes) <= LISTED_MOST
        memset(self._words, 0, sizeof(self._words))
        if not self._fits:
            return
        letters = <const unsigned char *>PyBytes_AS_STRING(self._letters)
        for word, code in codes.items():
            hash = 0
            for letter in <bytes>word:
                hash = hashed(hash, letter)
            place = place_of(self._words, LISTED_PLACES, letters, letters + at, len(word), hash)
            self._words[place] = Word(at, len(word), hash, 0)
            for number in range(self._languages):
                if code >> FIELD * number & 1:
                    self._words[place].languages |= <unsigned int>1 << number
            at += len(word)

    def among(self, str text not None):
        """Return the number of distinct words, and how many are of the first and the second language and of English."""
        cdef bytes data
        cdef const unsigned char *letters
        cdef Word distinct[PLACES]
        cdef Py_ssize_t counts[LANGUAGES]
        cdef Py_ssize_t at, begins = 0, size, read = 0, words = 0, number, first = 0, second = 0, place
        cdef unsigned int hash = 0, spoken
        if not self._fits:
            return self._own.among(text)
        data = self._plain(text)
        letters = <const unsigned char *>PyBytes_AS_STRING(data)
        size = PyBytes_GET_SIZE(data)
        memset(distinct, 0, sizeof(distinct))
        memset(counts, 0, sizeof(counts))
        for at in range(size + 1):
            if at < size and letters[at] != c" ":
                hash = hashed(hash, letters[at])
                continue
            if at > begins:
                place = place_of(distinct, PLACES, letters, letters + begins, at - begins, hash)
                if not distinct[place].size:
                    distinct[place] = Word(begins, at - begins, hash, 0)
                    words += 1
                    spoken = self._spoken(letters + begins, at - begins, hash)
                    for number in range(LANGUAGES):
                        counts[number] += spoken >> number & 1
                read += 1
                if read == MOST:
                    break
            begins, hash = at + 1, 0
        for number in range(self._languages):
            if counts[number] >= first:
                first, second = counts[number], first
            elif counts[number] > second:
                second = counts[number]
        return words, first, second, counts[self._english]

    cdef unsigned int _spoken(self, const unsigned char *word, Py_ssize_t size, unsigned int hash):
        """Return the languages that a word is of."""
        cdef const unsigned char *letters = <const unsigned char *>PyBytes_AS_STRING(self._letters)
        return self._words[place_of(self._words, LISTED_PLACES, letters, word, size, hash)].languages


cdef inline bint is_digit(const unsigned char *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    return 0 <= at < size and c"0" <= text[at] <= c"9"


cdef inline unsigned char lower(unsigned char code) noexcept:
    return code | 0x20 if c"A" <= code <= c"Z" else code


cdef bint stands(const char *word, const unsigned char *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether a word in small letters stands at a place of a text."""
    cdef Py_ssize_t letter = 0
    while word[letter]:
        if at + letter >= size or lower(text[at + letter]) != <unsigned char>word[letter]:
            return False
        letter += 1
    return True


cdef class Wording:
    """See :class:`msa_ml.features.mail.appeal.Wording`."""

    cdef object _own
    cdef list _phrases
    cdef unsigned char _begins[PAIRS]  # whether a phrase begins with a pair of letters of this number
    cdef bint _fits

    def __init__(self, phrases):
        cdef str phrase
        cdef bytes data
        self._own = PYTHON["Wording"](phrases)
        self._phrases = [phrase.encode() for phrase in phrases if phrase.isascii()]
        self._fits = all([len(data) > 1 and b"\0" not in data for data in self._phrases])
        memset(self._begins, 0, sizeof(self._begins))
        if self._fits:
            for data in self._phrases:
                self._begins[pair(data[0], data[1])] = 1

    def read(self, str text not None):
        """See :meth:`msa_ml.features.mail.appeal.Wording.read`."""
        cdef const unsigned char *letters
        cdef Py_ssize_t size = len(text), most = min(size, SAMPLE)
        if not self._fits or not text.isascii():
            return self._own.read(text)
        if size > SAMPLE:
            text = text[:SAMPLE] + text[size - END:]
            size = SAMPLE + END
        letters = PyUnicode_1BYTE_DATA(text)
        return sums(letters, most), millions(letters, size), self._offers(letters, size)

    cdef bint _offers(self, const unsigned char *text, Py_ssize_t size):
        cdef Py_ssize_t at
        cdef bytes phrase
        for at in range(max(0, size - END), size - 1):
            if self._begins[pair(lower(text[at]), lower(text[at + 1]))]:
                for phrase in self._phrases:
                    if stands(PyBytes_AS_STRING(phrase), text, size, at):
                        return True
        return False


cdef inline unsigned int pair(unsigned char first, unsigned char second) noexcept:
    return (<unsigned int>first << 5 ^ second) % PAIRS


cdef Py_ssize_t sums(const unsigned char *text, Py_ssize_t size) noexcept:
    """Count what _DOLLARS and _CODED find."""
    cdef Py_ssize_t at, end, found = 0
    for at in range(size):
        if text[at] == c"$":
            end = at + 1
        elif text[at] == c"U" and at + 2 < size and (
            text[at + 1] == c"S" and text[at + 2] == c"D"
            or text[at + 1] == c"R" and at > 0 and text[at - 1] == c"E"
        ):
            end = at + (3 if text[at + 1] == c"S" else 2)
        else:
            continue
        if end < size and text[end] == c" ":
            end += 1
        found += is_digit(text, size, end)
    return found


cdef Py_ssize_t millions(const unsigned char *text, Py_ssize_t size) noexcept:
    """Count what _LARGE, _COMMAS and _POINTS find."""
    cdef Py_ssize_t at, commas = 0, points = 0, found = 0
    cdef unsigned char code
    for at in range(size):
        code = text[at]
        if (code == c"i" or code == c"I") and stands(b"illion", text, size, at):
            found += is_large(text, size, at)
        elif code == c"," and at >= commas and stands(b",000,000", text, size, at):
            if is_digit(text, size, at - 1) and not is_digit(text, size, at + 8):
                found += 1
                commas = at + 8  # what was found is not looked at again
        elif code == c"." and at >= points and stands(b".000.000", text, size, at):
            if is_digit(text, size, at - 1) and not is_digit(text, size, at + 8):
                found += 1
                points = at + 8
    return found


cdef bint is_large(const unsigned char *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Whether the number whose name ends here is one of money, or stands beside a digit."""
    if at > 1 and (lower(text[at - 1]) == c"m" or lower(text[at - 1]) == c"b"):
        if is_digit(text, size, at - 2):
            return True
        if (text[at - 2] == c" " or text[at - 2] == c"-") and is_digit(text, size, at - 3):
            return True
    at += 6
    return (
        stands(b" dollar", text, size, at)
        or stands(b" euro", text, size, at)
        or stands(b" pound", text, size, at)
        or stands(b" us", text, size, at)
        or stands(b" u.s", text, size, at)
    )
