"""Rows of CSV, JSON lines and Parquet files, one at a time, with what is malformed about them.

CSV may be separated by comma, semicolon, tab or bar (what the header has most of), and CSV and JSON lines may be
compressed (.gz, .xz, .bz2, .zst). Memory does not grow with the number of rows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from msa_ml.errors import InputError
from msa_ml.source.compressed import DAMAGE, broken, open_stream, plain_name, unreadable

_SEPARATORS = ",;\t|"
_MOST_BYTES_A_ROW = 16 * 1024 * 1024
_ROWS_FOR_COLUMNS = 1_000
_PARQUET_ROWS = 10_000

Done = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number among the data rows from 1, and its cells by column, or why it has none."""

    number: int
    cells: Mapping[str, object] | None
    malformed: str = ""


@dataclass(frozen=True)
class Table:
    """An open file: names of its columns, its rows, and how many of its bytes are read."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    done: Done


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open a table by the ending of its name.

    Raises
    ------
    InputError
        There is no such file, its ending is unknown, it has no header or no row, or it is damaged.
    """
    if not path.is_file():
        raise InputError(f"no such file: {path}.", hint="Check the path.")
    name = plain_name(path.name).lower()
    if not name.endswith((".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")):
        raise InputError(
            f"{path} has an unknown ending.", hint="Wanted: .csv, .tsv, .jsonl, .ndjson or .parquet."
        )
    if path.name.lower().endswith(".parquet"):
        yield _parquet(path)
        return
    if name.endswith(".parquet"):
        raise InputError(
            f"{path} is a compressed Parquet file.", hint="Unpack it: Parquet is compressed inside."
        )
    with open_stream(path) as (stream, done):
        try:
            table = _csv(stream, path, done) if name.endswith((".csv", ".tsv")) else _json(stream, path, done)
        except DAMAGE as error:
            raise _damaged(path, error) from error
        yield Table(table.columns, _guarded(table.rows, path), done)


def _damaged(path: Path, error: BaseException) -> InputError:
    if isinstance(error, OSError) and error.errno is not None:
        return unreadable(path, error)
    return broken(path, error)


def _guarded(rows: Iterator[Row], path: Path) -> Iterator[Row]:
    try:
        yield from rows
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _csv(stream: BinaryIO, path: Path, done: Done) -> Table:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    header = text.readline(_MOST_BYTES_A_ROW)
    separator = max(_SEPARATORS, key=header.count)
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=separator), []))
    if not any(columns):
        raise InputError(f"{path} has no header.", hint="Its first line must name the columns.")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise InputError(f"{path} has columns of the same name: {', '.join(twice)}.", hint="Rename them.")
    return Table(columns, _csv_rows(csv.reader(text, delimiter=separator), columns), done)


def _csv_rows(lines: Iterator[list[str]], columns: tuple[str, ...]) -> Iterator[Row]:
    number = 0
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KiB, mostly a quote that is never closed
            number += 1
            yield Row(number, None, "not readable as CSV")
            continue
        if not cells:
            continue
        number += 1
        if len(cells) == len(columns):
            yield Row(number, dict(zip(columns, cells, strict=True)))
        else:
            yield Row(number, None, f"{'more' if len(cells) > len(columns) else 'fewer'} cells than columns")


def _json(stream: BinaryIO, path: Path, done: Done) -> Table:
    rows = _json_rows(stream)
    first = list(islice(rows, _ROWS_FOR_COLUMNS))
    columns = dict.fromkeys(name for row in first if row.cells for name in row.cells)
    if not columns:
        raise InputError(f"{path} holds no JSON object.", hint="Wanted: one object a line.")
    return Table(tuple(columns), chain(first, rows), done)


def _json_rows(stream: BinaryIO) -> Iterator[Row]:
    number = 0
    while line := stream.readline(_MOST_BYTES_A_ROW):
        number += 1
        if len(line) == _MOST_BYTES_A_ROW and not line.endswith(b"\n"):
            while rest := stream.readline(_MOST_BYTES_A_ROW):
                if rest.endswith(b"\n"):
                    break
            yield Row(number, None, "row too long")
            continue
        if not line.strip():
            number -= 1
            continue
        try:
            value = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            yield Row(number, None, "not JSON")
            continue
        yield Row(number, value) if isinstance(value, dict) else Row(number, None, "not a JSON object")


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from msa_ml.source.arrow import to_frame

    try:
        file = pq.ParquetFile(path)
        columns = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise broken(path, "it is no Parquet file") from error
    total, size = max(file.metadata.num_rows, 1), path.stat().st_size
    read = 0

    def batches() -> Iterator[Iterable[Mapping[str, object]]]:
        nonlocal read
        try:
            for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
                yield to_frame(pa.Table.from_batches([batch])).iter_rows(named=True)
                read += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise broken(path, f"after {read} rows") from error
        finally:
            file.close()

    rows = (Row(number, cells) for number, cells in enumerate(chain.from_iterable(batches()), start=1))
    return Table(columns, rows, lambda: size * read // total)
