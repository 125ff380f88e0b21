"""The vault: who a student number is. Names, identifiers and what links them live here and nowhere else.

Identifiers are found by a keyed hash; numbers of the whole country are kept sealed as well, for the two reports that
need them. New people are committed here before the ledger names their records; people whose batch never came are swept.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, union
from sqlalchemy.orm import Session

from records import held_people
from records.admission import Admission
from records.clock import STOPPED_AFTER, local_day
from records.database import Database
from records.errors import VaultError
from records.held_people import Place, in_chunks
from records.identity import FullName, Identity, IdKind, KeptName, Known, Note, fold_name, sort_key
from records.marks import identifiers_of, marks_of
from records.person_tables import (
    Identifier,
    LinkReview,
    MergedPerson,
    PersonTrait,
    StudentName,
    StudentNumber,
    VaultMeta,
)
from records.vault_key import VaultKey

__all__ = [
    "FullName", "IdKind", "Identifier", "Identity", "KeptName", "Known", "Note", "StudentName", "StudentNumber", "Vault",
    "fold_name", "sort_key",
]  # fmt: skip

_BY_STRENGTH = (IdKind.NATIONAL, IdKind.G_CODE, IdKind.PASSPORT, IdKind.PERSON, IdKind.CODE)

# Under which pseudonym somebody goes on who was found to be another, if so; and the name kept there.
_asked = union(
    select(StudentName.student_id).where(StudentName.student_id.in_(bindparam("students", expanding=True))),
    select(MergedPerson.student_id).where(MergedPerson.student_id.in_(bindparam("students", expanding=True))),
).subquery()
_names = (
    select(_asked.c.student_id, *(getattr(StudentName, name) for name in KeptName._fields))
    .outerjoin(MergedPerson, MergedPerson.student_id == _asked.c.student_id)
    .join(StudentName, StudentName.student_id == func.coalesce(MergedPerson.goes_on_as, _asked.c.student_id))
)


class Vault:
    """The vault's database together with its key."""

    def __init__(self, database: Database, key: VaultKey) -> None:
        self._database = database
        self.key = key

    def claim(self, key_path: str) -> None:
        """Note the key on first use and prove later that it is this vault's. Raises VaultError for another key."""
        with self._database.write() as session:
            held = session.get(VaultMeta, "key_check")
            if held is None:
                session.add(VaultMeta(name="key_check", value=self.key.check))
            elif held.value != self.key.check:
                raise VaultError.wrong_key(path=key_path)

    def ping(self) -> None:
        """Ask the vault's database for nothing; raises what the database raises when it cannot answer."""
        with self._database.read() as session:
            session.scalar(select(func.count()).select_from(VaultMeta))

    def find(self, institution: str, identities: Sequence[Identity]) -> list[Known | None]:
        """The student of each identity at this institution, by the strongest identifier that is known; None if unknown."""
        rows = [identifiers_of(self.key, institution, identity) for identity in identities]
        with self._database.read() as session:
            holders = held_people.current_holders(session, {one for row in rows for one in row.values()})
            places, _ = held_people.places(session, institution)
        return [_found(row, holders, places) for row in rows]

    def admit(
        self, institution: str, identities: Sequence[Identity], *, batch_token: UUID, seen_on: date | None = None
    ) -> list[Known]:
        """Find each identity or give it a number, keep its identifiers and its newest name; one transaction.

        `seen_on` is the day of which the file speaks; without it, today.
        """
        now = datetime.now(UTC)
        rows = [marks_of(self.key, institution, identity) for identity in identities]
        with self._database.write() as session:
            held = held_people.load(session, rows)
            places, free = held_people.places(session, institution)
            admission = Admission(held, places=places, free=free, rows=rows, seen_on=seen_on or local_day(now))
            known = admission.admit(identities, rows)
            held_people.save(session, self.key, institution, held, admission.changes)
            held_people.queue(session, institution, places, admission.changes.doubts)
            given = [_number_row(institution, place, batch_token, now) for place in admission.changes.places]
            held_people.write(session, StudentNumber, given)
        return known

    def names(self, student_ids: Iterable[UUID]) -> dict[UUID, KeptName]:
        """Names of students; called by records.access alone, which first asks who may see whom."""
        found: dict[UUID, KeptName] = {}
        with self._database.read() as session:
            for chunk in in_chunks(dict.fromkeys(student_ids)):
                rows = session.connection().execute(_names, {"students": chunk})
                found.update((asked, KeptName(*name)) for asked, *name in rows)
        return found

    def sweep(self, committed_tokens: set[UUID], *, placed: Callable[[str], Container[int]], now: datetime) -> int:
        """Remove the people of batches that never reached the ledger, once they are a day old, and all that is known of
        them: names, identifiers, traits and pairs.

        `placed` gives the numbers that the ledger knows at an institution: a person whom an import admitted that
        stopped, and whom a later one found and recorded, is nobody's orphan.
        """
        with self._database.write() as session:
            stale = select(StudentNumber.batch_token).where(StudentNumber.created_at < now - STOPPED_AFTER).distinct()
            stopped: list[StudentNumber] = []
            for token in set(session.scalars(stale)) - committed_tokens:
                stopped += session.scalars(select(StudentNumber).where(StudentNumber.batch_token == token))
            known = {institution: placed(institution) for institution in {row.institution for row in stopped}}
            orphans = [row for row in stopped if row.number not in known[row.institution]]
            for row in orphans:
                _forget_pairs(session, row)
                session.delete(row)
            session.flush()
            _forget(session, {row.student_id for row in orphans})
            return len(orphans)


def _found(row: Mapping[IdKind, bytes], holders: Mapping[bytes, UUID], places: Mapping[UUID, Place]) -> Known | None:
    for kind in _BY_STRENGTH:
        if kind in row and (student_id := holders.get(row[kind])) is not None:
            place = places.get(student_id)
            return Known(number=place.number, student_id=place.student_id) if place else None
    return None


def _number_row(institution: str, place: Place, batch_token: UUID, at: datetime) -> dict[str, object]:
    return {
        "institution": institution, "number": place.number, "student_id": place.student_id, "batch_token": batch_token,
        "created_at": at,
    }  # fmt: skip


def _forget_pairs(session: Session, orphan: StudentNumber) -> None:
    """Pairs with a number that is given anew would speak of somebody else."""
    numbers = (LinkReview.number_a == orphan.number) | (LinkReview.number_b == orphan.number)
    session.execute(delete(LinkReview).where(LinkReview.institution == orphan.institution, numbers))


def _forget(session: Session, student_ids: set[UUID]) -> None:
    """Remove all that is known of people who have no number left; who is one with another keeps it."""
    for chunk in in_chunks(student_ids):
        kept = set(session.scalars(select(StudentNumber.student_id).where(StudentNumber.student_id.in_(chunk))))
        for column in (MergedPerson.student_id, MergedPerson.goes_on_as):
            kept.update(session.scalars(select(column).where(column.in_(chunk))))
        gone = set(chunk) - kept
        for table in (StudentName, Identifier, PersonTrait):
            session.execute(delete(table).where(table.student_id.in_(gone)))
        session.execute(delete(LinkReview).where(LinkReview.student_a.in_(gone) | LinkReview.student_b.in_(gone)))
