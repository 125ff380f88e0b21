"""Versions of one fact: which offered rows tell something new, and which known facts a file no longer contains."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from records.tables import Table

Codes = npt.NDArray[np.int64]


def are_new(table: Table, told: pa.Table, offered: pa.Table) -> npt.NDArray[np.bool_]:
    """For each offered row, whether it differs from the version of its key that precedes it in reading order.

    `told` are the rows of the log with their `batch`; `offered` rows count as the newest batch.
    """
    if not offered.num_rows:
        return np.zeros(0, bool)
    both = _together(table, told, offered)
    keys = row_codes(both, table.key_columns)
    values = row_codes(both, value_columns(table))
    is_offered = np.arange(both.num_rows) >= told.num_rows
    times = both.column("recorded_at").cast(pa.int64()).to_numpy()
    order = np.lexsort((both.column("line").to_numpy(), both.column("batch").to_numpy(), times, keys))
    same_key = np.r_[False, keys[order][1:] == keys[order][:-1]]
    same_value = np.r_[False, values[order][1:] == values[order][:-1]]
    new = np.empty(both.num_rows, bool)
    new[order] = ~(same_key & same_value)
    return np.asarray(new[is_offered])


def latest(table: Table, told: pa.Table) -> pa.Table:
    """The last known version of every key that is not retracted; `told` must be in reading order."""
    if not told.num_rows:
        return told
    keys = row_codes(told, table.key_columns)
    last = np.full(int(keys.max()) + 1, -1, np.int64)
    last[keys] = np.arange(told.num_rows)  # of repeated indices NumPy keeps the last assignment
    rows = told.take(pa.array(np.sort(last[last >= 0])))
    return rows.filter(pc.invert(rows.column("retracted")))


def version_before(table: Table, told: pa.Table, offered: pa.Table) -> Codes:
    """For each offered row the place in `told` of the version of its key known when it was recorded; -1 for none.

    `told` must be in reading order; a retracted version counts as none.
    """
    names = [*table.key_columns, "recorded_at"]
    both = pa.concat_tables([told.select(names), offered.select(names)])
    keys = row_codes(both, table.key_columns)
    times = both.column("recorded_at").cast(pa.int64()).to_numpy()
    is_offered = np.arange(both.num_rows) >= told.num_rows
    order = np.lexsort((is_offered, times, keys))  # stable: equal moments stay in reading order, offered rows last
    place = np.where(is_offered[order], -1, order)
    starts = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1]])
    last = np.maximum.accumulate(np.where(place >= 0, np.arange(len(order)), -1))
    begins = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    found = np.where(last >= begins, place[last], -1)
    known = np.empty(len(order), np.int64)
    known[order] = found
    known = known[is_offered]
    retracted = told.column("retracted").to_numpy(zero_copy_only=False)
    return np.where((known >= 0) & ~retracted[known], known, -1)


def missing_keys(table: Table, known: pa.Table, offered: pa.Table) -> pa.Table:
    """The rows of `known` whose key no offered row has."""
    if not known.num_rows:
        return known
    names = list(table.key_columns)
    keys = row_codes(pa.concat_tables([known.select(names), offered.select(names)]), names)
    return known.filter(pa.array(~np.isin(keys[: known.num_rows], keys[known.num_rows :])))


def not_told_since(table: Table, told: pa.Table, offered: pa.Table, batch: int) -> pa.Table:
    """The offered rows whose key no batch after `batch` has told."""
    later = told.filter(pc.greater(told.column("batch"), batch))
    return missing_keys(table, offered, later)


def row_codes(rows: pa.Table, columns: Sequence[str]) -> Codes:
    """One integer for each distinct combination of the columns' values; a missing value equals a missing value."""
    combined = np.zeros(rows.num_rows, np.int64)
    for name in columns:
        codes, distinct = pd.factorize(_plain(rows.column(name)), use_na_sentinel=True)
        combined = combined * (len(distinct) + 1) + codes + 1
        combined = np.asarray(pd.factorize(combined)[0], np.int64)
    return combined


def _plain(column: pa.ChunkedArray) -> Any:
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    return column.to_pandas()


def value_columns(table: Table) -> list[str]:
    """The columns in which two versions of one fact can differ."""
    told = [column.name for column in table.columns if column.name not in table.key]
    return [*told, "retracted"]


def _together(table: Table, told: pa.Table, offered: pa.Table) -> pa.Table:
    newest = np.iinfo(np.int32).max
    marked = offered.append_column("batch", pa.array(np.full(offered.num_rows, newest, np.int32)))
    names = [*dict.fromkeys([*table.key_columns, *value_columns(table), "recorded_at", "line"]), "batch"]
    return pa.concat_tables([told.select(names), marked.select(names)])
