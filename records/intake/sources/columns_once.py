"""Whole columns of text cells read at once: each distinct cell is read one time, and bad ones are told by problem."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from records.intake.parsing import combined
from records.intake.source import Cells

Mask: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
ReadCell: TypeAlias = Callable[[str], tuple[float | None, str]]  # what a cell says, and the problem with it
Problems: TypeAlias = dict[str, Mask]


def numbers_in(cells: Cells | None, size: int, read: ReadCell, problems: Problems | None = None) -> Floats:
    """What each cell says, NaN where it says nothing; rows whose cell cannot be read are added to `problems`."""
    if cells is None or not size:
        return np.full(size, np.nan)
    encoded = combined(cells).dictionary_encode(null_encoding="encode")
    readings = [read(cell or "") for cell in encoded.dictionary.to_pylist()]
    places = encoded.indices.to_numpy(zero_copy_only=False)
    if problems is not None:
        for code in {problem for _, problem in readings if problem}:
            add(problems, code, np.array([problem == code for _, problem in readings])[places])
    values = np.array([np.nan if value is None else value for value, _ in readings], np.float64)
    return np.asarray(values[places])


def add(problems: Problems, code: str, rows: Mask) -> None:
    """Some rows have a problem; one that no row has stays out."""
    if rows.any():
        problems[code] = problems[code] | rows if code in problems else rows


def any_of(problems: Problems, size: int) -> Mask:
    return np.asarray(np.any(list(problems.values()), axis=0)) if problems else np.zeros(size, bool)
