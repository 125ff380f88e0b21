"""Contacts and ratings over the API: once for their key, only of one's own students, with what may be read alone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from records import audit
from records.care_tables import AdvisorRatingRow, ContactRow
from serving.client import ApiProblem
from tests.browser.sample_college import TODAY, SampleCollege
from tests.functional.api_programs import program, publication_id, served

pytestmark = pytest.mark.both_engines

SignIn = Callable[..., TestClient]
STUDENTS = "/api/v1/students"
TALK: dict[str, Any] = {
    "happened_on": TODAY.isoformat(), "mode": "PHONE", "result": "MET_GUARDIAN", "reason_codes": ["R05", "R08"],
}  # fmt: skip


def write(browser: TestClient, student: Any, once: str = "", **others: Any) -> Any:
    headers = {"Idempotency-Key": once or uuid4().hex}
    return browser.post(f"{STUDENTS}/{student}/contacts", json={**TALK, **others}, headers=headers)


def rows_of(college: SampleCollege, table: Any) -> int:
    with college.home.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def actions(college: SampleCollege, student: Any) -> list[tuple[str, str]]:
    with college.home.database.read() as session:
        return [(row.actor, row.action) for row in audit.looks_at(session, student)]


def test_a_contact_is_written_once_for_its_key_and_read_by_who_sees_the_student(
    college: SampleCollege, signed_in: SignIn
) -> None:
    own = college.students["kru.a"][0]
    advisor = signed_in(college, "kru.a")
    first, again = (write(advisor, own, once="the-same-key") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert rows_of(college, ContactRow) == 1
    told = first.json()
    assert told["mode"] == {"code": "PHONE", "label": {"th": "โทรศัพท์", "en": "telephone"}}
    assert told["publication_id"] == publication_id(college)
    page = signed_in(college, "care").get(f"{STUDENTS}/{own}/contacts").json()
    assert [one["contact_id"] for one in page["contacts"]] == [told["contact_id"]]
    assert page["next"] is None
    assert actions(college, own) == [("kru.a", "write contact"), ("care", "see contacts")]


def test_a_key_used_for_another_student_or_content_is_refused(college: SampleCollege, signed_in: SignIn) -> None:
    advisor, (one, other) = signed_in(college, "kru.a"), college.students["kru.a"][:2]
    assert write(advisor, one, once="the-same-key").status_code == 201
    assert write(advisor, one, once="the-same-key", mode="HOME").status_code == 422
    assert write(advisor, other, once="the-same-key").status_code == 201, "a key counts for its student"
    assert rows_of(college, ContactRow) == 2


def test_reasons_of_health_and_disability_are_for_who_wrote_them_and_who_may_read_such(
    college: SampleCollege, signed_in: SignIn
) -> None:
    own = college.students["kru.a"][0]
    assert [one["code"] for one in write(signed_in(college, "kru.a"), own).json()["reasons"]] == ["R05", "R08"]

    def read(login: str) -> list[str]:
        [contact] = signed_in(college, login).get(f"{STUDENTS}/{own}/contacts").json()["contacts"]
        return [one["code"] for one in contact["reasons"]]

    assert (read("kru.a"), read("care")) == (["R05", "R08"], ["R05"])


def test_anothers_student_is_not_found_and_the_try_is_recorded(college: SampleCollege, signed_in: SignIn) -> None:
    other, advisor = college.students["kru.b"][0], signed_in(college, "kru.a")
    asked = [
        write(advisor, other),
        advisor.get(f"{STUDENTS}/{other}/contacts"),
        advisor.put(f"{STUDENTS}/{other}/advisor-rating", json={"rating": "TRUST"}),
    ]
    nobody = write(advisor, uuid4())
    assert [answer.status_code for answer in (*asked, nobody)] == [404] * 4
    assert actions(college, other) == [("kru.a", "refused student")] * 3
    assert rows_of(college, ContactRow) == rows_of(college, AdvisorRatingRow) == 0


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"happened_on": "2025-11-19"}, "body.happened_on"),
        ({"happened_on": "2024-11-17"}, "body.happened_on"),
        ({"happened_on": "2568-11-18"}, "body.happened_on"),
        ({"mode": "FAX"}, "body.mode"),
        ({"result": "met"}, "body.result"),
        ({"reason_codes": ["R11"]}, "body.reason_codes.0"),
        ({"note": "แม่ไม่สบาย"}, "body"),
    ],
)
def test_what_is_no_code_or_day_is_refused_and_nothing_is_kept(
    college: SampleCollege, signed_in: SignIn, changes: dict[str, Any], at: str
) -> None:
    answer = write(signed_in(college, "kru.a"), college.students["kru.a"][0], **changes)
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)
    assert "แม่" not in answer.text
    assert rows_of(college, ContactRow) == 0


def test_who_sees_students_and_writes_no_care_is_refused(college: SampleCollege, signed_in: SignIn) -> None:
    own = college.students["kru.a"][0]
    assert write(signed_in(college, "head"), own).status_code == 403
    assert signed_in(college, "head").get(f"{STUDENTS}/{own}/contacts").status_code == 200
    assert program(college, "RECORD_CARE").get(f"{STUDENTS}/{own}/contacts").status_code == 404
    assert write(program(college, "RECORD_CARE"), own).status_code == 404
    assert actions(college, own)[0] == ("head", "refused care")


def test_a_rating_is_put_and_tells_whether_the_score_was_seen(college: SampleCollege, signed_in: SignIn) -> None:
    own, advisor = college.students["kru.a"][0], signed_in(college, "kru.a")

    def put(rating: str) -> Any:
        return advisor.put(f"{STUDENTS}/{own}/advisor-rating", json={"rating": rating})

    first = put("TRUST")
    assert first.status_code == 200
    assert (first.json()["week"], first.json()["rating"]["code"], first.json()["score_seen"]) == (
        "2025-W47",
        "TRUST",
        False,
    )
    assert put("TRUST").json() == first.json()
    assert advisor.get(f"{STUDENTS}/{own}/risk").status_code == 200
    assert put("TRUST").json() == first.json()
    assert put("CLOSE").json()["score_seen"] is True
    assert rows_of(college, AdvisorRatingRow) == 1
    assert put("WORSE").status_code == 422
    machine = program(college, "SEE_ALL_STUDENTS", "RECORD_CARE")
    assert machine.put(f"{STUDENTS}/{own}/advisor-rating", json={"rating": "TRUST"}).status_code == 403


def test_our_client_writes_and_reads_contacts(college: SampleCollege) -> None:
    own = str(college.students["kru.a"][0])
    with served(college, "SEE_ALL_STUDENTS", "RECORD_CARE") as client:
        made = client.write_contact(own, TALK, once="the-same-key")
        assert client.write_contact(own, TALK, once="the-same-key") == made
        assert made["account_id"] is None
        for _ in range(3):
            client.write_contact(own, {**TALK, "result": "NOT_HOME"})
        assert [one["result"]["code"] for one in client.contacts(own, limit=2)] == ["NOT_HOME"] * 3 + ["MET_GUARDIAN"]
        with pytest.raises(ApiProblem) as problem:
            client.rate(own, "TRUST")
        assert problem.value.status == 403
