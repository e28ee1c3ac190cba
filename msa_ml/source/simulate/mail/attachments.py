"""Files that travel with mail: the right first bytes, an invented name, and harmless noise behind it."""

from __future__ import annotations

from msa_ml.source.simulate.chance import Chance, Odds
from msa_ml.source.simulate.mail.compose import Attachment

# First bytes and media type by ending.
_FORMS: dict[str, tuple[bytes, str]] = {
    "pdf": (
        b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
        "application/pdf",
    ),
    "jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
    "docx": (
        b"PK\x03\x04\x14\x00\x06\x00",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": (
        b"PK\x03\x04\x14\x00\x06\x00",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "docm": (b"PK\x03\x04\x14\x00\x06\x00", "application/vnd.ms-word.document.macroEnabled.12"),
    "zip": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "application/zip"),
    "html": (b"<html><head><title>Document</title></head><body><p>", "text/html"),
    "ics": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "text/calendar"),
    "iso": (b"\x00" * 64 + b"CD001", "application/octet-stream"),
}
PRIVATE = Odds(
    {
        "jpg": 34.0,
        "pdf": 34.0,
        "docx": 12.0,
        "xlsx": 8.0,
        "png": 6.0,
        "zip": 4.0,
        "ics": 3.0,
        "docm": 3.0,
        "html": 1.0,
        "iso": 0.2,
    }
)
BUSINESS = Odds({"pdf": 90.0, "ics": 3.0, "zip": 3.5, "html": 2.0, "docx": 2.0, "xlsx": 2.0, "docm": 1.5})
HOSTILE = Odds({"zip": 30.0, "pdf": 26.0, "html": 18.0, "docm": 12.0, "docx": 6.0, "xlsx": 6.0, "iso": 4.0})
_STEMS = (
    "scan",
    "invoice",
    "document",
    "report",
    "form",
    "photo",
    "IMG",
    "order",
    "contract",
    "statement",
    "letter",
    "plan",
)


def file(chance: Chance, odds: Odds[str], *, stem: str = "", kilobytes: float = 3.0) -> Attachment:
    """Return an invented file; ``kilobytes`` is the median of its size."""
    ending = chance.draw(odds)
    head, kind = _FORMS[ending]
    size = min(60_000, int(chance.around(kilobytes * 1024, 0.6)))
    noise = chance.hex(size).encode() if kind.startswith("text/") else chance.bytes(size)
    name = stem or f"{chance.pick(_STEMS)}{chance.pick(('_', '-', ' ', ''))}{chance.integer(1, 99_999)}"
    if chance.yes(0.25):
        kind = "application/octet-stream"
    return Attachment(f"{name}.{ending}", kind, head + noise)


def picture(chance: Chance, *, kilobytes: float = 2.0) -> Attachment:
    """Return an image that HTML refers to by its Content-ID."""
    head, kind = _FORMS["png"]
    size = min(40_000, int(chance.around(kilobytes * 1024, 0.5)))
    return Attachment(
        f"image{chance.integer(1, 9):03d}.png@{chance.hex(8)}", kind, head + chance.bytes(size), related=True
    )
