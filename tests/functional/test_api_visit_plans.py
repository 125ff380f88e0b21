"""Plans of visits over the API: proposed for whom one sees, and accepted once, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from records import access, ledger, staff, visit_plans
from records.audit import AuditRow
from records.care import NotTheirs
from records.care_tables import VisitPlanRow, VisitPlanStopRow, VisitRow
from records.college import Institution
from records.erasure import erase
from records.staff import IdempotencyRow
from records.visit_plans import Stop
from tests.browser.sample_college import INSTITUTION, TODAY, SampleCollege
from tests.functional.api_programs import program, served
from tests.functional.planners import (
    MONDAY,
    PLACE_NAME,
    WEEK,
    accept,
    body,
    book,
    booked,
    of_teams,
    planner,
    problem,
    propose,
    room_for,
)  # fmt: skip


@pytest.fixture
def planning(college: SampleCollege) -> SampleCollege:
    """The college with room for six visits a week."""
    room_for(college, 6)
    return college


@pytest.mark.both_engines
def test_a_proposal_is_told_whole_and_books_nothing(planning: SampleCollege) -> None:
    sent = body(planning)
    sent["students"].append({"student_id": str(planning.students["kru.a"][9]), "place": 1, "visit_minutes": 100})
    answer = propose(planner(planning), sent)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert (told["status"], told["week"], told["benefit"], told["capacity_left"]) == (
        "proposed",
        WEEK,
        "listed_risk",
        1,
    )
    assert sorted(sorted(team) for team in of_teams(told)) == sorted(
        [sorted(map(str, planning.students["kru.a"][2:5])), sorted(map(str, planning.students["kru.b"][:2]))]
    )
    assert sorted((team["minutes_used"], team["minutes"]) for team in told["teams"]) == [(145, 180), (170, 180)]
    stops = [stop for team in told["teams"] for stop in team["stops"]]
    assert {stop["place"]["name"] for stop in stops} == {PLACE_NAME, "บ้านดอย"}
    assert told["total_benefit"] == pytest.approx(0.207 + 0.155 + 0.124 + 0.62 + 0.31)
    [left] = told["left_out"]
    assert (left["student_id"], left["why"]) == (str(planning.students["kru.a"][9]), "too_far")
    assert "ไกล" in left["reason"]["th"]
    assert left["reason"]["en"]
    assert booked(planning) == []


@pytest.mark.both_engines
def test_what_is_kept_names_no_place_and_every_student_was_looked_at(planning: SampleCollege) -> None:
    plan_id = propose(planner(planning), body(planning)).json()["plan_id"]
    with planning.home.database.read() as session:
        [plan] = session.scalars(select(VisitPlanRow))
        stops = session.scalars(select(VisitPlanStopRow)).all()
        [kept] = session.scalars(select(IdempotencyRow.answer))
        looks = session.scalars(select(AuditRow).where(AuditRow.action == "see visit plan")).all()
        [made] = session.scalars(select(AuditRow).where(AuditRow.action == "propose visit plan"))
    assert (str(plan.id), plan.week, plan.teams, plan.minutes_per_team) == (plan_id, MONDAY, 2, 180)
    assert plan.made_by is not None
    assert {stop.place for stop in stops} == {0, 1}
    assert kept == {"plan_id": plan_id, "capacity_left": 1}
    assert {look.student_id for look in looks} == {stop.student_id for stop in stops}
    assert made.detail["plan"] == plan_id


@pytest.mark.both_engines
def test_accepting_books_once_and_answers_the_same_again(planning: SampleCollege) -> None:
    client = planner(planning)
    sent = body(planning)
    sent["students"][0]["two_person"] = True
    proposal, other = propose(client, sent).json(), propose(client, body(planning)).json()
    first, repeated = (
        accept(client, proposal["plan_id"], "a-key-of-ours"),
        accept(client, proposal["plan_id"], "a-key-of-ours"),
    )
    again = accept(client, proposal["plan_id"])
    assert first.status_code == 200, first.text
    assert first.json() == repeated.json() == again.json()
    assert (repeated.headers["idempotent-replayed"], "idempotent-replayed" in again.headers) == ("true", False)
    visited = first.json()["visits"]
    assert {one["student_id"] for one in visited} == {one for team in of_teams(proposal) for one in team}
    assert [one["student_id"] for one in visited if one["two_person"]] == [sent["students"][0]["student_id"]]
    assert len(booked(planning)) == 5
    with planning.home.database.read() as session:
        statuses = {str(plan.id): plan.status for plan in session.scalars(select(VisitPlanRow))}
        flagged = session.scalars(select(VisitRow.student_id).where(VisitRow.two_person.is_(True))).all()
    assert statuses == {proposal["plan_id"]: "accepted", other["plan_id"]: "replaced"}
    assert [str(one) for one in flagged] == [sent["students"][0]["student_id"]]
    assert problem(accept(client, other["plan_id"])) == (409, "path.plan_id", "replaced")
    assert len(booked(planning)) == 5


@pytest.mark.both_engines
def test_two_who_accept_at_once_book_once(planning: SampleCollege) -> None:
    """Two plans of one week: one is accepted, the other replaced by it. One plan twice: both are told the same."""
    client = planner(planning)
    plans = [propose(client, body(planning)).json()["plan_id"] for _ in range(2)]
    askers = [planner(planning, "counsellor") for _ in range(4)]
    for asker in askers:  # an application puts its routes together at its first request
        assert asker.get("/api/v1/me").status_code == 200
    start = Barrier(4)

    def accepting(asker: TestClient, plan_id: str) -> tuple[str, Any]:
        start.wait()
        return plan_id, accept(asker, plan_id)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(accepting, askers, plans * 2))
    assert sorted(answer.status_code for _, answer in answers) == [200, 200, 409, 409]
    assert len({plan_id for plan_id, answer in answers if answer.status_code == 200}) == 1
    assert len(booked(planning)) == 5


@pytest.mark.both_engines
def test_a_full_week_books_nobody(planning: SampleCollege) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning)).json()["plan_id"]
    book(planning, *planning.students["kru.b"][5:7])
    assert problem(accept(client, plan_id)) == (409, "path.plan_id", "week_is_full")
    assert len(booked(planning)) == 2
    with planning.home.database.read() as session:
        assert session.scalar(select(VisitPlanRow.status)) == "proposed"


@pytest.mark.both_engines
def test_somebody_elses_student_is_404_and_recorded(planning: SampleCollege) -> None:
    sent, stranger = body(planning), uuid4()
    sent["students"][1]["student_id"] = str(stranger)
    assert propose(planner(planning), sent).status_code == 404
    with planning.home.database.read() as session:
        actions = session.scalars(select(AuditRow.action).where(AuditRow.student_id == stranger)).all()
        assert session.scalar(select(func.count()).select_from(VisitPlanRow)) == 0
    assert actions == ["refused student"]


def test_another_institution_has_no_such_plan(planning: SampleCollege) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning)).json()["plan_id"]
    assert accept(client, str(uuid4())).status_code == 404
    elsewhere = Institution(code="999", name_th="อื่น", name_en="Other")
    ledger.add_institution(planning.home.database, elsewhere)
    with planning.home.database.write() as session:
        session.execute(update(VisitPlanRow).values(institution=elsewhere.code))
    assert accept(client, plan_id).status_code == 404
    assert booked(planning) == []


@pytest.mark.parametrize(
    "role", ["advisor", "department_head", "scholarship", "director", "analyst", "data_steward", "admin"]
)
def test_who_plans_no_visits_is_refused(planning: SampleCollege, role: str) -> None:
    plan_id = propose(planner(planning), body(planning)).json()["plan_id"]
    client = planner(planning, role)
    assert propose(client, body(planning)).status_code == 403
    assert accept(client, plan_id).status_code == 403
    assert booked(planning) == []


def test_a_key_needs_both_rights(planning: SampleCollege) -> None:
    assert propose(program(planning, "PLAN_VISITS"), body(planning)).status_code == 404
    assert propose(program(planning, "SEE_ALL_STUDENTS"), body(planning)).status_code == 403
    machine = program(planning, "PLAN_VISITS", "SEE_ALL_STUDENTS")
    assert accept(machine, propose(machine, body(planning)).json()["plan_id"]).status_code == 200


def test_a_plan_is_accepted_without_whoever_was_erased(planning: SampleCollege) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning), "a-key-of-ours").json()["plan_id"]
    gone = planning.students["kru.a"][2]
    erase(planning.home, INSTITUTION, gone, actor="root", reason="คำขอที่ 1")
    again = propose(client, body(planning), "a-key-of-ours")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert str(gone) not in again.text
    assert len(accept(client, plan_id).json()["visits"]) == 4


def test_an_account_that_no_longer_sees_a_student_books_nobody(
    planning: SampleCollege, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning)).json()["plan_id"]
    with planning.home.database.write() as session:
        student = session.get(access.StudentRow, (INSTITUTION, 2))
        assert student is not None
        session.delete(student)
    assert problem(accept(client, plan_id)) == (409, "path.plan_id", "a_student_has_left")
    assert booked(planning) == []


def test_a_plan_of_nobody_cannot_be_accepted(planning: SampleCollege) -> None:
    client = planner(planning)
    told = propose(client, body(planning, teams=[{"people": 1, "minutes": 30}])).json()
    assert {one["why"] for one in told["left_out"]} == {"too_far"}
    assert problem(accept(client, told["plan_id"])) == (409, "path.plan_id", "visits_nobody")


def test_a_visit_says_which_plan_it_is_of(planning: SampleCollege) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning)).json()["plan_id"]
    accept(client, plan_id)
    page = client.get("/api/v1/visits", params={"week": WEEK}).json()
    assert {visit["plan_id"] for visit in page["visits"]} == {plan_id}
    assert len(page["visits"]) == 5


def test_our_own_client_proposes_and_accepts(planning: SampleCollege) -> None:
    with served(planning, "PLAN_VISITS", "SEE_ALL_STUDENTS") as client:
        proposal = client.propose_visits(body(planning))
        accepted = client.accept_visits(proposal["plan_id"])
        assert {visit["plan_id"] for visit in client.visits(week=WEEK)} == {proposal["plan_id"]}
    assert [one["student_id"] for one in accepted["visits"]] == [one for team in of_teams(proposal) for one in team]


def test_whoever_was_booked_meanwhile_stops_the_whole_plan(planning: SampleCollege) -> None:
    client = planner(planning)
    plan_id = propose(client, body(planning)).json()["plan_id"]
    book(planning, planning.students["kru.a"][2])
    assert problem(accept(client, plan_id)) == (409, "path.plan_id", "has_a_visit_that_week")
    assert booked(planning) == [planning.students["kru.a"][2]]


@pytest.mark.both_engines
def test_nobody_is_kept_who_was_erased_while_the_plan_was_made(planning: SampleCollege) -> None:
    stop = Stop(
        student_id=uuid4(), team=0, position=0, place=0, benefit=0.5, minutes=35, locked=False, why="placed"
    )  # fmt: skip
    with planning.home.database.read() as session:
        account = staff.account_by_login(session, "care")
    assert account is not None
    asked = {"institution": INSTITUTION, "week": MONDAY, "team_minutes": [180], "stops": [stop]}
    with planning.home.database.write() as session, pytest.raises(NotTheirs):
        visit_plans.propose(session, access.principal_of(account), **asked, on=TODAY, at=datetime.now(UTC))
    with planning.home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(VisitPlanStopRow)) == 0
