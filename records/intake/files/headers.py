"""Where the header of a sheet is: below a title block, in one row or in two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from records.codes import ATTENDANCE_STATUSES, fold_label
from records.intake.normalise import clean

HEAD_ROWS = 30
_SOMEBODY = re.compile(r"[Gg]?[0-9๐-๙]{6,13}|[0-9]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]")  # a code or a national number
Row = Sequence[str]
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]  # (row, column) of the first and the last cell


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header of a sheet: its words, the rows it takes, and what stands above."""

    words: list[str]
    rows: list[list[str]]
    """The one or two rows of the header as they stand in the file."""
    above: list[list[str]]
    known: int

    @property
    def top_lines(self) -> int:
        return len(self.above) + len(self.rows)


def find_header(head: Sequence[Row], known: set[str], merged: Merged | None = None) -> Header:
    """The row of `head` with the most known (folded) words, with the row above or below it where both make the header.

    `merged` are the merged cells of a workbook; None for text, where empty cells beside a filled one tell the same.
    """
    width = max(map(len, head), default=0)
    rows = [[clean(cell) for cell in row] + [""] * (width - len(row)) for row in head]
    counts = [0 if _is_roll_call(row, known) else known_in(row, known) for row in rows[:HEAD_ROWS]]
    best = counts.index(max(counts)) if counts else 0
    for upper in (best - 1, best):
        if 0 <= upper < len(rows) - 1 and max(counts) > 0:
            groups = _groups(rows[upper], rows[upper + 1], upper, merged)
            if _are_one_header(rows[upper], rows[upper + 1], groups, known):
                words = _joined(rows[upper], rows[upper + 1], groups, known)
                return _header(words[: max(map(len, head[upper : upper + 2]))], rows, upper, 2, known)
    words = [clean(cell) for cell in head[best]] if head else []
    return _header(words, rows, best, 1, known)


def _is_roll_call(row: Row, known: set[str]) -> bool:
    """Whether all known words are มา, ขาด and the like: they head the columns of totals, and fill a student's days."""
    return all(ATTENDANCE_STATUSES.parse(cell) is not None for cell in row if fold_label(cell) in known)


def known_in(row: Row, known: set[str]) -> int:
    return sum(fold_label(cell) in known for cell in row)


def _header(words: list[str], rows: list[list[str]], first: int, height: int, known: set[str]) -> Header:
    return Header(words=words, rows=rows[first : first + height], above=rows[:first], known=known_in(words, known))


def _groups(upper: Row, lower: Row, line: int, merged: Merged | None) -> dict[int, str]:
    """The group title over every column that has one; a title over one column alone is none."""
    spans = _merged_spans(line, merged) if merged is not None else _text_spans(upper, lower)
    return {
        column: upper[first]
        for first, last in spans
        if upper[first] and lower[first]
        for column in range(first, last + 1)
    }


def _merged_spans(line: int, merged: Merged) -> list[tuple[int, int]]:
    return [(first[1], last[1]) for first, last in merged if first[0] == line == last[0] and last[1] > first[1]]


def _text_spans(upper: Row, lower: Row) -> list[tuple[int, int]]:
    spans = []
    for first, title in enumerate(upper):
        last = first
        while title and last + 1 < len(upper) and not upper[last + 1] and lower[last + 1]:
            last += 1
        if last > first:
            spans.append((first, last))
    return spans


def _are_one_header(upper: Row, lower: Row, groups: dict[int, str], known: set[str]) -> bool:
    """Two rows are one header when group titles stand over some columns and nothing speaks for a title or a student."""
    filled = [column for column, pair in enumerate(zip(upper, lower, strict=True)) if any(pair)]
    if not groups or not filled:
        return False
    if upper[filled[0]] and lower[filled[0]]:  # a title over the whole table, or a row of data under the header
        return False
    alone = [column for column in filled if column not in groups]
    if any(fold_label(upper[column]) in known and lower[column] for column in alone):
        return False
    joined = _joined(upper, lower, groups, known)
    changes = joined != list(lower)  # group titles over known words alone say nothing new: they are a title
    return changes and known_in(joined, known) >= max(known_in(upper, known), known_in(lower, known))


def _joined(upper: Row, lower: Row, groups: dict[int, str], known: set[str]) -> list[str]:
    words = []
    for column, below in enumerate(lower):
        above = groups.get(column, upper[column])
        words.append(below if fold_label(below) in known and below else clean(f"{above} {below}"))
    return words
