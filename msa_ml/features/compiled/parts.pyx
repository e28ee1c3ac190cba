# cython: boundscheck=True, wraparound=False, binding=True
"""The parts of a message: what their header fields say, and the values that hold it."""

from cpython.object cimport PyObject_GenericSetAttr

from msa_ml.features.compiled.octets cimport (
    Octets, PyUnicode_DATA, PyUnicode_GET_LENGTH, at, find, is_ascii, is_blank, past_blanks, piece, stripped
)

cdef extern from *:
    """
    static const char *msa_source = MSA_SOURCE;
    """
    const char *msa_source

SOURCE = msa_source.decode()
PYTHON = {}


def _wanted(block):
    """See :func:`msa_ml.features.mail.mime._wanted`."""
    own = PYTHON["_wanted"].__globals__
    cdef dict found = {}
    cdef tuple names = <tuple?>block.names, values = <tuple?>block.values
    cdef Py_ssize_t index
    for index in range(len(names)):
        written = <str?>names[index]
        # The shortest of them has 12 letters; blanks may follow.
        if PyUnicode_GET_LENGTH(written) >= 12 and written[0] in "Cc":
            name = own["header_block"].lower(written)
            if name in own["_WANTED"] and name not in found:
                found[name] = own["header_block"].text_of(values[index])
    return found


def _parameters(value):
    """See :func:`msa_ml.features.mail.mime._parameters`."""
    # Escapes and the pieces of RFC 2231 are for Python's own.
    if not is_ascii(value) or "\\" in <str>value or "*" in <str>value:
        return PYTHON["_parameters"](value)
    cdef Octets data = <Octets>PyUnicode_DATA(value)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(value), here, begin, end
    cdef dict found = {}
    here = find(data, size, c';', 0)
    cdef str main = stripped(data, size, 0, here).lower()
    while here < size:
        begin = end = past_blanks(data, size, here + 1)
        while is_of_name(at(data, size, end)):
            end += 1
        here = past_blanks(data, size, end)
        if not 0 < end - begin <= 64 or at(data, size, here) != c'=':
            here = find(data, size, c';', begin)
            continue
        name = stripped(data, size, begin, end).lower()
        begin = past_blanks(data, size, here + 1)
        if at(data, size, begin) == c'"':
            here = end = find(data, size, c'"', begin + 1)
            text = piece(data, size, begin + 1, end)
            if end == size:
                text = text.rstrip()
        else:
            here = find(data, size, c';', begin)
            text = stripped(data, size, begin, here)
        found.setdefault(name, text)
        here = find(data, size, c';', here)
    return main, found


cdef inline bint is_of_name(int byte) noexcept:
    """Whether a byte may stand in the name of a parameter."""
    return byte >= 0 and byte != c'=' and byte != c';' and byte != c'"' and not is_blank(byte)


def _part(fields, kind, of_kind, depth, content):
    """See :func:`msa_ml.features.mail.mime._part`."""
    own = PYTHON["_part"].__globals__
    cdef dict said = <dict?>fields, of_type = <dict?>of_kind
    disposition, of_disposition = own["parameters"](said.get("content-disposition", ""))
    name = (<dict?>of_disposition).get("filename") or of_type.get("name", "")
    part = object.__new__(own["Part"])
    # A frozen value is made in this way too, but by a call for each of these.
    PyObject_GenericSetAttr(part, "content_type", kind)
    PyObject_GenericSetAttr(part, "declared", bool(said.get("content-type")))
    PyObject_GenericSetAttr(part, "charset", of_type.get("charset", "").strip().lower())
    PyObject_GenericSetAttr(part, "encoding", said.get("content-transfer-encoding", "").strip().lower())
    PyObject_GenericSetAttr(part, "disposition", disposition)
    PyObject_GenericSetAttr(part, "file_name", own["decode_words"](name).strip())
    PyObject_GenericSetAttr(part, "boundary", of_type.get("boundary", ""))
    PyObject_GenericSetAttr(part, "depth", depth)
    PyObject_GenericSetAttr(part, "content", content)
    return part
