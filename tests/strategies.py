"""Hypothesis strategies that speak the grammar of mail, and dirty what they said.

A random byte string hardly ever reaches the code behind the header block, so these build messages from the productions
of RFC 5322, 2045 and 2047, each with the mistakes that senders make by accident or on purpose.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from hypothesis import strategies as st

from msa_ml.features.mail.message import Message
from msa_ml.records import Kind, Login, Request, Signup

HOSTS = st.sampled_from(
    [
        "example.org", "mail.example.com", "a.b.c.example.net", "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]",
        "xn--bcher-kva.example", "bücher.example", "localhost", "-.-", "..", "co.uk", "a" * 70 + ".example", "",
        "3221225985", "0x7f.1", "example.org.", "EXAMPLE.ORG", "user@example.org", "\u0440\u0430\u0443\u0440\u0430l.example",
    ]
)  # fmt: skip
SHORT = st.text(max_size=30)
WORDS = st.lists(
    st.one_of(
        st.sampled_from(["Hello", "FREE", "V I A G R A", "!!!", "$$$", "re:", "p\u0430ypal", "a\u200bb", "日本", "👍", "\x00", "\t"]),
        SHORT,
    ),
    max_size=12,
).map(" ".join)  # fmt: skip
CHARSETS = st.sampled_from(
    [
        "utf-8", "us-ascii", "iso-8859-1", "windows-1251", "gb2312", "iso-2022-jp", "shift_jis", "utf-7", "utf-16",
        "koi8-r", "x-unknown", "zlib", "idna", "punycode", "unicode_escape", "\x00", "", "a" * 200, "utf-8*en", "../../x",
    ]
)  # fmt: skip
KINDS = st.sampled_from(
    [
        "text/plain", "text/html", "TEXT/HTML", "text", "", "/", "image/png", "application/pdf", "application/zip",
        "application/octet-stream", "message/rfc822", "multipart/mixed", "multipart/alternative", "message/partial",
    ]
)  # fmt: skip
ENCODINGS = st.sampled_from(["7bit", "8bit", "base64", "quoted-printable", "BASE64 ", "uuencode", "x", ""])
FILE_NAMES = st.sampled_from(
    [
        "a.pdf",
        "invoice.pdf.exe",
        "x.tar.gz",
        "\u202egpj.exe",
        "." * 50,
        "=?utf-8?b?YS5leGU=?=",
        "",
        "a/../b.zip",
    ]
)
DATES = st.sampled_from(
    [
        "Thu, 22 Aug 2002 12:36:23 +0200", "22 Aug 02 12:36 EDT", "Mon, 31 Feb 2002 12:00:00 +0000", "Thu, 1 Jan 1970 00:00:00 -0000",
        "Fri, 31 Dec 9999 23:59:60 +9999", "Sat, 01 Jan 0001 00:00:00 +2400", "yesterday", "", "99 Zzz 99 99:99",
        "Thu, 22 Aug 2002 24:36:23", "22 Aug 2002 12:36:23 +١٢٣٤", "٢٢ Aug 2002 12:36:23 +0000",
    ]
)  # fmt: skip


@st.composite
def addresses(draw: st.DrawFn) -> str:
    local = draw(st.sampled_from(["jo", "a.b", "x" * 100, "", "12345", '"a b"', "jo@home"]))
    spec = f"{local}@{draw(HOSTS)}" if draw(st.booleans()) else local
    display = draw(
        st.one_of(st.just(""), WORDS, st.just('"Service, <service@example.com>"'), encoded_words())
    )
    form = draw(
        st.sampled_from(
            ["{s}", "{d} <{s}>", '"{d}" <{s}>', "{d} <{s}", "<{s}> ({d})", "group: {s}, {s};", "{d}"]
        )
    )
    return form.format(d=display, s=spec)


@st.composite
def encoded_words(draw: st.DrawFn) -> str:
    data = draw(st.one_of(st.binary(max_size=20), WORDS.map(lambda text: text.encode("utf-8", "replace"))))
    charset = draw(CHARSETS)
    if draw(st.booleans()):
        body = base64.b64encode(data).decode()[: draw(st.integers(0, 40))]
        return f"=?{charset}?B?{body}?="
    body = binascii.b2a_qp(data, header=True).decode().replace("=\n", "")
    return f"=?{charset}?{draw(st.sampled_from('QqBbX'))}?{body}?="


@st.composite
def received(draw: st.DrawFn) -> str:
    helo, reverse, ip = (
        draw(HOSTS),
        draw(HOSTS),
        draw(st.sampled_from(["192.0.2.1", "10.0.0.1", "999.1.1.1", "2001:db8::1", "", "::"])),
    )
    form = draw(
        st.sampled_from(
            [
                "from {h} ({r} [{i}]) by mx.example.org with SMTP id x; {d}", "from {r} ([{i}] helo={h}) by mx.example.org; {d}",
                "from unknown (HELO {h}) ({i}) by mx.example.org; {d}", "(qmail 1 invoked by uid 0); {d}", "by x; {d}; {d}",
                "from [{i}] by mx.example.org via HTTP; {d}", "from", "((((((", "from {h} (", ";",
            ]
        )
    )  # fmt: skip
    return form.format(h=helo, r=reverse, i=ip, d=draw(DATES))


URLS = st.builds(
    lambda scheme, user, host, port, tail: f"{scheme}{user}{host}{port}{tail}",
    st.sampled_from(["http://", "HTTPS://", "www.", "//", "javascript:", "data:", "ftp://", "http:/", ""]),
    st.sampled_from(["", "user:pw@", "example.com@", "@@"]),
    HOSTS,
    st.sampled_from(["", ":81", ":99999999", ":x"]),
    st.sampled_from(["", "/", "/a?b=c", "/%41%2f", "/" + "a" * 3000, "/\x00", "?[", "#"]),
)


@st.composite
def pages(draw: st.DrawFn) -> str:
    pieces = draw(
        st.lists(
            st.one_of(
                WORDS,
                URLS.map(lambda url: f'<a href="{url}">https://example.org/</a>'),
                URLS.map(lambda url: f"<img src='{url}' width=1 height=1>"),
                st.sampled_from(
                    [
                        '<div style="display:none">x', '<p style="color:#fff; background:#FFF">ink</p>', "<font size=-7 color=white>",
                        "<script>a()</script>", "<style>p{}", "</div></div>", "<!-- c -->", "vi<!-- x -->agra", "&#118;&#x69;", "<table bgcolor=red>",
                        "<form><input type=password>", '<meta http-equiv="refresh" content="0">', "<a href>", "<iframe>", "<", "<body bgcolor=''>",
                        "<frameset>", "<svg><style>", "<template>", "<html></html><html>",
                    ]
                ),
            ),
            max_size=10,
        )
    )  # fmt: skip
    return "".join(pieces)


@st.composite
def entities(draw: st.DrawFn, depth: int = 0) -> bytes:
    """One MIME entity: its own header fields, a blank line, a body."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    kind = draw(KINDS)
    fields = []
    if depth < 3 and draw(st.booleans()):
        boundary = draw(st.sampled_from(["b", "=_x.y", "0" * 70, "----=_Part 1", "a b ", ""]))
        fields.append(
            f'Content-Type: multipart/{draw(st.sampled_from(["mixed", "alternative", "related", "x"]))}; boundary="{boundary}"'
        )
        mark = draw(st.sampled_from([boundary, boundary, boundary, "never"])).encode()
        body = b"preamble" + end
        for child in draw(st.lists(entities(depth + 1), max_size=3)):
            body += b"--" + mark + end + child + end
        body += draw(st.sampled_from([b"--" + mark + b"--" + end, b""]))
    else:
        encoding = draw(ENCODINGS)
        fields.append(f"Content-Type: {kind}; charset={draw(CHARSETS)}; name={draw(FILE_NAMES)}")
        fields.append(f"Content-Transfer-Encoding: {encoding}")
        if draw(st.booleans()):
            fields.append(
                f'Content-Disposition: {draw(st.sampled_from(["inline", "attachment", ""]))}; filename="{draw(FILE_NAMES)}"'
            )
        body = draw(
            st.one_of(
                st.binary(max_size=60), WORDS.map(lambda text: text.encode("utf-8", "replace")),
                pages().map(lambda text: text.encode("utf-8", "replace")), URLS.map(lambda text: text.encode("utf-8", "replace")),
                st.sampled_from([b"MZ\x90", b"PK\x03\x04\x14\x00\x01", b"%PDF-1.4", b"GIF89a", b"begin 644 a.exe"]),
            )
        )  # fmt: skip
        if encoding == "base64" and draw(st.booleans()):
            body = base64.encodebytes(body)[: draw(st.integers(0, 90))]
    return end.join([*(field.encode("utf-8", "replace") for field in fields), b"", body])


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """A whole message, mostly well formed in its grammar and often wrong in what it says."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    makers = {
        "Received": received(), "From": addresses(), "To": st.lists(addresses(), max_size=5).map(", ".join), "Cc": addresses(),
        "Reply-To": addresses(), "Return-Path": st.one_of(st.just("<>"), addresses()), "Sender": addresses(),
        "Subject": st.one_of(WORDS, encoded_words(), st.lists(encoded_words(), max_size=4).map(" ".join)), "Date": DATES,
        "Message-ID": st.one_of(HOSTS.map(lambda host: f"<1.2@{host}>"), SHORT),
        "Authentication-Results": st.sampled_from(
            ["mx.example.org; spf=pass smtp.mailfrom=a; dkim=fail (x) header.d=b; dmarc=none", "a;;;=;spf", "", "(((", "x; spf = PASS"]
        ),
        "Received-SPF": st.sampled_from(["pass (x)", "SoftFail", "", ";"]),
        "DKIM-Signature": HOSTS.map(lambda host: f"v=1; a=rsa-sha256; d={host}; s=x; b=="),
        "X-Mailer": SHORT, "X-Spam-Status": st.just("Yes"), "MIME-Version": st.just("1.0"), "no colon here": SHORT, "": SHORT,
    }  # fmt: skip
    lines = []
    for name in draw(st.lists(st.sampled_from(sorted(makers)), max_size=14)):
        value = draw(makers[name]).encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b"\n ")
        lines.append(name.encode() + draw(st.sampled_from([b": ", b":", b" : ", b":" + end + b" "])) + value)
    prefix = draw(st.sampled_from([b"", b"", b"", b"From jo@example.org Thu Aug 22 12:36:23 2002\n"]))
    return prefix + b"".join(line + end for line in lines) + draw(entities())


@st.composite
def dirty_mails(draw: st.DrawFn) -> bytes:
    """A message with bytes changed, cut out or doubled."""
    raw = bytearray(draw(mails()))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(raw)))
        change = draw(st.sampled_from(["cut", "insert", "double", "end"]))
        if change == "cut":
            del raw[at : at + draw(st.integers(1, 20))]
        elif change == "insert":
            raw[at:at] = draw(
                st.sampled_from(
                    [
                        b"\x00",
                        b"\r",
                        b"\n\n",
                        b"\xff\xfe",
                        b"=?",
                        b"--",
                        b"<",
                        b'"',
                        b"(" * 50,
                        b";" * 50,
                        b"\x1b$B",
                    ]
                )
            )
        elif change == "double":
            raw[at:at] = raw[at : at + 200]
        else:
            del raw[at:]
    return bytes(raw)


NAMES = st.one_of(
    st.sampled_from(
        [
            "ann", "Ann.Smith1987", "qwerty12345", "xzqjk99", "", " ", "anna_maria-77", "\u0430nn", "\u0645\u062d\u0645\u062f", "\u65e5\u672c",
            "a\u200bnn", "\u202eknab", "\U0001f600\U0001f600", "\x00\x1b[2J", "A" * 10_000, "....", "e\u0301" * 20, "\ufeffann", "1985", "--1--",
            "\u0660\u0661\u0662", "\u0130stanbul", "stra\u00dfe", "'; DROP TABLE signup; --", "null", "nan",
        ]
    ),
    st.from_regex(r"[a-z]{1,9}[._-]?[a-z]{0,9}[0-9]{0,6}", fullmatch=True),
    SHORT,
)  # fmt: skip
ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(
        [
            "192.0.2.1", "2001:db8::1", "10.1.2.3", "::ffff:10.1.2.3", "fe80::1%eth0", "[2001:db8::1]", "192.0.2.01", "192.0.2", "256.1.1.1", "",
            "1" * 5000, "::1::", "\u0661.1.1.1", "1.1.1.1\x00", "0x7f.1", "unknown", "192.0.2.1:443", "2002::1", "100.64.0.9", ":" * 300,
        ]
    ),
    SHORT,
)  # fmt: skip
AGENTS = st.one_of(
    st.sampled_from(
        [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Mozilla/5.0 (Windows NT 6.1; iPhone) AppleWebKit/605.1.15 Chrome/49.0",
            "curl/8.5.0", "python-requests/2.32.3", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", "", "Mozilla/5.0", "-",
            "Chrome/99999999999999999999999.0", "(" * 3000, "Mozilla/5.0 (" + "; " * 2000, "Chrome/", "Android " * 500, "\x00", "Firefox/-1",
        ]
    ),
    SHORT,
)  # fmt: skip
LANGUAGES = st.sampled_from(
    [
        "de-DE,de;q=0.9,en;q=0.8", "en-US", "fr", "*", "", "zh-Hans-CN", "en;q=2", "xx-YY", ",,,;;;", "de;q=" + "9" * 400, "a-" * 3000,
        "EN_us", "\u0434\u0435", "de-DE" + ",fr" * 3000, "i-klingon", ";q=1",
    ]
)  # fmt: skip
ZONES = st.sampled_from(
    [
        "Europe/Berlin", "America/New_York", "UTC", "Etc/GMT+12", "", "Mars/Olympus", "../../etc/passwd", "\x00", "Asia/Kolkata", "europe/berlin",
        "/", "America", "Pacific/Apia", "x" * 5000, "Europe/Berlin ",
    ]
)  # fmt: skip
COUNTRIES = st.sampled_from(["DE", "US", "IN", "", "de", "ZZ", "T1", "Germany", "\x00\x00", "\u0414\u0415"])
TIMES = st.one_of(
    st.none(),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)


@st.composite
def signups(draw: st.DrawFn) -> Signup:
    """An attempt to register: each field mostly in its own grammar, sometimes in that of another."""
    wild = st.one_of(NAMES, ADDRESSES, AGENTS, LANGUAGES, ZONES, COUNTRIES, URLS, addresses(), SHORT)
    names = draw(st.lists(NAMES, min_size=2, max_size=2))

    def field(usual: st.SearchStrategy[str]) -> str:
        return draw(usual) if draw(st.integers(0, 5)) else draw(wild)

    numbers = st.one_of(st.none(), st.integers(0, 5), st.integers(-(2**40), 2**40))
    return Signup(
        event_time=draw(TIMES),
        decided_at=draw(TIMES),
        user_name=names[0],
        display_name=draw(st.sampled_from([*names, " ".join(names), names[0].upper()])),
        email=field(st.one_of(st.builds("{}@{}".format, st.sampled_from(names), HOSTS), addresses())),
        ip=field(ADDRESSES),
        asn=draw(numbers),
        country=field(COUNTRIES),
        user_agent=field(AGENTS),
        device=field(SHORT),
        form_seconds=draw(st.one_of(st.none(), st.floats(0, 100), st.floats())),
        verification_method=field(
            st.sampled_from(["captcha", "sms", "email", "", "none", "SMS", "phone call"])
        ),
        verification_attempts=draw(numbers),
        referrer=field(URLS),
        language=field(LANGUAGES),
        time_zone=field(ZONES),
        attributes=draw(st.dictionaries(SHORT, SHORT, max_size=3)),
    )


def records(kind: Kind) -> st.SearchStrategy[object]:
    """Records of one kind, as an extractor of that kind receives them."""
    texts = st.one_of(
        SHORT, HOSTS, addresses(), st.sampled_from(["192.0.2.1", "2001:db8::1", "Mozilla/5.0 (X11)"])
    )
    if kind == "mail":
        return dirty_mails().map(Message)
    if kind == "signup":
        return signups()
    numbers = st.one_of(st.none(), st.integers(-(2**40), 2**40))
    seconds = st.one_of(st.none(), st.floats())
    more = st.dictionaries(SHORT, SHORT, max_size=3)
    if kind == "login":
        fields = dict.fromkeys(("account", "ip", "country", "user_agent", "device"), texts)
        known = st.sampled_from([True, False, None])
        return st.builds(Login, success=known, asn=numbers, rtt_ms=seconds, attributes=more, **fields)
    fields = dict.fromkeys(("client", "ip", "country", "method", "host", "path", "user_agent"), texts)
    return st.builds(
        Request,
        asn=numbers,
        status=numbers,
        bytes_sent=numbers,
        duration_ms=seconds,
        attributes=more,
        **fields,
    )
