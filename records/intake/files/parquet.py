"""Parquet to one sheet of text: dates ISO, whole numbers without a point, every row a row of the table."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files.rows import Piece, has_rows, parts_of, piece
from records.intake.files.sheet import Part, Sheet
from records.intake.normalise import clean

_ROWS_AT_ONCE = 65_536
_WHOLE_BELOW = 1e15


def open_parquet_sheet(path: Path, known: set[str]) -> Sheet:
    """The one sheet of a Parquet file. Raises ImportRefused."""
    if not has_rows(_pieces(path), None):
        raise ImportRefused.empty(file=path.name)
    headers = [clean(name) for name in pq.read_schema(path).names]
    return Sheet(
        file=path.name,
        name="",
        headers=headers,
        above=[],
        known_headers=sum(fold_label(header) in known for header in headers),
        top_lines=0,
        read=lambda: _parts(path),
    )


def _parts(path: Path) -> Iterator[Part]:
    return parts_of(_pieces(path), None)


def _pieces(path: Path) -> Iterator[Piece]:
    line = 1
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, use_threads=False):
                columns = [_text(path, column) for column in batch.columns]
                yield piece(columns, np.arange(line, line + batch.num_rows, dtype=np.int32))
                line += batch.num_rows
    except (pa.ArrowException, OSError):
        raise ImportRefused.corrupt(file=path.name, why="it is a damaged Parquet file") from None


def _text(path: Path, column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        raise ImportRefused.wrong_file(file=path.name, why="one of its columns holds lists or structures, not cells")
    if pa.types.is_timestamp(column.type):
        text = _moments(column)
    elif pa.types.is_floating(column.type):
        text = _numbers(column.cast(pa.float64()))
    else:
        text = column.cast(pa.string())
    return pc.fill_null(text, "")


def _moments(column: pa.Array) -> pa.Array:
    """ISO with a space; a fraction only where there is one, and the zone as it stands."""
    return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+(Z|[+-][0-9:]+)?$", r"\1")


def _numbers(column: pa.Array) -> pa.Array:
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _WHOLE_BELOW))
    integers = pc.if_else(pc.fill_null(whole, False), column, None).cast(pa.int64())
    nothing = pc.is_nan(column)
    return pc.if_else(nothing, "", pc.coalesce(integers.cast(pa.string()), column.cast(pa.string())))
