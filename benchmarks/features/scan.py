"""The scan limit: PyArrow decodes what a replay asks for once, from files opened as the replay opens them, and that is all.

A replay does not decode what the statistics of a row group tell already: of the least scan they are left out too.
"""

from functools import partial

import pyarrow.parquet as pq

from benchmarks.features.files import load_logs
from benchmarks.features.measured import Clock, Figures, Job, peak_mb
from features.state import FOLDED_TABLES, read_of
from records.log_file import opened
from records.tables import TABLE_OF, Kind, Table

_COLUMNS = {table.name: {*read_of(table), "institution"} for table in FOLDED_TABLES}


def measure(job: Job, *, least: bool = False) -> Figures:
    """On one core, row group after row group; the rows of the whole log, not of some weeks."""
    files = {
        file.path: (log.folder, TABLE_OF[file.table]) for log in load_logs(job.path, job.form) for file in log.files
    }
    start, rows = Clock.now(), 0
    for path, (folder, table) in files.items():
        with opened(folder, path, table, None, _texts(table)) as parquet:
            held = [name for name in parquet.schema_arrow.names if name in _COLUMNS[table.name]]
            for group in range(parquet.num_row_groups):
                columns = [name for name in held if not (least and _is_told(parquet, group, name))]
                rows += parquet.read_row_group(group, columns=columns, use_threads=False).num_rows
    return {"form": job.form, "files": len(files), "rows": rows, **start.since(), "peak_mb": peak_mb()}


measure_least = partial(measure, least=True)


def _texts(table: Table) -> list[str]:
    """Text columns come as dictionaries."""
    return [column.name for column in table.columns if column.kind is Kind.TEXT and column.name in _COLUMNS[table.name]]


def _is_told(parquet: pq.ParquetFile, group: int, name: str) -> bool:
    """Whether the statistics tell a column: all of its values are one whole number or flag, or there is none."""
    told = parquet.metadata.row_group(group)
    place = parquet.schema_arrow.get_field_index(name)
    span = told.column(place).statistics
    if span is None or not span.has_null_count:
        return False
    is_whole = span.physical_type in ("INT32", "INT64", "BOOLEAN")
    is_one = is_whole and span.null_count == 0 and span.has_min_max and span.min_raw == span.max_raw
    return bool(span.null_count == told.num_rows or is_one)
