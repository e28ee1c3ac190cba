"""What a caller says was known before an event, checked: a number for a history of the bundle, or unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from msa_ml.bundle.manifest import is_number, strict_json
from msa_ml.errors import InputError, UnknownNameError

_HINT = "Give what your counters say, and leave out what they do not know."
_LARGEST = float(np.finfo(np.float32).max)


def history_values(names: Sequence[str], given: object) -> list[float]:
    """Return the value of each history, in the order of their names; ``nan`` is unknown.

    Parameters
    ----------
    names
        Of the histories of the bundle.
    given
        A mapping by name, or ``None``; in it ``None`` and ``nan`` are unknown too.

    Raises
    ------
    UnknownNameError
        A name is none of the bundle's.
    InputError
        It is no mapping, or a value is no number that float32 can hold. The value is not repeated.

    Examples
    --------
    >>> history_values(["a", "b", "c"], {"b": 2, "c": None})
    [nan, 2.0, nan]
    >>> history_values(["a"], {"a": 10**400})
    Traceback (most recent call last):
    msa_ml.errors.InputError: history 'a' is no number that float32 can hold, and not unknown. ...
    """
    if given is None:
        return [math.nan] * len(names)
    if not isinstance(given, Mapping):
        raise InputError(f"expected a history: numbers by name, found {type(given).__name__}.", hint=_HINT)
    for name in given:
        if name not in names:
            raise UnknownNameError("history of the bundle", str(name), names)
    return [_value(name, given.get(name)) for name in names]


def history_columns(names: Sequence[str], frame: pl.DataFrame) -> NDArray[np.float32]:
    """Return the columns of a frame that are named as histories, float32[N, H]; null or not there is ``nan``.

    Raises
    ------
    InputError
        A column is not of numbers that float32 can hold.

    Examples
    --------
    >>> history_columns(["a", "b"], pl.DataFrame({"b": [1, None]})).tolist()
    [[nan, 1.0], [nan, nan]]
    """
    found = np.full((len(frame), len(names)), np.nan, np.float32)
    for place, name in enumerate(names):
        if name not in frame.columns or frame[name].dtype == pl.Null:
            continue
        if not frame[name].dtype.is_numeric():
            raise InputError(f"column '{name}' holds no numbers but {frame[name].dtype}.", hint=_HINT)
        values = frame[name].cast(pl.Float64).fill_null(math.nan).to_numpy()
        if (np.abs(values) > _LARGEST).any():
            raise _no_number(name)
        found[:, place] = values
    return found


def history_of_text(text: str) -> Mapping[str, Any]:
    """Read JSON text of a history; its names and values are checked when it is scored with.

    Raises
    ------
    InputError
        It is no JSON object.
    """
    try:
        found = strict_json(text)
    except (ValueError, RecursionError) as error:
        raise InputError("a history is no JSON.", hint='Write {"NAME": number or null, ...}.') from error
    if not isinstance(found, dict):
        raise InputError("a history is no JSON object.", hint='Write {"NAME": number or null, ...}.')
    return found


def _value(name: str, value: object) -> float:
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return math.nan
    if not is_number(value):
        raise _no_number(name)
    return float(value)  # type: ignore[arg-type] # a number, as was just asked


def _no_number(name: str) -> InputError:
    return InputError(f"history '{name}' is no number that float32 can hold, and not unknown.", hint=_HINT)
