"""Records drawn as a small table, one line a record: `student | happened_on | recorded_at | status`.

A cell left empty is not told. `recorded_at` may be a day (18:00 in Bangkok), a day and a time, or missing: the evening
of the day itself. `batch` and `line` follow `recorded_at` and the picture unless they are drawn; `table` names another
table than the one the test is about; `retracted` takes yes.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from features.declaration import Feature
from features.vocabulary import Count, Domain, Measure, Risk, Sessions, Unit, Window
from records.clock import BANGKOK
from records.tables import CALENDAR, ENROLMENTS, TABLE_OF, Kind, Table
from records.text import Text
from tests.features.small_log import Record, in_the_evening

# Opening and closing day of the terms that a picture may be drawn in: Mondays to Fridays, less the holidays.
TERMS = {
    (2024, 1): (date(2024, 5, 13), date(2024, 10, 4)),
    (2024, 2): (date(2024, 10, 28), date(2025, 3, 7)),
    (2025, 1): (date(2025, 5, 19), date(2025, 10, 3)),
    (2025, 2): (date(2025, 10, 27), date(2026, 3, 6)),
}
HOLIDAYS = (date(2025, 7, 10), date(2025, 7, 11), date(2025, 8, 12))
_SET_UP = datetime(2024, 5, 1, 18, tzinfo=BANGKOK)
_NOT_TOLD: Mapping[str, Mapping[str, object]] = {
    "attendance": {"session": "DAY"},
    "grades": {"academic_year": 2025, "term": 1, "course_code": "MATH", "item": "FINAL", "attempt": 1},
    "enrolments": {"academic_year": 2025, "term": 1, "level": "V1", "class_group": "A"},
    "screening": {"tool": "OVEC9", "area": "OVERALL"},
    "calendar": {"academic_year": 2025, "term": 1},
    "term_gpa": {"academic_year": 2025, "term": 1},
}


def ask(
    table: Table,
    measure: Measure,
    window: Window,
    *,
    absent_means: float | None = None,
    decimals: int = 4,
    sessions: Sessions = Sessions.DAY,
) -> Feature:
    """A question that no catalogue has to ask."""
    text = Text(th="{value}", en="{value}")
    kind = type(measure).__name__.lower()
    return Feature(
        name=f"{table.name}_{kind}", table=table, measure=measure, window=window, unit=Unit.TIMES, decimals=decimals,
        domain=Domain.ATTENDANCE, risk=Risk.RISES if isinstance(measure, Count) else Risk.EITHER,
        absent_means=absent_means, label=text, reason=text, asks=text, changeable=True, source="test", sessions=sessions,
    )  # fmt: skip


def records_of(picture: str, table: Table) -> list[Record]:
    """The records drawn, the first day of recording as batch 2 (batch 1 is the calendar and the roster)."""
    header, *rows = [_cells(line) for line in picture.strip().splitlines()]
    drawn = [_record(dict(zip(header, row, strict=True)), table, line) for line, row in enumerate(rows, start=1)]
    batch_of = {at: number for number, at in enumerate(sorted({one.recorded_at for one in drawn}), start=2)}
    return [one if one.batch else _in_batch(one, batch_of[one.recorded_at]) for one in drawn]


def calendar(terms: Sequence[tuple[int, int]]) -> list[Record]:
    """Every weekday of these terms, holidays as such; known from the beginning."""
    days = [(term, opens + timedelta(n)) for term in terms for opens, closes in [TERMS[term]] for n in range((closes - opens).days + 1)]  # fmt: skip
    return [
        Record(
            table=CALENDAR, happened_on=day, recorded_at=_SET_UP, batch=1, line=line,
            values={"academic_year": year, "term": term, "kind": "HOLIDAY" if day in HOLIDAYS else "TEACH"},
        )
        for line, ((year, term), day) in enumerate(days, start=1)
        if day.weekday() < 5
    ]  # fmt: skip


def roster(students: Sequence[int], term: tuple[int, int]) -> list[Record]:
    """All students in class group A of one term, told the week before it opens."""
    day = TERMS[term][0] - timedelta(7)
    told = {"level": "V1", "class_group": "A"}
    return [
        Record(
            table=ENROLMENTS, student=student, happened_on=day, recorded_at=in_the_evening(day), batch=1, line=line,
            values={"academic_year": term[0], "term": term[1], **told},
        )
        for line, student in enumerate(sorted(students), start=1)
    ]  # fmt: skip


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _record(row: dict[str, str], table: Table, line: int) -> Record:
    table = TABLE_OF[row.get("table") or table.name]
    happened_on = date.fromisoformat(row["happened_on"])
    told = {name: _value(table, name, row[name]) for name in row if row[name] and name in _columns(table)}
    return Record(
        table=table,
        student=int(row.get("student") or 0),
        happened_on=happened_on,
        recorded_at=_instant(row["recorded_at"]) if row.get("recorded_at") else in_the_evening(happened_on),
        batch=int(row.get("batch") or 0),
        line=int(row.get("line") or line),
        values={**_NOT_TOLD.get(table.name, {}), **told},
        retracted=row.get("retracted") == "yes",
    )


def _in_batch(record: Record, batch: int) -> Record:
    return Record(**{**vars(record), "batch": batch})


def _columns(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def _instant(cell: str) -> datetime:
    day, _, clock = cell.partition(" ")
    at = time.fromisoformat(clock) if clock else time(18)
    return datetime.combine(date.fromisoformat(day), at, tzinfo=BANGKOK)


def _value(table: Table, name: str, cell: str) -> object:
    match table[name].kind:
        case Kind.CODE | Kind.TEXT:
            return cell
        case Kind.DATE:
            return date.fromisoformat(cell)
        case Kind.FLAG:
            return cell == "yes"
        case Kind.NUMBER:
            return float(cell)
        case Kind.WHOLE:
            return int(cell)
