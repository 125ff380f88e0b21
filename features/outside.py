"""Who learns outside the college and when: absence of interns and of dual students in their weeks there is a day in the company."""

from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
import numpy.typing as npt

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
_UNTOLD = -2
_IS_SEEN = np.isin(np.arange(16), [mark(status) for status in ("P", "L", "E", "O")])
_DUAL, _INTERN = STUDY_MODES.position("DUAL"), STUDY_MODES.position("INTERNSHIP")


@dataclass(frozen=True)
class Outside:
    """Who learns outside: `row` of each student is NORMAL or a row of `company`.

    `company[row, day]` says on which days of the cubes absence is a day in the company: for an intern on all, for a dual
    student in weeks in which nobody of the LEAST_DUAL or more of the class group was seen. On days before the student's term
    opened this goes by the study mode that the roster of the term before told.
    """

    row: npt.NDArray[np.int32]
    company: Flags


def outside_of(state: State, cohort: Cohort) -> Outside:
    """Of the students of one cohort."""
    now = state.rows[ENROLMENTS.name].columns["study_mode"][cohort.row]
    dual = np.flatnonzero(now == _DUAL)
    groups, place = distinct(cohort.group[dual])
    company = np.ones((1 + len(groups), len(state.attendance.days)), bool)
    company[1:] = _in_company(state, cohort.student[dual], place, cohort.today)
    row_of_group = np.full(len(cohort.groups), NORMAL, np.int32)
    row_of_group[groups] = 1 + np.arange(len(groups))
    row = _rows(now, cohort, row_of_group)
    before = _modes_before(state, cohort)
    changed = np.flatnonzero((before != _UNTOLD) & (before != now))
    row_before = _rows(before, cohort, row_of_group)
    changed = changed[row_before[changed] != row[changed]]
    if len(changed):
        kinds, which = np.unique(
            np.stack([row_before[changed], row[changed], cohort.opens[changed]], axis=1), axis=0, return_inverse=True
        )
        day = np.arange(company.shape[1]) + state.attendance.first_day
        of_kind = np.concatenate([company, np.zeros((1, len(day)), bool)])  # the last, -1, is that of NORMAL
        row[changed] = len(company) + which.ravel()
        company = np.concatenate([company, np.where(day < kinds[:, 2:], of_kind[kinds[:, 0]], of_kind[kinds[:, 1]])])
    return Outside(row, company)


def _rows(mode: npt.NDArray[np.int16], cohort: Cohort, row_of_group: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The row of `company` of each study mode; without dual students now, a class group has no weeks of its own."""
    found = np.full(len(mode), NORMAL, np.int32)
    found[mode == _INTERN] = _ALWAYS
    dual = np.flatnonzero(mode == _DUAL)
    found[dual] = row_of_group[cohort.group[dual]]
    return found


def _modes_before(state: State, cohort: Cohort) -> npt.NDArray[np.int16]:
    """The study mode by the roster of the term before the own one; _UNTOLD of who was not on it."""
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
    seen[sizes < LEAST_DUAL] = True
    for marks in (*cubes.held.values(), *([] if cubes.periods is None else [cubes.periods])):
        several = marks.shape[2] if marks.ndim == 3 else 1
        columns = (by_group[:, None] * several + np.arange(several)).ravel()
        side_by_side = marks[:held].reshape(held, marks.shape[1] * several)
        _see(side_by_side, columns, ends * several, week, _IS_SEEN, seen)
    seen[:, held:] = True
    return ~seen


@numba.njit(cache=True, nogil=True)
def _see(marks, columns, ends, week, is_seen, seen):  # type: ignore[no-untyped-def]
    """Mark every day of the weeks in which a student of each group was seen."""
    for group in range(len(ends)):
        own = columns[(ends[group - 1] if group else 0) : ends[group]]
        day = 0
        while day < len(marks):
            end = day
            while end < len(marks) and week[end] == week[day]:
                end += 1
            if not seen[group, day] and _anybody(marks[day:end], own, is_seen):
                seen[group, day:end] = True
            day = end


@numba.njit(cache=True, nogil=True)
def _anybody(marks, columns, is_seen):  # type: ignore[no-untyped-def]
    for day in range(len(marks)):
        for column in columns:
            if column < marks.shape[1] and is_seen[marks[day, column] & 15]:
                return True
    return False
