"""The API: one's own students, expiry, the rule list, and a document that says exactly this."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from records import audit
from records.lists import RULE_LIST, STALE_AFTER_DAYS
from tests.browser.sample_college import AS_OF, MARK, MODEL_DIGEST, SampleCollege

SignIn = Callable[..., TestClient]
CURRENT = "/api/v1/lists/current"


def risk(student: object) -> str:
    return f"/api/v1/students/{student}/risk"


def test_the_list_holds_ones_own_students(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(CURRENT).json()
    shown = [student["student_id"] for student in answer["students"]]
    own = [str(student) for student in college.students["kru.a"]]
    assert shown == [*own[:9], own[-1]]  # four to visit, five to talk to, one whom only a rule says to see
    assert [student["band"] for student in answer["students"]] == ["high"] * 4 + ["watch"] * 5 + [None]
    assert answer["capacity"] == {"visits_per_week": 8, "rows_per_advisor": 5, "is_default": False}


def test_the_risk_of_ones_own_student(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(risk(college.students["kru.a"][0])).json()
    reasons = answer.pop("reasons")
    assert answer == {
        "student_id": str(college.students["kru.a"][0]),
        "probability": 0.62,
        "band": "high",
        "as_of": "2025-11-17",
        "expires": "2025-12-01",
        "stale": False,
        "model": MODEL_DIGEST,
        "horizon": "days_56",
        "must_see": [],
        "domains": {"attendance": 2.2, "grades": 0.95, "household": 0.2, "screening": 0.0, "standing": -0.35},
    }
    assert reasons[0] == {
        "feature": "missed_run_now",
        "label": {"th": "ขาดติดต่อกันถึงวันนี้", "en": "Run of absence up to now"},
        "value": 6.0,
        "unit": "days",
        "contribution": 1.31,
        "sentence": {
            "th": "ขาดติดต่อกันมาแล้ว 6 วันเรียนจนถึงวันล่าสุดที่บันทึก",
            "en": "absent for the last 6 recorded teaching days in a row",
        },
        "asks": {
            "th": "ถามเรื่องสุขภาพ การเดินทาง งานพิเศษ และสิ่งที่ทำให้มาเรียนไม่ได้",
            "en": "Ask about health, travel, paid work and what keeps them from coming",
        },
        "changeable": True,
        "domain": "attendance",
    }


def test_household_is_named_by_feature_only_to_those_who_may(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    as_advisor, as_committee = (
        signed_in(college, login).get(risk(student)).json()["reasons"][-1] for login in ("kru.a", "care")
    )
    assert (as_advisor["feature"], as_advisor["value"]) == ("household", None)
    assert (as_committee["feature"], as_committee["value"]) == ("income_per_head", 1350.0)


def test_anothers_student_is_not_found_and_the_try_is_recorded(college: SampleCollege, signed_in: SignIn) -> None:
    browser, foreign = signed_in(college, "kru.a"), college.students["kru.b"][0]
    refused, unknown = browser.get(risk(foreign)), browser.get(risk(uuid4()))
    assert refused.status_code == unknown.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"
    assert {**refused.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    with college.home.database.read() as session:
        looks = [(row.actor, row.action) for row in audit.looks_at(session, foreign)]
    assert looks == [("kru.a", "refused student")]


@pytest.mark.parametrize("login", ["ana", "root"])
def test_analyst_and_administrator_see_no_student(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    browser = signed_in(college, login)
    answers = [browser.get(CURRENT), browser.get(risk(college.students["kru.a"][0])), browser.get("/")]
    assert [answer.status_code for answer in answers] == [403, 404, 200]
    assert not any(MARK in answer.text for answer in answers)


def test_nobody_signed_in_gets_401(college: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(college)
    for path in (CURRENT, risk(uuid4()), "/openapi.json"):
        answer = browser.get(path)
        assert answer.status_code == 401
        assert answer.json()["title"] == "Sign in first"


def test_a_word_that_is_no_uuid_is_refused_and_not_repeated(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(risk("1819900000001"))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"at": "path.student_id", "why": "uuid_parsing"}]


def test_no_list_yet(unpublished: SampleCollege, signed_in: SignIn) -> None:
    assert signed_in(unpublished, "kru.a").get(CURRENT).status_code == 404


def test_the_rule_list_gives_no_probability(college: SampleCollege, signed_in: SignIn) -> None:
    college.publish(model_digest=RULE_LIST)
    answer = signed_in(college, "kru.a").get(risk(college.students["kru.a"][0])).json()
    assert (answer["model"], answer["probability"], answer["band"]) == (RULE_LIST, None, "high")


@pytest.mark.parametrize(("days", "stale"), [(STALE_AFTER_DAYS, False), (STALE_AFTER_DAYS + 1, True)])
def test_an_expired_score_is_not_handed_out(college: SampleCollege, signed_in: SignIn, days: int, stale: bool) -> None:
    browser = signed_in(college, "kru.a", today=AS_OF + timedelta(days=days))
    answer = browser.get(risk(college.students["kru.a"][0])).json()
    assert answer["stale"] is stale
    assert (answer["band"] is None, answer["probability"] is None) == (stale, stale)
    assert {student["band"] for student in browser.get(CURRENT).json()["students"][:9]} == (
        {None} if stale else {"high", "watch"}
    )


def test_the_document_names_what_there_is(college: SampleCollege, signed_in: SignIn) -> None:
    document = signed_in(college, "ana").get("/openapi.json").json()
    operations = {
        (path, method): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == {
        ("/api/v1/lists/current", "get"): "readCurrentList",
        ("/api/v1/students/{student_id}/risk", "get"): "readStudentRisk",
    }
    schemas = document["components"]["schemas"]
    assert {"RiskAnswer", "ListAnswer", "ReasonAnswer", "Problem"} <= set(schemas)
    assert all(schemas[name]["additionalProperties"] is False for name in ("RiskAnswer", "ListAnswer", "Problem"))


def test_health_and_readiness(unpublished: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(unpublished)
    assert browser.get("/healthz").json() == {"status": "alive"}
    waiting = browser.get("/readyz")
    assert (waiting.status_code, waiting.json()["published"]) == (503, False)
    unpublished.publish()
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready", "database": True, "vault": True, "published": True, "newest_list_age_days": 1,
    }  # fmt: skip
