"""Workbooks to sheets: every visible sheet, a few thousand rows at a time, cells as the text that a clerk would type."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from records.errors import ImportRefused
from records.intake.files.headers import HEAD_ROWS, Header, Merged, find_header
from records.intake.files.kinds import Kind
from records.intake.files.layout_rows import LayoutRows
from records.intake.files.rows import Piece, has_rows, parts_of, piece
from records.intake.files.sheet import LEAST_KNOWN, Part, Sheet
from records.intake.files.zip_check import MOST_CELLS, refuse_what_is_too_large

_LARGEST = 300 * 1024 * 1024
_ROWS_AT_ONCE = 10_000
_LOOKED_AT = 60  # rows of a sheet in which its header and the first row under it stand
_MOST_ROWS = {Kind.WORKBOOK: 1_048_576, Kind.OLD_WORKBOOK: 65_536}  # what the formats can hold
_ERRORS = {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}
_SUFFIX = {Kind.WORKBOOK: (".xlsx", ".xlsm"), Kind.OLD_WORKBOOK: (".xls", ".xlsx", ".xlsm")}
Cell = str | float | int | bool | date | datetime | time | timedelta


def open_workbook_sheets(path: Path, kind: Kind, known: set[str]) -> list[Sheet]:
    """Every visible sheet that has rows, with its header. Raises ImportRefused."""
    found: list[tuple[_Head, Header]] = []
    hidden: list[str] = []
    state = path.stat()
    for one in _heads(path, kind, state.st_size, state.st_mtime_ns):
        header = find_header(one.rows[: HEAD_ROWS + 1], known, one.merged)
        if not any(header.words) or not _has_rows(path, kind, one, header):
            continue
        if one.is_visible:
            found.append((one, header))
        elif header.known >= LEAST_KNOWN:
            hidden.append(one.name)
    return [_sheet(path, kind, one, header, tuple(hidden)) for one, header in found]


@dataclass(frozen=True, kw_only=True)
class _Head:
    """The top of a sheet, enough to find its header without reading the workbook once more."""

    name: str
    is_visible: bool
    rows: list[list[str]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]
    height: int


@lru_cache(maxsize=2)
def _heads(path: Path, kind: Kind, size: int, changed_at: int) -> tuple[_Head, ...]:
    """The heads of a workbook's sheets; who asks again about an unchanged file need not read it again."""
    if kind is Kind.WORKBOOK:
        refuse_what_is_too_large(path)
    with _opened(path, kind) as book:
        return tuple(_head(path, book, one) for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet)


def _head(path: Path, book: CalamineWorkbook, one: SheetMetadata) -> _Head:
    sheet = _loaded(path, book, one.name)
    return _Head(
        name=one.name,
        is_visible=one.visible == SheetVisibleEnum.Visible,
        rows=[[_text(cell) for cell in row] for row in islice(_rows(sheet), _LOOKED_AT)],
        merged=sheet.merged_cell_ranges or [],
        height=sheet.end[0] + 1 if sheet.end else 0,
    )


def _has_rows(path: Path, kind: Kind, one: _Head, header: Header) -> bool:
    """Whether rows stand under the header: nearly always among the first, else the sheet is looked through."""
    layout = LayoutRows(header.rows)
    below = one.rows[header.top_lines :]
    if below and has_rows([_piece(below, header.top_lines + 1)], layout):
        return True
    if one.height <= len(one.rows):
        return False
    with _opened(path, kind) as book:
        return has_rows(_pieces(_loaded(path, book, one.name), header), layout)


def read_workbook_grid(path: Path, kind: Kind) -> dict[str, list[list[str]]]:
    """Every sheet as rows of text, by the sheet's name. Raises ImportRefused."""
    if kind is Kind.WORKBOOK:
        refuse_what_is_too_large(path)
    with _opened(path, kind) as book:
        return {
            name: [[_text(cell) for cell in row] for row in _rows(_loaded(path, book, name))]
            for name in book.sheet_names
        }


@contextmanager
def _opened(path: Path, kind: Kind) -> Iterator[CalamineWorkbook]:
    """The workbook, refused in words when it cannot be read."""
    if path.stat().st_size > _LARGEST:
        raise ImportRefused.too_large(file=path.name)
    try:
        # The name says how it is opened from its path, so a file with another's name is given by its content.
        if path.suffix.lower() in _SUFFIX[kind]:
            with CalamineWorkbook.from_path(str(path)) as book:
                yield book
        else:
            with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
                yield book
    except PasswordError:
        raise ImportRefused.password(file=path.name) from None
    except (CalamineError, OSError) as error:
        raise ImportRefused.corrupt(file=path.name, why=f"it is no workbook ({type(error).__name__})") from None


def _loaded(path: Path, book: CalamineWorkbook, name: str) -> CalamineSheet:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise ImportRefused.too_large(file=path.name)
    return sheet


def _sheet(path: Path, kind: Kind, one: _Head, header: Header, hidden: tuple[str, ...]) -> Sheet:
    return Sheet(
        is_full=one.height >= _MOST_ROWS[kind],
        file=path.name,
        name=one.name,
        headers=header.words,
        above=header.above,
        known_headers=header.known,
        top_lines=header.top_lines,
        hidden=hidden,
        read=lambda: _parts(path, kind, one.name, header),
    )


def _parts(path: Path, kind: Kind, name: str, header: Header) -> Iterator[Part]:
    with _opened(path, kind) as book:
        yield from parts_of(_pieces(_loaded(path, book, name), header), LayoutRows(header.rows))


def _pieces(sheet: CalamineSheet, header: Header) -> Iterator[Piece]:
    rows = _filled_down(_rows(sheet), sheet.merged_cell_ranges or [], header.top_lines)
    line = header.top_lines + 1
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield _piece(some, line)
        line += len(some)


def _filled_down(rows: Iterator[Sequence[Cell]], merged: Merged, top: int) -> Iterator[Sequence[Cell]]:
    """The rows below the first `top`; cells merged downwards say their word in every row, as the sheet shows it.

    A row that has nothing else stays empty: cells are often merged further down than anybody is listed.
    """
    begins: dict[int, list[tuple[int, int]]] = {}
    for (first, column), (last, last_column) in merged:
        if first >= top and last > first and column == last_column:
            begins.setdefault(first, []).append((column, last))
    said: dict[int, tuple[Cell, int]] = {}
    for number, row in enumerate(islice(rows, top, None), start=top):
        said = {column: told for column, told in said.items() if number <= told[1]}
        yield _with_merged(row, said) if said else row
        said |= {column: (row[column], last) for column, last in begins.get(number, ()) if column < len(row)}


def _with_merged(row: Sequence[Cell], said: Mapping[int, tuple[Cell, int]]) -> Sequence[Cell]:
    if all(cell in ("", None) for cell in row):
        return row
    return [said[column][0] if column in said else cell for column, cell in enumerate(row)]


def _piece(rows: Sequence[Sequence[Cell]], line: int) -> Piece:
    columns = [pa.array(map(_text, column), pa.string(), size=len(rows)) for column in zip(*rows, strict=True)]
    return piece(columns, np.arange(line, line + len(rows), dtype=np.int32))


def _rows(sheet: CalamineSheet) -> Iterator[Sequence[Cell]]:
    """Every row from the first of the sheet, every cell from its first column."""
    start = sheet.start
    if start is None:
        return iter(())
    left: list[Cell] = [""] * start[1]
    return ([*left, *row] for row in sheet.iter_rows()) if left else sheet.iter_rows()


def _text(cell: Cell) -> str:
    match cell:
        case str():
            return "" if cell in _ERRORS else cell
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)
