"""Signatures: who made a bundle, which hashes alone cannot say.

``manifest.sig`` beside the manifest holds an Ed25519 signature (RFC 8032) over the bytes of ``manifest.json``, which
holds the hash of every other file. It is no part of the bundle's id, so signing changes nothing else::

    {"algorithm": "ed25519", "key": "<SHA-256 of the 32 bytes of the public key>", "signature": "<128 hex digits>"}

Keys are PEM files as OpenSSL writes and reads them. A file of trusted keys may hold several, for the time in which a new
key replaces an old one. The library ``cryptography`` comes with the extra ``signing``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msa_ml.bundle.manifest import FILE, Manifest, sha256, strict_json
from msa_ml.errors import BundleRefused, InputError
from msa_ml.settings import trusted_key as configured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE = "manifest.sig"
LARGEST = 4_096
"""Bytes of a signature file."""
_END = b"-----END PUBLIC KEY-----"

TrustedKey = str | Path | Literal[False] | None
"""File of the trusted public keys; ``None``: the one that ``MSA_TRUSTED_KEY`` names, if any; ``False``: trust any bundle."""


def new_key(path: Path) -> str:
    """Write a new private key to ``path``, for the owner's eyes only, and the public one to ``path.pub``; return its id.

    Raises
    ------
    InputError
        One of the files exists.
    """
    from_library = _library()
    public_path = path.with_name(f"{path.name}.pub")
    for wanted in (path, public_path):
        if wanted.exists():
            raise InputError(f"{wanted} exists; a key is never overwritten.", hint="Name another file.")
    key = from_library.ed25519.Ed25519PrivateKey.generate()
    plain = from_library.serialization.NoEncryption()
    private = key.private_bytes(
        from_library.serialization.Encoding.PEM, from_library.serialization.PrivateFormat.PKCS8, plain
    )
    public = key.public_key().public_bytes(
        from_library.serialization.Encoding.PEM,
        from_library.serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(private)
    public_path.write_bytes(public)
    return key_id(key.public_key())


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises
    ------
    InputError
        No such file, no Ed25519 key, one with a password, or the library is not installed.
    """
    library = _library()
    try:
        key = library.serialization.load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, library.UnsupportedAlgorithm) as error:
        raise InputError(
            f"{path} holds no private key that can be read without a password.",
            hint="Make one: msa-ml sign --new-key FILE",
        ) from error
    if not isinstance(key, library.ed25519.Ed25519PrivateKey):
        raise InputError(
            f"{path} holds a key of another kind than Ed25519.", hint="Make one: msa-ml sign --new-key FILE"
        )
    found: Ed25519PrivateKey = key
    return found


def public_keys(trusted: TrustedKey) -> tuple[Ed25519PublicKey, ...] | None:
    """Return the keys that a bundle must be signed by, ``None`` where any bundle is trusted.

    Raises
    ------
    InputError
        The file is missing or holds no Ed25519 public key, or the library is not installed.
    """
    path = configured() if trusted is None else trusted
    if path is False or path is None:
        return None
    library = _library()
    parts = [part + _END for part in _read(Path(path)).split(_END)[:-1]]
    try:
        keys = [library.serialization.load_pem_public_key(part.strip()) for part in parts]
    except (ValueError, library.UnsupportedAlgorithm) as error:
        raise InputError(f"{path} holds no public key that can be read.") from error
    if not keys or not all(isinstance(key, library.ed25519.Ed25519PublicKey) for key in keys):
        raise InputError(
            f"{path} holds no Ed25519 public key.",
            hint="Name the .pub file that `msa-ml sign --new-key` made.",
        )
    return tuple(keys)


def key_id(key: Ed25519PublicKey) -> str:
    """Return SHA-256 of the 32 bytes of a public key, in hex."""
    return sha256(key.public_bytes_raw())


def sign(folder: Path, key: Path) -> str:
    """Sign a bundle with the private key of a file and return the id of the key; another signature is replaced.

    Raises
    ------
    InputError
        No bundle, or no key.
    BundleRefused
        The manifest is damaged.
    """
    private = private_key(key)
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"{folder} is no bundle: it holds no {FILE}.", hint="Name the folder of a bundle.")
    text = path.read_bytes()
    Manifest.parse(text)
    name = key_id(private.public_key())
    entry = {"algorithm": "ed25519", "key": name, "signature": private.sign(text).hex()}
    made = folder / f".{SIGNATURE}.{os.getpid()}"
    made.write_text(json.dumps(entry, sort_keys=True) + "\n", encoding="ascii")
    made.replace(folder / SIGNATURE)
    return name


def signer(folder: Path) -> str:
    """Return the id of the key that a bundle says it is signed by, unchecked; empty where there is no signature."""
    try:
        found = strict_json((folder / SIGNATURE).read_bytes()[:LARGEST])["key"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) and found.isalnum() else ""


def demand_signed(text: bytes, signature: bytes | None, keys: Sequence[Ed25519PublicKey]) -> str:
    """Demand that one of some keys signed a manifest; return the id of the key.

    Parameters
    ----------
    text
        The bytes of ``manifest.json``.
    signature
        The bytes of ``manifest.sig``, ``None`` where there is none.

    Raises
    ------
    BundleRefused
        It is not signed, by another key, or was changed since.
    """
    wanted = {key_id(key): key for key in keys}
    names = ", ".join(name[:12] for name in wanted)
    if signature is None:
        raise BundleRefused(
            f"the bundle is not signed; a signature by {names} is wanted.",
            hint="Sign it where you trust it: msa-ml sign BUNDLE --key FILE. Who trusts any bundle unsets MSA_TRUSTED_KEY.",
        )
    try:
        entry = strict_json(signature)
        name, value = entry["key"], bytes.fromhex(entry["signature"])
        known = entry["algorithm"] == "ed25519" and isinstance(name, str)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleRefused(f"{SIGNATURE} is damaged.", hint="Fetch the bundle again.") from error
    if not known or name not in wanted:
        raise BundleRefused(
            f"the bundle is signed by {ascii(name)[1:13] if known else 'an unknown algorithm'}; a signature by {names} is wanted.",
            hint="Is it from somebody else, or does MSA_TRUSTED_KEY name an old key?",
        )
    try:
        wanted[name].verify(value, text)
    except _library().InvalidSignature as error:
        raise BundleRefused(
            f"{FILE} is not what {name[:12]} signed: it was changed afterwards.",
            hint="Do not use the bundle; fetch it again from where it was signed.",
        ) from error
    return str(name)


def _read(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise InputError(
            f"the key {path} cannot be read: {error.strerror}.", hint="Make one: msa-ml sign --new-key FILE"
        ) from error


class _Library:
    """The parts of ``cryptography`` that are used."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519

        self.InvalidSignature, self.UnsupportedAlgorithm = InvalidSignature, UnsupportedAlgorithm
        self.serialization: Any = serialization
        self.ed25519: Any = ed25519


def _library() -> _Library:
    try:
        return _Library()
    except ModuleNotFoundError as error:
        raise InputError(
            "a key is configured, but the package cryptography is not installed.",
            hint="Install it with: pip install 'msa-ml[signing]'",
        ) from error
