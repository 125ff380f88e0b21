"""Report R9: what is printed and written, names through the one door, cells that stay text."""

import stat
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from records.access import named_for_report
from records.audit import AuditRow
from records.errors import UserError
from records.home import DataHome
from records.people import FullName, Identity, IdKind
from records.roster_commands import compare, confirm
from records.roster_moves import confirm_moves
from records.roster_report import as_json, as_text, write_report
from tests.records.roster_pictures import College
from tests.records.small import CODE, OTHER_CODE


@pytest.fixture
def college(home: DataHome) -> College:
    college = College(home)
    college.roster("2025-11-10", "2025/2", {0: "V1 =1+1", 1: "M3 ก", 2: "V1 ก", 3: "V3 ก", 4: "V1 ก"})
    college.roster("2026-06-10", "2026/1", {2: "V2 ก", 9: "V1 ก"})
    return college


def named(home: DataHome, monkeypatch: pytest.MonkeyPatch, names: dict[UUID, str]) -> None:
    """Names as the vault holds them."""
    told = {}
    for student, name in names.items():
        [known] = home.vault.admit(
            OTHER_CODE,
            [Identity(identifiers={IdKind.CODE: name}, name=FullName(title="", first_name=name, last_name="สมมติ"))],
            batch_token=uuid4(),
        )
        told[student] = home.vault.names([known.student_id])[known.student_id]
    monkeypatch.setattr(home.vault, "names", lambda wanted: {one: told[one] for one in wanted if one in told})


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_text_adds_up(college: College) -> None:
    told = as_text(college.compare()).splitlines()
    assert told[0] == "รายงานเปรียบเทียบทะเบียนนักเรียน (Roster comparison): 10/11/2568 (2/2568) → 10/06/2569 (1/2569)"
    assert "        2  ต้องติดตาม (must be traced)" in told
    assert "        1  ในนี้ ไม่พบข้อมูลการศึกษาต่อ (กลุ่มรอยต่อ) (of these, no record of continuing)" in told
    assert "        5  รวมทะเบียนรอบก่อน (earlier roster)" in told
    assert "       +1  เข้าใหม่ (new)" in told


def test_the_json_has_counts_and_no_student(college: College) -> None:
    told = as_json(college.compare())
    assert told["classes"] == {
        "stayed": 0, "moved_group": 0, "promoted": 1, "linked_id": 0, "finished": 2, "transferred": 0, "returned": 0,
        "deceased": 0, "left_confirmed": 0, "gone_on_roll": 0, "missing": 2,
    }  # fmt: skip
    assert (told["students"], told["no_onward_record"]) == (5, 1)


def test_the_workbook(college: College, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = college.compare()
    named(
        college.home,
        monkeypatch,
        {comparison.lines[0].student_id: "=HYPERLINK()", comparison.lines[4].student_id: "เก่ง"},
    )
    write_report(college.home, comparison, tmp_path / "r9.xlsx", actor="clerk", as_of=date(2026, 6, 15))
    summary, trace = sheets(tmp_path / "r9.xlsx").values()
    assert list(sheets(tmp_path / "r9.xlsx")) == ["สรุป summary", "ต้องติดตาม must be traced"]
    assert summary[1][0] == "วิทยาลัยตัวอย่าง"
    assert summary[3][0].startswith("ข้อมูล ณ วันที่ 15/06/2569")
    header = summary[5]
    assert header[1:] == ["ม.3", "ปวช.1", "ปวช.3", "รวม (total)"]
    totals = {row[0]: row[1:] for row in summary[6:]}
    assert totals["ต้องติดตาม (must be traced)"] == [0, 2, 0, 2]
    assert totals["รวมทะเบียนรอบก่อน (earlier roster)"] == [1, 3, 1, 5]
    assert [row[:4] for row in trace[6:]] == [
        [1, "=1+1", "ปวช.1", "=HYPERLINK() สมมติ"],
        [2, "ก", "ปวช.1", "เก่ง สมมติ"],
    ]
    assert trace[6][4:] == ["10/11/2568", "10/06/2569"]


def test_the_look_at_names_is_recorded_first(college: College) -> None:
    comparison = college.compare()
    wanted = [line.student_id for line in comparison.missing]
    assert (
        named_for_report(college.home, "clerk", CODE, [*wanted, uuid4()], "R9") == {}
    )  # the vault has no name of them
    assert _audit(college.home)[-1] == ("clerk", "see names", CODE, {"purpose": "R9", "rows": 2})


def test_nobody_is_named_at_another_institution(college: College) -> None:
    wanted = [line.student_id for line in college.compare().missing]
    named_for_report(college.home, "clerk", OTHER_CODE, wanted, "R9")
    assert _audit(college.home)[-1][-1] == {"purpose": "R9", "rows": 0}


def test_every_log_that_is_opened_and_every_move_is_audited(home: DataHome) -> None:
    here, there = College(home, people={0: "ann"}), College(home, OTHER_CODE, people={7: "ann"})
    here.roster("2025-06-10", "2025/1", {0: "V1"})
    here.roster("2025-11-10", "2025/2", {2: "V1"})
    there.roster("2025-11-12", "2025/2", {7: "V1"})
    comparison = here.compare()
    assert {row[1:3] for row in _audit(home)} == {("open log", CODE), ("open log", OTHER_CODE)}
    confirm_moves(home, CODE, comparison, "clerk")
    moves = [row for row in _audit(home) if row[1] == "confirm moves"]
    assert moves == [("clerk", "confirm moves", code, {"rows": 1}) for code in (CODE, OTHER_CODE)]


def test_the_commands(college: College, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = college.home.settings.home
    compare(
        institution=CODE, earlier="10/11/2568", later="2026-06-10", out=tmp_path / "r9.xlsx", home=place, as_json=True
    )
    assert '"missing": 2' in capsys.readouterr().out
    assert (tmp_path / "r9.xlsx").exists()
    confirm(institution=CODE, home=place)
    assert capsys.readouterr().out.startswith("ยืนยันการย้าย 0 คน")
    with pytest.raises(UserError, match="'soon' is no day"):
        compare(institution=CODE, earlier="soon", home=place)
    with pytest.raises(UserError, match="There is no folder"):
        compare(institution=CODE, out=tmp_path / "nowhere" / "r9.xlsx", home=place)


def test_the_workbook_is_for_this_account_alone_and_replaces_nothing(college: College, tmp_path: Path) -> None:
    place = college.home.settings.home
    path = tmp_path / "r9.xlsx"
    compare(institution=CODE, out=path, home=place)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(UserError, match="exists already and is not replaced"):
        compare(institution=CODE, out=path, home=place)
    with pytest.raises(UserError, match="could not be written"):
        write_report(college.home, college.compare(), path, actor="clerk", as_of=date(2026, 6, 15))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("r9.csv", "r9.csv would be a workbook: give it an .xlsx name."),
        ("file/r9.xlsx", "There is no folder"),
        ("folder.xlsx", "is a folder"),
        ("x" * 300 + ".xlsx", "cannot be written by this account"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_names_are_read(
    college: College, tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(UserError, match=sentence):
        compare(institution=CODE, out=tmp_path / name, home=college.home.settings.home)
    assert "see names" not in [row[1] for row in _audit(college.home)]


def _audit(home: DataHome) -> list[tuple[str, str, str, dict[str, str | int]]]:
    with home.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.actor, row.action, row.institution, row.detail) for row in rows]
