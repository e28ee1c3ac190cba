# cython: boundscheck=True, wraparound=False, binding=True
"""Words of a list, found in one pass over a text."""

from libc.string cimport memcmp, memset
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_1BYTE_DATA

from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

cdef enum:
    MOST = 64  # words of a text
    PLACES = 128
    LISTED_MOST = 1024  # words of a list
    LISTED_PLACES = 2048
    SHORTS = 0x10000
    LANGUAGES = 32
    FIELD = 8  # bits of a language, see FunctionWords in Python
    WORD_SAMPLE = 500  # see _WORD_SAMPLE of msa_ml.features.shared.text

cdef unsigned char plain[128]  # small letters, blanks for all else
for code in range(128):
    plain[<unsigned char>code] = ord(chr(code).lower()) if chr(code).isalpha() else 32

cdef struct Word:
    unsigned int hash
    unsigned short at
    unsigned short size  # 0 where there is none


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
    cdef unsigned int _spoken[LISTED_PLACES]  # one bit for each language that has the word
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
        self._fits = self._languages <= LANGUAGES and len(codes) <= LISTED_MOST and len(self._letters) < SHORTS
        memset(self._words, 0, sizeof(self._words))
        memset(self._spoken, 0, sizeof(self._spoken))
        if not self._fits:
            return
        letters = <const unsigned char *>PyBytes_AS_STRING(self._letters)
        for word, code in codes.items():
            hash = 0
            for letter in <bytes>word:
                hash = hashed(hash, letter)
            place = place_of(self._words, LISTED_PLACES, letters, letters + at, len(word), hash)
            self._words[place] = Word(hash, at, len(word))
            for number in range(self._languages):
                if code >> FIELD * number & 1:
                    self._spoken[place] |= <unsigned int>1 << number
            at += len(word)

    def among(self, str text not None):
        """See :meth:`msa_ml.features.shared.function_words.FunctionWords.among`."""
        cdef unsigned char small[WORD_SAMPLE]
        cdef const unsigned char *letters
        cdef Py_ssize_t at, size
        cdef bytes data
        if not self._fits:
            return self._own.among(text)
        if not text.isascii():
            data = self._plain(text)
            size = PyBytes_GET_SIZE(data)
            if size < SHORTS:
                return self._among(<const unsigned char *>PyBytes_AS_STRING(data), size)
            return self._own.among(text)
        letters = PyUnicode_1BYTE_DATA(text)
        size = min(len(text), WORD_SAMPLE)
        for at in range(size):
            small[at] = plain[letters[at]]
        return self._among(small, size)

    cdef _among(self, const unsigned char *letters, Py_ssize_t size):
        cdef const unsigned char *listed = <const unsigned char *>PyBytes_AS_STRING(self._letters)
        cdef Word distinct[PLACES]
        cdef Py_ssize_t counts[LANGUAGES]
        cdef Py_ssize_t at, begins = 0, read = 0, words = 0, number, first = 0, second = 0, place
        cdef unsigned int hash = 0, spoken
        memset(distinct, 0, sizeof(distinct))
        memset(counts, 0, sizeof(counts))
        for at in range(size + 1):
            if at < size and letters[at] != c" ":
                hash = hashed(hash, letters[at])
                continue
            if at > begins:
                place = place_of(distinct, PLACES, letters, letters + begins, at - begins, hash)
                if not distinct[place].size:
                    distinct[place] = Word(hash, begins, at - begins)
                    words += 1
                    place = place_of(self._words, LISTED_PLACES, listed, letters + begins, at - begins, hash)
                    spoken = self._spoken[place]
                    number = 0
                    while spoken:
                        counts[number] += spoken & 1
                        spoken >>= 1
                        number += 1
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
