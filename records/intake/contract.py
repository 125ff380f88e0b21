"""The contract: named rules per table, each one vectorised look at the rows of a portion and at what is known around them.

A rule says where rows break it; `problems.py` says what that means and what to do. Cells that cannot be read and days
to come are judged where they are parsed; rules over several rows of one file stand in `comparing.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records import codes, versions
from records.intake.findings import Findings
from records.log import EventLog
from records.tables import (
    ATTENDANCE,
    ATTENDANCE_TOTAL,
    CALENDAR,
    ENROLMENTS,
    GRADES,
    HOUSEHOLD,
    OUTCOMES,
    SCREENING_SENSITIVE,
    STUDENTS,
    Table,
)

Mask: TypeAlias = npt.NDArray[np.bool_]
Days: TypeAlias = npt.NDArray[np.int32]

# The scale from score to grade [domain 2.6].
_SCALE = ((80, "4"), (75, "3.5"), (70, "3"), (65, "2.5"), (60, "2"), (55, "1.5"), (50, "1"))
# The youngest and oldest that a level can have, in whole years; wide on purpose [judgement on domain 2.4].
_AGES = {"K": (2, 8), "P": (5, 18), "M": (10, 25), "V": (14, 60), "D": (16, 60)}
_SDQ_AGES = (4, 16)  # whole years for which the SDQ is made [domain 2.7]
_INCOME_TOLERANCE = 0.05  # rounding of a form
_PRESENT = ("P", "L", "E", "O")
_OFF_DAYS = ("HOLIDAY", "CLOSED")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the log knows when a file comes in, read only when a rule asks; days count from 1970-01-01."""

    log: EventLog

    def latest(self, table: Table) -> pa.Table:
        """The last known version of every fact of a table."""
        return versions.latest(table, self.log.rows(table))

    @cached_property
    def term_days(self) -> list[tuple[int, int, int, int]]:
        """(first day, last day, academic year, term) of every term of the calendar."""
        terms: dict[tuple[int, int], list[int]] = {}
        for day, year, term in zip(
            self._calendar_days,
            *(self.calendar.column(name).to_pylist() for name in ("academic_year", "term")),
            strict=True,
        ):
            terms.setdefault((year, term), []).append(int(day))
        return sorted((min(days), max(days), *term) for term, days in terms.items())

    @cached_property
    def calendar(self) -> pa.Table:
        return self.latest(CALENDAR)

    @cached_property
    def _calendar_days(self) -> Days:
        return day_numbers(self.calendar.column("happened_on"))

    @cached_property
    def days_off(self) -> Days:
        """Days on which the calendar says there was no teaching."""
        off = [codes.DAY_KINDS.position(kind) for kind in _OFF_DAYS]
        kinds = self.calendar.column("kind").to_numpy()
        return self._calendar_days[np.isin(kinds, off)]

    @cached_property
    def enrolled(self) -> pa.Table:
        return self.latest(ENROLMENTS)

    @cached_property
    def ever_enrolled(self) -> pa.Table:
        """Every student and term that any roster had, also those taken off it since."""
        return self.log.rows(ENROLMENTS, columns=["student", "academic_year", "term"])

    @cached_property
    def died_on(self) -> dict[int, int]:
        """The day of death that was told, by student number."""
        told = self.latest(OUTCOMES)
        event = codes.OUTCOME_EVENTS.position("DECEASED")
        return self._days_of(told, "event", event) | self._days_of(
            self.enrolled, "status", codes.ENROLMENT_STATUSES.position("DECEASED")
        )

    @cached_property
    def left_on(self) -> dict[int, int]:
        """The day of leaving that was told and followed by no return and no roster of a later term, by student number."""
        told = self.latest(OUTCOMES)
        left = self._days_of(told, "event", codes.OUTCOME_EVENTS.position("LEFT"))
        returned = self._days_of(told, "event", codes.OUTCOME_EVENTS.position("RETURNED"))
        later = self._days_of(self._later_terms, "status", codes.ENROLMENT_STATUSES.position("ENROLLED"))
        back = {student: max(returned.get(student, -1), later.get(student, -1)) for student in left}
        return {student: day for student, day in left.items() if back[student] < day}

    @property
    def _later_terms(self) -> pa.Table:
        """Enrolments that are not of the student's first term here."""
        terms = self.enrolled.column("academic_year").to_numpy() * 10 + self.enrolled.column("term").to_numpy()
        students = self.enrolled.column("student").to_numpy()
        first = np.full(int(students.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(first, students, terms)
        return self.enrolled.filter(pa.array(terms > first[students]))

    @staticmethod
    def _days_of(rows: pa.Table, column: str, code: int) -> dict[int, int]:
        chosen = rows.filter(pc.equal(rows.column(column), code))
        chosen = chosen.sort_by("happened_on")  # of several the last one holds
        days = day_numbers(chosen.column("happened_on"))
        return dict(zip(chosen.column("student").to_pylist(), map(int, days), strict=True))

    @cached_property
    def births(self) -> dict[int, int]:
        """The first day of the month of birth, by student number."""
        return _births_in(self.latest(STUDENTS))


def _births_in(rows: pa.Table) -> dict[int, int]:
    told = rows.filter(pc.and_(pc.is_valid(rows.column("birth_month")), pc.greater_equal(rows.column("student"), 0)))
    days = map(int, day_numbers(told.column("birth_month")))
    return dict(zip(told.column("student").to_pylist(), days, strict=True))


Broken: TypeAlias = Callable[[pa.Table, Surroundings], Mask]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a table's contract; `needs` are columns without any value of which it cannot be broken."""

    code: str
    table: Table
    broken: Broken
    needs: tuple[str, ...] = ()


def judge(tables: Sequence[Table], rows: Sequence[pa.Table], surroundings: Surroundings, findings: Findings) -> None:
    """Every rule on the rows of its table; rows that are bad already are not judged again."""
    bad = findings.bad()
    for told in (told for table, told in zip(tables, rows, strict=True) if table is STUDENTS):
        surroundings.births.update(_births_in(told))  # a roster tells birthdays and levels in one row
    for table, told in zip(tables, rows, strict=True):
        for rule in RULES:
            if rule.table is table and all(told.column(name).null_count < told.num_rows for name in rule.needs):
                findings.add(rule.code, np.flatnonzero(rule.broken(told, surroundings) & ~bad))


def day_numbers(column: pa.Array | pa.ChunkedArray) -> Days:
    return np.asarray(column.cast(pa.int32()).fill_null(0).to_numpy(), np.int32)


# Attendance


def _weekend(rows: pa.Table, around: Surroundings) -> Mask:
    weekdays = (day_numbers(rows.column("happened_on")) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return np.asarray((weekdays >= 5) & _is_told_present_or_absent(rows))


def _off_day(rows: pa.Table, around: Surroundings) -> Mask:
    return np.isin(day_numbers(rows.column("happened_on")), around.days_off) & _is_told_present_or_absent(rows)


def _is_told_present_or_absent(rows: pa.Table) -> Mask:
    silent = [codes.ATTENDANCE_STATUSES.position(status) for status in ("N", "H")]
    return ~np.isin(_codes(rows, "status"), silent)


def _outside_calendar(rows: pa.Table, around: Surroundings) -> Mask:
    terms = around.term_days
    if not terms:
        return np.zeros(rows.num_rows, bool)
    days = day_numbers(rows.column("happened_on"))
    inside = np.zeros(rows.num_rows, bool)
    for first, last, _, _ in terms:
        inside |= (days >= first) & (days <= last)
    return ~inside


def _not_enrolled(rows: pa.Table, around: Surroundings) -> Mask:
    """Students of a term that has a roster which does not name them."""
    days, students = day_numbers(rows.column("happened_on")), rows.column("student").to_numpy()
    held = around.ever_enrolled
    years, terms, numbers = (held.column(name).to_numpy() for name in ("academic_year", "term", "student"))
    broken = np.zeros(rows.num_rows, bool)
    for first, last, year, term in around.term_days:
        on_roster = numbers[(years == year) & (terms == term)]
        if len(on_roster):
            broken |= (days >= first) & (days <= last) & ~np.isin(students, on_roster)
    return broken


def _after(days_by_student: Mapping[int, int], rows: pa.Table) -> Mask:
    if not days_by_student:
        return np.zeros(rows.num_rows, bool)
    students = rows.column("student").to_numpy()
    numbers = np.fromiter(sorted(days_by_student), np.int64)
    limits = np.array([days_by_student[int(number)] for number in numbers])
    place = np.clip(np.searchsorted(numbers, students), 0, len(numbers) - 1)
    named = numbers[place] == students
    return np.asarray(named & (day_numbers(rows.column("happened_on")) > limits[place]))


def _present_after_leaving(rows: pa.Table, around: Surroundings) -> Mask:
    present = [codes.ATTENDANCE_STATUSES.position(status) for status in _PRESENT]
    return _after(around.left_on, rows) & np.isin(_codes(rows, "status"), present)


def _total_too_large(rows: pa.Table, around: Surroundings) -> Mask:
    total = sum(rows.column(name).fill_null(0).to_numpy() for name in ("present", "absent", "leave"))
    return np.asarray(total > rows.column("held").fill_null(0).to_numpy())


# Rosters


def _term_does_not_fit(rows: pa.Table, around: Surroundings) -> Mask:
    """The day lies inside another term of the calendar than the one that is written."""
    days = day_numbers(rows.column("happened_on"))
    years, terms = (rows.column(name).fill_null(0).to_numpy() for name in ("academic_year", "term"))
    broken = np.zeros(rows.num_rows, bool)
    for first, last, year, term in around.term_days:
        broken |= (days >= first) & (days <= last) & ((years != year) | (terms != term))
    return broken


def _finished_too_early(rows: pa.Table, around: Surroundings) -> Mask:
    last = [codes.LEVELS.position(level) for level in (*codes.TERMINAL_LEVELS, *codes.ONE_TERM_LEVELS, "B")]
    graduated = _codes(rows, "status") == codes.ENROLMENT_STATUSES.position("GRADUATED")
    return np.asarray(graduated & ~np.isin(_codes(rows, "level"), last))


def _age_for_level(rows: pa.Table, around: Surroundings) -> Mask:
    births = around.births
    days, levels = day_numbers(rows.column("happened_on")), _codes(rows, "level")
    born = np.array([births.get(student, -1_000_000) for student in rows.column("student").to_pylist()])
    ages = (days - born) / 365.25
    broken = np.zeros(rows.num_rows, bool)
    for prefix, (youngest, oldest) in _AGES.items():
        of_kind = [
            codes.LEVELS.position(level) for level in codes.LEVELS.values if level[0] == prefix and level[1:].isdigit()
        ]
        broken |= np.isin(levels, of_kind) & ((ages < youngest) | (ages > oldest + 1))
    return broken & (born > -1_000_000)


# Grades, households, outcomes


def _grade_contradicts_score(rows: pa.Table, around: Surroundings) -> Mask:
    scores = rows.column("score").to_numpy()
    wanted = np.full(rows.num_rows, codes.GRADES.position("0"))
    for least, grade in reversed(_SCALE):
        wanted[scores >= least] = codes.GRADES.position(grade)
    numeric = [codes.GRADES.position(grade) for grade in (*(grade for _, grade in _SCALE), "0")]
    given = _codes(rows, "grade")
    whole_course = pc.equal(rows.column("item"), "FINAL").fill_null(False).to_numpy()
    first = pc.equal(rows.column("attempt"), 1).fill_null(False).to_numpy()
    return np.asarray(np.isin(given, numeric) & ~np.isnan(scores) & whole_course & first & (given != wanted))


def _income_does_not_add_up(rows: pa.Table, around: Surroundings) -> Mask:
    each, whole, members = (
        rows.column(name).cast(pa.float64()).to_numpy() for name in ("income_per_head", "income_month", "members")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.abs(each - whole / members) > np.maximum(1, _INCOME_TOLERANCE * each))


def _sdq_age(rows: pa.Table, around: Surroundings) -> Mask:
    tools = [codes.TOOLS.position(f"SDQ_{who}") for who in ("SELF", "TEACHER", "PARENT")]
    of_sdq = np.isin(_codes(rows, "tool"), tools)
    if not of_sdq.any():
        return of_sdq
    born = np.array([around.births.get(student, -1_000_000) for student in rows.column("student").to_pylist()])
    ages = (day_numbers(rows.column("happened_on")) - born) / 365.25
    youngest, oldest = _SDQ_AGES
    return np.asarray(of_sdq & (born > -1_000_000) & ((ages < youngest) | (ages >= oldest + 1)))


def _dependants_above_members(rows: pa.Table, around: Surroundings) -> Mask:
    dependants, members = (rows.column(name).cast(pa.float64()).to_numpy() for name in ("dependants", "members"))
    return np.asarray(dependants > members)


def _cause_contradicts(rows: pa.Table, around: Surroundings) -> Mask:
    """Not found (701), by outcome or by cause code, of a student whose newest roster says enrolled."""
    not_found = _codes(rows, "trace_status") == codes.TRACE_STATUSES.position("not_found")
    cause = pc.equal(rows.column("cause_code_moe"), "701").fill_null(False).to_numpy()
    enrolled = _enrolled_now(around)
    return np.asarray((not_found | cause) & np.isin(rows.column("student").to_numpy(), enrolled))


def _returned_not_enrolled(rows: pa.Table, around: Surroundings) -> Mask:
    returned = _codes(rows, "event") == codes.OUTCOME_EVENTS.position("RETURNED")
    return np.asarray(returned & ~np.isin(rows.column("student").to_numpy(), _enrolled_now(around)))


def _enrolled_now(around: Surroundings) -> npt.NDArray[np.int64]:
    """Students whom the newest term's roster has as enrolled or on leave."""
    held = around.enrolled
    if not held.num_rows:
        return np.zeros(0, np.int64)
    terms = held.column("academic_year").to_numpy() * 10 + held.column("term").to_numpy()
    here = [codes.ENROLMENT_STATUSES.position(status) for status in ("ENROLLED", "ON_LEAVE")]
    newest = (terms == terms.max()) & np.isin(_codes(held, "status"), here)
    return np.asarray(held.column("student").to_numpy()[newest])


def _codes(rows: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """The positions of a code column, -1 where it is missing."""
    return np.asarray(rows.column(column).cast(pa.int64()).fill_null(-1).to_numpy())


def after_death(rows: pa.Table, around: Surroundings) -> Mask:
    return _after(around.died_on, rows)


RULES: tuple[Rule, ...] = (
    Rule(code="AFTER_DEATH", table=ATTENDANCE, broken=after_death),
    Rule(code="AFTER_DEATH", table=GRADES, broken=after_death),
    Rule(code="LEFT_AND_ATTENDS", table=ATTENDANCE, broken=_present_after_leaving),
    Rule(code="WEEKEND", table=ATTENDANCE, broken=_weekend),
    Rule(code="NOT_A_TEACHING_DAY", table=ATTENDANCE, broken=_off_day),
    Rule(code="OUTSIDE_CALENDAR", table=ATTENDANCE, broken=_outside_calendar),
    Rule(code="NOT_ENROLLED", table=ATTENDANCE, broken=_not_enrolled),
    Rule(code="TOTAL_TOO_LARGE", table=ATTENDANCE_TOTAL, broken=_total_too_large),
    Rule(code="TERM_DOES_NOT_FIT", table=ENROLMENTS, broken=_term_does_not_fit),
    Rule(code="FINISHED_TOO_EARLY", table=ENROLMENTS, broken=_finished_too_early, needs=("status",)),
    Rule(code="AGE_FOR_LEVEL", table=ENROLMENTS, broken=_age_for_level),
    Rule(code="GRADE_CONTRADICTS_SCORE", table=GRADES, broken=_grade_contradicts_score, needs=("score", "grade")),
    Rule(code="INCOME_DOES_NOT_ADD_UP", table=HOUSEHOLD, broken=_income_does_not_add_up, needs=("income_per_head", "income_month", "members")),
    Rule(code="SDQ_AGE", table=SCREENING_SENSITIVE, broken=_sdq_age, needs=("tool",)),
    Rule(code="DEPENDANTS_ABOVE_MEMBERS", table=HOUSEHOLD, broken=_dependants_above_members, needs=("dependants", "members")),
    Rule(code="CAUSE_CONTRADICTS_STATUS", table=OUTCOMES, broken=_cause_contradicts),
    Rule(code="RETURNED_NOT_ENROLLED", table=OUTCOMES, broken=_returned_not_enrolled),
)  # fmt: skip
