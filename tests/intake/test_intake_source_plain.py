"""Any table under its usual headers: averages of a term are told apart from grades, which may carry an average too."""

import pytest

from records.tables import GRADES, TERM_GPA
from tests.intake.desk import Desk, DeskWith


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def test_averages_of_a_term_are_taken_under_their_usual_headers(ready: Desk) -> None:
    head = "รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | เกรดเฉลี่ยประจำภาค | เกรดเฉลี่ยสะสม | หน่วยกิตที่เรียน | หน่วยกิตที่ได้ | วันที่ประกาศผล"
    report = ready.bring(
        f"{head}\n1001 | 2568 | 1 | 2.75 | 2.5 | 40 | 38 | 17/10/2568\n1002 | 2568 | 1 | | 1.9 | 40 | 30 | 17/10/2568"
    )
    assert (report.source, report.accepted) == ("plain", 2)
    assert ready.known(TERM_GPA, "student", "gpa", "gpax", "credits_tried", "credits_earned") == [
        (0, 2.75, 2.5, 40.0, 38.0), (1, None, 1.9, 40.0, 30.0),
    ]  # fmt: skip


def test_grades_with_an_average_beside_them_stay_grades(ready: Desk) -> None:
    head = "รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | รหัสวิชา | หน่วยกิต | เกรด | เกรดเฉลี่ย | วันที่ประกาศผล"
    report = ready.bring(f"{head}\n1001 | 2568 | 1 | 20001-1001 | 3 | 2.5 | 2.75 | 17/10/2568")
    assert (report.source, report.accepted) == ("plain", 1)
    assert ready.known(GRADES, "course_code", "grade") == [("20001-1001", "2.5")]
    assert ready.known(TERM_GPA, "gpa") == []
