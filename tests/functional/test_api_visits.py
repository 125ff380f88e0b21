"""Home visits over the API: booked within the week's places, changed from a known version, and never twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from records import audit
from records.care_tables import VisitRow
from records.home import open_home
from records.lists import CapacityRow
from serving.api.care_schemas import iso_week
from serving.app import create_app
from tests.browser.sample_college import AS_OF, INSTITUTION, TODAY, SampleCollege
from tests.functional.api_programs import program, served
from tests.functional.every_asker import session_of

pytestmark = pytest.mark.both_engines

SignIn = Callable[..., TestClient]
VISITS = "/api/v1/visits"
WEEK, NEXT_WEEK = "2025-W47", "2025-W48"
FOUND = {"status": "done", "mode": "HOME", "result": "MET_STUDENT", "reason_codes": ["R04", "R05"], "minutes": 40}
AT_ONCE, ROUNDS = 8, 20


def room(college: SampleCollege, visits_per_week: int) -> None:
    with college.home.database.write() as session:
        session.merge(
            CapacityRow(institution=INSTITUTION, valid_from=AS_OF, visits_per_week=visits_per_week, rows_per_advisor=5)
        )


@pytest.fixture
def open_college(college: SampleCollege) -> SampleCollege:
    room(college, 2)
    return college


def book(browser: TestClient, student: Any, week: str = WEEK, once: str = "", **others: Any) -> Any:
    sent = {"student_id": str(student), "week": week, **others}
    return browser.post(VISITS, json=sent, headers={"Idempotency-Key": once or uuid4().hex})


def change(browser: TestClient, visit: Any, etag: str, **changes: Any) -> Any:
    return browser.patch(f"{VISITS}/{visit['visit_id']}", json=changes, headers={"If-Match": etag})


def standing(college: SampleCollege) -> int:
    with college.home.database.read() as session:
        return session.scalar(select(func.count()).select_from(VisitRow).where(VisitRow.status != "cancelled")) or 0


def test_a_visit_is_booked_once_for_its_key(open_college: SampleCollege, signed_in: SignIn) -> None:
    student, care = open_college.students["kru.a"][0], signed_in(open_college, "care")
    first, again = (book(care, student, once="the-same-key", two_person=True) for _ in range(2))
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    assert again.json() == first.json()
    assert (first.json()["week"], first.json()["status"], first.json()["two_person"]) == (WEEK, "planned", True)
    assert standing(open_college) == 1
    with open_college.home.database.read() as session:
        assert [row.action for row in audit.looks_at(session, student)] == ["book visit"]


def test_a_full_week_says_where_there_is_a_place(open_college: SampleCollege, signed_in: SignIn) -> None:
    care, students = signed_in(open_college, "care"), open_college.students["kru.a"]
    for student in students[:2]:
        assert book(care, student).status_code == 201
    assert book(care, students[0], NEXT_WEEK).status_code == 201
    full = book(care, students[2])
    assert (full.status_code, full.headers["content-type"]) == (409, "application/problem+json")
    told = full.json()
    assert (told["title"], told["errors"]) == ("The week is full", [{"at": "body.week", "why": "week_is_full"}])
    assert (told["visits_per_week"], told["next_free_week"], told["next_free_visits"]) == (2, NEXT_WEEK, 1)
    assert book(care, students[0]).json()["errors"] == [{"at": "body.student_id", "why": "has_a_visit_that_week"}]
    room(open_college, 0)
    assert book(care, students[3]).json()["errors"] == [{"at": "body.week", "why": "no_visits_a_week"}]


@pytest.mark.parametrize(
    ("sent", "status", "errors"),
    [
        ({"week": "2025-W46"}, 409, [{"at": "body.week", "why": "week_is_over"}]),
        ({"week": "2027-W01"}, 409, [{"at": "body.week", "why": "too_far_ahead"}]),
        ({"planned_on": "2025-11-24"}, 409, [{"at": "body.planned_on", "why": "not_in_that_week"}]),
        ({"week": "2025-W53"}, 422, [{"at": "body.week", "why": "value_error"}]),
        ({"week": "2568-W47"}, 409, [{"at": "body.week", "why": "too_far_ahead"}]),
        ({"note": "บ้านอยู่หลังวัด"}, 422, [{"at": "body", "why": "extra_forbidden"}]),
    ],
)
def test_what_cannot_be_booked(
    open_college: SampleCollege, signed_in: SignIn, sent: dict[str, Any], status: int, errors: list[dict[str, str]]
) -> None:
    answer = book(signed_in(open_college, "care"), open_college.students["kru.a"][0], **sent)
    assert (answer.status_code, answer.json()["errors"]) == (status, errors)
    assert standing(open_college) == 0


def test_a_change_names_the_version_that_it_was_made_from(open_college: SampleCollege, signed_in: SignIn) -> None:
    care = signed_in(open_college, "care")
    visit = book(care, open_college.students["kru.a"][0]).json()
    without = care.patch(f"{VISITS}/{visit['visit_id']}", json={"unsafe": True})
    assert (without.status_code, without.json()["title"]) == (428, "Name the version: If-Match with its ETag")
    first = change(care, visit, '"1"', unsafe=True, planned_on="2025-11-20")
    assert (first.status_code, first.headers["etag"], first.json()["version"]) == (200, '"2"', 2)
    assert first.json()["planned_on"] == "2025-11-20"
    stale = change(care, visit, '"1"', unsafe=False)
    assert (stale.status_code, stale.headers["content-type"]) == (412, "application/problem+json")
    assert stale.json()["title"] == "Somebody was faster: read it again"
    assert change(care, visit, '"2"', planned_on=None, two_person=True).json()["planned_on"] is None
    for sent in ({}, {"status": None}, {"student_id": str(uuid4())}, {"minutes": -1}):
        assert change(care, visit, '"3"', **sent).status_code == 422


def test_an_advisor_writes_down_what_a_visit_found_and_moves_nothing(
    open_college: SampleCollege, signed_in: SignIn
) -> None:
    care, advisor = signed_in(open_college, "care"), signed_in(open_college, "kru.a")
    own, others = (open_college.students[login][0] for login in ("kru.a", "kru.b"))
    visit, foreign = book(care, own).json(), book(care, others).json()
    assert book(advisor, own, NEXT_WEEK).status_code == 403
    assert change(advisor, visit, '"1"', status="cancelled").status_code == 403
    assert change(advisor, foreign, '"1"', **FOUND).status_code == 404
    assert change(advisor, {"visit_id": uuid4()}, '"1"', **FOUND).status_code == 404
    assert change(advisor, visit, '"1"', status="done", mode="HOME").status_code == 409
    done = change(advisor, visit, '"1"', **FOUND)
    assert (done.status_code, done.json()["status"], done.json()["minutes"]) == (200, "done", 40)
    assert [one["code"] for one in done.json()["reasons"]] == ["R04", "R05"]
    shown = care.get(VISITS, params={"week": WEEK, "status": "done"}).json()["visits"]
    assert [one["code"] for one in shown[0]["reasons"]] == ["R05"], "health is for those who may read such"
    with open_college.home.database.read() as session:
        assert [row.action for row in audit.looks_at(session, others)] == ["book visit", "refused student"]


def test_visits_are_read_by_page_of_ones_own_students_alone(open_college: SampleCollege, signed_in: SignIn) -> None:
    room(open_college, 9)
    care = signed_in(open_college, "care")
    for login in ("kru.a", "kru.b"):
        for student in open_college.students[login][:3]:
            assert book(care, student, WEEK if login == "kru.a" else NEXT_WEEK).status_code == 201
    own = {str(student) for student in open_college.students["kru.a"]}
    page = signed_in(open_college, "kru.a").get(VISITS).json()
    assert {one["student_id"] for one in page["visits"]} <= own
    assert len(page["visits"]) == 3
    with served(open_college, "SEE_ALL_STUDENTS") as client:
        found = list(client.visits(limit=2))
        assert [one["week"] for one in found] == [NEXT_WEEK] * 3 + [WEEK] * 3
        assert len({one["visit_id"] for one in found}) == 6
    foreign = care.get(VISITS, params={"week": NEXT_WEEK, "limit": 1}).json()["next"]
    answer = signed_in(open_college, "kru.a").get(VISITS, params={"cursor": foreign})
    assert answer.json()["errors"] == [{"at": "query.cursor", "why": "unknown_cursor"}]
    assert care.get(VISITS, params={"week": "2025-W53"}).status_code == 422
    assert signed_in(open_college, "ana").get(VISITS).status_code == 403


def test_our_client_books_and_changes_visits(open_college: SampleCollege) -> None:
    student = str(open_college.students["kru.a"][0])
    with served(open_college, "SEE_ALL_STUDENTS", "PLAN_VISITS") as client:
        visit = client.book_visit({"student_id": student, "week": WEEK}, once="the-same-key")
        assert client.book_visit({"student_id": student, "week": WEEK}, once="the-same-key") == visit
        changed = client.change_visit(visit, {"status": "cancelled"})
        assert (changed["status"], changed["version"]) == ("cancelled", 2)
        assert [one["version"] for one in client.visits(week=WEEK, status="cancelled")] == [2]


# At the same moment


@pytest.fixture
def committees(open_college: SampleCollege) -> Iterator[list[TestClient]]:
    """Browsers of the committee and the counsellor at four services, each with connections of its own."""
    with ExitStack() as closing:
        browsers = []
        for _ in range(AT_ONCE // 2):
            home = open_home(open_college.home.settings)
            closing.callback(home.close)
            app = create_app(home, today=lambda: TODAY, hosts=("testserver",))
            for role in ("committee", "counsellor"):
                browser = TestClient(app, base_url="https://testserver")
                browser.cookies.set("__Host-session", session_of(replace(open_college, home=home), role))
                assert (
                    browser.get(VISITS).status_code == 200
                )  # an application puts its routes together when first asked
                browsers.append(browser)
        yield browsers


def together(browsers: list[TestClient], ask: Callable[[int, TestClient], Any]) -> list[Any]:
    """Everybody asks at the same moment."""
    start = Barrier(len(browsers))

    def run(place: int) -> Any:
        start.wait()
        return ask(place, browsers[place])

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(run, range(len(browsers))))


def test_of_eight_who_book_the_last_visit_of_the_week_at_once_exactly_one_gets_it(
    open_college: SampleCollege, committees: list[TestClient]
) -> None:
    students = open_college.students["kru.a"]
    room(open_college, 1)
    for number in range(ROUNDS):
        week = iso_week(AS_OF + timedelta(weeks=number))
        answers = together(committees, lambda place, browser, week=week: book(browser, students[place], week))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert {one["errors"][0]["why"] for one in refused} == {"week_is_full"}
        assert {one["next_free_week"] for one in refused} == {iso_week(AS_OF + timedelta(weeks=number + 1))}
    assert standing(open_college) == ROUNDS
    assert audit.verify(open_college.home.database).sound


def test_of_eight_who_change_one_visit_at_once_exactly_one_does(
    open_college: SampleCollege, committees: list[TestClient]
) -> None:
    visit = book(committees[0], open_college.students["kru.a"][0]).json()
    for version in range(1, 6):
        answers = together(
            committees, lambda place, browser, tag=f'"{version}"': change(browser, visit, tag, attempt=None, unsafe=bool(place % 2))
        )  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)


def test_of_eight_who_book_the_same_student_at_once_exactly_one_does(
    open_college: SampleCollege, committees: list[TestClient]
) -> None:
    room(open_college, AT_ONCE)
    student: UUID = open_college.students["kru.a"][0]
    answers = together(committees, lambda _, browser: book(browser, student))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    assert standing(open_college) == 1


def test_a_machine_plans_with_its_own_scope(open_college: SampleCollege) -> None:
    student = open_college.students["kru.a"][0]
    assert book(program(open_college, "SEE_ALL_STUDENTS"), student).status_code == 403
    assert book(program(open_college, "PLAN_VISITS"), student).status_code == 404
    assert book(program(open_college, "SEE_ALL_STUDENTS", "PLAN_VISITS"), student).json()["booked_by"] is None
