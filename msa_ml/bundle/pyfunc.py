"""The loader that MLflow calls for a registered version: the version *is* the bundle, and nothing is unpickled.

This module imports no mlflow. ``mlflow.pyfunc.load_model("models:/spam@champion").predict(frame)`` takes a frame with
a column ``raw`` (bytes) and returns ``logit``, ``probability``, ``decision``, ``policy`` and ``bundle_id``. For events that
are rows of plain fields the column is ``event``, JSON text of one, and beside it perhaps ``history``, JSON text of what
was known before it by name.

A bundle whose extractors come from a package of your own is loaded where the environment says that you trust it:
``MSA_ALLOW_PACKAGES=acme_features``, several with commas between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msa_ml.bundle.manifest import strict_json
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
            With a column ``raw`` of bytes for mail; for the other kinds ``event`` and perhaps ``history``, JSON text.
        params
            ``{"policy": NAME}``; default: the bundle's default policy.

        Raises
        ------
        InputError
            The column is not there.
        """
        import pandas

        rows = self.bundle.manifest.kind != "mail"
        column, what = (EVENT, "JSON text") if rows else (COLUMN, "bytes")
        if column not in frame:
            raise InputError(
                f"expected a column '{column}' of {what}, found {', '.join(map(str, frame.columns))}."
            )
        policy = (params or {}).get("policy") or None
        given: Iterable[Any] = frame[column]
        if rows:
            told = list(frame[HISTORY]) if HISTORY in frame else [None] * len(frame)
            histories = [strict_json(text) if isinstance(text, str) and text else None for text in told]
            scores = self.bundle.score_vectors(self.bundle.vectors(list(given), histories), policy=policy)
        else:
            scores = list(self.bundle.score_many(given, policy=policy))
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


def _load_pyfunc(path: str) -> BundleModel:
    """Load what ``mlflow.pyfunc.log_model(data_path=...)`` stored; MLflow calls this by its name."""
    return BundleModel(load(path, packages=("msa_ml", *allowed_packages())))
