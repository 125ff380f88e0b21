"""Rows that cannot be taken: kept whole and sealed, with every rule they broke; cells left out keep their original."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from records.intake.problems import PROBLEM_OF, PROBLEMS
from records.ledger import BatchRow
from records.tables import GRADES, HOUSEHOLD, SCREENING
from tests.intake.desk import Desk, DeskWith

GRADE_HEAD = "รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | รหัสวิชา | หน่วยกิต | คะแนน | เกรด | วันที่ประกาศ"
AT = "2025-10-20 08:00"


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def token_of(desk: Desk, number: int) -> UUID:
    with desk.home.database.read() as session:
        batch = session.get(BatchRow, number)
        assert batch is not None
        return batch.token


def quarantined(desk: Desk, number: int) -> list[tuple[int, list[str], Mapping[str, str]]]:
    kept = desk.home.quarantine.rows(token_of(desk, number))
    return [(row.line, list(row.problems), row.cells) for row in kept]


def originals(desk: Desk, number: int) -> list[tuple[int, str, str, str]]:
    kept = desk.home.quarantine.originals(token_of(desk, number))
    return [(cell.line, cell.column, cell.fix, cell.cell) for cell in kept]


def test_a_bad_row_is_kept_with_every_rule_it_broke_and_every_cell(ready: Desk) -> None:
    report = ready.bring(f"{GRADE_HEAD} | หมายเหตุ\n1001 | 25xx | 7 | 20101 | 3 | 60 | ห้า | 31/09/2568 | ก ข ค", at=AT)
    [(line, problems, cells)] = quarantined(ready, report.ledger_number)
    assert (line, sorted(problems)) == (2, ["BAD_DATE", "BAD_NUMBER", "OUT_OF_RANGE", "UNKNOWN_CODE"])
    assert cells["หมายเหตุ"] == "ก ข ค"
    assert cells["เกรด"] == "ห้า"
    assert report.quarantined == 1
    assert ready.log.rows(GRADES).num_rows == 0


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | - | 13/10/2568", "MISSING_VALUE"),
        ("1001 | 2568 | 1 | - | 3 | 60 | 4 | 13/10/2568", "MISSING_VALUE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | A | 13/10/2568", "UNKNOWN_CODE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 35 | 13/10/2568", "UNKNOWN_CODE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4 | เมื่อวาน", "BAD_DATE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4 | -", "MISSING_VALUE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2468", "DATE_OUT_OF_RANGE"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4 | 21/10/2568", "DATE_IN_FUTURE"),
        ("1001 | 2568 | 4 | 20101 | 3 | 60 | 4 | 13/10/2568", "OUT_OF_RANGE"),
        ("1001 | 1568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568", "OUT_OF_RANGE"),
        ("1001 | 2568 | หนึ่ง | 20101 | 3 | 60 | 4 | 13/10/2568", "BAD_NUMBER"),
        ("9999 | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568", "UNKNOWN_STUDENT"),
        ("6.9E+10 | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568", "LOST_DIGITS"),
        ("- | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568", "NO_STUDENT_ID"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4", "RAGGED_ROW"),
        ("1001 | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568 | x", "RAGGED_ROW"),
    ],
)
def test_every_bad_row_has_its_reason(ready: Desk, row: str, problem: str) -> None:
    report = ready.bring(f"{GRADE_HEAD}\n{row}\n1002 | 2568 | 1 | 20101 | 3 | 70 | 3 | 13/10/2568", at=AT)
    assert (dict(report.lines), report.accepted, report.quarantined) == ({problem: [2]}, 1, 1)
    assert [problems for _, problems, _ in quarantined(ready, report.ledger_number)] == [[problem]]


def test_a_ragged_row_is_kept_as_it_stood(ready: Desk) -> None:
    report = ready.bring(f"{GRADE_HEAD}\n1001 | 2568 | 1 | 20101", at=AT)
    assert quarantined(ready, report.ledger_number) == [(2, ["RAGGED_ROW"], {"row": "1001,2568,1,20101"})]


def test_an_optional_bad_cell_is_left_out_and_its_original_kept(ready: Desk) -> None:
    report = ready.bring(
        f"""
        {GRADE_HEAD}
        1001 | 2568 | 1 | 20101 | สาม | 105 | 4 | 13/10/2568
        1002 | 2568 | 1 | 20101 | 3 | 70 | 3.5 | 13/10/2568
        """,
        at=AT,
    )
    assert (report.accepted, report.fixed, report.quarantined) == (2, 1, 0)
    assert ready.known(GRADES, "student", "credits", "score", "grade") == [(0, None, None, "4"), (1, 3.0, 70.0, "3.5")]
    assert originals(ready, report.ledger_number) == [
        (2, "credits", "LEFT_OUT", "สาม"),
        (2, "score", "LEFT_OUT", "105"),
    ]
    assert dict(report.fixes) == {"LEFT_OUT": 2}
    assert (report.left_out, report.left_out_lines) == ({"หน่วยกิต": 1, "คะแนน": 1}, {"หน่วยกิต": [2], "คะแนน": [2]})
    assert "LEFT_OUT x2: ช่องที่อ่านไม่ได้หรือเป็นไปไม่ได้ไม่ได้นำเข้า" in report.text()


def test_a_cell_that_is_left_out_is_told_by_header_and_line_and_comes_in_once_mended(ready: Desk) -> None:
    late = ["ส่งช้า (วัน)", "-1", "2", "สามวัน", "9999"]
    codes = ["20101", "20102", "20103", "20104"]
    rows = [GRADE_HEAD, *(f"1001 | 2568 | 1 | {code} | 3 | 60 | 4 | 13/10/2568" for code in codes)]
    report = ready.bring("\n".join(f"{row} | {cell}" for row, cell in zip(rows, late, strict=True)), at=AT)
    assert report.text().splitlines()[-2:] == [
        "  ~ LEFT_OUT x3: ช่องที่อ่านไม่ได้หรือเป็นไปไม่ได้ไม่ได้นำเข้า ส่วนอื่นของแถวรับเข้าแล้ว แก้ช่องนั้นในไฟล์แล้วนำเข้าอีกครั้ง · "
        "a cell that cannot be read or cannot be was left out; the rest of its row was taken: "
        "mend the cell in the file and import it again",
        "    x3, ช่อง (column) ส่งช้า (วัน), บรรทัด (lines) 2, 4, 5",
    ]
    mended = ready.bring(
        "\n".join(f"{row} | {cell}" for row, cell in zip(rows, [late[0], *"1234"], strict=True)), at=AT
    )
    assert (mended.accepted, mended.known, dict(mended.left_out)) == (3, 1, {})


def test_as_many_lines_of_cells_left_out_are_shown_as_of_rows_in_quarantine(ready: Desk) -> None:
    rows = "\n".join(f"1001 | 2568 | 1 | {20101 + n} | สาม | 60 | 4 | 13/10/2568" for n in range(10))
    told = ready.bring(f"{GRADE_HEAD}\n{rows}", at=AT).text()
    assert "    x10, ช่อง (column) หน่วยกิต, บรรทัด (lines) 2, 3, 4, 5, 6, 7, 8, 9 ..." in told.splitlines()
    assert "สาม" not in told


def test_credits_as_hours_of_theory_practice_and_credits_are_read(ready: Desk) -> None:
    report = ready.bring(f"{GRADE_HEAD}\n1001 | 2568 | 1 | 20101 | 3-0-3 | 60 | 2 | 13/10/2568", at=AT)
    assert ready.known(GRADES, "credits") == [(3.0,)]
    assert report.quarantined == 0


@pytest.mark.parametrize(("cell", "problem"), [("1.8E+12", "LOST_DIGITS"), ("181990000001", "BAD_IDENTIFIER")])
def test_an_identifier_that_cannot_be_used_stops_a_row_only_where_there_is_no_other(
    ready: Desk, cell: str, problem: str
) -> None:
    head = "เลขประจำตัวประชาชน | รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน | รายได้เฉลี่ยต่อคน"
    report = ready.bring(f"{head}\n{cell} | 1001 | 01/06/2568 | 4 | 1250\n{cell} | - | 01/06/2568 | 3 | 900", at=AT)
    assert (report.accepted, report.fixed, dict(report.lines)) == (1, 1, {problem: [3]})
    assert ready.known(HOUSEHOLD, "student", "members") == [(0, 4)]
    assert originals(ready, report.ledger_number) == [(2, "national", "LEFT_OUT", cell)]
    assert dict(report.left_out_lines) == {"เลขประจำตัวประชาชน": [2]}
    assert cell not in report.text()


def test_the_identifier_that_was_left_out_is_the_one_that_is_kept(ready: Desk) -> None:
    head = "เลขประจำตัวประชาชน | รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"
    ready.bring(
        f"{head}\n1819900000014 | 1003 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568",
        at="2025-05-20 08:00",
        confirm_shrink=True,
    )
    told = "เลขประจำตัวประชาชน | รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน\n1819900000014 | 6.9E+10 | 01/06/2568 | 4"
    report = ready.bring(told, at=AT)
    assert (report.accepted, report.fixed, report.quarantined) == (1, 1, 0)
    assert originals(ready, report.ledger_number) == [(2, "code", "LEFT_OUT", "6.9E+10")]


def test_a_national_number_and_a_code_that_changed_places_go_back_on_a_roster(desk: Desk) -> None:
    head = "เลขประจำตัวประชาชน | รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"
    report = desk.bring(
        f"{head}\n1003 | 1819900000014 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568", at="2025-05-20 08:00"
    )
    assert (report.accepted, report.fixed, dict(report.fixes)) == (1, 1, {"IDS_SWAPPED": 1})
    assert "IDS_SWAPPED x1: สลับเลขประจำตัวประชาชนกับรหัสนักเรียน" in report.text()
    told = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน\n1003 | 01/06/2568 | 4"
    assert desk.bring(told, at=AT).accepted == 1


def test_a_cell_that_says_nothing_is_missing_and_no_mistake(ready: Desk) -> None:
    report = ready.bring(f"{GRADE_HEAD}\n1001 | 2568 | 1 | 20101 | - | ไม่ระบุ | 4 | 13/10/2568", at=AT)
    assert (report.fixed, report.quarantined) == (0, 0)
    assert ready.known(GRADES, "credits", "score") == [(None, None)]


@pytest.mark.parametrize(
    "area", ["ยาเสพติด", "ด้านชู้สาว", "ด้าน ยาเสพติด", "การทะเลาะวิวาท", "สุขภาพ/กาย/จิต/อารมณ์", "SDQ", "drugs"]
)
def test_sensitive_areas_of_screening_stay_sealed_and_out_of_the_log(ready: Desk, area: str) -> None:
    head = "รหัสนักศึกษา | วันที่คัดกรอง | ด้าน | ผลคัดกรอง"
    report = ready.bring(f"{head}\n1001 | 01/06/2568 | {area} | ใกล้ชิด\n1001 | 01/06/2568 | การเรียน | ห่วงใย", at=AT)
    assert (report.accepted, dict(report.reasons)) == (1, {"SENSITIVE_AREA": 1})
    assert ready.known(SCREENING, "area", "level") == [("LEARNING", "CONCERN")]
    assert quarantined(ready, report.ledger_number)[0][2]["ด้าน"] == area
    raw = b"".join(path.read_bytes() for path in ready.home.settings.home.rglob("*") if path.is_file())
    assert area.encode() not in raw


def test_a_row_that_says_only_a_day_is_no_record(ready: Desk) -> None:
    head = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน | รายได้เฉลี่ยต่อคน"
    report = ready.bring(f"{head}\n1001 | 01/06/2568 | - | -\n1002 | 01/06/2568 | 4 | 1250", at=AT)
    assert (report.accepted, report.quarantined) == (1, 0)
    assert ready.known(HOUSEHOLD, "student", "members", "income_per_head") == [(1, 4, 1250.0)]


def test_the_report_names_lines_and_what_to_mend_and_no_cell(ready: Desk) -> None:
    rows = "\n".join(f"9{n:03d} | 2568 | 1 | 20101 | 3 | 60 | 4 | 13/10/2568" for n in range(10))
    report = ready.bring(f"{GRADE_HEAD}\n{rows}\n1001 | 2568 | 1 | 20101 | 3 | 60 | ดี | 13/10/2568", at=AT)
    assert report.text().splitlines() == [
        f"file.csv (plain) -> 1320026101, batch {report.ledger_number}: 11 rows, 0 accepted, 0 known, "
        "11 in quarantine, 0 layout; 0 with fixes, 0 retracted",
        "  อ่าน 11 แถว รับเข้า 0 ทราบอยู่แล้ว 0 กักไว้ 11 ไม่ใช่ข้อมูล 0 · แก้ให้ 0 ถอนคืน 0",
        "  ✗ UNKNOWN_CODE x1, ช่อง (column) เกรด, บรรทัด (lines) 12: "
        "คำในช่องนี้ไม่อยู่ในรายการที่รู้จัก · the word in a cell is not one of the known codes",
        "  ✗ UNKNOWN_STUDENT x10, บรรทัด (lines) 2, 3, 4, 5, 6, 7, 8, 9 ...: "
        "ไม่พบรหัสนี้ในทะเบียน ให้นำเข้าทะเบียนก่อน · this code is on no roster; import the roster first",
    ]


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert len(PROBLEM_OF) == len(PROBLEMS)
    assert all(problem.text.th != problem.text.en for problem in PROBLEMS)
