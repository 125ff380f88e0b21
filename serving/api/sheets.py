"""A list as a file for a spreadsheet: what a cell holds stays text, whatever letter it begins with."""

import csv
import io
from collections.abc import Sequence

import xlsxwriter

# A spreadsheet takes what begins so for a formula, and a name may begin so.
_FORMULA_LETTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}

Row = Sequence[str]


def as_csv(head: Row, rows: Sequence[Row]) -> bytes:
    """UTF-8 with the mark by which Excel knows it; a cell that looks like a formula gets an apostrophe."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerows([plain(cell) for cell in row] for row in (head, *rows))
    return made.getvalue().encode("utf-8-sig")


def plain(cell: str) -> str:
    return (
        f"'{cell}"
        if cell.lstrip(" \u00a0\u200b").startswith(_FORMULA_LETTERS) or cell.startswith(("\t", "\r", "\n"))
        else cell
    )


def as_xlsx(title: str, head: Row, rows: Sequence[Row]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, _TEXT_ONLY) as book:
        sheet = book.add_worksheet(title)
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for column, cell in enumerate(head):
            sheet.write_string(0, column, cell, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, wrapped)
        sheet.set_column(0, len(head) - 1, 24)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
    return made.getvalue()
