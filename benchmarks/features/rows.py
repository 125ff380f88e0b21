"""Rows of one table as NumPy columns, and how they become a table of the log."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.tables import Table

Ints = npt.NDArray[np.signedinteger[Any]]
DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text column as positions in a short list of words; -1 is not told."""

    positions: npt.NDArray[Any]
    words: tuple[str, ...]

    def __getitem__(self, chosen: Any) -> "Words":
        return replace(self, positions=self.positions[chosen])


Cells = npt.NDArray[Any] | Words | int | float | str | bool


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of one table; what `told` does not name is not told. A single value in `told` holds for all rows.

    `owner` is the position of the institution in its shard, `student` the number there (None: about the institution),
    `day` days since 1970, `recorded_ms` milliseconds since 1970 UTC.
    """

    table: Table
    owner: Ints
    student: Ints | None
    day: Ints
    recorded_ms: npt.NDArray[np.int64]
    told: dict[str, Cells]

    def __len__(self) -> int:
        return len(self.day)

    def __getitem__(self, chosen: Any) -> "Rows":
        """Some of the rows: a slice, positions or flags."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        columns = {name: one[chosen] for name, one in held.items() if isinstance(one, np.ndarray)}
        told = {name: one[chosen] if isinstance(one, np.ndarray | Words) else one for name, one in self.told.items()}
        return replace(self, **columns, told=told)

    def arrow(self) -> pa.Table:
        """As the log stores them; `line` is the place in these rows."""
        count, schema = len(self), self.table.schema
        columns: dict[str, Cells] = {
            "happened_on": self.day.astype(np.int32),
            "recorded_at": self.recorded_ms,
            "line": np.arange(count, dtype=np.int32),
            "retracted": False,
            **({} if self.student is None else {"student": self.student}),
            **self.told,
        }
        arrays = [_array(self.table, field, columns.get(field.name), count) for field in schema]
        return pa.table(arrays, schema=schema)


def _array(table: Table, field: pa.Field, cells: Cells | None, count: int) -> pa.Array:
    if cells is None:
        return pa.nulls(count, field.type)
    if isinstance(cells, str) and field.type == pa.uint8():
        cells = code(table, field.name, cells)
    if isinstance(cells, Words):
        told = pa.array(cells.positions.astype(np.int32), mask=cells.positions < 0)
        return pa.DictionaryArray.from_arrays(told, pa.array(cells.words)).cast(pa.string())
    if not isinstance(cells, np.ndarray):
        return pa.repeat(pa.scalar(cells), count).cast(field.type)
    # In a column of numbers NaN is a cell that nobody filled in.
    return pa.array(cells, from_pandas=True).cast(field.type)


def code(table: Table, column: str, value: str) -> int:
    """The position of a code. Raises KeyError when the column has no such code."""
    codes = table[column].codes
    assert codes is not None, f"{table.name}.{column} is no code column"
    return codes.position(value)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days
