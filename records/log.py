"""The append-only log of one institution: Parquet files in reading order, read forward and never edited.

Reading order is (`recorded_at`, batch, line). A file holds the rows of one batch and one table in that order; files
that overlap in time (histories) are merged while they are read. Which files exist is for the ledger to say.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.clock import milliseconds
from records.ledger import LogFile, LogIndex
from records.tables import Table
from records.vault_key import VaultKey

_ROW_GROUP = 262_144


def write_rows(folder: Path, institution: str, table: Table, rows: pa.Table, key: VaultKey | None = None) -> LogFile:
    """Write rows of one batch in reading order and flush them to disk; they exist once the ledger names the file.

    Raises ValueError when the columns or types are not those of the table (a wrong unit would read as no rows).
    """
    ordered = rows.take(pc.sort_indices(rows, sort_keys=[("recorded_at", "ascending"), ("line", "ascending")]))
    return write_in_order(folder, institution, table, [ordered], key)


def write_in_order(
    folder: Path, institution: str, table: Table, chunks: Iterable[pa.Table], key: VaultKey | None = None
) -> LogFile:
    """Write chunks that are in reading order as one file, which has its name when all of it is on the disk.

    A sensitive table is sealed with the vault's key before any of it is written. Raises ValueError without the key.
    """
    relative = Path(institution) / table.name / f"{uuid4().hex}.parquet"
    path = folder / relative
    part = path.with_suffix(".part.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if table.sensitive:
            clear = pa.BufferOutputStream()
            span = _write_chunks(clear, table, chunks)
            part.write_bytes(_needed(key).seal(clear.getvalue().to_pybytes()))
        else:
            span = _write_chunks(part, table, chunks)
        with part.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return LogFile(
        table=table.name,
        path=str(relative),
        batch=0,
        rows=span.rows,
        first_recorded_at=datetime.fromtimestamp(span.first / 1000, UTC),
        last_recorded_at=datetime.fromtimestamp(span.last / 1000, UTC),
        sha256=digest,
    )


@dataclass(frozen=True, kw_only=True)
class _Span:
    """How many rows were written, and the moments of the first and the last in milliseconds."""

    rows: int
    first: int
    last: int


def _write_chunks(sink: Path | pa.BufferOutputStream, table: Table, chunks: Iterable[pa.Table]) -> _Span:
    rows, first, last = 0, None, 0
    with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        for chunk in chunks:
            if not chunk.schema.equals(table.schema):
                raise ValueError(f"rows for {table.name} do not have its schema")
            if not chunk.num_rows:
                continue
            writer.write_table(chunk, row_group_size=_ROW_GROUP)
            times = chunk.column("recorded_at").cast(pa.int64())
            first = times[0].as_py() if first is None else first
            rows, last = rows + chunk.num_rows, times[-1].as_py()
    return _Span(rows=rows, first=first or 0, last=last)


def _needed(key: VaultKey | None) -> VaultKey:
    """The key of a sensitive table, which does not lie on the disk in clear. Raises ValueError without it."""
    if key is None:
        raise ValueError("a sensitive table is written and read with the vault's key")
    return key


def _opened(path: Path, table: Table, key: VaultKey | None) -> pq.ParquetFile:
    if not table.sensitive:
        return pq.ParquetFile(path, memory_map=True)
    return pq.ParquetFile(pa.BufferReader(_needed(key).unseal(path.read_bytes())))


class TableReader:
    """One table of the log, read forward: each call of `upto` gives the rows since the last call, in reading order."""

    def __init__(
        self,
        folder: Path,
        table: Table,
        files: Sequence[LogFile],
        columns: Sequence[str] | None = None,
        key: VaultKey | None = None,
        within: "Within | None" = None,
    ) -> None:
        self.table = table
        wanted = columns if columns is not None else [field.name for field in table.schema]
        self._columns = list(dict.fromkeys([*wanted, "recorded_at", "line"]))
        self.schema = pa.schema([*(table.schema.field(name) for name in self._columns), pa.field("batch", pa.int32())])
        reading = _Reading(folder=folder, table=table, columns=self._columns, key=key, within=within)
        self._chunks = _in_order(reading, files)
        self._held: pa.Table | None = None

    def upto(self, limit: datetime | None) -> Iterator[pa.Table]:
        """Rows recorded before `limit` (all when None) that were not given yet."""
        limit_ms = None if limit is None else milliseconds(limit)
        while (chunk := self._next()) is not None:
            times = chunk.column("recorded_at").cast(pa.int64()).to_numpy()
            known = chunk.num_rows if limit_ms is None else int(np.searchsorted(times, limit_ms, side="left"))
            if known:
                yield chunk.slice(0, known)
            if known < chunk.num_rows:
                self._held = chunk.slice(known)
                return

    def _next(self) -> pa.Table | None:
        if self._held is not None:
            held, self._held = self._held, None
            return held
        return next(self._chunks, None)


def _in_order(reading: "_Reading", files: Sequence[LogFile]) -> Iterator[pa.Table]:
    for group in _overlapping(files):
        if len(group) == 1:
            yield from reading.chunks(group[0])
        else:
            yield _merged(reading, group)


def _overlapping(files: Sequence[LogFile]) -> Iterator[list[LogFile]]:
    """Files in order of time, those whose times overlap together."""
    group: list[LogFile] = []
    end: datetime | None = None
    for file in sorted(files, key=lambda file: (file.first_recorded_at, file.batch)):
        if end is not None and file.first_recorded_at >= end and not _touch(group, file):
            yield group
            group = []
            end = None
        group.append(file)
        end = file.last_recorded_at if end is None else max(end, file.last_recorded_at)
    if group:
        yield group


def _touch(group: list[LogFile], file: LogFile) -> bool:
    """Whether a file begins at the very instant another ends and carries an earlier batch number: then rows interleave."""
    return any(other.last_recorded_at == file.first_recorded_at and other.batch >= file.batch for other in group)


@dataclass(frozen=True, kw_only=True)
class Within:
    """Only rows whose column (a day or a number) lies in [low, high): what a comparison in parts asks for."""

    column: str
    low: int
    high: int

    def rows(self, table: pa.Table) -> pa.Table:
        numbers = table.column(self.column)
        if pa.types.is_date(numbers.type):
            numbers = numbers.cast(pa.int32())
        held = np.asarray(numbers.cast(pa.int64()).to_numpy())
        return table.filter(pa.array((held >= self.low) & (held < self.high)))


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How the files of one table are read."""

    folder: Path
    table: Table
    columns: list[str]
    key: VaultKey | None
    within: Within | None

    def chunks(self, file: LogFile) -> Iterator[pa.Table]:
        asked = list(dict.fromkeys([*self.columns, *([self.within.column] if self.within else [])]))
        with _opened(self.folder / file.path, self.table, self.key) as parquet:
            for index in range(parquet.num_row_groups):
                rows = parquet.read_row_group(index, columns=asked)
                chosen = self.within.rows(rows).select(self.columns) if self.within else rows
                yield chosen.append_column("batch", pa.array(np.full(chosen.num_rows, file.batch, np.int32)))


def _merged(reading: _Reading, group: list[LogFile]) -> pa.Table:
    together = pa.concat_tables(chunk for file in group for chunk in reading.chunks(file))
    keys = [("recorded_at", "ascending"), ("batch", "ascending"), ("line", "ascending")]
    return together.take(pc.sort_indices(together, sort_keys=keys))


class EventLog:
    """One institution's log as the ledger stood after `ledger_number`: which files there are, and readers over them."""

    def __init__(self, *, folder: Path, institution: str, index: LogIndex, key: VaultKey | None = None) -> None:
        self.folder = folder
        self.institution = institution
        self.files = index.files
        self.ledger_number = index.ledger_number
        self.epoch = index.epoch
        self._key = key

    def reader(self, table: Table, columns: Sequence[str] | None = None, within: Within | None = None) -> TableReader:
        """A reader over one table. A sensitive one raises ValueError when the log was opened without the key."""
        files = [file for file in self.files if file.table == table.name]
        return TableReader(self.folder, table, files, columns, self._key, within)

    def rows(
        self,
        table: Table,
        until: datetime | None = None,
        columns: Sequence[str] | None = None,
        within: Within | None = None,
    ) -> pa.Table:
        """All rows of a table recorded before `until`, in reading order, with their `batch`."""
        reader = self.reader(table, columns, within)
        chunks = list(reader.upto(until))
        return pa.concat_tables(chunks) if chunks else reader.schema.empty_table()
