"""``manifest.json``: what a bundle is, and the hash of every file in it.

The text is canonical (sorted keys, two spaces), and its ``id`` is SHA-256 over the manifest without the id. A reader
renders what it parsed and compares bytes, so a change of any byte is noticed. No wall clock, run id or path stands in
it: the same data and code give the same bundle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from msa_ml.errors import BundleRefused
from msa_ml.features.spec import digest

FORMAT = 0
"""Format 0 is provisional: a later version of the package may refuse it."""
FILE = "manifest.json"


@dataclass(frozen=True)
class PolicyEntry:
    """A named threshold on the logit: the decision is ``logit >= threshold``.

    Attributes
    ----------
    budget
        Highest acceptable false-positive rate, 0..1.
    threshold
        On the logit, exact in float32.
    certified
        Whether the calibration ham proves the budget with 95 % confidence.
    bound
        Upper 95 % bound of the false-positive rate that was reached.
    ham, ham_needed
        Ham in calibration, and how many more a certificate needs.
    false_positives, tpr
        Ham at or above the threshold in calibration, and the share of spam there.
    """

    name: str
    budget: float
    threshold: float
    certified: bool
    bound: float
    ham: int
    ham_needed: int
    false_positives: int
    tpr: float


@dataclass(frozen=True)
class Manifest:
    """Content of ``manifest.json``; see the attributes' names, all plain JSON."""

    format: int
    task: str
    kind: str
    synthetic: bool
    package_version: str
    code_revision: str
    spec_digest: str
    policies: tuple[PolicyEntry, ...]
    default_policy: str
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    dataset: Mapping[str, Any]
    files: Mapping[str, str]
    warnings: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        """SHA-256 over everything else, 64 hex digits."""
        return digest(asdict(self))

    def policy(self, name: str | None = None) -> PolicyEntry:
        """Return a policy by name; default: the default policy.

        Raises
        ------
        BundleRefused
            No such policy.
        """
        wanted = name or self.default_policy
        for policy in self.policies:
            if policy.name == wanted:
                return policy
        known = ", ".join(policy.name for policy in self.policies)
        raise BundleRefused(f"the bundle has no policy '{wanted}'.", hint=f"It has: {known}.")

    def render(self) -> bytes:
        """Return the canonical text."""
        text = json.dumps({**asdict(self), "id": self.id}, sort_keys=True, indent=2, allow_nan=False)
        return text.encode() + b"\n"

    @classmethod
    def parse(cls, text: bytes) -> Manifest:
        """Read ``manifest.json``.

        Raises
        ------
        BundleRefused
            Not JSON, a newer format, a missing field, or a changed byte.
        """
        try:
            data = json.loads(text)
            format_number = data["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise BundleRefused(f"{FILE} is damaged: {error}.", hint="Export the bundle again.") from error
        if format_number != FORMAT:
            raise BundleRefused(
                f"the bundle has format {format_number!r}; this package ({_package()}) reads format {FORMAT}.",
                hint="Install a package version that reads it, or export the model again.",
            )
        try:
            policies = tuple(PolicyEntry(**entry) for entry in data["policies"])
            found = {entry.name: data[entry.name] for entry in fields(cls)}
        except (KeyError, TypeError) as error:
            raise BundleRefused(
                f"{FILE} lacks or misnames a field: {error}.", hint="Export it again."
            ) from error
        manifest = cls(**{**found, "policies": policies, "warnings": tuple(found["warnings"])})
        if manifest.render() != text:
            raise BundleRefused(f"{FILE} was changed after it was written.", hint="Export the bundle again.")
        return manifest


def sha256(data: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _package() -> str:
    from msa_ml import __version__

    return f"msa-ml {__version__}"
