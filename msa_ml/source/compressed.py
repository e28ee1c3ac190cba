"""Files that may be compressed, read as a stream. Memory does not grow with their size."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from msa_ml.errors import InputError

_SHORT = {
    ".tgz": ".tar.gz",
    ".txz": ".tar.xz",
    ".tbz": ".tar.bz2",
    ".tbz2": ".tar.bz2",
    ".tzst": ".tar.zst",
    ".tzs": ".tar.zst",
}
_PACKERS = (".gz", ".xz", ".bz2", ".zst")
DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error, zstandard.ZstdError)


def plain_name(name: str) -> str:
    """Return the name of what is inside a compressed file; other names as they are.

    Examples
    --------
    >>> plain_name("mail.tgz"), plain_name("a.csv.xz"), plain_name("a.eml")
    ('mail.tar', 'a.csv', 'a.eml')
    """
    for short, long in _SHORT.items():
        if name.lower().endswith(short):
            name = name[: -len(short)] + long
    for packer in _PACKERS:
        if name.lower().endswith(packer):
            return name[: -len(packer)]
    return name


class Counted(io.RawIOBase):
    """A raw file that knows how many bytes were taken from it; the packed ones, for a progress bar."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.done = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; 0 at the end."""
        count = self._file.readinto(buffer)  # type: ignore[arg-type]
        self.done += count or 0
        return count or 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@contextmanager
def open_stream(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """Open a file for reading, unpacked; beside it a function that says how many packed bytes were read.

    Raises
    ------
    InputError
        The file cannot be opened.
    """
    try:
        counted = Counted(path)
    except OSError as error:
        raise unreadable(path, error) from error
    with counted, io.BufferedReader(counted, 256 * 1024) as raw, _unpack(path.name.lower(), raw) as stream:
        yield stream, lambda: counted.done


def _unpack(name: str, raw: io.BufferedReader[Counted]) -> BinaryIO:
    if name.endswith((".gz", ".tgz")):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw))
    if name.endswith((".xz", ".txz")):
        return cast("BinaryIO", lzma.LZMAFile(raw))
    if name.endswith((".bz2", ".tbz", ".tbz2")):
        return cast("BinaryIO", bz2.BZ2File(raw))
    if name.endswith((".zst", ".tzst", ".tzs")):
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
        return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", reader), 256 * 1024))
    return raw


def unreadable(path: Path, error: OSError) -> InputError:
    """Return the error for a file that cannot be opened or read."""
    return InputError(
        f"cannot read {path}: {error.strerror or error}.",
        hint="Check that it exists and that you may read it.",
    )


def broken(path: Path, error: BaseException | str) -> InputError:
    """Return the error for a compressed file or archive that ends early or is damaged."""
    return InputError(
        f"{path} is damaged or incomplete: {error}.",
        hint="Fetch it again; what was read before the damage stays imported, and a repeat adds nothing twice.",
    )
