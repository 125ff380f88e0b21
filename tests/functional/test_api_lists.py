"""Lists by page and by id: what an account sees, tags of content, cursors, expiry, and a student's weeks."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import pytest
from fastapi.responses import Response
from fastapi.testclient import TestClient

from records import audit
from records.audit import AuditRow
from records.lists import STALE_AFTER_DAYS
from serving.app import create_app
from serving.desk import _BUILDERS
from tests.browser.sample_college import AS_OF, GROUPS, INSTITUTION, MARK, UNKNOWN_FROM, SampleCollege
from tests.functional.api_programs import program, publication_id

SignIn = Callable[..., TestClient]
V1 = "/api/v1"
STALE = AS_OF + timedelta(days=STALE_AFTER_DAYS + 1)


def entries_of(browser: TestClient, publication: str, **query: Any) -> list[dict[str, Any]]:
    """Every entry, page by page."""
    found, cursor = [], None
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        page = browser.get(f"{V1}/lists/{publication}/entries", params=asked).json()
        found += page["entries"]
        cursor = page["next"]
        if cursor is None:
            return found


def actions(college: SampleCollege, actor: str) -> list[str]:
    from sqlalchemy import select

    with college.home.database.read() as session:
        return list(session.scalars(select(AuditRow.action).where(AuditRow.actor == actor).order_by(AuditRow.id)))


def test_a_list_by_its_id_is_the_current_one(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a")
    by_id = browser.get(f"{V1}/lists/{publication_id(college)}")
    assert by_id.status_code == 200
    assert by_id.json() == browser.get(f"{V1}/lists/current").json()
    assert actions(college, "kru.a")[-2:] == ["see list"] * 2


def test_what_is_held_already_is_not_sent_again(college: SampleCollege, signed_in: SignIn) -> None:
    browser, path = signed_in(college, "kru.a"), f"{V1}/lists/{publication_id(college)}"
    first = browser.get(path)
    again = browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == again.headers["cache-control"] == "private, no-cache"
    assert actions(college, "kru.a")[-2:] == ["see list"] * 2  # the look counts, though nothing was sent


def test_a_tag_is_of_the_account_and_of_what_it_sees(college: SampleCollege, signed_in: SignIn) -> None:
    path = f"{V1}/lists/{publication_id(college)}"
    of_care, of_head = (signed_in(college, login).get(path) for login in ("care", "head"))
    assert of_care.headers["etag"] != of_head.headers["etag"]
    other = signed_in(college, "kru.b").get(path, headers={"If-None-Match": of_care.headers["etag"]})
    assert other.status_code == 200
    later = signed_in(college, "care", today=STALE).get(path, headers={"If-None-Match": of_care.headers["etag"]})
    assert (later.status_code, later.json()["stale"]) == (200, True)


@pytest.mark.parametrize("limit", [1, 4, 7, 200])
def test_pages_of_any_size_make_the_whole_list(college: SampleCollege, signed_in: SignIn, limit: int) -> None:
    own = [str(student) for student in college.students["kru.a"]]
    found = entries_of(signed_in(college, "kru.a"), publication_id(college), limit=limit)
    assert [entry["student_id"] for entry in found] == [*own[:9], *own[UNKNOWN_FROM:]]
    assert found[-1]["unknown_domains"] == ["attendance", "grades"]
    assert all(MARK in entry["name"] for entry in found)


def test_a_band_and_a_group_are_chosen(college: SampleCollege, signed_in: SignIn) -> None:
    browser, publication = signed_in(college, "care"), publication_id(college)
    high = entries_of(browser, publication, band="high", group=GROUPS["kru.b"], limit=3)
    assert [entry["student_id"] for entry in high] == [str(one) for one in college.students["kru.b"][:4]]
    assert {entry["class_group"] for entry in entries_of(browser, publication)} == set(GROUPS.values())


def test_a_stale_list_has_neither_bands_nor_an_order(college: SampleCollege, signed_in: SignIn) -> None:
    browser, publication = signed_in(college, "kru.a", today=STALE), publication_id(college)
    found = entries_of(browser, publication, limit=4)
    assert [entry["student_id"] for entry in found] == sorted(entry["student_id"] for entry in found)
    assert (len(found), {entry["band"] for entry in found}) == (11, {None})
    assert entries_of(browser, publication, band="high") == []


@pytest.mark.parametrize("cursor", ["AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "not!a!cursor", "x" * 81])
def test_a_cursor_that_was_not_given_is_refused(college: SampleCollege, signed_in: SignIn, cursor: str) -> None:
    answer = signed_in(college, "kru.a").get(f"{V1}/lists/{publication_id(college)}/entries", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "query.cursor"
    assert cursor not in answer.text


def test_a_cursor_into_anothers_students_is_refused(college: SampleCollege, signed_in: SignIn) -> None:
    path = f"{V1}/lists/{publication_id(college)}/entries"
    theirs = signed_in(college, "kru.b").get(path, params={"limit": 1}).json()["next"]
    assert signed_in(college, "kru.a").get(path, params={"cursor": theirs}).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=๑๐", "bnad=high", "limit=1&limit=2", "band=none"])
def test_a_wrong_query_is_refused(college: SampleCollege, signed_in: SignIn, query: str) -> None:
    answer = signed_in(college, "kru.a").get(f"{V1}/lists/{publication_id(college)}/entries?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_list_of_another_institution_is_not_found(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "care")
    for path in (f"lists/{uuid4()}", f"lists/{uuid4()}/entries", "institutions/9999999999/lists"):
        assert browser.get(f"{V1}/{path}").status_code == 404


@pytest.mark.parametrize("login", ["ana", "root"])
def test_who_sees_no_students_sees_no_list(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    browser, publication = signed_in(college, login), publication_id(college)
    answers = [browser.get(f"{V1}/lists/{publication}{more}") for more in ("", "/entries")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert actions(college, login)[-2:] == ["refused list"] * 2


def test_heads_of_lists_newest_first_by_page_and_week(college: SampleCollege) -> None:
    for weeks in (1, 2):
        college.publish(as_of=AS_OF - timedelta(weeks=weeks))
    machine = program(college, "PUBLISH")
    path = f"{V1}/institutions/{INSTITUTION}/lists"
    first = machine.get(path, params={"limit": 2}).json()
    rest = machine.get(path, params={"limit": 2, "cursor": first["next"]}).json()
    days = [one["as_of"] for one in first["lists"] + rest["lists"]]
    assert (days, rest["next"]) == (["2025-11-17", "2025-11-10", "2025-11-03"], None)
    week = machine.get(path, params={"week": "2025-W46"}).json()["lists"]
    assert [(one["as_of"], one["status"], one["pruned"]) for one in week] == [("2025-11-10", "current", False)]
    assert machine.get(path, params={"week": "2025-W53"}).json()["errors"] == [
        {"at": "query.week", "why": "no_such_week"}
    ]


def test_a_students_weeks_tell_no_expired_score(college: SampleCollege, signed_in: SignIn) -> None:
    for weeks in (1, 2, 3):
        college.publish(as_of=AS_OF - timedelta(weeks=weeks))
    browser, student = signed_in(college, "kru.a"), college.students["kru.a"][0]
    path = f"{V1}/students/{student}/risk/history"
    first = browser.get(path, params={"limit": 3}).json()
    weeks = first["weeks"] + browser.get(path, params={"cursor": first["next"]}).json()["weeks"]
    told = [(week["as_of"], week["stale"], week["listed"], week["band"], week["probability"]) for week in weeks]
    assert told == [
        ("2025-11-17", False, True, "high", 0.62),
        ("2025-11-10", False, True, "high", 0.62),
        ("2025-11-03", True, True, None, None),
        ("2025-10-27", True, True, None, None),
    ]
    with college.home.database.read() as session:
        assert [row.action for row in audit.looks_at(session, student)] == ["see student history"] * 2


def test_anothers_weeks_are_not_found_and_the_try_is_recorded(college: SampleCollege, signed_in: SignIn) -> None:
    foreign = college.students["kru.b"][0]
    assert signed_in(college, "kru.a").get(f"{V1}/students/{foreign}/risk/history").status_code == 404
    with college.home.database.read() as session:
        assert [row.action for row in audit.looks_at(session, foreign)] == ["refused student"]


def test_where_a_place_ended_is_told_to_those_who_look_after_models(college: SampleCollege, signed_in: SignIn) -> None:
    path = f"{V1}/students/{college.students['kru.a'][0]}/risk"
    of_head, of_care = (signed_in(college, login).get(path).json() for login in ("head", "care"))
    assert (of_head["cut_off"], of_head["listed_probability"]) == (-8.0, 1.0)
    assert (of_care["cut_off"], of_care["listed_probability"]) == (None, None)
    stale = signed_in(college, "head", today=STALE).get(path).json()
    assert (stale["cut_off"], stale["listed_probability"]) == (None, None)


def test_only_so_many_lists_are_put_together_at_once(college: SampleCollege) -> None:
    desk = create_app(college.home, today=lambda: AS_OF).state.desk
    turn, now, most = threading.Lock(), 0, 0

    def answer() -> Response:
        nonlocal now, most
        with turn:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with turn:
            now -= 1
        return Response()

    async def all_at_once() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(4 * _BUILDERS):
                tasks.start_soon(desk.build, answer)

    anyio.run(all_at_once)
    assert most == _BUILDERS
