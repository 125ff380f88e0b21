"""One cohort of one state, with what several measures need worked out once: windows, calendars, rules, weeks outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.closed import HELD_KINDS, closed_days
from features.cohort import Cohort
from features.day_cubes import ABSENT_MARKS, NEUTRAL, mark
from features.declaration import Feature
from features.outside import NORMAL, Outside, outside_of
from features.remembered import remembered
from features.state import NO_DAY, State, VersionedRows
from features.vocabulary import Ever, InTerm, Last, Sessions, Term, Window
from records.codes import STUDY_MODES
from records.tables import CALENDAR, ENROLMENTS, Column, Kind, Table, Use

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOREVER = 10**6
_OWN_DAYS = [STUDY_MODES.position(mode) for mode in ("EVENING", "SHORT", "FLEX")]


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


@dataclass(frozen=True, kw_only=True)
class MarkedDays:
    """Calendar days, oldest first, and what was marked on them: arrays of (days, students of the cohort).

    `number` counts days since 1970-01-01. `taught` says which are teaching days of the student's own term, `closed` which
    were a holiday or closed. Days outside a student's own window are empty and False.
    """

    number: Ints
    marks: npt.NDArray[np.uint8]
    taught: Flags
    closed: Flags

    @property
    def weekday(self) -> Ints:
        """Of each day, Monday = 0."""
        return np.asarray((self.number + 3) % 7)  # 1970-01-01 was a Thursday

    @property
    def recorded(self) -> Flags:
        """A mark that says whether the student came, of a day that was not closed; a day in the company says nothing."""
        return np.asarray((self.marks != 0) & (self.marks != mark("I")) & ~self.closed)

    def are(self, *statuses: str) -> Flags:
        """Which days that were not closed have one of these statuses (records.codes.ATTENDANCE_STATUSES)."""
        if nothing := sorted({"N", "H"} & set(statuses)):
            raise ValueError(
                f"{', '.join(nothing)}: not held and not recorded are no marks; ask `recorded` or `taught`"
            )
        return np.asarray(np.isin(self.marks, [mark(status) for status in statuses]) & ~self.closed)


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

    @cached_property
    def expected_from(self) -> Ints:
        """The day from which each student should come: the opening of the term, or the registration where it came later."""
        registered = self.state.rows[ENROLMENTS.name].columns["registered_on"][self.cohort.row]
        # Where no day is told it is before all others.
        return np.maximum(self.cohort.opens, registered.astype(np.int64))

    def first_days(self, window: Window) -> Ints:
        """The first day of a window for each student."""
        return np.asarray(self.term_starts(window)[self.cohort.term])

    # What an analyst's own function asks (docs/guides/new-feature.md)

    def days(self, window: Window, sessions: Sessions = Sessions.DAY) -> MarkedDays:
        """The days of a window up to `as_of`; absence of those who learn outside is a day in the company (I) already.

        Raises ValueError for class periods, and for Ever: attendance is kept for this and the previous term.
        """
        if isinstance(window, Ever) or sessions is Sessions.PERIODS:
            raise ValueError("days are asked of Last or InTerm, and not of class periods: declare Share or WorstCourse")
        starts, ends = (bound(window)[self.cohort.term] for bound in (self.term_starts, self.term_ends))
        number = np.arange(starts.min(), max(ends.max(), starts.min()))
        inside = (number[:, None] >= starts) & (number[:, None] < ends)
        where = np.array([span.institution for span in self.cohort.terms], np.int64)[self.cohort.term]
        return MarkedDays(
            number=number,
            marks=np.where(inside, self._marks(number, sessions), 0).astype(np.uint8),
            taught=inside & self._on_calendar(self.calendars.teach, self.cohort.term, number),
            closed=inside & self._on_calendar(self.calendars.closed, where, number),
        )

    def rows(self, table: Table) -> pd.DataFrame:
        """What is known of the cohort in a table of students, up to `as_of`, each student's newest row last.

        `place` is the position in the cohort, then come `happened_on` and the columns that a feature may name: codes and
        texts as categories, flags 0 or 1, missing as missing. Raises ValueError for a table that the state keeps no rows of.
        """
        held = self.state.rows.get(table.name)
        asked = any(column.use is Use.FEATURE for column in table.columns)
        if held is None or not (table.per_student and asked):
            raise ValueError(
                f"the state keeps no rows of students in {table.name} that a feature may ask: "
                "ask days() of attendance, calendars of the calendar"
            )
        happened, place = held.columns["happened_on"], self.place[held.student]
        speaks = held.columns["alive"] & (happened < self.cohort.today) & (place >= 0)
        if (superseded := held.superseded(self.state.students, self.cohort.today)) is not None:
            speaks &= ~superseded  # of several attempts the last one
        known = np.flatnonzero(speaks)
        known = known[np.lexsort((held.newness()[known], place[known]))]
        told = {one.name: _shown(one, held, known) for one in table.columns if one.use is Use.FEATURE}
        return pd.DataFrame({"place": place[known], "happened_on": _dates(happened[known]), **told})

    def _marks(self, number: Ints, sessions: Sessions) -> npt.NDArray[np.uint8]:
        found = np.zeros((len(number), self.size), np.uint8)
        marks, at = self.state.attendance.marks(sessions), number - self.state.attendance.first_day
        if marks is None:
            return found
        held, inside = (at >= 0) & (at < len(marks)), self.cohort.student < marks.shape[1]
        found[np.ix_(held, inside)] = marks[np.ix_(at[held], self.cohort.student[inside])]
        away = np.zeros(found.shape, bool)
        outside = np.flatnonzero(self.outside.row != NORMAL)
        away[np.ix_(held, outside)] = self.outside.company[self.outside.row[outside]][:, at[held]].T
        return np.where(away & np.isin(found, ABSENT_MARKS), NEUTRAL, found).astype(np.uint8)

    def _on_calendar(self, flags: Flags, row: Ints, number: Ints) -> Flags:
        """Of each day and student whether the calendar's row of the student has the flag."""
        at = number - self.calendars.first
        held = (at >= 0) & (at < flags.shape[1])
        found = np.zeros((len(number), self.size), bool)
        found[held] = flags[:, at[held]][row].T
        return found

    @cached_property
    def calendars(self) -> Calendars:
        """Teaching and closed days of every term and institution of the state."""
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
        held = np.flatnonzero(alive & np.isin(rows.columns["kind"], HELD_KINDS))
        place = {(s.institution, s.academic_year, s.term): at for at, s in enumerate(self.cohort.terms)}
        told = zip(
            rows.student[held].tolist(), rows.columns["academic_year"][held].tolist(),
            rows.columns["term"][held].tolist(), strict=True,
        )  # fmt: skip
        teach = np.zeros((len(self.cohort.terms), high - low), bool)
        teach[[place[key] for key in told], days[held] - low] = True
        taught = np.zeros((len(teach), high - low + 1), np.int64)
        np.cumsum(teach, axis=1, out=taught[:, 1:])
        return Calendars(first=low, teach=teach, closed=closed_days(self.state, low, high), taught=taught)

    @cached_property
    def keeps_own_days(self) -> Flags:
        """Whose study mode has teaching days of its own (at weekends, on some evenings), which no calendar tells."""
        mode = self.state.rows[ENROLMENTS.name].columns["study_mode"][self.cohort.row]
        return np.isin(mode, _OWN_DAYS)

    @cached_property
    def outside(self) -> Outside:
        """Who learns outside, and when."""
        return outside_of(self.state, self.cohort)


def _dates(days: npt.NDArray[np.int32]) -> npt.NDArray[np.datetime64]:
    return np.where(days == NO_DAY, np.datetime64("NaT", "D"), days.astype("datetime64[D]"))


def _shown(column: Column, held: VersionedRows, rows: Ints) -> object:
    """A column of the state as an analyst reads it."""
    values = held.columns[column.name][rows]
    match column.kind:
        case Kind.CODE if column.codes is not None:
            return pd.Categorical.from_codes(values.astype(np.int64), pd.Index(column.codes.values))
        case Kind.TEXT:
            return pd.Categorical.from_codes(values.astype(np.int64), pd.Index(held.words[column.name], dtype=str))
        case Kind.DATE:
            return _dates(values)
        case Kind.FLAG:
            return np.where(values < 0, np.nan, values)
        case _:
            return values.astype(np.float64)
