"""StudentDropouts of the ministry: evidence about known students; the cause code is kept as it is written."""

import pytest

from records.errors import ImportRefused
from records.tables import OUTCOMES
from tests.intake.desk import Desk

KNOWN, SECOND, STRANGER = "1819900000014", "1819900000022", "1819900000031"
HEAD = "PersonID_Onec | Fullname_Onec | BirthDate_Onec | GradeLevelID_Onec | StatusCodeCause_Onec | DropoutTransferID_Onec | ACADYEAR | SchoolName_Onec"
ROSTER = """
    เลขประจำตัวประชาชน | รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล
    1819900000014 | 69201010001 | ดี | สมมติ | 2568 | 1 | ปวช.1 | ชย.1/1 | 20/05/2568
    1819900000022 | 69201010002 | งาม | สมมติ | 2568 | 1 | ปวช.1 | ชย.1/1 | 20/05/2568
"""
TOLD = ("student", "event", "trace_status", "cause_code_moe", "happened_on")


@pytest.fixture
def known(desk: Desk) -> Desk:
    desk.bring(ROSTER, at="2025-05-20 08:00")
    return desk


def line(person: str, cause: str) -> str:
    return f"{person} | นายดี สมมติ | 13/05/2551 | 421 | {cause} | 2 | 2568 | โรงเรียน"


def test_who_is_on_the_list_and_known_has_an_outcome(known: Desk) -> None:
    rows = [line(KNOWN, "701"), line(SECOND, "305"), line(STRANGER, "701")]
    report = known.bring("\n".join([HEAD, *rows]), at="2025-09-01 08:00")
    assert (report.source, report.accepted, dict(report.reasons)) == ("moe_dropouts", 2, {"UNKNOWN_STUDENT": 1})
    assert known.read(OUTCOMES, *TOLD) == [
        (0, "NOT_ON_NEXT_ROSTER", "not_found", "701", "2025-09-01"),
        (1, "NOT_ON_NEXT_ROSTER", None, "305", "2025-09-01"),
    ]
    assert (report.unmapped, "DropoutTransferID_Onec" in report.dropped) == ([], True)


def test_not_found_and_enrolled_is_told(known: Desk) -> None:
    report = known.bring(f"{HEAD}\n{line(KNOWN, '701')}", at="2025-09-01 08:00")
    assert dict(report.warnings) == {"CAUSE_CONTRADICTS_STATUS": [2]}


def test_the_words_of_701_are_701(known: Desk) -> None:
    known.bring(f"{HEAD}\n{line(KNOWN, 'หาบ้านไม่พบ-ไม่มีข้อมูล-ไม่ยินดีให้ข้อมูล-ไม่พบตัว')}", at="2025-09-01 08:00")
    assert known.read(OUTCOMES, "trace_status", "cause_code_moe") == [("not_found", "701")]


def test_missing_columns_are_named(known: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no column 'StatusCodeCause_Onec'"):
        known.bring(f"PersonID_Onec | ACADYEAR\n{KNOWN} | 2568", source="moe_dropouts")
