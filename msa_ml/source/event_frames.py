"""The columns that are made of personal ones, for a whole frame: what ``event_fields.derived`` makes, row by row.

Plain text (ASCII names, dotted addresses) is worked on in columns; whatever is not goes through the very functions of the
row-wise path, once for each different value.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from msa_ml.records import Kind
from msa_ml.source import columns
from msa_ml.source.event_fields import PERSONAL
from msa_ml.source.pseudonyms import Pseudonyms

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED = rf"^((?:{_OCTET}\.){{3}}){_OCTET}$"
# The shapes of IPv6 that are common and need no thought: three leading groups that are not zero, in lower case.
_GROUP = "[1-9a-f][0-9a-f]{0,3}"
_COLONS = rf"^({_GROUP}:{_GROUP}:{_GROUP}):(?:{_GROUP}::{_GROUP}|(?:[0-9a-f]{{1,4}}:){{4}}[0-9a-f]{{1,4}})$"


def derived_frame(kind: Kind, frame: pl.DataFrame, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """Return the derived columns of events: pseudonyms, subnet, domain, pattern, ``key_id``; one row a row.

    Parameters
    ----------
    frame
        The personal columns of the kind as text, empty where unknown.

    Examples
    --------
    >>> rows = pl.DataFrame({"user_name": ["Jo7"], "email": ["Jo.7@Example.org"], "ip": ["192.0.2.9"], "device": [""]})
    >>> derived_frame("signup", rows, Pseudonyms(bytes(32))).select("name_pattern", "email_domain", "ip_subnet").row(0)
    ('a0', 'example.org', '192.0.2.0/24')
    """
    made = [
        _subnets(frame["ip"]).alias("ip_subnet"),
        pl.repeat(pseudonyms.key_id, len(frame), eager=True).alias("key_id"),
    ]
    for name, pseudonym, capitals in PERSONAL[kind]:
        of = pseudonyms.of if capitals else lambda text: pseudonyms.of(text.lower())
        made.append(_each(frame[name], of).alias(pseudonym))
    if kind == "signup":
        named = frame.select(
            pl.when(pl.col("user_name") == "").then(_local("email")).otherwise("user_name").alias("name")
        )["name"]
        made += [_domains(frame["email"]).alias("email_domain"), _patterns(named).alias("name_pattern")]
    return pl.DataFrame(made)


def _each(values: pl.Series, make: Callable[[str], str]) -> pl.Series:
    """Apply a function of one text, once for each different one."""
    different = values.unique()
    if len(different) > len(values) // 2:
        return pl.Series([make(value) for value in values.to_list()], dtype=pl.String)
    table = pl.DataFrame({"value": different, "made": [make(value) for value in different.to_list()]})
    return (
        values.rename("value").to_frame().join(table, on="value", how="left", maintain_order="left")["made"]
    )


def _where(values: pl.Series, plain: pl.Expr, made: pl.Expr, make: Callable[[str], str]) -> pl.Series:
    """Make plain values by an expression over ``value``, and the others one by one."""
    table = values.alias("value").to_frame().with_columns(plain.alias("plain"))
    odd = table.filter(~pl.col("plain"))["value"]
    found = table.select(pl.when("plain").then(made).otherwise(pl.lit("")).alias("made"))["made"]
    if len(odd):
        places = table.select((~pl.col("plain")).arg_true())["plain"]
        found = found.scatter(places, _each(odd, make))
    return found


def _subnets(ips: pl.Series) -> pl.Series:
    value = pl.col("value")
    four, six = value.str.extract(_DOTTED, 1) + "0/24", value.str.extract(_COLONS, 1) + "::/48"
    made = pl.coalesce(four, six)
    return _where(ips, made.is_not_null(), made, columns.subnet)


def _patterns(names: pl.Series) -> pl.Series:
    head = pl.col("value").str.slice(0, 256).str.replace_all("[A-Za-z]+", "a").str.replace_all("[0-9]+", "0")
    return _where(
        names, pl.col("value").str.contains(r"^[\x00-\x7f]*$"), head.str.slice(0, 64), columns.name_pattern
    )


def _domains(emails: pl.Series) -> pl.Series:
    """Return what stands behind the last ``@``; there are few different ones."""
    last = (
        emails.alias("value")
        .to_frame()
        .select(
            pl.when(pl.col("value").str.contains("@", literal=True))
            .then("@" + pl.col("value").str.split("@").list.last())
            .otherwise(pl.lit(""))
            .alias("value")
        )["value"]
    )
    return _each(last, columns.domain_of)


def _local(email: str) -> pl.Expr:
    """Return what stands before the last ``@``, empty without one."""
    parts = pl.col(email).str.split("@")
    return parts.list.head(parts.list.len() - 1).list.join("@")
