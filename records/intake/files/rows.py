"""Rows as a file gives them to parts of a sheet: blank rows and layout rows leave, lines stay with their rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from records.intake.files.layout_rows import SIGNATURE, LayoutRows, cells_of, first_bytes, is_undated
from records.intake.files.sheet import PART_ROWS, Part

_PART_BYTES = 64 * 1024 * 1024
_LONGEST_END = 1000  # rows that may wait for the end of the file
_MAY_BE_BLANK = np.isin(np.arange(256), [0, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0xC2, 0xE2, 0xEF])


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Rows as they come from a file."""

    table: pa.Table
    lines: NDArray[np.int32]
    ragged: list[tuple[int, str]]
    layout: list[tuple[int, str]]

    @property
    def is_empty(self) -> bool:
        return not (self.table.num_rows or self.ragged or self.layout)


def piece(columns: list[pa.Array], lines: NDArray[np.int32], ragged: list[tuple[int, str]] | None = None) -> Piece:
    table = pa.Table.from_arrays(columns, names=[str(index) for index in range(len(columns))])
    return Piece(table=table, lines=lines, ragged=ragged or [], layout=[])


def parts_of(pieces: Iterable[Piece], layout: LayoutRows | None) -> Iterator[Part]:
    """Parts of at most PART_ROWS rows; `layout` is None where every row is one of the table's."""
    return _regrouped(_sifted(pieces, layout))


def has_rows(pieces: Iterable[Piece], layout: LayoutRows | None) -> bool:
    return any(one.table.num_rows or one.ragged for one in _sifted(pieces, layout))


def _sifted(pieces: Iterable[Piece], layout: LayoutRows | None) -> Iterator[Piece]:
    filled = (_without_blank_rows(one) for one in pieces)
    return filled if layout is None else _without_layout_rows(filled, layout)


def _without_blank_rows(one: Piece) -> Piece:
    blank = np.ones(one.table.num_rows, bool)
    certain = blank.copy()
    for column in one.table.columns:
        if not blank.any():
            return one
        first = first_bytes(column)
        blank &= _MAY_BE_BLANK[first]
        certain &= first == 0
    for row in np.flatnonzero(blank & ~certain).tolist():
        blank[row] = not any(cells_of(one.table, row))
    return _only(one, ~blank) if blank.any() else one


def _only(one: Piece, kept: NDArray[np.bool_]) -> Piece:
    return Piece(table=one.table.filter(pa.array(kept)), lines=one.lines[kept], ragged=one.ragged, layout=one.layout)


def _without_layout_rows(pieces: Iterable[Piece], layout: LayoutRows) -> Iterator[Piece]:
    """Signatures count only at the end of the sheet, so rows that may be its end wait for what follows."""
    waiting: Piece | None = None
    for one in pieces:
        both = _together([waiting, one]) if waiting else one
        kinds = layout.find(both.table)
        end = _end_begins(both.table, kinds)
        ready = {row: kind for row, kind in kinds.items() if row < end and kind != SIGNATURE}
        yield _taken_out(_slice(both, 0, end), ready, told=both)
        waiting = _slice(both, end, both.table.num_rows - end) if end < both.table.num_rows else None
    if waiting:
        kinds = layout.find(waiting.table)
        if SIGNATURE in kinds.values():  # the day of signing stands among the signatures
            first = min(row for row, kind in kinds.items() if kind == SIGNATURE)
            days = (row for row in range(first, waiting.table.num_rows) if is_undated(cells_of(waiting.table, row)))
            kinds = dict(sorted({**kinds, **dict.fromkeys(days, SIGNATURE)}.items()))
        yield _taken_out(waiting, kinds, told=None)


def _end_begins(table: pa.Table, kinds: dict[int, str]) -> int:
    """The row after the last one that is surely a student's."""
    row: int = table.num_rows
    rows = row
    while row and (row - 1 in kinds or is_undated(cells_of(table, row - 1))):
        row -= 1
    return row if rows - row <= _LONGEST_END else rows


def _slice(one: Piece, start: int, rows: int) -> Piece:
    return Piece(table=one.table.slice(start, rows), lines=one.lines[start : start + rows], ragged=[], layout=[])


def _taken_out(one: Piece, kinds: dict[int, str], *, told: Piece | None) -> Piece:
    """`one` without its layout rows, which are told; with the ragged rows of `told`."""
    kept = np.ones(one.table.num_rows, bool)
    kept[list(kinds)] = False
    left = _only(one, kept) if kinds else one
    layout = [(int(one.lines[row]), kind) for row, kind in kinds.items()]
    return Piece(table=left.table, lines=left.lines, ragged=told.ragged if told else [], layout=layout)


def _together(pieces: list[Piece]) -> Piece:
    return Piece(
        table=pa.concat_tables([one.table for one in pieces]),
        lines=np.concatenate([one.lines for one in pieces]),
        ragged=[row for one in pieces for row in one.ragged],
        layout=[row for one in pieces for row in one.layout],
    )


def _regrouped(pieces: Iterable[Piece]) -> Iterator[Part]:
    waiting: list[Piece] = []
    for one in pieces:
        waiting.append(one)
        rows = sum(each.table.num_rows for each in waiting)
        if rows < PART_ROWS and sum(each.table.nbytes for each in waiting) < _PART_BYTES:
            continue
        both = _together(waiting)
        whole = rows // PART_ROWS * PART_ROWS or rows
        for start in range(0, whole, PART_ROWS):
            yield _part(_slice(both, start, min(PART_ROWS, whole - start)), both if start == 0 else None)
        waiting = [_slice(both, whole, rows - whole)] if whole < rows else []
    last = _together(waiting) if waiting else None
    if last and not last.is_empty:
        yield _part(last, last)


def _part(one: Piece, told: Piece | None) -> Part:
    return Part(
        columns=one.table.columns,
        lines=pa.array(one.lines, pa.int32()),
        ragged=told.ragged if told else [],
        layout=told.layout if told else [],
    )
