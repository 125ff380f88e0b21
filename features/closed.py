"""Days on which the college was closed: marks of such days count for nothing but for having been seen."""

import numpy as np
import numpy.typing as npt

from features.state import State
from records.codes import DAY_KINDS
from records.tables import CALENDAR

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
HELD_KINDS = [DAY_KINDS.position(kind) for kind in ("TEACH", "EXAM", "WFH")]
_CLOSED_KINDS = [DAY_KINDS.position(kind) for kind in ("HOLIDAY", "CLOSED")]


def closed_days(state: State, first: int, end: int) -> Flags:
    """(institutions, days from `first` up to `end`): the calendar has it as a holiday or closed, and no term teaches on it."""
    rows = state.rows[CALENDAR.name]
    day, kind = rows.columns["happened_on"].astype(np.int64), rows.columns["kind"]
    inside = rows.columns["alive"] & (day >= first) & (day < end)
    closed = np.zeros((len(state.offsets), max(end - first, 0)), bool)
    for kinds, is_closed in ((_CLOSED_KINDS, True), (HELD_KINDS, False)):
        told = np.flatnonzero(inside & np.isin(kind, kinds))
        closed[rows.student[told], day[told] - first] = is_closed
    return closed


def marks_of_open_days(state: State, first: int, end: int, students: Ints) -> npt.NDArray[np.uint8]:
    """One mark a day and student from `first`, or from the first day that is kept, up to `end`; 0 on days without one.

    Marks of days on which the student's institution was closed are left out.
    """
    marks = state.attendance.window(first, end, students)
    begins = max(first, state.attendance.first_day)
    closed = closed_days(state, begins, begins + len(marks))
    return np.where(closed[state.institution_of(students)].T, 0, marks).astype(np.uint8)
