"""The workbook in which a clerk mends rows in quarantine: their own layout, with why each could not be taken beside it.

Everything is text and stays text; the file can be read by its owner alone, for it holds cells of students.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from records.errors import ImportRefused, UserError
from records.intake.files import read_grid
from records.intake.mending import LINE, mending_of
from records.intake.problems import PROBLEM_OF
from records.intake.source import SHEET_STEP
from records.quarantine import KeptFile, KeptRow

REASON, MENDING = "เหตุผล (ลบคอลัมน์นี้ได้)", "วิธีแก้"
RAGGED = "RAGGED_ROW"
_OWN = (REASON, MENDING, LINE)
_DATA_PAGE = "ข้อมูล"  # of text files, whose sheet has no name
_HELP_PAGE = "วิธีแก้ไฟล์นี้ (how to)"
_RAGGED_PAGE = "แถวที่ช่องไม่ครบ (ragged)"
_RAGGED_TEXT = "แถวตามที่อยู่ในไฟล์ (the row as it stood)"
_MOST_ROWS = 1_000_000  # what a sheet of a workbook holds
_MOST_LINES = 2**31  # of a text file: a line is kept in 32 bits
_TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_HELP = (
    ("แก้ช่องที่ผิดในแผ่นงานข้อมูล แล้วบันทึกไฟล์", "Mend the wrong cells in the sheet with the data and save the file."),
    (f"อย่าลบหรือแก้คอลัมน์ '{LINE}' และหัวตาราง เพราะใช้จับคู่กับแถวเดิม", f"Leave the column '{LINE}' and the headers as they are: they tell which row is which."),
    ("แถวที่ยังแก้ไม่ได้ ลบออกหรือปล่อยไว้ได้ แถวนั้นจะยังรออยู่", "A row that cannot be mended yet may be deleted here or left: it goes on waiting."),
    (f"แถวในแผ่น '{_RAGGED_PAGE}' ให้พิมพ์ลงในแผ่นงานข้อมูลทีละช่อง พร้อมเลข{LINE}", f"Type a row of '{_RAGGED_PAGE}' into the sheet with the data, cell by cell, with its line number."),
    ("นำเข้าด้วย: zerodrop quarantine retry {batch} ไฟล์นี้", "Bring it in with: zerodrop quarantine retry {batch} THIS-FILE"),
    ("ไฟล์นี้มีข้อมูลนักเรียน ลบทิ้งเมื่อนำเข้าแล้ว", "This file holds data of students: delete it when it has been brought in."),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Offered:
    """Rows of a mended workbook: cells by the line of the original file, for each of its sheets."""

    sheets: Mapping[int, Mapping[int, Sequence[str]]] = field(default_factory=dict)

    @property
    def lines(self) -> list[int]:
        return [line for rows in self.sheets.values() for line in rows]


def write_workbook(path: Path, batch: int, file: KeptFile, rows: Sequence[KeptRow]) -> None:
    """Write rows in quarantine under their own headers. Raises UserError where they cannot be written."""
    if len(rows) > _MOST_ROWS:
        raise UserError(
            f"{len(rows):,} rows are more than a workbook holds. Mend them at their source and import the file again. · "
            f"มี {len(rows):,} แถว มากเกินกว่าที่ไฟล์ Excel รับได้ ให้แก้ที่ระบบต้นทางแล้วนำเข้าใหม่"
        )

    def fill(book: xlsxwriter.Workbook) -> None:
        paper = _Paper(book)
        whole = [row for row in rows if RAGGED not in row.problems]
        for place, sheet in enumerate(file.sheets):
            here = [row for row in whole if sheet_and_line(file, row.line)[0] == place]
            if here or (place == 0 and not whole):
                page = paper.page(sheet.name or _DATA_PAGE, [*_OWN, *sheet.headers])
                for row in here:
                    page([*_why(file, row), *row.cells.values()])
        ragged = [row for row in rows if RAGGED in row.problems]
        if ragged:
            page = paper.page(_RAGGED_PAGE, [*_OWN, _RAGGED_TEXT])
            for row in ragged:
                page([*_why(file, row), *row.cells.values()])
        page = paper.page(_HELP_PAGE, ["วิธีใช้", "How to use it"])
        for thai, english in _HELP:
            page([thai.format(batch=batch), english.format(batch=batch)])

    try:
        write_private(path, fill)
    except OSError as error:
        path.unlink(missing_ok=True)  # no half of it, which holds cells of students too
        raise UserError.not_written(path, error) from None


def write_private(path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> None:
    """Write a workbook that its owner alone can read; no part of it lies elsewhere on the disk meanwhile."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, _TEXT_ONLY) as book:
        fill(book)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        path.chmod(0o600)  # a file that was there may have been open to others
        out.write(content.getvalue())


def write_rows(path: Path, file: KeptFile, offered: Offered) -> dict[int, int]:
    """Write mended rows as a file of their source; which line of it is which line of the original file."""
    lines: dict[int, int] = {}

    def fill(book: xlsxwriter.Workbook) -> None:
        for place, (index, rows) in enumerate(sorted(offered.sheets.items())):
            sheet = file.sheets[index]
            page = book.add_worksheet(sheet.name or _DATA_PAGE)
            top = [*sheet.above, sheet.headers]
            for number, cells in enumerate([*top, *(rows[line] for line in sorted(rows))]):
                _write(page, number, cells)
            for number, line in enumerate(sorted(rows), start=len(top) + 1):
                lines[place * SHEET_STEP + number] = line

    write_private(path, fill)
    return lines


def sheet_and_line(file: KeptFile, line: int) -> tuple[int, int]:
    """The place of a kept line's sheet, and the line within it; a text file is one sheet of any length."""
    return (0, line) if _is_text(file) else divmod(line, SHEET_STEP)


def _is_text(file: KeptFile) -> bool:
    return len(file.sheets) == 1 and not file.sheets[0].name


def _why(file: KeptFile, row: KeptRow) -> tuple[str, str, str]:
    """Every rule that a row broke, in both languages, what to do about each, and the row's line in its sheet."""
    problems = [PROBLEM_OF[code] for code in row.problems]
    why = "\n".join(f"{one.text.th} · {one.text.en}" for one in problems)
    mend = "\n".join(dict.fromkeys(f"{text.th} · {text.en}" for text in (mending_of(one.code) for one in problems)))
    return why, mend, str(sheet_and_line(file, row.line)[1])


class _Paper:
    """Sheets of text under one header row each."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._header = book.add_format({"bold": True, "text_wrap": True, "num_format": "@", "bg_color": "#E8EEF4"})
        self._text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})

    def page(self, name: str, headers: Sequence[str]) -> Callable[[Sequence[str]], None]:
        """A new sheet; what is returned writes its next row."""
        page = self._book.add_worksheet(name)
        page.freeze_panes(1, 0)
        page.set_column(0, 1, 44, self._text)
        page.set_column(2, max(2, len(headers) - 1), 16, self._text)
        _write(page, 0, headers, self._header)
        rows = iter(range(1, _MOST_ROWS + 2))
        return lambda cells: _write(page, next(rows), cells, self._text)


def _write(page: Worksheet, line: int, cells: Sequence[str], style: Format | None = None) -> None:
    """Text stays text, whatever it begins with; empty cells keep the text format for whoever fills them."""
    for column, cell in enumerate(cells):
        if cell:
            page.write_string(line, column, cell, style)
        elif style is not None:
            page.write_blank(line, column, None, style)


# Reading it back


def read_workbook(path: Path, file: KeptFile, waiting: Mapping[int, Sequence[str]]) -> Offered:
    """The rows of a mended workbook that say something. Raises ImportRefused when it is no such workbook."""
    grids = read_grid(path)
    sheets: dict[int, dict[int, Sequence[str]]] = {}
    for place, sheet in enumerate(file.sheets):
        grid = grids.get(sheet.name or _DATA_PAGE)
        if grid is not None:
            most = _MOST_LINES if _is_text(file) else SHEET_STEP
            sheets[place] = _rows_of(
                path.name, grid, sheet.headers, range(place * SHEET_STEP, place * SHEET_STEP + most)
            )
    if not sheets:
        raise _without_lines(path.name)
    found = Offered(sheets={place: rows for place, rows in sheets.items() if rows})
    strangers = sorted({sheet_and_line(file, line)[1] for line in found.lines if line not in waiting})
    if strangers:
        told = ", ".join(map(str, strangers[:8]))
        raise ImportRefused(
            f"{path.name}: no row with these line numbers waits in quarantine: {told}. "
            "They may have come in already: delete those rows, or export the workbook again.",
            th=f"{path.name}: ไม่มีแถวที่กักไว้ตามเลข{LINE}: {told} อาจนำเข้าไปแล้ว ลบแถวเหล่านั้น หรือส่งออกไฟล์ใหม่",
            code="NOT_IN_QUARANTINE",
        )
    if not found.sheets:
        raise ImportRefused.empty(file=path.name)
    return found


def _rows_of(
    name: str, grid: Sequence[Sequence[str]], headers: Sequence[str], numbers: range
) -> dict[int, Sequence[str]]:
    """Cells under the source's headers, in their order, by the line of the original file: the sheet's lines are `numbers`."""
    top = grid[0] if grid else []
    if LINE not in top:
        raise _without_lines(name)
    line_column = top.index(LINE)
    columns = [index for index, header in enumerate(top) if header not in _OWN]
    if [top[index] for index in columns[: len(headers)]] != list(headers):
        raise ImportRefused(
            f"{name}: the headers are not those of the exported workbook. Export it again and mend the cells only.",
            th=f"{name}: หัวตารางไม่ตรงกับไฟล์ที่ส่งออก ส่งออกใหม่แล้วแก้เฉพาะช่องข้อมูล",
            code="HEADERS_CHANGED",
        )
    rows: dict[int, Sequence[str]] = {}
    for number, row in enumerate(grid[1:], start=2):
        filled = [*row, *[""] * (len(top) - len(row))]
        cells = [filled[index] for index in columns[: len(headers)]]
        if not any(cell.strip() for cell in cells):
            continue
        line = numbers.start + _line(name, number, filled[line_column], len(numbers))
        if line in rows:
            raise _bad_line(name, number)
        rows[line] = cells
    return rows


def _line(name: str, number: int, cell: str, most: int) -> int:
    text = cell.strip()
    if not text.isdecimal() or len(text) > len(str(most)) or not 0 < int(text) < most:
        raise _bad_line(name, number)
    return int(text)


def _bad_line(name: str, number: int) -> ImportRefused:
    return ImportRefused(
        f"{name}: row {number} has no number of its own under '{LINE}'. Copy it from the exported workbook.",
        th=f"{name}: แถวที่ {number} ไม่มีเลขในคอลัมน์ '{LINE}' หรือเลขซ้ำกับแถวอื่น คัดลอกจากไฟล์ที่ส่งออก",
        code="BAD_LINE",
    )


def _without_lines(name: str) -> ImportRefused:
    return ImportRefused(
        f"{name} has no column '{LINE}'. Mend the workbook that `zerodrop quarantine export` writes.",
        th=f"{name} ไม่มีคอลัมน์ '{LINE}' ใช้ไฟล์ที่ได้จาก zerodrop quarantine export",
        code="NO_LINE_COLUMN",
    )
