"""A property that is computed at the first look and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from msa_ml.features.compiled import compiled

_Value = TypeVar("_Value")


@compiled("row")
class once(Generic[_Value]):  # noqa: N801 - stands where `property` and `cached_property` stand
    """Like :func:`functools.cached_property`, at a third of its cost.

    Before Python 3.12 that one takes a lock at every first look, a microsecond each, which for the some thirty values of
    a mail and its hops is more than splitting all of its header fields. Two threads may both compute the value; it is a
    pure function of the object, so they agree.

    Examples
    --------
    >>> class Circle:
    ...     radius = 2
    ...     @once
    ...     def area(self) -> float:
    ...         print("computed")
    ...         return 3 * self.radius**2
    >>> circle = Circle()
    >>> circle.area + circle.area
    computed
    24
    """

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, holder: None, owner: type) -> once[_Value]: ...

    @overload
    def __get__(self, holder: object, owner: type) -> _Value: ...

    def __get__(self, holder: object | None, owner: type) -> once[_Value] | _Value:
        """Return the value, and put it where the next look finds it before this descriptor."""
        if holder is None:
            return self
        value = holder.__dict__[self._name] = self._compute(holder)
        return value
