"""The files of a bundle, read once and checked: plain, listed, whole, signed where that is wanted.

Nothing is imported and nothing is run, so this reads bundles that other code made too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msa_ml.bundle.manifest import FILE, MOST_FILES, Manifest, sha256, strict_json
from msa_ml.bundle.signing import LARGEST, SIGNATURE, TrustedKey, demand_signed, public_keys
from msa_ml.errors import BundleRefused, InputError, MsaError
from msa_ml.features.spec import Specification

LARGEST_BUNDLE = 256 * 1024 * 1024
"""A bundle whose files hold more bytes than this together is refused."""


def demand_bundle(folder: Path) -> None:
    """Demand that a folder is a bundle at all.

    Raises
    ------
    InputError
        It holds no manifest.
    """
    if not (folder / FILE).is_file():
        raise InputError(
            f"{folder} is no bundle: it is a file, and archives are not unpacked."
            if folder.is_file()
            else f"{folder} is no bundle: it holds no {FILE}.",
            hint="Name the folder that export wrote.",
        )


def open_files(
    folder: Path, *, trusted_key: TrustedKey = None
) -> tuple[Manifest, Specification, dict[str, bytes]]:
    """Return manifest, specification and files of a bundle, checked, without importing its extractors.

    Raises
    ------
    InputError, BundleRefused
        As :func:`msa_ml.bundle.read.load`, but for what needs the extractors.
    """
    demand_bundle(folder)
    keys = public_keys(trusted_key)
    with refusing("the bundle cannot be read"):
        manifest, files = read_files(folder, keys)
        return manifest, specification_of(manifest, files), files


def read_files(folder: Path, keys: Sequence[Any] | None) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the files that it lists.

    Parameters
    ----------
    keys
        Public keys of which one must have signed it; ``None``: any bundle is trusted.
    """
    found = _plain_files(folder)
    data = _read(folder / FILE, LARGEST_BUNDLE)
    if keys is not None:
        # Before anything that the manifest says is believed.
        demand_signed(data, _read(folder / SIGNATURE, LARGEST) if SIGNATURE in found else None, keys)
    manifest = Manifest.parse(data)
    _demand_listed(found, manifest)
    left = LARGEST_BUNDLE - len(data)
    files: dict[str, bytes] = {}
    for name in manifest.files:
        files[name] = _read(folder / name, left)
        left -= len(files[name])
    for name, data in files.items():
        _demand_hash(data, manifest.files[name], name)
    return manifest, files


def specification_of(manifest: Manifest, files: Mapping[str, bytes]) -> Specification:
    """Return the specification of a bundle, the one that its model was trained on."""
    specification = Specification.from_json(table_of(files, "features.json"))
    if specification.digest != manifest.spec_digest:
        raise BundleRefused(
            f"the model was trained on specification {manifest.spec_digest[:12]}, the bundle holds "
            f"{specification.digest[:12]}.",
            hint="Export the bundle again.",
        )
    return specification


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn whatever a malformed bundle makes fail into a refusal, and keep the cause."""
    try:
        yield
    except BundleRefused:
        raise
    except Exception as error:
        said = error.message if isinstance(error, MsaError) else f"{type(error).__name__}."
        raise BundleRefused(f"{what}: {said}", hint="Export the bundle again.") from error


def table_of(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Return a file that holds a JSON object."""
    try:
        found = strict_json(files[name])
    except (ValueError, RecursionError) as error:
        raise BundleRefused(f"{name} is damaged.", hint="Export the bundle again.") from error
    if not isinstance(found, dict):
        raise BundleRefused(f"{name} holds no table.", hint="Export the bundle again.")
    return found


def _plain_files(folder: Path) -> set[str]:
    """Return the names of all files in a bundle; anything but plain files and folders is refused, followed nowhere."""
    found: set[str] = set()
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(folder).as_posix()
                if entry.is_symlink():
                    raise BundleRefused(
                        f"{name!a} is a symbolic link.", hint="A bundle holds plain files only."
                    )
                if entry.is_dir():
                    folders.append(Path(entry.path))
                elif not entry.is_file():
                    raise BundleRefused(
                        f"{name!a} is no plain file.", hint="A bundle holds plain files only."
                    )
                found.add(f"{name}/" if entry.is_dir() else name)
                if len(found) > MOST_FILES + 3:
                    raise BundleRefused(
                        f"the bundle holds more than {MOST_FILES} files.", hint="Export the bundle again."
                    )
    return found


def _demand_listed(found: set[str], manifest: Manifest) -> None:
    missing = sorted(manifest.files.keys() - found)
    if missing:
        raise BundleRefused(f"{missing[0]} is missing from the bundle.", hint="Export the bundle again.")
    strangers = sorted(found - {FILE, SIGNATURE, "lists/", *manifest.files})
    if strangers:
        raise BundleRefused(
            f"the bundle holds what its manifest does not list: {', '.join(map(ascii, strangers[:5]))}.",
            hint="Remove it, or export the bundle again.",
        )


def _read(path: Path, room: int) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(room + 1)
    if len(data) > room:
        raise BundleRefused(f"the bundle holds more than {LARGEST_BUNDLE} bytes.")
    return data


def _demand_hash(data: bytes, wanted: str, name: str) -> None:
    found = sha256(data)
    if found != wanted:
        raise BundleRefused(
            f"{name} was changed: SHA-256 {wanted[:12]} wanted, {found[:12]} found.",
            hint="Export the bundle again.",
        )
