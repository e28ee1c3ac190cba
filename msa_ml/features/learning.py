"""Small models that features learn from the events of the training window, as lists.

A list that was learnt from an event with its label knows that label. If the trees saw its numbers for the very events
it was learnt from, they would trust it far too much. So each training event gets the numbers of lists that were learnt
without it: the window is cut in as many blocks of time as there are folds, and the lists for a block are learnt from
all the others. Blocks of time rather than drawn rows, so that a burst of one attacker is not on both sides. All other
events, those of calibration and test and those to come, get the numbers of the lists that were learnt from the whole
training window; these travel in the bundle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.errors import InputError
from msa_ml.features.extractor import FeatureSet, Vector
from msa_ml.features.table import TableExtractor
from msa_ml.features.word_lists import Lists, WordList


def learners(features: FeatureSet) -> tuple[TableExtractor, ...]:
    """Return the extractors of a set that learn lists; empty where there is nothing to learn."""
    return tuple(
        extractor
        for extractor in features.extractors
        if isinstance(extractor, TableExtractor) and extractor.learns
    )


def inputs(features: FeatureSet) -> tuple[str, ...]:
    """Return the columns that learning reads, sorted."""
    return tuple(sorted({column for extractor in learners(features) for column in extractor.inputs}))


def learnt(features: FeatureSet, batch: pl.DataFrame, y: NDArray[np.int64]) -> FeatureSet:
    """Return the same features on the lists that N labelled events teach.

    Parameters
    ----------
    batch
        One row an event, with the columns :func:`inputs` at least.
    y
        int[N], 1 = abuse, 0 = fine.
    """
    if len(batch) != len(y):
        raise InputError(
            f"learning lists: wanted one label an event, found {len(y)} for {len(batch)} events."
        )
    found: dict[str, bytes] = {}
    for extractor in learners(features):
        found |= extractor.learn(batch.select(extractor.inputs), np.asarray(y))
    if not found:
        return features
    given = {name: _list_of(features, name) for name in features.list_names if name not in found}
    return features.with_lists(Lists(given | {name: WordList(name, data) for name, data in found.items()}))


def _list_of(features: FeatureSet, name: str) -> WordList:
    readers = (*features.extractors, *features.views)
    return next(reader.lists[name] for reader in readers if name in reader.reads)


@dataclass(frozen=True)
class Learnt:
    """What :func:`cross_learnt` returns.

    Attributes
    ----------
    features
        The features on the lists that the whole training window taught.
    columns
        int[C]: the places, among the dense features, of those that lists were learnt for.
    values
        float32[N, C]: their numbers for the training events, each by lists that were learnt without it.
    """

    features: FeatureSet
    columns: NDArray[np.int64]
    values: Vector

    def put(self, dense: Vector, rows: NDArray[np.int64]) -> Vector:
        """Return float32[M, F] with the values in the rows of the training events.

        Parameters
        ----------
        dense
            float32[M, F]: what :attr:`features` computes for all events.
        rows
            int[N]: which of them are the training events, in the order they were learnt from.
        """
        changed = dense.copy()
        if len(self.columns):
            changed[np.ix_(rows, self.columns)] = self.values
        return changed


def cross_learnt(
    features: FeatureSet, batch: pl.DataFrame, y: NDArray[np.int64], *, folds: int = 5
) -> Learnt:
    """Learn the lists of a feature set, and compute the training events without letting a list see its own events.

    Parameters
    ----------
    features
        On any lists; those that are learnt are replaced.
    batch
        N events of the training window in the order of time, with the columns :func:`inputs` at least.
    y
        int[N], 1 = abuse, 0 = fine.
    folds
        Blocks of time.

    Examples
    --------
    >>> from msa_ml.features.signup.name_model import NameModel
    >>> batch = pl.DataFrame({"user_name": ["anna", "xq77", "hanna", "qx99"] * 5})
    >>> found = cross_learnt(FeatureSet([NameModel()]), batch, np.array([0, 1, 0, 1] * 5))
    >>> found.values.shape, bool(found.values[1, 2] > found.values[0, 2])
    ((20, 8), True)
    """
    if folds < 2:
        raise InputError(f"learning lists: wanted two folds at least, found {folds}.")
    whole = learnt(features, batch, y)
    owners = learners(features)
    columns = np.array(
        [
            number
            for number, name in enumerate(features.columns)
            if any(name in owner.columns for owner in owners)
        ],
        np.int64,
    )
    values = np.empty((len(batch), len(columns)), np.float32)
    if owners:
        alone = FeatureSet(owners)
        for block in np.array_split(np.arange(len(batch)), folds):
            others = np.ones(len(batch), np.bool_)
            others[block] = False
            fold = learnt(alone, batch.filter(pl.Series(others)), np.asarray(y)[others])
            if len(block):
                values[block] = fold.extract_rows(batch[int(block[0]) : int(block[-1]) + 1]).dense
    return Learnt(whole, columns, values)
