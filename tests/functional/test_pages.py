"""The pages: own students alone, a look recorded before it is shown, headers on everything, nothing of other sites."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from records import audit
from records.lists import RULE_LIST, STALE_AFTER_DAYS
from tests.browser.sample_college import AS_OF, MARK, PASSWORD, SampleCollege

SignIn = Callable[..., TestClient]
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


def breaks(*_args: Any, **_kwargs: Any) -> None:
    raise RuntimeError(f"the row of {MARK}")


def looks(college: SampleCollege, student: Any) -> list[str]:
    with college.home.database.read() as session:
        return [row.action for row in audit.looks_at(session, student)]


def test_without_signing_in_there_is_only_the_sign_in_page(college: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(college)
    for path in ("/", f"/students/{college.students['kru.a'][0]}"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert browser.get("/help").status_code == 200


def test_the_list_of_an_advisor(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get("/").text
    links = [page.find(f"/students/{student}") for student in college.students["kru.a"]]
    table = page.index("<table")
    assert all(page.find(f"/students/{student}", table) > 0 for student in college.students["kru.a"][:9])
    assert sum(link > 0 for link in links) == 10
    assert not any(str(student) in page for student in college.students["kru.b"])
    assert "ข้อมูล ณ วันที่ 17 พฤศจิกายน 2568" in page
    assert "คณะเยี่ยมได้ 8 คน/สัปดาห์" in page
    assert "ประมาณการจากแบบจำลอง" in page
    assert "ขาดติดต่อกันมาแล้ว 6 วันเรียน" in page
    assert "ขาดติดต่อกันถึงเกณฑ์แจ้งผู้ปกครอง" in page
    assert page.count("คงไว้จากสัปดาห์ก่อน") == 1
    assert page.count("เกรดเฉลี่ยภาคเรียนก่อน") == 0  # the fourth reason is left to the student page


@pytest.mark.parametrize("login", ["care", "head"])
def test_committee_and_director_see_both_groups(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    page = signed_in(college, login).get("/").text
    assert all(str(college.students[advisor][0]) in page for advisor in ("kru.a", "kru.b"))


def test_the_student_page(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    page = signed_in(college, "kru.a").get(f"/students/{student}").text
    assert college.names[student] in page
    assert "ในนักเรียน 100 คนที่มีข้อมูลคล้ายกัน ประมาณ 62 คนออกกลางคันภายใน 8 สัปดาห์" in page
    assert "คะแนนนี้ไม่ใช่คำตัดสิน" in page
    assert page.index("เรื่องที่คุยและช่วยกันแก้ได้") < page.index("พื้นฐานที่เปลี่ยนไม่ได้")
    assert "รายได้ครัวเรือนเฉลี่ย" not in page
    assert MARK not in page[: page.index("<body>")]  # browsers keep titles in their history
    assert looks(college, student) == ["see student"]


def test_a_value_that_is_not_known_is_named_as_missing(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get(f"/students/{college.students['kru.a'][5]}").text
    missing = page[page.index("ข้อมูลที่ยังขาด") :]
    assert "คะแนนเก็บเฉลี่ยในภาคเรียนนี้: ยังไม่มีข้อมูล" in missing
    assert "ผลคัดกรอง: ไม่มีผลต่อตัวเลข" in missing


def test_anothers_student_is_not_found_and_the_try_is_recorded(college: SampleCollege, signed_in: SignIn) -> None:
    foreign = college.students["kru.b"][0]
    answer = signed_in(college, "kru.a").get(f"/students/{foreign}")
    assert answer.status_code == 404
    assert MARK not in answer.text
    assert looks(college, foreign) == ["refused student"]


@pytest.mark.parametrize("login", ["ana", "root"])
def test_roles_without_students_are_told_who_sees_what(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    browser = signed_in(college, login)
    page = browser.get("/")
    assert page.status_code == 200
    assert "บัญชีนี้ไม่ได้ดูรายชื่อนักเรียน" in page.text
    assert browser.get(f"/students/{college.students['kru.a'][0]}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/students/{}", "/api/v1/lists/current", "/api/v1/students/{}/risk"])
def test_a_look_that_cannot_be_recorded_shows_nothing(
    college: SampleCollege, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    browser = signed_in(college, "kru.a")
    monkeypatch.setattr("records.audit.record_look", breaks)
    answer = browser.get(path.format(college.students["kru.a"][0]))
    assert answer.status_code == 500
    assert MARK not in answer.text


def test_no_list_yet(unpublished: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(unpublished, "kru.a").get("/")
    assert page.status_code == 200
    assert "ยังไม่มีรายชื่อ" in page.text


def test_the_rule_list_says_so_and_gives_no_number(college: SampleCollege, signed_in: SignIn) -> None:
    college.publish(model_digest=RULE_LIST, set_capacity=False)
    browser = signed_in(college, "kru.a")
    page = browser.get("/").text
    assert "ยังไม่มีแบบจำลอง: รายชื่อตามการขาดเรียน" in page
    assert "ประมาณการจากแบบจำลอง" not in page
    assert "ค่าตั้งต้น" in page
    student = browser.get(f"/students/{college.students['kru.a'][0]}").text
    assert "ใน 100 คน" not in student
    assert "นักเรียน 100 คน" not in student


def test_a_stale_list_is_grey_and_without_bands(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a", today=AS_OF + timedelta(days=STALE_AFTER_DAYS + 1))
    page, student = browser.get("/").text, browser.get(f"/students/{college.students['kru.a'][0]}").text
    assert 'class="desk stale"' in page
    assert "ใช้ได้ถึง 1 ธันวาคม 2568" in page
    for text in (page, student):
        assert "ควรเยี่ยมก่อน" not in text
        assert "ควรพูดคุย" not in text
    assert "ตัวเลขหมดอายุแล้ว" in student
    assert "62 คน" not in student


def test_headers_are_on_every_answer(
    college: SampleCollege, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(college, "kru.a")
    answers = {
        200: browser.get("/"),
        303: browser.post("/language", data={"language": "en"}),
        400: browser.get("/", headers={"host": "evil.example"}),
        403: browser.post("/logout", headers={"sec-fetch-site": "cross-site"}),
        404: browser.get("/nothing"),
        405: browser.delete("/login"),
        413: browser.post("/login", data={"login": "x" * 70_000}),
        422: browser.get("/api/v1/students/x/risk"),
    }
    monkeypatch.setattr("serving.pages.reading.read_list", breaks)
    answers[500] = browser.get("/")
    for status, answer in answers.items():
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["x-request-id"]


def test_a_crash_tells_only_the_request_id(
    college: SampleCollege, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(college, "kru.a")
    monkeypatch.setattr("serving.pages.reading.read_list", breaks)
    with structlog.testing.capture_logs() as lines:
        answer = browser.get("/")
    assert "ระบบขัดข้อง" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert MARK not in answer.text
    assert lines[0]["error"] == "RuntimeError"
    assert MARK not in str(lines)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "https://testserver"}, 303),
        ({}, 303),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/language"])
def test_forms_of_other_sites_are_refused(
    unpublished: SampleCollege, browser_of: SignIn, path: str, headers: dict[str, str], status: int
) -> None:
    form = {"login": "kru.a", "password": PASSWORD, "language": "en"}
    assert browser_of(unpublished).post(path, data=form, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("asked", "given"),
    [("/help", "/help"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/"), ("", "/")],
)
def test_the_language_switch_stays_on_this_site(
    unpublished: SampleCollege, browser_of: SignIn, asked: str, given: str
) -> None:
    browser = browser_of(unpublished)
    answer = browser.post("/language", data={"language": "en", "back_to": asked})
    assert answer.headers["location"] == given
    assert '<html lang="en">' in browser.get("/login").text


def test_names_reach_neither_log_nor_address(college: SampleCollege, signed_in: SignIn) -> None:
    with structlog.testing.capture_logs() as lines:
        browser = signed_in(college, "kru.a")
        own, foreign = college.students["kru.a"][0], college.students["kru.b"][0]
        pages = [browser.get(path) for path in ("/", f"/students/{own}", f"/students/{foreign}", f"/?q={MARK}", "/x")]
        browser.get(f"/api/v1/students/{own}/risk")
        browser.post("/login", data={"login": MARK, "password": MARK})
    logged = str(lines)
    assert [line["route"] for line in lines if line["event"] == "request"][2] == "/students/{student_id}"
    assert not any(word in logged for word in (MARK, str(own), str(foreign), "6800000"))
    assert not any(MARK in address for page in pages for address in page.text.split('href="')[1:] if '"' not in address)


def test_a_name_is_text_and_never_markup(college: SampleCollege, signed_in: SignIn) -> None:
    from records.people import FullName, Identity, IdKind

    student = college.students["kru.a"][0]
    last_name = college.home.vault.names([student])[
        student
    ].last_name  # with both names new the code is somebody else's
    hostile = FullName(title='"><b>x', first_name="<script>alert(1)</script>", last_name=last_name)
    college.home.vault.admit(
        "1320026101",
        [Identity(identifiers={IdKind.CODE: "6800000"}, name=hostile)],
        batch_token=student,
    )
    page = signed_in(college, "kru.a").get("/").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_style_sheet_may_be_kept_and_nothing_comes_from_elsewhere(
    college: SampleCollege, signed_in: SignIn
) -> None:
    browser = signed_in(college, "kru.a")
    page = browser.get("/").text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = browser.get(sheet)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    for text in (page, answer.text):
        assert "//" not in text.replace("http://www.w3.org", "")
        assert "<script" not in text
