"""Values of query parameters, in one spelling for both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msa_ml.errors import InputError


def bound(parameters: Mapping[str, object] | None) -> dict[str, object]:
    """Prepare the values of typed parameters.

    A time becomes UTC text with milliseconds, for ``{name:DateTime64(3, 'UTC')}``: the client would drop the fraction.

    Raises
    ------
    InputError
        A time without a zone.

    Examples
    --------
    >>> from datetime import timedelta, timezone
    >>> bound({"since": datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))})
    {'since': '2026-01-01 00:00:00.000'}
    """
    return {name: _plain(name, value) for name, value in (parameters or {}).items()}


def _plain(name: str, value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(
                f"the time '{name}' has no time zone.", hint="Give it one: datetime(..., tzinfo=UTC)."
            )
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(name, item) for item in value]
    item = getattr(value, "item", None)  # a number of numpy
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def bare(sql: str) -> str:
    """Return a statement without its closing semicolon, after which the client puts the format.

    Examples
    --------
    >>> bare("SELECT 1;  ")
    'SELECT 1'
    """
    return sql.strip().removesuffix(";").rstrip()
