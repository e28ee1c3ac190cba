"""Daily learning: the content model goes on from the weights at hand, trees and calibration stay."""

from __future__ import annotations

from copy import copy, deepcopy

from numpy.typing import ArrayLike

from msa_ml.features.extractor import Vectors
from msa_ml.model.stack import ContentStack


def updated(
    model: ContentStack, X: Vectors, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> ContentStack:
    """Return the stack after N more messages; the given one stays as it is.

    Words are what changes from day to day, and a linear model takes them in one pass of milliseconds. The trees know
    forms of mail that change slowly, and adding to the content logit they need no update when that moves.

    Parameters
    ----------
    X, y, sample_weight
        As for :meth:`msa_ml.model.content.ContentModel.partial_fit`; one class alone is enough, none changes nothing.
    """
    found = copy(model)
    found.content_model_ = deepcopy(model.content_model_).partial_fit(X.content, y, sample_weight)
    return found
