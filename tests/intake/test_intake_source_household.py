"""Household surveys: the fund's form and a college's own, with periods, parts, both ways, and nothing worked out that was not said."""

import pytest

from records.errors import ImportRefused
from records.intake.report import ImportReport
from records.tables import HOUSEHOLD
from tests.intake.desk import Desk, DeskWith

HEAD = ["รหัสนักศึกษา", "วันที่สำรวจ"]


@pytest.fixture
def school(desk_with: DeskWith) -> Desk:
    return desk_with({69201010000 + n: "ชย.1/1" for n in range(1, 8)})


def survey(
    desk: Desk,
    told: dict[str, str],
    *,
    name: str = "file.xlsx",
    above: list[list[str]] | None = None,
    day: str = "12/06/2568",
) -> ImportReport:
    rows = [[*HEAD, *told], ["69201010001", day, *told.values()]]
    return desk.bring(desk.workbook([*(above or []), *rows], name))


def test_a_form_is_recognised_and_taken_whole(school: Desk) -> None:
    report = survey(
        school,
        {
            "1 สถานภาพครอบครัว": "หย่าร้าง", "1 อาศัยอยู่กับ": "ญาติ", "1 บัตรสวัสดิการแห่งรัฐ": "มี", "2 จำนวนสมาชิกในครัวเรือน": "4",
            "2 รายได้ครัวเรือนต่อเดือน": "8,000 บาท", "3.1 จำนวนผู้พึ่งพิง": "2", "3.2 ลักษณะที่อยู่อาศัย": "เช่า", "5 ใช้เวลาเดินทาง": "40",
            "6 ค่าเดินทางต่อเดือน": "600", "เงินมาเรียนวันละ": "60", "ระดับความยากจน": "ยากจน", "ทุนการศึกษา": "กสศ.", "รูปถ่ายบ้านภายใน": "a.jpg",
        },
    )  # fmt: skip
    assert (report.source, report.accepted, report.quarantined, list(report.unmapped)) == ("household", 1, 0, [])
    assert report.dropped == ["รูปถ่ายบ้านภายใน"]
    names = ("happened_on", "family_status", "lives_with", "state_card", "members", "income_month", "income_per_head", "dependants", "housing", "travel_min", "travel_cost_month", "pocket_money_day", "poverty_class", "scholarship")  # fmt: skip
    assert school.known(HOUSEHOLD, *names) == [
        ("2025-06-12", "DIVORCED", "RELATIVE", True, 4, 8000.0, 2000.0, 2, "RENT", 40, 600.0, 60.0, "POOR", True)
    ]


@pytest.mark.parametrize(
    ("header", "cell", "baht"),
    [
        ("รายได้ครัวเรือนต่อปี", "96,000", 8000.0), ("รายได้ครอบครัวต่อปี", "96000 บาท", 8000.0), ("รายได้ต่อวัน", "300", 9000.0), ("รายได้ต่อปี", "8000 บาทต่อเดือน", 8000.0),
        ("รายได้ครัวเรือนต่อเดือน", "5,000-10,000", 7500.0), ("รายได้ครัวเรือนต่อเดือน", "ไม่แน่นอน", None),
    ],
)  # fmt: skip
def test_the_period_of_an_income_stands_in_its_header_or_its_cell(
    school: Desk, header: str, cell: str, baht: float | None
) -> None:
    survey(school, {header: cell, "จำนวนสมาชิกในครัวเรือน": "5"})
    assert school.known(HOUSEHOLD, "income_month", "income_per_head") == [(baht, None if baht is None else baht / 5)]


def test_an_income_per_head_in_the_file_comes_before_ours(school: Desk) -> None:
    report = survey(school, {"รายได้ครัวเรือนต่อเดือน": "9000", "จำนวนสมาชิกในครัวเรือน": "3", "รายได้ครัวเรือนเฉลี่ยต่อคน": "1000"})
    assert school.known(HOUSEHOLD, "income_per_head") == [(1000.0,)]
    assert dict(report.warnings) == {"INCOME_DOES_NOT_ADD_UP": [2]}


def test_parts_make_the_income_and_must_fit_a_written_one(school: Desk) -> None:
    parts = {
        "รายได้จากค่าจ้าง": "5,000",
        "รายได้จากการเกษตร": "",
        "รายได้จากธุรกิจ": "-",
        "รายได้จากสวัสดิการ": "600",
        "รายได้อื่น": "400",
    }
    report = survey(school, parts)
    assert school.known(HOUSEHOLD, "income_month") == [(6000.0,)]
    assert not report.warnings
    report = survey(school, {**parts, "รายได้ครัวเรือนต่อเดือน": "9000"}, day="13/06/2568")
    assert dict(report.warnings) == {"INCOME_PARTS_DO_NOT_ADD_UP": [2]}
    assert ("2025-06-13", 9000.0) in school.known(HOUSEHOLD, "happened_on", "income_month")


@pytest.mark.parametrize(
    ("cells", "count"), [(("มี", "ไม่มี", "", "", ""), 1), (("1", "2", "0", "ใช่", "ไม่"), 4), (("", "", "", "", ""), None)]
)
def test_only_the_number_of_dependants_is_kept(school: Desk, cells: tuple[str, ...], count: int | None) -> None:
    kinds = ("คนพิการ", "ผู้ป่วยเรื้อรัง", "ผู้สูงอายุ", "พ่อแม่เลี้ยงเดี่ยว", "ว่างงาน")
    survey(school, {**dict(zip(kinds, cells, strict=True)), "จำนวนสมาชิกในครัวเรือน": "5"})
    assert school.known(HOUSEHOLD, "dependants") == [(count,)]


@pytest.mark.parametrize(
    ("header", "name", "above", "km"),
    [
        ("ระยะทางจากบ้าน", "survey.xlsx", [], 12.0),
        ("ระยะทางไป-กลับ (กม.)", "survey.xlsx", [], 6.0),
        ("5 ระยะทาง", "กสศ.01.xlsx", [], 6.0),
        ("ระยะทาง", "survey.xlsx", [["แบบขอรับเงินอุดหนุน นร./กสศ.01"]], 6.0),
        ("ระยะทาง (กม. เที่ยวเดียว)", "กสศ.01.xlsx", [], 12.0),
    ],
)
def test_both_ways_are_halved_and_one_way_is_not(
    school: Desk, header: str, name: str, above: list[list[str]], km: float
) -> None:
    survey(school, {header: "12", "จำนวนสมาชิกในครัวเรือน": "5"}, name=name, above=above)
    assert school.known(HOUSEHOLD, "travel_km") == [(km,)]


def test_low_income_makes_nobody_poor(school: Desk) -> None:
    survey(school, {"รายได้ครัวเรือนเฉลี่ยต่อคน": "300", "จำนวนสมาชิกในครัวเรือน": "9"})
    assert school.known(HOUSEHOLD, "poverty_class", "poverty_score") == [(None, None)]


def test_what_cannot_be_is_left_out_and_the_rest_is_taken(school: Desk) -> None:
    report = survey(school, {"จำนวนสมาชิกในครัวเรือน": "0", "รายได้ครัวเรือนต่อเดือน": "8000", "สถานภาพครอบครัว": "ดี"})
    assert (report.accepted, report.fixed) == (1, 1)
    assert school.known(HOUSEHOLD, "members", "income_month", "income_per_head", "family_status") == [
        (None, 8000.0, None, None)
    ]


def test_the_same_form_for_many_students_is_questioned(school: Desk) -> None:
    rows = [[*HEAD, "รายได้ครัวเรือนต่อเดือน", "จำนวนสมาชิกในครัวเรือน", "สถานภาพครอบครัว"]]
    rows += [[str(69201010000 + n), "12/06/2568", "5000", "4", "อยู่ด้วยกัน"] for n in range(1, 7)]
    assert list(school.bring(rows).warnings) == ["SAME_AS_OTHERS"]


def test_the_day_may_stand_in_the_title_block(school: Desk) -> None:
    rows = [
        ["แบบสำรวจครัวเรือน"],
        ["วันที่สำรวจ 12 มิถุนายน 2568"],
        ["รหัสนักศึกษา", "รายได้ครัวเรือนต่อเดือน"],
        ["69201010001", "5000"],
    ]
    assert school.bring(school.workbook(rows)).accepted == 1
    assert school.known(HOUSEHOLD, "happened_on") == [("2025-06-12",)]


def test_a_file_without_day_or_student_is_refused_by_name(school: Desk) -> None:
    with pytest.raises(ImportRefused, match=r"no column 'วันที่สำรวจ'\. Found: 'รหัสนักศึกษา', 'รายได้ครัวเรือนต่อเดือน'"):
        school.bring("รหัสนักศึกษา | รายได้ครัวเรือนต่อเดือน\n69201010001 | 5000")
    with pytest.raises(ImportRefused, match="no column 'รหัสนักเรียน'"):
        school.bring("วันที่สำรวจ | รายได้ครัวเรือนต่อเดือน\n12/06/2568 | 5000", source="household")
