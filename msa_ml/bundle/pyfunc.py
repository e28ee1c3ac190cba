"""The loader that MLflow calls for a registered version: the version *is* the bundle, and nothing is unpickled.

This module imports no mlflow. ``mlflow.pyfunc.load_model("models:/spam@champion").predict(frame)`` takes a frame with
a column ``raw`` (bytes) and returns ``logit``, ``probability``, ``decision``, ``policy`` and ``bundle_id``. For events that
are rows of plain fields the column is ``event``, JSON text of one. Beside it there may be ``history``, JSON text of what
was known before the event by name; where it is empty everything is unknown.

A bundle whose extractors come from a package of your own is loaded where the environment says that you trust it:
``MSA_ALLOW_PACKAGES=acme_features``, several with commas between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msa_ml.bundle.given_history import history_of_text
from msa_ml.bundle.read import Bundle, load
from msa_ml.errors import InputError
from msa_ml.settings import allowed_packages

if TYPE_CHECKING:
    import pandas

COLUMN = "raw"
EVENT, HISTORY = "event", "history"


class BundleModel:
    """What MLflow wraps: ``predict`` over a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, frame: pandas.DataFrame, params: dict[str, Any] | None = None) -> pandas.DataFrame:
        """Score a frame of events.

        Parameters
        ----------
        frame
            With a column ``raw`` of bytes for mail, ``event`` of JSON text for the other kinds, and perhaps ``history``.
        params
            ``{"policy": NAME}``; default: the bundle's default policy.

        Raises
        ------
        InputError
            The column is not there, or a history is no JSON object of numbers.
        """
        import pandas

        rows = self.bundle.manifest.kind != "mail"
        column, what = (EVENT, "JSON text") if rows else (COLUMN, "bytes")
        if column not in frame:
            raise InputError(
                f"expected a column '{column}' of {what}, found {', '.join(map(str, frame.columns))}."
            )
        policy = (params or {}).get("policy") or None
        given = list(frame[column])
        histories = _histories(frame)
        if rows:
            scores = self.bundle.score_vectors(self.bundle.vectors(given, histories), policy=policy)
        elif histories is None:
            scores = list(self.bundle.score_many(given, policy=policy))
        else:
            pairs = zip(given, histories, strict=True)
            scores = [self.bundle.score(raw, history=history, policy=policy) for raw, history in pairs]
        return pandas.DataFrame(
            {
                "logit": [score.logit for score in scores],
                "probability": [score.probability for score in scores],
                "decision": [score.decision for score in scores],
                "policy": [score.policy for score in scores],
                "bundle_id": [score.bundle_id for score in scores],
            },
            index=frame.index,
        )


def _histories(frame: pandas.DataFrame) -> list[Mapping[str, Any] | None] | None:
    """Return what was known before each event; ``None`` where the frame has no such column."""
    import pandas

    if HISTORY not in frame:
        return None
    found: list[Mapping[str, Any] | None] = []
    for row, text in enumerate(frame[HISTORY]):
        if text is None or text is pandas.NA or text == "" or (isinstance(text, float) and math.isnan(text)):
            found.append(None)
        elif isinstance(text, str):
            found.append(history_of_text(text))
        else:
            raise InputError(f"row {row}: expected a history as JSON text, found {type(text).__name__}.")
    return found


def _load_pyfunc(path: str) -> BundleModel:
    """Load what ``mlflow.pyfunc.log_model(data_path=...)`` stored; MLflow calls this by its name."""
    return BundleModel(load(path, packages=("msa_ml", *allowed_packages())))
