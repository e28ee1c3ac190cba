# cython: boundscheck=True, wraparound=False, binding=True
"""URLs: found in text, and read as a browser reads them."""

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND, PyUnicode_Substring
from libc.string cimport memcmp

from msa_ml.features.compiled.octets cimport at, is_ascii, small
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

cdef enum:
    LONGEST = 2048  # characters of a URL that are read
    REST = 2048  # characters after a scheme that are taken from a text

# What a character is, one bit each.
cdef enum:
    LETTER = 1
    DIGIT = 2
    CAPITAL = 4
    HEX = 8
    IN_URL = 16  # may stand in a URL that is found in a text
    AT_END = 32  # is left out at the end of one: punctuation of the sentence
    BEGINS = 64  # "://" and "www." hold one of these at any three places in a row
    PRINTED = 128  # ASCII that is printable

cdef unsigned char KIND[256]


cdef void _fill() noexcept:
    cdef int code
    for code in range(256):
        KIND[code] = 0
        if c"a" <= (code | 32) <= c"z" and code < 128:
            KIND[code] |= LETTER
            if code < c"a":
                KIND[code] |= CAPITAL
            if (code | 32) <= c"f":
                KIND[code] |= HEX
        elif c"0" <= code <= c"9":
            KIND[code] |= DIGIT | HEX
        if 32 <= code < 127:
            KIND[code] |= PRINTED
        if code > 32 and code not in (0x85, 0xA0) and code not in b"<>\"'`{}|\\^":
            KIND[code] |= IN_URL
        if code in b".,;:!?)]*_":
            KIND[code] |= AT_END
        if code in b":/wW":
            KIND[code] |= BEGINS


_fill()


cdef inline bint has(int code, int kinds) noexcept:
    return code >= 0 and KIND[code] & kinds != 0


cdef inline bint reads(const unsigned char *text, Py_ssize_t size, Py_ssize_t i, bytes word) noexcept:
    """Whether a word in small letters stands there, in any case."""
    cdef Py_ssize_t k
    cdef const unsigned char *letters = word
    if i < 0 or i > size - len(word):
        return False
    for k in range(len(word)):
        if small(text[i + k]) != letters[k]:
            return False
    return True


# --- Finding -----------------------------------------------------------------------------------------------------------


def _urls(str text, Py_ssize_t longest):
    """See :func:`msa_ml.features.mail.message._urls`."""
    if PyUnicode_KIND(text) != 1:
        return PYTHON["_urls"](text, longest)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text), i = 0, end = 0, start, body
    cdef const unsigned char *data = <const unsigned char *>PyUnicode_DATA(text)
    cdef list found = []
    while i < size:
        if not KIND[data[i]] & BEGINS:
            i += 3
            continue
        start = _start(data, size, max(i - 2, end), i, end, &body)
        if start < 0:
            i += 1
            continue
        end = i = body
        if start < body:
            while i < size and i - body < REST and KIND[data[i]] & IN_URL:
                i += 1
            if i > body:
                end = i
                i = min(i, start + longest)
                while i > start and KIND[data[i - 1]] & AT_END:
                    i -= 1
                found.append(PyUnicode_Substring(text, start, i))
                i = end
    return found


cdef Py_ssize_t _start(
    const unsigned char *data, Py_ssize_t size, Py_ssize_t i, Py_ssize_t last, Py_ssize_t end, Py_ssize_t *body
) noexcept:
    """Return where the first URL begins whose mark stands from ``i`` to ``last``, -1 without one; and where its rest does.

    Both are equal where a mark has no scheme before it that is known. ``end`` is where the URL before ended.
    """
    while i <= last:
        if data[i] == c":" and i + 2 < size and data[i + 1] == c"/" and data[i + 2] == c"/":
            body[0] = i + 3
            if i - end >= 5 and reads(data, size, i - 5, b"https"):
                return i - 5
            if i - end >= 4 and reads(data, size, i - 4, b"http"):
                return i - 4
            if i - end >= 3 and reads(data, size, i - 3, b"ftp"):
                return i - 3
            return i + 3
        if i + 3 < size and data[i + 3] == c"." and (
            memcmp(data + i, b"www", 3) == 0 or memcmp(data + i, b"WWW", 3) == 0 or memcmp(data + i, b"Www", 3) == 0
        ):
            body[0] = i + 4
            return i
        i += 1
    return -1


# --- Reading -----------------------------------------------------------------------------------------------------------

def parse(str text):
    """See :func:`msa_ml.features.mail.link.parse`."""
    if not is_ascii(text):
        return PYTHON["parse"](text)
    cdef const unsigned char *data = <const unsigned char *>PyUnicode_DATA(text)
    cdef Py_ssize_t begin = 0, size = min(PyUnicode_GET_LENGTH(text), LONGEST), i
    cdef Py_ssize_t host, path, query, stop
    while begin < size and data[begin] == c" ":
        begin += 1
    while size > begin and data[size - 1] == c" ":
        size -= 1
    for i in range(begin, size):
        if not KIND[data[i]] & PRINTED or data[i] == c"\\":
            return PYTHON["parse"](text)
    host = _host(data, size, begin)
    if host < 0:
        return None
    path = host
    while path < size and data[path] != c"/" and data[path] != c"?" and data[path] != c"#":
        if data[path] == c"%" or data[path] == c"[":
            return PYTHON["parse"](text)
        path += 1
    query = path
    while query < size and data[query] != c"?" and data[query] != c"#":
        query += 1
    stop = query
    if query < size and data[query] == c"?":
        stop = query + 1
        while stop < size and data[stop] != c"#":
            stop += 1
    return _read(text, data, size, begin, host, path, query, stop)


cdef Py_ssize_t _host(const unsigned char *data, Py_ssize_t size, Py_ssize_t begin) noexcept:
    """Return where the host begins, -1 when this is no URL: after scheme and slashes, or at ``www.``."""
    cdef Py_ssize_t i = begin, slashes
    cdef bint web = reads(data, size, begin, b"http:") or reads(data, size, begin, b"ftp:")
    web = web or reads(data, size, begin, b"https:")
    if has(at(data, size, i), LETTER):
        while i < size and i - begin < 16 and (KIND[data[i]] & (LETTER | DIGIT) or data[i] in b"+.-"):
            i += 1
        i = i + 1 if at(data, size, i) == c":" else begin
    slashes = i
    while i < size and i - slashes < 9 and data[i] == c"/":
        i += 1
    if web or i - slashes >= 2:
        return i
    return begin if reads(data, size, begin, b"www.") else -1


cdef object _read(
    str text, const unsigned char *data, Py_ssize_t size, Py_ssize_t begin,
    Py_ssize_t host, Py_ssize_t path, Py_ssize_t query, Py_ssize_t stop,
):  # fmt: skip
    """Return the ``Url`` of the pieces: ``host`` to ``path``, to ``query``, and from the character after that to ``stop``."""
    cdef Py_ssize_t first = host, last = path, i, colon = -1, depth = 0
    cdef bint user = False, capitals = False
    cdef object port = None
    cdef list marks = []
    for i in range(host, path):
        if data[i] == c"@":
            user, first, colon = True, i + 1, -1
        elif data[i] == c":" and colon < 0:
            colon = i
    if colon >= 0:
        last = colon
        if colon + 1 < path:
            port = _port(data, colon + 1, path)
    while first < last and data[first] == c" ":
        first += 1
    while last > first and data[last - 1] == c" ":
        last -= 1
    while last > first and data[last - 1] == c".":
        last -= 1
    last = min(last, first + 253)
    if first == last:
        return None
    for i in range(begin, path):
        capitals |= KIND[data[i]] & CAPITAL != 0
    if user:
        marks.append("user")
    if port is not None and port != 80 and port != 443:
        marks.append("port")
    if capitals:
        marks.append("host_capitals")
    for i in range(path, query):
        depth += data[i] == c"/"
    if query > path and data[query - 1] == c"/":
        depth -= 1
    i = max(stop - query - 1, 0)  # the length of the query
    if query - path + i > 4:
        _tail_marks(data, path, query, stop if i else query, marks)
    if _escaped(data, size, begin):
        marks.append("escapes")
    cdef str name = PyUnicode_Substring(text, first, last)
    return tuple.__new__(PYTHON["parse"].__globals__["Url"], (
        name.lower() if capitals else name,
        port,
        user,
        PyUnicode_Substring(text, path, query),
        PyUnicode_Substring(text, query + 1, stop) if i else "",
        tuple(marks),
        depth,
    ))  # fmt: skip


cdef object _port(const unsigned char *data, Py_ssize_t i, Py_ssize_t end):
    """Return the number of a port, 0 where there is none."""
    cdef long number = 0
    if end - i >= 10:
        return 0
    while i < end:
        if not KIND[data[i]] & DIGIT:
            return 0
        number = 10 * number + data[i] - c"0"
        i += 1
    return number if number < 65_536 else 0


cdef bint _escaped(const unsigned char *data, Py_ssize_t size, Py_ssize_t i) noexcept:
    """Whether a letter or digit is escaped."""
    cdef int first, second
    while i < size - 2:
        if data[i] == c"%":
            first, second = data[i + 1], data[i + 2]
            if first == c"3" and KIND[second] & DIGIT:
                return True
            if (first == c"4" or first == c"6") and KIND[second] & HEX and second != c"0":
                return True
            if (first == c"5" or first == c"7") and (KIND[second] & DIGIT or small(second) == c"a"):
                return True
        i += 1
    return False


cdef object _tail_marks(
    const unsigned char *data, Py_ssize_t path, Py_ssize_t query, Py_ssize_t end, list marks
):
    """Append the marks of path and query, which end at ``end``."""
    cdef Py_ssize_t i, run = 0, digits = 0, dot = -1
    cdef bint redirects = False, token = False, address = False, opt_out = False
    cdef int code
    for i in range(path, end + 1):
        code = at(data, end, i)
        if has(code, LETTER | DIGIT):
            run += 1
            digits += KIND[code] & DIGIT != 0
        else:
            token |= run >= 16 and (3 <= digits < run or digits >= 20)
            run = digits = 0
        if code == c":" or code == c"%" or code == c"@":
            redirects |= _redirects(data, path, end, i)
            address |= _address(data, path, end, i)
        elif code == c".":
            if i < query:
                dot = i
        elif code == c"u" or code == c"U":
            opt_out |= reads(data, end, i, b"unsub")
        elif code == c"r" or code == c"R":
            opt_out |= reads(data, end, i, b"remov")
        elif code == c"o" or code == c"O":
            opt_out |= _opts_out(data, end, i)
    if redirects:
        marks.append("redirects")
    if token and end - path > 16:
        marks.append("tokens")
    if address:
        marks.append("addresses")
    if dot >= 0 and _is_program(data, dot + 1, query):
        marks.append("programs")
    if opt_out:
        marks.append("opt_out")


cdef inline Py_ssize_t _past(
    const unsigned char *data, Py_ssize_t end, Py_ssize_t i, int plain, bytes escaped
) noexcept:
    """Return what comes after a character that may be escaped, -1 when another one stands there."""
    if at(data, end, i) == plain:
        return i + 1
    return i + 3 if reads(data, end, i, escaped) else -1


cdef bint _redirects(const unsigned char *data, Py_ssize_t path, Py_ssize_t end, Py_ssize_t i) noexcept:
    """Whether a colon that stands there is that of another URL."""
    if not (
        (i - path >= 4 and reads(data, end, i - 4, b"http"))
        or (i - path >= 5 and reads(data, end, i - 5, b"https"))
        or (i - path >= 3 and reads(data, end, i - 3, b"ftp"))
    ):
        return False
    i = _past(data, end, i, c":", b"%3a")
    for _ in range(2):
        if i >= 0:
            i = _past(data, end, i, c"/", b"%2f")
    return i >= 0


cdef inline bint _in_name(int code) noexcept:
    return has(code, LETTER | DIGIT) or code == c"_" or code == c"-"


cdef bint _address(const unsigned char *data, Py_ssize_t path, Py_ssize_t end, Py_ssize_t i) noexcept:
    """Whether an @ that stands there is that of an e-mail address."""
    cdef int before = at(data, end, i - 1) if i > path else -1
    cdef Py_ssize_t start
    if not (_in_name(before) or before == c"." or before == c"+"):
        return False
    i = start = _past(data, end, i, c"@", b"%40")
    if i < 0:
        return False
    while i - start < 63 and _in_name(at(data, end, i)):
        i += 1
    return i > start and at(data, end, i) == c"." and _in_name(at(data, end, i + 1))


cdef bint _opts_out(const unsigned char *data, Py_ssize_t end, Py_ssize_t i) noexcept:
    if not reads(data, end, i, b"opt"):
        return False
    i += 3
    if at(data, end, i) == c"-" or at(data, end, i) == c"_":
        i += 1
    return reads(data, end, i, b"out")


cdef bint _is_program(const unsigned char *data, Py_ssize_t i, Py_ssize_t end):
    """Whether this is the extension of a program or an archive."""
    if not 2 <= end - i <= 3:
        return False
    return data[i:end].decode("ascii").lower() in PYTHON["parse"].__globals__["_PROGRAMS"]
