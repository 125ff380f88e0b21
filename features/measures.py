"""The measures, each once, as vector operations over the state; `answer` gives one value for each student of a cohort.

Single attendance marks are answered by `day_walk` and `course_walk`, totals by `day_totals`, all other tables by
`row_walk`. A value that cannot be known is NaN.
"""

from dataclasses import replace

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.course_walk import PeriodWalk
from features.day_totals import part_unrecorded, prorated, totals_of
from features.day_walk import ANY_MARK, MISSED, RECORDED, Counts, Days, DayWalk, held_only, marks_of
from features.declaration import Feature
from features.margins import above_bars, absence_rule, absences_allowed, rule_of
from features.relations import from_median, group_mean, relative
from features.remembered import Kept, keep_rounded, not_yet, pick, remembered
from features.row_walk import RowsAsked
from features.vocabulary import (
    Age,
    Change,
    Count,
    CountNewest,
    DaysSince,
    FromMedian,
    GroupMean,
    Highest,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Margin,
    Matches,
    Mean,
    NoRecord,
    OfOthers,
    Own,
    Relative,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Unrecorded,
    WeekOfTerm,
    WeeksSame,
    Window,
    WorstCourse,
)
from records.tables import ATTENDANCE, CALENDAR, Table, Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_DAYS_A_YEAR = 365.25
_THIS_TERM = InTerm()
_LEAVE_DAYS, _LATE_DAYS, _MISSED_DAYS = (
    ATTENDANCE["status"].is_in(*values) for values in (("S", "B"), ("L",), ("A", "K"))
)


_OF_NO_ROWS = WeekOfTerm | Own | Relative | FromMedian | GroupMean
# Rows tell a day (or a GPAX); the answer compares it with today, with the opening, with the bar of now.
_COUNTS_DAYS = DaysSince | WeeksSame | Age | LeadDays | Margin


class Answers:
    """The answers of one cohort, feature by feature; what several of them share is worked out when first asked."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        of_name = {feature.name: feature for feature in asked.catalogue}
        self._referred = {
            one.measure.of: of_name[one.measure.of] for one in asked.catalogue if isinstance(one.measure, OfOthers)
        }
        self._answered: dict[str, Floats] = {}
        self._walks: dict[Sessions, DayWalk] = {}
        self._rows: dict[str, RowsAsked] = {}
        self._asked_of_rows: dict[str, dict[str, npt.NDArray[np.floating]]] = {}
        self._parts: dict[bytes, Answers] = {}
        self._periods = PeriodWalk(asked)
        self._not_recorded: dict[tuple[Sessions, Window], Floats] = {}

    def fill(self, feature: Feature, column: npt.NDArray[np.float32]) -> None:
        """Put the rounded answers into `column`.

        Rounding is part of the definition: a float32 runtime must not disagree about near-ties.
        """
        if self._lasts(feature) and not isinstance(feature.measure, _COUNTS_DAYS):
            pick(self._kept(feature.table)[feature.name], self.asked.cohort.student, column)
        elif feature.name in self._referred:
            column[:] = self.answer(feature)
        else:
            _put_rounded(self._answer(feature), feature.decimals, column)

    def answer(self, feature: Feature) -> Floats:
        """The rounded answers, one a student; those that others refer to are worked out once."""
        if feature.name not in self._referred:
            return rounded(self._answer(feature), feature.decimals)
        if feature.name not in self._answered:
            self._answered[feature.name] = rounded(self._answer(feature), feature.decimals)
        return self._answered[feature.name]

    def _answer(self, feature: Feature) -> Floats:
        """The feature's values before rounding, one a student."""
        match feature.measure:
            case WeekOfTerm():
                return np.asarray((self.asked.cohort.today - self.asked.cohort.opens) // 7 + 1, np.float64)
            case Relative(of=of, least=least):
                return relative(self.asked.cohort.group, self.answer(self._referred[of]), least)
            case FromMedian(of=of, least=least):
                return from_median(self.asked.cohort.group, self.answer(self._referred[of]), least)
            case GroupMean(of=of, least=least):
                return group_mean(self.asked.cohort.group, self.answer(self._referred[of]), least)
            case Own(answers=answers):
                return _own(feature, np.asarray(answers(self.asked), np.float64), self.asked.size)
            case _ if feature.table is ATTENDANCE:
                return self._of_periods(feature) if feature.sessions is Sessions.PERIODS else self._of_days(feature)
            case _ if self._lasts(feature):
                kept = np.empty(self.asked.size)
                pick(self._kept(feature.table)[feature.name], self.asked.cohort.student, kept)
                return self._today(feature, kept)
            case _:
                return self._today(feature, self._of_rows(feature))

    def _lasts(self, feature: Feature) -> bool:
        """Whether what rows say is the same next week while no record comes."""
        if feature.table is ATTENDANCE or isinstance(feature.measure, _OF_NO_ROWS):
            return False
        ahead = self.asked.state.rows[feature.table.name].newest_day >= self.asked.cohort.today
        return not (ahead or isinstance(feature.window, Last))

    def _kept(self, table: Table) -> dict[str, npt.NDArray[np.floating]]:
        """What rows say of every student, kept until a row comes; only who was not asked yet is asked.

        Rounded, unless it is a day that is still to be compared with today.
        """
        if table.name not in self._asked_of_rows:
            self._asked_of_rows[table.name] = self._ask_of_rows(table)
        return self._asked_of_rows[table.name]

    def _ask_of_rows(self, table: Table) -> dict[str, npt.NDArray[np.floating]]:
        asked, cohort, students = self.asked, self.asked.cohort, self.asked.state.students
        features = [one for one in asked.catalogue if one.table is table and self._lasts(one)]
        # As the table of answers holds it, where nothing is worked out from it any more.
        exact = [one.name in self._referred or isinstance(one.measure, _COUNTS_DAYS) for one in features]
        kinds = {one.name: np.float64 if more else np.float32 for one, more in zip(features, exact, strict=True)}
        versions = (asked.state.rows[name].version for name in (table.name, CALENDAR.name))
        same = ",".join(f"{one.meaning} {kinds[one.name].__name__}" for one in features), students, *versions
        kept = remembered(asked.state, table.name, same, lambda: Kept.nothing(students, kinds))
        fresh = not_yet(kept.term, cohort.student, cohort.term)
        if len(fresh):
            who, among = cohort.student[fresh], self._among(fresh)
            for one in features:
                found, told = among._of_rows(one), kept.values[one.name]
                if isinstance(one.measure, _COUNTS_DAYS):
                    told[who] = found
                else:
                    keep_rounded(found, one.decimals, who, told)
            kept.term[who] = cohort.term[fresh]
        return kept.values

    def _among(self, places: Ints) -> "Answers":
        """The same questions to some students of the cohort."""
        if len(places) == self.asked.size:
            return self
        key = places.tobytes()
        if key not in self._parts:
            self._parts[key] = Answers(replace(self.asked, cohort=self.asked.cohort.among(places)))
        return self._parts[key]

    def recorded_part(self, window: Window) -> Floats:
        """The part of the teaching days of the own term in a window that have a record; 0 where there is none.

        Of who has teaching days of their own 1 where there is any.
        """
        part, own = 1 - self._unrecorded(Sessions.DAY, window), self.asked.keeps_own_days
        part[own] = self.recorded_days(window)[own] > 0
        return np.nan_to_num(part, nan=0.0)

    def recorded_days(self, window: Window) -> Floats:
        """The days in a window of which shares of days are parts, one a student: single days and periods known by totals."""
        return np.asarray(self._counted(Sessions.DAY, _MISSED_DAYS, window)[1], np.float64)

    # Single days

    def _walk_of(self, sessions: Sessions) -> DayWalk:
        if sessions not in self._walks:
            self._walks[sessions] = DayWalk(self.asked, sessions)
        return self._walks[sessions]

    def _of_days(self, feature: Feature) -> Floats:
        window = feature.window
        walked = self._walk_of(feature.sessions)
        with np.errstate(invalid="ignore", divide="ignore"):
            match feature.measure:
                case Count(where=where):
                    return held_only(*self._counted(feature.sessions, where, window))
                case Share(where=where, weekdays=(_, *_) as weekdays):
                    days = Days(window, weekdays)
                    return _part(walked.count(marks_of(where) & RECORDED, days), walked.count(RECORDED, days))
                case Share(where=where):
                    return _part(*self._counted(feature.sessions, where, window))
                case Change(where=where, short_days=short):
                    counted, held = self._counted(feature.sessions, where, window)
                    late, late_held = self._counted(feature.sessions, where, _shorter(window, short))
                    # A term that has just opened holds fewer days than its last weeks do, and counts know no sign.
                    rest, rest_held = (
                        np.subtract(*both, dtype=np.float64) for both in ((counted, late), (held, late_held))
                    )
                    return _part(late, late_held) - _part(rest, rest_held)
                case LongestRun(where=where, current=current):
                    return walked.run(marks_of(where), window, current=current)
                case DaysSince(where=where, from_opening=from_opening):
                    return walked.since(marks_of(where), window, from_opening=from_opening)
                case Slope(where=where):
                    return walked.slope(marks_of(where), window)
                case NoRecord(where=where):
                    return np.asarray(walked.count(marks_of(where), Days(window, closed_too=True)) == 0, np.float64)
                case Unrecorded():
                    return self._unrecorded(feature.sessions, window)
                case Margin(rule="attendance_share"):
                    return self._absences_left(feature)
                case Margin():
                    run = walked.run(MISSED, _THIS_TERM, current=True)
                    return rule_of(self.asked, "absent_run_dismissal") - run
                case _:
                    raise _not_asked(feature)

    def _counted(self, sessions: Sessions, where: Where, window: Window) -> tuple[Floats | Counts, Floats | Counts]:
        """Matching and recorded days: single days, and for whole days periods that are known by totals alone."""
        walked = self._walk_of(sessions)
        counted, held = (walked.count(marks, Days(window)) for marks in (marks_of(where) & RECORDED, RECORDED))
        totals = totals_of(self.asked) if sessions is Sessions.DAY else None
        if totals is None:
            return counted, held
        of_periods, held_in_periods = prorated(self.asked, totals, where, window)
        return counted + of_periods, held + held_in_periods

    def _unrecorded(self, sessions: Sessions, window: Window) -> Floats:
        if (sessions, window) not in self._not_recorded:
            told = self._walk_of(sessions).count(ANY_MARK, Days(window, taught_only=True))
            part = part_unrecorded(self.asked, told, window)
            self._not_recorded[sessions, window] = np.where(self.asked.keeps_own_days, np.nan, part)
        return self._not_recorded[sessions, window]

    def _absences_left(self, feature: Feature) -> Floats:
        rule = absence_rule(self.asked)
        missed, held = self._counted(feature.sessions, _MISSED_DAYS, _THIS_TERM)
        leave, late = (self._counted(feature.sessions, where, _THIS_TERM)[0] for where in (_LEAVE_DAYS, _LATE_DAYS))
        walked = self._walk_of(feature.sessions)
        in_company = walked.count(ANY_MARK, Days(_THIS_TERM)) - walked.count(RECORDED, Days(_THIS_TERM))
        left = absences_allowed(self.asked, rule.share, held, in_company) - rule.absences(missed, leave, late)
        return held_only(left, held)

    # Class periods

    def _of_periods(self, feature: Feature) -> Floats:
        match feature.measure:
            case Count(where=where):
                return held_only(*self._periods.counted(marks_of(where), feature.window))
            case Share(where=where, weekdays=()):
                return _part(*self._periods.counted(marks_of(where), feature.window))
            case WorstCourse(where=where, least=least):
                return self._periods.worst_share(marks_of(where), feature.window, least)
            case Margin(rule="attendance_share", per_course=True, least=least):
                return self._periods.fewest_left(absence_rule(self.asked), least)
            case _:
                raise _not_asked(feature)

    # Rows of the other tables

    def _rows_of(self, table: Table) -> RowsAsked:
        if table.name not in self._rows:
            self._rows[table.name] = RowsAsked(self.asked, self.asked.state.rows[table.name])
        return self._rows[table.name]

    def _of_rows(self, feature: Feature) -> Floats:
        rows, absent = self._rows_of(feature.table), np.nan if feature.absent_means is None else feature.absent_means
        match feature.measure:
            case Count(where=where, among=among):
                counted, seen = rows.tally(feature, where, among)
                return np.where(seen > 0, counted, absent)
            case Share(where=where, among=among, weight=str(weight)):
                part, telling = rows.summed(feature, weight, None, where, among)
                whole, _ = rows.summed(feature, weight, None, among)
                known = (whole > 0) & ((telling > 0) | (rows.tally(feature, where, among)[0] == 0))
                return np.where(known, part / np.where(whole > 0, whole, 1), absent)
            case Share(where=where, among=among):
                counted, seen = rows.tally(feature, where, among)
                return np.where(seen > 0, counted / np.maximum(seen, 1), absent)
            case CountNewest(where=where, by=by, besides=besides):
                found = rows.newest_of_each(feature, where, by, besides)
                return np.where(np.isnan(found), absent, found)
            case NoRecord(where=where):
                return np.asarray(rows.tally(feature, where)[0] == 0, np.float64)
            case Sum(column=column, where=where):
                _, told = rows.summed(feature, column, None, None)
                total, telling = rows.summed(feature, column, None, where)
                known = (telling > 0) | (told > 0) & (rows.tally(feature, where)[0] == 0)
                return np.where(known, total, absent)
            case Mean(column=column, weight=weight, where=where):
                total, told = rows.summed(feature, column, weight, where)
                return np.where(told > 0, total / np.where(told > 0, told, 1), absent)
            case _:
                return self._of_newest(feature, rows, absent)

    def _today(self, feature: Feature, told: Floats) -> Floats:
        """What rows say, seen from `as_of`."""
        today, absent = self.asked.cohort.today, np.nan if feature.absent_means is None else feature.absent_means
        match feature.measure:
            case WeeksSame():
                return np.where(np.isnan(told), absent, np.floor((today - told) / 7))
            case DaysSince():
                return np.where(np.isnan(told), absent, today - told)
            case LeadDays():
                return self.asked.cohort.opens - told
            case Age():
                return (today - told) / _DAYS_A_YEAR
            case Margin():
                return above_bars(self.asked, feature, told)
            case _:
                return told

    def _of_newest(self, feature: Feature, rows: RowsAsked, absent: float) -> Floats:
        match feature.measure:
            case Latest(column=column, where=where, also=also, telling=telling):
                newest = rows.newest(feature, where, column if telling else None, also=also)
                return rows.picked(rows.values(column), newest, absent)
            case Matches(where=where):
                return rows.picked(rows.matches(where), rows.newest(feature, None, where.column), absent)
            case Highest(column=column, where=where):
                found = rows.highest(feature, column, where)
                return np.where(np.isnan(found), absent, found)
            case StepChange(column=column, where=where):
                last, before = rows.before_newest(feature, column, where)
                return np.where(np.isnan(before), absent, last - before)
            case WeeksSame(column=column, where=where):
                return rows.picked(rows.values("happened_on"), rows.same_since(feature, column, where), np.nan)
            case DaysSince(where=where):
                return rows.picked(rows.values("happened_on"), rows.newest(feature, where), np.nan)
            case LeadDays(column=column) | Age(column=column):
                return rows.picked(rows.values(column), rows.newest(feature, None), np.nan)
            case Margin(rule="gpa_minimum"):
                return rows.picked(rows.values("gpax"), rows.newest(feature, None), np.nan)
            case _:
                raise _not_asked(feature)


def _shorter(window: Window, short_days: int) -> Window:
    """The end of a window. A term that is younger holds no more days than its end, so that nothing is left before it."""
    return Last(days=min(short_days, window.days) if isinstance(window, Last) else short_days)


@numba.njit(cache=True, nogil=True)
def _part(counted: Floats | Counts, held: Floats | Counts) -> Floats:
    found = np.empty(len(held))
    for i in range(len(held)):
        # A held share below a thousandth of a day is what subtracting pro rata parts leaves, and no day.
        found[i] = counted[i] / held[i] if held[i] > 1e-3 else np.nan
    return found


def _not_asked(feature: Feature) -> TypeError:
    return TypeError(f"feature {feature.name}: {type(feature.measure).__name__} is not asked of {feature.table.name}")


def _own(feature: Feature, values: Floats, students: int) -> Floats:
    if values.shape != (students,):
        raise ValueError(
            f"feature {feature.name}: its function gave {values.shape} values for {students} students; give one each"
        )
    return values


@numba.njit(cache=True, nogil=True)
def rounded(values: Floats, decimals: int) -> Floats:
    """As np.round does it, in one pass."""
    found = np.empty(len(values))
    _put_rounded(values, decimals, found)
    return found


@numba.njit(cache=True, nogil=True)
def _put_rounded(values, decimals, column):  # type: ignore[no-untyped-def]
    scale = 10.0**decimals
    for i in range(len(column)):
        column[i] = np.rint(values[i] * scale) / scale + 0.0  # never -0
