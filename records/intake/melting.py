"""Columns that are records of their own (a column a day, a column a piece of work) turned into rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.intake import normalise
from records.intake.mapping import Rows
from records.intake.parsing import Places, combined
from records.intake.source import Cells

Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Melted:
    """Every cell that says something, row by row: which row and which column it stood in, and the cell."""

    rows: Places
    columns: Places
    cells: pa.Array

    def repeated(self, rows: Rows) -> Rows:
        """The other cells of the rows, each as often as its row has records."""
        places = pa.array(self.rows)
        return Rows(
            cells={name: combined(cells).take(places) for name, cells in rows.cells.items()},
            lines=combined(rows.lines).take(places),
        )

    def by_column(self, values: Sequence[str]) -> pa.Array:
        """What holds for a column, for each record of it."""
        return pa.array(values, pa.string()).take(pa.array(self.columns))


def melted(columns: Sequence[Cells], size: int, keep: Flags | None = None) -> Melted:
    """The filled cells of some columns of `size` rows; `keep` (rows x columns) also keeps empty ones."""
    stacked = pa.concat_arrays([combined(column) for column in columns])
    by_row = (np.arange(size)[:, None] + np.arange(len(columns))[None, :] * size).ravel()
    told = filled(stacked)[by_row]
    if keep is not None:
        told |= keep.ravel()
    chosen = by_row[told]
    return Melted(rows=chosen % size, columns=chosen // size, cells=stacked.take(pa.array(chosen)))


def filled(cells: Cells) -> Flags:
    """Which cells say something: not empty, `-` or the like."""
    return where(cells, lambda cell: not normalise.is_nothing(cell))


def where(cells: Cells, holds: Callable[[str], bool]) -> Flags:
    """Which cells something holds for; each distinct cell is asked once."""
    return np.asarray(_by_cell(cells, holds), np.bool_)


def numbers(cells: Cells) -> tuple[npt.NDArray[np.float64], Flags]:
    """The numbers in some cells, NaN where there is none, and which cells say something that is no number."""
    values = np.asarray(_by_cell(cells, _number), np.float64)
    return values, np.isnan(values) & filled(cells)


def _number(cell: str) -> float:
    value = normalise.read_number(cell).value
    return np.nan if value is None else value


def _by_cell(cells: Cells, read: Callable[[str], float]) -> npt.NDArray[np.float64]:
    encoded = combined(cells).dictionary_encode()
    if not len(encoded):
        return np.zeros(0)
    values = np.array([read(cell) for cell in encoded.dictionary.to_pylist()], np.float64)
    return np.asarray(values[encoded.indices.to_numpy()])
