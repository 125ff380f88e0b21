"""The vault's tables about people: numbers, names, identifiers over time, fingerprints for linking, pairs to review."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, VaultTable


class VaultMeta(VaultTable):
    __tablename__ = "vault_meta"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class StudentName(VaultTable):
    __tablename__ = "student_name"
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    title: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    sort_key: Mapped[str]


class StudentNumber(VaultTable):
    """The map from the number in an institution's log to the person; a row stays as it was given."""

    __tablename__ = "student_number"
    institution: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    batch_token: Mapped[UUID] = mapped_column(Uuid, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Identifier(VaultTable):
    """Who held an identifier from when to when, as files told; of one fingerprint at most one holder is current."""

    __tablename__ = "identifier"
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
    kind: Mapped[str]
    institution: Mapped[str]
    first_seen: Mapped[date]
    last_seen: Mapped[date]
    is_current: Mapped[bool]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class PersonTrait(VaultTable):
    """The keyed hash of what two rows of one person have in common; nothing can be read from it."""

    __tablename__ = "person_trait"
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, index=True)


class MergedPerson(VaultTable):
    """A pseudonym that was found to be another's: what is known of the person is kept under `goes_on_as`."""

    __tablename__ = "merged_person"
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    goes_on_as: Mapped[UUID] = mapped_column(Uuid, index=True)


class LinkReview(VaultTable):
    """Two students who may be one person, for people to decide; a decision is kept, so that no pair is asked twice."""

    __tablename__ = "link_review"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    institution: Mapped[str] = mapped_column(index=True)
    number_a: Mapped[int | None]
    number_b: Mapped[int]
    student_a: Mapped[UUID] = mapped_column(Uuid, index=True)
    student_b: Mapped[UUID] = mapped_column(Uuid, index=True)
    why: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
