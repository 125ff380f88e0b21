"""The workbook of rows in quarantine: lines of large files and of several sheets, and a disk without room."""

import resource
from pathlib import Path

import pytest

from records.errors import UserError
from records.intake.quarantine_workbook import read_workbook, sheet_and_line, write_workbook
from records.quarantine import KeptFile, KeptRow, KeptSheet
from tests.intake.desk import pages


def test_lines_of_a_text_file_go_beyond_those_of_any_sheet(tmp_path: Path) -> None:
    file = KeptFile(name="a.csv", source="plain", table="", sheets=[KeptSheet(name="", above=(), headers=["a"])])
    kept = [KeptRow(line=line, problems=("BAD_DATE",), cells={"a": str(line)}) for line in (7, 2_000_000, 4_000_001)]
    write_workbook(tmp_path / "mend.xlsx", 1, file, kept)
    assert [row[2:] for row in pages(tmp_path / "mend.xlsx")["ข้อมูล"][1:]] == [
        [str(row.line), str(row.line)] for row in kept
    ]
    waiting_lines = {row.line: row.problems for row in kept}
    offered = read_workbook(tmp_path / "mend.xlsx", file, waiting_lines)
    assert offered.sheets == {0: {row.line: [str(row.line)] for row in kept}}
    assert sheet_and_line(file, 4_000_001) == (0, 4_000_001)
    with pytest.raises(UserError, match="4000001"):
        read_workbook(tmp_path / "mend.xlsx", file, {7: ("BAD_DATE",), 2_000_000: ("BAD_DATE",)})


def test_lines_of_sheets_are_told_within_their_sheet(tmp_path: Path) -> None:
    sheets = [KeptSheet(name=name, above=(), headers=["a"]) for name in ("ก", "ข")]
    file = KeptFile(name="a.xlsx", source="plain", table="", sheets=sheets)
    kept = [KeptRow(line=line, problems=("BAD_DATE",), cells={"a": "x"}) for line in (7, 2_000_007)]
    write_workbook(tmp_path / "mend.xlsx", 1, file, kept)
    assert [pages(tmp_path / "mend.xlsx")[name][1][2] for name in "กข"] == ["7", "7"]
    offered = read_workbook(tmp_path / "mend.xlsx", file, {row.line: row.problems for row in kept})
    assert offered.lines == [7, 2_000_007]


def test_no_half_of_a_workbook_stays_where_there_is_no_room(tmp_path: Path) -> None:
    file = KeptFile(name="a.csv", source="plain", table="", sheets=[KeptSheet(name="", above=(), headers=["a"])])
    kept = [KeptRow(line=line, problems=("BAD_DATE",), cells={"a": str(line)}) for line in range(2, 300)]
    path, before = tmp_path / "mend.xlsx", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(UserError, match="could not be written"):
            write_workbook(path, 1, file, kept)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not path.exists()
