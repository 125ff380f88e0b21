"""One file of a log read a row group at a time: only columns and rows that are asked for, and as little as possible.

What the statistics of a row group tell already is not decoded: a column of one value or of none, rows that lie before
the limit or outside what is asked for.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.errors import LogFileWrong
from records.log_order import Source
from records.tables import SAME_PERSON, Kind, Table
from records.vault_key import VaultKey

Ints = npt.NDArray[np.int64]
BATCH, INSTITUTION = pa.field("batch", pa.int32()), pa.field("institution", pa.int32())
_AT_HAND = 8
_MADE = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp)


@dataclass(frozen=True, kw_only=True)
class Within:
    """Only rows whose column (a day or a number) lies in [low, high): what a comparison in parts asks for."""

    column: str
    low: int
    high: int

    def chooses(self, column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        numbers = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
        held = np.asarray(numbers.cast(pa.int64()).to_numpy())
        return np.asarray((held >= self.low) & (held < self.high))


def needed(key: VaultKey | None) -> VaultKey:
    """The key of a sensitive table, which does not lie on the disk in clear. Raises ValueError without it."""
    if key is None:
        raise ValueError("a sensitive table is written and read with the vault's key")
    return key


@contextmanager
def readable(name: str) -> Iterator[None]:
    """What PyArrow says of a damaged file as a sentence: LogFileWrong, also for a file that is not there."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise LogFileWrong(name) from error


def opened(
    folder: Path, name: str, table: Table, key: VaultKey | None, dictionaries: Sequence[str] = ()
) -> pq.ParquetFile:
    """A file of a table; a sealed one is unsealed in memory. Raises LogFileWrong where it is missing or damaged.

    What is read of it later is compared with the checksum of its page; read it within `readable`.
    """
    wanted = list(dictionaries) or None
    with readable(name):
        if not table.sensitive:
            return pq.ParquetFile(
                folder / name, memory_map=True, read_dictionary=wanted, page_checksum_verification=True
            )
        unsealed = pa.BufferReader(needed(key).unseal((folder / name).read_bytes()))
        return pq.ParquetFile(unsealed, read_dictionary=wanted)


def sha256_of(path: Path) -> str:
    """Raises OSError for a file that is missing or cannot be read."""
    with path.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def is_as_written(path: Path, sha256: str) -> bool:
    """Whether the file is the one that was entered in the ledger; one that is missing or cannot be read is not."""
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the files of one table are read: `columns` are asked for, `offsets` shift student numbers by institution."""

    folder: Path
    table: Table
    columns: tuple[str, ...]
    offsets: Ints
    key: VaultKey | None = None
    within: Within | None = None
    dictionaries: bool = False

    @cached_property
    def fields(self) -> dict[str, pa.Field]:
        known = {field.name: field for field in (*self.table.schema, INSTITUTION, BATCH)}
        for column in self.table.columns:
            if self.dictionaries and column.kind is Kind.TEXT:
                known[column.name] = pa.field(column.name, pa.dictionary(pa.int32(), pa.string()))
        return known

    def schema(self, names: Sequence[str]) -> pa.Schema:
        return pa.schema([self.fields[name] for name in names])

    @cached_property
    def texts(self) -> list[str]:
        """Text columns that are read as dictionaries."""
        return [name for name in self.columns if pa.types.is_dictionary(self.fields[name].type)]

    @cached_property
    def shifted(self) -> tuple[str, ...]:
        """Columns that hold student numbers; none to shift where there is one institution."""
        if len(self.offsets) <= 2:
            return ()
        return ("student", "same_as") if self.table is SAME_PERSON else ("student",)

    @cached_property
    def same(self) -> Callable[[int | bool | None, pa.DataType, int], pa.Array]:
        """A column of one value, or of none; row groups that follow each other have the same ones."""
        return lru_cache(_AT_HAND)(_same)


def columns_of(table: Table, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The columns a reader gives: rows about an institution always say about which."""
    of_whole = () if table.per_student else (INSTITUTION.name,)
    if asked is None:
        return (*table.schema.names, *of_whole, BATCH.name)
    return tuple(dict.fromkeys([*asked, *of_whole]))


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Rows that lie together in time, first to last in milliseconds, and are read when they are asked for."""

    first: int
    last: int
    read: Callable[[Sequence[str]], pa.Table]


class OpenFile:
    """One file with its footer, read a row group at a time."""

    def __init__(self, reading: Reading, source: Source) -> None:
        self._reading, self._source = reading, source
        self._file = opened(reading.folder, source.path, reading.table, reading.key, reading.texts)
        self._places = {name: place for place, name in enumerate(self._file.schema_arrow.names)}
        # Of each institution of the file the position in the log, -1 for one that is not of it.
        self._position = np.full(self._institutions(), -1, np.int32)
        for there, here in source.positions.items():
            self._position[there] = here

    @cached_property
    def _start(self) -> pa.Array:
        """Of each institution of the file the first student number in the log."""
        return pa.array(self._reading.offsets.astype(np.int32)[self._position])

    def _institutions(self) -> int:
        """How many institutions may be in a compacted file, of the log or not; none in a file of one batch."""
        groups = range(self._file.num_row_groups if self._source.is_compacted else 0)
        held: Iterator[int] = (self._told(group, "institution").max_raw for group in groups)
        return 1 + max([-1, *self._source.positions, *held])

    def pieces(self) -> Iterator[Piece]:
        with self._file:
            for group in range(self._file.num_row_groups):
                span = self._told(group, "recorded_at")
                if self._may_hold(group):
                    yield Piece(first=span.min_raw, last=span.max_raw, read=partial(self._rows, group))

    def _told(self, group: int, name: str) -> Any:
        return self._file.metadata.row_group(group).column(self._places[name]).statistics

    def _may_hold(self, group: int) -> bool:
        """Whether the row group may hold rows that are asked for, by its statistics."""
        within, source = self._reading.within, self._source
        span = self._told(group, within.column) if within and within.column in self._places else None
        if (
            within
            and span is not None
            and span.has_min_max
            and (span.max_raw < within.low or span.min_raw >= within.high)
        ):
            return False
        if not source.is_compacted:
            return True
        told, batches = self._told(group, "institution"), self._told(group, "batch")
        if batches.min_raw > source.until or batches.max_raw < source.since:
            return False
        return any(told.min_raw <= there <= told.max_raw for there in source.positions)

    def _rows(self, group: int, names: Sequence[str]) -> pa.Table:
        """The rows of a row group that are asked for, with these columns."""
        read = _RowGroup(
            file=self._file, name=self._source.path, group=group, reading=self._reading, places=self._places
        )
        chosen = self._chosen(group, read)
        if chosen is not None and not chosen.any():
            return self._reading.schema(names).empty_table()
        shifted = self._reading.shifted if any(name in self._reading.shifted for name in names) else ()
        read.decode([name for name in (*names, *(("institution",) if shifted else ())) if name in self._places])
        columns = {name: self._column(read, name) for name in names}
        rows = pa.table([columns[name] for name in names], schema=self._reading.schema(names))
        return rows if chosen is None else rows.filter(pa.array(chosen))

    def _chosen(self, group: int, read: "_RowGroup") -> npt.NDArray[np.bool_] | None:
        """Which rows are asked for; None for all of them."""
        within, source = self._reading.within, self._source
        chosen: npt.NDArray[np.bool_] | None = None
        if source.is_compacted:
            told = self._told(group, "institution")
            if not all(there in source.positions for there in range(told.min_raw, told.max_raw + 1)):
                chosen = self._here(read).to_numpy() >= 0
            batches = self._told(group, "batch")
            if batches.min_raw < source.since or batches.max_raw > source.until:
                batch = read.column("batch").to_numpy()
                told_then = (batch >= source.since) & (batch <= source.until)
                chosen = told_then if chosen is None else chosen & told_then
        if within is not None:
            inside = within.chooses(read.column(within.column))
            chosen = inside if chosen is None else chosen & inside
        return None if chosen is None or chosen.all() else chosen

    def _column(self, read: "_RowGroup", name: str) -> pa.ChunkedArray | pa.Array:
        if name == "institution":
            return self._here(read)
        if name == "batch" and not self._source.is_compacted:
            return pa.array(np.full(read.rows, self._source.batch, np.int32))
        if name not in self._reading.shifted:
            return read.column(name)
        if self._source.is_compacted:
            return pc.add(read.column(name), self._start.take(read.column("institution")))
        start = int(self._reading.offsets[self._source.position])
        return pc.add(read.column(name), pa.scalar(start, pa.int32()))

    def _here(self, read: "_RowGroup") -> pa.ChunkedArray | pa.Array:
        """The position in the log of each row's institution; -1 for one that is not of the log."""
        if not self._source.is_compacted:
            return pa.array(np.full(read.rows, self._source.position, np.int32))
        return pa.array(self._position).take(read.column("institution"))


@dataclass(kw_only=True)
class _RowGroup:
    """The columns of one row group: made from the statistics where those tell all, else decoded once."""

    file: pq.ParquetFile
    name: str
    group: int
    reading: Reading
    places: Mapping[str, int]
    _held: dict[str, pa.ChunkedArray | pa.Array] = field(default_factory=dict)

    @cached_property
    def told(self) -> Any:
        return self.file.metadata.row_group(self.group)

    @property
    def rows(self) -> int:
        return int(self.told.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        self.decode([name])
        held = self._held[name]
        return held if isinstance(held, pa.ChunkedArray) else pa.chunked_array([held])

    def decode(self, names: Sequence[str]) -> None:
        """Read these columns together."""
        missing = [name for name in dict.fromkeys(names) if name not in self._held]
        for name in missing:
            if (made := self._made(name)) is not None:
                self._held[name] = made
        wanted = [name for name in missing if name not in self._held]
        if wanted:
            with readable(self.name):
                read = self.file.read_row_group(self.group, columns=wanted, use_threads=False)
            self._held |= {name: _of_kind(read.column(name), self.reading.fields[name].type) for name in wanted}

    def _made(self, name: str) -> pa.Array | None:
        """A column of one value or of none, made instead of decoded; None when it must be decoded."""
        kind = self.reading.fields[name].type
        if name not in self.places:  # the table got the column after the file was written
            return self.reading.same(None, kind, self.rows)
        told = self.told.column(self.places[name]).statistics
        if told is None or not told.has_null_count:
            return None
        if told.null_count == self.rows:
            return self.reading.same(None, kind, self.rows)
        constant = told.null_count == 0 and told.has_min_max and any(is_kind(kind) for is_kind in _MADE)
        if not constant or told.min_raw != told.max_raw:
            return None
        return self.reading.same(told.min_raw, kind, self.rows)


def _of_kind(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)


def _same(raw: int | bool | None, kind: pa.DataType, rows: int) -> pa.Array:
    """A value as the file stores it (days, milliseconds since 1970, numbers and flags as they are), or none, many times.

    NumPy fills what pa.repeat would put in one by one.
    """
    if raw is None:
        return pa.nulls(rows, kind)
    if pa.types.is_boolean(kind):
        return pa.repeat(pa.scalar(raw), rows)
    stored = kind.to_pandas_dtype() if pa.types.is_integer(kind) else f"i{kind.bit_width // 8}"
    return pa.array(np.full(rows, raw, stored)).view(kind)
