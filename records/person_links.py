"""Pairs of students who may be one person: listed for people to decide, and joined once they say so.

Nothing here has a name: whoever shows a pair to a person asks records.access for the names of `pair_of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from records import audit, ledger
from records.clock import local_day
from records.errors import LinkRefused
from records.home import DataHome
from records.identity import IdKind
from records.marks import Why
from records.person_tables import Identifier, LinkReview, MergedPerson, PersonTrait, StudentName, StudentNumber

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True, kw_only=True)
class Review:
    """A pair that waits for a decision: a was known before b came in; a's number is None where it is not known here."""

    id: UUID
    institution: str
    number_a: int | None
    number_b: int
    student_a: UUID
    student_b: UUID
    why: Why
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class _Join:
    """Two persons as they are now: one goes on, the numbers of both by institution."""

    kept: UUID
    gone: UUID
    numbers: Mapping[str, tuple[int, int]]
    """Where both have a number: the older one, which goes on, and the newer one."""


def open_reviews(home: DataHome, institution: str) -> list[Review]:
    """The pairs of an institution that nobody has decided, the oldest first.

    Pairs wait until the ledger names the records of both: a number of an import that stopped is given anew.
    """
    placed = ledger.student_ids(home.database, institution)
    with home.vault_database.read() as session:
        waiting = session.scalars(
            select(LinkReview)
            .where(LinkReview.institution == institution, LinkReview.decided_at.is_(None))
            .order_by(LinkReview.created_at, LinkReview.number_b)
        )
        return [
            _review(row)
            for row in waiting
            if row.number_b in placed
            and (row.number_a is None or row.number_a in placed)
            and _person(session, row.student_a) != _person(session, row.student_b)
        ]


def pair_of(review: Review) -> tuple[UUID, UUID]:
    """The pseudonyms of a pair: who was known, and who came in."""
    return review.student_a, review.student_b


def decide(home: DataHome, review_id: UUID, *, same: bool, by: str) -> None:
    """Record a decision; "same" makes one person of the two, in the vault and in every log where both have a number.

    The audit row comes first, the log second, the vault last: what stops in between can be decided again.
    Raises LinkRefused when the pair is not open, or when both have a national number.
    """
    now = datetime.now(UTC)
    with home.vault_database.read() as session:
        row = session.get(LinkReview, review_id)
    review = next((one for one in open_reviews(home, row.institution) if one.id == review_id), None) if row else None
    if review is None:
        raise LinkRefused.not_open()
    with home.vault_database.read() as session:
        join = _join(session, review) if same else None
    _audit(home, review, same=same, by=by)
    if join is not None:
        _tell_logs(home, join, now)
    with home.vault_database.write() as session:
        asked = session.get_one(LinkReview, review_id, with_for_update=True)
        if asked.decided_at is not None:
            raise LinkRefused.not_open()
        if join is not None:
            _merge(session, join)
        asked.decided_at, asked.decided_by = now, by
        asked.decision = SAME if same else DIFFERENT


def _review(row: LinkReview) -> Review:
    return Review(
        id=row.id, institution=row.institution, number_a=row.number_a, number_b=row.number_b,
        student_a=row.student_a, student_b=row.student_b, why=Why(row.why), created_at=row.created_at,
    )  # fmt: skip


def _person(session: Session, student_id: UUID) -> UUID:
    merged = session.get(MergedPerson, student_id)
    return merged.goes_on_as if merged else student_id


def _audit(home: DataHome, review: Review, *, same: bool, by: str) -> None:
    detail: dict[str, str | int] = {
        "review": str(review.id), "decision": SAME if same else DIFFERENT, "other": str(review.student_a),
    }  # fmt: skip
    with home.database.write() as session:
        audit.record_look(
            session, actor=by, action="decide link", institution=review.institution, student_id=review.student_b,
            detail=detail,
        )  # fmt: skip


def _join(session: Session, review: Review) -> _Join:
    """Who goes on: the one with the older number where both have one, else the one who was numbered first."""
    a, b = (_person(session, student_id) for student_id in pair_of(review))
    if all(_has_national(session, person) for person in (a, b)):
        raise LinkRefused.two_national_numbers()
    numbers_a, numbers_b = _numbers(session, a), _numbers(session, b)
    here = review.institution
    if here in numbers_a and here in numbers_b:
        a_first = numbers_a[here].number < numbers_b[here].number
    else:
        first_a, first_b = (min(row.created_at for row in own.values()) for own in (numbers_a, numbers_b))
        a_first = first_a <= first_b
    both = {
        institution: sorted((numbers_a[institution].number, numbers_b[institution].number))
        for institution in sorted(numbers_a.keys() & numbers_b.keys())
    }
    return _Join(
        kept=a if a_first else b,
        gone=b if a_first else a,
        numbers={institution: (older, newer) for institution, (older, newer) in both.items()},
    )


def _has_national(session: Session, person: UUID) -> bool:
    held = select(Identifier.student_id).where(
        Identifier.student_id == person, Identifier.kind == IdKind.NATIONAL.value
    )
    return session.scalars(held.limit(1)).first() is not None


def _numbers(session: Session, person: UUID) -> dict[str, StudentNumber]:
    """The number of a person at each institution; of several the oldest, as the log has it since they were joined."""
    merged = select(MergedPerson.student_id).where(MergedPerson.goes_on_as == person)
    own = select(StudentNumber).where((StudentNumber.student_id == person) | StudentNumber.student_id.in_(merged))
    found: dict[str, StudentNumber] = {}
    for row in session.scalars(own.order_by(StudentNumber.number)):
        found.setdefault(row.institution, row)
    return found


def _tell_logs(home: DataHome, join: _Join, now: datetime) -> None:
    from records.batches import append_records, as_rows  # pairs are listed by the service, which never loads Parquet
    from records.tables import SAME_PERSON

    for institution, (older, newer) in join.numbers.items():
        if not {older, newer} <= ledger.student_ids(home.database, institution).keys():
            continue  # a number of an import that stopped names nobody in the log
        told = {"student": newer, "happened_on": local_day(now), "same_as": older}
        append_records(home, institution, {SAME_PERSON: as_rows(SAME_PERSON, [told])}, source="link review")


def _merge(session: Session, join: _Join) -> None:
    """Give all that is known of one person to the other; the numbers stay as they were given."""
    _move_name(session, join)
    _move_identifiers(session, join)
    _move_traits(session, join)
    earlier = update(MergedPerson).where(MergedPerson.goes_on_as == join.gone)
    session.execute(earlier.values(goes_on_as=join.kept))
    session.add(MergedPerson(student_id=join.gone, goes_on_as=join.kept))


def _move_identifiers(session: Session, join: _Join) -> None:
    own = {row.fingerprint: row for row in session.scalars(select(Identifier).filter_by(student_id=join.kept))}
    for row in session.scalars(select(Identifier).filter_by(student_id=join.gone)).all():
        before = own.get(row.fingerprint)
        if before is None:
            row.student_id = join.kept
            continue
        before.first_seen = min(before.first_seen, row.first_seen)
        before.last_seen = max(before.last_seen, row.last_seen)
        before.is_current = before.is_current or row.is_current
        session.delete(row)
    session.flush()


def _move_traits(session: Session, join: _Join) -> None:
    columns = select(PersonTrait.kind, PersonTrait.fingerprint)
    own, others = (
        {(kind, fingerprint) for kind, fingerprint in session.execute(columns.filter_by(student_id=person))}
        for person in (join.kept, join.gone)
    )
    session.execute(delete(PersonTrait).where(PersonTrait.student_id == join.gone))
    if new := others - own:
        session.execute(
            insert(PersonTrait),
            [{"student_id": join.kept, "kind": kind, "fingerprint": fingerprint} for kind, fingerprint in new],
        )


def _move_name(session: Session, join: _Join) -> None:
    """The name that stands beside the national number is the person's; without one, the name of who goes on."""
    kept, gone = (session.get(StudentName, person) for person in (join.kept, join.gone))
    if gone is None:
        return
    if kept is None or _has_national(session, join.gone):
        told = {name: getattr(gone, name) for name in ("title", "first_name", "last_name", "sort_key")}
        session.merge(StudentName(student_id=join.kept, **told))
    session.delete(gone)
