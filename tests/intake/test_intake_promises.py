"""What intake promises whatever comes in: nobody looks gone by a slip, nothing newer is overruled, no number changes hands."""

from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter

from records import ledger
from records.errors import ImportRefused
from records.intake import importing
from records.intake.folders import in_order
from records.intake.undo import undo_batch
from records.tables import ATTENDANCE, ENROLMENTS, HOUSEHOLD, OUTCOMES, ROSTER_COUNTS
from tests.intake.desk import CODE, Desk, DeskWith

HEAD = ["รหัสนักศึกษา", "ชื่อ", "นามสกุล", "ปีการศึกษา", "ภาคเรียน", "ระดับชั้น", "กลุ่มเรียน", "วันที่ข้อมูล"]
ATTENDED = "รหัสนักศึกษา | วันที่ | สถานะ"


def roster_rows(codes: range, day: str = "20/05/2568") -> list[list[str]]:
    return [[str(code), f"ดี{code}", "สมมติ", "2568", "1", "ปวช.1", "ชย.1/1", day] for code in codes]


def marks(desk: Desk) -> list[tuple[object, ...]]:
    return desk.known(ATTENDANCE, "student", "happened_on", "status")


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def test_a_mistyped_year_takes_nothing_back(ready: Desk) -> None:
    told = "\n".join(f"1001 | {day}/05/2568 | ขาด" for day in (19, 20, 21, 22))
    ready.bring(f"{ATTENDED}\n{told}", at="2025-05-23 08:00")
    report = ready.bring(f"{ATTENDED}\n1001 | 23/05/2567 | ขาด\n1001 | 23/05/2568 | ขาด", at="2025-05-24 08:00")
    assert report.retracted == 0
    assert len(marks(ready)) == 6


def test_a_roster_can_come_in_again_after_it_was_withdrawn(desk: Desk) -> None:
    first = desk.roster(dict.fromkeys(range(1001, 1011), "ชย.1/1"))
    undo_batch(desk.home, CODE, first.ledger_number, "tests")
    again = desk.bring([HEAD, *roster_rows(range(1001, 1011))])
    assert again.accepted == 10
    assert len(desk.known(ENROLMENTS, "student")) == 10


def test_a_sheet_that_could_not_be_read_makes_nobody_look_gone(desk: Desk) -> None:
    rows = roster_rows(range(1001, 1011))
    wrong = [name if name != "กลุ่มเรียน" else "กลุ่มที่เรียน" for name in HEAD]
    desk.bring(desk.workbook([HEAD, *rows], "whole.xlsx"), at="2025-05-21 08:00")
    later = [[*row[:-1], "10/06/2568"] for row in rows]
    report = desk.bring(_two_sheets(desk, [HEAD, *later[:8]], [wrong, *later[8:]]), at="2025-06-11 08:00")
    assert report.retracted == 0
    assert len(desk.known(ROSTER_COUNTS, "students")) == 1, "a part of a roster is no count"
    assert any("sheets that were not read" in note.en for note in report.notes)


def _two_sheets(desk: Desk, *sheets: list[list[str]]) -> Path:
    path = desk.folder / "two.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for rows in sheets:
            page = book.add_worksheet()
            for line, row in enumerate(rows):
                page.write_row(line, 0, row)
    return path


def test_an_old_file_again_does_not_overrule_what_corrected_it(ready: Desk) -> None:
    old = ready.file(f"{ATTENDED}\n1001 | 19/05/2568 | ขาด\n9999 | 19/05/2568 | ขาด", "old.csv")
    ready.bring(old, at="2025-05-20 08:00")
    ready.bring(f"{ATTENDED}\n1001 | 19/05/2568 | ลาป่วย", at="2025-05-21 08:00")
    again = ready.bring(old, at="2025-05-22 08:00")
    assert again.quarantined == 1
    assert marks(ready) == [(0, "2025-05-19", "S")]


def test_rows_of_the_same_file_wait_in_quarantine_once(ready: Desk) -> None:
    old = ready.file(f"{ATTENDED}\n9999 | 19/05/2568 | ขาด", "old.csv")
    for _ in range(3):
        ready.bring(old)
    assert sum(count.rows for count in ready.home.quarantine.counts()) == 1


def test_a_number_is_never_given_to_somebody_else(ready: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A student whom a refused roster admitted, and of whom attendance was taken in since, keeps the number."""
    ready.bring([HEAD, *roster_rows(range(2001, 2011))], at="2025-05-22 08:00", confirm_shrink=True)
    with pytest.raises(ImportRefused):
        ready.bring([HEAD, *roster_rows(range(3001, 3002), "22/05/2568")], at="2025-05-23 08:00")
    assert ready.bring(f"{ATTENDED}\n3001 | 22/05/2568 | ขาด", at="2025-05-24 08:00").accepted == 1
    sweep = importing.sweep
    monkeypatch.setattr(importing, "sweep", lambda home, now: sweep(home, now + timedelta(hours=2)))
    before = ledger.student_ids(ready.home.database, CODE)
    ready.bring([HEAD, *roster_rows(range(4001, 4020), "24/05/2568")], at="2025-05-25 08:00")
    after = ledger.student_ids(ready.home.database, CODE)
    assert {number: after[number] for number in before} == before
    assert len(set(after.values())) == len(after)


def test_the_same_file_as_another_table_is_another_file(ready: Desk) -> None:
    both = ready.file(
        "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน | วันที่ | เหตุการณ์\n1001 | 20/05/2568 | 4 | 21/05/2568 | ออกกลางคัน",
        "both.csv",
    )
    assert ready.bring(both, table="household", source="plain").accepted == 1
    assert ready.bring(both, table="outcomes", source="plain").accepted == 1
    assert ready.known(HOUSEHOLD, "members") == [(4,)]
    assert ready.known(OUTCOMES, "event") == [("LEFT",)]


def test_nothing_is_known_before_it_happened(desk: Desk) -> None:
    desk.roster({1001: "ชย.1/1"}, at="2025-05-12 08:00", history=True)
    told = "รหัสนักศึกษา | วันที่ | สถานะ | บันทึกเมื่อ\n1001 | 19/05/2568 | ขาด | 20/05/2567 08:00"
    assert desk.bring(told, at="2025-05-30 08:00", history=True).accepted == 1
    assert desk.read(ATTENDANCE, "happened_on", "recorded_at") == [("2025-05-19", "2025-05-19 00:00")]


def test_a_student_code_given_anew_is_another_person(ready: Desk) -> None:
    rows = roster_rows(range(1001, 1003), "10/06/2568")
    rows[0][1:3] = ["ใหม่", "อีกคน"]
    report = ready.bring([HEAD, *rows], at="2025-06-11 08:00")
    assert report.warnings.get("POSSIBLE_SAME_PERSON") == [2]
    assert len(ledger.student_ids(ready.home.database, CODE)) == 3


def test_a_folder_with_any_kind_of_file_has_an_order(ready: Desk) -> None:
    ready.file("ประทับเวลา | รหัสนักศึกษา | จำนวนสมาชิกในครัวเรือน\n20/05/2568 08:00 | 1001 | 4", "form.csv")
    ready.file([HEAD, *roster_rows(range(1001, 1003))], "roster.csv")
    (ready.folder / "notes.txt").write_text("-", encoding="utf-8")
    order = [path.name for path in in_order(ready.folder)]
    assert order.index("roster.csv") < order.index("form.csv") < order.index("notes.txt")
