"""What a visit found, written down by one and read and changed by others: nobody is told more, and nothing is lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from records import visit_plans
from records.care_tables import VisitPlanRow, VisitPlanStopRow
from records.list_tables import ListEntryRow
from records.retention import prune
from records.staff import CaseloadRow
from tests.browser.sample_college import SampleCollege
from tests.functional.planners import body, planner, problem, propose, room_for
from tests.functional.test_api_visits import FOUND, VISITS, WEEK, book, change

SignIn = Callable[..., TestClient]
ALL_REASONS = ["R04", "R05", "R08"]


@pytest.fixture
def open_college(college: SampleCollege) -> SampleCollege:
    room_for(college, 6)
    return college


def reasons(browser: TestClient) -> list[str]:
    [visit] = browser.get(VISITS).json()["visits"]
    return [one["code"] for one in visit["reasons"]]


def test_whoever_changes_a_visit_is_told_no_more_of_its_reasons(open_college: SampleCollege, signed_in: SignIn) -> None:
    counsellor, advisor = planner(open_college, "counsellor"), signed_in(open_college, "kru.a")
    visit = book(counsellor, open_college.students["kru.a"][0]).json()
    assert change(counsellor, visit, '"1"', **{**FOUND, "reason_codes": ALL_REASONS}).status_code == 200
    assert reasons(advisor) == ["R05"]
    touched = change(advisor, visit, '"2"', minutes=41).json()
    assert [one["code"] for one in touched["reasons"]] == reasons(advisor) == ["R05"]
    added = change(advisor, visit, '"3"', reason_codes=["R06"]).json()
    assert [one["code"] for one in added["reasons"]] == ["R06"]
    assert reasons(counsellor) == ["R04", "R06", "R08"]  # what the advisor was not told stays


def test_who_wrote_a_reason_goes_on_reading_it(open_college: SampleCollege, signed_in: SignIn) -> None:
    care, advisor = signed_in(open_college, "care"), signed_in(open_college, "kru.a")
    visit = book(care, open_college.students["kru.a"][0]).json()
    assert change(advisor, visit, '"1"', **FOUND).status_code == 200
    assert change(care, visit, '"2"', unsafe=True).status_code == 200
    assert reasons(advisor) == ["R04", "R05"]
    assert reasons(care) == ["R05"]


def test_what_the_log_knows_a_visit_by_stays(open_college: SampleCollege, signed_in: SignIn) -> None:
    care = signed_in(open_college, "care")
    visit = book(care, open_college.students["kru.a"][0]).json()
    found = change(care, visit, '"1"', **FOUND).json()
    assert (found["attempt"], found["planned_on"]) == (1, "2025-11-18")
    for at, sent in (
        ("body.result", {"status": "referred", "result": None}),
        ("body.mode", {"mode": None}),
        ("body.attempt", {"attempt": 2}),
        ("body.planned_on", {"planned_on": "2025-11-17"}),
    ):
        assert problem(change(care, visit, '"2"', **sent)) == (409, at, "stays_once_done")


def test_a_referred_visit_that_found_something_has_its_day_and_may_be_done(
    open_college: SampleCollege, signed_in: SignIn
) -> None:
    care = signed_in(open_college, "care")
    visit = book(care, open_college.students["kru.a"][0]).json()
    referred = change(care, visit, '"1"', status="referred", mode="HOME", result="NOT_HOME").json()
    assert referred["planned_on"] == "2025-11-18"
    assert change(care, visit, '"2"', status="done").json()["status"] == "done"


def test_an_advisor_writes_down_a_visit_that_was_made_before_its_day(
    open_college: SampleCollege, signed_in: SignIn
) -> None:
    care, advisor = signed_in(open_college, "care"), signed_in(open_college, "kru.a")
    visit = book(care, open_college.students["kru.a"][0], WEEK, planned_on="2025-11-21").json()
    done = change(advisor, visit, '"1"', **FOUND)
    assert (done.status_code, done.json()["planned_on"]) == (200, "2025-11-18")


def test_who_has_lost_the_student_is_not_told_an_answer_again(open_college: SampleCollege, signed_in: SignIn) -> None:
    advisor, student = signed_in(open_college, "kru.a"), open_college.students["kru.a"][0]
    contact = {"happened_on": "2025-11-18", "mode": "PHONE", "result": "MET_GUARDIAN", "reason_codes": []}

    def write() -> int:
        path, once = f"/api/v1/students/{student}/contacts", {"Idempotency-Key": "the-same-key"}
        return advisor.post(path, json=contact, headers=once).status_code

    assert [write(), write()] == [201, 201]
    with open_college.home.database.write() as session:
        session.execute(update(CaseloadRow).values(valid_to=CaseloadRow.valid_from))
    assert write() == 404


def test_a_plan_counts_no_probability_that_is_told_nowhere(open_college: SampleCollege) -> None:
    asked = body(open_college)
    unknown = asked["students"][0]["student_id"]
    with open_college.home.database.write() as session:
        row = update(ListEntryRow).where(ListEntryRow.student_id == UUID(unknown))
        session.execute(row.values(band="unknown", unknown_domains=["attendance"]))
    told = propose(planner(open_college), asked).json()
    [benefit] = [stop["benefit"] for team in told["teams"] for stop in team["stops"] if stop["student_id"] == unknown]
    assert benefit < 0.002


def test_a_list_of_more_students_than_a_plan_takes_is_refused(
    open_college: SampleCollege, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit_plans, "MOST_STUDENTS", 1)
    asked = {**body(open_college), "places": [{"name": "ก", "travel_minutes": 20}]}
    del asked["students"]
    assert problem(propose(planner(open_college), asked)) == (409, "body.students", "too_many_on_the_list")


def test_a_rating_after_a_plan_is_no_second_reading(open_college: SampleCollege) -> None:
    asked, committee = body(open_college), planner(open_college)
    student = asked["students"][0]["student_id"]
    assert propose(committee, asked).status_code == 201
    rated = committee.put(f"/api/v1/students/{student}/advisor-rating", json={"rating": "TRUST"})
    assert rated.json()["score_seen"] is True


def test_a_plan_loses_its_probabilities_when_scores_are_deleted(open_college: SampleCollege) -> None:
    assert propose(planner(open_college), body(open_college)).status_code == 201

    def kept() -> list[tuple[bool, bool]]:
        with open_college.home.database.read() as session:
            stops = session.scalars(select(VisitPlanStopRow)).all()
            plans = session.scalars(select(VisitPlanRow)).all()
            return [(any(stop.benefit for stop in stops), any(plan.digest for plan in plans))]

    made = datetime.now(UTC)
    with open_college.home.database.write() as session:
        session.execute(update(VisitPlanRow).values(week=made.date()))  # a plan of this week, not of the college's year
    prune(open_college.home, now=made + timedelta(days=139), dry_run=False)
    assert kept() == [(True, True)]
    prune(open_college.home, now=made + timedelta(days=141), dry_run=False)
    assert kept() == [(False, False)]
