"""A folder of exports: what programs leave beside them is passed over, and what is not read is said."""

from pathlib import Path

import pytest

from records.errors import ImportRefused
from records.intake.folders import in_order, is_ordinary, unread_in
from records.intake.importing import ImportRequest, import_file, peek
from tests.intake.desk import Desk

ROLL = "รหัสนักศึกษา,วันที่,สถานะ\n69201010001,19/05/2568,มา\n"


def week(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(ROLL, encoding="utf-8")
    return folder


def test_what_programs_leave_in_a_folder_is_no_export(tmp_path: Path) -> None:
    left = ("~$roll.xlsx", ".DS_Store", "._roll.csv", "Thumbs.db", "desktop.ini", ".old/roll.csv")
    folder = week(tmp_path, "roll.csv", *left)
    assert [file.name for file in in_order(folder)] == ["roll.csv"]
    assert unread_in(folder) == []


def test_a_folder_inside_is_told_and_not_read(tmp_path: Path) -> None:
    folder = week(tmp_path, "roll.csv", "ม.1/roll.csv", "ม.2/roll.csv")
    assert [file.name for file in in_order(folder)] == ["roll.csv"]
    assert unread_in(folder) == ["ม.1", "ม.2"]


def test_a_bundle_inside_comes_in_as_one(tmp_path: Path) -> None:
    folder = week(tmp_path, "roll.csv")
    (folder / "bundle").mkdir()
    (folder / "bundle" / "manifest.csv").write_text("propertyName,value\noneroster.version,1.2\n")
    assert {file.name for file in in_order(folder)} == {"bundle", "roll.csv"}
    assert unread_in(folder) == []


def test_rosters_come_by_the_day_that_they_speak_of(tmp_path: Path) -> None:
    head = "รหัสนักศึกษา,ชื่อ,นามสกุล,ปีการศึกษา,ภาคเรียน,ระดับชั้น,กลุ่มเรียน,วันที่ข้อมูล"
    for name, day in (("a.csv", "10/06/2568"), ("b.csv", "20/05/2568"), ("c.csv", "")):
        (tmp_path / name).write_text(f"{head}\n69201010001,ดี,ส,2568,1,ปวช.1,ก,{day}\n", encoding="utf-8")
    week(tmp_path, "0.csv")
    assert [file.name for file in in_order(tmp_path)] == ["c.csv", "b.csv", "a.csv", "0.csv"]


def test_a_file_called_like_one_of_a_bundle_makes_no_bundle(tmp_path: Path) -> None:
    assert is_ordinary(week(tmp_path, "courses.csv", "roll.csv"))


@pytest.mark.parametrize("names", [(), (".DS_Store",), ("ม.1/roll.csv",)])
def test_a_folder_without_a_file_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ImportRefused, match="There is no file to import in the folder") as refused:
        in_order(week(tmp_path, *names))
    assert refused.value.code == "EMPTY_FOLDER"


NO_BYTES = Path("/proc/self/mem")  # a file whose first byte cannot be read, by the administrator neither
unreadable = pytest.mark.skipif(not NO_BYTES.exists(), reason="this system has no file that nobody can read")


@unreadable
def test_a_file_that_cannot_be_read_is_refused_in_words(desk: Desk) -> None:
    path = desk.folder / "closed.csv"
    path.symlink_to(NO_BYTES)
    for read in (lambda: import_file(desk.home, ImportRequest(path=path)), lambda: peek(path)):
        with pytest.raises(ImportRefused, match="cannot be read by this account") as refused:
            read()
        assert refused.value.code == "NOT_READABLE"
        assert "อ่าน closed.csv ไม่ได้" in refused.value.text.th


@unreadable
def test_a_file_that_cannot_be_read_keeps_its_place_among_the_others(tmp_path: Path) -> None:
    folder = week(tmp_path, "roll.csv")
    (folder / "closed.csv").symlink_to(NO_BYTES)
    assert [file.name for file in in_order(folder)] == ["roll.csv", "closed.csv"]
