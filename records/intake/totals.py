"""Cumulative attendance totals: a file that counts from the opening of the term becomes one row a period.

The period of a row begins the day after the student's last known period of that term and holds the difference; a total
that is lower than what was told before cannot be, and is quarantined.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from records import versions
from records.intake.findings import Lines
from records.log import EventLog
from records.tables import ATTENDANCE_TOTAL, CALENDAR

_FIELDS = ("held", "present", "late", "absent", "leave", "skipped")
Row = dict[str, Any]


def as_periods(log: EventLog, offered: pa.Table) -> tuple[pa.Table, dict[str, Lines]]:
    """Rows with cumulative totals (without `from_day`) turned into periods, against what is known.

    Rows that fit no term, or whose totals fell, are left out: their lines come back by the code of the problem. Rows
    that have a first day stay as they are.
    """
    if not offered.column("from_day").null_count:
        return offered, {}
    terms = _terms(log)
    known: dict[int, list[Row]] = defaultdict(list)
    for row in versions.latest(ATTENDANCE_TOTAL, log.rows(ATTENDANCE_TOTAL)).to_pylist():
        known[row["student"]].append(row)
    kept: list[Row] = []
    broken: dict[str, list[int]] = {}
    for row in sorted(offered.to_pylist(), key=lambda row: (row["happened_on"], row["line"])):
        opens = next((first for first, last in terms if first <= row["happened_on"] <= last), None)
        if opens is None:
            broken.setdefault("OUTSIDE_TERM", []).append(row["line"])
            continue
        before = [p for p in known[row["student"]] if opens <= p["from_day"] and p["happened_on"] < row["happened_on"]]
        period = _difference(row, before, opens)
        if any(period[name] is not None and period[name] < 0 for name in _FIELDS):
            broken.setdefault("NEGATIVE_DIFFERENCE", []).append(row["line"])
            continue
        kept.append(period)
        known[row["student"]].append(period)
    kept.sort(key=lambda row: row["line"])
    rows = pa.Table.from_pylist(kept, schema=ATTENDANCE_TOTAL.schema)
    return rows, {code: np.array(lines, np.int64) for code, lines in broken.items()}


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
