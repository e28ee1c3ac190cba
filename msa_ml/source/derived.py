"""Expressions of a mapping: conversions that do not need to know the type they start from, and defaults.

What is made here equals what the importers make in Python; the tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msa_ml.source.fields import Field, Relation
from msa_ml.source.literals import text


def private(field: str) -> str:
    """Return the name of their column inside, which none of ours can be confused with."""
    return f"`theirs {field}`"


def cast(value: str, kind: str) -> str:
    """Convert a value of any type; what cannot be converted becomes unknown: empty, zero or null.

    Examples
    --------
    >>> cast("x", "Nullable(UInt32)")
    "accurateCastOrNull(x, 'UInt32')"
    >>> cast("x", "LowCardinality(String)")
    "ifNull(toString(x), '')"
    """
    bare = re.sub(r"^LowCardinality\((.*)\)$", r"\1", kind)
    inner = re.match(r"^Nullable\((.*)\)$", bare)
    if inner:
        return f"accurateCastOrNull({value}, {text(inner.group(1))})"
    if bare == "String":
        return f"ifNull(toString({value}), '')"
    if bare.startswith(("Map", "Array")):
        return f"CAST({value} AS {bare})"
    return f"ifNull(accurateCastOrNull({value}, {text(bare)}), CAST(0 AS {bare}))"


def moment(value: str, time_zone: str, per_second: int) -> str:
    """Convert to an instant in UTC with milliseconds; text that is no time becomes null.

    Without a zone the conversion is one that ClickHouse knows to be monotonic, so their partitions and primary key
    still prune (with ``toDateTime64(x, 3, 'UTC')`` they do not: measured, all parts were read).
    """
    if per_second:
        return f"fromUnixTimestamp64Milli(intDiv(toInt64({value}) * 1000, {per_second}), 'UTC')"
    if time_zone:
        parsed = f"parseDateTime64BestEffortOrNull(toString({value}), 3, {text(time_zone)})"
        return f"toTimeZone({parsed}, 'UTC')"
    return f"CAST({value} AS Nullable(DateTime64(3, 'UTC')))"


def plain_id(value: str) -> str:
    """Convert an id to text; a UUID loses its dashes, so that it is 32 hex digits as ours are."""
    shape = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    written = f"ifNull(toString({value}), '')"
    return f"if(match({written}, {text(shape)}), replaceAll(lower({written}), '-', ''), {written})"


def in_our_words(value: str, words: Mapping[str, str]) -> str:
    """Translate label words; others pass unchanged."""
    written = f"ifNull(toString({value}), '')"
    theirs = ", ".join(text(word) for word in words)
    ours = ", ".join(text(word) for word in words.values())
    return f"transform({written}, [{theirs}], [{ours}], {written})"


def without_from_line(value: str) -> str:
    """Cut the mbox ``From `` line, as ``records.without_from_line`` does."""
    raw = f"ifNull(toString({value}), '')"
    return f"if(startsWith({raw}, 'From '), substring({raw}, position({raw}, '\\n') + 1), {raw})"


def event_id(source: str, content: str) -> str:
    """Hash source and content as ``records.event_id`` does."""
    length = f"unhex(leftPad(hex(length({source})), 8, '0'))"
    return f"lower(hex(substring(SHA256(concat({length}, {source}, {content})), 1, 16)))"


def subnet(ip: str) -> str:
    """Return the /24 or /48 of an address, as ``columns.subnet`` does; empty for what is none."""
    plain = f"replaceRegexpOne(lower(trim({ip})), '^::ffff:([0-9.]+)$', '\\\\1')"
    four = f"concat(toString(tupleElement(IPv4CIDRToRange(toIPv4OrDefault({plain}), 24), 1)), '/24')"
    six = f"concat(toString(tupleElement(IPv6CIDRToRange(toIPv6OrDefault({plain}), 48), 1)), '/48')"
    return f"multiIf(isIPv4String({plain}), {four}, isIPv6String({plain}), {six}, '')"


# What str.strip() takes away.
_SPACE = r"[\x{9}-\x{D}\x{1C}-\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+"


def domain_of(email: str) -> str:
    """Return what stands behind the last ``@``, as ``columns.domain_of`` does."""
    last = f"splitByChar('@', {email})[-1]"
    bare = f"replaceRegexpAll({last}, {text(f'^{_SPACE}|{_SPACE}$')}, '')"
    points = text(r"\.+$")
    return f"if(position({email}, '@') > 0, replaceRegexpOne(lowerUTF8({bare}), {points}, ''), '')"


_LETTERS = r"\pL+"
# Decimal digits, and what str.isdigit() knows beside them (superscripts, digits in circles ...).
_DIGITS = (
    r"[\p{Nd}\x{B2}\x{B3}\x{B9}\x{1369}-\x{1371}\x{19DA}\x{2070}\x{2074}-\x{2079}\x{2080}-\x{2089}\x{2460}-\x{2468}"
    r"\x{2474}-\x{247C}\x{2488}-\x{2490}\x{24EA}\x{24F5}-\x{24FD}\x{24FF}\x{2776}-\x{277E}\x{2780}-\x{2788}"
    r"\x{278A}-\x{2792}\x{10A40}-\x{10A43}\x{10E60}-\x{10E68}\x{11052}-\x{1105A}\x{1F100}-\x{1F10A}]+"
)


def name_pattern(name: str, email: str) -> str:
    """Return the shape of a name, else of the local part of an address, as ``columns.name_pattern`` does."""
    local = f"arrayStringConcat(arrayPopBack(splitByChar('@', {email})), '@')"
    text_of = f"substringUTF8(if({name} != '', {name}, {local}), 1, 256)"
    letters = f"replaceRegexpAll({text_of}, {text(_LETTERS)}, 'a')"
    digits = f"replaceRegexpAll({letters}, {text(_DIGITS)}, '0')"
    return f"substringUTF8({digits}, 1, 64)"


# Expressions over other columns of ours, which stand beside them in the same SELECT.
_MADE = {
    "signup": {
        "email_domain": domain_of("email"),
        "name_pattern": name_pattern("user_name", "email"),
        "campaign": "if(name_pattern = '' OR ip_subnet = '' OR user_agent = '', '', "
        "lower(hex(sipHash64(name_pattern, ip_subnet, user_agent))))",
    },
    "label": {
        "label_id": "lower(hex(substring(SHA256(arrayStringConcat([task, subject_kind, subject, source, label, "
        "toString(toUnixTimestamp64Milli(assumeNotNull(labelled_at)))], char(0))), 1, 16)))",
        "subject_kind": "'event'",
        "confidence": "1",
        "ingested_at": "labelled_at",
    },
    "mail": {"event_id": event_id("source", "raw"), "size": "length(raw)", "time_from": "'given'"},
}
_MADE_OF_EVENTS = {
    "event_id": event_id("source", "origin"),
    "ingested_at": "event_time",
    "ip_subnet": subnet("ip"),
}


def default(relation: Relation, field: Field, table: str, mapped: Collection[str]) -> str:
    """Return the expression of a field that is not mapped: made from others of ours where that is possible, else unknown.

    Parameters
    ----------
    table
        Name of their table, the default ``source``.
    mapped
        Fields that are mapped.
    """
    made = {
        **(_MADE_OF_EVENTS if relation != "label" else {}),
        **_MADE.get(relation, {}),
        "source": text(table),
    }
    if field.name not in made or (field.name == "ip_subnet" and "ip" not in mapped):
        value = _unknown(field.type)
    else:
        value = made[field.name]
    kind = f"Nullable({field.type})" if field.name == "ingested_at" else field.type
    return f"CAST({value} AS {kind})"


def _unknown(kind: str) -> str:
    if kind.startswith("Nullable"):
        return "NULL"
    if kind.startswith("Map"):
        return "map()"
    if kind.startswith("Array"):
        return "[]"
    return "''" if "String" in kind else "0"
