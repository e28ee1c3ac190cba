"""How the tables of the families are held: one event, one feature, one value."""

import math

import pytest

from msa_ml.features.table import TableExtractor


def holds(extractor: TableExtractor, event: dict[str, object], feature: str, expected: float | None) -> None:
    """Compare one value of one event; ``None`` is unknown."""
    assert feature in {declared.name for declared in extractor.features}
    wanted = math.nan if expected is None else expected
    assert extractor.extract(event).get(feature, math.nan) == pytest.approx(wanted, nan_ok=True)


def covered(extractor: TableExtractor, features: list[str]) -> None:
    """Every feature has a line at least for what it is and for what it is not."""
    few = [feature.name for feature in extractor.features if features.count(feature.name) < 2]
    assert few == []
