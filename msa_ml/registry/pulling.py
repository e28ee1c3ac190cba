"""Bring a registered bundle to where serving loads it: verified, whole or not at all, safe beside others.

::

    DIR/7/            the bundle of version 7, never changed once it stands there
    DIR/8/
    DIR/current -> 8  a link that is renamed into place, so it always names a whole and verified bundle
    DIR/.lock         held by one pull at a time; the system lets go of it when a process dies

    DIR/8.spare/      only while the copy in DIR/8 was damaged and is exchanged: ``current`` names it meanwhile

At no moment does ``current`` name a folder that is not there. A pull that was killed leaves a folder that begins with
``.pull-``, or a spare one; the next one removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from msa_ml.bundle.manifest import FILE
from msa_ml.bundle.read import Bundle, load
from msa_ml.bundle.signing import SIGNATURE, TrustedKey
from msa_ml.errors import InputError, Refused

CURRENT = "current"
_LOCK = ".lock"
_UNFINISHED = ".pull-"
_SPARE = ".spare"


class Registry(Protocol):
    """What a pull asks of the registry; :class:`msa_ml.registry.tracking.Tracking` answers."""

    def resolve(self, name: str) -> tuple[str, str]:
        """Return (task, version) of ``spam@champion``, ``spam/7`` or ``spam``."""

    def tags(self, task: str, version: str) -> Mapping[str, str]:
        """Return the tags of a version."""

    def download(
        self, task: str, version: str, folder: Path, *, check: Callable[[Path], object] | None = None
    ) -> Path:
        """Copy the bundle of a version to a folder that does not exist yet, whole or not at all."""


@dataclass(frozen=True)
class Pulled:
    """What a pull did.

    Attributes
    ----------
    folder
        Of the version.
    changed
        Whether ``current`` names another version than before, or was fetched again.
    was
        The version that ``current`` named before, if any.
    removed
        Versions that were removed because newer ones are kept.
    """

    task: str
    version: str
    folder: Path
    bundle_id: str
    changed: bool
    was: str
    removed: tuple[str, ...]


def fetch(
    registry: Registry,
    task: str,
    version: str,
    folder: Path,
    *,
    packages: Iterable[str] = ("msa_ml",),
    trusted_key: TrustedKey = None,
) -> Bundle:
    """Copy the bundle of a version to a new folder, verified before it stands there; ``export`` and ``pull`` do this.

    Parameters
    ----------
    folder
        It must not exist.
    packages, trusted_key
        See :func:`msa_ml.bundle.read.load`.

    Raises
    ------
    BundleRefused
        It is damaged, of other code, not signed by the trusted key, or not the bundle that the version was tagged with.
    """
    allowed = tuple(packages)
    found: list[Bundle] = []

    def check(copy: Path) -> None:
        bundle = load(copy, packages=allowed, trusted_key=trusted_key)
        tagged = registry.tags(task, version).get("bundle_id", bundle.id)
        if tagged != bundle.id:
            raise Refused(
                f"version {version} of '{task}' was registered as bundle {tagged[:12]}, the registry holds {bundle.id[:12]}.",
                hint="Somebody changed the stored files. Do not use them; train or register again.",
            )
        _flush(copy)
        found.append(bundle)

    registry.download(task, version, folder, check=check)
    return found[0]


def pull(
    registry: Registry,
    model: str,
    place: Path,
    *,
    if_changed: bool = False,
    keep: int = 3,
    packages: Iterable[str] = ("msa_ml",),
    trusted_key: TrustedKey = None,
) -> Pulled:
    """Let ``place/current`` name the verified bundle of a version.

    Parameters
    ----------
    model
        ``spam@champion``, ``spam/7`` or ``spam``.
    if_changed
        Fetch nothing when ``current`` names the version already and its files are as they were.
    keep
        Versions that stay: the current one and the newest others.

    Raises
    ------
    InputError
        ``keep`` is less than 1, or ``place/current`` is no link.
    """
    if keep < 1:
        raise InputError(f"at least one version is kept, found {keep}.")
    task, version = registry.resolve(model)
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place):
        link, folder = place / CURRENT, place / version
        if link.exists() and not link.is_symlink():
            raise InputError(f"{link} is no link.", hint="Name a folder that only pulls write to.")
        named = str(link.readlink()) if link.is_symlink() else ""
        was = named.removesuffix(_SPARE)
        there = _identity(folder, packages, trusted_key)
        tagged = registry.tags(task, version).get("bundle_id", there)
        fresh = there is not None and there == tagged
        if not (fresh and if_changed):
            there = _replace(registry, task, version, folder, there, packages, trusted_key)
        changed = not (fresh and if_changed and named == version)
        if named != version:
            _point(link, version)
        for left in place.glob(f"*{_SPARE}"):
            if left.stem.isdecimal():
                shutil.rmtree(left)
        removed = _prune(place, version, keep)
    return Pulled(task, version, folder, str(there), changed, was, removed)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the place; whoever else pulls waits."""
    with (place / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in place.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _identity(folder: Path, packages: Iterable[str], trusted_key: TrustedKey) -> str | None:
    """Return the id of the bundle that stands there, ``None`` where there is none that can be loaded."""
    if not (folder / FILE).is_file():
        return None
    try:
        return load(folder, packages=packages, replay=False, trusted_key=trusted_key).id
    except Refused:
        return None


def _replace(
    registry: Registry,
    task: str,
    version: str,
    folder: Path,
    there: str | None,
    packages: Iterable[str],
    trusted_key: TrustedKey,
) -> str:
    """Fetch a version; what stood under its name stays if it is the same, and otherwise goes once the new copy is verified.

    ``there`` is the id of what stands there, ``None`` where that cannot be loaded.
    """
    made = folder.with_name(f"{_UNFINISHED}{version}")
    new = made / "new"
    bundle = fetch(registry, task, version, new, packages=packages, trusted_key=trusted_key)
    if there != bundle.id or _signature(folder) != _signature(new):
        _exchange(new, folder, made)
    shutil.rmtree(made)
    return bundle.id


def _exchange(new: Path, folder: Path, made: Path) -> None:
    """Put a verified copy in the place of another one, which ``current`` may name: then it names a spare copy meanwhile."""
    link = folder.with_name(CURRENT)
    named = folder.exists() and link.is_symlink() and str(link.readlink()) == folder.name
    if named:
        spare = folder.with_name(f"{folder.name}{_SPARE}")
        if spare.exists():  # of a pull that was killed; nothing names it
            shutil.rmtree(spare)
        shutil.copytree(new, made / "spare")
        _flush(made / "spare")
        (made / "spare").rename(spare)
        _point(link, spare.name)
    if folder.exists():
        folder.rename(made / "old")
    new.rename(folder)
    _flush(folder.parent)
    if named:
        _point(link, folder.name)


def _signature(folder: Path) -> bytes:
    path = folder / SIGNATURE
    return path.read_bytes() if path.is_file() else b""


def _point(link: Path, name: str) -> None:
    made = link.with_name(f"{_UNFINISHED}{CURRENT}")
    made.unlink(missing_ok=True)
    made.symlink_to(name)
    made.replace(link)
    _flush(link.parent)


def _prune(place: Path, current: str, keep: int) -> tuple[str, ...]:
    others = sorted(
        (path.name for path in place.iterdir() if path.name.isdecimal() and (path / FILE).is_file()),
        key=int,
        reverse=True,
    )
    others = [name for name in others if name != current]
    removed = tuple(others[keep - 1 :])
    for name in removed:
        shutil.rmtree(place / name)
    return removed


def _flush(folder: Path) -> None:
    """Bring a folder to the disk, so that a rename never uncovers empty files after a crash."""
    paths = [folder, *folder.rglob("*")] if (folder / FILE).is_file() else [folder]
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
