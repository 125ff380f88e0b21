"""Plans of home visits: a proposal of who is visited by which team, and its acceptance, which books the visits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi.responses import JSONResponse

from records import care, idempotency, visit_plans
from records.access import Principal
from records.care import CareRefused
from records.errors import NotAllowed
from records.idempotency import Answered
from records.roles import Permission
from records.visit_plans import SeenPlan
from records.visits import WeekIsFull
from serving.answers import Conflict
from serving.api.asking import OnceKey, answer_once, asked_once, invalid, limited, problems, topic
from serving.api.care import refusals
from serving.api.care_schemas import iso_week, monday_of_week
from serving.api.plan_schemas import (
    AcceptedPlan,
    BookedVisit,
    LeftOutAnswer,
    PlaceAnswer,
    PlanAnswer,
    SentPlan,
    StopAnswer,
    TeamAnswer,
)
from serving.api.planning import LEFT_OUT, planned, sends_benefit
from serving.api.telling import words
from serving.desk import AtDesk, Desk, SignedIn

router = topic("visits")
PLANS_A_MINUTE = 20


@router.post(
    "/visit-plans",
    operation_id="proposeVisits",
    summary="Propose who is visited in a week by which team",
    description="Nothing is booked. The benefit of the visits is made as large as the teams' minutes and the visits of the "
    "week allow; must-see students come first. Everybody who is left out is told with the reason.",
    response_model=PlanAnswer,
    status_code=201,
    responses=problems(403, 404, 409, 413, 429),
    dependencies=[limited("planning_visits", PLANS_A_MINUTE)],
)
def propose_visits(desk: AtDesk, reader: SignedIn, once: OnceKey, sent: SentPlan) -> JSONResponse:
    care.require_permission(desk.home, reader, Permission.PLAN_VISITS)
    _require_sense(sent)
    asked = asked_once(reader, "proposeVisits", once, sent)

    def answer() -> Answered:
        made = idempotency.answered_before(desk.home.database, asked) or _proposed(desk, reader, asked, sent)
        seen = visit_plans.see_plan(desk.home, reader, UUID(made.body["plan_id"]), desk.today())
        return replace(made, body=_told(sent, seen, made.body["capacity_left"]).model_dump(mode="json"))

    with _conflicts(desk, reader):
        return answer_once(answer)


@router.post(
    "/visit-plans/{plan_id}:accept",
    operation_id="acceptVisits",
    summary="Accept a proposal: book its visits, all or none",
    description="Other proposals of the week are replaced. Accepted again it answers the same and books nothing more.",
    response_model=AcceptedPlan,
    responses=problems(403, 404, 409, 429),
    dependencies=[limited("planning_visits", PLANS_A_MINUTE)],
)
def accept_visits(desk: AtDesk, reader: SignedIn, once: OnceKey, plan_id: UUID) -> JSONResponse:
    care.require_permission(desk.home, reader, Permission.PLAN_VISITS)
    asked, now, on = asked_once(reader, "acceptVisits", once, str(plan_id)), datetime.now(UTC), desk.today()

    def change(session: Any) -> Answered:
        visit_plans.accept(session, reader, plan_id, on=on, at=now)
        return Answered(status=200, body={"plan_id": str(plan_id)})

    def answer() -> Answered:
        made = idempotency.once(desk.home.database, asked, now=now, change=change)
        seen = visit_plans.see_plan(desk.home, reader, plan_id, on)
        return replace(made, body=_accepted(seen).model_dump(mode="json"))

    with _conflicts(desk, reader, at="path.plan_id"):
        return answer_once(answer)


@contextmanager
def _conflicts(desk: Desk, reader: Principal, at: str | None = None) -> Iterator[None]:
    """What the records refuse of a plan, as 409 (`at`: where a request without a body is wrong); tries are recorded."""
    try:
        with refusals(desk, reader):
            try:
                yield
            except CareRefused as refused:
                raise Conflict(at or refused.at, refused.why) from None
            except WeekIsFull:
                raise Conflict(at or "body.week", "week_is_full") from None
    except NotAllowed:
        care.refuse_care(desk.home, reader)


def _require_sense(sent: SentPlan) -> None:
    """Raises a 422 for a place or team that was not sent, a student twice, and a benefit of some alone."""
    students = sent.students or []
    if sent.students is None and len(sent.places) != 1:
        raise invalid("body.students", "places_not_known")
    known: set[UUID] = set()
    for position, one in enumerate(students):
        if one.place >= len(sent.places):
            raise invalid(f"body.students.{position}.place", "no_such_place")
        if one.student_id in known:
            raise invalid(f"body.students.{position}.student_id", "given_twice")
        if (one.benefit is None) != (students[0].benefit is None):
            raise invalid(f"body.students.{position}.benefit", "for_all_or_for_none")
        known.add(one.student_id)


def _proposed(desk: Desk, reader: Principal, asked: idempotency.Asked, sent: SentPlan) -> Answered:
    """Kept with the proposal are its id and the visits left: whoever asks again is told the rest as it is now."""
    week, now = monday_of_week(sent.week), datetime.now(UTC)
    named = [one.student_id for one in sent.students] if sent.students else None
    grounds = visit_plans.grounds(desk.home, reader, named, week=week, on=desk.today())
    stops, capacity_left = planned(grounds, sent, desk.today())

    def change(session: Any) -> Answered:
        plan_id = visit_plans.propose(
            session,
            reader,
            institution=grounds.institution,
            week=week,
            team_minutes=[team.minutes for team in sent.teams],
            stops=stops,
            on=desk.today(),
            at=now,
        )
        return Answered(status=201, body={"plan_id": str(plan_id), "capacity_left": capacity_left})

    return idempotency.once(desk.home.database, asked, now=now, change=change)


def _told(sent: SentPlan, seen: SeenPlan, capacity_left: int) -> PlanAnswer:
    def place(position: int) -> PlaceAnswer:
        return PlaceAnswer(position=position, name=sent.places[position].name)

    return PlanAnswer.model_validate(
        {
            "plan_id": seen.plan.id,
            "week": iso_week(seen.plan.week),
            "status": seen.plan.status,
            "benefit": "sent" if sends_benefit(sent) else "listed_risk",
            "total_benefit": round(sum(stop.benefit for stop in seen.stops if stop.team is not None), 6),
            "teams": [_day(sent, seen, team) for team in range(len(sent.teams))],
            "left_out": [
                LeftOutAnswer.model_validate(
                    {
                        "student_id": stop.student_id,
                        "place": place(stop.place),
                        "why": stop.why,
                        "reason": words(LEFT_OUT[stop.why]),
                    }
                )
                for stop in seen.stops
                if stop.team is None
            ],
            "capacity_left": capacity_left,
        }
    )


def _day(sent: SentPlan, seen: SeenPlan, team: int) -> TeamAnswer:
    stops = [stop for stop in seen.stops if stop.team == team]
    travel = sum(sent.places[place].travel_minutes for place in {stop.place for stop in stops})
    return TeamAnswer(
        team=team,
        people=sent.teams[team].people,
        minutes=sent.teams[team].minutes,
        minutes_used=travel + sum(stop.minutes for stop in stops),
        stops=[
            StopAnswer(
                student_id=stop.student_id,
                place=PlaceAnswer(position=stop.place, name=sent.places[stop.place].name),
                minutes=stop.minutes,
                benefit=stop.benefit,
                two_person=stop.why == visit_plans.PLACED_WITH_TWO,
                locked=stop.locked,
            )
            for stop in stops
        ],
    )


def _accepted(seen: SeenPlan) -> AcceptedPlan:
    visits = {visit.student_id: visit.id for visit in seen.visits}
    booked = [
        BookedVisit(
            visit_id=visits[stop.student_id],
            student_id=stop.student_id,
            team=stop.team,
            two_person=stop.why == visit_plans.PLACED_WITH_TWO,
        )
        for stop in seen.stops
        if stop.team is not None and stop.student_id in visits
    ]
    return AcceptedPlan.model_validate(
        {
            "plan_id": seen.plan.id,
            "week": iso_week(seen.plan.week),
            "status": seen.plan.status,
            "accepted_at": seen.plan.accepted_at,
            "visits": booked,
        }
    )
