# cython: boundscheck=True, wraparound=False, binding=True
"""The parts of a message: what their header fields say, and the values that hold it."""

from cpython.object cimport PyObject_GenericSetAttr

from msa_ml.features.compiled.octets cimport (
    Octets, PyUnicode_DATA, PyUnicode_GET_LENGTH, at, find, is_ascii, is_blank, past_blanks, piece, stripped,
    unfolded
)
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}


def read(raw, limits, block=None):
    """See :func:`msa_ml.features.mail.mime.read`."""
    own = PYTHON["read"].__globals__
    cdef list parts = [], stack = [(raw[:limits.raw_bytes], 0, "text/plain", "")]
    cdef set damage = set()
    cdef Py_ssize_t left = limits.decoded_bytes
    cdef Py_ssize_t depth, deepest = limits.depth, most = limits.parts
    while stack:
        data, depth, kind, outer = stack.pop()
        if len(parts) >= most:
            damage.add("many_parts")
            break
        if block is None:
            block = own["header_block"].split(data, most=limits.headers, most_bytes=limits.header_bytes)
        said, body, block = what_is_said(block, own), data[block.body:], None
        if "/" in <str>said.kind:
            kind = said.kind
        if (<str>kind).startswith("multipart/"):
            boundary = said.parameters.get("boundary", "")
            inner, trouble = own["_inner"](body, boundary, outer, most, deep=depth >= deepest)
            damage.add(trouble)
            if trouble != "no_boundary":
                parts.append(part(own, said, kind, depth, b""))
                child = "message/rfc822" if kind == "multipart/digest" else "text/plain"
                for piece_of in reversed(<list>inner):
                    stack.append((piece_of, depth + 1, child, boundary))
                continue
            kind = "text/plain"
        if said.encoding in ("quoted-printable", "base64") or len(body) > left:
            content, trouble = own["_content"](body, said.encoding, left)
        else:
            content, trouble = body, ""
        damage.add(trouble)
        left -= len(content)
        parts.append(part(own, said, kind, depth, content))
        if kind == "message/rfc822":
            if depth < deepest:
                stack.append((content, depth + 1, "text/plain", ""))
            else:
                damage.add("many_parts")
    damage.discard("")
    found = object.__new__(own["Parts"])
    PyObject_GenericSetAttr(found, "parts", tuple(parts))
    PyObject_GenericSetAttr(found, "damage", frozenset(damage))
    return found


cdef class Said:
    """What the fields that describe the content say."""

    cdef str kind, encoding, disposition, file_name
    cdef bint declared
    cdef dict parameters


cdef Said what_is_said(object block, dict own):
    """Return what the topmost fields of their names say."""
    cdef tuple names = <tuple?>block.names, values = <tuple?>block.values
    cdef Py_ssize_t index
    cdef Said said = Said()
    content_type = disposition = encoding = None
    for index in range(len(names)):
        name = names[index]
        # The shortest of them has 12 letters.
        if len(<str?>name) < 12 or (<str>name)[0] not in "Cc":
            continue
        name = own["header_block"].lower(name) if (<str>name)[len(<str>name) - 1] <= " " else name.lower()
        if name == "content-type" and content_type is None:
            content_type = text_of(values[index], own)
        elif name == "content-transfer-encoding" and encoding is None:
            encoding = text_of(values[index], own)
        elif name == "content-disposition" and disposition is None:
            disposition = text_of(values[index], own)
    said.declared = bool(content_type)
    said.kind, said.parameters = parameters_of(content_type or "")
    said.disposition, of_disposition = parameters_of(disposition) if disposition else ("", {})
    said.encoding = "" if encoding is None else (<str>encoding).strip().lower()
    said.file_name = (<dict>of_disposition).get("filename") or said.parameters.get("name", "")
    return said


cdef inline object text_of(object value, dict own):
    if is_ascii(value) and PyUnicode_GET_LENGTH(value) <= 65_536:
        return unfolded(value)
    return own["header_block"].text_of(value)


cdef object part(dict own, Said said, object kind, Py_ssize_t depth, object content):
    """Return a frozen value by what sets the attributes of any other; its own way takes a call for each."""
    made = object.__new__(own["Part"])
    PyObject_GenericSetAttr(made, "content_type", kind)
    PyObject_GenericSetAttr(made, "declared", said.declared)
    PyObject_GenericSetAttr(made, "charset", said.parameters.get("charset", "").strip().lower())
    PyObject_GenericSetAttr(made, "encoding", said.encoding)
    PyObject_GenericSetAttr(made, "disposition", said.disposition)
    PyObject_GenericSetAttr(made, "file_name", own["decode_words"](said.file_name).strip())
    PyObject_GenericSetAttr(made, "boundary", said.parameters.get("boundary", ""))
    PyObject_GenericSetAttr(made, "depth", depth)
    PyObject_GenericSetAttr(made, "content", content)
    return made


def parameters(value):
    """See :func:`msa_ml.features.mail.mime.parameters`."""
    return parameters_of(value)


cdef tuple parameters_of(object value):
    # Escapes and the pieces of RFC 2231 are for Python's own.
    if not is_ascii(value) or PyUnicode_GET_LENGTH(value) > 8192 or "\\" in <str>value or "*" in <str>value:
        return PYTHON["parameters"](value)
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
