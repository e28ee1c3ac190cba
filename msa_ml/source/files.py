"""Mail from files: .eml, folders, Maildir, mbox, and tar archives of them, as one stream of messages.

Pure reading: nothing is written, not even a temporary file, and memory does not grow with the number of messages.
The order is fixed: paths as given, folders sorted by name (the files of a folder before its subfolders), archives and
mboxes in their own order.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from msa_ml.errors import InputError
from msa_ml.source import compressed, entries, mbox
from msa_ml.source.entries import Entry
from msa_ml.source.mail_head import is_surely_mail

Progress = Callable[[int, int], None]
_PEEK = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """One message where it was found.

    Attributes
    ----------
    raw
        Its bytes without the mbox ``From `` line.
    origin
        Where it lies, as ``folder/name`` from the path or archive that was read; flags of a Maildir are left out.
    position
        Its number within that path or archive, from 0.
    folders
        Names that a label rule is tried on, the most direct first: the folder that contains it; for an mbox the mbox
        and then its folder; for a Maildir the folder that holds ``cur`` and ``new``.
    container
        What it shares with its neighbours in order: the path of its folder or mbox.
    modified
        When the file was changed.
    path
        The file on disk; ``None`` inside an archive.
    cut
        Whether it was longer than is kept.
    """

    raw: bytes = field(repr=False)
    origin: str
    position: int
    folders: tuple[str, ...]
    container: str
    modified: datetime | None = None
    path: Path | None = None
    cut: bool = False


def read_mail(
    paths: Iterable[str | Path],
    *,
    skipped: Counter[str] | None = None,
    progress: Progress | None = None,
    most_bytes: int = mbox.MOST_BYTES,
) -> Iterator[Found]:
    r"""Return the messages of files, folders and archives.

    Parameters
    ----------
    paths
        .eml files, mboxes, folders (with all below them), Maildirs, .tar, .tar.gz, .tar.xz, .tar.bz2, .tar.zst.
    skipped
        Is filled with what was passed over, by reason: ``not_mail``, ``hidden``, ``link_or_device``, ``archive`` (one
        inside another or in a folder), ``maildir_tmp``.
    progress
        Is called with bytes read and bytes in all, both as stored on disk.
    most_bytes
        Longer messages are cut there.

    Raises
    ------
    InputError
        Before anything is read: no path, or one that does not exist. While reading: a file or folder that cannot be
        read, a damaged archive, a path that holds no mail.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     folder = Path(top, "ham")
    ...     folder.mkdir()
    ...     _ = (folder / "0001.eml").write_bytes(b"Subject: x\n\nhi\n")
    ...     found = next(read_mail([folder]))
    >>> found.origin, found.folders, found.raw
    ('ham/0001.eml', ('ham',), b'Subject: x\n\nhi\n')
    """
    given = [Path(path) for path in paths]
    if not given:
        raise InputError("no path of mail was given.", hint="Name files, folders or archives.")
    missing = [str(path) for path in given if not path.exists()]
    if missing:
        raise InputError(f"no such file or folder: {', '.join(missing)}.", hint="Check the path.")
    count = Counter() if skipped is None else skipped
    return _read(given, count, _Meter(given, progress), most_bytes)


class _Meter:
    """Adds up bytes over all paths for a progress bar."""

    def __init__(self, paths: list[Path], progress: Progress | None) -> None:
        self._progress = progress
        self._before = 0
        self._total = sum(_stored_bytes(path) for path in paths) if progress else 0

    def at(self, done: int) -> None:
        """Say how much of the current path is read."""
        if self._progress:
            self._progress(min(self._before + done, self._total), self._total)

    def finish(self, path: Path) -> None:
        """Say that a path is read wholly."""
        if self._progress:
            self._before += _stored_bytes(path)
            self.at(0)


def _stored_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file, _, _ in entries.walk(path, Counter()))
    return path.stat().st_size


def _read(paths: list[Path], skipped: Counter[str], meter: _Meter, most_bytes: int) -> Iterator[Found]:
    for path in paths:
        position = 0
        before = skipped.total()
        for entry in _entries(path, skipped, meter):
            explicit = entry.path == path
            try:
                for piece, of_mbox in _pieces(entry, skipped, most_bytes, explicit=explicit):
                    yield _found(entry, piece, position, of_mbox=of_mbox)
                    position += 1
            except (tarfile.TarError, *compressed.DAMAGE) as error:
                where = entry.path or path
                if isinstance(error, OSError) and error.errno is not None:
                    raise compressed.unreadable(where, error) from error
                raise compressed.broken(where, f"{error} (after {position} messages)") from error
        meter.finish(path)
        if position == 0:
            passed = skipped.total() - before
            raise InputError(
                f"no mail found in {path}; {passed} files were passed over.",
                hint="Wanted: .eml files, numbered messages, mbox, Maildir, or a tar archive of them.",
            )


def _entries(path: Path, skipped: Counter[str], meter: _Meter) -> Iterator[Entry]:
    if path.is_dir():
        done = 0
        for entry in entries.of_folder(path, skipped):
            yield entry
            done += entry.size
            meter.at(done)
    elif not entries.is_regular(path):
        raise InputError(
            f"{path} is neither a file nor a folder.", hint="Pipes and devices cannot be imported."
        )
    elif entries.is_archive(path.name):
        stem = compressed.plain_name(path.name).removesuffix(".tar")
        for entry in entries.of_archive(path, skipped, meter.at):
            yield entry if "/" in entry.name else _renamed(entry, f"{stem}/{entry.name}")
    else:
        with compressed.open_stream(path) as (stream, _):
            status = path.stat()
            parent, name = path.absolute().parent, compressed.plain_name(path.name)
            maildir = parent.name in ("cur", "new") and (parent.parent / "cur").is_dir()
            folder = f"{parent.parent.name}/{parent.name}" if maildir else parent.name
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            yield Entry(f"{folder}/{name}", stream, status.st_size, modified, path, maildir)


def _renamed(entry: Entry, name: str) -> Entry:
    return Entry(name, entry.stream, entry.size, entry.modified, entry.path, entry.maildir)


def _pieces(
    entry: Entry, skipped: Counter[str], most_bytes: int, *, explicit: bool
) -> Iterator[tuple[mbox.Piece, bool]]:
    """Yield the messages of one file, none if it is not mail, each with whether it came from an mbox."""
    name = entry.name.rpartition("/")[2]
    if not explicit and entries.is_archive(name):
        skipped["archive"] += 1
        return
    says = "mail" if entry.maildir else entries.name_says(name)
    stream = mbox.Peekable(entry.stream)
    if says != "mail" and not is_surely_mail(stream.peek(_PEEK)) and (not explicit or says == "other"):
        skipped["not_mail"] += 1
        return
    named_mbox = name.lower().endswith((".mbox", ".mbx"))
    for piece in mbox.split(stream, named_mbox=named_mbox, most_bytes=most_bytes):
        yield piece, piece.of_mbox


def _found(entry: Entry, piece: mbox.Piece, position: int, *, of_mbox: bool) -> Found:
    folder, _, name = entry.name.rpartition("/")
    origin = entry.name
    if entry.maildir:
        origin = f"{folder}/{name.split(':2,')[0]}"
        folder = folder.rpartition("/")[0]
    direct = folder.rpartition("/")[2]
    if entry.maildir:
        direct = direct.removeprefix(".")  # Maildir++ begins the names of subfolders with a dot
    return Found(
        raw=piece.raw,
        origin=origin,
        position=position,
        folders=(name, direct) if of_mbox else (direct,),
        container=entry.name if of_mbox else folder,
        modified=entry.modified,
        path=entry.path,
        cut=piece.cut,
    )
