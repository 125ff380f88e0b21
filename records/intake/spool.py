"""Rows on their way into the log, more of them than memory should hold: kept in order, read back in ranges of a column."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

IN_MEMORY_ROWS = 2_000_000
_GROUP_ROWS = 65_536
RANGE_ROWS = 1_000_000  # what is compared or sorted at once
_LOWEST, _HIGHEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(kw_only=True)
class Spool:
    """Tables of one schema appended in order; `by` is the column by whose ranges they are read back.

    Up to IN_MEMORY_ROWS stay in memory, then everything goes to files in `folder`, which the owner removes and no other
    account may open.
    """

    folder: Path
    by: str
    grain: int = 1
    """Ranges begin at multiples of this: what is counted to find them must stay small."""
    keeps_in_memory: bool = False
    """For a sensitive table: its rows never go to files, which would hold them in clear."""
    rows: int = 0
    _held: list[pa.Table] = field(default_factory=list)
    _files: list["_File"] = field(default_factory=list)
    _counts: dict[int, int] = field(default_factory=dict)

    def append(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        values, counts = np.unique(numbers_of(table.column(self.by)) // self.grain, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self._counts[value] = self._counts.get(value, 0) + count
        self.rows += table.num_rows
        self._held.append(table)
        held = sum(part.num_rows for part in self._held)
        if not self.keeps_in_memory and held > (0 if self._files else IN_MEMORY_ROWS):
            self._spill()

    def _spill(self) -> None:
        """Each held table becomes a file in the order of `by`, so that a range is read from a few of its row groups."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for table in self._held:
            numbers = numbers_of(table.column(self.by))
            order = np.argsort(numbers, kind="stable")
            path = self.folder / f"{uuid4().hex}.parquet"
            pq.write_table(table.take(pa.array(order)), path, compression="lz4", row_group_size=_GROUP_ROWS)
            starts = numbers[order[::_GROUP_ROWS]]
            ends = numbers[order[[*range(_GROUP_ROWS - 1, len(order) - 1, _GROUP_ROWS), len(order) - 1]]]
            self._files.append(_File(path=path, starts=starts, ends=ends))
        self._held = []

    def tables(self) -> Iterator[pa.Table]:
        """Everything, part by part in the order in which it came."""
        for file in self._files:
            yield pq.read_table(file.path).sort_by("line")
        yield from self._held

    def ranges(self) -> list[tuple[int, int]]:
        """Ranges [low, high) of the column that hold about RANGE_ROWS each and together every number there is."""
        edges, gathered = [_LOWEST], 0
        for value in sorted(self._counts):
            if gathered and gathered + self._counts[value] > RANGE_ROWS:
                edges.append(value * self.grain)
                gathered = 0
            gathered += self._counts[value]
        edges.append(_HIGHEST)
        return list(pairwise(edges)) if self.rows else []

    def within(self, low: int, high: int) -> pa.Table:
        """The rows of a range, in the order in which they came."""
        parts = [file.read(low, high) for file in self._files]
        chosen = [part.filter(within(part, self.by, low, high)) for part in (*parts, *self._held) if part is not None]
        rows = pa.concat_tables(chosen)
        return rows.sort_by("line") if self._files else rows

    def close(self) -> None:
        for file in self._files:
            file.path.unlink(missing_ok=True)
        self._held, self._files = [], []


@dataclass(frozen=True, kw_only=True)
class _File:
    """A spilled table in the order of a column: the first and last number of each row group."""

    path: Path
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def read(self, low: int, high: int) -> pa.Table | None:
        """The row groups that may hold numbers of [low, high)."""
        groups = np.flatnonzero((self.starts < high) & (self.ends >= low))
        if not len(groups):
            return None
        with pq.ParquetFile(self.path) as file:
            return file.read_row_groups(groups.tolist())


def numbers_of(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A day, instant or number column as integers; it has no missing values."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    return np.asarray(column.cast(pa.int64()).to_numpy())


def within(rows: pa.Table, column: str, low: int, high: int) -> pa.Array:
    """Which rows have a column's number in [low, high)."""
    numbers = numbers_of(rows.column(column))
    return pa.array((numbers >= low) & (numbers < high))


def unordered(rows: pa.Table) -> bool:
    """Whether rows are out of reading order (recorded_at, line)."""
    times, lines = numbers_of(rows.column("recorded_at")), numbers_of(rows.column("line"))
    falls = (times[1:] < times[:-1]) | ((times[1:] == times[:-1]) & (lines[1:] < lines[:-1]))
    return bool(falls.any())


def in_order(rows: pa.Table) -> pa.Table:
    """The rows in reading order."""
    if not unordered(rows):
        return rows
    return rows.take(pc.sort_indices(rows, sort_keys=[("recorded_at", "ascending"), ("line", "ascending")]))
