# cython: boundscheck=True, wraparound=False, binding=True
"""Mailboxes, and the hosts behind them."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject

from msa_ml.features.compiled.octets cimport (
    Octets, PyUnicode_DATA, PyUnicode_GET_LENGTH, at, find, is_ascii, is_blank, is_digit, past_blanks, piece,
    stripped, unfolded
)

from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}


def _mailboxes(values):
    """See :func:`msa_ml.features.mail.message._mailboxes`."""
    cdef list found = []
    own = PYTHON["_mailboxes"].__globals__
    for value in (<list?>values)[:10]:
        if is_ascii(value) and PyUnicode_GET_LENGTH(value) <= 65_536:
            found.extend(mailboxes(unfolded(value), 200, 32_768))
        else:
            found.extend(own["addresses"](own["text_of"](value)))
    return tuple(found)


def addresses(value, *, Py_ssize_t most=200, Py_ssize_t most_characters=32_768):
    """See :func:`msa_ml.features.mail.address.addresses`."""
    return mailboxes(value, most, most_characters)


cdef tuple mailboxes(object value, Py_ssize_t most, Py_ssize_t most_characters):
    # Escapes are for Python's own.
    if not is_ascii(value) or "\\" in <str>value:
        return PYTHON["addresses"](value, most=most, most_characters=most_characters)
    cdef Octets data = <Octets>PyUnicode_DATA(value)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(value)
    cdef object found = single(data, size) if size <= 1000 else None
    return several(data, min(size, max(0, most_characters)), most) if found is None else (found,)


cdef object single(Octets data, Py_ssize_t size):
    """Return the mailbox of a field that is one with a name, or a bare one; else ``None``."""
    cdef Py_ssize_t begin = past_blanks(data, size, 0), end = begin, opening
    if at(data, size, begin) == c'"':
        begin += 1
        end = begin
        while at(data, size, end) not in (-1, c'"'):
            end += 1
        if at(data, size, end) != c'"':
            return None
        opening = past_blanks(data, size, end + 1)
    else:
        while is_plain(at(data, size, end)):
            end += 1
        opening = end
    cdef Py_ssize_t closing = find(data, size, c'>', opening)
    if at(data, size, opening) != c'<':
        return bare(data, size)
    if past_blanks(data, size, closing + 1) < size or find(data, closing, c'<', opening + 1) < closing or closing == size:
        return None
    return address(decoded(stripped(data, size, begin, end)), piece(data, size, opening + 1, closing))


cdef inline bint is_plain(int byte) noexcept:
    """Whether a byte may stand in a display name that is not quoted."""
    return byte >= 0 and byte not in (c'"', c',', c';', c'(', c')', c'<', c'>')


cdef object bare(Octets data, Py_ssize_t size):
    """Return the address that is all of a text, without blanks and with one at sign; else ``None``."""
    cdef Py_ssize_t index, sign = find(data, size, c'@', 0)
    if not 0 < sign < size - 1 or find(data, size, c'@', sign + 1) < size:
        return None
    for index in range(size):
        if not is_plain(data[index]) or data[index] == c':' or is_blank(data[index]):
            return None
    return address("", piece(data, size, 0, size))


cdef tuple several(Octets data, Py_ssize_t size, Py_ssize_t most):
    """Return the mailboxes of a list, with its comments, groups and quoted words."""
    cdef Py_ssize_t here = 0, end
    cdef list found = [], words = []
    cdef object spec = None
    cdef int byte
    while here < size:
        byte, end = data[here], here + 1
        if byte == c',' or byte == c';':
            finish(found, words, spec)
            words, spec = [], None
            if len(found) >= most:
                return tuple(found)
        elif byte == c'"':
            end = find(data, size, c'"', end)
            words.append(piece(data, size, here + 1, end))
            end += 1
        elif byte == c'<':
            while at(data, size, end) not in (-1, c'<', c'>'):
                end += 1
            spec = piece(data, size, here + 1, end)
            end += at(data, size, end) == c'>'
        elif byte == c'(':
            while at(data, size, end) not in (-1, c'(', c')'):
                end += 1
            end += at(data, size, end) == c')'
        elif byte == c')':
            words.append(")")
        else:
            while at(data, size, end) not in (-1, c'"', c',', c';', c'<', c'(', c')'):
                end += 1
            words.append(piece(data, size, here, end))
        here = end
    finish(found, words, spec)
    return tuple(found)


cdef object finish(list found, list words, object spec):
    """Add the mailbox that some words and what stood in angle brackets make, if they make one."""
    cdef str text = "".join(words).strip()
    if spec is not None:
        found.append(address(decoded(text), spec))
    elif text:
        # "friends: a@example.com" is a group's name before its first member.
        found.append(address("", text.rpartition(":")[2] if "@" in text else text))


cdef object decoded(str display):
    """Return a display name with its encoded words decoded."""
    if "=?" in display:
        return PYTHON["addresses"].__globals__["decode_words"](display).strip()
    return display


cdef object address(str display, str spec):
    """Return a mailbox by its name and what stands for ``local@domain``, text of ASCII."""
    cdef Octets data = <Octets>PyUnicode_DATA(spec)
    cdef Py_ssize_t begin = 0, end = PyUnicode_GET_LENGTH(spec), sign
    while begin < end and is_blank(at(data, end, end - 1)):
        end -= 1
    begin = past_blanks(data, end, begin)
    while begin < end and at(data, end, begin) in (c'<', c'>'):
        begin += 1
    while begin < end and at(data, end, end - 1) in (c'<', c'>'):
        end -= 1
    sign = end - 1
    while sign >= begin and at(data, end, sign) != c'@':
        sign -= 1
    if sign < begin:
        fields = (display, stripped(data, end, begin, end), "")
    else:
        fields = (display, stripped(data, end, begin, sign), domain_in(data, end, sign + 1))
    return tuple.__new__(PYTHON["addresses"].__globals__["Address"], fields)


cdef str domain_in(Octets data, Py_ssize_t end, Py_ssize_t begin):
    """Return what stands there in lower case, without the dots and blanks around it."""
    while begin < end and is_edge(at(data, end, begin)):
        begin += 1
    while begin < end and is_edge(at(data, end, end - 1)):
        end -= 1
    return piece(data, end, begin, end).lower()


cdef inline bint is_edge(int byte) noexcept:
    return byte in (c' ', c'\t', c'\r', c'\n', c'.', c'>')


# --- hosts ----------------------------------------------------------------------------------------------------------


cdef object LIST = None
cdef dict KNOWN = {}


def registrable(suffixes, host):
    """See :func:`msa_ml.features.shared.domain.registrable`."""
    global LIST
    cdef PyObject *known
    if not is_ascii(host) or PyUnicode_GET_LENGTH(host) > 260:
        return PYTHON["registrable"](suffixes, host)
    # One list is asked about a host by several features of each mail.
    if suffixes is not LIST or len(KNOWN) >= 131_072:
        KNOWN.clear()
        LIST = suffixes
    known = PyDict_GetItemWithError(KNOWN, host)
    if known != NULL:
        return <object>known
    found = registrable_of(suffixes, host)
    KNOWN[host] = found
    return found


cdef object registrable_of(object suffixes, object host):
    cdef Octets data = <Octets>PyUnicode_DATA(host)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(host), begin = past_blanks(data, size, 0), end = size
    while end > begin and is_blank(at(data, size, end - 1)):
        end -= 1
    while end > begin and at(data, size, end - 1) == c'.':
        end -= 1
    if end - begin > 253 or not is_host(data, end, begin):
        return ""
    cdef str name = piece(data, end, begin, end).lower()
    # Numbers and punycode have rules of their own.
    if is_digit(at(data, end, begin)) and is_numeric(name) or "xn--" in name:
        return PYTHON["registrable"](suffixes, host)
    return below_suffix(name, suffixes.words, suffixes.wildcards, suffixes.exceptions)


cdef bint is_host(Octets data, Py_ssize_t end, Py_ssize_t begin) noexcept:
    """Whether there are two labels or more, none of which is empty or too long or holds odd marks."""
    cdef Py_ssize_t label = begin, index, labels = 1
    for index in range(begin, end):
        if data[index] == c'.':
            if not 0 < index - label <= 63:
                return False
            label, labels = index + 1, labels + 1
        elif data[index] in (c' ', c'/', c'@', c':', c'[', c']', c'<', c'>', c'(', c')', c'"', c"'"):
            return False
    return labels > 1 and 0 < end - label <= 63


cdef bint is_numeric(str name):
    """Whether it may be one of the numeric forms of an address."""
    for letter in name:
        if letter not in "0123456789abcdefx.":
            return False
    return True


cdef str below_suffix(str name, frozenset words, frozenset wildcards, frozenset exceptions):
    """Return the name one label below its public suffix."""
    cdef str rest = name, longer = "", longest = ""
    cdef Py_ssize_t size = len(name), dot = -1
    cdef Octets data = <Octets>PyUnicode_DATA(name)
    while True:
        if rest in exceptions:
            return rest
        if rest in wildcards:
            return longest
        if rest in words:
            return longer
        dot = find(data, size, c'.', dot + 1)
        longest, longer = longer, rest
        if dot == size:
            return longest
        rest = piece(data, size, dot + 1, size)


def listed(words, host):
    """See :func:`msa_ml.features.shared.domain.listed`."""
    if not is_ascii(host) or PyUnicode_GET_LENGTH(host) > 253:
        return PYTHON["listed"](words, host)
    cdef Octets data = <Octets>PyUnicode_DATA(host)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(host), dot = -1
    cdef str rest = host
    while rest:
        if rest in <frozenset?>words:
            return True
        dot = find(data, size, c'.', dot + 1)
        rest = piece(data, size, dot + 1, size)
    return False


cdef object SHAPES_OF = None
cdef list SHAPES = []


def skeleton(confusables, text):
    """See :func:`msa_ml.features.shared.confusable.skeleton`."""
    cdef list shapes = shapes_of(confusables) if is_ascii(text) else None
    if not shapes:
        return PYTHON["skeleton"](confusables, text)
    cdef Octets data = <Octets>PyUnicode_DATA(text)
    cdef Py_ssize_t index, used = 0
    cdef char[1024] seen
    for index in range(min(256, PyUnicode_GET_LENGTH(text))):
        for byte in <bytes>shapes[data[index]]:
            if used >= 1024:
                return PYTHON["skeleton"](confusables, text)
            seen[used] = byte
            used += 1
    return seen[:used].decode("ascii")


cdef list shapes_of(object confusables):
    """Return what each character of ASCII looks like by the list that was asked last; nothing when one looks like none of ASCII."""
    global SHAPES_OF, SHAPES
    if confusables is not SHAPES_OF:
        found = [PYTHON["skeleton"](confusables, chr(code)) for code in range(128)]
        SHAPES = [text.encode() for text in found] if "".join(found).isascii() else []
        SHAPES_OF = confusables
    return SHAPES
