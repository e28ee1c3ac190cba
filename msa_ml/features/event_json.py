"""Events of plain fields as JSON: what serving sends, and what the golden cases of a bundle hold.

Every field is a text, a number, true, false or null as in the kind's record; a time is a text of ISO 8601 with an offset,
such as ``2026-03-10T09:15:02.250Z``, and is cut to milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.features.table import SCHEMAS

NOT_READ = "attributes"
"""A field that events have and no extractor reads."""


def from_json(kind: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of one event by field, times as datetimes; what is null is left out.

    Half of a surrogate pair, which JSON can write and no text can hold, becomes a question mark.

    Parameters
    ----------
    kind
        ``signup``, ``login`` or ``request``.
    event
        By field name.

    Raises
    ------
    UnknownNameError
        The kind has no such field: a misspelt name would otherwise be a field that is not known.
    InputError
        A time cannot be read.

    Examples
    --------
    >>> from_json("signup", {"user_name": "ann", "asn": None, "event_time": "2026-03-10T10:15:02+01:00"})
    {'user_name': 'ann', 'event_time': datetime.datetime(2026, 3, 10, 9, 15, 2, tzinfo=datetime.timezone.utc)}
    """
    if kind not in SCHEMAS:
        raise UnknownNameError("kind of rows", kind, SCHEMAS)
    schema = SCHEMAS[kind]
    found = {}
    for name, value in event.items():
        if name == NOT_READ or value is None:
            continue
        if name not in schema:
            raise UnknownNameError(f"field of {kind}", name, (*schema, NOT_READ))
        found[name] = _time(kind, name, value) if isinstance(schema[name], pl.Datetime) else _plain(value)
    return found


def to_json(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of one event as JSON can hold them; what is null is left out.

    Examples
    --------
    >>> to_json({"asn": None, "event_time": datetime(2026, 3, 10, 9, tzinfo=UTC)})
    {'event_time': '2026-03-10T09:00:00.000Z'}
    """
    return {
        name: _written(value) if isinstance(value, datetime) else value
        for name, value in event.items()
        if value is not None
    }


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _time(kind: str, name: str, value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError("no offset")
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{kind}: the field {name} is no time with an offset.",
            hint="Write it as 2026-03-10T09:15:02.250Z.",
        ) from error
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
