"""One URL, read as a browser reads it, and what its text and its host give away."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

from msa_ml.features.compiled import compiled
from msa_ml.features.shared.domain import is_dotted, is_ip, listed, registrable
from msa_ml.features.shared.text import entropy
from msa_ml.features.word_lists import WordList

_LONGEST = 2048
# The scheme may be left out before two slashes; the web's schemes may do without, or with more (WHATWG URL 4.4).
_PIECES = re.compile(
    r"(?:(?:https?|ftp):/{0,9}|(?:[a-z][a-z0-9+.\-]{0,15}:)?/{2,9}|(?=www\.))([^/?#]*)([^?#]*)(?:\?([^#]*))?",
    re.IGNORECASE,
)
_LEFT_OUT = dict.fromkeys(map(ord, "\t\r\n"))
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")

# What may be counted of a URL and of its host.
URL_MARKS = (
    "port", "user", "redirects", "tokens", "addresses", "programs", "opt_out", "host_capitals", "escapes",
)  # fmt: skip
PLACE_MARKS = ("ip", "odd_ip", "punycode", "lookalike", "shorteners", "free_hosting")
# What is measured of a host, in the order of ``Place.sizes``. Length and entropy count from where honest names end: below,
# they told one mailing list's hosts from another's.
PLACE_SIZES = ("labels", "host_hyphens", "domain_length", "domain_entropy")


class Url(NamedTuple):
    """What matters of one URL; empty strings and ``None`` where it has none.

    ``host`` is lower case, unescaped, in Unicode compatibility form where it is not ASCII, and without the dot at the
    end. ``port`` is 0 where what stands there is no port. ``marks`` are those of ``URL_MARKS`` that it has, and ``depth``
    is the number of path segments.
    """

    host: str
    port: int | None
    user: bool
    path: str
    query: str
    marks: tuple[str, ...]
    depth: int


@lru_cache(maxsize=8192)
@compiled("link")
def parse(text: str) -> Url | None:
    r"""Split a URL in one pass; ``None`` when it has no host, or is none. 2,048 characters are read.

    Examples
    --------
    >>> parse("http://paypal.com@192.0.2.9:81/a?b=c")[:5]
    ('192.0.2.9', 81, True, '/a', 'b=c')
    >>> parse("www.Example.org").host, parse("http:\\\\example.%6frg/x").host, parse("/x") or parse("http://[::")
    ('www.example.org', 'example.org', None)
    >>> seen = parse("HTTP://go.example/r/?to=http%3A%2F%2Fevil.example/a.exe&m=jo@example.org")
    >>> seen.marks, seen.depth
    (('host_capitals', 'redirects', 'addresses'), 1)
    """
    text = text[:_LONGEST].strip()
    if not text.isprintable():
        text = text.translate(_LEFT_OUT)
    if "\\" in text:
        text = text.replace("\\", "/")
    pieces = _PIECES.match(text)
    if pieces is None:
        return None
    host, path, query = pieces.groups("")
    start = text[: pieces.end(1)]
    user, port = False, None
    if "@" in host:
        user, host = True, host.rpartition("@")[2]
    if ":" in host:
        host, port = _with_port(host)
    if "%" in host or not host.isascii():
        host = normalize("NFKC", unquote(host)[:253]).translate(_DOTS)
    host = host.strip().rstrip(".").lower()[:253]
    if not host or (host[0] == "[" and host[-1] != "]"):
        return None
    marks = _start_marks(start, port, user=user)
    if len(path) + len(query) > 4:
        marks += _tail_marks(path, query)
    if "%" in text and _ESCAPED.search(text):
        marks.append("escapes")
    return Url(host, port, user, path, query, tuple(marks), path.count("/") - path.endswith("/"))


def _with_port(text: str) -> tuple[str, int | None]:
    """Split host and port."""
    if text.startswith("["):
        host, end, port = text.partition("]")
        host, port = host + end, port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if not port:
        return host, None
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 10 else 0
    return host, number if number < 65_536 else 0


_INNER = re.compile(r"(?:https?|ftp)(?::|%3a)(?:/|%2f){2}")
_OPT_OUT = re.compile("opt[-_]?out")
_TOKEN = re.compile(r"[A-Za-z0-9]{16,}")
_ADDRESS = re.compile(r"[\w.+\-]{1,64}(?:@|%40)[\w\-]{1,63}\.[\w\-]")
_ESCAPED = re.compile(r"%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])")
# Few enough to be sure: .com, .pl, .asp and the like run too, but in a path of the web they mean something else.
_PROGRAMS = frozenset(
    [
        "exe",
        "scr",
        "pif",
        "bat",
        "cmd",
        "msi",
        "hta",
        "vbs",
        "jse",
        "wsf",
        "jar",
        "apk",
        "lnk",
        "iso",
        "img",
        "zip",
        "rar",
        "7z",
        "ace",
        "cab",
    ]
)


def _start_marks(start: str, port: int | None, *, user: bool) -> list[str]:
    """Return the marks of what stands before the path."""
    marks = []
    if user:
        marks.append("user")
    if port is not None and port not in (80, 443):
        marks.append("port")
    if start != start.lower():
        marks.append("host_capitals")
    return marks


def _tail_marks(path: str, query: str) -> list[str]:
    """Return the marks from ``redirects`` to ``opt_out`` that path and query have."""
    tail = f"{path}?{query}" if query else path
    low = tail.lower()
    marks = []
    if ("//" in low or "%2f" in low) and _INNER.search(low):
        marks.append("redirects")
    if len(tail) > 16 and _digits(tail) > 2 and any(map(_is_token, _TOKEN.findall(tail))):
        marks.append("tokens")
    if ("@" in low or "%40" in low) and _ADDRESS.search(low):
        marks.append("addresses")
    if "." in path and path.rpartition(".")[2].lower() in _PROGRAMS:
        marks.append("programs")
    if "unsub" in low or "remov" in low or ("opt" in low and _OPT_OUT.search(low)):
        marks.append("opt_out")
    return marks


def _digits(text: str) -> int:
    """Count the digits 0 to 9. Bytes take a quarter of the time of text."""
    return len(text) - len(text.encode("ascii", "replace").translate(None, b"0123456789"))


def _is_token(word: str) -> bool:
    """Whether a word is made by a machine: letters among which three digits or more stand, or twenty digits."""
    digits = _digits(word)
    return 3 <= digits < len(word) or digits >= 20


class Place(NamedTuple):
    """What a host is.

    Attributes
    ----------
    domain
        The registrable domain; the host itself where it has none.
    is_named
        Whether it is a name and no address.
    marks
        Those of ``PLACE_MARKS`` that it has.
    sizes
        As ``PLACE_SIZES`` names them.
    digits
        Digits in the host.
    """

    domain: str
    is_named: bool
    marks: tuple[str, ...]
    sizes: tuple[float, ...]
    digits: int


@lru_cache(maxsize=8)
def guide(suffixes: WordList, shorteners: WordList, hosting: WordList) -> Callable[[str], Place]:
    """Return the function that tells of a host, by these lists, what it is; it remembers 16,384 hosts.

    Examples
    --------
    >>> from msa_ml.features.word_lists import packaged
    >>> place = guide(packaged("public_suffixes"), packaged("url_shorteners"), packaged("free_hosting"))("bit.ly")
    >>> place.domain, place.marks
    ('bit.ly', ('shorteners',))
    """
    here = partial(_place, suffixes=suffixes, shorteners=shorteners.words, hosting=hosting.words)
    return lru_cache(maxsize=16_384)(here)


@compiled("place")
def _place(host: str, suffixes: WordList, shorteners: frozenset[str], hosting: frozenset[str]) -> Place:
    """Return what a host is."""
    numeric = is_ip(host)
    international = not host.isascii() or "xn--" in host
    domain = registrable(suffixes, host) or host
    name = domain.partition(".")[0]
    marks = (
        numeric,
        numeric and host[0] != "[" and not _is_usual(host),
        international,
        international and is_lookalike(host),
        listed(shorteners, host),
        listed(hosting, host),
    )
    return Place(
        domain,
        not numeric,
        tuple([mark for mark, has in zip(PLACE_MARKS, marks, strict=True) if has]),
        (host.count(".") + 1, host.count("-"), max(len(name) - 10, 0), max(entropy(name) - 3, 0)),
        _digits(host),
    )


def _is_usual(host: str) -> bool:
    """Four decimal numbers, none of which reads as octal."""
    return is_dotted(host) and all(number == "0" or number[0] != "0" for number in host.split("."))


# Small letters of other scripts that most typefaces draw like Latin ones (Unicode confusables.txt, 16.0).
_LATIN_SHAPES = frozenset(
    "\u03b1\u03b3\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03c9\u03f2\u03f3\u0430\u0435\u043e\u0440"
    "\u0441\u0443\u0445\u0455\u0456\u0458\u0461\u04bb\u04cf\u04d5\u0501\u051b\u051d\u0570\u0578\u057d"
    "\u0581\u0585"
)
_OTHER = re.compile(
    "[\u0370-\u052f\u0530-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f\uab70-\uabbf]"
)
_LATIN = re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")


def is_lookalike(host: str) -> bool:
    r"""Whether a label of a host mixes Latin with letters that look like it, or is made of such letters alone.

    Examples
    --------
    >>> is_lookalike("p\u0430ypal.example"), is_lookalike("xn--80ak6aa92e.com"), is_lookalike("xn--e1afmkfd.example")
    (True, True, False)
    """
    for label in host.split("."):
        text = _unpuny(label) if label.startswith("xn--") else label
        others = _OTHER.findall(text)
        if others and (_LATIN.search(text) is not None or _LATIN_SHAPES.issuperset(others)):
            return True
    return False


def _unpuny(label: str) -> str:
    try:
        return label[4:63].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


_SHOWN = re.compile(
    r"(?:https?://)?((?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,24})(?:[/:?#]\S{0,2000})?", re.IGNORECASE
)


def shown_host(text: str) -> str:
    """Return the host that the text of a link shows, ``''`` when the text is no host or URL.

    Examples
    --------
    >>> shown_host("https://www.example.org/login"), shown_host("read on")
    ('www.example.org', '')
    """
    if "." not in text or len(text) > 2100:
        return ""
    found = _SHOWN.fullmatch(text)
    return found[1] if found else ""
