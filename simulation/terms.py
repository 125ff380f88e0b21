"""The college's calendar: terms by the Ministry's rule, teaching weeks inside them, holidays and examination days."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from records.college import Holiday, TermDates
from simulation.coefficients import whole

Days = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1)
FRIDAY = 4

FIXED_HOLIDAYS = (
    (6, 3, "วันเฉลิมพระชนมพรรษาสมเด็จพระราชินี"),
    (7, 28, "วันเฉลิมพระชนมพรรษาพระบาทสมเด็จพระเจ้าอยู่หัว"),
    (8, 12, "วันแม่แห่งชาติ"),
    (12, 5, "วันพ่อแห่งชาติ"),
    (12, 10, "วันรัฐธรรมนูญ"),
    (12, 31, "วันสิ้นปี"),
    (1, 1, "วันขึ้นปีใหม่"),
)
# Moon days differ by year; years that are not here simply have none.
MOON_HOLIDAYS = (
    *((date(*day), "วันวิสาขบูชา") for day in ((2022, 5, 15), (2023, 6, 3), (2024, 5, 22), (2025, 5, 11), (2026, 5, 31))),
    *(
        (date(*day), "วันอาสาฬหบูชา")
        for day in ((2022, 7, 13), (2023, 8, 1), (2024, 7, 20), (2025, 7, 10), (2026, 7, 29))
    ),
    *((date(*day), "วันเข้าพรรษา") for day in ((2022, 7, 14), (2023, 8, 2), (2024, 7, 21), (2025, 7, 11), (2026, 7, 30))),
    *((date(*day), "วันมาฆบูชา") for day in ((2023, 3, 6), (2024, 2, 24), (2025, 2, 12), (2026, 3, 3), (2027, 2, 21))),
)


@dataclass(frozen=True, kw_only=True)
class Week:
    """One teaching week; `number` counts from 1 within the term."""

    term: int
    number: int
    monday: date


@dataclass(frozen=True, kw_only=True)
class SimulatedTerm:
    """`academic_year` is CE; `index` counts the simulated terms from 0."""

    index: int
    academic_year: int
    term: int
    opens_on: date
    closes_on: date

    @property
    def folder(self) -> str:
        return f"{self.academic_year + 543}-{self.term}"

    @property
    def weeks(self) -> tuple[Week, ...]:
        return tuple(
            Week(term=self.index, number=n + 1, monday=self.opens_on + timedelta(weeks=n))
            for n in range(whole("teaching_weeks"))
        )

    @property
    def teaching_ends_on(self) -> date:
        """The Friday of the last teaching week; examinations follow until the term closes."""
        return self.weeks[-1].monday + timedelta(days=FRIDAY)

    def monday_of_week(self, number: int) -> date:
        return self.opens_on + timedelta(weeks=number - 1)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    terms: tuple[SimulatedTerm, ...]
    holidays: tuple[Holiday, ...]

    @property
    def weeks(self) -> tuple[Week, ...]:
        return tuple(week for term in self.terms for week in term.weeks)

    def teaching_days(self, term: SimulatedTerm) -> list[date]:
        closed = {holiday.day for holiday in self.holidays}
        days = days_from(term.opens_on, term.teaching_ends_on)
        return [day for day in days if day.weekday() <= FRIDAY and day not in closed]

    def opened_before(self, day: date) -> tuple[SimulatedTerm, ...]:
        return tuple(term for term in self.terms if term.opens_on < day)

    def term_dates(self, before: date) -> tuple[TermDates, ...]:
        return tuple(
            TermDates(academic_year=t.academic_year, term=t.term, opens_on=t.opens_on, closes_on=t.closes_on)
            for t in self.opened_before(before)
        )


def ordinal(day: date) -> int:
    """Days since 1970, the form in which days are reckoned here."""
    return (day - EPOCH).days


def day_of(days: int) -> date:
    return EPOCH + timedelta(days=int(days))


def to_friday(days: Days) -> Days:
    """Days on a weekend moved to the Friday before; day 0, 1 January 1970, was a Thursday."""
    return np.asarray(days - np.maximum(0, (days + 3) % 7 - FRIDAY))


def days_from(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def academic_year_of(day: date) -> int:
    """CE year of the first term that opened on or before the day."""
    return day.year if day >= _rule_day("opening", 1, day.year) else day.year - 1


def make_calendar(*, years: int, last_monday: date) -> Calendar:
    """All terms of the academic years that end with the one of `last_monday`, the rest of that year included."""
    last = academic_year_of(last_monday)
    pairs = [(year, term) for year in range(last - years + 1, last + 1) for term in (1, 2)]
    terms = tuple(_term(index, year, term) for index, (year, term) in enumerate(pairs))
    return Calendar(terms=terms, holidays=tuple(day for term in terms for day in _closed_days(term)))


def _rule_day(which: str, term: int, year: int) -> date:
    return date(year, whole(f"{which}_month_{term}"), whole(f"{which}_day_{term}"))


def _term(index: int, year: int, term: int) -> SimulatedTerm:
    """A term opens on the first Monday and closes on the last weekday that the Ministry's rule allows."""
    opens = _rule_day("opening", term, year)
    closes = _rule_day("closing", term, year if term == 1 else year + 1)
    return SimulatedTerm(
        index=index,
        academic_year=year,
        term=term,
        opens_on=opens + timedelta(days=-opens.weekday() % 7),
        closes_on=closes - timedelta(days=max(0, closes.weekday() - FRIDAY)),
    )


def _closed_days(term: SimulatedTerm) -> list[Holiday]:
    """Public holidays, moved to Monday from a weekend, and the examination days after teaching."""
    years = (term.opens_on.year, term.closes_on.year)
    named = {(date(year, month, day), name) for year in years for month, day, name in FIXED_HOLIDAYS}
    named |= set(MOON_HOLIDAYS)
    moved: dict[date, str] = {}
    for day, name in sorted(named):
        free = day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > FRIDAY else 0)
        while free in moved:
            free += timedelta(days=1)
        if term.opens_on <= free <= term.closes_on and free.weekday() <= FRIDAY:
            moved[free] = name if free == day else f"ชดเชย{name}"
    exam_days = days_from(term.teaching_ends_on + timedelta(days=1), term.closes_on)
    exams = {day: "วันสอบปลายภาค" for day in exam_days if day.weekday() <= FRIDAY and day not in moved}
    holidays = [Holiday(day=day, name=name) for day, name in moved.items()]
    return sorted([*holidays, *(Holiday(day=d, name=n, kind="EXAM") for d, n in exams.items())], key=lambda h: h.day)
