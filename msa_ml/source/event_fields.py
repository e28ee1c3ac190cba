"""The fields of sign-ups, logins and requests: what a cell of a table must be, and what a row of ours is.

A cell that cannot be read rejects its row: an analyst sees a count and row numbers, and no wrong number reaches a model.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, partial
from typing import Any

import polars as pl

from msa_ml.errors import InputError
from msa_ml.records import Event, Kind, Login, Request, Signup
from msa_ml.source import columns
from msa_ml.source.fields import FIELDS, TABLES
from msa_ml.source.instants import parse_instant
from msa_ml.source.label_rows import TIME
from msa_ml.source.pseudonyms import Pseudonyms

RECORDS: dict[Kind, type[Event]] = {"signup": Signup, "login": Login, "request": Request}
CLOCKS = ("event_time", "ingested_at", "decided_at")
STATED = ("id", "label", "labelled_at")
ATTRIBUTE = "attributes."

_UNKNOWN = frozenset(("", "-", "null", "none", "nan", "n/a", "na", "\\n", "unknown"))
_TRUE = frozenset(("true", "t", "yes", "y", "1", "success", "ok"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "failure", "failed"))
# Characters of a name at most; other text may be as long as a header field gets.
_LONGEST = {
    **dict.fromkeys(("user_name", "display_name", "account", "client", "device"), 1_024),
    "email": 1_024,
    "country": 64,
    "time_zone": 256,
}
_LONGEST_TEXT = 65_536
_NUL = re.compile(r"\x00")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BITS = {"asn": 32, "verification_attempts": 32, "status": 16, "bytes_sent": 64}
_MADE_BY_THE_TABLE = ("campaign",)
PERSONAL = {  # field, its pseudonym, whether capitals matter
    "signup": (
        ("user_name", "user_pseudonym", False),
        ("email", "email_pseudonym", False),
        ("ip", "ip_pseudonym", True),
        ("device", "device_pseudonym", True),
    ),
    "login": (
        ("account", "account_pseudonym", True),
        ("ip", "ip_pseudonym", True),
        ("device", "device_pseudonym", True),
    ),
    "request": (("client", "client_pseudonym", True), ("ip", "ip_pseudonym", True)),
}


class CellError(ValueError):
    """A cell that is not what its field wants; the message never holds the cell."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a table: its values by field, unknown ones left out, and what was said about it."""

    number: int
    values: Mapping[str, Any]
    native_id: str = ""
    label: str = ""
    labelled_at: datetime | None = None

    def canonical(self) -> bytes:
        """Return the row as canonical JSON (sorted, no spaces, times in ms): its identity where it has no native id.

        Examples
        --------
        >>> EventRow(1, {"b": 1, "a": "x"}, label="spam").canonical()
        b'{"a":"x","b":1}'
        """
        plain = {
            name: round(value.timestamp() * 1000) if isinstance(value, datetime) else value
            for name, value in self.values.items()
        }
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


def known_fields(kind: Kind) -> tuple[str, ...]:
    """Return the names that a column can be mapped to; ``attributes.ANYTHING`` beside them.

    Raises
    ------
    InputError
        Mail is imported from files of mail.

    Examples
    --------
    >>> known_fields("login")[:5]
    ('account', 'success', 'ip', 'asn', 'country')
    """
    if kind not in RECORDS:
        raise InputError(
            f"events of kind '{kind}' do not come as tables.", hint="Use signup, login or request."
        )
    own = {field.name for field in dataclasses.fields(Event)} | {"attributes"}
    fields = tuple(field.name for field in dataclasses.fields(RECORDS[kind]) if field.name not in own)
    return (*fields, *CLOCKS, *STATED)


def reader(kind: Kind, field: str, zone: tzinfo) -> Callable[[object], Any]:
    """Return the function that reads a cell of a field: ``None`` for the unknown, :class:`CellError` for the wrong."""
    if field in (*CLOCKS, "labelled_at"):
        return lambda cell: _time(cell, zone)
    if field in _BITS:
        return lambda cell: _whole(cell, _BITS[field])
    if field in _OWN_READER:
        return _OWN_READER[field]
    declared = RECORDS[kind].__dataclass_fields__.get(field)
    if declared is not None and str(declared.type).startswith("float"):
        return _amount
    if field.startswith(ATTRIBUTE):
        return _text
    return partial(_plain_text, most=_LONGEST.get(field, _LONGEST_TEXT), name=field in _LONGEST)


def _is_unknown(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _UNKNOWN)


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, dict | list):
        text = json.dumps(cell, ensure_ascii=False, sort_keys=True)
    elif isinstance(cell, bool):
        text = "true" if cell else "false"
    else:
        text = str(cell)
    # JSON can write half a surrogate pair, which no column can hold.
    return (text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")) or None


def _plain_text(cell: object, *, most: int, name: bool) -> str | None:
    """Read one text: no list and no object, not longer than anybody could mean, without signs that no form lets through.

    A name keeps its zero-width and look-alike letters, which tell something; signs that steer a terminal or turn the
    direction of writing are no part of a name.
    """
    if isinstance(cell, dict | list | bytes):
        raise CellError("not text")
    text = _text(cell)
    if text is None:
        return None
    if len(text) > most:
        raise CellError(f"longer than {most:,} characters")
    if (_CONTROL if name else _NUL).search(text):
        raise CellError("control characters")
    return text


def _country(cell: object) -> str | None:
    """Read a country code: a dash is none, and NA is one."""
    text = _plain_text(cell, most=_LONGEST["country"], name=True)
    return None if text is None or text.strip() in ("", "-") else text.strip()


def _id(cell: object) -> str | None:
    text = _text(cell)
    return text.strip() or None if text else None


def _time(cell: object, zone: tzinfo) -> datetime | None:
    if _is_unknown(cell):
        return None
    found = parse_instant(cell, zone)
    if found is None:
        raise CellError("not a time between 1990 and 2099")
    return found


def _ip(cell: object) -> str | None:
    if _is_unknown(cell):
        return None
    try:
        return str(ipaddress.ip_address(str(cell).strip().strip("[]")))
    except ValueError as error:
        raise CellError("not an IP address") from error


def _number(cell: object) -> float | None:
    if _is_unknown(cell):
        return None
    try:
        value = float(str(cell))
    except ValueError as error:
        raise CellError("not a number") from error
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise CellError("not a number")
    return value


def _amount(cell: object) -> float | None:
    """Read seconds, milliseconds: a number that is not negative."""
    value = _number(cell)
    if value is not None and value < 0:
        raise CellError("negative")
    return value


def _whole(cell: object, bits: int) -> int | None:
    if isinstance(cell, str) and cell.strip()[:2].upper() == "AS":
        cell = cell.strip()[2:]
    text = str(cell).strip()
    wrong = f"not a whole number of {bits} bits"
    try:
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else _number(cell)
    except CellError as error:
        raise CellError(wrong) from error
    if value is None:
        return None
    if value != int(value) or not 0 <= value < 2**bits:
        raise CellError(wrong)
    return int(value)


def _truth(cell: object) -> bool | None:
    if _is_unknown(cell):
        return None
    word = str(cell).strip().lower().removesuffix(".0")
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError("neither true nor false")


# Fields that are read by their own function; the others by their declared type.
_OWN_READER: dict[str, Callable[[object], Any]] = {
    "ip": _ip,
    "success": _truth,
    "country": _country,
    "id": _id,
    "label": _id,
}


@cache
def blank(kind: Kind) -> Mapping[str, str | None]:
    """Return a row of the unknown: text is empty, all else is null."""
    return {name: "" if isinstance(kind_of, pl.String) else None for name, kind_of in schema(kind).items()}


@cache
def schema(kind: Kind) -> Mapping[str, pl.DataType]:
    """Return names and types of the rows to insert; what the table makes itself is left to it.

    Examples
    --------
    >>> schema("signup")["asn"], schema("signup")["stored_at"]
    (UInt32, Datetime(time_unit='ms', time_zone='UTC'))
    """
    types: dict[str, pl.DataType] = {
        "UInt16": pl.UInt16(),
        "UInt32": pl.UInt32(),
        "UInt64": pl.UInt64(),
        "Float64": pl.Float64(),
        "Bool": pl.Boolean(),
        "DateTime64(3, 'UTC')": TIME,
        "String": pl.String(),
        "Map(String, String)": pl.Map(pl.String(), pl.String()),
    }
    found = {}
    for field in FIELDS[kind]:
        if field.name in _MADE_BY_THE_TABLE:
            continue
        bare = field.type.removeprefix("Nullable(").removeprefix("LowCardinality(")
        found[field.name] = types[field.type if bare == field.type else bare.removesuffix(")")]
    return {**found, "stored_at": TIME}


def table(kind: Kind) -> str:
    """Return the table that holds events of a kind."""
    return TABLES[kind]


def derived(kind: Kind, values: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return the columns that are made of personal ones: pseudonyms, subnet, domain, pattern.

    Names and addresses are compared without capitals, so they are lower-cased before they get a pseudonym.

    Examples
    --------
    >>> made = derived("signup", {"email": "Jo.7@Example.org", "ip": "192.0.2.9"}, Pseudonyms(bytes(32)))
    >>> made["email_domain"], made["ip_subnet"], made["name_pattern"], made["device_pseudonym"]
    ('example.org', '192.0.2.0/24', 'a.0', '')
    """
    made = {"ip_subnet": columns.subnet(values.get("ip", "")), "key_id": pseudonyms.key_id}
    for field, name, capitals in PERSONAL[kind]:
        text = values.get(field, "")
        made[name] = pseudonyms.of(text if capitals else text.lower())
    if kind == "signup":
        email = values.get("email", "")
        made["email_domain"] = columns.domain_of(email)
        made["name_pattern"] = columns.name_pattern(values.get("user_name") or email.rpartition("@")[0])
    return made
