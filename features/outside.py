"""Who learns outside the college and when: absence of interns and of dual students in their weeks there is a day in the company."""

from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
import numpy.typing as npt

from features.closed import closed_days
from features.cohort import Cohort, distinct
from features.day_cubes import mark
from features.remembered import remembered
from features.state import State
from records.codes import STUDY_MODES
from records.tables import ENROLMENTS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NORMAL = -1
LEAST_DUAL = 3
"""Of fewer dual students in a group, one who stays away could make a week in the company alone: absence stays absence."""
_ALWAYS = 0
_UNTOLD = -1
_IS_SEEN = np.isin(np.arange(16), [mark(status) for status in ("P", "L", "E", "O")])
_DUAL, _INTERN = STUDY_MODES.position("DUAL"), STUDY_MODES.position("INTERNSHIP")


@dataclass(frozen=True)
class Outside:
    """Who learns outside: `row` of each student is NORMAL or a row of `company`.

    `company[row, day]` says on which days of the cubes absence is a day in the company: for an intern on all, for a dual
    student in weeks in which nobody of the LEAST_DUAL or more of the class group was seen on a day that was not closed. On
    days before the student's term opened this goes by the study modes that the roster of the term before told, which a
    summer term never is. Who is dual by one of the two and untold by the other is dual in both terms, but does not show the
    weeks of the other where LEAST_DUAL or more of the group were told to be dual in it. An internship is of its own term
    alone: who is on no roster of a new term yet is no intern in it.
    """

    row: npt.NDArray[np.int32]
    company: Flags
    dual: Flags
    """Which students are in the dual system now."""


def outside_of(state: State, cohort: Cohort) -> Outside:
    """Of the students of one cohort."""
    told_now, told_before = _modes_now(state, cohort), _modes_before(state, cohort)
    now, before = _dual_where_untold(told_now, told_before), _dual_where_untold(told_before, told_now)
    row, company = _by_mode(state, cohort, now, told_now)
    if np.array_equal(told_before, told_now):
        return Outside(row, company, now == _DUAL)
    row_before, company_before = _by_mode(state, cohort, before, told_before)
    outside = np.flatnonzero((row != NORMAL) | (row_before != NORMAL))
    kinds, which = np.unique(
        np.stack([row_before[outside], row[outside], cohort.opens[outside]], axis=1), axis=0, return_inverse=True
    )
    never = np.zeros((1, company.shape[1]), bool)  # the last row, which NORMAL picks
    day = np.arange(company.shape[1]) + state.attendance.first_day
    of_before, of_now = np.concatenate([company_before, never]), np.concatenate([company, never])
    row[outside] = which.ravel()
    return Outside(row, np.where(day < kinds[:, 2:], of_before[kinds[:, 0]], of_now[kinds[:, 1]]), now == _DUAL)


def _by_mode(
    state: State, cohort: Cohort, mode: npt.NDArray[np.int16], told: npt.NDArray[np.int16]
) -> tuple[npt.NDArray[np.int32], Flags]:
    """Each student's row of `company` by these study modes, and the rows: weeks are those of who was dual by them.

    Of a group of which LEAST_DUAL or more were told to be dual, those alone show the weeks: others may have been elsewhere.
    """
    dual = np.flatnonzero(mode == _DUAL)
    groups, place = distinct(cohort.group[dual])
    company = np.ones((1 + len(groups), len(state.attendance.days)), bool)
    is_told = told[dual] == _DUAL
    shows = is_told | (np.bincount(place, is_told) < LEAST_DUAL)[place]
    company[1:] = _in_company(state, cohort.student[dual][shows], place[shows], cohort.today)
    row = np.full(len(mode), NORMAL, np.int32)
    row[mode == _INTERN] = _ALWAYS
    row[dual] = 1 + place
    return row, company


def _dual_where_untold(mode: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The modes of one term with those of the other in place of what is untold, as far as these are of the dual system."""
    return np.where((mode == _UNTOLD) & (other == _DUAL), other, mode)


def _modes_now(state: State, cohort: Cohort) -> npt.NDArray[np.int16]:
    """The study mode by the row that speaks; _UNTOLD of an intern who is carried over from the roster of another term."""
    rows = state.rows[ENROLMENTS.name].columns
    modes = rows["study_mode"][cohort.row]
    interns = np.flatnonzero(modes == _INTERN)
    own = np.array([(span.academic_year, span.term) for span in cohort.terms])[cohort.term[interns]].T
    told = np.stack([rows[name][cohort.row[interns]] for name in ("academic_year", "term")])
    modes[interns[(told != own).any(axis=0)]] = _UNTOLD
    return modes


def _modes_before(state: State, cohort: Cohort) -> npt.NDArray[np.int16]:
    """The study mode by the roster of the term before the own one; _UNTOLD also of who was not on it."""
    found = np.full(len(cohort.student), _UNTOLD, np.int16)
    terms = [cohort.terms[at] if at >= 0 else None for at in cohort.terms_before]
    number = np.array([span.academic_year * 10 + span.term if span else -1 for span in terms], np.int64)
    version = state.rows[ENROLMENTS.name].version
    for term in np.unique(number[number >= 0]).tolist():
        told = remembered(state, f"modes of {term}", version, partial(_modes_of, state, term))
        own = np.flatnonzero((number == term)[cohort.term])
        found[own] = told[cohort.student[own]]
    return found


def _modes_of(state: State, term: int) -> npt.NDArray[np.int16]:
    """The study mode by the roster of one term, by student number."""
    rows = state.rows[ENROLMENTS.name]
    told = np.flatnonzero(rows.columns["alive"] & (rows.terms() == term))
    found = np.full(state.students, _UNTOLD, np.int16)
    found[rows.student[told]] = rows.columns["study_mode"][told]
    return found


def _in_company(state: State, dual: Ints, group: Ints, today: int) -> Flags:
    """By group of dual students the days of the cubes in weeks in which nobody of them was seen."""
    sizes = np.bincount(group)
    cubes = state.attendance
    held = max(min(today, cubes.end_day) - cubes.first_day, 0)
    by_group, ends = dual[np.argsort(group, kind="stable")], np.cumsum(sizes)
    week = (np.arange(len(cubes.days)) + cubes.first_day + 3) // 7  # 1970-01-01 was a Thursday
    seen = np.zeros((len(sizes), len(cubes.days)), bool)
    closed = closed_days(state, cubes.first_day, cubes.end_day)[state.institution_of(by_group[ends - sizes])]
    seen[sizes < LEAST_DUAL] = True
    for marks in (*cubes.held.values(), *([] if cubes.periods is None else [cubes.periods])):
        several = marks.shape[2] if marks.ndim == 3 else 1
        columns = (by_group[:, None] * several + np.arange(several)).ravel()
        side_by_side = marks[:held].reshape(held, marks.shape[1] * several)
        _see(side_by_side, columns, ends * several, week, closed, _IS_SEEN, seen)
    seen[:, held:] = True
    return ~seen


@numba.njit(cache=True, nogil=True)
def _see(marks, columns, ends, week, closed, is_seen, seen):  # type: ignore[no-untyped-def]
    """Mark every day of the weeks in which a student of each group was seen."""
    for group in range(len(ends)):
        own = columns[(ends[group - 1] if group else 0) : ends[group]]
        day = 0
        while day < len(marks):
            end = day
            while end < len(marks) and week[end] == week[day]:
                end += 1
            if not seen[group, day] and _anybody(marks[day:end], own, closed[group, day:end], is_seen):
                seen[group, day:end] = True
            day = end


@numba.njit(cache=True, nogil=True)
def _anybody(marks, columns, closed, is_seen):  # type: ignore[no-untyped-def]
    for day in range(len(marks)):
        if closed[day]:
            continue
        for column in columns:
            if column < marks.shape[1] and is_seen[marks[day, column] & 15]:
                return True
    return False
