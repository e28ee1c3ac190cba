"""Which features of a set can be read from vectors that other code logged.

A feature is the same wherever its digest is: same extractor, version, parameters, lists, unit. What does not agree is
dropped by name, and what is left is a specification of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msa_ml.errors import DataRefused
from msa_ml.features.extractor import FeatureSet
from msa_ml.features.spec import Specification

LEAST_SHARE = 0.5
"""A specification that shares fewer of the wanted features than this is left out; it would cost every row too many."""


@dataclass(frozen=True)
class Projection:
    """What logged vectors have in common with a feature set.

    Attributes
    ----------
    features
        What is left of the set.
    places
        For each specification (by digest) that is read: int64[F], where each column of ``features`` stands in its vectors.
    dropped
        Columns and views of the wanted set that are not read, with the reason.
    left_out
        Specifications that are not read, by digest, with the reason.
    """

    features: FeatureSet
    places: Mapping[str, NDArray[np.int64]]
    dropped: Mapping[str, str]
    left_out: Mapping[str, str]

    def said(self) -> list[str]:
        """Return it in words, one line each; empty when every feature is read from every specification."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.dropped.items():
            by_reason.setdefault(reason, []).append(name)
        lines = [f"dropped, {reason}: {', '.join(names)}" for reason, names in by_reason.items()]
        return [*lines, *(f"specification {name[:12]} {why}" for name, why in self.left_out.items())]


def project(wanted: FeatureSet, logged: Mapping[str, Specification]) -> Projection:
    """Return what can be read of a feature set.

    Parameters
    ----------
    wanted
        What a model would like to be trained on.
    logged
        Specifications of the vectors that are there, by digest.

    Raises
    ------
    DataRefused
        No specification shares enough features.

    Examples
    --------
    >>> from msa_ml.features.mail.date import Date
    >>> from msa_ml.features.mail.subject import Subject
    >>> old = Specification.of(FeatureSet([Subject()]))
    >>> found = project(FeatureSet([Subject()]) + Date(), {old.digest: old})
    >>> set(found.features.columns) == set(old.columns)
    True
    """
    digests = Specification.of(wanted).digests
    known = {name: spec.digests for name, spec in logged.items() if spec.kind == wanted.kind}
    shared = {name: _shared(digests, other) for name, other in known.items()}
    read = {name for name, share in shared.items() if share >= LEAST_SHARE}
    left_out = {
        name: f"was not read: it shares {share:.0%} of the wanted features"
        for name, share in shared.items()
        if name not in read
    }
    if not read:
        best = max(shared.values(), default=0.0)
        raise DataRefused(
            f"no logged specification shares at least {LEAST_SHARE:.0%} of the wanted features; the best shares {best:.0%}.",
            hint="Log vectors with this version: msa-ml log-vectors TASK",
        )
    dropped = {
        name: reason for name, value in digests.items() if (reason := _missing(name, value, known, read))
    }
    features = wanted.only(
        [column for column in wanted.columns if column not in dropped],
        [view.name for view in wanted.views if view.name not in dropped],
    )
    places = {}
    for name in sorted(read):
        where = {column: place for place, column in enumerate(logged[name].columns)}
        places[name] = np.array([where[column] for column in features.columns], np.int64)
    return Projection(features, places, dropped, left_out)


def _shared(digests: Mapping[str, str], other: Mapping[str, str]) -> float:
    return sum(other.get(name) == value for name, value in digests.items()) / len(digests)


def _missing(name: str, value: str, known: Mapping[str, Mapping[str, str]], read: set[str]) -> str:
    """Return why a feature cannot be read, empty if it can."""
    lacking = sorted(spec[:12] for spec in read if name not in known[spec])
    changed = sorted(spec[:12] for spec in read if known[spec].get(name, value) != value)
    said = [
        f"{word} {', '.join(specs)}"
        for word, specs in (("not logged under", lacking), ("computed otherwise under", changed))
        if specs
    ]
    return "; ".join(said)
