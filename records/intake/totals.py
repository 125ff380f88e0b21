"""Cumulative attendance totals: a file that counts from the opening of the term becomes one row a period.

The period of a row begins the day after the student's last known period of that term and holds the difference. A total
that is lower than what was told before cannot be, and one of an earlier day than a known one would count days twice:
both are quarantined. A total of a known day is told again, and replaces its period.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import date, datetime, timedelta
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
    """Rows with cumulative totals (without `from_day`) turned into periods, against what was known when they were recorded.

    Rows that fit no term, whose totals fell, or that are older than a known total are left out: their lines come back
    by the code of the problem. Rows that have a first day stay as they are, and count as known.
    """
    if not offered.column("from_day").null_count:
        return offered, {}
    known = _Known(log.rows(ATTENDANCE_TOTAL).to_pylist())
    terms = _terms(log)
    kept: list[Row] = []
    broken: dict[str, list[int]] = {}
    for row in sorted(offered.to_pylist(), key=_turn):
        known.read_upto(row["recorded_at"])
        found = row if row["from_day"] is not None else _period(row, known, terms)
        if isinstance(found, str):
            broken.setdefault(found, []).append(row["line"])
            continue
        kept.append(found)
        known.take_in(found)
    kept.sort(key=lambda row: row["line"])
    rows = pa.Table.from_pylist(kept, schema=ATTENDANCE_TOTAL.schema)
    return rows, {code: np.array(sorted(lines), np.int64) for code, lines in broken.items()}


class _Known:
    """The periods of every student as told up to a moment, which moves forward."""

    def __init__(self, told: Sequence[Row]) -> None:
        self._coming = deque(told)  # in reading order
        self._periods: dict[int, dict[tuple[date, date], Row]] = defaultdict(dict)

    def read_upto(self, moment: datetime) -> None:
        """Take in what was recorded not after this moment."""
        while self._coming and self._coming[0]["recorded_at"] <= moment:
            self.take_in(self._coming.popleft())

    def take_in(self, row: Row) -> None:
        """A period that is told again replaces what was told of it."""
        periods, key = self._periods[row["student"]], (row["from_day"], row["happened_on"])
        if row["retracted"]:
            periods.pop(key, None)
        else:
            periods[key] = row

    def of_term(self, student: int, opens: date, closes: date) -> list[Row]:
        return [row for (first, _), row in self._periods[student].items() if opens <= first <= closes]


def _turn(row: Row) -> tuple[datetime, bool, date, int]:
    """As they were recorded; of one moment those that are periods already, then by the day."""
    return row["recorded_at"], row["from_day"] is None, row["happened_on"], row["line"]


def _period(row: Row, known: _Known, terms: Sequence[tuple[date, date]]) -> Row | str:
    """The period that ends with a cumulative total, or the code of the problem that it has."""
    day = row["happened_on"]
    term = next(((first, last) for first, last in terms if first <= day <= last), None)
    if term is None:
        return "OUTSIDE_TERM"
    told = known.of_term(row["student"], *term)
    ends = {period["happened_on"] for period in told}
    if day not in ends and any(end > day for end in ends):
        return "OLDER_TOTAL"
    period = _difference(row, [period for period in told if period["happened_on"] < day], term[0])
    fell = any(period[name] is not None and period[name] < 0 for name in _FIELDS)
    return "NEGATIVE_DIFFERENCE" if fell else period


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
