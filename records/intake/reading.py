"""Files to sheets of text: XLSX, XLS and CSV; no type is guessed anywhere."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.normalise import clean

_HEAD_ROWS = 20
_LEAST_KNOWN = 2  # one word of a student's row may well be a header too
_LARGEST_WORKBOOK = 300 * 1024 * 1024
Cell = str | float | int | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of text cells: `columns` beside `headers`, the file's line of every row, and the rows above the header."""

    file: str
    headers: list[str]
    columns: list[pa.ChunkedArray]
    lines: pa.Array
    above: list[list[str]]
    ragged: list[tuple[int, str]]
    """Rows whose number of cells does not fit the header, as (line, text)."""
    known_headers: int
    """How many of the headers are known ones."""

    @property
    def rows(self) -> int:
        return len(self.lines)

    @property
    def shown_headers(self) -> list[str]:
        """The headers for an error; none when what was taken for a header may be the row of a student."""
        return self.headers if self.known_headers >= _LEAST_KNOWN else []

    def column(self, header: str) -> pa.ChunkedArray:
        return self.columns[self.headers.index(header)]


def read_sheet(path: Path, known_headers: Iterable[str]) -> Sheet:
    """The first sheet of a file that has rows under a header.

    The header is the row near the top with the most of `known_headers`. Raises ImportRefused.
    """
    if not path.is_file():
        raise ImportRefused.not_there(file=path.name)
    if path.stat().st_size == 0:
        raise ImportRefused.empty(file=path.name)
    known = {fold_label(header) for header in known_headers}
    sheet = _read_workbook(path, known) if path.suffix.lower() in (".xlsx", ".xls", ".xlsm") else _read_csv(path, known)
    if not sheet.rows and not sheet.ragged:
        raise ImportRefused.empty(file=path.name)
    return sheet


def _header_index(rows: Sequence[Sequence[str]], known: set[str]) -> int:
    counts = [_known_in(row, known) for row in rows]
    return counts.index(max(counts)) if counts else 0


def _known_in(row: Sequence[str], known: set[str]) -> int:
    return sum(fold_label(cell) in known for cell in row)


# Workbooks


def _read_workbook(path: Path, known: set[str]) -> Sheet:
    grids = [grid for _, grid in _grids(path)]
    best = max(grids, key=lambda grid: _best_match(grid, known), default=[])
    return _sheet_of_grid(path.name, best, known)


def read_named_sheets(path: Path) -> dict[str, list[list[str]]]:
    """Every sheet of a workbook as rows of text, by the sheet's name. Raises ImportRefused."""
    if not path.is_file():
        raise ImportRefused.not_there(file=path.name)
    return {name: [[_text(cell) for cell in row] for row in grid] for name, grid in _grids(path)}


def _grids(path: Path) -> list[tuple[str, Sequence[Sequence[Cell]]]]:
    _refuse_what_is_no_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        return [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except PasswordError:
        raise ImportRefused.wrong_file(file=path.name, why="it is protected by a password") from None
    except (CalamineError, OSError) as error:
        raise ImportRefused.wrong_file(file=path.name, why=f"it is no workbook ({type(error).__name__})") from None


def _refuse_what_is_no_workbook(path: Path) -> None:
    if path.stat().st_size > _LARGEST_WORKBOOK:
        raise ImportRefused.wrong_file(file=path.name, why="it is too large for a workbook; save it as CSV")
    with path.open("rb") as file:
        head = file.read(512).lstrip().lower()
    if head.startswith((b"<html", b"<!doctype", b"<table")):
        raise ImportRefused.wrong_file(file=path.name, why="it is a web page that was named .xls")


def _best_match(grid: Sequence[Sequence[Cell]], known: set[str]) -> int:
    return max((sum(fold_label(_text(cell)) in known for cell in row) for row in grid[:_HEAD_ROWS]), default=-1)


def _sheet_of_grid(file: str, grid: Sequence[Sequence[Cell]], known: set[str]) -> Sheet:
    head = [[_text(cell) for cell in row] for row in grid[:_HEAD_ROWS]]
    header = _header_index(head, known)
    if not head:
        raise ImportRefused.empty(file=file)
    names = [clean(cell) for cell in head[header]]
    body = [(line, [_text(cell) for cell in row]) for line, row in enumerate(grid[header + 1 :], start=header + 2)]
    filled = [(line, row) for line, row in body if any(row)]
    columns = [
        pa.chunked_array([pa.array([row[index] for _, row in filled], pa.string())]) for index in range(len(names))
    ]
    lines = pa.array([line for line, _ in filled], pa.int32())
    return Sheet(
        file=file,
        headers=names,
        columns=columns,
        lines=lines,
        above=head[:header],
        ragged=[],
        known_headers=_known_in(names, known),
    )


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell == int(cell) and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
        case _:
            return str(cell)


# CSV


def _read_csv(path: Path, known: set[str]) -> Sheet:
    data = path.read_bytes()
    encoding = _encoding(path.name, data)
    head_text = data[: 64 * 1024].decode(encoding, errors="ignore")
    delimiter = max(",;\t", key=head_text.split("\n", 1)[0].count) if "\n" in head_text else ","
    head = list(csv.reader(io.StringIO(head_text), delimiter=delimiter))[:_HEAD_ROWS]
    header = _header_index(head, known)
    names = [clean(cell) for cell in head[header]] if head else []
    if not any(names):
        raise ImportRefused.empty(file=path.name)
    table, skipped = _csv_cells(path.name, data, encoding, delimiter, skip=header + 1, width=len(names))
    lines = pa.array(_csv_lines(table.num_rows, header + 2, [line for line, _ in skipped]), pa.int32())
    filled = pc.invert(_are_blank(table))  # empty lines were read so that the numbers of the others are right
    return Sheet(
        file=path.name,
        headers=names,
        columns=table.filter(filled).columns,
        lines=lines.filter(filled.combine_chunks()),
        above=head[:header],
        ragged=[(line, text) for line, text in skipped if text.strip()],
        known_headers=_known_in(names, known),
    )


def _csv_cells(
    file: str, data: bytes, encoding: str, delimiter: str, *, skip: int, width: int
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """All rows of the right width as text, and the others as (line, text)."""
    skipped: list[tuple[int, str]] = []

    def keep(row: pacsv.InvalidRow) -> str:
        skipped.append((row.number or 0, row.text))
        return "skip"

    columns = [f"f{index}" for index in range(width)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=columns, encoding=encoding, skip_rows=skip, use_threads=False),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep, ignore_empty_lines=False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise ImportRefused.empty(file=file) from None
        raise ImportRefused.wrong_file(file=file, why="its quotes or separators do not pair up") from None
    return table, skipped


def _are_blank(table: pa.Table) -> pa.ChunkedArray:
    """Rows without anything in any cell, as in a workbook's empty rows."""
    blank = pc.equal(pc.utf8_trim_whitespace(table.column(0)), "")
    for column in table.columns[1:]:
        blank = pc.and_(blank, pc.equal(pc.utf8_trim_whitespace(column), ""))
    return blank


def _csv_lines(rows: int, first: int, skipped: list[int]) -> list[int]:
    if not skipped:
        return list(range(first, first + rows))
    missing = set(skipped)
    return [line for line in range(first, first + rows + len(missing)) if line not in missing][:rows]


def _encoding(file: str, data: bytes) -> str:
    """A byte-order mark says; else UTF-8 if it is strictly that; else the Thai code page of older systems."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-8-sig", "cp874"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise ImportRefused.wrong_file(file=file, why="its letters are neither UTF-8 nor the Thai code page")
