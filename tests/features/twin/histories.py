"""Random histories in which every table of the log speaks: the small college, and what it does not tell.

Added are class periods with courses, flagpole and homeroom, dual and intern students, averages, rules that change,
months of birth, whole surveys, and a calendar with examinations, days at home and a flood.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from records.codes import FAMILY_STATUSES, HOUSING, LIVES_WITH
from records.tables import (
    ATTENDANCE,
    ATTENDANCE_TOTAL,
    CALENDAR,
    ENROLMENTS,
    GRADES,
    HOUSEHOLD,
    RULES,
    SCREENING,
    STUDENTS,
    TERM_GPA,
    Table,
)
from tests.features.small_log import Record, in_the_evening
from tests.property.small_college import HOLIDAYS, MONDAYS, Knobs, college

_MODES = ("NORMAL", "EVENING", "DUAL", "DUAL", "INTERNSHIP", "FLEX", None)
_LEVELS = ("V1", "V2", "D1", "B", "M4", "MODULE")
_COURSES = ("MATH", "THAI", "WELD", None)
_AWAY = ("A", "A", "K", "S", "B")
_ATTENDED = ("P", "L", "E", "O")
_ANY = ("P", "P", "P", "P", "A", "K", "L", "S", "B", "I", "N")
_FIRST_LINE = 10**6  # beyond every line of the small college


def whole_college(knobs: Knobs) -> list[Record]:
    """The small college of the same knobs with all tables, in no order; no two records share batch and line."""
    random = Random(knobs.seed ^ 0x7EA)
    told = college(knobs)
    students = sorted({record.student for record in told if record.table is ENROLMENTS})
    modes = {student % 100: random.choice(_MODES) for student in students}
    earlier = {student: random.choice(_MODES) if random.random() < 0.4 else mode for student, mode in modes.items()}
    # Of a person with two numbers everything below is told under the one or the other.
    persons = sorted({student % 100: student for student in random.sample(students, len(students))}.values())
    changed = [_changed(random, record, modes, earlier) for record in told]
    added = [
        *(one for record in changed if record.table is ATTENDANCE for one in _sessions(random, record)),
        *_averages(random, persons),
        *_births(random, persons),
        *_short_courses_and_areas(random, persons),
        *_rules(random),
    ]
    kept = [record for record in changed if not _told_by_periods_alone(record)]
    return [*kept, *(replace(record, line=_FIRST_LINE + line) for line, record in enumerate(added))]


def _changed(random: Random, record: Record, modes: dict[int, str], earlier: dict[int, str]) -> Record:
    values = record.values
    match record.table:
        case table if table is CALENDAR:
            kinds = {0: "EXAM", 1: "WFH", 2: "CLOSED"}
            kind = kinds.get(record.happened_on.toordinal() % 13, values["kind"])
            return record if record.happened_on in HOLIDAYS else replace(record, values={**values, "kind": kind})
        case table if table is ENROLMENTS:
            # A random choice for each version would be lost: most features ask the last one.
            moved_up = record.student % 5 < 2 and values["term"] != 1
            level = _LEVELS[(record.student + moved_up) % len(_LEVELS)]
            of_term = earlier if values["term"] == 1 else modes
            return replace(record, values={**values, "level": level, "study_mode": of_term[record.student % 100]})
        case table if table is HOUSEHOLD:
            return replace(record, values={**values, **_survey(random)})
        case table if table is ATTENDANCE_TOTAL:
            return replace(record, values={**values, "skipped": random.choice((None, 0, 1, 3))})
        case table if table is ATTENDANCE and modes[record.student % 100] == "DUAL":
            in_company = record.happened_on.isocalendar().week % 3 == 0 and random.random() < 0.995
            if in_company and values["status"] in _ATTENDED:
                return replace(record, values={**values, "status": random.choice(_AWAY)})
            return record
        case _:
            return record


def _survey(random: Random) -> dict[str, object]:
    told: dict[str, object] = {
        "family_status": random.choice(FAMILY_STATUSES.values), "lives_with": random.choice(LIVES_WITH.values),
        "housing": random.choice(HOUSING.values), "dependants": random.randrange(6), "scholarship": random.random() < 0.5,
        "state_card": random.random() < 0.5, "pocket_money_day": random.randrange(20) * 10, "members": random.randrange(1, 9),
        "travel_cost_month": random.randrange(900) / 2, "travel_min": random.randrange(90), "income_month": random.randrange(9000),
    }  # fmt: skip
    return {name: value if random.random() < 0.7 else None for name, value in told.items()}


def _by_periods(student: int) -> bool:
    return student % 3 == 0


def _told_by_periods_alone(record: Record) -> bool:
    """Of some students the whole-day mark is kept on some days only."""
    return record.table is ATTENDANCE and _by_periods(record.student) and record.happened_on.day % 3 != 0


def _sessions(random: Random, record: Record) -> Iterator[Record]:
    """Other sessions of the same day, told, corrected and retracted as the day is."""
    status = record.values["status"]

    def told(session: str, course: object = None) -> Record:
        mark = status if random.random() < 0.6 else random.choice(_ANY)
        return replace(record, values={"session": session, "status": mark, "course_code": course})

    if record.student % 4 == 1:
        yield told("FLAG")
        yield told("HOMEROOM")
        if record.happened_on.day % 7 == 0:
            yield told("ACTIVITY")
    if _by_periods(record.student):
        for number in (1, 2, 5, 10)[: 1 + record.happened_on.day % 4]:
            yield told(f"P{number}", _COURSES[(record.happened_on.weekday() + number) % len(_COURSES)])


def _averages(random: Random, students: Sequence[int]) -> Iterator[Record]:
    released = (date(2024, 10, 20), date(2025, 3, 20), date(2025, 8, 5), date(2025, 9, 15))
    terms = dict(zip(((2024, 1), (2024, 2), (2025, 1), (2025, 2)), released, strict=True))
    for student in students:
        for (year, term), on in terms.items():
            for version in range(random.choice((0, 1, 1, 2))):
                gpa, gpax = (random.choice((None, *(random.randrange(401) / 100 for _ in range(4)))) for _ in range(2))
                known_on = max(on, date(2025, 4, 1)) + timedelta(random.randrange(9) + 20 * version)
                values: dict[str, object] = {"academic_year": year, "term": term, "gpa": gpa, "gpax": gpax}
                yield _told(random, TERM_GPA, student, on, known_on, values)


def _births(random: Random, students: Sequence[int]) -> Iterator[Record]:
    for student in students:
        if random.random() < 0.8:
            month = date(random.randrange(2004, 2011), random.randrange(1, 13), 1)
            told = _told(random, STUDENTS, student, date(2025, 5, 1), date(2025, 5, 1), {"birth_month": month})
            yield told
            if random.random() < 0.2:
                later = random.choice(MONDAYS)
                values: dict[str, object] = {"birth_month": month + timedelta(400)}
                yield replace(_told(random, STUDENTS, student, later, later, values), retracted=random.random() < 0.3)


def _short_courses_and_areas(random: Random, students: Sequence[int]) -> Iterator[Record]:
    """Courses that end within the first term, and areas of screening that the small college leaves out."""
    for student in students:
        on = date(2025, 5, 26) + timedelta(random.randrange(40))
        if random.random() < 0.5:
            key: dict[str, object] = {
                "academic_year": 2025,
                "term": 1,
                "course_code": "SHORT",
                "item": "FINAL",
                "attempt": 1,
            }
            told = {"grade": random.choice(("4", "2.5", "0", "MS", "R")), "credits": random.choice((None, 0.5, 2.0))}
            yield _told(random, GRADES, student, on, on, {**key, **told})
        for area in ("ECONOMY", "SOCIAL"):
            level = random.choice(("TRUST", "CONCERN", "CLOSE"))
            yield _told(random, SCREENING, student, on, on, {"tool": "OVEC9", "area": area, "level": level})


def _rules(random: Random) -> Iterator[Record]:
    """Rules are entered, changed and withdrawn during the year; of most colleges some are never entered."""
    choices: tuple[tuple[str, tuple[float, ...]], ...] = (
        ("attendance_share", (0.8, 0.75, 0.6)), ("absent_run_dismissal", (5, 7, 15)), ("leaves_per_absence", (0, 1, 2)),
        ("lates_per_absence", (0, 3, 4)), ("absent_run_notice", (3,)), ("gpa_minimum", (1.5, 1.75, 2)),
        ("gpa_minimum", (1.5, 1.75, 2)), ("gpa_minimum", (1.9, 2)), ("gpa_minimum", (1.2, 1.3)),
    )  # fmt: skip
    for rule, values in choices:
        if random.random() < 0.3:
            continue
        by_stage = rule == "gpa_minimum" or random.random() < 0.1
        stage = (
            random.choice((None, None, "VOCATIONAL", "SECONDARY", "HIGHER_VOCATIONAL", "BACHELOR"))
            if by_stage
            else None
        )
        after = random.choice((None, None, 1, 2, 3, 6)) if by_stage else None
        for version in range(random.choice((1, 1, 2, 3))):
            on = date(2025, 4, 20) if version == 0 else random.choice(MONDAYS)
            told: dict[str, object] = {
                "rule": rule,
                "stage": stage,
                "after_terms": after,
                "value": random.choice(values),
            }
            record = _told(random, RULES, 0, on, on, told)
            yield replace(record, retracted=version > 0 and random.random() < 0.3)


def _told(random: Random, table: Table, student: int, on: date, known_on: date, values: dict[str, object]) -> Record:
    batch = 2 * ((known_on - date(2025, 3, 1)).days // 28) + random.randrange(2) + 1
    at = in_the_evening(known_on)
    return Record(table=table, student=student, happened_on=on, recorded_at=at, batch=batch, line=0, values=values)
