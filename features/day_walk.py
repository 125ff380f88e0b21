"""Questions about single attendance marks: counts, runs, days since and slopes of every student at once.

A set of marks is a number with a bit for each of them, and a cube is read a day at a time over thousands of students,
so that the compiler turns every question into a few vector instructions a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.day_cubes import ABSENT_MARKS, MARK_OF, NEUTRAL, mark
from features.outside import NORMAL
from features.vocabulary import Sessions, Window
from records.tables import Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint16]
Cube = npt.NDArray[np.uint8]


def bits_of(*statuses: str) -> int:
    """A number with a bit for the mark of each status."""
    return sum(1 << mark(status) for status in statuses)


_IN_COMPANY = 15
"""The mark of an absence that was a day in the company: something was recorded, but nobody was seen there."""
ANY_MARK = sum(1 << int(one) for one in {*MARK_OF.tolist(), _IN_COMPANY} - {0})
RECORDED = ANY_MARK & ~(1 << NEUTRAL | 1 << _IN_COMPANY)
MISSED, LEAVE, LATE = bits_of("A", "K"), bits_of("S", "B"), bits_of("L")
_AT_ONCE = 4096  # students: a term of their marks stays in the second cache
_SUMS_AT_ONCE = 1024  # their five sums stay in the first
_MOST_IN_BYTE = 255
_SCATTERED = 2
_MARKS = 16  # the bytes of a cube are smaller
_NO_MARK = 1 << 0  # the bit of a cell without a mark: beside ANY_MARK all that a cube can hold
_IS_ABSENT = np.isin(np.arange(256), ABSENT_MARKS)


def marks_of(where: Where | None) -> int:
    return ANY_MARK if where is None else bits_of(*where.values)


@dataclass(frozen=True)
class Days:
    """Which days of a window count: those that were not closed, or with these too; some weekdays; teaching days alone."""

    window: Window
    weekdays: tuple[int, ...] = ()
    taught_only: bool = False
    closed_too: bool = False


@dataclass(frozen=True)
class _Part:
    """Students (places in the cohort) who are asked about the same days (rows of the cube), in these columns."""

    cube: Cube
    days: Ints
    who: Ints
    column: Ints


class DayWalk:
    """The marks of one kind of session, as one cohort is asked about them; answers are one a student."""

    def __init__(self, asked: Asked, sessions: Sessions) -> None:
        self.asked = asked
        self._sessions = sessions
        self._counted: dict[tuple[int, Days], Counts] = {}
        self._runs: dict[tuple[int, Window], tuple[Counts, Counts]] = {}
        self._parts_of: dict[Days, list[_Part]] = {}
        self._by_terms: dict[tuple[int, ...], list[tuple[Cube, Ints, Ints]]] = {}

    @cached_property
    def _cube(self) -> Cube:
        marks = self.asked.state.attendance.marks(self._sessions)
        return np.zeros((0, 0), np.uint8) if marks is None else marks

    @cached_property
    def _active(self) -> Ints:
        """The days (rows of the cube) with any mark, which weekends and breaks have not."""
        return np.flatnonzero(self._cube.max(axis=1, initial=0))

    @property
    def _first_day(self) -> int:
        return self.asked.state.attendance.first_day

    @cached_property
    def _is_outside(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.asked.outside.row != NORMAL)

    def _marks_outside(self, who: Ints) -> Cube:
        """The marks of these students, who learn outside: absence from the college is a day in the company."""
        cube, outside = np.take(self._cube, self.asked.cohort.student[who], axis=1), self.asked.outside
        _set_outside(cube, self._active, outside.row[who], outside.company)
        return cube

    def count(self, marks: int, days: Days) -> Counts:
        """How many of the days have one of these marks."""
        if (marks, days) not in self._counted:
            found = np.zeros(self.asked.size, np.uint16)
            for part in self._parts(days):
                _spread(_counted(part.cube, part.days, marks), part.column, part.who, found)
            self._counted[marks, days] = found
        return self._counted[marks, days]

    def run(self, marks: int, window: Window, *, current: bool) -> Floats:
        """Runs go over recorded days: others neither break nor lengthen them; NaN without one."""
        if (marks, window) not in self._runs:
            self._runs[marks, window] = self._run(marks, window)
        return held_only(self._runs[marks, window][not current], self.count(RECORDED, Days(window)))

    def _run(self, marks: int, window: Window) -> tuple[Counts, Counts]:
        """The run that goes on, and the longest."""
        now, longest = np.zeros((2, self.asked.size), np.uint16)
        for part in self._parts(Days(window)):
            runs = np.zeros((2, part.cube.shape[1]), np.uint16)
            _run(part.cube, part.days, np.uint16(marks & RECORDED), np.uint16(RECORDED), runs[0], runs[1])
            _spread(runs[0], part.column, part.who, now)
            _spread(runs[1], part.column, part.who, longest)
        return now, longest

    def since(self, marks: int, window: Window, *, from_opening: bool) -> Floats:
        """Calendar days from the newest matching mark to `as_of`; without one NaN, or as DaysSince says `from_opening`.

        Who came on a day that was closed afterwards was seen.
        """
        days = Days(window, closed_too=True)
        found = np.full(self.asked.size, np.nan)
        ago = self.asked.cohort.today - (self._first_day + np.arange(len(self._cube), dtype=np.float64))
        for part in self._parts(days):
            last = np.full(part.cube.shape[1], -1, np.int32)
            _last(part.cube, part.days, np.uint16(marks), last)
            _spread(np.append(ago, np.nan)[last], part.column, part.who, found)  # -1, none, is the last
        if not from_opening:
            return found
        never = np.isnan(found) & (self.count(RECORDED, days) > 0)
        return np.where(never, np.maximum(self.asked.cohort.today - self.asked.expected_from, 0), found)

    def slope(self, marks: int, window: Window) -> Floats:
        """Least squares of the matching share on days, for a week; NaN where the recorded days do not differ."""
        found = np.full(self.asked.size, np.nan)
        for part in self._parts(Days(window)):
            sums = np.zeros((5, part.cube.shape[1]), np.int32)
            since = part.days - part.days[0] if len(part.days) else part.days
            _sums(part.cube, part.days, since, np.uint16(marks & RECORDED), np.uint16(RECORDED), sums)
            _fit(sums, part.column, part.who, found)
        return found

    # Who is asked about which days

    def _parts(self, days: Days) -> list[_Part]:
        """Students by the days that count for them; terms with the same days go together."""
        if days not in self._parts_of:
            self._parts_of[days] = list(self._cut(days))
        return self._parts_of[days]

    @cached_property
    def _terms(self) -> list[int]:
        """The terms that students are in."""
        terms: list[int] = np.flatnonzero(np.bincount(self.asked.cohort.term)).tolist()
        return terms

    def _cut(self, days: Days) -> Iterator[_Part]:
        if not len(self._active):
            return
        chosen: dict[bytes, list[int]] = {}
        wanted = self._wanted(days)
        for place, term in enumerate(self._terms):
            chosen.setdefault(wanted[place].tobytes(), []).append(term)
        for key, terms in chosen.items():
            rows = self._active[np.flatnonzero(np.frombuffer(key, bool))]
            for cube, who, column in self._of_terms(tuple(terms)):
                yield _Part(cube=cube, days=rows, who=who, column=column)

    def _of_terms(self, terms: tuple[int, ...]) -> list[tuple[Cube, Ints, Ints]]:
        """Parts of the cube, the students (places in the cohort) of some terms whom they hold, and their columns there."""
        if terms not in self._by_terms:
            student, found = self.asked.cohort.student, []
            of_term = np.isin(self.asked.cohort.term, terms) if len(terms) < len(self._terms) else True
            held = of_term & (student < self._cube.shape[1])
            if len(who := np.flatnonzero(held & ~self._is_outside)):
                cube, column = _part_of(self._cube, student[who])
                found.append((cube, who, column))
            if len(who := np.flatnonzero(held & self._is_outside)):
                found.append((self._marks_outside(who), who, np.arange(len(who))))
            self._by_terms[terms] = found
        return self._by_terms[terms]

    def _wanted(self, days: Days) -> npt.NDArray[np.bool_]:
        """Which of the active days count for each of the terms."""
        asked, calendars, terms = self.asked, self.asked.calendars, self._terms
        day = self._active + self._first_day
        starts, ends = asked.term_starts(days.window)[terms, None], asked.term_ends(days.window)[terms, None]
        wanted = (day >= starts) & (day < ends)
        at = day - calendars.first
        if days.weekdays:
            wanted &= np.isin((day + 3) % 7, days.weekdays)  # 1970-01-01 was a Thursday
        if days.taught_only:
            wanted &= calendars.teach[terms][:, at]
        if not days.closed_too:
            wanted &= ~self._marked_though_closed[[asked.cohort.terms[term].institution for term in terms]]
        return np.asarray(wanted)

    @cached_property
    def _marked_though_closed(self) -> npt.NDArray[np.bool_]:
        """By institution and active day: it was closed, and somebody has a mark of it all the same.

        Closed days without a mark are left out: students whose days differ by such alone are counted together.
        """
        calendars, state = self.asked.calendars, self.asked.state
        found = calendars.closed[:, self._active + self._first_day - calendars.first]
        ends = np.append(state.offsets[1:], self._cube.shape[1])
        for where, day in np.argwhere(found):
            found[where, day] = self._cube[self._active[day], state.offsets[where] : ends[where]].any()
        return found


def _part_of(cube: Cube, students: Ints) -> tuple[Cube, Ints]:
    """A part of the cube that holds these students, and their columns there."""
    if cube.shape[1] <= _SCATTERED * len(students):  # most of all: to read the others too is cheaper than to copy
        return cube, students
    low, high = int(students.min()), int(students.max()) + 1
    if high - low > _SCATTERED * len(students):  # few among many: only their columns are worth reading
        return np.take(cube, students, axis=1), np.arange(len(students))
    return np.ascontiguousarray(cube[:, low:high]), students - low


@numba.njit(cache=True, nogil=True)
def held_only(values: Floats | Counts, held: Floats | Counts) -> Floats:
    """The values of who has a recorded day; NaN for others."""
    found = np.empty(len(values))
    for i in range(len(values)):
        found[i] = values[i] if held[i] > 0 else np.nan
    return found


@numba.njit(cache=True, nogil=True)
def _spread(values: Any, column: Ints, who: Ints, found: Any) -> None:
    """Put the values of columns in the places of the students who have them."""
    for k in range(len(who)):
        found[who[k]] = values[column[k]]


@numba.njit(cache=True, nogil=True)
def _set_outside(marks: Cube, days: Ints, row: npt.NDArray[np.int32], company: npt.NDArray[np.bool_]) -> None:
    for day in days:
        for i in range(len(row)):
            if _IS_ABSENT[marks[day, i]] and company[row[i], day]:
                marks[day, i] = _IN_COMPANY


def _counted(cube: Cube, days: Ints, marks: int) -> Counts:
    """How many of the days have one of the marks, in each column: by these or by all others, whichever are fewer."""
    others = (ANY_MARK | _NO_MARK) & ~marks
    by_others = others.bit_count() < marks.bit_count()
    looked_for = [one for one in range(_MARKS) if (others if by_others else marks) >> one & 1]
    found = np.zeros(cube.shape[1], np.uint16)
    _count(cube, days, np.array(looked_for, np.uint8), found)
    return len(days) - found if by_others else found


@numba.njit(cache=True, nogil=True)
def _count(cube: Cube, days: Ints, marks: npt.NDArray[np.uint8], found: Counts) -> None:
    """In bytes, of which most fit in one instruction; they are added up before they could overflow."""
    in_bytes = np.empty(_AT_ONCE, np.uint8)
    for low in range(0, len(found), _AT_ONCE):
        total = found[low : low + _AT_ONCE]
        counted = in_bytes[: len(total)]
        for first in range(0, len(days), _MOST_IN_BYTE):
            counted[:] = 0
            for day in days[first : first + _MOST_IN_BYTE]:
                row = cube[day, low : low + _AT_ONCE]
                for wanted in marks:
                    for i in range(len(counted)):
                        counted[i] += np.uint8(row[i] == wanted)
            for i in range(len(total)):
                total[i] += counted[i]


@numba.njit(cache=True, nogil=True)
def _run(cube: Cube, days: Ints, marks: Any, recorded: Any, now: Counts, longest: Counts) -> None:
    one = np.uint16(1)
    for low in range(0, len(now), _AT_ONCE):
        own_now, own_longest = now[low : low + _AT_ONCE], longest[low : low + _AT_ONCE]
        for day in days:
            row = cube[day, low : low + _AT_ONCE]
            for i in range(len(own_now)):
                matches = (marks >> np.uint16(row[i])) & one
                is_recorded = (recorded >> np.uint16(row[i])) & one
                own_now[i] = np.uint16((own_now[i] + matches) * (matches | (one - is_recorded)))
                own_longest[i] = max(own_now[i], own_longest[i])


@numba.njit(cache=True, nogil=True)
def _last(cube: Cube, days: Ints, marks: Any, last: npt.NDArray[np.int32]) -> None:
    for low in range(0, len(last), _AT_ONCE):
        own = last[low : low + _AT_ONCE]
        for day in days:
            row = cube[day, low : low + _AT_ONCE]
            for i in range(len(own)):
                if (marks >> np.uint16(row[i])) & np.uint16(1):
                    own[i] = day


@numba.njit(cache=True, nogil=True)
def _sums(cube: Cube, days: Ints, since: Ints, marks: Any, recorded: Any, sums: npt.NDArray[np.int32]) -> None:
    """n, Σx and Σx² over recorded days, Σy and Σxy over matching ones; x counts days, so that all is whole."""
    for low in range(0, sums.shape[1], _SUMS_AT_ONCE):
        high = low + _SUMS_AT_ONCE
        # Line by line: then the compiler knows that the numbers lie side by side.
        n, sx, sxx = sums[0, low:high], sums[1, low:high], sums[2, low:high]
        sy, sxy = sums[3, low:high], sums[4, low:high]
        for k in range(len(days)):
            row, x = cube[days[k], low:high], np.int32(since[k])
            for i in range(len(n)):
                is_recorded = np.int32((recorded >> np.uint16(row[i])) & np.uint16(1))
                matches = np.int32((marks >> np.uint16(row[i])) & np.uint16(1))
                n[i] += is_recorded
                sx[i] += x * is_recorded
                sxx[i] += x * x * is_recorded
                sy[i] += matches
                sxy[i] += x * matches


@numba.njit(cache=True, nogil=True)
def _fit(sums: npt.NDArray[np.int32], column: Ints, who: Ints, found: Floats) -> None:
    """The slope a week from the sums of each student, where the days differ."""
    for k in range(len(who)):
        n, x, xx = np.int64(sums[0, column[k]]), np.int64(sums[1, column[k]]), np.int64(sums[2, column[k]])
        y, xy = np.int64(sums[3, column[k]]), np.int64(sums[4, column[k]])
        spread = n * xx - x * x
        if spread > 0:
            found[who[k]] = (7 * (n * xy - x * y)) / spread
