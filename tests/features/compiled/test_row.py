"""The twins of rows and kept properties."""

import math
from collections import OrderedDict
from typing import Any

import pytest

from msa_ml.features import extractor
from msa_ml.features.compiled import TWINS
from msa_ml.features.shared import once


class Says:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def extract(self, record: Any) -> dict[str, Any]:
        return self.values


NAN = math.nan
UNKNOWN = {"a": NAN, "b": NAN}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"b": 1},
        {"b": True, "a": 2.5},
        {"a": None, "b": 1e300},
        {"a": -1e300, "b": NAN},
        {"c": 1, "a": 2, "b": 3},
        OrderedDict(b=4, a=10**15),
    ],
)
def test_packed(values: dict[str, Any]) -> None:
    plan: Any = ((Says(values), UNKNOWN), (Says({"x": 7}), {"x": NAN}))
    own, twin = TWINS.get("row.packed", (extractor.packed, extractor.packed))
    assert own(plan, None) == twin(plan, None)
    assert len(own(plan, None)) == 12


@pytest.mark.parametrize("wrong", ["text", [1], object()])
def test_packed_refuses_what_is_no_number(wrong: object) -> None:
    plan: Any = ((Says({"a": wrong}), UNKNOWN),)
    for function in TWINS.get("row.packed", (extractor.packed,)):
        with pytest.raises(TypeError):
            function(plan, None)


def test_once() -> None:
    for kind in TWINS.get("row.once", (once.once,)):
        looks: list[int] = []

        class Holder:
            @kind
            def value(self) -> int:
                """What it is."""
                looks.append(1)  # noqa: B023
                return 3

        holder = Holder()
        assert (holder.value, holder.value, looks) == (3, 3, [1])
        assert vars(holder) == {"value": 3}
        assert Holder.value.__doc__ == "What it is."
