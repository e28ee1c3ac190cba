"""Comparison of a few features of one mail with what they must be."""

import math
from collections.abc import Mapping

import numpy as np

from msa_ml.features.extractor import Extractor, FeatureSet
from msa_ml.features.mail.message import Message

Row = tuple[Message, Mapping[str, float | None]]


def assert_values(extractor: Extractor, found: Message, expected: Mapping[str, float | None]) -> None:
    """Fail unless these features have these values; ``None`` is unknown."""
    row = dict(zip(extractor.columns, FeatureSet([extractor]).vector(found), strict=True))
    seen = {name: f"{row[f'{extractor.name}.{name}']:.6g}" for name in expected}
    wanted = {
        name: f"{np.float32(math.nan if value is None else value):.6g}" for name, value in expected.items()
    }
    assert seen == wanted, f"{seen} instead of {wanted}"  # not rewritten by pytest here
