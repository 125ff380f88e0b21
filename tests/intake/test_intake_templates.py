"""The empty workbook of every source: recognised, filled with its own examples, and taken in whole."""

import re
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from records.codes import fold_label
from records.errors import ImportRefused, UserError
from records.intake.files import open_sheets
from records.intake.importing import peek
from records.intake.mapping import FileSource
from records.intake.report import ImportReport
from records.intake.source import PERSON_FIELDS, Field
from records.intake.sources import SOURCE_OF, SOURCES, plain
from records.intake.templates import (
    DATA_SHEET,
    EXPLAINED_SHEET,
    allowed_words,
    columns_of,
    example_of,
    template_source,
    write_template,
)
from records.tables import TABLE_OF, Table
from tests.intake.desk import Desk

NAMES = [source.name for source in SOURCES if isinstance(source, FileSource)]
TABLES = [tells.table.name for tells in plain.SOURCE.tells]
# Codes that only the institution's own lookup explains, which this desk has not.
NEEDS_A_LOOKUP = {"moe_term": {"quarantined": 1, "UNKNOWN_CODE": 1}}
TERM_2 = "2025-11-10 08:00"


def filled(desk: Desk, name: str) -> Path:
    """The template of a source with one row of its examples, under the name that its files have."""
    source = template_source(name)
    path = desk.folder / (source.file_name if source.file_name.endswith(".xlsx") else f"{name}.xlsx")
    row = {place: cell for place, field in enumerate(columns_of(source)) if (cell := example_of(field))}
    write_template(path, source, [row])
    return path


def told(report: ImportReport) -> dict[str, int]:
    return {**report.reasons, "quarantined": report.quarantined, "unmapped": len(report.unmapped)}


@pytest.mark.parametrize("name", [*NAMES, *TABLES])
def test_a_template_filled_with_its_examples_is_recognised_and_taken_in_whole(desk: Desk, name: str) -> None:
    if name != "roster":
        desk.bring(filled(desk, "roster"), at=TERM_2)
    report = desk.bring(filled(desk, name), at="2026-06-10 08:00")
    assert told(report) == {"quarantined": 0, "unmapped": 0} | NEEDS_A_LOOKUP.get(name, {})
    assert report.rows == 1
    # A source of a table may know the plain file of that table too.
    assert report.source == name or (name in TABLES and {TABLE_OF[name]} <= tables_of(report.source))


def tables_of(name: str) -> set[Table]:
    return {tells.table for tells in SOURCE_OF[name].tells}


@pytest.mark.parametrize("name", [*NAMES, *TABLES])
def test_the_data_sheet_alone_is_read(desk: Desk, name: str) -> None:
    [sheet] = peek(filled(desk, name))
    assert sheet.name == DATA_SHEET
    assert sheet.hidden == ()


def test_headers_stand_in_the_order_of_the_source_and_required_ones_have_a_star(tmp_path: Path) -> None:
    write_template(tmp_path / "attendance.xlsx", template_source("attendance"))
    header, *rows = CalamineWorkbook.from_path(tmp_path / "attendance.xlsx").get_sheet_by_name(DATA_SHEET).to_python()
    assert rows == []
    fields = columns_of(template_source("attendance"))
    assert [fold_label(str(words)) for words in header] == [fold_label(field.header) for field in fields]
    assert [words for words in header if str(words).endswith("*")] == ["การมาเรียน *", "วันที่ *"]


def test_what_is_left_out_on_purpose_is_not_asked_for_and_the_explanation_says_so(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    write_template(path, template_source("roster"))
    book = CalamineWorkbook.from_path(path)
    assert "ศาสนา" not in str(book.get_sheet_by_name(DATA_SHEET).to_python())
    explained = book.get_sheet_by_name(EXPLAINED_SHEET).to_python()
    [unwanted] = [row for row in explained if str(row[0]).startswith("ไม่ต้องกรอก")]
    assert "ศาสนา" in str(unwanted[1])
    assert any("roster-1-2568.xlsx" in str(row[1]) for row in explained)


def test_a_code_column_offers_the_thai_words_and_every_one_of_them_is_known() -> None:
    for name in (*NAMES, *TABLES):
        for field in columns_of(template_source(name)):
            folded = {fold_label(word) for word in field.words}
            for word in allowed_words(field):
                assert fold_label(word) in folded or re.search("[ก-๙0-9]", word), f"{name}: {field.header}"


def test_columns_of_people_have_the_examples_that_are_declared() -> None:
    for field in PERSON_FIELDS:
        assert example_of(field) == field.example


def test_a_day_for_a_header_becomes_a_week_without_its_weekend() -> None:
    day = Field(header="16/5/2568", to=("attendance.status",))
    source = replace(template_source("attendance"), fields=(day,))
    assert [field.header for field in columns_of(source)] == [
        "16/05/2568", "19/05/2568", "20/05/2568", "21/05/2568", "22/05/2568",
    ]  # fmt: skip


def test_a_header_that_files_of_a_source_never_have_is_not_asked_for() -> None:
    source = replace(template_source("attendance"), unlike=("กลุ่ม เรียน",))
    assert "กลุ่มเรียน" not in [field.header for field in columns_of(source)]


def test_numbers_are_text_so_that_no_nought_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    write_template(path, template_source("roster"))
    with ZipFile(path) as book:
        page, styles = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    formats = re.findall(r'<xf numFmtId="([0-9]+)"', styles.partition("<cellXfs")[2].partition("</cellXfs>")[0])
    columns = re.findall(r'<col min="[0-9]+" max="[0-9]+" [^>]*style="([0-9]+)"', page)
    [text] = {formats[int(style)] for style in columns}
    assert f'<numFmt numFmtId="{text}" formatCode="@"/>' in styles


def test_a_bundle_has_no_template() -> None:
    with pytest.raises(ImportRefused, match=r"There is no template for 'oulad'\. Templates: .*roster.*grades"):
        template_source("oulad")


@pytest.mark.parametrize("name", ["roster.csv", "roster"])
def test_a_template_has_the_name_of_a_workbook(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"^{name} would be a workbook: give it an .xlsx name. · .*[ก-๙]"):
        write_template(tmp_path / name, template_source("roster"))
    assert list(tmp_path.iterdir()) == []


def test_a_template_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"roster.xlsx could not be written \(No such file or directory\)"):
        write_template(tmp_path / "none" / "roster.xlsx", template_source("roster"))


def test_an_unfilled_template_is_refused_in_words(desk: Desk) -> None:
    path = desk.folder / "empty.xlsx"
    write_template(path, template_source("attendance"))
    with pytest.raises(ImportRefused):
        desk.bring(path)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_a_plain_file_has_a_template_of_its_own(table: str) -> None:
    assert [tells.table for tells in template_source(table).tells] == [TABLE_OF[table]]


def test_the_lists_of_words_are_hidden(tmp_path: Path) -> None:
    path = tmp_path / "attendance.xlsx"
    write_template(path, template_source("attendance"), [{2: "69201010025"}])
    sheets = open_sheets(path, [field.header for field in columns_of(template_source("attendance"))])
    assert [sheet.name for sheet in sheets] == [DATA_SHEET]
