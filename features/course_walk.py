"""Class periods: how many were missed, and in which course the most, of every student at once."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from features.asked import INTERNSHIP, NORMAL, Asked
from features.day_cubes import COURSE_SHIFT
from features.day_walk import ABSENT_MARKS, LATE, LEAVE, MISSED, NEUTRAL, RECORDED
from features.vocabulary import InTerm, Window

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AbsenceRule:
    """When absences cost the right to the examination, one entry a student: see Margin."""

    share: Floats
    leaves_per_absence: Floats
    lates_per_absence: Floats

    def absences(self, missed: Floats, leave: Floats, late: Floats) -> Floats:
        return np.asarray(missed + _each(leave, self.leaves_per_absence) + _each(late, self.lates_per_absence))


def _each(times: Floats, per_absence: Floats) -> Floats:
    return np.asarray(np.where(per_absence > 0, times / np.where(per_absence > 0, per_absence, 1), 0))


class _Periods(NamedTuple):
    """What the compiled walks read: cells of the cube, who is asked, the days of each term's window (rows of the cube)."""

    cells: npt.NDArray[Any]
    student: Ints
    term: Ints
    mode: npt.NDArray[np.int32]
    company: npt.NDArray[np.bool_]
    starts: Ints
    ends: Ints


def counted_periods(asked: Asked, marks: int, window: Window) -> tuple[Floats, Floats]:
    """Matching and recorded class periods of each student in a window."""
    counted = np.zeros((2, asked.size))
    if (periods := _periods(asked, window)) is not None:
        _count(periods, _bits(marks, RECORDED), counted)
    return counted[0], counted[1]


def worst_share(asked: Asked, marks: int, window: Window, least: int) -> Floats:
    """The largest share of matching periods over the courses with at least `least` recorded ones; NaN without one."""
    worst = np.full(asked.size, np.nan)
    if (periods := _periods(asked, window)) is not None:
        _worst(periods, _bits(marks, RECORDED), np.zeros((2, len(asked.state.courses)), np.int64), least, worst)
    return worst


def fewest_left(asked: Asked, rule: AbsenceRule, least: int) -> Floats:
    """The fewest absences left of any course with at least `least` recorded periods this term; NaN without one."""
    left = np.full(asked.size, np.nan)
    if (periods := _periods(asked, InTerm())) is not None:
        opens = np.array([span.opens for span in asked.cohort.terms], np.int64)
        past = asked.calendars.taught_between(np.arange(len(opens)), opens, asked.cohort.today)
        whole = asked.calendars.teach.sum(axis=1)
        tally = np.zeros((4, len(asked.state.courses)), np.int64)
        bits = _bits(MISSED, LEAVE, LATE, RECORDED)
        _fewest(periods, bits, tally, past, whole, tuple(rule.__dict__.values()), least, left)
    return left


def _periods(asked: Asked, window: Window) -> _Periods | None:
    cubes = asked.state.attendance
    if cubes.periods is None:
        return None
    return _Periods(
        cells=cubes.periods, student=asked.cohort.student, term=asked.cohort.term,
        mode=asked.outside.mode, company=asked.outside.company,
        starts=np.maximum(asked.term_starts(window) - cubes.first_day, 0),
        ends=np.minimum(asked.term_ends(window) - cubes.first_day, len(cubes.periods)),
    )  # fmt: skip


def _bits(*classes: int) -> npt.NDArray[np.uint8]:
    """By mark, a bit for each class that has it."""
    bits = np.zeros(16, np.uint8)
    for place, marks in enumerate(classes):
        bits[[one for one in range(16) if marks >> one & 1]] |= 1 << place
    return bits


@numba.njit(cache=True, nogil=True)
def _bits_of(periods, i, day, cell, bits):  # type: ignore[no-untyped-def]
    mark = cell & ((1 << COURSE_SHIFT) - 1)
    if periods.mode[i] != NORMAL and (periods.mode[i] == INTERNSHIP or periods.company[periods.mode[i], day]):
        for absent in ABSENT_MARKS:
            if mark == absent:
                mark = NEUTRAL
    return bits[mark]


@numba.njit(cache=True, nogil=True)
def _count(periods, bits, counted):  # type: ignore[no-untyped-def]
    for i in range(len(periods.student)):
        term = periods.term[i]
        if periods.student[i] >= periods.cells.shape[1]:
            continue
        for day in range(periods.starts[term], periods.ends[term]):
            for cell in periods.cells[day, periods.student[i]]:
                told = _bits_of(periods, i, day, cell, bits)
                counted[0, i] += told & 1
                counted[1, i] += (told >> 1) & 1


@numba.njit(cache=True, nogil=True)
def _tally_courses(periods, i, bits, tally):  # type: ignore[no-untyped-def]
    """Count the periods of one student by course; a period that names no course belongs to none."""
    tally[:] = 0
    if periods.student[i] >= periods.cells.shape[1]:
        return
    term = periods.term[i]
    for day in range(periods.starts[term], periods.ends[term]):
        for cell in periods.cells[day, periods.student[i]]:
            course = np.int64(cell >> COURSE_SHIFT) - 1
            if course >= 0:
                told = _bits_of(periods, i, day, cell, bits)
                for place in range(len(tally)):
                    tally[place, course] += (told >> place) & 1


@numba.njit(cache=True, nogil=True)
def _worst(periods, bits, tally, least, worst):  # type: ignore[no-untyped-def]
    for i in range(len(worst)):
        _tally_courses(periods, i, bits, tally)
        for course in range(tally.shape[1]):
            if tally[1, course] >= least:
                share = tally[0, course] / tally[1, course]
                if not worst[i] >= share:
                    worst[i] = share


@numba.njit(cache=True, nogil=True)
def _fewest(periods, bits, tally, past, whole, rule, least, left):  # type: ignore[no-untyped-def]
    least_share, per_leave, per_late = rule
    for i in range(len(left)):
        term = periods.term[i]
        if not past[term]:
            continue
        _tally_courses(periods, i, bits, tally)
        for course in range(tally.shape[1]):
            held = tally[3, course]
            if held < least:
                continue
            absences = np.float64(tally[0, course])
            if per_leave[i] > 0:
                absences += tally[1, course] / per_leave[i]
            if per_late[i] > 0:
                absences += tally[2, course] / per_late[i]
            planned = np.floor(held * whole[term] / past[term] + 1e-6)
            margin = np.floor(planned * (1 - least_share[i]) + 1e-6) - absences
            if not left[i] <= margin:
                left[i] = margin
