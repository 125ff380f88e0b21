"""Cumulative attendance totals: a file that counts from the opening of the term becomes one row a period.

The period of a row begins the day after the student's last known period of that term and holds the difference; a total
that is lower than what was told before cannot be, and is quarantined.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from records import versions
from records.intake.checking import Checked, CheckedTable
from records.log import EventLog
from records.tables import ATTENDANCE_TOTAL, CALENDAR

_FIELDS = ("held", "present", "late", "absent", "leave")
Row = dict[str, Any]


def as_periods(log: EventLog, checked: Checked, lines: Sequence[int]) -> Checked:
    """The delivery with its cumulative totals (rows without `from_day`) turned into periods, against what is known.

    Rows that fit no term, or whose totals fell, leave with their reason. Other deliveries come back as they were.
    """
    for number, table in enumerate(checked.tables):
        if table.told.table is ATTENDANCE_TOTAL and table.rows.num_rows and table.rows.column("from_day").null_count:
            rows, broken = _periods(log, table)
            problems = dict(checked.problems)
            for line, code in broken.items():
                problems[lines.index(line)] = [code]
            tables = [*checked.tables[:number], replace(table, rows=rows), *checked.tables[number + 1 :]]
            return replace(checked, tables=tables, problems=problems)
    return checked


def _periods(log: EventLog, table: CheckedTable) -> tuple[pa.Table, Mapping[int, str]]:
    terms = _terms(log)
    known: dict[int, list[Row]] = defaultdict(list)
    for row in versions.latest(ATTENDANCE_TOTAL, log.rows(ATTENDANCE_TOTAL)).to_pylist():
        known[row["student"]].append(row)
    kept: list[Row] = []
    broken: dict[int, str] = {}
    for row in sorted(table.rows.to_pylist(), key=lambda row: (row["happened_on"], row["line"])):
        opens = next((first for first, last in terms if first <= row["happened_on"] <= last), None)
        if opens is None:
            broken[row["line"]] = "OUTSIDE_TERM"
            continue
        before = [p for p in known[row["student"]] if opens <= p["from_day"] and p["happened_on"] < row["happened_on"]]
        period = _difference(row, before, opens)
        if any(period[name] is not None and period[name] < 0 for name in _FIELDS):
            broken[row["line"]] = "NEGATIVE_DIFFERENCE"
            continue
        kept.append(period)
        known[row["student"]].append(period)
    kept.sort(key=lambda row: row["line"])
    return pa.Table.from_pylist(kept, schema=ATTENDANCE_TOTAL.schema), broken


def _difference(row: Row, before: Sequence[Row], opens: date) -> Row:
    """The days since the last known period, and what was added to each total in them."""
    last = max((period["happened_on"] for period in before), default=opens - timedelta(days=1))
    told = {name: sum(period[name] or 0 for period in before) for name in _FIELDS}
    added = {name: None if row[name] is None else row[name] - told[name] for name in _FIELDS}
    return {**row, **added, "from_day": last + timedelta(days=1)}


def _terms(log: EventLog) -> list[tuple[date, date]]:
    """The first and last day of every term of the calendar."""
    days: dict[tuple[int, int], list[date]] = defaultdict(list)
    for row in versions.latest(CALENDAR, log.rows(CALENDAR)).to_pylist():
        days[row["academic_year"], row["term"]].append(row["happened_on"])
    return [(min(of_term), max(of_term)) for of_term in days.values()]
