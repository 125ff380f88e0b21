"""Proposals of who is visited in a week by which team: what they rest on, kept as proposed, and accepted once.

Accepting books every placed student or nobody. Names of places are never kept: a stop knows the position of its place.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from records import access, audit, ledger, lists, visits
from records.access import Principal, visible_students
from records.care import CareRefused, NotTheirs
from records.care_tables import (
    ACCEPTED,
    CANCELLED,
    PROPOSED,
    REPLACED,
    VisitPlanRow,
    VisitPlanStopRow,
    VisitRow,
)
from records.errors import NotAllowed
from records.home import DataHome
from records.ledger import StudentRow
from records.list_tables import ListEntryRow, PublicationRow
from records.roles import Permission
from records.seen import SeenEntry
from records.weeks import WEEK, monday_of

PLACED_WITH_TWO = "placed_two_person"
"""Placed, and nobody goes alone: the visit that is booked says so too."""
HAS_VISIT = "has_visit"
LISTED, UNKNOWN = "high", "unknown"
MOST_STUDENTS = 500
"""Students of one plan: as many as a request can name."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A student who may be visited, and what the current list says of them; None where it says nothing."""

    student_id: UUID
    must_see: bool
    rank: int | None
    probability: float | None
    has_visit: bool


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What a proposal rests on: the current list (None: there is none), and how many visits the week has left."""

    institution: str
    publication: PublicationRow | None
    entries: int
    visits_left: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One student of a proposal; `team` and `position` count from 0 and are None where `why` left them out."""

    student_id: UUID
    team: int | None
    position: int | None
    place: int
    benefit: float
    minutes: int
    locked: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class SeenPlan:
    """A kept plan as an account may see it; `visits` are those that accepting it booked."""

    plan: VisitPlanRow
    stops: tuple[VisitPlanStopRow, ...]
    visits: tuple[VisitRow, ...]


def grounds(
    home: DataHome, principal: Principal, student_ids: Sequence[UUID] | None, *, week: date, on: date
) -> Grounds:
    """Of these students, or of all whom the current list would have visited and who have no visit in the week yet.

    Nothing of it leaves but through `see_plan`. Raises NotTheirs and CareRefused.
    """
    institution = principal.institution
    _require_week(week, on)
    with home.database.read(principal.acting) as session:
        publication = lists.current_publication(session, institution)
        found = tuple(_candidates(session, principal, publication, student_ids, week, on))
    with home.database.read() as session:  # as a job: who has left since still takes a visit of the week
        visits_per_week, left = visits.free_in(session, institution, week)
        entries = publication and session.scalar(
            select(func.count()).where(ListEntryRow.publication_id == publication.id)
        )
    if visits_per_week == 0:
        raise CareRefused("body.week", "no_visits_a_week")
    return Grounds(
        institution=institution,
        publication=publication,
        entries=entries or 0,
        visits_left=max(0, left),
        candidates=found,
    )


def propose(
    session: Session,
    principal: Principal,
    *,
    institution: str,
    week: date,
    team_minutes: Sequence[int],
    stops: Sequence[Stop],
    on: date,
    at: datetime,
) -> UUID:
    """Keep a proposal, in the caller's transaction; it books nothing.

    Raises NotAllowed, and NotTheirs for a student who was erased or has left since `grounds` were read.
    """
    _require_planner(principal)
    _require_theirs(session, principal, institution, [stop.student_id for stop in stops], on)
    plan = VisitPlanRow(
        institution=institution, week=week, status=PROPOSED, teams=len(team_minutes), minutes_per_team=max(team_minutes),
        made_by=principal.account_id, made_at=at, digest=_digest(week, team_minutes, stops),
    )  # fmt: skip
    session.add(plan)
    session.flush()
    session.add_all(VisitPlanStopRow(plan_id=plan.id, institution=institution, **asdict(stop)) for stop in stops)
    _record(session, principal, "propose visit plan", plan)
    return plan.id


def accept(session: Session, principal: Principal, plan_id: UUID, *, on: date, at: datetime) -> None:
    """Book the visits of a proposal, all or none, in the caller's transaction; one that is accepted stays as it is.

    Other proposals of the institution and week are replaced. Raises NotAllowed, NotTheirs, CareRefused, and WeekIsFull.
    """
    _require_planner(principal)
    plan = _plan(session, principal, plan_id)
    ledger.take_turn(session, plan.institution)
    session.refresh(plan)
    if plan.status == ACCEPTED:
        return
    if plan.status == REPLACED:
        raise CareRefused("path.plan_id", "replaced")
    stops = [stop for stop in _stops(session, plan_id) if stop.team is not None]
    if not stops:
        raise CareRefused("path.plan_id", "visits_nobody")
    try:
        visits.book(
            session,
            principal,
            institution=plan.institution,
            student_ids=[stop.student_id for stop in stops],
            week=plan.week,
            on=on,
            at=at,
            plan_id=plan.id,
            two_person=[stop.student_id for stop in stops if stop.why == PLACED_WITH_TWO],
        )
    except NotTheirs:
        raise CareRefused("path.plan_id", "a_student_has_left") from None
    others = (VisitPlanRow.institution == plan.institution) & (VisitPlanRow.week == plan.week)
    session.execute(update(VisitPlanRow).where(others, VisitPlanRow.status == PROPOSED).values(status=REPLACED))
    plan.status, plan.accepted_by, plan.accepted_at = ACCEPTED, principal.account_id, at
    session.flush()
    _record(session, principal, "accept visit plan", plan)


def see_plan(home: DataHome, principal: Principal, plan_id: UUID, on: date) -> SeenPlan:
    """A plan of the account's institution, its students cut to those whom it sees; a look at each is recorded first.

    Raises NotAllowed and NotTheirs.
    """
    _require_planner(principal)
    with home.database.write(principal.acting) as session:
        plan = _plan(session, principal, plan_id)
        seen = visible_students(principal, on)
        stops = _stops(session, plan_id, VisitPlanStopRow.student_id.in_(seen))
        booked = select(VisitRow).where(VisitRow.plan_id == plan_id, VisitRow.student_id.in_(seen))
        for stop in stops:
            audit.record_look(
                session, actor=principal.login, action="see visit plan", institution=plan.institution,
                student_id=stop.student_id, detail={"plan": str(plan.id)},
            )  # fmt: skip
        return SeenPlan(plan=plan, stops=tuple(stops), visits=tuple(session.scalars(booked)))


def unsay_benefits(session: Session, made_before: datetime) -> None:
    """Take the benefits, which are probabilities, out of older plans, and the digest that one could be tried against."""
    older = select(VisitPlanRow.id).where(VisitPlanRow.made_at < made_before)
    session.execute(update(VisitPlanStopRow).where(VisitPlanStopRow.plan_id.in_(older)).values(benefit=0.0))
    session.execute(update(VisitPlanRow).where(VisitPlanRow.id.in_(older)).values(digest=""))


def _candidates(
    session: Session,
    principal: Principal,
    publication: PublicationRow | None,
    student_ids: Sequence[UUID] | None,
    week: date,
    on: date,
) -> Iterator[Candidate]:
    booked = select(VisitRow.student_id).where(
        VisitRow.institution == principal.institution, VisitRow.week == week, VisitRow.status != CANCELLED
    )
    visited = set(session.scalars(booked))
    if student_ids is None:
        listed = access.list_entries(session, principal, publication.id, on) if publication else []
        student_ids = sorted(
            one.student_id for one in listed if (one.band == LISTED or one.must_see) and one.student_id not in visited
        )
        if len(student_ids) > MOST_STUDENTS:
            raise CareRefused("body.students", "too_many_on_the_list")
    else:
        _require_theirs(session, principal, principal.institution, student_ids, on)
    places = access.list_places(session, principal, publication.id, student_ids, on) if publication else []
    place_of = {one.student_id: one for one in places}
    for student_id in student_ids:
        yield _candidate(student_id, place_of.get(student_id), has_visit=student_id in visited)


def _require_theirs(
    session: Session, principal: Principal, institution: str, student_ids: Sequence[UUID], on: date
) -> None:
    seen = visible_students(principal, on).where(StudentRow.institution == institution)
    theirs = set(session.scalars(seen.where(StudentRow.student_id.in_(student_ids))))
    for student_id in student_ids:
        if student_id not in theirs:
            raise NotTheirs(student_id)


def _candidate(student_id: UUID, entry: SeenEntry | None, *, has_visit: bool) -> Candidate:
    return Candidate(
        student_id=student_id,
        must_see=entry is not None and bool(entry.must_see),
        rank=entry.rank if entry else None,
        probability=entry.probability if entry and entry.band != UNKNOWN else None,
        has_visit=has_visit,
    )


def _require_planner(principal: Principal) -> None:
    if not principal.may(Permission.PLAN_VISITS):
        raise NotAllowed(
            f"The role '{principal.role.name}' plans no visits. · บทบาท '{principal.role.label.th}' วางแผนการเยี่ยมบ้านไม่ได้"
        )


def _require_week(week: date, on: date) -> None:
    """Raises CareRefused for a week in which nothing can be booked any more, or not yet."""
    if week < monday_of(on):
        raise CareRefused("body.week", "week_is_over")
    if week > monday_of(on) + visits.WEEKS_AHEAD * WEEK:
        raise CareRefused("body.week", "too_far_ahead")


def _plan(session: Session, principal: Principal, plan_id: UUID) -> VisitPlanRow:
    plan = session.get(VisitPlanRow, plan_id)
    if plan is None or plan.institution not in principal.institutions:
        raise NotTheirs(None)
    return plan


def _stops(session: Session, plan_id: UUID, *cut: ColumnElement[bool]) -> list[VisitPlanStopRow]:
    """Team by team in the order of their way; those left out last."""
    rows = session.scalars(select(VisitPlanStopRow).where(VisitPlanStopRow.plan_id == plan_id, *cut))
    return sorted(rows, key=lambda row: (row.team is None, row.team or 0, row.position or 0, row.student_id))


def _digest(week: date, team_minutes: Sequence[int], stops: Sequence[Stop]) -> str:
    said = [week.isoformat(), list(team_minutes), [asdict(stop) for stop in stops]]
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()


def _record(session: Session, principal: Principal, action: str, plan: VisitPlanRow) -> None:
    detail: dict[str, str | int] = {"plan": str(plan.id), "week": plan.week.isoformat()}
    audit.record_look(session, actor=principal.login, action=action, institution=plan.institution, detail=detail)
