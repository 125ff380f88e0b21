"""What the tests of compaction share: small weeks of every kind of table, and all that can be read of a log."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from records import ledger
from records.home import DataHome
from records.log import EventLog, write_rows
from records.shards import Shard
from records.tables import ATTENDANCE, CALENDAR, ENROLMENTS, SAME_PERSON, SCREENING_SENSITIVE, TABLES, Table
from tests.records.small import CODE, OTHER_CODE, Row, batch_of, rows_of

BOTH = Shard(name="both", institutions=(CODE, OTHER_CODE))
LATER = date(2100, 1, 4)
"""A day before which every batch of a test was committed."""


def bring(home: DataHome, code: str, rows: Mapping[Table, Sequence[Row]], **said: Any) -> int:
    files = [write_rows(home.logs, code, table, rows_of(table, told), home.vault.key) for table, told in rows.items()]
    after = ledger.log_index(home.database, code).ledger_number
    return ledger.commit(home.database, batch_of(code=code, files=files, **said), after=after)


def mark(student: int, minute: int, status: int = 1, **more: Any) -> Row:
    return {"student": student, "line": student + 2, "recorded_at": minute, "status": status, **more}


def week(home: DataHome, code: str, number: int, students: int = 4) -> int:
    """One import of every kind of table: marks, a roster, a calendar, a link, a sealed one."""
    at = 10 * number
    return bring(home, code, {
        ATTENDANCE: [mark(s, at, (s + number) % 3, course_code=f"ว{s}") for s in range(students)],
        ENROLMENTS: [{"student": s, "academic_year": 2025, "term": 1, "level": 1, "class_group": f"ก{s % 2}", "line": s,
                      "recorded_at": at, "entry_gpa": s / 2 if s else None} for s in range(students)],
        CALENDAR: [{"academic_year": 2025, "term": 1, "kind": 0, "recorded_at": at, "line": number}],
        SAME_PERSON: [{"student": number, "same_as": students + number, "recorded_at": at}],
        SCREENING_SENSITIVE: [{"student": 1, "score": number, "recorded_at": at}],
    })  # fmt: skip


def logs(home: DataHome, until_batch: int | None = None) -> dict[tuple[str, ...], EventLog]:
    """The logs of the single institutions and of both together, sealed tables too."""
    found = {}
    for codes in ((CODE,), (OTHER_CODE,), (CODE, OTHER_CODE)):
        index = ledger.shard_index(home.database, codes, until_batch)
        found[codes] = EventLog(folder=home.logs, institution=codes[0], index=index, key=home.vault.key)
    return found


def told(home: DataHome, until_batch: int | None = None) -> dict[tuple[str, ...], Any]:
    """Every row of every table, by institution in reading order; of the shard's log too."""
    found: dict[tuple[str, ...], Any] = {}
    for codes, log in logs(home, until_batch).items():
        for table in TABLES:
            rows = log.rows(table, columns=[*table.schema.names, "batch", "institution"]).to_pylist()
            found[(*codes, table.name)] = sorted(rows, key=lambda row: row["institution"])  # stable
    return found


def by_institution(known: Mapping[tuple[str, ...], Any]) -> Mapping[tuple[str, ...], Any]:
    return {names: rows for names, rows in known.items() if len(names) == 2}


def two_weeks(home: DataHome) -> None:
    for number in range(1, 3):
        week(home, CODE, number)
        week(home, OTHER_CODE, number, students=6)
