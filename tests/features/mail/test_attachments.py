"""What is attached, as a table: a mail, some features, their values; ``None`` is unknown."""

import base64
import io
import math
import struct
import time
import zipfile

import numpy as np
import pytest

from msa_ml.features.extractor import FeatureSet
from msa_ml.features.mail.attachments import Attachments, extensions, sniff
from msa_ml.features.mail.container import has_macros, has_script, is_locked, zip_entries
from msa_ml.features.mail.message import Message
from tests.features.mail.make import mail, multipart

ANY = "application/octet-stream"


def file(name: str, content: bytes = b"x", kind: str = ANY) -> str:
    data = base64.encodebytes(content).decode()
    encoded = f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?=" if not name.isascii() else name
    return (
        f'Content-Type: {kind}; name="{encoded}"\nContent-Transfer-Encoding: base64\n'
        f"Content-Disposition: attachment\n\n{data}"
    )


def packed(*names: str, locked: bool = False) -> bytes:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "invented")
    data = bytearray(place.getvalue())
    if locked:  # flag 0 of each header; the content does not matter, nobody unpacks it
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.find(mark)
            while at >= 0:
                data[at + offset] |= 1
                at = data.find(mark, at + 1)
    return bytes(data)


def rar4(kind: int, flags: int) -> bytes:
    main = struct.pack("<HBHH", 0, 0x73, 0, 13) + bytes(6)
    return b"Rar!\x1a\x07\x00" + main + struct.pack("<HBHHI", 0, kind, flags, 32, 0) + bytes(30)


def rar5(*, encrypted: bool) -> bytes:
    extra = b"\x04\x01\x00\x00\x00" if encrypted else b"\x04\x02\x00\x00\x00"
    fields = bytes([2, 1, len(extra)]) + b"\x00\x05\x00\x00\x00" + extra
    return b"Rar!\x1a\x07\x01\x00" + bytes(4) + b"\x03\x01\x00\x00" + bytes(4) + bytes([len(fields)]) + fields


def seven(header: bytes) -> bytes:
    return (
        b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4) + struct.pack("<QQI", 5, len(header), 0) + bytes(5) + header
    )


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
VBA, SECRET = "_VBA_PROJECT".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
PDF, PNG, SCRIPT = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"<html><body onload = x()>"

TABLE: list[tuple[str, Message, dict[str, float | None]]] = [
    ("none", mail(body="x"), {"count": 0, "largest": None, "executables": None, "macros": None, "disguised": None}),
    (
        "a report",
        multipart("\nhi", file("report.pdf", PDF, "application/pdf")),
        {"count": 1, "largest": 9, "documents": 1, "false_type": 0, "false_name": 0, "executables": 0, "scripts": 0, "disguised": 0, "locked": 0},
    ),
    ("runs", multipart(file("invoice.pdf.exe", b"MZ"), file("a.tar.gz", b"\x1f")), {"count": 2, "executables": 1, "programs": 1, "double": 1, "archives": 1}),
    ("a type that lies", multipart(file("a.jpg", b"MZ", "image/jpeg"), file("b.png", PNG, "image/png")), {"false_type": 1, "false_name": 1, "images": 2, "programs": 1}),
    ("a name that lies", multipart(file("a.pdf", packed("x")), file("a.docx", packed("x")), file("a.txt", b"MZ"), file("b.txt", b"BM")), {"false_name": 2, "false_type": 0}),
    ("nothing", multipart(file("", b"x", "image/png"), file("p.html", b"", "text/html")), {"unnamed": 1, "empty": 1, "images": 1, "pages": 1}),
    ("locked zip", multipart(file("b.zip", packed("a.txt", "b.exe", locked=True))), {"locked": 1, "archives": 1, "holds_program": 1}),
    ("open zip", multipart(file("b.zip", packed("a.txt", "sub/b.pdf"))), {"locked": 0, "archives": 1, "holds_program": 0, "macros": 0}),
    ("locked rar, 7z, office", multipart(file("a.rar", rar4(0x74, 4)), file("a.7z", seven(b"\x17\x06\xf1\x07\x01")), file("a.docx", OLE + SECRET)), {"locked": 3, "archives": 2, "documents": 1}),
    ("macros", multipart(file("a.doc", OLE + VBA), file("a.docm", packed("word/vbaProject.bin"))), {"macros": 2, "documents": 1}),
    ("no macros", multipart(file("a.doc", OLE), file("a.docx", packed("word/document.xml")), file("a.txt", VBA)), {"macros": 0, "documents": 2, "archives": 0}),
    ("scripts", multipart(file("a.html", SCRIPT, "text/html"), file("a.svg", b"<svg><SCRIPT>", "image/svg+xml"), file("a.pdf", PDF + b"/S /JavaScript")), {"scripts": 3, "pages": 1}),
    ("no scripts", multipart(file("a.html", b"<p>script onload", "text/html"), file("a.txt", SCRIPT)), {"scripts": 0}),
    ("turned name", multipart(file("invoice\u202efdp.exe", b"MZ")), {"disguised": 1, "executables": 1}),
    ("a script among programmers", multipart(file("a.sh", b"#!/bin/sh", "text/plain")), {"programs": 0, "false_type": 0, "executables": 1}),
    ("a signature", multipart("\nhi", file("", b"x", "application/pgp-signature")), {"count": 0, "unnamed": None}),
    ("blanks in a name", multipart(file("invoice.pdf" + " " * 60 + ".exe"), file("a b.pdf")), {"disguised": 1, "double": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_values(found: Message, expected: dict[str, float | None]) -> None:
    extractor = Attachments()
    row = dict(zip(extractor.columns, FeatureSet([extractor]).vector(found), strict=True))
    seen = {name: f"{row[f'mail.attachments.{name}']:.6g}" for name in expected}
    assert seen == {
        name: f"{np.float32(math.nan if value is None else value):.6g}" for name, value in expected.items()
    }


def test_every_feature_is_seen_in_the_table() -> None:
    seen = {name for _, _, expected in TABLE for name, value in expected.items() if value}
    assert {feature.name for feature in Attachments.features} == seen


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (packed("a", locked=True), True),
        (packed("a", locked=True)[:40], True),
        (packed("a"), False),
        (rar4(0x73, 0x80), True),
        (rar4(0x74, 4), True),
        (rar4(0x74, 0), False),
        (rar5(encrypted=True), True),
        (rar5(encrypted=False), False),
        (b"Rar!\x1a\x07\x01\x00" + bytes(4) + b"\x0b\x04\x00", True),
        (seven(b"\x17\x06\x24\x06\xf1\x07\x01"), True),
        (seven(b"\x01\x04\x06"), False),
        (OLE + SECRET, True),
        (OLE, False),
        (b"PK\x03\x04", False),
        (b"Rar!\x1a\x07\x00", False),
        (b"Rar!\x1a\x07\x01\x00" + b"\xff" * 99, False),
        (b"Rar!\x1a\x07\x01\x00" + bytes(4) + b"\x20\x02\x01\x7f" + bytes(40), False),
        (b"7z\xbc\xaf\x27\x1c" + b"\xff" * 40, False),
        (b"", False),
    ],
)
def test_locked(content: bytes, expected: bool) -> None:
    assert is_locked(content) is expected


def test_names_inside_a_zip() -> None:
    assert list(zip_entries(packed("a.txt", "b/c.exe"))) == [(False, "a.txt"), (False, "b/c.exe")]
    assert list(zip_entries(b"junk" * 99 + b"PK\x05\x06" + b"\xff" * 18)) != []
    assert len(list(zip_entries(b"PK\x03\x04" + (b"PK\x01\x02" + bytes(42)) * 5000))) == 200


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_cut_archive_never_raises(cut: int) -> None:
    for content in (
        packed("a.exe", locked=True),
        rar4(0x74, 4),
        rar5(encrypted=True),
        seven(b"\x17"),
        OLE + VBA,
    ):
        piece = content[:cut]
        assert (is_locked(piece), has_macros(piece), has_script(piece), list(zip_entries(piece))) is not None
        assert isinstance(sniff(piece), str)


def test_hostile_files_take_no_time() -> None:
    entries = (
        b"PK\x03\x04"
        + (b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 900, 0, 0) + bytes(12) + b"a." * 450) * 200
    )
    rar = b"Rar!\x1a\x07\x01\x00" + (bytes(4) + b"\x04\x02\x01\x01\x00") * 50_000
    name = "a" + " " * 5_000 + "b"
    kinds = [entries, rar, b"<" * 300_000, OLE * 500]
    found = multipart(*[file(name, content, "text/html") for content in kinds for _ in range(20)])
    assert len(found.parts) == 81
    began = time.process_time()
    Attachments().extract(found)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\u202egpj.exe", ("exe",)),
        ("a" * 9999 + ".b.zip", ("b", "zip")),
        ("...", ()),
        ("", ()),
        ("x.2024.doc", ("doc",)),
    ],
)
def test_extensions(name: str, expected: tuple[str, ...]) -> None:
    assert extensions(name) == expected
