"""Rows in quarantine go out as a workbook, are mended, and come back as rows of their own file."""

import json
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
import xlsxwriter
from sqlalchemy import select
from typer.testing import CliRunner

from records import ledger
from records.audit import AuditRow
from records.college import Institution
from records.errors import ImportRefused, UserError
from records.intake.commands import quarantine_discard, quarantine_export, quarantine_list, quarantine_retry, undo
from records.intake.mending import LINE
from records.intake.quarantine_workbook import MENDING, REASON
from records.intake.quarantined import Retried, discard, export, named_lines, retry, waiting
from records.intake.source import SHEET_STEP
from records.ledger import StudentRow
from records.tables import ATTENDANCE, ENROLMENTS, HOUSEHOLD, ROSTER_COUNTS
from tests.intake.desk import CODE, Desk, DeskWith, Rows, pages

OTHER = "1320026102"
HEAD = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน"
WRONG = f"{HEAD}\n1001 | 01/06/2568 | 4\n1002 | 31/06/2568 | 3\n9999 | 01/06/2568 | 5"
ROSTER = "รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def exported(desk: Desk, number: int) -> tuple[Path, dict[str, Rows]]:
    path = desk.folder / f"mend-{number}.xlsx"
    export(desk.home, CODE, number, path, "test")
    return path, pages(path)


def mended(desk: Desk, number: int, changes: Mapping[tuple[str, str], str], page: str = "ข้อมูล") -> Path:
    """The exported workbook with cells changed by (line, header), as a clerk would save it."""
    path, grids = exported(desk, number)
    grid = grids[page]
    for (line, header), cell in changes.items():
        row = next(row for row in grid[1:] if row[grid[0].index(LINE)] == line)
        row[grid[0].index(header)] = cell
    return written(path, {page: grid})


def written(path: Path, grids: Mapping[str, Rows]) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
        for name, grid in grids.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(grid):
                sheet.write_row(number, 0, row)
    return path


def again(desk: Desk, number: int, path: Path) -> Retried:
    return retry(desk.home, CODE, number, path, "test")


def left(desk: Desk, number: int) -> dict[int, tuple[str, ...]]:
    return desk.home.quarantine.lines(ledger.require_batch(desk.home.database, CODE, number).token)


def members(desk: Desk) -> list[tuple[object, ...]]:
    return desk.known(HOUSEHOLD, "student", "members")


# List


def test_the_list_counts_rows_and_reasons_and_names_nobody(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    [one] = waiting(ready.home, CODE, datetime.now(UTC) + timedelta(days=3, minutes=1))
    assert (one.batch, one.rows, one.age_days, one.days_left) == (number, 2, 3, 177)
    assert one.received_on.isoformat() == "2025-06-20"
    assert one.reasons == {"BAD_DATE": 1, "UNKNOWN_STUDENT": 1}
    assert waiting(ready.home, OTHER, datetime.now(UTC)) == []


# Export


def test_the_workbook_has_the_files_own_layout_and_says_why_in_both_languages(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path, grids = exported(ready, number)
    header, first, second = grids["ข้อมูล"]
    assert header == [REASON, MENDING, LINE, *HEAD.split(" | ")]
    assert first[2:] == ["3", "1002", "31/06/2568", "3"]
    assert second[2:] == ["4", "9999", "01/06/2568", "5"]
    assert first[0].startswith("อ่านวันที่ไม่ได้")
    assert "a date cannot be read" in first[0]
    assert "16/05/2568" in first[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert any(f"zerodrop quarantine retry {number}" in cell for row in grids["วิธีแก้ไฟล์นี้ (how to)"] for cell in row)


def test_an_export_is_a_look_at_students(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    exported(ready, number)
    with ready.home.database.read() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "export quarantine"))
    assert (row.actor, row.institution, row.detail) == ("test", CODE, {"batch": number})


def test_a_cell_that_looks_like_a_formula_stays_text(ready: Desk) -> None:
    evil = "=HYPERLINK(1)"
    number = ready.bring(f"{HEAD} | หมายเหตุ\n009 | 01/06/2568 | 4 | {evil}", at="2025-06-20 08:00").ledger_number
    path, grids = exported(ready, number)
    assert grids["ข้อมูล"][1][3:] == ["009", "01/06/2568", "4", evil]
    with zipfile.ZipFile(path) as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/"))


def test_ragged_rows_have_a_sheet_of_their_own_and_are_typed_into_the_other(ready: Desk) -> None:
    number = ready.bring(f"{HEAD}\n1001 | 01/06/2568\n1002 | 01/06/2568 | 3", at="2025-06-20 08:00").ledger_number
    path, grids = exported(ready, number)
    assert grids["แถวที่ช่องไม่ครบ (ragged)"][1][2:] == ["2", "1001,01/06/2568"]
    grids["ข้อมูล"].append(["", "", "2", "1001", "01/06/2568", "4"])
    told = again(ready, number, written(path, grids))
    assert (told.came_in, told.waiting) == (1, 0)
    assert members(ready) == [(0, 4), (1, 3)]


# Retry


def test_mended_rows_come_in_and_leave_quarantine(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    told = again(ready, number, mended(ready, number, {("3", "วันที่สำรวจ"): "30/06/2568"}))
    assert (told.came_in, told.failed, told.waiting) == (1, 1, 1)
    assert members(ready) == [(0, 4), (1, 3)]
    assert left(ready, number) == {4: ("UNKNOWN_STUDENT",)}
    assert [one.batch_token for one in ready.home.quarantine.counts()] == [
        ledger.require_batch(ready.home.database, CODE, number).token
    ]
    assert told.report.file == "file.csv"
    assert not list((ready.home.logs / "staging").glob("*"))


def test_rows_that_fail_again_keep_their_mended_cells_new_reasons_and_age(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    since = ready.home.quarantine.counts()[0].oldest
    told = again(ready, number, mended(ready, number, {("4", "รหัสนักศึกษา"): "1002", ("4", "วันที่สำรวจ"): "99/99/2568"}))
    assert left(ready, number) == {3: ("BAD_DATE",), 4: ("BAD_DATE",)}
    assert told.report.lines == {"BAD_DATE": [3, 4]}  # where `discard --lines` and the workbook find them
    assert "บรรทัด (lines) 3, 4:" in told.text()
    _, grids = exported(ready, number)
    assert grids["ข้อมูล"][2][2:] == ["4", "1002", "99/99/2568", "5"]
    assert ready.home.quarantine.counts()[0].oldest == since


def test_rows_that_fail_again_are_told_within_their_own_sheet(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    report = again(ready, number, mended(ready, number, {})).report
    moved = replace(report, left_out_lines={"วันที่": [3]}).at({3: 7, 4: 2_000_009}, ["ก", "ข"])
    assert (moved.lines, moved.left_out_lines) == ({"BAD_DATE": [7], "UNKNOWN_STUDENT": [2_000_009]}, {"วันที่": [7]})
    assert [moved.place(line) for line in (7, 2_000_009)] == ["ก!7", "ข!9"]


def test_rows_left_out_of_the_workbook_go_on_waiting(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path, grids = exported(ready, number)
    row = [*grids["ข้อมูล"][1][:4], "30/06/2568", "3"]
    told = again(ready, number, written(path, {"ข้อมูล": [grids["ข้อมูล"][0], row]}))
    assert (told.came_in, told.failed, told.waiting) == (1, 0, 1)


def test_the_reason_columns_may_be_deleted(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path = mended(ready, number, {("3", "วันที่สำรวจ"): "30/06/2568"})
    grid = [row[2:] for row in pages(path)["ข้อมูล"]]
    assert again(ready, number, written(path, {"ข้อมูล": grid})).came_in == 1


def test_a_later_file_has_the_last_word_over_a_mended_row(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path = mended(ready, number, {("3", "วันที่สำรวจ"): "30/06/2568"})
    ready.bring(f"{HEAD}\n1002 | 30/06/2568 | 9", at="2025-07-05 08:00")
    told = again(ready, number, path)
    assert (told.came_in, told.report.accepted, told.report.known) == (1, 0, 1)
    assert (1, 9) in members(ready)


def test_mended_rows_of_a_roster_take_nobody_off_it(desk: Desk) -> None:
    rows = [f"{code} | ดี{code} | ส | 2568 | 1 | ปวช.1 | ชย.1/1 | {day}" for code, day in (
        (1001, "01/05/2568"), (1002, "01/05/2568"), (1003, "31/04/2568")
    )]  # fmt: skip
    number = desk.bring("\n".join([ROSTER, *rows]), at="2025-05-01 18:00").ledger_number
    told = again(desk, number, mended(desk, number, {("4", "วันที่ข้อมูล"): "01/05/2568"}))
    assert (told.report.retracted, told.report.accepted, told.waiting) == (0, 1, 0)
    assert [row[0] for row in desk.known(ENROLMENTS, "student")] == [0, 1, 2]
    with desk.home.database.read() as session:
        assert {row.class_group for row in session.scalars(select(StudentRow))} == {"ชย.1/1"}
    assert desk.read(ROSTER_COUNTS, "students") == []
    assert "import the mended roster as a whole again" in told.notes[0].en


def test_mended_attendance_takes_no_other_day_back(ready: Desk) -> None:
    head = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | คาบ | สถานะ"
    number = ready.bring(
        f"{head}\n1001 | ชย.1/1 | 19/05/2568 | ทั้งวัน | มา\n1002 | ชย.1/1 | 19/05/2568 | ทั้งวัน | ลืม", at="2025-05-20 08:00"
    ).ledger_number
    told = again(ready, number, mended(ready, number, {("3", "สถานะ"): "ขาด"}))
    assert (told.came_in, told.report.retracted) == (1, 0)
    assert [row[0] for row in ready.known(ATTENDANCE, "student")] == [0, 1]


def test_what_the_name_and_the_title_of_the_file_said_holds_for_mended_rows(desk: Desk) -> None:
    header = ["เลขประจำตัวนักเรียน", "เลขประจำตัวนักเรียน", "ชั้น", "ห้อง", "ชื่อ", "นามสกุล", "ยังไม่สามารถจำหน่ายได้ (3.1.8)"]
    rows = [
        ["วันและเวลาที่สร้างรายงาน 2025-06-12 04:10:12"],
        header,
        ["1100201520688", "01234", "ม.1", "1", "ดี", "สมมติ", ""],
        ["1100201520777", "01235", "ชั้นหนึ่ง?", "2", "งาม", "สมมติ", ""],
    ]
    report = desk.bring(desk.workbook(rows, "2568-1-student.xlsx"), at="2025-06-20 08:00")
    assert report.quarantined == 1
    path = mended(desk, report.ledger_number, {("4", "ชั้น"): "ม.2"}, page="Sheet1")
    assert again(desk, report.ledger_number, path).came_in == 1
    assert desk.known(ENROLMENTS, "student", "academic_year", "term", "happened_on", "class_group") == [
        (0, 2025, 1, "2025-06-12", "ม.1/1"), (1, 2025, 1, "2025-06-12", "ม.2/2")
    ]  # fmt: skip


def test_rows_of_history_stay_history(desk: Desk) -> None:
    desk.roster({1001: "ชย.1/1", 1002: "ชย.1/1"}, history=True)
    number = desk.bring(WRONG, history=True).ledger_number
    again(desk, number, mended(desk, number, {("3", "วันที่สำรวจ"): "30/06/2568"}))
    assert [day[:7] for (day,) in desk.read(HOUSEHOLD, "recorded_at")][-1] <= "2025-12"
    assert ledger.first_operational(desk.home.database, CODE) is None


# Discard


def test_discarded_rows_are_gone_and_the_audit_trail_says_so(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    with pytest.raises(UserError, match=f"Batch {number} has no row in quarantine at line 7; nothing was deleted"):
        discard(ready.home, CODE, number, "test", [3, 7])
    assert discard(ready.home, CODE, number, "test", [3]) == 1
    assert list(left(ready, number)) == [4]
    assert discard(ready.home, CODE, number, "test") == 1
    with ready.home.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "discard quarantine").order_by(AuditRow.id))
        assert [row.detail["rows"] for row in rows] == [1, "all"]


# Wrong use


def test_a_wrong_batch_is_named_with_what_is_wrong(ready: Desk) -> None:
    ledger.add_institution(ready.home.database, Institution(code=OTHER, name_th="อื่น", name_en="Other"))
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path = ready.folder / "out.xlsx"
    for code, batch, sentence in (
        (CODE, 99, "There is no batch 99."),
        (OTHER, number, f"Batch {number} belongs to another institution than {OTHER}."),
        (CODE, 1, "No row of batch 1 is in quarantine."),
    ):
        with pytest.raises(UserError) as refused:
            export(ready.home, code, batch, path, "test")
        assert str(refused.value).startswith(sentence)
    assert not path.exists()
    with pytest.raises(UserError, match=r"^out.csv would be a workbook: give it an .xlsx name\."):
        export(ready.home, CODE, number, path.with_suffix(".csv"), "test")
    assert not path.with_suffix(".csv").exists()


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ([HEAD.split(" | "), ["1002", "30/06/2568", "3"]], f"mended.xlsx has no column '{LINE}'."),
        ([[LINE, *HEAD.split(" | ")], ["", "1002", "30/06/2568", "3"]], f"mended.xlsx: row 2 has no number of its own under '{LINE}'."),
        ([[LINE, *HEAD.split(" | ")], ["2", "1002", "30/06/2568", "3"]], "mended.xlsx: no row with these line numbers waits in quarantine: 2."),
        ([[LINE, "รหัส", "วัน", "คน"], ["3", "1002", "30/06/2568", "3"]], "mended.xlsx: the headers are not those of the exported workbook."),
        ([[LINE, *HEAD.split(" | ")]], "mended.xlsx has no rows."),
    ],
)  # fmt: skip
def test_a_workbook_that_is_not_the_exported_one_is_refused(ready: Desk, grid: Rows, sentence: str) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    with pytest.raises(UserError) as refused:
        again(ready, number, written(ready.folder / "mended.xlsx", {"ข้อมูล": grid}))
    assert str(refused.value).startswith(sentence)
    assert "1002" not in str(refused.value)
    assert len(left(ready, number)) == 2


def test_lines_of_several_sheets_are_named_with_their_sheet(ready: Desk) -> None:
    """Line 3 of which sheet: the first was taken, and what is discarded is gone."""
    grid = [HEAD.split(" | "), ["1002", "01/06/2568", "3"], ["1002", "99/99/2568", "3"]]
    path = written(ready.folder / "two.xlsx", {"ก": grid, "ข": grid})
    number = ready.bring(path).ledger_number
    assert list(left(ready, number)) == [3, SHEET_STEP + 3]
    for told in ("3", "ค!3", "ข!x", "ข!"):
        with pytest.raises(UserError, match=r"such as 'ก!4,ข!7'; not '") as refused:
            named_lines(ready.home, CODE, number, [told])
        assert "--lines ใส่บรรทัดตามที่รายงานนำเข้าบอก" in str(refused.value)
    with pytest.raises(UserError, match="at line ข!9; nothing was deleted"):
        discard(ready.home, CODE, number, "test", named_lines(ready.home, CODE, number, ["ข!9"]))
    assert discard(ready.home, CODE, number, "test", named_lines(ready.home, CODE, number, [" ข!3"])) == 1
    assert list(left(ready, number)) == [3]


# Commands


def commands() -> typer.Typer:
    app = typer.Typer()
    for name, command in (
        ("list", quarantine_list), ("export", quarantine_export), ("retry", quarantine_retry), ("discard", quarantine_discard),
        ("undo", undo),
    ):  # fmt: skip
        app.command(name)(command)
    return app


def test_the_commands_take_a_batch_through_quarantine(ready: Desk) -> None:
    number = ready.bring(WRONG, at="2025-06-20 08:00").ledger_number
    path = ready.folder / "out.xlsx"

    def run(*arguments: str, answer: str = "", code: int = 0) -> str:
        told = CliRunner().invoke(commands(), [*arguments, "--home", str(ready.home.settings.home)], input=answer)
        assert told.exit_code == code, told.output
        return told.output

    assert f"batch {number}, received 2025-06-20: 2 rows for 0 days" in run("list")
    assert json.loads(run("list", "--json"))[0]["reasons"] == {"BAD_DATE": 1, "UNKNOWN_STUDENT": 1}
    assert "2 rows in" in run("export", str(number), "--out", str(path))
    assert json.loads(run("retry", str(number), str(path), "--json"))["failed"] == 2
    assert "Delete 1 rows" in run("discard", str(number), "--lines", "4", answer="n\n", code=1)
    assert list(left(ready, number)) == [3, 4]
    assert json.loads(run("discard", str(number), "--lines", "4", "--yes", "--json")) == {
        "batch": number,
        "discarded": 1,
    }
    assert json.loads(run("undo", str(number), "--json"))["discarded"] == 1
    assert "nothing is in quarantine" in run("list")


def test_the_workbook_is_refused_as_a_file_of_its_own(ready: Desk) -> None:
    """As a whole file it would withdraw everybody of the class group whose row was no part of it."""
    told = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | สถานะ\n1001 | ก | 02/06/2568 | มา\n1002 | ก | 02/06/2568 | ฮฮ"
    number = ready.bring(told, at="2025-06-20 08:00").ledger_number
    path = mended(ready, number, {("3", "สถานะ"): "มา"})
    for source in ("", "attendance"):
        with pytest.raises(ImportRefused, match="holds rows that were exported from quarantine") as refused:
            ready.bring(path, at="2025-06-21 08:00", source=source)
        assert refused.value.code == "ROWS_TO_RETRY"
    assert again(ready, number, path).came_in == 1
    assert len(ready.known(ATTENDANCE, "student")) == 2
