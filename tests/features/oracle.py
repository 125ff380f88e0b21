"""The whole catalogue answered one student at a time, from every record there is: slow, and the arbiter in tests.

It is written from the declarations and the definitions of the architecture page, with dictionaries, loops and exact
fractions; it shares no line with `features.state`, `features.cohort` or `features.measures`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import inf, sqrt
from typing import assert_never

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    Ever,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Mean,
    Relative,
    Share,
    Slope,
    Term,
    WeekOfTerm,
    Window,
)
from records.tables import (
    ATTENDANCE,
    ATTENDANCE_TOTAL,
    CALENDAR,
    ENROLMENTS,
    OUTCOMES,
    SAME_PERSON,
    Table,
    Where,
)
from tests.features.small_log import Record, known, reading_order

Number = Fraction | float
DAY = timedelta(days=1)
NOT_RECORDED = ("N", "H")
NEUTRAL = ("I",)
ENDINGS = ("LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "GRADUATED", "DECEASED")
TOTAL_OF = {"P": "present", "L": "late", "A": "absent", "K": "absent", "S": "leave", "B": "leave"}


@dataclass(frozen=True)
class Answer:
    """A rounded value, None where it cannot be known. `slack`: how far binary fractions may round it elsewhere."""

    value: float | None
    slack: float = 0.0


@dataclass(frozen=True)
class Span:
    """A term as the calendar tells it; both days belong to it."""

    year: int
    term: int
    opens: date
    closes: date


@dataclass(frozen=True)
class Place:
    """Where a student is on a day."""

    span: Span
    before: Span | None
    group: str


def oracle(records: Sequence[Record], as_of: date, catalogue: Sequence[Feature]) -> dict[int, dict[str, Answer]]:
    """The answers of every student enrolled on a day; empty when there is none."""
    told = Told(records, as_of)
    places = told.enrolled()
    answers: dict[int, dict[str, Answer]] = {student: {} for student in sorted(places)}
    for feature in catalogue:
        match feature.measure:
            case Relative(of=of, least=least):
                asked = {student: answers[student][of] for student in answers}
                found = {s: _relative(s, asked, places, least, feature.decimals) for s in answers}
            case _:
                found = {s: _rounded(told.answer(feature, s, places[s]), feature.decimals) for s in answers}
        for student, value in found.items():
            answers[student][feature.name] = value
    return answers


class Told:
    """What was known as of a day: the last version read of each fact, unless it was retracted."""

    def __init__(self, records: Sequence[Record], as_of: date) -> None:
        self.as_of = as_of
        told = sorted(known(records, as_of), key=reading_order)
        self._goes_on_as = {
            student: link.values["same_as"] for (_, student), link in _last_versions(told, SAME_PERSON, {}).items()
        }
        self._facts: dict[tuple[object, object], list[Record]] = defaultdict(list)
        for (table, student, *_), fact in _last_versions(told, None, self._goes_on_as).items():
            self._facts[table, student].append(fact)
        self._rosters = {_term_of(record) for record in told if record.table is ENROLMENTS}
        self._spans = self._terms()
        self._no_teaching = {
            day.happened_on for day in self.facts(CALENDAR, 0) if day.values["kind"] in ("HOLIDAY", "CLOSED")
        }

    def facts(self, table: Table, student: int) -> list[Record]:
        """In the order in which they were read."""
        return self._facts[table.name, student]

    # Who is enrolled

    def _terms(self) -> list[Span]:
        days: dict[tuple[int, int], list[date]] = defaultdict(list)
        for day in self.facts(CALENDAR, 0):
            days[_term_of(day)].append(day.happened_on)
        spans = [Span(year, term, min(found), max(found)) for (year, term), found in days.items()]
        return sorted(spans, key=lambda span: span.opens)

    def enrolled(self) -> dict[int, Place]:
        """Whom the roster of the open term says; until its first roster is known, the roster before it speaks."""
        now = [span for span in self._spans if span.opens <= self.as_of <= span.closes]
        if not now:
            return {}
        speaking = [span for span in now if (span.year, span.term) in self._rosters]
        if not speaking:
            earlier = [span for span in self._spans if span.opens < self.as_of]
            speaking = [span for span in earlier if (span.year, span.term) in self._rosters][-1:]
        places: dict[int, Place] = {}
        for (table, student), facts in list(self._facts.items()):
            if table == ENROLMENTS.name and isinstance(student, int):
                place = self._place(student, facts, speaking, now)
                places |= {student: place} if place else {}
        return places

    def _place(self, student: int, facts: list[Record], speaking: list[Span], now: list[Span]) -> Place | None:
        row_of = {_term_of(fact): fact for fact in facts}
        for span in reversed(speaking):
            if row := row_of.get((span.year, span.term)):
                here = row.values.get("status") in (None, "ENROLLED") and not self._has_ended(student, span.opens)
                own = span if span in now else now[-1]
                position = self._spans.index(own)
                before = self._spans[position - 1] if position else None
                return Place(own, before, str(row.values["class_group"])) if here else None
        return None

    def _has_ended(self, student: int, since: date) -> bool:
        """Whether they left, moved, finished or died since the term opened and did not come back after that."""
        past = [fact for fact in self.facts(OUTCOMES, student) if fact.happened_on < self.as_of]
        ends = [fact.happened_on for fact in past if fact.values["event"] in ENDINGS and fact.happened_on >= since]
        returns = [fact.happened_on for fact in past if fact.values["event"] == "RETURNED"]
        return bool(ends) and not any(day >= max(ends) for day in returns)

    # Answers

    def answer(self, feature: Feature, student: int, place: Place) -> Number | None:
        match feature.measure:
            case WeekOfTerm():
                return Fraction((self.as_of - place.span.opens).days // 7 + 1)
            case LeadDays(column=column):
                newest = self._newest(feature, student, place, None)
                on = newest.values.get(column) if newest else None
                return Fraction((place.span.opens - on).days) if isinstance(on, date) else None
            case _ if feature.table is ATTENDANCE:
                return self._of_days(feature, student, *self._window(feature.window, place))
            case _:
                return self._of_rows(feature, student, place)

    def _window(self, window: Window, place: Place) -> tuple[date, date]:
        """First day and end (not included): never later than the day before `as_of`."""
        match window:
            case Last(days=days):
                return self.as_of - days * DAY, self.as_of
            case InTerm(term=Term.THIS):
                return place.span.opens, self.as_of
            case InTerm():
                before = place.before
                return (before.opens, before.closes + DAY) if before else (self.as_of, self.as_of)
            case Ever():
                return date.min, self.as_of
            case _:
                assert_never(window)

    # Attendance

    def _of_days(self, feature: Feature, student: int, first: date, end: date) -> Number | None:
        days = {day: status for day, status in self._days(student).items() if first <= day < end}
        recorded = {day: status for day, status in days.items() if status not in NEUTRAL}
        match feature.measure:
            case Count(where=where):
                matching, held = self._days_and_totals(student, where, first, end)
                return matching if held else None
            case Share(where=where):
                return self._share(student, where, first, end)
            case Change(where=where, short_days=short):
                middle = max(first, self.as_of - short * DAY)
                late = self._share(student, where, middle, end)
                early = self._share(student, where, first, middle)
                return None if late is None or early is None else late - early
            case DaysSince(where=where):
                seen = [day for day, status in days.items() if where is None or status in where.values]
                return Fraction((self.as_of - max(seen)).days) if seen else None
            case LongestRun(where=where, current=current):
                return self._run(recorded, where, current)
            case Slope(where=where):
                return _slope({day: status in where.values for day, status in recorded.items()})
            case _:
                raise TypeError(f"{feature.measure} is not asked of attendance days")

    def _days(self, student: int) -> dict[date, str]:
        """The days on which something was recorded; a day that nobody recorded is not among them."""
        marks = {
            fact.happened_on: str(fact.values["status"])
            for fact in self.facts(ATTENDANCE, student)
            if fact.values["session"] == "DAY"
        }
        return {day: marks[day] for day in sorted(marks) if marks[day] not in NOT_RECORDED}

    def _run(self, recorded: dict[date, str], where: Where, current: bool) -> Fraction | None:
        runs = [0]
        for day, status in recorded.items():
            if day not in self._no_teaching:
                runs.append(runs[-1] + 1 if status in where.values else 0)
        return Fraction(runs[-1] if current else max(runs)) if recorded else None

    def _share(self, student: int, where: Where, first: date, end: date) -> Number | None:
        matching, held = self._days_and_totals(student, where, first, end)
        return None if matching is None or not held else matching / held

    def _days_and_totals(self, student: int, where: Where, first: date, end: date) -> tuple[Fraction | None, Fraction]:
        """Matching and held days; a total that nobody told makes the matching days unknown."""
        days = self._days(student)
        inside = [status for day, status in days.items() if first <= day < end and status not in NEUTRAL]
        matching: Fraction | None = Fraction(sum(status in where.values for status in inside))
        held = Fraction(len(inside))
        for total in self.facts(ATTENDANCE_TOTAL, student):
            start, stop = total.values["from_day"], total.happened_on + DAY
            assert isinstance(start, date)
            overlap = (min(stop, end) - max(start, first)).days
            if overlap <= 0 or any(start <= day < stop for day in days):
                continue  # days with daily records are never counted from totals too
            part = Fraction(overlap, (stop - start).days)
            names = dict.fromkeys(TOTAL_OF[value] for value in where.values if value in TOTAL_OF)
            told = [total.values.get(name) for name in names]
            matching = None if matching is None or None in told else matching + part * sum(map(_exact, told))
            held += part * _exact(total.values["held"])
        return matching, held

    # Other tables

    def _of_rows(self, feature: Feature, student: int, place: Place) -> Number | None:
        rows = self._inside(feature, student, place)
        absent = None if feature.absent_means is None else Fraction(feature.absent_means)
        match feature.measure:
            case Count(where=where):
                return Fraction(sum(_matches(row, where) for row in rows)) if rows else absent
            case Share(where=where):
                return Fraction(sum(_matches(row, where) for row in rows), len(rows)) if rows else absent
            case Mean(column=column, weight=weight, where=where):
                return _mean([row for row in rows if _matches(row, where)], column, weight, absent)
            case Latest(column=column, where=where):
                newest = self._newest(feature, student, place, where)
                return absent if newest is None else _number(newest, column)
            case DaysSince(where=where):
                newest = self._newest(feature, student, place, where)
                return absent if newest is None else Fraction((self.as_of - newest.happened_on).days)
            case _:
                raise TypeError(f"{feature.measure} is not asked of {feature.table.name}")

    def _inside(self, feature: Feature, student: int, place: Place) -> list[Record]:
        rows = [row for row in self.facts(feature.table, student) if row.happened_on < self.as_of]
        if isinstance(feature.window, InTerm) and "academic_year" in feature.table.key:
            span = place.span if feature.window.term is Term.THIS else place.before
            return [row for row in rows if span and _term_of(row) == (span.year, span.term)]
        first, end = self._window(feature.window, place)
        return [row for row in rows if first <= row.happened_on < end]

    def _newest(self, feature: Feature, student: int, place: Place, where: Where | None) -> Record | None:
        """By the day it happened; of one day, the record read last."""
        newest = None
        for row in self._inside(feature, student, place):
            if _matches(row, where) and (newest is None or row.happened_on >= newest.happened_on):
                newest = row
        return newest


def _last_versions(
    told: Iterable[Record], only: Table | None, goes_on_as: dict[object, object]
) -> dict[tuple[object, ...], Record]:
    """The last version of each key in reading order, of facts that hold; one person's numbers are one."""
    last: dict[tuple[object, ...], Record] = {}
    for record in told:
        if only is not None and record.table is not only:
            continue
        student: object = record.student
        while student in goes_on_as:
            student = goes_on_as[student]
        parts = (record.happened_on if name == "happened_on" else record.values.get(name) for name in record.table.key)
        key = (record.table.name, student, *parts)
        last.pop(key, None)
        last[key] = record
    return {key: record for key, record in last.items() if not record.retracted}


def _term_of(record: Record) -> tuple[int, int]:
    year, term = record.values["academic_year"], record.values["term"]
    assert isinstance(year, int)
    assert isinstance(term, int)
    return year, term


def _matches(row: Record, where: Where | None) -> bool:
    return where is None or row.values.get(where.column) in where.values


def _exact(cell: object) -> Fraction:
    assert isinstance(cell, int | float)
    return Fraction(cell)


def _number(row: Record, column: str) -> Fraction | None:
    """What a code is worth, a flag as 0 or 1, a number as it is; None where nothing is told."""
    cell, codes = row.values.get(column), row.table[column].codes
    if codes is not None and cell is not None:
        cell = codes.codes[codes.position(str(cell))].worth
    return None if cell is None else _exact(cell)


def _mean(rows: list[Record], column: str, weight: str | None, absent: Fraction | None) -> Fraction | None:
    """A row without a weight weighs 1."""
    total = summed = Fraction(0)
    for row in rows:
        value = _number(row, column)
        if value is not None:
            heavy = _number(row, weight) if weight else None
            total += 1 if heavy is None else heavy
            summed += value * (1 if heavy is None else heavy)
    return summed / total if total else absent


def _slope(matches: dict[date, bool]) -> Fraction | None:
    """Least squares of 0 and 1 on the days, for a week."""
    if len(matches) < 2:
        return None
    origin = min(matches)
    days = [Fraction((day - origin).days) for day in matches]
    middle, share = sum(days, Fraction()) / len(days), Fraction(sum(matches.values()), len(matches))
    apart = [(day - middle, match - share) for day, match in zip(days, matches.values(), strict=True)]
    return 7 * sum((x * y for x, y in apart), Fraction()) / sum((x * x for x, _ in apart), Fraction())


def _rounded(exact: Number | None, decimals: int) -> Answer:
    """Half to even; where the value lies on such a half, one unit of slack."""
    if exact is None:
        return Answer(None)
    scaled = Fraction(exact) * 10**decimals
    on_a_half = abs(scaled - (scaled // 1) - Fraction(1, 2)) < Fraction(1, 10**6)
    return Answer(float(round(Fraction(exact), decimals)), 10.0**-decimals if on_a_half else 0.0)


def _relative(student: int, asked: dict[int, Answer], places: dict[int, Place], least: int, decimals: int) -> Answer:
    """Standard deviations from the mean of the class group; missing where there are too few, or all are equal."""
    group = [answer for other, answer in asked.items() if places[other].group == places[student].group]
    values = [answer.value for answer in group if answer.value is not None]
    own = asked[student].value
    if own is None or len(values) < least or max(values) == min(values):
        return Answer(None)
    mean = sum(values) / len(values)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    found = _rounded((own - mean) / deviation, decimals)
    return Answer(found.value, inf if any(answer.slack for answer in group) else found.slack)
