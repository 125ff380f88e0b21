"""Where the header is, and which rows are no student."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from records.codes import fold_label
from records.intake.files import Sheet, open_sheets
from records.intake.files.headers import find_header
from records.intake.files.layout_rows import LayoutRows
from tests.intake.desk import rows_of as picture_rows
from tests.intake.test_intake_files_text import opened, ragged, told

KNOWN = {fold_label(word) for word in ("รหัสนักศึกษา", "ชื่อ", "วันที่", "สถานะ", "มา", "ขาด", "ลา", "student_id")}
Rows = list[list[Any]]


def words(picture: str) -> list[str]:
    return find_header(picture_rows(picture), KNOWN).words


def lines_above(picture: str) -> int:
    return len(find_header(picture_rows(picture), KNOWN).above)


BODY = "\n1001 | ดี | 19/05/2568 | มา\n1002 | งาม | 19/05/2568 | ขาด\n"


@pytest.mark.parametrize("above", [0, 1, 8, 29])
def test_a_title_block_of_any_height_is_passed_over(tmp_path: Path, above: int) -> None:
    title = "".join(f"หัวเรื่อง {number},,\n" for number in range(above))
    found = opened(tmp_path, title + "รหัสนักศึกษา,วันที่,สถานะ\n1001,x,มา\n")
    assert found.headers == ["รหัสนักศึกษา", "วันที่", "สถานะ"]
    assert found.above == [[f"หัวเรื่อง {number}", "", ""] for number in range(above)]
    assert found.top_lines == above + 1
    assert [line for line, _ in told(found)] == [above + 2]


def test_header_cells_are_cleaned_and_still_known(tmp_path: Path) -> None:
    found = opened(tmp_path, '"รหัส\nนักศึกษา "," วันที่ *",Status,\ufeffสถานะ\u200b\n1,2,3,4\n')
    assert found.headers == ["รหัส นักศึกษา", "วันที่ *", "Status", "สถานะ"]
    assert found.known_headers == 3
    assert told(found) == [(2, ["1", "2", "3", "4"])]


def test_two_rows_are_one_header_when_titles_stand_over_groups() -> None:
    assert words("รหัสนักศึกษา | ชื่อ | เวลาเรียน | | \n | | มา | สาย | ป่วย" + BODY) == [
        "รหัสนักศึกษา", "ชื่อ", "มา", "เวลาเรียน สาย", "เวลาเรียน ป่วย",
    ]  # fmt: skip
    assert words(" | | กลางภาค | \nรหัสนักศึกษา | ชื่อ | เต็ม | ได้" + BODY) == [
        "รหัสนักศึกษา", "ชื่อ", "กลางภาค เต็ม", "กลางภาค ได้",
    ]  # fmt: skip
    assert words("เลขที่ | พฤษภาคม | | มิถุนายน | \n | 16/5/68 | 31 | 1 | 2\n1 | มา | ขาด | มา | มา") != []


@pytest.mark.parametrize(
    ("picture", "header", "above"),
    [
        ("รายงาน | | | \nรหัสนักศึกษา | ชื่อ | 1 | 16/5/68" + BODY, ["รหัสนักศึกษา", "ชื่อ", "1", "16/5/68"], 1),
        ("ประจำวัน | 19/05/2568 | | \nรหัสนักศึกษา | ชื่อ | x | y" + BODY, ["รหัสนักศึกษา", "ชื่อ", "x", "y"], 1),
        (" | | รายงาน | \nรหัสนักศึกษา | ชื่อ | วันที่ | สถานะ" + BODY, ["รหัสนักศึกษา", "ชื่อ", "วันที่", "สถานะ"], 1),
        ("รหัสนักศึกษา | ชื่อ | | \n1001 | ดี | x | y", ["รหัสนักศึกษา", "ชื่อ", "", ""], 0),
        ("ลำดับ | รหัสนักศึกษา | | \n | 1001 | x | y", ["ลำดับ", "รหัสนักศึกษา", "", ""], 0),
        ("x | ชื่อ | y | z\n | ดี | 1 | 2", ["x", "ชื่อ", "y", "z"], 0),
    ],
)
def test_a_title_or_a_student_is_no_part_of_the_header(picture: str, header: list[str], above: int) -> None:
    assert words(picture) == header
    assert lines_above(picture) == above


def book(folder: Path, rows: Rows, merged: tuple[str, ...]) -> Sheet:
    path = folder / "file.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        page, day = made.add_worksheet(), made.add_format({"num_format": "d/m/yyyy"})
        for cells in merged:
            page.merge_range(cells, "")
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(line, column, cell, day)
                elif cell != "":
                    page.write(line, column, cell)
    [found] = open_sheets(path, ["รหัสนักศึกษา", "ชื่อ", "มา"])
    return found


def test_merged_cells_of_a_workbook_tell_the_groups(tmp_path: Path) -> None:
    rows: Rows = [
        ["บัญชีเวลาเรียน", "", "", "", ""],
        ["รหัสนักศึกษา", "ชื่อ", "เวลาเรียน", "", "รวม"],
        ["", "", "มา", "สาย", ""],
        ["1001", "ดี", 3, 1, 4],
    ]
    found = book(tmp_path, rows, ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3"))
    assert found.headers == ["รหัสนักศึกษา", "ชื่อ", "มา", "เวลาเรียน สาย", "รวม"]
    assert (found.above, found.top_lines) == ([["บัญชีเวลาเรียน", "", "", "", ""]], 3)
    assert told(found) == [(4, ["1001", "ดี", "3", "1", "4"])]
    unmerged = book(tmp_path, rows, ())
    assert unmerged.headers == ["รหัสนักศึกษา", "ชื่อ", "เวลาเรียน", "", "รวม"]


def test_days_as_headers_stay_as_they_are(tmp_path: Path) -> None:
    rows: Rows = [["รหัสนักศึกษา", "ชื่อ", date(2025, 5, 16), 17, "18/5/68"], ["1001", "ดี", "มา", "ขาด", "ลา"]]
    assert book(tmp_path, rows, ()).headers == ["รหัสนักศึกษา", "ชื่อ", "2025-05-16", "17", "18/5/68"]


def test_blank_columns_stay_without_a_name(tmp_path: Path) -> None:
    found = opened(tmp_path, "รหัสนักศึกษา,,สถานะ,\n1001,,มา,\n")
    assert found.headers == ["รหัสนักศึกษา", "", "สถานะ", ""]
    assert told(found) == [(2, ["1001", "", "มา", ""])]


# Rows that are no student

HEAD = "รหัสนักศึกษา,ชื่อ,มา,ขาด\n"


def layout(found: Sheet) -> list[tuple[int, str]]:
    return [row for part in found.parts() for row in part.layout]


def test_totals_signatures_and_repeated_headers_are_told_and_left_out(tmp_path: Path) -> None:
    rows = [
        "1001,ดี,3,1", "รวม,,30,2", HEAD.strip(), "1002,งาม,2,2", ",รวมทั้งสิ้น,38,2", "เฉลี่ย,,2.5,1.5", "Total,,5,",
        "", "ลงชื่อ........,,,", "(นายใจ ดี),,,", "ตำแหน่ง ครู,,,", "วันที่ ....,,,", ",,ลงชื่อ.....,", "หมายเหตุ x,,,",
    ]  # fmt: skip
    found = opened(tmp_path, HEAD + "\n".join(rows) + "\n")
    assert [(line, cells[0]) for line, cells in told(found)] == [(2, "1001"), (5, "1002")]
    assert layout(found) == [
        (3, "TOTALS"), (4, "REPEATED_HEADER"), (6, "TOTALS"), (7, "TOTALS"), (8, "TOTALS"),
        (10, "SIGNATURE"), (11, "SIGNATURE"), (12, "SIGNATURE"), (13, "SIGNATURE"), (14, "SIGNATURE"), (15, "SIGNATURE"),
    ]  # fmt: skip
    assert ragged(found) == []


@pytest.mark.parametrize(
    "row",
    [
        "1003,รวม,3,1",
        "5,รวม,3,1",
        "รวม,ใจดี,3,1",
        "นาย,รวม,ใจดี,ขาด",
        "รวมพล,,3,1",
        ",เฉลี่ย,ใจดี,",
        "ลงชื่อ,1003,,",
        "รวม,12345678,3,1",
        "รวม,,12345678,1",
        "รวมพล 30 คน,,,",
        "1003,รวม 30 คน,3,1",
        "รวมมา,ใจดี,3,1",
    ],
)
def test_a_student_who_is_called_so_stays(tmp_path: Path, row: str) -> None:
    found = opened(tmp_path, HEAD + "1001,ดี,3,1\n" + row + "\n")
    assert [cells for _, cells in told(found)][1] == row.split(",")
    assert layout(found) == []


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("รหัสนักศึกษา,ชื่อ,มา,ขาด", "รวม,306,,"),
        ("รหัสนักศึกษา,ชื่อ,มา,ขาด", "รวม,1003,3,1"),
        ("รหัสนักศึกษา,ชื่อ,มา,ขาด", ",รวม 306 คน,,"),
        ("ที่,รหัสนักศึกษา,มา,ชื่อ", ",,,รวมทั้งสิ้น ๑๒ คน"),
        ("รหัสนักศึกษา,ชื่อ,16/5/2568,19/5/2568", "รวมมา,20,21,22"),
        ("รหัสนักศึกษา,ชื่อ,16/5/2568,19/5/2568", ",รวมขาด,0,1"),
        ("ชื่อ,รหัสนักศึกษา,มา,ขาด", "รวม,30,3,1"),
    ],
)
@pytest.mark.parametrize("after", ["", "1002,งาม,2,2\n"])
def test_a_word_for_totals_with_amounts_behind_it_is_no_student(
    tmp_path: Path, header: str, row: str, after: str
) -> None:
    found = opened(tmp_path, f"{header}\n1001,ดี,3,1\n{row}\n{after}")
    assert [(line, kind.split()[0]) for line, kind in layout(found)] == [(3, "TOTALS")]
    assert len(told(found)) == (2 if after else 1)


def test_a_name_that_is_a_word_for_totals_stays_beside_what_may_be_a_code(tmp_path: Path) -> None:
    found = opened(tmp_path, "ชื่อ,รหัสนักศึกษา,มา,ขาด\nดี,1001,3,1\nรวม,1003,3,1\n")
    assert layout(found) == []


def test_signatures_count_only_at_the_end_of_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("records.intake.files.text_file._BLOCK", 256)
    many = "".join(f"{code},ดี,3,1\n" for code in range(1000, 1200))
    found = opened(tmp_path, HEAD + "ลงชื่อ.....,,,\n" + many + "ลงชื่อ.....,,,\n,,,\n(นายใจ ดี),,,\n")
    assert layout(found) == [(203, "SIGNATURE"), (205, "SIGNATURE")]
    assert [line for line, _ in told(found)] == list(range(2, 203))


def test_both_rows_of_a_header_are_known_when_printed_again(tmp_path: Path) -> None:
    header = "รหัสนักศึกษา,ชื่อ,เวลาเรียน,\n,,มา,สาย\n"
    found = opened(tmp_path, header + "1001,ดี,3,1\n" + header + "1002,งาม,2,2\n")
    assert found.headers == ["รหัสนักศึกษา", "ชื่อ", "เวลาเรียน มา", "เวลาเรียน สาย"]
    assert [line for line, _ in told(found)] == [3, 6]
    assert layout(found) == [(4, "REPEATED_HEADER"), (5, "REPEATED_HEADER")]


said = st.sampled_from(
    [
        "",
        "รวม",
        "เฉลี่ย",
        "total",
        "ลงชื่อ",
        "(....)",
        "หมายเหตุ",
        "ตำแหน่ง",
        "ครูที่ปรึกษา",
        "3",
        "รหัสนักศึกษา",
        "ชื่อ",
        "มา",
        "ดี",
        " ",
    ]
)
identifier = st.from_regex(r"[0-9๐-๙]{8,13}|[0-9]-[0-9]{4}-[0-9]{5}|ก[0-9]{3}", fullmatch=True)
short = st.from_regex(r"[0-9๐-๙]{3,7}", fullmatch=True)


@given(cells=st.lists(said, min_size=4, max_size=4), place=st.integers(0, 3), number=identifier)
def test_a_row_with_an_identifier_is_always_a_student(cells: list[str], place: int, number: str) -> None:
    cells[place] = number
    table = pa.table({str(index): [cell] for index, cell in enumerate(cells)})
    assert LayoutRows([["รหัสนักศึกษา", "ชื่อ", "มา", "ขาด"]]).find(table) == {}


@given(cells=st.lists(said, min_size=4, max_size=4), place=st.integers(0, 3), number=short)
def test_a_short_code_is_a_sum_only_behind_a_word_for_totals(cells: list[str], place: int, number: str) -> None:
    cells[place] = number
    table = pa.table({str(index): [cell] for index, cell in enumerate(cells)})
    found = LayoutRows([["รหัสนักศึกษา", "ชื่อ", "มา", "ขาด"]]).find(table)
    first = next(cell for cell in cells if cell.strip())
    assert found == {} or (found == {0: "TOTALS"} and first in ("รวม", "เฉลี่ย", "total"))


@given(st.lists(st.lists(said, min_size=4, max_size=4), min_size=1, max_size=20))
def test_the_quick_look_finds_what_the_slow_one_finds(rows: list[list[str]]) -> None:
    finder = LayoutRows([["รหัสนักศึกษา", "ชื่อ", "มา", "ขาด"]])
    table = pa.table({str(index): column for index, column in enumerate(map(list, zip(*rows, strict=True)))})
    slow = {row: finder.kind_of([cell.strip() for cell in cells]) for row, cells in enumerate(rows)}
    assert finder.find(table) == {row: kind for row, kind in slow.items() if kind}
