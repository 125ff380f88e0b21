"""Margins for the oracle: how far one student is from a rule of the institution."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import partial
from math import floor

from features.vocabulary import Margin
from records.codes import STAGE_OF_LEVEL
from records.tables import ATTENDANCE, ENROLMENTS
from tests.features.oracle_days import NEUTRAL, Attendance, Mark
from tests.features.oracle_rows import Rows
from tests.features.oracle_told import Place, Told, exact, number, term_of
from tests.features.small_log import Record

Counted = Callable[[tuple[str, ...]], Fraction | None]
# What holds where the institution has said nothing (domain 2.5).
DEFAULTS = {
    "attendance_share": Fraction(4, 5),
    "absent_run_dismissal": Fraction(15),
    "leaves_per_absence": Fraction(1),
    "lates_per_absence": Fraction(0),
}
WITHOUT_LEAVE, LEAVE, LATE = ("A", "K"), ("S", "B"), ("L",)


def margin(measure: Margin, attendance: Attendance, rows: Rows) -> Fraction | None:
    """Negative when past the rule; None where it cannot be known."""
    told, place = attendance.told, attendance.place
    match measure.rule:
        case "attendance_share" if measure.per_course:
            return _fewest_left(attendance, measure.least)
        case "attendance_share":
            return _days_left(attendance)
        case "absent_run_dismissal":
            missed = attendance.missed_now(place.span.opens, told.as_of)
            return None if missed is None else _for_all(told, measure.rule) - missed
        case "gpa_minimum":
            newest, bar = rows.newest(), _bar(told, place)
            of_stage = newest and not _is_before_the_stage(newest, told.facts(ENROLMENTS, rows.student), place)
            gpax = number(newest, "gpax") if newest and of_stage else None
            return None if gpax is None or bar is None else gpax - bar
        case _:
            raise TypeError(f"the oracle knows no margin of {measure.rule}")


# Absences left


def _days_left(attendance: Attendance) -> Fraction | None:
    """Of the whole term; of who is not there on all of its days as many as there will be if it goes on as it did."""
    told, place = attendance.told, attendance.place
    days = len(_days_since_the_student_is_there(attendance, attendance.days))
    _, at_college = attendance.counted(ATTENDANCE["status"].is_in(*WITHOUT_LEAVE), place.span.opens, told.as_of)
    in_company = sum(
        mark.status in NEUTRAL and place.span.opens <= mark.day < told.as_of and mark.day not in told.no_teaching()
        for mark in attendance.days
    )
    gone = sum(day < told.as_of for day in _days_since_the_student_is_there(attendance, attendance.days))
    if in_company and attendance.is_dual:
        days = floor(days * at_college / (at_college + in_company))
    elif gone and attendance.keeps_own_days:
        days = floor(days * at_college / gone)

    def counted(values: tuple[str, ...]) -> Fraction | None:
        matching, held = attendance.counted(ATTENDANCE["status"].is_in(*values), place.span.opens, told.as_of)
        return matching if held else None

    return _left(told, days, counted)


def _fewest_left(attendance: Attendance, least: int) -> Fraction | None:
    """Of the class periods of each course, as many as the term will have had if they go on as they did."""
    told, place = attendance.told, attendance.place
    term = _days_since_the_student_is_there(attendance, attendance.periods)
    gone = [day for day in term if day < told.as_of]
    left = []
    for marks in attendance.courses(place.span.opens, told.as_of, least) if gone else []:
        periods = floor(Fraction(len(marks) * len(term), len(gone)))
        left.append(_left(told, periods, partial(_among, marks)))
    return min((one for one in left if one is not None), default=None)


def _days_since_the_student_is_there(attendance: Attendance, marks: list[Mark]) -> list[date]:
    """The term's teaching days, from the registration where that came after the opening and before each of these marks.

    Whole days are told by totals too.
    """
    told, place = attendance.told, attendance.place
    registered, begins = place.row.values.get("registered_on"), place.span.opens
    days = {mark.day for mark in marks} - told.no_teaching()
    if isinstance(registered, date) and not (
        any(begins <= day < registered for day in days)
        or (marks is attendance.days and _came_before(attendance, registered))
    ):
        begins = max(begins, registered)
    return [day for day in told.teaching_days(place.span) if day >= begins]


def _came_before(attendance: Attendance, registered: date) -> bool:
    """Whether a total holds days of the term that cannot all lie since the registration."""
    span = attendance.place.span
    taught = attendance.told.teaching_days(span)
    return any(
        max(start, span.opens) < min(stop, registered)
        and exact(told["held"]) > sum(registered <= day < stop for day in taught)
        for start, stop, told in attendance.totals()
    )


def _among(marks: list[Mark], values: tuple[str, ...]) -> Fraction:
    return Fraction(sum(mark.status in values for mark in marks))


def _left(told: Told, held: int, counted: Counted) -> Fraction | None:
    """How many absences the rule allows of so many days, less those there were."""
    absences = counted(WITHOUT_LEAVE)
    for rule, values in (("leaves_per_absence", LEAVE), ("lates_per_absence", LATE)):
        each = _for_all(told, rule)
        some = counted(values) if each else Fraction(0)
        absences = None if absences is None or some is None else absences + (_whole(some / each) if each else 0)
    allowed = _whole(held * (1 - _for_all(told, "attendance_share")))
    return None if absences is None else allowed - absences


def _whole(days: Fraction) -> int:
    """A share such as 0.8 is not exact in binary: what lies a hair under a whole day is that day."""
    return floor(days + Fraction(1, 10**6))


# Rules


def _for_all(told: Told, rule: str) -> Fraction:
    """The value that holds for every stage and at all times."""
    values = [value for stage, after, value in told.rules(rule) if stage is None and after is None]
    return values[-1] if values else DEFAULTS[rule]


def _bar(told: Told, place: Place) -> Fraction | None:
    """The least GPAX of the student's stage: the next to come after the terms completed, else the last."""
    stage = STAGE_OF_LEVEL.get(str(place.row.values["level"]))
    rows = list(told.rules("gpa_minimum"))
    own = [row for row in rows if row[0] == stage] or [row for row in rows if row[0] is None]
    bars = sorted((after, value) for _, after, value in own if isinstance(after, int))
    if not bars:
        return own[-1][2] if own else None
    year = number(place.row, "level")
    if year is None:
        return None
    completed = (year - 1) * 2 + min(place.span.term, 3) - 1
    return next((value for after, value in bars if after > completed), bars[-1][1])


def _is_before_the_stage(row: Record, rosters: list[Record], place: Place) -> bool:
    """Whether its term is before the first that has the student in the stage of now, and another stage was before that."""
    stages = {term_of(roster): STAGE_OF_LEVEL.get(str(roster.values["level"])) for roster in rosters}
    now = STAGE_OF_LEVEL.get(str(place.row.values["level"]))
    began = min(term for term, stage in stages.items() if stage == now)
    return now is not None and term_of(row) < began and min(stages) < began
