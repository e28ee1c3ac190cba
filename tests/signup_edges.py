# ruff: noqa: RUF001 - characters that look like others are what is tested
"""Sign-ups at the edges of what features count: where two readings of a rule would give two numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]
TIME = "2026-03-10T09:15:02.250Z"
FIELDS = (
    "user_name", "display_name", "email", "ip", "country", "user_agent", "verification_method", "referrer", "language", "time_zone",
)  # fmt: skip
USUAL = {
    "user_name": "anna77", "display_name": "Anna W", "email": "anna77@example.com", "ip": "192.0.2.1", "country": "AT",
    "user_agent": "curl/8", "verification_method": "captcha", "referrer": "https://bit.ly/a", "language": "de-AT,en",
    "time_zone": "Europe/Vienna", "event_time": TIME,
}  # fmt: skip
# What languages and versions of Unicode read in different ways: spaces, capitals of one or two letters, digits, marks.
ODD = (
    "\t", "\n", "\x0b", "\x1c", "\x85", "\xa0", "\u2003", "\u3000", "\ufeff", "\u200b", "İ", "ß", "ΑΣ.", "ǅ", "\u212a", "ſ", "ﬀ",
    "\x00", "\x7f", "١", "²", "½", "a\u0301", "\U0001f600", "#", "//",
)  # fmt: skip


def everywhere() -> Iterator[Row]:
    """Yield odd characters around every field, and texts about as long as what is read of them."""
    for field in FIELDS:
        text = USUAL[field]
        for odd in ODD:
            yield {**USUAL, field: odd}
            yield {**USUAL, field: f"{odd}{text}{odd}"}
        for size in (15, 16, 63, 64, 65, 255, 256, 257, 511, 512, 513):
            yield {**USUAL, field: " " * size + text}
            yield {**USUAL, field: text + " " * size + "x"}
            yield {**USUAL, field: "\U0001f600" * size + text}
            yield {**USUAL, field: text * (size // len(text) + 1)}


def _each(field: str, *values: object, **others: Any) -> Iterator[Row]:
    yield from ({**others, field: value} for value in values)


def names() -> Iterator[Row]:
    """Yield names that stand at the edges of what is counted in them."""
    user = (
        "aB", "aBcD", "QWERTY", "ytrewq", "1qaz2wsx", "0987", "CbA", "Zz", "z{", "/0", "9:", "@A", "_a_", "a__b", "x1985", "x2085", "x11985",
        "20", "x19a5", "é1985", "bfBQ", "yY", "АБВ", "~a", "^", "00000", "Ａ", "１２", "é-é", "x" * 300, "ab" * 150,
    )  # fmt: skip
    yield from _each("user_name", *user, *(name * 30 for name in user))
    shown = (
        "www.", "x.com", "x.comx", "x.com1", "x.comé", "X.COM", "a.ru b", "x.comx.com", "x.com x.comx", "Ann  B", "A b C", "1 A", "a\tb", "aа",
        "αа", "a1а", "ab×", "☀", "➿", "\U0001faff", "\U0001fb00", "2600", ". .", "A " * 200, "\u00ad", "A.B",
    )  # fmt: skip
    yield from _each("display_name", *shown, user_name="ab")
    pairs = (
        ("Straße", "STRASSE"), ("İstanbul", "istanbul"), ("ΣΑΣ", "σας"), ("ДА", "да"), ("aa", "aaa"), ("a", "a"), ("!!", "ab"), ("é", "é"),
        ("abcd", "x.abcde"), ("abc", "abcx"),
    )  # fmt: skip
    for one, other in pairs:
        yield {"user_name": one, "display_name": other, "email": f"{other}@example.com"}
        yield {"user_name": other, "display_name": one, "email": f"{one}+{other}@example.com"}


def addresses() -> Iterator[Row]:
    """Yield addresses, of mail and of clients, numbers of networks and referrers."""
    mail = (
        "a@b", "a@b.", "a@b..", "a@.", "@b.com", "a@", "@", "a@@b.com", "a@b@c.com", "+x@x.com", "a+@x.com", "a++b@x.com", "a.+1.2@x.com",
        "a@example", "a@ÄÖ.DE", "a@x.РФ", "a@x.xn--p1ai", "a@foo.ck", "a@www.ck", "a@ck", "a@foo.uk", "a@foo.za", "a@co.za", "a@foo.zzzz",
        "a@x.local", "a@foo.test", "a@gmail.com.", "a@sub.gmail.com", "a@notgmail.com", "a@x_y.com", "a@x y.com", "a b@x.com",
        "a\x85b@x.com", "a@x\xa0.com", "a@1.2.3.4", "a@[1.2.3.4]", "....@x.com", "a.b.c@x.com", "a@" + "a." * 200 + "com", "a@x.github.io",
        "a@x.scientist.com", "a@mailinator.com", "a@b。com", "a@xn--.com", "a@x.公司", "a@x.xn--55qx5d", "a@x.U\u212a", '"a@b"@x.com', "a@x.example.", "a@home.arpa", "1" * 255 + "@x.com",
    )  # fmt: skip
    yield from _each("email", *mail, user_name="a")
    client = (
        "::", "1::", "::ffff:10.0.0.1", "::10.0.0.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
        "1:2:3:4:5:6:1.2.3.4", "::1.2.3", "::1.2.3.04", "1.2.3.4::", "fe80::1%eth0", "[::1]", "[[::1]]", " [ ::1 ] ", "01.2.3.4", "1.2.3.4.",
        "1.2.3.256", "+1.2.3.4", "1.2.3.٤", "12345::", "::g", ":::", "1::2::3", "FE80::ABCD", "2001:db8::a0b1:c2ff:fed3:e4f5", "::fffe:1.2.3.4",
        "64:ff9b::1.2.3.4", "2002:0a00::1", "2001::1", "100::1", "ff02::1", "fd00::1", "4000::1", "3fff:ffff::", "100.127.255.255", "172.32.0.0",
        "255.255.255.255", "192.0.0.8", "2001:db8::ffff", "2001:db8::1:0", "1 .2.3.4", "::1\x00",
    )  # fmt: skip
    yield from _each("ip", *client)
    edges = (0, 1, 23456, 64495, 64496, 65535, 65536, 4199999999, 4200000000, 4294967295, 4294967296, 16509)
    yield from _each("asn", *edges, *(-edge for edge in edges), 2**63 - 1, -(2**63))
    links = (
        "http://", "://x", "http:///a", "HTTP://x", "hTTps://bit.ly", "javascript:0", "//bit.ly/a", "http://bit.ly:80", "http://bit.ly:x",
        "http://u:p@bit.ly", "http://u@v@bit.ly", "http://bit.ly?x@y", "http://bit.ly#a/b", "http://bit.ly/a/b?c/d#e/f", "http://sub.bit.ly",
        "http://notbit.ly", "http://bit.ly.", "http://.bit.ly", "http://a.blogspot.com", "http://1.2.3.4:80", "http://user@/x", "a http://x",
        "http://x/http://y", "x?y://z/a", "http://x?", "a/b/c", "http://@", "http://:80", "http://0x7f.1", "http://1.2.3.4.5", "http://١.1.1.1",
        *(f"http://{address}/a" for address in client),
    )  # fmt: skip
    yield from _each("referrer", *links)


def clients() -> Iterator[Row]:
    """Yield programs, languages, zones, times and what a form is told."""
    agents = (
        "Firefox/120 rv:120", "rv:109 Firefox/115", "rv: Firefox/115", "Firefox/1234567890 rv:123456789", "Firefox/012 rv:12", "Firefox/١",
        "Chrome/12 Edg/13", "Edg/12", "Chrome/x Chrome/2 Edg/2", "Firefox/x Firefox/3 rv:3", "iPhone Chrome/1", "iPad Mobile Macintosh",
        "Mobile Windows Phone", "Windows Phone Android", "Trident/ Chrome/", "Presto/", "Windows NT 50", "Version/ Safari/", "Mozilla/5.0(",
        "CURL/8", "c\u212aurl/", "Chrome/0", "Chrome/400", "Chrome/5 Firefox/1", "Chrome/ Firefox/120",
    )  # fmt: skip
    yield from _each("user_agent", *agents, event_time=TIME)
    yield from _each("user_agent", *agents)
    languages = (
        "de-DE", "*", "*,de", "de,,en", "de-Latn-DE", "de-1996", "de-a-de", "x-private", "abcd", "d", "de_DE", "de-DE ;q=1", ";q=1", "de-", "de--de",
        "de-abcdefghi", "es-419", "de-dE", "de," * 40, "dé",
    )  # fmt: skip
    for country in ("DE", "de", " DE", "", "ZZ", "AQ", "x" * 20, " " * 20 + "DE"):
        yield from _each("language", *languages, country=country, time_zone="Europe/Berlin")
        zones = ("UTC", "Etc/GMT+12", "EST5EDT", "europe/berlin", "Africa/Asmera", "Pacific/Kiritimati", "x")
        yield from _each("time_zone", *zones, country=country, language="de-DE,en", event_time=TIME)
    for seconds in (0, -0.0, -1e-9, 1e-9, 0.001, 1.5, 86399.5, 86400.5, 1e300, 5e-324):
        yield from _each("user_name", "", "a", "abc", form_seconds=seconds)
    yield from _each("verification_attempts", 0, 1, 999, 1001, 2**63 - 1, -1)
    times = (
        "1969-12-31T23:59:59.999Z", "0001-01-03T00:00:00Z", "9999-12-30T23:59:59.999Z", "2026-03-10T09:15:02+05:30", "2026-03-10T09:15:02.123456Z",
        "2026-03-10T09:15:02.1239-23:59", "1969-12-31T23:59:59.999999Z", "2024-02-29T23:59:59.9Z", "2026-03-15T00:00:00.000Z",
    )  # fmt: skip
    yield from _each("event_time", *times, time_zone="Asia/Kolkata", user_agent="Chrome/142.0")
    yield from _each("decided_at", *times, time_zone="America/New_York", event_time=TIME)
    halves = "\ud83d", "a\udc00b", "\ude00\ud83d"  # which JSON can write and no text can hold
    for field in ("user_name", "display_name", "email"):
        yield from _each(field, *halves)
