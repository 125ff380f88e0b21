"""The places that a column of an unknown file can fill, and what a table needs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from records.codes import fold_label
from records.intake import normalise
from records.intake.parsing import parse_column
from records.intake.source import (
    CODE,
    ENTERED,
    FIRST_NAME,
    FULL_NAME,
    GUARDIAN,
    LAST_NAME,
    NATIONAL,
    PASSPORT,
    TITLE,
    Field,
    Source,
)
from records.intake.sources import SOURCES, attendance, plain, roster
from records.tables import ENROLMENTS, TABLES, Column, Table
from records.text import Text

# What intake makes itself: no file tells it.
_MADE_HERE = ("roster_counts", "same_person")
FILE_TABLES: tuple[Table, ...] = tuple(table for table in TABLES if table.name not in _MADE_HERE)
FILE_TABLE_OF: dict[str, Table] = {table.name: table for table in FILE_TABLES}
TERM_COLUMNS = ("academic_year", "term")
NAMES_A_STUDENT = ("person.national", "person.passport", "person.code", "person.any")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a column's cells can go: `person.part`, `table.column`, or `*.column` for every table that the file tells."""

    name: str
    label: Text
    headers: tuple[str, ...] = ()
    """The headers by which files are known to call it."""
    column: Column | None = None

    @property
    def is_day(self) -> bool:
        return self.name.endswith(".happened_on")

    def problem_of(self, cell: str) -> str:
        """The code of what is wrong with a cell here, '' when it can be read."""
        if self.is_day:
            return normalise.read_day(cell).problem
        if self.column is None:
            return _problem_elsewhere(self.name, cell)
        return next(iter(parse_column(self.column, pa.array([cell])).problems), "")

    def can_read(self, cell: str) -> bool:
        return not self.problem_of(cell)


def _problem_elsewhere(place: str, cell: str) -> str:
    match place:
        case "person.national":
            return normalise.read_national(cell).problem
        case "person.code":
            return normalise.read_student_code(cell).problem
        case "person.any":
            return normalise.read_identifier(cell)[1].problem
        case "*.term_label":
            return normalise.read_term(cell).problem
        case "*.entered_at":
            return normalise.read_instant(cell).problem
        case _:
            return ""


def _of_person(field: Field, th: str, en: str) -> Place:
    return Place(name=field.to[0], label=Text(th=th, en=en), headers=(field.header, *field.aliases))


_PEOPLE = (
    _of_person(NATIONAL, "เลขประจำตัวประชาชน 13 หลัก หรือรหัส G", "national number, or the G-code"),
    _of_person(PASSPORT, "เลขที่หนังสือเดินทาง", "passport number"),
    _of_person(CODE, "รหัสนักเรียน รหัสนักศึกษา", "the institution's own student code"),
    Place(name="person.any", label=Text(th="เลขหลายแบบปนกันในคอลัมน์เดียว", en="numbers of several kinds in one column")),
    _of_person(TITLE, "คำนำหน้าชื่อ", "title"),
    _of_person(FIRST_NAME, "ชื่อ", "first name"),
    _of_person(LAST_NAME, "นามสกุล", "last name"),
    _of_person(FULL_NAME, "ชื่อและนามสกุลในช่องเดียว", "first and last name in one cell"),
    _of_person(GUARDIAN, "ชื่อผู้ปกครอง (ใช้ตรวจว่าเป็นคนเดียวกัน)", "guardian's name (to tell people apart)"),
    Place(name="person.guardian_last", label=Text(th="นามสกุลผู้ปกครอง", en="guardian's last name")),
)
_GROUP = ENROLMENTS["class_group"]
_EVERY_TABLE = (
    Place(name="*.happened_on", label=Text(th="วันที่เกิดขึ้น หรือวันที่ของข้อมูล", en="the day it happened, or of the report")),
    _of_person(ENTERED, "เวลาที่บันทึกในระบบต้นทาง", "when it was entered at the source"),
    _of_person(roster.TERM_LABEL, "ภาคเรียน/ปีการศึกษา เช่น 1/2568", "term and year in one cell, such as 1/2568"),
    *(
        Place(name=f"*.{column.name}", label=column.label, headers=(column.name, *column.aliases), column=column)
        for column in map(ENROLMENTS.__getitem__, TERM_COLUMNS)
    ),
    Place(name="*.class_group", label=_GROUP.label, headers=_GROUP.aliases, column=_GROUP),
)


def _of_table(table: Table) -> list[Place]:
    columns = [
        Place(
            name=f"{table.name}.{column.name}", label=column.label, column=column,
            headers=() if column.name in TERM_COLUMNS else (column.name, column.label.th, column.label.en, *column.aliases),
        )
        for column in table.columns
    ]  # fmt: skip
    day = Text(th=f"วันที่ของ{table.label.th}", en=f"the day, for {table.label.en.lower()} alone")
    return [*columns, Place(name=f"{table.name}.happened_on", label=day, headers=table.happened_on_aliases)]


PLACES: tuple[Place, ...] = (*_PEOPLE, *_EVERY_TABLE, *(place for table in FILE_TABLES for place in _of_table(table)))
PLACE_OF: dict[str, Place] = {place.name: place for place in PLACES}


@cache
def known_headers() -> Mapping[str, tuple[Place, ...]]:
    """The places of every header that files are known to use, by folded header."""
    found: dict[str, list[Place]] = {}
    for place in PLACES:
        for header in dict.fromkeys(map(fold_label, place.headers)):
            found.setdefault(header, []).append(place)
    return {header: tuple(places) for header, places in found.items()}


def table_of(place: str) -> Table | None:
    """The table that a place belongs to alone; None for people and for what every table shares."""
    return FILE_TABLE_OF.get(place.split(".")[0])


@cache
def _usual() -> Mapping[str, tuple[int, Mapping[str, str]]]:
    found: dict[str, tuple[int, Mapping[str, str]]] = {}
    sources: tuple[Source, ...] = (plain.SOURCE, roster.SOURCE, attendance.SOURCE, *SOURCES)
    for source in sources:
        for tells in source.tells:
            found.setdefault(tells.table.name, (tells.lag_days, tells.usually))
    return found


def usual_of(table: Table) -> Mapping[str, str]:
    """What holds for rows of a table whose file has no such column, as the known sources have it."""
    return _usual().get(table.name, (0, {}))[1]


def usual_lag(table: Table) -> int:
    """Days after the event at which files of a table usually come in, as the known sources have it."""
    return _usual().get(table.name, (0, {}))[0]


def required_columns(table: Table) -> list[str]:
    """Columns without which a table has no row, but for its term and day, which a file may say once."""
    usual = usual_of(table)
    needed = [column.name for column in table.columns if column.required or column.name in table.key]
    # Totals without a first day count from the opening of the term.
    return [name for name in needed if name not in (*usual, *TERM_COLUMNS, "from_day")]


def lacking(tables: Sequence[Table], told: set[str]) -> list[str]:
    """The places that these tables need and that are not told; `person.code` stands for any number of a student."""
    told = told | {f"*.{name}" for name in TERM_COLUMNS} if "*.term_label" in told else told
    found: dict[str, None] = {}
    if any(table.per_student for table in tables) and not told & set(NAMES_A_STUDENT):
        found["person.code"] = None
    for table in tables:
        terms = [column.name for column in table.columns if column.name in TERM_COLUMNS]
        for name in (*required_columns(table), *terms, "happened_on"):
            if not told & {f"{table.name}.{name}", f"*.{name}"}:
                shared = name in (*TERM_COLUMNS, "happened_on")
                found[f"*.{name}" if shared else f"{table.name}.{name}"] = None
    return list(found)
