"""The summary form of a class group: no student comes in, and its counts are set beside what the log knows."""

from pathlib import Path

import pytest

from records.errors import ImportRefused
from records.intake.sources.screening_summary import Summary, compare_summary, read_summary
from records.tables import SCREENING
from tests.intake.desk import CODE, Desk

HEAD = ["รายการพิจารณา", "กลุ่มใกล้ชิด (คน)", "กลุ่มห่วงใย (คน)", "กลุ่มไว้ใจ (คน)", "หมายเหตุ"]
AREAS = ("การเรียน", "สังคม", "ชู้สาว", "เศรษฐกิจ", "การพนัน")


def book(desk: Desk, *rows: list[str], group: str = "ชย.1/1") -> Path:
    above = [["แบบสรุปผลการคัดกรองผู้เรียน ภาคเรียนที่ 1 ปีการศึกษา 2568"], [f"กลุ่มเรียน {group} แผนกวิชา ช่างยนต์"]]
    return desk.workbook([*above, HEAD, *rows], "summary.xlsx")


@pytest.fixture
def screened(desk: Desk) -> Desk:
    desk.roster({69201010001: "ชย.1/1", 69201010002: "ชย.1/1", 69201010003: "ชย.1/2"})
    rows = [
        ["69201010001", "ห่วงใย", "ไว้ใจ", "ใกล้ชิด", "ไว้ใจ", "ไว้ใจ"],
        ["69201010002", "ห่วงใย", *["ไว้ใจ"] * 4],
        ["69201010003", *["ใกล้ชิด"] * 5],
    ]
    desk.bring(
        desk.workbook(
            [["รหัสนักศึกษา", "วันที่คัดกรอง", *AREAS], *([code, "16/06/2568", *told] for code, *told in rows)],
            "screening.xlsx",
        )
    )
    return desk


def test_a_summary_is_recognised_and_brings_no_student(screened: Desk) -> None:
    before = screened.read(SCREENING, "student", "area", "level")
    report = screened.bring(
        book(screened, ["ด้านการเรียน", "0", "3", "10", ""], ["ด้านชู้สาว", "1", "0", "12", ""], ["รวม", "1", "3", "22", ""])
    )
    assert (report.source, report.rows, report.accepted, report.quarantined) == ("screening_summary", 0, 0, 0)
    told = [note.th for note in report.notes]
    assert told[:2] == [
        "การเรียน: ไฟล์สรุป ใกล้ชิด 0 คน, ห่วงใย 3 คน, ไว้ใจ 10 คน",
        "ชู้สาว: ไฟล์สรุป ใกล้ชิด 1 คน, ห่วงใย 0 คน, ไว้ใจ 12 คน",
    ]
    assert "การเรียน กลุ่มห่วงใย: ไฟล์สรุป 3 คน ในระบบ 2 คน" in told[2:], "and what the records say instead"
    assert screened.read(SCREENING, "student", "area", "level") == before


def test_the_title_block_says_the_class_group_and_the_term(desk: Desk) -> None:
    summary = read_summary(
        book(desk, ["การเรียน", "1", "-", "๒", ""], ["เรื่องอื่น", "1", "1", "1", ""], ["สังคม", "หลายคน", "1", "1", ""])
    )
    assert summary == Summary(
        class_group="ชย.1/1",
        academic_year=2025,
        term=1,
        counts={("LEARNING", "CLOSE"): 1, ("LEARNING", "TRUST"): 2},
        unread=[5, 6],
    )


def test_counts_are_compared_with_the_class_group_s_last_screening(screened: Desk) -> None:
    summary = read_summary(
        book(screened, ["การเรียน", "0", "3", "0", ""], ["สังคม", "0", "0", "2", ""], ["ชู้สาว", "0", "1", "1", ""])
    )
    found = compare_summary(screened.home, CODE, summary)
    assert [(one.area, one.group, one.said, one.known) for one in found] == [
        ("LEARNING", "CONCERN", 3, 2), ("SEXUAL", "CLOSE", 0, 1), ("SEXUAL", "CONCERN", 1, 0),
    ]  # fmt: skip
    assert found[0].text.th == "การเรียน กลุ่มห่วงใย: ไฟล์สรุป 3 คน ในระบบ 2 คน"
    assert found[0].text.en == "learning, concern: the summary says 3, the records 2"


def test_a_later_screening_takes_the_place_of_an_earlier_one(screened: Desk) -> None:
    rows = [["รหัสนักศึกษา", "วันที่คัดกรอง", *AREAS], ["69201010001", "20/06/2568", *["ไว้ใจ"] * 5]]
    screened.bring(screened.workbook(rows, "again.xlsx"))
    summary = read_summary(book(screened, ["การเรียน", "0", "1", "1", ""], ["ชู้สาว", "0", "0", "2", ""]))
    assert compare_summary(screened.home, CODE, summary) == []


def test_nothing_is_compared_without_class_group_and_term(screened: Desk) -> None:
    summary = read_summary(screened.workbook([HEAD, ["การเรียน", "9", "9", "9", ""]], "bare.xlsx"))
    assert (summary.class_group, summary.term, compare_summary(screened.home, CODE, summary)) == ("", None, [])


def test_a_summary_without_a_group_is_refused_by_name(desk: Desk) -> None:
    with pytest.raises(ImportRefused, match=r"no column 'กลุ่มไว้ใจ \(คน\)'"):
        read_summary(desk.workbook([HEAD[:3], ["การเรียน", "1", "2"]]))
