"""Cells of one column to values of its declared kind: each distinct text is read once, every bad one keeps its reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records.codes import LEVELS, SENSITIVE_AREAS, fold_label
from records.constraints import OnDays
from records.intake import normalise
from records.intake.normalise import Reading
from records.tables import Column, Kind

Places: TypeAlias = npt.NDArray[np.int64]  # positions of rows
Codes: TypeAlias = Mapping[str, Places]  # code → the rows it concerns
Reader: TypeAlias = Callable[[str], Reading[Any]]

LEFT_OUT = "LEFT_OUT"
_SENSITIVE = {fold_label(area) for area in SENSITIVE_AREAS}


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Values (missing where a cell was empty or bad), which rows have which problem, and which needed which fix."""

    values: pa.Array
    problems: Codes = field(default_factory=dict)
    fixes: Codes = field(default_factory=dict)


def parse_column(column: Column, cells: pa.Array | pa.ChunkedArray) -> Parsed:
    """Read text cells; cells that a source already typed are only checked. Lengths are kept."""
    whole = combined(cells)
    if not pa.types.is_string(whole.type):
        try:
            values = whole.cast(column.kind.arrow())
        except pa.ArrowException:  # its message holds the cell
            return _one_by_one(column, whole)
        return Parsed(values=values, problems=_with_constraint(column, values, {}))
    if not len(whole):
        return Parsed(values=pa.nulls(0, column.kind.arrow()))
    encoded = whole.dictionary_encode(null_encoding="encode")
    read = _reader(column)
    readings = [_read_one(column, read, cell) for cell in encoded.dictionary.to_pylist()]
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    values = pa.array([reading.value for reading in readings], column.kind.arrow()).take(encoded.indices)
    problems = _rows_of((reading.problem for reading in readings), indices)
    return Parsed(
        values=values,
        problems=_with_constraint(column, values, problems),
        fixes=_rows_of((reading.fix for reading in readings), indices),
    )


def _one_by_one(column: Column, typed: pa.Array) -> Parsed:
    """Typed cells of which some do not fit: a code by its position, all else by what it says as text."""
    said = [None if cell is None else str(cell) for cell in typed.to_pylist()]
    if column.codes is None:
        return parse_column(column, pa.array(said, pa.string()))
    known = {str(position): position for position in range(len(column.codes.codes))}
    values = pa.array([known.get(cell or "") for cell in said], column.kind.arrow())
    unknown = [row for row, cell in enumerate(said) if cell is not None and cell not in known]
    return Parsed(values=values, problems={"UNKNOWN_CODE": np.array(unknown, np.int64)})


def _rows_of(codes: Iterable[str], indices: npt.NDArray[Any]) -> dict[str, Places]:
    """The rows of each code that some distinct cell has."""
    bearers: dict[str, list[int]] = {}
    for index, code in enumerate(codes):
        if code:
            bearers.setdefault(code, []).append(index)
    return {code: np.flatnonzero(np.isin(indices, distinct)) for code, distinct in bearers.items()}


def _read_one(column: Column, read: Reader, cell: str | None) -> Reading[Any]:
    said = "" if cell is None else cell.strip()
    if said in ("", "-") or (column.kind is not Kind.CODE and normalise.is_nothing(said)):
        return Reading(None, problem="MISSING_VALUE" if column.required else "")
    reading = read(said)
    if reading.value is None and not reading.problem:
        return Reading(None, problem="MISSING_VALUE" if column.required else "")
    if reading.problem == "UNKNOWN_CODE" and column.name == "area" and fold_label(said) in _SENSITIVE:
        return Reading(None, problem="SENSITIVE_AREA")
    return reading


def _reader(column: Column) -> Reader:
    match column.kind:
        case Kind.CODE if column.codes is LEVELS:
            return normalise.read_level
        case Kind.CODE:
            codes = column.codes
            assert codes is not None
            return lambda cell: normalise.read_code(codes, cell)
        case Kind.DATE:
            return normalise.read_day
        case Kind.FLAG:
            return normalise.read_flag
        case Kind.NUMBER if column.name.startswith("income") or column.name.endswith("_cost_month"):
            return normalise.read_money
        case Kind.NUMBER if column.name == "credits":
            return normalise.read_credits
        case Kind.NUMBER:
            return normalise.read_number
        case Kind.WHOLE if column.name in ("academic_year", "entry_year"):
            return normalise.read_year
        case Kind.WHOLE if column.name == "term":
            return _read_term
        case Kind.WHOLE:
            return normalise.read_whole
        case Kind.TEXT if column.name == "class_group":
            return normalise.read_class_group
        case Kind.TEXT:
            return normalise.read_text


def _read_term(cell: str) -> Reading[int]:
    reading = normalise.read_term(cell)  # 1/2568, also as the date that a spreadsheet makes of it
    return Reading(reading.value[1], fix=reading.fix) if reading.value else normalise.read_whole(cell)


def _with_constraint(column: Column, values: pa.Array, problems: dict[str, Places]) -> dict[str, Places]:
    if column.constraint is None:
        return problems
    present = np.flatnonzero(pc.is_valid(values).to_numpy(zero_copy_only=False))
    if not len(present):
        return problems
    filled = values.drop_null()
    is_day = pa.types.is_date(filled.type)
    numbers = filled.cast(pa.int32()).to_numpy().astype("datetime64[D]") if is_day else filled.to_numpy()
    broken = present[~column.constraint.holds(numbers)]
    if not len(broken):
        return problems
    return {**problems, "DATE_OUT_OF_RANGE" if isinstance(column.constraint, OnDays) else "OUT_OF_RANGE": broken}


def without(values: pa.Array, rows: Places) -> pa.Array:
    """The values with those of some rows left out (missing)."""
    if not len(rows):
        return values
    left_out = np.zeros(len(values), bool)
    left_out[rows] = True
    return pc.if_else(pa.array(left_out), pa.scalar(None, values.type), values)


def combined(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
