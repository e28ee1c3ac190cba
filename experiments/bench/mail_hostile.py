"""Mutated mails against the reader, every extractor and every view: no exception, nothing slow, memory bounded.

    .venv/bin/python experiments/bench/mail_hostile.py --json

Each mail is a seed with one to four mutations (cuts, doubled pieces, noise, null bytes, every charset name that Python
knows and some that nobody knows, broken base64, boundaries that never occur ...), and among them stand the bombs: 100,000
header fields, 1,000 nested parts, a line of 30 MB, and what else a sender may think of. Seeds are the invented mails of
the golden cases, or the files below ``--corpus DIR``. The same ``--seed`` gives the same mails.

The last line is one JSON object: ``mails``, ``exceptions``, ``out_of_range`` (values outside their declared range),
``slowest_s`` (processor seconds from raw bytes to all features of one mail), ``slowest`` (what was done to it),
``peak_rss_mib``, ``fallbacks`` (mails that had to be repaired to be read) and ``damage`` (why, counted). It exits with 1
when a mail raised, left a range, or took more than ``--seconds``; ``--save DIR`` keeps those mails.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import inspect
import json
import pkgutil
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from encodings.aliases import aliases
from pathlib import Path
from typing import Any

import numpy as np

import msa_ml.features.mail
from msa_ml.bundle.golden_mail import golden_mail
from msa_ml.features.extractor import Extractor, FeatureSet, Reader, View
from msa_ml.features.mail.message import Message

CHARSETS = sorted({*aliases, *aliases.values(), "x-unknown", "idna", "punycode", "unicode_escape", "raw_unicode_escape",
    "utf-8-sig", "undefined", "mbcs", "oem", "../../x", "a" * 5000, "\x00", "utf-8*en", "ISO-8859-1'en", ""})  # fmt: skip
PIECES = (
    b"\x00", b"\x00" * 300, b"\r", b"\n", b"\r\n\r\n", b"\n\n", b"\xff\xfe", b"\xf0\x9f", b"=?utf-8?q?", b"=?utf-8?b?////?=", b"?=", b"--", b"--b--\n",
    b"<", b">", b"<a href=", b"<!--", b"<style>", b"&#x110000;", b"&#0;", b'"', b"'", b"(" * 400, b")" * 400, b";" * 400, b"=\n", b"=ZZ", b"%" * 300, b"@" * 300,
    b"http://", b"http://[", b"HTTP://%00@:99999999999/", b"www.", b"javascript:", b"data:", b"\x1b$B", b"\x1b(B", b"+AGE-", b"~{", b"\xe2\x80\x8b" * 200, b"\xe2\x80\xae",
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"Content-Type: message/rfc822\n\n", b"Content-Transfer-Encoding: base64\n", b"Received: from",
    b"Date: Fri, 31 Dec 9999 23:59:60 +9999\n", b"PK\x03\x04", b"PK\x01\x02", b"Rar!\x1a\x07\x01\x00", b"\xd0\xcf\x11\xe0", b"BEGIN:VCALENDAR\n",
)  # fmt: skip
Mutation = Callable[[bytes, random.Random, list[bytes]], bytes]


def _cut(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def _without(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at + chance.choice((1, 2, 7, 80, 700)) :]


def _doubled(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    at = chance.randrange(len(raw) + 1)
    piece = raw[at : at + chance.choice((1, 20, 200, 2000))]
    return raw[:at] + piece * chance.choice((2, 3, 50)) + raw[at:]


def _spliced(raw: bytes, chance: random.Random, seeds: list[bytes]) -> bytes:
    other = chance.choice(seeds)
    return raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :][:50_000]


def _inserted(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice(PIECES) + raw[at:]
    return raw


def _noise(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    data = bytearray(raw)
    for _ in range(min(len(data), chance.choice((1, 10, 200)))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _charset(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    name = chance.choice(CHARSETS).encode()
    if b"charset=" in raw:
        head, _, tail = raw.partition(b"charset=")
        return head + b"charset=" + name + b"; x=" + tail
    field = (
        b"Subject: =?"
        + name
        + b"?"
        + chance.choice((b"q", b"b"))
        + b"?"
        + chance.randbytes(12).hex().encode()
        + b"?=\n"
    )
    return field + b"Content-Type: text/plain; charset=" + name + b"\n" + raw + chance.randbytes(300)


def _base64(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    head, gap, body = raw.partition(b"\n\n" if b"\n\n" in raw else b"\r\n\r\n")
    data = bytearray(base64.encodebytes(body[:30_000]))
    for _ in range(min(len(data), chance.choice((0, 1, 20)))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return b"Content-Transfer-Encoding: base64\n" + head + gap + data[: chance.randrange(len(data) + 1)]


def _boundary(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    name = chance.choice((b"never", b"", b"-" * 70, b"b" * 5000, b'"', b"\xff", b"b\x00"))
    head, _, tail = raw.partition(b'boundary="')
    return (
        head + b'boundary="' + name + tail
        if tail
        else b'Content-Type: multipart/mixed; boundary="' + name + b'"\n' + raw
    )


def _line_ends(raw: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(
        b"\n", chance.choice((b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\n \n", b"\x0b"))
    )


MUTATIONS: tuple[Mutation, ...] = (
    _cut, _without, _doubled, _spliced, _inserted, _noise, _charset, _base64, _boundary, _line_ends
)  # fmt: skip


def bombs(scale: float = 1) -> dict[str, Callable[[], bytes]]:
    """Return makers of mails that are large, deep or crowded, by name; ``scale`` shrinks them."""

    def times(number: int) -> int:
        return max(1, int(number * scale))

    def page(head: bytes, piece: bytes, number: int, tail: bytes = b"") -> Callable[[], bytes]:
        return lambda: b"Content-Type: text/html\n\n" + head + piece * times(number) + tail

    def field(name: bytes, piece: bytes, number: int) -> Callable[[], bytes]:
        return lambda: name + b": " + piece * times(number) + b"\nSubject: x\n\nbody\n"

    def body(piece: bytes, number: int, head: bytes = b"") -> Callable[[], bytes]:
        return lambda: head + b"\n" + piece * times(number)

    def nested(number: int) -> bytes:
        return (
            b"".join(
                b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
                for n in range(times(number))
            )
            + b"\nx\n"
        )

    encoded = "Content-Transfer-Encoding: {}\n"
    zipped = b"PK\x03\x04" + (b"PK\x01\x02" + bytes(24) + b"\x84\x03" + bytes(16) + b"a." * 450) * 300
    attached = b"--b\nContent-Type: application/zip; name=a.zip\n\n" + zipped + b"\n"
    many = b"Content-Type: multipart/mixed; boundary=b\n\n"
    return {
        "100,000 fields": lambda: b"".join(b"X-%d: y\n" % n for n in range(times(100_000))) + b"\nbody",
        "100,000 equal fields": lambda: b"Received: from a.example ([192.0.2.1]) by b.example; x\n" * times(100_000) + b"\nbody",
        "100,000 subjects": lambda: b"Subject: =?utf-8?q?a?=\n" * times(100_000) + b"\nbody",
        "1,000 nested parts": lambda: nested(1_000),
        "10,000 nested parts": lambda: nested(10_000),
        "nested parts of one boundary": lambda: many * 1_000 + b"--b\n" * times(200_000),
        "nested messages": lambda: b"Content-Type: message/rfc822\n\n" * times(100_000),
        "a line of 30 MB": body(b"A", 30_000_000),
        "a line of 30 MB in HTML": page(b"", b"A", 30_000_000),
        "30 MB of words": body(b"free money ", 2_700_000),
        "30 MB of marks": body(b"$!", 15_000_000),
        "30 MB of words that are no ASCII": body("h\u0430llo w\u00f6rld \u200b".encode(), 1_500_000),
        "30 MB of spaced letters": body(b"F R E E ", 3_700_000),
        "30 MB of base64": body(b"QUJD" * 19 + b"\n", 390_000, encoded.format("base64").encode()),
        "30 MB of broken base64": body(b"QU*JD\x00=" * 11 + b"\n", 390_000, encoded.format("base64").encode()),
        "30 MB of quoted-printable": body(b"=41=\n", 6_000_000, encoded.format("quoted-printable").encode()),
        "30 MB of null bytes": body(b"\x00", 30_000_000),
        "30 MB of line ends": body(b"\n", 30_000_000),
        "30 MB of carriage returns": body(b"\r", 30_000_000),
        "30 MB of 8-bit": body(b"\xe9\xff", 15_000_000, b"Content-Type: text/plain; charset=utf-8\n"),
        "30 MB of UTF-16": body(b"\xd8\x00", 15_000_000, b"Content-Type: text/plain; charset=utf-16\n"),
        "30 MB of UTF-7": body(b"+AGE-", 6_000_000, b"Content-Type: text/plain; charset=utf-7\n"),
        "30 MB of escapes of ISO-2022": body(b"\x1b$B!!\x1b(B", 3_000_000, b"Content-Type: text/plain; charset=iso-2022-jp\n"),
        "a field of 30 MB": field(b"Subject", b"a", 30_000_000),
        "a field of 30 MB of folds": field(b"Subject", b"a\n b", 7_500_000),
        "a name of 30 MB": lambda: b"a" * times(30_000_000),
        "encoded words": field(b"Subject", b"=?utf-8?b?4pyT?= ", 200_000),
        "ends of encoded words": field(b"Subject", b"=?a?q?", 500_000),
        "addresses": field(b"To", b"jo@example.org, ", 200_000),
        "addresses in From": field(b"From", b'"a b" <jo@example.org>, ', 200_000),
        "parentheses": field(b"From", b"(", 1_000_000),
        "quotes": field(b"To", b'"', 1_000_000),
        "escapes": field(b"From", b'"\\', 1_000_000),
        "parameters": field(b"Content-Type", b'; a="b"', 200_000),
        "parameters with numbers": lambda: b"Content-Type: text/plain" + b"".join(b"; name*%d=a" % n for n in range(times(100_000))) + b"\n\nx",
        "authentication results": field(b"Authentication-Results", b"a; spf=pass (", 200_000),
        "received": field(b"Received", b"from a (b [", 200_000),
        "digits in a date": field(b"Date", b"9", 1_000_000),
        "a long message id": field(b"Message-ID", b"<a@", 500_000),
        "domain of many labels": field(b"From", b"a@" + b"a." * 100_000, 1),
        "boundaries": body(b"--b\n\nx\n", 500_000, many),
        "boundaries without a part": body(b"--b\n", 5_000_000, many),
        "false boundaries": body(b"--bx\n", 5_000_000, many),
        "200 zip archives": lambda: many + attached * times(200) + b"--b--\n",
        "pages": body(b"--b\nContent-Type: text/html\n\n<p>a<a href=http://a.example>b</a>\n", 10_000, many),
        "calendars": body(b"--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n", 10_000, many),
        "open elements": page(b"", b"<div>", 1_000_000),
        "open tables": page(b"", b"<table><tr><td>", 300_000),
        "open formatting": page(b"", b"<b><i><font size=1>", 100_000, b"<p>x" * 100_000),
        "open links": page(b"", b"<a href=http://a.example/>x", 300_000),
        "nested links in tables": page(b"", b"<a href=http://a.example/><table><tr><td>x", 100_000),
        "attributes": lambda: b"Content-Type: text/html\n\n<p " + b"".join(b"a%d=b " % n for n in range(times(300_000))) + b">x",
        "a long attribute": page(b"<a href='http://a.example/", b"a", 5_000_000, b"'>x</a>"),
        "styles": page(b"", b"<p style='color:#fff;background:#fff;font-size:1px;display:none'>x", 100_000),
        "a long style": page(b"<p style='", b"color :#fff;", 500_000, b"'>x"),
        "comments": page(b"", b"vi<!-- x -->agra ", 500_000),
        "an open comment": page(b"<!--", b"- -", 2_000_000),
        "entities": page(b"", b"&#118;&#x69;&amp;&lt", 500_000),
        "tag ends": page(b"", b"</a></b></p>", 500_000),
        "less than": page(b"", b"<", 5_000_000),
        "images": page(b"", b"<img src=http://a.example/x.gif width=1 height=1>", 100_000),
        "forms": page(b"", b"<form action=//a.example><input type=password>", 100_000),
        "svg": page(b"", b"<svg><math><template>", 200_000),
        "select": page(b"", b"<select><option>", 300_000),
        "urls": lambda: b"\n" + b"".join(b"http://h%d.example/%d " % (n, n) for n in range(times(300_000))),
        "one long url": body(b"http://a.example/" + b"a" * 3_000, 5_000),
        "urls of signs": body(b"http://" + b"@:%[]" * 300 + b" ", 5_000),
        "schemes": body(b"http://", 3_000_000),
        "colons and slashes": body(b"://", 5_000_000),
        "www": body(b"www.", 5_000_000),
        "digits": body(b"1234567890 ", 2_000_000),
        "quoted lines": body(b"> " * 50 + b"\n", 100_000),
        "zero-width": body("\u200b".encode(), 2_000_000),
        "combining marks": body("a\u0301\u0302\u0303".encode(), 1_000_000),
        "directions": body("\u202e\u2066".encode(), 1_000_000),
    }  # fmt: skip


def mutants(
    seeds: list[bytes], number: int, seed: int, *, large: dict[str, Callable[[], bytes]] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield ``number`` mails with what was done to them: each large one once, smaller bombs now and then, and mutations.

    The large ones are all bombs, unless others are given.
    """
    first = bombs() if large is None else large
    for name, make in list(first.items())[:number]:
        yield name, make()
    names = list(bombs())
    for index in range(len(first), number):
        chance = random.Random(f"{seed}/{index}")
        done = []
        if chance.random() < 0.02:
            done.append(chance.choice(names))
            raw = bombs(scale=chance.choice((0.001, 0.01)))[done[0]]()
        else:
            raw = chance.choice(seeds)
        for mutate in chance.choices(MUTATIONS, k=chance.randrange(1, 5)):
            done.append(mutate.__name__.strip("_"))
            raw = mutate(raw, chance, seeds)[:32_000_000]
        yield " + ".join(done), raw


def readers() -> FeatureSet:
    """Return every extractor and view of mail that the package has, found by walking."""
    found: dict[type[Reader], None] = {}
    for module in pkgutil.walk_packages(msa_ml.features.mail.__path__, "msa_ml.features.mail."):
        for value in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(value) and issubclass(value, Reader) and not inspect.isabstract(value):
                found[value] = None
    return FeatureSet(
        [cls() for cls in found if issubclass(cls, Extractor)],
        [cls() for cls in found if issubclass(cls, View)],
    )


def _check(features: FeatureSet, raw: bytes, low: Any, high: Any) -> tuple[Message, list[str]]:
    """Read one mail, with all features, views, texts and addresses; return the features that left their range."""
    message = Message(raw)
    row = features.vector(message)
    for view in features.views:
        assert len(view.content(message)) <= view.limit
    text = "".join((message.subject or "", message.text, message.html_text, *message.urls))
    text += "".join(
        address.display + address.local + address.domain
        for address in (*message.senders, *message.recipients)
    )
    text.encode("utf-8")  # no surrogate gets out
    wrong = ~(np.isnan(row) | ((row >= low) & (row <= high)))
    return message, [name for name, is_wrong in zip(features.columns, wrong, strict=True) if is_wrong]


def run(seeds: list[bytes], number: int, seed: int, seconds: float, save: Path | None) -> dict[str, Any]:
    """Read the mails and return what happened, as the last line of the output has it."""
    features = readers()
    low = np.array([feature.low for feature in features.features], np.float32)
    high = np.array([feature.high for feature in features.features], np.float32)
    _check(features, seeds[0], low, high)  # lists and tables are loaded once, not by the first mail
    failures: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    damage: Counter[str] = Counter()
    mails = fallbacks = 0
    slowest, what, over = 0.0, "", 0
    for done, raw in mutants(seeds, number, seed):
        mails += 1
        bad = ""
        began = time.process_time()
        try:
            message, wrong = _check(features, raw, low, high)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            place = inspect.trace()[-1]
            failures[f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"] += 1
            bad = "raised"
        else:
            fallbacks += message.parsed_by == "fallback"
            damage.update(filter(None, message.damage.split(",")))
            outside.update(wrong)
            bad = "left_range" if wrong else ""
        took = time.process_time() - began
        if took > slowest:
            slowest, what = took, done
        if took > seconds:
            over += 1
            bad = "slow"
            print(f"{took:.2f} s: {done}", file=sys.stderr)
        if bad and save is not None:
            (save / f"{mails:06}_{bad}.eml").write_bytes(raw)
    return {
        "mails": mails,
        "seed": seed,
        "exceptions": sum(failures.values()),
        "exception_places": dict(failures),
        "out_of_range": sum(outside.values()),
        "out_of_range_features": dict(outside),
        "slowest_s": round(slowest, 3),
        "slowest": what,
        "over_limit": over,
        "peak_rss_mib": peak_rss_mib(),
        "fallbacks": fallbacks,
        "damage": dict(damage.most_common()),
        "extractors": len(features.extractors),
        "views": len(features.views),
    }  # fmt: skip


def peak_rss_mib() -> int:
    """Return the peak memory of this process; Linux lets ``ru_maxrss`` begin with that of the process it was started from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=20_000, help="how many (default: 20,000)")
    parser.add_argument(
        "--corpus", type=Path, help="folder whose files are the seeds (default: invented mails)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2, help="processor seconds that one mail may take")
    parser.add_argument("--save", type=Path, help="folder for the mails that broke a promise")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    options = parser.parse_args()
    if options.corpus is None:
        seeds = [raw for raw in golden_mail().values() if raw]
    else:
        files = sorted(file for file in options.corpus.rglob("*") if file.is_file())
        seeds = [
            raw for file in files[:: max(1, len(files) // 3_000)] if (raw := file.read_bytes()[:200_000])
        ]
    if not seeds:
        sys.exit(f"no files in {options.corpus}: --corpus wants a folder of mails, one a file")
    if options.save is not None:
        options.save.mkdir(parents=True, exist_ok=True)
    found = run(seeds, options.mails, options.seed, options.seconds, options.save)
    if not options.json:
        for name, value in found.items():
            print(f"{name}: {value}")
    print(json.dumps(found))
    sys.exit(1 if found["exceptions"] or found["out_of_range"] or found["over_limit"] else 0)


if __name__ == "__main__":
    main()
