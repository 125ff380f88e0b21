"""Class periods: how many were missed, and in which course the most, of every student at once.

The periods of a window are read once and counted by student, course and mark; every question adds these counts up.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.day_cubes import ABSENT_MARKS, COURSE_SHIFT, NEUTRAL
from features.day_walk import LATE, LEAVE, MISSED, RECORDED
from features.outside import NORMAL
from features.vocabulary import InTerm, Window

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Cells = npt.NDArray[Any]
Counts = npt.NDArray[np.uint16]
_AT_ONCE = 256  # students: a term of their periods stays in the second cache
_MARKS = 1 << COURSE_SHIFT
_IS_ABSENT = np.isin(np.arange(_MARKS), ABSENT_MARKS)


@dataclass(frozen=True)
class AbsenceRule:
    """When absences cost the right to the examination, one entry a student: see Margin."""

    share: Floats
    leaves_per_absence: Floats
    lates_per_absence: Floats

    def absences(self, missed: Floats | Counts, leave: Floats | Counts, late: Floats | Counts) -> Floats:
        return np.asarray(_absences(missed, leave, late, self.leaves_per_absence, self.lates_per_absence))

    def among(self, who: Ints) -> "AbsenceRule":
        """The rule as it is for each of these places."""
        return AbsenceRule(self.share[who], self.leaves_per_absence[who], self.lates_per_absence[who])


@numba.njit(cache=True, nogil=True)
def _absences(missed, leave, late, leaves, lates):  # type: ignore[no-untyped-def]
    """So many leaves or lates make one absence, fewer none yet; where their number is 0, they make none."""
    found = np.empty(len(missed))
    for i in range(len(missed)):
        # What parts of totals add up to may lie a hair under a whole day.
        by_leave = np.floor(leave[i] / leaves[i] + 1e-6) if leaves[i] > 0 else 0.0
        by_late = np.floor(late[i] / lates[i] + 1e-6) if lates[i] > 0 else 0.0
        found[i] = missed[i] + by_leave + by_late
    return found


@dataclass(frozen=True)
class _Tally:
    """Periods of a window, an entry for each student and course: `by_mark[entry, mark]` counts them.

    `who` is the student's place in the cohort; course 0 holds the periods that name none.
    """

    who: Ints
    course: Ints
    by_mark: Counts

    def count(self, marks: int) -> Floats:
        """How many periods of each entry have one of these marks."""
        found = np.zeros(len(self.who))
        for mark in range(_MARKS):
            if marks >> mark & 1:
                found += self.by_mark[:, mark]
        return found

    def of_students(self, marks: int, students: int) -> Floats:
        """How many periods of each student of the cohort have one of these marks."""
        return np.bincount(self.who, self.count(marks), students).astype(np.float64)

    def of_courses(self, least: int) -> "_Tally":
        """The entries of courses with at least `least` recorded periods."""
        chosen = (self.course > 0) & (self.count(RECORDED) >= least)
        return _Tally(self.who[chosen], self.course[chosen], self.by_mark[chosen])


class PeriodWalk:
    """The class periods as one cohort is asked about them; answers are one a student."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._tallies: dict[Window, _Tally] = {}

    def counted(self, marks: int, window: Window) -> tuple[Floats, Floats]:
        """Matching and recorded periods in a window."""
        tally = self._tally(window)
        return tally.of_students(marks & RECORDED, self.asked.size), tally.of_students(RECORDED, self.asked.size)

    def worst_share(self, marks: int, window: Window, least: int) -> Floats:
        """The largest share of matching periods over courses with at least `least` recorded ones; NaN without one."""
        courses = self._tally(window).of_courses(least)
        worst = np.full(self.asked.size, np.nan)
        np.fmax.at(worst, courses.who, courses.count(marks & RECORDED) / courses.count(RECORDED))
        return worst

    def fewest_left(self, rule: AbsenceRule, least: int) -> Floats:
        """The fewest absences left of any course with at least `least` recorded periods this term; NaN without one."""
        courses = self._tally(InTerm()).of_courses(least)
        past, whole = self._taught(courses.who)
        own = rule.among(courses.who)
        planned = np.floor(courses.count(RECORDED) * whole / np.where(past > 0, past, np.nan) + 1e-6)
        absences = own.absences(*(courses.count(marks) for marks in (MISSED, LEAVE, LATE)))
        left = np.full(self.asked.size, np.nan)
        np.fmin.at(left, courses.who, np.floor(planned * (1 - own.share) + 1e-6) - absences)
        return left

    def _taught(self, who: Ints) -> tuple[Ints, Ints]:
        """Teaching days of the term of each of these students up to today, and all of them."""
        cohort, calendars = self.asked.cohort, self.asked.calendars
        term, begins = cohort.term[who], begins_of(self.asked, self.asked.state.attendance.periods)[who]
        closes = np.array([span.closes for span in cohort.terms], np.int64)[term]
        return calendars.taught_between(term, begins, cohort.today), calendars.taught_between(term, begins, closes + 1)

    def _tally(self, window: Window) -> _Tally:
        if window not in self._tallies:
            self._tallies[window] = _joined(list(self._tallied(window)))
        return self._tallies[window]

    def _tallied(self, window: Window) -> Iterator[_Tally]:
        """Block by block of students; who has no day in the window has no entry."""
        asked, cubes = self.asked, self.asked.state.attendance
        if cubes.periods is None:
            return
        student, term, outside = asked.cohort.student, asked.cohort.term, asked.outside
        starts = np.maximum(asked.term_starts(window) - cubes.first_day, 0)[term]
        ends = np.minimum(asked.term_ends(window) - cubes.first_day, len(cubes.periods))[term]
        have_days = np.flatnonzero((starts < ends) & (student < cubes.periods.shape[1]))
        in_pairs = cubes.periods.view(np.dtype(f"u{2 * cubes.periods.itemsize}"))  # half as many to copy
        closed = _closed(asked)
        entry_of = np.empty(len(asked.state.courses) + 1, np.int64)
        for low in range(0, len(have_days), _AT_ONCE):
            who = have_days[low : low + _AT_ONCE]
            pairs, days = _copied(in_pairs, student[who], starts[who], ends[who], closed, asked.institution[who])
            cells = pairs.view(cubes.periods.dtype)[:, : len(days)]
            _set_outside(cells, days, outside.row[who], outside.company)
            yield _Tally(*_by_course(cells.reshape(len(who), -1), who, entry_of))


def _joined(parts: list[_Tally]) -> _Tally:
    parts = parts or [_Tally(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, _MARKS), np.uint16))]
    return _Tally(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(_Tally)))


def begins_of(asked: Asked, cells: Cells | None) -> Ints:
    """The day since which each student is in the term: its opening; of who registered later and has no mark before, that day.

    `cells[day, student, ...]` are the marks that are meant. Who came since the opening and paid later was there.
    """
    cohort, first_day = asked.cohort, asked.state.attendance.first_day
    begins, registered = cohort.opens.copy(), asked.expected_from
    late = np.flatnonzero(registered > begins)
    if cells is not None and len(late):
        first, end = np.clip(np.stack([begins[late], registered[late]]) - first_day, 0, len(cells))
        several = cells if cells.ndim == 3 else cells[:, :, None]
        late = late[~_have_marks(several, cohort.student[late], first, end, _closed(asked), asked.institution[late])]
    begins[late] = registered[late]
    return begins


def _closed(asked: Asked) -> npt.NDArray[np.bool_]:
    """By institution and day of the cubes."""
    return asked.calendars.closed[:, asked.state.attendance.first_day - asked.calendars.first :]


@numba.njit(cache=True, nogil=True)
def _have_marks(
    cells: Cells, student: Ints, starts: Ints, ends: Ints, closed: npt.NDArray[np.bool_], institution: Ints
) -> npt.NDArray[np.bool_]:
    """Whether each student has a mark on one of their days on which the institution was open."""
    found = np.zeros(len(student), np.bool_)
    for k in range(len(student)):
        if student[k] < cells.shape[1]:
            day = starts[k]
            while day < ends[k] and not found[k]:
                if not closed[institution[k], day]:
                    for cell in cells[day, student[k]]:
                        found[k] |= (cell & (_MARKS - 1)) != 0
                day += 1
    return found


@numba.njit(cache=True, nogil=True)
def _copied(
    periods: Cells, student: Ints, starts: Ints, ends: Ints, closed: npt.NDArray[np.bool_], institution: Ints
) -> tuple[Cells, Ints]:
    """The cells of a block of students, each student's side by side, and their days: those on which one has a mark.

    Only as many days of the cells are meant as there are days. Cells of days on which the institution was closed
    (`closed[institution, day]`) are empty.
    """
    first, end = starts.min(), ends.max()
    cells = np.empty((len(student), end - first, periods.shape[2]), periods.dtype)
    days = np.empty(end - first, np.int64)
    held = 0
    for day in range(first, end):
        for k in range(len(student)):
            if starts[k] <= day < ends[k] and not closed[institution[k], day]:
                for period in range(periods.shape[2]):
                    cells[k, held, period] = periods[day, student[k], period]
            else:
                cells[k, held] = 0
        days[held] = day
        if cells[:, held].any():  # else the next day takes the place: weekends and breaks have no mark
            held += 1
    return cells, days[:held]


@numba.njit(cache=True, nogil=True)
def _set_outside(cells: Cells, days: Ints, row: npt.NDArray[np.int32], company: npt.NDArray[np.bool_]) -> None:
    """Absence of those who learn outside is a day in the company."""
    for k in range(len(row)):
        if row[k] == NORMAL:
            continue
        for at in range(len(days)):
            if company[row[k], days[at]]:
                for period in range(cells.shape[2]):
                    mark = cells[k, at, period] & (_MARKS - 1)
                    if _IS_ABSENT[mark]:
                        cells[k, at, period] += NEUTRAL - mark


@numba.njit(cache=True, nogil=True)
def _by_course(cells: Cells, who: Ints, entry_of: Ints) -> tuple[Ints, Ints, Counts]:
    """The columns of a tally; `entry_of[course]` is the newest entry of a course, this student's or one before."""
    most = len(who) * min(cells.shape[1], len(entry_of))
    owner, course_of = np.empty(most, np.int64), np.empty(most, np.int64)
    by_mark = np.empty((most, _MARKS), np.uint16)
    entry_of[:] = -1
    used = 0
    for k in range(len(who)):
        first = used
        for cell in cells[k]:
            if not cell:
                continue
            course = np.uint64(cell >> COURSE_SHIFT)  # no sign: spares the look for an index counted from the end
            entry = entry_of[course]
            if entry < first:
                entry = entry_of[course] = used
                owner[entry], course_of[entry], by_mark[entry] = who[k], course, 0
                used += 1
            by_mark[np.uint64(entry), np.uint64(cell & (_MARKS - 1))] += np.uint16(1)
    return owner[:used].copy(), course_of[:used].copy(), by_mark[:used].copy()
