"""Cells of one column to values of its declared kind: each distinct text is parsed once, every bad one keeps its reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records.codes import SENSITIVE_AREAS, fold_label
from records.constraints import OnDays
from records.intake import normalise
from records.tables import Column, Kind

_SENSITIVE = {fold_label(area) for area in SENSITIVE_AREAS}


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Values (missing where a cell was empty or bad) and, row by row, the code of the problem or ''."""

    values: pa.Array
    problems: npt.NDArray[np.str_]


def parse_column(column: Column, cells: pa.Array | pa.ChunkedArray) -> Parsed:
    """Parse text cells; cells that a source already typed are only checked. Lengths are kept."""
    if pa.types.is_string(cells.type):
        return _parse_texts(column, cells)
    values = _combined(cells).cast(column.kind.arrow())
    return Parsed(values=values, problems=_constraint_problems(column, values, np.full(len(values), "", dtype="U20")))


def _parse_texts(column: Column, cells: pa.Array | pa.ChunkedArray) -> Parsed:
    encoded = _combined(cells).dictionary_encode(null_encoding="encode")
    parse = _parser(column)
    outcomes = [_parse_one(column, parse, cell) for cell in encoded.dictionary.to_pylist()]
    values = pa.array([value for value, _ in outcomes], column.kind.arrow())
    reasons = np.array([reason for _, reason in outcomes], dtype="U20")
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    if not len(reasons):
        return Parsed(values=pa.nulls(len(cells), column.kind.arrow()), problems=np.full(len(cells), "", dtype="U20"))
    taken = values.take(pa.array(indices))
    return Parsed(values=taken, problems=_constraint_problems(column, taken, reasons[indices]))


def _parse_one(column: Column, parse: Callable[[str], Any], cell: str | None) -> tuple[Any, str]:
    if (
        cell is None
        or (normalise.is_nothing(cell) and column.kind is not Kind.CODE)
        or not cell.strip()
        or cell.strip() == "-"
    ):
        return None, "MISSING_VALUE" if column.required else ""
    value = parse(cell)
    return (value, "") if value is not None else (None, _reason(column, cell))


def _reason(column: Column, cell: str) -> str:
    match column.kind:
        case Kind.DATE:
            return "BAD_DATE"
        case Kind.CODE | Kind.FLAG:
            return "SENSITIVE_AREA" if column.name == "area" and fold_label(cell) in _SENSITIVE else "UNKNOWN_CODE"
        case Kind.NUMBER | Kind.WHOLE:
            return "BAD_NUMBER"
        case Kind.TEXT:
            return "MISSING_VALUE"


def _parser(column: Column) -> Callable[[str], Any]:
    match column.kind:
        case Kind.CODE:
            assert column.codes is not None
            codes = column.codes
            return lambda cell: codes.parse(normalise.digits(cell))
        case Kind.DATE:
            return normalise.parse_day
        case Kind.FLAG:
            return normalise.parse_flag
        case Kind.NUMBER:
            return normalise.parse_number
        case Kind.WHOLE if column.name in ("academic_year", "entry_year"):
            return _parse_year
        case Kind.WHOLE:
            return normalise.parse_whole
        case Kind.TEXT:
            return lambda cell: normalise.clean(cell) or None


def _parse_year(cell: str) -> int | None:
    year = normalise.parse_whole(cell)
    return None if year is None else normalise.year_ce(year)


def _constraint_problems(column: Column, values: pa.Array, problems: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    if column.constraint is None:
        return problems
    present = pc.is_valid(values).to_numpy(zero_copy_only=False)
    broken = np.zeros(len(values), bool)
    if present.any():
        filled = values.drop_null()
        numbers = (
            filled.cast(pa.int32()).to_numpy().astype("datetime64[D]")
            if pa.types.is_date(filled.type)
            else filled.to_numpy()
        )
        broken[present] = ~column.constraint.holds(numbers)
    reason = "DATE_OUT_OF_RANGE" if isinstance(column.constraint, OnDays) else "OUT_OF_RANGE"
    return np.where(broken & (problems == ""), reason, problems)


def without(values: pa.Array, bad: npt.NDArray[np.bool_]) -> pa.Array:
    """The values with those of bad rows left out (missing)."""
    return pc.if_else(pa.array(bad), pa.scalar(None, values.type), values) if bad.any() else values


def _combined(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
