"""A marked student goes through good and bad imports; afterwards the mark is looked for everywhere but in the vault."""

import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from records.errors import ImportRefused
from records.intake.importing import ImportRequest, import_file
from records.tables import TABLES
from tests.intake.desk import CODE, Desk

NAME, STUDENT, NATIONAL = "ฑฒณทดสอบ", "69299999901", "1819900000014"
MARKS = (NAME, STUDENT, NATIONAL)
HEAD = "รหัสนักศึกษา | เลขประจำตัวประชาชน | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"
GOOD = f"{STUDENT} | {NATIONAL} | {NAME} | {NAME} | 2568 | 1 | ปวช.1 | ชย.1/1 | 20/05/2568"
BAD = (
    f"{STUDENT} | {NATIONAL} | {NAME} | {NAME} | 2568 | 1 | {NAME} | ชย.1/1 | {NAME}",
    f"{NAME} | {STUDENT} | {NAME} | {NAME} | {NAME} | 1 | ปวช.1 | {NAME} | 20/05/2568",
    f"{STUDENT} | {NATIONAL} | {NAME}",
    f"{STUDENT} | {NATIONAL} | {NAME} | {NAME} | 2568 | 1 | ปวช.1 | ชย.1/1 | 20/05/2568 | {NAME}",
)


def marked(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def outside_the_vault(desk: Desk) -> list[str]:
    """Files of the home that hold a mark, but for people.db."""
    paths = [path for path in desk.home.settings.home.rglob("*") if path.is_file() and path.name != "people.db"]
    found = [path.name for path in paths if any(mark.encode() in path.read_bytes() for mark in MARKS)]
    return found + [table.name for table in TABLES if marked(str(desk.log.rows(table).to_pylist()))]


def test_a_marked_student_is_in_no_log_no_report_and_no_file_but_the_vault(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    steps: list[str] = []
    path = desk.file("\n".join([HEAD, GOOD, *BAD]))
    [report] = import_file(
        desk.home, ImportRequest(path=path, institution=CODE), lambda step, rows: steps.append(f"{step} {rows}")
    )
    assert (report.accepted, report.quarantined) == (1, 4)
    later = desk.bring(
        f"รหัสนักศึกษา | วันที่ | สถานะ\n{STUDENT} | {NAME} | มา\n{STUDENT} | 19/05/2568 | {NAME}\n{NAME} | 19/05/2568 | มา"
    )
    assert (later.accepted, later.quarantined) == (0, 3)
    out, err = capfd.readouterr()
    said = "\n".join([caplog.text, out, err, repr(report), report.text(), repr(later), later.text(), *steps])
    assert marked(said) == []
    assert outside_the_vault(desk) == []
    raw = (desk.home.settings.home / "people.db").read_bytes()
    assert NAME.encode() in raw  # the search finds what is there
    assert STUDENT.encode() not in raw
    assert NATIONAL.encode() not in raw


@pytest.mark.parametrize("source", ["", "attendance", "roster", "plain", "dmc"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_refused_file_is_refused_without_a_word_of_its_rows(desk: Desk, source: str, kind: str) -> None:
    rows = [[STUDENT, NATIONAL, NAME, NAME, "มา"]] * 3
    path = desk.file(rows) if kind == "csv" else desk.workbook(rows)
    with pytest.raises(ImportRefused) as refused:
        import_file(desk.home, ImportRequest(path=path, institution=CODE, source=source))
    assert marked("".join(traceback.format_exception(refused.value))) == []


def test_a_failing_vault_says_nothing_of_whom_it_was_to_keep(desk: Desk) -> None:
    with desk.home.vault_database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON student_name BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    with pytest.raises(SQLAlchemyError) as failed:
        desk.bring(f"{HEAD}\n{GOOD}")
    told = "".join(traceback.format_exception(failed.value))
    assert "the disk is full" in told
    assert marked(told) == []
    assert desk.log.files == ()


def test_the_command_prints_lines_and_reasons_and_no_student(desk: Desk) -> None:
    root = Path(__file__).resolve().parents[2]
    path = desk.file("\n".join([HEAD, GOOD, *BAD]))
    script = "from zerodrop import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "import", str(path), "--home", str(desk.home.settings.home)],
        cwd=root, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "5 rows, 1 accepted, 0 known, 4 in quarantine, 0 layout; 0 with fixes, 0 retracted" in done.stdout
    assert marked(done.stdout + done.stderr) == []
