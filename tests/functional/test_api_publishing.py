"""A finished list from a program: published once for its key, refused where it does not fit, committed before the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from features.catalogue import FINGERPRINT
from records import lists, staff
from records.audit import AuditRow
from records.lists import RULE_LIST, PublicationRow
from records.staff import IdempotencyRow
from tests.browser.sample_college import INSTITUTION, SampleCollege
from tests.functional.api_programs import program, promoted_model, publication_id

Change = Callable[[dict[str, Any]], object]
LISTS = "/api/v1/lists"


@pytest.fixture
def open_college(college: SampleCollege) -> SampleCollege:
    """The college with room for four visits a week, and five rows for each advisor."""
    with college.home.database.write() as session:
        session.add(
            lists.CapacityRow(institution=INSTITUTION, valid_from=college_day(), visits_per_week=4, rows_per_advisor=5)
        )
    return college


def college_day() -> Any:
    from tests.browser.sample_college import AS_OF

    return AS_OF


def finished(college: SampleCollege, model: str = RULE_LIST) -> dict[str, Any]:
    """Four to visit of the first group, one more row for it and five for the second; the last is not known."""
    students = [*college.students["kru.a"], *college.students["kru.b"]]
    bands = ["high"] * 4 + ["watch"] + ["none"] * 9 + ["watch"] * 5 + ["none"] * 8 + ["unknown"]
    order = sorted(range(len(students)), key=lambda place: bands[place] == "unknown")
    return {
        "institution": INSTITUTION,
        "as_of": "2025-11-17",
        "model": model,
        "catalogue_fingerprint": FINGERPRINT,
        "ledger_number": 1,
        "entries": [
            {
                "student_id": str(students[place]), "rank": rank, "band": bands[place],
                "cause": "rank" if bands[place] in ("high", "watch") else "",
                "logit": None if model == RULE_LIST else -rank / 10, "ordering": -rank / 10, "cut_off": -1.0,
                "listed_probability": float(bands[place] in ("high", "watch")),
                "must_see": ["absent_run_notice"] if rank == 1 else [],
                "reasons": [{"feature": "missed_run_now", "value": 6.0, "contribution": 1.1}],
                "missing": [], "unknown_domains": ["grades"] if bands[place] == "unknown" else [],
                "domains": {"attendance": 1.1},
            }
            for rank, place in enumerate(order, start=1)
        ],
    }  # fmt: skip


def sent(machine: TestClient, body: dict[str, Any], once: str = "a-key-of-ours") -> Any:
    return machine.post(LISTS, json=body, headers={"Idempotency-Key": once})


def count(college: SampleCollege, table: Any) -> int:
    with college.home.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_finished_list_is_published_and_shown(open_college: SampleCollege) -> None:
    machine = program(open_college, "PUBLISH", "SEE_ALL_STUDENTS")
    answer = sent(machine, finished(open_college))
    assert (answer.status_code, answer.json()["outcome"]) == (201, "published")
    shown = machine.get(f"{LISTS}/{answer.json()['publication_id']}").json()
    assert [one["band"] for one in shown["students"]] == ["high"] * 4 + ["watch"] * 6
    assert shown["capacity"] == {"visits_per_week": 4, "rows_per_advisor": 5, "is_default": False}
    assert {one["class_group"] for one in shown["students"]} == {"ชย.1/1", "ชย.1/2"}
    with open_college.home.database.read() as session:
        [look] = session.scalars(select(AuditRow).where(AuditRow.action == "publish list")).all()
    assert look.detail["outcome"] == "published"
    assert look.actor.startswith("key:")


def test_the_same_key_changes_once(open_college: SampleCollege) -> None:
    machine, body = program(open_college, "PUBLISH"), finished(open_college)
    first, again = sent(machine, body), sent(machine, body)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert count(open_college, PublicationRow) == 2
    assert sent(machine, body, "another-key-1").json()["outcome"] == "same"


def test_the_same_key_for_something_else_is_refused(open_college: SampleCollege) -> None:
    machine, body = program(open_college, "PUBLISH"), finished(open_college)
    sent(machine, body)
    body["entries"][0]["must_see"] = []
    answer = sent(machine, body)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"at": "header.idempotency-key", "why": "used_for_another_content"}],
    )
    assert sent(program(open_college, "PUBLISH"), body).json()["outcome"] == "published"  # keys are of who asks


def test_a_commit_that_fails_is_no_success_and_can_be_sent_again(open_college: SampleCollege) -> None:
    machine, body = program(open_college, "PUBLISH", raise_server_exceptions=False), finished(open_college)

    def fail(session: Session) -> None:
        if any(isinstance(one, IdempotencyRow) for one in session.new):
            raise OSError("the disk went away")

    event.listen(Session, "before_commit", fail)
    try:
        answer = sent(machine, body)
    finally:
        event.remove(Session, "before_commit", fail)
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "request_id"}
    assert (count(open_college, IdempotencyRow), count(open_college, PublicationRow)) == (0, 1)
    assert sent(machine, body).status_code == 201
    assert (count(open_college, IdempotencyRow), count(open_college, PublicationRow)) == (1, 2)


@pytest.mark.parametrize(
    ("change", "status", "at", "why"),
    [
        (lambda one: one.update(school="x"), 422, "body", "extra_forbidden"),
        (lambda one: one["entries"][0].update(probability=0.9), 422, "body.entries.0", "extra_forbidden"),
        (lambda one: one["entries"][0].update(rank=2), 422, "body", "value_error"),
        (lambda one: one.update(as_of="2025-11-18"), 422, "body", "value_error"),
        (lambda one: one.update(as_of="2025-11-24"), 422, "body.as_of", "in_the_future"),
        (lambda one: one["entries"][0].update(reasons=[{"feature": "nose", "value": 1, "contribution": 1}]),
         422, "body.entries.0.reasons.0", "value_error"),
        (lambda one: one["entries"][0].update(student_id=str(uuid4())),
         422, "body.entries.0.student_id", "not_of_this_institution"),
        (lambda one: one["entries"][4].update(band="high"), 422, "body.entries", "more_high_than_visits_a_week"),
        (lambda one: [entry.update(band="watch", cause="rank") for entry in one["entries"][5:14]],
         422, "body.entries", "more_rows_than_an_advisor_has"),
        (lambda one: one["entries"][0].update(ordering=-9), 422, "body.entries", "rank_against_ordering"),
        (lambda one: (one["entries"][3].update(band="none", cause=""), one["entries"][7].update(band="high", cause="rank")),
         422, "body.entries", "high_not_first"),
        (lambda one: one.update(ledger_number=2), 422, "body.ledger_number", "not_known"),
        (lambda one: one.update(catalogue_fingerprint="0" * 64), 409, "body.catalogue_fingerprint", "another_catalogue"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    open_college: SampleCollege, change: Change, status: int, at: str, why: str
) -> None:
    body = finished(open_college)
    change(body)
    answer = sent(program(open_college, "PUBLISH"), body)
    assert (answer.status_code, answer.json()["errors"][0]) == (status, {"at": at, "why": why})
    assert (count(open_college, PublicationRow), count(open_college, IdempotencyRow)) == (1, 0)


def test_a_group_without_an_advisor_has_nobody_to_watch(open_college: SampleCollege) -> None:
    with open_college.home.database.write() as session:
        for row in session.scalars(select(staff.CaseloadRow)):
            row.valid_to = row.valid_from
    answer = sent(program(open_college, "PUBLISH"), finished(open_college))
    assert answer.json()["errors"] == [{"at": "body.entries", "why": "watched_without_an_advisor"}]


def test_only_the_model_in_charge_publishes(open_college: SampleCollege, tmp_path: Path) -> None:
    machine = program(open_college, "PUBLISH", "SEE_ALL_STUDENTS")
    digest = promoted_model(open_college, tmp_path)
    refused = sent(machine, finished(open_college))
    assert refused.json()["errors"] == [{"at": "body.model", "why": "not_in_charge"}]
    answer = sent(machine, finished(open_college, digest), "another-key-1")
    assert answer.status_code == 201
    student = open_college.students["kru.a"][0]
    risk = machine.get(f"/api/v1/students/{student}/risk").json()
    assert (risk["model"], risk["probability"]) == (digest, 0.475021)  # 1 / (1 + e^0.1)
    assert risk["observed"]["term"] == "1/2568"


@pytest.mark.parametrize("scope", ["SEE_ALL_STUDENTS", "SCORE", "MANAGE_RECORDS"])
def test_without_the_scope_nothing_is_published(open_college: SampleCollege, scope: str) -> None:
    machine = program(open_college, scope)
    assert sent(machine, finished(open_college)).status_code == 403
    restored = machine.post(f"{LISTS}/{publication_id(open_college)}:restore", headers={"Idempotency-Key": "12345678"})
    assert restored.status_code == 403


@pytest.mark.parametrize("key", [None, "short", "x" * 129, "with space here"])
def test_a_change_needs_its_key(open_college: SampleCollege, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    answer = program(open_college, "PUBLISH").post(LISTS, json=finished(open_college), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "header.Idempotency-Key"


def test_an_earlier_list_is_put_back_once(open_college: SampleCollege) -> None:
    machine, first = program(open_college, "PUBLISH"), publication_id(open_college)
    second = sent(machine, finished(open_college)).json()["publication_id"]
    path, once = f"{LISTS}/{first}:restore", {"Idempotency-Key": "restore-it-1"}
    answers = [machine.post(path, headers=once) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"publication_id": first, "outcome": "restored"}] * 2
    assert publication_id(open_college) == first != second
    assert machine.post(path, headers={"Idempotency-Key": "restore-it-2"}).json()["outcome"] == "same"
    unknown = machine.post(f"{LISTS}/{uuid4()}:restore", headers={"Idempotency-Key": "restore-it-3"})
    assert unknown.status_code == 404
