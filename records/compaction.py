"""Compaction: what was told in closed weeks rewritten as one file a table for all institutions of a shard.

Same rows, and of each institution in the same order; readers find the same log before and after. The old files stay for
a day (records/compacted.py). Whatever stops it leaves the old files in force: the new one counts from one transaction of
the ledger on, which refuses when another compaction was faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from records import ledger
from records.clock import start_of
from records.compacted import forget_old_parts, holds
from records.errors import UserError
from records.home import DataHome
from records.ledger import BatchRow, LogFile, Overtaken
from records.ledger_tables import CompactedPartRow, SupersededFileRow
from records.log import Sink, store
from records.log_file import BATCH, INSTITUTION, Reading, is_as_written
from records.log_reading import TableReader, in_order
from records.shards import Shard
from records.tables import SAME_PERSON, TABLE_OF, Table

FOLDER = "compacted"
ROW_GROUP = 262_144
_TRIES = 3
_DELTA = ("same_as", "line")
"""Numbers that grow from row to row: differences take less room than a dictionary."""
_SPLIT = ("student", "happened_on", "status")
"""What every reader of a register decodes: byte by byte it takes a fifth more room and half the time of a dictionary."""


@dataclass(frozen=True, kw_only=True)
class Compaction:
    """What a compaction of one shard changed: its files on the disk before and after, of all tables."""

    shard: Shard
    rows: int
    """Rows that were written anew; 0 when nothing was to be done."""
    files: tuple[int, int]
    bytes: tuple[int, int]


def compact(home: DataHome, shard: Shard, closed_before: date) -> Compaction:
    """Rewrite the batches committed before a day, with what was compacted earlier, as one file a table.

    Raises UserError, with every table as it was, when a file is not the one that was written: what is compacted gets a
    new digest, which would hide the damage for good.
    """
    before = ledger.shard_index(home.database, shard.institutions).files
    sizes_before = _sizes(home.logs, shard, before)
    tables = [TABLE_OF[name] for name in sorted({file.table for file in before})]
    for table in tables:
        _require_as_written(home.logs, shard, _to_rewrite(home, shard, table, closed_before))
    rows = sum(_compact_table(home, shard, table, closed_before) for table in tables)
    sizes = _sizes(home.logs, shard, ledger.shard_index(home.database, shard.institutions).files)
    return Compaction(
        shard=shard, rows=rows, files=(len(sizes_before), len(sizes)), bytes=(sum(sizes_before), sum(sizes))
    )


def _sizes(folder: Path, shard: Shard, files: Sequence[LogFile]) -> list[int]:
    """The sizes of the files, each counted once. Raises UserError when one is missing."""
    sizes = []
    for path in sorted({file.path for file in files}):
        try:
            sizes.append((folder / path).stat().st_size)
        except FileNotFoundError:
            raise _damaged(shard, path) from None
    return sizes


def _require_as_written(folder: Path, shard: Shard, files: Sequence[LogFile]) -> None:
    """Compare each file with its digest in the ledger. Raises UserError for one that is missing or another."""
    for path, written in {file.path: file.sha256 for file in files}.items():
        if not is_as_written(folder / path, written):
            raise _damaged(shard, path)


def _damaged(shard: Shard, path: str) -> UserError:
    return UserError(
        f"The file {path} of {shard.name} is missing or is not what was written; nothing was changed. Restore this file from "
        f"a backup. · แฟ้ม {path} ({shard.name}) หายไปหรือไม่ตรงกับที่บันทึกไว้ ระบบยังไม่ได้เปลี่ยนอะไร ให้กู้แฟ้มนี้จากข้อมูลสำรอง"
    )


def _compact_table(home: DataHome, shard: Shard, table: Table, closed_before: date) -> int:
    """How many rows were written; begun again when another compaction came in between."""
    for _ in range(_TRIES):
        old = _to_rewrite(home, shard, table, closed_before)
        if not old:
            return 0
        path, parts = written_as_one(home, shard, table, old)
        try:
            _commit(home, shard, old, parts)
        except Overtaken:
            (home.logs / path).unlink(missing_ok=True)
            continue
        except BaseException:
            (home.logs / path).unlink(missing_ok=True)
            raise
        return sum(part.rows for part in parts)
    raise UserError(
        f"Other compactions of {shard.name} came in between {_TRIES} times; nothing was changed. Run one at a time. · "
        f"มีการรวมแฟ้มของ {shard.name} ซ้อนกัน {_TRIES} ครั้ง ข้อมูลยังเหมือนเดิม ให้สั่งรวมแฟ้มทีละครั้ง"
    )


def _to_rewrite(home: DataHome, shard: Shard, table: Table, closed_before: date) -> list[LogFile]:
    """The files of a table that are compacted together, of each institution its batches up to the first open one.

    None when all of that is compacted already.
    """
    open_from = _first_open(home, shard, closed_before)
    files = ledger.shard_index(home.database, shard.institutions).files
    closed = [
        file
        for file in files
        if file.table == table.name
        and (file.position is not None or file.batch < open_from.get(file.institution, ledger.NEWEST))
    ]
    return closed if any(file.position is None for file in closed) else []


def _first_open(home: DataHome, shard: Shard, closed_before: date) -> dict[str, int]:
    """The first batch of each institution that was not committed before the day."""
    with home.database.read() as session:
        found = session.execute(
            select(BatchRow.institution, func.min(BatchRow.number))
            .where(BatchRow.institution.in_(shard.institutions), BatchRow.committed_at >= start_of(closed_before))
            .group_by(BatchRow.institution)
        )
        return {row[0]: row[1] for row in found}


# Writing


def new_path(table: Table) -> str:
    """A path for a compacted file of a table that no other file has."""
    return str(Path(FOLDER) / table.name / f"{uuid4().hex}.parquet")


def written_as_one(
    home: DataHome, shard: Shard, table: Table, old: Sequence[LogFile]
) -> tuple[str, list[CompactedPartRow]]:
    """One file with the rows of all these files; its path, and what of it belongs to whom."""
    relative = new_path(table)
    told, digest = store(
        home.logs / relative,
        table,
        home.vault.key,
        lambda sink: write_compacted(sink, table, _rows_in_order(home, shard, table, old)),
    )
    parts = told.parts(shard.institutions, table, relative, digest)
    rows, expected = sum(part.rows for part in parts), sum(file.rows for file in old)
    if rows != expected:
        (home.logs / relative).unlink()
        raise UserError(
            f"The files of table {table.name} of {shard.name} hold {rows:,} rows and the ledger says {expected:,}; nothing was "
            f"changed. Restore these files from a backup. · แฟ้มของตาราง {table.name} ({shard.name}) มี {rows:,} แถว "
            f"แต่บัญชีบอกว่ามี {expected:,} แถว ระบบยังไม่ได้เปลี่ยนอะไร ให้กู้แฟ้มจากข้อมูลสำรอง"
        )
    return relative, parts


def _rows_in_order(home: DataHome, shard: Shard, table: Table, old: Sequence[LogFile]) -> Iterator[pa.Table]:
    """The rows of the shard in order of time, a day of records at once; students keep their numbers."""
    columns = tuple(_schema(table).names)
    reading = Reading(folder=home.logs, table=table, columns=columns, offsets=np.zeros(2, np.int64), key=home.vault.key)
    reader = TableReader(reading, old, shard.institutions)
    limit, last = min(file.first_recorded_at for file in old), max(file.last_recorded_at for file in old)
    while limit <= last:
        limit += timedelta(days=1)
        chunks = list(reader.upto(limit))
        if chunks:
            yield in_order(pa.concat_tables(chunks))


def _schema(table: Table) -> pa.Schema:
    return pa.schema([*table.schema, INSTITUTION.with_nullable(False), BATCH.with_nullable(False)])


@dataclass(kw_only=True)
class _Told:
    """What was written, by institution."""

    of_chunks: list[pa.Table] = field(default_factory=list)

    def add(self, rows: pa.Table, table: Table) -> None:
        largest = [
            rows.column(name) for name in ("student", "same_as") if name in rows.column_names and table.per_student
        ]
        largest = largest if table is SAME_PERSON else largest[:1]
        asked = rows.select(["institution", "recorded_at", "batch"]).append_column(
            "largest", pc.max_element_wise(*largest) if largest else pa.array(np.full(rows.num_rows, -1, np.int32))
        )
        self.of_chunks.append(
            asked.group_by("institution").aggregate(
                [([], "count_all"), ("recorded_at", "min_max"), ("batch", "min_max"), ("largest", "max")]
            )
        )

    def parts(self, institutions: Sequence[str], table: Table, path: str, digest: str) -> list[CompactedPartRow]:
        """One row for each institution that has any."""
        by_position: dict[int, CompactedPartRow] = {}
        for row in (row for chunk in self.of_chunks for row in chunk.to_pylist()):
            times, batches = row["recorded_at_min_max"], row["batch_min_max"]
            part = CompactedPartRow(
                path=path, table=table.name, sha256=digest, position=row["institution"],
                institution=institutions[row["institution"]], rows=row["count_all"],
                first_recorded_at=times["min"], last_recorded_at=times["max"],
                first_batch=batches["min"], last_batch=batches["max"], largest_student=row["largest_max"],
            )  # fmt: skip
            held = by_position.setdefault(part.position, part)
            if held is not part:
                _join(held, part)
        return list(by_position.values())


def _join(held: CompactedPartRow, more: CompactedPartRow) -> None:
    """A part grows by later rows of the same institution."""
    held.rows += more.rows
    held.last_recorded_at = more.last_recorded_at
    held.first_batch = min(held.first_batch, more.first_batch)
    held.last_batch = max(held.last_batch, more.last_batch)
    held.largest_student = max(held.largest_student, more.largest_student)


def write_compacted(sink: Sink, table: Table, chunks: Iterator[pa.Table]) -> _Told:
    """Write chunks that are in order of time as the rows of one compacted file, and say what was written."""
    told, schema = _Told(), _schema(table)
    kinds = {**dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"), **dict.fromkeys(_SPLIT, "BYTE_STREAM_SPLIT")}
    encoded = {name: kind for name, kind in kinds.items() if name in schema.names}
    flags = {field.name for field in schema if pa.types.is_boolean(field.type)}
    words = [name for name in schema.names if name not in encoded and name not in flags]
    with pq.ParquetWriter(
        sink, schema, compression="lz4", use_dictionary=words, column_encoding=encoded, write_page_checksum=True
    ) as writer:
        for rows in _in_row_groups(chunks):
            told.add(rows, table)
            writer.write_table(rows.cast(schema), row_group_size=ROW_GROUP)
    return told


def _in_row_groups(chunks: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables that fill row groups."""
    held: list[pa.Table] = []
    for chunk in chunks:
        held.append(chunk)
        size = sum(part.num_rows for part in held)
        if size >= ROW_GROUP:
            together, full = pa.concat_tables(held), size - size % ROW_GROUP
            yield together.slice(0, full)
            held = [together.slice(full)] if full < size else []
    if held:
        yield pa.concat_tables(held)


# The ledger


def _commit(home: DataHome, shard: Shard, old: Sequence[LogFile], parts: Sequence[CompactedPartRow]) -> None:
    """Name the new file and supersede the old ones. Raises Overtaken when one of them no longer stands."""
    now = datetime.now(UTC)
    with home.database.write() as session:
        for code in sorted(shard.institutions):
            ledger.take_turn(session, code)
        _require_standing(session, shard, old)
        forget_old_parts(session)
        for file in old:
            if file.position is None:
                session.add(SupersededFileRow(path=file.path, superseded_at=now))
        earlier = {file.path for file in old if file.position is not None}
        session.execute(
            update(CompactedPartRow)
            .where(holds(shard.institutions), CompactedPartRow.path.in_(earlier))
            .values(superseded_at=now)
        )
        session.add_all(parts)


def _require_standing(session: Session, shard: Shard, old: Sequence[LogFile]) -> None:
    standing = {(file.path, file.institution) for file in ledger.standing_files(session, shard.institutions)}
    if not {(file.path, file.institution) for file in old} <= standing:
        raise Overtaken
