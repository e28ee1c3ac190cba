# cython: boundscheck=True, wraparound=False, binding=True
"""The bytes that content models read, each written in one pass and no further than they are read."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_1BYTE_DATA, PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ

from msa_ml.features.compiled.octets cimport is_blank, small
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

cdef enum:
    WIDEST = 4  # bytes of one character in UTF-8
    SHAPE_MOST = 200  # characters of a text that a shape is made of
    APART_MOST = 200  # letters of a word set apart after the first two
    BOUNDARY_NAME = 9
    BOUNDARY_MOST = 200

cdef unsigned char shown_as[256]  # what is seen of a character of ASCII: 0 if nothing
cdef unsigned char separators[256]  # one bit for each
cdef unsigned char letters[256]  # all of these bits for a small letter
cdef unsigned char shape_of[256]
cdef const char *BOUNDARY = b"boundary="


cdef _prepare():
    cdef int code
    from msa_ml.features.mail import content, shown

    cdef bytes seen_of = shown._SMALL, bits = shown._BITS, letters_of = shown._LETTERS, shapes_of = content._SHAPES
    for code in range(256):
        shown_as[code] = seen_of[code]
        separators[code] = bits[code]
        letters[code] = letters_of[code]
        shape_of[code] = shapes_of[code]


def seen(confusables, str text not None, limit=None):
    """See :func:`msa_ml.features.mail.shown.seen`."""
    cdef Py_ssize_t most = len(text), written
    cdef bytes found
    if separators[<int>c" "] == 0:
        _prepare()
    if text.isascii():
        most = most if limit is None else min(most, <Py_ssize_t>limit)
        found = PyBytes_FromStringAndSize(NULL, most)
        written = write_small(PyUnicode_1BYTE_DATA(text), len(text), <unsigned char *>PyBytes_AS_STRING(found), most)
    else:
        most = WIDEST * most if limit is None else min(WIDEST * most, <Py_ssize_t>limit)
        found = PyBytes_FromStringAndSize(NULL, most)
        written = write_seen(text, shown_table(confusables), <unsigned char *>PyBytes_AS_STRING(found), most)
    return found if written == most else found[:written]


cdef object shown_table(confusables):
    from msa_ml.features.mail.shown import _table

    return _table(confusables)


cdef Py_ssize_t write_small(const unsigned char *text, Py_ssize_t size, unsigned char *into, Py_ssize_t most) noexcept:
    """Write what is seen of ASCII with single blanks; return the number of bytes. Every sixth is a blank: no branch for them."""
    cdef Py_ssize_t at = 0, written = 0
    cdef unsigned char code, last = c" "
    while at < size and written < most:
        code = shown_as[text[at]]
        at += 1
        into[written] = code
        if code == 0:
            continue
        written += (code != c" ") | (last != c" ")
        last = code
    if written and into[written - 1] == c" ":  # none is left at the end of all
        while at < size and (shown_as[text[at]] == 0 or shown_as[text[at]] == c" "):
            at += 1
        if at == size:
            written -= 1
    return written


cdef Py_ssize_t write_seen(str text, const unsigned int[::1] table, unsigned char *into, Py_ssize_t most):
    """Write what is seen of any text as UTF-8 with single blanks; return the number of bytes."""
    cdef int kind = PyUnicode_KIND(text)
    cdef void *characters = PyUnicode_DATA(text)
    cdef Py_ssize_t at = 0, size = len(text), written = 0, wide
    cdef unsigned int code = 0, last = c" "
    while at < size and written < most:
        code = seen_as(PyUnicode_READ(kind, characters, at), table)
        wide = 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
        if written + wide > most:  # no beginning of a character
            break
        at += 1
        if wide == 1:
            into[written] = code
            if code == 0:
                continue
            written += (code != c" ") | (last != c" ")
        else:
            write_wide(code, into + written, wide)
            written += wide
        last = code
    if written and into[written - 1] == c" ":  # none is left at the end of all
        while at < size and (code == 0 or code == c" "):
            code = seen_as(PyUnicode_READ(kind, characters, at), table)
            at += 1
        if code == 0 or code == c" ":
            written -= 1
    return written


cdef inline unsigned int seen_as(unsigned int code, const unsigned int[::1] table):
    """Return what is seen of a character, 0 if nothing; a lone half of a pair is encoded to a question mark."""
    return table[code if not 0xD800 <= code < 0xE000 else <unsigned int>c"?"]


cdef inline void write_wide(unsigned int code, unsigned char *into, Py_ssize_t wide) noexcept:
    """Write a character as two, three or four bytes of UTF-8."""
    cdef Py_ssize_t at
    for at in range(wide - 1, 0, -1):
        into[at] = 0x80 | code & 0x3F
        code >>= 6
    into[0] = (0xC0 if wide == 2 else 0xE0 if wide == 3 else 0xF0) | code


def _may_be_apart(bytes data not None):
    """See :func:`msa_ml.features.mail.shown._may_be_apart`."""
    cdef const unsigned char *text = <const unsigned char *>PyBytes_AS_STRING(data)
    cdef Py_ssize_t at
    # Separators that stand before a letter here, one, two, three and four places ago.
    cdef unsigned int pair, one = 0, two = 0, three = 0, four = 0, separator = 0
    if separators[<int>c" "] == 0:
        _prepare()
    for at in range(PyBytes_GET_SIZE(data)):
        pair = separator & letters[text[at]]
        if pair & two & four:
            return True
        four, three, two, one = three, two, one, pair
        separator = separators[text[at]]
    return False


def closed(bytes data not None):
    """See :func:`msa_ml.features.mail.shown.closed`."""
    cdef const unsigned char *text = <const unsigned char *>PyBytes_AS_STRING(data)
    cdef unsigned char *into
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), at = 0, end, written = 0
    cdef bytes found
    if not _may_be_apart(data):
        return data
    found = PyBytes_FromStringAndSize(NULL, size)
    into = <unsigned char *>PyBytes_AS_STRING(found)
    while at < size:
        end = after_apart(text, size, at)
        into[written] = text[at]
        written += 1
        at += 1
        while at < end:  # every other one is the separator
            into[written] = text[at + 1]
            written += 1
            at += 2
    return found[:written]


cdef Py_ssize_t after_apart(const unsigned char *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Return the end of a word set apart that begins here, the beginning if there is none."""
    cdef Py_ssize_t end = at + 3, more = 0
    if end > size or not letters[text[at]] or not separators[text[at + 1]] or not letters[text[at + 2]]:
        return at
    if at > 0 and is_alphanumeric(text[at - 1]):
        return at
    while (
        more < APART_MOST
        and end + 1 < size
        and text[end] == text[at + 1]
        and letters[text[end + 1]]
        and not (end + 2 < size and is_alphanumeric(text[end + 2]))
    ):
        end += 2
        more += 1
    return end if more > 1 else at


cdef inline bint is_alphanumeric(unsigned char code) noexcept:
    return letters[code] or c"0" <= code <= c"9"


def _printed(list lines not None, limit=None):
    """See :func:`msa_ml.features.mail.content._printed`."""
    cdef Py_ssize_t size = len(lines), most, written = 0, written_lines = 0
    cdef bytes found
    cdef str line
    if separators[<int>c" "] == 0:
        _prepare()
    for line in lines:
        if not line or not line.isascii() or is_blank(PyUnicode_1BYTE_DATA(line)[0]):
            return PYTHON["_printed"](lines, limit)
        size += len(line)
    most = size if limit is None else min(size, <Py_ssize_t>limit)
    found = PyBytes_FromStringAndSize(NULL, most)
    for line in lines:
        written = write_line(
            PyUnicode_1BYTE_DATA(line), len(line), <unsigned char *>PyBytes_AS_STRING(found), most, written,
            written_lines > 0,
        )
        if written < 0:
            return PYTHON["_printed"](lines, limit)
        written_lines += 1
    return found if written == most else found[:written]


cdef Py_ssize_t write_line(
    const unsigned char *line, Py_ssize_t size, unsigned char *into, Py_ssize_t most, Py_ssize_t written, bint below
) noexcept:
    """Append a line, below others; return how many bytes there are now, -1 if it has what is not seen, or nothing else."""
    cdef Py_ssize_t at = 0, start
    cdef unsigned int code
    cdef bint blank = False
    if below and written < most:
        into[written] = c"\n"
        written += 1
    start = written
    while at < size and written < most:
        code = line[at]
        if is_blank(code):
            blank = True
            at += 1
            continue
        if blank:  # and again for what follows it
            into[written] = c" "
            written += 1
            blank = False
            continue
        if code < 32 or code == 127:
            return -1
        if small(code) == c"b" and (after := after_boundary(line, size, at)) > at:
            at = after
            continue
        at += 1
        if c"0" <= code <= c"9":
            if written > start and into[written - 1] == c"0":
                continue
            code = c"0"
        into[written] = code
        written += 1
    return written if at < size or written > start else -1


cdef Py_ssize_t after_boundary(const unsigned char *line, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Return the end of a parameter that begins here, the beginning if there is none."""
    cdef Py_ssize_t name, end
    for name in range(BOUNDARY_NAME):
        if at + name >= size or small(line[at + name]) != BOUNDARY[name]:
            return at
    end = at + BOUNDARY_NAME
    while end < size and end < at + BOUNDARY_NAME + BOUNDARY_MOST and not is_blank(line[end]):
        end += 1
    return end if end > at + BOUNDARY_NAME else at


def shapes(list texts not None):
    """See :func:`msa_ml.features.mail.content.shapes`."""
    cdef unsigned char found[SHAPE_MOST]
    cdef const unsigned char *characters
    cdef unsigned char code
    cdef Py_ssize_t at, written
    cdef str text
    cdef list written_ones = []
    if separators[<int>c" "] == 0:
        _prepare()
    for text in texts:
        if not text.isascii():
            written_ones.append(PYTHON["shapes"]([text])[0])
            continue
        characters = PyUnicode_1BYTE_DATA(text)
        written = 0
        for at in range(min(len(text), SHAPE_MOST)):
            code = shape_of[characters[at]]
            if written and code == found[written - 1] and (code == c"a" or code == c"0" or code == c"A"):
                continue
            found[written] = code
            written += 1
        written_ones.append(found[:written].decode("ascii"))
    return written_ones
