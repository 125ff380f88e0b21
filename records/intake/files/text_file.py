"""CSV and its kin to one sheet: any usual code page and separator, streamed, with the file's own line of every row.

A row is one record: line ends inside quotes do not count, as in a spreadsheet that shows the file.
"""

import csv
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from records.errors import ImportRefused
from records.intake.files.headers import HEAD_ROWS, Header, find_header, known_in
from records.intake.files.kinds import WORKBOOK_NAMES
from records.intake.files.layout_rows import LayoutRows
from records.intake.files.letters import Letters, letters_of, open_text, open_utf8
from records.intake.files.rows import Piece, has_rows, parts_of, piece
from records.intake.files.sheet import Part, Sheet

_SEPARATORS = ",;\t|"
_RECORDS_FOR_SEPARATOR = 20
_LINES_IN_HEAD = 200
_LONGEST_LINE = 1024 * 1024
_BLOCK = 2 * 1024 * 1024
_ROWS_AT_ONCE = 50_000  # where rows are read one by one
_CHUNK_OF_EXCEL = 16  # rows that it looks at together; what is empty in all of them gets no separator at their end
_MOST_LINES = 2**31
_PATIENCE = 5.0  # seconds for Arrow's threads to let go of a file; they need milliseconds


@dataclass(frozen=True, kw_only=True)
class _TextFile:
    path: Path
    letters: Letters
    separator: str
    header: Header
    head: list[list[str]]

    @property
    def width(self) -> int:
        return len(self.header.words)

    @property
    def chunk_of_header(self) -> int:
        """The last line of the rows that Excel looked at together with the header: they have all its separators."""
        return -(-self.header.top_lines // _CHUNK_OF_EXCEL) * _CHUNK_OF_EXCEL

    @property
    def begins_whole(self) -> bool:
        below = self.head[self.header.top_lines : self.chunk_of_header]
        return all(len(row) >= self.width for row in below if any(row))


def open_text_sheet(path: Path, known: set[str]) -> Sheet:
    """The one sheet of a text file. Raises ImportRefused."""
    letters = letters_of(path)
    separator, head = _separated(path, letters, known)
    _refuse_what_is_no_table(path, head)
    found = find_header(head, known)
    if not any(found.words):
        raise ImportRefused.empty(file=path.name)
    file = _TextFile(path=path, letters=letters, separator=separator, header=found, head=head)
    layout = LayoutRows(found.rows)
    if not has_rows(_pieces(file), layout):
        raise ImportRefused.empty(file=path.name)
    return Sheet(
        file=path.name,
        name="",
        headers=found.words,
        above=found.above,
        known_headers=found.known,
        top_lines=found.top_lines,
        repaired=bool(letters.misread_as),
        read=lambda: _parts(file, layout),
    )


# The head


def _separated(path: Path, letters: Letters, known: set[str]) -> tuple[str, list[list[str]]]:
    """The separator under which the first rows look most like a table, and those rows."""
    heads = {separator: _head(path, letters, separator) for separator in _SEPARATORS}

    def likeness(separator: str) -> tuple[int, int, int]:
        rows = heads[separator][:_RECORDS_FOR_SEPARATOR]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        width, times = max(widths.items(), key=lambda pair: pair[::-1], default=(0, 0))
        return max((known_in(row, known) for row in heads[separator]), default=0), times, width

    best = max(_SEPARATORS, key=likeness)
    return best, heads[best]


def _head(path: Path, letters: Letters, separator: str) -> list[list[str]]:
    with open_text(path, letters, newline="") as text:
        lines = (line[:_LONGEST_LINE] for line in islice(text, _LINES_IN_HEAD))
        if letters.broken_quotes:
            return [_cells(line, separator) or [line] for line in islice(lines, HEAD_ROWS + 1)]
        try:
            return list(islice(csv.reader(lines, delimiter=separator), HEAD_ROWS + 1))
        except csv.Error:
            raise ImportRefused.corrupt(file=path.name, why="its quotes or separators do not pair up") from None


def _cells(line: str, separator: str) -> list[str] | None:
    """The cells of one line; None when its quotes do not pair up."""
    if line.count('"') % 2:
        return None
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _refuse_what_is_no_table(path: Path, head: list[list[str]]) -> None:
    if path.suffix.lower() in WORKBOOK_NAMES and max(map(len, head), default=0) < 2:
        raise ImportRefused.corrupt(file=path.name, why="it is no workbook (plain text)")


# The rows


def _parts(file: _TextFile, layout: LayoutRows) -> Iterator[Part]:
    return parts_of(_pieces(file), layout)


def _pieces(file: _TextFile) -> Iterator[Piece]:
    return _rows_one_by_one(file) if file.letters.broken_quotes else _streamed(file)


def _streamed(file: _TextFile) -> Iterator[Piece]:
    left_out: list[tuple[int, str]] = []  # ragged rows; the reader may be a block ahead of what it gives

    def keep(row: pacsv.InvalidRow) -> str:
        left_out.append((row.number, row.text))
        return "skip"

    line = 1
    with open_utf8(file.path, file.letters) as content:
        source = _Source(content)
        reader = _reader(file, source, keep)
        held: list[weakref.ref[object]] = [weakref.ref(source), weakref.ref(keep)]
        del source, keep
        try:
            for batch in reader:
                lines = _lines(line, batch.num_rows, [number for number, _ in left_out])
                line = int(lines[-1]) + 1 if len(lines) else line
                yield _below_header(file, batch.columns, lines, [row for row in left_out if row[0] < line])
                left_out[:] = [row for row in left_out if row[0] >= line]
            yield _below_header(file, [pa.array([], pa.string())] * file.width, np.zeros(0, np.int32), left_out)
        except pa.ArrowInvalid:
            raise ImportRefused.corrupt(file=file.path.name, why="one of its lines has no end") from None
        finally:
            del reader
            _wait_until_let_go(held)


class _Source:
    """What Arrow reads from: its own object, so that we see when Arrow is done with it."""

    closed = False

    def __init__(self, content: BinaryIO) -> None:
        self.read = content.read


def _wait_until_let_go(held: Sequence[weakref.ref[object]]) -> None:
    """Wait until Arrow's threads hold nothing of Python's: one that still does when Python ends aborts the process."""
    until = time.monotonic() + _PATIENCE
    while any(one() is not None for one in held) and time.monotonic() < until:
        time.sleep(0.0005)


def _reader(file: _TextFile, content: _Source, keep: Callable[[pacsv.InvalidRow], str]) -> pacsv.CSVStreamingReader:
    columns = [str(index) for index in range(file.width)]
    return pacsv.open_csv(
        pa.PythonFile(content, mode="r"),
        read_options=pacsv.ReadOptions(column_names=columns, block_size=_BLOCK, use_threads=False),
        parse_options=pacsv.ParseOptions(
            delimiter=file.separator, newlines_in_values=True, invalid_row_handler=keep, ignore_empty_lines=False
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _lines(first: int, rows: int, ragged: list[int]) -> NDArray[np.int32]:
    """The lines of `rows` rows from line `first` on, when those of the ragged rows are not theirs."""
    lines = np.arange(first, first + rows + len(ragged), dtype=np.int32)
    taken = np.isin(lines, np.array(ragged, np.int32)) if ragged else np.zeros(len(lines), bool)
    return lines[~taken][:rows]


def _with_empty_ends(
    file: _TextFile, columns: list[pa.Array], lines: NDArray[np.int32], ragged: list[tuple[int, str]]
) -> tuple[list[pa.Array], NDArray[np.int32], list[tuple[int, str]]]:
    """Rows that differ from the header in empty cells at their end alone are whole: every spreadsheet shows them so."""
    whole = _whole_but_for_their_end(file, ragged)
    if not whole:
        return columns, lines, ragged
    rows = ([*cells, *[""] * file.width][: file.width] for cells in whole.values())
    together = np.concatenate([lines, np.fromiter(whole, np.int32)])
    order = pa.array(np.argsort(together, kind="stable"))
    ends = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    merged = [pa.concat_arrays([column, end]).take(order) for column, end in zip(columns, ends, strict=True)]
    return merged, np.sort(together), [row for row in ragged if row[0] not in whole]


def _whole_but_for_their_end(file: _TextFile, ragged: list[tuple[int, str]]) -> dict[int, list[str]]:
    """The cells of ragged rows that have only empty ones too many, or that stand in one of Excel's chunks of short rows.

    The one with the header is never short: rows that are short from the first one on lack some other cell.
    """
    first = file.chunk_of_header if file.begins_whole else _MOST_LINES
    found: dict[int, list[str]] = {}
    run: dict[int, list[str]] = {}
    for line, text in [*ragged, (-1, "")]:
        cells = _cells(text, file.separator) or []
        if run and (line - 1 not in run or len(cells) != len(run[line - 1])):
            found |= run if len(run) >= _CHUNK_OF_EXCEL else {}
            run = {}
        if 1 < len(cells) < file.width and line > first:
            run[line] = cells
        elif len(cells) > file.width and not any(map(str.strip, cells[file.width :])):
            found[line] = cells
    return found


def _below_header(
    file: _TextFile, columns: list[pa.Array], lines: NDArray[np.int32], ragged: list[tuple[int, str]]
) -> Piece:
    columns, lines, ragged = _with_empty_ends(file, columns, lines, ragged)
    top = file.header.top_lines
    skip = int(np.searchsorted(lines, top, side="right"))
    below = [(line, text) for line, text in ragged if line > top and text.strip()]
    return piece([column.slice(skip) for column in columns], lines[skip:], below)


def _rows_one_by_one(file: _TextFile) -> Iterator[Piece]:
    """Every line by itself, so that an unclosed quote breaks its own row alone."""
    with open_text(file.path, file.letters, newline=None) as text:
        numbered = enumerate(text, start=1)
        while some := list(islice(numbered, _ROWS_AT_ONCE)):
            rows, lines, ragged = [], [], []
            for line, words in some:
                cells = _cells(words, file.separator)
                if cells is not None and len(cells) == file.width:
                    rows.append(cells)
                    lines.append(line)
                else:
                    ragged.append((line, words.rstrip("\n")))
            columns = (
                [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
                if rows
                else [pa.array([], pa.string())] * file.width
            )
            yield _below_header(file, columns, np.array(lines, np.int32), ragged)
