"""The log without one person: files that hold their rows are written anew without them, everything else stays as it is.

Nothing counts before the ledger names it: new files are written first, one transaction puts them in the place of the old
ones, and the old ones are removed after it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from records.compacted import stands
from records.compaction import new_path, write_compacted
from records.errors import LogFileWrong, UserError
from records.home import DataHome
from records.ledger import LogFile, Overtaken
from records.ledger_tables import BatchFileRow, BatchRow, CompactedPartRow, SupersededFileRow
from records.log import store, write_in_order
from records.log_file import is_as_written, opened, readable
from records.tables import SAME_PERSON, TABLE_OF, Table

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LogLine = tuple[int, int]
"""A batch by its ledger number, and a line of its file."""


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A file as the ledger names it; a compacted one by the code of each position (None: a file of one batch)."""

    path: str
    table: Table
    sha256: str
    batch: int | None = None
    positions: Mapping[int, str] = field(default_factory=dict)
    is_read: bool = True
    """False when another file took its place and it only waits to be removed."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """All files that may hold rows of an institution, as the ledger stands."""

    institution: str
    files: tuple[_Named, ...]

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(file.path for file in self.files)


@dataclass(kw_only=True)
class Rewritten:
    """What is to be put in the place of what: None where no row is left."""

    files: dict[str, LogFile | None] = field(default_factory=dict)
    compacted: dict[str, list[CompactedPartRow]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    """Files that were superseded before and still lie on the disk."""

    @property
    def old(self) -> set[str]:
        return {*self.files, *self.compacted, *self.removed}

    @property
    def new(self) -> set[str]:
        parts = {part.path for held in self.compacted.values() for part in held}
        return parts | {file.path for file in self.files.values() if file is not None}


def named_files(session: Session, institution: str) -> Named:
    """The files that may hold rows of an institution, those whose place another one took included."""
    batch_files = (
        select(BatchFileRow, stands(BatchFileRow.path))
        .join(BatchRow, BatchRow.number == BatchFileRow.batch)
        .where(BatchRow.institution == institution)
    )
    found = [
        _Named(path=row.path, table=TABLE_OF[row.table], sha256=row.sha256, batch=row.batch, is_read=is_read)
        for row, is_read in session.execute(batch_files)
    ]
    own = select(CompactedPartRow.path).where(CompactedPartRow.institution == institution)
    parts: dict[str, list[CompactedPartRow]] = {}
    for part in session.scalars(select(CompactedPartRow).where(CompactedPartRow.path.in_(own))):
        parts.setdefault(part.path, []).append(part)
    for path, held in parts.items():
        positions = {part.position: part.institution for part in held}
        is_read = any(part.superseded_at is None for part in held)
        table, sha256 = TABLE_OF[held[0].table], held[0].sha256
        found.append(_Named(path=path, table=table, sha256=sha256, positions=positions, is_read=is_read))
    of_students = (file for file in found if file.table.per_student)
    return Named(institution=institution, files=tuple(sorted(of_students, key=lambda file: file.path)))


def lines_of(home: DataHome, named: Named, numbers: Collection[int]) -> set[LogLine]:
    """The batches and lines that told something of these students."""
    found: set[LogLine] = set()
    for file in named.files:
        if not file.is_read:
            continue
        columns = [*_number_columns(file.table), "line", *(("institution", "batch") if file.positions else ())]
        for rows in _row_groups(home, file, columns):
            own = rows.filter(pa.array(_holds(rows, file, named.institution, numbers)))
            batches = own.column("batch").to_pylist() if file.positions else [file.batch or 0] * own.num_rows
            found.update(zip(batches, own.column("line").to_pylist(), strict=True))
    return found


def rewritten(home: DataHome, named: Named, numbers: Collection[int]) -> Rewritten:
    """Write each file that holds rows of these students anew without them; nothing counts yet.

    Raises UserError when a file is missing or is not the one that was written: its new digest would hide the damage.
    """
    made = Rewritten()
    try:
        for file in named.files:
            if not file.is_read:
                if (home.logs / file.path).exists() and _is_in(home, file, named.institution, numbers):
                    made.removed.add(file.path)
                continue
            if not _is_in(home, file, named.institution, numbers):
                continue
            _require_as_written(home.logs, file)
            if file.positions:
                made.compacted[file.path] = _compacted_without(home, file, named.institution, numbers)
            else:
                made.files[file.path] = _file_without(home, file, named.institution, numbers)
    except BaseException:
        remove(home.logs, made.new)
        raise
    return made


def put_in_place(session: Session, named: Named, made: Rewritten) -> None:
    """Name the new files instead of the old ones. Raises Overtaken when the log changed since it was looked at."""
    if named_files(session, named.institution).paths != named.paths:
        raise Overtaken
    for path, file in made.files.items():
        chosen = BatchFileRow.path == path
        if file is None:
            session.execute(delete(BatchFileRow).where(chosen))
            continue
        session.execute(
            update(BatchFileRow)
            .where(chosen)
            .values(
                path=file.path, rows=file.rows, sha256=file.sha256,
                first_recorded_at=file.first_recorded_at, last_recorded_at=file.last_recorded_at,
            )
        )  # fmt: skip
    for path, parts in made.compacted.items():
        _exchange_parts(session, path, parts)
    session.execute(delete(CompactedPartRow).where(CompactedPartRow.path.in_(made.removed)))
    over = update(SupersededFileRow).where(SupersededFileRow.path.in_(made.removed))
    session.execute(over.values(superseded_at=_LONG_AGO))  # its day of grace is over now


def remove(folder: Path, paths: Collection[str]) -> None:
    for path in paths:
        (folder / path).unlink(missing_ok=True)


def _exchange_parts(session: Session, path: str, parts: Sequence[CompactedPartRow]) -> None:
    superseded = {
        part.institution: part.superseded_at
        for part in session.scalars(select(CompactedPartRow).where(CompactedPartRow.path == path))
    }
    session.execute(delete(CompactedPartRow).where(CompactedPartRow.path == path))
    for part in parts:
        part.superseded_at = superseded[part.institution]
    session.add_all(parts)


# Reading


def _number_columns(table: Table) -> tuple[str, ...]:
    return ("student", "same_as") if table is SAME_PERSON else ("student",)


def _row_groups(home: DataHome, file: _Named, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    try:
        with opened(home.logs, file.path, file.table, home.vault.key) as parquet:
            for group in range(parquet.num_row_groups):
                with readable(file.path):
                    rows = parquet.read_row_group(group, columns=None if columns is None else list(columns))
                yield rows
    except LogFileWrong:
        raise _damaged(file) from None


def _holds(rows: pa.Table, file: _Named, institution: str, numbers: Collection[int]) -> npt.NDArray[np.bool_]:
    """Which rows are about one of these students of the institution, or say that somebody is one of them."""
    wanted = pa.array(sorted(numbers), pa.int32())
    found = np.zeros(rows.num_rows, bool)
    for name in _number_columns(file.table):
        found |= pc.is_in(rows.column(name), value_set=wanted).to_numpy(zero_copy_only=False)
    if file.positions:
        own = [position for position, code in file.positions.items() if code == institution]
        found &= np.isin(rows.column("institution").to_numpy(), own)
    return found


def _is_in(home: DataHome, file: _Named, institution: str, numbers: Collection[int]) -> bool:
    columns = [*_number_columns(file.table), *(("institution",) if file.positions else ())]
    return any(_holds(rows, file, institution, numbers).any() for rows in _row_groups(home, file, columns))


def _require_as_written(folder: Path, file: _Named) -> None:
    if not is_as_written(folder / file.path, file.sha256):
        raise _damaged(file)


def _damaged(file: _Named) -> UserError:
    return UserError(
        f"The file {file.path} of the log is missing or is not what was written; nothing of the log was changed yet. "
        "Restore this file from a backup and ask for the erasure once more. · "
        f"แฟ้ม {file.path} หายไปหรือไม่ตรงกับที่บันทึกไว้ ระบบยังไม่ได้แก้บันทึก ให้กู้แฟ้มนี้จากข้อมูลสำรอง แล้วสั่งลบอีกครั้ง"
    )


# Writing


def _left(home: DataHome, file: _Named, institution: str, numbers: Collection[int]) -> Iterator[pa.Table]:
    for rows in _row_groups(home, file):
        yield rows.filter(pa.array(~_holds(rows, file, institution, numbers)))


def _file_without(home: DataHome, file: _Named, institution: str, numbers: Collection[int]) -> LogFile | None:
    chunks = (rows.cast(file.table.schema) for rows in _left(home, file, institution, numbers))
    written = write_in_order(home.logs, institution, file.table, chunks, home.vault.key)
    if written.rows:
        return written
    remove(home.logs, [written.path])
    return None


def _compacted_without(
    home: DataHome, file: _Named, institution: str, numbers: Collection[int]
) -> list[CompactedPartRow]:
    relative = new_path(file.table)
    chunks = (rows for rows in _left(home, file, institution, numbers) if rows.num_rows)
    told, digest = store(
        home.logs / relative, file.table, home.vault.key, lambda sink: write_compacted(sink, file.table, chunks)
    )
    codes = [file.positions.get(position, "") for position in range(max(file.positions) + 1)]
    parts = told.parts(codes, file.table, relative, digest)
    if not parts:
        remove(home.logs, [relative])
    return parts
