# cython: boundscheck=True, wraparound=False, binding=True
"""The header block: its fields in one pass over the bytes, their text, and what they say about the content."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject

from msa_ml.features.compiled.octets cimport (
    Octets, PyUnicode_GET_LENGTH, at, find, is_ascii, piece, unfolded
)
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}


cdef inline bint is_of_name(int byte) noexcept:
    """Whether a byte may stand in the name of a field: no colon, no white space of ``re.ASCII``."""
    return byte >= 0 and byte != c':' and byte != c' ' and not 9 <= byte <= 13


def split(raw, *, Py_ssize_t most=1000, Py_ssize_t most_bytes=262_144):
    """See :func:`msa_ml.features.mail.header_block.split`."""
    own = PYTHON["split"]
    cdef tuple found = sound(raw, most, most_bytes) if PyBytes_CheckExact(raw) else None
    if found is None:
        return own(raw, most=most, most_bytes=most_bytes)
    return tuple.__new__(own.__globals__["Block"], found)


cdef tuple sound(bytes raw, Py_ssize_t most, Py_ssize_t most_bytes):
    """Return what a block holds in which every line is a field or a fold and that a blank line ends; else ``None``."""
    cdef Octets data = <Octets>PyBytes_AS_STRING(raw)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(raw), line = 0, colon, end
    cdef list names = [], values = []
    if raw.startswith(b"From "):
        return None
    while len(names) + 1 < most:
        colon = line
        while is_of_name(at(data, size, colon)):
            colon += 1
        if not 0 < colon - line <= 256 or at(data, size, colon) != c':':
            return None
        end = find(data, size, c'\n', colon)
        while at(data, size, end + 1) == c' ' or at(data, size, end + 1) == c'\t':
            end = find(data, size, c'\n', end + 1)
        if end > most_bytes or end == size:
            return None
        names.append(piece(data, size, line, colon))
        values.append(piece(data, size, colon + 1, end - (at(data, size, end - 1) == c'\r')))
        line = end + 1
        if at(data, size, line) == c'\n':
            return tuple(names), tuple(values), line + 1, ""
        if at(data, size, line) == c'\r' and at(data, size, line + 1) == c'\n':
            # Of line ends in a row the shorter blank line counts; that is for Python's own.
            return None if at(data, size, line + 2) == c'\n' else (tuple(names), tuple(values), line + 2, "")
    return None


def text_of(value, *, Py_ssize_t most=65_536):
    """See :func:`msa_ml.features.mail.header_block.text_of`."""
    if not is_ascii(value) or PyUnicode_GET_LENGTH(value) > most:
        return PYTHON["text_of"](value, most=most)
    return unfolded(value)


def _by_name(names, values):
    """See :func:`msa_ml.features.mail.message._by_name`."""
    cdef dict found = {}
    cdef tuple written = <tuple?>names, sent = <tuple?>values
    cdef Py_ssize_t index
    cdef PyObject *known
    if len(written) != len(sent):
        raise ValueError("there must be a value for each name")
    for index in range(len(written)):
        name = visible(written[index])
        known = PyDict_GetItemWithError(found, name)
        if known != NULL:
            (<list><object>known).append(sent[index])
        else:
            found[name] = [sent[index]]
    found.pop("", None)
    return found


cdef dict VISIBLE = {}


cdef object visible(object written):
    """Return the lower-case name of a field, ``''`` when it is ignored; a look into a dictionary for most."""
    cdef PyObject *known = PyDict_GetItemWithError(VISIBLE, written)
    if known != NULL:
        return <object>known
    name = PYTHON["_by_name"].__globals__["_visible"](written)
    if len(VISIBLE) >= 8192:
        VISIBLE.clear()
    VISIBLE[written] = name
    return name
