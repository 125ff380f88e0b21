"""Rows of a sheet that are no student: totals, signatures at the end, and headers that are printed again on each page.

A row with a student's number is never one of them, whatever it says.
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from records.codes import fold_label
from records.intake.normalise import clean, digits

TOTALS, SIGNATURE, REPEATED_HEADER = "TOTALS", "SIGNATURE", "REPEATED_HEADER"
_TOTAL_WORDS = ("รวม", "รวมทั้งหมด", "รวมทั้งสิ้น", "ยอดรวม", "เฉลี่ย", "total", "รวมมา", "รวมขาด")
_SIGNATURE_WORDS = ("ลงชื่อ", "ตำแหน่ง", "ผู้รายงาน", "ครูที่ปรึกษา", "หมายเหตุ")
_MOST_FILLED = 3  # cells of a row of signatures
_FIRST_CELLS = 3
_IDENTIFIER_DIGITS = 3
_LONG_NUMBER = 8  # a student's number, not a sum
_BRACKETS = re.compile(r"\(.*\)")
_DOTS = re.compile(r"[.…_\s]{3,}")
_AMOUNT = re.compile(r"[0-9.,%\s/-]*(คน|วัน|ครั้ง|บาท)?")
_HEAD_COUNT = re.compile(r"(รวม|รวมทั้งหมด|รวมทั้งสิ้น|ยอดรวม)\s*[0-9,]+\s*คน")
_PEOPLE = re.compile(r"([0-9]{1,6})\s*คน")
_SPACE = r"[\s\x{00A0}\x{200B}-\x{200D}\x{2060}\x{FEFF}]*"
_BLANK = f"^{_SPACE}$"
_LOOKS = rf"(?i)^{_SPACE}(total|[(.…_]|" + "|".join((*_TOTAL_WORDS, *_SIGNATURE_WORDS))
_DAY = "วันที่"
_NAME = ("ชื่อ", "name", "firstname")


class LayoutRows:
    """Finds the layout rows of one sheet, whose header stands in the file as `header_rows`."""

    def __init__(self, header_rows: Sequence[Sequence[str]]) -> None:
        self._headers = [list(row) for row in header_rows]
        named = [index for index, words in enumerate(zip(*self._headers, strict=True)) if any(words)]
        self._first = named[:_FIRST_CELLS]
        self._names = {index for row in self._headers for index, word in enumerate(row) if _is_name(word)}
        words = {row[index] for row in self._headers for index in self._first if row[index]}
        self._numbered = any(word[:1].isdigit() for word in words)
        self._looks = "|".join((_LOOKS, *map(re.escape, sorted(word.split()[0] for word in words)))) + ")"

    def find(self, table: pa.Table) -> dict[int, str]:
        """The kind of every row that is layout; SIGNATURE holds only when no student follows."""
        found = {}
        for row in self._worth_a_look(table).tolist():
            cells = cells_of(table, row)
            kind = self.kind_of(cells)
            if kind:
                found[row] = f"{kind} {stated}" if kind == TOTALS and (stated := people_stated(cells)) else kind
        return found

    def kind_of(self, cells: Sequence[str]) -> str | None:
        filled = [cell for cell in cells if cell]
        if self._is_header(cells):
            return REPEATED_HEADER
        if not filled:
            return None
        if _says_total(filled[0]) and not self._may_be_called_so(cells):
            sums = _is_total(cells, filled) and not any(map(_is_long, filled))
            return TOTALS if sums else None  # however large the sums are
        if any(_has_identifier(cell) for cell in filled):
            return None
        if _is_total(cells, filled):
            return TOTALS
        return SIGNATURE if len(filled) <= _MOST_FILLED and _is_signature(filled) else None

    def _may_be_called_so(self, cells: Sequence[str]) -> bool:
        """Whether the first word stands where names do and a number that may be a code stands beside it."""
        word = next(index for index, cell in enumerate(cells) if cell)
        return word in self._names and any(map(_has_identifier, cells[word + 1 : _FIRST_CELLS]))

    def _is_header(self, cells: Sequence[str]) -> bool:
        for header in self._headers:
            same = [cell for cell, word in zip(cells, header, strict=False) if cell and cell == word]
            named = sum(map(bool, header))
            if len(same) == sum(map(bool, cells)) and len(same) >= max(2, named / 2):
                return not all(digits(cell).isdigit() for cell in same)
        return False

    def _worth_a_look(self, table: pa.Table) -> NDArray[np.int64]:
        """Rows whose first cells do not begin with a digit, and say something that a layout row may say."""
        leading = np.zeros(table.num_rows, np.uint8)
        for index in self._first:
            leading = np.where(leading == 0, first_bytes(table.column(index)), leading)
        plain = (leading >= ord("0")) & (leading <= ord("9")) & (not self._numbered)
        rows: NDArray[np.int64] = np.flatnonzero(~plain)
        if not len(rows):
            return rows
        some = table.select(self._first).take(pa.array(rows))
        says, blank = np.zeros(len(rows), bool), np.ones(len(rows), bool)
        for column in some.columns:
            says |= pc.match_substring_regex(column, self._looks).to_numpy()
            blank &= pc.match_substring_regex(column, _BLANK).to_numpy()
        worth: NDArray[np.int64] = rows[says | blank]
        return worth


def _is_name(header: str) -> bool:
    return fold_label(header).startswith(_NAME)


def _says_total(cell: str) -> bool:
    return fold_label(cell) in _TOTAL_WORDS or bool(_HEAD_COUNT.fullmatch(digits(cell)))


def _is_long(cell: str) -> bool:
    return sum(character.isdigit() for character in cell) >= _LONG_NUMBER


def people_stated(cells: Sequence[str]) -> int | None:
    """How many people a row of totals says there are (5 คน); None where it does not say, or says two numbers."""
    said = {int(found[1]) for cell in cells for found in _PEOPLE.finditer(digits(cell))}
    return said.pop() if len(said) == 1 else None


def is_undated(cells: Sequence[str]) -> bool:
    """Whether a row may stand among signatures without being one: the day of signing."""
    filled = [cell for cell in cells if cell]
    return len(filled) <= _MOST_FILLED and bool(filled) and filled[0].startswith(_DAY)


def cells_of(table: pa.Table, row: int) -> list[str]:
    return [clean(column[row].as_py()) for column in table.columns]


def first_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """The first byte of every cell, 0 for an empty one."""
    return np.concatenate([_first_bytes(chunk) for chunk in column.chunks] or [np.zeros(0, np.uint8)])


def _first_bytes(cells: pa.StringArray) -> NDArray[np.uint8]:
    _, offsets, letters = cells.buffers()
    if letters is None or letters.size == 0 or not len(cells):
        return np.zeros(len(cells), np.uint8)
    places = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    text = np.frombuffer(letters, np.uint8)
    first = text[np.minimum(places[:-1], len(text) - 1)]
    return np.where(places[1:] > places[:-1], first, 0).astype(np.uint8)


def _has_identifier(cell: str) -> bool:
    return sum(character.isdigit() for character in cell) >= _IDENTIFIER_DIGITS


def _is_total(cells: Sequence[str], filled: Sequence[str]) -> bool:
    """A word for totals comes first, or early and beside no number; after it stand amounts, never a name."""
    said = [_says_total(cell) for cell in filled]
    if True not in said:
        return False
    word = said.index(True)
    first = [cell for cell in cells[:_FIRST_CELLS] if cell]
    early = word < len(first) and not any(digits(cell).isdigit() for cell in first)
    return (word == 0 or early) and all(_AMOUNT.fullmatch(digits(cell)) for cell in filled[word + 1 :])


def _is_signature(filled: Sequence[str]) -> bool:
    return _begins_signature(filled[0]) or all(
        _begins_signature(cell) or _BRACKETS.fullmatch(cell) or _DOTS.fullmatch(cell) for cell in filled
    )


def _begins_signature(cell: str) -> bool:
    return fold_label(cell).startswith(_SIGNATURE_WORDS)
