"""The API: one's own students, expiry, the absence rule, and a document that says exactly this."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from records import audit
from records.lists import RULE_LIST, STALE_AFTER_DAYS, current_publication, entries_of
from tests.browser.sample_college import AS_OF, INSTITUTION, MARK, MODEL_DIGEST, RATES_TERM, UNKNOWN_FROM, SampleCollege

SignIn = Callable[..., TestClient]
CURRENT = "/api/v1/lists/current"


def risk(student: object) -> str:
    return f"/api/v1/students/{student}/risk"


def test_the_list_holds_ones_own_students(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(CURRENT).json()
    shown = [student["student_id"] for student in answer["students"]]
    own = [str(student) for student in college.students["kru.a"]]
    assert shown == [*own[:9], own[-1]]  # four to visit, five to talk to, one whom only a rule says to see
    assert [student["band"] for student in answer["students"]] == ["high"] * 4 + ["watch"] * 5 + ["unknown"]
    assert answer["capacity"] == {"visits_per_week": 8, "rows_per_advisor": 5, "is_default": False}


def test_the_risk_of_ones_own_student(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(risk(college.students["kru.a"][0])).json()
    told = {"reasons", "what_if", "domains", "domain_shares"}
    assert {name: value for name, value in answer.items() if name not in told} == {
        "student_id": str(college.students["kru.a"][0]),
        "probability": 0.62,
        "cut_off": None,
        "listed_probability": None,
        "band": "high",
        "as_of": "2025-11-17",
        "expires": "2025-12-01",
        "stale": False,
        "model": MODEL_DIGEST,
        "horizon": "days_56",
        "must_see": [],
        "observed": {"band": "high", "term": RATES_TERM, "rate": 0.1375, "low": 0.1202, "high": 0.1789},
        "missing": [],
        "unknown_domains": [],
    }
    assert answer["domains"] == {
        "attendance": 2.2, "grades": 0.95, "household": 0.2, "screening": 0.0, "standing": -0.35,
    }  # fmt: skip
    assert answer["domain_shares"] == {
        "attendance": 0.6567, "grades": 0.2836, "household": 0.0597, "screening": 0.0, "standing": 0.0,
    }  # fmt: skip


def test_the_reasons_and_levers_of_ones_own_student(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(risk(college.students["kru.a"][0])).json()
    what_if = answer["what_if"]
    assert [(lever["effect"], lever["leaves"]) for lever in what_if] == [
        ("much", False),
        ("much", False),
        ("clear", True),
    ]
    assert what_if[2]["now"]["en"] == "absent for the last 6 recorded teaching days in a row"
    assert what_if[1]["now"] is None
    assert answer["reasons"][0] == {
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


def test_what_is_not_known_is_told_as_missing(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][5]
    as_advisor, as_committee = (
        signed_in(college, login).get(risk(student)).json()["missing"] for login in ("kru.a", "care")
    )
    assert as_advisor[0] == {
        "feature": "score_mean_term",
        "label": {"th": "คะแนนเก็บเฉลี่ยในภาคเรียนนี้", "en": "Mean score of work this term"},
        "contribution": 0.22,
        "sentence": {
            "th": "ยังไม่มีข้อมูล: คะแนนเก็บเฉลี่ยในภาคเรียนนี้",
            "en": "not known yet: Mean score of work this term",
        },
        "domain": "grades",
    }
    assert (as_advisor[1]["feature"], as_committee[1]["feature"]) == ("household", "works_parttime")


def test_what_was_seen_of_each_band_is_told_once(college: SampleCollege, signed_in: SignIn) -> None:
    answer = signed_in(college, "kru.a").get(CURRENT).json()
    high, watch, none = answer["observed"]
    assert high == {"band": "high", "term": RATES_TERM, "rate": 0.1375, "low": 0.1202, "high": 0.1789}
    assert watch == {"band": "watch", "term": RATES_TERM, "rate": None, "low": None, "high": None}  # four leavers
    assert (none["band"], none["rate"]) == ("none", 0.004)


def test_of_whom_too_little_is_known_there_is_no_score(college: SampleCollege, signed_in: SignIn) -> None:
    browser, unknown = signed_in(college, "kru.a"), college.students["kru.a"][UNKNOWN_FROM]
    listed, answer = browser.get(CURRENT).json(), browser.get(risk(unknown)).json()
    assert {one["student_id"] for one in listed["not_assessed"]} == {
        str(student) for student in college.students["kru.a"][UNKNOWN_FROM:]
    }
    assert listed["not_assessed"][0]["unknown_domains"] == ["attendance", "grades"]
    assert answer["band"] == "unknown"
    assert answer["unknown_domains"] == ["attendance", "grades"]
    assert (answer["probability"], answer["observed"]) == (None, None)
    assert [answer[name] for name in ("reasons", "missing", "what_if", "domains", "domain_shares")] == [
        [],
        [],
        [],
        {},
        {},
    ]


def test_a_score_stored_of_whom_too_little_is_known_is_not_handed_out(
    college: SampleCollege, signed_in: SignIn
) -> None:
    """Whatever is stored: with no band there is no number."""
    unknown = college.students["kru.a"][UNKNOWN_FROM]
    with college.home.database.read() as session:
        publication = current_publication(session, INSTITUTION)
        assert publication is not None
        entries = entries_of(session, publication.id)
    reason = {"feature": "missed_run_now", "value": 6.0, "contribution": 1.0}
    told = [
        replace(entry, probability=0.77, reasons=[reason], missing=[reason], domains={"attendance": 1.0})
        for entry in entries
    ]
    college.publish_with(entries=told)
    answer = signed_in(college, "kru.a").get(risk(unknown)).json()
    assert (answer["probability"], answer["reasons"], answer["missing"], answer["domains"]) == (None, [], [], {})


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
    assert (answer["observed"], answer["what_if"]) == (None, [])


@pytest.mark.parametrize(("days", "stale"), [(STALE_AFTER_DAYS, False), (STALE_AFTER_DAYS + 1, True)])
def test_an_expired_score_is_not_handed_out(college: SampleCollege, signed_in: SignIn, days: int, stale: bool) -> None:
    browser = signed_in(college, "kru.a", today=AS_OF + timedelta(days=days))
    answer = browser.get(risk(college.students["kru.a"][0])).json()
    assert answer["stale"] is stale
    assert (answer["band"] is None, answer["probability"] is None) == (stale, stale)
    assert (answer["observed"] is None, answer["what_if"] == []) == (stale, stale)
    listed = browser.get(CURRENT).json()
    assert {student["band"] for student in listed["students"][:9]} == ({None} if stale else {"high", "watch"})
    assert (listed["observed"] == [], listed["not_assessed"] == []) == (stale, stale)


def test_the_document_names_what_there_is(college: SampleCollege, signed_in: SignIn) -> None:
    document = signed_in(college, "ana").get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert {
        "RiskAnswer",
        "ListAnswer",
        "ReasonAnswer",
        "MissingAnswer",
        "ObservedAnswer",
        "LeverAnswer",
        "Problem",
    } <= set(schemas)
    told = schemas["RiskAnswer"]["properties"]
    assert all(
        "description" in told[name] for name in ("observed", "missing", "domain_shares", "what_if", "probability")
    )
    assert all(schemas[name]["additionalProperties"] is False for name in ("RiskAnswer", "ListAnswer", "Problem"))


def test_health_and_readiness(unpublished: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(unpublished)
    assert browser.get("/healthz").json() == {"status": "alive"}
    waiting = browser.get("/readyz")
    assert (waiting.status_code, waiting.json()["published"]) == (503, False)
    unpublished.publish()
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
