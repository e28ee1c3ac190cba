# cython: boundscheck=True, wraparound=False, binding=True
"""What hosts are, and what the URLs of a mail have in common."""

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_Substring
from libc.math cimport log2
from libc.string cimport memset

from msa_ml.features.compiled.octets cimport is_ascii, is_digit
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

def _place(str host, suffixes, shorteners, hosting):
    """See :func:`msa_ml.features.mail.link._place`."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(host), i, label = 0
    cdef const unsigned char *data = <const unsigned char *>PyUnicode_DATA(host)
    cdef Py_ssize_t dots = 0, hyphens = 0, digits = 0
    cdef bint is_short = False, is_free = False
    cdef str rest, domain, name
    if not is_ascii(host) or not 0 < size <= 253 or is_digit(data[0]) or "xn--" in host:
        return PYTHON["_place"](host, suffixes, shorteners, hosting)
    for i in range(size):
        if data[i] == c"[" or data[i] == c":":
            return PYTHON["_place"](host, suffixes, shorteners, hosting)
        dots += data[i] == c"."
        hyphens += data[i] == c"-"
        digits += is_digit(data[i])
    while label < size:
        rest = PyUnicode_Substring(host, label, size)
        is_short |= rest in <frozenset?>shorteners
        is_free |= rest in <frozenset?>hosting
        while label < size and data[label] != c".":
            label += 1
        label += 1
    domain = PYTHON["_place"].__globals__["registrable"](suffixes, host) or host
    name = domain.partition(".")[0]
    marks = (("shorteners",) if is_short else ()) + (("free_hosting",) if is_free else ())
    sizes = (dots + 1, hyphens, max(len(name) - 10, 0), max(_entropy(name) - 3, 0))
    return tuple.__new__(PYTHON["_place"].__globals__["Place"], (domain, True, marks, sizes, digits))


cdef double _entropy(str text):
    """Return what ``entropy`` returns for ASCII: the terms in the order in which characters appear, by Python's ``sum``."""
    cdef const unsigned char *data = <const unsigned char *>PyUnicode_DATA(text)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text), i
    cdef int counts[128]
    cdef double share
    cdef list terms = []
    memset(counts, 0, sizeof(counts))
    for i in range(size):
        counts[data[i] & 127] += 1
    for i in range(size):
        if counts[data[i] & 127]:
            share = <double>counts[data[i] & 127] / size
            terms.append(share * log2(share))
            counts[data[i] & 127] = 0
    return 0.0 - sum(terms) if size else 0.0


def _summed(list urls, place, values):
    """See :func:`msa_ml.features.mail.urls._summed`."""
    cdef dict places = {}, domains = {}, found = dict(values)
    cdef object url, one  # named tuples
    cdef Py_ssize_t depth = 0, most = 0, length = 0, digits = 0
    cdef list sizes = None
    for url in urls:
        host, _, _, _, query, marks, segments = <tuple>url
        one = places.get(host)
        if one is None:
            one = places[host] = place(host)
            if one.is_named:
                length += len(<str>host)
                digits += <Py_ssize_t>one.digits
                sizes = [*one.sizes] if sizes is None else [*map(max, sizes, one.sizes)]
        domain, _, place_marks, _, _ = <tuple>one
        domains[domain] = domains.get(domain, 0) + 1
        for mark in <tuple?>marks:
            found[mark] += 1
        for mark in <tuple?>place_marks:
            found[mark] += 1
        depth = max(depth, <Py_ssize_t>segments)
        if query:
            most = max(most, (<str?>query).count("&") + 1)
    return found, domains, depth, most, sizes, length, digits
