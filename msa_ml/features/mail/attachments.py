"""The files that come with the mail."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
from msa_ml.features.mail.container import has_macros, has_script, is_locked, zip_entries
from msa_ml.features.mail.message import Message
from msa_ml.features.mail.mime import Part

_EXECUTABLE, _ARCHIVE = "executable_extensions", "archive_extensions"
_NONE = "no attachment"

# First bytes of a file -> the kind it is. Sources: the formats' own specifications.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "executable"),
    (b"\x7fELF", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xfe\xed\xfa\xcf", "executable"),
    (b"#!", "script"),
    (b"PK\x03\x04", "zip"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"MSCF", "archive"),
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"BM", "image/bmp"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
    (b"{\\rtf", "rtf"),
    (b"<!DOCTYPE html", "text/html"),
    (b"<html", "text/html"),
    (b"<HTML", "text/html"),
    (b"<svg", "image/svg+xml"),
)
_BY_FIRST_BYTE: Mapping[int, tuple[tuple[bytes, str], ...]] = {
    first: tuple(pair for pair in _MAGIC if pair[0][0] == first)
    for first in {magic[0] for magic, _ in _MAGIC}
}
# What the bytes of a file must be that has such an extension, where programs are strict about it.
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "png": ("image/png", "image/jpeg", "image/gif", "image/bmp"),
    "gif": ("image/png", "image/jpeg", "image/gif", "image/bmp"),
    "jpg": ("image/png", "image/jpeg", "image/gif", "image/bmp"),
    "jpeg": ("image/png", "image/jpeg", "image/gif", "image/bmp"),
    "doc": ("compound", "rtf", "zip", "text/html"),
    "xls": ("compound", "rtf", "zip", "text/html"),
    "ppt": ("compound", "zip"),
    "docx": ("zip", "compound"),
    "xlsx": ("zip", "compound"),
    "pptx": ("zip", "compound"),
    "txt": ("image/bmp",),  # any text may begin with BM
}
_LOOKED_INTO = 50
# What each kind may honestly be declared as; a prefix of the content type.
_HONEST: Mapping[str, tuple[str, ...]] = {
    "executable": (
        "application/x-",
        "application/vnd.microsoft",
        "application/octet-stream",
        "text/x-",
        "text/plain",
    ),
    "script": ("application/", "text/"),
    "zip": ("application/",),
    "archive": ("application/",),
    "compound": ("application/",),
    "rtf": ("application/", "text/rtf", "text/richtext"),
    "image/jpeg": ("image/jpeg", "image/jpg", "image/pjpeg"),
    "image/png": ("image/png", "image/x-png"),
    "image/bmp": ("image/", "text/", "application/octet-stream"),
}


class Attachments(Extractor):
    """Number, size and kinds of the attached files, declared and by their first bytes.

    A name that ends twice (``invoice.pdf.exe``), a type that is not what the bytes say, and an archive under a password
    are how files that run are brought past a look at their name (NIST SP 800-83; Outlook's and Gmail's blocked types;
    MITRE ATT&CK T1036.002 right-to-left override, T1036.007 double extension, T1027.006 HTML smuggling, T1566.001).
    Archives and office files are known by their headers and the names inside; nothing is unpacked, and only the first
    fifty files are looked into.
    """

    name = "mail.attachments"
    kind = "mail"
    version = 2
    reads = (_EXECUTABLE, _ARCHIVE)
    features = (
        Feature("count", "attached files, signatures and reports for programs left out", high=1000),
        Feature("largest", "size of the largest", "bytes", nan=_NONE),
        Feature("images", "images", high=1000, nan=_NONE),
        Feature("documents", "PDF, office and rich text files", high=1000, nan=_NONE),
        Feature("pages", "HTML files", high=1000, nan=_NONE),
        Feature("archives", "archives, by name or first bytes", high=1000, nan=_NONE),
        Feature("locked", "archives and office files under a password, where the header says so", high=1000, nan=_NONE, source="PKWARE APPNOTE 4.4.4"),
        Feature("holds_program", "zip archives with a file that runs, by the names inside", high=1000, nan=_NONE, source="PKWARE APPNOTE 4.3.12"),
        Feature("macros", "office files with a VBA project", high=1000, nan=_NONE, source="MS-OVBA 2.2"),
        Feature("scripts", "HTML, SVG and PDF files with a script", high=1000, nan=_NONE, source="ATT&CK T1027.006"),
        Feature("executables", "files that run, by name", high=1000, nan=_NONE),
        Feature("programs", "files that run, by first bytes", high=1000, nan=_NONE),
        Feature("double", "names with two extensions of which the last one runs or is an archive", high=1000, nan=_NONE, source="ATT&CK T1036.007"),
        Feature("disguised", "names with characters that turn the direction of writing, or blanks that push the extension out of sight", high=1000, nan=_NONE, monotone=1, source="ATT&CK T1036.002"),
        Feature("false_type", "files whose first bytes are not of the declared type", high=1000, nan=_NONE),
        Feature("false_name", "files whose first bytes are not of the kind their name says", high=1000, nan=_NONE),
        Feature("unnamed", "files without a name", high=1000, nan=_NONE),
        Feature("empty", "files without content", high=1000, nan=_NONE),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        files = [part for part in mail.parts if part.is_attachment and part.content_type not in _NO_FILE]
        if not files:
            return {"count": 0}
        runs, archives = self.lists[_EXECUTABLE].words, self.lists[_ARCHIVE].words
        values: dict[str, float] = dict.fromkeys(_COUNTED, 0)
        sizes = [len(part.content) for part in files]
        for number, part in enumerate(files):
            content, name, kind = part.content, part.file_name, sniff(part.content)
            endings = extensions(name)
            last = endings[-1] if endings else ""
            is_page = part.content_type == "text/html" or last in _PAGES
            values["images"] += part.content_type.startswith("image/")
            values["documents"] += kind in ("application/pdf", "compound", "rtf") or last in _OFFICE
            values["pages"] += is_page
            values["archives"] += (kind in ("zip", "archive") and last not in _OFFICE) or last in archives
            values["executables"] += last in runs
            values["programs"] += kind == "executable"
            values["double"] += len(endings) > 1 and (last in runs or last in archives - _TAR)
            values["disguised"] += _DISGUISED.search(name[-300:]) is not None
            values["false_type"] += _is_false(part, kind)
            values["false_name"] += bool(kind) and last in _BY_NAME and kind not in _BY_NAME[last]
            values["unnamed"] += not name
            if number >= _LOOKED_INTO:
                continue
            if kind in ("zip", "archive", "compound"):
                values["locked"] += is_locked(content)
                values["macros"] += has_macros(content)
            if kind == "zip":
                values["holds_program"] += any(
                    held.rpartition(".")[2].strip().lower() in runs for _, held in zip_entries(content)
                )
            if (
                is_page
                or kind in ("application/pdf", "image/svg+xml")
                or last == "svg"
                or "svg" in part.content_type
            ):
                values["scripts"] += has_script(content)
        return values | {
            "count": len(files),
            "largest": max(sizes),
            "empty": sizes.count(0),
        }


# RFC 3156, RFC 8551, RFC 3464, RFC 8098: nobody sees them as files, and they tell who signs from who does not.
_NO_FILE = frozenset(
    (
        "application/pgp-signature",
        "application/pgp-encrypted",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
    )
)
_COUNTED = (
    "images", "documents", "pages", "archives", "locked", "holds_program", "macros", "scripts", "executables", "programs",
    "double", "disguised", "false_type", "false_name", "unnamed",
)  # fmt: skip
# Turned names (UAX 9), and five blanks or more before the last extension.
_DISGUISED = re.compile("[\u202a-\u202e\u2066-\u2069]|[ \u00a0\u2000-\u200a\u3000]{5,}\\.[^.]{1,10}$")
_OFFICE = frozenset({"doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "pdf"})
_PAGES = frozenset({"htm", "html", "shtml", "xhtml", "mht"})
_TAR = frozenset({"gz", "bz2", "xz", "zst", "z", "lz", "lzma"})


def sniff(content: bytes) -> str:
    r"""Return the kind of a file by its first bytes, ``''`` when they are not known.

    Examples
    --------
    >>> sniff(b"MZ\x90\x00"), sniff(b"%PDF-1.7"), sniff(b"hello")
    ('executable', 'application/pdf', '')
    """
    for magic, kind in _BY_FIRST_BYTE.get(content[0], ()) if content else ():
        if content.startswith(magic):
            return kind
    return ""


def extensions(name: str) -> tuple[str, ...]:
    """Return the extensions of a file name, at most the last three, in lower case.

    Blanks, dots at the end and characters that turn the direction of writing do not hide one.

    Examples
    --------
    >>> extensions("Invoice.pdf   .EXE"), extensions("v1.2 notes.txt"), extensions("README")
    (('pdf', 'exe'), ('txt',), ())
    """
    clean = "".join(character for character in name[-300:] if character.isprintable()).rstrip(". ")
    found = [piece.strip().lower() for piece in clean.rsplit(".", 3)[1:]]
    return tuple(
        piece for piece in found if 0 < len(piece) <= 10 and piece.isalnum() and not piece.isdecimal()
    )


def _is_false(part: Part, kind: str) -> bool:
    """Whether the first bytes contradict the declared type; generic types promise nothing."""
    if not kind or not part.declared or part.content_type == "application/octet-stream":
        return False
    honest = _HONEST.get(kind, (kind, "application/octet-stream", "text/plain"))
    return not part.content_type.startswith(honest)
