"""The last day on which a record says that a student was there: a mark of attendance, or a period with a day present."""

import numpy as np
import numpy.typing as npt

from features.closed import marks_of_open_days
from features.state import State
from records.codes import ATTENDANCE_STATUSES
from records.tables import ATTENDANCE_TOTAL

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_SEEN = [ATTENDANCE_STATUSES.position(value) + 1 for value in ("P", "L", "E", "O", "I")]


def last_seen(state: State, first: int, last: Ints, students: Ints) -> Ints:
    """Of each of these students the last day from `first` to their own `last` on which they were there; -1 for none."""
    marks = state.attendance.window(first, int(last.max(initial=first)) + 1, students)
    days = max(first, state.attendance.first_day) + np.arange(len(marks))
    seen = np.isin(marks, _SEEN) & (days[:, None] <= last)
    by_mark = np.where(seen, days[:, None], -1).max(axis=0, initial=-1)
    return np.asarray(np.maximum(by_mark, _by_total(state, first, last, students)))


def _by_total(state: State, first: int, last: Ints, students: Ints) -> Ints:
    """The end of the last period in which each student was present at all."""
    rows = state.rows[ATTENDANCE_TOTAL.name]
    newest, until = np.full((2, state.students), -1, np.int64)
    until[students] = last
    day = rows.columns["happened_on"].astype(np.int64)
    there = rows.columns["alive"] & (rows.columns["present"] > 0) & (day >= first) & (day <= until[rows.student])
    np.maximum.at(newest, rows.student[there], day[there])
    return newest[students]


def has_marks(state: State, first: int, last: Ints, students: Ints) -> Flags:
    """Of each of these students whether any mark of an open day from `first` to their own `last` is told, of absence or presence."""
    marks = marks_of_open_days(state, first, int(last.max(initial=first)) + 1, students)
    days = max(first, state.attendance.first_day) + np.arange(len(marks))
    return np.asarray(((marks > 0) & (days[:, None] <= last)).any(axis=0))
