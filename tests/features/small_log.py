"""A log of a few records: made in memory, written as real files, so that tests read what the application reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path

import pyarrow as pa

from records.clock import BANGKOK, start_of
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.tables import Table

INSTITUTION = "T1"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record as a person would tell it; codes by their value, `student` is 0 where a table has none."""

    table: Table
    happened_on: date
    recorded_at: datetime
    batch: int
    line: int
    student: int = 0
    values: dict[str, object] = field(default_factory=dict)
    retracted: bool = False


def in_the_evening(day: date) -> datetime:
    """18:00 in Bangkok: when a record of the day is entered, if nothing else is said."""
    return datetime.combine(day, time(18), tzinfo=BANGKOK)


def reading_order(record: Record) -> tuple[datetime, int, int]:
    return record.recorded_at, record.batch, record.line


def known(records: Sequence[Record], as_of: date) -> list[Record]:
    return [record for record in records if record.recorded_at < start_of(as_of)]


def write_log(folder: Path, records: Sequence[Record], *, most_rows: int | None = None) -> EventLog:
    """Write a file for each batch and table (several of at most `most_rows`), and name them as a ledger would."""
    together: dict[tuple[int, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=reading_order):
        together[record.batch, record.table.name].append(record)
    files = [
        _write(folder, rows[start : start + (most_rows or len(rows))])
        for _, rows in sorted(together.items())
        for start in range(0, len(rows), most_rows or len(rows))
    ]
    index = LogIndex(files=tuple(files), ledger_number=max((file.batch for file in files), default=0), epoch=0)
    return EventLog(folder=folder, institution=INSTITUTION, index=index)


def _write(folder: Path, records: Sequence[Record]) -> LogFile:
    table = records[0].table
    rows = pa.table([_cells(table, name, records) for name in table.schema.names], schema=table.schema)
    return replace(write_rows(folder, INSTITUTION, table, rows), batch=records[0].batch)


def _cells(table: Table, name: str, records: Sequence[Record]) -> pa.Array:
    kind = table.schema.field(name).type
    if name in ("student", "happened_on", "recorded_at", "line", "retracted"):
        return pa.array([getattr(record, name) for record in records], kind)
    told = [record.values.get(name) for record in records]
    codes = table[name].codes if name != "entered_at" else None
    return pa.array([codes.position(str(cell)) if codes and cell is not None else cell for cell in told], kind)
