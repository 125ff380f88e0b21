"""A register with a column a day: days found whatever their shape, a bad cell alone in quarantine, nothing told for blanks."""

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from records.errors import ImportRefused
from records.intake.files import open_sheets
from records.intake.sources.attendance_wide import SOURCE
from records.tables import ATTENDANCE
from tests.intake.desk import Desk

TWO = {69201010001: "ชย.1/1", 69201010002: "ชย.1/1"}
TOLD = ("student", "happened_on", "session", "status")


@pytest.fixture
def known(desk: Desk) -> Desk:
    desk.roster(TWO)
    return desk


def test_every_filled_cell_is_one_record_and_totals_are_left_out(known: Desk) -> None:
    report = known.bring(
        """
        ที่ | รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 | 2025-05-20 | 21 พ.ค. 68 | มา | ขาด | ร้อยละ
        1 | 69201010001 | นายดี สมมติ | มา | ข | ล | 1 | 1 | 33
        2 | 69201010002 | นายงาม สมมติ | ✓ | - |  | 1 | 0 | 100
        """,
        at="2025-05-23 08:00",
    )
    assert (report.source, report.rows, report.accepted, report.quarantined, report.fixed) == (
        "attendance_wide",
        2,
        2,
        0,
        0,
    )
    assert (report.unmapped, "ร้อยละ" in report.dropped) == ([], True)
    assert known.read(ATTENDANCE, *TOLD) == [
        (0, "2025-05-19", "DAY", "P"),
        (0, "2025-05-20", "DAY", "A"),
        (0, "2025-05-21", "DAY", "S"),
        (1, "2025-05-19", "DAY", "P"),
    ]


def test_a_bad_cell_leaves_the_other_days_of_its_row(known: Desk) -> None:
    report = known.bring(
        """
        รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 | 20/5/68 | 31/9/68
        69201010001 | นายดี สมมติ | มา | ฮฮ | มา
        69201010002 | นายงาม สมมติ | ส;ข | ป |
        """,
        at="2025-10-23 08:00",
    )
    assert dict(report.reasons) == {"UNKNOWN_CODE": 1, "BAD_DATE": 1, "TWO_CODES": 1}
    assert known.read(ATTENDANCE, *TOLD) == [(0, "2025-05-19", "DAY", "P"), (1, "2025-05-20", "DAY", "S")]


@pytest.mark.parametrize("title", ["ประจำเดือน พฤษภาคม 2568", "พ.ค. 68"])
def test_numbered_days_take_their_month_from_the_title(known: Desk, title: str) -> None:
    rows = [["บัญชีเรียกชื่อ กิจกรรมหน้าเสาธง"], [title], ["รหัสนักศึกษา", "ชื่อ-สกุล", "19", "20", "31"]]
    weekdays = ["", "", "จ.", "อ.", "ส."]
    path = known.workbook([*rows, weekdays, ["69201010001", "นายดี สมมติ", "มา", "สาย", ""]])
    report = known.bring(path, at="2025-06-02 08:00")
    assert (report.source, report.rows, report.accepted, report.layout) == ("attendance_wide", 2, 1, 1)
    assert known.read(ATTENDANCE, *TOLD) == [(0, "2025-05-19", "FLAG", "P"), (0, "2025-05-20", "FLAG", "L")]


def test_a_month_over_its_days_is_read_with_them(known: Desk) -> None:
    head = "รหัสนักศึกษา | ชื่อ-สกุล | พฤษภาคม 2568 | | มิถุนายน 2568 |\n | | 29 | 30 | 2 | 4"
    known.bring(f"{head}\n69201010001 | นายดี สมมติ | มา | มา | ขาด | มา", at="2025-06-06 08:00")
    days = [day for (day,) in known.read(ATTENDANCE, "happened_on")]
    assert days == ["2025-05-29", "2025-05-30", "2025-06-02", "2025-06-04"]


@pytest.mark.parametrize("name", ["เช็คชื่อ-2568-05.csv", "เช็คชื่อ พฤษภาคม 2568.csv"])
def test_the_name_of_the_file_tells_the_month(known: Desk, name: str) -> None:
    path = known.file("รหัสนักศึกษา | ชื่อ-สกุล | 19 | 20\n69201010001 | นายดี สมมติ | มา | มา", name)
    assert known.bring(path, at="2025-06-02 08:00").accepted == 1
    assert known.read(ATTENDANCE, "happened_on") == [("2025-05-19",), ("2025-05-20",)]


def test_numbered_days_without_a_month_are_refused(known: Desk) -> None:
    with pytest.raises(ImportRefused, match="no month is told"):
        known.bring("รหัสนักศึกษา | ชื่อ-สกุล | 19 | 20\n69201010001 | นายดี สมมติ | มา | มา")


@pytest.mark.parametrize(
    "title",
    [
        "เดือนพฤษภาคม - มิถุนายน 2568",
        "สัปดาห์ที่ 3 (29 พ.ค. - 3 มิ.ย. 68)",
        "ระหว่างวันที่ 29 พ.ค. 2568 ถึง 3 มิ.ย. 2568",
        "มิถุนายน 2568",  # the days say it
    ],
)
def test_numbered_days_of_two_months_are_refused(known: Desk, title: str) -> None:
    rows = [[title], ["รหัสนักศึกษา", "ชื่อ-สกุล", "29", "30", "2", "3"], ["69201010001", "ดี สมมติ", "มา", "ข", "มา", "มา"]]
    with pytest.raises(ImportRefused, match="belong to more than one month") as refused:
        known.bring(known.workbook(rows), at="2025-07-02 08:00")
    assert refused.value.code == "TWO_MONTHS"


@pytest.mark.parametrize(
    "title",
    [
        "ระหว่างวันที่ 2 มิ.ย. 2568 ถึง 4 มิ.ย. 2568",
        "เดือน มิ.ย. 68 พิมพ์เมื่อ 10 ก.ค. 2568",
        "มิถุนายน 2568 (เปิดเรียน 16 พ.ค. 2568)",
    ],
)
@pytest.mark.parametrize("days", [["2", "4"], ["4", "2"]])
def test_other_days_in_the_title_do_not_change_the_month(known: Desk, title: str, days: list[str]) -> None:
    rows = [[title], ["รหัสนักศึกษา", "ชื่อ-สกุล", *days], ["69201010001", "ดี สมมติ", "มา", "มา"]]
    known.bring(known.workbook(rows), at="2025-07-12 08:00")
    assert {day for (day,) in known.read(ATTENDANCE, "happened_on")} == {"2025-06-02", "2025-06-04"}


def test_the_month_of_a_sheet_holds_where_the_title_tells_that_of_a_term(known: Desk) -> None:
    rows = [["ภาคเรียนที่ 1 (พฤษภาคม - ตุลาคม 2568)"], ["รหัสนักศึกษา", "ชื่อ-สกุล", "2", "4"], ["69201010001", "ดี", "มา", "มา"]]
    known.bring(known.workbook(rows, "เช็คชื่อ มิ.ย. 68.xlsx"), at="2025-11-12 08:00")
    assert known.read(ATTENDANCE, "happened_on") == [("2025-06-02",), ("2025-06-04",)]


def test_the_day_of_a_report_is_not_the_month_of_its_days(known: Desk) -> None:
    rows = [["ข้อมูล ณ วันที่ 10 กรกฎาคม 2568"], ["รหัสนักศึกษา", "ชื่อ-สกุล", "2", "4"], ["69201010001", "ดี", "มา", "มา"]]
    with pytest.raises(ImportRefused, match="no month is told"):
        known.bring(known.workbook(rows), at="2025-07-12 08:00")


def test_a_register_without_days_is_refused(known: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no column '16/5/2568'"):
        known.bring("รหัสนักศึกษา | ชื่อ-สกุล | มา\n69201010001 | นายดี สมมติ | 9", source="attendance_wide")


def test_real_dates_of_a_spreadsheet_are_days(known: Desk) -> None:
    path = known.folder / "dates.xlsx"
    _dated_book(path, [date(2025, 5, 19), date(2568, 5, 20)])
    assert known.bring(path, at="2025-06-02 08:00").source == "attendance_wide"
    assert known.read(ATTENDANCE, *TOLD) == [(0, "2025-05-19", "DAY", "P"), (0, "2025-05-20", "DAY", "A")]


def _dated_book(path: Path, days: list[date]) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("พ.ค.")
        shape = book.add_format({"num_format": "d/m/yyyy"})
        page.write_row(0, 0, ["รหัสนักศึกษา", "ชื่อ-สกุล"])
        for column, day in enumerate(days, start=2):
            page.write_datetime(0, column, day, shape)
        page.write_row(1, 0, ["69201010001", "นายดี สมมติ", "มา", "ข"])


def test_two_halves_are_a_day_only_when_they_agree(known: Desk) -> None:
    report = known.bring(
        """
        รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 เช้า | 19/5/68 บ่าย | 20/5/68 เช้า | 20/5/68 บ่าย
        69201010001 | นายดี สมมติ | มา | มา | มา | ข
        69201010002 | นายงาม สมมติ | มา |  |  |
        """,
        at="2025-05-23 08:00",
    )
    assert dict(report.reasons) == {"TWO_CODES": 1, "MISSING_VALUE": 1}
    assert known.read(ATTENDANCE, *TOLD) == [(0, "2025-05-19", "DAY", "P")]


def test_one_day_in_two_columns_that_differ_is_no_record(known: Desk) -> None:
    report = known.bring(
        "รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 | 19/5/68 | 20/5/68\n69201010001 | นายดี สมมติ | มา | ข | มา",
        at="2025-05-23 08:00",
    )
    assert dict(report.reasons) == {"CONFLICTING_ROWS": 1}
    assert known.read(ATTENDANCE, *TOLD) == [(0, "2025-05-20", "DAY", "P")]


def test_a_cell_that_became_blank_is_taken_back(known: Desk) -> None:
    head = "รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 | 20/5/68 | 21/5/68"
    known.bring(f"{head}\n69201010001 | นายดี สมมติ | มา | ข | มา", at="2025-05-23 08:00")
    report = known.bring(f"{head}\n69201010001 | นายดี สมมติ | มา |  | มา", at="2025-05-24 08:00")
    assert report.retracted == 1
    assert known.known(ATTENDANCE, "happened_on") == [("2025-05-19",), ("2025-05-21",)]


def test_one_half_alone_is_no_whole_day(known: Desk) -> None:
    report = known.bring(
        "รหัสนักศึกษา | ชื่อ-สกุล | 19/5/68 เช้า | 20/5/68\n69201010001 | นายดี สมมติ | มา | มา", at="2025-05-23 08:00"
    )
    assert dict(report.reasons) == {"MISSING_VALUE": 1}
    assert known.read(ATTENDANCE, "happened_on") == [("2025-05-20",)]


def test_numbered_answers_of_a_form_are_no_days(known: Desk) -> None:
    head = "รหัสนักศึกษา | ชื่อ-สกุล | 1 | 2 | 3"
    path = known.file(f"พฤษภาคม 2568\n{head}\n69201010001 | นายดี สมมติ | 0 | 2 | 1", "form.csv")
    assert not SOURCE.recognises(open_sheets(path, SOURCE.headers)[0])


def test_short_codes_and_words_of_a_roll_call_leave_the_header_where_it_is(desk: Desk) -> None:
    desk.roster({1001: "ม.1/1"})
    report = desk.bring(
        "รหัสนักเรียน | ชื่อ-สกุล | 19/5/68 | 20/5/68 | 21/5/68\n1001 | ดช.ดี สมมติ | มา | มา | ขาด", at="2025-05-23 08:00"
    )
    assert (report.source, report.accepted) == ("attendance_wide", 1)
