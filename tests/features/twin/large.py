"""Colleges of any size at random, made as columns and written straight into log files: every table, two terms.

A twentieth of the rows is corrected, a hundredth withdrawn, some come late; everything of a day is recorded at the same
moment, so that batch and line decide between versions. One in 200 students had another number in the first term, and
some courses are taken a second time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records import codes, tables
from records.ledger import LogIndex
from records.log import EventLog, write_rows
from records.tables import Kind, Table
from tests.features.small_log import INSTITUTION

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Random = np.random.Generator
DAY_MS = 86_400_000
TERMS = {(2024, 2): (date(2024, 12, 2), date(2025, 3, 7)), (2025, 1): (date(2025, 5, 19), date(2025, 9, 26))}
WEEKS_TOLD = 13  # of the second term
_PER_CLASS = 35
_EVENING = 11 * 3_600_000  # 18:00 in Bangkok


@dataclass(frozen=True)
class Told:
    """The rows of one table in one batch, in the columns of the table."""

    table: Table
    batch: int
    rows: pa.Table


def large_college(seed: int, students: int) -> list[Told]:
    random = np.random.default_rng(seed)
    numbers = np.arange(students)
    made: dict[Table, list[pa.Table]] = {}
    told_by = (_people, _work, _surveys, _attendance)
    for source in (_institution(), *(tell(random, numbers) for tell in told_by)):
        for table, rows in source:
            made.setdefault(table, []).append(_versions(random, table, rows))
    return [batch for table, parts in made.items() for batch in _batches(random, table, pa.concat_tables(parts))]


def write_told(folder: Path, told: Sequence[Told]) -> EventLog:
    files = [
        replace(write_rows(folder, INSTITUTION, one.table, one.rows), batch=one.batch)
        for one in told
        if one.rows.num_rows
    ]
    newest = max(file.batch for file in files)
    return EventLog(
        folder=folder, institution=INSTITUTION, index=LogIndex(files=tuple(files), ledger_number=newest, epoch=0)
    )


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _rows(
    table: Table, student: Ints | None, day: Ints | int, known: Ints | int | None = None, **cells: Any
) -> pa.Table:
    """Columns of a table: one cell for all rows or one a row; codes by position or value, what is not given is not told."""
    given = next(len(one) for one in (student, day, *cells.values()) if isinstance(one, np.ndarray | pa.Array))
    days = np.broadcast_to(day, given)
    moments = np.broadcast_to(days if known is None else known, given) * DAY_MS + _EVENING
    told = {
        "student": student, "happened_on": days.astype(np.int32), "recorded_at": moments,
        "line": np.zeros(given, np.int32), "retracted": np.zeros(given, bool), **cells,
    }  # fmt: skip
    return pa.table([_column(table, field, told.get(field.name), given) for field in table.schema], schema=table.schema)


def _column(table: Table, field: pa.Field, cells: object, count: int) -> pa.Array:
    if cells is None:
        return pa.nulls(count, field.type)
    if isinstance(cells, str) and table[field.name].kind is Kind.CODE:
        found = table[field.name].codes
        assert found is not None
        cells = found.position(cells)
    if not isinstance(cells, np.ndarray | pa.Array):
        return pa.repeat(pa.scalar(cells), count).cast(field.type)
    return pa.array(cells).cast(field.type)


def _versions(random: Random, table: Table, rows: pa.Table) -> pa.Table:
    """The rows as told first, some late, then those corrected with what another row tells, then those withdrawn."""
    if not table.per_student or table is tables.SAME_PERSON:
        return rows
    count = rows.num_rows
    rows = _later(rows, np.where(random.random(count) < 0.04, random.integers(1, 15, count), 0))
    again = np.flatnonzero(random.random(count) < 0.05)
    corrected, others = rows.take(again), random.permutation(again)
    for column in table.columns:
        if column.name not in table.key:
            place = rows.schema.get_field_index(column.name)
            corrected = corrected.set_column(place, rows.schema.field(place), rows.column(place).take(others))
    gone = rows.take(np.flatnonzero(random.random(count) < 0.01))
    gone = gone.set_column(
        gone.schema.get_field_index("retracted"), gone.schema.field("retracted"), pa.array(np.ones(len(gone), bool))
    )
    return pa.concat_tables(
        [rows, _later(corrected, random.integers(0, 11, len(again))), _later(gone, random.integers(0, 21, len(gone)))]
    )


def _later(rows: pa.Table, days: Ints) -> pa.Table:
    place = rows.schema.get_field_index("recorded_at")
    moments = rows.column(place).cast(pa.int64()).to_numpy() + days * DAY_MS
    return rows.set_column(place, rows.schema.field(place), pa.array(moments).cast(rows.schema.field(place).type))


def _batches(random: Random, table: Table, rows: pa.Table) -> Iterator[Told]:
    """Two batches a fortnight of recording, their lines in any order."""
    fortnight = rows.column("recorded_at").cast(pa.int64()).to_numpy() // (14 * DAY_MS) - 1_400
    batch = 2 * fortnight + random.integers(0, 2, rows.num_rows)
    place = rows.schema.get_field_index("line")
    lines = pa.array(random.permutation(rows.num_rows).astype(np.int32))
    rows = rows.set_column(place, rows.schema.field(place), lines)
    for number in np.unique(batch):
        yield Told(table, int(number), rows.filter(pa.array(batch == number)))


# The institution


def _school_days(term: tuple[int, int]) -> Ints:
    opens, closes = (_number(day) for day in TERMS[term])
    days = np.arange(opens, closes + 1)
    return days[(days + 3) % 7 < 5]  # 1970-01-01 was a Thursday


def _institution() -> Iterator[tuple[Table, pa.Table]]:
    for year, term in TERMS:
        days = _school_days((year, term))
        kinds = [codes.DAY_KINDS.position(kind) for kind in ("TEACH", "HOLIDAY", "EXAM", "WFH", "CLOSED")]
        kind = np.array(kinds)[np.where(days % 11 < 5, days % 11, 0)]
        yield tables.CALENDAR, _rows(tables.CALENDAR, None, days, _number(date(2024, 11, 1)), academic_year=year, term=term, kind=kind)  # fmt: skip
    entered = (("leaves_per_absence", 2.0, None), ("lates_per_absence", 3.0, None), ("gpa_minimum", 1.75, 2), ("gpa_minimum", 2.0, 4))  # fmt: skip
    for rule, value, after in entered:
        stage = "VOCATIONAL" if after else None
        yield tables.RULES, _rows(tables.RULES, None, np.array([_number(date(2025, 6, 12))]), rule=rule, value=value, stage=stage, after_terms=after)  # fmt: skip


# People and their work


def _earlier(numbers: Ints) -> Ints:
    """The numbers of the first term: of one in 200 students another one."""
    return np.where(numbers % 200 == 7, numbers + len(numbers), numbers)


def _mode(numbers: Ints) -> Ints:
    group, (normal, dual, intern) = numbers // _PER_CLASS, (codes.STUDY_MODES.position(mode) for mode in ("NORMAL", "DUAL", "INTERNSHIP"))  # fmt: skip
    return np.where((group % 9 == 1) & (numbers % 2 == 0), dual, np.where((group % 9 == 2) & (numbers % 5 == 0), intern, normal))  # fmt: skip


def _people(random: Random, numbers: Ints) -> Iterator[tuple[Table, pa.Table]]:
    count = len(numbers)
    opens = {term: _number(TERMS[term][0]) for term in TERMS}
    names = pa.array([f"G{group}" for group in range(-(-count // _PER_CLASS))])
    levels = np.array([codes.LEVELS.position(level) for level in ("V1", "V2", "V3", "D1", "M4")])
    told = {
        "class_group": names.take(pa.array(numbers // _PER_CLASS)), "level": levels[numbers // _PER_CLASS % 5], "study_mode": _mode(numbers),
        "entry_route": random.integers(0, 4, count), "credits": random.integers(10, 44, count) / 2, "entry_gpa": random.integers(0, 401, count) / 100, "earlier_attempts": random.integers(0, 3, count),
        "education_before": random.integers(0, len(codes.EDUCATION.codes), count),
    }  # fmt: skip
    for (year, term), first in opens.items():
        who = numbers if (year, term) == (2025, 1) else _earlier(numbers)
        registered = (first - random.integers(-20, 40, count)).astype(np.int32)
        yield tables.ENROLMENTS, _rows(tables.ENROLMENTS, who, first - 7, academic_year=year, term=term, registered_on=registered, **told)  # fmt: skip
    born = (_number(date(2008, 6, 1)) + random.integers(-40, 40, count) * 30).astype(np.int32)
    yield tables.STUDENTS, _rows(tables.STUDENTS, numbers, opens[2025, 1], birth_month=born)
    joined = numbers[_earlier(numbers) != numbers]
    if len(joined):
        first = opens[2025, 1]
        yield tables.SAME_PERSON, _rows(tables.SAME_PERSON, _earlier(numbers)[joined], first, first + joined % 30, same_as=joined)  # fmt: skip
    for event, share, after in (("LEFT", 0.04, 0), ("RETURNED", 0.02, 9), ("TRANSFER_CONFIRMED", 0.01, 3)):
        who = numbers[random.random(count) < share]
        on = opens[2025, 1] + random.integers(1, 60, len(who)) + after
        yield tables.OUTCOMES, _rows(tables.OUTCOMES, who, on, event=event)


def _work(random: Random, numbers: Ints) -> Iterator[tuple[Table, pa.Table]]:
    opens, marks = _number(TERMS[2025, 1][0]), tables.GRADES
    for course in range(6):
        who = _earlier(numbers[random.random(len(numbers)) < 0.9])
        same: dict[str, Any] = {"course_code": f"C{course}", "attempt": 1}
        grade, credits = random.integers(0, 21, len(who)), random.integers(1, 7, len(who)) / 2
        yield marks, _rows(marks, who, opens - 50, item="FINAL", academic_year=2024, term=2, grade=grade, credits=credits, **same)  # fmt: skip
        if course < 2:  # done again, of some within the term
            again = who[random.random(len(who)) < 0.2]
            on, grade = opens + random.integers(-30, 60, len(again)), random.integers(0, 21, len(again))
            yield marks, _rows(marks, again, on, item="FINAL", academic_year=2024, term=2, grade=grade, course_code=f"C{course}", attempt=2)  # fmt: skip
        if course == 0:  # a short course ends within the term
            third = numbers[::3]
            yield marks, _rows(marks, third, opens + 6, item="FINAL", academic_year=2025, term=1, grade=random.integers(0, 21, len(third)), **same)  # fmt: skip
        on, score = opens + random.integers(5, 80, len(numbers)), random.integers(0, 201, len(numbers)) / 2
        status = np.where(random.random(len(numbers)) < 0.9, codes.GRADES.position("SCORED"), codes.GRADES.position("NOT_SUBMITTED"))  # fmt: skip
        weight = pa.array(random.integers(0, 41, len(numbers)).astype(float), mask=random.random(len(numbers)) < 0.2)
        late = pa.array(np.maximum(random.integers(-20, 21, len(numbers)), 0).astype(float), mask=random.random(len(numbers)) < 0.2)  # fmt: skip
        yield marks, _rows(marks, numbers, on, item="MID", academic_year=2025, term=1, grade=status, score=score, weight=weight, days_late=late, **same)  # fmt: skip
    for (year, term), released in {(2023, 2): opens - 400, (2024, 1): opens - 200, (2024, 2): opens - 45}.items():
        gpa, gpax = (random.integers(0, 401, len(numbers)) / 100 for _ in range(2))
        yield tables.TERM_GPA, _rows(tables.TERM_GPA, _earlier(numbers), released, academic_year=year, term=term, gpa=gpa, gpax=gpax)  # fmt: skip


def _surveys(random: Random, numbers: Ints) -> Iterator[tuple[Table, pa.Table]]:
    opens = _number(TERMS[2025, 1][0])
    for on, share in ((opens - 100, 0.7), (opens + 20, 0.3)):
        yield tables.HOUSEHOLD, _survey(random, numbers[random.random(len(numbers)) < share], on)
    for area, after in (("OVERALL", 15), ("LEARNING", 15), ("OVERALL", 50), ("ECONOMY", 50), ("SOCIAL", 50)):
        told, level = numbers[random.random(len(numbers)) < 0.8], random.choice(3, len(numbers), p=[0.7, 0.2, 0.1])
        yield tables.SCREENING, _rows(tables.SCREENING, told, opens + after, tool="OVEC9", area=area, level=level[told])


def _survey(random: Random, who: Ints, on: int) -> pa.Table:
    """Every question is answered by most."""
    cells: dict[str, Any] = {}
    for column in tables.HOUSEHOLD.columns:
        most = len(column.codes.codes) if column.codes else 2 if column.kind is Kind.FLAG else 400
        drawn = pa.array(random.integers(0, most, len(who)), mask=random.random(len(who)) < 0.2)
        cells[column.name] = pc.equal(drawn, 1) if column.kind is Kind.FLAG else drawn
    return _rows(tables.HOUSEHOLD, who, on, **cells)


# Attendance


def _attendance(random: Random, numbers: Ints) -> Iterator[tuple[Table, pa.Table]]:
    by_totals = numbers % 10 == 3
    for term in TERMS:
        days = _school_days(term)[: 5 * WEEKS_TOLD]
        days = days[-40:] if term == (2024, 2) else days
        who = numbers if term == (2025, 1) else _earlier(numbers)
        yield tables.ATTENDANCE_TOTAL, _totals(random, who[by_totals], days)
        single = np.flatnonzero(~by_totals)
        place, day = (cells.ravel() for cells in np.meshgrid(single, days, indexing="ij"))
        kept = random.random(len(place)) < 0.98
        place, day = place[kept], day[kept]
        status = _statuses(random, numbers[place], day)
        by_periods = numbers[place] // _PER_CLASS % 10 == 4
        whole = ~by_periods | (day % 3 == 0)
        yield tables.ATTENDANCE, _rows(tables.ATTENDANCE, who[place[whole]], day[whole], session="DAY", status=status[whole])  # fmt: skip
        yield from _sessions(random, who[place], day, status, by_periods, numbers[place] % 6 == 1)


def _statuses(random: Random, numbers: Ints, day: Ints) -> Ints:
    """Mostly present; a few students are often away, dual students in every third week."""
    present, *others = (codes.ATTENDANCE_STATUSES.position(one) for one in ("P", "L", "A", "K", "S", "B", "E", "O", "I", "N", "H"))  # fmt: skip
    at_risk = 0.05 + 0.5 * (numbers % 13 == 5)
    drawn = np.where(random.random(len(numbers)) < at_risk, random.choice(others, len(numbers)), present)
    in_company = (_mode(numbers) == codes.STUDY_MODES.position("DUAL")) & ((day + 3) // 7 % 3 == 0)
    return np.where(in_company, codes.ATTENDANCE_STATUSES.position("A"), drawn)


def _sessions(
    random: Random, who: Ints, day: Ints, status: Ints, by_periods: Flags, at_flag: Flags
) -> Iterator[tuple[Table, pa.Table]]:
    """Class periods of some classes, with courses; flagpole and homeroom of some students."""
    courses = pa.array(["MATH", "THAI", "WELD", "CAD", None])
    chosen = [(f"P{number}", by_periods) for number in (1, 2, 4, 7)] + [("FLAG", at_flag), ("HOMEROOM", at_flag)]
    for number, (session, asked) in enumerate(chosen):
        students, days, marks = who[asked], day[asked], status[asked]
        marks = np.where(random.random(len(marks)) < 0.8, marks, random.integers(0, 11, len(marks)))
        course = courses.take(pa.array((days + number) % 5)) if session.startswith("P") else None
        yield tables.ATTENDANCE, _rows(tables.ATTENDANCE, students, days, session=session, status=marks, course_code=course)  # fmt: skip


def _totals(random: Random, who: Ints, days: Ints) -> pa.Table:
    """Four weeks each, told on the last day."""
    starts = days[::20]
    student, start = (cells.ravel() for cells in np.meshgrid(who, starts, indexing="ij"))
    held = random.integers(10, 21, len(student))
    parts = {name: random.integers(0, 5, len(student)) for name in ("late", "absent", "leave")}
    skipped = pa.array(random.integers(0, 3, len(student)), mask=random.random(len(student)) < 0.5)
    first = start.astype(np.int32)
    return _rows(tables.ATTENDANCE_TOTAL, student, start + 25, from_day=first, held=held, present=held - parts["absent"], skipped=skipped, **parts)  # fmt: skip
