"""Looks at bytes that cannot go astray: every index is checked, and what is outside is -1."""

from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.string cimport memchr, memcpy

cdef extern from "Python.h":
    bint PyUnicode_CheckExact(object text)
    bint PyUnicode_IS_ASCII(object text)
    void *PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 most)

ctypedef const unsigned char *Octets


cdef inline bint is_ascii(object text):
    """Whether this is a ``str`` of ASCII, whose characters are its bytes."""
    return PyUnicode_CheckExact(text) and PyUnicode_IS_ASCII(text)


cdef inline int at(Octets data, Py_ssize_t size, Py_ssize_t index) noexcept:
    """Return a byte, -1 outside."""
    # As one expression, C would take both sides for bytes, and -1 for 255.
    if 0 <= index < size:
        return data[index]
    return -1


cdef inline Py_ssize_t find(Octets data, Py_ssize_t size, int wanted, Py_ssize_t begin) noexcept:
    """Return where a byte stands next, the size when it does not."""
    if not 0 <= begin < size:
        return size
    cdef Octets found = <Octets>memchr(data + begin, wanted, size - begin)
    return size if found == NULL else found - data


cdef inline bint is_blank(int byte) noexcept:
    """Whether this is white space of ASCII to ``str.strip`` and to patterns for text."""
    return byte == c' ' or 9 <= byte <= 13 or 28 <= byte <= 31


cdef inline int small(int byte) noexcept:
    """Return the small letter of a letter of ASCII, others as they are."""
    return byte + 32 if c'A' <= byte <= c'Z' else byte


cdef inline bint is_digit(int byte) noexcept:
    return c'0' <= byte <= c'9'


cdef inline Py_ssize_t past_blanks(Octets data, Py_ssize_t size, Py_ssize_t begin) noexcept:
    """Return where the next byte stands that is no white space."""
    while is_blank(at(data, size, begin)):
        begin += 1
    return begin


cdef inline str piece(Octets data, Py_ssize_t size, Py_ssize_t begin, Py_ssize_t end):
    """Return some bytes as text, read as Latin-1; ``''`` when there are none."""
    if not 0 <= begin < end <= size:
        return ""
    return PyUnicode_DecodeLatin1(<const char *>data + begin, end - begin, NULL)


cdef inline str stripped(Octets data, Py_ssize_t size, Py_ssize_t begin, Py_ssize_t end):
    """Return some bytes of ASCII as text without the blanks around it."""
    end = min(end, size)
    while begin < end and is_blank(at(data, end, begin)):
        begin += 1
    while begin < end and is_blank(at(data, end, end - 1)):
        end -= 1
    return piece(data, size, begin, end)


cdef inline str unfolded(object value):
    """Return what :func:`msa_ml.features.mail.header_block.text_of` does of a text of ASCII."""
    cdef Octets data = <Octets>PyUnicode_DATA(value)
    cdef Py_ssize_t begin = 0, end = PyUnicode_GET_LENGTH(value), line, ends = 0, used = 0, line_end
    begin = past_blanks(data, end, 0)
    while begin < end and is_blank(at(data, end, end - 1)):
        end -= 1
    line = find(data, end, c'\n', begin)
    if line == end:
        return piece(data, end, begin, end)
    while line < end:
        # What is stripped begins with no blank, so there is a byte before each line end.
        ends += 1 + (at(data, end, line - 1) == c'\r')
        line = find(data, end, c'\n', line + 1)
    cdef Py_ssize_t room = end - begin - ends
    cdef str kept = PyUnicode_New(room, 127)
    while begin < end:
        line = find(data, end, c'\n', begin)
        line_end = line - (line < end and at(data, end, line - 1) == c'\r')
        if not 0 <= line_end - begin <= room - used:
            raise IndexError("a value changed while it was read")
        memcpy(<char *>PyUnicode_DATA(kept) + used, data + begin, line_end - begin)
        used += line_end - begin
        begin = line + 1
    return kept
