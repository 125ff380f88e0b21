"""A student's risk as a FHIR R4 RiskAssessment: valid by the rules of R4, and silent where our own answer is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from records.lists import RULE_LIST, STALE_AFTER_DAYS
from tests.browser.sample_college import AS_OF, MARK, MODEL_DIGEST, UNKNOWN_FROM, SampleCollege
from tests.functional.api_programs import program
from tests.functional.fhir_r4 import faults

Change = Callable[[dict[str, Any]], object]
ACCEPT = {"Accept": "application/fhir+json"}


def assessment(machine: TestClient, student: object, **headers: str) -> dict[str, Any]:
    answer = machine.get(f"/api/v1/students/{student}/risk", headers={**ACCEPT, **headers})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    resource: dict[str, Any] = answer.json()
    return resource


def test_field_by_field(college: SampleCollege) -> None:
    student = college.students["kru.a"][0]
    resource = assessment(program(college, "SEE_ALL_STUDENTS"), student, **{"Accept-Language": "en-GB, th;q=0.5"})
    assert faults(resource) == []
    assert resource["subject"]["reference"] == f"urn:uuid:{student}"
    assert resource["method"]["coding"][0]["code"] == MODEL_DIGEST
    assert (resource["status"], resource["occurrenceDateTime"], resource["language"]) == ("final", "2025-11-17", "en")
    [prediction] = resource["prediction"]
    assert prediction["probabilityDecimal"] == 62.0  # in percent, as R4 counts
    assert prediction["qualitativeRisk"]["coding"][0]["code"] == "high"
    assert prediction["whenPeriod"] == {"start": "2025-11-17", "end": "2026-01-12"}
    assert prediction["rationale"].startswith("absent for the last 6 recorded teaching days in a row · ")
    assert resource["basis"][0]["identifier"]["value"] == "missed_run_now"
    assert resource["mitigation"].startswith("Ask about health, travel, paid work")
    assert MARK not in str(resource)


def test_household_stays_a_domain_without_permission(college: SampleCollege) -> None:
    student = college.students["kru.a"][0]
    without, allowed = (
        assessment(program(college, *scopes), student)["basis"][-1]["identifier"]["value"]
        for scopes in (("SEE_ALL_STUDENTS",), ("SEE_ALL_STUDENTS", "SEE_HOUSEHOLD"))
    )
    assert (without, allowed) == ("household", "income_per_head")


@pytest.mark.parametrize("place", [0, 1, 5, 9, UNKNOWN_FROM])
@pytest.mark.parametrize("language", ["th", "en"])
def test_every_kind_of_student_is_valid(college: SampleCollege, place: int, language: str) -> None:
    machine = program(college, "SEE_ALL_STUDENTS")
    resource = assessment(machine, college.students["kru.a"][place], **{"Accept-Language": language})
    assert faults(resource) == []
    assert resource["language"] == language


def test_of_whom_too_little_is_known_no_assessment_was_made(college: SampleCollege) -> None:
    resource = assessment(program(college, "SEE_ALL_STUDENTS"), college.students["kru.a"][UNKNOWN_FROM])
    assert resource["status"] == "cancelled"
    assert not {"prediction", "basis", "mitigation"} & set(resource)
    assert any("การมาเรียน" in note["text"] or "ข้อมูลยังไม่พอ" in note["text"] for note in resource["note"])


def test_an_expired_score_predicts_nothing(college: SampleCollege) -> None:
    machine = program(college, "SEE_ALL_STUDENTS", today=AS_OF + timedelta(days=STALE_AFTER_DAYS + 1))
    resource = assessment(machine, college.students["kru.a"][0])
    assert faults(resource) == []
    assert not {"prediction", "mitigation"} & set(resource)
    assert "0.62" not in str(resource)
    assert "62.0" not in str(resource)


def test_the_rule_list_has_no_probability(college: SampleCollege) -> None:
    college.publish(model_digest=RULE_LIST)
    resource = assessment(program(college, "SEE_ALL_STUDENTS"), college.students["kru.a"][0])
    assert faults(resource) == []
    assert "probabilityDecimal" not in resource["prediction"][0]
    assert resource["prediction"][0]["qualitativeRisk"]["coding"][0]["code"] == "high"


def test_anothers_student_is_a_problem_not_a_resource(college: SampleCollege) -> None:
    answer = program(college, "PUBLISH").get(f"/api/v1/students/{college.students['kru.a'][0]}/risk", headers=ACCEPT)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.pop("status"), "RiskAssessment.status: is missing"),
        (lambda one: one.pop("subject"), "RiskAssessment.subject: is missing"),
        (lambda one: one.update(status="done"), "is none of"),
        (lambda one: one.update(probability=0.4), "R4 has no such element"),
        (lambda one: one["prediction"][0].update(probabilityDecimal=101), "ras-2"),
        (lambda one: one["prediction"][0].update(whenPeriod={"start": "2025-11-17", "end": "2025-11-10"}), "per-1"),
        (lambda one: one["prediction"][0].update(rationale=""), "does not match"),
        (lambda one: one.update(basis=[]), "a list that is not empty"),
        (lambda one: one.update(occurrenceDateTime="17/11/2568"), "does not match"),
        (lambda one: one.update(occurrencePeriod={"start": "2025-11-17"}), "only one of"),
        (lambda one: one["text"].update(div="<p>x</p>"), "txt-1"),
        (lambda one: one["note"][0].pop("text"), "ele-1"),
    ],
)  # fmt: skip
def test_the_rules_find_what_is_wrong(college: SampleCollege, change: Change, said: str) -> None:
    resource = assessment(program(college, "SEE_ALL_STUDENTS"), college.students["kru.a"][0])
    change(resource)
    assert any(said in fault for fault in faults(resource)), faults(resource)
