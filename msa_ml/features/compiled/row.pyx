# cython: boundscheck=True, wraparound=False, binding=True
"""Rows of numbers, and properties that are kept."""

from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_AS_STRING
from cpython.dict cimport PyDict_CheckExact
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject_GenericSetAttr

from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

cdef float NAN = float("nan")


def packed(plan, record):
    """See :func:`msa_ml.features.extractor.packed`."""
    cdef Py_ssize_t size = 0, at = 0
    cdef double number
    cdef float *row
    for _, unknown in plan:
        size += len(<dict?>unknown)
    cdef bytes data = PyBytes_FromStringAndSize(NULL, size * sizeof(float))
    row = <float *>PyBytes_AS_STRING(data)
    for extractor, unknown in plan:
        found = extractor.extract(record)
        if not PyDict_CheckExact(found):
            found = dict(found)
        for name in <dict?>unknown:
            value = (<dict>found).get(name)
            if PyFloat_CheckExact(value):
                number = PyFloat_AS_DOUBLE(value)
            elif value is None:
                number = NAN
            else:
                number = value
            if at >= size:
                raise IndexError("a plan grew while it was read")
            row[at] = <float>number
            at += 1
    if at < size:
        raise IndexError("a plan shrank while it was read")
    return data


cdef class once:
    """See :class:`msa_ml.features.shared.once.once`."""

    cdef object _compute
    cdef str _name
    cdef readonly object __doc__

    def __init__(self, compute):
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, holder, owner):
        if holder is None:
            return self
        value = self._compute(holder)
        PyObject_GenericSetAttr(holder, self._name, value)
        return value
