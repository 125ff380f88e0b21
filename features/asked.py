"""One cohort of one state, with what several measures need worked out once: windows, calendars, rules, weeks outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numba
import numpy as np
import numpy.typing as npt

from features.cohort import Cohort
from features.day_cubes import mark
from features.declaration import Feature
from features.remembered import remembered
from features.state import State
from features.vocabulary import Ever, InTerm, Last, Term, Window
from records.codes import DAY_KINDS, STUDY_MODES
from records.tables import CALENDAR, ENROLMENTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOREVER = 10**6
NORMAL, INTERNSHIP = -1, -2
_IS_SEEN = np.isin(np.arange(16), [mark(status) for status in ("P", "L", "E", "O")])
_HELD_KINDS = [DAY_KINDS.position(kind) for kind in ("TEACH", "EXAM", "WFH")]
_CLOSED_KINDS = [DAY_KINDS.position(kind) for kind in ("HOLIDAY", "CLOSED")]
_DUAL, _INTERN = STUDY_MODES.position("DUAL"), STUDY_MODES.position("INTERNSHIP")


@dataclass(frozen=True)
class Calendars:
    """Days of the terms: `teach[term, day]` and `closed[institution, day]`, day 0 being `first` (days since 1970).

    `taught[term, day]` counts the teaching days of the term before the day.
    """

    first: int
    teach: Flags
    closed: Flags
    taught: Ints

    def taught_between(self, term: Ints, start: Ints | int, end: Ints | int) -> Ints:
        """Teaching days of each term from `start` up to (not including) `end`."""
        low, high = (np.clip(np.asarray(day) - self.first, 0, self.teach.shape[1]) for day in (start, end))
        return np.asarray(np.maximum(self.taught[term, high] - self.taught[term, low], 0))


@dataclass(frozen=True)
class Outside:
    """Who learns outside: `mode` of each student is NORMAL, INTERNSHIP or the place of a group of dual students.

    `company[group, day]` says which days of the cubes lie in weeks in which nobody of the group was seen.
    """

    mode: npt.NDArray[np.int32]
    company: Flags


@dataclass(frozen=True)
class Asked:
    """One cohort of one state, asked the features of a catalogue."""

    state: State
    cohort: Cohort
    catalogue: Sequence[Feature]

    @property
    def size(self) -> int:
        return len(self.cohort.student)

    @cached_property
    def place(self) -> Ints:
        """Student number → position in the cohort, -1 for others."""
        place = np.full(self.state.students + 1, -1, np.int64)
        place[self.cohort.student] = np.arange(self.size)
        return place

    @cached_property
    def institution(self) -> Ints:
        """The position of each student's institution."""
        return self.state.institution_of(self.cohort.student)

    def term_starts(self, window: Window) -> Ints:
        """The first day of a window for each of the cohort's terms; the term before is FOREVER away when there is none."""
        opens = np.array([span.opens for span in self.cohort.terms], np.int64)
        match window:
            case Last(days=days):
                return np.full(len(opens), self.cohort.today - days, np.int64)
            case InTerm(term=Term.THIS):
                return opens
            case InTerm():
                before = self.cohort.terms_before
                return np.where(before >= 0, opens[np.maximum(before, 0)], FOREVER)
            case Ever():
                return np.full(len(opens), -FOREVER, np.int64)
            case _:
                assert_never(window)

    def term_ends(self, window: Window) -> Ints:
        """The day after the window's last for each of the cohort's terms: never later than `as_of`."""
        if window != InTerm(term=Term.PREVIOUS):
            return np.full(len(self.cohort.terms), self.cohort.today, np.int64)
        closes = np.array([span.closes for span in self.cohort.terms], np.int64)
        ends = closes[np.maximum(self.cohort.terms_before, 0)] + 1
        return np.minimum(ends, self.cohort.today)

    def first_days(self, window: Window) -> Ints:
        """The first day of a window for each student."""
        return np.asarray(self.term_starts(window)[self.cohort.term])

    @cached_property
    def calendars(self) -> Calendars:
        rows, cube = self.state.rows[CALENDAR.name], self.state.attendance
        same = rows.version, cube.first_day, cube.end_day
        return remembered(self.state, "calendars", same, self._calendars)

    def _calendars(self) -> Calendars:
        rows = self.state.rows[CALENDAR.name]
        days = rows.columns["happened_on"].astype(np.int64)
        cube = self.state.attendance
        low = min(int(days.min()), cube.first_day) if len(cube.days) else int(days.min())
        high = max(int(days.max()) + 1, cube.end_day)
        alive = rows.columns["alive"]
        held = np.flatnonzero(alive & np.isin(rows.columns["kind"], _HELD_KINDS))
        shut = np.flatnonzero(alive & np.isin(rows.columns["kind"], _CLOSED_KINDS))
        place = {(s.institution, s.academic_year, s.term): at for at, s in enumerate(self.cohort.terms)}
        told = zip(
            rows.student[held].tolist(), rows.columns["academic_year"][held].tolist(),
            rows.columns["term"][held].tolist(), strict=True,
        )  # fmt: skip
        teach = np.zeros((len(self.cohort.terms), high - low), bool)
        teach[[place[key] for key in told], days[held] - low] = True
        closed = np.zeros((len(self.state.offsets), high - low), bool)
        closed[rows.student[shut], days[shut] - low] = True
        taught = np.zeros((len(teach), high - low + 1), np.int64)
        np.cumsum(teach, axis=1, out=taught[:, 1:])
        return Calendars(first=low, teach=teach, closed=closed, taught=taught)

    @cached_property
    def outside(self) -> Outside:
        mode = self.state.rows[ENROLMENTS.name].columns["study_mode"][self.cohort.row]
        found = np.full(self.size, NORMAL, np.int32)
        found[mode == _INTERN] = INTERNSHIP
        dual = np.flatnonzero(mode == _DUAL)
        groups, place = np.unique(self.cohort.group[dual], return_inverse=True)
        found[dual] = place
        cubes = self.state.attendance
        held = max(min(self.cohort.today, cubes.end_day) - cubes.first_day, 0)
        week = (np.arange(len(cubes.days)) + cubes.first_day + 3) // 7  # 1970-01-01 was a Thursday
        week -= week[:1]
        seen = np.zeros((len(groups), int(week.max(initial=0)) + 1), bool)
        for marks in (*cubes.held.values(), *([] if cubes.periods is None else [cubes.periods])):
            by_period = marks if marks.ndim == 3 else marks[:, :, None]
            _see(by_period[:held], self.cohort.student[dual], place, week, _IS_SEEN, seen)
        company = ~seen[:, week]
        company[:, held:] = False
        return Outside(mode=found, company=company)


@numba.njit(cache=True, nogil=True)
def _see(marks, students, group, week, is_seen, seen):  # type: ignore[no-untyped-def]
    """Mark the weeks in which a student of each group was seen."""
    for day in range(len(marks)):
        for i in range(len(students)):
            if students[i] < marks.shape[1] and not seen[group[i], week[day]]:
                for cell in marks[day, students[i]]:
                    if is_seen[cell & 15]:
                        seen[group[i], week[day]] = True
