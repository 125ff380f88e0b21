"""Who plans visits over the API in tests: a college with some visits a week, a plan of five, and what is answered."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from sqlalchemy import select

from records.care_tables import CANCELLED, VisitRow
from records.list_tables import CapacityRow
from serving.app import create_app
from tests.browser.sample_college import AS_OF, INSTITUTION, TODAY, SampleCollege
from tests.functional.every_asker import session_of

PLANS = "/api/v1/visit-plans"
WEEK, MONDAY = "2025-W48", date(2025, 11, 24)
PLACE_NAME = "บ้านป่าแป๋ ต.ทดสอบ"
Body = dict[str, Any]


def room_for(college: SampleCollege, visits_per_week: int) -> None:
    with college.home.database.write() as session:
        session.add(
            CapacityRow(institution=INSTITUTION, valid_from=AS_OF, visits_per_week=visits_per_week, rows_per_advisor=5)
        )


def planner(college: SampleCollege, role: str = "committee", *, today: date = TODAY) -> TestClient:
    app = create_app(college.home, today=lambda: today, hosts=("testserver",))
    client = TestClient(app, base_url="https://testserver", follow_redirects=False)
    client.cookies.set("__Host-session", session_of(college, role))
    return client


def body(college: SampleCollege, **others: Any) -> Body:
    """Three near students of the first group and two far ones of the second, for two teams of three hours."""
    near, far = college.students["kru.a"], college.students["kru.b"]
    return {
        "week": WEEK,
        "teams": [{"people": 1, "minutes": 180}, {"people": 2, "minutes": 180}],
        "places": [{"name": PLACE_NAME, "travel_minutes": 40}, {"name": "บ้านดอย", "travel_minutes": 100}],
        "students": [
            *({"student_id": str(one), "place": 0} for one in near[2:5]),
            *({"student_id": str(one), "place": 1} for one in far[:2]),
        ],
        **others,
    }


def propose(client: TestClient, sent: Body, once: str = "") -> Any:
    return client.post(PLANS, json=sent, headers={"Idempotency-Key": once or uuid4().hex})


def accept(client: TestClient, plan_id: str, once: str = "") -> Any:
    return client.post(f"{PLANS}/{plan_id}:accept", headers={"Idempotency-Key": once or uuid4().hex})


def problem(answer: Any) -> tuple[int, str, str]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["at"], error["why"]


def booked(college: SampleCollege) -> list[UUID]:
    with college.home.database.read() as session:
        return list(session.scalars(select(VisitRow.student_id).where(VisitRow.status != CANCELLED)))


def of_teams(answer: Body) -> list[list[str]]:
    return [[stop["student_id"] for stop in team["stops"]] for team in answer["teams"]]


def book(college: SampleCollege, *students: UUID) -> None:
    client = planner(college)
    for student in students:
        sent = {"student_id": str(student), "week": WEEK}
        answer = client.post("/api/v1/visits", json=sent, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 201, answer.text
