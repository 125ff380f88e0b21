"""The tables of the ledger: institutions, their batches with the files of each, compacted files, and where students are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, LedgerTable


class InstitutionRow(LedgerTable):
    __tablename__ = "institution"
    code: Mapped[str] = mapped_column(primary_key=True)
    name_th: Mapped[str]
    name_en: Mapped[str]
    agency: Mapped[str]
    province: Mapped[str]
    epoch: Mapped[int] = mapped_column(default=0)


class BatchRow(LedgerTable):
    """One import. `number` is the ledger number; `counts` holds rows by verdict, never a row."""

    __tablename__ = "batch"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    token: Mapped[UUID] = mapped_column(Uuid, unique=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    source: Mapped[str]
    file_sha256: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    committed_at: Mapped[datetime] = mapped_column(Instant)
    reconstructed: Mapped[bool]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    undoes: Mapped[int | None] = mapped_column(default=None)
    """The ledger number of the batch that this one withdraws."""
    mends: Mapped[int | None] = mapped_column(default=None)
    """The ledger number of the batch in whose quarantine these rows were."""


class BatchFileRow(LedgerTable):
    __tablename__ = "batch_file"
    path: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[int] = mapped_column(ForeignKey("batch.number"), index=True)
    table: Mapped[str] = mapped_column("table_name")
    rows: Mapped[int]
    first_recorded_at: Mapped[datetime] = mapped_column(Instant)
    last_recorded_at: Mapped[datetime] = mapped_column(Instant)
    sha256: Mapped[str]


class StudentRow(LedgerTable):
    """A student at an institution as the last roster told: pseudonymous, so that lists and access need no name."""

    __tablename__ = "student"
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid)
    class_group: Mapped[str] = mapped_column(default="")
    __table_args__ = (  # one for a look at a student, one for an advisor's list: both are asked as often as people look
        Index("student_by_id", "student_id", "institution"),
        Index("students_of_group", "institution", "class_group"),
    )


class CompactedPartRow(LedgerTable):
    """The rows of one institution in one compacted file, which knows it by `position`; both stay as written."""

    __tablename__ = "compacted_part"
    path: Mapped[str] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), primary_key=True, index=True)
    position: Mapped[int]
    table: Mapped[str] = mapped_column("table_name")
    rows: Mapped[int]
    first_recorded_at: Mapped[datetime] = mapped_column(Instant)
    last_recorded_at: Mapped[datetime] = mapped_column(Instant)
    first_batch: Mapped[int]
    last_batch: Mapped[int]
    largest_student: Mapped[int]
    """-1 in a table about institutions."""
    sha256: Mapped[str]
    superseded_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class SupersededFileRow(LedgerTable):
    """A file of one batch whose rows are read from a compacted file now; what the batch told stays in `batch_file`."""

    __tablename__ = "superseded_file"
    path: Mapped[str] = mapped_column(ForeignKey("batch_file.path"), primary_key=True)
    superseded_at: Mapped[datetime] = mapped_column(Instant)
