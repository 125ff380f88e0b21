"""Files of every shape that colleges hand over, all the way into the log, and the files that are refused as a whole."""

import re
import struct
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from records.errors import ConfigurationGap, ImportRefused, UserError
from records.intake.importing import ImportRequest, import_file
from records.intake.sources import SOURCE_OF
from records.ledger import BatchRow
from records.tables import ATTENDANCE, ENROLMENTS, GRADES, TABLE_OF
from tests.intake.desk import CODE, Desk, DeskWith, rows_of

PICTURE = """
    รหัสนักศึกษา | วันที่       | สถานะ
    1001       | 19/05/2568 | มา
    1002       | 19/05/2568 | ขาด
"""
TOLD = [(0, "2025-05-19", "P"), (1, "2025-05-19", "A")]


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def attendance(desk: Desk) -> list[tuple[object, ...]]:
    return desk.read(ATTENDANCE, "student", "happened_on", "status")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
def test_every_code_page_tells_the_same(ready: Desk, encoding: str) -> None:
    path = ready.file(PICTURE, encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    marked = {
        "utf-16-le-bom": b"\xff\xfe" + text.encode("utf-16-le"),
        "utf-16-be-bom": b"\xfe\xff" + text.encode("utf-16-be"),
    }
    path.write_bytes(marked.get(encoding) or text.encode(encoding))
    report = ready.bring(path)
    assert (report.rows, report.accepted, report.quarantined) == (2, 2, 0)
    assert attendance(ready) == TOLD


def test_title_rows_above_the_header_are_passed_over(ready: Desk) -> None:
    titled = [["รายงานการมาเรียน", "", ""], ["ประจำวัน", "19/05/2568", ""], *rows_of(PICTURE)]
    ready.bring(ready.file(titled))
    assert attendance(ready) == TOLD
    ready.bring(ready.workbook(titled))
    assert ready.log.rows(ATTENDANCE).column("line").to_pylist() == [4, 5]


def test_numbers_of_lines_are_those_of_the_file(ready: Desk) -> None:
    lines = [
        "รหัสนักศึกษา,วันที่,สถานะ",
        "1001,19/05/2568,มา",
        "",
        ",,",
        "1001,20/05/2568",
        "1002,19/05/2568,??",
        "1002,19/05/2568,ขาด",
    ]
    path = ready.folder / "file.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = ready.bring(path)
    assert ready.log.rows(ATTENDANCE).column("line").to_pylist() == [2, 7]
    assert dict(report.lines) == {"RAGGED_ROW": [5], "UNKNOWN_CODE": [6]}
    assert (report.rows, report.accepted, report.quarantined) == (4, 2, 2)


def test_numbers_of_a_spreadsheet_lose_neither_digits_nor_gain_a_point(desk: Desk) -> None:
    header = ["รหัสนักศึกษา", "เลขประจำตัวประชาชน", "ชื่อ", "ปีการศึกษา", "ภาคเรียน", "ระดับชั้น", "กลุ่มเรียน", "วันที่ข้อมูล"]
    row = [69201010001.0, 1819900000014.0, "ดี", 2568, 1.0, "ปวช.1", "ชย.1/1", "20/05/2568"]
    report = desk.bring(desk.workbook([header, row]))
    assert report.accepted == 1
    desk.bring("รหัสนักศึกษา | วันที่ | สถานะ\n69201010001 | 21/05/2568 | มา")
    desk.bring("เลขประจำตัวประชาชน | รหัสนักศึกษา | วันที่ | สถานะ\n1-8199-00000-01-4 | - | 22/05/2568 | มา")
    assert [student for student, _, _ in attendance(desk)] == [0, 0]


def test_dates_of_a_spreadsheet_are_dates_in_either_era(ready: Desk, tmp_path: Path) -> None:
    path = tmp_path / "dates.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page, dated = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, ["รหัสนักศึกษา", "วันที่", "สถานะ"])
        for line, year in enumerate((2025, 2568), start=1):
            page.write_row(line, 0, ["1001", "", "มา"])
            page.write_datetime(line, 1, datetime(year, 5, 18 + line), dated)  # noqa: DTZ001
    ready.bring(path)
    assert attendance(ready) == [(0, "2025-05-19", "P"), (0, "2025-05-20", "P")]


def book(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        for name, rows in sheets.items():
            page = made.add_worksheet(name)
            for line, row in enumerate(rows):
                page.write_row(line, 0, row)
    return path


def test_a_sheet_without_known_headers_is_passed_over_and_named(ready: Desk, tmp_path: Path) -> None:
    sheets = {"คำอธิบาย": [["สถานะ", "ความหมาย"], ["มา", "x"]], "ข้อมูล": rows_of(PICTURE)}
    report = ready.bring(book(tmp_path / "two.xlsx", sheets))
    assert attendance(ready) == TOLD
    assert (report.rows, report.accepted, list(report.sheets)) == (2, 2, ["ข้อมูล"])


def test_all_sheets_with_known_headers_come_in_and_lines_name_theirs(ready: Desk, tmp_path: Path) -> None:
    second = [["วันที่", "สถานะ", "รหัสนักศึกษา"], ["20/05/2568", "มา", "1001"], ["20/05/2568", "??", "1002"]]
    report = ready.bring(book(tmp_path / "two.xlsx", {"ก": rows_of(PICTURE), "ข": second}))
    assert attendance(ready) == [*TOLD, (0, "2025-05-20", "P")]
    assert (report.rows, report.accepted, report.quarantined) == (4, 3, 1)
    [line] = report.lines["UNKNOWN_CODE"]
    assert report.place(line) == "ข!3"
    assert "UNKNOWN_CODE x1, ช่อง (column) สถานะ, บรรทัด (lines) ข!3: " in report.text()


def test_rows_of_totals_and_signatures_are_counted_as_layout(ready: Desk) -> None:
    told = [*rows_of(PICTURE), ["รวม", "", "2"], ["ลงชื่อ........", "", ""]]
    report = ready.bring(ready.file(told))
    assert (report.rows, report.accepted, report.quarantined, report.layout) == (4, 2, 0, 2)
    assert attendance(ready) == TOLD


def test_equal_headers_are_kept_apart_in_quarantine(ready: Desk) -> None:
    report = ready.bring("รหัสนักศึกษา | วันที่ | สถานะ | เลข | เลข\n1001 | 19/05/2568 | ?? | 1 | 2")
    with ready.home.database.read() as session:
        batch = session.get(BatchRow, report.ledger_number)
        assert batch is not None
    [row] = ready.home.quarantine.rows(batch.token)
    assert (row.line, row.problems) == (2, ("UNKNOWN_CODE",))
    assert dict(row.cells) == {"รหัสนักศึกษา": "1001", "วันที่": "19/05/2568", "สถานะ": "??", "เลข": "1", "เลข#5": "2"}


# Files that are refused as a whole: nothing of them is stored


def refusal(desk: Desk, path: Path, **more: object) -> str:
    before = [table.name for table in (ATTENDANCE, ENROLMENTS, GRADES) if desk.log.rows(table).num_rows]
    with pytest.raises(ImportRefused) as refused:
        import_file(desk.home, ImportRequest(path=path, institution=CODE, **more))  # type: ignore[arg-type]
    assert refused.value.exit_code == 3
    assert refused.value.__cause__ is None
    assert [table.name for table in (ATTENDANCE, ENROLMENTS, GRADES) if desk.log.rows(table).num_rows] == before
    assert str(refused.value) == f"{refused.value.text.en} · {refused.value.text.th}"
    assert re.search("[ก-๙]", refused.value.text.th)
    return refused.value.text.en


EMPTY = "file{} has no rows. Export it again and look whether the filter was left on."
NO_WORKBOOK = "cannot be read: it is no workbook ("


@pytest.mark.parametrize("text", ["", "\n", "\n \n", "รหัสนักศึกษา,วันที่,สถานะ\n", "รหัสนักศึกษา,วันที่,สถานะ\n,,\n\n"])
def test_a_file_without_rows_is_refused(desk: Desk, text: str) -> None:
    path = desk.folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    assert refusal(desk, path) == EMPTY.format(".csv")


@pytest.mark.parametrize("rows", [[], [["รหัสนักศึกษา", "วันที่", "สถานะ"]]])
def test_a_workbook_without_rows_is_refused(desk: Desk, rows: list[list[str]]) -> None:
    assert refusal(desk, desk.workbook(rows)) == EMPTY.format(".xlsx")


def test_a_file_that_is_not_there_is_refused(desk: Desk) -> None:
    for source in ("", "dmc", "roster", "oulad"):
        told = refusal(desk, desk.folder / "nowhere.csv", source=source)
        assert told == "There is no file nowhere.csv. Check the path."


def test_a_web_page_named_xls_is_refused(desk: Desk) -> None:
    path = desk.folder / "rms.xls"
    for page in ("<html><table><tr><td>รหัส", "  <!DOCTYPE html><p>", "<table><tr>"):
        path.write_text(page, encoding="utf-8")
        assert refusal(desk, path) == (
            "rms.xls cannot be read: it is a web page that was named .xls. "
            "Save it again as XLSX or CSV (UTF-8) and import that."
        )


@pytest.mark.parametrize("name", ["file.xlsx", "file.xls", "file.xlsm"])
def test_what_is_no_workbook_is_refused(desk: Desk, name: str) -> None:
    whole = desk.workbook(rows_of(PICTURE), "whole.xlsx").read_bytes()
    path = desk.folder / name
    for damaged in (
        b"PK\x03\x04" + b"x" * 400,
        b"text" * 50,
        whole[:-300],
        whole[:200],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ):
        path.write_bytes(damaged)
        told = refusal(desk, path)
        assert told.startswith(f"{name} {NO_WORKBOOK}")
        assert told.endswith("Save it again as XLSX or CSV (UTF-8) and import that.")


def test_a_workbook_under_a_password_is_refused(desk: Desk) -> None:
    path = desk.folder / "locked.xlsx"
    path.write_bytes(locked_workbook())
    assert refusal(desk, path) == (
        "locked.xlsx cannot be read: it is protected by a password. Save it again as XLSX or CSV (UTF-8) and import that."
    )


def test_the_wrong_file_is_named_with_its_headers(desk: Desk) -> None:
    assert refusal(desk, desk.file("สถานะ | วันที่ | ราคา\n1 | 2 | 3")) == (
        "file.csv matches no table that zerodrop knows. Found: 'สถานะ', 'วันที่', 'ราคา'. "
        "Name the source with --source or the table with --table (docs/sources/ has a page for every source), "
        "or say where each column goes: zerodrop import FILE --map"
    )


def test_a_file_without_a_header_does_not_show_the_student_in_its_first_row(desk: Desk) -> None:
    path = desk.file("1001 | ฑฒณทดสอบ | 19/05/2568 | มา\n1002 | ฑฒณทดสอบ | 19/05/2568 | มา")
    for source in ("", "attendance", "roster", "plain", "dmc"):
        told = refusal(desk, path, source=source)
        shown = "Found: fewer than two known headers" in told or "Found: none" in told
        assert shown != (source == "dmc")  # of DMC the name of the file is looked at first
        assert "ฑฒณทดสอบ" not in told


@pytest.mark.parametrize(
    ("header", "source", "missing"),
    [
        ("รหัสนักศึกษา | วันที่", "attendance", "column 'การมาเรียน'"),
        ("วันที่ | สถานะ", "attendance", "column 'รหัสนักเรียน'"),
        ("รหัสนักศึกษา | สถานะ", "attendance", "column 'วันที่'"),
        ("รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | ระดับชั้น | วันที่ข้อมูล", "roster", "column 'กลุ่มเรียน'"),
        ("รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | กลุ่มเรียน", "roster", "columns 'ระดับชั้น', 'วันที่ข้อมูล'"),
        ("รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | รหัสวิชา | วันที่ประกาศ", "plain", "column 'ผลการเรียน'"),
    ],
)
def test_a_missing_column_is_named_in_thai(desk: Desk, header: str, source: str, missing: str) -> None:
    width = header.count("|") + 1
    more = {"table": "grades"} if source == "plain" else {}
    told = refusal(desk, desk.file(f"{header}\n{' | '.join(['x'] * width)}"), source=source, **more)
    found = ", ".join(f"'{cell.strip()}'" for cell in header.split("|"))
    assert told.startswith(f"file.csv has no {missing}. Found: {found}. ")


def test_an_unknown_source_or_table_is_named_with_the_known_ones(ready: Desk) -> None:
    assert refusal(ready, ready.file(PICTURE), source="sgs") == (
        f"There is no source 'sgs'. Sources: {', '.join(SOURCE_OF)}."
    )
    assert {"dmc", "roster", "attendance", "oulad", "plain"} <= set(SOURCE_OF)
    assert refusal(ready, ready.file(PICTURE), source="plain", table="marks") == (
        f"There is no table 'marks'. Tables: {', '.join(TABLE_OF)}."
    )


def test_a_file_of_tomorrow_is_refused(ready: Desk) -> None:
    with pytest.raises(ImportRefused) as refused:
        ready.bring(PICTURE, at="2199-01-01 08:00")
    assert refused.value.text.en == (
        "--received-at lies in the future. Give the moment at which the file really came in."
    )
    assert refused.value.text.th == "--received-at อยู่ในอนาคต ใส่เวลาที่ได้รับไฟล์จริง"


def test_an_unknown_or_unnamed_institution_is_a_gap(ready: Desk) -> None:
    path = ready.file(PICTURE)
    with pytest.raises(ConfigurationGap, match=r"There is no institution '77'\. Known: 1320026101\. Enter"):
        import_file(ready.home, ImportRequest(path=path, institution="77"))
    from records.college import Institution
    from records.ledger import add_institution

    add_institution(ready.home.database, Institution(code="9", name_th="ก", name_en="A"))
    with pytest.raises(UserError, match=r"Which institution\? Add --institution with one of: 1320026101, 9"):
        import_file(ready.home, ImportRequest(path=path))


def locked_workbook() -> bytes:
    """The least compound file that Office would write for a workbook under a password: a root with `EncryptedPackage`."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0, 0
    )  # fmt: skip
    header += struct.pack("<108I", *[free] * 108)
    table = struct.pack("<128I", fat, end, *[free] * 126)
    root = entry("Root Entry", kind=5, child=1)
    return header + table + root + entry("EncryptedPackage", kind=2) + entry("", kind=0) * 2


def entry(name: str, *, kind: int, child: int = 0xFFFFFFFF) -> bytes:
    letters = name.encode("utf-16-le")
    size = len(letters) + 2 if name else 0
    no = 0xFFFFFFFF
    return struct.pack("<64sHBBIII16xI8x8xIQ", letters, size, kind, 1, no, no, child, 0, 0xFFFFFFFE, 0)


def test_a_header_that_stands_over_two_columns_is_told(ready: Desk) -> None:
    report = ready.bring(
        "รหัสนักศึกษา | วันที่ | สถานะ | สถานะ | ครู\n1001 | 20/05/2568 | มา | ขาด | ก", at="2025-05-21 08:00"
    )
    assert (report.accepted, report.unmapped) == (1, ["ครู"])
    assert "headers that stand over several columns: สถานะ; the first was read" in report.text()
    assert "มีหัวตารางซ้ำกัน: สถานะ อ่านเฉพาะคอลัมน์แรก" in report.text()
