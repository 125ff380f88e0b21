"""A small college told at random: late entries, corrections, retractions, totals, work done again, two numbers for one
person, a short term that overlaps the others, a roster that is withdrawn.

Hypothesis draws the knobs; what happens within them comes from `random.Random(seed)`, so that a failing college
shrinks to fewer students and fewer troubles.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from records.clock import start_of
from records.tables import (
    ATTENDANCE,
    ATTENDANCE_TOTAL,
    CALENDAR,
    ENROLMENTS,
    GRADES,
    HOUSEHOLD,
    OUTCOMES,
    ROSTER_COUNTS,
    SAME_PERSON,
    SCREENING,
    Table,
)
from tests.features.small_log import Record, in_the_evening

DAY = timedelta(days=1)
# Opening and closing day; a break of two weeks lies between.
TERMS = {(2025, 1): (date(2025, 5, 19), date(2025, 7, 25)), (2025, 2): (date(2025, 8, 11), date(2025, 10, 24))}
HOLIDAYS = (date(2025, 7, 10), date(2025, 7, 11), date(2025, 8, 12), date(2025, 10, 13))
MONDAYS = [
    day
    for opens, closes in TERMS.values()
    for day in (opens + 7 * week * DAY for week in range(12))
    if opens < day <= closes
]
_MARKS = ("P", "A", "K", "L", "S", "B", "E", "O", "I", "N", "H")
_MARK_WEIGHTS = (75, 9, 2, 4, 3, 2, 1, 1, 1, 1, 1)
_COURSES = ("MATH", "THAI", "WELD", "CAD")
# A term that opens while the second is open; some colleges have one.
SHORT_TERM = (2025, 3)
_SHORT_DAYS = (date(2025, 8, 25), date(2025, 10, 3))
_WITHDRAWN = (date(2025, 9, 8), date(2025, 9, 15), date(2025, 9, 22))
_GRADES = ("4", "3.5", "2", "1", "0", "R", "MS", "KHP", "PASS", "THN")


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """How large the college is and what goes wrong in it; shares are in percent."""

    seed: int
    students: int
    late: int
    corrected: int
    retracted: int
    by_totals: int
    leavers: int
    two_numbers: bool


@dataclass(frozen=True)
class _Fact:
    """A fact before it is known when it was told."""

    table: Table
    student: int
    on: date
    values: dict[str, object]
    known_on: date | None = None
    retracted: bool = False


def college(knobs: Knobs) -> list[Record]:
    """All records of two terms, in no order."""
    random = Random(knobs.seed)
    short = random.random() < 0.4
    facts = [*_days_of_terms(short), *_people(random, knobs, short), *_counts(random, knobs)]
    told = [one for fact in facts for one in _versions(random, knobs, fact)]
    told += _links(random, knobs)
    return [_told(random, fact, at, line) for line, (fact, at) in enumerate(told, start=1)]


def _days_of_terms(short: bool) -> Iterator[_Fact]:
    terms = {**TERMS, SHORT_TERM: _SHORT_DAYS} if short else TERMS
    for (year, term), (opens, closes) in terms.items():
        for day in _weekdays(opens, closes):
            kind = "HOLIDAY" if day in HOLIDAYS else "TEACH"
            yield _Fact(
                CALENDAR, 0, day, {"academic_year": year, "term": term, "kind": kind}, known_on=date(2025, 5, 1)
            )


def _counts(random: Random, knobs: Knobs) -> Iterator[_Fact]:
    """Of some colleges the second roster is known to be complete, which a correction may take back."""
    if random.random() < 0.4:
        told: dict[str, object] = {"academic_year": 2025, "term": 2, "students": knobs.students}
        yield _Fact(ROSTER_COUNTS, 0, TERMS[2025, 2][0] + random.choice((10, 17, 24)) * DAY, told)


def _weekdays(opens: date, closes: date) -> list[date]:
    days = [opens + n * DAY for n in range((closes - opens).days + 1)]
    return [day for day in days if day.weekday() < 5]


def _renumbered(knobs: Knobs, student: int) -> bool:
    return knobs.two_numbers and (knobs.seed + student) % 5 == 0


def _people(random: Random, knobs: Knobs, short: bool) -> Iterator[_Fact]:
    withdrawn_on = random.choice(_WITHDRAWN) if random.random() < 0.25 else None
    for student in range(1, knobs.students + 1):
        person = list(_person(random, knobs, student, short))
        if withdrawn_on:
            person = [told for fact in person for told in _withdrawn(random, fact, withdrawn_on)]
        yield from person
        if _renumbered(knobs, student):
            # Some of it is told a second time under the other number, differently.
            twice = [fact for fact in person if random.random() < 0.1]
            for fact in twice:
                other = fact.student + 100 if fact.student <= 100 else fact.student - 100
                yield replace(fact, student=other, values=_corrected(random, fact))


def _person(random: Random, knobs: Knobs, student: int, short: bool) -> Iterator[_Fact]:
    by_totals = random.randrange(100) < knobs.by_totals
    for position, term in enumerate(TERMS):
        number = student + 100 if position and _renumbered(knobs, student) else student
        yield from _enrolment(random, number, term)
        yield from _totals(random, number, term) if by_totals else _days(random, number, term)
        yield from _grades(random, number, term)
    if short and random.random() < 0.5:
        yield from _in_short_term(random, student)
    yield from _surveys(random, student)
    yield from _endings(random, student, knobs)


def _in_short_term(random: Random, student: int) -> Iterator[_Fact]:
    """Its roster may say of who is still on the roster of another open term that they were dismissed."""
    told: dict[str, object] = {
        "academic_year": SHORT_TERM[0], "term": SHORT_TERM[1], "level": "V1", "class_group": random.choice("AB"),
        "status": random.choice((None, "ENROLLED", "DISMISSED", "DISMISSED")),
    }  # fmt: skip
    on = _SHORT_DAYS[0] + random.choice((-7, 3, 30)) * DAY
    yield _Fact(ENROLMENTS, student, on, told, known_on=on)
    yield from _grades(random, student, SHORT_TERM)


def _withdrawn(random: Random, fact: _Fact, on: date) -> Iterator[_Fact]:
    """The roster of the second term is taken back as a whole; one in three colleges tells it again."""
    yield fact
    if fact.table is ENROLMENTS and fact.values["term"] == 2:
        yield replace(fact, known_on=on, retracted=True)
        if on == _WITHDRAWN[0]:
            yield replace(fact, known_on=on + random.choice((14, 14, 14, 21)) * DAY)


def _links(random: Random, knobs: Knobs) -> Iterator[tuple[_Fact, date]]:
    """Which numbers are one person: corrected to a third number, taken back, told again, or told in a circle."""
    for student in range(1, knobs.students + 1):
        if not _renumbered(knobs, student):
            continue
        link = _Fact(SAME_PERSON, student, date(2025, 8, 11), {"same_as": student + 100})
        at = random.choice(MONDAYS)
        yield link, at
        drawn = random.random()
        if drawn < 0.2:
            yield replace(link, retracted=True), at + random.randrange(30) * DAY
            if drawn < 0.1:
                yield link, at + random.randrange(30, 60) * DAY
        elif drawn < 0.3:
            yield replace(link, student=student + 100, values={"same_as": student}), random.choice(MONDAYS)
        elif drawn < 0.5:
            yield replace(link, student=student + 100, values={"same_as": student + 200}), random.choice(MONDAYS)
        elif drawn < 0.6:
            yield replace(link, values={"same_as": student + 200}), at + random.randrange(30) * DAY


def _enrolment(random: Random, student: int, term: tuple[int, int]) -> Iterator[_Fact]:
    opens = TERMS[term][0]
    second = term == (2025, 2)
    told: dict[str, object] = {
        "academic_year": term[0], "term": term[1], "level": random.choice(("V1", "V2", "D1", "B")),
        "class_group": random.choice("AAAB"), "entry_gpa": _maybe(random, random.randrange(401) / 100),
        "entry_route": _maybe(random, random.choice(("NORMAL", "RETURNED"))), "credits": _maybe(random, random.randrange(40) / 2),
        "education_before": _maybe(random, random.choice(("PRIMARY", "LOWER_SECONDARY", "SHORT_TERTIARY"))),
        "earlier_attempts": _maybe(random, random.randrange(3)), "registered_on": _maybe(random, opens - random.randrange(-9, 30) * DAY),
    }  # fmt: skip
    if second and random.random() < 0.05:
        return
    # The roster of the second term comes ten days after it opened, that of group B a week later; a few are told later still.
    on = (
        opens
        + ((17 if told["class_group"] == "B" else 10) if second else -7) * DAY
        + random.choice((0, 0, 0, 0, 9)) * DAY
    )
    yield _Fact(ENROLMENTS, student, on, told, known_on=on)
    if random.random() < 0.15:
        status = random.choice(("ENROLLED", "RESIGNED", "ON_LEAVE", "GONE_ON_ROLL"))
        yield _Fact(ENROLMENTS, student, on + random.randrange(1, 40) * DAY, {**told, "status": status})


def _maybe(random: Random, value: object) -> object:
    return value if random.random() < 0.8 else None


def _days(random: Random, student: int, term: tuple[int, int]) -> Iterator[_Fact]:
    steady = random.random() < 0.8
    mark = "P"
    for day in _weekdays(*TERMS[term]):
        if random.random() < 0.03:
            continue
        if steady or random.random() < 0.4:
            [mark] = random.choices(_MARKS, _MARK_WEIGHTS)
        session = "DAY" if random.random() < 0.97 else "P2"
        told = "H" if day in HOLIDAYS else mark
        yield _Fact(ATTENDANCE, student, day, {"session": session, "status": told})


def _totals(random: Random, student: int, term: tuple[int, int]) -> Iterator[_Fact]:
    opens, closes = TERMS[term]
    from_opening = student % 4 == 0
    start = opens
    while start <= closes:
        end = min(start + random.choice((6, 13, 27)) * DAY, closes)
        held = random.randrange(0, (end - start).days + 2)
        absent = random.randrange(held + 1)
        told: dict[str, object] = {
            "from_day": (opens if from_opening else start) if random.random() < 0.95 else None, "held": held, "present": held - absent, "absent": absent,
            "late": _maybe(random, random.randrange(held + 1)), "leave": _maybe(random, random.randrange(held + 1)),
        }  # fmt: skip
        if random.random() < 0.95:
            yield _Fact(ATTENDANCE_TOTAL, student, end, told)
        start = end + DAY


def _grades(random: Random, student: int, term: tuple[int, int]) -> Iterator[_Fact]:
    opens, closes = _SHORT_DAYS if term == SHORT_TERM else TERMS[term]
    for course in random.sample(_COURSES, random.randrange(1, 5)):
        first = random.choice((1, 1, 1, None))
        key: dict[str, object] = {"academic_year": term[0], "term": term[1], "course_code": course, "attempt": first}
        credits = _maybe(random, random.randrange(1, 7) / 2)
        final = closes + random.randrange(2, 30) * DAY
        result = {**key, "item": "FINAL", "credits": credits, "grade": random.choice(_GRADES)}
        yield _Fact(GRADES, student, final, result)
        for attempt in (2, 3, 5)[: random.choice((0, 0, 0, 1, 1, 2, 3))]:
            # Done again later, as a rule; now and then it is dated before the attempt that it follows.
            again = final + (7 * attempt - random.choice((4, 10, 40))) * DAY
            told = _Fact(GRADES, student, again, {**result, "attempt": attempt, "grade": random.choice(_GRADES)})
            yield told
            if random.random() < 0.2:
                yield replace(told, retracted=True, known_on=again + random.randrange(1, 30) * DAY)
        for item in ("MID", "LAB", "ESSAY")[: random.randrange(4)]:
            on = opens + random.randrange(70) * DAY
            grade = random.choice(("SCORED", "SCORED", "NOT_SUBMITTED"))
            score = _maybe(random, random.randrange(201) / 2) if grade == "SCORED" else None
            weight = _maybe(random, random.randrange(41))
            late = _maybe(random, random.choice((0, 0, random.randrange(1, 40)))) if grade == "SCORED" else None
            told = {"item": item, "weight": weight, "days_late": late, "grade": grade, "score": score}
            yield _Fact(GRADES, student, on, {**key, **told})


def _surveys(random: Random, student: int) -> Iterator[_Fact]:
    for on in random.sample(_weekdays(date(2025, 4, 1), date(2025, 9, 30)), random.choice((0, 1, 1, 2))):
        told = {
            "income_per_head": random.randrange(12000), "poverty_class": random.choice(("NOT", "POOR", "EXTREME", "UNKNOWN")),
            "poverty_score": random.randrange(1001) / 1000, "travel_km": random.randrange(500) / 10, "works_parttime": random.random() < 0.4,
        }  # fmt: skip
        yield _Fact(HOUSEHOLD, student, on, {name: _maybe(random, value) for name, value in told.items()})
    for on in random.sample(_weekdays(date(2025, 5, 1), date(2025, 9, 30)), random.choice((0, 1, 2))):
        for area in random.sample(("OVERALL", "LEARNING", "GAMES"), 2):
            level = random.choice(("TRUST", "CONCERN", "CLOSE"))
            yield _Fact(SCREENING, student, on, {"tool": "OVEC9", "area": area, "level": level})


def _endings(random: Random, student: int, knobs: Knobs) -> Iterator[_Fact]:
    if random.randrange(100) < knobs.leavers:
        days = random.sample(_weekdays(date(2025, 5, 20), date(2025, 10, 20)), 3)
        elsewhere = "GRADUATED" if student % 2 else "TRANSFER_CONFIRMED"
        events = random.sample(("LEFT", "RETURNED", "LEFT", elsewhere, "TRACED", "DISMISSED"), 3)
        for on, event in zip(days, events, strict=True):
            yield _Fact(OUTCOMES, student, on, {"event": event})


def _versions(random: Random, knobs: Knobs, fact: _Fact) -> Iterator[tuple[_Fact, date]]:
    """The fact as told first, perhaps late, and what was told about it after that."""
    if fact.known_on is not None:
        yield fact, fact.known_on
        if fact.table is CALENDAR:
            return
    delay = random.randrange(1, 15) if random.randrange(100) < knobs.late else 0
    at = fact.known_on or fact.on + delay * DAY
    if fact.known_on is None:
        yield fact, at
    if random.randrange(100) < knobs.corrected:
        at += random.randrange(0, 10) * DAY
        fact = replace(fact, values=_corrected(random, fact))
        yield fact, at
    if random.randrange(100) < knobs.retracted:
        at += random.randrange(0, 10) * DAY
        yield replace(fact, retracted=True), at


def _corrected(random: Random, fact: _Fact) -> dict[str, object]:
    match fact.table.name:
        case "attendance" if fact.on not in HOLIDAYS:
            return {**fact.values, "status": random.choice(_MARKS)}
        case "grades" if fact.values["item"] == "FINAL":
            return {**fact.values, "grade": random.choice(_GRADES)}
        case "attendance_total":
            return {**fact.values, "absent": 0}
        case "enrolments":
            return {**fact.values, "class_group": "B", "credits": 21.0}
        case _:
            return fact.values


def _told(random: Random, fact: _Fact, day: date, line: int) -> Record:
    """In a batch of the month, of which there are two; sometimes at the very first or last moment of a day."""
    month = (day - date(2025, 3, 1)).days // 28
    return Record(
        table=fact.table,
        student=fact.student,
        happened_on=fact.on,
        recorded_at=_moment(random, day),
        batch=2 * month + random.randrange(2) + 1,
        line=line,
        values=fact.values,
        retracted=fact.retracted,
    )


def _moment(random: Random, day: date) -> datetime:
    if random.random() < 0.9:
        return in_the_evening(day)
    return random.choice((start_of(day), start_of(day + DAY) - timedelta(milliseconds=1)))
