"""The person whom a request about their own data is about: every pseudonym and number under which they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.errors import UserError
from records.home import DataHome
from records.identity import Identity, IdKind
from records.intake.normalise import read_identifier, read_student_code
from records.ledger_tables import StudentRow
from records.person_tables import MergedPerson, StudentNumber


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One person at one institution. `person` is whom the vault's name belongs to; `others` are who was found to be them."""

    institution: str
    person: UUID
    others: frozenset[UUID]
    numbers: Mapping[int, UUID]
    """The numbers in the institution's log, each with its pseudonym."""
    elsewhere: frozenset[str]
    """Other institutions at which the person has a number."""

    @property
    def pseudonyms(self) -> frozenset[UUID]:
        return self.others | {self.person}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is told of a student who was looked up by code: no name."""

    student_id: UUID
    class_group: str


def subject_of(home: DataHome, institution: str, student_id: UUID) -> Subject:
    """The person behind a pseudonym of an institution. Raises UserError when the institution knows no such student."""
    with home.vault_database.read() as session:
        subject = subject_in(session, institution, student_id)
    if subject is None:
        raise unknown_student(institution)
    return subject


def subject_in(session: Session, institution: str, student_id: UUID) -> Subject | None:
    """The same from an open session of the vault; None when there is no such student."""
    person, others = _person(session, student_id)
    rows = session.scalars(select(StudentNumber).where(StudentNumber.student_id.in_([person, *others]))).all()
    numbers = {row.number: row.student_id for row in rows if row.institution == institution}
    if not numbers:
        return None
    elsewhere = frozenset(row.institution for row in rows) - {institution}
    return Subject(institution=institution, person=person, others=others, numbers=numbers, elsewhere=elsewhere)


def pseudonyms_of(home: DataHome, student_id: UUID) -> frozenset[UUID]:
    """Every pseudonym of the person behind this one, itself included; where the vault knows nobody, it alone."""
    with home.vault_database.read() as session:
        person, others = _person(session, student_id)
    return others | {person, student_id}


def _person(session: Session, student_id: UUID) -> tuple[UUID, frozenset[UUID]]:
    """Whom the vault's name belongs to, and who was found to be them."""
    merged = session.get(MergedPerson, student_id)
    person = merged.goes_on_as if merged else student_id
    return person, frozenset(session.scalars(select(MergedPerson.student_id).where(MergedPerson.goes_on_as == person)))


def unknown_student(institution: str) -> UserError:
    return UserError(
        f"{institution} has no such student, or they were erased. Find the student again with `zerodrop person find`. · "
        f"{institution} ไม่มีนักเรียนคนนี้ หรือถูกลบไปแล้ว ค้นใหม่ด้วยคำสั่ง zerodrop person find"
    )


def find_by_code(home: DataHome, institution: str, code: str, *, actor: str) -> Found:
    """The student who holds a code or a country-wide number, after the look was recorded. Raises UserError for nobody."""
    known = next((one for one in home.vault.find(institution, _identities(code)) if one is not None), None)
    with home.database.write() as session:
        student_id = known.student_id if known else None
        row = session.scalar(
            select(StudentRow).where(StudentRow.institution == institution, StudentRow.student_id == student_id)
        )
        audit.record_look(
            session, actor=actor, action="find student", institution=institution,
            student_id=row.student_id if row else None, detail={"found": int(row is not None)},
        )  # fmt: skip
    if row is None:
        raise UserError(
            f"Nobody at {institution} has this code. Type it as the roster has it. · "
            f"ไม่มีนักเรียนรหัสนี้ที่ {institution} พิมพ์รหัสตามทะเบียน"
        )
    return Found(student_id=row.student_id, class_group=row.class_group)


def _identities(code: str) -> list[Identity]:
    """A code may be the institution's own or a number of the whole country: both are asked."""
    kind, mixed = read_identifier(code)
    readings = [(IdKind.CODE, read_student_code(code).value), (IdKind[kind or "CODE"], mixed.value)]
    return [Identity(identifiers={kind: value}) for kind, value in readings if value is not None]
