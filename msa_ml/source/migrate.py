"""Our tables: numbered migrations, applied once, and retention in days.

Several processes may run :func:`init` at once: every statement can be repeated, and an embedded store is locked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from msa_ml.errors import InputError, UnknownNameError
from msa_ml.source.clickhouse import Store
from msa_ml.source.fields import FIELDS, TABLES

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    `name`       String COMMENT 'Name of the migration',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree
ORDER BY name
COMMENT 'Which migrations were applied'
"""
# Days of one century: a longer retention is a typing error, and TTL arithmetic on 32-bit seconds would wrap around.
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    name: str
    statements: tuple[str, ...]


def migrations() -> list[Migration]:
    """Return the migrations in order.

    Examples
    --------
    >>> [migration.name for migration in migrations()][:2]
    ['001_events', '002_labels']
    """
    folder = files("msa_ml.source") / "schema"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(f.name[:-4], tuple(_statements(f.read_text(encoding="utf-8")))) for f in found]


def _statements(text: str) -> Iterator[str]:
    """Part a file at semicolons that end a line; comment lines are dropped."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    for statement in re.split(r";\s*(?:\n|\Z)", plain):
        if statement.strip():
            yield statement.strip()


def retention_targets() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the keys of ``[retention]`` and what each expires: (table, column), the column empty for whole rows.

    Examples
    --------
    >>> retention_targets()["raw_mail"]
    (('mail_events', 'raw'),)
    """
    targets: dict[str, tuple[tuple[str, str], ...]] = {
        table: ((table, ""),) for table in TABLES.values() if table != "feature_specs"
    }
    for relation, fields in FIELDS.items():
        for field in fields:
            if field.retention:
                targets[field.retention] = (*targets.get(field.retention, ()), (TABLES[relation], field.name))
    return targets


def init(store: Store, *, retention: Mapping[str, object]) -> list[str]:
    """Create or update our tables and return the names of what was applied; nothing when all is in place.

    Parameters
    ----------
    retention
        Days over ``stored_at`` by table, and by ``raw_mail``, ``personal`` and ``feature_content`` for columns that are
        emptied earlier than their row goes. 0 or absent = keep. The setting is the truth: what it no longer names is
        kept again.

    Raises
    ------
    InputError
        An unknown key or a value that is no number of days; or the user may not create tables (the source says so).
    """
    wanted = _days(retention)
    with store.session():
        store.create_database()
        store.command(_LEDGER)
        done = set(store.frame("SELECT name FROM schema_migrations FINAL")["name"].to_list())
        applied = []
        for migration in migrations():
            if migration.name in done:
                continue
            for statement in migration.statements:
                store.command(statement)
            store.command(
                "INSERT INTO schema_migrations (name) SELECT {name:String}", {"name": migration.name}
            )
            applied.append(migration.name)
        return applied + list(_apply_retention(store, wanted))


def require_schema(store: Store) -> None:
    """Demand our tables.

    Raises
    ------
    InputError
        A migration is missing; the message names the store.
    """
    with store.session():
        there = store.value(
            "SELECT count() FROM system.tables WHERE database = {d:String} AND name = 'schema_migrations'",
            {"d": store.database},
        )
        done = store.frame("SELECT name FROM schema_migrations FINAL")["name"].to_list() if there else []
    missing = [migration.name for migration in migrations() if migration.name not in done]
    if missing:
        what = (
            "has no tables of msa_ml" if len(missing) == len(migrations()) else f"lacks {', '.join(missing)}"
        )
        raise InputError(f"{store.url_public} {what}.", hint="Run `msa-ml init`.")


def _days(retention: Mapping[str, object]) -> dict[tuple[str, str], int]:
    targets = retention_targets()
    wanted = {target: 0 for group in targets.values() for target in group}
    for key, days in retention.items():
        if key not in targets:
            raise UnknownNameError("key of [retention] in msa.toml", key, targets)
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= _MOST_DAYS:
            raise InputError(f"[retention] {key} must be whole days, found {days!r}.", hint="0 = keep.")
        wanted |= dict.fromkeys(targets[key], days)
    return wanted


def _apply_retention(store: Store, wanted: Mapping[tuple[str, str], int]) -> Iterator[str]:
    found = store.frame(
        "SELECT name, create_table_query AS query FROM system.tables WHERE database = {d:String}",
        {"d": store.database},
    )
    queries = dict(found.select("name", "query").iter_rows())
    for (table, column), days in wanted.items():
        if days == ttl_days(queries[table], column):
            continue
        place = f"`{table}` MODIFY COLUMN `{column}`" if column else f"`{table}`"
        if days:
            verb = "TTL" if column else "MODIFY TTL"
            store.command(f"ALTER TABLE {place} {verb} toDateTime(stored_at) + toIntervalDay({days:d})")
        else:
            store.command(f"ALTER TABLE {place} REMOVE TTL")
        yield f"retention {table}{'.' + column if column else ''} = {days}"


def ttl_days(create_query: str, column: str = "") -> int:
    """Return the days of a table's or a column's TTL, as its CREATE statement says; 0 when there is none.

    Examples
    --------
    >>> query = "CREATE TABLE t (`raw` String TTL toDateTime(stored_at) + toIntervalDay(7), `x` UInt8) ENGINE = MergeTree"
    >>> ttl_days(query, "raw"), ttl_days(query, "x"), ttl_days(query)
    (7, 0, 0)
    """
    columns, _, table = create_query.partition(" ENGINE = ")
    if not column:
        match = re.search(r"\bTTL .*?toIntervalDay\((\d+)\)", table)
    else:
        match = re.search(rf"`{re.escape(column)}` [^`]*?\bTTL [^`]*?toIntervalDay\((\d+)\)", columns)
    return int(match.group(1)) if match else 0
