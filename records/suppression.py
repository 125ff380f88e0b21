"""Small counts are hidden wherever they leave an institution, and so many others with them that none can be worked out.

Which further count is hidden depends on its place alone, the last first, and never on how large it is: so whoever knows
this rule learns nothing from the choice. Put last what is missed least.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Below it a count may tell of one person.
LEAST_CELL = 10


def suppressed(counts: Sequence[int], *, least: int = LEAST_CELL) -> list[bool]:
    """Which counts are hidden where their sum may be known: those below `least`, and with them the last.

    Two are hidden or none, and they sum up to `least` or more; where they cannot, all are, and so must their sum be.
    The last may be of any size: were only small ones hidden, 18 for two of them would say that both are 9.
    """
    hidden = [count < least for count in counts]
    if not any(hidden):
        return hidden
    hidden[-1] = True
    while (sum(hidden) < 2 or _sum_of(counts, hidden) < least) and not all(hidden):
        _take_last(hidden)
    return hidden


@dataclass(frozen=True, kw_only=True)
class HiddenCells:
    """Which counts of a table are hidden, and which of its sums: by row, by column, and of all."""

    cells: list[list[bool]]
    rows: list[bool]
    columns: list[bool]
    total: bool


def suppressed_table(counts: Sequence[Sequence[int]], *, least: int = LEAST_CELL) -> HiddenCells:
    """What is hidden of a table that is shown with its sums.

    Hidden are some rows crossed with some columns, all of them: in such a block every count can be exchanged against
    the three beside it, so no sum gives one away. A sum is hidden when it is below `least`, and never one alone.
    """
    by_row = [sum(row) for row in counts]
    by_column = [sum(column) for column in zip(*counts, strict=True)]
    rows, columns = suppressed(by_row, least=least), suppressed(by_column, least=least)
    in_rows = [hidden or any(count < least for count in row) for hidden, row in zip(rows, counts, strict=True)]
    in_columns = [
        hidden or any(count < least for count in column)
        for hidden, column in zip(columns, zip(*counts, strict=True), strict=True)
    ]
    if any(in_rows) or any(in_columns):
        in_rows[-1] = in_columns[-1] = True
        _widen(counts, in_rows, in_columns, least)
    if len(counts) == 1:  # then the sums by column are the counts, and the sum by row is that of all
        columns = list(in_columns)
    return HiddenCells(
        cells=[[row and column for column in in_columns] for row in in_rows],
        rows=rows,
        columns=columns,
        total=sum(by_row) < least,
    )


def _widen(counts: Sequence[Sequence[int]], in_rows: list[bool], in_columns: list[bool], least: int) -> None:
    """Take further columns and rows into the block until it has two of each and every line of it sums up to enough."""
    while True:
        thin_row = any(_sum_of(row, in_columns) < least for row, inside in zip(counts, in_rows, strict=True) if inside)
        columns = list(zip(*counts, strict=True))
        thin_column = any(
            _sum_of(one, in_rows) < least for one, inside in zip(columns, in_columns, strict=True) if inside
        )
        if (sum(in_columns) < 2 or thin_row) and not all(in_columns):
            _take_last(in_columns)
        elif (sum(in_rows) < 2 or thin_column) and not all(in_rows):
            _take_last(in_rows)
        else:
            return


def _take_last(inside: list[bool]) -> None:
    inside[max(place for place, taken in enumerate(inside) if not taken)] = True


def _sum_of(counts: Sequence[int], chosen: Sequence[bool]) -> int:
    return sum(count for count, taken in zip(counts, chosen, strict=True) if taken)
