"""Single attendance marks as dense cubes, a byte a day and student: whole days, flagpole, homeroom, class periods."""

from datetime import date
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.vocabulary import Sessions
from records.codes import ATTENDANCE_STATUSES, SESSIONS

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
DAYS_AT_ONCE = 64
NO_LIMIT = 1 << 30
LONGEST_AGO = 3_700
"""Days before `as_of` that marks are taken: ten years, of which labels of past terms are made."""
PERIODS = 10
_FIRST_PERIOD = SESSIONS.position("P1")
_SESSION_OF = {
    Sessions.DAY: SESSIONS.position("DAY"),
    Sessions.FLAG: SESSIONS.position("FLAG"),
    Sessions.HOMEROOM: SESSIONS.position("HOMEROOM"),
    Sessions.ACTIVITY: SESSIONS.position("ACTIVITY"),
}
_MARKS = len(ATTENDANCE_STATUSES.values)
# A mark is the code + 1; what was not held or not recorded is no mark.
MARK_OF = np.arange(1, _MARKS + 2, dtype=np.uint8)
for _status in ("N", "H"):
    MARK_OF[ATTENDANCE_STATUSES.position(_status)] = 0
_NOT_HELD = ATTENDANCE_STATUSES.position("N")
COURSE_SHIFT = 4
_COURSES_IN_SHORT = 1 << (16 - COURSE_SHIFT)


def mark(status: str) -> int:
    """The byte of a status in a cube."""
    return int(MARK_OF[ATTENDANCE_STATUSES.position(status)])


# Marks that say nothing of a student who learns in the company that day, and what they count as.
ABSENT_MARKS = np.array([mark(status) for status in ("A", "K", "S", "B")], np.uint8)
NEUTRAL = mark("I")

# How a day without a whole-day mark is told by its periods (see Sessions): the first of these that any period has.
_BY_PERIODS = [(("P", "L", "E", "O"), "P"), (("I",), "I"), (("A", "K"), "A"), (("S",), "S"), (("B",), "B")]
_CLASS_OF = np.full(16, 255, np.uint8)
_MARK_OF_CLASS = np.zeros(len(_BY_PERIODS), np.uint8)
for _place, (_told, _means) in enumerate(_BY_PERIODS):
    _CLASS_OF[[mark(value) for value in _told]] = _place
    _MARK_OF_CLASS[_place] = mark(_means)


class DayCubes:
    """Marks of every day and student: `marks(sessions)[day, student]` holds 0 for none; day 0 is `first_day`.

    `periods[day, student, period]` holds the mark and, above it, the number of the course + 1. Marks of days before
    `kept_from` were forgotten and are not taken any more.
    """

    def __init__(self) -> None:
        self.first_day = 0
        self.kept_from = -NO_LIMIT
        self._oldest = -NO_LIMIT
        self.held: dict[Sessions, Bytes] = {Sessions.DAY: np.zeros((0, 0), np.uint8)}
        self.periods: npt.NDArray[Any] | None = None
        self._told: Bytes | None = None
        self._stale_days: Ints = np.zeros(0, np.int64)

    @property
    def days(self) -> Bytes:
        """Whole-day marks alone."""
        return self.held[Sessions.DAY]

    @property
    def end_day(self) -> int:
        return self.first_day + len(self.days)

    def marks(self, sessions: Sessions) -> Bytes | None:
        """The cube of one kind of session; whole days without a mark are told by their periods. None: nothing is kept."""
        if sessions is Sessions.DAY and self.periods is not None:
            return self._told_by_periods(self.periods)
        return self.held.get(sessions)

    def fold(self, rows: pa.Table, students: Ints, size: int, courses: npt.NDArray[np.int32] | None) -> None:
        """Take records in reading order: of two marks of one cell the later stays."""
        day = rows.column("happened_on").cast(pa.int32()).to_numpy()
        kept = day >= max(self.kept_from, self._oldest)
        if not kept.all():
            rows, students, day = rows.filter(pa.array(kept)), students[kept], day[kept]
            courses = None if courses is None else courses[kept]
        if not len(day):
            return
        session = rows.column("session").fill_null(255).to_numpy()
        status = rows.column("status").fill_null(_MARKS).to_numpy()
        if rows.column("retracted").combine_chunks().true_count:
            status = np.where(rows.column("retracted").to_numpy(), _NOT_HELD, status).astype(np.uint8)
        self._make_room(int(day.min()), int(day.max()) + 1, size)
        at = day - self.first_day
        kinds = _kinds(session)
        for sessions, number in _SESSION_OF.items():
            if kinds[number]:
                if sessions not in self.held:
                    self.held[sessions] = np.zeros_like(self.days)
                _scatter(self.held[sessions], at, students, session, number, status, MARK_OF)
        if kinds[_FIRST_PERIOD : _FIRST_PERIOD + PERIODS].any():
            self._fold_periods(at, students, session, MARK_OF[status], courses)
        if self.periods is not None:
            self._stale_days = np.union1d(self._stale_days, np.unique(day))

    def _fold_periods(
        self, at: Ints, students: Ints, session: Bytes, marks: Bytes, courses: npt.NDArray[np.int32] | None
    ) -> None:
        course = np.full(len(marks), -1, np.int32) if courses is None else courses
        most = int(course.max(initial=-1)) + 2
        kind = np.uint16 if most < _COURSES_IN_SHORT else np.uint32
        if self.periods is None:
            self.periods = np.zeros((*self.days.shape, PERIODS), kind)
            self._stale_days = np.arange(self.first_day, self.end_day)
        elif self.periods.dtype == np.uint16 and kind is np.uint32:
            self.periods = self.periods.astype(np.uint32)
        cells = np.where(marks > 0, ((course + 1) << COURSE_SHIFT) | marks, 0).astype(self.periods.dtype)
        _scatter_periods(self.periods, at, students, session, _FIRST_PERIOD, cells)

    def _told_by_periods(self, periods: npt.NDArray[Any]) -> Bytes:
        if self._told is None or self._told.shape != self.days.shape:
            self._told = np.zeros_like(self.days)
            self._stale_days = np.arange(self.first_day, self.end_day)
        _tell_days(self._told, self.days, periods, self._stale_days - self.first_day, _CLASS_OF, _MARK_OF_CLASS)
        self._stale_days = np.zeros(0, np.int64)
        return self._told

    def _make_room(self, first: int, end: int, size: int) -> None:
        days, students = self.days.shape
        if not days:
            self.first_day, low, high = first, first, max(end, first + DAYS_AT_ONCE)
        elif first >= self.first_day and end <= self.end_day and size <= students:
            return
        else:
            low = min(first, self.first_day)
            high = end + DAYS_AT_ONCE if end > self.end_day else self.end_day
        shape = (high - low, max(size, students))
        at = self.first_day - low
        self.held = {sessions: _moved(cube, shape, at) for sessions, cube in self.held.items()}
        if self.periods is not None:
            self.periods = _moved(self.periods, (*shape, PERIODS), at)
        self.first_day = low

    def take_no_older_than(self, as_of: date) -> None:
        """Do not make room for days that are long past: one mistyped year would take all memory."""
        self._oldest = (as_of - date(1970, 1, 1)).days - LONGEST_AGO

    def forget_before(self, day: int) -> None:
        """Let go of the marks before a day (since 1970), which no question looks at any more."""
        if day <= self.kept_from:
            return
        self.kept_from = day
        gone = min(max(day - self.first_day, 0), len(self.days))
        if gone:
            self.held = {sessions: cube[gone:] for sessions, cube in self.held.items()}
            self.periods = None if self.periods is None else self.periods[gone:]
            self.first_day += gone
        self._stale_days = np.arange(self.first_day, self.end_day)
        self._told = None

    def window(self, first: int, end: int, students: Ints) -> Bytes:
        """The days from `first` up to (not including) `end` that are kept, for these students: (days, students)."""
        cube = self.marks(Sessions.DAY)
        assert cube is not None
        low, high = max(first, self.first_day) - self.first_day, min(end, self.end_day) - self.first_day
        if high <= low:
            return np.zeros((0, len(students)), np.uint8)
        inside = students < cube.shape[1]
        block = np.zeros((high - low, len(students)), np.uint8)
        block[:, inside] = cube[low:high, students[inside]]
        return block


def _moved(cube: npt.NDArray[Any], shape: tuple[int, ...], at: int) -> npt.NDArray[Any]:
    moved = np.zeros(shape, cube.dtype)
    if cube.size:
        moved[at : at + cube.shape[0], : cube.shape[1]] = cube
    return moved


@numba.njit(cache=True, nogil=True)
def _kinds(session: Bytes) -> npt.NDArray[np.bool_]:
    """Which sessions there are."""
    found = np.zeros(256, np.bool_)
    for kind in session:
        found[kind] = True
    return found


@numba.njit(cache=True, nogil=True)
def _scatter(cube: Bytes, at: Ints, students: Ints, session: Bytes, wanted: int, status: Bytes, mark_of: Bytes) -> None:
    for row in range(len(at)):
        if session[row] == wanted:  # of unsigned places none is looked at for whether it counts from the end
            cube[np.uint64(at[row]), np.uint64(students[row])] = mark_of[status[row]]


@numba.njit(cache=True, nogil=True)
def _scatter_periods(
    periods: npt.NDArray[Any], at: Ints, students: Ints, session: Bytes, first: int, cells: npt.NDArray[Any]
) -> None:
    for row in range(len(at)):
        period = session[row] - first
        if 0 <= period < periods.shape[2]:
            periods[at[row], students[row], period] = cells[row]


@numba.njit(cache=True, nogil=True)
def _tell_days(
    told: Bytes, days: Bytes, periods: npt.NDArray[Any], stale: Ints, class_of: Bytes, mark_of_class: Bytes
) -> None:
    for day in stale:
        for student in range(days.shape[1]):
            if days[day, student]:
                told[day, student] = days[day, student]
                continue
            best = 255
            for period in range(periods.shape[2]):
                best = min(best, class_of[periods[day, student, period] & 15])
            told[day, student] = mark_of_class[best] if best < 255 else 0
