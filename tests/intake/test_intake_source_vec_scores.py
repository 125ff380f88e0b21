"""A score sheet: pieces of work as percent of the maximum in their header, the course result with its grade."""

import pytest

from records.errors import ImportRefused
from records.tables import GRADES
from tests.intake.desk import Desk

TWO = {69201010001: "ชย.1/1", 69201010002: "ชย.1/1"}
TITLE = "รหัสวิชา 20101-2001 ชื่อวิชา งานเครื่องยนต์เบื้องต้น หน่วยกิต 1-6-3\nภาคเรียนที่ 1 ปีการศึกษา 2568 วันที่ประกาศผล 10 ต.ค. 2568"
HEAD = "รหัสนักเรียน | ชื่อ-สกุล | หน่วยที่1(30) | หน่วยที่2(30) | กลางภาค(20) | ปลายภาค(20) | รวม(100) | ระดับผลการเรียน(เกรด)"
TOLD = ("student", "course_code", "item", "weight", "score", "grade", "credits", "happened_on")


@pytest.fixture
def known(desk: Desk) -> Desk:
    desk.roster(TWO)
    return desk


def test_pieces_and_the_course_are_records_of_their_own(known: Desk) -> None:
    report = known.bring(
        "\n".join([TITLE, HEAD, "69201010001 | นายดี สมมติ | 24 | 27 | 10 | 17 | 78 | 3.5"]), at="2025-10-13 08:00"
    )
    assert (report.source, report.rows, report.accepted, dict(report.warnings)) == ("vec_scores", 1, 1, {})
    shared = (3.0, "2025-10-10")
    assert known.read(GRADES, *TOLD) == [
        (0, "20101-2001", "หน่วยที่1", 30.0, 80.0, "SCORED", *shared),
        (0, "20101-2001", "หน่วยที่2", 30.0, 90.0, "SCORED", *shared),
        (0, "20101-2001", "กลางภาค", 20.0, 50.0, "SCORED", *shared),
        (0, "20101-2001", "ปลายภาค", 20.0, 85.0, "SCORED", *shared),
        (0, "20101-2001", "FINAL", None, 78.0, "3.5", *shared),
    ]
    assert set(known.read(GRADES, "academic_year", "term", "attempt")) == {(2025, 1, 1)}
    assert report.unmapped == []


def test_before_the_result_only_the_pieces_are_told(known: Desk) -> None:
    known.bring("\n".join([TITLE, HEAD, "69201010001 | นายดี สมมติ | 24 |  | - |  | 24 | "]), at="2025-10-13 08:00")
    assert known.read(GRADES, "item", "score") == [("หน่วยที่1", 80.0)]


def test_a_mark_for_a_grade_and_a_total_that_is_not_the_sum(known: Desk) -> None:
    rows = [
        "69201010001 | นายดี สมมติ | 24 | 27 | 10 | 17 | 80 | 4",
        "69201010002 | นายงาม สมมติ | 0 | 0 | 0 |  | 0 | ข.ร.",
    ]
    report = known.bring("\n".join([TITLE, HEAD, *rows]), at="2025-10-13 08:00")
    assert (report.accepted, dict(report.warnings)) == (2, {"SCORES_DO_NOT_ADD_UP": [4]})
    finals = [(item, grade) for item, grade in known.read(GRADES, "item", "grade") if item == "FINAL"]
    assert finals == [("FINAL", "4"), ("FINAL", "KHR")]


def test_a_bad_score_leaves_the_rest_of_its_row(known: Desk) -> None:
    rows = [
        "69201010001 | นายดี สมมติ | ครบ | 31 | 10 | 17 | 78 | 3.5",
        "69201010002 | นายงาม สมมติ | 24 | 27 | 10 | 17 | 78 | W",
    ]
    report = known.bring("\n".join([TITLE, HEAD, *rows]), at="2025-10-13 08:00")
    assert dict(report.reasons) == {"BAD_NUMBER": 1, "OUT_OF_RANGE": 1, "UNKNOWN_CODE": 1}
    assert [item for student, item in known.read(GRADES, "student", "item") if student == 0] == [
        "กลางภาค",
        "ปลายภาค",
        "FINAL",
    ]
    assert [item for student, item in known.read(GRADES, "student", "item") if student == 1] == [
        "หน่วยที่1",
        "หน่วยที่2",
        "กลางภาค",
        "ปลายภาค",
    ]


def test_a_total_out_of_fifty_is_kept_as_percent(known: Desk) -> None:
    head = "รหัสนักเรียน | ชื่อ-สกุล | งาน(30) | สอบ(20) | รวม(50) | เกรด"
    known.bring(f"{TITLE}\n{head}\n69201010001 | นายดี สมมติ | 15 | 20 | 35 | 3", at="2025-10-13 08:00")
    assert known.read(GRADES, "item", "score") == [("งาน", 50.0), ("สอบ", 100.0), ("FINAL", 70.0)]


def test_without_a_day_of_release_the_day_of_receipt_counts(known: Desk) -> None:
    title = "รหัสวิชา 20101-2001\nภาคเรียนที่ 1/2568"
    known.bring(f"{title}\n{HEAD}\n69201010001 | นายดี สมมติ | 24 | 27 | 10 | 17 | 78 | 3.5", at="2025-10-13 08:00")
    assert set(known.read(GRADES, "happened_on", "credits")) == {("2025-10-13", None)}


@pytest.mark.parametrize(
    ("title", "missing"),
    [("ภาคเรียนที่ 1/2568", "column 'รหัสวิชา'"), ("รหัสวิชา 20101-2001", "columns 'ปีการศึกษา', 'ภาคเรียน'")],
)
def test_a_sheet_without_its_course_or_term_is_refused(known: Desk, title: str, missing: str) -> None:
    with pytest.raises(ImportRefused, match=f"has no {missing}"):
        known.bring(f"{title}\n{HEAD}\n69201010001 | นายดี สมมติ | 24 | 27 | 10 | 17 | 78 | 3.5")
