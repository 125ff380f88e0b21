"""Totals up to a day: the kinds of leave added up, the day from a column or the title, a percentage only compared."""

import pytest

from records.errors import ImportRefused
from records.tables import ATTENDANCE_TOTAL
from tests.intake.desk import Desk

TWO = {69201010001: "ชย.1/1", 69201010002: "ชย.1/1"}
TOLD = ("student", "from_day", "happened_on", "held", "present", "late", "absent", "leave", "skipped")
PERIOD = "สรุปเวลาเรียน ตั้งแต่วันที่ 16 พฤษภาคม 2568 ถึงวันที่ 15 สิงหาคม 2568"


@pytest.fixture
def known(desk: Desk) -> Desk:
    desk.roster(TWO)
    return desk


def test_a_period_of_the_title_and_leaves_that_add_up(known: Desk) -> None:
    report = known.bring(
        f"""
        {PERIOD}
        ที่ | รหัสนักศึกษา | ชื่อ-สกุล | เวลาเรียนเต็ม | มา | ขาด | ลา | ป่วย | ลากิจ | สาย | โดด | ร้อยละเวลาเรียน
        1 | 69201010001 | นายดี สมมติ | 60 | 54 | 3 | 1 | 1 | 1 | 4 | 0 | 90
        2 | 69201010002 | นายงาม สมมติ | 60 | 60 | 0 |  |  |  | 0 | 0 | 100.00
        """,
        at="2025-08-18 08:00",
    )
    assert (report.source, report.rows, report.accepted, dict(report.warnings)) == ("attendance_totals", 2, 2, {})
    assert known.read(ATTENDANCE_TOTAL, *TOLD) == [
        (0, "2025-05-16", "2025-08-15", 60, 54, 4, 3, 3, 0),
        (1, "2025-05-16", "2025-08-15", 60, 60, 0, 0, None, 0),
    ]


@pytest.mark.parametrize("percent", ["90", "90%", "0.9", "90.4", ""])
def test_a_percentage_that_fits_says_nothing(known: Desk, percent: str) -> None:
    report = known.bring(_one(percent), at="2025-08-18 08:00")
    assert (report.accepted, dict(report.warnings)) == (1, {})


def test_a_percentage_that_does_not_fit_is_told_and_the_days_are_taken(known: Desk) -> None:
    report = known.bring(_one("96"), at="2025-08-18 08:00")
    assert (report.accepted, dict(report.warnings)) == (1, {"PERCENT_DOES_NOT_FIT": [3]})
    assert known.read(ATTENDANCE_TOTAL, "present") == [(54,)]


def _one(percent: str) -> str:
    head = "รหัสนักศึกษา | เวลาเรียนเต็ม | มา | ขาด | ร้อยละเวลาเรียน"
    return f"{PERIOD}\n{head}\n69201010001 | 60 | 54 | 6 | {percent}"


def test_the_day_of_a_column_comes_before_that_of_the_title(known: Desk) -> None:
    head = "รหัสนักศึกษา | ตั้งแต่วันที่ | ถึงวันที่ | เวลาเรียนเต็ม | มา | ขาด"
    known.bring(
        f"ข้อมูล ณ วันที่ 1 ส.ค. 2568\n{head}\n69201010001 | 16/5/2568 | 31/7/2568 | 50 | 50 | 0", at="2025-08-18 08:00"
    )
    assert known.read(ATTENDANCE_TOTAL, "from_day", "happened_on") == [("2025-05-16", "2025-07-31")]


def test_rows_that_cannot_be_are_kept_back(known: Desk) -> None:
    report = known.bring(
        f"""
        {PERIOD}
        รหัสนักศึกษา | เวลาเรียนเต็ม | มา | ขาด | ลา
        69201010001 | 60 | 58 | 3 | 1
        69201010002 | 60 | หลายวัน | 3 | 1
        69201010009 | 60 | 60 | 0 | 0
        """,
        at="2025-08-18 08:00",
    )
    assert dict(report.reasons) == {"TOTAL_TOO_LARGE": 1, "BAD_NUMBER": 1, "UNKNOWN_STUDENT": 1}
    assert known.read(ATTENDANCE_TOTAL, *TOLD) == []


def test_days_held_are_never_computed_from_a_percentage(known: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no column 'เวลาเรียนเต็ม'"):
        known.bring(f"{PERIOD}\nรหัสนักศึกษา | มา | ขาด | ร้อยละเวลาเรียน\n69201010001 | 54 | 6 | 90")


def test_totals_up_to_no_day_are_refused(known: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no column 'ถึงวันที่'"):
        known.bring("รหัสนักศึกษา | เวลาเรียนเต็ม | มา | ขาด\n69201010001 | 60 | 54 | 6")
