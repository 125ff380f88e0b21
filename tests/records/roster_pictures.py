"""Rosters drawn as small pictures and written into a log as an import would: new rows, retractions, the count."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import pyarrow as pa

from records import ledger
from records.clock import start_of
from records.codes import ENROLMENT_STATUSES, ENTRY_ROUTES, LEVELS, OUTCOME_EVENTS
from records.home import DataHome
from records.ledger import Placement
from records.log import write_rows
from records.rosters import Comparison, Fate, compare, counts, the_two
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS, SAME_PERSON, Table
from tests.records.small import CODE, Row, batch_of, commit, log_of, rows_of

_PEOPLE = UUID("8f2a3c1e-0000-4000-8000-000000000000")
GROUP = "ชย.1/1"


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    """The first moment of a day in Bangkok."""
    return start_of(day(text))


def student_id(number: int, person: str = "") -> UUID:
    return uuid5(_PEOPLE, person or f"student {number}")


class College:
    """One institution of a home; every roster holds `number: "level group status"` (group and status may be missing)."""

    def __init__(self, home: DataHome, code: str = CODE, people: Mapping[int, str] | None = None) -> None:
        self.home = home
        self.code = code
        self.people = people or {}
        self._standing: dict[tuple[int, int], dict[int, Row]] = {}
        self._placed: set[int] = set()

    def roster(self, on: str, term: str, students: Mapping[int, str], *, known: str = "", **more: object) -> None:
        """The whole roster of a day, recorded on `known` (else that day)."""
        year, number = (int(part) for part in term.split("/"))
        before = self._standing.get((year, number), {})
        rows = {student: _row(student, told, year, number, on) | more for student, told in students.items()}
        gone = [
            {name: row[name] for name in ("student", "academic_year", "term")}
            | {"happened_on": day(on), "retracted": True}
            for student, row in before.items()
            if student not in rows
        ]
        new = [row for student, row in rows.items() if _without_day(row) != _without_day(before.get(student, {}))]
        count = {"happened_on": day(on), "academic_year": year, "term": number, "students": len(rows)}
        self.write({ENROLMENTS: [*new, *gone], ROSTER_COUNTS: [count]}, known or on, numbers=set(students))
        self._standing[year, number] = rows

    def event(self, student: int, event: str, on: str, *, known: str = "") -> None:
        row = {"student": student, "happened_on": day(on), "event": OUTCOME_EVENTS.position(event)}
        self.write({OUTCOMES: [row]}, known or on)

    def same_person(self, old: int, new: int, *, known: str) -> None:
        self.write({SAME_PERSON: [{"student": old, "happened_on": day(known), "same_as": new}]}, known)

    def term_opens(self, term: str, on: str, *, known: str = "2025-01-01") -> None:
        year, number = (int(part) for part in term.split("/"))
        row = {"academic_year": year, "term": number, "happened_on": day(on), "kind": 0}
        self.write({CALENDAR: [row]}, known)

    def write(self, told: Mapping[Table, list[Row]], known: str, *, numbers: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        tables = {table: _recorded(rows_of(table, rows), at(known)) for table, rows in told.items() if rows}
        files = [write_rows(self.home.logs, self.code, table, rows) for table, rows in tables.items()]
        new = numbers - self._placed
        self._placed |= new
        places = [
            Placement(number=one, student_id=student_id(one, self.people.get(one, "")), class_group=GROUP)
            for one in new
        ]
        commit(self.home, batch_of(code=self.code, files=files, placements=places, recorded_at=at(known)))

    def compare(self, earlier: str = "", later: str = "", *, known_until: str = "") -> Comparison:
        """The comparison of two days, else of the newest two counts."""
        limit = at(known_until) if known_until else None
        known = counts(log_of(self.home, self.code), limit)
        before, after = the_two(known, day(earlier) if earlier else None, day(later) if later else None)
        return compare(self.home, self.code, before, after, actor="test", known_until=limit)

    def fates(self, earlier: str = "", later: str = "", *, known_until: str = "") -> dict[int, str]:
        return {line.number: line.fate.name for line in self.compare(earlier, later, known_until=known_until).lines}

    def missing(self, **when: str) -> set[int]:
        return {number for number, fate in self.fates(**when).items() if fate == Fate.MISSING.name}


def _row(student: int, told: str, year: int, term: int, on: str) -> dict[str, object]:
    level, group, status, *_ = [*told.split(), "", ""]
    return {
        "student": student,
        "happened_on": day(on),
        "academic_year": year,
        "term": term,
        "level": LEVELS.position(level),
        "class_group": group or GROUP,
        "status": ENROLMENT_STATUSES.position(status) if status else None,
    }


def transferred_in() -> int:
    return ENTRY_ROUTES.position("TRANSFER_IN")


def _without_day(row: Row) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "happened_on"}


def _recorded(rows: pa.Table, moment: datetime) -> pa.Table:
    place = rows.schema.get_field_index("recorded_at")
    moments = pa.array([moment.astimezone(UTC)] * rows.num_rows, rows.schema.field(place).type)
    return rows.set_column(place, rows.schema.field(place), moments)


def ledger_number(home: DataHome, code: str = CODE) -> int:
    return ledger.log_index(home.database, code).ledger_number
