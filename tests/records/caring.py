"""What the tests of care share: staff at a college with students in two class groups, and room for visits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from records import access, contacts, staff, visits
from records.access import Principal
from records.care_tables import AdvisorRatingRow, ContactRow, VisitPlanRow, VisitPlanStopRow, VisitRow
from records.contacts import NewContact
from records.home import DataHome
from records.lists import CapacityRow
from records.staff import AccountRow
from tests.records.small import CODE, START, place

DAY = date(2025, 6, 11)
WEEK, NEXT_WEEK = date(2025, 6, 9), date(2025, 6, 16)
AT = datetime(2025, 6, 11, 3, 0, tzinfo=UTC)
GROUPS = {0: "ชย.1/1", 1: "ชย.1/1", 2: "ชย.1/2"}
TALK = NewContact(happened_on=DAY, mode="PHONE", result="MET_GUARDIAN", reason_codes=["R06", "R05", "R06"])


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Students by number, the advisor of the first two, the committee, and the director."""

    ids: Mapping[int, UUID]
    advisor: Principal
    committee: Principal
    director: Principal


def principal(home: DataHome, role: str, *, code: str = CODE, login: str = "") -> Principal:
    with home.database.write() as session:
        account = AccountRow(login=login or role, name="ครู", role=role, institution=code)
        session.add(account)
        session.flush()
        if role == "advisor":
            staff.assign_group(session, account=account, class_group=GROUPS[0], valid_from=date(2025, 5, 1))
        return access.principal_of(account)


def staffed(home: DataHome, *, visits_per_week: int = 2) -> Staff:
    ids = place(home, GROUPS)
    room_for(home, visits_per_week)
    return Staff(
        ids=ids, advisor=principal(home, "advisor"), committee=principal(home, "committee"),
        director=principal(home, "director"),
    )  # fmt: skip


def room_for(home: DataHome, visits_per_week: int, *, since: date = date(2025, 5, 1)) -> None:
    with home.database.write() as session:
        session.merge(
            CapacityRow(institution=CODE, valid_from=since, visits_per_week=visits_per_week, rows_per_advisor=5)
        )


def booked(home: DataHome, who: Principal, *student_ids: UUID, week: date = WEEK, **others: Any) -> list[VisitRow]:
    with home.database.write() as session:
        return visits.book(
            session, who, institution=CODE, student_ids=student_ids, week=week, on=DAY, at=AT, **others
        )  # fmt: skip


def written(home: DataHome, who: Principal, student_id: UUID, new: NewContact = TALK) -> ContactRow:
    with home.database.write() as session:
        return contacts.write_down(session, who, student_id, new, on=DAY, at=AT)


def everything_about(session: Session, student_id: UUID, account_id: UUID, *, week: date = WEEK) -> None:
    """A row of every kind of care about a student."""
    session.add(
        ContactRow(
            institution=CODE, student_id=student_id, account_id=account_id, happened_on=week, mode="HOME",
            result="NOT_HOME", reason_codes=["R05"], publication_id=None, recorded_at=START,
        )
    )  # fmt: skip
    session.add(
        AdvisorRatingRow(
            institution=CODE, student_id=student_id, account_id=account_id, week=week, rating="CLOSE", score_seen=False,
            rated_at=START,
        )
    )  # fmt: skip
    plan = VisitPlanRow(
        institution=CODE, week=week, status="accepted", teams=2, minutes_per_team=180, made_by=account_id,
        made_at=START, digest="d",
    )  # fmt: skip
    session.add(plan)
    session.flush()
    session.add(
        VisitPlanStopRow(
            plan_id=plan.id, student_id=student_id, institution=CODE, team=1, position=1, place=0, benefit=0.25,
            minutes=35, locked=False, why="placed",
        )
    )  # fmt: skip
    session.add(
        VisitRow(
            institution=CODE, student_id=student_id, week=week, planned_on=week, status="done", version=2,
            two_person=True, unsafe=False, attempt=1, mode="HOME", result="MET_GUARDIAN", reason_codes=["R05"],
            minutes=40, plan_id=plan.id, booked_by=account_id, booked_at=START, changed_by=account_id, changed_at=START,
        )
    )  # fmt: skip
