"""The feature specification and its digest.

The digest of a feature covers its name, the version and parameters of its extractor, unit, type, and the hash of every
list that the extractor reads. The digest of the specification is over the ordered digests of features, views and
histories, whose digest covers the declaration.
Scoring demands equality.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from msa_ml.errors import BundleRefused, InputError, OtherVersion
from msa_ml.features.digests import canonical, digest
from msa_ml.features.extractor import Declared, Extractor, Feature, FeatureSet, Reader, View
from msa_ml.features.history import VERSION as HISTORY_VERSION
from msa_ml.features.history import from_json as declared
from msa_ml.features.word_lists import Lists

__all__ = ["Specification", "canonical", "digest", "extractor_digest", "feature_digest", "view_digest"]

OWN_PACKAGE, OWN_MODULES = "msa_ml", "msa_ml.features"
"""Of this package a specification may import modules of features only, never a command or a writer."""
_CLASS = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)", re.ASCII)


def _identity(reader: Reader) -> dict[str, object]:
    return {
        "name": reader.name,
        "version": reader.version,
        "parameters": reader.parameters,
        "lists": {name: reader.lists[name].sha256 for name in reader.reads},
    }


_IDENTITY = ("name", "version", "parameters", "lists")


def _written_digests(entry: Mapping[str, Any]) -> list[str]:
    """Return the digests that follow from what an entry of ``features.json`` says of itself."""
    if "declaration" in entry:
        return [_history_digest(entry)]
    identity = {key: entry[key] for key in _IDENTITY}
    if "features" in entry:
        return [
            _feature_digest(identity, feature["column"], feature["unit"]) for feature in entry["features"]
        ]
    return [_view_digest(identity, entry["limit"])]


def _history_digest(entry: Mapping[str, Any]) -> str:
    """Return the digest of a history as :attr:`msa_ml.features.history.History.digest` makes it."""
    said = {**entry["declaration"], "version": entry["version"], "unit": entry["unit"], "type": "float32"}
    return digest(said)


def feature_digest(extractor: Extractor, feature: Feature) -> str:
    """Return the digest of one feature."""
    return _feature_digest(_identity(extractor), f"{extractor.name}.{feature.name}", feature.unit)


def _feature_digest(identity: Mapping[str, object], column: str, unit: str) -> str:
    return digest({**identity, "column": column, "unit": unit, "type": "float32"})


def view_digest(view: View) -> str:
    """Return the digest of one content view."""
    return _view_digest(_identity(view), view.limit)


def _view_digest(identity: Mapping[str, object], limit: int) -> str:
    return digest({**identity, "limit": limit, "type": "uint8"})


def extractor_digest(extractor: Extractor) -> str:
    """Return the digest of everything one extractor computes."""
    return digest([feature_digest(extractor, feature) for feature in extractor.features])


@dataclass(frozen=True)
class Specification:
    """What a feature set computes, as data; ``features.json`` of a bundle."""

    kind: str
    extractors: tuple[Mapping[str, Any], ...]
    views: tuple[Mapping[str, Any], ...]
    digest: str
    histories: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, features: FeatureSet) -> Specification:
        """Describe a feature set."""
        extractors = tuple(
            _describe_extractor(extractor, features.kept(extractor)) for extractor in features.extractors
        )
        views = tuple(_describe_view(view) for view in features.views)
        histories = tuple(_describe_history(history) for history in features.histories)
        return cls(features.kind, extractors, views, _digest_of((*extractors, *views, *histories)), histories)

    @property
    def columns(self) -> tuple[str, ...]:
        """Full names of the dense features, in order."""
        record = [feature["column"] for extractor in self.extractors for feature in extractor["features"]]
        return (*record, *(history["name"] for history in self.histories))

    @property
    def digests(self) -> dict[str, str]:
        """The digest of every dense feature by column and of every view by name; two that are equal mean equal numbers."""
        names = [*self.columns, *(view["name"] for view in self.views)]
        parts = [
            part for entry in (*self.extractors, *self.histories, *self.views) for part in _digests(entry)
        ]
        return dict(zip(names, parts, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``features.json``."""
        return {
            "kind": self.kind,
            "digest": self.digest,
            "extractors": list(self.extractors),
            "views": list(self.views),
            **({"histories": list(self.histories)} if self.histories else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Specification:
        """Read ``features.json``.

        Raises
        ------
        BundleRefused
            A field is missing, or the digest is not the one of what is written.
        """
        try:
            found = cls(
                data["kind"],
                tuple(data["extractors"]),
                tuple(data["views"]),
                data["digest"],
                tuple(data.get("histories", ())),
            )
            entries = (*found.extractors, *found.views, *found.histories)
            changed = [str(entry["name"]) for entry in entries if _written_digests(entry) != _digests(entry)]
            expected = _digest_of(entries)
        except (KeyError, TypeError) as error:
            raise BundleRefused(
                f"features.json lacks the field {error}.", hint="Export the bundle again."
            ) from error
        if changed or found.digest != expected:
            where = f" in {', '.join(changed)}" if changed else ""
            raise BundleRefused(
                f"features.json was changed{where}: its digests are not those of its content.",
                hint="Export the bundle again.",
            )
        return found

    def feature_set(self, lists: Lists, *, packages: Iterable[str] = ("msa_ml",)) -> FeatureSet:
        """Build the feature set that this specification names, and demand that it computes the same.

        Parameters
        ----------
        lists
            The lists to read, those of the bundle.
        packages
            Packages whose modules may be imported; a specification cannot make us import anything else. Of ``msa_ml``
            only modules of ``msa_ml.features`` are.

        Raises
        ------
        OtherVersion
            A class or its parameters are unknown here, or the digests differ: other code or lists.
        BundleRefused
            A class is not allowed, or cannot be imported.
        """
        allowed = tuple(packages)
        extractors = [_build(entry, lists, allowed, Extractor) for entry in self.extractors]
        views = [_build(entry, lists, allowed, View) for entry in self.views]
        histories = [_history(entry) for entry in self.histories]
        features = FeatureSet(extractors, views, histories=histories)  # type: ignore[arg-type]  # _build checked the classes
        if set(self.columns) < set(features.columns):
            features = features.only(self.columns)
        now = Specification.of(features)
        if now.digest != self.digest:
            changed = [
                old["name"]
                for old, new in zip(
                    (*self.extractors, *self.views, *self.histories),
                    (*now.extractors, *now.views, *now.histories),
                    strict=True,
                )
                if _digests(old) != _digests(new)
            ]
            raise OtherVersion(
                f"the specification differs from this code and these lists in: {', '.join(changed)}.",
                hint="Install the package version that the manifest names, or export the bundle again.",
            )
        return features


def _describe_extractor(extractor: Extractor, kept: Iterable[tuple[str, Feature]]) -> dict[str, Any]:
    features = []
    for column, feature in kept:
        entry = {key: value for key, value in asdict(feature).items() if key != "name"}
        entry["low"], entry["high"] = _bound(feature.low), _bound(feature.high)
        features.append(
            {"column": column, "type": "float32", **entry, "digest": feature_digest(extractor, feature)}
        )
    portable = any(feature.portable == "yes" for feature in extractor.features)
    return {
        **_identity(extractor),
        "class": _path(extractor),
        **_rule(extractor, portable=portable),
        "features": features,
    }


def _describe_view(view: View) -> dict[str, Any]:
    return {
        **_identity(view),
        "class": _path(view),
        "portable": view.portable,
        **_rule(view, portable=view.portable == "yes"),
        "type": "uint8",
        "limit": view.limit,
        "digest": view_digest(view),
    }


def _describe_history(history: Declared) -> dict[str, Any]:
    feature = history.feature
    return {
        "name": history.name,
        "version": HISTORY_VERSION,
        "declaration": history.to_json(),
        "type": "float32",
        **{key: value for key, value in asdict(feature).items() if key not in ("name", "low", "high")},
        "low": _bound(feature.low),
        "high": _bound(feature.high),
        "digest": history.digest,
    }


def _history(entry: Mapping[str, Any]) -> Declared:
    try:
        return declared(entry["declaration"])
    except (InputError, KeyError, TypeError) as error:
        raise OtherVersion(
            f"the specification declares a history {str(entry.get('name'))[:80]!a} that this installation does not know.",
            hint="Install the package version that the manifest names.",
        ) from error


def _rule(reader: Reader, *, portable: bool) -> dict[str, str]:
    """Return how a portable reader computes, in words: its docstring. It is no part of a digest."""
    return {"rule": inspect.getdoc(type(reader)) or ""} if portable else {}


def _bound(value: float) -> float | str:
    return value if abs(value) != float("inf") else str(value)


def _path(reader: Reader) -> str:
    return f"{type(reader).__module__}:{type(reader).__qualname__}"


def _digests(entry: Mapping[str, Any]) -> list[str]:
    return [feature["digest"] for feature in entry["features"]] if "features" in entry else [entry["digest"]]


def _digest_of(entries: Iterable[Mapping[str, Any]]) -> str:
    return digest([part for entry in entries for part in _digests(entry)])


def _build(entry: Mapping[str, Any], lists: Lists, packages: tuple[str, ...], base: type[Reader]) -> Reader:
    path = str(entry["class"])
    module_name, class_name = _allowed(path, packages)
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        said = f"the specification names {path}, which this installation does not have."
        package = module_name.partition(".")[0]
        if package != OWN_PACKAGE:
            raise BundleRefused(
                said, hint=f"Install the version of {package} that it was trained with."
            ) from error
        raise OtherVersion(said, hint="Install the package version that the manifest names.") from error
    except (Exception, SystemExit) as error:
        raise BundleRefused(
            f"the specification names {path}; importing its module failed with {type(error).__name__}.",
            hint=f"Try: python -c 'import {module_name}'",
        ) from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise BundleRefused(f"{path} is no {base.__name__.lower()}.")
    try:
        return found(lists=lists, **entry["parameters"])
    except Exception as error:
        raise OtherVersion(
            f"{path} does not take the parameters of the specification.",
            hint="Install the package version that the manifest names.",
        ) from error


def _allowed(path: str, packages: tuple[str, ...]) -> tuple[str, str]:
    """Return module and class of an entry, before anything is imported."""
    found = _CLASS.fullmatch(path)
    if found is None:
        raise BundleRefused(
            f"the specification names {path[:80]!a}, which is no class.", hint="Export the bundle again."
        )
    module, package = found["module"], found["module"].partition(".")[0]
    if package not in packages:
        raise BundleRefused(
            f"the specification names {path}, outside the allowed packages ({', '.join(packages)}).",
            hint=f"If you trust it: --allow {package} on the command line, or MSA_ALLOW_PACKAGES={package} where MLflow "
            f"loads it; in Python load(..., packages={(*packages, package)!r}).",
        )
    if "__main__" in module.split(".") or (
        package == OWN_PACKAGE and not module.startswith(f"{OWN_MODULES}.")
    ):
        raise BundleRefused(
            f"the specification names {path}, which is no module of features.",
            hint=f"A bundle of this package names modules of {OWN_MODULES} only.",
        )
    return module, found["name"]
