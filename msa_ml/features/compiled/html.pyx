# cython: boundscheck=True, wraparound=False, binding=True
"""The source of HTML: its tags, images, attributes and comments are counted where ``<``, ``=`` and ``&`` stand."""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.unicode cimport (
    PyUnicode_DATA, PyUnicode_DecodeLatin1, PyUnicode_GET_LENGTH, PyUnicode_KIND,
)  # fmt: skip
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcmp, memcpy, memset

from msa_ml.features.compiled.source cimport msa_source

cdef extern from *:
    """
    #define largest(text) PyUnicode_MAX_CHAR_VALUE(text)
    """
    Py_UCS4 largest(str text)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 largest)

SOURCE = msa_source.decode()
PYTHON = {}

ctypedef const unsigned char *Text  # characters of Latin-1, in small letters

# What a character is, one bit each; of Latin-1 as Python has it.
cdef enum:
    SPACE = 1
    WORD = 2  # letters, digits and what else isalnum
    SMALL = 4  # a to z
    NAME = 8  # may stand in the name of an element: a to z, 0 to 9, - and :
    HEX = 16
    DIGIT = 32

cdef unsigned char KIND[256]
cdef unsigned char SMALL_LETTER[256]
for _code in range(256):
    _letter = chr(_code)
    SMALL_LETTER[_code] = ord(_letter.lower())
    KIND[_code] = (
        SPACE * _letter.isspace()
        | WORD * _letter.isalnum()
        | SMALL * ("a" <= _letter <= "z")
        | NAME * ("a" <= _letter <= "z" or "0" <= _letter <= "9" or _letter in "-:")
        | HEX * (_letter in "0123456789abcdef")
        | DIGIT * ("0" <= _letter <= "9")
    )


cdef inline bint has(Text text, Py_ssize_t size, Py_ssize_t i, int kinds) noexcept:
    """Whether a character of one of the kinds stands there; outside stands none."""
    return 0 <= i < size and KIND[text[i]] & kinds != 0


cdef inline bint stands(Text text, Py_ssize_t size, Py_ssize_t i, bytes word) noexcept:
    return 0 <= i <= size - len(word) and memcmp(text + i, <const char *>word, len(word)) == 0


cdef inline Py_ssize_t find(Text text, Py_ssize_t size, Py_ssize_t i, int code) noexcept:
    """Return where a character stands next, -1 when nowhere."""
    if i >= size:
        return -1
    cdef const void *found = memchr(text + i, code, size - i)
    return <Text>found - text if found != NULL else -1


cdef inline Py_ssize_t run(Text text, Py_ssize_t size, Py_ssize_t i, int kinds, Py_ssize_t most) noexcept:
    """Return how many characters of some kinds stand there in a row, ``most`` at most."""
    cdef Py_ssize_t k = i
    while k < size and k - i < most and KIND[text[k]] & kinds:
        k += 1
    return k - i


cdef Py_ssize_t before(Text text, Py_ssize_t size, Py_ssize_t equals, bytes name) noexcept:
    """Return where the name of an attribute begins whose ``=`` this is, -1 when it has another name."""
    cdef Py_ssize_t k = equals
    while k > 0 and equals - k < 9 and KIND[text[k - 1]] & SPACE:
        k -= 1
    k -= len(name)
    return k if stands(text, size, k, name) else -1


cdef Py_ssize_t value(Text text, Py_ssize_t size, Py_ssize_t equals) noexcept:
    """Return where the value of an attribute begins, behind blanks and a quote; ``size`` when those are too many."""
    cdef Py_ssize_t i = equals + 1, blanks = run(text, size, equals + 1, SPACE, 19)
    i += blanks
    if i < size and (text[i] == c'"' or text[i] == c"'"):
        if blanks > 9:
            return size
        blanks = run(text, size, i + 1, SPACE, 10)
        return i + 1 + blanks if blanks <= 9 else size
    return i if blanks <= 18 else size


# --- Small letters -----------------------------------------------------------------------------------------------------


def _prepared(str source, Py_ssize_t most_copies):
    """See :func:`msa_ml.features.mail.page._prepared`."""
    if PyUnicode_KIND(source) != 1:
        return PYTHON["_prepared"](source, most_copies)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(source), tags = 0, i
    cdef Text text = <Text>PyUnicode_DATA(source)
    cdef str small = PyUnicode_New(size, largest(source))
    cdef Text letters = <Text>PyUnicode_DATA(small)
    cdef bint has_base = False
    _lower(text, <unsigned char *>letters, size)
    i = find(letters, size, 0, c"<")
    while i >= 0:
        tags += 1
        if i + 1 < size and letters[i + 1] == c"b":
            has_base |= stands(letters, size, i, b"<base")
        i = find(letters, size, i + 1, c"<")
    if tags * tags > most_copies:
        return PYTHON["_prepared"](source, most_copies)
    return source, small, has_base


cdef void _lower(Text text, unsigned char *out, Py_ssize_t size) noexcept:
    """Write Latin-1 in small letters, eight of ASCII at a time: the high bit of each byte tells whether it is a capital."""
    cdef uint64_t ones = 0x0101010101010101, word
    cdef Py_ssize_t i = 0
    while i < size:
        if i + 8 <= size:
            memcpy(&word, text + i, 8)
            if not word & 128 * ones:
                word |= (((word + 63 * ones) ^ (word + 37 * ones)) & 128 * ones) >> 2
                memcpy(out + i, &word, 8)
                i += 8
                continue
        out[i] = SMALL_LETTER[text[i]]
        i += 1


# --- The counts --------------------------------------------------------------------------------------------------------

cdef struct Counts:
    Py_ssize_t forms, images, scripts, fonts, tables, metas, inputs, frames
    Py_ssize_t splits, entities, looked_at_images, outside, inline, pixels, refresh, passwords
    Py_ssize_t image_end, body, body_end


def _marks(str whole, known):
    """See :func:`msa_ml.features.mail.html._marks`."""
    if PyUnicode_KIND(whole) != 1:
        return PYTHON["_marks"](whole, known)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(whole), kept = size
    cdef Text text = <Text>PyUnicode_DATA(whole)
    cdef Counts counts
    memset(&counts, 0, sizeof(Counts))
    counts.body = -1
    cdef bytearray without = _without_comments(text, size, &kept, &counts.splits)
    if without is not None:
        text = <Text>PyByteArray_AS_STRING(without)
    _tags(text, kept, &counts, known)
    _entities(text, kept, &counts)
    inks, has_small = set(), False
    if counts.fonts or counts.metas or counts.inputs:
        has_small = _attributes(text, kept, &counts, inks)
    return {
        "looked_at": size,
        "commented": size - kept,
        "split_words": counts.splits,
        "entities": counts.entities,
        "forms": counts.forms,
        "passwords": counts.passwords if counts.inputs else 0,
        "images": counts.images,
        "outside_images": counts.outside if counts.images else 0,
        "inline_images": counts.inline if counts.images else 0,
        "pixels": counts.pixels if counts.images else 0,
        "scripts": counts.scripts,
        "refresh": counts.refresh if counts.metas else 0,
        "frames": counts.frames,
        "fonts": counts.fonts,
        "tables": counts.tables,
    }, _ground(text, &counts), inks if counts.fonts else set(), has_small and counts.fonts > 0


cdef bytearray _without_comments(Text text, Py_ssize_t size, Py_ssize_t *kept, Py_ssize_t *splits):
    """Return the source without comments, None where there is none; its length, and how many stand inside a word."""
    cdef Py_ssize_t begin = _comment(text, size, 0), at = 0, out = 0
    if begin < 0:
        return None
    cdef bytearray without = bytearray(size)
    cdef char *data = PyByteArray_AS_STRING(without)
    while begin >= 0:
        memcpy(data + out, text + at, begin - at)
        out += begin - at
        at = _comment_end(text, size, begin + 4)
        splits[0] += has(text, size, begin - 1, WORD) and has(text, size, at, WORD)
        begin = _comment(text, size, at)
    memcpy(data + out, text + at, size - at)
    kept[0] = out + size - at
    return without


cdef Py_ssize_t _comment(Text text, Py_ssize_t size, Py_ssize_t i) noexcept:
    i = find(text, size, i, c"<")
    while i >= 0 and not stands(text, size, i, b"<!--"):
        i = find(text, size, i + 1, c"<")
    return i


cdef Py_ssize_t _comment_end(Text text, Py_ssize_t size, Py_ssize_t i) noexcept:
    """Return where a comment ends; one that is never closed is all the rest."""
    i = find(text, size, i + 2, c">")
    while i >= 0 and (text[i - 1] != c"-" or text[i - 2] != c"-"):
        i = find(text, size, i + 1, c">")
    return i + 1 if i >= 0 else size


cdef int _tags(Text text, Py_ssize_t size, Counts *counts, known) except -1:
    cdef Py_ssize_t i = find(text, size, 0, c"<"), length
    while i >= 0:
        length = run(text, size, i + 1, NAME, 20)
        _count(text + i + 1, length, counts)
        if text[i + 1 if length else i] == c"i" and stands(text, size, i, b"<img") and i >= counts.image_end:
            _image(text, size, i + 4, counts)
        elif counts.body < 0 and stands(text, size, i, b"<body") and not _in_word(text, size, i + 5):
            counts.body = i + 5
            counts.body_end = _end(text, size, i + 5, 1000)
        if has(text, size, i - 1, WORD):
            counts.splits += _splits(text, size, i, known)
        i = find(text, size, i + 1, c"<")
    return 0


cdef inline bint _in_word(Text text, Py_ssize_t size, Py_ssize_t i) noexcept:
    return has(text, size, i, WORD) or (i < size and text[i] == c"_")


cdef inline Py_ssize_t _end(Text text, Py_ssize_t size, Py_ssize_t i, Py_ssize_t most) noexcept:
    """Return where a tag ends, at most so many characters behind."""
    size = min(size, i + most)
    cdef Py_ssize_t end = find(text, size, i, c">")
    return end if end >= 0 else size


cdef inline void _count(Text name, Py_ssize_t length, Counts *counts) noexcept:
    """Count an element by its name."""
    if length == 3:
        counts.images += memcmp(name, b"img", 3) == 0
    elif length == 4:
        counts.forms += memcmp(name, b"form", 4) == 0
        counts.fonts += memcmp(name, b"font", 4) == 0
        counts.metas += memcmp(name, b"meta", 4) == 0
    elif length == 5:
        counts.tables += memcmp(name, b"table", 5) == 0
        counts.inputs += memcmp(name, b"input", 5) == 0
        counts.frames += memcmp(name, b"embed", 5) == 0 or memcmp(name, b"frame", 5) == 0
    elif length == 6:
        counts.scripts += memcmp(name, b"script", 6) == 0
        counts.frames += memcmp(name, b"iframe", 6) == 0 or memcmp(name, b"object", 6) == 0


cdef void _image(Text text, Py_ssize_t size, Py_ssize_t i, Counts *counts) noexcept:
    """Look at the attributes of an image: whether it is fetched, and whether it is too small to be seen."""
    cdef Py_ssize_t end, equals, at
    cdef bint is_fetched = False, is_inline = False, is_narrow = False, is_low = False
    if _in_word(text, size, i):
        return
    end = counts.image_end = _end(text, size, i, 3000)
    if counts.looked_at_images >= 1000:
        return
    counts.looked_at_images += 1
    equals = find(text, end, i, c"=")
    while equals >= 0:
        at = value(text, end, equals)
        if before(text, end, equals, b"src") >= i:
            if not is_fetched and not is_inline:
                is_inline = stands(text, end, at, b"data:")
                is_fetched = (
                    stands(text, end, at, b"http:") or stands(text, end, at, b"https:") or stands(text, end, at, b"//")
                )
        elif before(text, end, equals, b"width") >= i:
            is_narrow |= _is_pixel(text, end, at)
        elif before(text, end, equals, b"height") >= i:
            is_low |= _is_pixel(text, end, at)
        equals = find(text, end, equals + 1, c"=")
    counts.outside += is_fetched
    counts.inline += is_inline
    counts.pixels += is_narrow and is_low


cdef inline bint _is_pixel(Text text, Py_ssize_t size, Py_ssize_t i) noexcept:
    """Whether a number from 0 to 2 stands there."""
    if i >= size or not c"0" <= text[i] <= c"2":
        return False
    return not has(text, size, i + 1, DIGIT) and not (i + 1 < size and text[i + 1] == c"%")


cdef int _splits(Text text, Py_ssize_t size, Py_ssize_t i, known) except -1:
    """Whether a tag that follows a letter splits a word: an empty element, or one that programs do not know and skip."""
    cdef Py_ssize_t name = i + 1, first = name, length, end, closed, last
    if first < size and text[first] == c"/":
        first += 1
    if not has(text, size, first, SMALL):
        return False
    length = run(text, size, first, NAME, 17)
    end = first + length
    if length > 16 or end >= size:
        return False
    if text[end] == c"/" or KIND[text[end]] & SPACE:
        end += 1
        last = min(size, end + 101)
        while end < last and text[end] != c"<" and text[end] != c">":
            end += 1
        if end >= last:
            return False
    if text[end] != c">":
        return False
    end += 1
    length += first - name
    closed = end + length + 3
    if (
        closed <= size and text[end] == c"<" and text[end + 1] == c"/" and text[closed - 1] == c">"
        and memcmp(text + name, text + end + 2, length) == 0
    ):  # fmt: skip
        return has(text, size, closed, WORD)
    if not has(text, size, end, WORD):
        return False
    length -= first - name
    # Names with a colon are those of office programs.
    return find(text, first + length, first, c":") < 0 and PyUnicode_DecodeLatin1(<char *>text + first, length, NULL) not in known


cdef void _entities(Text text, Py_ssize_t size, Counts *counts) noexcept:
    cdef Py_ssize_t i = find(text, size, 0, c"&"), k, digits
    while i >= 0:
        if i + 1 < size and text[i + 1] == c"#":
            k = i + 3 if i + 2 < size and text[i + 2] == c"x" else i + 2
            digits = run(text, size, k, HEX, 7)
            counts.entities += 1 <= digits <= 6 and k + digits < size and text[k + digits] == c";"
        i = find(text, size, i + 1, c"&")


cdef int _attributes(Text text, Py_ssize_t size, Counts *counts, set inks) except -1:
    """Count fields for passwords and meta refresh; collect the colours of fonts, return whether a size is tiny."""
    cdef Py_ssize_t equals = find(text, size, 0, c"="), at, name, length, ink_end = 0
    cdef bint has_small = False
    while equals >= 0:
        at = value(text, size, equals)
        name = before(text, size, equals, b"color")
        if name >= ink_end and not _is_part(text, name):
            length = 0
            while length < 30 and (_in_word(text, size, at + length) or (at + length < size and text[at + length] == c"#")):
                length += 1
            if length:
                inks.add(PyUnicode_DecodeLatin1(<char *>text + at, length, NULL))
                ink_end = at + length
        name = before(text, size, equals, b"size")
        if name >= 0 and not _is_part(text, name):
            has_small |= _is_tiny(text, size, at)
        if before(text, size, equals, b"type") >= 0:
            counts.passwords += stands(text, size, at, b"password")
        if before(text, size, equals, b"http-equiv") >= 0:
            counts.refresh += stands(text, size, at, b"refresh")
        equals = find(text, size, equals + 1, c"=")
    return has_small


cdef inline bint _is_part(Text text, Py_ssize_t name) noexcept:
    """Whether a name is the end of a longer one."""
    return name > 0 and (KIND[text[name - 1]] & SMALL != 0 or text[name - 1] == c"-")


cdef inline bint _is_tiny(Text text, Py_ssize_t size, Py_ssize_t i) noexcept:
    """Whether the size of a font is 0, or -4 to -7."""
    if i < size and text[i] == c"-":
        i += 1
        if i >= size or not c"4" <= text[i] <= c"7":
            return False
    elif i >= size or text[i] != c"0":
        return False
    return not has(text, size, i + 1, DIGIT)


cdef object _ground(Text text, Counts *counts):
    """Return the colour of the page as it is written, None when it is not."""
    cdef Py_ssize_t begin = counts.body, end = counts.body_end, equals, at, length
    if begin < 0:
        return None
    equals = find(text, end, begin, c"=")
    while equals >= 0:
        if before(text, end, equals, b"bgcolor") >= begin:
            at, length = value(text, end, equals), 0
            while length < 30 and (_in_word(text, end, at + length) or (at + length < end and text[at + length] == c"#")):
                length += 1
            if length:
                return PyUnicode_DecodeLatin1(<char *>text + at, length, NULL)
        equals = find(text, end, equals + 1, c"=")
    return None
