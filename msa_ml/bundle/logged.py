"""What a scored event leaves behind: a row of ``scores`` and one of ``feature_vectors``, so that training needs no mail.

The rows have the columns of the tables that ``msa-ml init`` makes. As text, one JSON object a line, they can be written
by any process and stored later by ``msa-ml log-scores``; the specification they name is ``features.json`` of the bundle.

Content views are the words of a mail: personal data, kept where mail may be kept and as long (see data/README.md). A
score that rests on a part of its event has no vector: ``nan`` for "not looked at" would be taught as "not there".
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from msa_ml.bundle.manifest import strict_json
from msa_ml.bundle.read import Bundle
from msa_ml.bundle.score import Score
from msa_ml.errors import InputError
from msa_ml.features.extractor import Vectors

FLAGGED, PASSED = "flagged", "not flagged"
"""Words of the column ``decision``."""
_TIMES = ("event_time", "ingested_at", "scored_at")


@dataclass(frozen=True, slots=True)
class Row:
    """The rows of one scored event.

    Attributes
    ----------
    score
        Of ``scores``: ``event_id``, ``task``, ``bundle_id``, ``event_time``, ``scored_at``, ``logit``, ``probability``,
        ``policy``, ``decision``.
    vector
        Of ``feature_vectors``: ``event_id``, ``spec_digest``, ``event_time``, ``ingested_at``, ``values`` (``nan`` is
        unknown) and ``content`` (bytes by view); ``None`` for a score that is not complete.
    """

    score: Mapping[str, Any]
    vector: Mapping[str, Any] | None

    def to_line(self) -> str:
        """Return one line of JSON: times in ISO 8601, bytes in base64, unknown numbers as null."""
        vector = None
        if self.vector is not None:
            vector = {
                **self.vector,
                "values": [_number(value) for value in self.vector["values"]],
                "content": {
                    name: base64.b64encode(data).decode() for name, data in self.vector["content"].items()
                },
            }
        return json.dumps(
            {"score": self.score, "vector": vector}, default=_moment, sort_keys=True, allow_nan=False
        )

    @classmethod
    def from_line(cls, line: str | bytes) -> Row:
        """Read what :meth:`to_line` wrote.

        Raises
        ------
        InputError
            It is no such line.
        """
        try:
            found = strict_json(line)
            score, vector = _times(found["score"]), found["vector"]
            if score.keys() != _SCORE:
                raise ValueError("other fields")
            if vector is not None:
                vector = _times(vector)
                if vector.keys() != _VECTOR:
                    raise ValueError("other fields")
                vector["values"] = [_value(value) for value in vector["values"]]
                vector["content"] = {
                    name: base64.b64decode(text, validate=True) for name, text in vector["content"].items()
                }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(
                "no line of scored events.", hint="Give what `msa-ml score --log` or Row.to_line wrote."
            ) from error
        return cls(score, vector)


def score_logged(
    bundle: Bundle,
    event: Any,
    *,
    event_id: str,
    event_time: datetime,
    scored_at: datetime,
    ingested_at: datetime | None = None,
    **options: Any,
) -> tuple[Score, Row]:
    """Score one event and return what is to be logged of it.

    Parameters
    ----------
    event_id
        The id under which the event and its labels are stored; of mail :func:`msa_ml.records.event_id` of its source
        and its bytes without the mbox ``From `` line.
    event_time, scored_at
        When it happened, and when it was scored; with a time zone.
    ingested_at
        When the deciding system could have known it; default: ``event_time``.
    options
        As for :meth:`Bundle.score`.
    """
    score, vectors = bundle.score_and_vectors(event, **options)
    manifest = bundle.manifest
    row = {
        "event_id": event_id,
        "task": manifest.task,
        "bundle_id": bundle.id,
        "event_time": _utc(event_time),
        "scored_at": _utc(scored_at),
        "logit": score.logit,
        "probability": score.probability,
        "policy": score.policy,
        "decision": FLAGGED if score.decision else PASSED,
    }
    vector = None
    if score.complete:
        known = _utc(ingested_at or event_time)
        vector = _vector(vectors, event_id, manifest.spec_digest, _utc(event_time), known)
    return score, Row(row, vector)


def _vector(
    vectors: Vectors, event_id: str, digest: str, event_time: datetime, ingested_at: datetime
) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "spec_digest": digest,
        "event_time": event_time,
        "ingested_at": ingested_at,
        "values": vectors.dense[0].tolist(),
        "content": {view: bytes(items[0]) for view, items in vectors.content.items()},
    }


_SCORE = frozenset(
    ("event_id", "task", "bundle_id", "event_time", "scored_at", "logit", "probability", "policy", "decision")
)
_VECTOR = frozenset(("event_id", "spec_digest", "event_time", "ingested_at", "values", "content"))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InputError("a time without a time zone was given.", hint="Use datetime.now(UTC).")
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _utc(datetime.fromisoformat(value)) if name in _TIMES else value for name, value in row.items()
    }


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _value(value: Any) -> float:
    if value is None:
        return math.nan
    if not (type(value) in (int, float) or value in ("inf", "-inf")):
        raise ValueError("no number")
    return float(np.float32(value))
