# cython: boundscheck=True, wraparound=False, binding=True
"""The received chain: hops, the dates in them, and where their addresses are valid."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from msa_ml.features.compiled.octets cimport (
    Octets, PyUnicode_DATA, PyUnicode_GET_LENGTH, at, is_ascii, is_blank, is_digit, piece, small, unfolded
)
from msa_ml.features.compiled.source cimport msa_source

SOURCE = msa_source.decode()
PYTHON = {}


# --- addresses ------------------------------------------------------------------------------------------------------


def scope(text):
    """See :func:`msa_ml.features.shared.ip.scope`."""
    return scope_of(text)


cdef object scope_of(object text):
    if is_ascii(text) and is_global(<Octets>PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text)):
        return "global"
    return PYTHON["scope"](text)


cdef bint is_global(Octets data, Py_ssize_t size) noexcept:
    """Whether this is a dotted address whose first number leads to no special network."""
    cdef Py_ssize_t index = 0, begin
    cdef int number, place
    for place in range(4):
        number, begin = 0, index
        while is_digit(at(data, size, index)) and index - begin < 3:
            number = 10 * number + at(data, size, index) - c'0'
            index += 1
        # No zero stands before another digit.
        if index == begin or number > 255 or at(data, size, begin) == c'0' and index - begin > 1:
            return False
        if place == 0 and (number in (0, 10, 100, 127, 169, 172, 192, 198, 203) or number >= 220):
            return False
        if place < 3:
            if at(data, size, index) != c'.':
                return False
            index += 1
    return index == size


# --- dates ----------------------------------------------------------------------------------------------------------


cdef bytes MONTHS = b"janfebmaraprmayjunjulaugsepoctnovdec"
cdef bytes DAYS = b"montuewedthufrisatsun"
# Days of a year that is no leap year before each month.
cdef int[12] BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
cdef int[12] LENGTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def stamp(text):
    """See :func:`msa_ml.features.shared.clock.stamp`."""
    if not is_ascii(text):
        return PYTHON["stamp"](text)
    found = stamp_in(<Octets>PyUnicode_DATA(text), 0, PyUnicode_GET_LENGTH(text))
    return PYTHON["stamp"](text) if found is NotImplemented else found


cdef object stamp_in(Octets data, Py_ssize_t begin, Py_ssize_t size):
    """Return the date that a text begins with, ``None`` when that does not exist; ``NotImplemented`` when it begins otherwise."""
    cdef Py_ssize_t here = begin, day_at, month_at, year_at, time_at
    cdef int weekday = -1, day, month, year, minute, second = 0
    cdef long long days
    size = min(size, begin + 1000)
    while is_blank(at(data, size, here)):
        here += 1
    if is_letter(at(data, size, here)):
        weekday = word_in(DAYS, data, size, here)
        here = past_word(data, size, here)
        here = past_gap(data, size, here + 1 if at(data, size, here) == c',' else here, dashes=False)
    day_at = here
    here = past_digits(data, size, day_at, 1, 2)
    month_at = past_gap(data, size, here, dashes=True)
    day = number_in(data, size, day_at, here)
    here = past_word(data, size, month_at)
    year_at = past_gap(data, size, here, dashes=True)
    here = past_digits(data, size, year_at, 2, 4)
    time_at = past_gap(data, size, here, dashes=False)
    year = number_in(data, size, year_at, here)
    if here - year_at < 4:
        year += 1900 if year >= 50 else 2000
    here = past_digits(data, size, time_at, 1, 2)
    if at(data, size, here) != c':' or past_digits(data, size, here + 1, 2, 2) < 0:
        return NotImplemented
    minute = 60 * number_in(data, size, time_at, here) + number_in(data, size, here + 1, here + 3)
    if minute >= 25 * 60 or number_in(data, size, here + 1, here + 3) > 59:
        return None
    here += 3
    if at(data, size, here) == c':' and past_digits(data, size, here + 1, 2, 2) >= 0:
        second = number_in(data, size, here + 1, here + 3)
        here += 3
    month = word_in(MONTHS, data, size, month_at)
    if second > 60 or month < 0 or not 1 <= year <= 9999 or not 1 <= day <= length_of(month, year):
        return None
    days = days_of(day, month, year)
    zone = zone_in(data, size, here)
    return tuple.__new__(PYTHON["stamp"].__globals__["Stamp"], (
        days * 86_400 + minute * 60 + second - (0 if zone is None else <long long>zone * 60),
        zone, minute % 1440, None if weekday < 0 else weekday == (days + 3) % 7
    ))


cdef inline bint is_letter(int byte) noexcept:
    return c'a' <= byte <= c'z' or c'A' <= byte <= c'Z'


cdef Py_ssize_t past_word(Octets data, Py_ssize_t size, Py_ssize_t begin) noexcept:
    """Return the end of three letters and at most six small ones, -1 when they are not there."""
    cdef Py_ssize_t index
    for index in range(begin, begin + 3):
        if not is_letter(at(data, size, index)):
            return -1
    index = begin + 3
    while index < begin + 9 and c'a' <= at(data, size, index) <= c'z':
        index += 1
    return index


cdef Py_ssize_t past_gap(Octets data, Py_ssize_t size, Py_ssize_t begin, bint dashes) noexcept:
    """Return the end of at most eight spaces and tabs, and dashes too, -1 when there is none."""
    cdef Py_ssize_t index = begin
    while index < begin + 8 and at(data, size, index) in (c' ', c'\t', c'-' if dashes else c' '):
        index += 1
    return index if index > begin else -1


cdef Py_ssize_t past_digits(Octets data, Py_ssize_t size, Py_ssize_t begin, int least, int most) noexcept:
    """Return the end of so many digits, -1 when there are fewer."""
    cdef Py_ssize_t index = begin
    while index < begin + most and is_digit(at(data, size, index)):
        index += 1
    return index if begin >= 0 and index >= begin + least else -1


cdef int number_in(Octets data, Py_ssize_t size, Py_ssize_t begin, Py_ssize_t end) noexcept:
    """Return the number that some digits say, at most four of them."""
    cdef int number = 0
    cdef Py_ssize_t index
    for index in range(begin, min(end, begin + 4)):
        number = 10 * number + at(data, size, index) - c'0'
    return number


cdef int word_in(bytes words, Octets data, Py_ssize_t size, Py_ssize_t begin) noexcept:
    """Return the place of three letters among words of three letters, -1 when they are none of them."""
    cdef Octets known = <Octets>PyBytes_AS_STRING(words)
    cdef Py_ssize_t place, letter
    for place in range(0, PyBytes_GET_SIZE(words), 3):
        letter = 0
        while letter < 3 and small(at(data, size, begin + letter)) == known[place + letter]:
            letter += 1
        if letter == 3:
            return place // 3
    return -1


cdef int length_of(int month, int year) noexcept:
    return LENGTH[month] + (month == 1 and is_leap(year))


cdef inline bint is_leap(int year) noexcept:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


cdef long long days_of(int day, int month, int year) noexcept:
    """Return the days from 1970-01-01 to a day of the Gregorian calendar."""
    cdef int before = year - 1
    return (
        365 * before + before // 4 - before // 100 + before // 400 - 719_162
        + BEFORE[month] + (month > 1 and is_leap(year)) + day - 1
    )


cdef object zone_in(Octets data, Py_ssize_t size, Py_ssize_t begin):
    """Return the offset from UTC in minutes that follows a time, ``None`` when none does or nobody knows it."""
    cdef Py_ssize_t here = past_gap(data, size, begin, dashes=False), end
    cdef int sign = at(data, size, here), minutes
    if sign == c'+' or sign == c'-':
        if past_digits(data, size, here + 1, 4, 4) < 0:
            return None
        minutes = 60 * number_in(data, size, here + 1, here + 3) + number_in(data, size, here + 3, here + 5)
        return -minutes if sign == c'-' else minutes
    end = here
    while is_letter(at(data, size, end)) and end < here + 5:
        end += 1
    return PYTHON["stamp"].__globals__["_zone"](piece(data, size, here, end)) if end > here else None


# --- hops -----------------------------------------------------------------------------------------------------------


cdef frozenset NO_NAME = frozenset({"unknown", "unverified", "none", "helo", "ehlo"})


def _hops(values):
    """See :func:`msa_ml.features.mail.message._hops`."""
    cdef list found = []
    for value in (<list?>values)[:50]:
        found.append(hop_of(value))
    return tuple(found)


cdef Hop hop_of(object value):
    """Return the hop of a field with its folds, which is read when somebody looks."""
    if is_ascii(value) and PyUnicode_GET_LENGTH(value) <= 65_536:
        hop = <Hop>Hop.__new__(Hop, "")
        hop.folded, hop.size = value, UNREAD
        return hop
    return Hop(PYTHON["_hops"].__globals__["text_of"](value)[:4096])


cdef Py_ssize_t UNREAD = -1


cdef class Hop:
    """See :class:`msa_ml.features.mail.trace.Hop`."""

    cdef object folded, own
    cdef str _value
    cdef Octets data
    cdef Py_ssize_t size, end
    cdef object _stamp, _ip, _scope
    cdef tuple _names

    def __cinit__(self, str value not None):
        self._stamp = NotImplemented
        self.hold(value)

    cdef object hold(self, str value):
        """Find the from clause: it ends before the ``by`` of the server itself, or the date."""
        cdef Py_ssize_t date, by
        self._value = value
        self.size = self.end = 0
        if not is_ascii(value):
            self.own = PYTHON["Hop"](value)
            return
        self.data, self.size = <Octets>PyUnicode_DATA(value), PyUnicode_GET_LENGTH(value)
        date = value.rfind(";")
        self.end = date if date > 0 else self.size
        by = value.find(" by ", 0, self.end)
        if by >= 0:
            self.end = by

    cdef Hop read(self):
        """Unfold the field where that was left for later."""
        if self.size == UNREAD:
            self.hold(unfolded(self.folded)[:4096])
        return self

    def __repr__(self):
        return f"Hop({self.value!r})"

    def __reduce__(self):
        return Hop, (self.value,)

    @property
    def value(self):
        """The Received field."""
        return self.read()._value

    @property
    def stamp(self):
        """When the server took the message, by its own clock; ``None`` when that cannot be read."""
        if self._stamp is NotImplemented:
            self._stamp = stamp_of_hop(self.read())
        return self._stamp

    @property
    def ip(self):
        """The client's address; ``''`` when unknown."""
        if self._ip is None:
            self._ip = ip_of_hop(self.read())
        return self._ip

    @property
    def scope(self):
        """Where the address is valid: ``global``, ``private`` or ``''``."""
        if self._scope is None:
            self._scope = scope_of(self.ip) if self.ip else ""
        return self._scope

    @property
    def helo(self):
        """The name that the client gave; ``''`` when unknown."""
        return names_of_hop(self.read())[0]

    @property
    def reverse(self):
        """The name of its address by reverse look-up; ``''`` when there is none or it is not written."""
        return names_of_hop(self.read())[1]


cdef object stamp_of_hop(Hop hop):
    cdef Py_ssize_t begin
    if hop.own is not None:
        return hop.own.stamp
    begin = hop._value.rfind(";") + 1
    if begin == hop.size:
        begin = 0
    found = stamp_in(hop.data, begin, hop.size)
    return PYTHON["stamp"](hop._value[begin:]) if found is NotImplemented else found


cdef bint is_of_host(int byte) noexcept:
    """Whether a byte may stand in what a server writes as a host: no blank, bracket or parenthesis."""
    return byte >= 0 and not is_blank(byte) and byte not in (c'(', c')', c'[', c']')


cdef bint is_of_ip(int byte) noexcept:
    return is_digit(byte) or c'a' <= byte <= c'f' or c'A' <= byte <= c'F' or byte == c':' or byte == c'.'


cdef bint says(Hop hop, Py_ssize_t begin, const char *word, Py_ssize_t size) noexcept:
    """Whether a word of small letters stands there, in any case."""
    cdef Py_ssize_t index
    for index in range(size):
        if small(at(hop.data, hop.end, begin + index)) != word[index]:
            return False
    return True


cdef Py_ssize_t past_host(Hop hop, Py_ssize_t begin) noexcept:
    """Return the end of at most 255 characters of a host."""
    cdef Py_ssize_t index = begin
    while index < begin + 255 and is_of_host(at(hop.data, hop.end, index)):
        index += 1
    return index


cdef object ip_of_hop(Hop hop):
    """Return the first address in brackets, else the name after ``from`` where that is one."""
    cdef Py_ssize_t here, begin, end
    if hop.own is not None:
        return hop.own.ip
    for here in range(hop.end):
        if hop.data[here] == c'[' or hop.data[here] == c'(':
            begin = here + 6 if says(hop, here + 1, "ipv6:", 5) else here + 1
            end = begin
            while is_of_ip(at(hop.data, hop.end, end)) and end <= begin + 45:
                end += 1
            if 3 <= end - begin <= 45 and at(hop.data, hop.end, end) in (c']', c')'):
                return piece(hop.data, hop.end, begin, end)
    begin, end = stated(hop)
    found = piece(hop.data, hop.end, begin, end)
    return found if scope_of(found) else ""


cdef (Py_ssize_t, Py_ssize_t) stated(Hop hop) noexcept:
    """Return where the name after ``from`` begins and ends, without the brackets around it; the same when there is none."""
    cdef Py_ssize_t begin = 4
    if not says(hop, 0, "from", 4):
        return 0, 0
    while at(hop.data, hop.end, begin) in (c' ', c'\t'):
        begin += 1
    if begin == 4:
        return 0, 0
    if at(hop.data, hop.end, begin) == c'[':
        begin += 1
    return begin, past_host(hop, begin)


cdef tuple names_of_hop(Hop hop):
    """Return the name that the client gave and that of its address, in lower case."""
    cdef Py_ssize_t begin, end, after
    if hop._names is not None:
        return hop._names
    if hop.own is not None:
        hop._names = (hop.own.helo, hop.own.reverse)
        return hop._names
    begin, end = stated(hop)
    helo, reverse = piece(hop.data, hop.end, begin, end), ""
    said = said_helo(hop)
    if said is not None:
        helo, reverse = said, helo
    else:
        after = end + (at(hop.data, hop.end, end) == c']')
        while is_blank(at(hop.data, hop.end, after)):
            after += 1
        if begin == end or at(hop.data, hop.end, after) != c'(' or at(hop.data, hop.end, after + 1) != c'[':
            reverse = reverse_name(hop)
    reverse = reverse.lower()
    hop._names = (helo.lower(), "" if reverse in NO_NAME else reverse)
    return hop._names


cdef object said_helo(Hop hop):
    """Return what stands after the first ``helo``, ``None`` when nothing does."""
    cdef Py_ssize_t here, begin, end
    for here in range(hop.end - 5):
        if says(hop, here, "helo", 4) and hop.data[here + 4] in (c' ', c'='):
            begin = here + 6 if at(hop.data, hop.end, here + 5) == c'[' else here + 5
            end = past_host(hop, begin)
            if end > begin:
                return piece(hop.data, hop.end, begin, end)
    return None


cdef bint is_of_label(int byte) noexcept:
    return is_letter(byte) or is_digit(byte) or byte == c'_' or byte == c'-'


cdef str reverse_name(Hop hop):
    """Return the name that stands in a parenthesis before an address: ``(ident@name. [``."""
    cdef Py_ssize_t here, begin, end
    for here in range(hop.end):
        if hop.data[here] != c'(':
            continue
        begin = here + 1
        while begin < here + 5 and at(hop.data, hop.end, begin) in (c' ', c'\t'):
            begin += 1
        begin = past_ident(hop, begin)
        end = past_labels(hop, begin)
        if end > begin and is_before_address(hop, end):
            return piece(hop.data, hop.end, begin, end)
    return ""


cdef Py_ssize_t past_ident(Hop hop, Py_ssize_t begin) noexcept:
    """Return where a name begins after at most 64 characters and an at sign, which may be missing."""
    cdef Py_ssize_t index = begin
    cdef int byte = at(hop.data, hop.end, index)
    while byte >= 0 and not is_blank(byte) and byte not in (c'(', c')', c'@'):
        index += 1
        byte = at(hop.data, hop.end, index)
    return index + 1 if byte == c'@' and 0 < index - begin <= 64 else begin


cdef Py_ssize_t past_labels(Hop hop, Py_ssize_t begin) noexcept:
    """Return the end of at most 21 labels of at most 63 characters."""
    cdef Py_ssize_t label = begin, index = begin, labels
    for labels in range(21):
        while index < label + 63 and is_of_label(at(hop.data, hop.end, index)):
            index += 1
        if index == label:
            # What ends with a dot ends before it.
            return max(begin, index - 1)
        if at(hop.data, hop.end, index) != c'.':
            return index
        label = index = index + 1
    return index - 1


cdef bint is_before_address(Hop hop, Py_ssize_t begin) noexcept:
    """Whether a dot, which may be missing, one to four blanks and a bracket or parenthesis follow."""
    cdef Py_ssize_t blank = begin + (at(hop.data, hop.end, begin) == c'.'), index = blank
    while index < blank + 4 and at(hop.data, hop.end, index) in (c' ', c'\t'):
        index += 1
    return index > blank and at(hop.data, hop.end, index) in (c'[', c'(')
