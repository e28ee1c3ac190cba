# cython: boundscheck=True, wraparound=False, binding=True
"""What a text is made of: one pass over its characters, and one more where they are not all ASCII."""

from cpython.unicode cimport (
    PyUnicode_1BYTE_DATA,
    PyUnicode_1BYTE_KIND,
    PyUnicode_2BYTE_DATA,
    PyUnicode_2BYTE_KIND,
    PyUnicode_4BYTE_DATA,
    PyUnicode_KIND,
)

from msa_ml.features.compiled.octets cimport is_blank
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}

# CPython takes one, two or four bytes for each character of a string, by the widest of them.
ctypedef unsigned char Narrow
ctypedef unsigned short Wide
ctypedef fused Unit:
    Narrow
    Wide
    Py_UCS4

cdef enum:
    LINES = 4
    EXCLAMATIONS = 5
    ENDS = 6
    TABLE = 0x20000
    SCRIPTS = 12
    LETTERS = 3 * SCRIPTS
    CLASSES = 64
    # The bits of a plane, see _PLANES in Python, and more that tell apart what is counted.
    LETTER = 1
    QUESTION = 2
    CAPITAL = 4
    SPACE = 8
    MARK = 16
    TWIN = 32
    NOTED = 64  # the end of a line, a dot, an exclamation mark
    QUOTE = 128
    # Seven counters in one integer, so that a character is counted by one addition; emptied before one is full.
    FIELD = 8
    FIELD_MOST = 0xFF
    TAG_MOST = 40

cdef unsigned char planes[TABLE]
cdef unsigned char classes[TABLE]
cdef unsigned long long added[256]
cdef unsigned char alphabets[CLASSES]
cdef unsigned int hyphen = 0, unseen = 0
cdef object Profile = None, Looks = None

cdef struct Counts:
    Py_ssize_t letters, upper, spaces, marks, spaced, shouted, repeated, lines, quoted, exclamations, ends


def profile(str text not None):
    """See :func:`msa_ml.features.shared.text.profile`."""
    cdef Py_ssize_t size = len(text)
    cdef int kind = PyUnicode_KIND(text)
    if Profile is None:
        _prepare()
    if kind == PyUnicode_1BYTE_KIND:
        return measured[Narrow](<const Narrow *>PyUnicode_1BYTE_DATA(text), size, text.isascii())
    if kind == PyUnicode_2BYTE_KIND:
        return measured[Wide](<const Wide *>PyUnicode_2BYTE_DATA(text), size, False)
    return measured[Py_UCS4](PyUnicode_4BYTE_DATA(text), size, False)


cdef measured(const Unit *text, Py_ssize_t size, bint is_ascii):
    cdef Counts found = Counts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    cdef Py_ssize_t histogram[CLASSES]
    cdef Py_ssize_t mixed = 0, split = 0, caseless = 0, without_width = 0
    cdef int number
    count(text, size, &found)
    scripts = (found.letters, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    if not is_ascii:
        for number in range(CLASSES):
            histogram[number] = 0
        count_classes(text, size, histogram, &mixed, &split)
        for number in range(2 * SCRIPTS, LETTERS):
            caseless += histogram[number]
        without_width = histogram[unseen] + histogram[hyphen]
        scripts = tuple([
            histogram[number] + histogram[number + SCRIPTS] + histogram[number + 2 * SCRIPTS]
            for number in range(SCRIPTS)
        ])
    return tuple.__new__(Profile, (
        size, found.letters, found.upper, found.letters - caseless, found.spaces, found.marks, without_width,
        scripts, mixed, split, found.spaced, found.shouted, found.repeated,
        found.lines, found.quoted, found.exclamations, found.ends,
    ))


cdef _prepare():
    """Take the tables that Python's own reads; each index is checked by the type that it is read from."""
    global Profile, hyphen, unseen
    from msa_ml.features.shared import text as own

    cdef const unsigned char[::1] table = own._tables()[0], bits = own._PLANES, twins = own._ALPHABET_OF
    cdef unsigned int code
    for code in range(TABLE):
        # A lone half of a pair reads as the question mark that it is encoded to.
        classes[code] = table[code if not 0xD800 <= code < 0xE000 else <unsigned int>ord("?")]
        planes[code] = bits[classes[code]]
        planes[code] &= ~<unsigned char>QUESTION
    for code in b"\n.!":
        planes[code] |= NOTED
    planes[<int>c"?"] |= QUESTION
    planes[<int>c">"] |= QUOTE
    for code in range(256):
        added[code] = (
            one(0, code & LETTER)
            | one(1, code & CAPITAL)
            | one(2, code & SPACE)
            | one(3, code & MARK)
            | one(LINES, code & SPACE and code & NOTED)
            | one(EXCLAMATIONS, code & TWIN and code & NOTED)
            | one(ENDS, code & QUESTION or code & (MARK | TWIN | NOTED) == MARK | NOTED)
        )
    for code in range(CLASSES):
        alphabets[code] = twins[code]
    hyphen, unseen = own._HYPHEN % CLASSES, own._UNSEEN % CLASSES
    Profile = own.Profile


cdef inline unsigned long long one(int field, unsigned int wanted) noexcept:
    return <unsigned long long>(wanted != 0) << field * FIELD


cdef void count(const Unit *text, Py_ssize_t size, Counts *found) noexcept:
    """Count what needs no more than flags. Branches are few, since each that comes as a surprise takes as long as ten characters."""
    cdef Py_ssize_t at = 0, stop = 0, alone = -2, row = 0, capital = -2, run = 0, twin = -2
    cdef unsigned long long sums
    cdef unsigned int code, bits, letters = 0, capitals = 0
    while at < size:
        stop = min(size, at + FIELD_MOST)
        sums = 0
        for at in range(at, stop):
            code = text[at]
            bits = planes[code if code < TABLE else TABLE - 1]
            sums += added[bits]
            letters = letters << 1 | bits & LETTER
            if letters & 31 == 0b01010:  # the last one was the second of two letters that stand alone
                row = row + 1 if at == alone + 2 else 2
                alone = at
                found.spaced += 4 if row == 4 else row > 4
            capitals = capitals << 1 | (bits & CAPITAL != 0)
            if capitals & 3 == 3:
                run = run % 4 + 1 if at == capital + 1 else 2
                capital = at
                found.shouted += 4 if run == 4 else 0
            if not bits & (TWIN | QUOTE):
                continue
            if bits & QUOTE:
                found.quoted += at == 0 or text[at - 1] == c"\n"
            elif at == twin + 1:
                found.repeated += 2
                twin = -2
            else:
                twin = at
        at = stop
        found.letters += sums & FIELD_MOST
        found.upper += sums >> FIELD & FIELD_MOST
        found.spaces += sums >> 2 * FIELD & FIELD_MOST
        found.marks += sums >> 3 * FIELD & FIELD_MOST
        found.lines += sums >> LINES * FIELD & FIELD_MOST
        found.exclamations += sums >> EXCLAMATIONS * FIELD & FIELD_MOST
        found.ends += sums >> ENDS * FIELD & FIELD_MOST
    if letters << 1 & 31 == 0b01010:
        row = row + 1 if size == alone + 2 else 2
        found.spaced += 4 if row == 4 else row > 4


cdef void count_classes(
    const Unit *text, Py_ssize_t size, Py_ssize_t *histogram, Py_ssize_t *mixed, Py_ssize_t *split
) noexcept:
    cdef Py_ssize_t at
    cdef unsigned int code, number, alphabet, before = CLASSES - 1, between = CLASSES - 1, neighbour = 0
    for at in range(size):
        code = text[at]
        number = classes[code if code < TABLE else TABLE - 1] % CLASSES
        histogram[number] += 1
        if Unit is not Narrow:  # neither of them is in Latin-1
            alphabet = alphabets[number]
            mixed[0] += (alphabet * neighbour != 0) & (alphabet != neighbour)
            if between == unseen:
                split[0] += needs_none(before) and needs_none(number)
            before, between, neighbour = between, number, alphabet


cdef inline bint needs_none(unsigned int number) noexcept:
    """Whether it is a letter of Latin, Cyrillic or Greek."""
    return number < LETTERS and number % SCRIPTS < 3


def _looks(str text not None):
    """See :func:`msa_ml.features.mail.subject._looks`."""
    cdef Counts found = Counts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    cdef const Narrow *letters
    cdef Py_ssize_t at, size = len(text), digits = 0, blanks = 0
    cdef bint inside = False, wide = False, gap = False
    global Looks
    if not text.isascii():
        return PYTHON["_looks"](text)
    if Profile is None:
        _prepare()
    if Looks is None:
        from msa_ml.features.mail.subject import _Looks as Looks
    letters = <const Narrow *>PyUnicode_1BYTE_DATA(text)
    count(letters, size, &found)
    for at in range(size):
        digits += c"0" <= letters[at] <= c"9"
        blanks = blanks + 1 if letters[at] == c" " else 0
        if not is_blank(letters[at]):
            gap = gap or inside and wide
            inside, wide = True, False
        elif blanks == 4 or letters[at] == c"\t":
            wide = True
    return tuple.__new__(Looks, (
        found.letters, digits, found.exclamations, shouted_outside_tags(letters, size), found.spaced, gap,
    ))


cdef Py_ssize_t shouted_outside_tags(const Narrow *text, Py_ssize_t size) noexcept:
    """Count the capitals of blocks of four, as if [tags] were not there."""
    cdef Py_ssize_t at = 0, run = 0, found = 0
    while at < size:
        if text[at] == c"[":
            end = after_tag(text, size, at)
            if end > at:
                at = end
                continue
        run = run % 4 + 1 if c"A" <= text[at] <= c"Z" else 0
        found += 4 if run == 4 else 0
        at += 1
    return found


cdef Py_ssize_t after_tag(const Narrow *text, Py_ssize_t size, Py_ssize_t at) noexcept:
    """Return the end of a tag that begins here, the beginning if there is none."""
    cdef Py_ssize_t end
    for end in range(at + 1, min(size, at + TAG_MOST + 2)):
        if text[end] == c"]":
            return end + 1
        if text[end] == c"[":
            return at
    return at
