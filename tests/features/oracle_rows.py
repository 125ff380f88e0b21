"""Every table but attendance for the oracle: the rows of one student in a window, and the measures asked of them."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import takewhile

from features.declaration import Feature
from features.vocabulary import (
    Age,
    Count,
    CountNewest,
    DaysSince,
    Highest,
    InTerm,
    Latest,
    LeadDays,
    Matches,
    Mean,
    NoRecord,
    Share,
    StepChange,
    Sum,
    Term,
    WeeksSame,
)
from records.tables import GRADES, Where
from tests.features.oracle_told import Number, Place, Told, matches, number, term_of
from tests.features.small_log import Record

YEAR_DAYS = Fraction(36525, 100)


@dataclass(frozen=True)
class Rows:
    """The rows of one student that one question looks at, in order of the days; those of a day as they were read."""

    told: Told
    feature: Feature
    student: int
    place: Place

    def inside(self) -> list[Record]:
        rows = self.told.past(self.feature.table, self.student)
        if self.feature.table is GRADES:
            rows = _last_attempts(rows)
        window = self.feature.window
        if isinstance(window, InTerm) and "academic_year" in self.feature.table.key:
            span = self.place.span if window.term is Term.THIS else self.place.before
            rows = [row for row in rows if span and term_of(row) == (span.year, span.term)]
        else:
            first, end = self.told.window(window, self.place)
            rows = [row for row in rows if first <= row.happened_on < end]
        if self.feature.table.key == ("academic_year", "term"):
            return sorted(rows, key=term_of)
        return sorted(rows, key=lambda row: row.happened_on)

    def of(self, where: Where | None, also: Where | None = None) -> list[Record]:
        return [row for row in self.inside() if matches(row, where) and matches(row, also)]

    def values(self, column: str, where: Where | None) -> list[tuple[date, Fraction]]:
        """Day and value of each matching row that tells the column."""
        told = [(row.happened_on, number(row, column)) for row in self.of(where)]
        return [(day, value) for day, value in told if value is not None]

    def newest(self, where: Where | None = None) -> Record | None:
        return next(reversed(self.of(where)), None)

    def answer(self) -> Number | None:
        absent = None if self.feature.absent_means is None else Fraction(self.feature.absent_means)
        rows = self.inside()
        match self.feature.measure:
            case Count(where=where, among=among):
                return Fraction(len(self.of(among, where))) if self.of(among) else absent
            case Share(where=where, among=among, weight=str(weight)):
                asked = self.of(among)
                whole = sum((number(row, weight) or Fraction(0) for row in asked), Fraction(0))
                part = _sum([number(row, weight) for row in asked if matches(row, where)])
                return absent if part is None or not whole else part / whole
            case Share(where=where, among=among):
                asked = self.of(among)
                return Fraction(sum(matches(row, where) for row in asked), len(asked)) if asked else absent
            case CountNewest(where=where, by=by, besides=besides):
                newest = self._newest_of_each(by, besides)
                return Fraction(sum(matches(row, where) for row in newest)) if newest else absent
            case Mean(column=column, weight=weight, where=where):
                return _mean(self.of(where), column, weight, absent)
            case Latest(column=column, where=where, also=also, telling=telling):
                asked = self.of(where, also)
                asked = [row for row in asked if row.values.get(column) is not None] if telling else asked
                return number(asked[-1], column) if asked else absent
            case DaysSince(where=where):
                newest = self.newest(where)
                return absent if newest is None else self._days_to_today(newest.happened_on)
            case Matches(where=where):
                telling = [row for row in rows if row.values.get(where.column) is not None]
                return Fraction(matches(telling[-1], where)) if telling else absent
            case NoRecord(where=where):
                return Fraction(not self.of(where))
            case LeadDays(column=column):
                on = self._newest_date(column)
                return Fraction((self.place.span.opens - on).days) if on else None
            case Age(column=column):
                on = self._newest_date(column)
                return self._days_to_today(on) / YEAR_DAYS if on else None
            case _:
                return self._of_values(absent)

    def _of_values(self, absent: Fraction | None) -> Number | None:
        match self.feature.measure:
            case Sum(column=column, where=where):
                found = _sum([number(row, column) for row in self.of(where)])
                return absent if found is None or not self.values(column, None) else found
            case Highest(column=column, where=where):
                return max((value for _, value in self.values(column, where)), default=absent)
            case StepChange(column=column, where=where):
                found = self.values(column, where)
                return found[-1][1] - found[-2][1] if len(found) > 1 else absent
            case WeeksSame(column=column, where=where):
                found = self.values(column, where)
                return self._weeks_same(found) if found else absent
            case _:
                raise TypeError(
                    f"the oracle is not asked for {type(self.feature.measure).__name__} of {self.feature.table.name}"
                )

    def _newest_of_each(self, by: str, besides: Where | None) -> list[Record]:
        """The newest row of each value of a column, of rows that carry a term by the term first."""
        rows = sorted(self.inside(), key=term_of) if "academic_year" in self.feature.table.key else self.inside()
        counted = [row for row in rows if besides is None or not matches(row, besides)]
        return list({row.values[by]: row for row in counted if row.values.get(by) is not None}.values())

    def _weeks_same(self, found: list[tuple[date, Fraction]]) -> Fraction:
        in_a_row = list(takewhile(lambda one: one[1] == found[-1][1], reversed(found)))
        return Fraction(self._days_to_today(in_a_row[-1][0]) // 7)

    def _days_to_today(self, day: date) -> Fraction:
        return Fraction((self.told.as_of - day).days)

    def _newest_date(self, column: str) -> date | None:
        newest = self.newest()
        on = newest.values.get(column) if newest else None
        return on if isinstance(on, date) else None


def _sum(told: list[Fraction | None]) -> Fraction | None:
    """Of what is told; not known where there is something and nothing of it is told."""
    found = [one for one in told if one is not None]
    return sum(found, Fraction()) if found or not told else None


def _last_attempts(rows: list[Record]) -> list[Record]:
    """Of several attempts of one piece of work or course the last; a row without a number is a first attempt.

    Of two rows of the same attempt, the one that was read last.
    """
    last: dict[tuple[object, ...], Record] = {}
    for row in rows:
        piece = _piece(row)
        if piece not in last or _attempt(row) >= _attempt(last[piece]):
            last[piece] = row
    return [row for row in rows if last[_piece(row)] is row]


def _piece(row: Record) -> tuple[object, ...]:
    return tuple(row.values.get(name) for name in ("academic_year", "term", "course_code", "item"))


def _attempt(row: Record) -> int:
    told = row.values.get("attempt")
    return told if isinstance(told, int) else 1


def _mean(rows: list[Record], column: str, weight: str | None, absent: Fraction | None) -> Fraction | None:
    """A row without a weight weighs 1."""
    total = summed = Fraction(0)
    for row in rows:
        value = number(row, column)
        if value is not None:
            heavy = number(row, weight) if weight else None
            total += 1 if heavy is None else heavy
            summed += value * (1 if heavy is None else heavy)
    return summed / total if total else absent
