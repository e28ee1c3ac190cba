"""``manifest.json``: what a bundle is, and the hash of every file in it.

The text is canonical (sorted keys, two spaces, one entry a line), and its ``id`` is SHA-256 over the text without the
line of the id, so that any language can check it without writing JSON. A reader renders what it parsed and compares
bytes, so a change of any byte is noticed. No wall clock, run id or path stands in it: the same data and code give the
same bundle.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NoReturn

import numpy as np

from msa_ml.bundle.rollout import Rollout
from msa_ml.errors import BundleRefused, InputError, OtherVersion, UnknownNameError

FORMAT = 1
"""Every format from 1 on stays readable; what it means stands in ``docs/bundle.md``."""
FILE = "manifest.json"
REQUIRED = ("model.onnx", "features.json", "history.json", "golden.jsonl", "MODEL_CARD.md")
"""Files that every bundle has; besides them there are lists, ``lists/NAME.txt``."""
MOST_FILES = 200
_DEEPEST = 50
_PLAIN = re.compile(r"(?:lists/[A-Za-z0-9_][A-Za-z0-9_.-]*\.txt|[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,39}")
_REVISION = re.compile(r"[0-9a-f]{7,64}\+?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = float(np.finfo(np.float32).max)


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
    """Content of ``manifest.json``; see the attributes' names, all plain JSON.

    ``rollout`` is the plan by which the bundle takes over, see :mod:`msa_ml.bundle.rollout`; empty: all at once.
    """

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
    rollout: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """SHA-256 over :meth:`render` without the line of the id, 64 hex digits."""
        return sha256(_text(asdict(self)))

    @property
    def importance(self) -> dict[str, float]:
        """Share of what the trees gained, 0..1, by column, largest first; empty in a bundle that does not say."""
        found = self.training.get("importance", {})
        fits = isinstance(found, dict) and all(
            _is_text(name) and is_number(value) and 0 <= value <= 1 for name, value in found.items()
        )
        _demand(fits, "'importance' is no table of shares, 0..1")
        return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))

    def policy(self, name: str | None = None) -> PolicyEntry:
        """Return a policy by name; default: the default policy.

        Raises
        ------
        UnknownNameError
            No such policy.
        """
        wanted = name or self.default_policy
        for policy in self.policies:
            if policy.name == wanted:
                return policy
        raise UnknownNameError("policy of the bundle", wanted, [policy.name for policy in self.policies])

    def render(self) -> bytes:
        """Return the canonical text."""
        return _text({**asdict(self), "id": self.id})

    @classmethod
    def parse(cls, text: bytes) -> Manifest:
        """Read ``manifest.json``.

        Raises
        ------
        BundleRefused
            Not JSON, a newer format, a field that is missing or of another type, or a changed byte.
        """
        try:
            data = strict_json(text)
            format_number = data["format"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BundleRefused(
                f"{FILE} is damaged: {type(error).__name__}.", hint="Export the bundle again."
            ) from error
        if type(format_number) is not int or format_number != FORMAT:
            made, what_to_do = who_made(data.get("package_version"), data.get("code_revision"))
            raise OtherVersion(
                f"the bundle has format {ascii(format_number)[:20]}; this package ({_package()}) reads format {FORMAT}. {made}",
                hint=what_to_do,
            )
        _demand(_is_shallow(data), f"it is nested deeper than {_DEEPEST} levels")
        missing = [entry.name for entry in fields(cls) if entry.name not in data]
        _demand(not missing, f"it lacks the field {', '.join(missing)}")
        found = {entry.name: data[entry.name] for entry in fields(cls)}
        manifest = cls(
            **{**found, "policies": _policies(found["policies"]), "warnings": _warnings(found["warnings"])}
        )
        _check_types(manifest)
        _check_files(manifest.files)
        try:
            rendered = manifest.render()
        except ValueError as error:
            # A number beyond float64, such as 1e999.
            raise BundleRefused(
                f"{FILE} cannot be written again.", hint="Export the bundle again."
            ) from error
        if rendered != text:
            raise BundleRefused(f"{FILE} was changed after it was written.", hint="Export the bundle again.")
        return manifest


def _text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, indent=2, allow_nan=False).encode() + b"\n"


def strict_json(text: bytes | str) -> Any:
    """Return what JSON in UTF-8 says; ``NaN`` and ``Infinity`` are no JSON.

    Raises
    ------
    ValueError, RecursionError
        It is no JSON, or nested too deep.

    Examples
    --------
    >>> strict_json(b'{"a": [1, null]}')
    {'a': [1, None]}
    >>> strict_json("[NaN]")
    Traceback (most recent call last):
    ValueError: NaN is no JSON
    """
    return json.loads(text.decode("utf-8") if isinstance(text, bytes) else text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def is_number(value: object) -> bool:
    """Whether this is a number that float32 can hold; ``true`` is none.

    Examples
    --------
    >>> is_number(1), is_number(-0.5), is_number(True), is_number("1"), is_number(1e300)
    (True, True, False, False, False)
    """
    return type(value) in (int, float) and -_LARGEST <= value <= _LARGEST  # type: ignore[operator]


def _demand(fits: object, what: str) -> None:
    if not fits:
        raise BundleRefused(f"{FILE} is malformed: {what}.", hint="Export the bundle again.")


def _is_shallow(value: object, levels: int = _DEEPEST) -> bool:
    """Whether tables and lists are nested so little that any caller's stack can copy them."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(entry, levels - 1) for entry in inner)


def _is_text(value: object) -> bool:
    """Whether this is text that a terminal can show."""
    return isinstance(value, str) and value.isprintable()


def _policies(entries: object) -> tuple[PolicyEntry, ...]:
    wanted = {entry.name for entry in fields(PolicyEntry)}
    fits = isinstance(entries, list) and all(
        isinstance(entry, dict) and entry.keys() == wanted for entry in entries
    )
    _demand(fits, "'policies' is no list of policies with their fields")
    return tuple(PolicyEntry(**entry) for entry in entries)  # type: ignore[attr-defined]


def _warnings(entries: object) -> tuple[str, ...]:
    _demand(
        isinstance(entries, list) and all(_is_text(entry) for entry in entries),
        "'warnings' is no list of texts",
    )
    return tuple(entries)  # type: ignore[arg-type]


def _check_types(manifest: Manifest) -> None:
    for name in ("task", "kind", "package_version", "code_revision", "spec_digest", "default_policy"):
        _demand(_is_text(getattr(manifest, name)), f"'{name}' is no printable text")
    _demand(type(manifest.synthetic) is bool, "'synthetic' is neither true nor false")
    for name in ("metrics", "training", "dataset", "files", "rollout"):
        _demand(isinstance(getattr(manifest, name), dict), f"'{name}' is no table")
    for place, policy in enumerate(manifest.policies):
        _check_policy(policy, f"policy {place}")
    names = [policy.name for policy in manifest.policies]
    _demand(len(set(names)) == len(names), "two policies share a name")
    _demand(manifest.default_policy in names, "'default_policy' is none of the policies")
    try:
        Rollout.from_json(manifest.rollout)
    except InputError as error:
        _demand(fits=False, what=f"'rollout': {error.message.rstrip('.')}")


def _check_policy(policy: PolicyEntry, where: str) -> None:
    _demand(_is_text(policy.name) and policy.name != "", f"the name of {where} is no printable text")
    for name in ("budget", "bound", "tpr"):
        value = getattr(policy, name)
        _demand(is_number(value) and 0 <= value <= 1, f"'{name}' of {where} is no share, 0..1")
    for name in ("ham", "ham_needed", "false_positives"):
        value = getattr(policy, name)
        _demand(type(value) is int and value >= 0, f"'{name}' of {where} is no count")
    _demand(type(policy.certified) is bool, f"'certified' of {where} is neither true nor false")
    threshold = policy.threshold
    _demand(
        is_number(threshold) and float(np.float32(threshold)) == threshold,
        f"'threshold' of {where} is no number that float32 holds exactly",
    )


def _check_files(files: Mapping[str, object]) -> None:
    _demand(len(files) <= MOST_FILES, f"it lists {len(files)} files, at most {MOST_FILES} are read")
    for name, wanted in files.items():
        _demand(
            _PLAIN.fullmatch(name) is not None,
            f"it lists {name[:80]!a}, a name outside the bundle or not plain",
        )
        _demand(
            isinstance(wanted, str) and _SHA256.fullmatch(wanted) is not None, f"the hash of {name} is none"
        )
    missing = [name for name in REQUIRED if name not in files]
    _demand(not missing, f"it does not list {', '.join(missing)}")


def sha256(data: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def who_made(version: object, revision: object) -> tuple[str, str]:
    """Say which version of this package made a bundle, and how to get it.

    Both come from a manifest that may not be trusted yet; what is no plain version or revision is not repeated.

    Examples
    --------
    >>> who_made("0.0.9", "")
    ('It was made by msa-ml 0.0.9, this is msa-ml 0.1.0.', "Install what made it: pip install 'msa-ml==0.0.9'")
    >>> print(*who_made("0.1.0", "3f2a9c1"))
    It was made by msa-ml 0.1.0 too, from other code (revision 3f2a9c1). Check that revision out, or export the model again.
    """
    known = version if isinstance(version, str) and _VERSION.fullmatch(version) else ""
    code = revision if isinstance(revision, str) and _REVISION.fullmatch(revision) else ""
    if not known:
        return "It does not say which version made it.", "Export the model again."
    if f"msa-ml {known}" != _package():
        return (
            f"It was made by msa-ml {known}, this is {_package()}.",
            f"Install what made it: pip install 'msa-ml=={known}'",
        )
    if code:
        return (
            f"It was made by msa-ml {known} too, from other code (revision {code}).",
            "Check that revision out, or export the model again.",
        )
    return f"It was made by msa-ml {known} too, from other code.", "Export the model again."


def _package() -> str:
    from msa_ml import __version__

    return f"msa-ml {__version__}"
