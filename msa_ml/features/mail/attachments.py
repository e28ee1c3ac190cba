"""The files that come with the mail."""

from __future__ import annotations

from collections.abc import Mapping

from msa_ml.features.extractor import Extractor, Feature
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
    (b"#!", "executable"),
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
)
# What each kind may honestly be declared as; a prefix of the content type.
_HONEST: Mapping[str, tuple[str, ...]] = {
    "executable": (
        "application/x-",
        "application/vnd.microsoft",
        "application/octet-stream",
        "text/x-",
        "text/plain",
    ),
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
    are how files that run are brought past a look at their name (NIST SP 800-83; Outlook's and Gmail's blocked types).
    """

    name = "mail.attachments"
    kind = "mail"
    reads = (_EXECUTABLE, _ARCHIVE)
    features = (
        Feature("count", "attached files", high=1000),
        Feature("bytes", "their size after decoding", "bytes", nan=_NONE),
        Feature("largest", "size of the largest", "bytes", nan=_NONE),
        Feature("images", "images", high=1000, nan=_NONE),
        Feature("documents", "PDF, office and rich text files", high=1000, nan=_NONE),
        Feature("pages", "HTML files", high=1000, nan=_NONE),
        Feature("archives", "archives, by name or first bytes", high=1000, nan=_NONE),
        Feature("locked", "archives under a password", high=1000, nan=_NONE, source="PKWARE APPNOTE 4.4.4"),
        Feature("executables", "files that run, by name", high=1000, nan=_NONE),
        Feature("programs", "files that run, by first bytes", high=1000, nan=_NONE),
        Feature("double", "names with two extensions of which the last one runs or is an archive", high=1000, nan=_NONE),
        Feature("false_type", "files whose first bytes are not of the declared type", high=1000, nan=_NONE),
        Feature("unnamed", "files without a name", high=1000, nan=_NONE),
        Feature("empty", "files without content", high=1000, nan=_NONE),
    )  # fmt: skip

    def extract(self, mail: Message) -> Mapping[str, float]:
        """Return the values of one mail."""
        files = [part for part in mail.parts if part.is_attachment]
        if not files:
            return {"count": 0}
        kinds = [sniff(part.content) for part in files]
        ends = [extensions(part.file_name) for part in files]
        runs, archives = self.lists[_EXECUTABLE].words, self.lists[_ARCHIVE].words
        pairs = list(zip(files, kinds, ends, strict=True))
        sizes = [len(part.content) for part in files]
        return {
            "count": len(files),
            "bytes": sum(sizes),
            "largest": max(sizes),
            "images": sum(part.content_type.startswith("image/") for part in files),
            "documents": sum(
                kind in ("application/pdf", "compound", "rtf") or bool(_OFFICE & {*end[-1:]})
                for _, kind, end in pairs
            ),
            "pages": sum(
                part.content_type == "text/html" or bool(_PAGES & {*end[-1:]}) for part, _, end in pairs
            ),
            "archives": sum(
                kind in ("zip", "archive") or bool(archives & {*end[-1:]}) for _, kind, end in pairs
            ),
            "locked": sum(
                kind == "zip" and len(part.content) > 6 and bool(part.content[6] & 1)
                for part, kind, _ in pairs
            ),
            "executables": sum(bool(runs & {*end[-1:]}) for end in ends),
            "programs": sum(kind == "executable" for kind in kinds),
            "double": sum(len(end) > 1 and (end[-1] in runs or end[-1] in archives - _TAR) for end in ends),
            "false_type": sum(_is_false(part, kind) for part, kind, _ in pairs),
            "unnamed": sum(not part.file_name for part in files),
            "empty": sizes.count(0),
        }


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
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")


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
