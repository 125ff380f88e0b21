"""Attendance for the oracle: the marks of one student, the days they tell, and every measure that is asked of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    LongestRun,
    NoRecord,
    Sessions,
    Share,
    Slope,
    Unrecorded,
    WorstCourse,
)
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, ENROLMENTS, Where
from tests.features.oracle_told import DAY, Number, Place, Told, exact, term_of

NOT_RECORDED = ("N", "H")
IN_COMPANY = "absence that was a day in the company"  # no status that could be told or asked for
NEUTRAL = ("I", IN_COMPANY)
ATTENDED = ("P", "L", "E", "O")
MISSED = ("A", "K")
AWAY = (*MISSED, "S", "B")
PERIODS = tuple(f"P{n}" for n in range(1, 11))
TOTAL_OF = {"P": "present", "L": "late", "A": "absent", "K": "skipped", "S": "leave", "B": "leave"}


@dataclass(frozen=True)
class Mark:
    """What was recorded of one day: in a session, or over all of it."""

    day: date
    session: str
    status: str
    course: object = None


class Attendance:
    """Everything that was told of one student's coming to class."""

    def __init__(self, told: Told, student: int, place: Place) -> None:
        self.told, self.student, self.place = told, student, place

    # Which marks there are

    @cached_property
    def _marks(self) -> list[Mark]:
        """In order of days; what an intern or a dual-system student missed while in the company is no absence."""
        return [
            replace(mark, status=IN_COMPANY) if mark.status in AWAY and self._in_the_company(mark.day) else mark
            for mark in marks_of(self.told, self.student)
        ]

    def _in_the_company(self, day: date) -> bool:
        before = day < self.place.span.opens
        match self._mode(self.student, self.place, before=before):
            case "INTERNSHIP":
                return True
            case "DUAL":
                dual, weeks = self._of_dual[before], self._weeks_at_the_college[before]
                return len(dual) >= 3 and _monday(day) not in weeks
            case _:
                return False

    @property
    def is_dual(self) -> bool:
        return self._mode(self.student, self.place, before=False) == "DUAL"

    @property
    def keeps_own_days(self) -> bool:
        """Evening, short and flexible courses: on which days they are held no calendar tells."""
        return self.place.row.values.get("study_mode") in ("EVENING", "SHORT", "FLEX")

    def _mode(self, student: int, place: Place, *, before: bool) -> object:
        """Of days before the own term opened by the roster of the term before; what one of the two says of DUAL holds for
        a term of which it is not told."""
        now, earlier = self._told_modes(student, place)
        own, other = (earlier, now) if before else (now, earlier)
        return "DUAL" if own is None and other == "DUAL" else own

    def _told_modes(self, student: int, place: Place) -> tuple[object, object]:
        """What is told of the own term and of the term before; of an internship by the roster of that very term alone."""
        wanted = (place.before.year, place.before.term) if place.before else None
        modes = [row.values.get("study_mode") for row in self.told.facts(ENROLMENTS, student) if term_of(row) == wanted]
        now, earlier = place.row.values.get("study_mode"), modes[-1] if modes else None
        if now == "INTERNSHIP" and term_of(place.row) != (place.span.year, place.span.term):
            now = None
        return now, earlier

    @cached_property
    def _weeks_at_the_college(self) -> list[set[date]]:
        """The weeks in which somebody of the dual system was seen, of those who are now in the class group.

        By the mode of now, and by that of the term before.
        """
        no_teaching = self.told.no_teaching()
        return [
            {
                _monday(mark.day)
                for student in dual
                for mark in marks_of(self.told, student)
                if mark.status in ATTENDED and mark.day not in no_teaching
            }
            for dual in self._of_dual
        ]

    @cached_property
    def _of_dual(self) -> list[list[int]]:
        """Of who is now in the class group those who show where its dual system is now, and where it was in the term before.

        Those of whom it is told in that term; of fewer than three told all, also who are dual by the other term.
        """
        group = [(student, place) for student, place in self.told.places.items() if place.group == self.place.group]
        found = []
        for before in (False, True):
            told = [student for student, place in group if self._told_modes(student, place)[before] == "DUAL"]
            dual = [student for student, place in group if self._mode(student, place, before=before) == "DUAL"]
            found.append(told if len(told) >= 3 else dual)
        return found

    def of(self, sessions: Sessions) -> list[Mark]:
        match sessions:
            case Sessions.DAY:
                return self.days
            case Sessions.PERIODS:
                return self.periods
            case _:
                return [mark for mark in self._marks if mark.session == sessions.name]

    @cached_property
    def periods(self) -> list[Mark]:
        return [mark for mark in self._marks if mark.session in PERIODS]

    @cached_property
    def days(self) -> list[Mark]:
        """One mark a day: that of the whole day, else what its class periods tell."""
        whole = {mark.day: mark for mark in self._marks if mark.session == "DAY"}
        periods: dict[date, list[str]] = defaultdict(list)
        for mark in self.periods:
            periods[mark.day].append(mark.status)
        return [
            whole[day] if day in whole else Mark(day, "DAY", _told_by(periods[day]))
            for day in sorted({*whole, *periods})
        ]

    # Measures

    def answer(self, feature: Feature) -> Number | None:
        first, end = self.told.window(feature.window, self.place)
        held = [mark for mark in self.of(feature.sessions) if first <= mark.day < end]
        recorded = self._recorded(held)
        match feature.measure:
            case Count(where=where):
                matching, count = self._counted_in(feature.sessions, where, first, end)
                return matching if count else None
            case Share(where=where, weekdays=()):
                return _part(*self._counted_in(feature.sessions, where, first, end))
            case Share(where=where, weekdays=weekdays):
                return _part(*_counted([mark for mark in recorded if mark.day.weekday() in weekdays], where))
            case Change(where=where, short_days=short):
                middle = max(first, end - short * DAY)
                late = _part(*self._counted_in(feature.sessions, where, middle, end))
                early = _part(*self._counted_in(feature.sessions, where, first, middle))
                return None if late is None or early is None else late - early
            case DaysSince(where=where, from_opening=from_opening):
                seen = [mark.day for mark in held if where is None or mark.status in where.values]
                seen += (
                    [self._expected_from()]
                    if from_opening and not seen and any(mark.status not in NEUTRAL for mark in held)
                    else []
                )
                return Fraction((self.told.as_of - max(seen)).days) if seen else None
            case NoRecord(where=where):
                return Fraction(not any(where is None or mark.status in where.values for mark in held))
            case LongestRun(where=where, current=current):
                return self._run(recorded, where.values, current)
            case Slope(where=where):
                return _slope({mark.day: mark.status in where.values for mark in recorded})
            case Unrecorded():
                return self._unrecorded({mark.day for mark in held}, first, end, feature.sessions)
            case WorstCourse(where=where, least=least):
                shares = [_part(*_counted(marks, where)) for marks in self.courses(first, end, least)]
                return max((share for share in shares if share is not None), default=None)
            case _:
                raise TypeError(f"the oracle is not asked for {type(feature.measure).__name__} of attendance")

    def _expected_from(self) -> date:
        """The opening of the term, or the registration where it came later: at the latest the day asked."""
        registered = self.place.row.values.get("registered_on")
        begins = max(self.place.span.opens, registered) if isinstance(registered, date) else self.place.span.opens
        return min(begins, self.told.as_of)

    def _counted_in(self, sessions: Sessions, where: Where, first: date, end: date) -> tuple[Fraction | None, Fraction]:
        """Matching and held records; days are told by totals too."""
        if sessions is Sessions.DAY:
            return self.counted(where, first, end)
        return _counted(self._recorded(mark for mark in self.of(sessions) if first <= mark.day < end), where)

    def _recorded(self, marks: Iterable[Mark]) -> list[Mark]:
        """Those that say whether the student came, of days on which the college was open."""
        no_teaching = self.told.no_teaching()
        return [mark for mark in marks if mark.status not in NEUTRAL and mark.day not in no_teaching]

    def counted(self, where: Where, first: date, end: date) -> tuple[Fraction | None, Fraction]:
        """Matching and held days; a total that nobody told makes the matching days unknown."""
        matching, held = _counted(self._recorded(mark for mark in self.days if first <= mark.day < end), where)
        for start, stop, told in self._speaking_totals():
            overlap = (min(stop, end) - max(start, first)).days
            if overlap <= 0:
                continue
            part = Fraction(overlap, (stop - start).days)
            names = dict.fromkeys(TOTAL_OF[value] for value in where.values if value in TOTAL_OF)
            cells = [told.get(name) for name in names]
            if "absent" in names and "skipped" in names and told.get("skipped") is None:
                cells.remove(None)  # who leaves class is among the absent where no total of its own is told
            matching = None if matching is None or None in cells else matching + part * sum(map(exact, cells))
            held += part * exact(told["held"])
        return matching, held

    def _speaking_totals(self) -> list[tuple[date, date, dict[str, object]]]:
        """Days with daily records are never counted from totals too, nor the days of a period within a longer one twice."""
        no_teaching = self.told.no_teaching()
        days = [mark.day for mark in self.days if mark.day not in no_teaching]
        alone = [one for one in self.totals() if not any(one[0] <= day < one[1] for day in days)]
        return [
            (start, stop, told)
            for start, stop, told in alone
            if not any(a <= start and stop <= z and (a, z) != (start, stop) for a, z, _ in alone)
        ]

    def totals(self) -> Iterator[tuple[date, date, dict[str, object]]]:
        """First day and end (not included) of each period that is known by its totals, and what was told of it."""
        for total in self.told.past(ATTENDANCE_TOTAL, self.student):
            start = total.values.get("from_day")
            if isinstance(start, date):  # a total of nobody knows which days is none
                yield start, total.happened_on + DAY, total.values

    def _run(self, recorded: list[Mark], values: tuple[str, ...], current: bool) -> Fraction | None:
        runs = [0]
        for mark in recorded:
            runs.append(runs[-1] + 1 if mark.status in values else 0)
        if len(runs) == 1:
            return None
        return Fraction(runs[-1] if current else max(runs))

    def missed_now(self, first: date, end: date) -> Fraction | None:
        """The days now missed in a row without leave."""
        recorded = self._recorded(mark for mark in self.days if first <= mark.day < end)
        return self._run(recorded, MISSED, current=True)

    def _unrecorded(self, recorded: set[date], first: date, end: date, sessions: Sessions) -> Fraction | None:
        if self.keeps_own_days:
            return None
        registered = self.place.row.values.get("registered_on")
        begins = max(first, registered) if isinstance(registered, date) else first
        days = [day for day in self.told.teaching_days(self.place.span) if begins <= day < end]
        known = [(start, stop) for start, stop, _ in self._speaking_totals() if sessions is Sessions.DAY]
        lost = [day for day in days if day not in recorded and not any(start <= day < stop for start, stop in known)]
        return Fraction(len(lost), len(days)) if days else None

    def courses(self, first: date, end: date, least: int) -> list[list[Mark]]:
        """The recorded class periods of each course that has at least `least` of them."""
        of_course: dict[object, list[Mark]] = defaultdict(list)
        for mark in self._recorded(mark for mark in self.periods if first <= mark.day < end):
            if mark.course is not None:
                of_course[mark.course].append(mark)
        return [marks for marks in of_course.values() if len(marks) >= least]


def marks_of(told: Told, student: int) -> list[Mark]:
    """The usable marks as they were told, in order of days: one that says that nothing was recorded is none."""
    marks = [
        Mark(
            fact.happened_on, str(fact.values["session"]), str(fact.values["status"]), fact.values.get("course_code")
        )
        for fact in told.past(ATTENDANCE, student)
        if fact.values["status"] not in NOT_RECORDED
    ]  # fmt: skip
    return sorted(marks, key=lambda mark: mark.day)


def _told_by(periods: list[str]) -> str:
    """What the class periods of a day tell of the whole day."""
    if any(status in ATTENDED for status in periods):
        return "P"
    for neutral in NEUTRAL:
        if neutral in periods:
            return neutral
    if any(status in MISSED for status in periods):
        return "A"
    return "S" if "S" in periods else "B"


def _monday(day: date) -> date:
    return day - day.weekday() * DAY


def _counted(marks: list[Mark], where: Where) -> tuple[Fraction | None, Fraction]:
    return Fraction(sum(mark.status in where.values for mark in marks)), Fraction(len(marks))


def _part(matching: Fraction | None, held: Fraction) -> Fraction | None:
    return None if matching is None or not held else matching / held


def _slope(matches: dict[date, bool]) -> Fraction | None:
    """Least squares of 0 and 1 on the days, for a week."""
    if len(matches) < 2:
        return None
    origin = min(matches)
    days = [Fraction((day - origin).days) for day in matches]
    middle, share = sum(days, Fraction()) / len(days), Fraction(sum(matches.values()), len(matches))
    apart = [(day - middle, match - share) for day, match in zip(days, matches.values(), strict=True)]
    return 7 * sum((x * y for x, y in apart), Fraction()) / sum((x * x for x, _ in apart), Fraction())
