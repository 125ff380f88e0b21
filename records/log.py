"""The append-only log of an institution, or of a shard of them: Parquet files in reading order, never edited.

Reading order is (`recorded_at`, batch, line) within an institution. An import writes a file a table, compaction one for
all that was told before (records/compaction.py). Which files exist is for the ledger to say.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeAlias, TypeVar
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from records.ledger import LogFile, LogIndex
from records.log_file import Ints, Reading, Within, columns_of, needed
from records.log_reading import TableReader
from records.log_sizes import sizes_of
from records.tables import Table
from records.vault_key import VaultKey

Sink: TypeAlias = Path | pa.BufferOutputStream
Written = TypeVar("Written")
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
    span, digest = store(folder / relative, table, key, lambda sink: _write_chunks(sink, table, chunks))
    return LogFile(
        table=table.name,
        path=str(relative),
        batch=0,
        rows=span.rows,
        first_recorded_at=datetime.fromtimestamp(span.first / 1000, UTC),
        last_recorded_at=datetime.fromtimestamp(span.last / 1000, UTC),
        sha256=digest,
        institution=institution,
    )


def store(path: Path, table: Table, key: VaultKey | None, write: Callable[[Sink], Written]) -> tuple[Written, str]:
    """Let `write` fill a file that has its name when all of it is on the disk; what it told, and the SHA-256."""
    part = path.with_suffix(".part.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if table.sensitive:
            clear = pa.BufferOutputStream()
            told = write(clear)
            part.write_bytes(needed(key).seal(clear.getvalue().to_pybytes()))
        else:
            told = write(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return told, digest


@dataclass(frozen=True, kw_only=True)
class _Span:
    """How many rows were written, and the moments of the first and the last in milliseconds."""

    rows: int
    first: int
    last: int


def _write_chunks(sink: Sink, table: Table, chunks: Iterable[pa.Table]) -> _Span:
    rows, first, last = 0, None, 0
    with pq.ParquetWriter(sink, table.schema, compression="zstd", write_page_checksum=True) as writer:
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


class EventLog:
    """A log as the ledger stood after `ledger_number`: which files there are, and readers over them.

    Of one institution, or of a shard: then students count through all of its `institutions`, each from its own place in
    `offsets`. `epoch` changes whenever a history came in for any of them.
    """

    def __init__(self, *, folder: Path, institution: str, index: LogIndex, key: VaultKey | None = None) -> None:
        self.folder = folder
        self.institution = institution
        self.institutions = index.institutions or (institution,)
        self.files = index.files
        self.ledger_number = index.ledger_number
        self.ledger_numbers = index.ledger_numbers or (index.ledger_number,)
        self.epoch = index.epoch
        self.epochs = index.epochs or (index.epoch,)
        self._students = index.students or (0,) * len(self.institutions)
        self._key = key

    @cached_property
    def offsets(self) -> Ints:
        """The first student number of each institution within the log, and after the last the number of all."""
        told = sizes_of(self.folder, self.files, self.institutions, self._key)
        return np.concatenate([[0], np.cumsum(np.maximum(told, self._students))]).astype(np.int64)

    def reader(
        self,
        table: Table,
        columns: Sequence[str] | None = None,
        within: Within | None = None,
        *,
        dictionaries: bool = False,
    ) -> TableReader:
        """A reader over one table. A sensitive one raises ValueError when the log was opened without the key.

        It gives the columns asked for (default: all and `batch`); of a table about institutions `institution` too, the
        position in `institutions`. With `dictionaries` texts come dictionary-encoded.
        """
        reading = Reading(
            folder=self.folder, table=table, columns=columns_of(table, columns), key=self._key, within=within,
            offsets=self.offsets if len(self.institutions) > 1 else np.zeros(2, np.int64), dictionaries=dictionaries,
        )  # fmt: skip
        return TableReader(reading, [file for file in self.files if file.table == table.name], self.institutions)

    def rows(
        self,
        table: Table,
        until: datetime | None = None,
        columns: Sequence[str] | None = None,
        within: Within | None = None,
    ) -> pa.Table:
        """All rows of a table recorded before `until`, in reading order within each institution."""
        reader = self.reader(table, columns, within)
        chunks = list(reader.upto(until))
        return pa.concat_tables(chunks) if chunks else reader.schema.empty_table()
