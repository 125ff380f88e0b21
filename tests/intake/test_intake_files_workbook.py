"""Workbooks and Parquet: cells as text, hidden sheets, sizes, and the file's kind by its content."""

import shutil
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from records.errors import ImportRefused
from records.intake.files import Sheet, open_sheets, read_grid, workbook, zip_check
from tests.intake.test_intake_files_text import HEADER, KNOWN, ROWS, TEXT, refusal, told, written
from tests.intake.test_intake_reading import locked_workbook

TABLE = [["รหัสนักศึกษา", "วันที่", "สถานะ"], ["1001", "19/05/2568", "มา"], ["1002", "19/05/2568", "ขาด"]]


def book_of(folder: Path, sheets: dict[str, Sequence[Sequence[Any]]], name: str = "file.xlsx", hide: str = "") -> Path:
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as book:
        day, moment = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        for title, rows in sheets.items():
            page = book.add_worksheet(title)
            if title == hide:
                page.hide()
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        page.write_datetime(line, column, cell, moment)
                    elif isinstance(cell, date | time):
                        page.write_datetime(line, column, cell, day)
                    elif isinstance(cell, str):
                        page.write_string(line, column, cell) if cell else None
                    else:
                        page.write(line, column, cell)
    return path


def opened(path: Path) -> Sheet:
    [found] = open_sheets(path, KNOWN)
    return found


def test_every_cell_is_text_as_a_clerk_would_type_it(tmp_path: Path) -> None:
    cells = [69201010001, 1819900000014.0, 1.5, "00123", True, date(2568, 5, 16), datetime(2025, 5, 16, 8, 30), "#REF!"]  # noqa: DTZ001
    header = ["รหัสนักศึกษา", "สถานะ", "ก", "ข", "ค", "ง", "จ", "ฉ"]
    [(line, row)] = told(opened(book_of(tmp_path, {"a": [header, [], cells]})))
    assert line == 3
    assert row == ["69201010001", "1819900000014", "1.5", "00123", "true", "2568-05-16", "2025-05-16 08:30:00", ""]


def test_formulas_tell_what_was_last_shown_and_errors_tell_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["รหัสนักศึกษา", "สถานะ", "ชื่อ", "x"])
        page.write_string(1, 0, "1001")
        page.write_formula(1, 1, "=A1", None, "มา")
        page.write_formula(1, 2, "=1/0", None, "#DIV/0!")
        page.write_formula(1, 3, "=B1", None, "")
    assert told(opened(path)) == [(2, ["1001", "มา", "", ""])]


def test_every_visible_sheet_with_known_headers_is_a_sheet(tmp_path: Path) -> None:
    sheets = {"ปวช.1": TABLE, "ว่าง": [], "คำอธิบาย": [["สถานะ", "ความหมาย"], ["มา", "x"]], "ซ่อน": TABLE, "ปวช.2": TABLE}
    found = open_sheets(book_of(tmp_path, sheets, hide="ซ่อน"), KNOWN)
    assert [(sheet.name, sheet.known_headers, sheet.hidden) for sheet in found] == [
        ("ปวช.1", 3, ("ซ่อน",)),
        ("ปวช.2", 3, ("ซ่อน",)),
    ]
    assert [told(sheet) for sheet in found] == [ROWS, ROWS]
    assert list(read_grid(tmp_path / "file.xlsx")) == list(sheets)


def test_where_no_sheet_has_known_headers_the_best_one_is_given(tmp_path: Path) -> None:
    sheets = {"a": [["x", "y"], ["1", "2"]], "b": [["สถานะ", "y"], ["1", "2"]], "c": [["สถานะ", "วันที่"]]}
    found = opened(book_of(tmp_path, sheets))
    assert (found.name, found.known_headers, found.shown_headers) == ("b", 1, [])


def test_columns_and_rows_left_of_the_table_keep_their_places(tmp_path: Path) -> None:
    found = opened(book_of(tmp_path, {"a": [[], [], *(["", "", *row] for row in TABLE)]}))
    assert found.headers == ["", "", *TABLE[0]]
    assert told(found) == [(line + 2, ["", "", *row]) for line, row in ROWS]
    assert read_grid(tmp_path / "file.xlsx")["a"][2] == ["", "", *TABLE[0]]


def test_rows_come_in_many_pieces_with_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr("records.intake.files.rows.PART_ROWS", 10)
    body = [[str(number + 1000), "", "มา"] if number % 5 else [] for number in range(2, 102)]
    found = opened(book_of(tmp_path, {"a": [TABLE[0], *body]}))
    assert [line for line, _ in told(found)] == [number for number in range(2, 102) if number % 5]
    assert [int(cells[0]) - 1000 for _, cells in told(found)] == [number for number in range(2, 102) if number % 5]
    assert [len(part.lines) for part in found.parts()] == [10] * 8


# Kinds


@pytest.mark.parametrize("name", ["file.csv", "file.xls", "file.xlsx", "file.xlsm", "file"])
def test_a_workbook_is_one_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(book_of(tmp_path, {"a": TABLE}, "whole.xlsx"), path)
    assert told(opened(path)) == ROWS


def test_a_text_file_named_as_a_workbook_opens_when_it_is_a_table(tmp_path: Path) -> None:
    assert told(opened(written(tmp_path, TEXT, "file.xls"))) == ROWS
    refused = refusal(tmp_path, "text" * 50, "file.xlsx")
    assert refused.code == "CORRUPT"
    assert str(refused).startswith("file.xlsx cannot be read: it is no workbook (")


DUMP = "-- MySQL dump 10.13\n\nCREATE TABLE students (id int);\n"
XML_2003 = '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"<html><table><tr><td>x", "HTML_AS_XLS"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><p>", "HTML_AS_XLS"),
        ("<table><tr>".encode("utf-16"), "HTML_AS_XLS"),
        (XML_2003.encode(), "HTML_AS_XLS"),
        (locked_workbook(), "PASSWORD"),
        (b"PK\x03\x04" + b"x" * 400, "CORRUPT"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "CORRUPT"),
        (b"PAR1" + bytes(100), "CORRUPT"),
        (b"%PDF-1.7\n1,2\n", "UNKNOWN_KIND"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "UNKNOWN_KIND"),
        (b"\xff\xd8\xff\xe0" + bytes(64), "UNKNOWN_KIND"),
        (DUMP.encode(), "UNKNOWN_KIND"),
        (b"/* x */\nINSERT INTO students VALUES (1);\n", "UNKNOWN_KIND"),
        (b"<?xml version='1.0'?><a/>", "UNKNOWN_KIND"),
        (bytes(range(256)) * 4, "BAD_ENCODING"),
    ],
)
@pytest.mark.parametrize("name", ["file.xlsx", "file.xls", "file.csv"])
def test_files_that_cannot_be_read_are_refused_in_words(tmp_path: Path, content: bytes, code: str, name: str) -> None:
    refused = refusal(tmp_path, content, name)
    assert refused.code == code
    assert refused.__cause__ is None
    assert str(refused) == f"{refused.text.en} · {refused.text.th}"
    assert name in refused.text.th
    assert name in refused.text.en
    assert "x" * 9 not in str(refused)


_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"mimetype": _ODS, "content.xml": b""}, "OTHER_WORKBOOK"),
        ({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": b""}, "OTHER_WORKBOOK"),
        ({"Index/Document.iwa": b""}, "OTHER_WORKBOOK"),
        ({"mimetype": _ODS.replace(b"spreadsheet", b"text")}, "UNKNOWN_KIND"),
        ({"word/document.xml": b""}, "UNKNOWN_KIND"),
        ({"a.csv": b"1,2"}, "ARCHIVE"),
        ({"again.zip": b"PK"}, "ARCHIVE"),
    ],
)
def test_an_archive_is_called_by_what_it_holds(tmp_path: Path, members: dict[str, bytes], code: str) -> None:
    assert code_of(archive(tmp_path, members, "week.zip")) == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for read in (read_grid, lambda path: open_sheets(path, KNOWN)):
        with pytest.raises(ImportRefused) as refused:
            read(tmp_path / "nowhere.csv")
        assert refused.value.code == "NOT_THERE"


def archive(folder: Path, members: dict[str, bytes], name: str = "file.xlsx") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, content in members.items():
            file.writestr(member, content)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(ImportRefused) as refused:
        open_sheets(path, KNOWN)
    return refused.value.code


def test_a_workbook_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    whole = book_of(tmp_path, {"a": TABLE}).read_bytes()
    for damaged in (whole[:-300], whole[:200], whole[: len(whole) // 2]):
        assert refusal(tmp_path, damaged, "file.xlsx").code == "CORRUPT"


def test_what_unpacks_to_too_much_is_refused_though_its_directory_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_check, "_MOST_BYTES", 20 * 1024 * 1024)
    size = 30 * 1024 * 1024
    path = archive(tmp_path, {"xl/workbook.xml": b"x", "xl/sharedStrings.xml": bytes(size)})
    assert code_of(path) == "ZIP_BOMB"
    lied = path.read_bytes().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(lied)
    with zipfile.ZipFile(path) as file:
        assert file.getinfo("xl/sharedStrings.xml").file_size == 1000
    assert code_of(path) == "ZIP_BOMB"


def test_a_sheet_of_too_many_cells_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, TABLE[0])
        page.write_string(1_048_575, 16_383, "x")
    monkeypatch.setattr(workbook, "_loaded", None)
    with pytest.raises(ImportRefused) as refused:
        open_sheets(path, KNOWN)
    assert refused.value.code == "TOO_LARGE"
    assert "บันทึกเป็น CSV แล้วนำเข้าใหม่" in refused.value.text.th
    assert "save it as CSV" in refused.value.text.en


def test_cells_that_are_only_coloured_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page, red = book.add_worksheet(), book.add_format({"bg_color": "red"})
        for line, row in enumerate(TABLE):
            page.write_row(line, 0, row)
        page.write_blank(1_048_575, 16_383, None, red)
    assert told(opened(path)) == ROWS


def test_a_grid_of_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read: it is no workbook"):
        read_grid(written(tmp_path, HEADER))


# Parquet


def parquet(folder: Path, columns: dict[str, Any], **more: Any) -> Path:
    path = folder / "file.parquet"
    pq.write_table(pa.table(columns), path, **more)
    return path


def test_parquet_tells_every_column_as_text(tmp_path: Path) -> None:
    columns = {
        "รหัสนักศึกษา": pa.array([69201010001, None, 3]),
        "สถานะ": pa.array(["มา", "ขาด", None]).dictionary_encode(),
        "float": pa.array([1819900000014.0, 1.5, None]),
        "day": pa.array([date(2568, 5, 16), date(2025, 5, 16), None]),
        "moment": pa.array([datetime(2025, 5, 16, 8, 30), datetime(2025, 5, 16, 8, 30, 1, 500_000), None]),  # noqa: DTZ001
        "decimal": pa.array([Decimal("3.50"), Decimal("10.00"), None]),
        "yes": pa.array([True, False, None]),
        "large": pa.array(["00123", "NULL", "มส"], pa.large_string()),
    }
    found = opened(parquet(tmp_path, columns))
    assert found.headers == list(columns)
    assert (found.name, found.known_headers, found.top_lines, found.above) == ("", 2, 0, [])
    assert told(found) == [
        (1, ["69201010001", "มา", "1819900000014", "2568-05-16", "2025-05-16 08:30:00", "3.50", "true", "00123"]),
        (2, ["", "ขาด", "1.5", "2025-05-16", "2025-05-16 08:30:01.500000", "10.00", "false", "NULL"]),
        (3, ["3", "", "", "", "", "", "", "มส"]),
    ]


def test_parquet_is_read_by_row_group_with_its_lines(tmp_path: Path) -> None:
    codes = [str(number) for number in range(200_000)]
    found = opened(parquet(tmp_path, {"รหัสนักศึกษา": codes, "สถานะ": codes}, row_group_size=30_000))
    assert all(cells == [str(line - 1)] * 2 for line, cells in told(found))
    assert len(told(found)) == 200_000


def test_parquet_with_lists_or_without_rows_is_refused(tmp_path: Path) -> None:
    assert code_of(parquet(tmp_path, {"a": [[1, 2]], "b": ["x"]})) == "WRONG_FILE"
    assert code_of(parquet(tmp_path, {"a": pa.array([], pa.string())})) == "EMPTY"


def test_a_cell_merged_downwards_says_its_word_in_every_row(tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    rows = [["1001", "", "มา"], ["1002", "", "ขาด"], ["", "", ""], ["1003", "20/05/2568", "มา"], ["1004", "", "ลา"]]
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("a")
        for line, row in enumerate([TABLE[0], *rows]):
            page.write_row(line, 0, row)
        page.merge_range(1, 1, 3, 1, "19/05/2568")
        page.merge_range(0, 4, 1, 4, "ห้อง")  # one that begins in the header is the header's
    [found] = open_sheets(path, KNOWN)
    [part] = found.parts()
    assert part.lines.to_pylist() == [2, 3, 5, 6]
    assert [column.to_pylist() for column in part.columns[:2]] == [
        ["1001", "1002", "1003", "1004"],
        ["19/05/2568", "19/05/2568", "20/05/2568", ""],
    ]
