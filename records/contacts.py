"""Contacts with students: a talk, a call or a visit is written down as codes, and read again by whoever sees the student."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from records import audit, lists
from records.access import Principal, place_of, require_students, visible_students
from records.care import place_or_refuse, require_day
from records.care_tables import ContactRow
from records.home import DataHome
from records.list_pages import UnknownCursor
from records.subjects import pseudonyms_of


@dataclass(frozen=True, kw_only=True)
class NewContact:
    happened_on: date
    mode: str
    result: str
    reason_codes: Collection[str]


def write_down(
    session: Session, principal: Principal, student_id: UUID, new: NewContact, *, on: date, at: datetime
) -> ContactRow:
    """Add a contact, in the caller's transaction. Raises NotTheirs, and CareRefused for its day."""
    institution = place_or_refuse(session, principal, student_id, on)
    require_day(new.happened_on, on)
    current = lists.current_publication(session, institution)
    row = ContactRow(
        institution=institution, student_id=student_id, account_id=principal.account_id, happened_on=new.happened_on,
        mode=new.mode, result=new.result, reason_codes=sorted(set(new.reason_codes)),
        publication_id=current.id if current else None, recorded_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record_look(
        session, actor=principal.login, action="write contact", institution=institution, student_id=student_id,
        detail={"contact": str(row.id)},
    )  # fmt: skip
    return row


def see_contacts(
    home: DataHome, principal: Principal, student_id: UUID, on: date, *, limit: int, after: UUID | None
) -> tuple[list[ContactRow], bool] | None:
    """A student's contacts, newest first, and whether there are more; the look is recorded first.

    Those of before two pseudonyms were found to be one person are among them. None when there is no such student for
    this account. Raises NotAllowed for a role that sees no students, and UnknownCursor.
    """
    require_students(home, principal, "refused student", student_id)
    people = pseudonyms_of(home, student_id)
    with home.database.write(principal.acting) as session:
        institution = place_of(session, principal, student_id, on)
        audit.record_look(
            session, actor=principal.login, action="see contacts" if institution else "refused student",
            institution=institution or principal.institution, student_id=student_id,
        )  # fmt: skip
        if institution is None:
            return None
        chosen = select(ContactRow).where(
            ContactRow.institution == institution,
            ContactRow.student_id.in_(sorted(people)),
            ContactRow.student_id.in_(visible_students(principal, on)),
        )
        if after is not None:
            last = session.scalar(chosen.where(ContactRow.id == after))
            if last is None:
                raise UnknownCursor
            chosen = chosen.where(_before(last))
        ordered = chosen.order_by(ContactRow.happened_on.desc(), ContactRow.recorded_at.desc(), ContactRow.id.desc())
        rows = session.scalars(ordered.limit(limit + 1)).all()
    return list(rows[:limit]), len(rows) > limit


def _before(last: ContactRow) -> ColumnElement[bool]:
    same_day = ContactRow.happened_on == last.happened_on
    same_moment = ContactRow.recorded_at == last.recorded_at
    return or_(
        ContactRow.happened_on < last.happened_on,
        and_(same_day, ContactRow.recorded_at < last.recorded_at),
        and_(same_day, same_moment, ContactRow.id < last.id),
    )
