"""The whole catalogue answered one student at a time, from every record there is: slow, and the arbiter in tests.

It is written from the declarations and the definitions of the architecture page, with dictionaries, loops and exact
fractions; it shares no line with `features.state`, `features.cohort` or `features.measures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import inf, sqrt
from statistics import median

from features.declaration import Feature
from features.vocabulary import FromMedian, GroupMean, Margin, Own, Relative, WeekOfTerm
from records.tables import ATTENDANCE
from tests.features.oracle_days import Attendance
from tests.features.oracle_margins import margin
from tests.features.oracle_rows import Rows
from tests.features.oracle_told import Number, Place, Told
from tests.features.small_log import Record


@dataclass(frozen=True)
class Answer:
    """A rounded value, None where it cannot be known. `slack`: how far binary fractions may round it elsewhere."""

    value: float | None
    slack: float = 0.0


def oracle(records: Sequence[Record], as_of: date, catalogue: Sequence[Feature]) -> dict[int, dict[str, Answer]]:
    """The answers of every student enrolled on a day; empty when there is none."""
    told = Told(records, as_of)
    days = {student: Attendance(told, student, place) for student, place in told.places.items()}
    answers: dict[int, dict[str, Answer]] = {student: {} for student in told.places}
    for feature in catalogue:
        match feature.measure:
            case Relative(of=of) | FromMedian(of=of) | GroupMean(of=of):
                asked = {student: answers[student][of] for student in answers}
                found = {student: _among_others(feature, student, asked, told.places) for student in answers}
            case _:
                found = {s: _rounded(_answer(feature, told, s, days[s]), feature.decimals) for s in answers}
        for student, value in found.items():
            answers[student][feature.name] = value
    return answers


def _answer(feature: Feature, told: Told, student: int, attendance: Attendance) -> Number | None:
    place = told.places[student]
    rows = Rows(told, feature, student, place)
    match feature.measure:
        case WeekOfTerm():
            return Fraction((told.as_of - place.span.opens).days // 7 + 1)
        case Margin() as measure:
            return margin(measure, attendance, rows)
        case Own():
            raise TypeError(f"feature {feature.name}: an analyst's own question has its own test, not the oracle")
        case _ if feature.table is ATTENDANCE:
            return attendance.answer(feature)
        case _:
            return rows.answer()


def _rounded(exact: Number | None, decimals: int) -> Answer:
    """Half to even; where the value lies on such a half, one unit of slack."""
    if exact is None:
        return Answer(None)
    scaled = Fraction(exact) * 10**decimals
    on_a_half = abs(scaled - (scaled // 1) - Fraction(1, 2)) < Fraction(1, 10**6)
    return Answer(float(round(Fraction(exact), decimals)), 10.0**-decimals if on_a_half else 0.0)


def _among_others(feature: Feature, student: int, asked: dict[int, Answer], places: dict[int, Place]) -> Answer:
    """The answer to another question against those of the class group; missing where too few have one."""
    measure, own = feature.measure, asked[student].value
    assert isinstance(measure, Relative | FromMedian | GroupMean)
    group = [answer for other, answer in asked.items() if places[other].group == places[student].group]
    values = [answer.value for answer in group if answer.value is not None]
    if isinstance(measure, GroupMean):
        if len(values) < max(measure.least, 1):
            return Answer(None)
        found = _rounded(sum(map(Fraction, values)) / len(values), feature.decimals)
        return Answer(found.value, found.slack + max(answer.slack for answer in group))
    if own is None or len(values) < measure.least:
        return Answer(None)
    if isinstance(measure, FromMedian):
        found = _rounded(own - median(values), feature.decimals)
        return Answer(found.value, found.slack + asked[student].slack + max(answer.slack for answer in group))
    if max(values) == min(values):
        return Answer(None)
    mean = sum(values) / len(values)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    found = _rounded((own - mean) / deviation, feature.decimals)
    return Answer(found.value, inf if any(answer.slack for answer in group) else found.slack)
