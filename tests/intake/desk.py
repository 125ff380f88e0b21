"""A clerk's desk for the tests of intake: files drawn as small pictures come in, and the log is read back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import xlsxwriter
from python_calamine import CalamineWorkbook

from records.clock import BANGKOK
from records.home import DataHome
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.ledger import log_index
from records.log import EventLog
from records.tables import Table
from records.versions import latest

CODE = "1320026101"
EARLY = "2025-05-01 08:00"  # when a roster of these tests came in, unless a test says otherwise
Rows = list[list[str]]


def rows_of(picture: str) -> Rows:
    """`a | b` a line; the first line is the header."""
    lines = [line for line in picture.splitlines() if line.strip()]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def bangkok(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BANGKOK)


@dataclass(frozen=True, kw_only=True)
class Desk:
    home: DataHome
    folder: Path

    def file(self, told: str | Rows, name: str = "file.csv", *, encoding: str = "utf-8", sep: str = ",") -> Path:
        """Write a picture (or rows) as a CSV file."""
        rows = rows_of(told) if isinstance(told, str) else told
        path = self.folder / name
        path.write_text("".join(sep.join(row) + "\n" for row in rows), encoding=encoding)
        return path

    def workbook(self, rows: Sequence[Sequence[Any]], name: str = "file.xlsx") -> Path:
        path = self.folder / name
        with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
            page = book.add_worksheet("Sheet1")
            for line, row in enumerate(rows):
                page.write_row(line, 0, row)
        return path

    def bring(self, told: str | Rows | Path, *, at: str = "", **more: Any) -> ImportReport:
        """Import a picture or a file; `at` is the moment it came in (Bangkok), else now."""
        path = told if isinstance(told, Path) else self.file(told)
        received = bangkok(at) if at else None
        [report] = import_file(self.home, ImportRequest(path=path, institution=CODE, received_at=received, **more))
        return report

    def roster(self, codes: Mapping[int, str], *, term: int = 1, at: str = EARLY, **more: Any) -> ImportReport:
        """A whole roster of term `term`/2568: class group by student code, taken on the day it came in."""
        day = bangkok(at).date()
        told = f"{day:%d/%m}/{day.year + 543}"
        header = ["รหัสนักศึกษา", "ชื่อ", "นามสกุล", "ปีการศึกษา", "ภาคเรียน", "ระดับชั้น", "กลุ่มเรียน", "วันที่ข้อมูล"]
        rows = [
            [str(code), f"ดี{code}", "สมมติ", "2568", str(term), "ปวช.1", group, told] for code, group in codes.items()
        ]
        return self.bring([header, *rows], at=at, **more)

    @property
    def log(self) -> EventLog:
        return EventLog(folder=self.home.logs, institution=CODE, index=log_index(self.home.database, CODE))

    def read(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        """Every record of a table in reading order, codes by name."""
        return _tuples(table, self.log.rows(table), columns)

    def known(self, table: Table, *columns: str, until: str = "") -> list[tuple[Any, ...]]:
        """What holds now, or as far as was recorded before a moment."""
        told = self.log.rows(table, until=bangkok(until) if until else None)
        return sorted(_tuples(table, latest(table, told), columns), key=repr)


DeskWith = Callable[..., Desk]
"""What the fixture `desk_with` gives: class groups by student code in, the desk after that roster out."""


def _tuples(table: Table, rows: pa.Table, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    codes = {column.name: column.codes for column in table.columns}

    def plain(name: str, value: Any) -> Any:
        lists = codes.get(name)
        if lists is not None and value is not None:
            return lists.values[value]
        if isinstance(value, datetime):
            return value.astimezone(BANGKOK).strftime("%Y-%m-%d %H:%M")
        return value.isoformat() if isinstance(value, date) else value

    return [tuple(plain(name, row[name]) for name in columns) for row in rows.to_pylist()]


def pages(path: Path) -> dict[str, Rows]:
    """A workbook as text, by the names of its sheets."""
    with CalamineWorkbook.from_path(str(path)) as book:
        return {
            name: [list(map(str, row)) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
        }
