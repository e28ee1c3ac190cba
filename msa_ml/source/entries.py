"""The files of a folder or an archive, in a fixed order, and which of them are mail by their name.

Mail names follow what public corpora, MH folders and Maildirs do: messages are numbered.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from msa_ml.source import compressed

_MAIL_SUFFIXES = (".eml", ".mbox", ".mbx", ".mail", ".msg")
_OTHER_NAMES = re.compile(
    r"(cmds|index|readme|license|licence|copying|notice|authors|changes|changelog|manifest|makefile|thumbs\.db"
    r"|desktop\.ini|dovecot[-.].*|maildirfolder|maildirsize|courier.*|(md5|sha\d*|check)sums?)(\..*)?",
    re.IGNORECASE,
)
_OTHER_SUFFIX = re.compile(
    r"\.(7z|asc|bmp|bz2|c|cfg|conf|css|csv|db|docx?|exe|gif|gz|h|html?|idx|ini|ipynb|jpe?g|js|jsonl?|key|lock|log|md"
    r"|ndjson|o|parquet|pdf|php|pl|png|pptx?|pyc?|rar|rst|rtf|sh|sig|sql|sqlite|svg|tar|tex|tgz|tiff?|toml|tsv|txz"
    r"|xlsx?|xml|xz|ya?ml|zip|zst)\Z",
    re.IGNORECASE,
)
ARCHIVES = (
    ".tar",
    *(f".tar{end}" for end in (".gz", ".xz", ".zst", ".bz2")),
    ".tgz",
    ".txz",
    ".tbz",
    ".tbz2",
    ".tzst",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file of a folder or an archive.

    Attributes
    ----------
    name
        Path with ``/``, from the folder or archive that was asked for.
    size
        Bytes as stored.
    modified
        When the file was last changed, by the file system or the archive.
    path
        Where it lies on disk, if it does.
    maildir
        Whether it stands in ``cur`` or ``new`` of a Maildir.
    """

    name: str
    stream: BinaryIO = field(repr=False)
    size: int
    modified: datetime | None = None
    path: Path | None = None
    maildir: bool = False


def name_says(name: str) -> str:
    """Return what a file name says: ``mail``, ``other``, or ``unknown``; only the content can overrule ``unknown``.

    Examples
    --------
    >>> [name_says(name) for name in ("a.eml", "0001.7c53", "inmail.12", "cmds", "photo1.jpg", "letter")]
    ['mail', 'mail', 'mail', 'other', 'other', 'unknown']
    """
    if name.lower().endswith(_MAIL_SUFFIXES):
        return "mail"
    if _OTHER_NAMES.fullmatch(name) or _OTHER_SUFFIX.search(name):
        return "other"
    return "mail" if any(char.isdigit() for char in name) else "unknown"


def is_archive(name: str) -> bool:
    """Whether a name is that of a tar archive.

    Examples
    --------
    >>> is_archive("mail.tar.xz"), is_archive("mail.eml")
    (True, False)
    """
    return name.lower().endswith(ARCHIVES)


def of_folder(top: Path, skipped: Counter[str]) -> Iterator[Entry]:
    """Yield the files of a folder: sorted by name, those of a folder before its subfolders.

    Links to files are followed, links to folders are not. What is passed over is counted in ``skipped``.

    Raises
    ------
    InputError
        A folder or a file cannot be read.
    """
    for path, name, in_maildir in walk(top, skipped):
        try:
            status = path.stat()
            stream = path.open("rb")
        except OSError as error:
            raise compressed.unreadable(path, error) from error
        with stream:
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            yield Entry(name, cast("BinaryIO", stream), status.st_size, modified, path, in_maildir)


def walk(top: Path, skipped: Counter[str]) -> Iterator[tuple[Path, str, bool]]:
    """Yield path, name, and whether it stands in a Maildir, of each regular file that is not hidden."""
    root = Path(os.path.abspath(top))  # noqa: PTH100 - resolve() would follow a link and lose its name
    in_maildir = (
        root.name in ("cur", "new") and (root.parent / "cur").is_dir() and (root.parent / "new").is_dir()
    )
    pending = [(root, f"{root.parent.name}/{root.name}" if in_maildir else root.name, in_maildir)]
    while pending:
        folder, name, in_maildir = pending.pop()
        try:
            with os.scandir(folder) as listing:
                items = sorted(listing, key=lambda item: item.name)
        except OSError as error:
            raise compressed.unreadable(folder, error) from error
        here = {item.name for item in items if item.is_dir(follow_symlinks=False)}
        is_maildir = {"cur", "new"} <= here or {"cur", "tmp"} <= here
        below = []
        for item in items:
            if item.is_dir(follow_symlinks=False):
                if is_maildir and item.name == "tmp":
                    skipped["maildir_tmp"] += sum(1 for _ in os.scandir(item.path))
                elif not item.name.startswith(".") or _has_cur(item.path):
                    part = is_maildir and item.name in ("cur", "new")
                    below.append((Path(item.path), f"{name}/{item.name}", part))
                else:
                    skipped["hidden"] += 1
            elif item.name.startswith("."):
                skipped["hidden"] += 1
            elif item.is_file():
                yield Path(item.path), _clean(f"{name}/{item.name}"), in_maildir
            else:
                skipped["link_or_device"] += 1
        pending.extend(reversed(below))


def _has_cur(folder: str) -> bool:
    """Whether a hidden folder is one of Maildir++, where folders begin with a dot."""
    return Path(folder, "cur").is_dir()


def of_archive(path: Path, skipped: Counter[str], on_read: Callable[[int], None]) -> Iterator[Entry]:
    """Yield the regular files of a tar archive in its own order; nothing is written to disk.

    Links, devices and sparse members are unsafe or hold no bytes of their own: skipped and counted. There the names
    alone decide what a Maildir is, since an archive is read once: a parent ``cur`` or ``new``.

    Raises
    ------
    InputError
        The archive cannot be opened, is no archive, is damaged, or ends early.
    """
    members = 0
    with ExitStack() as stack:
        stream, done = stack.enter_context(compressed.open_stream(path))
        try:
            archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r|", errorlevel=1))
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined] # else one object a member stays until the end
                members += 1
                entry = _entry(archive, member, skipped)
                if entry is not None:
                    with entry.stream:
                        yield entry
                on_read(done())
            _demand_end(archive, path)
        except tarfile.TarError as error:
            raise compressed.broken(path, f"{error} (after {members} members)") from error
        except compressed.DAMAGE as error:
            raise compressed.broken(path, f"{error} (after {members} members)") from error
        on_read(done())


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, skipped: Counter[str]) -> Entry | None:
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        skipped["link_or_device"] += 1
        return None
    parts = [part for part in _clean(member.name).split("/") if part not in ("", ".", "..")]
    parent = parts[-2] if len(parts) > 1 else ""
    if parent == "tmp" and _maildir_name(parts[-1]):
        skipped["maildir_tmp"] += 1
        return None
    in_maildir = parent in ("cur", "new")
    hidden_folder = any(part.startswith(".") for part in parts[: -2 if in_maildir else -1])
    if not parts or parts[-1].startswith(".") or (hidden_folder and not in_maildir):
        skipped["hidden"] += 1
        return None
    stream = archive.extractfile(member)
    if stream is None:
        skipped["link_or_device"] += 1
        return None
    modified = _mtime(member.mtime)
    return Entry("/".join(parts), cast("BinaryIO", stream), member.size, modified, None, in_maildir)


def _maildir_name(name: str) -> bool:
    """Whether a name has the form time.unique.host."""
    return re.match(r"\d+\.[^.]+\.", name) is not None


def _demand_end(archive: tarfile.TarFile, path: Path) -> None:
    """Refuse an archive that goes on: a damaged header looks like the end to tarfile; behind it stand zeros only."""
    rest = cast("BinaryIO", archive.fileobj)
    while block := rest.read(1024 * 1024):
        if block.strip(b"\0"):
            raise compressed.broken(path, "a member's header is unreadable")


def _mtime(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _clean(name: str) -> str:
    """Names are bytes; what is not UTF-8 in them is replaced."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_regular(path: Path) -> bool:
    """Whether a path leads to a regular file, not to a pipe that would block."""
    return stat.S_ISREG(path.stat().st_mode)
