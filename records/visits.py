"""Home visits: booked within what a college can visit in a week, moved, cancelled, and what was found.

Whether there is a place left is decided while nobody else books at the institution, so that of two who want the last
one exactly one gets it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from records import audit, ledger, lists
from records.access import Principal, require_students, visible_students
from records.care import CareRefused, NotTheirs, reasons_for
from records.care_tables import CANCELLED, DONE, PLANNED, REFERRED, TOOK_PLACE, VisitRow
from records.errors import NotAllowed
from records.home import DataHome
from records.ledger import StudentRow
from records.list_pages import UnknownCursor
from records.roles import Permission
from records.weeks import WEEK, monday_of

WEEKS_AHEAD = 26
_WEEKS_LOOKED_AT = 8
_TO_SUNDAY = timedelta(days=6)
FOUND = frozenset({"attempt", "mode", "result", "reason_codes", "minutes"})
"""What a visit found: written by whoever may write down care."""
CHANGEABLE = FOUND | {"planned_on", "week", "status", "two_person", "unsafe"}
# A visit that took place stays one; a cancelled one may be planned again where there is a place.
_GOES_TO = {
    PLANNED: (PLANNED, DONE, CANCELLED, REFERRED),
    CANCELLED: (CANCELLED, PLANNED),
    DONE: TOOK_PLACE,
    REFERRED: TOOK_PLACE,
}


@dataclass(frozen=True, kw_only=True)
class FreeWeek:
    week: date
    visits: int
    """How many more can be booked in it."""


class WeekIsFull(Exception):
    """No more visits fit into the week; `next_free` is the nearest later week with a place, None where there is none."""

    def __init__(self, *, visits_per_week: int, free: int, next_free: FreeWeek | None) -> None:
        super().__init__()
        self.visits_per_week, self.free, self.next_free = visits_per_week, free, next_free


class ChangedMeanwhile(Exception):
    """Somebody changed the visit after the version that the change was made from."""


def book(
    session: Session,
    principal: Principal,
    *,
    institution: str,
    student_ids: Sequence[UUID],
    week: date,
    on: date,
    at: datetime,
    plan_id: UUID | None = None,
    planned_on: date | None = None,
    two_person: Collection[UUID] = (),
    unsafe: Collection[UUID] = (),
) -> list[VisitRow]:
    """Book a visit of each student in the week of a Monday, all or none, in the caller's transaction.

    `two_person` and `unsafe` are those of the students. Raises NotAllowed, NotTheirs, CareRefused, and WeekIsFull.
    """
    if not principal.may(Permission.PLAN_VISITS):
        raise NotAllowed(
            f"The role '{principal.role.name}' books no visits. · บทบาท '{principal.role.label.th}' จองการเยี่ยมบ้านไม่ได้"
        )
    ledger.take_turn(session, institution)
    _require_theirs(session, principal, institution, student_ids, on)
    _require_week(week, planned_on, on)
    _require_room(session, institution, week, student_ids)
    rows = [
        VisitRow(
            institution=institution, student_id=student_id, week=week, planned_on=planned_on, status=PLANNED, version=1,
            two_person=student_id in two_person, unsafe=student_id in unsafe, attempt=None, mode=None, result=None,
            reason_codes=[], minutes=None, plan_id=plan_id, booked_by=principal.account_id, booked_at=at,
            changed_by=principal.account_id, changed_at=at,
        )
        for student_id in student_ids
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    for row in rows:
        _record(session, principal, "book visit", row)
    return rows


def change(
    session: Session,
    principal: Principal,
    visit_id: UUID,
    changes: Mapping[str, Any],
    *,
    versions: Collection[str],
    on: date,
    at: datetime,
) -> VisitRow:
    """Change a visit that is still at one of `versions`, in the caller's transaction; `changes` by name in CHANGEABLE.

    Raises NotTheirs, NotAllowed, ChangedMeanwhile, CareRefused, and WeekIsFull.
    """
    row = session.get(VisitRow, visit_id)
    if row is None:
        raise NotTheirs(None)
    _require_theirs(session, principal, row.institution, [row.student_id], on)
    if not _may_change(principal, changes):
        raise NotAllowed(
            f"The role '{principal.role.name}' may not change that of a visit. · บทบาท '{principal.role.label.th}' แก้ไขส่วนนั้นของการเยี่ยมบ้านไม่ได้"
        )
    ledger.take_turn(session, row.institution)
    session.refresh(row)
    if str(row.version) not in versions:
        raise ChangedMeanwhile
    wanted = {name: changes.get(name, getattr(row, name)) for name in CHANGEABLE}
    unread = set(row.reason_codes) - set(reasons_for(principal, row.reason_codes, row.reasons_by))
    wanted["reason_codes"] = sorted({*wanted["reason_codes"], *unread})  # nobody deletes what they were not told
    _set_day(row, wanted, changes, on)
    _require_sense(row, wanted, on)
    if wanted["status"] == PLANNED and (row.status == CANCELLED or wanted["week"] != row.week):
        _require_week(wanted["week"], wanted["planned_on"], on)
        _require_room(session, row.institution, wanted["week"], [row.student_id], but=row.id)
    if wanted["reason_codes"] != row.reason_codes and not unread:
        row.reasons_by = principal.account_id
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version, row.changed_by, row.changed_at = row.version + 1, principal.account_id, at
    session.flush()
    _record(session, principal, "change visit", row)
    return row


def see_visits(
    home: DataHome,
    principal: Principal,
    on: date,
    *,
    week: date | None,
    status: str | None,
    limit: int,
    after: UUID | None,
) -> tuple[list[VisitRow], bool]:
    """Visits of the students whom this account sees, newest week first, and whether there are more.

    A look at each student of the page is recorded first. Raises NotAllowed, and UnknownCursor.
    """
    require_students(home, principal, "refused visits")
    with home.database.write(principal.acting) as session:
        chosen = select(VisitRow).where(
            VisitRow.institution.in_(sorted(principal.institutions)),
            VisitRow.student_id.in_(visible_students(principal, on)),
        )
        if after is not None:
            last = session.scalar(chosen.where(VisitRow.id == after))
            if last is None:
                raise UnknownCursor
            chosen = chosen.where(or_(VisitRow.week < last.week, and_(VisitRow.week == last.week, VisitRow.id > after)))
        if week is not None:
            chosen = chosen.where(VisitRow.week == week)
        if status is not None:
            chosen = chosen.where(VisitRow.status == status)
        found = session.scalars(chosen.order_by(VisitRow.week.desc(), VisitRow.id).limit(limit + 1)).all()
        rows = list(found[:limit])
        for institution, student_id in sorted({(row.institution, row.student_id) for row in rows}):
            audit.record_look(
                session, actor=principal.login, action="see visit", institution=institution, student_id=student_id
            )
    return rows, len(found) > limit


def free_in(session: Session, institution: str, week: date) -> tuple[int, int]:
    """How many visits the institution can make in a week, and how many of them are not booked."""
    capacity, _ = lists.capacity_on(session, institution, week)
    return capacity.visits_per_week, capacity.visits_per_week - _booked(session, institution, week)


# What must hold


def _require_theirs(
    session: Session, principal: Principal, institution: str, student_ids: Sequence[UUID], on: date
) -> None:
    seen = visible_students(principal, on).where(StudentRow.institution == institution)
    theirs = set(session.scalars(seen.where(StudentRow.student_id.in_(student_ids))))
    for student_id in student_ids:
        if student_id not in theirs:
            raise NotTheirs(student_id)


def _require_week(week: date, planned_on: date | None, on: date) -> None:
    """Raises CareRefused for a week that is over or far ahead, and a day outside it."""
    if week < monday_of(on):
        raise CareRefused("body.week", "week_is_over")
    if week > monday_of(on) + WEEKS_AHEAD * WEEK:
        raise CareRefused("body.week", "too_far_ahead")
    if planned_on is not None and monday_of(planned_on) != week:
        raise CareRefused("body.planned_on", "not_in_that_week")


def _require_room(
    session: Session, institution: str, week: date, student_ids: Sequence[UUID], *, but: UUID | None = None
) -> None:
    """Raises CareRefused where no visits are made or a student has one that week, WeekIsFull without enough places."""
    visits_per_week, free = free_in(session, institution, week)
    if visits_per_week == 0:
        raise CareRefused("body.week", "no_visits_a_week")
    theirs = select(VisitRow.id).where(
        VisitRow.institution == institution, VisitRow.week == week, VisitRow.status != CANCELLED,
        VisitRow.student_id.in_(student_ids),
    )  # fmt: skip
    if len(set(student_ids)) != len(student_ids) or set(session.scalars(theirs)) - {but}:
        raise CareRefused("body.student_id", "has_a_visit_that_week")
    if free < len(student_ids):
        next_free = _next_free(session, institution, week, len(student_ids))
        raise WeekIsFull(visits_per_week=visits_per_week, free=max(0, free), next_free=next_free)


def _next_free(session: Session, institution: str, week: date, wanted: int) -> FreeWeek | None:
    for ahead in range(1, _WEEKS_LOOKED_AT + 1):
        later = week + ahead * WEEK
        _, free = free_in(session, institution, later)
        if free >= wanted:
            return FreeWeek(week=later, visits=free)
    return None


def _booked(session: Session, institution: str, week: date) -> int:
    counted = select(func.count()).where(
        VisitRow.institution == institution, VisitRow.week == week, VisitRow.status != CANCELLED
    )
    return session.scalar(counted) or 0


def _may_change(principal: Principal, changes: Mapping[str, Any]) -> bool:
    if principal.may(Permission.PLAN_VISITS):
        return True
    found = changes.get("status", DONE) in TOOK_PLACE and changes.keys() <= FOUND | {"status"}
    return principal.may(Permission.RECORD_CARE) and found


def _set_day(row: VisitRow, wanted: dict[str, Any], changes: Mapping[str, Any], on: date) -> None:
    """The day that follows from a change which does not say it, and the first attempt of a visit that found something."""
    day, week = wanted["planned_on"], wanted["week"]
    if "planned_on" not in changes:
        if week != row.week:
            day = None  # a day of the week that it leaves
        if wanted["status"] in TOOK_PLACE and wanted["result"] and (day is None or (day > on and row.result is None)):
            day = max(week, min(on, week + _TO_SUNDAY))
    wanted["planned_on"] = day
    if wanted["result"] and wanted["attempt"] is None and row.result is None:
        wanted["attempt"] = 1  # as in a file that does not say it


def _require_sense(row: VisitRow, wanted: Mapping[str, Any], on: date) -> None:
    """Raises CareRefused where the visit would contradict itself."""
    status = wanted["status"]
    if status not in _GOES_TO[row.status]:
        raise CareRefused("body.status", "not_after_that_status")
    if status != PLANNED and wanted["week"] != row.week:
        raise CareRefused("body.week", "not_of_a_planned_visit")
    day = wanted["planned_on"]
    if day is not None and monday_of(day) != wanted["week"]:
        raise CareRefused("body.planned_on", "not_in_that_week")
    for name in ("planned_on", "attempt"):  # by these the log knows the visit
        if row.result is not None and wanted[name] != getattr(row, name):
            raise CareRefused(f"body.{name}", "stays_once_done")
    for name in ("mode", "result"):
        if getattr(row, name) is not None and wanted[name] is None:
            raise CareRefused(f"body.{name}", "stays_once_done")
    if day is not None and day > on and (status == DONE or wanted["result"]):
        raise CareRefused("body.status", "day_is_to_come")
    if status == DONE and not (wanted["mode"] and wanted["result"]):
        raise CareRefused("body.result", "needed_when_done")
    if status not in TOOK_PLACE and any(wanted[name] for name in FOUND):
        raise CareRefused("body.status", "did_not_take_place")


def _record(session: Session, principal: Principal, action: str, row: VisitRow) -> None:
    detail: dict[str, str | int] = {"visit": str(row.id), "week": row.week.isoformat(), "status": row.status}
    audit.record_look(
        session, actor=principal.login, action=action, institution=row.institution, student_id=row.student_id,
        detail=detail,
    )  # fmt: skip
