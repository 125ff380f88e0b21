"""The DMC workbook: two columns of one name, a report day in row 1, a round in the file name, and what is never taken."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from records.errors import ImportRefused
from records.tables import ENROLMENTS, HOUSEHOLD, ROSTER_COUNTS, STUDENTS, TABLES
from simulation.rosters import DMC_HEADERS
from tests.intake.desk import Desk

STAMP = "วันและเวลาที่สร้างรายงาน 2025-06-10 04:10:12.244315"
PERSON, SCHOOL = "1819900000014", "69201010001"
NAME = "2568-1-student.xlsx"


def row(**changed: str) -> list[str]:
    """One student as DMC prints them; `-` where nothing is known. `first` and `second` are the two numbers."""
    told = {
        "first": PERSON, "second": SCHOOL, "ชั้น": "ปวช.1", "ห้อง": "1", "เพศ": "ช", "คำนำหน้าชื่อ": "นาย", "ชื่อ": "ดี",
        "นามสกุล": "สมมติ", "วันเกิด": "11/01/2553", "กลุ่มเลือด": "AB", "ศาสนา": "พุทธ", "เชื้อชาติ": "ไทย", "สัญชาติ": "ไทย", **changed,
    }  # fmt: skip
    numbers = iter((told["first"], told["second"]))
    return [next(numbers) if header == "เลขประจำตัวนักเรียน" else told.get(header, "-") for header in DMC_HEADERS]


def book(desk: Desk, *rows: Sequence[str], name: str = NAME, stamp: str = STAMP) -> Path:
    return desk.workbook([[stamp], list(DMC_HEADERS), *rows], name)


def test_a_workbook_is_recognised_and_read_by_its_round_and_day(desk: Desk) -> None:
    report = desk.bring(book(desk, row()), at="2025-06-11 08:00")
    assert (report.source, report.rows, report.accepted) == ("dmc", 1, 1)
    assert desk.known(ENROLMENTS, "academic_year", "term", "level", "class_group", "status", "happened_on") == [
        (2025, 1, "V1", "ปวช.1/1", "ENROLLED", "2025-06-10")
    ]
    assert desk.known(STUDENTS, "sex", "birth_month", "nationality_group") == [("M", "2010-01-01", "TH")]
    assert desk.known(ROSTER_COUNTS, "term", "happened_on", "students") == [(1, "2025-06-10", 1)]


@pytest.mark.parametrize(("round_", "term"), [(1, 1), (2, 2), (3, 2)])
def test_the_third_round_counts_the_second_term(desk: Desk, round_: int, term: int) -> None:
    desk.bring(book(desk, row(), name=f"2568-{round_}-student.xlsx"))
    assert desk.known(ENROLMENTS, "academic_year", "term") == [(2025, term)]


@pytest.mark.parametrize("name", ["student.xlsx", "68-1-student.xlsx", "2568-4-student.xlsx", "รายชื่อ 2568.xlsx"])
def test_a_workbook_without_its_year_in_the_name_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        desk.bring(book(desk, row(), name=name))
    assert refused.value.text.en == (
        f"{name}: a DMC workbook says its year and round only in its file name. "
        "Name it as DMC does, for example 2568-1-student.xlsx."
    )
    assert "ตั้งชื่อตามแบบ DMC เช่น 2568-1-student.xlsx" in refused.value.text.th


def test_a_workbook_without_its_report_day_is_refused(desk: Desk) -> None:
    with pytest.raises(ImportRefused) as refused:
        desk.bring(book(desk, row(), stamp="รายชื่อนักเรียน"))
    assert refused.value.text.en == (
        f"{NAME}: row 1 does not say when the report was made. Export it again from DMC without editing it."
    )
    assert "ไม่มีวันและเวลาที่สร้างรายงาน" in refused.value.text.th


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("person", "school"), [(PERSON, SCHOOL), (PERSON, "00123"), ("G123456789012", "1234.0"), ("1-8199-00000-01-4", "1234")])  # fmt: skip
def test_the_two_numbers_are_told_apart_by_their_value(desk: Desk, person: str, school: str, swapped: bool) -> None:
    first, second = (school, person) if swapped else (person, school)
    desk.bring(book(desk, row(first=first, second=second)))
    by_code = f"รหัสนักศึกษา | วันที่ | สถานะ\n{school} | 11/06/2568 | มา"
    by_person = f"เลขประจำตัวประชาชน | วันที่ | สถานะ\n{person} | 12/06/2568 | มา"
    assert desk.bring(by_code).accepted == 1
    assert desk.bring(by_person, source="attendance").accepted == 1
    assert desk.log.rows(next(t for t in TABLES if t.name == "attendance")).column("student").to_pylist() == [0, 0]


def test_one_number_column_alone_is_refused(desk: Desk) -> None:
    headers = list(DMC_HEADERS)
    headers[5] = "เลขที่"
    with pytest.raises(ImportRefused) as refused:
        desk.bring(desk.workbook([[STAMP], headers, row()], NAME), source="dmc")
    assert refused.value.code == "MISSING_COLUMNS"
    assert refused.value.text.en.startswith(f"{NAME} has no column 'เลขประจำตัวนักเรียน'. Found: ")
    assert refused.value.text.th.startswith(f"ไฟล์ {NAME} ไม่มีคอลัมน์ 'เลขประจำตัวนักเรียน' ")
    assert desk.log.files == ()


def test_a_missing_column_is_named_in_thai(desk: Desk) -> None:
    headers = list(DMC_HEADERS)
    headers[headers.index("ยังไม่สามารถจำหน่ายได้ (3.1.8)")] = "อื่น"
    with pytest.raises(ImportRefused) as refused:
        desk.bring(desk.workbook([[STAMP], headers, row()], NAME), source="dmc")
    assert refused.value.text.en.startswith(f"{NAME} has no column 'ยังไม่สามารถจำหน่ายได้ (3.1.8)'. Found: 'รหัสโรงเรียน', ")


def test_gone_and_still_on_the_roll_is_a_status(desk: Desk) -> None:
    gone = row(first="1819900000022", second="69201010002", **{"ยังไม่สามารถจำหน่ายได้ (3.1.8)": "ใช่"})
    desk.bring(book(desk, row(), gone))
    assert desk.known(ENROLMENTS, "student", "status") == [(0, "ENROLLED"), (1, "GONE_ON_ROLL")]


@pytest.mark.parametrize(
    ("cell", "told"),
    [("เด็กยากจน", [("POOR",)]), ("-", []), ("ได้รับผลกระทบจากเอดส์", []), ("ในธุรกิจทางเพศ", []), ("ในสถานพินิจ", [])],
)
def test_of_the_kinds_of_disadvantage_only_poverty_is_taken(desk: Desk, cell: str, told: list[tuple[str]]) -> None:
    desk.bring(book(desk, row(ความด้อยโอกาส=cell)))
    assert desk.known(HOUSEHOLD, "poverty_class") == told


def test_a_roster_after_dmc_keeps_what_only_dmc_knows(desk: Desk) -> None:
    desk.bring(book(desk, row()), at="2025-06-11 08:00")
    head = "รหัสนักศึกษา | ชื่อ | นามสกุล | เพศ | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | สาขาวิชา | วันที่ข้อมูล"
    report = desk.bring(
        f"{head}\n{SCHOOL} | ดี | สมมติ | ชาย | 2568 | 1 | ปวช.1 | ปวช.1/2 | ช่างยนต์ | 10/06/2568", at="2025-06-20 08:00"
    )
    assert report.accepted == 1
    assert desk.known(STUDENTS, "sex", "birth_month", "nationality_group") == [("M", "2010-01-01", "TH")]
    assert desk.known(ENROLMENTS, "class_group", "programme", "status") == [("ปวช.1/2", "ช่างยนต์", "ENROLLED")]
    desk.bring(book(desk, row(ห้อง="3")), at="2025-07-01 08:00")
    assert desk.known(ENROLMENTS, "class_group", "programme") == [("ปวช.1/3", "ช่างยนต์")]


def test_the_very_same_file_again_does_not_bring_back_what_it_said(desk: Desk) -> None:
    path = book(desk, row())
    first = path.read_bytes()  # a workbook that is written anew holds another moment of writing
    desk.bring(path, at="2025-06-11 08:00")
    desk.bring(book(desk, row(ห้อง="3")), at="2025-06-20 08:00")
    path.write_bytes(first)
    again = desk.bring(path, at="2025-07-01 08:00")
    assert (again.accepted, again.known) == (0, 1)
    assert [group for group, _ in desk.known(ENROLMENTS, "class_group", "status")] == ["ปวช.1/3"]


def test_the_room_of_a_spreadsheet_has_no_decimals(desk: Desk) -> None:
    desk.bring(book(desk, row(ห้อง="1.0")))
    assert desk.known(ENROLMENTS, "class_group") == [("ปวช.1/1",)]


def test_religion_ethnicity_and_blood_are_in_no_file_of_the_home_even_in_quarantine(desk: Desk) -> None:
    marks = {"ศาสนา": "ศาสนาลับ", "เชื้อชาติ": "เชื้อชาติลับ", "กลุ่มเลือด": "เลือดลับ"}
    bad = row(first="1819900000022", second="69201010002", ชั้น="ไม่มีชั้น", **marks)
    report = desk.bring(book(desk, row(**marks), bad))
    assert (report.accepted, report.quarantined) == (1, 1)
    raw = b"".join(path.read_bytes() for path in desk.home.settings.home.rglob("*") if path.is_file())
    assert not [mark for mark in marks.values() if mark.encode() in raw]
    told = [str(desk.log.rows(table).to_pylist()) for table in TABLES]
    assert not [mark for mark in marks.values() if any(mark in rows for rows in told)]
