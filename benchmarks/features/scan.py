"""The scan limit: PyArrow decodes every column that the catalogue needs once, and nothing else happens."""

import pyarrow.parquet as pq

from benchmarks.features.files import load_logs
from benchmarks.features.measured import Clock, Figures, Job, peak_mb
from features.catalogue import CATALOGUE
from features.declaration import columns_read
from features.state import FOLDED_TABLES
from records.tables import Kind, Table, Use


def measure(job: Job) -> Figures:
    """On one core, row group after row group; the rows of the whole log, not of some weeks."""
    logs = load_logs(job.path, job.form)
    files = {log.folder / file.path: file.table for log in logs for file in log.files}
    needed = {table.name: needed_columns(table) for table in FOLDED_TABLES}
    start, rows = Clock.now(), 0
    for path, table in files.items():
        with pq.ParquetFile(path, memory_map=True) as parquet:
            held = [name for name in needed[table] if name in parquet.schema_arrow.names]
            for group in range(parquet.num_row_groups):
                rows += parquet.read_row_group(group, columns=held, use_threads=False).num_rows
    return {"form": job.form, "files": len(files), "rows": rows, **start.since(), "peak_mb": peak_mb()}


def needed_columns(table: Table) -> list[str]:
    """What nobody can do without: the key, the moment, what features read, and who is enrolled."""
    read = {name for feature in CATALOGUE if feature.table is table for name in columns_read(feature.measure)}
    state = {column.name for column in table.columns if column.use is Use.STATE and column.kind is not Kind.TEXT}
    of_cohort = {"enrolments": {"class_group", "study_mode", "level"}, "rules": {"value"}, "calendar": {"kind"}}
    always = ("student", "institution", "happened_on", "recorded_at", "retracted")
    return list(dict.fromkeys([*always, *table.key, *sorted(read | state | of_cohort.get(table.name, set()))]))
