"""The import report on paper and as a workbook: the counts add up, it says what to do, and no student is in it."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from records.intake.report import ImportReport
from records.intake.report_files import parts_of, write_report_html, write_report_xlsx, write_reports
from records.text import Text
from tests.intake.desk import Desk

REPORT = ImportReport(
    institution="1320026101",
    source="plain",
    file="<b>ห้อง & 1</b>.xlsx",
    ledger_number=12,
    rows=1_020,
    accepted=1_000,
    known=10,
    fixed=3,
    quarantined=6,
    retracted=2,
    layout=4,
    reasons={"BAD_DATE": 6},
    lines={"BAD_DATE": [2, 3, 4, 9]},
    warnings={"WEEKEND": [7]},
    columns={"BAD_DATE": ["วันที่ของข้อมูล", "วันเกิด"]},
    fixes={"THAI_DIGITS": 3, "LEFT_OUT": 5},
    left_out={"ส่งช้า (วัน)": 5},
    left_out_lines={"ส่งช้า (วัน)": [3, 4, 8]},
    dropped=["ศาสนา"],
    unmapped=["=CMD()", "<script>alert(1)</script>"],
    newest_day=date(2025, 6, 13),
    notes=[Text(th="หมายเหตุหนึ่ง", en="one note")],
)
NOTHING = replace(
    REPORT, reasons={}, lines={}, warnings={}, fixes={}, left_out={}, left_out_lines={}, dropped=(), unmapped=(), notes=(), newest_day=None, quarantined=0, known=16
)  # fmt: skip


class _Page(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(report: ImportReport, folder: Path) -> _Page:
    write_report_html(report, folder / "report.html")
    return _Page((folder / "report.html").read_text(encoding="utf-8"))


def book_of(report: ImportReport, folder: Path) -> dict[str, list[str]]:
    write_report_xlsx(report, folder / "report.xlsx")
    with CalamineWorkbook.from_path(str(folder / "report.xlsx")) as book:
        return {
            name: [str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row]
            for name in book.sheet_names
        }


def test_the_page_states_that_the_counts_add_up_to_the_rows(tmp_path: Path) -> None:
    text = page_of(REPORT, tmp_path).text
    assert "1,000 accepted + 10 known + 6 in quarantine + 4 layout = 1,020 rows" in text
    assert "รับเข้า 1,000 + ทราบอยู่แล้ว 10 + กักไว้ 6 + ไม่ใช่ข้อมูล 4 = 1,020 แถว" in text


@pytest.mark.parametrize(
    "told",
    [
        "อ่านวันที่ไม่ได้", "(คอลัมน์ · column: วันที่ของข้อมูล, วันเกิด)", "a date cannot be read", "16/05/2568", "2-4, 9 … (+2)",
        "WEEKEND", "THAI_DIGITS", "Thai digits were made Arabic ones", "ศาสนา", "personal data protection",
        "ข้อมูลถึงวันที่ 13/06/2568", "data up to 2025-06-13", "หมายเหตุหนึ่ง", "LEFT_OUT", "ส่งช้า (วัน)", "3-4, 8 … (+2)",
        "แก้ช่องนั้นในไฟล์แล้วนำเข้าอีกครั้ง", "mend the cell in the file and import it again", "one note", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_the_page_and_the_workbook_say(tmp_path: Path, told: str) -> None:
    assert told in page_of(REPORT, tmp_path).text
    assert any(told in cell for cells in book_of(REPORT, tmp_path).values() for cell in cells)


def test_the_page_needs_nothing_beside_it_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(REPORT, tmp_path)
    assert not {"script", "link", "img", "iframe", "b"} & {tag for tag, _ in page.tags}
    assert not any(name in ("src", "href") or name.startswith("on") for _, told in page.tags for name in told)
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|https?:", source)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert "size: A4" in source


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("dmc", ("จาก ทะเบียน DMC (36 คอลัมน์) ของ", "from DMC roster workbook (36 columns),")),
        ("profile:household-a", ("จาก profile:household-a ของ", "from profile:household-a,")),
    ],
)
def test_the_head_calls_a_source_by_its_label_and_a_profile_by_its_name(
    tmp_path: Path, source: str, told: tuple[str, str]
) -> None:
    text = page_of(replace(REPORT, source=source), tmp_path).text
    assert all(words in text for words in told)


def test_left_out_columns_are_one_sentence_and_no_table(tmp_path: Path) -> None:
    left_out = replace(REPORT, dropped=["ศาสนา", "เชื้อชาติ", "อีเมล"])
    page = page_of(left_out, tmp_path)
    assert "3 คอลัมน์ · columns: ศาสนา, เชื้อชาติ, อีเมล" in page.text
    assert [tag for tag, _ in page.tags].count("table") == 6  # summary, quarantine, warnings, cells, fixes, notes


def test_lines_stand_across_the_table_and_each_range_is_whole(tmp_path: Path) -> None:
    page = page_of(REPORT, tmp_path)
    told = [attributes for tag, attributes in page.tags if tag == "td" and attributes["class"] == "lines"]
    assert [one["colspan"] for one in told] == ["4", "3", "3"]
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<span class="whole">2-4,</span> <span class="whole">9 … (+2)</span>' in source
    assert '<td class="code" data-header="รหัส · code">BAD_DATE</td>' in source


def test_the_workbook_has_a_sheet_for_every_kind_and_no_formula(tmp_path: Path) -> None:
    book = book_of(REPORT, tmp_path)
    assert list(book) == [
        "สรุป summary", "แถวที่กักไว้ quarantine", "คำเตือน warnings", "ช่องที่ไม่นำเข้า cells left out", "แก้ให้แล้ว fixes",
        "คอลัมน์ที่ไม่นำเข้า left out", "คอลัมน์ที่ไม่รู้จัก unknown", "หมายเหตุ notes",
    ]  # fmt: skip
    assert "=CMD()" in book["คอลัมน์ที่ไม่รู้จัก unknown"]


def test_what_there_is_nothing_to_say_about_has_no_table(tmp_path: Path) -> None:
    assert [part.name.en for part in parts_of(NOTHING)] == ["summary"]
    assert "data up to" not in page_of(NOTHING, tmp_path).text


def test_the_files_are_named_by_batch(tmp_path: Path) -> None:
    files = write_reports(REPORT, tmp_path / "reports")
    assert [file.name for file in files] == ["import-report-12.html", "import-report-12.xlsx"]
    assert all(file.is_file() for file in files)


def test_no_cell_of_a_student_is_in_either_file(desk: Desk, tmp_path: Path) -> None:
    desk.roster({1001: "ชย.1/1"})
    head = "รหัสนักศึกษา | ชื่อ | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน"
    rows = "1001 | ฑฒณทดสอบ | 31/06/2568 | ๔\n77001 | ฑฒณทดสอบ | 01/06/2568 | สี่\n1001 | ฑฒณทดสอบ | 02/06/2568 | ๗ คน"
    report = desk.bring(f"{head}\n{rows}", at="2025-06-20 08:00")
    assert (report.quarantined, dict(report.left_out_lines)) == (2, {"จำนวนสมาชิกในครัวเรือน": [3, 4]})
    told = page_of(report, tmp_path).text + "".join(
        cell for cells in book_of(report, tmp_path).values() for cell in cells
    )
    assert not [cell for cell in ("ฑฒณทดสอบ", "77001", "สี่", "๗ คน", "31/06/2568") if cell in told]


def test_lines_of_several_sheets_carry_the_name_of_their_sheet() -> None:
    lines = [2, 3, 2_000_005]
    report = replace(REPORT, sheets=["ม.1", "ม.2"], lines={"BAD_DATE": lines}, reasons={"BAD_DATE": 3})
    report = replace(report, left_out={"คะแนน": 3}, left_out_lines={"คะแนน": lines})
    [quarantine] = [part for part in parts_of(report) if part.name.en == "quarantine"]
    [left_out] = [part for part in parts_of(report) if part.name.en == "cells left out"]
    assert quarantine.rows[0][-1] == left_out.rows[0][-1] == "ม.1!2-ม.1!3, ม.2!5"
    assert "x3, ช่อง (column) คะแนน, บรรทัด (lines) ม.1!2, ม.1!3, ม.2!5" in report.text()
