"""The ledger: which institutions there are, which batches were taken in, and which files make up their log.

The commit point of an import is one transaction that names its files here; files not named here do not exist.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ColumnElement,
    Integer,
    exists,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from records import compacted
from records.college import Institution
from records.compacted import holds, stands
from records.database import Database
from records.errors import ConfigurationGap, UserError
from records.ledger_tables import BatchFileRow, CompactedPartRow
from records.ledger_tables import BatchRow as BatchRow
from records.ledger_tables import InstitutionRow as InstitutionRow
from records.ledger_tables import StudentRow as StudentRow

NEWEST = 2**31 - 1
"""Larger than any ledger number."""


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """One file of the log as the ledger names it; `path` is relative to the folder of the logs.

    A compacted file holds several institutions and batches: then this is the part of one institution, found by its
    `position` in the file, of which the batches `since` to `until` are read; `batch` is the newest and `rows` count all.
    """

    table: str
    path: str
    batch: int
    rows: int
    first_recorded_at: datetime
    last_recorded_at: datetime
    sha256: str
    institution: str = ""
    position: int | None = None
    since: int = 0
    until: int = NEWEST
    largest_student: int | None = None
    """None where only the file tells it."""


@dataclass(frozen=True, kw_only=True)
class LogIndex:
    """The files of an institution's log, or of several, as the ledger stood after `ledger_number`.

    The tuples go by institution: its newest batch, its epoch, and how many student numbers the ledger has placed.
    """

    files: tuple[LogFile, ...]
    ledger_number: int
    epoch: int
    institutions: tuple[str, ...] = ()
    ledger_numbers: tuple[int, ...] = ()
    epochs: tuple[int, ...] = ()
    students: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A student number, who it is (pseudonym), and the class group of the newest roster in the batch (None: unchanged)."""

    number: int
    student_id: UUID
    class_group: str | None


@dataclass(frozen=True, kw_only=True)
class NewBatch:
    token: UUID
    institution: str
    source: str
    file_sha256: str
    recorded_at: datetime
    reconstructed: bool
    raises_epoch: bool
    counts: dict[str, int]
    files: Sequence[LogFile]
    placements: Sequence[Placement] = field(default=())
    undoes: int | None = None
    mends: int | None = None


_CALLED = {"table_name": "table"}


class Overtaken(Exception):
    """Another batch was committed since this import looked at the log; what it compared with is no longer the last."""


def add_institution(database: Database, institution: Institution) -> None:
    """Enter an institution, or correct its names when the code is known."""
    with database.write() as session:
        session.merge(
            InstitutionRow(
                code=institution.code,
                name_th=institution.name_th,
                name_en=institution.name_en,
                agency=institution.agency,
                province=institution.province,
            )
        )


def institutions(database: Database) -> list[InstitutionRow]:
    with database.read() as session:
        return list(session.scalars(select(InstitutionRow).order_by(InstitutionRow.code)))


def require_institution(database: Database, code: str) -> InstitutionRow:
    known = institutions(database)
    for row in known:
        if row.code == code:
            return row
    raise ConfigurationGap.unknown_institution(code=code, known=[row.code for row in known])


def last_number(session: Session, institution: str) -> int:
    """The ledger number of the institution's newest batch; 0 before the first."""
    return session.scalar(select(func.max(BatchRow.number)).where(BatchRow.institution == institution)) or 0


def commit(database: Database, batch: NewBatch, *, after: int, epoch: int | None = None) -> int:
    """Name the batch's files in one transaction and return its ledger number.

    Raises Overtaken when the institution's newest batch is no longer `after`, or its epoch, which an erasure raises too,
    no longer `epoch`.
    """
    with database.write() as session:
        take_turn(session, batch.institution)
        if last_number(session, batch.institution) != after:
            raise Overtaken
        if epoch is not None and session.get_one(InstitutionRow, batch.institution).epoch != epoch:
            raise Overtaken
        row = BatchRow(
            token=batch.token,
            institution=batch.institution,
            source=batch.source,
            file_sha256=batch.file_sha256,
            recorded_at=batch.recorded_at,
            committed_at=datetime.now(UTC),
            reconstructed=batch.reconstructed,
            counts=batch.counts,
            undoes=batch.undoes,
            mends=batch.mends,
        )
        session.add(row)
        session.flush()
        for file in batch.files:
            session.add(
                BatchFileRow(
                    path=file.path,
                    batch=row.number,
                    table=file.table,
                    rows=file.rows,
                    first_recorded_at=file.first_recorded_at,
                    last_recorded_at=file.last_recorded_at,
                    sha256=file.sha256,
                )
            )
        _place(session, batch)
        if batch.raises_epoch:
            chosen = InstitutionRow.code == batch.institution
            session.execute(update(InstitutionRow).where(chosen).values(epoch=InstitutionRow.epoch + 1))
        return row.number


def take_turn(session: Session, institution: str) -> None:
    """Wait until no other process commits for this institution; SQLite has one writer at a time anyway."""
    session.execute(select(InstitutionRow.code).where(InstitutionRow.code == institution).with_for_update())


def _place(session: Session, batch: NewBatch) -> None:
    known = {
        row.number: row
        for row in session.scalars(select(StudentRow).where(StudentRow.institution == batch.institution))
    }
    for placement in batch.placements:
        row = known.get(placement.number)
        if row is None:
            row = StudentRow(
                institution=batch.institution, number=placement.number, student_id=placement.student_id, class_group=""
            )
            session.add(row)
        if placement.class_group is not None:
            row.class_group = placement.class_group


def log_index(database: Database, institution: str, until_batch: int | None = None) -> LogIndex:
    """The institution's files as of a ledger number (default: now). People and notebooks come through access.open_log."""
    return shard_index(database, (institution,), until_batch)


def shard_index(database: Database, institutions: Sequence[str], until_batch: int | None = None) -> LogIndex:
    """The files of several institutions, which count in this order."""
    with database.read() as session:
        newest = _by_institution(session, func.max(BatchRow.number), BatchRow.institution, institutions)
        epochs = _by_institution(session, func.max(InstitutionRow.epoch), InstitutionRow.code, institutions)
        numbers = _by_institution(session, func.max(StudentRow.number) + 1, StudentRow.institution, institutions)
        last = NEWEST if until_batch is None else until_batch
        files = standing_files(session, institutions, last)
    known = tuple(min(number, last) for number in newest)
    return LogIndex(
        files=tuple(sorted(files, key=lambda file: (file.batch, file.path, file.institution))),
        ledger_number=max(known, default=0) if until_batch is None else until_batch,
        epoch=sum(epochs),
        institutions=tuple(institutions),
        ledger_numbers=known,
        epochs=epochs,
        students=numbers,
    )


def _by_institution(
    session: Session, asked: ColumnElement[int], code: InstrumentedAttribute[str], institutions: Sequence[str]
) -> tuple[int, ...]:
    """A number of each institution, in their order; 0 where there is none."""
    found = {
        row[0]: row[1] for row in session.execute(select(code, asked).where(code.in_(institutions)).group_by(code))
    }
    return tuple(found.get(one) or 0 for one in institutions)


def standing_files(session: Session, institutions: Sequence[str], last: int = NEWEST) -> list[LogFile]:
    """Files of batches and parts of compacted ones, in one statement: a compaction may be committed at any moment."""
    file, part = BatchFileRow, CompactedPartRow
    none, newest = literal(None, Integer), literal(NEWEST, Integer)
    of_batches = (
        select(
            file.table, file.path, file.batch, file.rows, file.first_recorded_at, file.last_recorded_at, file.sha256,
            BatchRow.institution, none.label("position"), newest.label("until"), none.label("largest_student"),
        )
        .join(BatchRow, BatchRow.number == file.batch)
        .where(BatchRow.institution.in_(institutions), BatchRow.number <= last, stands(file.path))
    )  # fmt: skip
    of_parts = select(
        part.table, part.path, part.last_batch, part.rows, part.first_recorded_at, part.last_recorded_at, part.sha256,
        part.institution, part.position, literal(last, Integer), part.largest_student,
    ).where(holds(institutions), part.first_batch <= last)  # fmt: skip
    found = session.execute(union_all(of_batches, of_parts)).mappings()
    return [LogFile(**{_CALLED.get(name, name): value for name, value in row.items()}) for row in found]


def files_of_batch(database: Database, batch: BatchRow) -> tuple[LogFile, ...]:
    """The files with the rows of one batch and no others; of compacted ones that batch alone is read."""
    index = log_index(database, batch.institution)
    with database.read() as session:
        told = set(session.scalars(select(BatchFileRow.table).where(BatchFileRow.batch == batch.number)))
    own = [file for file in index.files if file.batch == batch.number and file.position is None]
    parts = [
        replace(file, since=batch.number, until=batch.number)
        for file in index.files
        if file.position is not None and file.table in told - {one.table for one in own}
    ]
    return (*own, *parts)


def student_ids(database: Database, institution: str) -> dict[int, UUID]:
    """The pseudonym of each student number of an institution."""
    with database.read() as session:
        chosen = select(StudentRow.number, StudentRow.student_id).where(StudentRow.institution == institution)
        return {number: student_id for number, student_id in session.execute(chosen)}  # noqa: C416  a Row is no pair


def group_places(database: Database, institution: str) -> npt.NDArray[np.int64]:
    """By student number the place of the class group among all, -1 for none."""
    with database.read() as session:
        chosen = select(StudentRow.number, StudentRow.class_group).where(StudentRow.institution == institution)
        told = [(number, group) for number, group in session.execute(chosen) if group]
    places = {group: place for place, group in enumerate(sorted({group for _, group in told}))}
    found = np.full(max((number for number, _ in told), default=-1) + 1, -1, np.int64)
    for number, group in told:
        found[number] = places[group]
    return found


def numbers_in(database: Database, institution: str, class_groups: Collection[str]) -> list[int]:
    """The student numbers of some class groups, by the newest roster."""
    if not class_groups:
        return []
    with database.read() as session:
        chosen = select(StudentRow.number).where(
            StudentRow.institution == institution, StudentRow.class_group.in_(class_groups)
        )
        return list(session.scalars(chosen))


def reconstructed_rows(database: Database, institution: str) -> int:
    """How many rows of the institution's log have a reconstructed `recorded_at`."""
    with database.read() as session:
        counted = (
            select(func.sum(BatchFileRow.rows))
            .join(BatchRow, BatchRow.number == BatchFileRow.batch)
            .where(BatchRow.institution == institution, BatchRow.reconstructed.is_(True), *_stands(institution))
        )
        return session.scalar(counted) or 0


def _stands(institution: str) -> tuple[ColumnElement[bool], ...]:
    """Batches that are neither undone nor an undo."""
    undo = aliased(BatchRow)
    undone = exists().where(undo.institution == institution, undo.undoes == BatchRow.number)
    return (BatchRow.undoes.is_(None), ~undone)


def tokens(database: Database) -> set[UUID]:
    """The tokens of all batches that reached the ledger."""
    with database.read() as session:
        return set(session.scalars(select(BatchRow.token)))


def paths(database: Database) -> set[str]:
    """The paths of all files that must stay on the disk, relative to the folder of the logs."""
    with database.read() as session:
        return compacted.named(session, set(session.scalars(select(BatchFileRow.path))))


def first_operational(database: Database, institution: str) -> datetime | None:
    """When the institution's first batch in operation was recorded; None while there is only history.

    A batch that was undone began nothing.
    """
    with database.read() as session:
        operational = (BatchRow.institution == institution) & BatchRow.reconstructed.is_(False)
        return session.scalar(select(func.min(BatchRow.recorded_at)).where(operational, *_stands(institution)))


def newest_recorded(database: Database, institution: str) -> datetime | None:
    """The newest `recorded_at` of the institution's batches in operation."""
    with database.read() as session:
        operational = (BatchRow.institution == institution) & BatchRow.reconstructed.is_(False)
        return session.scalar(select(func.max(BatchRow.recorded_at)).where(operational))


def batch_of_file(database: Database, institution: str, file_sha256: str) -> BatchRow | None:
    """The newest batch of this very file, if it was taken in before and still stands whole.

    A batch between another one and its undo does not: it may have left out what the undone batch had told already.
    """
    undo = aliased(BatchRow)
    since = (undo.institution == institution) & (undo.undoes <= BatchRow.number) & (undo.number > BatchRow.number)
    with database.read() as session:
        same = (BatchRow.institution == institution) & (BatchRow.file_sha256 == file_sha256)
        found = select(BatchRow).where(same, ~exists().where(since)).order_by(BatchRow.number.desc())
        return session.scalar(found.limit(1))


def require_batch(database: Database, institution: str, number: int) -> BatchRow:
    """A batch of this institution by its ledger number. Raises UserError when there is none, or it is another's."""
    with database.read() as session:
        row = session.get(BatchRow, number)
    if row is None:
        raise UserError(f"There is no batch {number}. · ไม่มีชุดนำเข้าที่ {number}")
    if row.institution != institution:
        raise UserError(
            f"Batch {number} belongs to another institution than {institution}. · "
            f"ชุดที่ {number} เป็นของสถานศึกษาอื่น ไม่ใช่ {institution}"
        )
    return row


def batches(database: Database, institution: str) -> list[BatchRow]:
    """Every batch of an institution, oldest first."""
    with database.read() as session:
        chosen = select(BatchRow).where(BatchRow.institution == institution).order_by(BatchRow.number)
        return list(session.scalars(chosen))
