"""Who looked at my students: the page, and the end of the access log on the printed list."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from records import audit
from records.audit import AuditRow
from tests.browser.sample_college import MARK, SampleCollege

SignIn = Callable[..., TestClient]
TITLE = "ใครเปิดดูข้อมูลนักเรียนของท่าน"


def test_an_advisor_reads_who_looked_at_their_students(college: SampleCollege, signed_in: SignIn) -> None:
    own, other = college.students["kru.a"][0], college.students["kru.b"][0]
    director = signed_in(college, "head")
    assert director.get(f"/students/{own}").status_code == 200
    assert director.get(f"/students/{other}").status_code == 200
    assert signed_in(college, "kru.b").get("/").status_code == 200
    page = signed_in(college, "kru.a").get("/looks").text
    assert TITLE in page
    assert college.names[own] in page
    assert f"/students/{own}" in page
    assert f"/students/{other}" not in page
    assert "ครูhead · ผู้อำนวยการ" in page
    assert "ครูkru.b" not in page  # a list of another group shows none of these students


def test_a_list_of_everybody_is_a_look_at_ones_own(college: SampleCollege, signed_in: SignIn) -> None:
    assert signed_in(college, "care").get("/").status_code == 200
    page = signed_in(college, "kru.a").get("/looks").text
    assert "<strong>เปิดรายชื่อ</strong>" in page
    assert "ครูcare · คณะกรรมการระบบดูแลช่วยเหลือ" in page


def test_the_page_goes_on_where_it_ended(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    browser = signed_in(college, "kru.a")
    for _ in range(55):
        assert browser.get(f"/students/{student}").status_code == 200
    first = browser.get("/looks").text
    assert first.count("<strong>เปิดหน้านักเรียน</strong>") == 50
    older = first.partition('rel="next" href="')[2].partition('"')[0]
    second = browser.get(older).text
    assert second.count("<strong>เปิดหน้านักเรียน</strong>") == 5
    assert 'rel="next"' not in second
    assert browser.get("/looks?before=x").status_code == 422


@pytest.mark.parametrize("login", ["root", "ana"])
def test_who_sees_no_student_is_told_of_none(college: SampleCollege, signed_in: SignIn, login: str) -> None:
    student = college.students["kru.a"][0]
    assert signed_in(college, "kru.a").get(f"/students/{student}").status_code == 200
    page = signed_in(college, login).get("/looks").text
    assert "<title>บันทึกการเข้าดู ·" in page
    assert TITLE not in page
    assert MARK not in page
    assert str(student) not in page
    assert ("เปิดหน้านักเรียน" in page) == (login == "root")  # the analyst is told of their own looks alone


def test_asking_who_looked_is_a_look(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a")
    browser.get("/looks")
    with college.home.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "see looks")).all()
    assert [(row.actor, bool(row.request_id), row.address) for row in rows] == [("kru.a", True, "10.0.0.1")]


def test_the_page_is_there_in_english(college: SampleCollege, signed_in: SignIn) -> None:
    browser = signed_in(college, "kru.a")
    browser.cookies.set("language", "en")
    assert "Who looked at your students" in browser.get("/looks").text


def test_the_printed_list_carries_the_end_of_the_access_log(college: SampleCollege, signed_in: SignIn) -> None:
    page = signed_in(college, "care").get("/").text
    with college.home.database.read() as session:
        head = audit.head(session)
    assert f"เลขท้ายบันทึกการเข้าดู {head}" in page
    assert audit.verify(college.home.database, printed=head).sound


def test_who_looked_says_on_paper_who_printed_it(college: SampleCollege, signed_in: SignIn) -> None:
    """It names students as the list does."""
    browser = signed_in(college, "kru.a")
    assert browser.get(f"/students/{college.students['kru.a'][0]}").status_code == 200
    printed = browser.get("/looks").text.partition('class="paper printed">')[2].partition("</p>")[0]
    assert "พิมพ์โดย ครูkru.a" in printed
    assert "ทำลายเมื่อใช้เสร็จ" in printed
    with college.home.database.read() as session:
        assert audit.head(session) in printed


def test_a_printed_student_says_who_printed_it_and_how_to_keep_it(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    page = signed_in(college, "kru.a").get(f"/students/{student}").text
    with college.home.database.read() as session:
        head = audit.head(session)
    keep = "พิมพ์โดย ครูkru.a ใช้ภายในระบบดูแลช่วยเหลือนักเรียน เก็บให้มิดชิดและทำลายเมื่อใช้เสร็จ"
    assert f"{keep} · เลขท้ายบันทึกการเข้าดู {head}" in page
