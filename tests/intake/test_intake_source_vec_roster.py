"""The class roster of ศธ.02: one group a sheet, read by its header or by position, speaking for its groups alone."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from records.errors import ImportRefused
from records.ledger import student_ids
from records.tables import ENROLMENTS, ROSTER_COUNTS
from tests.intake.desk import CODE, Desk

AT = "2025-06-10 08:00"
TOLD = ("student", "academic_year", "term", "level", "class_group", "programme", "study_mode", "status", "happened_on")
HEADER = ["ที่", "", "รหัสประจำตัว", "ชื่อ - สกุล"]
NOBODY = ["", "", "", ""]


def sheet(
    *students: tuple[str, str],
    group: str = "ปวช.1/1 ช่างยนต์",
    header: Sequence[str] = NOBODY,
    term: str = "ภาคเรียนที่ 1 ปีการศึกษา 2568",
    below: Sequence[Sequence[str]] = (),
) -> list[list[str]]:
    """Eight rows of title block, then the students."""
    title = [
        ["วิทยาลัยเทคนิคตัวอย่าง"], ["รายชื่อผู้เรียน"], [term], [f"กลุ่มเรียน {group}"], ["สาขาวิชา ช่างยนต์"],
        ["ครูที่ปรึกษา นายครู ใจดี"], [], list(header),
    ]  # fmt: skip
    rows = [[str(number), "", code, name] for number, (code, name) in enumerate(students, start=1)]
    return [*title, *rows, *map(list, below)]


def book(desk: Desk, name: str = "roster.xlsx", **sheets: list[list[str]]) -> Path:
    path = desk.folder / name
    with xlsxwriter.Workbook(str(path)) as workbook:
        for title, rows in sheets.items():
            page = workbook.add_worksheet(title)
            for line, row in enumerate(rows):
                page.write_row(line, 0, row)
            page.merge_range(0, 0, 0, 3, rows[0][0])
    return path


GOOD, FINE = ("69201010001", "นายดี สมมติ"), ("69201010002", "นางสาวงาม สมมติ")


@pytest.mark.parametrize("header", [NOBODY, HEADER])
def test_a_class_roster_is_recognised_and_read(desk: Desk, header: list[str]) -> None:
    report = desk.bring(book(desk, A=sheet(GOOD, FINE, header=header)), at=AT)
    assert (report.source, report.rows, report.accepted, report.quarantined) == ("vec_roster", 2, 2, 0)
    shared = (2025, 1, "V1", "ปวช.1/1 ช่างยนต์", "ช่างยนต์", None, "ENROLLED", "2025-06-10")
    assert desk.known(ENROLMENTS, *TOLD) == [(0, *shared), (1, *shared)]
    assert desk.known(ROSTER_COUNTS, "students") == []


def test_names_of_one_cell_are_told_apart(desk: Desk) -> None:
    desk.bring(book(desk, A=sheet(GOOD)), at=AT)
    ids = student_ids(desk.home.database, CODE)
    [name] = desk.home.vault.names(list(ids.values())).values()
    assert (name.title, name.first_name, name.last_name) == ("นาย", "ดี", "สมมติ")


def test_each_sheet_is_a_group_and_a_word_of_its_label_the_study_mode(desk: Desk) -> None:
    dual = sheet(FINE, group="ปวส.1/2 บัญชี ทวิภาคี", term="ภาคเรียนที่ 1/2568")
    report = desk.bring(book(desk, one=sheet(GOOD), two=dual), at=AT)
    assert (report.accepted, list(report.sheets)) == (2, ["one", "two"])
    assert desk.known(ENROLMENTS, "student", "level", "class_group", "study_mode") == [
        (0, "V1", "ปวช.1/1 ช่างยนต์", "NORMAL"),
        (1, "D1", "ปวส.1/2 บัญชี ทวิภาคี", "DUAL"),
    ]


def test_who_is_missing_leaves_the_group_of_the_file_and_no_other(desk: Desk) -> None:
    desk.bring(book(desk, "1.xlsx", A=sheet(GOOD, FINE)), at=AT)
    other = ("69201010003", "นายสุข สมมติ")
    desk.bring(book(desk, "2.xlsx", A=sheet(other, group="ปวช.1/2 ช่างยนต์")), at="2025-06-11 08:00")
    report = desk.bring(book(desk, "3.xlsx", A=sheet(GOOD)), at="2025-06-20 08:00")
    assert report.retracted == 1
    assert desk.known(ENROLMENTS, "student") == [(0,), (2,)]


def test_a_bad_row_is_kept_back_and_signatures_are_no_students(desk: Desk) -> None:
    below = [["", "", "", ""], ["", "", "ลงชื่อ.............ครูที่ปรึกษา", ""]]
    rows = sheet(GOOD, ("6.92E+10", "นายเสีย หลัก"), header=HEADER, below=below)
    report = desk.bring(book(desk, A=rows), at=AT)
    assert (report.accepted, dict(report.reasons), report.layout) == (1, {"LOST_DIGITS": 1}, 1)
    without = desk.bring(book(desk, "no-header.xlsx", A=sheet(GOOD, below=below)), at="2025-06-12 08:00")
    assert (without.quarantined, without.layout) == (0, 1)


def test_a_level_that_is_none_keeps_its_rows_back(desk: Desk) -> None:
    report = desk.bring(book(desk, A=sheet(GOOD, group="สทค.1")), at=AT)
    assert dict(report.reasons) == {"UNKNOWN_CODE": 1}


def test_a_roster_of_no_term_is_refused(desk: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no columns 'ปีการศึกษา', 'ภาคเรียน'"):
        desk.bring(book(desk, A=sheet(GOOD, term="")), source="vec_roster")
