"""What a file says of itself by its headers and names; nothing is ever unpacked.

Zip: PKWARE APPNOTE 6.3.10, 4.3.12 (central directory), 4.4.4 (flag 0: encrypted). Rar: RAR 4 technote and RAR 5.0 archive
format. 7z: 7zFormat.txt of the LZMA SDK. Compound files: MS-CFB 2.6.1 (names are UTF-16LE), MS-OVBA 2.2 (the VBA storage),
MS-OFFCRYPTO 2.3.4 (EncryptedPackage). Office Open XML: ECMA-376, part name of the VBA project.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_MOST = 200
_MOST_DIRECTORY = 1_000_000
_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"
_ENTRY_HEAD = struct.Struct("<4xHHHHHHIIIHHH")  # up to the length of the comment
_AES_OF_7Z = b"\x06\xf1\x07\x01"
_VBA = "_VBA_PROJECT".encode("utf-16-le")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_HANDLER = re.compile(rb"\bon(?:load|error|click|mouseover|focus)\s{0,9}=")
_PDF_SCRIPT = re.compile(
    rb"/(?:JavaScript|JS|Launch|OpenAction\s{0,9}<<\s{0,9}/S\s{0,9}/(?:URI|SubmitForm))\b"
)
_MOST_MARKUP = 200_000


def zip_entries(content: bytes) -> Iterator[tuple[bool, str]]:
    r"""Return for each file of a zip whether it is encrypted, and its name; 200 files at most.

    Names stand in the central directory, also of encrypted archives. A zip that was cut before it gives the first file
    of which the local header still tells.

    Examples
    --------
    >>> list(zip_entries(b"PK\x03\x04\x14\x00\x01\x00" + bytes(18) + b"\x05\x00\x00\x00a.exe"))
    [(True, 'a.exe')]
    """
    at = _directory(content)
    if at < 0 and len(content) >= 30:
        length = int.from_bytes(content[26:28], "little")
        yield bool(content[6] & 1), _name(content[30 : 30 + length])
        return
    for _ in range(_MOST):
        if at < 0 or not content.startswith(_ENTRY, at) or len(content) < at + 46:
            return
        head = _ENTRY_HEAD.unpack_from(content, at)
        flags, length, extra, comment = head[2], *head[9:12]
        yield bool(flags & 1), _name(content[at + 46 : at + 46 + length])
        at += 46 + length + extra + comment


def _directory(content: bytes) -> int:
    """Return where the central directory of a zip begins, -1 when it has none."""
    end = content.rfind(_END, -66_000)
    at = int.from_bytes(content[end + 16 : end + 20], "little") if end >= 0 else -1
    return at if at >= 0 and content.startswith(_ENTRY, at) else content.find(_ENTRY)


def _name(data: bytes) -> str:
    return data[:1000].decode("utf-8", "replace")


def is_locked(content: bytes) -> bool:
    r"""Whether a zip, rar, 7z or office file needs a password, as far as its headers say so.

    A 7z with a compressed header does not say.

    Examples
    --------
    >>> is_locked(b"Rar!\x1a\x07\x00" + b"..\x73\x80\x00\x0d\x00"), is_locked(b"Rar!\x1a\x07\x01\x00....\x0b\x04\x00")
    (True, True)
    """
    if content.startswith(b"PK\x03\x04"):
        return any(encrypted for encrypted, _ in zip_entries(content))
    if content.startswith(b"Rar!\x1a\x07\x00"):
        return _is_locked_rar4(content)
    if content.startswith(b"Rar!\x1a\x07\x01\x00"):
        return _is_locked_rar5(content)
    if content.startswith(b"7z\xbc\xaf\x27\x1c"):
        start = 32 + int.from_bytes(content[12:20], "little")
        return _AES_OF_7Z in content[start : start + min(int.from_bytes(content[20:28], "little"), 1_000_000)]
    return content.startswith(b"\xd0\xcf\x11\xe0") and _LOCKED in content


def _is_locked_rar4(content: bytes) -> bool:
    at = 7
    for _ in range(_MOST):
        if len(content) < at + 7:
            return False
        kind, flags, size = content[at + 2], *struct.unpack_from("<HH", content, at + 3)
        if (kind == 0x73 and flags & 0x80) or (kind == 0x74 and flags & 0x04):
            return True
        more = int.from_bytes(content[at + 7 : at + 11], "little") if flags & 0x8000 or kind == 0x74 else 0
        at += max(size, 7) + more
    return False


def _is_locked_rar5(content: bytes) -> bool:
    at = 8
    for _ in range(_MOST):
        size, begin = _number(content, at + 4)
        kind, inside = _number(content, begin)
        if kind == 4:  # encrypted headers
            return True
        if not size or kind == 5 or begin + size > len(content):
            return False
        flags, inside = _number(content, inside)
        extra, inside = _number(content, inside) if flags & 1 else (0, inside)
        data, _ = _number(content, inside) if flags & 2 else (0, inside)
        end = begin + size
        record = end - extra
        for _ in range(_MOST):
            if kind != 2 or not inside <= record < end:
                break
            length, after = _number(content, record)
            if _number(content, after)[0] == 1:  # file encryption
                return True
            if not length:
                break
            record = after + length
        at = end + data
    return False


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Read a number of RAR 5.0: seven bits a byte, the lowest first; also return what comes after it."""
    value = 0
    for shift, byte in enumerate(content[at : at + 9]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    return 0, len(content)


def has_macros(content: bytes) -> bool:
    """Whether an office file brings a VBA project: a stream of a compound file, or a part of an Office Open XML file.

    Examples
    --------
    >>> has_macros(bytes.fromhex("d0cf11e0") + "_VBA_PROJECT".encode("utf-16-le")), has_macros(b"%PDF-")
    (True, False)
    """
    if content.startswith(b"PK\x03\x04"):
        at = _directory(content)
        return at >= 0 and b"vbaproject.bin" in content[at : at + _MOST_DIRECTORY].lower()
    return content.startswith(b"\xd0\xcf\x11\xe0") and _VBA in content


def has_script(content: bytes) -> bool:
    """Whether an HTML, SVG or PDF file brings a script; the first 200,000 bytes are looked at.

    Examples
    --------
    >>> has_script(b"<svg onload=x()>"), has_script(b"%PDF-1.7 /S /JavaScript"), has_script(b"<p>script</p>")
    (True, True, False)
    """
    head = content[:_MOST_MARKUP]
    if head.startswith(b"%PDF-"):
        return _PDF_SCRIPT.search(head) is not None
    low = head.lower()
    return b"<script" in low or b"javascript:" in low or _HANDLER.search(low) is not None
