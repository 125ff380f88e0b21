"""How staff rate a student in a week, beside the model: independent only where the score had not been looked at."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from records import audit
from records.access import Principal
from records.audit import AuditRow
from records.care import place_or_refuse
from records.care_tables import AdvisorRatingRow
from records.clock import start_of
from records.looks import LISTS
from records.weeks import monday_of

_TELLS_A_SCORE = ("see student", "see student history", "see visit plan")
"""What is recorded when a student's own score, or whether they were listed, leaves."""


def rate(
    session: Session, principal: Principal, student_id: UUID, rating: str, *, on: date, at: datetime
) -> AdvisorRatingRow:
    """Put this account's rating of a student for the week of `on`, in the caller's transaction. Raises NotTheirs.

    The same rating again changes nothing; another one is a new rating, and tells whether the score was seen before it.
    """
    if principal.account_id is None:
        raise ValueError("a machine rates nobody")
    institution = place_or_refuse(session, principal, student_id, on)
    week = monday_of(on)
    held = session.get(AdvisorRatingRow, (institution, student_id, principal.account_id, week))
    if held is not None and held.rating == rating:
        return held
    seen = _score_seen(session, principal, institution, student_id, week)
    if held is None:
        held = AdvisorRatingRow(
            institution=institution, student_id=student_id, account_id=principal.account_id, week=week,
            rating=rating, score_seen=seen, rated_at=at,
        )  # fmt: skip
        session.add(held)
    else:
        held.rating, held.score_seen, held.rated_at = rating, held.score_seen or seen, at
    audit.record_look(
        session, actor=principal.login, action="rate student", institution=institution, student_id=student_id,
        detail={"week": week.isoformat(), "score_seen": int(held.score_seen)},
    )  # fmt: skip
    return held


def _score_seen(session: Session, principal: Principal, institution: str, student_id: UUID, week: date) -> bool:
    """Whether this account looked at a list or at this student since the week began, as the audit trail has it."""
    own = (AuditRow.action.in_(_TELLS_A_SCORE)) & (AuditRow.student_id == student_id)
    looked = select(AuditRow.id).where(
        AuditRow.actor == principal.login,
        AuditRow.institution == institution,
        AuditRow.at >= start_of(week),
        or_(own, AuditRow.action.in_(LISTS)),
    )
    return session.scalar(looked.limit(1)) is not None
