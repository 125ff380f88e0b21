"""What the vault holds of the people a file names: read in bulk before its rows are compared, written in bulk after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from records.database import VaultTable
from records.identity import COUNTRY_WIDE, FullName, IdKind, sort_key
from records.marks import Marks, Person, TraitKind, Why, scope_of
from records.person_tables import Identifier, LinkReview, MergedPerson, PersonTrait, StudentName, StudentNumber
from records.vault_key import VaultKey

AT_ONCE = 500  # below what one SQLite statement takes
_WRITTEN_AT_ONCE = 10_000
_Item = TypeVar("_Item")
Held = tuple[bytes, UUID]
"""An identifier's fingerprint and one who holds or held it."""


@dataclass(kw_only=True)
class Holding:
    """How long one person held one identifier."""

    first_seen: date
    last_seen: date
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """A student's number at an institution, with the pseudonym under which the ledger has it."""

    number: int
    student_id: UUID


@dataclass(kw_only=True)
class HeldPeople:
    """People by pseudonym, and how to find them: by identifier, or by traits where no identifier is known."""

    holdings: dict[Held, Holding] = field(default_factory=dict)
    current: dict[bytes, UUID] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)
    having: dict[bytes, set[UUID]] = field(default_factory=dict)
    """Those who have a name or a guardian in common with a row, by the trait's fingerprint."""
    reviewed: set[frozenset[UUID]] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A pair for the review queue: who was known, and who came in."""

    known: UUID
    came: UUID
    why: Why


@dataclass(kw_only=True)
class Changes:
    """What an admission has to write; everything else stays as it is."""

    places: list[Place] = field(default_factory=list)
    new_holdings: dict[Held, tuple[IdKind, str]] = field(default_factory=dict)
    changed_holdings: set[Held] = field(default_factory=set)
    traits: list[tuple[UUID, TraitKind, bytes]] = field(default_factory=list)
    new_names: dict[UUID, FullName] = field(default_factory=dict)
    changed_names: dict[UUID, FullName] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)


def current_holders(session: Session, fingerprints: Iterable[bytes]) -> dict[bytes, UUID]:
    """Who holds each identifier now."""
    found: dict[bytes, UUID] = {}
    for chunk in in_chunks(fingerprints):
        chosen = select(Identifier.fingerprint, Identifier.student_id).where(
            Identifier.fingerprint.in_(chunk), Identifier.is_current.is_(True)
        )
        found.update((fingerprint, student_id) for fingerprint, student_id in session.execute(chosen))
    return found


def places(session: Session, institution: str) -> tuple[dict[UUID, Place], int]:
    """The place of each person at an institution (of two numbers the older), and the next number that is free."""
    given = (
        select(StudentNumber.number, StudentNumber.student_id, MergedPerson.goes_on_as)
        .outerjoin(MergedPerson, MergedPerson.student_id == StudentNumber.student_id)
        .where(StudentNumber.institution == institution)
        .order_by(StudentNumber.number)
    )
    found: dict[UUID, Place] = {}
    free = 0
    for number, student_id, goes_on_as in session.execute(given):
        found.setdefault(goes_on_as or student_id, Place(number=number, student_id=student_id))
        free = number + 1
    return found, free


def load(session: Session, rows: Sequence[Marks]) -> HeldPeople:
    """Everyone whom a row names by an identifier, and everyone whom an unknown row resembles."""
    held = HeldPeople()
    _load_holdings(session, held, {fingerprint for row in rows for fingerprint in row.identifiers.values()})
    unknown = {
        row.traits[kind]
        for row in rows
        for kind in (TraitKind.NAME, TraitKind.GUARDIAN)
        if kind in row.traits and not any(fingerprint in held.current for fingerprint in _surest(row))
    }
    for chunk in in_chunks(unknown):
        alike = select(PersonTrait.fingerprint, PersonTrait.student_id).where(PersonTrait.fingerprint.in_(chunk))
        for fingerprint, student_id in session.execute(alike):
            held.having.setdefault(fingerprint, set()).add(student_id)
    everyone = {*held.current.values(), *(one for some in held.having.values() for one in some)}
    held.people = people_of(session, everyone, registered=_registered(held, rows))
    for ids in in_chunks(everyone):
        pairs = select(LinkReview.student_a, LinkReview.student_b).where(LinkReview.student_a.in_(ids))
        held.reviewed.update(frozenset(pair) for pair in session.execute(pairs))
    return held


def _surest(row: Marks) -> list[bytes]:
    """The identifiers that leave no doubt; a row that is known by one of them is not compared by its traits."""
    for kinds in ({IdKind.NATIONAL}, {IdKind.G_CODE, IdKind.PASSPORT, IdKind.PERSON}, {IdKind.CODE}):
        if told := [fingerprint for kind, fingerprint in row.identifiers.items() if kind in kinds]:
            return told
    return []


def _load_holdings(session: Session, held: HeldPeople, fingerprints: set[bytes]) -> None:
    columns = select(
        Identifier.fingerprint,
        Identifier.student_id,
        Identifier.first_seen,
        Identifier.last_seen,
        Identifier.is_current,
    )
    for chunk in in_chunks(fingerprints):
        for fingerprint, student_id, first, last, is_current in session.execute(
            columns.where(Identifier.fingerprint.in_(chunk))
        ):
            holding = Holding(first_seen=first, last_seen=last, is_current=is_current)
            held.holdings[fingerprint, student_id] = holding
            if is_current:
                held.current[fingerprint] = student_id


def _registered(held: HeldPeople, rows: Sequence[Marks]) -> set[UUID]:
    """Those whose national number is in the file: which others they have is of no matter."""
    told = (row.identifiers[IdKind.NATIONAL] for row in rows if row.has(IdKind.NATIONAL))
    return {held.current[fingerprint] for fingerprint in told if fingerprint in held.current}


def people_of(session: Session, student_ids: Iterable[UUID], registered: set[UUID]) -> dict[UUID, Person]:
    people = {student_id: Person() for student_id in student_ids}
    for student_id in registered:
        people[student_id].kinds.add(IdKind.NATIONAL)
    for chunk in in_chunks(people.keys() - registered):
        kinds = select(Identifier.student_id, Identifier.kind).where(Identifier.student_id.in_(chunk)).distinct()
        for student_id, kind in session.execute(kinds):
            people[student_id].kinds.add(IdKind(kind))
    for chunk in in_chunks(people):
        traits = select(PersonTrait.student_id, PersonTrait.kind, PersonTrait.fingerprint)
        for student_id, kind, fingerprint in session.execute(traits.where(PersonTrait.student_id.in_(chunk))):
            people[student_id].traits.setdefault(TraitKind(kind), set()).add(fingerprint)
        names = select(StudentName.student_id, StudentName.title, StudentName.first_name, StudentName.last_name)
        for student_id, title, first, last in session.execute(names.where(StudentName.student_id.in_(chunk))):
            people[student_id].name = FullName(title=title, first_name=first, last_name=last)
    return people


def save(session: Session, key: VaultKey, institution: str, held: HeldPeople, changes: Changes) -> None:
    """Write what an admission changed, but for the numbers it gave."""
    write(session, Identifier, [_identifier(key, institution, held, one) for one in changes.new_holdings.items()])
    for chunk in in_chunks([_span(held, one) for one in changes.changed_holdings], _WRITTEN_AT_ONCE):
        session.execute(update(Identifier), chunk)
    traits: list[dict[str, object]] = [
        {"student_id": student_id, "kind": kind.value, "fingerprint": fingerprint}
        for student_id, kind, fingerprint in changes.traits
    ]
    write(session, PersonTrait, traits)
    write(session, StudentName, [_name(*one) for one in changes.new_names.items()])
    if changes.changed_names:
        session.execute(update(StudentName), [_name(*one) for one in changes.changed_names.items()])


def queue(session: Session, institution: str, places: Mapping[UUID, Place], doubts: Iterable[Doubt]) -> None:
    """Put pairs before people: who was known is a, who came in is b."""
    now = datetime.now(UTC)
    for doubt in doubts:
        known = places.get(doubt.known)
        review = LinkReview(
            id=uuid4(), institution=institution, number_a=known.number if known else None,
            number_b=places[doubt.came].number, student_a=doubt.known, student_b=doubt.came,
            why=doubt.why.value, created_at=now,
        )  # fmt: skip
        session.add(review)


def write(session: Session, table: type[VaultTable], rows: Sequence[dict[str, object]]) -> None:
    """Insert rows, many to a statement; the unit of work would send those with and without a value apart."""
    for chunk in in_chunks(rows, _WRITTEN_AT_ONCE):
        session.connection().execute(insert(table.__table__), chunk)  # type: ignore[arg-type]


def _identifier(
    key: VaultKey, institution: str, held: HeldPeople, new: tuple[Held, tuple[IdKind, str]]
) -> dict[str, object]:
    one, (kind, value) = new
    sealed = key.seal(value.encode()) if kind in COUNTRY_WIDE else None
    told = {"kind": kind.value, "institution": scope_of(kind, institution), "sealed": sealed}
    return {**told, **_span(held, one)}


def _span(held: HeldPeople, one: Held) -> dict[str, object]:
    holding = held.holdings[one]
    fingerprint, student_id = one
    return {
        "fingerprint": fingerprint, "student_id": student_id, "first_seen": holding.first_seen,
        "last_seen": holding.last_seen, "is_current": holding.is_current,
    }  # fmt: skip


def _name(student_id: UUID, name: FullName) -> dict[str, object]:
    return {
        "student_id": student_id, "title": name.title, "first_name": name.first_name, "last_name": name.last_name,
        "sort_key": f"{sort_key(name.first_name)}\x1e{sort_key(name.last_name)}",
    }  # fmt: skip


def in_chunks(items: Iterable[_Item], size: int = AT_ONCE) -> Iterator[list[_Item]]:
    """Items in pieces that one statement takes."""
    waiting = list(items)
    return (waiting[start : start + size] for start in range(0, len(waiting), size))
