"""The append-only log of one institution: Parquet files in reading order, read forward and never edited.

Reading order is (`recorded_at`, batch, line). A file holds the rows of one batch and one table in that order; files
that overlap in time (histories) are merged while they are read. Which files exist is for the ledger to say.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
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

_ROW_GROUP = 262_144


def write_rows(folder: Path, institution: str, table: Table, rows: pa.Table) -> LogFile:
    """Write rows of one batch in reading order and flush them to disk; they exist once the ledger names the file.

    Raises ValueError when the columns or types are not those of the table (a wrong unit would read as no rows).
    """
    if not rows.schema.equals(table.schema):
        raise ValueError(f"rows for {table.name} do not have its schema")
    ordered = rows.take(pc.sort_indices(rows, sort_keys=[("recorded_at", "ascending"), ("line", "ascending")]))
    relative = Path(institution) / table.name / f"{uuid4().hex}.parquet"
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(ordered, path, compression="zstd", row_group_size=_ROW_GROUP)
    with path.open("rb") as written:
        os.fsync(written.fileno())
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    times = ordered.column("recorded_at").cast(pa.int64())
    return LogFile(
        table=table.name,
        path=str(relative),
        batch=0,
        rows=ordered.num_rows,
        first_recorded_at=datetime.fromtimestamp(times[0].as_py() / 1000, UTC),
        last_recorded_at=datetime.fromtimestamp(times[-1].as_py() / 1000, UTC),
        sha256=digest,
    )


class TableReader:
    """One table of the log, read forward: each call of `upto` gives the rows since the last call, in reading order."""

    def __init__(
        self, folder: Path, table: Table, files: Sequence[LogFile], columns: Sequence[str] | None = None
    ) -> None:
        self.table = table
        wanted = columns if columns is not None else [field.name for field in table.schema]
        self._columns = list(dict.fromkeys([*wanted, "recorded_at", "line"]))
        self.schema = pa.schema([*(table.schema.field(name) for name in self._columns), pa.field("batch", pa.int32())])
        self._chunks = _in_order(folder, files, self._columns)
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


def _in_order(folder: Path, files: Sequence[LogFile], columns: list[str]) -> Iterator[pa.Table]:
    for group in _overlapping(files):
        if len(group) == 1:
            yield from _row_groups(folder, group[0], columns)
        else:
            yield _merged(folder, group, columns)


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


def _row_groups(folder: Path, file: LogFile, columns: list[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(folder / file.path, memory_map=True) as parquet:
        for index in range(parquet.num_row_groups):
            yield _with_batch(parquet.read_row_group(index, columns=columns), file)


def _merged(folder: Path, group: list[LogFile], columns: list[str]) -> pa.Table:
    together = pa.concat_tables(_with_batch(pq.read_table(folder / file.path, columns=columns), file) for file in group)
    keys = [("recorded_at", "ascending"), ("batch", "ascending"), ("line", "ascending")]
    return together.take(pc.sort_indices(together, sort_keys=keys))


def _with_batch(rows: pa.Table, file: LogFile) -> pa.Table:
    return rows.append_column("batch", pa.array(np.full(rows.num_rows, file.batch, np.int32)))


class EventLog:
    """One institution's log as the ledger stood after `ledger_number`: which files there are, and readers over them."""

    def __init__(self, *, folder: Path, institution: str, index: LogIndex) -> None:
        self.folder = folder
        self.institution = institution
        self.files = index.files
        self.ledger_number = index.ledger_number
        self.epoch = index.epoch

    def reader(self, table: Table, columns: Sequence[str] | None = None) -> TableReader:
        return TableReader(self.folder, table, [file for file in self.files if file.table == table.name], columns)

    def rows(self, table: Table, until: datetime | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of a table recorded before `until`, in reading order, with their `batch`."""
        reader = self.reader(table, columns)
        chunks = list(reader.upto(until))
        return pa.concat_tables(chunks) if chunks else reader.schema.empty_table()
