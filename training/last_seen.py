"""The last day on which a record says that a student was there: a mark of attendance, or a period with a day present."""

import numpy as np
import numpy.typing as npt

from features.state import State
from records.codes import ATTENDANCE_STATUSES
from records.tables import ATTENDANCE_TOTAL

Ints = npt.NDArray[np.int64]
_SEEN = [ATTENDANCE_STATUSES.position(value) + 1 for value in ("P", "L", "E", "O", "I")]


def last_seen(state: State, first: int, last: int, students: Ints) -> Ints:
    """Of each of these students the last of these days on which they were there; -1 for none."""
    seen = np.isin(state.attendance.window(first, last + 1, students), _SEEN)
    if not len(seen):
        return _by_total(state, first, last)[students]
    newest = max(first, state.attendance.first_day) + len(seen) - 1 - np.argmax(seen[::-1], axis=0)
    return np.maximum(np.where(seen.any(axis=0), newest, -1), _by_total(state, first, last)[students])


def _by_total(state: State, first: int, last: int) -> Ints:
    """The end of the last period in which each student was present at all."""
    rows = state.rows[ATTENDANCE_TOTAL.name]
    newest = np.full(state.students, -1, np.int64)
    day = rows.columns["happened_on"].astype(np.int64)
    there = rows.columns["alive"] & (rows.columns["present"] > 0) & (day >= first) & (day <= last)
    np.maximum.at(newest, rows.student[there], day[there])
    return newest
