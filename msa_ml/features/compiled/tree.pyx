# cython: boundscheck=True, wraparound=False, binding=True
"""Text and links of an HTML tree and what it hides, read through lexbor's own functions.

The tree is made and owned by selectolax. It gives out the addresses of its nodes, and its library exports the functions
of lexbor that are meant for use from other languages (``_noi``); these are called here, so that no node needs an object
of Python. Only what is alive is read, nothing is changed. Another major version of lexbor is left alone.
"""

import ctypes

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE, PyByteArray_Resize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcmp, memcpy

from selectolax import lexbor

from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

if lexbor.LEXBOR_VERSION_MAJOR != 3:
    raise ImportError("only lexbor 3 is known")

ctypedef void *(*Step)(void *node) noexcept nogil
ctypedef int (*Type)(void *node) noexcept nogil
ctypedef size_t (*Tag)(void *node) noexcept nogil
ctypedef const unsigned char *(*Text)(void *node, size_t *size) noexcept nogil


def _address(name):
    """Return where a function of lexbor stands; some platforms hide them, and then Python's own is used."""
    try:
        return ctypes.cast(getattr(ctypes.CDLL(lexbor.__file__), name), ctypes.c_void_p).value
    except (AttributeError, OSError) as error:
        raise ImportError(f"lexbor has no {name} to call") from error


cdef Step first_child = <Step><size_t>_address("lxb_dom_node_first_child_noi")
cdef Step next_node = <Step><size_t>_address("lxb_dom_node_next_noi")
cdef Step parent_of = <Step><size_t>_address("lxb_dom_node_parent_noi")
cdef Type type_of = <Type><size_t>_address("lxb_dom_node_type_noi")
cdef Tag tag_of = <Tag><size_t>_address("lxb_dom_node_tag_id_noi")
cdef Text name_of = <Text><size_t>_address("lxb_dom_element_qualified_name")
cdef Step first_attribute = <Step><size_t>_address("lxb_dom_element_first_attribute_noi")
cdef Step next_attribute = <Step><size_t>_address("lxb_dom_element_next_attribute_noi")
cdef Text attribute_name = <Text><size_t>_address("lxb_dom_attr_qualified_name")
cdef Text attribute_value = <Text><size_t>_address("lxb_dom_attr_value_noi")
# This one copies into the memory of the tree, which is given back with the tree.
cdef Text text_content = <Text><size_t>_address("lxb_dom_node_text_content")

# Types of nodes (DOM, interface Node), and what an element is to this module.
cdef enum:
    ELEMENT_NODE = 1
    TEXT_NODE = 3
    UNKNOWN = 0
    OTHER = 1
    UNSEEN = 2
    ANCHOR = 3
    FONT = 4
    BODY = 5
    TAGS = 1024  # numbers of elements that HTML knows are below

cdef unsigned char kinds[TAGS]  # by the number of the element, filled when it is met


cdef int _kind(void *node) noexcept:
    """Return what an element is; lexbor numbers those that it knows, others are of no interest."""
    cdef size_t tag = tag_of(node), size = 0
    cdef const unsigned char *name
    if tag >= TAGS:
        return OTHER
    if kinds[tag] == UNKNOWN:
        name = name_of(node, &size)
        if _is(name, size, b"a"):
            kinds[tag] = ANCHOR
        elif _is(name, size, b"font"):
            kinds[tag] = FONT
        elif _is(name, size, b"body"):
            kinds[tag] = BODY
        elif _is(name, size, b"style") or _is(name, size, b"script") or _is(name, size, b"template") or _is(name, size, b"title"):
            kinds[tag] = UNSEEN
        else:
            kinds[tag] = OTHER
    return kinds[tag]


cdef inline bint _is(const unsigned char *name, size_t size, bytes word) noexcept:
    return name != NULL and size == <size_t>len(word) and memcmp(name, <const char *>word, size) == 0


cdef inline void *_after(void *node, void *top, bint inside) noexcept:
    """Return what comes after a node in the order of the source, below ``top``; ``inside`` the node at first, if so."""
    cdef void *found = first_child(node) if inside else NULL
    while found == NULL:
        if node == top or node == NULL:
            return NULL
        found = next_node(node)
        node = parent_of(node)
    return found


cdef class Buffer:
    """Bytes that grow."""

    cdef bytearray data
    cdef Py_ssize_t used

    def __cinit__(self):
        self.data = bytearray(4096)

    cdef unsigned char *room(self, Py_ssize_t size) except NULL:
        """Return where ``size`` bytes more may be written."""
        if self.used + size > PyByteArray_GET_SIZE(self.data):
            PyByteArray_Resize(self.data, 2 * self.used + size)
        return <unsigned char *>PyByteArray_AS_STRING(self.data) + self.used

    cdef int add(self, const unsigned char *text, Py_ssize_t size) except -1:
        memcpy(self.room(size), text, size)
        self.used += size
        return 0

    cdef int add_words(self, const unsigned char *text, Py_ssize_t size) except -1:
        """Add with a blank after each word, and no other white space."""
        cdef unsigned char *out = self.room(size + 1)
        cdef Py_ssize_t i = 0, k = 0, skip
        while i < size:
            skip = _space(text, size, i)
            if skip:
                i += skip
                if k and out[k - 1] != c" ":
                    out[k] = c" "
                    k += 1
            else:
                out[k] = text[i]
                k += 1
                i += 1
        if k and out[k - 1] != c" ":
            out[k] = c" "
            k += 1
        self.used += k
        return 0

    cdef str text(self, Py_ssize_t size):
        return PyUnicode_DecodeUTF8(PyByteArray_AS_STRING(self.data), size, "replace")


cdef inline Py_ssize_t _space(const unsigned char *text, Py_ssize_t size, Py_ssize_t i) noexcept:
    """Return how many bytes of UTF-8 are white space there, as ``str.split`` knows it: 0 where none is."""
    cdef unsigned char code = text[i], second, third
    if code > c" " and code < 0xC2:
        return 0
    if code <= c" ":
        return code == c" " or 9 <= code <= 13 or 28 <= code <= 31
    second = text[i + 1] if i + 1 < size else 0
    if code == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    third = text[i + 2] if i + 2 < size else 0
    if code == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if code == 0xE2:
        if second == 0x80:
            return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    return 3 if code == 0xE3 and second == 0x80 and third == 0x80 else 0


cdef class Reader:
    """One walk over what is shown of a page."""

    cdef Buffer words, scratch
    cdef dict hrefs, sources, actions, backgrounds
    cdef list anchors
    cdef Py_ssize_t most, number, left

    def __cinit__(self, base, Py_ssize_t most, Py_ssize_t left):
        self.words, self.scratch, self.anchors = Buffer(), Buffer(), []
        self.hrefs, self.sources, self.actions, self.backgrounds = {}, {}, {}, {}
        self.most, self.left = most, left
        if base:
            self.hrefs[base] = None

    cdef int walk(self, void *top) except -1:
        cdef void *node = top
        cdef const unsigned char *text
        cdef size_t size = 0
        cdef int kind, type
        cdef bint inside
        while node != NULL:
            type, inside = type_of(node), True
            if type == TEXT_NODE:
                text = text_content(node, &size)
                if text != NULL:
                    self.words.add_words(text, <Py_ssize_t>size)
            elif type == ELEMENT_NODE:
                kind = _kind(node)
                inside = kind != UNSEEN
                if inside:
                    self.look(node, kind == ANCHOR)
            node = _after(node, top, inside)
        return 0

    cdef int look(self, void *node, bint is_anchor) except -1:
        """Look at the attributes of an element."""
        cdef void *attribute = first_attribute(node)
        cdef const unsigned char *name
        cdef size_t size
        while attribute != NULL:
            size = 0
            name = attribute_name(attribute, &size)
            if _is(name, size, b"href"):
                _keep(self.hrefs, attribute)
                if is_anchor:
                    self.number += 1
                    if self.number <= self.most:
                        self.anchors.append(((_value(attribute) or "").strip(), self.text_in(node)))
            elif _is(name, size, b"src"):
                _keep(self.sources, attribute)
            elif _is(name, size, b"action"):
                _keep(self.actions, attribute)
            elif _is(name, size, b"background"):
                _keep(self.backgrounds, attribute)
            attribute = next_attribute(attribute)
        return 0

    cdef str text_in(self, void *node):
        """Return the text in an element, without white space around."""
        if self.left <= 0:
            return ""
        cdef str found = _text(node, self.scratch, True).strip()
        self.left -= len(found)
        return found


cdef str _text(void *top, Buffer out, bint deep):
    """Return the text in an element; that of elements inside if it is to be ``deep``."""
    cdef void *node = top
    cdef const unsigned char *text
    cdef size_t size = 0
    cdef bint inside
    out.used = 0
    while node != NULL:
        inside = node == top or deep
        if type_of(node) == TEXT_NODE:
            text = text_content(node, &size)
            if text != NULL:
                out.add(text, <Py_ssize_t>size)
        elif type_of(node) == ELEMENT_NODE:
            inside = inside and _kind(node) != UNSEEN
        node = _after(node, top, inside)
    return out.text(out.used)


cdef object _value(void *attribute):
    """Return the value of an attribute, None when there is none."""
    cdef size_t size = 0
    cdef const unsigned char *value = attribute_value(attribute, &size)
    return PyUnicode_DecodeUTF8(<const char *>value, <Py_ssize_t>size, "replace") if value != NULL else None


cdef int _keep(dict values, void *attribute) except -1:
    cdef str value = (_value(attribute) or "").strip()
    if value:
        values[value] = None
    return 0


def _seen(page, Py_ssize_t most, Py_ssize_t left):
    """See :func:`msa_ml.features.mail.page._seen`."""
    tree = page.parsed
    body = tree.body
    shown = body or tree.root
    cdef Reader found = Reader(page.base, most, left + len(page.source))
    if shown is not None:
        found.walk(<void *><size_t>shown.mem_id)
    cdef Buffer words = found.words
    text = words.text(max(words.used - 1, 0)) if body is not None else ""
    links = dict.fromkeys([*found.hrefs, *found.sources, *found.actions, *found.backgrounds])
    return text, tuple(links), tuple(found.anchors), found.number


# --- What is hidden ----------------------------------------------------------------------------------------------------


def _walk(page, page_ground):
    """See :func:`msa_ml.features.mail.html._walk`."""
    html = _html()
    cdef Py_ssize_t left = 4 * len(page.text), hidden = 0, tiny = 0, camouflage = 0, ink = 0, size
    cdef Buffer scratch = Buffer()
    cdef bint is_tiny, on_ground
    cdef void *node
    root = page.parsed.root
    for address in _dressed(<void *><size_t>root.mem_id, html._MOST) if root is not None else ():
        node = <void *><size_t>address
        own_hidden, is_tiny, own_ink, own_ground = html.style(_attribute(node, b"style") or "")
        if _kind(node) == FONT:
            own_ink = html.colour(_attribute(node, b"color") or "") if own_ink is None else own_ink
            is_tiny = is_tiny or (_attribute(node, b"size") or "").strip() in html._SMALL_SIZES
        size = 0
        if own_hidden:
            hidden += 1
            size = len(_text(node, scratch, True)) if left > 0 else 0
        else:
            on_ground = html.alike(own_ink, page_ground if own_ground is None else own_ground)
            if is_tiny or on_ground:
                size = len(_text(node, scratch, False).strip())
                is_tiny = is_tiny and size > 0
                on_ground = on_ground and size > 0 and (own_ground is not None or not _has_ground(node))
                tiny += is_tiny
                camouflage += on_ground
                size = size if is_tiny or on_ground else 0
        ink += size
        left -= size
    return {"hidden": hidden, "tiny": tiny, "camouflage": camouflage, "ink": ink}


cdef list _dressed(void *top, Py_ssize_t most):
    """Return the addresses of the first elements with a style, then of the first fonts without."""
    cdef void *node = top
    cdef int kind
    cdef bint inside
    cdef list styled = [], fonts = []
    while node != NULL:
        inside = True
        if type_of(node) == ELEMENT_NODE:
            kind = _kind(node)
            inside = kind != UNSEEN
            if inside and _find(node, b"style") != NULL:
                if len(styled) < most:
                    styled.append(<size_t>node)
            elif kind == FONT and len(fonts) < most:
                fonts.append(<size_t>node)
        node = _after(node, top, inside)
    return styled + fonts


cdef void *_find(void *node, bytes wanted) noexcept:
    """Return an attribute of an element, NULL when it has none of that name."""
    cdef void *attribute = first_attribute(node)
    cdef const unsigned char *name
    cdef size_t size = 0
    while attribute != NULL:
        name = attribute_name(attribute, &size)
        if _is(name, size, wanted):
            break
        attribute = next_attribute(attribute)
    return attribute


cdef object _attribute(void *node, bytes name):
    """Return the value of an attribute as it is written, None when there is none."""
    cdef void *attribute = _find(node, name)
    return _value(attribute) if attribute != NULL else None


cdef bint _has_ground(void *node) except -1:
    """See :func:`msa_ml.features.mail.html._has_ground`."""
    cdef int most = 12
    node = parent_of(node)
    while node != NULL and type_of(node) == ELEMENT_NODE and most and _kind(node) != BODY:
        if _find(node, b"bgcolor") != NULL or _find(node, b"background") != NULL:
            return True
        if "background" in (_attribute(node, b"style") or ""):
            return True
        node, most = parent_of(node), most - 1
    return False


cdef object _module = None


cdef object _html():
    """Return the module whose function that is; it stands where this one is imported from."""
    global _module
    if _module is None:
        from msa_ml.features.mail import html

        _module = html
    return _module
