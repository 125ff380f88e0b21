"""The pages: own students alone, a look recorded before it is shown, headers on everything, nothing of other sites."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from records import audit
from records.lists import RULE_LIST, STALE_AFTER_DAYS
from records.staff import account_by_login, assign_group
from serving.accounts import create_account
from tests.browser.sample_college import AS_OF, BAND_RATES, INSTITUTION, MARK, PASSWORD, UNKNOWN_FROM, SampleCollege

SignIn = Callable[..., TestClient]
SEEN_OF_HIGH = "ภาคเรียน 2/2568 ในกลุ่มนี้ 100 คน ออกกลางคันภายใน 8 สัปดาห์ประมาณ 14 คน (ระหว่าง 12 ถึง 18)"
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


def test_an_advisor_without_a_class_group_is_told_so(college: SampleCollege, signed_in: SignIn) -> None:
    """Not that nobody in their care is listed: nobody is in their care."""
    for login in ("kru.new", "kru.c"):
        create_account(
            college.home, login=login, name="ครูใหม่", role="advisor", institution=INSTITUTION, password=PASSWORD
        )
    with college.home.database.write() as session:
        of_nobody = account_by_login(session, "kru.c")
        assert of_nobody is not None
        assign_group(session, account=of_nobody, class_group="ชย.9/9", valid_from=AS_OF)
    page = signed_in(college, "kru.new").get("/").text
    assert "ยังไม่มีกลุ่มเรียนในความดูแลของท่าน" in page
    assert "สัปดาห์นี้ไม่มีชื่อในความดูแลของท่าน" not in page
    page = signed_in(college, "kru.c").get("/").text
    assert "สัปดาห์นี้ไม่มีชื่อในความดูแลของท่าน" in page


def test_the_list_of_an_advisor(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get("/").text
    links = [page.find(f"/students/{student}") for student in college.students["kru.a"]]
    table = page.index("<table")
    assert all(page.find(f"/students/{student}", table) > 0 for student in college.students["kru.a"][:9])
    assert sum(link > 0 for link in links) == 11  # nine listed, two of whom too little is known, one past a rule too
    assert not any(str(student) in page for student in college.students["kru.b"])
    assert "ข้อมูล ณ วันที่ 17 พฤศจิกายน 2568" in page
    assert "คณะเยี่ยมได้ 8 คน/สัปดาห์" in page
    assert "ประมาณการจากแบบจำลอง" in page
    assert "ขาดติดต่อกันมาแล้ว 6 วันเรียน" in page
    assert "ขาดติดต่อกันถึงเกณฑ์แจ้งผู้ปกครอง" in page
    assert page.count("คงไว้จากสัปดาห์ก่อน") == 1
    assert page.count("<dt>การมาเรียน</dt>") == 9  # the domain leads, its reasons follow
    assert page.count("เกรดเฉลี่ยภาคเรียนก่อน") == 0  # the fourth reason is left to the student page


@pytest.mark.parametrize("login", ["care", "head"])
def test_committee_and_director_see_both_groups(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    page = signed_in(college, login).get("/").text
    assert all(str(college.students[advisor][0]) in page for advisor in ("kru.a", "kru.b"))


def test_the_student_page(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    page = signed_in(college, "kru.a").get(f"/students/{student}").text
    assert college.names[student] in page
    assert SEEN_OF_HIGH in page
    assert "ไม่ใช่คำทำนายของเด็กคนใดคนหนึ่ง" in page
    assert "รายชื่อนี้ไม่ใช่คำตัดสิน" in page
    assert '<h3>การมาเรียน: <span class="share">ประมาณสองในสามของเหตุผล</span></h3>' in page
    assert page.index("<h3>การมาเรียน") < page.index("<h3>ผลการเรียน") < page.index("<h3>ครอบครัวและรายได้")
    assert page.index("เรื่องที่คุยและช่วยกันแก้ได้") < page.index("พื้นฐานที่เปลี่ยนไม่ได้")
    assert "ถามอะไรดี" in page
    assert "รายได้ครัวเรือนเฉลี่ย" not in page
    assert "ดูรายละเอียดได้เฉพาะผู้มีสิทธิ์" in page
    assert MARK not in page[: page.index("<body>")]  # browsers keep titles in their history
    assert looks(college, student) == ["see student"]


def test_what_is_not_known_is_named_as_missing(college: SampleCollege, signed_in: SignIn) -> None:
    path = f"/students/{college.students['kru.a'][5]}"
    as_advisor, as_committee = (signed_in(college, login).get(path).text for login in ("kru.a", "care"))
    for page in (as_advisor, as_committee):
        assert "ยังไม่มีข้อมูล: คะแนนเก็บเฉลี่ยในภาคเรียนนี้" in page[page.index("สิ่งที่เรายังไม่รู้") :]
    assert "ยังไม่มีข้อมูล: ครอบครัวและรายได้" in as_advisor
    assert "ทำงานพิเศษ" not in as_advisor
    household = as_advisor[as_advisor.index("<h3>ครอบครัวและรายได้") : as_advisor.index('id="what-if"')]
    assert "ยังไม่มีข้อมูล: ครอบครัวและรายได้" in household  # what raises that domain is that nothing is known
    assert "ยังไม่มีข้อมูล: ทำงานพิเศษ" in as_committee


def test_what_would_change_it_follows_the_reasons_of_who_is_listed(college: SampleCollege, signed_in: SignIn) -> None:
    browser, own = signed_in(college, "kru.a"), college.students["kru.a"]
    page, unlisted = (browser.get(f"/students/{student}").text for student in (own[0], own[10]))
    assert page.index('id="reasons"') < page.index('id="what-if"') < page.index('id="missing"')
    assert 'id="what-if"' not in unlisted


def test_the_number_of_the_model_is_on_no_page(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a")
    for path in ("/", f"/students/{college.students['kru.a'][0]}"):
        read = re.sub("<[^>]*>", " ", browser.get(path).text)
        assert "14 คน" in read
        assert not re.search(r"\b62\b", read)


# What was seen of a band


def test_what_was_seen_of_each_band_stands_once_on_the_list(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get("/").text
    assert page.count(SEEN_OF_HIGH) == 1
    assert page.count("น้อยเกินกว่าจะบอกเป็นตัวเลข") == 1  # four leavers in watch: too few
    assert page.count("ไม่ใช่คำทำนายของเด็กคนใดคนหนึ่ง") == 1
    assert page.count("ออกกลางคันภายใน 8 สัปดาห์ไม่ถึง 1 คน (ระหว่าง 0 ถึง 1)") == 1


def test_a_student_who_is_not_listed_is_told_of_those_who_are_not(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get(f"/students/{college.students['kru.a'][10]}").text
    assert "ออกกลางคันภายใน 8 สัปดาห์ไม่ถึง 1 คน" in page


@pytest.mark.parametrize("others", [{"band_rates": []}, {"rates_term": ""}, {"band_rates": list(BAND_RATES[1:])}])
def test_where_nothing_was_seen_that_is_said(college: SampleCollege, signed_in: SignIn, others: dict[str, Any]) -> None:
    college.publish_with(**others)
    page = signed_in(college, "kru.a").get(f"/students/{college.students['kru.a'][0]}").text
    assert "ยังไม่รู้ว่าคนในกลุ่มนี้ออกกลางคันเท่าไร" in page
    assert "เป็นสิ่งที่เห็นจากคนทั้งกลุ่ม" not in page


# Too little known


def test_of_whom_too_little_is_known_stands_apart_and_closed(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "kru.a").get("/").text
    closed = page[page.index('<details class="unknown">') : page.index("</details>", page.index('class="unknown"'))]
    paper = page[page.index('<section class="unknown paper">') :]
    for student in college.students["kru.a"][UNKNOWN_FROM:]:
        assert college.names[student] in closed
        assert college.names[student] in paper
    assert "ยังประเมินไม่ได้ 2 คน" in closed
    assert closed.count("ข้อมูลที่ยังขาด: การมาเรียน · ผลการเรียน") == 2
    table = page[page.index("<table") : page.index("</table>")]
    assert not any(str(student) in table for student in college.students["kru.a"][UNKNOWN_FROM:])


def test_of_whom_too_little_is_known_there_is_neither_number_nor_reason(
    college: SampleCollege, signed_in: SignIn
) -> None:
    page = signed_in(college, "kru.a").get(f"/students/{college.students['kru.a'][UNKNOWN_FROM]}").text
    assert "ยังประเมินไม่ได้" in page
    assert "ข้อมูลที่ยังขาด: การมาเรียน · ผลการเรียน" in page
    for section in ("observed", "reasons", "missing", "what-if"):
        assert f'id="{section}"' not in page


def test_without_anybody_unknown_there_is_no_such_section(college: SampleCollege, signed_in: SignIn) -> None:
    college.publish_with(entries=[])
    page = signed_in(college, "kru.a").get("/").text
    assert "ยังประเมินไม่ได้" not in page


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
    assert "ไม่มีแบบจำลองรับหน้าที่: รายชื่อตามการขาดเรียน" in page
    assert "ประมาณการจากแบบจำลอง" not in page
    assert "ค่าตั้งต้น" in page
    student = browser.get(f"/students/{college.students['kru.a'][0]}").text
    for text in (page, student):
        assert "ยังไม่รู้ว่าคนในกลุ่มนี้ออกกลางคันเท่าไร" in text
        assert "100 คน" not in text
    assert "ของเหตุผล" not in student


def test_a_stale_list_is_grey_and_without_bands(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a", today=AS_OF + timedelta(days=STALE_AFTER_DAYS + 1))
    page, student = browser.get("/").text, browser.get(f"/students/{college.students['kru.a'][0]}").text
    assert 'class="desk stale"' in page
    assert "ใช้ได้ถึง 1 ธันวาคม 2568" in page
    for text in (page, student):
        assert "ควรเยี่ยมก่อน" not in text
        assert "ควรพูดคุย" not in text
    assert "ตัวเลขหมดอายุแล้ว" in student
    assert 'id="what-if"' not in student
    for text in (page, student):
        assert "100 คน" not in text
        assert "ยังประเมินไม่ได้" not in text


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
    monkeypatch.setattr("serving.pages.reading.list_shown", breaks)
    answers[500] = browser.get("/")
    for status, answer in answers.items():
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["x-request-id"]


def test_a_crash_tells_only_the_request_id(
    college: SampleCollege, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(college, "kru.a")
    monkeypatch.setattr("serving.pages.reading.list_shown", breaks)
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
