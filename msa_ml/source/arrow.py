"""Arrow from ClickHouse to polars and back, with the same types from both engines.

ClickHouse's ``String`` is bytes. Only the columns named in :data:`BINARY_COLUMNS` stay bytes; every other string
becomes text, and bytes in it that are not UTF-8 become the replacement character, never hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

BINARY_COLUMNS = frozenset({"raw"})
"""Columns that hold bytes as they came over the wire, on every engine and in every query."""


def batches(stream: bytes | IO[bytes]) -> Iterator[pl.DataFrame]:
    """Read an Arrow IPC stream batch by batch; a stream without rows gives one empty frame."""
    import pyarrow as pa

    with pa.ipc.open_stream(stream) as reader:
        some = False
        for batch in reader:
            some = True
            yield to_frame(pa.Table.from_batches([batch]))
        if not some:
            yield to_frame(reader.schema.empty_table())


def read(stream: bytes) -> pl.DataFrame:
    """Read a whole Arrow IPC stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(stream) as reader:
        return to_frame(reader.read_all())


def to_frame(table: pa.Table) -> pl.DataFrame:
    r"""Turn a table into a frame by the rules of this module.

    Examples
    --------
    >>> import pyarrow as pa
    >>> to_frame(pa.table({"raw": [b"\xff"], "name": [b"caf\xe9"]})).rows()
    [(b'\xff', 'caf�')]
    """
    import pyarrow as pa

    plain = [_as_bytes(column) for column in table.columns]
    frame = pl.DataFrame(pl.from_arrow(pa.table(plain, names=table.column_names)))
    return frame.with_columns(_settle(column) for column in frame if column.name not in BINARY_COLUMNS)


def _as_bytes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read declared text as bytes: the engine declares text whether or not it is, and Arrow does not look."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(_bytes_type(column.type))


def _bytes_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_string(kind):
        return pa.binary()
    if pa.types.is_large_string(kind):
        return pa.large_binary()
    if pa.types.is_map(kind):
        key, item = kind.key_field, kind.item_field
        return pa.map_(key.with_type(_bytes_type(key.type)), item.with_type(_bytes_type(item.type)))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_bytes_type(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_bytes_type(field.type)) for field in kind])
    return kind


def _settle(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Binary:
        return _text(column)
    if isinstance(column.dtype, pl.Datetime):
        zoned = (
            column.dt.replace_time_zone("UTC")
            if column.dtype.time_zone is None
            else column.dt.convert_time_zone("UTC")
        )
        return zoned.dt.cast_time_unit("ms")
    wanted = _text_type(column.dtype)
    if wanted == column.dtype:
        return column
    try:
        return column.cast(wanted)
    except pl.exceptions.PolarsError:
        values = [_lossy(value) for value in column.to_list()]
        return pl.Series(column.name, values, dtype=wanted)


def _text(column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        values = [None if value is None else value.decode("utf-8", "replace") for value in column.to_list()]
        return pl.Series(column.name, values, dtype=pl.String)


def _text_type(kind: pl.DataType) -> pl.DataType:
    if kind == pl.Binary:
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(_text_type(_instance(kind.inner)))
    if isinstance(kind, pl.Map):
        return pl.Map(_text_type(_instance(kind.key)), _text_type(_instance(kind.value)))
    if isinstance(kind, pl.Struct):
        return pl.Struct([pl.Field(field.name, _text_type(_instance(field.dtype))) for field in kind.fields])
    return kind


def _instance(kind: Any) -> pl.DataType:
    made: pl.DataType = kind() if isinstance(kind, type) else kind
    return made


def _lossy(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [_lossy(item) for item in value]
    if isinstance(value, dict):
        return {_lossy(name): _lossy(item) for name, item in value.items()}
    return value


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Turn a frame into a table that every ClickHouse reads: no views, no dictionaries, times in UTC."""
    plain = frame.with_columns(_plain(column) for column in frame)
    return plain.to_arrow(compat_level=pl.CompatLevel.oldest())


def _plain(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if column.dtype == pl.Null:
        return column.cast(pl.String)
    if isinstance(column.dtype, pl.Datetime):
        zoned = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
        return zoned.dt.cast_time_unit("ms")
    return column


def even_batches(frames: Iterable[pl.DataFrame], batch_bytes: int) -> Generator[pl.DataFrame]:
    """Join small frames and cut large ones, so that each holds about so many bytes; one row may be larger."""
    waiting: list[pl.DataFrame] = []
    size = 0
    for frame in frames:
        for piece in slices(frame, batch_bytes):
            weight = int(piece.estimated_size())
            if waiting and size + weight > batch_bytes:
                yield pl.concat(waiting)
                waiting, size = [], 0
            waiting.append(piece)
            size += weight
    if waiting:
        yield pl.concat(waiting)


def slices(frame: pl.DataFrame, most_bytes: int, most_rows: int = 2**62) -> Iterator[pl.DataFrame]:
    """Cut a frame into consecutive slices of at most so many rows and about so many bytes."""
    pieces = max(1, -(-int(frame.estimated_size()) // most_bytes), -(-len(frame) // most_rows))
    rows = max(1, -(-len(frame) // pieces))
    yield from frame.iter_slices(rows)


_CLOCKS = ("event_time", "labelled_at")
_MONTH = "_month"


def by_month(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Part rows by our partitions: months (UTC) of ``event_time``, of ``labelled_at`` for labels; else keep them together.

    Examples
    --------
    >>> from datetime import datetime
    >>> days = pl.DataFrame({"event_time": [datetime(2026, 1, 31), datetime(2026, 2, 1), datetime(2026, 1, 1)]})
    >>> [len(part) for part in by_month(days)]
    [2, 1]
    """
    clock = next((name for name in _CLOCKS if name in frame.columns), None)
    if clock is None or not len(frame):
        yield frame
        return
    keyed = frame.with_columns(
        _plain(frame[clock]).dt.convert_time_zone("UTC").dt.truncate("1mo").alias(_MONTH)
    )
    yield from keyed.partition_by(_MONTH, maintain_order=True, include_key=False)
